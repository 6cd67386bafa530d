import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.redact import holds_any, redact

PERSONAL = [
    ("王总手机13800138000，微信同号", "王总手机⟦电话1⟧，微信同号"),
    ("电话138-0013-8000", "电话⟦电话1⟧"),
    ("打 +86 138 0013 8000 找他", "打 ⟦电话1⟧ 找他"),
    ("座机0574-87654321转808", "座机⟦电话1⟧"),
    ("座机（0574）87654321", "座机（⟦电话1⟧"),
    ("客服400-820-8820", "客服⟦电话1⟧"),
    ("号码是一三八零零一三八零零零", "号码是⟦电话1⟧"),
    ("幺三八，零零幺三，八零零零", "⟦电话1⟧"),
    ("身份证330281199001011234", "身份证⟦证件1⟧"),
    ("身份证33028119900101123X", "身份证⟦证件1⟧"),
    ("卡号6222 0212 3456 7890 123", "卡号⟦卡号1⟧"),
    ("发到wang.jg@hengli-valve.com.cn", "发到⟦邮箱1⟧"),
    ("合同号20261120001", "合同号⟦号码1⟧"),
    ("１３８００１３８０００", "⟦电话1⟧"),
]


@pytest.mark.parametrize(("text", "expected"), PERSONAL)
def test_what_identifies_a_person_is_replaced_by_a_mark(text: str, expected: str) -> None:
    found = redact(text)

    # where a bracket belongs to the number, it goes with it or stays: either way no digit does
    assert re.sub(r"[（(]⟦", "⟦", found.text) == re.sub(r"[（(]⟦", "⟦", expected)
    assert found.restore(found.text) == text


@pytest.mark.parametrize(
    "text",
    [
        "预算大概八十五万，报价1200000元，单价3800一台",
        "二零二六年十二月一号前，12月1日，2026-12-01，15到20号",
        "比竞品贵百分之十五，要三五十台，第一、第二、第三",
        "三一重工和三六零都在看，型号DN150-PN16",
    ],
)
def test_amounts_dates_and_names_stay(text: str) -> None:
    assert redact(text).text == text


def test_the_same_number_has_the_same_mark_and_another_another() -> None:
    assert redact("13800138000或13900139000，还是13800138000").text == "⟦电话1⟧或⟦电话2⟧，还是⟦电话1⟧"


def test_a_mark_that_the_text_has_of_itself_is_not_used() -> None:
    found = redact("⟦电话1⟧打13800138000")

    assert found.text == "⟦电话1⟧打⟦电话2⟧"
    assert found.restore(found.text) == "⟦电话1⟧打13800138000"


PIECES = [piece for text, _ in PERSONAL for piece in (text, text[-11:])] + [
    "⟦电话1⟧",
    "⟦",
    "⟧",
    "1",
    "@",
    "a.b",
    "零",
    "，",
]
hostile = st.lists(st.sampled_from(PIECES) | st.text(alphabet="0123456789一三八零@.aX -，转⟦⟧电话", max_size=12)).map(
    "".join
)


@given(st.text() | hostile)
def test_everything_comes_back(text: str) -> None:
    found = redact(text)

    assert found.restore(found.text) == text


@given(st.text() | hostile)
def test_nothing_that_identifies_leaks(text: str) -> None:
    left = redact(text)

    marks = "|".join(re.escape(name) for name, _ in left.kept)
    pieces = re.split(marks, left.text) if marks else [left.text]
    assert not any(holds_any(piece) for piece in pieces)


@pytest.mark.parametrize("character", [*"1一@a.0- （⟦", "1 ", "一，", "a@", "a.", "1-", "0571-"])
def test_a_hundred_thousand_of_the_same_are_worked_through(character: str) -> None:
    text = character * (100_000 // len(character))

    found = redact(text)

    assert found.restore(found.text) == text
