"""What is said in the answers to WeCom's own calls, while it calls: one exchange for every message of a person.

After a message WeCom asks again and again how our answer goes on (developer document 101031). Whatever is sent to that
person meanwhile is added to the answer, and counts as sent once a call has carried it. All this lives in memory: after
a restart WeCom's questions find nobody, and what was not carried goes another way.
"""

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.wecom_bot.markdown import MAX_BYTES, mention
from handlers.messages import JsonObject
from storage.clock import Clock

LIFE = timedelta(seconds=330)
"""WeCom stops asking after six minutes; what is said then would be lost."""
QUIET = timedelta(seconds=30)
"""An answer to which nothing was added for so long is complete; a later one has other ways to the person."""
CARD_QUIET = timedelta(seconds=120)
"""So long after a card that its reader may still press a button, which often is answered with more than one message."""
GROUP_QUIET = timedelta(seconds=10)
"""In a group only a short notice is said, if anything; the rest goes to the person alone."""
CARRY_WITHIN = timedelta(seconds=15)
"""WeCom asks about once a second. If it has not asked for so long, it does not ask any more."""
KEPT = timedelta(minutes=15)
MOST_KEPT = 20_000
BETWEEN = "\n\n"

WORKING = "收到，正在处理…"
SEE_CARD = "请看卡片。"
UNFINISHED = "还在处理。稍后请再发一句话，我就把结果发给您。"
ELSEWHERE = "结果见下方。"
SEE_SINGLE = " 收到。结果只发给您本人：请打开与我的单聊，随便发一句话即可查看。"


@dataclass
class _Piece:
    text: str = ""
    card: JsonObject | None = None
    carried: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Exchange:
    stream_id: str
    message_id: str
    user_id: str
    group: str | None
    opened_at: datetime
    said_at: datetime
    pieces: "OrderedDict[str, _Piece]" = field(default_factory=OrderedDict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    has_sent_card: bool = False
    """A card went to this person by another way."""
    is_superseded: bool = False
    """What is still to be said comes in another message."""
    is_finished: bool = False
    final: JsonObject | None = None

    @property
    def has_card(self) -> bool:
        return any(piece.card is not None for piece in self.pieces.values())

    @property
    def content(self) -> str:
        return BETWEEN.join(piece.text for piece in self.pieces.values() if piece.text)

    def has_room(self, text: str) -> bool:
        return not self.is_finished and len(f"{self.content}{BETWEEN}{text}".encode()) <= MAX_BYTES


@dataclass(frozen=True)
class Answer:
    """What one call is answered, and what it thereby carries."""

    body: JsonObject
    pieces: tuple[_Piece, ...]

    def carried(self) -> None:
        for piece in self.pieces:
            piece.carried.set()


class Exchanges:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_stream: OrderedDict[str, Exchange] = OrderedDict()
        self._newest: dict[tuple[str, str | None], Exchange] = {}

    def open(self, message_id: str, user_id: str, group: str | None) -> Exchange:
        """The exchange of this message, also when WeCom brings it again."""
        stream_id = hashlib.sha256(message_id.encode()).hexdigest()[:32]
        known = self._by_stream.get(stream_id)
        if known is not None:
            return known
        now = self._clock.now()
        self._forget_old(now)
        earlier = self._newest.get((user_id, group))
        if earlier is not None:
            # Three open answers are the most that WeCom allows a person; the newest one takes it all from here.
            earlier.is_superseded = True
        exchange = Exchange(stream_id, message_id, user_id, group, opened_at=now, said_at=now)
        self._by_stream[stream_id] = exchange
        self._newest[user_id, group] = exchange
        return exchange

    def drop(self, exchange: Exchange) -> None:
        """Its message could not be kept, so there is nothing to answer."""
        self._by_stream.pop(exchange.stream_id, None)
        if self._newest.get((exchange.user_id, exchange.group)) is exchange:
            del self._newest[exchange.user_id, exchange.group]

    def find(self, stream_id: str) -> Exchange | None:
        return self._by_stream.get(stream_id)

    def of(self, user_id: str, group: str | None) -> Exchange | None:
        """The open exchange with this person, there."""
        exchange = self._newest.get((user_id, group))
        if exchange is None or exchange.is_finished or self._clock.now() - exchange.opened_at >= LIFE:
            return None
        return exchange

    def card_sent(self, user_id: str) -> None:
        """A card has gone to this person another way: the open answer is no longer empty-handed."""
        exchange = self.of(user_id, None)
        if exchange is not None:
            exchange.has_sent_card = True
            exchange.said_at = self._clock.now()
            exchange.news.set()

    async def say(self, exchange: Exchange, key: str, *, text: str = "", card: JsonObject | None = None) -> bool:
        """Add to the answer and wait until WeCom has taken it; False where it does not ask for it any more.

        `key` names what is added: the same is not added twice.
        """
        piece = exchange.pieces.get(key)
        if piece is None:
            if exchange.is_finished:
                return False
            piece = exchange.pieces[key] = _Piece(text, card)
            exchange.said_at = self._clock.now()
            exchange.news.set()
        try:
            await self._clock.wait(piece.carried, self._clock.now() + CARRY_WITHIN)
        finally:
            if not piece.carried.is_set():
                # It goes another way now, and must not be read here as well.
                exchange.pieces.pop(key, None)
                exchange.is_superseded = exchange.is_finished = True
        return piece.carried.is_set()

    def answer(self, exchange: Exchange) -> Answer:
        """What WeCom is told now."""
        pieces = tuple(exchange.pieces.values())
        if exchange.final is not None:
            return Answer(exchange.final, pieces)
        finish = exchange.is_finished or self._is_complete(exchange)
        stream: JsonObject = {
            "id": exchange.stream_id,
            "finish": finish,
            "content": exchange.content or _idle(exchange, finish),
        }
        body: JsonObject = {"msgtype": "stream", "stream": stream}
        card = next((piece.card for piece in pieces if piece.card is not None and not piece.carried.is_set()), None)
        if card is not None:
            body = {"msgtype": "stream_with_template_card", "stream": stream, "template_card": card}
        if finish:
            exchange.is_finished, exchange.final = True, body
        return Answer(body, pieces)

    def _is_complete(self, exchange: Exchange) -> bool:
        now = self._clock.now()
        if now - exchange.opened_at >= LIFE or exchange.is_superseded:
            return True
        if exchange.group is not None:
            return now - exchange.said_at >= GROUP_QUIET
        if exchange.has_sent_card or exchange.has_card:
            return now - exchange.said_at >= CARD_QUIET
        return bool(exchange.pieces) and now - exchange.said_at >= QUIET

    def _forget_old(self, now: datetime) -> None:
        while self._by_stream:
            oldest = next(iter(self._by_stream.values()))
            if now - oldest.opened_at < KEPT and len(self._by_stream) < MOST_KEPT:
                return
            self.drop(oldest)


def _idle(exchange: Exchange, finish: bool) -> str:
    """What stands where nothing has been said yet."""
    if exchange.has_sent_card or exchange.has_card:
        return SEE_CARD
    if not finish:
        return WORKING
    if exchange.group is not None:
        return mention(exchange.user_id) + SEE_SINGLE
    return ELSEWHERE if exchange.is_superseded else UNFINISHED
