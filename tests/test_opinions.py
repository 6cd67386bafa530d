"""Pain points, objections, stages, attitude, vague wording. All is invented; sent on 19 November 2026."""

import pytest

from nlp.lexicon import VAGUE
from nlp.vague import QUESTIONS
from tests.test_extract import draft

PAINS: dict[str, tuple[str, list[str]]] = {
    "dear": ("王总嫌我们贵", ["价格敏感"]),
    "cheaper elsewhere": ("他说别人家三百二就能拿到", ["价格敏感"]),
    "a discount": ("采购要我们打九折", ["价格敏感"]),
    "a discount supposed": ("她说要是能九五折就全部从我们这里拿", ["价格敏感"]),
    "down to": ("对方让我们降到五十万以内", ["价格敏感"]),
    "too long": ("他觉得十二周太长了", ["交付周期"]),
    "late": ("上个月有三次晚到，门店都断货了", ["交付周期"]),
    "in time": ("客户担心赶不上开学", ["交付周期"]),
    "nobody came": ("上次那台坏了，三天没人来", ["售后响应"]),
    "phone": ("热线打不通，报修没人管", ["售后响应"]),
    "interface": ("小卢担心跟他们老系统对不上", ["技术适配"]),
    "not understood": ("店长说报表看不懂", ["技术适配"]),
    "accuracy": ("他们说精度不够", ["技术适配"]),
    "two": ("嫌我们贵，又担心售后跟不上", ["价格敏感", "售后响应"]),
    "denied": ("他倒不是特别在意价格，就是贵了点", []),
    "settled": ("之前售后不及时的问题已经解决了", []),
    "a rival's": ("他们说原来的供应商交期太慢", []),
    "ours": ("我们自己的成本太高了", []),
    "none": ("今天聊了聊明年的计划", []),
}


@pytest.mark.parametrize(("text", "expected"), PAINS.values(), ids=PAINS.keys())
def test_pain_points_are_tagged_once_a_category(text: str, expected: list[str]) -> None:
    assert [each.category for each in draft(text).pain_points] == expected


OBJECTIONS: dict[str, tuple[str, list[tuple[str, float | None]]]] = {
    "dearer by a share": ("就是嫌我们比竞品贵百分之十五", [("价格", 15.0)]),
    "dearer by tenths": ("王总嫌我们比海泰科技贵两成", [("价格", 20.0)]),
    "cheaper by points": ("对方报价比我们低五个点", [("价格", 5.0)]),
    "number right behind": ("他觉得价格太高，高了百分之十", [("价格", 10.0)]),
    "without a number": ("嫌我们贵", [("价格", None)]),
    "delivery": ("张主任觉得我们交付周期太长了", [("交付", None)]),
    "service": ("他们担心售后跟不上", [("售后", None)]),
    "technique": ("客户担心跟现有系统不兼容", [("技术", None)]),
    "size": ("领导觉得我们公司规模小", [("实力", None)]),
    "cases": ("他说我们没有医院的案例", [("实力", None)]),
    "instalments": ("就是问能不能分期", [("付款", None)]),
    "on delivery": ("他要求货到付款", [("付款", None)]),
    "clauses": ("法务对违约金那条有意见", [("合同", None)]),
    "not now": ("他说年后再说，项目先暂停", [("时机", None)]),
    "used to another": ("主任用惯了进口的", [("竞品", None)]),
    "a discount is no difference": ("我们给他打了九五折", []),
    "happy": ("价格他也能接受，没什么意见", []),
}


@pytest.mark.parametrize(("text", "expected"), OBJECTIONS.values(), ids=OBJECTIONS.keys())
def test_objections_carry_their_category_and_number(text: str, expected: list[tuple[str, float | None]]) -> None:
    assert [(each.category, each.percent) for each in draft(text).objections] == expected


def test_a_percentage_within_an_objection_stays_in_the_list_of_percentages() -> None:
    told = draft("就是嫌我们比竞品贵百分之十五")

    assert [each.value for each in told.percents] == [15.0]


