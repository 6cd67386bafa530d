"""Of whom people may ask help, in what time, and how well that is kept. The defaults are the product's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from handlers.working_time import WorkingTime
from nlp.help_words import bare_name
from storage.deal_models import HelpRequest

LEAST_LEFT = timedelta(hours=1)
"""A reminder that would come less than this after the card is none."""


@dataclass(frozen=True)
class Department:
    """`people` and `vice_president` (分管副总) are names as in the list of members."""

    name: str
    people: tuple[str, ...]
    vice_president: str = ""


@dataclass(frozen=True)
class HelpRules:
    answer_within_h: float = 48
    """Hours by the clock, nights and days off included, from when the colleague was shown it."""
    reminders: int = 5
    """Working days on which whoever it went up to is reminded; after them whoever asks is told, and nobody any more."""
    departments: tuple[Department, ...] = ()
    on_document: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Kinds of document, and the departments that are asked to look at one, each after the one before."""
    on_stage: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Stages, and the departments or people who get a to-do when a customer enters one."""

    @property
    def within(self) -> timedelta:
        return timedelta(hours=self.answer_within_h)

    def department(self, said: str) -> Department | None:
        """技术, 技术部 and 技术部的同事 are the department 技术."""
        bare = bare_name(said)
        return next((one for one in self.departments if bare and bare_name(one.name) == bare), None)


def half_way(times: WorkingTime, since: datetime, until: datetime) -> datetime | None:
    """When to remind of something that is shown at `since` and due at `until`: once half of the time is over.

    In working hours, and before they are over: where half way lies in a night or on days off that last until then, an
    hour before the end of the last working day before it. None: that would be too soon after the card.
    """
    half = since + (until - since) / 2
    at = times.next_push(half)
    if at >= times.next_push(until):
        at = times.day_closes(times.last_worked(half.astimezone(times.zone).date())) - timedelta(hours=1)
    return at if at >= since + LEAST_LEFT else None


@dataclass(frozen=True)
class Closure:
    """How many requests were due, and how many of them had their explicit answer, a yes or a no, in time."""

    due: int
    in_time: int

    @property
    def percent(self) -> float | None:
        """None where nothing was due. The product's target is 90."""
        return 100 * self.in_time / self.due if self.due else None


def closure(requests: Iterable[HelpRequest], now: datetime) -> Closure:
    """Of those that have been answered or should have been by now; what was withdrawn is left out."""
    due = [
        one for one in requests if one.state in ("answered", "declined") or (one.state == "open" and one.due_at <= now)
    ]
    return Closure(len(due), sum(one.answered_at is not None and one.answered_at <= one.due_at for one in due))
