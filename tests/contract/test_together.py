"""Several platforms served by one assistant: everybody is reached where they are, and has the same records there."""

from collections.abc import AsyncIterator

import pytest

from handlers.messages import PlatformName
from tests.chat import ANSWERS, MANAGER, OTHER, REP, VISIT
from tests.contract.books import books
from tests.contract.conftest import LINES, PAIRS, Opening
from tests.contract.phones import Company
from tests.contract.test_conversations import (
    ANSWERED,
    CONFIRMED,
    DRAFT,
    FIELDS,
    GATE,
    QUESTIONS,
    RISK,
    SAVED,
    TAKEN,
    TODO_CARDS,
    TODOS,
)
from tests.fakes import FakeClock

Names = tuple[PlatformName, PlatformName]


@pytest.fixture(params=PAIRS, ids=" and ".join)
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    here, there = request.param
    return here, there


def platforms(pair: tuple[str, str]) -> Names:
    here, there = (LINES[name](FakeClock()) for name in pair)
    return here.name, there.name


@pytest.fixture
async def both(pair: tuple[str, str], opened: Opening) -> AsyncIterator[tuple[Company, PlatformName, PlatformName]]:
    """Everybody has an account on both."""
    async with opened(*pair) as office:
        here, there = office.lines
        yield office, here, there


async def test_a_rep_here_and_a_manager_there_work_on_one_escalation(pair: tuple[str, str], opened: Opening) -> None:
    here, there = platforms(pair)
    async with opened(*pair, homes={REP: [here], MANAGER: [there]}) as office:
        rep, boss = office.phone(REP, here), office.phone(MANAGER, there)
        await rep.says(VISIT)
        await rep.presses("确认")
        await rep.says(ANSWERS)
        rep.shows(DRAFT, QUESTIONS, *TODO_CARDS, SAVED, GATE)
        boss.shows(RISK)

        await boss.presses("我来跟进")
        rep.shows(TAKEN)

        after = await books(office.assistant.database)
        assert (after.visits, after.fields, after.todos) == ((CONFIRMED,), (*FIELDS, *ANSWERED), TODOS)
        assert after.escalations == (("陈志远", "李晓彤", "taken"),)


async def test_a_draft_begun_here_is_corrected_and_confirmed_there(
    both: tuple[Company, PlatformName, PlatformName],
) -> None:
    office, here, there = both
    phone, other_phone, boss = office.phone(REP, here), office.phone(REP, there), office.phone(MANAGER, here)

    await phone.says(VISIT)
    await other_phone.says("预算改成90万")
    other_phone.shows(("拜访记录", "预算 90 万元 ✎"))
    phone.shows_closed("已更新，见新卡", by_click=False)
    await other_phone.presses("确认")
    other_phone.shows(QUESTIONS)
    await other_phone.says(ANSWERS)

    other_phone.shows(*TODO_CARDS, SAVED, GATE)
    boss.shows(RISK)
    assert office.phone(MANAGER, there).sees() == []
    after = await books(office.assistant.database)
    assert (after.visits, after.todos) == ((CONFIRMED,), TODOS)
    assert after.visits_begun_on == (here,)


async def test_what_was_noted_here_is_on_the_list_there(both: tuple[Company, PlatformName, PlatformName]) -> None:
    office, here, there = both
    phone, other_phone = office.phone(REP, here), office.phone(REP, there)
    await phone.says(VISIT)
    await phone.presses("确认")
    await phone.says(ANSWERS)

    await other_phone.says("待办")

    other_phone.shows(("提供安装排期表", "确认技术参数", "宁波恒力阀门有限公司"))


async def test_two_people_on_two_platforms_do_not_get_in_each_others_way(
    both: tuple[Company, PlatformName, PlatformName],
) -> None:
    office, here, there = both
    rep, other = office.phone(REP, here), office.phone(OTHER, there)

    await rep.says(VISIT)
    await other.says("今天去了恒丽服饰，见了林总监，预算三十万。")
    await other.presses_on(other, "确认")
    await rep.presses("确认")
    await rep.says(ANSWERS)

    after = await books(office.assistant.database)
    assert after.visits == (CONFIRMED, ("confirmed", "赵一鸣", "宁波恒丽服饰有限公司", "2026-11-20"))
    assert after.visits_begun_on == (here, there)
    assert rep.sees()[0].says("宁波恒力阀门")
    assert other.sees()[0].says("宁波恒丽服饰")
