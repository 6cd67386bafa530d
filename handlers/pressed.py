"""A button that counts: pressed by the card's owner, who may, while the card is open."""

from dataclasses import dataclass

from handlers.messages import CardClick, InboundMessage, Sender
from storage.models import Card, Member


@dataclass(frozen=True)
class Pressed:
    click: CardClick
    card: Card
    member: Member
    message: InboundMessage

    @property
    def to(self) -> Sender:
        return self.message.sender

    @property
    def cause(self) -> str:
        return self.message.key

    @property
    def response_ref(self) -> str | None:
        return self.click.response_ref

    def chosen(self, select: str) -> str | None:
        """What was picked in that list; None where nothing was."""
        picked = self.click.chosen.get(select, ())
        return picked[0] if picked else None
