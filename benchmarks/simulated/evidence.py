"""What the phones showed, read as the oracle needs it, and what holds of everything that was sent."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.simulated import days
from benchmarks.simulated.matters import Asked
from benchmarks.simulated.oracle import Line, kind_of
from benchmarks.simulated.people import People
from benchmarks.simulated.phones import CAPABILITIES, Shown
from handlers import actions
from handlers.messages import CardUpdate, OutboundCard, OutboundText

ANSWER = re.compile(r"^(?:told:|parked:)?(wecom|dingtalk):(e\d+)\b")
HELD = "稍后回答"
AGAIN_WITHIN = timedelta(days=4)
"""A weekend, and a standstill on either side: later the same words are about another time."""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def lines_told(people: People, shown: Sequence[Shown], unsure: dict[str, set[str]]) -> tuple[list[Line], int]:
    """Every line of the kinds that the oracle knows, and how many were told again unavoidably.

    What arrived in a try whose end the machine never wrote down is put together anew once people may be written to
    again: nobody knows that they have it.
    """
    found: list[Line] = []
    may_come_again: dict[tuple[int, str], datetime] = {}
    again = 0
    for one in shown:
        member_id = people.whose(one).member_id
        for kind, words in _lines(one):
            if kind == "stalled, to-do" and not is_unasked(people, one):
                continue
            first = may_come_again.pop((member_id, words), None)
            is_again = first is not None and one.at - first < AGAIN_WITHIN
            if is_again and one.cause.startswith(("notices:", "morning:")):
                again += 1
                continue
            if one.key in unsure[one.platform]:
                may_come_again[member_id, words] = one.at
            found.append(Line(one.at, member_id, kind, words, one.made_at))
    return found, again


def _lines(shown: Shown) -> Iterator[tuple[str, str]]:
    content = shown.content
    if isinstance(content, CardUpdate):
        return
    lines = [words.removeprefix("· ") for words in shown.words.split("\n")]
    if isinstance(content, OutboundCard):
        kind = kind_of(content.title)
        if kind in ("matter, card", "morning"):
            yield kind, shown.words
            lines = [words for words in lines[2:] if kind_of(words) != "stalled, to-do"]
        elif content.title == "待办" and kind_of(content.subtitle) is not None:
            yield "stalled, to-do", shown.words
            return
    for words in lines:
        if (kind := kind_of(words)) is not None:
            yield kind, words


def is_unasked(people: People, shown: Shown) -> bool:
    """Whether the assistant said it by itself: not in answer to something of the very person who got it."""
    if isinstance(shown.content, CardUpdate):
        return False  # it changes what was there, and makes no sound
    answers = ANSWER.match(shown.cause)
    if answers is None:
        return True
    return people.by_event[answers.group(2)].person is not people.whose(shown)


def questions_asked(people: People, shown: Sequence[Shown]) -> list[Asked]:
    closings = {
        one.content.card_id: (one.made_at, one.content.closing)
        for one in reversed(shown)
        if isinstance(one.content, CardUpdate)
    }
    found = []
    for one in shown:
        if not isinstance(one.content, OutboundCard) or one.content.title != "风险三问":
            continue
        visit_id = next(
            action.visit_id
            for button in one.content.buttons
            if isinstance(action := actions.read(button.action), actions.HoldRisks)
        )
        closed_at, closing = closings.get(one.content.card_id, (None, ""))
        found.append(Asked(visit_id, people.whose(one).member_id, one.made_at, closed_at, closing == HELD))
    return found


def turns_taken(people: People, shown: Sequence[Shown]) -> dict[int, list[datetime]]:
    """When each member got a card that a rule or somebody else's to-do sent them."""
    found: dict[int, list[datetime]] = defaultdict(list)
    for one in shown:
        is_card = isinstance(one.content, OutboundCard)
        if is_card and is_unasked(people, one) and not one.cause.startswith("morning:"):
            found[people.whose(one).member_id].append(one.at)
    return found


