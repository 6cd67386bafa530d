"""Money as people say it: whole sentences, and exactly the amounts that they hold.

Amounts are written as `role value/unit`: `~` about, `<=` at most, `>=` at least, `a..b` a range; 万 is ten thousand
yuan.
"""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nlp import money
from nlp.draft import Amount


def shown(amount: Amount) -> str:
    sign = {"about": "~", "at_most": "<=", "at_least": ">="}.get(amount.bound, "")
    ends = [_yuan(end) for end in (amount.low_fen, amount.high_fen) if end is not None]
    value = ends[0] if amount.low_fen == amount.high_fen or len(ends) == 1 else "..".join(ends)
    return f"{amount.role} {sign}{value}" + (f"/{amount.unit}" if amount.unit else "")


def _yuan(fen: int) -> str:
    yuan = Decimal(fen) / 100
    return f"{(yuan / 10_000).normalize():f}万" if yuan >= 10_000 else f"{yuan.normalize():f}"


CASES: dict[str, dict[str, str]] = {
    "figures": {
        "价税合计人民币捌拾伍万元整": "other 85万",
        "三十二万八千六": "other 32.86万",
        "零点五个亿": "other 5000万",
        "最后36万5成交": "deal 36.5万",
        "报价8万5包含运费": "quote 8.5万",
        "报价8万5分三期付": "quote 8.5万",
        "一共是十二万三千四百五十六块七毛": "other 12.34567万",
        "定价两千九百九十九": "quote 2999",
        "预算八十五万": "budget 85万",
        "预算85万": "budget 85万",
        "预算８５万": "budget 85万",
        "预算是850000元": "budget 85万",
        "预算1,200,000元": "budget 120万",
        "预算 85 万": "budget 85万",
        "合同金额1,285,600.50元": "deal 128.56005万",
        "报价8万5": "quote 8.5万",
        "报价八万五": "quote 8.5万",
        "报价八万五千块": "quote 8.5万",
        "报价一千二百块": "quote 1200",
        "报价两万三": "quote 2.3万",
        "报价12万8": "quote 12.8万",
        "报价12万8千": "quote 12.8万",
        "报价3千5百块": "quote 3500",
        "报价一亿二": "quote 12000万",
        "合同一亿两千万": "deal 12000万",
        "合同一亿两千": "deal 12000万",
        "合同两个亿": "deal 20000万",
        "合同一个亿": "deal 10000万",
        "合同1.2个亿": "deal 12000万",
        "合同半个亿": "deal 5000万",
        "合同几个亿": "deal 20000万..90000万",
        "预算八十5万": "budget 85万",
        "预算85万元整": "budget 85万",
        "预算人民币85万": "budget 85万",
        "预算85万人民币": "budget 85万",
        "预算RMB 850000": "budget 85万",
        "预算¥850,000": "budget 85万",
        "预算￥8.5万": "budget 8.5万",
        "报价8.5w": "quote 8.5万",
        "报价85W": "quote 85万",
        "报价30k": "quote 3万",
        "报价3.5千元": "quote 3500",
        "预算5百万": "budget 500万",
        "预算5千万元": "budget 5000万",
        "预算三百万元": "budget 300万",
        "合同额三千八百五十万": "deal 3850万",
        "合同额一百万零五千": "deal 100.5万",
        "合同额一百二十六万八": "deal 126.8万",
        "合同额10万5": "deal 10.5万",
        "报价八点五万": "quote 8.5万",
        "报价十二点八万元": "quote 12.8万",
        "总价一二零万": "quote 120万",
        "报价三块五一个": "unit_price 3.5/个",
        "报价12块5一米": "unit_price 12.5/米",
        "报价三块二毛五一个": "unit_price 3.25/个",
        "报价一百二十块": "quote 120",
        "运费八百": "fee 800",
        "运费一千二": "fee 1200",
        "运费350": "fee 350",
        "报价3800": "quote 3800",
        "总价十一万四": "quote 11.4万",
        "他们老板说预算就是八十五万": "budget 85万",
    },
    "ranges": {
        "预算二、三十万": "budget 20万..30万",
        "预算2、30万": "budget 20万..30万",
        "预算八九十个w": "budget 80万..90万",
        "预算三五万": "budget 3万..5万",
        "预算三到五万": "budget 3万..5万",
        "预算80-90万": "budget 80万..90万",
        "预算80～90万": "budget 80万..90万",
        "预算80万到90万": "budget 80万..90万",
        "预算80万到90": "budget 80万..90万",
        "预算八十到一百万": "budget 80万..100万",
        "预算三十五六万": "budget 35万..36万",
        "预算十几万": "budget 11万..19万",
        "预算几十万": "budget 20万..90万",
        "预算大几十万": "budget 50万..90万",
        "预算好几百万": "budget 200万..900万",
        "预算几百万": "budget 200万..900万",
        "预算十几二十万": "budget 11万..20万",
        "预算百八十万": "budget 80万..100万",
        "报价两三百块": "quote 200..300",
        "报价三四千块钱": "quote 3000..4000",
        "预算三到五百万": "budget 300万..500万",
        "预算三到五千块": "budget 3000..5000",
        "预算3-5百万": "budget 300万..500万",
        "预算一两百万": "budget 100万..200万",
        "预算一百二三十万": "budget 120万..130万",
        "预算八九十万": "budget 80万..90万",
        "预算80多万": "budget 80万..90万",
        "预算一百多万": "budget 100万..200万",
        "预算一百二十多万": "budget 120万..130万",
        "预算两千多块": "budget 2000..3000",
        "预算80到90w": "budget 80万..90万",
        "预算20k-30k": "budget 2万..3万",
        "预算五六十万吧": "budget 50万..60万",
        "预算八十万至一百万": "budget 80万..100万",
        "报价在85万到92万之间": "quote 85万..92万",
        "预算三五十万": "budget 30万..50万",
        "单价三千到三千五": "unit_price 3000..3500",
        "报价8500-9000": "quote 8500..9000",
    },
    "about": {
        "预算大概八十万": "budget ~80万",
        "预算八十万左右": "budget ~80万",
        "预算八十万上下": "budget ~80万",
        "预算大约在80万": "budget ~80万",
        "预算差不多80万的样子": "budget ~80万",
        "预算80来万": "budget ~80万",
        "预算一百来万": "budget ~100万",
        "预算小一百万": "budget ~100万",
        "预算近百万": "budget ~100万",
        "预算将近一百万": "budget ~100万",
        "预算接近90万": "budget ~90万",
        "预算80万出头": "budget ~80万",
        "报价万把块钱": "quote ~1万",
        "报价千把块": "quote ~1000",
        "预算百把万": "budget ~100万",
        "预算估计八十万": "budget ~80万",
        "预算约80万元": "budget ~80万",
        "单价3800左右": "unit_price ~3800",
        "预算大概三五万": "budget 3万..5万",
        "预算三十万块钱左右": "budget ~30万",
    },
    "bounds": {
        "框架协议两千万起签": "deal >=2000万",
        "5w+": "other >=5万",
        "预算80万以内": "budget <=80万",
        "预算八十万之内": "budget <=80万",
        "预算80万以下": "budget <=80万",
        "预算不到十万": "budget <=10万",
        "预算十万不到": "budget <=10万",
        "预算十万都不到": "budget <=10万",
        "预算不超过50万": "budget <=50万",
        "预算不能超过五十万": "budget <=50万",
        "总价别超过80万": "quote <=80万",
        "预算没超过80万": "budget <=80万",
        "预算最多80万": "budget <=80万",
        "预算顶多八十万": "budget <=80万",
        "预算八十万封顶": "budget <=80万",
        "预算上限80万": "budget <=80万",
        "预算撑死八十万": "budget <=80万",
        "预算不超过大概80万": "budget <=80万",
        "预算80到90万以内": "budget <=90万",
        "预算超过两百万": "budget >=200万",
        "预算至少五十万": "budget >=50万",
        "预算起码五十万": "budget >=50万",
        "预算五十万以上": "budget >=50万",
        "预算五十万起": "budget >=50万",
        "报价五十万起步": "quote >=50万",
        "报价五十万打底": "quote >=50万",
        "预算50万往上": "budget >=50万",
        "预算50万朝上": "budget >=50万",
        "预算50万+": "budget >=50万",
        "预算不低于50万": "budget >=50万",
        "预算不止50万": "budget >=50万",
        "预算超80万": "budget >=80万",
        "上千万的单子": "deal >=1000万",
        "上百万的合同": "deal >=100万",
        "报价上千块": "quote >=1000",
        "预算过百万": "budget >=100万",
        "合同上80万": "deal 80万",
        "预算没有超过100万": "budget <=100万",
    },
    "per unit": {
        "1台18万5，一共37万": "unit_price 18.5万/台;other 37万",
        "三千左右一套": "unit_price ~3000/套",
        "每台3800": "unit_price 3800/台",
        "每台三千八": "unit_price 3800/台",
        "每台三千八百元": "unit_price 3800/台",
        "3800一台": "unit_price 3800/台",
        "三千八一台": "unit_price 3800/台",
        "一台三千八": "unit_price 3800/台",
        "一套八万五": "unit_price 8.5万/套",
        "一套大概八万五": "unit_price ~8.5万/套",
        "八万五一套": "unit_price 8.5万/套",
        "3800元/台": "unit_price 3800/台",
        "3800/台": "unit_price 3800/台",
        "单价3800": "unit_price 3800",
        "单价三百五": "unit_price 350",
        "单价三千八一台": "unit_price 3800/台",
        "每个点位三百五": "unit_price 350/点位",
        "每吨四千二": "unit_price 4200/吨",
        "一吨4200": "unit_price 4200/吨",
        "每平米120元": "unit_price 120/平米",
        "每人500块": "unit_price 500/人",
        "维保费三万六一年": "fee 3.6万/年",
        "服务费一年两万": "fee 2万/年",
        "每年维保费两万四": "fee 2.4万/年",
        "年费9800元": "fee 9800",
        "一年三百万的采购额": "budget 300万/年",
        "五块一个": "unit_price 5/个",
        "一百二一个": "unit_price 120/个",
        "三十万一台，一共三台": "unit_price 30万/台",
        "每套不到八万": "unit_price <=8万/套",
        "每台3800左右": "unit_price ~3800/台",
        "一套至少八万": "unit_price >=8万/套",
        "每台三千到三千五": "unit_price 3000..3500/台",
        "租金两万一个月": "fee 2万/月",
        "每个月三万块": "unit_price 3万/月",
    },
    "roles": {
        "比预算超了二十万": "price_gap 20万",
        "含运费一共85万": "other 85万",
        "去年一共采购了三百万": "other 300万",
        "预算大约五六十万最多不超过六十五万": "budget 50万..60万;budget <=65万",
        "预算从五十万加到了八十万": "budget 50万;budget 80万",
        "预算砍了一半，从一百万砍到五十万": "budget 100万;budget 50万",
        "注册资金一千万的小公司": "other 1000万",
        "张总说80个打底，最高不过100个": "",
        "三亿文具的刘总说预算三万以内": "budget <=3万",
        "合同总额236万8千，首付百分之三十也就是七十一万零四百": "deal 236.8万;payment 71.04万",
        "客户预算八十万": "budget 80万",
        "他们能出八十万": "budget 80万",
        "他们最多能出八十万": "budget <=80万",
        "老板批了八十万": "budget 80万",
        "批下来八十万的经费": "budget 80万",
        "有五十万的预算": "budget 50万",
        "心理价位在80万": "budget 80万",
        "我们报价92万": "quote 92万",
        "我们报了92万": "quote 92万",
        "我们报九十二万": "quote 92万",
        "打包价八十八万": "quote 88万",
        "最后谈到85万": "quote 85万",
        "价格降到85万": "quote 85万",
        "合同签了120万": "deal 120万",
        "120万的合同": "deal 120万",
        "成交价85万": "deal 85万",
        "定金先付十万": "payment 10万",
        "首付三十万": "payment 30万",
        "尾款还欠五万": "payment 5万",
        "已经打了二十万过来": "payment 20万",
        "货款三十万逾期了": "payment 30万",
        "安装费两万": "fee 2万",
        "培训费八千块": "fee 8000",
        "竞品报45万": "competitor_price 45万",
        "友商只要三十八万": "competitor_price 38万",
        "另外一家报78万": "competitor_price 78万",
        "同行卖三千二一台": "competitor_price 3200/台",
        "比竞品贵五万": "price_gap 5万",
        "比他们便宜三千块": "price_gap 3000",
        "有五万块的差价": "price_gap 5万",
        "再让两万": "price_gap 2万",
        "优惠了三万块": "price_gap 3万",
        "去年营收两个亿": "other 20000万",
        "注册资本五千万": "other 5000万",
        "年产值三个亿": "other 30000万",
        "他们一年产值1.2亿": "other 12000万",
        "罚了二十万": "other 20万",
        "八十万含税": "other 80万",
        "报价80万含税": "quote 80万",
        "报价80万不含运费": "quote 80万",
        "客户希望降到75万": "other 75万",
        "他们压价到七十五万": "other 75万",
        "报了一百二十万他们还到一百万": "quote 120万;other 100万",
        "对方报八十五万我们报九十二万": "other 85万;quote 92万",
        "预算150万左右，竞品报45万，我们报52万": "budget ~150万;competitor_price 45万;quote 52万",
        "从八十万砍到七十五万": "quote 80万;quote 75万",
        "价格从八十五万降到八十万": "quote 85万;quote 80万",
        "要30台，每台3800，总价十一万四": "unit_price 3800/台;quote 11.4万",
        "首付30%，剩下七十万验收后付": "payment 70万",
        "项目总金额一百二十六万含三年维保": "deal 126万",
    },
    "corrections": {
        "预算八十万，不对，八十五万": "budget 85万",
        "预算八十万不对八十五万": "budget 85万",
        "预算八十万，说错了，八十五万": "budget 85万",
        "预算80万，哦不，85万": "budget 85万",
        "预算80万啊不85万": "budget 85万",
        "预算80万，不不不，85万": "budget 85万",
        "预算80万，更正一下，85万": "budget 85万",
        "预算80万，我记错了，是85万": "budget 85万",
        "预算80万，应该是85万": "budget 85万",
        "预算80万，嗯，不对，应该是85万": "budget 85万",
        "预算不是80万，是85万": "budget 85万",
        "预算不是80万是85万": "budget 85万",
        "预算不是80是85万": "budget 85万",
        "预算是80万不是90万": "budget 80万",
        "预算80万，不是，85万": "budget 85万",
        "预算80万，口误，85万": "budget 85万",
        "预算80万，等一下，85万": "budget 85万",
        "预算80万，不对，85万，不对，90万": "budget 90万",
        "报价八万五，不对，八万八": "quote 8.8万",
        "每台3800，不对，3600一台": "unit_price 3600/台",
        "预算八十到九十万，不对，九十到一百万": "budget 90万..100万",
        "预算80万，不对，85": "",
        "预算80万，报价应该是85万": "budget 80万;quote 85万",
        "预算80万，报价不对，应该报85万": "budget 80万;quote 85万",
    },
}
NOTHING = (
    "三六零的产品",
    "付款方式要三六一",
    "付款按五四一走",
    "付款比例3:6:1",
    "三一重工的订单",
    "做五金的",
    "等一下",
    "我们一起去",
    "在万达广场见的",
    "万科的项目",
    "百度上搜的",
    "千牛后台",
    "亿纬的人来了",
    "十分满意",
    "一百个放心",
    "百分百支持",
    "万一不行呢",
    "千万别忘了",
    "千万不要降价",
    "电话13800138000",
    "订金打到6222021234567890123",
    "电话一三八零零一三八零零零",
    "座机0574-87654321",
    "热线400-820-8820",
    "身份证330203199001011234",
    "邮编315000",
    "统一社会信用代码91330200MA2AXXXX12",
    "2026年12月1号",
    "二零二六年十二月",
    "12月1日",
    "下午3点",
    "八点半到九点",
    "S7-1200的PLC",
    "304不锈钢",
    "DN50的阀门",
    "PN16的法兰",
    "200多家门店",
    "3号楼8层",
    "二十三楼",
    "两万美金",
    "2万美元",
    "80到90万美金",
    "三千欧元",
    "$5000",
    "USD 20000",
    "50万日元",
    "一百万港币",
    "第一家",
    "第三万",
    "一带一路",
    "两万个用户",
    "三万台",
    "一共三万台设备",
    "30台",
    "三十来台",
    "两条产线",
    "五百多个点位",
    "一百人",
    "三万多名员工",
    "五万吨",
    "三十万吨产能",
    "八万平方米的厂房",
    "一亿像素",
    "500W的电机",
    "4K屏",
    "功率500w",
    "五百强企业",
    "百强县",
    "一两句话说不清",
    "预算八十，我们报八十五",
    "他们能出八十",
    "预算八十五",
    "报价一百二",
    "报了一百二他们还到一百",
    "对方报八十五我们报九十二",
    "预算80，报价85",
    "预算八十八十五万",
    "预算大概八十到九十",
    "这一块业务",
    "两块内容",
    "三块电池板",
    "30块屏",
    "预算还没定",
    "报价单1200份",
    "打九五折",
    "便宜15%",
    "百分之十五",
    "便宜两个点",
    "三成首付",
    "付款三七开",
    "三年质保",
    "质保24个月",
    "2025到2027年",
    "一二三四",
    "十三五规划",
    "十四五期间",
    "他排第二十",
    "三千多平方",
    "五公里",
    "开了两万公里",
    "十万个为什么",
    "一万小时",
    "两千瓦",
    "300元件",
    "万元户",
    "千万",
    "百万",
    "亿",
    "十万火急",
    "百万医疗险",
    "三百六十行",
    "九九六",
    "幺三八",
    "三千毫安",
    "一千五百转",
    "二百五十六G内存",
    "每天300件",
    "产能300/天",
    "一天三班",
    "8.5折",
    "第5000件",
    "订单号20261126",
    "合同编号HT-2026-1200",
    "版本3.5",
    "温度八十度",
    "压力1.6兆帕",
    "5G专网",
    "不到三十台",
    "10万次循环",
    "一百二十分",
    "一千零一夜",
    "三万英尺",
    "两万五千里",
    "一万到两万个",
    "粉丝50万",
    "阅读量超过十万",
    "人口一千万",
    "说了一万遍",
    "数十万",
    "一百好几十万",
    "七八上十万",
    "85。5万",
    "陆总来了",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(text, expected, id=f"{kind}: {text}")
        for kind, sentences in CASES.items()
        for text, expected in sentences.items()
    ],
)
def test_a_sentence_holds_exactly_these_amounts(text: str, expected: str) -> None:
    assert ";".join(map(shown, money.amounts(text))) == expected


