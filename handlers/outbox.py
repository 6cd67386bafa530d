"""Putting things into the outbox: what is put here is sent once the transaction around it has committed."""

from datetime import datetime, timedelta
from secrets import token_hex

from handlers.cards import numbered
from handlers.context import TIMERS
from handlers.messages import CardUpdate, JsonObject, OutboundCard, OutboundFile, OutboundText, Sender
from handlers.pressed import Pressed
from storage.members import Address
from storage.models import Card
from storage.work import Work

QUEUE = "outbox"
KIND = "send"

HELD = "held until they write to us"
"""The note on what could not be sent because a platform lets us answer only."""

Recipient = Sender | Address


async def say(
    work: Work, to: Recipient, text: str, *, cause: str, unasked: bool = False, notices_of: int | None = None
) -> None:
    """`cause` names what this answers, once: the same cause again sends nothing.

    `unasked`: it is news of what somebody else did, which waits for working hours should it be held up. `notices_of`:
    it is that member's notices, which are put together anew then.
    """
    await _put(work, to, OutboundText(text=text), cause=cause, unasked=unasked, notices_of=notices_of)


async def hand(work: Work, to: Recipient, file: OutboundFile, *, cause: str) -> None:
    """Send a piece of evidence as the thing itself; `cause` as in `say`."""
    await _put(work, to, file, cause=cause)


async def say_in_group(work: Work, to: Sender, text: str, *, cause: str) -> None:
    """Answer in the group chat that they wrote in, where everybody reads it: nothing of a record belongs there."""
    payload: JsonObject = {
        "platform": to.platform,
        "user_id": to.user_id,
        "content": OutboundText(text=text).model_dump(mode="json"),
        "reply": to.reply.model_dump(mode="json") if to.reply else None,
        "group": to.group,
    }
    lane = f"{to.platform}:group:{to.group}"
    await work.jobs.put(KIND, payload, queue=QUEUE, lane=lane, dedupe=f"out:{cause}")


async def release(work: Work, to: Sender) -> None:
    """They wrote: what was held for them can be sent now."""
    await work.jobs.hasten(QUEUE, to.lane, HELD)


async def show(
    work: Work, to: Recipient, card: OutboundCard, *, kind: str, life: timedelta, cause: str, unasked: bool = False
) -> None:
    """Send a card and keep who may click it; `unasked` as in `say`."""
    await work.cards.add(
        card.card_id,
        platform=to.platform,
        user_id=to.user_id,
        kind=kind,
        choices=[choice.model_dump(mode="json") for choice in numbered(card)],
        life=life,
    )
    await _put(work, to, card, cause=cause, unasked=unasked)


async def close(
    work: Work,
    card: Card,
    closing: str,
    *,
    cause: str,
    response_ref: str | None = None,
    done: bool = False,
    fallback: str = "",
) -> None:
    """Close a card: its buttons count no more from now on, and turn grey on the phone."""
    if card.state != "open":
        return
    work.cards.close(card, closing)
    update = CardUpdate(card_id=card.card_id, closing=closing, response_ref=response_ref, done=done, fallback=fallback)
    await _put(work, Address(card.platform, card.user_id), update, cause=cause)


async def close_shown(
    work: Work, card_id: str | None, closing: str, *, cause: str, pressed: Pressed | None = None
) -> None:
    """Close the card of that id, where there is one; what a click gave changes the card clicked alone."""
    card = await work.cards.find(card_id) if card_id else None
    if card is not None:
        response_ref = pressed.response_ref if pressed is not None and pressed.card is card else None
        await close(work, card, closing, cause=cause, response_ref=response_ref)


async def withdraw_put_off(work: Work, card: Card, closing: str, *, cause: str, until: datetime) -> bool:
    """Take back a card that is to be sent at that moment only, since there was a standstill; False where it is not."""
    if not await work.jobs.cancel(put_off(f"out:{cause}", until)):
        return False
    work.cards.close(card, closing)
    return True


def put_off(dedupe: str | None, until: datetime) -> str:
    """The key of a delivery once it waits for that moment, when people may be written to again."""
    return f"{dedupe}@{until:%y%m%d%H%M}"


def new_card_id(kind: str, subject_id: int) -> str:
    """Never used before, not even by an earlier installation of the same app: platforms refuse a repeated id."""
    return f"{kind}-{subject_id}-{token_hex(6)}"


async def _put(
    work: Work,
    to: Recipient,
    content: OutboundText | OutboundCard | OutboundFile | CardUpdate,
    *,
    cause: str,
    unasked: bool = False,
    notices_of: int | None = None,
) -> None:
    payload: JsonObject = {
        "platform": to.platform,
        "user_id": to.user_id,
        "content": content.model_dump(mode="json"),
    }
    # the way to answer a message written in a group leads into that group
    if isinstance(to, Sender) and to.reply is not None and to.group is None:
        payload["reply"] = to.reply.model_dump(mode="json")
    # what a timer says nobody has asked for: should it be held up, the sender looks at the hour again
    payload["unasked"] = unasked or (work.jobs.fenced is not None and work.jobs.fenced.queue == TIMERS)
    if notices_of is not None:
        payload["notices"] = {"member_id": notices_of, "taken_at": work.now.isoformat()}
    await work.jobs.put(KIND, payload, queue=QUEUE, lane=to.lane, dedupe=f"out:{cause}")
