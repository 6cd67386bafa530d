"""The written formula of how far a record may be believed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import credibility
from handlers import evidence_texts as texts
from handlers.record import ContactValue, CustomerValue, DemoValue, Fact, ObjectionValue, Record, StepValue, Value
from storage.models import Evidence
from storage.visits import Source

DAY = date(2026, 11, 20)
WHOLE: tuple[Value, ...] = (
    CustomerValue(name="恒力", status="known"),
    ContactValue(name="王经理"),
    StepValue(owner="us", action="寄样品"),
)


def record(*values: Value, words: str = "words") -> Record:
    return Record(tuple(Fact(value, Source(1, 0, len(words), words)) for value in values))


def piece(kind: str, **more: Any) -> Evidence:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    values: dict[str, Any] = {"sha256": "a" * 64, "detail": {}, "sent_at": at, **more}
    return Evidence(event_key="e", member_id=1, kind=kind, **values)


def percent(pieces: list[Evidence], *, days: int = 0, of: Record | None = None) -> int:
    sent_on = DAY + timedelta(days=days)
    return credibility.of(of or record(*WHOLE), pieces, visited_on=DAY, sent_on=sent_on).percent


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([], 20),
        ([piece("text", sha256=None)], 20),
        ([piece("voice")], 40),
        ([piece("voice", label="首次试用反馈录音")], 100),
        ([piece("location", sha256=None)], 80),
        ([piece("file")], 80),
        ([piece("file", label="竞品对比表")], 80),
        ([piece("image")], 90),
        ([piece("image", label="现场照片", look=1)], 100),
        ([piece("image", label="现场照片", look=1, copy_of=7)], 20),
        ([piece("voice"), piece("image")], 90),
        ([piece("file", label="采购意向书")], 100),
        ([piece("file", label="采购意向书", copy_of=7)], 100),
    ],
)
def test_the_strongest_thing_that_came_along_counts(pieces: list[Evidence], expected: int) -> None:
    assert percent(pieces) == expected


@pytest.mark.parametrize(("days", "expected"), [(0, 100), (1, 80), (-1, 80), (2, 60), (4, 20), (5, 10), (30, 10)])
def test_a_day_late_costs_a_fifth(days: int, expected: int) -> None:
    assert percent([piece("file", label="采购意向书")], days=days) == expected


def test_parts_without_words_are_missing() -> None:
    picture = [piece("file", label="采购意向书")]

    assert percent(picture, of=record(*WHOLE[:2])) == 67
    assert percent(picture, of=record(*WHOLE[:1])) == 33
    assert percent(picture, of=record(*WHOLE, words="")) == 0
    assert percent(picture, of=record(*WHOLE[:2], DemoValue(refused=False))) == 100


def test_the_hint_names_what_would_raise_it_most() -> None:
    def hint(pieces: list[Evidence], of: Record) -> str:
        return credibility.of(of, pieces, visited_on=DAY, sent_on=DAY).hint

    assert hint([piece("voice")], record(*WHOLE)) == texts.HINT_PICTURE
    assert hint([piece("image")], record(*WHOLE)) == ""
    assert hint([piece("image")], record(*WHOLE[:1])) == "补上联系人、动作会更可信"
    assert hint([piece("voice")], record(*WHOLE[:1])) == "补上联系人、动作会更可信"
    assert hint([piece("voice")], record(*WHOLE[:2])) == texts.HINT_PICTURE


def test_it_is_told_with_where_it_comes_from() -> None:
    trust = credibility.of(record(*WHOLE), [piece("voice")], visited_on=DAY, sent_on=DAY + timedelta(days=2))

    assert credibility.told(trust) == (
        "过程可信度 24% = 可追溯 3/3 × 可核验 0.4（只有语音）× 时间 0.6（隔 2 天记录）；发一张截图或现场照会更可信"
    )


@given(
    st.lists(st.sampled_from(WHOLE), unique_by=lambda value: value.kind),
    st.lists(st.sampled_from(["voice", "image", "file", "video", "location", "text", "link"])),
    st.integers(-400, 400),
)
def test_each_factor_is_from_0_to_1_and_more_evidence_never_lowers_it(
    values: list[Value], kinds: list[str], days: int
) -> None:
    pieces, sent_on = [piece(kind) for kind in kinds], DAY + timedelta(days=days)
    trust = credibility.of(record(*values), pieces, visited_on=DAY, sent_on=sent_on)
    more = credibility.of(record(*values), [*pieces, piece("image")], visited_on=DAY, sent_on=sent_on)

    assert all(0 <= factor <= 1 for factor in (trust.traceable, trust.verifiable, trust.anchored, trust.score))
    assert more.score >= trust.score


def test_a_price_objection_lists_what_it_still_lacks() -> None:
    price, other = ObjectionValue(category="价格"), ObjectionValue(category="交付")
    shot = piece("image", text="王经理：你们太贵了")
    reply = StepValue(owner="us", action="发 ROI 测算表")

    assert credibility.of_price_objection(record(other), []) == ""
    assert credibility.of_price_objection(record(price), []) == (
        "价格异议还可以补：异议原文的截图；怎么应对（如：已提供 ROI 测算表、已安排技术对接）。"
    )
    assert credibility.of_price_objection(record(price), [shot]).startswith("价格异议还可以补：怎么应对")
    assert credibility.of_price_objection(record(price, reply), []) == "价格异议还可以补：异议原文的截图。"
    assert credibility.of_price_objection(record(price, reply), [shot]) == ""
