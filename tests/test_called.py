"""Which member a name means, whoever says it and whatever for."""

import pytest

from handlers import called
from storage.database import Database

NAMES = ("李晓彤", "李晓明", "赵一鸣", "陈志远")


@pytest.fixture
async def company(database: Database) -> dict[str, int]:
    async with database.work() as work:
        ids = {name: (await work.members.add(name)).member_id for name in NAMES}
        gone = await work.members.add("赵一明")
        work.members.leave(gone)
    return ids | {"赵一明": gone.member_id}


@pytest.mark.parametrize(
    ("said", "meant", "is_sure"),
    [
        ("李晓彤", ["李晓彤"], True),
        ("晓彤", ["李晓彤"], True),
        ("lixiaotong", ["李晓彤"], True),
        ("陈经理", ["陈志远"], True),
        ("李经理", ["李晓彤", "李晓明"], False),
        # who left is nobody, so it is whoever works here and sounds so; and sounding so is asked about
        ("赵一明", ["赵一鸣"], False),
        ("李", [], False),
        ("王总", [], False),
    ],
)
async def test_a_name_means_those_that_match_best(
    database: Database, company: dict[str, int], said: str, meant: list[str], is_sure: bool
) -> None:
    async with database.reading() as work:
        found = await called.meant(work, said)

    assert [member.name for member in found.members] == meant
    assert found.is_sure is is_sure


async def test_only_those_who_may_be_meant_are_looked_at(database: Database, company: dict[str, int]) -> None:
    async with database.reading() as work:
        found = await called.meant(work, "李经理", among=[company["李晓明"], company["赵一鸣"]])
        by_full_name = await called.meant(work, "李晓彤", among=[company["赵一鸣"]])

    assert [member.name for member in found.members] == ["李晓明"]
    assert found.is_sure
    assert not by_full_name.members


async def test_an_order_about_people_takes_a_name_in_full_or_a_number(
    database: Database, company: dict[str, int]
) -> None:
    async with database.reading() as work:
        assert [one.name for one in await called.exactly(work, "李晓彤")] == ["李晓彤"]
        assert [one.name for one in await called.exactly(work, f"#{company['赵一鸣']}")] == ["赵一鸣"]
        assert await called.exactly(work, "晓彤") == []
        assert await called.exactly(work, "赵一明") == []
        assert [one.name for one in await called.exactly(work, "赵一明", active=False)] == ["赵一明"]
        assert await called.exactly(work, f"#{company['赵一明']}") == []


async def test_a_title_alone_makes_nobody_a_colleague(database: Database, company: dict[str, int]) -> None:
    """转给陈经理: that may be the customer's manager, whom the note goes on to tell of."""
    async with database.reading() as work:
        assert await called.is_written(work, "晓彤")
        assert not await called.is_written(work, "陈经理")
        assert not await called.is_written(work, "赵一明")
