"""The card that ends a practice."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from handlers import actions, texts
from handlers.messages import CardButton, CardField, OutboundCard
from storage.models import PracticeRound, PracticeSession, Script


@dataclass(frozen=True)
class Result:
    """A round that counts: it was answered or skipped."""

    entry: PracticeRound
    script: Script

    @property
    def score(self) -> int:
        return self.entry.score or 0


@dataclass(frozen=True)
class Weakest:
    category: str
    score: int


def average(results: Sequence[Result]) -> int:
    return round(mean(result.score for result in results))


def weakest(results: Sequence[Result]) -> Weakest | None:
    """The category with the lowest average."""
    by_category: dict[str, list[Result]] = {}
    for result in results:
        by_category.setdefault(result.script.category, []).append(result)
    averages = [Weakest(category, average(rounds)) for category, rounds in by_category.items()]
    return min(averages, key=lambda each: (each.score, each.category), default=None)


def result_card(card_id: str, session: PracticeSession, results: Sequence[Result]) -> OutboundCard:
    skipped = sum(result.entry.state == "skipped" for result in results)
    rounds = texts.PRACTICE_CARD_ROUNDS.format(rounds=len(results))
    rounds += texts.PRACTICE_CARD_SKIPPED.format(count=skipped) if skipped else ""
    score = average(results)
    fields = [
        CardField(label="得分", value=texts.PRACTICE_CARD_SCORE.format(score=score)),
        CardField(label="轮次", value=rounds),
    ]
    worst = min(results, key=lambda result: (result.score, result.entry.place))
    if worst.score < 100:
        weak = weakest([result for result in results if result.script.category])
        if weak is not None:
            value = texts.PRACTICE_CARD_WEAKEST.format(category=weak.category, score=weak.score)
            fields.append(CardField(label="最弱", value=value))
        fields.append(CardField(label="先看", value=texts.PRACTICE_CARD_READ.format(code=worst.script.code)))
    again = actions.PractiseAgain(session_id=session.session_id)
    return OutboundCard(
        card_id=card_id,
        title=texts.PRACTICE_TITLE_STOPPED if session.state == "stopped" else texts.PRACTICE_TITLE,
        fields=tuple(fields),
        body="\n".join([*map(_line, results), texts.PRACTICE_CARD_HOW]),
        buttons=(CardButton(text="再来一轮", action=again.model_dump_json(), style="primary"),),
    )


def _line(result: Result) -> str:
    entry = result.entry
    is_skipped = entry.state == "skipped"
    points = texts.PRACTICE_CARD_SKIP if is_skipped else texts.PRACTICE_CARD_POINTS.format(score=result.score)
    return texts.PRACTICE_CARD_LINE.format(place=entry.place, code=entry.code, title=result.script.title, score=points)
