"""Which reminders and escalations the rules demand, counted anew from the facts; whether each came once, in time.

The numbers are the product's, written down here a second time; nothing of the assistant's own arithmetic is called.

A demand is strict where nothing could have made it pointless before it was due to be there, and lenient where its cause
ended while it was on its way, or a death fell on the very moment: then it may come once, or not at all. Its moment is
the earliest at which it may come. The latest allows for the machine's absences, for the hours in which people are not
written to, for the hour that lies between two messages to a person, and for the tries of a call that failed.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from benchmarks.simulated import days
from benchmarks.simulated.facts import Facts, Term, TodoFact

EVE_AT, AHEAD = time(16), timedelta(minutes=1)
APART, TRIES = timedelta(hours=1), timedelta(minutes=25)
LATE = timedelta(minutes=30)
DRAFT_AFTER = timedelta(hours=2)
NUDGE_H, FOLLOW_UP_H, MANAGER_DAYS = 2, 4, 1
MORNING_AHEAD = timedelta(minutes=10)

KINDS: Sequence[tuple[str, re.Pattern[str]]] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("to-do, eve", r"^(快到期了|今天到期)"),
        ("to-do, at its moment", r"^到时间了："),
        ("to-do, nudge", r"^已过期(未完成|，请催一下客户)："),
        ("to-do, overdue", r"^过期超过一个工作日"),
        ("to-do, manager", r"的待办已过期，还没完成："),
        ("待跟进, nudge", r"^待跟进的时限到了"),
        ("待跟进, overdue", r"^待跟进超时很久了"),
        ("draft", r"^您有一条待确认的拜访记录"),
        ("three questions", r"的拜访记录还是草稿，答完风险三问"),
        ("matter, went up", r"个工作小时没有处理，已上报"),
        ("matter, at the top", r"还没有处理，已经没有再上一级"),
        ("matter, unfinished", r"在您这里跟进 \d+ 个工作日了"),
        ("matter, card", r"^⚠ (风险上报|请您出面)$"),
        ("stalled", r"^停在同一阶段超过"),
        ("stalled, to-do", r"阶段已停留 \d+ 个工作日，请和"),
        ("sample test", r"^样品测试超过"),
        ("silence", r"^超过 7 天没有联系"),
        ("payment", r"^回款逾期"),
        ("at risk", r"^已自动标为风险客户："),
        ("morning", r"^今日[一两三]件事$"),
        ("plan, manager", r"拜访没有达到计划："),
        ("plan, rep", r"计划拜访 \d+ 家，确认了 \d+ 家，已连续"),
        ("abnormal, leader", r"^异常周报（"),
        ("calendar, admin", r"年的放假安排"),
    )
)
LATE_WORDS = "当时系统没有运行"
DAYS_OFF = timedelta(days=3)
"""Within these a line that came too early or too late is taken for the one that is missing."""


@dataclass(frozen=True)
class Line:
    """One line of what a member was told unasked."""

    at: datetime
    member_id: int
    kind: str
    words: str
    made_at: datetime
    """When it was put on its way."""


@dataclass(frozen=True)
class Demand:
    kind: str
    member_id: int
    about: tuple[str, ...]
    """Words that the line holds."""
    earliest: datetime
    latest: datetime
    strict: bool = True
    says_late: bool | None = None
    """Whether it has to say that it is late; None: it may."""


@dataclass
class Verdict:
    demanded: int = 0
    allowed: int = 0
    """Lenient ones that came."""
    sent: int = 0
    missing: list[Demand] = field(default_factory=list)
    double: list[Line] = field(default_factory=list)
    early: list[Line] = field(default_factory=list)
    overdue: list[Line] = field(default_factory=list)
    """Later than allowed."""
    unasked: list[Line] = field(default_factory=list)
    late: int = 0
    mislabelled: list[Line] = field(default_factory=list)
    """Late without saying so, or the other way round."""

    @property
    def faults(self) -> int:
        parts = (self.missing, self.double, self.early, self.overdue, self.unasked, self.mislabelled)
        return sum(len(part) for part in parts)


def kind_of(words: str) -> str | None:
    return next((kind for kind, pattern in KINDS if pattern.search(words)), None)


# When things may come


class Clockwork:
    """The machine's absences, and what they do to moments."""

    def __init__(self, outages: Sequence[tuple[datetime, datetime]], last: datetime) -> None:
        self._outages = sorted(outages)
        self._downs = [down for down, _ in self._outages]
        self.last = last

    def up(self, moment: datetime, *, at_once: bool = False) -> datetime:
        """When the machine is there from that moment on; dying at it, it may have been there (`at_once`) or not."""
        place = bisect_right(self._downs, moment) - 1
        while place >= 0 and moment < self._outages[place][1]:
            down, up = self._outages[place]
            if at_once and down == moment:
                return moment
            moment = up
            place = bisect_right(self._downs, moment) - 1
        return moment

    def there(self, moment: datetime) -> datetime:
        """The first moment from then on at which the machine is there and people may be written to."""
        while True:
            settled = days.push(self.up(moment))
            if settled == moment:
                return settled
            moment = settled

    def latest(self, moment: datetime) -> datetime:
        return self.there(self.there(self.there(moment) + APART) + TRIES)

    def is_sure(self, moment: datetime) -> bool:
        """Whether no death fell on it."""
        return self.up(moment) == self.up(moment, at_once=True)


