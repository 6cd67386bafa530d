"""What verdicts and deals make of a script's place, and what they cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import script_deals, script_learning
from handlers.script_deals import MOVES_WITHIN, Deals
from handlers.script_desk import ScriptDesk
from handlers.script_learning import factor
from nlp import scripts
from nlp.lexicon import STAGES
from nlp.scripts import LEAST, MOST, ScriptIndex
from storage.models import Script, VisitField
from storage.scripts import Offer, Verdict
from storage.work import Work
from tests.chat import Chat

COUNTS = st.integers(0, 10_000)
DAY = timedelta(days=1)


@given(COUNTS, COUNTS, COUNTS, COUNTS, st.floats(0, 1))
def test_no_votes_and_no_deals_take_a_script_out_of_bounds(
    useful: int, useless: int, offered: int, advanced: int, share: float
) -> None:
    assert LEAST <= factor(Verdict(useful, useless), Deals(offered, min(advanced, offered)), share) <= MOST


@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=200))
def test_whatever_a_team_presses_the_last_word_of_each_counts_within_bounds(words: Sequence[tuple[int, bool]]) -> None:
    last = dict(words)
    verdict = Verdict(sum(last.values()), len(last) - sum(last.values()))

    assert LEAST <= factor(verdict, Deals(), 0.0) <= MOST
    assert (factor(verdict, Deals(), 0.0) > 1) == (verdict.useful > verdict.useless)


def test_a_handful_of_votes_moves_little() -> None:
    assert abs(factor(Verdict(0, 5), Deals(), 0.0) - 1) < 0.025
    assert factor(Verdict(40, 0), Deals(), 0.0) > 1.05


def test_deals_count_against_what_all_scripts_do() -> None:
    assert factor(Verdict(0, 0), Deals(30, 15), 0.5) == 1.0
    assert factor(Verdict(0, 0), Deals(30, 25), 0.5) > 1.0 > factor(Verdict(0, 0), Deals(30, 5), 0.5)


def test_what_fits_half_as_well_again_stays_first_whatever_was_learned() -> None:
    assert 1.5 * LEAST > MOST * scripts.MOST_BOOSTED

    index = ScriptIndex(
        [
            scripts.Script("FIT", "停机损失谁来赔偿", ("停机一天的损失谁来赔",), "您放心。"),
            scripts.Script("FAR", "停机以后的安排", ("停机以后怎么安排",), "您放心。"),
        ]
    )
    fit, far = index.search("停机一天的损失谁来赔").hits
    assert fit.score > 1.5 * far.score
    learned = index.search("停机一天的损失谁来赔", weights={"FIT": 0.0, "FAR": 100.0})
    assert [hit.script_id for hit in learned.hits] == ["FIT", "FAR"]


# From what is kept


@pytest.fixture(autouse=True)
async def library(chat: Chat) -> None:
    async with chat.database.work() as work:
        for code in ("A", "B"):
            work.scripts.add(Script(code=code, title="题", body="好", phrasings=["贵"], status="approved"))


async def asks(work: Work, key: str, member_id: int, *codes: str, customer_id: int | None = None) -> int:
    question = await work.scripts.asked(key, member_id, "太贵", customer_id=customer_id, category="", offered=codes)
    return question.question_id


async def visits(work: Work, customer_id: int, stage: str) -> None:
    """A visit of today is confirmed that tells of the stage."""
    visit = await work.visits.begin(3, "wecom", visited_on=work.now.date(), sent_at=work.now)
    visit.state, visit.customer_id, visit.decided_at = "confirmed", customer_id, work.now
    said = await work.visits.keep_evidence(f"v-{visit.visit_id}", 3, "text", sent_at=work.now, text=stage)
    work.session.add(
        VisitField(
            visit_id=visit.visit_id,
            kind="stage",
            position=0,
            value={"kind": "stage", "name": stage},
            evidence_id=said.evidence_id,
            span_start=0,
            span_end=len(stage),
            words=stage,
            engine="rules",
            since_version=0,
        )
    )


async def weights(chat: Chat) -> dict[str, float]:
    async with chat.database.reading() as work:
        return dict(await script_learning.weights(chat.context, work))


async def test_nothing_is_learned_of_what_nobody_judged(chat: Chat) -> None:
    async with chat.database.work() as work:
        await asks(work, "m-1", 3, "A", "B")

    assert await weights(chat) == {}


async def test_one_person_cannot_bury_a_script(chat: Chat) -> None:
    async with chat.database.work() as work:
        for number in range(30):
            await work.scripts.judge(await asks(work, f"m-{number}", 3, "A"), "A", was_useful=False)
        await work.scripts.judge(await asks(work, "other", 4, "A"), "A", was_useful=True)

        assert await work.scripts.verdicts() == {"A": Verdict(1, 1)}
    assert await weights(chat) == {"A": 1.0}


async def test_a_changed_script_begins_anew(chat: Chat) -> None:
    async with chat.database.work() as work:
        await work.scripts.judge(await asks(work, "m-1", 3, "A"), "A", was_useful=False)
    assert (await weights(chat))["A"] < 1
    chat.clock.advance(DAY)
    async with chat.database.work() as work:
        script = await work.scripts.find("A")
        assert script is not None
        script.body = "更好"
        work.scripts.changed(script)

    assert await weights(chat) == {}


async def test_what_was_offered_before_a_deal_moved_on_counts_for_it(chat: Chat) -> None:
    async with chat.database.work() as work:
        for customer_id in (1, 2, 3):
            await visits(work, customer_id, "需求确认")
        for customer_id, codes in ((1, ("A", "B")), (2, ("B",)), (3, ("A",)), (4, ("B",))):
            await asks(work, f"m-{customer_id}", 3, *codes, customer_id=customer_id)
        # the asker found no use for it, so the deal moved without it
        await work.scripts.judge(1, "B", was_useful=False)
    chat.clock.advance(3 * DAY)
    async with chat.database.work() as work:
        await visits(work, 1, "方案设计")
        await visits(work, 2, "需求确认")
        await visits(work, 4, "方案设计")  # from where nobody told
    chat.clock.advance(MOVES_WITHIN - 4 * DAY)
    async with chat.database.work() as work:
        await visits(work, 3, "线索获取")
    # until its time is over, nobody knows of an offer
    assert await weights(chat) == {"B": factor(Verdict(0, 1), Deals(), 0.0)}
    chat.clock.advance(10 * DAY)
    async with chat.database.work() as work:
        await visits(work, 2, "合同签订")

    share = 1 / 3
    assert await weights(chat) == {
        "A": factor(Verdict(0, 0), Deals(offered=2, advanced=1), share),
        "B": factor(Verdict(0, 1), Deals(offered=1), share),
    }


async def fresh(chat: Chat) -> dict[str, float]:
    """The weights as somebody reckons them who has kept nothing."""
    anew = replace(chat.context, scripts=ScriptDesk())
    async with chat.database.reading() as work:
        return dict(await script_learning.weights(anew, work))


async def test_deals_counted_once_a_day_weigh_the_same_as_those_counted_at_each_question(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    counted = script_deals.counted

    def watched(offers: Sequence[Offer], *others: Any) -> Mapping[str, Deals]:
        counts.append(len(offers))
        return counted(offers, *others)

    async with chat.database.work() as work:
        for customer_id in (1, 2, 3):
            await visits(work, customer_id, "需求确认")
    for day in range(1, 6):
        async with chat.database.work() as work:
            for customer_id in (1, 2, 3):
                codes = ("A",) if customer_id == 1 else ("A", "B")
                await asks(work, f"m-{day}-{customer_id}", 3, *codes, customer_id=customer_id)
            if day == 3:
                await visits(work, 1, "方案设计")
        chat.clock.advance(DAY)
    assert await weights(chat) == {}

    seen = []
    for _ in range(8):
        chat.clock.advance(DAY * 5)
        seen.append(await weights(chat))
        assert seen[-1] == await fresh(chat)
    assert seen[-1]["A"] > seen[-1]["B"] > 0
    assert len({tuple(each.items()) for each in seen}) > 1

    monkeypatch.setattr(script_deals, "counted", watched)
    chat.clock.advance(timedelta(minutes=5))
    assert await weights(chat) == seen[-1]
    assert counts == []
    # a word counts at once
    async with chat.database.work() as work:
        await work.scripts.judge(await asks(work, "m-now", 3, "A"), "A", was_useful=True)
    assert (await weights(chat))["A"] > seen[-1]["A"]
    assert counts == []
    # and so does a change of the library
    chat.clock.advance(timedelta(minutes=5))
    async with chat.database.work() as work:
        script = await work.scripts.find("A")
        assert script is not None
        work.scripts.changed(script)
    assert await weights(chat) == await fresh(chat)
    assert "A" not in await weights(chat)
    assert len(counts) == 2  # once for each of the two


def test_of_a_day_in_another_zone_the_visit_of_that_day_comes_before() -> None:
    late = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)
    told = {1: [(date(2026, 11, 3), "需求确认"), (date(2026, 11, 9), "方案设计")]}
    offers = [Offer("A", 1, late)]

    assert script_deals.counted(offers, told, ZoneInfo("Asia/Shanghai"), STAGES) == {"A": Deals(1, 1)}
    assert script_deals.counted(offers, told, ZoneInfo("UTC"), STAGES) == {}
