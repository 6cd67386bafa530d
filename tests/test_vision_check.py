"""What of a model's words the letters read here bear out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.vision_check import FEW_PAIRS, MOST_UNCONFIRMED, Letters, same_words

HOSTILE = st.text(
    alphabet=st.sampled_from("0123456789,.:-/ 零一二三两十百千万亿点几半周下上个月底天号%wk\n恒力a①３²½\ud800"),
    max_size=80,
)


def unconfirmed(words: str, *letters: str) -> tuple[str, ...]:
    return Letters.of(letters).unconfirmed(words)


@pytest.mark.parametrize(
    ("words", "letters"),
    [
        ("预算85万", "预算八十五万"),
        ("预算八十五万", "预算850,000"),
        ("单价1,280.00元", "单价 1280 元"),
        ("单价１２８０元", "单价1280元"),
        ("预算85万", "预算 85 万左右"),
        ("三五万吧", "三五万吧"),
        ("3月5日", "03月05日"),
        ("二零二六年", "2026年"),
        ("上午9:28", "上午09:28"),
        ("2026-03-05 14:20", "2026/3/5 14:20"),
        ("13800138000", "138-0013-8000"),
        ("138 0013 8000", "电话13800138000转"),
        ("13800138000", "电话1380013\n8000，王"),
        ("礼拜三发货", "星期三发货"),
        ("下周天", "下周日"),
        ("本月底之前", "本月\n底之前"),
        ("优惠8%", "优惠 8 %"),
        ("三台，共85件", "3 台,\n85\n件"),
        ("3，没错", "三台"),
        ("四面出风机，85", "3\n四面出风机\n85\n万科"),
        ("十二点半", "12点半"),
        ("大概8.5W", "大概8.5w"),
        ("等一下，我们一起看看", "等-下，我们－起看看"),
        ("有几台", "有台"),
        ("好的，没问题", ""),
    ],
    ids=lambda value: value,
)
def test_a_figure_is_confirmed_however_it_is_written(words: str, letters: str) -> None:
    assert unconfirmed(words, letters) == ()


@pytest.mark.parametrize(
    ("words", "letters", "expected"),
    [
        ("预算85万", "预算85元", ("85万",)),
        ("预算85万", "预算8.5万", ("85万",)),
        ("预算85", "电话13850138000", ("85",)),
        ("35天", "3-5天", ("35",)),
        ("八十六万", "85万", ("八十六万",)),
        ("13900139000", "13800138000", ("13900139000",)),
        ("138 0013 8001", "138 0013 8000", ("8001",)),
        ("8折", "打折", ("8",)),
        ("优惠8%", "优惠8元", ("8%",)),
        ("周三发货", "周二发货", ("周三",)),
        ("下周三发货", "周三发货", ("下周三",)),
        ("3台", "周三", ("3",)),
        ("3台", "3天，共4台", ("3",)),
        ("涨了8", "涨了8%", ("8",)),
        ("十二点半", "两点半", ("十二",)),
        ("明天付款", "后天付款", ("明天",)),
        ("下月底付款", "月底付款", ("下月底",)),
        ("一台", "两台", ("一",)),
        ("3月5日和3月6日", "3月5日", ("6",)),
        ("9万，9万，9万", "", ("9万",)),
    ],
    ids=lambda value: str(value),
)
def test_a_figure_that_was_not_read_here_is_named_once_as_it_stands(
    words: str, letters: str, expected: tuple[str, ...]
) -> None:
    assert unconfirmed(words, letters) == expected


def test_all_texts_read_here_count() -> None:
    assert unconfirmed("八十五万，三台", "预算八十", "五万", "预算八十五万", "三台") == ()


def test_no_more_than_a_few_are_named() -> None:
    assert len(unconfirmed(" ".join(map(str, range(1000))), "")) == MOST_UNCONFIRMED


@given(HOSTILE)
def test_words_are_always_confirmed_by_themselves(words: str) -> None:
    assert unconfirmed(words, words) == ()
    assert Letters.of([words]).share_of(words) == 1.0


@given(HOSTILE, HOSTILE)
def test_more_letters_never_confirm_less(words: str, letters: str) -> None:
    assert set(unconfirmed(words, letters, words[::-1])) <= set(unconfirmed(words, letters))


@given(st.integers(min_value=1, max_value=10**15))
def test_a_number_confirms_itself_and_not_the_next(number: int) -> None:
    assert unconfirmed(f"共{number:,}元", f"{number}元") == ()
    assert unconfirmed(f"共{number + 1}元", f"{number}元") == (str(number + 1),)


@pytest.mark.parametrize(
    "words", ["9" * 100_000, "下" * 100_000, "1," * 50_000, "1 " * 50_000, "一" * 100_000, "﷽" * 4000]
)
def test_hostile_lengths_take_no_longer_than_their_length(words: str) -> None:
    assert unconfirmed(words, words) == ()


def test_the_share_is_of_pairs_of_characters_and_few_of_them_tell_nothing() -> None:
    letters = Letters.of(["含税的，下周三前 把合同发您"])

    assert letters.share_of("含税的下周三前把合同发您") > 0.9
    assert letters.share_of("含税的，下周三前把台同发您") > 0.7
    assert letters.share_of("我们同意签约并且放弃所有索赔") < 0.1
    assert letters.share_of("恒" * FEW_PAIRS) == 1.0


def test_the_same_words_differ_in_signs_and_width_only() -> None:
    assert same_words("含税的， ＯＫ!") == same_words("含税的,ok") != same_words("含税,ok")
