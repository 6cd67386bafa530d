"""What the library of scripts had no answer to: 话术缺口, 回答缺口 3：…, 忽略缺口 3.

Leaders see what the people below them asked, admins everything. The same question asked again is one gap, called by the
number of its first asking, so that a number means the same however the list grows.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from handlers import access, notices, outbox, script_changes, texts
from handlers.context import Context
from handlers.reply import Reply
from handlers.script_changes import MOST_BODY, MOST_PHRASING
from handlers.wording import shortened
from nlp import script_words
from storage.models import Member, Script, ScriptQuestion
from storage.work import Work

MOST_LISTED = 20
MOST_READ = 1000
MOST_TITLE = 30


@dataclass(frozen=True)
class ListGaps:
    pass


@dataclass(frozen=True)
class AnswerGap:
    number: int
    words: str


@dataclass(frozen=True)
class IgnoreGap:
    number: int


Order = ListGaps | AnswerGap | IgnoreGap


@dataclass(frozen=True)
class Gap:
    """One question, with everybody's asking it, the first asked first."""

    asked: tuple[ScriptQuestion, ...]

    @property
    def number(self) -> int:
        return self.asked[0].question_id

    @property
    def words(self) -> str:
        return " ".join(self.asked[0].words.split())

    @property
    def category(self) -> str:
        return next((question.category for question in self.asked if question.category), "")


_NUMBER = r"\s*#?(\d{1,9})"
_ANSWER = re.compile(rf"回答缺口{_NUMBER}\s*(?:[：:，,]|\s)?(.*)", re.DOTALL)
_IGNORE = re.compile(rf"忽略缺口{_NUMBER}[\s。.！!]*")


def read(text: str) -> Order | None:
    """
    >>> read("回答缺口 3：先算总账"), read("忽略缺口3")
    (AnswerGap(number=3, words='先算总账'), IgnoreGap(number=3))
    >>> read("话术缺口"), read("回答缺口很大")
    (ListGaps(), None)
    """
    words = text.strip()
    if words.strip("。.！!？?") == "话术缺口":
        return ListGaps()
    if answer := _ANSWER.fullmatch(words):
        return AnswerGap(int(answer[1]), answer[2].strip())
    if ignored := _IGNORE.fullmatch(words):
        return IgnoreGap(int(ignored[1]))
    return None


async def run(ctx: Context, work: Work, member: Member, reply: Reply, order: Order) -> bool:
    gaps = await seen_by(work, member)
    if isinstance(order, ListGaps):
        told = _listing(gaps)
    else:
        gap = next((gap for gap in gaps if order.number in {one.question_id for one in gap.asked}), None)
        if gap is None:
            told = texts.NO_SUCH_SCRIPT_GAP.format(number=order.number)
        elif isinstance(order, IgnoreGap):
            told = _ignore(work, member, reply, gap)
        else:
            told = await _answer(ctx, work, member, reply, gap, order.words)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>script-gaps")
    return True


async def seen_by(work: Work, member: Member) -> Sequence[Gap]:
    """Those asked most often first, among them the newest."""
    everything = access.has_role(member, access.ADMINS)
    members = None if everything else (await access.sight_of(work, member)).members
    merged: dict[str, list[ScriptQuestion]] = {}
    for question in reversed(await work.scripts.gaps(members, limit=MOST_READ)):
        merged.setdefault(_plain(question.words), []).append(question)
    gaps = [Gap(tuple(asked)) for asked in merged.values()]
    return sorted(gaps, key=lambda gap: (-len(gap.asked), -gap.asked[-1].question_id))


def _plain(words: str) -> str:
    """Without what two people write differently who ask the same."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", words)).lower()


def _listing(gaps: Sequence[Gap]) -> str:
    if not gaps:
        return texts.NO_SCRIPT_GAPS
    lines = [
        texts.SCRIPT_GAP_LINE.format(
            number=gap.number,
            words=shortened(gap.words, MOST_PHRASING),
            times=texts.SCRIPT_GAP_TIMES.format(count=len(gap.asked)) if len(gap.asked) > 1 else "",
            category=texts.SCRIPT_GAP_NEAR.format(category=gap.category) if gap.category else "",
        )
        for gap in gaps[:MOST_LISTED]
    ]
    lines += [texts.LISTED_MORE.format(count=len(gaps))] * (len(gaps) > MOST_LISTED)
    return texts.SCRIPT_GAPS.format(count=len(gaps), lines="\n".join(lines), number=gaps[0].number)


def _ignore(work: Work, member: Member, reply: Reply, gap: Gap) -> str:
    _settle(work, member, reply, gap, code=None)
    return texts.SCRIPT_GAP_IGNORED.format(number=gap.number, words=shortened(gap.words, MOST_TITLE))


async def _answer(ctx: Context, work: Work, member: Member, reply: Reply, gap: Gap, words: str) -> str:
    """Whoever answers may approve, so their word is the approval."""
    if not words:
        return texts.SCRIPT_GAP_NO_WORDS.format(number=gap.number)
    faults = list(script_words.faults(words))
    if len(words) > MOST_BODY:
        faults.append(texts.SCRIPT_TOO_LONG.format(limit=MOST_BODY))
    if faults:
        return script_changes.refusal(faults)
    script = Script(
        title=shortened(gap.words, MOST_TITLE),
        category=gap.category,
        body=words,
        phrasings=[shortened(gap.words, MOST_PHRASING)],
        owner_id=member.member_id,
        proposed_by=member.member_id,
        approved_by=member.member_id,
        status="approved",
    )
    await script_changes.add(work, script, by=member, source=reply.cause, noted=("title", "category", "body"))
    _settle(work, member, reply, gap, code=script.code)
    askers = dict.fromkeys(one.member_id for one in gap.asked if one.member_id != member.member_id)
    for asker in askers:
        told = texts.SCRIPT_GAP_FILLED.format(words=shortened(gap.words, MOST_TITLE), by=member.name, code=script.code)
        key, subject = f"script-gap:{gap.number}:{asker}", f"script:{script.code}"
        await notices.tell(ctx, work, asker, f"{told}\n{words}", key=key, subject=subject)
    return texts.SCRIPT_GAP_ANSWERED.format(
        code=script.code, told=texts.SCRIPT_GAP_TELLS.format(count=len(askers)) if askers else ""
    )


def _settle(work: Work, member: Member, reply: Reply, gap: Gap, *, code: str | None) -> None:
    """`code` is the script that answers it; None: it is set aside."""
    for question in gap.asked:
        work.scripts.settle(question, member.member_id)
        work.audit.note(
            "script_question.settled",
            f"script_question:{question.question_id}",
            member_id=member.member_id,
            source=reply.cause,
            before={"settled": False},
            after={"settled": True, "code": code},
        )
