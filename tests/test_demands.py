"""What customers want of us. All of it is invented; notes are sent on Thursday 19 November 2026."""

from datetime import date

import pytest

from nlp.draft import NextStep
from tests.test_extract import draft

VOICED: dict[str, tuple[str, list[tuple[str, str | None]]]] = {
    "put to work": ("王总让我们先出一版方案", [("出一版方案", None)]),
    "asked with a date": ("王总要我们下周一提供营业执照", [("提供营业执照", "2026-11-23")]),
    "urged": ("他们设备科催我们尽快把检测报告补过去", [("补检测报告", None)]),
    "wished": ("李院长希望元旦前完成安装", [("完成安装", "2026-12-31")]),
    "needed": ("客户需要三个同行业的案例", [("三个同行业的案例", None)]),
    "at best": ("他说最好月底前到货", [("到货", "2026-11-30")]),
    "insisted": ("张主任坚持要原厂工程师上门", [("原厂工程师上门", None)]),
    "asked whether": ("刘校长问能不能先试用一个学期", [("试用一个学期", None)]),
    "asked us whether": ("采购问我们能不能做月结", [("做月结", None)]),
    "found us for": ("赵工找我要了一份接线图", [("一份接线图", None)]),
    "a machine has to be there": ("设备一月二十五号之前必须进场", [("设备必须进场", "2027-01-25")]),
    "reported meaning": ("王总的意思是让我们再降两个点", [("降两个点", None)]),
    "reported through somebody": ("他说领导要求我们提供三年质保", [("提供三年质保", None)]),
    "either or": ("反正要么降到一万三千五要么他就买别家的", [("降到一万三千五", None)]),
    "two wants in two clauses": (
        "园长希望我们送两套教具，还要我们派老师培训一次",
        [("送两套教具", None), ("派老师培训一次", None)],
    ),
    "no pause": (
        "今天去了博远见了李主任他说设备不错让我们下周三之前把报价单发过去我先记一下",
        [("发送报价单", "2026-11-25")],
    ),
    "the office asks to come": ("陶站长让我周三去局里当面说", [("局里当面说", "2026-11-25")]),
    "a discount": ("店长要我们打个九折", [("打个九折", None)]),
    "without naming us": ("交货日期他嫌活，让改成死日子", [("改成死日子", None)]),
    "begged": ("他求我们再宽限几天", [("宽限几天", None)]),
    "told to our face": ("他说那你再便宜三个点", [("便宜三个点", None)]),
    "a second thing": ("希望送20支试用装，并安排一次科室会", [("送20支试用装", None), ("安排一次科室会", None)]),
    "a list": (
        "提出三条要求：①提供注册证；②送两台样机；③质保三年。我方答复再研究",
        [("提供注册证", None), ("送两台样机", None), ("质保三年", None)],
    ),
    "samples first": ("他说先寄两套样品过去测测", [("寄两套样品过去测测", None)]),
}


@pytest.mark.parametrize(("text", "expected"), VOICED.values(), ids=VOICED.keys())
def test_what_the_customer_wants_of_us_is_a_demand(text: str, expected: list[tuple[str, str | None]]) -> None:
    found = [(each.what, each.due.isoformat() if each.due else None) for each in draft(text).demands]

    assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        "他们需要内部再讨论一下",
        "王总说要跟领导汇报",
        "客户要一百二十台",
        "他要等预算批下来",
        "我让技术部明天出图",
        "我们需要财务支持一下",
        "我希望他们早点定",
        "院里要公开招标",
        "如果他们要的话就发货",
        "李总请我们吃了个饭",
        "让我觉得挺意外的",
        "让我们等消息",
        "他们想换一套系统",
        "校长要去北京开会",
        "春节前他们要搬新厂",
        "客户没要求我们降价",
    ],
)
def test_what_the_customer_does_for_himself_or_we_want_is_no_demand(text: str) -> None:
    assert draft(text).demands == ()


def test_a_demand_is_no_step() -> None:
    told = draft("王总让我们下周三前把报价单发过去")

    assert [each.what for each in told.demands] == ["发送报价单"]
    assert told.next_steps == ()


@pytest.mark.parametrize("agreed", ["我答应了", "我说没问题", "我当场同意了", "我说行"])
def test_a_demand_that_we_agree_to_is_also_our_step(agreed: str) -> None:
    [step] = draft(f"王总让我们下周三前把报价单发过去，{agreed}").next_steps

    assert (step.owner, step.action, step.due) == ("us", "发送报价单", date(2026, 11, 25))


def test_a_demand_that_we_do_not_agree_to_stays_a_demand() -> None:
    assert draft("让我打个九折，我没答应").next_steps == ()


def test_a_date_set_for_a_demand_makes_it_a_step() -> None:
    [step] = draft("她让我们约个时间去演示，就定在下周二下午三点").next_steps

    assert (step.owner, step.due) == ("us", date(2026, 11, 24))
    assert "演示" in step.action


def test_a_promise_after_a_demand_says_it_once_with_its_own_date() -> None:
    told = draft("他让我们把技术参数准备好，我说行，我这周五之前发到他邮箱")

    assert [(each.owner, each.due) for each in told.next_steps] == [("us", date(2026, 11, 20))]


def test_the_due_date_of_a_demand_has_the_span_of_its_words() -> None:
    text = "李院长希望元旦前完成安装"
    [demand] = draft(text).demands

    assert demand.due_span is not None
    assert demand.due_span.of(text) == "元旦前"
    assert "完成安装" in demand.span.of(text)


CHAT = """博远-李主任
李主任：在吗
我：在的李主任
李主任：{line}
我：好的"""

SAID_IN_CHAT: dict[str, tuple[str, list[tuple[str, str | None]]]] = {
    "you do": ("你把报价单发我", [("发送报价单", None)]),
    "kindly": ("麻烦您周五前出个方案", [("出个方案", "2026-11-20")]),
    "bare": ("发一份产品手册给我", [("发一份产品手册", None)]),
    "question": ("能不能再便宜点？", [("便宜点", None)]),
    "need": ("需要3月前完成安装", [("完成安装", "2027-02-28")]),
    "when": ("什么时候能到货", [("到货", None)]),
    "do not": ("别弄太贵", [("别弄太贵", None)]),
    "for her": ("做一个对比表给我", [("做一个对比表", None)]),
}


@pytest.mark.parametrize(("line", "expected"), SAID_IN_CHAT.values(), ids=SAID_IN_CHAT.keys())
def test_in_a_chat_the_customers_lines_hold_the_demands(line: str, expected: list[tuple[str, str | None]]) -> None:
    found = draft(CHAT.format(line=line), "wechat").demands

    assert [(each.what, each.due.isoformat() if each.due else None) for each in found] == expected


@pytest.mark.parametrize(
    "line", ["方案我看了", "你们报价有点高", "好的辛苦了", "我们老板还没批", "收到", "你们公司在哪？", "下周再说吧"]
)
def test_in_a_chat_what_asks_for_nothing_is_no_demand(line: str) -> None:
    assert draft(CHAT.format(line=line), "wechat").demands == ()


def test_what_the_rep_asks_in_a_chat_is_no_demand() -> None:
    assert draft("博远-李主任\n我：麻烦您把参数发我\n李主任：好", "wechat").demands == ()


def test_demands_come_in_the_order_of_the_note() -> None:
    found = draft("让我们先寄样品，他还要我们周五前报价").demands

    assert list(found) == sorted(found, key=lambda demand: demand.span)
    assert all(not isinstance(each, NextStep) for each in found)
