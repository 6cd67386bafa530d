"""Sends what lies in the outbox: in order for each person, within the platform's limits, and once.

A delivery is begun in one transaction (its place in the rate limit, its final words), made without one, and marked as
sent in the next statement. If the program dies between the two, the delivery is repeated, exactly as it was; what keeps
the repeat from showing twice is the platform's own duplicate check. That swallows *any* equal text, also one that is
meant to be said twice ("收到 38 秒语音，正在转写…"), so an equal text within its time gets one invisible character more
than the one before it: then equal means repeated, and every text can carry the check.

A file is uploaded first, and what the platform calls it is kept before it is sent. Whoever dies before that uploads it
again, which nobody sees; a repeat after it sends the very same upload, which the duplicate check knows, while the same
piece asked for twice has two uploads.
"""

import asyncio
import json
import logging
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

from pydantic import AwareDatetime

from bot import attachments
from bot.errors import (
    ConfigError,
    ContentRefused,
    MediaGone,
    MustWriteFirst,
    NotPermitted,
    PlatformBusy,
    PlatformError,
    QuotaSpent,
)
from bot.platform import Attachment, Capabilities, Deliverable, Platform, Sent, Uploaded
from handlers import cards, handing, notices
from handlers import evidence_texts as texts
from handlers.handing import WhyNot
from handlers.messages import (
    CardUpdate,
    FileSort,
    Frozen,
    JsonObject,
    Outbound,
    OutboundCard,
    OutboundFile,
    OutboundText,
    PlatformName,
    ReplyRoute,
)
from handlers.outbox import HELD, KIND, put_off
from handlers.working_time import WorkingTime
from storage.database import Database
from storage.errors import LeaseLost, MediaDamaged, MediaMissing
from storage.jobs import Job
from storage.media import MediaStore
from storage.sends import Attempt, Window
from storage.work import Work

log = logging.getLogger(__name__)

WINDOW_MARGIN = timedelta(seconds=2)
"""The platform counts by its own clock, when a message reaches it."""
INVISIBLE = "\u200b"
JOINER = "\u200d"
INVISIBLE_BYTES = 3
ROOM_FOR_TWINS_BYTES = 10 * INVISIBLE_BYTES
BETWEEN_MERGED = "\n\n"
MOST_MERGED = 100
LINE_SHARE = 0.5
FIRST_HOLD, LONGEST_HOLD = timedelta(seconds=30), timedelta(days=1)
"""What waits for somebody to write is tried again after as long as it is old, since they may have written in the very
moment in which it was refused."""
HELD_AT_MOST = timedelta(days=7)
"""After that an admin is told: a reminder of last week helps nobody."""
FILES_AT_ONCE = 3
"""So many are held in memory while they are uploaded; the next one steps back, so that words go out meanwhile."""
STEPS_BACK = timedelta(seconds=2)
UPLOAD_TRIES = 4
"""After so many the link is said instead, so that whatever else waits for this person is not held up any longer."""


class TakenNotices(Frozen):
    """The lines that were taken for a member at that moment."""

    member_id: int
    taken_at: AwareDatetime


class Order(Frozen):
    """The payload of a `send`. The first seven come from the handlers; the sender adds the rest as it goes along."""

    platform: PlatformName
    user_id: str
    content: Outbound
    reply: ReplyRoute | None = None
    group: str | None = None
    unasked: bool = False
    """Said by the assistant by itself: it reaches people in working hours only, however long it was held up."""
    notices: TakenNotices | None = None
    """What the message was put together from, where it is notices."""
    step: int = 0
    """Counts the messages that this one job has become: a part of a long text, the text in place of a card."""
    rest: str = ""
    """What is still to be said after `content`."""
    text_of: str | None = None
    """The card that `content` says in words."""
    response_ref: str | None = None
    """What was kept from sending the card that is now to be changed."""
    uploaded: Uploaded | None = None
    """Where the platform has the file of `content`."""
    refused: tuple[FileSort, ...] = ()
    """As what the platform did not take that file."""

    @property
    def recipient(self) -> str:
        """Whose limits it counts against: a person's, or a group chat's."""
        return f"{self.platform}:group:{self.group}" if self.group else f"{self.platform}:{self.user_id}"

    def followed_by(self, content: OutboundText, *, text_of: str | None = None) -> "Order":
        return Order(
            platform=self.platform,
            user_id=self.user_id,
            content=content,
            reply=self.reply,
            group=self.group,
            unasked=self.unasked,
            step=self.step + 1,
            text_of=text_of,
        )

    def payload(self) -> JsonObject:
        return self.model_dump(mode="json")


