"""What our people answered to an objection before a deal moved on: 话术线索, and 采纳线索 12 makes a draft of it.

Only what confirmed records quote: the customer's words, ours behind them, and a later stage told of afterwards. Nothing
is proposed by itself; a leader asks for the list, of their own people, and what they take is a draft until somebody
approves. Admins, who read no records, have no such list.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from handlers import access, outbox, script_approval, script_changes, texts, wording
from handlers.context import Context
from handlers.reply import Reply
from handlers.script_deals import MOVES_WITHIN, Told, moved_to
from handlers.wording import shortened
from nlp import replies, script_words
from nlp.draft import Span
from storage.models import Member, Script
from storage.visits import Said
from storage.work import Work

LOOKS_BACK = timedelta(days=180)
MOST_READ = 500
MOST_LISTED = 8
MOST_TITLE, MOST_QUOTE = 30, 80

CATEGORIES: Mapping[str, str] = {
    **{name: name for name in ("价格", "付款", "售后", "技术", "合同", "时机")},
    "交付": "交期",
    "竞品": "竞品评价",
}
"""Of an objection in a record → of the library, where there is one that means the same."""


@dataclass(frozen=True)
class ListClues:
    pass


@dataclass(frozen=True)
class TakeClue:
    number: int


@dataclass(frozen=True)
class Clue:
    """What stands in one record; `stage` is what the deal came to afterwards."""

    said: Said
    reply: str
    stage: str

    @property
    def number(self) -> int:
        return self.said.visit.visit_id


_LIST = re.compile(r"(?:看)?话术线索[\s。.！!？?]*")
_TAKE = re.compile(r"采纳线索\s*#?(\d{1,9})[\s。.！!]*")


def read(text: str) -> ListClues | TakeClue | None:
    """
    >>> read("话术线索"), read("采纳线索 12"), read("线索不多")
    (ListClues(), TakeClue(number=12), None)
    """
    if _LIST.fullmatch(text.strip()):
        return ListClues()
    taken = _TAKE.fullmatch(text.strip())
    return TakeClue(int(taken[1])) if taken else None


async def run(ctx: Context, work: Work, member: Member, reply: Reply, order: ListClues | TakeClue) -> bool:
    clues = await _clues(ctx, work, member)
    if isinstance(order, ListClues):
        told = await _listing(ctx, work, clues)
    else:
        clue = next((clue for clue in clues if clue.number == order.number), None)
        if clue is None:
            told = texts.NO_SUCH_SCRIPT_CLUE.format(number=order.number)
        else:
            told = await _take(ctx, work, member, reply, clue)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>script-clues")
    return True


async def _clues(ctx: Context, work: Work, member: Member) -> Sequence[Clue]:
    """One a record, the latest first; what was proposed already is left out."""
    members = (await access.sight_of(work, member)).members
    since = ctx.day_of(work.now - LOOKS_BACK)
    objections = await work.visits.objections(members, since, limit=MOST_READ)
    told = await work.visits.stages_of({said.customer.customer_id for said in objections})
    ranks = {stage: rank for rank, stage in enumerate(ctx.settings.vocabulary.stages)}
    taken = await work.scripts.taken_from()
    found: dict[int, Clue] = {}
    for said in objections:
        if said.visit.visit_id not in taken | found.keys() and (clue := _clue(said, told, ranks)):
            found[clue.number] = clue
    return list(found.values())


def _clue(said: Said, told: Mapping[int, Told], ranks: Mapping[str, int]) -> Clue | None:
    source, text = said.source, said.evidence.text or ""
    stage = moved_to(told.get(said.customer.customer_id, ()), said.visit.visited_on, ranks)
    if not stage or text[source.start : source.end] != source.words:
        return None
    is_chat = said.evidence.kind == "image"
    reply = replies.reply_to(text, Span(source.start, source.end), is_chat=is_chat)
    return Clue(said, reply.of(text), stage) if reply is not None else None


async def _listing(ctx: Context, work: Work, clues: Sequence[Clue]) -> str:
    if not clues:
        return texts.NO_SCRIPT_CLUES.format(days=LOOKS_BACK.days)
    today = ctx.day_of(work.now)
    lines = [
        texts.SCRIPT_CLUE_LINE.format(
            number=clue.number,
            customer=clue.said.customer.name,
            day=wording.day(clue.said.visit.visited_on, today),
            rep=(await work.members.get(clue.said.visit.member_id)).name,
            stage=clue.stage,
            objection=shortened(clue.said.source.words, MOST_QUOTE),
            reply=shortened(clue.reply, MOST_QUOTE),
        )
        for clue in clues[:MOST_LISTED]
    ]
    lines += [texts.LISTED_MORE.format(count=len(clues))] * (len(clues) > MOST_LISTED)
    return texts.SCRIPT_CLUES.format(
        count=len(clues), within=MOVES_WITHIN.days, lines="\n".join(lines), number=clues[0].number
    )


async def _take(ctx: Context, work: Work, member: Member, reply: Reply, clue: Clue) -> str:
    """A draft in the words that stand in the record, and the card for whoever asked for it."""
    if faults := script_words.faults(clue.reply):
        return script_changes.refusal(faults)
    words = clue.said.source.words
    script = Script(
        title=shortened(" ".join(words.split()), MOST_TITLE),
        category=CATEGORIES.get(clue.said.category, ""),
        body=clue.reply,
        phrasings=[shortened(words, script_changes.MOST_PHRASING)],
        owner_id=clue.said.visit.member_id,
        proposed_by=member.member_id,
        status="draft",
    )
    await script_changes.add(work, script, by=member, source=reply.cause, noted=("title", "body", "category"))
    proposal = await work.scripts.propose(reply.cause, script.code, member.member_id, visit_id=clue.said.visit.visit_id)
    await script_approval.show_to(ctx, work, proposal, member, cause=f"{reply.cause}>script-card")
    return texts.SCRIPT_CLUE_TAKEN.format(code=script.code, title=script.title)