# What is demanded


@dataclass(frozen=True)
class _Step:
    kind: str
    at: datetime


class Demands:
    """Makes demands of facts. Its own are those of to-dos, drafts, mornings and the calendar."""

    def __init__(
        self,
        facts: Facts,
        clock: Clockwork,
        *,
        asked: frozenset[int] = frozenset(),
        took_turns: Mapping[int, Sequence[datetime]] | None = None,
    ) -> None:
        self.facts = facts
        self.clock = clock
        self._took_turns = took_turns or {}
        """When a member got a card that a rule sent: it counts as the hour's message, and lines wait one more hour."""
        self._asked = asked
        """Visits whose three questions were asked: those are reminded of instead of the draft."""

    def everyday(self, first: datetime) -> Iterator[Demand]:
        for todo in self.facts.todos:
            for term in todo.terms:
                yield from self._of_term(todo, term)
        yield from self._of_drafts()
        yield from self._of_mornings(first)
        yield from self._of_calendar()

    def one(
        self,
        kind: str,
        member_id: int,
        about: Sequence[str],
        at: datetime,
        *,
        ends: datetime | None = None,
        strict: bool = True,
        fires: datetime | None = None,
        can_be_late: bool = True,
    ) -> Iterator[Demand]:
        """One that is due `at`; its cause ends at `ends`, and a timer brings it at `fires`, both as planned.

        `can_be_late`: the words are made when the timer fires, so they have to say that they are late.
        """
        earliest = days.push(at)
        latest = self.clock.latest(earliest)
        for turn in self._took_turns.get(member_id, ()):
            if earliest <= turn <= latest:
                latest = self.clock.there(latest + APART)
        left_at = self.facts.people[member_id].left_at
        until = min((one for one in (ends, left_at) if one is not None), default=None)
        if until is not None and until < self.clock.up(fires or at, at_once=True):
            return
        strict = strict and (until is None or until > latest) and latest < self.clock.last
        says_late = None
        if can_be_late and strict and self.clock.is_sure(fires or at):
            says_late = self.clock.up(fires or at) - (fires or at) > LATE
        yield Demand(kind, member_id, tuple(about), earliest, latest, strict, says_late)

    # To-dos

    def _of_term(self, todo: TodoFact, term: Term) -> Iterator[Demand]:
        steps = [step for step in _steps(todo, term) if step.at > term.since]
        about = [f"{todo.action} · {todo.customer}（{_day(term)}"]
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            fires = step.at - AHEAD
            fired = self.clock.up(fires)
            strict = True
            if step.kind == "to-do, eve" and fired > term_due(term):
                # the day is over: the nudge says it
                if self.clock.up(fires, at_once=True) > term_due(term):
                    continue
                strict = False
            if following is not None:
                # after a standstill only the latest that was reached is told
                if self.clock.up(following.at - AHEAD, at_once=True) <= self.clock.up(fires, at_once=True):
                    continue
                strict = strict and self.clock.up(following.at - AHEAD, at_once=True) > fired
            yield from self.one(step.kind, term.member_id, about, step.at, ends=term.until, strict=strict, fires=fires)
            if step.kind in ("to-do, overdue", "待跟进, overdue"):
                manager = self.facts.above(term.member_id, fired)
                if manager is not None:
                    owner = self.facts.people[term.member_id].name
                    yield from self.one(
                        "to-do, manager",
                        manager.member_id,
                        [*about, owner],
                        step.at,
                        ends=term.until,
                        strict=strict,
                        fires=fires,
                    )

    # Drafts

    def _of_drafts(self) -> Iterator[Demand]:
        for visit in self.facts.visits:
            ends = [*visit.changed_at[1:], visit.decided_at]
            for changed_at, end in zip(visit.changed_at, ends, strict=True):
                at = days.push(changed_at + DRAFT_AFTER)
                is_strict = visit.visit_id not in self._asked
                yield from self.one("draft", visit.member_id, [visit.customer], at, ends=end, strict=is_strict)

    # Mornings, and the calendar

    def _of_mornings(self, first: datetime) -> Iterator[Demand]:
        """One card on a working day for everybody who has something to do, until noon."""
        day = days.here(first).date() + days.DAY
        while (at := days.at(day, days.MORNING)) < self.clock.last:
            if days.worked(day):
                there = self.clock.up(at)
                noon = days.at(day, time(12))
                for member_id in self.facts.people:
                    has_something = self._has_something(member_id, at)
                    in_time = there < noon - TRIES and self.clock.up(at - MORNING_AHEAD) < noon - TRIES
                    about = [f"\n{day:%m-%d}（"]  # the card's own day, not one that a to-do names
                    latest = max(noon, self.clock.latest(at))
                    yield Demand("morning", member_id, tuple(about), at, latest, has_something and in_time)
            day += days.DAY

    def _has_something(self, member_id: int, at: datetime) -> bool:
        """Whether a to-do of theirs is certainly overdue or due that day."""
        for todo in self.facts.todos:
            for term in todo.terms:
                if term.member_id != member_id or todo.kind == "follow_up":
                    continue
                if term.due_on is None or term.due_on > days.here(at).date():
                    continue
                if term.since < at and (term.until is None or term.until > self.clock.there(at) + TRIES):
                    return True
        return False

    def _of_calendar(self) -> Iterator[Demand]:
        """In December nobody knows the next year's holidays, and the admins are told once."""
        at = days.push(self.clock.up(days.at(date(days.here(self.clock.last).year, 12, 1), time(8, 20))))
        if at < self.clock.last:
            for person in self.facts.people.values():
                if "admin" in person.roles:
                    yield from self.one(
                        "calendar, admin", person.member_id, [f"{at.year + 1} 年"], at, can_be_late=False
                    )


