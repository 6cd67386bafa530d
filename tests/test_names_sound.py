"""Customers heard: what sounds alike, and that no text breaks or slows the search."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import clauses, companies, names, people, slots, sounds
from nlp.draft import CustomerEntry
from nlp.places import DEPARTMENTS, INDUSTRIES, LEGAL, REGIONS, SURNAMES, THIRD_PARTIES, TITLES

CUSTOMERS = tuple(
    CustomerEntry(name, aliases, contacts)
    for name, aliases, contacts in [
        ("宁波恒力阀门有限公司", (), ("王建国", "陈工")),
        ("宁波恒丽服饰有限公司", (), ()),
        ("台州锦程汽配有限公司", ("锦程",), ("李晓梅",)),
        ("上海博远医疗器械股份有限公司", ("博远", "BY Medical"), ()),
        ("华东电力设计院", ("华东院",), ()),
        ("有限公司", (), ()),
        ("（）", ("", "  "), ("", "王")),
        ("A", ("B",), ()),
    ]
)


@pytest.mark.parametrize(
    ("one", "other", "at_most"),
    [
        ("力", "力", 0.0),
        ("力", "利", 0.0),
        ("力", "离", 0.05),
        ("山", "三", 0.15),
        ("宁", "林", 0.3),
        ("发", "华", 0.7),
        ("福", "湖", 0.15),
        ("安", "昂", 0.15),
        ("星", "新", 0.15),
        ("A", "a", 0.0),
    ],
)
def test_confusions_of_speech_are_near(one: str, other: str, at_most: float) -> None:
    assert sounds.distance(one, other) <= at_most
    assert sounds.distance(one, other) == sounds.distance(other, one)


@pytest.mark.parametrize(("one", "other"), [("力", "天"), ("山", "波"), ("A", "B"), ("力", "，"), ("力", "A")])
def test_other_syllables_are_far(one: str, other: str) -> None:
    assert sounds.distance(one, other) >= 0.5


@pytest.mark.parametrize(
    ("one", "other"), [("山", "三"), ("福", "湖"), ("星", "新"), ("南", "兰"), ("荣", "龙"), ("国", "郭")]
)
def test_what_is_taken_for_one_another_shares_a_class(one: str, other: str) -> None:
    assert sounds.sound_class(one) == sounds.sound_class(other)


@given(st.text(max_size=8), st.text(min_size=1, max_size=8))
def test_likeness_lies_between_none_and_all(said: str, words: str) -> None:
    assert 0.0 <= sounds.similarity(said, words, (1.0,) * len(words)) <= 1.0
    assert sounds.similarity(words, words, (1.0,) * len(words)) == 1.0


ALPHABETS = [
    [*"".join(sorted(SURNAMES)[:40]), *TITLES[:60], "小", "老", "的", "，"],
    [*list(REGIONS)[:30], *INDUSTRIES[:30], *LEGAL, "恒", "力", "恒力", "拜访了", "从", "出来", "（"],
    [*DEPARTMENTS[:30], *THIRD_PARTIES[:20], "我们", "让", "竞品", "那边", "的", "王", "总", "说"],
    ["第一家", "第二家", "，", "。", "是", "宁波", "恒力", "锦程", "又去了", "拜访了", "跑了", "博远", "嗯"],
    ["王", "建", "国", "健", "果", "陈", "工", "李", "小", "妹", "晓", "说", "见了"],
    ["竞品", "是", "和", "、", "比", "贵", "用的", "A", "SAP", "科技", "报价", "，"],
]

HOSTILE = st.one_of(
    st.text(max_size=80), *(st.lists(st.sampled_from(words), max_size=25).map("".join) for words in ALPHABETS)
)


@settings(max_examples=400, deadline=None)
@given(HOSTILE)
def test_whatever_the_text_every_span_holds_its_words(text: str) -> None:
    pieces = clauses.split(text)
    rivals = companies.competitors(text, ("德信", "杭州华锐自动化有限公司"), CUSTOMERS)
    customer = companies.customer(text, CUSTOMERS, competitors=rivals)
    further = companies.others(text, CUSTOMERS, competitors=rivals)
    persons = people.everybody(text, pieces, CUSTOMERS, competitors=[rival.name for rival in rivals])

    for span in [each.span for each in (*rivals, *further, *persons, *((customer,) if customer else ()))]:
        assert 0 <= span.start < span.end <= len(text)
    if customer:
        assert customer.span not in [other.span for other in further]
        if customer.status != "known":
            assert customer.value == customer.span.of(text)
    assert set(people.contacts(text, pieces, CUSTOMERS, competitors=[r.name for r in rivals])) <= set(persons)
    for one, other in pairwise(persons):
        assert one.span.end <= other.span.start
    names.link(text[:40], CUSTOMERS)


@settings(max_examples=100, deadline=None)
@given(HOSTILE, st.lists(st.text(max_size=6), max_size=4), st.lists(st.text(max_size=6), max_size=4))
def test_whatever_stands_in_the_lists_nothing_raises(text: str, listed: list[str], aliases: list[str]) -> None:
    customers = tuple(CustomerEntry(name, tuple(aliases), tuple(listed)) for name in listed)

    companies.customer(text, customers, competitors=companies.competitors(text, tuple(aliases), customers))
    companies.others(text, customers)
    people.everybody(text, clauses.split(text), customers, competitors=listed)
    names.link(text, customers)


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "王",
            "王总",
            "小周，",
            "（",
            "(",
            "万",
            "1",
            " ",
            "的",
            "从",
            "比",
            "阀门",
            "公司",
            "宁波",
            "拜访了",
            "第一家，",
        ),
        *("竞品是", "宁波恒力阀门", "宁波横力阀门", "恒利，", "嗯", "我们", "让", "科技有限公司", "A贵", "\n"),
    ],
)
def test_twenty_thousand_characters_of_one_piece_are_worked_through(piece: str) -> None:
    """Work that grows with the square of the length would take minutes here, not a fraction of a second."""
    text = piece * (20_000 // len(piece))
    rivals = companies.competitors(text, ("德信",), CUSTOMERS)

    assert len(rivals) <= 30
    companies.customer(text, CUSTOMERS, competitors=rivals)
    assert len(people.everybody(text, clauses.split(text), CUSTOMERS)) <= people.MAX_MENTIONS


def test_the_number_of_comparisons_grows_with_the_text_not_with_its_square(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    def counting(said: str, words: str, weights: tuple[float, ...]) -> float:
        nonlocal compared
        compared += 1
        return sounds.similarity(said, words, weights)

    monkeypatch.setattr(names, "similarity", counting)
    chance = random.Random(7)
    pool = "恒横衡力利立宁林波博门们阀法发锦金程城台抬州洲今天去了看设备的，。"
    counts = []
    for size in (1_000, 20_000):
        compared = 0
        index = names.Index(CUSTOMERS)
        index.mentions("".join(chance.choice(pool) for _ in range(size)), least=companies.FAINT)
        counts.append(compared)

    assert counts[1] <= 20 * counts[0]


def test_the_work_of_one_name_is_bounded_however_many_customers_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    def counting(said: str, words: str, weights: tuple[float, ...]) -> float:
        nonlocal compared
        compared += 1
        return sounds.similarity(said, words, weights)

    monkeypatch.setattr(names, "similarity", counting)
    pool = "恒力鼎新瑞兴博远锦程华盛天宇"
    customers = tuple(
        CustomerEntry(f"{region}{one}{other}阀门有限公司")
        for region in REGIONS[30:50]
        for one in pool
        for other in pool
        if one != other
    )
    names.Index(customers).like("宁波横利阀门")

    # at most the ways to say a name and the two comparisons of trades, for each of the likeliest
    assert len(customers) > 3_000
    assert compared <= names.COMPARED * 10


def test_slots_do_not_overlap_and_are_limited() -> None:
    found = slots.find("拜访了宏达科技，" * 1_000)
    named = [slot for slot in found if not slot.listed_only]

    assert len(named) <= slots.MAX_SLOTS
    assert all(one.end <= other.start for one, other in pairwise(named))


def test_the_index_of_a_list_is_made_once() -> None:
    customers = tuple(CustomerEntry(f"宁波第{number}阀门厂") for number in range(50))

    assert names.index_of(customers) is names.index_of(customers)
    assert names.index_of((*customers[:1], *customers[1:])) is names.index_of(customers)


def test_fillers_within_a_name_do_not_hide_it() -> None:
    text = "刚从宁波嗯恒力啊阀门出来"
    customer = companies.customer(text, CUSTOMERS)

    assert customer is not None
    assert customer.value == "宁波恒力阀门有限公司"
    assert customer.span.of(text) == "宁波嗯恒力啊阀门"


def test_two_lists_do_not_mix() -> None:
    one, other = (CustomerEntry("宁波恒力阀门有限公司"),), (CustomerEntry("绍兴永晟纺织有限公司"),)

    assert names.link("恒力", one)
    assert names.link("恒力", other) == []
