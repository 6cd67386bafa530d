"""The team's library of scripts, the questions that were put to it, and what people made of its answers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Script, ScriptQuestion, ScriptUse

Revision = tuple[int, datetime | None, int]
"""Of the whole library: how many scripts, the last change, and the sum of their versions; equal means unchanged."""


@dataclass(frozen=True)
class Verdict:
    """How often a script was called useful, and how often useless."""

    useful: int
    useless: int


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

    async def offered(self, today: date, *, category: str | None = None) -> Sequence[Script]:
        """The approved ones that are valid today, all or those of one category."""
        query = select(Script).where(*_is_offered(today))
        if category is not None:
            query = query.where(Script.category == category)
        return (await self._session.scalars(query.order_by(Script.code))).all()

    async def offers_any(self, today: date) -> bool:
        query = select(Script.code).where(*_is_offered(today))
        return await self._session.scalar(query.limit(1)) is not None

    async def revision(self) -> Revision:
        query = select(func.count(), func.max(Script.changed_at), func.coalesce(func.sum(Script.version), 0))
        count, changed_at, versions = (await self._session.execute(query)).one()
        return count, changed_at, versions

    def add(self, script: Script) -> None:
        script.changed_at = self._now
        self._session.add(script)

    def changed(self, script: Script) -> None:
        """It says something else than before: a new version."""
        script.version += 1
        script.changed_at = self._now

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

    async def verdicts(self) -> Mapping[str, Verdict]:
        useful = func.sum(case((ScriptUse.was_useful.is_(True), 1), else_=0))
        query = (
            select(ScriptUse.code, useful, func.count() - useful)
            .where(ScriptUse.judged_at.is_not(None))
            .group_by(ScriptUse.code)
        )
        return {code: Verdict(good, bad) for code, good, bad in await self._session.execute(query)}

    # What nothing answers

    async def gaps(self, members: Collection[int] | None, *, limit: int) -> Sequence[ScriptQuestion]:
        """Questions that had no answer and that nobody has dealt with yet, the newest first.

        Those of these members, or everybody's.
        """
        query = select(ScriptQuestion).where(ScriptQuestion.is_answered.is_(False), ScriptQuestion.settled_at.is_(None))
        if members is not None:
            query = query.where(ScriptQuestion.member_id.in_(members))
        return (await self._session.scalars(query.order_by(ScriptQuestion.question_id.desc()).limit(limit))).all()

    def settle(self, question: ScriptQuestion, by: int) -> None:
        question.settled_at, question.settled_by = self._now, by


def _is_offered(today: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Script.status == "approved",
        or_(Script.valid_from.is_(None), Script.valid_from <= today),
        or_(Script.valid_until.is_(None), Script.valid_until >= today),
    )
