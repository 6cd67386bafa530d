"""Words that a speech engine spells by sound."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import mishearing, money

AS_SAID = {
    "越底前给方案": "月底前给方案",
    "一月上寻送到": "一月上旬送到",
    "三月下询再说": "三月下旬再说",
    "远淡钱就上线": "元旦前就上线",
    "原诞以后再说": "元旦以后再说",
    "夏州二出终稿": "下周二出终稿",
    "别拖过下周散，": "别拖过下周三，",
    "下里拜三带过去": "下礼拜三带过去",
    "十号钱要交": "十号前要交",
    "就是怕受后跟不上": "就是怕售后跟不上",
    "项目已经立向了": "项目已经立项了",
    "必须公开招表": "必须公开招标",
    "她先高，": "她嫌高，",
    "他说显我们价格高": "他说嫌我们价格高",
    "后续在联系": "后续再联系",
    "年后在约": "年后再约",
    "前的话要等": "钱的话要等",
    "财政说，前到位了": "财政说，钱到位了",
    "就是没前了": "就是没钱了",
    "不是前的问题": "不是钱的问题",
    "我下周一记。": "我下周一寄。",
    "先计两套样品": "先寄两套样品",
    "预算披下来了": "预算批下来了",
    "今年播款了": "今年拨款了",
    "他让我报架": "他让我报价",
    "发一份寻价单": "发一份询价单",
    "与付款三十万": "预付款三十万",
    "玉算85万，我们抱的是92万": "预算85万，我们报的是92万",
    "一年三百顿": "一年三百吨",
    "物流不老耿": "物流部老耿",
}


@pytest.mark.parametrize(("written", "said"), AS_SAID.items(), ids=AS_SAID)
def test_what_is_spelled_by_sound_is_read_as_said(written: str, said: str) -> None:
    assert mishearing.heard(written) == said


@pytest.mark.parametrize(
    "text",
    [
        "拥抱变化",
        "抱歉",
        "他抱怨价格高",
        "轮胎爆了三条",
        "月底前的话来不及",
        "三号前到位",
        "之前批了",
        "这个项目没前途",
        "接受后再说",
        "享受后付款",
        "他们独立向外采购",
        "网上询价",
        "这个月中询问一下",
        "要求领先高端",
        "价格先高后低",
        "我们在谈价格",
        "他在联系厂家",
        "现在约时间",
        "正在去拜访的路上",
        "计算样品费",
        "记一下样品编号",
        "他披了件外套",
        "对手付了30万",
        "100元蛋糕券",
        "原蛋白含量",
        "蛋糕三十元诞生了",
        "吃了三顿饭",
        "合同与付款条件",
        "为保证交期",
        "公司的经历说明",
        "业主认可",
        "货架前的样机",
        "设备不行",
        "物流不老实",
        "出厂到货",
        "老板本上月",
        "技术不经意",
    ],
)
def test_words_that_only_look_misheard_stay(text: str) -> None:
    assert mishearing.heard(text) == text


def _amounts(text: str) -> list[int | None]:
    return [each.low_fen for each in money.amounts(mishearing.heard(text))]


def test_yi_before_a_measure_word_is_one_of_them_where_a_price_is_told() -> None:
    assert mishearing.heard("拿货价是65亿指") == "拿货价是65一支"
    assert _amounts("我说的价是两万六亿蹲") == [2_600_000]


@pytest.mark.parametrize("text", ["一共要65亿指", "预算65亿顿左右", "他们六十五亿支", "三亿蹲"])
def test_yi_before_a_measure_word_is_no_money_elsewhere(text: str) -> None:
    assert _amounts(text) == []


def test_yi_of_money_stays() -> None:
    assert _amounts("总投资65亿，指标很紧") == [650_000_000_000]
    assert mishearing.heard("价格六十五亿指数") == "价格六十五亿指数"


SOUNDS = sorted({*"".join([*AS_SAID, *AS_SAID.values()]), *"亿指枝蹲顿敦抬支吨万价钱报是一二65，。的了"})
PIECES = st.one_of(st.sampled_from(SOUNDS), st.sampled_from([*AS_SAID]), st.characters())


@given(st.lists(PIECES, max_size=40).map("".join))
def test_the_length_stays_and_reading_twice_changes_nothing(text: str) -> None:
    read = mishearing.heard(text)

    assert len(read) == len(text)
    assert mishearing.heard(read) == read
    assert len(mishearing.of_money(text)) == len(text)


ALL_WORDS = sorted(
    {char for pattern, meant in mishearing.rules() for char in re.sub(r"[^一-鿿]", "", pattern.pattern) + meant}
)


@given(st.text(alphabet="".join(ALL_WORDS) + "，。5", max_size=60))
def test_no_rule_changes_the_length_of_what_it_reads(text: str) -> None:
    assert len(mishearing.heard(text)) == len(text)


@pytest.mark.parametrize("piece", ["5", "万", "亿", "前", "（", "两万六亿", "价钱", "越底前", "在降"])
def test_a_long_text_is_read_to_its_end(piece: str) -> None:
    text = piece * (100_000 // len(piece)) + "，越底前"

    assert mishearing.heard(text).endswith("月底前")
