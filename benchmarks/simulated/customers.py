"""Demands of the morning rules, about customers whom time passes by and about plans, counted anew by the oracle."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from benchmarks.simulated import days
from benchmarks.simulated.company import SAMPLE_TEST, Client, stages
from benchmarks.simulated.facts import VisitFact
from benchmarks.simulated.notes import Told
from benchmarks.simulated.oracle import Demand, Demands

RULES_AT = time(8, 20)
STALLED_DAYS, SAMPLE_DAYS, SILENT_DAYS, OWES_DAYS = 5, 14, 7, 1
RISK_OWES_DAYS, RISK_SILENT_DAYS = 30, 60
DEVIATION, WEEKS = 0.15, 2
MOST_NAMED = 5


@dataclass
class Story:
    """A customer's contacts and stages, each from when it was written down."""

    client: Client
    contacts: list[tuple[datetime, datetime]] = field(default_factory=list)
    """(written down, met)"""
    stages: list[tuple[datetime, str, datetime]] = field(default_factory=list)
    """(written down, stage, since)"""

    def met(self, at: datetime) -> datetime:
        return max(met for written_at, met in self.contacts if written_at <= at)

    def stage(self, at: datetime) -> tuple[str, datetime] | None:
        known = [(stage, since) for written_at, stage, since in self.stages if written_at <= at]
        return known[-1] if known else None


def runs(demands: Demands, first: datetime) -> dict[date, datetime]:
    """Working day → when the rules looked around on it.

    Where the machine came up and died in the same second, perhaps again and again, nobody can tell from outside which
    time they got through: then the first finding between the first and the last of those moments says it.
    """
    found: dict[date, datetime] = {}
    fires = days.at(days.here(first).date(), RULES_AT)
    fires = fires if fires > first else fires + days.DAY
    while fires < demands.clock.last:
        soonest, last = days.here(demands.clock.up(fires, at_once=True)), days.here(demands.clock.up(fires))
        noted = next((days.here(at) for at in demands.facts.found_at if soonest <= at <= last), None)
        at = noted or (soonest if soonest.date() == last.date() else last)
        if days.worked(at.date()):
            found.setdefault(at.date(), at)
        following = days.at(at.date(), RULES_AT)
        fires = following if following > at else following + days.DAY
    return found


def stories(
    clients: Sequence[Client], visits: Sequence[VisitFact], told: dict[str, Told], taken_in_at: datetime
) -> dict[int, Story]:
    beginning = datetime.min.replace(tzinfo=days.SHANGHAI)
    found = {}
    for client in clients:
        story = Story(client, [(beginning, client.last_contact_at or taken_in_at)])
        if client.stage is not None and client.stage_since is not None:
            story.stages.append((beginning, client.stage, client.stage_since))
        found[client.customer_id] = story
    confirmed = [visit for visit in visits if visit.state == "confirmed" and visit.decided_at is not None]
    for visit in sorted(confirmed, key=lambda one: one.decided_at or beginning):
        assert visit.decided_at is not None
        if visit.customer_id not in found:
            continue
        story = found[visit.customer_id]
        late = visit.visited_on < days.here(visit.last_sent_at).date()
        met = days.at(visit.visited_on, days.CLOSES) if late else visit.last_sent_at
        story.contacts.append((visit.decided_at, met))
        for note in visit.notes:
            stage = told[note].stage if note in told else None
            now = story.stage(visit.decided_at)
            if stage is not None and (now is None or now[0] != stage):
                story.stages.append((visit.decided_at, stage, visit.decided_at))
    return found