@dataclass(frozen=True)
class Begun:
    """A delivery that has its place and its final form."""

    order: Order
    key: str
    attempt: Attempt


class Sender:
    """Its `send` handles the jobs of that kind in the queue `outbox`."""

    def __init__(
        self,
        database: Database,
        platforms: Mapping[PlatformName, Platform],
        working_time: WorkingTime | None = None,
        *,
        media: MediaStore,
    ) -> None:
        self._database = database
        self._platforms = platforms
        self._media = media
        self._files = asyncio.Semaphore(FILES_AT_ONCE)
        self._working_time = working_time or WorkingTime()

    async def send(self, job: Job) -> None:
        """Make one delivery. Raises PlatformError, LeaseLost."""
        order = Order.model_validate(job.payload)
        platform = self._platforms.get(order.platform)
        if platform is None:
            raise ConfigError(f"a message for {order.platform}, which is not configured")
        if isinstance(order.content, OutboundFile) and order.uploaded is None:
            begun = await self._begin_with_file(job, order, platform)
        else:
            begun = await self._begin(job, order, platform.capabilities)
        if begun is None:
            return
        try:
            sent = await platform.send(
                order.user_id,
                _told_apart(begun, platform.capabilities),
                key=begun.key,
                guard=begun.attempt.is_repeat or _is_checked(begun.order, platform.capabilities),
                response_ref=begun.order.response_ref,
                reply=begun.order.reply,
                group=begun.order.group,
            )
        except PlatformError as error:
            uploaded = begun.order.uploaded
            await self._refused(job, begun, error, uploaded.sort if uploaded is not None else None)
            return
        await self._mark_sent(job, begun, sent)

    async def _refused(self, job: Job, begun: Begun, error: PlatformError, sort: FileSort | None = None) -> None:
        """Do what can be done about it at once; a file went as that `sort`. Raises `error` where there is nothing."""
        match error:
            case MustWriteFirst():
                await self._hold(job)
            case ContentRefused() if sort is not None:
                await self._try_otherwise(job, begun.order, error, sort)
            case ContentRefused() | NotPermitted():
                await self._say_instead(job, begun, error)
            case QuotaSpent() if await self._may_still_reply(begun.order):
                await self._say_instead(job, begun, error)
            case MediaGone() if sort is not None and begun.attempt.is_repeat:
                await self._forget_upload(job, begun.order)
            # a file has words that can stand in its place, so that nothing needs to be parked
            case _ if sort is not None and (type(error) is PlatformError or isinstance(error, MediaGone)):
                await self._say_instead(job, begun, error)
            case _:
                raise error

    async def _begin(self, job: Job, order: Order, capabilities: Capabilities) -> Begun | None:
        """None when there is nothing to deliver now: it was delivered before, or has to wait."""
        key = f"{job.created_at:%y%m%d%H%M%S}-{job.id}-{order.step}"
        async with self._database.work() as work:
            await work.jobs.fence(job)
            if await work.sends.was_sent(key):
                log.info("send.known_as_sent", extra={"job_id": job.id})
                await _go_on(work, job, order)
                return None
            if order.unasked and await _has_left(work, order):
                await work.jobs.complete(job, "the recipient has left")
                log.info("send.dropped", extra={"job_id": job.id})
                return None
            if await self._has_left_for_later(work, job, order, key, capabilities):
                return None
            final = await _final(work, order, capabilities)
            if final is None:
                await work.jobs.complete(job, "the card is text and cannot be changed")
                return None
            merged: list[Job] = []
            if not isinstance(final.content, CardUpdate):
                if await _must_wait(work, job, final, capabilities):
                    return None
                if not await work.sends.was_tried(key):
                    final, merged = await _merged(work, job, final, capabilities)
            if final != order:
                # Kept before it is sent, so that a repeat says the same.
                await work.jobs.absorb(job, final.payload(), merged)
            attempt = await work.sends.begin(
                key,
                # changing a card is no message, and takes no place in the windows
                f"{final.recipient}>cards" if isinstance(final.content, CardUpdate) else final.recipient,
                _digest(final),
                alike_within=timedelta(seconds=capabilities.duplicate_check_s or 0),
            )
        if merged:
            log.info("send.merged", extra={"job_id": job.id, "jobs": len(merged) + 1})
        return Begun(final, key, attempt)

    async def _has_left_for_later(
        self, work: Work, job: Job, order: Order, key: str, capabilities: Capabilities
    ) -> bool:
        """Whether it was put off to the next working hours, after a standstill; then it gives up its place in the lane,
        since answers must not wait behind it for a night. What may have arrived already is not put off as long as the
        platform knows a repeat for one; what is held until somebody writes goes out when they do, and ages."""
        if not order.unasked or isinstance(order.content, CardUpdate):
            return False
        tried_at = await work.sends.tried_at(key)
        known_for = timedelta(seconds=capabilities.duplicate_check_s or 0)
        if tried_at is not None and (work.now - tried_at < known_for or await work.jobs.was_put_off(job, HELD)):
            return False
        opens_at = self._working_time.next_push(work.now)
        if opens_at <= work.now:
            return False
        dedupe = put_off(job.dedupe, opens_at)
        if order.notices is not None:
            taken = order.notices
            await notices.take_back(work, taken.member_id, taken.taken_at, key=dedupe, until=opens_at)
        else:
            await work.jobs.put(KIND, job.payload, queue=job.queue, lane=job.lane, dedupe=dedupe, at=opens_at)
        await work.jobs.complete(job, "outside working hours")
        log.info("send.put_off", extra={"job_id": job.id})
        return True

    async def _begin_with_file(self, job: Job, order: Order, platform: Platform) -> Begun | None:
        """As `_begin`, with the file at the platform; None also where words stand in its place."""
        if self._files.locked():
            async with self._database.work() as work:
                await work.jobs.postpone(job, work.now + STEPS_BACK, "uploads")
            log.info("send.postponed", extra={"job_id": job.id})
            return None
        async with self._files:
            begun = await self._begin(job, order, platform.capabilities)
            if begun is None or not isinstance(begun.order.content, OutboundFile):
                return begun
            return await self._uploaded(job, begun, begun.order.content, platform)

    async def _uploaded(self, job: Job, begun: Begun, file: OutboundFile, platform: Platform) -> Begun | None:
        """With the file at the platform, and written down that it is there."""
        order = begun.order
        attachment = await self._attachment(order, file, platform.capabilities)
        if not isinstance(attachment, Attachment):
            await self._say_why(job, order, file, attachment)
            return None
        try:
            uploaded = await platform.upload(attachment)
        except PlatformBusy as error:
            if job.attempts < UPLOAD_TRIES:
                raise
            log.warning("send.not_uploaded", extra={"job_id": job.id, "code": error.code})
            await self._say_why(job, order, file, "busy")
            return None
        except PlatformError as error:
            await self._refused(job, begun, error, attachment.sort)
            return None
        beside = file.beside if uploaded.sort != file.sort else ""
        known = order.model_copy(update={"uploaded": uploaded, "rest": beside})
        async with self._database.work() as work:
            await work.jobs.absorb(job, known.payload())
        return replace(begun, order=known)

    async def _attachment(self, order: Order, file: OutboundFile, capabilities: Capabilities) -> Attachment | WhyNot:
        if attachments.too_big(file.size_bytes, capabilities.files):
            return "size"
        try:
            data = await self._media.get(file.sha256)
        except (MediaMissing, MediaDamaged):
            return "gone"
        return await asyncio.to_thread(attachments.prepared, file, data, capabilities.files, refused=order.refused)

    async def _say_why(self, job: Job, order: Order, file: OutboundFile, why: WhyNot) -> None:
        instead = order.followed_by(OutboundText(text=handing.said_instead(file, why)))
        async with self._database.work() as work:
            await work.jobs.fence(job)
            await work.jobs.advance(job, KIND, instead.payload())
        log.info("send.not_as_file", extra={"job_id": job.id, "reason": why})

    async def _try_otherwise(self, job: Job, order: Order, error: PlatformError, sort: FileSort) -> None:
        """As that sort of message the platform does not take it: as another one, or else in words, at once."""
        await self._upload_anew(job, order, refused=(*order.refused, sort))
        log.warning("send.refused", extra={"job_id": job.id, "content": sort, "code": error.code})

    async def _forget_upload(self, job: Job, order: Order) -> None:
        """The platform kept it for some days only."""
        await self._upload_anew(job, order, refused=order.refused)
        log.info("send.upload_expired", extra={"job_id": job.id})

    async def _upload_anew(self, job: Job, order: Order, *, refused: tuple[FileSort, ...]) -> None:
        anew = order.model_copy(update={"uploaded": None, "rest": "", "refused": refused, "step": order.step + 1})
        async with self._database.work() as work:
            await work.jobs.fence(job)
            await work.jobs.advance(job, KIND, anew.payload())

    async def _mark_sent(self, job: Job, begun: Begun, sent: Sent) -> None:
        """Raises LeaseLost when the job has another owner by now; the mark that it was sent is kept even so."""
        order = begun.order
        is_ours = True
        async with self._database.work() as work:
            await work.sends.mark_sent(begun.attempt, sent.message_ref)
            if isinstance(order.content, OutboundCard):
                await work.cards.sent(order.content.card_id, response_ref=sent.response_ref, as_text=False)
            elif order.text_of is not None:
                await work.cards.sent(order.text_of, response_ref=None, as_text=True)
            try:
                await work.jobs.fence(job)
            except LeaseLost:
                is_ours = False
            else:
                await _go_on(work, job, order)
        if not is_ours:
            raise LeaseLost(job.id)
        log.info("send.sent", extra={"platform": order.platform, "job_id": job.id, "content": order.content.kind})

    async def _hold(self, job: Job) -> None:
        """Keep it until they write. Raises MustWriteFirst when that took too long."""
        async with self._database.work() as work:
            age = work.now - job.created_at
            if age > HELD_AT_MOST:
                raise MustWriteFirst("send", "held too long")
            await work.jobs.postpone(job, work.now + min(max(age, FIRST_HOLD), LONGEST_HOLD), HELD)
        log.info("send.held", extra={"job_id": job.id})

    async def _may_still_reply(self, order: Order) -> bool:
        """Whether there is a way that the spent allowance may not touch: an answer to what the person wrote."""
        async with self._database.reading() as work:
            return order.reply is not None and order.reply.until > work.now

    async def _say_instead(self, job: Job, begun: Begun, error: PlatformError) -> None:
        """Where a card cannot be shown or changed, or a file sent, words can be said. Raises `error` for a text."""
        order = begun.order
        match order.content:
            case OutboundCard(card_id=card_id) as card:
                instead: Order | None = order.followed_by(OutboundText(text=cards.as_text(card)), text_of=card_id)
            case CardUpdate(fallback=fallback) if fallback:
                instead = order.followed_by(OutboundText(text=fallback))
            case CardUpdate():
                instead = None
            case OutboundFile() as file:
                instead = order.followed_by(OutboundText(text=handing.said_instead(file, "refused")))
            case _:
                raise error
        async with self._database.work() as work:
            await work.jobs.fence(job)
            if instead is None:
                await work.jobs.complete(job, f"the card could not be changed: {error}")
            else:
                await work.jobs.advance(job, KIND, instead.payload())
        told = {"job_id": job.id, "content": order.content.kind, "code": error.code}
        log.warning("send.refused", extra=told | ({"hint": error.hint} if error.hint else {}))


