"""The library of scripts, on either database."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bot.script_files import STARTER, read_library, read_scripts
from bot.script_store import store_scripts
from handlers import script_changes
from nlp import scripts
from nlp.scripts import ScriptIndex
from storage.database import Database
from storage.models import Script
from storage.scripts import Verdict
from storage.work import Work
from tests.fakes import NOON, FakeClock

TODAY = NOON.date()
QUESTIONS = (
    "客户说竞品价格低15%，怎么回",
    "帐期能不能再长点",
    "领导没批",
    "客户嫌交期太长",
    "今天天气怎么样",
    "荷包紧，想按月给钱",
    "怕配方被人偷走",
)


def script(code: str, **values: object) -> Script:
    return Script(**{"code": code, "title": "题", "body": "好", "phrasings": ["贵"], "status": "approved", **values})


def searched(stored: Script) -> scripts.Script:
    return scripts.Script(
        script_id=stored.code,
        title=stored.title,
        objections=tuple(stored.phrasings),
        body=stored.body,
        category=stored.category,
        kind=stored.plan_kind,
        tags=tuple(stored.tags),
        stages=tuple(stored.stages),
        industries=tuple(stored.industries),
        products=tuple(stored.products),
        competitors=tuple(stored.competitors),
    )


async def asked(work: Work, key: str, member_id: int, *offered: str) -> int:
    question = await work.scripts.asked(key, member_id, "太贵了", customer_id=None, category="价格", offered=offered)
    return question.question_id


async def test_only_what_is_approved_and_valid_today_is_offered(any_database: Database) -> None:
    day = timedelta(days=1)
    async with any_database.work() as work:
        for one in (
            script("A"),
            script("B", status="draft"),
            script("C", status="retired"),
            script("D", valid_from=TODAY, valid_until=TODAY),
            script("E", valid_from=TODAY + day),
            script("F", valid_until=TODAY - day),
        ):
            work.scripts.add(one)
    async with any_database.reading() as work:
        assert [one.code for one in await work.scripts.offered(TODAY)] == ["A", "D"]
        assert len(await work.scripts.all()) == 6


async def test_a_library_that_was_imported_answers_as_its_file_does(any_database: Database) -> None:
    """On either database, hit by hit: both are compared with the file."""
    async with any_database.work() as work:
        await store_scripts(work, read_library(STARTER).rows, source="test")
    async with any_database.reading() as work:
        imported = ScriptIndex(searched(each) for each in await work.scripts.offered(TODAY))
    file = ScriptIndex(read_scripts(STARTER))
    for question in QUESTIONS:
        assert imported.search(question) == file.search(question)


async def test_the_revision_tells_every_change(any_database: Database, clock: FakeClock) -> None:
    async with any_database.reading() as work:
        seen = [await work.scripts.revision()]
    async with any_database.work() as work:
        work.scripts.add(script("A"))
    async with any_database.reading() as work:
        seen.append(await work.scripts.revision())
    async with any_database.work() as work:
        found = await work.scripts.find("A")
        assert found is not None
        found.body = "更好"
        # within the same moment of the clock
        work.scripts.changed(found)
    async with any_database.reading() as work:
        seen.append(await work.scripts.revision())
        assert await work.scripts.revision() == seen[-1]
    assert len(set(seen)) == 3


async def test_a_message_asks_once_and_its_offers_are_judged(any_database: Database) -> None:
    async with any_database.work() as work:
        member = await work.members.add("李晓彤", ["sales"])
        work.scripts.add(script("A"))
        work.scripts.add(script("B"))
        await work.session.flush()
        first = await asked(work, "m-1", member.member_id, "B", "A")
        assert await asked(work, "m-1", member.member_id, "A") == first
        assert [use.code for use in await work.scripts.uses(first)] == ["B", "A"]
        await work.scripts.judge(first, "A", was_useful=False)
        await work.scripts.judge(first, "A", was_useful=True)
        await work.scripts.judge(first, "B", was_useful=False)
        assert await work.scripts.judge(first, "C", was_useful=True) is None
        assert await work.scripts.verdicts() == {"A": Verdict(1, 0), "B": Verdict(0, 1)}


async def test_gaps_are_those_unanswered_and_unsettled_of_the_members_asked_for(any_database: Database) -> None:
    async with any_database.work() as work:
        mine = await work.members.add("李晓彤", ["sales"])
        other = await work.members.add("赵一鸣", ["sales"])
        work.scripts.add(script("A"))
        await work.session.flush()
        first = await asked(work, "m-1", mine.member_id)
        second = await asked(work, "m-2", mine.member_id)
        await asked(work, "m-3", mine.member_id, "A")
        theirs = await asked(work, "m-4", other.member_id)
        work.scripts.settle(await work.scripts.get_question(first), other.member_id)
        await work.session.flush()

        assert [gap.question_id for gap in await work.scripts.gaps([mine.member_id], limit=10)] == [second]
        assert [gap.question_id for gap in await work.scripts.gaps(None, limit=10)] == [theirs, second]


async def test_what_was_another_accounts_goes_along_when_two_are_one(any_database: Database) -> None:
    async with any_database.work() as work:
        member = await work.members.add("李晓彤", ["sales"])
        other = await work.members.add("lxt", ["sales"])
        mine = {"owner_id": other.member_id, "proposed_by": other.member_id, "approved_by": other.member_id}
        work.scripts.add(script("A", **mine))
        await work.session.flush()
        question_id = await asked(work, "m-1", other.member_id)
        work.scripts.settle(await work.scripts.get_question(question_id), other.member_id)
        await work.members.absorb(member, other)
    async with any_database.reading() as work:
        found, question = await work.scripts.find("A"), await work.scripts.get_question(question_id)
        assert found is not None
        assert {found.owner_id, found.proposed_by, found.approved_by} == {member.member_id}
        assert (question.member_id, question.settled_by) == (member.member_id, member.member_id)


async def test_what_was_asked_and_offered_is_counted(any_database: Database, clock: FakeClock) -> None:
    async with any_database.work() as work:
        member = await work.members.add("李晓彤", ["sales"])
        other = await work.members.add("赵一鸣", ["sales"])
        for code in "ABCD":
            work.scripts.add(script(code, status="retired" if code == "D" else "approved"))
        await work.session.flush()
        await asked(work, "long ago", member.member_id, "A")
    clock.advance(timedelta(days=5))
    async with any_database.work() as work:
        since = work.now
        first = await asked(work, "m-1", member.member_id, "B", "A")
        await asked(work, "m-2", member.member_id, "B")
        await asked(work, "m-3", member.member_id)
        await asked(work, "m-4", other.member_id, "A")
        await work.scripts.judge(first, "B", was_useful=True)
        mine = [member.member_id]

        assert await work.scripts.asked_since(mine, since) == (3, 2)
        assert await work.scripts.asked_since(None, since) == (4, 3)
        assert await work.scripts.asked_since([], since) == (0, 0)
        most = await work.scripts.most_offered(mine, since, limit=5)
        assert [(one.code, times) for one, times in most] == [("B", 2), ("A", 1)]
        assert [one.code for one in await work.scripts.never_offered(TODAY)] == ["C"]
        assert await work.scripts.verdicts(mine, since=since) == {"B": Verdict(1, 0)}
        assert await work.scripts.verdicts([other.member_id]) == {}


async def test_a_code_is_taken_once(any_database: Database) -> None:
    async with any_database.work() as work:
        assert await work.scripts.take_code(script("A"))
        late = script("A", title="另一条")
        assert not await work.scripts.take_code(late)
        late.code = "B"
        assert await work.scripts.take_code(late)
    async with any_database.reading() as work:
        assert [(one.code, one.title) for one in await work.scripts.all()] == [("A", "题"), ("B", "另一条")]


@pytest.mark.postgres
async def test_scripts_added_at_the_same_moment_get_codes_of_their_own(instances: tuple[Database, Database]) -> None:
    async with instances[0].work() as work:
        member = await work.members.add("李晓彤", ["sales"])

    async def add(database: Database, number: int) -> str:
        async with database.work() as work:
            new = Script(title=f"题{number}", category="", body="好", phrasings=["贵"], status="draft")
            await script_changes.add(work, new, by=member, source=f"m-{number}", noted=("title",))
            return new.code

    codes = await asyncio.gather(*(add(database, number) for number, database in enumerate(instances * 4)))

    assert sorted(codes) == [f"TM-{number:02}" for number in range(1, 9)]
    async with instances[0].reading() as work:
        assert len({(one.code, one.title) for one in await work.scripts.all()}) == 8
        assert all([len(await work.audit.of(f"script:{code}")) == 1 for code in codes])


async def test_a_fault_that_is_no_taken_code_is_not_hidden(any_database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with any_database.work() as work:
            await work.scripts.take_code(script("A", owner_id=99))


async def test_what_nobody_decided_is_listed_and_a_message_proposes_once(any_database: Database) -> None:
    async with any_database.work() as work:
        member = await work.members.add("李晓彤", ["sales"])
        for code in ("A", "B"):
            work.scripts.add(script(code))
        await work.session.flush()
        first = await work.scripts.propose("m-1", "A", member.member_id, base_version=1, changes={"body": "更好"})
        second = await work.scripts.propose("m-2", "B", member.member_id)
        work.scripts.decide(await work.scripts.lock_proposal(first.proposal_id), "approved", member.member_id)
        await work.session.flush()
        assert await work.scripts.open_proposals("A") == []
        assert [one.proposal_id for one in await work.scripts.open_proposals()] == [second.proposal_id]
    with pytest.raises(IntegrityError):
        async with any_database.work() as work:
            await work.scripts.propose("m-1", "B", 1)
