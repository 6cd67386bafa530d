"""How good a deal looks, from 0 to 5 in each of four respects, by what its confirmed records say.

Pure, and a table: each rule names what it looks at and what that is worth. No words, no points: a respect of which
nothing was said has no score, which is not the same as 0. docs/deals.md explains the table to people.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Literal, get_args

from handlers.record import (
    AmountValue,
    CompetitorValue,
    ContactValue,
    DeciderValue,
    DemandValue,
    ObjectionValue,
    SignalValue,
    SigningValue,
    StepValue,
    Value,
)

Dimension = Literal["urgency", "budget", "chain", "rivals"]
"""采购紧迫性, 预算明确度, 决策链完整度, 竞品对比情况."""
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
Grade = Literal["A", "B", "C"]
MOST = 5
LOOKED_AT = ("amount", "competitor", "contact", "decider", "demand", "objection", "signal", "signing", "step")
"""The kinds of values that any rule looks at."""


@dataclass(frozen=True)
class GradeRules:
    """What a company may choose; the defaults are those of config.toml. Source of the thresholds: our own choice."""

    a_from: int = 14
    b_from: int = 8
    urgent_days: int = 90
    """Calendar days after which words say nothing of urgency any more."""

    def grade(self, total: int) -> Grade:
        return "A" if total >= self.a_from else "B" if total >= self.b_from else "C"


@dataclass(frozen=True)
class Told:
    """A value of a confirmed record with its words and the day of the visit."""

    value: Value
    words: str
    on: date
    percent: float | None = None
    """Of an objection: by how much, where its words say so."""


@dataclass(frozen=True)
class Score:
    points: int
    """From 0 to 5."""
    rests_on: tuple[Told, ...]


@dataclass(frozen=True)
class Rule:
    """What `says` so is worth `points`; with `caps` nothing said on that day or earlier is worth more than that."""

    points: int
    says: Callable[[Told, date], bool]
    caps: int = MOST


# What values say; the second argument is today


def _positive(*categories: str) -> Callable[[Told, date], bool]:
    return lambda told, _: (
        isinstance(told.value, SignalValue) and told.value.polarity == "positive" and told.value.category in categories
    )


def _risk(category: str, words: re.Pattern[str] | None = None) -> Callable[[Told, date], bool]:
    return lambda told, _: (
        isinstance(told.value, SignalValue)
        and told.value.polarity == "risk"
        and told.value.category == category
        and (words is None or words.search(told.words) is not None)
    )


def _signed_within(days: int) -> Callable[[Told, date], bool]:
    return lambda told, today: isinstance(told.value, SigningValue) and 0 <= (told.value.on - today).days <= days


def _wanted_within(days: int) -> Callable[[Told, date], bool]:
    return lambda told, today: (
        isinstance(told.value, DemandValue)
        and told.value.due is not None
        and 0 <= (told.value.due - today).days <= days
    )


def _step_within(days: int) -> Callable[[Told, date], bool]:
    """Counted from the visit: it says how fast things move, and not how near today is."""
    return lambda told, _: (
        isinstance(told.value, StepValue)
        and _is_theirs(told)
        and told.value.due is not None
        and 0 <= (told.value.due - told.on).days <= days
    )


def _is_theirs(told: Told) -> bool:
    """What we promise for a day says nothing of how pressing it is to them."""
    return not isinstance(told.value, StepValue) or told.value.owner == "customer"


def _due(told: Told) -> date | None:
    return told.value.due if isinstance(told.value, DemandValue | StepValue) else None


def _budget(kind: Literal["exact", "about", "range", "bound"]) -> Callable[[Told, date], bool]:
    def says(told: Told, _: date) -> bool:
        amount = told.value
        if not isinstance(amount, AmountValue) or amount.role != "budget" or amount.unit is not None:
            return False
        low, high = amount.low_fen, amount.high_fen
        if low is None or high is None:
            return kind == "bound" and (low is not None or high is not None)
        found = "range" if low != high else "about" if amount.about else "exact"
        return found == kind

    return says


def _decider(told: Told, _: date) -> bool:
    return isinstance(told.value, DeciderValue)


def _contact(titled: re.Pattern[str] | None = None) -> Callable[[Told, date], bool]:
    def says(told: Told, _: date) -> bool:
        if not isinstance(told.value, ContactValue):
            return False
        return titled is None or bool(told.value.title and titled.fullmatch(told.value.title))

    return says


def _has_office(told: Told, _: date) -> bool:
    return isinstance(told.value, ContactValue) and bool(told.value.title or told.value.department)


def _prefers_us(told: Told, today: date) -> bool:
    return _positive("认可")(told, today) and _OVER_OTHERS.search(told.words) is not None


def _compared(up_to: float | None) -> Callable[[Told, date], bool]:
    """An objection that holds us against a rival, by so many percent at most; None: by whatever."""

    def says(told: Told, _: date) -> bool:
        if not isinstance(told.value, ObjectionValue) or _RIVAL.search(told.words) is None:
            return False
        return up_to is None or (told.percent is not None and told.percent <= up_to)

    return says


def _names_rival(told: Told, _: date) -> bool:
    value = told.value
    return isinstance(value, CompetitorValue) or (isinstance(value, AmountValue) and value.role == "competitor_price")


_LEADS = re.compile(
    r"(?:副?总(?:经理|裁|监|工)?|董事长?|老板|院长|校长|厂长|局长|书记|CEO|CFO|CTO|[^，。]{0,6}(?:总经理|总裁|总监|董事长))"
)
_OVER_OTHERS = re.compile(
    r"比[^，。]{1,8}(?:好|强|稳|快|省|靠谱|专业|合适|领先)|首选|优先|第一|头名|倾向|偏向|最(?:好|高|强|合适|靠谱|专业|优|符合|稳)|"
    r"(?:选|定|用|认准|指定|只认|就要)了?(?:我们|咱们|我司)"
)
_RIVAL = re.compile(
    r"竞品|竞争对手|对手|友商|别家|别人家|其他家|另一家|人家|同行|[比较][^，。我咱]{1,10}(?:贵|高|低|便宜|慢|差)|"
    r"[比较](?:我们|咱们?|我司|你们)[^，。]{0,6}(?:便宜|低|快|好|强)"
)
_CHOOSES_RIVAL = re.compile(r"倾向|偏向|看好|看中|中意|选了|选定|定了|签了|签给|换成|换了|认准|就要")

RULES: Mapping[Dimension, Sequence[Rule]] = {
    "urgency": (
        Rule(5, _positive("催合同")),
        Rule(5, _signed_within(30)),
        Rule(4, _positive("尽快上线")),
        Rule(4, _wanted_within(30)),
        Rule(3, _signed_within(90)),
        Rule(3, _wanted_within(90)),
        Rule(3, _positive("已立项", "要报价单", "主动约演示")),
        Rule(3, _step_within(7)),
        Rule(2, _step_within(30)),
        Rule(1, lambda told, _: isinstance(told.value, SigningValue)),
        Rule(1, lambda told, _: _is_theirs(told) and _due(told) is not None),
        Rule(1, _risk("犹豫"), caps=2),
        Rule(0, _risk("流失"), caps=0),
    ),
    "budget": (
        Rule(5, _budget("exact")),
        Rule(4, _budget("about")),
        Rule(4, _positive("预算到位")),
        Rule(3, _budget("range")),
        Rule(2, _budget("bound")),
        Rule(1, _risk("预算"), caps=2),
    ),
    "chain": (
        Rule(4, _decider),
        Rule(3, _contact(_LEADS)),
        Rule(2, _has_office),
        Rule(1, _contact()),
        Rule(1, _risk("审批"), caps=3),
        Rule(1, _risk("决策人变更"), caps=1),
    ),
    "rivals": (
        Rule(5, _prefers_us),
        Rule(3, _compared(5)),
        Rule(2, _compared(15)),
        Rule(2, lambda told, _: _compared(None)(told, _) and told.percent is None),
        Rule(1, _compared(None)),
        Rule(2, _names_rival),
        Rule(1, _risk("竞品", _CHOOSES_RIVAL), caps=1),
        Rule(2, _risk("竞品"), caps=3),
        Rule(2, _risk("比价"), caps=3),
        Rule(2, _risk("招标"), caps=3),
    ),
}
"""Of the rules that fit a value the first one counts. What they are worth is our own choice, not fitted to data."""
_OF_THE_LATEST: frozenset[Dimension] = frozenset({"urgency", "rivals"})
"""How pressing it is and how we stand is what was said last; a budget and who decides stay known until taken back."""
WITH_ANOTHER = 3
"""Who decides or leads, and one more person with an office beside: a chain, worth a point more."""


def score(dimension: Dimension, told: Sequence[Told], *, today: date, rules: GradeRules) -> Score | None:
    """What the records say of that, the newest words first; None where they say nothing."""
    if dimension == "urgency":
        told = [one for one in told if (today - one.on).days <= rules.urgent_days]
    found, ceiling = _best(RULES[dimension], told, today, latest=dimension in _OF_THE_LATEST)
    if dimension == "chain" and found is not None and WITH_ANOTHER <= found.points < ceiling:
        another = next((one for one in told if _is_another(one, found.rests_on[0], today)), None)
        if another is not None:
            return Score(found.points + 1, (*found.rests_on, another))
    return found


def _best(rules: Sequence[Rule], told: Sequence[Told], today: date, *, latest: bool) -> tuple[Score | None, int]:
    """The best of what was said, and what it may be worth at most, with all that was said since."""
    best: Score | None = None
    ceiling, lowered_by, ceiling_of_best = MOST, None, MOST
    by_day = sorted(told, key=lambda one: one.on, reverse=True)
    for _, of_day in groupby(by_day, key=lambda one: one.on):
        hits = [(rule, one) for one in of_day if (rule := _first(rules, one, today)) is not None]
        for rule, one in hits:
            if rule.caps < ceiling:
                ceiling, lowered_by = rule.caps, one
        for rule, one in hits:
            points = min(rule.points, ceiling)
            if best is None or points > best.points:
                held_down = (lowered_by,) if lowered_by is not None and points < rule.points else ()
                best, ceiling_of_best = Score(points, (one, *held_down)), ceiling
        if latest and best is not None:
            break
    return best, ceiling_of_best


def _first(rules: Sequence[Rule], told: Told, today: date) -> Rule | None:
    return next((rule for rule in rules if rule.says(told, today)), None)


def _is_another(told: Told, than: Told, today: date) -> bool:
    """Somebody else who decides or has an office: 李建国 and 李总 may be one person, so another surname."""
    counts = _decider(told, today) or _has_office(told, today)
    return counts and _name(told)[:1] != _name(than)[:1]


def _name(told: Told) -> str:
    return told.value.name if isinstance(told.value, ContactValue | DeciderValue) else ""