@dataclass
class Delivered:
    """What holds of everything that arrived."""

    messages: int = 0
    unasked: int = 0
    outside_hours: list[Shown] = field(default_factory=list)
    after_a_try: list[Shown] = field(default_factory=list)
    """Outside working hours, since a try had begun in them when we died: it may have arrived, and the platform would
    have known the repeat."""
    over_the_limit: list[Shown] = field(default_factory=list)
    within_the_hour: list[Shown] = field(default_factory=list)
    """Messages of notices to somebody who had one less than an hour before."""
    twice: list[Shown] = field(default_factory=list)
    twice_unavoidably: list[Shown] = field(default_factory=list)
    """Texts sent again after a death between their arrival and our mark, where the platform cannot tell a repeat: not
    at all, or not after so long an absence."""
    unanswered: list[str] = field(default_factory=list)
    a_day: list[int] = field(default_factory=list)
    """Messages a person and day, for days on which there were any."""
    busiest_minute: Counter[str] = field(default_factory=Counter)

    @property
    def faults(self) -> int:
        parts = (self.outside_hours, self.over_the_limit, self.within_the_hour, self.twice, self.unanswered)
        return sum(len(part) for part in parts)


def looked_at(
    people: People, shown: Sequence[Shown], unsure: dict[str, set[str]], tried: dict[str, dict[str, datetime]]
) -> Delivered:
    found = Delivered()
    recent: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    told_at: dict[int, datetime] = {}
    known: dict[tuple[str, str], datetime] = {}
    answered: set[str] = set()
    a_day: Counter[tuple[int, object]] = Counter()
    for one in shown:
        if (match := ANSWER.match(one.cause)) is not None:
            answered.add(match.group(2))
        _count_repeat(found, one, known, unsure)
        if isinstance(one.content, CardUpdate):
            continue
        found.messages += 1
        member_id = people.whose(one).member_id
        a_day[member_id, days.here(one.at).date()] += 1
        _count_minute(found, one, recent[one.platform, one.user_id])
        if not is_unasked(people, one):
            continue
        found.unasked += 1
        if days.is_quiet(one.at):
            is_begun = _was_begun(one, tried[one.platform][one.key])
            (found.after_a_try if is_begun else found.outside_hours).append(one)
        if one.cause.startswith(("notices:", "morning:")):
            last = told_at.get(member_id)
            if last is not None and timedelta() < one.made_at - last < HOUR - timedelta(seconds=1):
                found.within_the_hour.append(one)
            told_at[member_id] = one.made_at
    found.a_day = sorted(a_day.values())
    found.unanswered = [event_id for event_id in people.taken if event_id not in answered]
    return found


def _was_begun(one: Shown, tried_at: datetime) -> bool:
    """Whether the first try fell into working hours, so lately that the platform still knows a repeat."""
    checked_s = CAPABILITIES[one.platform].duplicate_check_s
    return checked_s is not None and not days.is_quiet(tried_at) and one.at - tried_at < timedelta(seconds=checked_s)


def _count_repeat(
    found: Delivered, one: Shown, known: dict[tuple[str, str], datetime], unsure: dict[str, set[str]]
) -> None:
    name = (one.platform, one.key)
    if name in known and not isinstance(one.content, CardUpdate):
        is_text = isinstance(one.content, OutboundText)
        checked_s = CAPABILITIES[one.platform].duplicate_check_s
        cannot_tell = checked_s is None or one.at - known[name] > timedelta(seconds=checked_s)
        excused = is_text and cannot_tell and one.key in unsure[one.platform]
        (found.twice_unavoidably if excused else found.twice).append(one)
    known[name] = one.at


def _count_minute(found: Delivered, one: Shown, recent: list[datetime]) -> None:
    limit = CAPABILITIES[one.platform].per_member_per_minute
    assert limit is not None
    recent.append(one.at)
    while one.at - recent[0] >= MINUTE:
        recent.pop(0)
    found.busiest_minute[one.platform] = max(found.busiest_minute[one.platform], len(recent))
    if len(recent) > limit:
        found.over_the_limit.append(one)
