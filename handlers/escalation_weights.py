"""What a team's managers think of a risk wording: 误报 lowers its weight, until it raises nothing by itself any more.

weight = (confirmed + 2) / (confirmed + 2 · false alarms + 2), from 1 (never a false alarm) towards 0. Below `ESCALATES`
the wording escalates no longer by itself for that team: after the second false alarm of a wording that nobody ever
confirmed, and in general once 2 · false alarms > confirmed + 2. Our own choice: one slip of a finger must not silence
领导没批. The wording still shows on the rep's card, marked 低, the rep is told that it was not raised, and may raise it
by word.

A team is everybody who reports to one manager; whoever judges further up the line judges for that team.
"""

import re
from collections.abc import Sequence

from handlers import access, outbox, texts, wording
from handlers.context import Context
from handlers.escalation_cards import FROM_A_RECORD
from handlers.record import Record, SignalValue
from handlers.reply import Reply
from storage.models import Escalation, Member, Wording
from storage.work import Work

ESCALATES = 0.5
MOST_LISTED = 20
ONCE_HALVED = 2
"""The weight that a wording has to start with, in confirmations: after one false alarm it is just enough."""


def weight(confirmed: int, false_alarms: int) -> float:
    """
    >>> [round(weight(confirmed, false_alarms), 2) for confirmed, false_alarms in ((0, 0), (0, 1), (0, 2), (2, 2))]
    [1.0, 0.5, 0.33, 0.5]
    """
    return (confirmed + ONCE_HALVED) / (confirmed + 2 * false_alarms + ONCE_HALVED)


async def low_of(work: Work, member: Member, record: Record) -> list[SignalValue]:
    """The record's risk signals that raise nothing by themselves in this member's team."""
    manager = await work.members.manager_of(member)
    if manager is None:
        return []
    return [risk for risk in record.risks if await _is_low(work, manager.member_id, risk)]


async def _is_low(work: Work, manager_id: int, risk: SignalValue) -> bool:
    known = await work.escalations.wording(manager_id, risk.category, risk.words)
    return known is not None and of(known) < ESCALATES


def of(known: Wording) -> float:
    return weight(known.confirmed, known.false_alarms)


async def learn(work: Work, escalation: Escalation, *, false_alarm: bool, by: Member, cause: str) -> None:
    """Count the words of records in the matter as confirmed, or as a false alarm, for the rep's team.

    What a rule found or a rep asked for is no wording that could be mistaken.
    """
    rep = await work.members.get(escalation.member_id)
    manager = await work.members.manager_of(rep) or by
    items = await work.escalations.items(escalation.escalation_id)
    said = dict.fromkeys((item.category, item.words) for item in items if item.origin.startswith(FROM_A_RECORD))
    for category, words in said:
        counted = await work.escalations.count_wording(
            manager.member_id, category, words, confirmed=int(not false_alarm), false_alarms=int(false_alarm)
        )
        work.audit.note(
            "wording.judged",
            f"escalation:{escalation.escalation_id}",
            member_id=by.member_id,
            source=cause,
            before={
                "confirmed": counted.confirmed - int(not false_alarm),
                "false_alarms": counted.false_alarms - int(false_alarm),
            },
            after={
                "manager_id": manager.member_id,
                "category": category,
                "words": words,
                "confirmed": counted.confirmed,
                "false_alarms": counted.false_alarms,
            },
        )


# Looking at it


def asks_for_list(text: str) -> bool | None:
    return text.strip(" \n。.！!？?") in {"误报清单", "误报列表", "看误报清单"} or None


_RESTORE = re.compile(r"恢复[\s：:「“\"']+([^，,。；;！!？?「」“”\"']{1,40}?)[」”\"'\s。.！!]*")


def names_wording(text: str) -> str | None:
    """
    >>> names_wording("恢复 领导没批"), names_wording("恢复供货了")
    ('领导没批', None)
    """
    found = _RESTORE.fullmatch(text.strip())
    return found[1] if found else None


async def listing(ctx: Context, work: Work, member: Member, reply: Reply, _: bool) -> bool:
    disputed = await _theirs(work, member)
    if not disputed:
        await outbox.say(work, reply.to, texts.NO_FALSE_ALARMS, cause=f"{reply.cause}>false-alarms")
        return True
    lines = [
        texts.FALSE_ALARM_LINE.format(
            place=wording.circled(place),
            team=texts.FALSE_ALARM_TEAM.format(manager=manager) if access.has_role(member, access.ADMINS) else "",
            words=known.words,
            category=known.category,
            false_alarms=known.false_alarms,
            confirmed=known.confirmed,
            weight=of(known),
            low=texts.FALSE_ALARM_LOW * (of(known) < ESCALATES),
        )
        for place, (known, manager) in enumerate(disputed[:MOST_LISTED])
    ]
    lines += [texts.LISTED_MORE.format(count=len(disputed))] * (len(disputed) > MOST_LISTED)
    told = texts.FALSE_ALARMS.format(limit=ESCALATES, lines="\n".join(lines), example=disputed[0][0].words)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>false-alarms")
    return True


async def restore(_ctx: Context, work: Work, member: Member, reply: Reply, words: str) -> bool:
    """Forget what was counted of a wording, so that it escalates as at first."""
    found = [known for known, _ in await _theirs(work, member) if known.words == words]
    for known in found:
        before = {"confirmed": known.confirmed, "false_alarms": known.false_alarms}
        known.false_alarms, known.changed_at = 0, work.now
        work.audit.note(
            "wording.restored",
            f"wording:{known.manager_id}",
            member_id=member.member_id,
            source=reply.cause,
            before={**before, "category": known.category, "words": known.words},
            after={"confirmed": known.confirmed, "false_alarms": 0},
        )
    told = (
        texts.RESTORED.format(words=words, count=len(found)) if found else texts.NOTHING_TO_RESTORE.format(words=words)
    )
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>restored")
    return True


async def _theirs(work: Work, member: Member) -> Sequence[tuple[Wording, str]]:
    """An admin looks after all teams, a manager after their own."""
    manager_id = None if access.has_role(member, access.ADMINS) else member.member_id
    return await work.escalations.disputed_wordings(manager_id)