def term_due(term: Term) -> datetime:
    """Raises AssertionError where there is no date."""
    return days.here(term.due_at) if term.due_at is not None else _closing(term.due_on)


def _day(term: Term) -> str:
    """The day it is due, as a line names it: a to-do that was postponed has another one in each term."""
    day = term.due_at or term.due_on
    return "" if day is None else f"{day:%m-%d}（周{'一二三四五六日'[day.weekday()]}）"


def _steps(todo: TodoFact, term: Term) -> list[_Step]:
    """What is to be said of it, each at the moment from which it may be said."""
    if term.due_at is None and term.due_on is None:
        return []
    due = term_due(term)
    counted = max(due, days.here(term.since))
    if todo.kind == "follow_up":
        again = days.later(counted, FOLLOW_UP_H)
        return [_Step("待跟进, nudge", days.push(counted)), _Step("待跟进, overdue", days.push(again))]
    on = due.date() if days.worked(due.date()) else days.preceding(due.date())
    found = [_Step("to-do, eve", days.at(days.preceding(on), EVE_AT))]
    if term.due_at is not None:
        found.append(_Step("to-do, at its moment", _within_hours(due)))
    found.append(_Step("to-do, nudge", days.push(days.later(counted, NUDGE_H))))
    overdue = datetime.combine(days.following(counted.date(), MANAGER_DAYS), counted.timetz())
    found.append(_Step("to-do, overdue", days.push(overdue)))
    return sorted(found, key=lambda step: step.at)