def of_customers(demands: Demands, known: dict[int, Story], looked: dict[date, datetime]) -> Iterator[Demand]:
    silent: set[tuple[int, date]] = set()
    stalled: set[tuple[int, datetime]] = set()
    tested: set[tuple[int, date]] = set()
    owed: set[int] = set()
    at_risk: set[int] = set()
    for on, at in sorted(looked.items()):
        names: dict[tuple[str, int], list[str]] = {}
        for customer_id, story in known.items():
            owner_id = story.client.owner.member_id
            met_on = days.here(story.met(at)).date()
            stage = story.stage(at)
            if (on - met_on).days > SILENT_DAYS and (customer_id, met_on) not in silent:
                silent.add((customer_id, met_on))
                names.setdefault(("silence", owner_id), []).append(story.client.name)
            if stage is not None and stage[0] != stages()[-1] and (customer_id, stage[1]) not in stalled:
                passed = sum(
                    days.worked(days.here(stage[1]).date() + timedelta(days=n))
                    for n in range(1, (on - days.here(stage[1]).date()).days + 1)
                )
                if passed > STALLED_DAYS:
                    stalled.add((customer_id, stage[1]))
                    names.setdefault(("stalled", owner_id), []).append(story.client.name)
                    manager = demands.facts.above(owner_id, at)
                    if manager is not None:
                        about = [story.client.name, f"「{stage[0]}」阶段已停留 {passed} 个工作日"]
                        moved_at = next((written for written, _, _ in story.stages if written > at), None)
                        yield from demands.one(
                            "stalled, to-do", manager.member_id, about, at, ends=moved_at, can_be_late=False
                        )
            if stage is not None and SAMPLE_TEST in stage[0]:
                since_on = max(met_on, days.here(stage[1]).date())
                if (on - since_on).days > SAMPLE_DAYS and (customer_id, since_on) not in tested:
                    tested.add((customer_id, since_on))
                    names.setdefault(("sample test", owner_id), []).append(story.client.name)
            due_on = story.client.payment_due_on
            if due_on is not None and (on - due_on).days > OWES_DAYS and customer_id not in owed:
                owed.add(customer_id)
                names.setdefault(("payment", owner_id), []).append(story.client.name)
            if (
                due_on is not None
                and (on - due_on).days > RISK_OWES_DAYS
                and (on - met_on).days > RISK_SILENT_DAYS
                and customer_id not in at_risk
            ):
                at_risk.add(customer_id)
                names.setdefault(("at risk", owner_id), []).append(story.client.name)
        for (kind, member_id), theirs in names.items():
            counter = "笔" if kind == "payment" else "家"
            about = [f"等 {len(theirs)} {counter}"] if len(theirs) > MOST_NAMED else theirs
            yield from demands.one(kind, member_id, about, at, can_be_late=False)


def of_plans(demands: Demands, looked: dict[date, datetime]) -> Iterator[Demand]:
    facts = demands.facts
    told: set[tuple[int, date]] = set()
    for on, at in sorted(looked.items()):
        week = _last_week(on)
        teams: dict[int, list[str]] = {}
        for (member_id, monday), planned in facts.plans.items():
            done = _done(facts.visits, member_id, monday, at)
            if monday != week or (member_id, monday) in told or done >= planned:
                continue
            before = _last_week(monday)
            earlier = facts.plans.get((member_id, before))
            twice = earlier is not None and _done(facts.visits, member_id, before, at) < earlier
            if not twice and (planned - done) / planned <= DEVIATION:
                continue
            told.add((member_id, monday))
            manager = facts.above(member_id, at)
            if manager is not None:
                teams.setdefault(manager.member_id, []).append(f"{facts.people[member_id].name} {done}/{planned}")
            if twice:
                about = [f"计划拜访 {planned} 家，确认了 {done} 家"]
                yield from demands.one("plan, rep", member_id, about, at, can_be_late=False)
        for manager_id, reps in teams.items():
            yield from demands.one("plan, manager", manager_id, reps, at, can_be_late=False)


def of_weeks(demands: Demands, looked: dict[date, datetime]) -> Iterator[Demand]:
    """Once a week each leader whose people recorded anything in the week before is told, of how many records.

    What is abnormal is not counted again here; a leader whose people recorded nothing may be told of their deals.
    """
    told: set[date] = set()
    for on, at in sorted(looked.items()):
        week = _last_week(on)
        if week in told:
            continue
        told.add(week)
        span = f"（{_named(week)}至 {_named(week + timedelta(days=6))}）"
        for leader_id, reps in _teams(demands, at).items():
            count = sum(_done(demands.facts.visits, rep, week, at) for rep in reps)
            about = [span, f"{count} 条记录"] if count else [span]
            yield from demands.one("abnormal, leader", leader_id, about, at, strict=count > 0, can_be_late=False)


def _named(day: date) -> str:
    return f"{day:%m-%d}（周{'一二三四五六日'[day.weekday()]}）"


def _teams(demands: Demands, at: datetime) -> dict[int, list[int]]:
    """Everybody who is here, by each person up their line."""
    teams: dict[int, list[int]] = {}
    for member_id, person in demands.facts.people.items():
        if person.left_at is not None and person.left_at <= at:
            continue
        above = demands.facts.above(member_id, at)
        while above is not None:
            teams.setdefault(above.member_id, []).append(member_id)
            above = demands.facts.above(above.member_id, at)
    return teams


def _last_week(on: date) -> date:
    monday = on - timedelta(days=on.weekday())
    day = days.preceding(monday)
    return day - timedelta(days=day.weekday())


def _done(visits: Sequence[VisitFact], member_id: int, monday: date, at: datetime) -> int:
    return sum(
        visit.member_id == member_id
        and visit.state == "confirmed"
        and visit.decided_at is not None
        and visit.decided_at <= at
        and monday <= visit.visited_on < monday + timedelta(days=7)
        for visit in visits
    )
