"""异常清单: what is abnormal among somebody's records and deals of late, listed, and each customer by its number."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Literal

from pydantic import TypeAdapter

from handlers import abnormal_look, access, called, customer_view, outbox, wording
from handlers import abnormal_texts as texts
from handlers import texts as common
from handlers.abnormal import Abnormality, Completeness
from handlers.context import Context
from handlers.messages import JsonObject
from handlers.reply import Reply
from nlp import abnormal_words, list_words
from nlp.abnormal_words import AbnormalAsked
from storage.models import Member, Question
from storage.timeline import Subject
from storage.work import Work

KIND = "abnormal"
"""The question which customer of the list is wanted."""
DAYS = 30
A_PAGE = 10
MOST = 90
"""So many can be opened by a number of two digits."""
MOST_RECORDS = 2000
"""So many of the latest records an answer in the chat looks at."""
MOST_REPS = 5
MOST_WORDS = 24
LONGEST_NAME = 4
"""Characters of a name that is asked back about; longer words that mean nobody are no name."""
_OPEN = re.compile(r"(?:看|打开|查)?\s*第?\s*(?P<number>\d{1,2})\s*(?:条|个)?")

_ASKED: TypeAdapter[AbnormalAsked] = TypeAdapter(AbnormalAsked)

Whose = Literal["own", "team", "member"]

read, read_team = abnormal_words.read, abnormal_words.read_team


@dataclass(frozen=True)
class Scope:
    """Whose records: the asker's own, those of all whom they see, or one member's."""

    whose: Whose
    members: Collection[int]
    name: str = ""


# Listed


async def run(ctx: Context, work: Work, member: Member, reply: Reply, asked: AbnormalAsked) -> bool:
    sight = await access.sight_of(work, member)
    if asked.whose == "member":
        found = (await called.meant(work, asked.who, among=sight.members)).members
        if not found and len(asked.who) > LONGEST_NAME:
            return False
        if len(found) != 1:
            told = called.several(asked.who, found) if found else texts.NOT_IN_TEAM.format(name=asked.who)
            await outbox.say(work, reply.to, told, cause=f"{reply.cause}>whose")
            return True
        scope = Scope("own" if found[0] is member else "member", [found[0].member_id], found[0].name)
    elif asked.whose == "own" or len(sight.members) == 1:
        scope = Scope("own", [member.member_id])
    else:
        scope = Scope("team", await abnormal_look.active(work, sight.members))
    await _show(ctx, work, member, reply, scope, asked)
    return True


async def _show(ctx: Context, work: Work, member: Member, reply: Reply, scope: Scope, asked: AbnormalAsked) -> None:
    today = ctx.day_of(work.now)
    since = today - timedelta(days=DAYS)
    looked = await abnormal_look.look(ctx.settings, work, scope.members, since=since, limit=MOST_RECORDS)
    complete = looked.completeness(ctx.settings, since=since, until=today)
    pages = max(-(-len(looked.found) // A_PAGE), 1)
    if not 1 <= asked.page <= pages:
        told = texts.NO_PAGE.format(page=asked.page, pages=pages)
        await outbox.say(work, reply.to, told, cause=f"{reply.cause}>no-page")
        return
    people = await work.members.those({one.member_id for one in looked.found})
    lines = [_heading(scope, len(looked.found), asked.page, pages)]
    if asked.page == 1:
        lines += _by_rep(scope, looked.found, people)
        lines.append(_complete(complete))
        lines += [texts.CUT.format(records=MOST_RECORDS, deals=abnormal_look.MOST_DEALS)] * looked.is_cut
    lines += await _page(ctx, work, scope, looked.found, asked.page, people)
    if looked.found:
        lines.append(texts.HOW + texts.NEXT * (asked.page < pages))
        await _wait(ctx, work, member, looked.found, asked)
    await outbox.say(work, reply.to, "\n".join(lines), cause=f"{reply.cause}>abnormal")


def _heading(scope: Scope, count: int, page: int, pages: int) -> str:
    some = {"own": texts.OWN, "team": texts.OF_TEAM, "member": texts.OF_MEMBER}
    none = {"own": texts.NOTHING_OWN, "team": texts.NOTHING_TEAM, "member": texts.NOTHING_MEMBER}
    told = texts.PAGE.format(page=page, pages=pages) if pages > 1 else ""
    form = (some if count else none)[scope.whose]
    return form.format(name=scope.name, days=DAYS, count=count, page=told)


def _by_rep(scope: Scope, found: Sequence[Abnormality], people: Mapping[int, Member]) -> list[str]:
    counts = Counter(one.member_id for one in found)
    if scope.whose != "team" or len(counts) < 2:
        return []
    most = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    reps = "、".join(texts.REP.format(name=people[who].name, count=count) for who, count in most[:MOST_REPS])
    more = texts.MORE_REPS.format(count=len(most)) if len(most) > MOST_REPS else ""
    return [texts.BY_REP.format(reps=reps + more)]


def _complete(complete: Completeness) -> str:
    if not complete.required:
        return texts.NO_RECORDS.format(days=DAYS)
    return texts.COMPLETE.format(
        percent=complete.percent, filled=complete.filled, required=complete.required, records=complete.records
    )


async def _page(
    ctx: Context,
    work: Work,
    scope: Scope,
    found: Sequence[Abnormality],
    page: int,
    people: Mapping[int, Member],
) -> list[str]:
    """Ten of them, under the headings of their kinds, which say how many there are in all."""
    first = (page - 1) * A_PAGE
    shown = found[first : first + A_PAGE]
    names = await work.customers.names([one.customer_id for one in shown])
    counts = Counter(one.kind for one in found)
    today = ctx.day_of(work.now)
    lines, heading = [], ""
    for place, one in enumerate(shown, start=first + 1):
        if one.kind != heading:
            heading = one.kind
            lines.append(f"【{texts.KINDS[heading]}】{counts[heading]}")
        words = f"「{wording.shortened(' '.join(one.words.split()), MOST_WORDS)}」" if one.words.strip() else ""
        line = texts.LINE.format(
            number=place,
            customer=names[one.customer_id],
            rep=f" · {people[one.member_id].name}" if scope.whose == "team" else "",
            on=wording.day(one.on, today),
            reason=one.reason,
            words=words,
        )
        lines.append(line)
    return lines


async def _wait(ctx: Context, work: Work, member: Member, found: Sequence[Abnormality], asked: AbnormalAsked) -> None:
    """A number opens a customer of this list from now on, and of no earlier one."""
    listed: list[JsonObject] = [
        {"customer_id": one.customer_id, "opportunity_id": one.opportunity_id} for one in found[:MOST]
    ]
    await work.questions.ask(
        member.member_id,
        KIND,
        KIND,
        life=ctx.settings.question_life,
        payload={"listed": [*listed], "asked": asdict(asked)},
    )


# Opened


async def take(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    """A number, or another page of the list; anything else is about something else."""
    said, payload = reply.text.strip(wording.PUNCTUATION), question.payload
    asked = _ASKED.validate_python(payload["asked"])
    if (page := list_words.page(said, asked.page)) is not None:
        return await run(ctx, work, member, reply, replace(asked, page=page))
    opened, listed = _OPEN.fullmatch(said), payload["listed"]
    if opened is None or not isinstance(listed, list):
        return False
    number = int(opened["number"])
    if not 1 <= number <= len(listed):
        told = texts.NO_NUMBER.format(number=number, count=len(listed))
        await outbox.say(work, reply.to, told, cause=f"{reply.cause}>no-number")
        return True
    await _open(ctx, work, member, reply, listed[number - 1])
    return True


async def _open(ctx: Context, work: Work, member: Member, reply: Reply, chosen: object) -> None:
    """The customer's card, or the deal's; of a customer who is somebody else's by now nothing is told."""
    assert isinstance(chosen, dict)  # asked so
    customer = await work.customers.get(int(str(chosen["customer_id"])))
    if not await access.sees_customer(work, member, customer):
        told = common.VIEW_NOT_YOURS.format(name=customer.name)
        await outbox.say(work, reply.to, told, cause=f"{reply.cause}>not-yours")
        return
    opportunity_id = chosen["opportunity_id"]
    subject = Subject(customer.customer_id, opportunity_id if isinstance(opportunity_id, int) else None)
    await customer_view.show(ctx, work, reply.to, subject, "card", viewer_id=member.member_id, cause=reply.cause)


READERS = {KIND: take}
NUMBERED = frozenset({KIND})