def _closing(day: date | None) -> datetime:
    assert day is not None
    return days.at(day, days.CLOSES)


def _within_hours(moment: datetime) -> datetime:
    if not days.is_quiet(moment):
        return moment
    day = moment.date()
    if not days.worked(day) or moment.time() < days.MORNING:
        day = days.preceding(day)
    return days.at(day, days.CLOSES) - timedelta(minutes=30)


# Whether it came


def judged(demands: Iterable[Demand], lines: Iterable[Line]) -> dict[str, Verdict]:
    """Match what came with what was demanded, by kind."""
    verdicts: dict[str, Verdict] = {kind: Verdict() for kind, _ in KINDS}
    of_whom: dict[tuple[str, int], tuple[list[Demand], list[Line]]] = {}
    for line in sorted(lines, key=lambda one: one.at):
        of_whom.setdefault((line.kind, line.member_id), ([], []))[1].append(line)
    for demand in sorted(demands, key=lambda one: (not one.strict, one.earliest)):
        of_whom.setdefault((demand.kind, demand.member_id), ([], []))[0].append(demand)
    for (kind, _), (demanded, came) in of_whom.items():
        _judge(verdicts[kind], demanded, came)
    return verdicts


def _judge(verdict: Verdict, demanded: Sequence[Demand], came: Sequence[Line]) -> None:
    verdict.sent += len(came)
    matched = _matched(demanded, came)
    left = [line for number, line in enumerate(came) if number not in matched.values()]
    for number, demand in enumerate(demanded):
        verdict.demanded += demand.strict
        if number in matched:
            verdict.allowed += not demand.strict
            _look_at_lateness(verdict, demand, came[matched[number]])
        elif demand.strict:
            near = [line for line in left if _is_about(line, demand) and abs(line.at - demand.earliest) < DAYS_OFF]
            if near:
                left.remove(near[0])
                (verdict.early if near[0].at < demand.earliest else verdict.overdue).append(near[0])
            else:
                verdict.missing.append(demand)
    verdict.unasked += left


def _matched(demanded: Sequence[Demand], came: Sequence[Line]) -> dict[int, int]:
    """Demand → line, by their places: as many as can be, and of the first demands, the strict ones, most of all.

    Kuhn's algorithm: whoever finds all fitting lines taken asks each taker for another one.
    """
    fitting = [
        [place for place, line in enumerate(came) if _is_about(line, one) and one.earliest <= line.at <= one.latest]
        for one in demanded
    ]
    taker: dict[int, int] = {}

    def take(demand: int, asked: set[int]) -> bool:
        for line in fitting[demand]:
            if line not in asked:
                asked.add(line)
                if line not in taker or take(taker[line], asked):
                    taker[line] = demand
                    return True
        return False

    for demand in range(len(demanded)):
        take(demand, set())
    return {demand: line for line, demand in taker.items()}


def _is_about(line: Line, demand: Demand) -> bool:
    return all(words in line.words for words in demand.about)


def _look_at_lateness(verdict: Verdict, demand: Demand, line: Line) -> None:
    says_late = LATE_WORDS in line.words
    verdict.late += says_late
    if demand.says_late is not None and says_late != demand.says_late:
        verdict.mislabelled.append(line)
