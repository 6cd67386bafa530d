"""Each conversation of this suite runs once on every line of `LINES`; those of several lines at once on `PAIRS`."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from handlers.messages import PlatformName
from tests import chat
from tests.contract.dingtalk import DingTalkLine
from tests.contract.phones import Company, Line, company
from tests.contract.playground import PlaygroundLine
from tests.contract.wecom import WeComLine
from tests.contract.wecom_bot import WeComBotLine
from tests.fakes import FakeClock

LINES: Mapping[str, Callable[[FakeClock], Line]] = {
    "playground": lambda _: PlaygroundLine(),
    "wecom": WeComLine,
    "dingtalk-stream": DingTalkLine,
    "dingtalk-http": lambda clock: DingTalkLine(clock, "http"),
    "dingtalk-numbers": lambda clock: DingTalkLine(clock, has_cards=False),
    "wecom-bot-socket": WeComBotLine,
    "wecom-bot-callback": lambda clock: WeComBotLine(clock, "callback"),
}
PAIRS = (("wecom", "dingtalk-stream"), ("dingtalk-http", "wecom-bot-socket"))

Opening = Callable[..., AbstractAsyncContextManager[Company]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(chat.FRIDAY)


@pytest.fixture
def opened(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> Opening:
    """Opens the company on the lines named; `homes` says who has accounts where."""

    @asynccontextmanager
    async def opening(*names: str, homes: Mapping[str, Sequence[PlatformName]] | None = None) -> AsyncIterator[Company]:
        async with AsyncExitStack() as stack:
            lines = [await stack.enter_async_context(LINES[name](clock)) for name in names]
            yield await stack.enter_async_context(
                company(lines, database_url=sqlite_url, folder=tmp_path, clock=clock, homes=homes)
            )

    return opening


@pytest.fixture(params=LINES)
async def office(request: pytest.FixtureRequest, opened: Opening) -> AsyncIterator[Company]:
    async with opened(request.param) as office:
        yield office
