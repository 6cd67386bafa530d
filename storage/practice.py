"""Practice: the sessions of a member, their rounds, and what became of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.models import Member, PracticeRound, PracticeSession, PracticeState, RoundState


@dataclass(frozen=True)
class Tried:
    """What a member did with one script: how often it was answered, and the score of the last answer."""

    times: int
    last_score: int


@dataclass(frozen=True)
class Tally:
    """Of one member in some time. A round that was skipped counts, with no points."""

    sessions: int
    rounds: int
    average: float


class Practices:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def find(self, session_id: int) -> PracticeSession | None:
        return await self._session.get(PracticeSession, session_id)

    async def lock(self, session_id: int) -> PracticeSession:
        """Held until the transaction ends: two answers at once, from two platforms, are two rounds."""
        return await self._session.get_one(PracticeSession, session_id, with_for_update=True, populate_existing=True)

    async def lock_open(self, member_id: int) -> PracticeSession | None:
        """The one that goes on, held as in `lock`; where none does, no other transaction begins one meanwhile."""
        await self._session.execute(select(Member.member_id).where(Member.member_id == member_id).with_for_update())
        query = select(PracticeSession).where(PracticeSession.member_id == member_id, PracticeSession.state == "open")
        return await self._session.scalar(query.with_for_update().execution_options(populate_existing=True))

    async def begin(self, member_id: int, *, scope: str, rounds: int) -> PracticeSession:
        session = PracticeSession(
            member_id=member_id, scope=scope, rounds=rounds, started_at=self._now, active_at=self._now
        )
        self._session.add(session)
        await self._session.flush()
        return session

    def end(self, session: PracticeSession, state: PracticeState) -> None:
        session.state, session.ended_at = state, self._now

    async def put(self, session: PracticeSession, place: int, code: str, phrasing: str) -> PracticeRound:
        entry = PracticeRound(
            session_id=session.session_id,
            place=place,
            code=code,
            phrasing=phrasing,
            state="open",
            hinted=[],
            detail={},
            asked_at=self._now,
        )
        self._session.add(entry)
        await self._session.flush()
        return entry

    def close(self, entry: PracticeRound, state: RoundState) -> None:
        entry.state, entry.closed_at = state, self._now

    async def rounds(self, session_id: int) -> Sequence[PracticeRound]:
        query = select(PracticeRound).where(PracticeRound.session_id == session_id).order_by(PracticeRound.place)
        return (await self._session.scalars(query)).all()

    async def open_round(self, session_id: int) -> PracticeRound | None:
        query = select(PracticeRound).where(PracticeRound.session_id == session_id, PracticeRound.state == "open")
        return await self._session.scalar(query)

    async def tried(self, member_id: int) -> Mapping[str, Tried]:
        """By the code of the script."""
        query = (
            select(PracticeRound.code, PracticeRound.score)
            .join(PracticeSession, PracticeSession.session_id == PracticeRound.session_id)
            .where(PracticeSession.member_id == member_id, PracticeRound.state == "answered")
            .order_by(PracticeRound.session_id, PracticeRound.place)
        )
        found: dict[str, Tried] = {}
        for code, score in await self._session.execute(query):
            found[code] = Tried(found[code].times + 1 if code in found else 1, score or 0)
        return found

    async def of(self, member_id: int, *, limit: int) -> Sequence[PracticeSession]:
        """The last ones that are over, the newest first."""
        query = select(PracticeSession).where(PracticeSession.member_id == member_id, PracticeSession.state != "open")
        return (await self._session.scalars(query.order_by(PracticeSession.session_id.desc()).limit(limit))).all()

    async def tallies(self, members: Collection[int], since: datetime) -> Mapping[int, Tally]:
        """Of those of them who practised since then."""
        query = (
            select(
                PracticeSession.member_id,
                func.count(PracticeSession.session_id.distinct()),
                func.count(),
                func.avg(func.coalesce(PracticeRound.score, 0)),
            )
            .join(PracticeRound, PracticeRound.session_id == PracticeSession.session_id)
            .where(
                PracticeSession.member_id.in_(members),
                PracticeSession.started_at >= since,
                PracticeRound.state.in_(("answered", "skipped")),
            )
            .group_by(PracticeSession.member_id)
        )
        return {
            member_id: Tally(sessions, rounds, float(average))
            for member_id, sessions, rounds, average in await self._session.execute(query)
        }
