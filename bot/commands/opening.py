"""The database, opened for a command, with every fault in one line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bot.commands import CommandFailed
from bot.config import SQLITE, Config
from storage.clock import SystemClock
from storage.database import Database
from storage.errors import DatabaseInUse


@asynccontextmanager
async def database_beside_server(config: Config) -> AsyncIterator[Database]:
    """The database as it is, whether a server runs or not. Raises CommandFailed, StorageError."""
    require_file(config)
    database = await _open(config, lock=False)
    async with _closing(database):
        yield database


@asynccontextmanager
async def database_for_writing(config: Config) -> AsyncIterator[Database]:
    """The database, made and migrated when no server has it open. Raises CommandFailed, StorageError."""
    try:
        database = await _open(config, lock=True)
    except DatabaseInUse:
        database = await _open(config, lock=False)
    async with _closing(database):
        yield database


@asynccontextmanager
async def database_to_migrate(config: Config) -> AsyncIterator[Database]:
    """The database with its tables as they are, and nobody else in it. Raises CommandFailed, StorageError."""
    database = await _open(config, lock=True, prepare=False)
    async with _closing(database):
        yield database


def sqlite_file(config: Config) -> Path | None:
    url = config.storage.database
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


def require_file(config: Config) -> None:
    """SQLite would make an empty database where there is none."""
    file = sqlite_file(config)
    if file is not None and not file.exists():
        raise CommandFailed(f"{file} does not exist yet; `visitbot serve` or `visitbot migrate` makes it")


async def _open(config: Config, *, lock: bool, prepare: bool = True) -> Database:
    try:
        return await Database.open(config.storage.database, SystemClock(), lock=lock, prepare=prepare)
    except SQLAlchemyError as error:
        raise CommandFailed(f"the database cannot be opened: {_reason(error)}") from error


@asynccontextmanager
async def _closing(database: Database) -> AsyncIterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise CommandFailed(f"the database refused: {_reason(error)}") from error
    finally:
        await database.close()


def _reason(error: SQLAlchemyError) -> str:
    """The driver's own words: SQLAlchemy's would add the statement."""
    original = getattr(error, "orig", None)
    return str(original or type(error).__name__)
