"""To-dos in the platform's own list: they go where the to-do goes."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path

import pytest

from bot.config import DingTalk
from tests.chat import OTHER, REP, SHANGHAI
from tests.contract.dingtalk import DingTalkLine
from tests.contract.phones import Company, company
from tests.dialects.dingtalk import DingTalkDialect
from tests.fakes import FakeClock

SUBJECT = "提供安装排期表（宁波恒力阀门有限公司）"


class NativeLine(DingTalkLine):
    """DingTalk with to-dos in its own list."""

    def settings(self) -> Mapping[str, object]:
        return {"dingtalk": DingTalk.model_validate(self.dingtalk.settings() | {"native_todos": True})}

    @property
    def dingtalk(self) -> DingTalkDialect:
        return self._dingtalk


@pytest.fixture
def line(clock: FakeClock) -> NativeLine:
    return NativeLine(clock)


@pytest.fixture
async def office(line: NativeLine, clock: FakeClock, sqlite_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    """After a visit with one to-do, due on Wednesday."""
    async with line, company([line], database_url=sqlite_url, folder=tmp_path, clock=clock) as office:
        rep = office.phone(REP)
        await rep.says("今天拜访了宁波恒力阀门，见了采购部的王经理，我答应下周三前把安装排期表给他。")
        await rep.presses("确认")
        yield office


def listed(line: NativeLine, user_id: str) -> list[tuple[str, datetime | None]]:
    """What is in a person's list and not ticked off, with when it is due."""
    return [
        (task.subject, datetime.fromtimestamp(task.due_ms / 1000, SHANGHAI) if task.due_ms else None)
        for task in line.dingtalk.tasks(user_id, done=False)
    ]


async def test_a_to_do_is_in_the_list_and_due_when_work_ends(line: NativeLine, office: Company) -> None:
    assert listed(line, REP) == [(SUBJECT, datetime(2026, 11, 25, 18, tzinfo=SHANGHAI))]


async def test_done_in_the_chat_it_is_ticked_off_in_the_list(line: NativeLine, office: Company) -> None:
    await office.phone(REP).says("排期表搞定了")

    assert listed(line, REP) == []
    assert [task.subject for task in line.dingtalk.tasks(REP, done=True)] == [SUBJECT]


async def test_postponed_it_is_in_the_list_once_with_the_new_date(line: NativeLine, office: Company) -> None:
    await office.phone(REP).says("排期表改到下周五下午三点")

    assert listed(line, REP) == [(SUBJECT, datetime(2026, 11, 27, 15, tzinfo=SHANGHAI))]


async def test_handed_on_it_moves_to_the_other_persons_list(line: NativeLine, office: Company) -> None:
    await office.phone(REP).says("排期表转给赵一鸣")

    assert listed(line, REP) == []
    assert listed(line, OTHER) == [(SUBJECT, datetime(2026, 11, 25, 18, tzinfo=SHANGHAI))]


async def test_called_off_it_is_in_no_list(line: NativeLine, office: Company) -> None:
    await office.phone(REP).says("取消第一个待办")

    assert line.dingtalk.tasks(REP) == []
