"""One approval, and one request of a colleague, under anything that people and time can do, in any order."""

import asyncio
import shutil
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from handlers import approving, help_desk, leavers
from handlers.help_rules import Department, HelpRules
from handlers.messages import CardClick
from storage.database import Database
from storage.deal_models import Approval, ApprovalNode, HelpRequest
from storage.models import Card
from tests.chat import FRIDAY, MANAGER, OTHER, REP, Chat, build
from tests.fakes import FakeClock

pytestmark = pytest.mark.weeks

PEOPLE = (REP, MANAGER, OTHER, "zhoumin", "hejia", "zheng")
NAMES = ("陈志远", "周敏", "郑总", "赵一鸣")
HOLDER = "whoever has its card"
people = st.sampled_from((*PEOPLE, *[HOLDER] * len(PEOPLE)))
pick = st.integers(min_value=0, max_value=99)
Result = TypeVar("Result")


@dataclass
class World:
    """What outlives one example."""

    runner: asyncio.Runner
    empty: Path
    folder: Path
    examples: int = 0


class Machine(RuleBasedStateMachine):
    world: World
    kind: str
    """Of the cards that are pressed."""

    def _run(self, doing: Coroutine[Any, Any, Result]) -> Result:
        return self.world.runner.run(doing)

    def _begin(self, starts: datetime) -> None:
        self.world.examples += 1
        path = self.world.folder / f"{self.kind}-{self.world.examples}.db"
        shutil.copyfile(self.world.empty, path)
        clock = FakeClock(starts)
        self.database = self._run(Database.open(f"sqlite:///{path}", clock))
        self.chat: Chat = self._run(build(self.database, clock, self.world.folder))
        self._run(self._move_in())

    async def _move_in(self) -> None:
        async with self.database.work() as work:
            top = await work.members.add("郑总", ["director"])
            await work.members.link(top.member_id, "wecom", "zheng")
            (await work.members.named("周敏"))[0].manager_id = top.member_id
        ctx = self.chat.context
        rules = HelpRules(departments=(Department("技术", ("赵一鸣",), vice_president="郑总"),))
        object.__setattr__(ctx, "settings", replace(ctx.settings, help=rules))

    def teardown(self) -> None:
        self._run(self.database.close())

    # What happens

    @rule(who=people, card=pick, button=pick)
    def somebody_presses(self, who: str, card: int, button: int) -> None:
        self._run(self._press(who, card, button))

    @rule(button=pick)
    def whose_card_it_is_presses(self, button: int) -> None:
        self._run(self._press_own(button))

    @rule()
    def whose_card_it_is_presses_the_first_button(self) -> None:
        self._run(self._first())

    async def _first(self) -> None:
        if not await self._cards():
            await self.chat.lives_until(self.chat.context.settings.working_time.next_push(self.chat.clock.now()))
        await self._press_own(0)

    @rule(hours=st.integers(1, 40))
    def time_passes(self, hours: int) -> None:
        self._run(self.chat.lives_until(self.chat.clock.now() + timedelta(hours=hours)))

    @rule(days=st.integers(1, 6))
    def nothing_runs_for_days(self, days: int) -> None:
        self._run(self.chat.passes(timedelta(days=days)))

    @rule(name=st.sampled_from(NAMES), chance=st.integers(0, 2))
    def somebody_leaves(self, name: str, chance: int) -> None:
        if not chance:
            self._run(self._leave(name))

    async def _leave(self, name: str) -> None:
        async with self.database.work() as work:
            for member in await work.members.named(name):
                await leavers.leave(work, member, by_id=None, source="machine")
        await self.chat.worker.drain()

    async def _cards(self) -> list[Card]:
        async with self.database.reading() as work:
            return [*await work.cards.open_of_kind(self.kind)]

    async def _who(self, who: str) -> str:
        cards = await self._cards()
        return (cards[0].user_id if cards else REP) if who == HOLDER else who

    async def _press(self, who: str, card: int, button: int) -> None:
        who = await self._who(who)
        shown = self.chat.cards("审批" if self.kind == approving.KIND else "请您")
        if shown:
            pressed = shown[-1 - card % min(len(shown), 4)]
            action = pressed.buttons[button % len(pressed.buttons)].action
            await self.chat.receives(CardClick(card_id=pressed.card_id, action=action), sender=who)

    async def _press_own(self, button: int) -> None:
        for card in (await self._cards())[:1]:
            action = str(card.choices[button % len(card.choices)]["action"])
            await self.chat.receives(CardClick(card_id=card.card_id, action=action), sender=card.user_id)

    async def _belongs_to(self, card: Card) -> int:
        async with self.database.reading() as work:
            owner = await work.members.by_identity(card.platform, card.user_id)
        assert owner is not None
        return owner.member_id


