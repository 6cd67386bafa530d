"""A stretch of time at the company, from event to event."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from benchmarks.simulated import days
from benchmarks.simulated.company import Company, enrol, founded
from benchmarks.simulated.haste import in_haste
from benchmarks.simulated.machine import Fate, Killed, Machine, random_standstill
from benchmarks.simulated.notes import Notebook, PreparedExtractor, ReadingListener
from benchmarks.simulated.people import People
from benchmarks.simulated.phones import Shown
from storage.database import Database
from tests.fakes import FakeClock

STATEMENTS_A_NOTE = 600
"""All that happens, counted in SQL statements, comes to about so many for each note."""
REDELIVERED_ONCE_IN = 40
"""So rarely a platform brings what it was told we have."""


@dataclass(frozen=True)
class Options:
    seed: int = 1
    first_day: date = date(2026, 9, 28)
    """The National Day holidays are inside."""
    weeks: int = 13
    reps: int = 60
    managers: int = 8
    customers: int = 1500
    notes_a_week: float = 0.4
    kills: int = 130
    """So many are aimed at."""


@dataclass(frozen=True)
class Outage:
    """The machine was away from `down` up to `up`."""

    down: datetime
    up: datetime


@dataclass
class Quarter:
    options: Options
    folder: Path
    company: Company
    machine: Machine
    people: People
    first: datetime
    last: datetime
    outages: list[Outage] = field(default_factory=list)
    kills: int = 0
    standstills: int = 0

    @property
    def shown(self) -> list[Shown]:
        everything = [shown for phones in self.machine.phones.values() for shown in phones.shown]
        return sorted(everything, key=lambda shown: shown.at)


async def lived(options: Options, folder: Path) -> Quarter:
    """The company from the first working morning on, for so many weeks."""
    rng = random.Random(options.seed)  # noqa: S311
    random.seed(options.seed)  # the worker's backoff
    first = days.at(options.first_day, days.OPENS)
    company = founded(rng, managers=options.managers, reps=options.reps, customers=options.customers, first_day=first)
    clock = FakeClock(first)
    notebook = Notebook(rng)
    machine = Machine(
        f"sqlite:///{folder / 'visitbot.db'}",
        folder,
        clock,
        Fate(random.Random(options.seed + 1), 0),  # noqa: S311
        PreparedExtractor(notebook),
        ReadingListener(),
    )
    people = People(rng, company, notebook, machine.phones, notes_a_week=options.notes_a_week)
    last = first + timedelta(weeks=options.weeks)
    quarter = Quarter(options, folder, company, machine, people, first, last)
    with in_haste():
        database = await Database.open(machine.url, clock)
        async with database.work() as work:
            await enrol(work, company)
        await database.close()
        await _live(quarter)
    return quarter


async def _live(quarter: Quarter) -> None:
    machine, people, clock = quarter.machine, quarter.people, quarter.machine.clock
    machine.fate.points_apart = _points(quarter.options)
    await machine.start()
    seen = dict.fromkeys(machine.phones, 0)
    planned = quarter.options.first_day - days.DAY
    while True:
        while planned <= days.here(clock.now()).date():
            planned += days.DAY
            people.plan_day(planned)
        moments = [people.next_at(), await machine.next_due(), days.at(planned, days.MORNING)]
        moment = min(one for one in moments if one is not None)
        if moment >= quarter.last:
            break
        clock.advance(max(moment - clock.now(), timedelta()))
        while True:
            try:
                await _happen(quarter)
                break
            except Killed:
                await _die(quarter)
        for name, phones in machine.phones.items():
            for shown in phones.shown[seen[name] :]:
                people.see(shown)
            seen[name] = len(phones.shown)
    await machine.bury()


async def _happen(quarter: Quarter) -> None:
    machine, people = quarter.machine, quarter.people
    while (intent := people.take_due(machine.clock.now())) is not None:
        sent = people.act(intent)
        if sent is None:
            continue
        try:
            await machine.keep(sent.account.platform, sent.received)
        except Killed:
            people.again(intent)
            raise
        people.taken.append(sent.event_id)
        if people.rng.randrange(REDELIVERED_ONCE_IN) == 0:
            people.again(intent)
    await machine.drain()


async def _die(quarter: Quarter) -> None:
    machine = quarter.machine
    quarter.kills += 1
    await machine.bury()
    down = machine.clock.now()
    away = random_standstill(machine.fate.rng)
    quarter.standstills += away >= timedelta(minutes=20)
    machine.clock.advance(away)
    await machine.start()
    quarter.outages.append(Outage(down, machine.clock.now()))


def _points(options: Options) -> float:
    """How many points lie between two deaths, so that about the number asked for happen."""
    if not options.kills:
        return 0
    notes = options.reps * options.weeks * options.notes_a_week
    return max(50.0, STATEMENTS_A_NOTE * notes / options.kills)
