"""Promises and plans: who, what, until when. All is invented; sent on Thursday 19 November 2026, 17:00."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_extract import SENT_AT, draft

Step = tuple[str, str, str | None]

VOICED: dict[str, tuple[str, list[Step]]] = {
    "promise": ("我答应周五前把检测报告发给他", [("us", "发送检测报告", "2026-11-20")]),
    "stammered": ("我我我下周三前给他给他发个报价", [("us", "发个报价", "2026-11-25")]),
    "with fillers": ("嗯那个就是说我呢下周一把那个图纸发过去", [("us", "发送图纸", "2026-11-23")]),
    "corrected": ("我下周三，不对，下周四前把样机送过去", [("us", "送样机", "2026-11-26")]),
    "with a verb of its own": ("下周三前寄样品给他", [("us", "寄样品", "2026-11-25")]),
    "a noun that begins like a verb": ("下周五前发票给他们", [("us", "提供发票", "2026-11-27")]),
    "thing first": ("报价我下周一给她", [("us", "提供报价", "2026-11-23")]),
    "we do it": ("安装队我来约", [("us", "约安装队", None)]),
    "will ask": ("我回去请示一下领导", [("us", "请示一下领导", None)]),
    "asks, then answers": (
        "我问一下财务下周给你回复",
        [("us", "问一下财务", None), ("us", "给你回复", "2026-11-29")],
    ),
    "without a subject": ("下周二再去拜访一次", [("us", "拜访一次", "2026-11-24")]),
    "next step named": ("下一步：跟信息科对接接口", [("us", "跟信息科对接接口", None)]),
    "ought": ("还得跟公司申请特价", [("us", "跟公司申请特价", None)]),
    "our people": ("我们这边明天安排工程师上门", [("us", "安排工程师上门", "2026-11-20")]),
    "ours and theirs": (
        "我下周三前出方案，他那边十二月一号前确认参数",
        [("us", "出方案", "2026-11-25"), ("customer", "确认参数", "2026-12-01")],
    ),
    "their accounts": ("对方财务月底前把预付款打过来", [("customer", "打预付款", "2026-11-30")]),
    "their boss, reported": ("他说领导周五前签字", [("customer", "签字", "2026-11-20")]),
    "a bare promise of theirs": ("王总答应给我们介绍分院", [("customer", "给我们介绍分院", None)]),
    "their office": ("院办说周五给答复", [("customer", "给答复", "2026-11-20")]),
    "their side": ("他们那边下周安排试机", [("customer", "安排试机", "2026-11-29")]),
    "the money comes": ("预付三成下周到账", [("customer", "预付三成到账", "2026-11-29")]),
    "to us": ("月底前把样品寄到我们公司", [("customer", "寄送样品", "2026-11-30")]),
    "colleague": ("让小周明天去量尺寸", [("colleague", "量尺寸", "2026-11-20")]),
    "department": ("请技术部周五前出一版图纸", [("colleague", "出一版图纸", "2026-11-20")]),
    "colleague of a department": ("我让实施的阿杰下周三之前出对接方案", [("colleague", "出对接方案", "2026-11-25")]),
    "colleague brought along": (
        "我跟技术部的老沈一起去的，老沈答应下周三之前把选型表做出来",
        [("colleague", "做选型表", "2026-11-25")],
    ),
    "several in one sentence": (
        "我周五前把合同发过去，周一再上门一趟，让商务的小李准备发票",
        [("us", "发送合同", "2026-11-20"), ("us", "上门一趟", "2026-11-23"), ("colleague", "准备发票", None)],
    ),
    "two without a pause": (
        "我周五前把报价单发给他下周二再约一次演示",
        [("us", "发送报价单", "2026-11-20"), ("us", "约一次演示", "2026-11-24")],
    ),
    "behind what is over": (
        "那个合同今天他们法务审完了下礼拜一盖章",
        [("us", "盖章", "2026-11-23")],
    ),
    "an appointment": ("约了下周三上午现场演示", [("us", "现场演示", "2026-11-25")]),
    "the date in a clause of its own": ("下周三之前，把安装计划表给他", [("us", "提供安装计划表", "2026-11-25")]),
}


@pytest.mark.parametrize(("text", "expected"), VOICED.values(), ids=VOICED.keys())
def test_a_promise_or_plan_is_a_step(text: str, expected: list[Step]) -> None:
    found = [(each.owner, each.action, each.due.isoformat() if each.due else None) for each in draft(text).next_steps]

    assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        "我昨天把报价发过去了",
        "方案已经给他们看过了",
        "今天去演示了一下",
        "今天路过博远",
        "样品上周寄的",
        "刚跟他通完电话",
        "他们十二月十五号开标",
        "明年五月投产",
        "如果下周批了就签",
        "希望月底能签下来",
        "下周可能会定吧？",
        "他们周五不上班",
        "付不了预付款",
        "老板十二月中旬才回来",
        "我觉得问题不大",
        "他们下周没空",
        "预计年底上线",
        "我没答应",
    ],
)
def test_what_is_done_or_only_happens_or_is_only_wished_is_no_step(text: str) -> None:
    assert draft(text).next_steps == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "他说领导嫌高我后天给他个准话他呢下周一把规格型号发过来",
            [("us", "2026-11-21"), ("customer", "2026-11-23")],
        ),
        (
            "我应承他们周五先把布局图画出来邓经理那边呢下周一把数模传给我们",
            [("us", "2026-11-20"), ("customer", "2026-11-23")],
        ),
        ("技术协议由我们小温25号补齐", [("colleague", "2026-11-25")]),
        ("仓库老许后天给他拉过去", [("colleague", "2026-11-21")]),
        ("让物流的小郝明天把在途单子发给冀科长", [("colleague", "2026-11-20")]),
        ("学术部骆姐26日来讲科室会", [("colleague", "2026-11-26")]),
        ("我跟物流部老耿通了气，他明天从张家港拉五吨发过去", [("colleague", "2026-11-20")]),
        ("他让信息科下周把报修的截图发给我们", [("customer", "2026-11-29")]),
        ("蒲总收到后安排预算部核量", [("customer", None)]),
        ("标书25号前挂网", [("customer", "2026-11-25")]),
        ("说好月底打过来十五万", [("customer", "2026-11-30")]),
        ("我跟他约好周一把清单交给他", [("us", "2026-11-23")]),
        ("样机下周三送到", [("us", "2026-11-25")]),
    ],
)
def test_who_acts_shows_in_the_shape_of_the_clause_whatever_the_verb(
    text: str, expected: list[tuple[str, str | None]]
) -> None:
    found = [(each.owner, each.due.isoformat() if each.due else None) for each in draft(text).next_steps]

    assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        "运费三千我们出",
        "他说下个月调到物流板块去",
        "要是月底不见钱咱让法务的小巩发函",
        "他说回款拖到下个月十号",
        "贴息他不管",
        "我们出的方案他拒了",
        "我问下周能不能定",
        "他给我看了手机里的报价单",
    ],
)
def test_terms_news_refusals_and_questions_are_no_steps(text: str) -> None:
    assert draft(text).next_steps == ()


def test_in_a_chat_the_rep_has_a_colleague_act() -> None:
    chat = "博远-李主任\n李主任：发票抬头错了\n我：我让财务小敬明天重开"

    [step] = draft(chat, source="wechat").next_steps

    assert (step.owner, step.due) == ("colleague", date(2026, 11, 20))


@given(st.text(alphabet="我他们让叫把给再说好小王老技术部的了后会周一万5，。： \n", max_size=400))
def test_no_words_about_people_make_the_reading_raise(text: str) -> None:
    told = draft(text)

    assert all(0 <= each.span.start < each.span.end <= len(text) for each in told.next_steps)


@pytest.mark.parametrize("piece", ["我", "他说", "小王", "我让他", "技术部", "周五他", "要求：①", "让老李把"])
def test_a_long_run_without_a_pause_is_read_to_its_end(piece: str) -> None:
    assert draft((piece * 20_000)[:20_000]) is not None


def test_contact_again_without_a_date_is_vague_and_no_step() -> None:
    told = draft("后续再联系")

    assert told.next_steps == ()
    assert [each.words for each in told.vague] == ["后续再联系"]


def test_contact_again_with_a_date_is_a_step_and_not_vague() -> None:
    told = draft("下周三再联系")

    assert [(each.owner, each.action) for each in told.next_steps] == [("us", "联系")]
    assert told.vague == ()


def test_a_step_is_the_colleagues_before_it_is_ours() -> None:
    [step] = draft("我让售后的老邱明天上门看看").next_steps

    assert step.owner == "colleague"


def test_a_clause_without_a_subject_goes_on_for_the_customer_who_acted_before_it() -> None:
    steps = draft("他要交财政审批，本月底前要交上去").next_steps

    assert [each.owner for each in steps] == ["customer"]


def test_the_customers_named_person_acts_for_the_customer() -> None:
    [step] = draft("见了采购部的熊伟，熊伟答应下周一跟法务通个电话").next_steps

    assert step.owner == "customer"


def test_a_bare_verb_takes_what_was_asked_for() -> None:
    [step] = draft("他让我们寄两套样品，我下周一寄").next_steps

    assert "两套样品" in step.action
    assert step.span.of("他让我们寄两套样品，我下周一寄").startswith("寄两套样品")


@pytest.mark.parametrize("text", [text for text, _ in VOICED.values()])
def test_an_action_holds_only_characters_of_the_note_and_of_the_two_verbs(text: str) -> None:
    for step in draft(text).next_steps:
        assert set(step.action) <= set(text) | set("提供发送寄送准备确定报送")


CHAT = """博远-李主任
李主任：报价单什么时候给我
我：{line}
李主任：OK"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("今晚发您", [("us", "2026-11-19")]),
        ("明天下班前把报价单发您", [("us", "2026-11-20")]),
        ("后天给您", [("us", "2026-11-21")]),
        ("我下周一带合同过来", [("us", "2026-11-23")]),
        ("已经发您邮箱了", []),
        ("您周五前确认一下参数", [("customer", "2026-11-20")]),
    ],
)
def test_in_a_chat_the_rep_promises_relative_to_the_moment_of_sending(
    line: str, expected: list[tuple[str, str]]
) -> None:
    found = draft(CHAT.format(line=line), "wechat", SENT_AT.replace(hour=9)).next_steps

    assert [(each.owner, each.due.isoformat() if each.due else None) for each in found] == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("我们这周就定", [("customer", "定", "2026-11-22")]),
        ("我周五前确认参数", [("customer", "确认参数", "2026-11-20")]),
        ("我拿去说服老板", [("customer", "拿去说服老板", None)]),
        ("我们还在看", []),
        ("我知道了", []),
    ],
)
def test_in_a_chat_the_customer_promises_for_himself(line: str, expected: list[Step]) -> None:
    found = draft(f"博远-李主任\n李主任：{line}\n我：好的", "wechat").next_steps

    assert [(each.owner, each.action, each.due.isoformat() if each.due else None) for each in found] == expected