async def _has_left(work: Work, order: Order) -> bool:
    """Whether the account was closed while this lay in the outbox: what is said unasked is not for them any more."""
    member = await work.members.by_identity(order.platform, order.user_id)
    return member is not None and not member.active


async def _final(work: Work, order: Order, capabilities: Capabilities) -> Order | None:
    """The order in the form in which this platform can show it; None when it can show nothing."""
    match order.content:
        case OutboundCard() as card if not (capabilities.cards or (card.task and capabilities.tasks)):
            return _in_one_message(_saying(order, cards.as_text(card), text_of=card.card_id), capabilities)
        case CardUpdate(card_id=card_id, fallback=fallback):
            card_sent = await work.cards.find(card_id)
            if card_sent is not None and card_sent.as_text:
                return _in_one_message(_saying(order, fallback), capabilities) if fallback else None
            kept = order.response_ref or await work.cards.take_response_ref(card_id)
            return order.model_copy(update={"response_ref": kept})
        case OutboundFile() as file:
            if not await handing.may_still_have(work, file):
                return _saying(order, texts.NOT_YOURS_ANY_MORE)
            return order if capabilities.files else _saying(order, handing.said_instead(file, "channel"))
        case _:
            return _in_one_message(order, capabilities)


def _saying(order: Order, text: str, *, text_of: str | None = None) -> Order:
    return order.model_copy(update={"content": OutboundText(text=text), "text_of": text_of})


