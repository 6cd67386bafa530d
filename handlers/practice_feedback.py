"""What is said of an answer in a practice: the team's own words, words of the answer, fixed sentences; nothing else."""

from collections.abc import Sequence

from handlers import texts
from nlp import script_words
from nlp.practice import COSTS, HINTED_COUNTS, Fault, Judged
from nlp.practice_points import Point
from storage.models import Script

MOST_SHOWN = 300
"""Characters of a script that stand in the answer; a longer one is named, to be looked at."""
MOST_OF_POINT = 36
MOST_POINTS = 6


def customer_says(script: Script, phrasing: str, place: int, rounds: int) -> str:
    """The customer's line; of a script that is about what to ask, the occasion, for which no customer has a line."""
    says = texts.PRACTICE_OCCASION if script.category == texts.PRACTICE_QUESTIONS else texts.PRACTICE_CUSTOMER
    return says.format(place=place, rounds=rounds, phrasing=phrasing)


def feedback(judged: Judged, script: Script, place: int, rounds: int) -> str:
    count = len(judged.points)
    each = texts.PRACTICE_WORTH.format(count=count, each=round(100 / count)) if count else ""
    lines = [texts.PRACTICE_SCORE.format(place=place, rounds=rounds, score=judged.score, worth=each)]
    told = texts.PRACTICE_HINTED.format(percent=round(100 * HINTED_COUNTS))
    for heading, places in (
        (texts.PRACTICE_SAID, judged.said),
        (texts.PRACTICE_PARTLY, judged.partly),
        (texts.PRACTICE_MISSED, judged.missed),
    ):
        if places:
            quoted = [quote(judged.points[at]) + told * (at in judged.hinted) for at in places[:MOST_POINTS]]
            more = texts.PRACTICE_MORE.format(count=len(places)) if len(places) > MOST_POINTS else ""
            lines.append(heading + "".join(quoted) + more)
    if not judged.said and not judged.partly:
        lines.append(texts.PRACTICE_NOTHING)
    lines += [f"{texts.PRACTICE_AVOID}{_fault(fault)}" for fault in judged.faults]
    return "\n".join([*lines, approved(script)])


def approved(script: Script) -> str:
    """The team's wording to compare with, without the sentences that only a real customer's numbers complete."""
    body = script_words.filled(script.body, {})
    heading = texts.PRACTICE_APPROVED.format(code=script.code, title=script.title)
    if not body or len(body) > MOST_SHOWN:
        return texts.PRACTICE_APPROVED_LONG.format(heading=heading, code=script.code)
    return f"{heading}：\n{body}"


def quote(point: Point) -> str:
    text = point.text
    return f"「{text if len(text) <= MOST_OF_POINT else text[:MOST_OF_POINT] + '…'}」"


def hint(points: Sequence[Point], place: int) -> str:
    return texts.PRACTICE_HINT.format(point=quote(points[place]), percent=round(100 * HINTED_COUNTS))


def _fault(fault: Fault) -> str:
    return texts.PRACTICE_FAULTS[fault.kind].format(words=fault.words, cost=COSTS[fault.kind])