class ApprovalMachine(Machine):
    kind = approving.KIND

    @initialize(
        yuan=st.sampled_from([30_000, 180_000, 850_000]), off=st.sampled_from(["", " 7折"]), hours=st.integers(0, 60)
    )
    def begin(self, yuan: int, off: str, hours: int) -> None:
        self._begin(FRIDAY + timedelta(hours=hours))
        self.before: dict[int, tuple[str, int | None]] = {}
        self.ended = ""
        self._run(self.chat.says(f"审批 恒力 报价{yuan}元{off}"))
        nodes = self._run(self._nodes())
        self.chain = [node.member_id for node in nodes]

    @rule(who=people, said=st.sampled_from(["同意审批1", "不同意审批1：毛利太低", "毛利太低了", "取消", "撤回审批1"]))
    def somebody_says(self, who: str, said: str) -> None:
        self._run(self.chat.says(said, sender=self._run(self._who(who))))

    async def _nodes(self) -> Sequence[ApprovalNode]:
        async with self.database.reading() as work:
            return await work.approvals.nodes(1)

    @invariant()
    def all_is_in_order(self) -> None:
        if hasattr(self, "chain"):
            self._run(self._check())

    async def _check(self) -> None:
        async with self.database.reading() as work:
            approval, nodes = await work.approvals.find(1), await work.approvals.nodes(1)
            audited = [entry.action for entry in await work.audit.of("approval:1")]
        assert approval is not None
        states = [node.state for node in nodes]
        self._is_one_after_the_other(approval, states)
        assert [node.member_id for node in nodes][: len(self.chain)] == self.chain
        assert approval.member_id not in {node.member_id for node in nodes}
        assert len({node.member_id for node in nodes}) == len(nodes)
        for node in nodes:
            if node.state in ("approved", "refused"):
                assert node.decided_by == node.member_id
            assert audited.count("approval.node.open") <= len(nodes)
        if approval.state == "approved":
            assert all(state in ("approved", "passed") for state in states)
            assert states[-1] == "approved"
        self._never_decided_twice(approval, nodes, audited)
        await self._has_one_card(approval, nodes)

    def _is_one_after_the_other(self, approval: Approval, states: list[str]) -> None:
        order = {"approved": 0, "passed": 0, "open": 1, "refused": 1, "waiting": 2}
        assert [order[state] for state in states] == sorted(order[state] for state in states)
        assert states.count("open") + states.count("refused") <= 1
        assert (approval.state == "open") <= (states.count("open") == 1)
        assert ("refused" in states) == (approval.state == "refused")

    def _never_decided_twice(self, approval: Approval, nodes: Sequence[ApprovalNode], audited: list[str]) -> None:
        for place, (state, by) in self.before.items():
            if state in ("approved", "refused", "passed"):
                assert (nodes[place - 1].state, nodes[place - 1].decided_by) == (state, by)
        self.before = {node.place: (node.state, node.decided_by) for node in nodes}
        assert not self.ended or self.ended == approval.state
        self.ended = approval.state if approval.state != "open" else ""
        ends = [one for one in audited if one in ("approval.approved", "approval.refused", "approval.withdrawn")]
        assert ends == ([f"approval.{self.ended}"] if self.ended else [])

    async def _has_one_card(self, approval: Approval, nodes: Sequence[ApprovalNode]) -> None:
        cards = await self._cards()
        assert len(cards) <= (approval.state == "open")
        for card in cards:
            [shown] = [node for node in nodes if node.card_id == card.card_id]
            assert shown.state == "open"
            assert await self._belongs_to(card) == shown.member_id


class RequestMachine(Machine):
    kind = help_desk.KIND

    @initialize(hours=st.integers(0, 90), to=st.sampled_from(["@技术", "赵一鸣", "陈志远"]))
    def begin(self, hours: int, to: str) -> None:
        self._begin(FRIDAY + timedelta(hours=hours))
        self._run(self.chat.says(f"求助 {to} 恒力的阀体能不能做316L？"))
        self.before: HelpRequest | None = None
        self.begun = True

    @rule(
        who=people,
        said=st.sampled_from(
            [
                "回复求助1：可以做",
                "办不了求助1：没料",
                "转求助1给周敏",
                "周敏",
                "赵一鸣",
                "可以做的",
                "取消",
                "撤回求助1",
            ]
        ),
    )
    def somebody_says(self, who: str, said: str) -> None:
        who, before = self._run(self._who(who)), self._run(self._request())
        self._run(self.chat.says(said, sender=who))
        after = self._run(self._request())
        if after.state != before.state:
            assert before.state == "open"
            by = self._run(self._member_of(who))
            may = {before.member_id} if after.state == "withdrawn" else {before.holder_id, before.colleague_id}
            assert by in may

    async def _member_of(self, who: str) -> int:
        async with self.database.reading() as work:
            member = await work.members.by_identity("wecom", who)
        assert member is not None
        return member.member_id

    async def _request(self) -> HelpRequest:
        async with self.database.reading() as work:
            request = await work.help.find(1)
        assert request is not None
        return request

    @invariant()
    def all_is_in_order(self) -> None:
        if hasattr(self, "begun"):
            self._run(self._check())

    async def _check(self) -> None:
        request, cards = await self._request(), await self._cards()
        async with self.database.reading() as work:
            audited = [entry.action for entry in await work.audit.of("help:1")]
        assert len(cards) <= (request.state == "open")
        for card in cards:
            assert card.card_id == request.card_id
            assert await self._belongs_to(card) == request.holder_id
        assert request.member_id != request.holder_id
        assert (request.level == 0) == (request.holder_id == request.colleague_id)
        ends = [one for one in audited if one in ("help.answered", "help.declined", "help.withdrawn")]
        assert ends == ([] if request.state == "open" else [f"help.{request.state}"])
        assert (request.answered_at is None) == (request.state == "open")
        if request.state in ("answered", "declined"):
            assert request.answer
        if self.before is not None and self.before.state != "open":
            assert (request.state, request.answer, request.holder_id) == (
                self.before.state,
                self.before.answer,
                self.before.holder_id,
            )
        self.before = request


@pytest.mark.parametrize("machine", [ApprovalMachine, RequestMachine])
def test_it_stays_in_order_whatever_happens(machine: type[Machine], empty_database_file: Path, tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        in_a_world = type(machine.__name__, (machine,), {"world": World(runner, empty_database_file, tmp_path)})
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            in_a_world,
            settings=settings(
                max_examples=30,
                stateful_step_count=14,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
