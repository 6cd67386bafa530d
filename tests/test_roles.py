"""What amounts are for, where the note around them decides. All is invented."""

import pytest

from tests.test_extract import W, draft

SAID: dict[str, tuple[str, list[tuple[str, int | None, int | None]]]] = {
    "theirs, then ours": (
        "他说竞品报的是六十八万我们报七十三万",
        [("competitor_price", 68 * W, 68 * W), ("quote", 73 * W, 73 * W)],
    ),
    "still owed": ("上批的12.6万拖到现在还没打", [("payment", 126_000, 126_000)]),
    "oil money": ("他还欠我们一万二的油款没结", [("payment", 12_000, 12_000)]),
    "a fee whatever the unit": ("条码费2000元一个", [("fee", 2_000, 2_000)]),
    "an opening": ("老板给的口子是两百五十万", [("budget", 250 * W, 250 * W)]),
    "kept within": ("总价要控制在二十五万以内", [("budget", None, 25 * W)]),
    "bought in a year": ("他们一年大概用个三十来万的泡棉", [("budget", 30 * W, 30 * W)]),
    "done last year is no budget": ("去年做了210万", [("other", 210 * W, 210 * W)]),
    "settled": ("她当场就定了，一共四万七千四", [("deal", 47_400, 47_400)]),
    "not settled": ("他没定，一共四万七千四", [("other", 47_400, 47_400)]),
    "one set": ("单套三万八，六套以上再谈", [("unit_price", 38_000, 38_000)]),
    "we estimate": ("我们估的方案大概两百六十万", [("quote", 260 * W, 260 * W)]),
}


@pytest.mark.parametrize(("text", "expected"), SAID.values(), ids=SAID.keys())
def test_the_note_decides_what_an_amount_is_for(text: str, expected: list[tuple[str, int | None, int | None]]) -> None:
    found = [(each.role, each.low_fen, each.high_fen) for each in draft(text).amounts]

    assert found == [(role, low and low * 100, high and high * 100) for role, low, high in expected]


def test_what_the_rep_keeps_a_price_within_in_a_chat_is_our_quote() -> None:
    told = draft("博远-李主任\n李主任：别弄太贵\n我：尽量控制在一百五十万以内", "wechat")

    assert [(each.role, each.high_fen) for each in told.amounts] == [("quote", 150 * W * 100)]


def test_an_amount_taken_back_is_kept_apart() -> None:
    told = draft("预算大概八十万，不对，八十五万")

    assert [each.low_fen for each in told.amounts] == [85 * W * 100]
    assert [each.low_fen for each in told.withdrawn] == [80 * W * 100]


def test_how_many_is_no_money() -> None:
    told = draft("他们要三十台，预算六十万")

    assert [(each.low, each.unit) for each in told.quantities] == [(30, "台")]
    assert len(told.amounts) == 1
