"""Looks at what people recorded and at their deals, and says what is abnormal of it (`handlers.abnormal`)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from handlers import abnormal, wording
from handlers import abnormal_texts as texts
from handlers.abnormal import Abnormality, Completeness, One, Told
from handlers.context import Settings
from handlers.record import record_of
from storage.deal_models import Opportunity
from storage.models import Customer, Evidence, Visit
from storage.work import Work

MOST_DEALS = 1000
"""Of each kind; what is beyond is not looked at, and people are told so."""


@dataclass(frozen=True)
class Looked:
    """What was found of some people; `told` is what each of them recorded, the earliest visit first."""

    found: Sequence[Abnormality] = ()
    told: Mapping[int, Sequence[Told]] = field(default_factory=dict)
    is_cut: bool = False
    """Whether there was more than could be looked at; of the records these are the latest."""

    def of(self, member_id: int) -> "Looked":
        """Of one of them alone."""
        found = [one for one in self.found if one.member_id == member_id]
        return Looked(found, {member_id: self.told.get(member_id, ())}, self.is_cut)

    def completeness(self, settings: Settings, *, since: date, until: date) -> Completeness:
        """Of the visits of those days."""
        told = [one for theirs in self.told.values() for one in theirs]
        among = [one for one in told if since <= one.first.visited_on <= until]
        return abnormal.completeness(among, settings.records.required)


async def look(
    settings: Settings,
    work: Work,
    members: Collection[int],
    *,
    since: date,
    until: date | None = None,
    limit: int,
) -> Looked:
    """What is abnormal now of these people's visits from `since` to `until`, and of the deals of their customers.

    Visits up to today are looked at in any case: what a later one tells mends an earlier one. `limit` is of records.
    """
    today = work.now.astimezone(settings.zone).date()
    visits = await work.abnormal.visits(members, since=since, until=today, limit=limit + 1)
    told = await _told(settings, work, visits[:limit], members)
    found = [
        one for theirs in told.values() for one in _of_records(settings, theirs) if since <= one.on <= (until or today)
    ]
    of_deals = await _of_deals(settings, work, members, today)
    found += of_deals
    counts = Counter(one.kind for one in of_deals)
    is_cut = len(visits) > limit or any(count == MOST_DEALS for count in counts.values())
    return Looked(abnormal.in_order(found), told, is_cut)


# Records


async def _told(
    settings: Settings, work: Work, visits: Sequence[Visit], members: Collection[int]
) -> dict[int, list[Told]]:
    """By member, the earliest first."""
    if not visits:
        return {}
    ids = [visit.visit_id for visit in visits]
    values = await work.abnormal.values(ids, kinds=abnormal.RECORDED)
    pieces = await work.abnormal.pieces(ids)
    deals = await work.abnormal.deals({one.opportunity_id for one in visits if one.opportunity_id is not None})
    together: dict[tuple[int, int | None, date], list[Visit]] = defaultdict(list)
    for visit in sorted(visits, key=lambda one: (one.visited_on, one.first_sent_at, one.visit_id)):
        together[visit.member_id, visit.customer_id, visit.visited_on].append(visit)
    first_day = min(visit.visited_on for visit in visits)
    begins = datetime.combine(first_day, time(), settings.zone)
    by_hand = _by_visit(settings, together, await work.abnormal.filed_by_hand(members, since=begins))
    found: dict[int, list[Told]] = defaultdict(list)
    for key, theirs in together.items():
        found[key[0]].append(
            Told(
                tuple(One(visit, record_of(values[visit.visit_id])) for visit in theirs),
                (*(piece for visit in theirs for piece in pieces[visit.visit_id]), *by_hand[key]),
                min(visit.first_sent_at for visit in theirs).astimezone(settings.zone).date(),
                _deal_of(theirs, deals),
            )
        )
    return found


def _deal_of(visits: Sequence[Visit], deals: Mapping[int, Opportunity]) -> Opportunity | None:
    named = [deals[visit.opportunity_id] for visit in visits if visit.opportunity_id is not None]
    return named[-1] if named else None


def _by_visit(
    settings: Settings,
    together: Mapping[tuple[int, int | None, date], Sequence[Visit]],
    pieces: Sequence[Evidence],
) -> Mapping[tuple[int, int | None, date], list[Evidence]]:
    """What was filed by hand belongs to the last visit that whoever sent it paid the customer by then."""
    days: dict[tuple[int, int | None], list[date]] = defaultdict(list)
    for member_id, customer_id, on in together:
        days[member_id, customer_id].append(on)
    found: dict[tuple[int, int | None, date], list[Evidence]] = defaultdict(list)
    for piece in pieces:
        sent_on = piece.sent_at.astimezone(settings.zone).date()
        before = [on for on in days[piece.member_id, piece.customer_id] if on <= sent_on]
        if before:
            found[piece.member_id, piece.customer_id, max(before)].append(piece)
    return found


def _of_records(settings: Settings, told: Sequence[Told]) -> list[Abnormality]:
    """Of one member's visits, which come in their order."""
    by_customer: dict[int | None, list[Told]] = defaultdict(list)
    for one in told:
        by_customer[one.first.customer_id].append(one)
    return [
        abnormality
        for theirs in by_customer.values()
        for place, one in enumerate(theirs)
        for abnormality in abnormal.of_visit(one, theirs[place + 1 :], settings.records)
    ]


# Deals


async def _of_deals(settings: Settings, work: Work, members: Collection[int], today: date) -> list[Abnormality]:
    times, days = settings.working_time, settings.records.waiting_days
    before = datetime.combine(times.add_days(today, -days), time(), settings.zone)
    found = []
    for change, deal, customer in await work.abnormal.waiting(members, before=before, limit=MOST_DEALS):
        since = change.created_at.astimezone(settings.zone).date()
        passed = times.days_between(since, today)
        if passed > days:
            reason = texts.WAITING.format(stage=change.to_stage, days=passed)
            found.append(_of_deal("waiting", reason, change.words, since, deal, customer))
    for signing, deal, customer in await work.abnormal.frozen(members, limit=MOST_DEALS):
        reason = texts.FROZEN.format(on=wording.day(signing.expected_on, today))
        said_on = signing.created_at.astimezone(settings.zone).date()
        found.append(_of_deal("frozen", reason, signing.words, said_on, deal, customer))
    late = await work.abnormal.overdue(members, today=today, limit=MOST_DEALS)
    words = await work.abnormal.words_of_days([deal.opportunity_id for deal, _ in late])
    for deal, customer in late:
        assert deal.expected_on is not None  # asked for by it
        reason = texts.OVERDUE.format(on=wording.day(deal.expected_on, today), days=(today - deal.expected_on).days)
        said = words.get(deal.opportunity_id, "")
        found.append(_of_deal("overdue", reason, said, deal.expected_on, deal, customer))
    return found


def _of_deal(
    kind: abnormal.Kind, reason: str, words: str, on: date, deal: Opportunity, customer: Customer
) -> Abnormality:
    assert customer.owner_id is not None  # asked for by it
    return Abnormality(kind, reason, words, on, customer.owner_id, customer.customer_id, deal.opportunity_id)


# Who is meant


async def active(work: Work, members: Collection[int]) -> list[int]:
    """Those of them who are still here: nobody else can mend anything."""
    return sorted(member_id for member_id, one in (await work.members.those(members)).items() if one.active)
