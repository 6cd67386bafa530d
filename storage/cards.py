"""Cards that are out in the chats, and what has become of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.base import JsonObject
from storage.models import Card, Visit


class Cards:
    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session = session
        self._now = now

    async def find(self, card_id: str) -> Card | None:
        return await self._session.get(Card, card_id)

    async def add(
        self, card_id: str, *, platform: str, user_id: str, kind: str, choices: Sequence[JsonObject], life: timedelta
    ) -> Card:
        card = Card(
            card_id=card_id,
            platform=platform,
            user_id=user_id,
            kind=kind,
            choices=list(choices),
            state="open",
            as_text=False,
            created_at=self._now,
            expires_at=self._now + life,
        )
        self._session.add(card)
        await self._session.flush()
        return card

    async def sent(self, card_id: str, *, response_ref: str | None, as_text: bool = False) -> None:
        """Note that the card went out, and by what reference it can be changed. Unknown cards are passed over."""
        card = await self.find(card_id)
        if card is not None:
            card.sent_at, card.response_ref, card.as_text = self._now, response_ref, as_text

    async def take_response_ref(self, card_id: str) -> str | None:
        """The reference kept from sending, given out once."""
        card = await self.find(card_id)
        if card is None:
            return None
        reference, card.response_ref = card.response_ref, None
        return reference

    def close(self, card: Card, closing: str) -> None:
        card.state = "closed"
        card.closing = closing
        card.expires_at = min(card.expires_at, self._now)

    async def is_open_for(self, visit: Visit, kind: str) -> bool:
        """Whether a card of that kind about the visit is still waiting for an answer."""
        query = select(Card.card_id).where(
            Card.card_id.startswith(f"{kind}-{visit.visit_id}-"), Card.state == "open", Card.expires_at > self._now
        )
        return await self._session.scalar(query.limit(1)) is not None

    async def open_about(self, kind: str, subject_id: int) -> Sequence[Card]:
        """The open cards of that kind about that subject, whoever has them."""
        query = select(Card).where(Card.card_id.startswith(f"{kind}-{subject_id}-"), Card.state == "open")
        return (await self._session.scalars(query.order_by(Card.card_id))).all()

    async def open_of_kind(self, kind: str) -> Sequence[Card]:
        """All open cards of that kind, whoever has them."""
        query = select(Card).where(Card.kind == kind, Card.state == "open")
        return (await self._session.scalars(query.order_by(Card.card_id))).all()

    async def unsent_of_kind(self, kind: str, *, before: datetime) -> Sequence[Card]:
        """The open cards of that kind that were made before that moment and have not gone out."""
        query = select(Card).where(Card.kind == kind, Card.state == "open", Card.sent_at.is_(None))
        return (await self._session.scalars(query.where(Card.created_at < before).order_by(Card.card_id))).all()

    async def closed_as_text(self, platform: str, user_id: str, *, since: datetime) -> Card | None:
        """The one that this person last got as numbered text of those that were closed since then."""
        query = select(Card).where(
            Card.platform == platform, Card.user_id == user_id, Card.state == "closed", Card.as_text
        )
        newest = query.where(Card.expires_at >= since).order_by(Card.sent_at.desc(), Card.card_id.desc())
        return await self._session.scalar(newest.limit(1))

    async def latest_as_text(self, platform: str, user_id: str) -> Card | None:
        """The open card this person last got as numbered text: what a bare number answers."""
        return await self._session.scalar(
            select(Card)
            .where(
                Card.platform == platform,
                Card.user_id == user_id,
                Card.state == "open",
                Card.as_text,
                Card.expires_at > self._now,
            )
            .order_by(Card.sent_at.desc(), Card.card_id.desc())
            .limit(1)
        )
