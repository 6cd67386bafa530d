"""The team's library of scripts, the questions that were put to it, and what people made of its answers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from storage.base import JsonObject
from storage.models import ProposalState, Script, ScriptProposal, ScriptQuestion, ScriptUse

Revision = tuple[int, datetime | None, int]
"""Of the whole library: how many scripts, the last change, and the sum of their versions; equal means unchanged."""


@dataclass(frozen=True)
class Verdict:
    """How often a script was called useful, and how often useless."""

    useful: int
    useless: int


@dataclass(frozen=True)
class Offer:
    """A script that was offered when somebody asked about a customer."""

    code: str
    customer_id: int
    asked_at: datetime


class Scripts:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    # The library

    async def find(self, code: str) -> Script | None:
        return await self._session.get(Script, code)

    async def called(self, code: str) -> Script | None:
        """The script of that code, in capitals or not."""
        return await self.find(code) or await self.find(code.upper())

    async def all(self) -> Sequence[Script]:
        return (await self._session.scalars(select(Script).order_by(Script.code))).all()

    async def offered(
        self, today: date, *, category: str | None = None, codes: Collection[str] | None = None
    ) -> Sequence[Script]:
        """The approved ones that are valid today: all, those of one category, those of some codes."""
        query = select(Script).where(*_is_offered(today))
        if category is not None:
            query = query.where(Script.category == category)
        if codes is not None:
            query = query.where(Script.code.in_(sorted(codes)))
        return (await self._session.scalars(query.order_by(Script.code))).all()

    async def offers_any(self, today: date) -> bool:
        query = select(Script.code).where(*_is_offered(today))
        return await self._session.scalar(query.limit(1)) is not None

    async def revision(self) -> Revision:
        query = select(func.count(), func.max(Script.changed_at), func.coalesce(func.sum(Script.version), 0))
        count, changed_at, versions = (await self._session.execute(query)).one()
        return count, changed_at, versions

    async def lock(self, code: str) -> Script:
        """The script, held until the transaction ends: of two changes at once the second sees the first."""
        return await self._session.get_one(Script, code, with_for_update=True, populate_existing=True)

    async def codes(self) -> Sequence[tuple[str, str]]:
        """Every script's code and category."""
        return [
            (code, category) for code, category in await self._session.execute(select(Script.code, Script.category))
        ]

    def add(self, script: Script) -> None:
        script.changed_at = self._now
        self._session.add(script)

    async def take_code(self, script: Script) -> bool:
        """Add it under its code; False where another transaction has taken that code at the same moment."""
        try:
            async with self._session.begin_nested():
                self.add(script)
        except IntegrityError:
            if script.code not in {code for code, _ in await self.codes()}:
                raise
            return False
        return True

    def changed(self, script: Script) -> None:
        """It says something else than before: a new version."""
        script.version += 1
        script.changed_at = self._now

    # What waits for approval

    async def propose(
        self,
        cause: str,
        code: str,
        member_id: int,
        *,
        base_version: int | None = None,
        changes: JsonObject | None = None,
        visit_id: int | None = None,
    ) -> ScriptProposal:
        proposal = ScriptProposal(
            cause=cause,
            code=code,
            member_id=member_id,
            base_version=base_version,
            changes=changes or {},
            visit_id=visit_id,
            state="open",
            created_at=self._now,
        )
        self._session.add(proposal)
        await self._session.flush()
        return proposal

    async def find_proposal(self, proposal_id: int) -> ScriptProposal | None:
        return await self._session.get(ScriptProposal, proposal_id)

    async def lock_proposal(self, proposal_id: int) -> ScriptProposal:
        """The proposal, held until the transaction ends: of two clicks at once the second sees what the first did."""
        return await self._session.get_one(ScriptProposal, proposal_id, with_for_update=True, populate_existing=True)

    async def open_proposals(self, code: str | None = None) -> Sequence[ScriptProposal]:
        """What nobody has decided yet, about that script or at all, the oldest first."""
        query = select(ScriptProposal).where(ScriptProposal.state == "open")
        if code is not None:
            query = query.where(ScriptProposal.code == code)
        return (await self._session.scalars(query.order_by(ScriptProposal.proposal_id))).all()

    async def taken_from(self) -> set[int]:
        """The visits whose words were proposed already, whatever became of that."""
        query = select(ScriptProposal.visit_id).where(ScriptProposal.visit_id.is_not(None))
        return {visit_id for visit_id in await self._session.scalars(query) if visit_id is not None}

    def decide(self, proposal: ScriptProposal, state: ProposalState, by: int) -> None:
        proposal.state, proposal.decided_by, proposal.decided_at = state, by, self._now

    # What is asked

    async def question(self, key: str) -> ScriptQuestion | None:
        return await self._session.scalar(select(ScriptQuestion).where(ScriptQuestion.key == key))

    async def get_question(self, question_id: int) -> ScriptQuestion:
        return await self._session.get_one(ScriptQuestion, question_id)

    async def find_question(self, question_id: int) -> ScriptQuestion | None:
        return await self._session.get(ScriptQuestion, question_id)

    async def asked(
        self,
        key: str,
        member_id: int,
        words: str,
        *,
        customer_id: int | None,
        category: str,
        offered: Sequence[str],
    ) -> ScriptQuestion:
        """Note a question and the codes offered, best first; a message that asked already asks nothing new."""
        known = await self.question(key)
        if known is not None:
            return known
        question = ScriptQuestion(
            key=key,
            member_id=member_id,
            words=words,
            customer_id=customer_id,
            category=category,
            is_answered=bool(offered),
            asked_at=self._now,
        )
        self._session.add(question)
        await self._session.flush()
        self._session.add_all(
            ScriptUse(question_id=question.question_id, code=code, place=place) for place, code in enumerate(offered)
        )
        await self._session.flush()
        return question

    async def uses(self, question_id: int) -> Sequence[ScriptUse]:
        query = select(ScriptUse).where(ScriptUse.question_id == question_id).order_by(ScriptUse.place)
        return (await self._session.scalars(query)).all()

    async def judge(self, question_id: int, code: str, *, was_useful: bool) -> ScriptUse | None:
        """The asker's word on one answer; a second word replaces the first. None: it was not offered there."""
        use = await self._session.get(ScriptUse, (question_id, code))
        if use is not None:
            use.was_useful, use.judged_at = was_useful, self._now
        return use

    async def verdicts(
        self, members: Collection[int] | None = None, *, since: datetime | None = None
    ) -> Mapping[str, Verdict]:
        """By code, each member's last word alone, on the script as it reads now: an earlier version's is forgotten.

        The word of these members, or everybody's; on what was asked since then.
        """
        judged = (
            select(
                ScriptUse.code,
                ScriptUse.was_useful,
                func.row_number()
                .over(
                    partition_by=(ScriptUse.code, ScriptQuestion.member_id),
                    order_by=(ScriptUse.judged_at.desc(), ScriptUse.question_id.desc()),
                )
                .label("back"),
            )
            .join(ScriptQuestion, ScriptUse.question_id == ScriptQuestion.question_id)
            .join(Script, ScriptUse.code == Script.code)
            .where(ScriptUse.judged_at.is_not(None), ScriptQuestion.asked_at >= Script.changed_at)
            .where(*_asked(members, since))
            .subquery()
        )
        useful = func.sum(case((judged.c.was_useful.is_(True), 1), else_=0))
        query = select(judged.c.code, useful, func.count() - useful).where(judged.c.back == 1).group_by(judged.c.code)
        return {code: Verdict(good, bad) for code, good, bad in await self._session.execute(query)}

    async def offers(self, since: datetime, *, until: datetime) -> Sequence[Offer]:
        """Scripts as they read now that were offered about a customer in that time, unless their asker found no use."""
        query = (
            select(ScriptUse.code, ScriptQuestion.customer_id, ScriptQuestion.asked_at)
            .join(ScriptQuestion, ScriptUse.question_id == ScriptQuestion.question_id)
            .join(Script, ScriptUse.code == Script.code)
            .where(ScriptQuestion.customer_id.is_not(None), ScriptQuestion.asked_at >= Script.changed_at)
            .where(ScriptQuestion.asked_at.between(since, until), ScriptUse.was_useful.is_not(False))
            .order_by(ScriptQuestion.question_id, ScriptUse.place)
        )
        rows = await self._session.execute(query)
        return [Offer(code, customer_id, asked_at) for code, customer_id, asked_at in rows if customer_id is not None]

    def asked_about(self, since: datetime) -> Select[Any]:
        """The customers about whom somebody asked since then."""
        return select(ScriptQuestion.customer_id).where(ScriptQuestion.asked_at >= since)

    async def asked_since(self, members: Collection[int] | None, since: datetime) -> tuple[int, int]:
        """How many questions these members, or everybody, asked since then, and how many had an answer."""
        answered = func.coalesce(func.sum(case((ScriptQuestion.is_answered.is_(True), 1), else_=0)), 0)
        asked, had_answer = (
            await self._session.execute(select(func.count(), answered).where(*_asked(members, since)))
        ).one()
        return asked, had_answer

    async def most_offered(
        self, members: Collection[int] | None, since: datetime, *, limit: int
    ) -> Sequence[tuple[Script, int]]:
        """The scripts offered most often to these members, or everybody, since then; how often each."""
        times = func.count()
        query = (
            select(Script, times)
            .join(ScriptUse, ScriptUse.code == Script.code)
            .join(ScriptQuestion, ScriptUse.question_id == ScriptQuestion.question_id)
            .where(*_asked(members, since))
            .group_by(Script.code)
            .order_by(times.desc(), Script.code)
            .limit(limit)
        )
        return [(script, count) for script, count in await self._session.execute(query)]

    async def never_offered(self, today: date) -> Sequence[Script]:
        """Those that may be offered today and never were, to anybody."""
        used = set(await self._session.scalars(select(ScriptUse.code).distinct()))
        return [script for script in await self.offered(today) if script.code not in used]

    # What nothing answers

    async def gaps(self, members: Collection[int] | None, *, limit: int) -> Sequence[ScriptQuestion]:
        """Questions that had no answer and that nobody has dealt with yet, the newest first.

        Those of these members, or everybody's.
        """
        query = (
            select(ScriptQuestion)
            .where(ScriptQuestion.is_answered.is_(False), ScriptQuestion.settled_at.is_(None))
            .where(*_asked(members))
        )
        return (await self._session.scalars(query.order_by(ScriptQuestion.question_id.desc()).limit(limit))).all()

    def settle(self, question: ScriptQuestion, by: int) -> None:
        question.settled_at, question.settled_by = self._now, by


def _asked(members: Collection[int] | None, since: datetime | None = None) -> list[ColumnElement[bool]]:
    """Questions of these members, or everybody's, since then."""
    conditions: list[ColumnElement[bool]] = []
    if members is not None:
        conditions.append(ScriptQuestion.member_id.in_(sorted(members)))
    if since is not None:
        conditions.append(ScriptQuestion.asked_at >= since)
    return conditions


def _is_offered(today: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Script.status == "approved",
        or_(Script.valid_from.is_(None), Script.valid_from <= today),
        or_(Script.valid_until.is_(None), Script.valid_until >= today),
    )
