"""What the rules demand of matters that were raised, and of the three questions: the oracle's reading of levels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmarks.simulated import days
from benchmarks.simulated.facts import Change, MatterFact, Person
from benchmarks.simulated.oracle import LATE, Demand, Demands, Line

LEVEL_H, UNFINISHED_DAYS, QUESTIONS_H = 8, 3, 2
DECIDED = {
    "escalation.taken",
    "escalation.assigned",
    "escalation.resolved",
    "escalation.false_alarm",
    "escalation.withdrawn",
}
SETTLED = {"escalation.resolved", "escalation.false_alarm", "escalation.withdrawn"}


@dataclass(frozen=True)
class Asked:
    """The three questions as they stood open on a phone: `held` where 稍后 closed them."""

    visit_id: int
    member_id: int
    at: datetime
    closed_at: datetime | None
    held: bool


def of_questions(demands: Demands, asked: Sequence[Asked]) -> Iterator[Demand]:
    """A reminder some working hours after they were asked, or put off, unless something came of it by then."""
    visits = {visit.visit_id: visit for visit in demands.facts.visits}
    for one in asked:
        visit = visits[one.visit_id]
        ends = min((end for end in (one.closed_at, visit.decided_at) if end is not None), default=None)
        about = [visit.customer]
        yield from demands.one(
            "three questions", one.member_id, about, days.later(one.at, QUESTIONS_H), ends=ends, can_be_late=False
        )
        if one.held and one.closed_at is not None:
            again = [other.at for other in asked if other.visit_id == one.visit_id and other.at > one.closed_at]
            ends = min([*again, *([visit.decided_at] if visit.decided_at else [])], default=None)
            at = days.later(one.closed_at, QUESTIONS_H)
            yield from demands.one("three questions", one.member_id, about, at, ends=ends, can_be_late=False)


def of_matters(demands: Demands, cards: Sequence[Line]) -> Iterator[Demand]:
    for matter in demands.facts.matters:
        yield from _of_matter(demands, matter, cards)


def _of_matter(demands: Demands, matter: MatterFact, cards: Sequence[Line]) -> Iterator[Demand]:
    clock = demands.clock
    opened, *later = matter.changes
    asked_up = [
        change for change in later if change.action == "escalation.raised" and change.after["why"] != "unanswered"
    ]
    decisions = [change for change in later if change.action in DECIDED]
    turns = sorted([*asked_up, *decisions], key=lambda change: change.at)
    about = [matter.customer] if matter.customer else []
    holder, since = _member(opened.after["manager_id"]), opened.at
    had = [holder]
    while True:
        turn = next((change for change in turns if change.at >= since), None)
        ends = turn.at if turn else None
        yield from demands.one("matter, card", holder, about, since, ends=ends, can_be_late=False)
        made_at, shown_at = _shown_at(demands, cards, holder, about, since)
        goes_up_at = days.later(made_at, LEVEL_H)
        if shown_at - made_at > LATE:
            # the card lay in the outbox over a standstill: the hours count from when it was there to be seen
            goes_up_at = days.later(shown_at, LEVEL_H)
        goes_up = clock.up(goes_up_at, at_once=True)
        if goes_up >= clock.last:
            return
        above = _above(demands, holder, goes_up, had)
        is_first = turn is not None and turn.at < goes_up
        if turn is not None and goes_up <= turn.at <= clock.up(goes_up_at):
            # it was away when the hours were over, and somebody's answer came in the moment in which it was back, or
            # before it was there again: either may have been first
            is_first = not _came(cards, above, about, goes_up, clock.latest(goes_up))
            if above is None:
                yield from demands.one("matter, at the top", holder, about, goes_up_at, ends=ends, strict=False)
        if turn is not None and is_first:
            if turn.action == "escalation.raised":
                holder, since = _member(turn.after["manager_id"]), turn.at
                had.append(holder)
                turns = [change for change in turns if change.at > since]
                continue
            yield from _decided(demands, turn, turns, about)
            return
        if above is None:
            yield from demands.one("matter, at the top", holder, about, goes_up_at, ends=ends)
            if turn is not None and turn.action != "escalation.raised":
                yield from _decided(demands, turn, turns, about)
            return
        for member_id in (holder, matter.member_id):
            yield from demands.one("matter, went up", member_id, [*about, above.name], goes_up_at, can_be_late=False)
        holder, since = above.member_id, goes_up
        had.append(holder)


def _above(demands: Demands, holder: int, at: datetime, had: Sequence[int]) -> Person | None:
    """The next up the line who has not had it."""
    above = demands.facts.above(holder, at)
    while above is not None and above.member_id in had:
        above = demands.facts.above(above.member_id, at)
    return above


def _came(cards: Sequence[Line], above: Person | None, about: Sequence[str], since: datetime, until: datetime) -> bool:
    """Whether it went up to them then; another matter of that customer may, weeks later."""
    return above is not None and any(
        card.member_id == above.member_id
        and since <= card.made_at <= until
        and all(words in card.words for words in about)
        for card in cards
    )


def _shown_at(
    demands: Demands, cards: Sequence[Line], holder: int, about: Sequence[str], since: datetime
) -> tuple[datetime, datetime]:
    """When its card was put on its way, and when it arrived; where none was in time, when it should have been."""
    latest = demands.clock.latest(since)
    for card in cards:
        if card.member_id == holder and since <= card.at <= latest and all(words in card.words for words in about):
            return card.made_at, card.at
    at = demands.clock.there(since)
    return at, at


def _decided(demands: Demands, turn: Change, turns: Sequence[Change], about: Sequence[str]) -> Iterator[Demand]:
    """Whoever took it on, or was given it, is reminded once when they have said nothing for some working days."""
    while turn.action not in SETTLED:
        following = next((change for change in turns if change.at > turn.at), None)
        key = "assignee_id" if turn.action == "escalation.assigned" else None
        holder = _member(turn.after[key]) if key else turn.member_id
        assert holder is not None
        on = days.following(days.here(turn.at).date(), UNFINISHED_DAYS)
        ends = following.at if following else None
        yield from demands.one("matter, unfinished", holder, about, days.at(on, days.MORNING), ends=ends)
        if following is None:
            return
        turn = following


def _member(value: object) -> int:
    assert isinstance(value, int)
    return value
