"""What a note leaves open and a useful record has: at most two concrete questions, which never hold anything up.

First comes vague wording (客户很满意), each with the question that would make it worth something; then what is missing
altogether: what happens next, whom it was about, how much money there is. A next step is worth most, since to-dos come
from it; a decision-maker who is not named cannot be asked later without a call; a budget often is not known yet.
What is missing is asked about with the first card of a draft and not brought up by later ones.

How the answers are read stands in `handlers.detail_replies`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from handlers import texts
from handlers.context import Context
from handlers.record import (
    AmountValue,
    ContactValue,
    Record,
    SkippedValue,
    StepValue,
    VagueValue,
    load,
)
from storage.models import Visit
from storage.work import Work

KIND = "detail"
MOST = 2
"""More would not be answered."""

Essential = Literal["step", "contact", "budget"]


@dataclass(frozen=True)
class Detail:
    """A question; `about` is None where it is about vague wording."""

    text: str
    about: Essential | None = None


def lacking(record: Record) -> list[Detail]:
    """All that could be asked, the most valuable first."""
    vague = dict.fromkeys(value.question for value in record.all(VagueValue))
    found = [Detail(question) for question in vague]
    if not record.all(StepValue):
        found.append(Detail(texts.DETAIL_STEP, "step"))
    if not record.all(ContactValue):
        found.append(Detail(texts.DETAIL_CONTACT, "contact"))
    if not record.all(AmountValue):
        found.append(Detail(texts.DETAIL_BUDGET, "budget"))
    return found


async def of(work: Work, visit: Visit, record: Record) -> list[Detail]:
    """What the draft's card asks about now."""
    if record.all(SkippedValue):
        return []
    first = await load(work, visit, version=1)
    asked = lacking(first)[:MOST]
    return [detail for detail in lacking(record) if detail.about is None or detail in asked][:MOST]


async def wait_for(ctx: Context, work: Work, visit: Visit, details: Sequence[Detail]) -> None:
    """What the rep says next may answer these; where there are none, nothing does."""
    if details:
        await work.questions.ask(visit.member_id, KIND, _subject(visit), life=ctx.settings.question_life)
    else:
        await close(work, visit)


async def close(work: Work, visit: Visit) -> None:
    await work.questions.close(visit.member_id, KIND, _subject(visit))


def _subject(visit: Visit) -> str:
    return f"visit:{visit.visit_id}"