@pytest.mark.parametrize("text", NOTHING, ids=str)
def test_what_is_no_sum_of_money_stays_empty(text: str) -> None:
    assert money.amounts(text) == []


WITHDRAWN = {
    "预算八十万，不对，八十五万": "budget 80万",
    "预算大概80万，说错了，85万": "budget ~80万",
    "预算不是80万，是85万": "budget 80万",
    "预算80万，哦不，85万": "budget 80万",
    "预算80万，应该是85万": "budget 80万",
    "预算80万，不对，85万，不对，90万": "budget 80万;budget 85万",
    "每台3800，不对，3600一台": "unit_price 3800/台",
    "预算80万，不对，85": "budget 80万",
    "预算是80万不是90万": "budget 90万",
    "从八十万砍到七十五万": "",
    "预算80万，我们报85万": "",
    "预算80万，报价应该是85万": "",
    "报价85万，他们觉得不对劲": "",
    "预算八十万": "",
}


@pytest.mark.parametrize(("text", "expected"), WITHDRAWN.items(), ids=str)
def test_what_the_speaker_takes_back_is_kept_apart(text: str, expected: str) -> None:
    assert ";".join(map(shown, money.withdrawn(text))) == expected


def test_one_reading_gives_what_the_single_questions_give() -> None:
    text = "预算八十万，不对，85万以内，要30台，每台3800，比竞品贵15%，打九五折"

    reading = money.read(text)

    assert list(reading.amounts) == money.amounts(text)
    assert list(reading.withdrawn) == money.withdrawn(text)
    assert list(reading.percents) == money.percents(text)
    assert list(reading.quantities) == money.quantities(text)
    assert all((reading.amounts, reading.withdrawn, reading.percents, reading.quantities))


