import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.redact import holds_any, redact

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
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
    "number",
    [
        "138 001 38000",
        "1 3 8 0 0 1 3 8 0 0 0",
        "138.0013.8000",
        "138，0013，8000",
        "138/0013/8000",
        "138\n0013\n8000",
        "138\u200b0013\u200b8000",
        "138 - 0013 - 8000",
        "138,001,38000",
        "一三八 0013 8000",
        "幺3八零零幺三8000",
        "zhang＠qq.com",
        "ｚｈａｎｇ＠ｑｑ．ｃｏｍ",
    ],
)
def test_a_number_in_whatever_groups_and_an_address_in_any_width_go(number: str) -> None:
    found = redact(f"电话{number}，他说")

    assert re.fullmatch(r"电话⟦..1⟧，他说", found.text)
    assert found.restore(found.text) == f"电话{number}，他说"


@given(
    st.integers(min_value=0, max_value=10**12),
    st.sampled_from(["", ".0", ".5", ".00", ".35"]),
    st.sampled_from(["元", " 元", "块", "万"]),
)
def test_an_amount_in_thousands_stays(yuan: int, rest: str, unit: str) -> None:
    text = f"预算{yuan:,}{rest}{unit}"

    assert redact(text).text == text


@given(DAYS, DAYS, st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]))
def test_dates_stay(one: date, other: date, form: str) -> None:
    text = f"从{one.strftime(form)}到{other.strftime(form)}，{one:%m.%d}-{other:%m.%d}"

    assert redact(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "预算1,380,013,800.00 元，定金13800138元，另付13,800,138,000.5元",
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
hostile = st.lists(
    st.sampled_from(PIECES) | st.text(alphabet="0123456789一三八零@.aX -，转⟦⟧电话＠/\n\u200b", max_size=12)
).map("".join)


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


@pytest.mark.parametrize(
    "character", [*"1一@a.0- （⟦", "1 ", "一，", "a@", "a.", "1-", "0571-", "13\u200b", "1   ", "138，"]
)
def test_a_hundred_thousand_of_the_same_are_worked_through(character: str) -> None:
    text = character * (100_000 // len(character))

    found = redact(text)

    assert found.restore(found.text) == text
