"""One rep's matters under anything that people and time can do, in any order."""

import asyncio
import shutil
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from handlers import escalation
from handlers.escalation import Matter, MatterItem
from handlers.messages import CardClick
from storage.database import Database
from storage.escalations import UNSETTLED
from storage.models import AuditEntry, Card, Escalation
from tests.chat import FRIDAY, MANAGER, OTHER, REP, Chat, build
from tests.fakes import FakeClock

pytestmark = pytest.mark.weeks

HENGLI = "宁波恒力阀门有限公司"
PEOPLE = (REP, MANAGER, OTHER, "zhoumin", "hejia")
people = st.sampled_from(PEOPLE)
pick = st.integers(min_value=0, max_value=99)
Result = TypeVar("Result")


@dataclass
class World:
    """What outlives one example."""

    runner: asyncio.Runner
    empty: Path
    folder: Path
    examples: int = 0


@dataclass(frozen=True)
class Lying:
    """How a matter stands."""

    state: str
    manager_id: int
    level: int
    holder_id: int


class MatterMachine(RuleBasedStateMachine):
    world: World

    def _run(self, doing: Coroutine[Any, Any, Result]) -> Result:
        return self.world.runner.run(doing)

    @initialize()
    def begin(self) -> None:
        self.world.examples += 1
        path = self.world.folder / f"{self.world.examples}.db"
        shutil.copyfile(self.world.empty, path)
        clock = FakeClock(FRIDAY)
        self.database = self._run(Database.open(f"sqlite:///{path}", clock))
        self.chat: Chat = self._run(build(self.database, clock, self.world.folder))
        self.before: dict[int, Lying] = {}

    def teardown(self) -> None:
        self._run(self.database.close())

    # What happens

    @rule(words=st.sampled_from(["领导还没批", "货比三家", "要等预算"]), visit=st.integers(1, 3), named=st.booleans())
    def a_risk_comes_up(self, words: str, visit: int, named: bool) -> None:
        self._run(self._raise(f"visit:{visit}:风险:{words}", words, "manager", named))

    @rule(number=st.integers(1, 3), named=st.booleans())
    def the_rep_asks_for_the_director(self, number: int, named: bool) -> None:
        self._run(self._raise(f"request:{number}", "这个要总监出面", "director", named))

    @rule(who=people, card=pick, button=pick, option=pick)
    def somebody_presses(self, who: str, card: int, button: int, option: int) -> None:
        self._run(self._press(who, card, button, option))

    @rule(who=people, said=st.sampled_from(["跳过", "谈妥了", "赵一鸣", "指派给赵一鸣", "取消", "指派给李晓彤"]))
    def somebody_says(self, who: str, said: str) -> None:
        self._run(self._say(who, said))

    @rule(hours=st.integers(1, 40))
    def time_passes(self, hours: int) -> None:
        self._run(self.chat.lives_until(self.chat.clock.now() + timedelta(hours=hours)))

    # What must hold

    @invariant()
    def all_is_in_order(self) -> None:
        if hasattr(self, "chat"):
            self._run(self._check())

    async def _raise(self, origin: str, words: str, to: escalation.Target, named: bool) -> None:
        async with self.database.work() as work:
            [rep] = await work.members.named("李晓彤")
            customer = await work.customers.by_name(HENGLI)
            assert customer is not None
            matter = Matter(
                "risk" if to == "manager" else "request",
                rep,
                customer.customer_id if named else None,
                (MatterItem(origin, "风险", words),),
                to=to,
            )
            await escalation.raise_matter(
                self.chat.context, work, matter, cause=f"raise:{self.world.examples}:{origin}"
            )
        await self.chat.worker.drain()

    async def _press(self, who: str, card: int, button: int, option: int) -> None:
        shown = self.chat.cards()
        if not shown:
            return
        pressed = shown[-1 - card % min(len(shown), 4)]
        buttons = [*pressed.buttons, *([pressed.submit] if pressed.submit else [])]
        options = [one.option_id for select in pressed.selects for one in select.options]
        chosen = {"assignee": (options[option % len(options)],)} if options else {}
        click = CardClick(card_id=pressed.card_id, action=buttons[button % len(buttons)].action, chosen=chosen)
        before = await self._lying()
        await self.chat.receives(click, sender=who)
        await self._only_the_holder_changed(who, before)

    async def _say(self, who: str, said: str) -> None:
        before = await self._lying()
        await self.chat.says(said, sender=who)
        await self._only_the_holder_changed(who, before)

    async def _lying(self) -> dict[int, Lying]:
        async with self.database.reading() as work:
            rows = await work.session.scalars(select(Escalation))
            return {
                row.escalation_id: Lying(
                    row.state, row.manager_id, row.level, (await escalation.holder_of(work, row)).member_id
                )
                for row in rows.all()
            }

    async def _only_the_holder_changed(self, who: str, before: dict[int, Lying]) -> None:
        after = await self._lying()
        async with self.database.reading() as work:
            member = await work.members.by_identity("wecom", who)
        assert member is not None
        for escalation_id, was in before.items():
            if after[escalation_id] != was:
                assert was.holder_id == member.member_id
                assert was.state in UNSETTLED

    async def _check(self) -> None:
        after = await self._lying()
        async with self.database.reading() as work:
            rows = (await work.session.scalars(select(Escalation))).all()
            unsettled = [row for row in rows if row.state in UNSETTLED]
            about = [(row.customer_id, row.member_id if row.customer_id is None else None) for row in unsettled]
            assert len(about) == len(set(about))
            for row in rows:
                open_cards = await work.cards.open_about("matter", row.escalation_id)
                assert len(open_cards) == (row.card_id is not None)
                for card in open_cards:
                    assert card.card_id == row.card_id
                    await self._is_the_holders(card, after[row.escalation_id].holder_id)
                assert row.state in UNSETTLED or not open_cards
                holders = await work.escalations.holders(row.escalation_id)
                assert len(holders) == len(set(holders))
                assert holders[-1] == row.manager_id
                await self._is_audited(row, after[row.escalation_id])
        for escalation_id, was in self.before.items():
            if was.state not in UNSETTLED:
                assert after[escalation_id] == was
        self.before = after

    async def _is_the_holders(self, card: Card, holder_id: int) -> None:
        async with self.database.reading() as work:
            owner = await work.members.by_identity(card.platform, card.user_id)
        assert owner is not None
        assert owner.member_id == holder_id

    async def _is_audited(self, row: Escalation, now: Lying) -> None:
        """The last entry about its state, and the last about its manager, tell how it stands."""
        async with self.database.reading() as work:
            entries = await work.audit.of(f"escalation:{row.escalation_id}")
        assert _last(entries, "state", default="open") == now.state
        assert _last(entries, "manager_id") == now.manager_id
        assert len([entry for entry in entries if entry.action == "escalation.opened"]) == 1


def _last(entries: Any, key: str, *, default: object = None) -> object:
    told: list[AuditEntry] = [entry for entry in entries if entry.action.startswith("escalation.")]
    return next((entry.after[key] for entry in reversed(told) if entry.after and key in entry.after), default)


def test_a_matter_stays_in_order_whatever_happens(empty_database_file: Path, tmp_path: Path) -> None:
    with asyncio.Runner() as runner:

        class Machine(MatterMachine):
            world = World(runner, empty_database_file, tmp_path)

        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            Machine,
            settings=settings(
                max_examples=12,
                stateful_step_count=12,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