def test_a_percentage_of_something_else_is_not_the_objections() -> None:
    [objection] = draft("嫌我们贵，另外预付款是百分之三十").objections

    assert objection.percent is None


def test_what_the_rep_says_of_the_price_in_a_chat_is_no_objection() -> None:
    assert draft("博远-李主任\n我：我们比竞品贵百分之五\n李主任：好", "wechat").objections == ()


STAGES: dict[str, tuple[str, str | None]] = {
    "new to us": ("今天跑的这家是新的，朋友介绍的", "线索获取"),
    "never been": ("去了一家之前没跑过的", "线索获取"),
    "they want a system": ("他们想换一套收银系统", "需求确认"),
    "list open": ("设备清单还没定", "需求确认"),
    "solution read": ("创客教室的方案她看了，说太花哨", "方案设计"),
    "demonstration over": ("云鲸今天演示做完了", "方案设计"),
    "we work on it": ("老沈答应下周三之前把选型方案做出来", "方案设计"),
    "we quoted": ("单价我报的三百六", "报价审批"),
    "quoted a figure": ("我们这边报了五十八万", "报价审批"),
    "their discount": ("王总说打个九折就定", "报价审批"),
    "signed": ("合同今天法务过了", "合同签订"),
    "to be sealed": ("合同下周三双方盖章", "合同签订"),
    "deal": ("最后十八块八成交", "合同签订"),
    "sent out": ("设备已经发货了", "交付执行"),
    "ordered at the works": ("我今天已经跟工厂下单了", "交付执行"),
    "the later of two": ("方案他们看了，我们报了六十万", "报价审批"),
    "the later of two, said first": ("合同法务在审，当时方案讲了两遍", "合同签订"),
    "only planned": ("争取下个月签合同", None),
    "conditional": ("如果合同签了就发货", None),
    "asked of us": ("让我们下周报价", None),
    "nothing": ("彭校长放假了，没见到", None),
}


@pytest.mark.parametrize(("text", "expected"), STAGES.values(), ids=STAGES.keys())
def test_the_furthest_stage_with_evidence_counts(text: str, expected: str | None) -> None:
    stage = draft(text).stage

    assert (stage.value if stage else None) == expected
    assert stage is None or stage.span.of(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他对方案挺认可的", 1),
        ("人挺热情，聊得还可以", 1),
        ("他当场就拍板要签", 2),
        ("王总催我们签合同", 2),
        ("她主动让我们约个时间去演示", 2),
        ("他们很急，越快越好", 1),
        ("爽快人", 2),
        ("他有点犹豫", -1),
        ("店长都说报表看不懂", -1),
        ("何总非常生气，说再有一次就换掉", -2),
        ("他老火了，说再修不好就退货", -2),
        ("他不太满意", -1),
        ("方案他认可，就是嫌贵", 0),
        ("今天路上堵车", 0),
        ("我们领导很满意", 0),
        ("如果他们满意就签", 0),
        ("竞品那边挺积极的", 0),
    ],
)
def test_the_attitude_is_the_customers(text: str, expected: int) -> None:
    assert draft(text).attitude == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("客户很满意", ["客户很满意"]),
        ("已沟通，后续再联系", ["已沟通", "后续再联系"]),
        ("已初步接洽", ["已初步接洽"]),
        ("有望近期签约", ["有望近期签约"]),
        ("聊得还可以", ["聊得还可以"]),
        ("双方沟通顺畅，保持联系", ["沟通顺畅", "保持联系"]),
        ("有戏", ["有戏"]),
        ("正在推进中", ["正在推进中"]),
        ("客户不太满意", []),
        ("王总对我们的测试报告很满意", []),
        ("下周三再联系", []),
        ("已沟通技术参数的差异", []),
        ("我们下周三去签合同", []),
    ],
)
def test_wording_that_says_nothing_is_found(text: str, words: list[str]) -> None:
    assert [each.words for each in draft(text).vague] == words


def test_each_kind_of_vague_wording_has_one_polite_question() -> None:
    assert QUESTIONS.keys() == VAGUE.keys()
    assert all(question.startswith("请问") and question.count("？") == 1 for question in QUESTIONS.values())
