import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from storage.database import Database
from tests.chaos.stage import Stage, staged
from tests.chat import enrol
from tests.fakes import FakeClock


@dataclass(frozen=True)
class Untouched:
    points: list[str]
    seen: dict[str, list[str]]
    records: dict[str, int]


Staging = Callable[..., AbstractAsyncContextManager[Stage]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def company_file(empty_database_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with people and customers in it, to be copied."""
    path = tmp_path_factory.mktemp("company") / "company.db"
    shutil.copyfile(empty_database_file, path)
    database = await Database.open(f"sqlite:///{path}", FakeClock())
    await enrol(database, "wecom")
    await database.close()
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def untouched(company_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Untouched:
    """The whole conversation played without harm."""
    folder = tmp_path_factory.mktemp("untouched")
    shutil.copyfile(company_file, folder / "visitbot.db")
    async with staged(folder, f"sqlite:///{folder / 'visitbot.db'}") as stage:
        server = await stage.opened()
        await stage.visit()
        return Untouched(server.points(), stage.seen(), await stage.records())


@pytest.fixture
def staging(company_file: Path, tmp_path: Path) -> Staging:
    """Makes stages with a fresh SQLite file each; `name` keeps them apart."""

    def stage(name: str, **dialect: Any) -> AbstractAsyncContextManager[Stage]:
        folder = tmp_path / name
        folder.mkdir()
        shutil.copyfile(company_file, folder / "visitbot.db")
        return staged(folder, f"sqlite:///{folder / 'visitbot.db'}", **dialect)

    return stage


@pytest.fixture
async def pg_stage(pg_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    database = await Database.open(pg_url, FakeClock())
    await enrol(database, "wecom")
    await database.close()
    # A stopped server must not make each callback take WeCom's whole five seconds.
    async with staged(tmp_path, pg_url, callback_timeout_s=2.0) as stage:
        yield stage
