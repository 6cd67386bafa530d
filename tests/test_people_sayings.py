"""What counts as an order about people, and what does not; and codes, whatever they are typed like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import binding
from handlers.people_sayings import (
    CODE_LENGTH,
    CODE_LETTERS,
    AskBrief,
    Bind,
    HandOverTo,
    InviteSomebody,
    ListMembers,
    OwnCode,
    SaysBack,
    SaysLeft,
    ShowMember,
    UndoHandover,
    normalised,
    read,
)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("绑定 ABCD2345", Bind("ABCD2345")),
        ("绑定ａｂｃｄ-2345。", Bind("ABCD2345")),
        ("绑定：ABCD 2345", Bind("ABCD2345")),
        ("绑定码", OwnCode()),
        ("邀请 张三", InviteSomebody("张三")),
        ("邀请：张三 总监", InviteSomebody("张三", "director")),
        ("邀请 张三 销售 上级 陈志远 区域 华东", InviteSomebody("张三", "sales", "陈志远", "华东")),
        ("邀请 张三 区域:华东 上级：陈志远", InviteSomebody("张三", None, "陈志远", "华东")),
        ("成员", ListMembers()),
        ("成员 3", ListMembers(3)),
        ("成员 李晓彤", ShowMember("李晓彤")),
        ("成员 #12", ShowMember("#12")),
        ("离职 李晓彤", SaysLeft("李晓彤")),
        ("恢复：李晓彤。", SaysBack("李晓彤")),
        ("交接 李晓彤 给 赵一鸣", HandOverTo("李晓彤", "赵一鸣")),
        ("交接 恒力给赵一鸣", HandOverTo("恒力", "赵一鸣")),
        ("交接 给力机电 给 赵一鸣", HandOverTo("给力机电", "赵一鸣")),
        ("把恒力转给赵一鸣", HandOverTo("恒力", "赵一鸣", is_order=False)),
        ("将 恒力 移交给 赵一鸣", HandOverTo("恒力", "赵一鸣", is_order=False)),
        ("撤销交接", UndoHandover()),
        ("交接简报", AskBrief()),
        ("交接简报 恒力", AskBrief("恒力")),
    ],
)
def test_orders_are_read(text: str, order: object) -> None:
    assert read(text) == order


@pytest.mark.parametrize(
    "text",
    [
        "邀请王总参加下周的展会",
        "邀请 王总 参加展会",
        "邀请 张三 上级",
        "邀请 张三 销售 主管",
        "绑定客户资料",
        "绑定 12",
        "他们采购离职了",
        "李晓彤离职",
        "成员们都到了",
        "成员 0",
        "恢复供货",
        "交接",
        "撤销",
        "今天拜访了恒力，把排期表转给王经理，然后吃了饭",
        "",
    ],
)
def test_what_only_sounds_like_an_order_is_none(text: str) -> None:
    assert read(text) is None


@given(st.text(max_size=80))
def test_nothing_that_people_write_makes_it_fail(text: str) -> None:
    read(text)
    read(f"邀请 {text}")
    read(f"绑定 {text}")


def test_a_code_is_written_in_letters_that_are_not_mistaken_for_each_other() -> None:
    codes = {binding.new_code() for _ in range(200)}

    assert len(codes) == 200
    assert all(len(code) == CODE_LENGTH for code in codes)
    assert not set("".join(codes)) & set("01ILO")


FULL_WIDTH = {ord(letter): ord(letter) + 0xFEE0 for letter in CODE_LETTERS + CODE_LETTERS.lower()}


@given(
    st.text(CODE_LETTERS, min_size=CODE_LENGTH, max_size=CODE_LENGTH),
    st.lists(st.integers(1, CODE_LENGTH - 1), max_size=3),
    st.sampled_from(["", " ", "-", "　"]),
    st.booleans(),
    st.booleans(),
)
def test_a_code_is_known_however_it_is_typed(
    code: str, places: list[int], mark: str, is_small: bool, is_wide: bool
) -> None:
    typed = code.lower() if is_small else code
    for place in sorted(places, reverse=True):
        typed = typed[:place] + mark + typed[place:]
    typed = typed.translate(FULL_WIDTH) if is_wide else typed

    assert read(f"绑定 {typed}") == Bind(code)
    assert binding.digest(typed) == binding.digest(code)
    assert normalised(typed) == code


@given(
    st.text(CODE_LETTERS, min_size=CODE_LENGTH, max_size=CODE_LENGTH),
    st.text(CODE_LETTERS, min_size=CODE_LENGTH, max_size=CODE_LENGTH),
)
def test_two_codes_are_never_taken_for_each_other(one: str, other: str) -> None:
    assert (binding.digest(one) == binding.digest(other)) == (one == other)
