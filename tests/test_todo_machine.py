"""One to-do through any life: each reminder comes once, in working hours, and none once it is done.

The clock goes from event to event, stands still at times while the assistant is down, and everything else is real: the
handlers, the database, the timers.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from handlers import todos
from handlers.messages import OutboundText
from handlers.working_time import WorkingTime
from storage.database import Database
from storage.models import Todo
from tests.chat import MANAGER, OTHER, REP, SHANGHAI, Chat, build
from tests.fakes import FakeClock

pytestmark = pytest.mark.weeks

T = TypeVar("T")

START = datetime(2026, 9, 23, 10, tzinfo=SHANGHAI)
"""A week before the National Day: weekends, holidays and a make-up day lie ahead."""
ACTION = "寄样品"
TIMES = WorkingTime()


class TodoMachine(RuleBasedStateMachine):
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="visitbot-todo-"))
        shutil.copyfile(self.template, self.folder / "db")
        self.loop = asyncio.new_event_loop()
        self.clock = FakeClock(START)
        self.chat = self.does(self._open())
        self.checked = 0
        self.rounds = 0
        self.settled_since = 0
        """How many messages had been sent when the to-do last changed."""

    def does(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def _open(self) -> Chat:
        self.database = await Database.open(f"sqlite:///{self.folder / 'db'}", self.clock)
        chat = await build(self.database, self.clock, self.folder)
        async with self.database.work() as work:
            rep = await work.members.by_identity("wecom", REP)
            assert rep is not None
            await todos.give(
                chat.context,
                work,
                member_id=rep.member_id,
                action=ACTION,
                kind="said",
                origin="machine",
                due_on=(START + timedelta(days=6)).date(),
                created_by=rep.member_id,
                cause="machine",
            )
        return chat

    # What happens

    @rule(hours=st.sampled_from([1, 5, 14, 24, 40, 75]))
    def time_goes_by(self, hours: int) -> None:
        self.does(self.chat.lives_until(self.clock.now() + timedelta(hours=hours)))

    @rule(hours=st.sampled_from([3, 20, 60, 200]))
    def the_assistant_stands_still(self, hours: int) -> None:
        self.clock.advance(timedelta(hours=hours))
        self.does(self.chat.lives_until(self.clock.now() + timedelta(minutes=1)))

    @precondition(lambda self: self.todo.state == "open")
    @rule(days=st.integers(0, 12))
    def it_is_postponed(self, days: int) -> None:
        on = self.clock.now().astimezone(SHANGHAI).date() + timedelta(days=days)
        self._changes(self._postpone(on))

    @precondition(lambda self: self.todo.state == "open")
    @rule(to=st.sampled_from([REP, OTHER]))
    def it_is_handed_on(self, to: str) -> None:
        self._changes(self._hand_on(to))

    @precondition(lambda self: self.todo.state == "open" and self.rounds > 3)
    @rule()
    def it_is_done(self) -> None:
        self._changes(self._finish())

    # What must hold

    @invariant()
    def each_reminder_comes_once_in_working_hours_and_of_the_open_alone(self) -> None:
        todo = self.todo
        sends = self.chat.platform.sends
        for place in range(self.checked, len(sends)):
            content = sends[place].content
            if not (isinstance(content, OutboundText) and ACTION in content.text and self._is_reminder(content.text)):
                continue
            assert todo.state == "open", content.text
            assert TIMES.may_push(sends[place].at), (content.text, sends[place].at)
        self.checked = len(sends)
        told = [
            (one.user_id, line)
            for one in sends[self.settled_since :]
            if isinstance(one.content, OutboundText)
            for line in one.content.text.splitlines()
            if ACTION in line and self._is_reminder(line)
        ]
        assert len(told) == len(set(told)), told
        of_owner = [line for user_id, line in told if user_id != MANAGER]
        assert len(of_owner) <= 3, told
        assert sum(user_id == MANAGER for user_id, _ in told) <= 1, told

    @property
    def todo(self) -> Todo:
        return self.does(self._todo())

    def _is_reminder(self, text: str) -> bool:
        return any(start in text for start in ("快到期了", "今天到期", "已过期未完成", "过期超过", "待办已过期"))

    def _changes(self, change: Coroutine[Any, Any, None]) -> None:
        self.rounds += 1
        self.does(change)
        self.settled_since = len(self.chat.platform.sends)
        self.does(self.chat.lives_until(self.clock.now()))

    # How it is done

    async def _todo(self) -> Todo:
        async with self.database.reading() as work:
            return await work.todos.get(1)

    async def _postpone(self, on: Any) -> None:
        async with self.database.work() as work:
            todo = await work.todos.get(1)
            await todos.postpone(self.chat.context, work, todo, self._by(todo.member_id), on=on)

    async def _hand_on(self, to: str) -> None:
        async with self.database.work() as work:
            todo, taker = await work.todos.get(1), await work.members.by_identity("wecom", to)
            assert taker is not None
            await todos.pass_on(self.chat.context, work, todo, self._by(todo.member_id), taker)

    async def _finish(self) -> None:
        async with self.database.work() as work:
            todo = await work.todos.get(1)
            await todos.finish(self.chat.context, work, todo, self._by(todo.member_id))

    def _by(self, member_id: int) -> todos.By:
        return todos.By(member_id, None, f"machine:{self.rounds}")

    def teardown(self) -> None:
        # whatever is still to come comes now
        self.does(self.chat.lives_until(self.clock.now() + timedelta(days=40)))
        self.each_reminder_comes_once_in_working_hours_and_of_the_open_alone()
        if self.todo.state == "open":
            self._was_reminded_of_to_the_end()
        self.does(self.database.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    def _was_reminded_of_to_the_end(self) -> None:
        """An open to-do came to the manager in the end, once since it last changed."""
        sends = self.chat.platform.sends[self.settled_since :]
        of_manager = [one for one in sends if isinstance(one.content, OutboundText) and one.user_id == MANAGER]
        assert sum("待办已过期" in one.content.text for one in of_manager if isinstance(one.content, OutboundText)) == 1


def test_a_to_do_is_reminded_of_as_the_rules_say_whatever_happens(empty_database_file: Path) -> None:
    TodoMachine.template = empty_database_file
    run_state_machine_as_test(
        TodoMachine,
        settings=settings(
            max_examples=8,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