PERCENTS = {
    "比竞品贵百分之十五": "percent 15",
    "低15%": "percent 15",
    "便宜15％": "percent 15",
    "首付30%": "percent 30",
    "要三成首付": "percent 30",
    "付一半": "percent 50",
    "先付一半货款": "percent 50",
    "一半的人同意": "",
    "千分之三的违约金": "percent 0.3",
    "万分之五": "percent 0.05",
    "3‰": "percent 0.3",
    "百分之十二点五": "percent 12.5",
    "10%到15%": "percent 10;percent 15",
    "10-15%": "percent 10;percent 15",
    "百分之八十五到九十": "percent 85;percent 90",
    "打九五折": "discount 95",
    "九五折": "discount 95",
    "打八折": "discount 80",
    "8.5折": "discount 85",
    "八点五折": "discount 85",
    "打个九折": "discount 90",
    "打对折": "discount 50",
    "便宜两个点": "points 2",
    "让三个点": "points 3",
    "降5个点": "points 5",
    "再让他们1.5个点": "points 1.5",
    "提高了十五个百分点": "points 15",
    "便宜三五个点": "points 3;points 5",
    "便宜3到5个点": "points 3;points 5",
    "毛利15个点": "percent 15",
    "税点是6个点": "percent 6",
    "百分之十，不对，百分之十五": "percent 15",
    "首付30%，发货60%，质保金10%": "percent 30;percent 60;percent 10",
    "骨折价": "",
    "打折": "",
    "折腾": "",
    "一波三折": "",
    "三折页": "",
    "曲折": "",
    "三个点位": "",
    "三个点心": "",
    "分两点说": "",
    "成本高": "",
    "三成本": "",
    "八成立项了": "",
    "八点半": "",
    "百分百": "",
    "第三个点": "",
    "一成不变": "",
}


