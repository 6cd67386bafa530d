"""What a simulated stretch of time came to, as a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.simulated import customers, days, matters
from benchmarks.simulated.company import ASLEEP
from benchmarks.simulated.evidence import Delivered, lines_told, looked_at, questions_asked, turns_taken
from benchmarks.simulated.facts import Facts, gathered
from benchmarks.simulated.oracle import Clockwork, Demand, Demands, Line, Verdict, judged
from benchmarks.simulated.phones import Shown
from benchmarks.simulated.run import Quarter
from storage.database import Database

MOST_SHOWN = 5
"""Faults of a kind that the table is followed by, unless it is told otherwise."""
PARTS = ("missing", "early", "overdue", "unasked", "mislabelled")


@dataclass(frozen=True)
class Report:
    quarter: Quarter
    verdicts: dict[str, Verdict]
    delivered: Delivered
    told_again: int
    """Lines in a later message, for want of knowing that the first one arrived."""

    @property
    def faults(self) -> int:
        return sum(verdict.faults for verdict in self.verdicts.values()) + self.delivered.faults


async def reported(quarter: Quarter) -> Report:
    facts = await _facts(quarter)
    shown, people = quarter.shown, quarter.people
    unsure = {name: phones.unsure for name, phones in quarter.machine.phones.items()}
    tried = {name: phones.tried for name, phones in quarter.machine.phones.items()}
    delivered = looked_at(people, shown, unsure, tried)
    repeats = {id(one) for one in delivered.twice_unavoidably}
    # an absence may reach beyond the end, and what is told after it answers no demand
    told = [one for one in shown if id(one) not in repeats and one.at < quarter.last]
    lines, again = lines_told(people, told, unsure)
    return Report(quarter, judged(_demands(quarter, facts, lines, shown), lines), delivered, again)


async def _facts(quarter: Quarter) -> Facts:
    database = await Database.open(quarter.machine.url, quarter.machine.clock)
    try:
        async with database.reading() as work:
            return await gathered(work)
    finally:
        await database.close()


def _demands(quarter: Quarter, facts: Facts, lines: Sequence[Line], shown: Sequence[Shown]) -> Iterator[Demand]:
    clock = Clockwork([(one.down, one.up) for one in quarter.outages], quarter.last)
    asked = questions_asked(quarter.people, shown)
    demands = Demands(
        facts,
        clock,
        asked=frozenset(one.visit_id for one in asked),
        took_turns=turns_taken(quarter.people, shown),
    )
    looked = customers.runs(demands, quarter.first)
    told = quarter.people.notebook.known
    known = customers.stories(quarter.company.clients, facts.visits, told, quarter.first - ASLEEP)
    yield from demands.everyday(quarter.first)
    yield from matters.of_questions(demands, asked)
    yield from matters.of_matters(demands, [line for line in lines if line.kind == "matter, card"])
    yield from customers.of_customers(demands, known, looked)
    yield from customers.of_plans(demands, looked)
    yield from customers.of_weeks(demands, looked)


# Shown


def table(report: Report, *, most: int = MOST_SHOWN) -> str:
    return "\n".join([*_of_kinds(report), "", *_of_everything(report), "", *_of_faults(report, most)]).rstrip()


def _of_kinds(report: Report) -> Iterator[str]:
    yield (
        f"{'reminder or escalation':24}{'demanded':>9}{'possible':>9}{'sent':>7}{'missing':>9}{'unasked':>9}"
        f"{'off time':>9}{'said late':>10}{'wrongly':>9}"
    )
    for kind, verdict in report.verdicts.items():
        off_time = len(verdict.early) + len(verdict.overdue)
        yield (
            f"{kind:24}{verdict.demanded:9}{verdict.allowed:9}{verdict.sent:7}{len(verdict.missing):9}"
            f"{len(verdict.unasked):9}{off_time:9}{verdict.late:10}{len(verdict.mislabelled):9}"
        )


def _of_everything(report: Report) -> Iterator[str]:
    quarter, delivered = report.quarter, report.delivered
    minutes = ", ".join(f"{name} {most}" for name, most in sorted(delivered.busiest_minute.items()))
    taken = len(quarter.people.taken)
    yield f"messages: {delivered.messages}, of them unasked {delivered.unasked}; events taken {taken}"
    yield (
        f"unasked outside working hours: {len(delivered.outside_hours)}; "
        f"of tries that had begun in them: {len(delivered.after_a_try)}"
    )
    yield f"over the platform's limit in a minute: {len(delivered.over_the_limit)} (most in any minute: {minutes})"
    yield f"two notices within an hour to one person: {len(delivered.within_the_hour)}"
    yield f"sent twice: {len(delivered.twice)}; events never answered: {len(delivered.unanswered)}"
    yield (
        f"texts shown twice by a platform that cannot tell a repeat, or not after so long, as we died before we knew: "
        f"{len(delivered.twice_unavoidably)}; lines in a later message: {report.told_again}"
    )
    if delivered.a_day:
        p50, p95 = (delivered.a_day[int(len(delivered.a_day) * share)] for share in (0.5, 0.95))
        yield f"messages a person and day, where any: p50 {p50}, p95 {p95}, most {delivered.a_day[-1]}"
    where = ", ".join(f"{point} {count}" for point, count in sorted(quarter.machine.fate.reached.items()))
    yield f"kills: {quarter.kills} ({where}); starts {quarter.machine.starts}; standstills {quarter.standstills}"
    failed = sum(phones.refused for phones in quarter.machine.phones.values())
    swallowed = sum(phones.swallowed for phones in quarter.machine.phones.values())
    yield f"calls that failed: {failed}; repeats that the platforms swallowed: {swallowed}"
    yield "people: " + ", ".join(f"{what} {count}" for what, count in sorted(quarter.people.counts.items()))


def _of_faults(report: Report, most: int) -> Iterator[str]:
    for kind, verdict in report.verdicts.items():
        for part in PARTS:
            for one in getattr(verdict, part)[:most]:
                yield f"{kind}: {part}: {_line(one) if isinstance(one, Line) else _demand(one)}"
                yield from _around(report, one)
    delivered = report.delivered
    for name in ("outside_hours", "over_the_limit", "within_the_hour", "twice"):
        for one in getattr(delivered, name)[:most]:
            yield f"{name}: {_shown(one)}"
    for event_id in delivered.unanswered[:most]:
        sent = report.quarter.people.by_event[event_id]
        yield f"never answered: {event_id}, {sent.what}, {days.here(sent.sent_at):%m-%d %H:%M}"


def _around(report: Report, fault: Line | Demand) -> Iterator[str]:
    """What the same person was told about then, and the machine's absences."""
    first, last = (fault.at, fault.at) if isinstance(fault, Line) else (fault.earliest, fault.latest)
    first, last = first - days.DAY / 4, last + days.DAY / 8
    for shown in report.quarter.shown:
        if first <= shown.at <= last and report.quarter.people.whose(shown).member_id == fault.member_id:
            yield f"      {_shown(shown)}"
    for outage in report.quarter.outages:
        if outage.down <= last and outage.up >= first:
            yield f"      away {days.here(outage.down):%m-%d %H:%M:%S} to {days.here(outage.up):%m-%d %H:%M:%S}"


def _line(line: Line) -> str:
    return f"{days.here(line.at):%m-%d %H:%M:%S} member {line.member_id}: {line.words[:120]!r}"


def _demand(demand: Demand) -> str:
    when = f"{days.here(demand.earliest):%m-%d %H:%M:%S} to {days.here(demand.latest):%m-%d %H:%M:%S}"
    return f"{when} member {demand.member_id}: {' '.join(demand.about)!r}"


def _shown(shown: Shown) -> str:
    words = shown.words.replace("\n", " | ")[:100]
    return f"{days.here(shown.at):%m-%d %H:%M:%S} {shown.platform} {shown.user_id} {shown.cause}: {words!r}"
