"""The platforms of the simulation: they refuse what the real ones refuse, and keep what every phone has shown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.errors import PlatformBusy
from bot.platform import Capabilities, Deliverable, Sent, Uploaded
from bot.wecom.client import DUPLICATE_CHECK_S
from handlers.messages import CardUpdate, OutboundCard, OutboundText, PlatformName, ReplyRoute
from tests.chat import ChatPlatform

CAPABILITIES = {
    "wecom": Capabilities(
        max_text_bytes=2048, per_member_per_minute=30, per_member_per_hour=1000, duplicate_check_s=DUPLICATE_CHECK_S
    ),
    "dingtalk": Capabilities(max_text_bytes=16_000, per_member_per_minute=20),
}
"""As the adapters of these names have them."""


@dataclass(frozen=True)
class Shown:
    """Something that reached a phone. `cause` is the outbox's name for it."""

    at: datetime
    platform: PlatformName
    user_id: str
    content: Deliverable
    key: str
    cause: str

    @property
    def made_at(self) -> datetime:
        """When it was put on its way, to the second: the sender's name for a delivery begins with it."""
        return datetime.strptime(self.key.partition("-")[0], "%y%m%d%H%M%S").replace(tzinfo=UTC)

    @property
    def words(self) -> str:
        match self.content:
            case OutboundText(text=text):
                return text.replace("\u200b", "")
            case OutboundCard(title=title, subtitle=subtitle, fields=fields, body=body):
                return "\n".join([title, subtitle, *(f"{one.label} {one.value}" for one in fields), body])
            case CardUpdate(closing=closing):
                return closing
            case Uploaded(name=name):
                return name


class Phones(ChatPlatform):
    """`pass_by` stands at the two edges of every send, where a machine may die; `fails` says whether a send does."""

    def __init__(
        self,
        name: PlatformName,
        *,
        now: Callable[[], datetime],
        cause: Callable[[], str],
        pass_by: Callable[[str], None],
        fails: Callable[[], bool],
    ) -> None:
        super().__init__(name=name, capabilities=CAPABILITIES[name])
        self._now, self._cause, self._pass_by, self._fails = now, cause, pass_by, fails
        self.shown: list[Shown] = []
        self.unsure: set[str] = set()
        """Keys of what arrived in a try whose end the machine never wrote down: that one may be tried again."""
        self.tried: dict[str, datetime] = {}
        """When each key was tried first, whether it arrived or not."""
        self.refused = 0
        self.swallowed = 0
        self._last: dict[tuple[str, str], datetime] = {}
        self._card_ids: set[str] = set()

    async def send(
        self,
        user_id: str,
        content: Deliverable,
        *,
        key: str,
        guard: bool = False,
        response_ref: str | None = None,
        reply: ReplyRoute | None = None,
        group: str | None = None,
    ) -> Sent:
        self.tried.setdefault(key, self._now())
        self._pass_by("before the send")
        if self._fails():
            self.refused += 1
            raise PlatformBusy("message/send", 45033)
        if self._is_repeat(user_id, content, guard=guard):
            self.swallowed += 1
        else:
            self.shown.append(Shown(self._now(), self.name, user_id, content, key, self._cause()))
        self._pass_by("after the send")
        if self._fails():
            self.refused += 1
            raise PlatformBusy("message/send", "no answer")
        return Sent(message_ref=key, response_ref=f"r-{key}" if isinstance(content, OutboundCard) else None)

    def _is_repeat(self, user_id: str, content: Deliverable, *, guard: bool) -> bool:
        """Whether nobody sees it again: a card's id is taken once, an equal text once in a while."""
        match content:
            case OutboundCard(card_id=card_id):
                known = card_id in self._card_ids
                self._card_ids.add(card_id)
                return known
            case CardUpdate() | Uploaded():
                return False
            case OutboundText(text=text):
                last = self._last.get((user_id, text))
                self._last[user_id, text] = self._now()
                within = timedelta(seconds=self.capabilities.duplicate_check_s or 0)
                return guard and last is not None and self._now() - last < within
