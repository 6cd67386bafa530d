"""Figures without any unit: which are money, and how much."""

import pytest

from nlp import money
from nlp.draft import Amount


def _yuan(fen: int | None) -> str:
    return "" if fen is None else f"{fen / 100:g}"


def _shown(amount: Amount) -> str:
    low, high = _yuan(amount.low_fen), _yuan(amount.high_fen)
    return (low if low == high else f"{low}..{high}") + (f"/{amount.unit}" if amount.unit else "")


MONEY = {
    # the price of one piece
    "卷材三十六一平": "36/平",
    "我：95一桶，满百桶88": "95/桶;88",
    "金麦浪那边才卖一百六十一一桶": "161/桶",
    "一套冲锋衣我们开的是三百六": "360",
    "空运一公斤三十三，她说不值": "33/公斤",
    "每个娃四百六": "460",
    "英式礼服598/套，短袖88/件": "598/套;88/件",
    "苹果9.8一斤": "9.8/斤",
    "一箱六瓶俺报的二百三十八": "238",
    "一片八十六他不觉得贵": "86/片",
    # fees, fines, deposits, differences
    "逾期一天扣三百": "300",
    "断供一次罚五百": "500",
    "押金三千没退": "3000",
    "付了八千六定金": "8600",
    "三千四的运费我们自己掏": "3400",
    "费用800我们出": "800",
    "那七千二的差额给他冲掉": "7200",
    "运费一年下来八千多": "8000..9000/年",
    "报的比咱低四百": "400",
    "加工费每吨一千九": "1900/吨",
    # thousands
    "咱报三千四": "3400",
    "商务车月租报 8500，司机另计 6000。": "8500;6000",
    "两千六的灯他要一千八": "2600;1800",
    "展会八千企划部去交": "8000",
    "报价单上写着 12,800.00": "12800",
    # of the size of an amount close by
    "我报十九块五，他还十八": "19.5;18",
    "对方把我方一百四十四万砍到一百一": "1.44e+06;1.1e+06",
    "你们52万，人家46.5，还送三年上门": "520000;465000",
    "从四十三改到四十一万六": "430000;416000",
    "县里答应的三百万只来了一百二": "3e+06;1.2e+06",
    "一年六千八他嫌贵，我给的五千五": "6800/年;5500",
    "85和90万都行": "850000;900000",
    "报3.2元/公斤 对方2.9封顶 差3毛": "3.2/公斤;..2.9;0.3",
    "一部一年三万二，软通2.6": "32000/年;26000",
    # small change
    "四毛二一个他说隔壁三毛五": "0.42/个;0.35",
    "供他一毛一分五一只": "0.12/只",
    "差两毛我让了": "0.2",
    "一个月多花七分钱": "0.07",
    "每枚约增4分，公司未批": "0.04",
    "我说那退一块": "1",
    "五十八蚊贵过人哋": "58",
    "一公斤六块，咱卖五块": "6/公斤;5",
    # about a round number
    "百来万的盘子": "1e+06",
    "千来块钱一台": "1000/台",
    "一共五十八万里头有安装": "580000",
    # 个 for 万
    "预算差不多六七十个": "600000..700000",
    "预算他说二十个打底": "200000..",
    # what used to stand in the way
    "总数三十六万九，税含在里面": "369000",
    "尾数八万七要换完再走": "87000",
    "三十九万六双方已认": "396000",
    "定金十二万五周一打过来": "125000",
    "第二笔款六十二万头一笔早到了": "620000",
    "定金三万转来": "30000",
    "亏损三千多万能砍的都砍": "3e+07..4e+07",
    "我们报的一百三十二万根本不用谈": "1.32e+06",
    "上回开价十八万把他吓着了": "180000",
    "我收两个点十六万": "160000",
    "总价12w5": "125000",
    "豆油一桶一百八十二 一年大概走六十万": "182/桶;600000",
}


@pytest.mark.parametrize(("text", "expected"), MONEY.items(), ids=str)
def test_a_bare_figure_is_money_where_the_words_around_it_say_so(text: str, expected: str) -> None:
    assert ";".join(map(_shown, money.amounts(text))) == expected


NO_MONEY = (
    "报价一百二",
    "预算八十",
    "底线一百四",
    "井深一百八，咱的缆只有一百二",
    "亮度不低于六百",
    "科内消毒柜1995年出厂",
    "房间1208",
    "三百六十五天",
    "一天一千二百餐",
    "账期压到一百二十天",
    "先来40块，明天能发不",
    "先拿三块",
    "报价一共三块，硬件软件服务",
    "百来号人",
    "现场测溶氧2.1，氨氮0.9",
    "新的买手全是90后",
    "一箱二十四瓶",
    "三十一盒",
    "上机跑了2万印",
    "鸡苗送到三万羽",
    "五千五大卡的煤",
    "一分钱都没给",
    "一毛不拔",
    "小两毛病",
    "邮编315000",
    "一千零一夜",
    "加收五十一天",
    "他比了个八",
    "四百电话转接要按七次",
    "要三百件",
    "扣三百台",
    "1/15上线",
)


@pytest.mark.parametrize("text", NO_MONEY, ids=str)
def test_a_bare_figure_that_may_be_anything_else_says_nothing(text: str) -> None:
    assert money.amounts(text) == []


@pytest.mark.parametrize(
    "piece",
    [
        "一千",
        "罚",
        "罚五百",
        "一桶",
        "144万",
        "报",
        "，",
        "每",
        "一套",
        "3.2",
        "四毛",
        "和",
        "1,000",
        "不能再多",
        "a一",
    ],
)
def test_a_very_long_text_is_read_to_its_end(piece: str) -> None:
    text = piece * (20_000 // len(piece))

    assert all(0 <= each.span.start < each.span.end <= len(text) for each in money.amounts(text))
