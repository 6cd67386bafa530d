"""Roles of amounts in whole sentences as people speak."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import money
from nlp.draft import ExtractionContext
from nlp.extract import extract
from nlp.lexicon import default_vocabulary, merged

W = 10_000
SENT_AT = datetime.fromisoformat("2026-11-19T17:20:00+08:00")

SPOKEN: dict[str, dict[str, list[tuple[str, int]]]] = {
    "the customer's purse": {
        "他们院长说最多四十万": [("budget", 40 * W)],
        "张总的意思是不超过三十万": [("budget", 30 * W)],
        "财政给的口子是一百二十万": [("budget", 120 * W)],
        "他们账上就剩十五万": [("budget", 15 * W)],
        "整个项目要控制在七十万以内": [("budget", 70 * W)],
        "我说我们尽量控制在七十万以内": [("quote", 70 * W)],
        "他们每年大概要用五六十万": [("budget", 50 * W)],
        "预算每套两万四": [("budget", 24_000)],
        "预算五六十万，最多六十五万": [("budget", 50 * W), ("budget", 65 * W)],
        "预算两百万，其中设备占一百二十万": [("budget", 200 * W), ("budget", 120 * W)],
        "要么降到两万三要么他就不买": [("budget", 23_000)],
    },
    "our price": {
        "我们估的方案大概一百八十万": [("quote", 180 * W)],
        "刊例价四万八": [("quote", 48_000)],
        "要五百套，我报二十二块五，他还二十，最后二十一块成交": [
            ("unit_price", 22),
            ("unit_price", 20),
            ("unit_price", 21),
        ],
        "单价我报的四百二十他说贵": [("unit_price", 420)],
        "单价两万一那个她说还行": [("unit_price", 21_000)],
    },
    "the competitor's price": {
        "隔壁那家才九千八一台": [("competitor_price", 9800)],
        "别家卖三千六一台": [("competitor_price", 3600)],
        "我们报的是五十万立科报的四十六万": [("quote", 50 * W), ("competitor_price", 46 * W)],
        "人家预算八十万": [("budget", 80 * W)],
    },
    "what was agreed": {
        "机器他定了两万九一台买三台一共八万七先付一半": [("unit_price", 29_000), ("deal", 87_000)],
        "那个单子他签了三万六千八嗯不对三万八千六嗯下周打款": [("deal", 38_600)],
        "续费是五万四一年": [("deal", 54_000)],
    },
    "money paid or owed": {
        "上批的八万六到现在还没打": [("payment", 86_000)],
        "上个月的十二万逾期了": [("payment", 12 * W)],
    },
    "services": {
        "防护要另外算的，大概三万五": [("fee", 35_000)],
        "运费另算2800": [("fee", 2800)],
        "进场费1500/个": [("fee", 1500)],
        "堆头费要涨，从每店300涨到每店600": [("fee", 300), ("fee", 600)],
        "做两场品鉴会，一场大概六千": [("fee", 6000)],
        "他让我报个维保价，我说行，一年一万八": [("fee", 18_000)],
        "运费另算每台三千八": [("unit_price", 3800)],
        "叉车月租2400/台": [("unit_price", 2400)],
    },
    "spelled by sound": {
        "玉算只有六十万": [("budget", 60 * W)],
        "我们抱的是七十二万": [("quote", 72 * W)],
        "单驾三千八": [("unit_price", 3800)],
    },
    "nothing says": {
        "这里面有八十万": [("other", 80 * W)],
        "对方报八十五万": [("other", 85 * W)],
        "8 15万没结": [],
        "说一百三就能做": [],
        "报价一百五十万，他说一百三": [("quote", 150 * W), ("other", 130 * W)],
    },
}


@pytest.mark.parametrize(
    ("text", "expected"), [case for group in SPOKEN.values() for case in group.items()], ids=lambda each: str(each)[:40]
)
def test_an_amount_has_the_role_that_the_words_give_it(text: str, expected: list[tuple[str, int]]) -> None:
    found = [(each.role, int((each.high_fen if each.low_fen is None else each.low_fen) or 0) // 100)
             for each in money.amounts(text)]  # fmt: skip

    assert found == expected


@pytest.mark.parametrize(
    "text",
    ["立科给的打包价是四十六万", "他们在看立科，因为立科便宜，一年才四万六", "立科报四万六"],
)
def test_a_listed_competitors_price_is_the_competitors(text: str) -> None:
    context = ExtractionContext(SENT_AT, merged(default_vocabulary(), competitors=["立科"]))

    [amount] = extract(text, context).amounts

    assert amount.role == "competitor_price"


def test_in_a_chat_the_speaker_tells_whose_limit_it_is() -> None:
    context = ExtractionContext(SENT_AT, default_vocabulary(), source="wechat")

    ours = extract("恒力 王工\n王工：别太贵\n我：尽量控制在九十万以内", context).amounts
    theirs = extract("恒力 王工\n我：您看多少合适\n王工：我们最多能出九十万", context).amounts

    assert [each.role for each in (*ours, *theirs)] == ["quote", "budget"]


@given(st.text(alphabet="预算抱价的报他我们说最多别家五八十万一，。\n台还给就\ue000", max_size=80))
def test_no_text_makes_it_raise(text: str) -> None:
    assert money.amounts(text) == money.amounts(text)


@pytest.mark.parametrize("piece", ["最多八十万", "抱", "他说", "，一共五万", "还十八", "别家报三百二", "\ue000报"])
def test_a_long_text_is_read_to_its_end(piece: str) -> None:
    text = (piece * 20_000)[:20_000] + "。预算八十万"

    assert money.amounts(text)[-1].role == "budget"
