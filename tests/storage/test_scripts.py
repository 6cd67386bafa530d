"""The library of scripts, on either database."""

from datetime import timedelta

from bot.script_files import STARTER, read_library, read_scripts
from bot.script_store import store_scripts
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