@pytest.mark.parametrize(("text", "expected"), PERCENTS.items(), ids=str)
def test_a_sentence_holds_exactly_these_percentages(text: str, expected: str) -> None:
    assert ";".join(f"{each.kind} {each.value:g}" for each in money.percents(text)) == expected


# Properties

HOSTILE = st.text(alphabet="万亿千百十零一二三四五六七八九点.0123456789,元块到至~-左右不对是", max_size=80)
PIECES = [
    "预算",
    "八十万",
    "85万",
    "不对",
    "，",
    "不是",
    "是",
    "应该是",
    "报价",
    "每台",
    "一台",
    "3800",
    "以内",
    "不到",
    "超过",
    "大概",
    "左右",
    "多",
    "来",
    "把",
    "万",
    "块",
    "五",
    "元",
    "w",
    "K",
    "三五",
    "到",
    "-",
    "上",
    "百万",
    "个亿",
    "半个亿",
    "几",
    "好几",
    "大几十万",
    "小",
    "¥",
    "RMB",
    "美金",
    "/",
    "一年",
    "打",
    "九折",
    "15%",
    "个点",
    "30",
    "台",
    "便宜",
    "说错了",
    "85",
    "。",
]
SPOKEN = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@given(HOSTILE | SPOKEN | st.text(max_size=80))
def test_no_text_makes_it_raise_and_no_two_amounts_share_words(text: str) -> None:
    kept, gone = money.amounts(text), money.withdrawn(text)

    both = sorted((*kept, *gone), key=lambda each: each.span)
    assert kept == sorted(kept, key=lambda each: each.span)
    for each in both:
        assert each.low_fen is not None or each.high_fen is not None
        if each.low_fen is not None and each.high_fen is not None:
            assert 0 < each.low_fen <= each.high_fen
    for span in [each.span for each in (*both, *money.percents(text))]:
        assert 0 <= span.start < span.end <= len(text)
    assert all(first.span.end <= second.span.start for first, second in pairwise(both))


