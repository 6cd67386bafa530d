"""What is abnormal as a table, for a file: of a week and a leader's people, or of everybody since a day."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from handlers import abnormal, abnormal_look
from handlers import abnormal_texts as texts
from handlers.abnormal import Abnormality, Completeness
from handlers.context import Settings
from storage.database import Database
from storage.work import Work

NAMES_AT_ONCE = 500
PEOPLE_AT_ONCE = 50
"""Looked at in one reading transaction, so that none is long."""
MOST_RECORDS = 50_000
"""Own choice: ten a week of 5,000 people. Behind it nobody else is looked at, and the table says so."""


@dataclass(frozen=True)
class Table:
    rows: Sequence[Sequence[str]] = ()
    """As `abnormal_texts.COLUMNS` head them."""
    complete: Completeness = field(default_factory=Completeness)
    is_cut: bool = False


async def made(
    database: Database, settings: Settings, members: Collection[int], *, since: date, until: date | None = None
) -> Table:
    """What is abnormal now of these people's visits of those days, and of their deals; by kind, the newest first."""
    found: list[Abnormality] = []
    complete, seen, listed = Completeness(), 0, sorted(members)
    for first in range(0, len(listed), PEOPLE_AT_ONCE):
        some = listed[first : first + PEOPLE_AT_ONCE]
        async with database.reading() as work:
            looked = await abnormal_look.look(settings, work, some, since=since, until=until, limit=MOST_RECORDS)
            last = until or work.now.astimezone(settings.zone).date()
        found += looked.found
        complete += looked.completeness(settings, since=since, until=last)
        seen += sum(len(one.records) for theirs in looked.told.values() for one in theirs)
        if looked.is_cut or (seen > MOST_RECORDS and listed[first + PEOPLE_AT_ONCE :]):
            reached = min(first + PEOPLE_AT_ONCE, len(listed))
            note = texts.SHEET_CUT.format(people=reached, records=seen)
            return Table(await _rows(database, found, [note]), complete, is_cut=True)
    return Table(await _rows(database, found, []), complete)


async def _rows(database: Database, found: Sequence[Abnormality], notes: Sequence[str]) -> list[Sequence[str]]:
    async with database.reading() as work:
        names = await _names(work, found)
    rows: list[Sequence[str]] = [
        (
            texts.KINDS[one.kind],
            one.reason,
            " ".join(one.words.split()),
            names.customers[one.customer_id],
            names.deals.get(one.opportunity_id or 0, ""),
            names.people[one.member_id],
            one.on.isoformat(),
            str(one.visit_id or ""),
        )
        for one in abnormal.in_order(found)
    ]
    return rows + [(note, *[""] * (len(texts.COLUMNS) - 1)) for note in notes]


@dataclass
class _Names:
    customers: dict[int, str]
    deals: dict[int, str]
    people: dict[int, str]


async def _names(work: Work, found: Sequence[Abnormality]) -> _Names:
    names = _Names({}, {}, {})
    for first in range(0, len(found), NAMES_AT_ONCE):
        some = found[first : first + NAMES_AT_ONCE]
        names.customers |= await work.customers.names([one.customer_id for one in some])
        deals = await work.abnormal.deals({one.opportunity_id for one in some if one.opportunity_id is not None})
        names.deals |= {deal.opportunity_id: deal.name for deal in deals.values()}
        people = await work.members.those({one.member_id for one in some})
        names.people |= {member_id: one.name for member_id, one in people.items()}
    return names
