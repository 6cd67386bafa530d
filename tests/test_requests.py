"""What a rep says to have somebody up the line come in, what is no such request, and whom a name means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import colleagues, requests


@pytest.mark.parametrize(
    ("said", "to"),
    [
        ("这个要总监出面", "director"),
        ("这个要总监出面。", "director"),
        ("要请总监支持一下", "director"),
        ("这单请主管介入", "manager"),
        ("需要领导出面协调一下", "manager"),
        ("升级", "manager"),
        ("这个客户要升级", "manager"),
        ("帮我把这个上报给经理", "manager"),
        ("这个事我想请总监出面", "director"),
        ("上报给区域总监", "director"),
    ],
)
def test_a_request_says_to_whom(said: str, to: str) -> None:
    read = requests.read(said)

    assert read is not None
    assert (read.to, read.who) == (to, "")


def test_the_reason_the_person_and_the_customer_are_read() -> None:
    read = requests.read("上报给总监：客户要求降价20%")
    assert read is not None
    assert read.reason == "客户要求降价20%"
    read = requests.read("请陈志远出面")
    assert read is not None
    assert read.who == "陈志远"
    read = requests.read("恒力这个要请陈经理出面，他们要换供应商")
    assert read is not None
    assert (read.customer, read.who, read.reason) == ("恒力", "陈经理", "他们要换供应商")


@pytest.mark.parametrize(
    "said",
    [
        "客户说要总监出面谈",
        "王总说要我们总监出面",
        "他们要求总监出面",
        "客户要总监出面",
        "不用总监出面",
        "这个没必要总监出面",
        "先别上报",
        "不要上报给总监",
        "设备要升级",
        "系统升级",
        "客户要求升级",
        "总监支持",
        "请客户出面",
        "刚从宁波恒力出来，见了王经理，要总监出面",
        "今天见了王总，这个要总监出面",
        "",
        "升" * 400,
    ],
)
def test_what_is_told_refused_or_about_something_else_is_no_request(said: str) -> None:
    assert requests.read(said) is None


@given(st.text(alphabet="这那个要请总监经理出面升级上报给不别客户说，：。恒力陈", max_size=60))
def test_whatever_is_said_is_read_in_one_piece(said: str) -> None:
    read = requests.read(said)

    assert read is None or read.words == said.strip()


NAMES = ["李晓彤", "赵一鸣", "李晓桐", "周敏", "Anna Li"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("李晓彤", ["李晓彤"]),
        ("一鸣", ["赵一鸣"]),
        ("晓", []),
        ("李经理", ["李晓彤", "李晓桐"]),
        ("lixiaotong", ["李晓彤", "李晓桐"]),
        ("zym", ["赵一鸣"]),
        ("Zhao Yiming", ["赵一鸣"]),
        ("周闽", ["周敏"]),
        ("赵一明", ["赵一鸣"]),
        ("anna", ["Anna Li"]),
        ("", []),
        ("王小二", []),
    ],
)
def test_a_name_means_those_it_matches_best(said: str, meant: list[str]) -> None:
    assert [NAMES[place] for place in colleagues.find(said, NAMES)] == meant


def test_what_only_sounds_like_a_name_is_not_sure() -> None:
    assert colleagues.is_sure("一鸣", "赵一鸣")
    assert colleagues.is_sure("zhaoyiming", "赵一鸣")
    assert not colleagues.is_sure("赵一明", "赵一鸣")


@given(st.text(max_size=12), st.lists(st.text(max_size=6), max_size=5))
def test_any_words_find_only_people_of_the_list(said: str, names: list[str]) -> None:
    assert all(0 <= place < len(names) for place in colleagues.find(said, names))
