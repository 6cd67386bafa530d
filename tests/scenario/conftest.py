from pathlib import Path

import pytest

from storage.database import Database
from tests import chat as chats
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(chats.FRIDAY)


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> chats.Chat:
    return await chats.build(database, clock, tmp_path)
