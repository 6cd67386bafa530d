"""What a rule that looks around every working morning consists of."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from handlers import notices, texts
from handlers.context import Context
from storage.models import Finding
from storage.work import Work

PAGE = 100
MOST_NAMED = 5
"""Customers that one line names."""

Search = Callable[[Context, Work, date, Any], Awaitable[Sequence[Any]]]
"""What the rule may be about on that day, a page, after the last item of the page before; None for the first."""


async def to_the_rep(_work: Work, finding: Finding) -> Sequence[int]:
    return () if finding.member_id is None else (finding.member_id,)


async def to_the_manager(work: Work, finding: Finding) -> Sequence[int]:
    if finding.member_id is None:
        return ()
    manager = await work.members.manager_of(await work.members.get(finding.member_id))
    return (manager.member_id,) if manager else ()


@dataclass(frozen=True)
class Check:
    """One thing that a rule looks for. Its findings bear its `name`; `rule` is the switch in the book.

    `handle` is called for each thing found, in a transaction of its own: it looks again, notes the finding, and does
    what follows from it. `tell` is called once for each person of the day's findings, so that many are one message;
    what it does bears the day in its key, and done twice is done once.
    """

    name: str
    rule: str
    searches: tuple[Search, ...]
    handle: Callable[[Context, Work, date, Any, str], Awaitable[None]]
    tell: Callable[[Context, Work, date, int, Sequence[Finding]], Awaitable[None]]
    whom: Callable[[Work, Finding], Awaitable[Sequence[int]]] = to_the_rep


def day_begins(ctx: Context, day: date) -> datetime:
    return datetime.combine(day, time(), ctx.settings.zone)


def longer_than(ctx: Context, days: int, on: date) -> datetime:
    """What was before this moment was more than so many calendar days ago."""
    return day_begins(ctx, on - timedelta(days=days))


def days_since(ctx: Context, moment: datetime, on: date) -> int:
    return (on - ctx.day_of(moment)).days


async def tell_of(ctx: Context, work: Work, name: str, on: date, member_id: int, text: str) -> None:
    """Tell a person of what the check of that name found on that day, once."""
    key = f"rule:{name}:{member_id}:{on.isoformat()}"
    await notices.tell(ctx, work, member_id, text, key=key, subject=f"rule:{name}")


async def lines_of(
    work: Work, findings: Sequence[Finding], line: Callable[[str, Finding], str], more: str = texts.RULE_MORE
) -> str:
    """The first few of what was found, each by its line of the customer's name, and how many there are."""
    shown = findings[:MOST_NAMED]
    names = await work.customers.names([customer_of(finding) for finding in shown])
    told = "、".join(line(names[customer_of(finding)], finding) for finding in shown)
    return told + (more.format(count=len(findings)) if len(findings) > len(shown) else "")


def customer_of(finding: Finding) -> int:
    return number(finding, "customer_id")


def origin_of(finding: Finding) -> str:
    """Of the item in a matter that was raised because of it."""
    return origin(finding.rule, finding.subject, finding.episode)


def origin(rule: str, subject: str, episode: str) -> str:
    """Of what follows from a finding, once."""
    return f"rule:{rule}:{subject}:{episode}"


def number(finding: Finding, key: str) -> int:
    value = finding.detail[key]
    assert isinstance(value, int)  # noted by the rule that found it
    return value


def subject_of(customer_id: int) -> str:
    return f"customer:{customer_id}"