def spelled(value: int) -> str:
    """The full Chinese spelling of 1 to 10^9, written independently of the reader."""
    digits, units = "零一二三四五六七八九", ["", "十", "百", "千"]

    def section(number: int) -> str:
        words, zero = "", False
        for place in range(3, -1, -1):
            digit = number // 10**place % 10
            if digit:
                words += ("零" if zero and words else "") + digits[digit] + units[place]
                zero = False
            else:
                zero = True
        return words

    words, missing = "", False
    for scale, name in ((10**8, "亿"), (10**4, "万"), (1, "")):
        part = value // scale % 10_000
        if not part:
            missing = bool(words)
            continue
        words += ("零" if words and (missing or part < 1000) else "") + section(part) + name
        missing = False
    return words


def _in_ten_thousands(value: int) -> str:
    return f"{(Decimal(value) / 10_000).normalize():f}"


@pytest.mark.parametrize(
    "render",
    [
        pytest.param(lambda value: f"{value}元", id="850000元"),
        pytest.param(lambda value: f"{value:,}元", id="850,000元"),
        pytest.param(lambda value: f"¥{value}", id="¥850000"),
        pytest.param(lambda value: f"{spelled(value)}元", id="八十五万元"),
        pytest.param(lambda value: f"{_in_ten_thousands(value)}万元", id="85万元"),
        pytest.param(lambda value: f"{_in_ten_thousands(value)}w" if value >= 1000 else f"{value}元", id="8.5w"),
    ],
)
@given(value=st.integers(min_value=1, max_value=10**9))
@example(value=300_010_000)  # 三亿零一万
def test_an_amount_written_in_any_way_reads_back_exactly(render: Callable[[int], str], value: int) -> None:
    [amount] = money.amounts(f"报价{render(value)}")

    assert (amount.low_fen, amount.high_fen, amount.bound) == (value * 100, value * 100, "exact")


@pytest.mark.parametrize("piece", ["万", "1", "一", "零", "(", "1万", "到", "不对", "3.", "百", "1到", "一台", " "])
def test_a_very_long_text_is_read_to_its_end(piece: str) -> None:
    noise = (piece * 20_000)[:20_000]

    found = money.read(f"{noise}。预算八十万，打九折，要三十台")

    assert found.amounts[-1].low_fen == 80_000_000
    assert found.percents[-1].value == 90
    assert found.quantities[-1].low == 30