def _in_one_message(order: Order, capabilities: Capabilities) -> Order:
    """A text that is too long says its beginning now and the rest as a next step, each within the rate limit."""
    if not isinstance(order.content, OutboundText):
        return order
    first, rest = cut(order.content.text, capabilities.max_text_bytes - ROOM_FOR_TWINS_BYTES)
    return order.model_copy(update={"content": OutboundText(text=first), "rest": rest}) if rest else order


async def _must_wait(work: Work, job: Job, order: Order, capabilities: Capabilities) -> bool:
    """Postpone the job, without counting an attempt, while the recipient has had as much as the platform allows."""
    moments = [await work.sends.opens_at(order.recipient, window) for window in _windows(capabilities)]
    opens_at = max((moment for moment in moments if moment is not None), default=None)
    if opens_at is None:
        return False
    await work.jobs.postpone(job, opens_at, "rate limit")
    log.info("send.postponed", extra={"job_id": job.id})
    return True


async def _merged(work: Work, job: Job, order: Order, capabilities: Capabilities) -> tuple[Order, list[Job]]:
    """Where more waits for this person than may go out now, join the plain texts that follow one another."""
    content = order.content
    windows = _windows(capabilities)
    if not isinstance(content, OutboundText) or order.rest or order.step or order.text_of or not windows:
        return order, []
    waiting = await work.jobs.waiting_behind(job, limit=MOST_MERGED)
    if len(waiting) < min([await work.sends.room(order.recipient, window) for window in windows]):
        return order, []
    text, reply, merged = content.text, order.reply, []
    limit_bytes = capabilities.max_text_bytes - ROOM_FOR_TWINS_BYTES
    for other in waiting:
        following = Order.model_validate(other.payload)
        # in the lane of a group chat stand notices to several people, and each names one
        if not isinstance(following.content, OutboundText) or following.user_id != order.user_id:
            break
        if following.unasked != order.unasked:
            break
        longer = text + BETWEEN_MERGED + following.content.text
        if len(longer.encode()) > limit_bytes:
            break
        text, reply = longer, following.reply or reply
        merged.append(other)
    if not merged:
        return order, []
    return order.model_copy(update={"content": OutboundText(text=text), "reply": reply, "notices": None}), merged


async def _go_on(work: Work, job: Job, order: Order) -> None:
    if order.rest:
        following = order.followed_by(OutboundText(text=order.rest), text_of=order.text_of)
        await work.jobs.advance(job, KIND, following.payload())
    else:
        await work.jobs.complete(job)


def _windows(capabilities: Capabilities) -> list[Window]:
    limits = (
        (capabilities.per_member_per_minute, timedelta(minutes=1)),
        (capabilities.per_member_per_hour, timedelta(hours=1)),
    )
    return [Window(limit, length + WINDOW_MARGIN) for limit, length in limits if limit is not None]


def _digest(order: Order) -> str:
    return sha256(json.dumps(order.content.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()


def _is_checked(order: Order, capabilities: Capabilities) -> bool:
    """Texts and files always carry the duplicate check; a card has an id of its own that the platform takes once."""
    return isinstance(order.content, OutboundText | OutboundFile) and capabilities.duplicate_check_s is not None


def _told_apart(begun: Begun, capabilities: Capabilities) -> Deliverable:
    content = begun.order.content
    if isinstance(content, OutboundFile):
        # every delivery has an upload of its own
        assert begun.order.uploaded is not None
        return begun.order.uploaded
    if isinstance(content, OutboundText) and capabilities.duplicate_check_s is not None:
        return OutboundText(text=content.text + INVISIBLE * begun.attempt.twin)
    return content


def cut(text: str, limit_bytes: int) -> tuple[str, str]:
    """The text up to `limit_bytes` of UTF-8 and what is left of it.

    Cut at a line's end where that keeps half, else between two characters as a reader sees them. White space at the cut
    is left out.
    """
    data = text.encode("utf-8", "replace")
    if len(data) <= limit_bytes:
        return text, ""
    most = len(data[:limit_bytes].decode("utf-8", "ignore"))
    line_end = text.rfind("\n", int(most * LINE_SHARE), most + 1)
    at = line_end if line_end > 0 else next((at for at in range(most, most // 2, -1) if _may_cut(text, at)), most)
    return text[:at].rstrip() or text[:most], text[at:].strip()


def _may_cut(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    is_joined = JOINER in (before, after) or unicodedata.category(after) in ("Mn", "Me", "Mc")
    return not is_joined and not "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones belong to the hand before them
