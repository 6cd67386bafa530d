"""Whole notes become drafts. All companies, people and figures are invented; notes are sent on 19 November 2026."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import clauses
from nlp.draft import CustomerEntry, ExtractionContext, Source, VisitDraft
from nlp.extract import extract, grounded, spans
from nlp.lexicon import STAGES_LONG, default_vocabulary, merged
from nlp.summary import MAX_LENGTH

SHANGHAI = ZoneInfo("Asia/Shanghai")
SENT_AT = datetime(2026, 11, 19, 17, 0, tzinfo=SHANGHAI)
CUSTOMERS = tuple(
    CustomerEntry(name)
    for name in (
        "宁波恒力阀门有限公司",
        "宁波恒丽服饰有限公司",
        "台州锦程汽配有限公司",
        "上海博远医疗器械股份有限公司",
        "无锡鼎新精密制造有限公司",
    )
)
W = 10_000


def draft(text: str, source: Source = "voice", sent_at: datetime = SENT_AT) -> VisitDraft:
    return extract(text, ExtractionContext(sent_at, default_vocabulary(), SHANGHAI, source, CUSTOMERS))


COLLOQUIAL = (
    "刚从宁波恒力阀门出来，见了采购部的王经理，他们方案基本认可，预算大概八十万，不对，八十五万，就是嫌我们比竞品贵百分之十五，说领导还没批，要等预算。"
    "我答应下周三前把安装排期表给他，他那边十二月一号前确认技术参数。"
)


@pytest.mark.parametrize(
    "text",
    [
        COLLOQUIAL,
        COLLOQUIAL.replace("，", "").replace("。", ""),
        COLLOQUIAL.replace("宁波恒力阀门", "恒力"),
        COLLOQUIAL.replace("恒力", "横力")
        .replace("八十五万", "85万")
        .replace("百分之十五", "15%")
        .replace("十二月一号", "12月1号"),
        "嗯" + COLLOQUIAL.replace("，预算", "，那个，预算").replace("就是嫌", "然后呢就是嫌"),
    ],
    ids=["as written", "without punctuation", "by the short name", "as speech recognition hears it", "with fillers"],
)
@pytest.mark.parametrize("sent_on", [19, 20])
def test_the_colloquial_note_becomes_the_card_of_the_product_description(text: str, sent_on: int) -> None:
    note = draft(text, sent_at=SENT_AT.replace(day=sent_on))

    assert note.customer is not None
    assert (note.customer.value, note.customer.status) == ("宁波恒力阀门有限公司", "known")
    assert [(each.name, each.department) for each in note.contacts] == [("王经理", "采购部")]
    assert note.stage is not None
    assert note.stage.value == "报价审批"
    assert [(each.role, each.low_fen, each.high_fen) for each in note.amounts] == [
        ("budget", 85 * W * 100, 85 * W * 100)
    ]
    assert [each.value for each in note.percents] == [15.0]
    assert [each.category for each in note.pain_points] == ["价格敏感"]
    assert [each.category for each in note.objections] == ["价格"]
    assert note.objections[0].span.of(text).startswith("比竞品贵")
    assert [each.words for each in note.signals if each.polarity == "risk"] == ["领导还没批", "要等预算"]
    assert [(each.owner, each.action, each.due) for each in note.next_steps] == [
        ("us", "提供安装排期表", date(2026, 11, 25)),
        ("customer", "确认技术参数", date(2026, 12, 1)),
    ]


@dataclass(frozen=True)
class Expected:
    """What one sentence must yield; a field left out is not looked at."""

    customer: tuple[str, str] | None = None
    contacts: list[str] | None = None
    stage: str | None = None
    amounts: list[tuple[str, int | None, int | None]] | None = None
    competitors: list[str] | None = None
    pains: list[str] | None = None
    objections: list[str] | None = None
    risks: list[str] | None = None
    steps: list[tuple[str, str, str | None]] | None = None
    attitude: int | None = None
    visited_on: str | None = None


NOTES: dict[str, tuple[str, Expected]] = {
    "a promise of ours": ("我明天把合同发给王总", Expected(steps=[("us", "发送合同", "2026-11-20")])),
    "a promise in passing": ("回头我把资料发他", Expected(steps=[("us", "发送资料", None)])),
    "a promise of theirs": ("王总答应月底前给答复", Expected(steps=[("customer", "给答复", "2026-11-30")])),
    "their lawyers": ("陈总说法务下周四给反馈", Expected(steps=[("customer", "给反馈", "2026-11-26")])),
    "their money": ("他们财务这周五之前付首付款", Expected(steps=[("customer", "付首付款", "2026-11-20")])),
    "a colleague": ("让技术周五前出方案", Expected(steps=[("colleague", "出方案", "2026-11-20")])),
    "a colleague by name": (
        "请刘总出面拜访一下他们的校长",
        Expected(steps=[("colleague", "出面拜访一下他们的校长", None)], contacts=[]),
    ),
    "asked of us is a demand": ("王总要我们下周一提供营业执照", Expected(steps=[])),
    "an appointment": ("约了下周一下午两点视频会议", Expected(steps=[("us", "视频会议", "2026-11-23")])),
    "the date comes after": (
        "我建议让张经理安排一个老客户参观，时间定在下个月五号左右",
        Expected(steps=[("colleague", "安排一个老客户参观", "2026-12-05")]),
    ),
    "two of ours, subject once": (
        "我下周三之前把技术方案发给他，周五再约一次现场演示",
        Expected(steps=[("us", "发送技术方案", "2026-11-25"), ("us", "约一次现场演示", "2026-11-20")]),
    ),
    "two without a pause": (
        "我下周三之前把报价单发给他周五再约一次现场演示",
        Expected(steps=[("us", "发送报价单", "2026-11-25"), ("us", "约一次现场演示", "2026-11-20")]),
    ),
    "fillers inside": (
        "嗯那个我就是下周五之前呢把那个测试报告发给他们",
        Expected(steps=[("us", "发送测试报告", "2026-11-27")]),
    ),
    "a date taken back": ("我周三，不对，周五前把样品寄给他", Expected(steps=[("us", "寄送样品", "2026-11-20")])),
    "done is no step": ("我昨天已经把报价发过去了", Expected(steps=[])),
    "a visit is no step": ("今天下午我去拜访了锦程", Expected(steps=[], customer=("台州锦程汽配有限公司", "known"))),
    "a condition is no step": ("如果下周能批就签合同", Expected(steps=[])),
    "their plan is no step": ("他们计划明年九月份立项", Expected(steps=[])),
    "a state is no step": ("他们今年没有预算", Expected(steps=[], risks=["预算"])),
    "contact again next year": ("明年一月再联系", Expected(steps=[("us", "联系", "2027-01-31")])),
    "budget as a range": ("预算三到五十万", Expected(amounts=[("budget", 3 * W, 50 * W)])),
    "budget with a limit": ("预算控制在86万以内", Expected(amounts=[("budget", None, 86 * W)])),
    "theirs and ours": (
        "竞品报45万，我们报52万",
        Expected(amounts=[("competitor_price", 45 * W, 45 * W), ("quote", 52 * W, 52 * W)]),
    ),
    "a price of a named competitor": (
        "蓝云软件那边已经做了演示，价格只要四十五万",
        Expected(competitors=["蓝云软件"], amounts=[("competitor_price", 45 * W, 45 * W)], risks=["竞品"]),
    ),
    "an instalment": ("首付先给三十万，尾款验收后付", Expected(amounts=[("payment", 30 * W, 30 * W)])),
    "the deal": ("合同金额一百二十六万，含三年维保", Expected(amounts=[("deal", 126 * W, 126 * W)])),
    "a phone number is no money": ("新负责人电话一三九零零零零一二三四", Expected(amounts=[])),
    "payment ratio is no money": ("付款方式他们想要三六一", Expected(amounts=[])),
    "price objection": ("王总嫌我们比海泰科技贵两成", Expected(objections=["价格"], pains=["价格敏感"])),
    "cheaper rival": ("对方报价比我们低百分之十五", Expected(objections=["价格"])),
    "we are dearer not": ("他们比我们贵多了", Expected(objections=[], pains=[])),
    "delivery objection": (
        "张主任觉得我们交付周期太长了",
        Expected(objections=["交付"], pains=["交付周期"], risks=["交付"]),
    ),
    "service worry": ("他们担心售后跟不上", Expected(objections=["售后"], pains=["售后响应"])),
    "technical worry": ("信息科担心跟现有系统对接不上", Expected(pains=["技术适配"])),
    "too small": ("领导认为我们公司规模小", Expected(objections=["实力"])),
    "payment terms": ("就是付款方式还要再谈", Expected(objections=["付款"])),
    "somebody else's trouble": ("他们说原来的供应商交期太长", Expected(pains=[], risks=[])),
    "settled trouble": ("之前的售后问题已经解决了", Expected(pains=[], risks=[])),
    "first visit": ("今天第一次去拜访锦程，聊了聊", Expected(stage="线索获取")),
    "needs known": ("他们的需求基本明确了", Expected(stage="需求确认")),
    "talked the solution through": ("跟技术部讨论了方案", Expected(stage="方案设计")),
    "waiting for approval": ("报价已经发过去了，领导还没批", Expected(stage="报价审批")),
    "contract": ("合同条款基本没问题了", Expected(stage="合同签订")),
    "on site": ("设备已经发货了，下周进场", Expected(stage="交付执行")),
    "the stage that is reached, before a day to sign that is only expected": (
        "见了采购部王经理，需求调研做完了，预算八十五万，李总拍板，预计12月10号签合同",
        Expected(stage="需求确认"),
    ),
    "named stage": ("项目现在到报价审批了", Expected(stage="报价审批")),
    "planned is not reached": ("争取下个月签合同", Expected(stage="")),
    "hot": ("王总催我们签合同", Expected(attitude=2)),
    "warm": ("他对方案挺认可的", Expected(attitude=1)),
    "cool": ("他有点犹豫", Expected(attitude=-1, risks=["犹豫"])),
    "hostile": ("客户很生气，说不合作了", Expected(attitude=-2, risks=["流失"])),
    "nothing said": ("今天路上堵车", Expected(attitude=0, contacts=[], steps=[], amounts=[], risks=[])),
    "yesterday": ("昨天去拜访了锦程", Expected(visited_on="2026-11-18")),
    "last Tuesday": ("周二跑了趟博远，见了李主任", Expected(visited_on="2026-11-17", contacts=["李主任"])),
    "same person, two names": ("见了采购总监刘建平，刘总说再看看", Expected(contacts=["刘建平"], risks=["犹豫"])),
    "two people": ("技术部的李工和采购部王经理都在", Expected(contacts=["李工", "王经理"])),
    "unlisted customer": ("拜访了苏州卓恒电子的张总", Expected(customer=("苏州卓恒电子", "new"), contacts=["张总"])),
    "two customers": ("上午拜访了锦程，下午拜访了博远", Expected(customer=("台州锦程汽配有限公司", "known"))),
    "misheard customer": ("刚从无锡顶新精密出来", Expected(customer=("无锡鼎新精密制造有限公司", "known"))),
    "corrected customer": ("客户是宁波恒丽不是恒力", Expected(customer=("宁波恒丽服饰有限公司", "known"))),
    "tender": ("预计十二月十五号招标", Expected(risks=["招标"], steps=[])),
    "decision maker gone": ("他们换了采购负责人", Expected(risks=["决策人变更"])),
    "late money": ("尾款还没付，已经逾期一个月", Expected(risks=["回款", "回款"])),
    "english competitor": ("他们倾向于换成SAP", Expected(competitors=["SAP"])),
    "list of competitors": ("竞争对手主要是远航科技和东信软件", Expected(competitors=["远航科技", "东信软件"])),
    "everything at once, no pause": (
        "今天拜访了锦程见了采购部的陈经理预算大概六十万左右他们觉得我们交期太长我答应下周五前给一版新的排产计划",
        Expected(
            customer=("台州锦程汽配有限公司", "known"),
            contacts=["陈经理"],
            amounts=[("budget", 60 * W, 60 * W)],
            pains=["交付周期"],
            steps=[("us", "给一版新的排产计划", "2026-11-27")],
        ),
    ),
}


@pytest.mark.parametrize(
    ("text", "stage", "words"),
    [
        ("刚从恒力出来，需求调研做完了，报价单已经发过去了，下周三签约", "合同签订", "下周三签约"),
        ("王经理说二期扩产报价12.5万能接受", "报价审批", "12.5万能接受"),
        ("我们报价12.5万", "报价审批", "我们报价12.5万"),
        ("我们报价三十六万元", "报价审批", "我们报价三十六万元"),
        ("海味楼的姜厨说蒸烤箱好用，问我多少钱，我准备这周五带合同过去签", "合同签订", "我准备这周五带合同过去签"),
    ],
)
def test_the_words_under_a_stage_speak_of_it(text: str, stage: str, words: str) -> None:
    found = draft(text).stage

    assert found is not None
    assert (found.value, found.span.of(text)) == (stage, words)


@pytest.mark.parametrize(("text", "expected"), NOTES.values(), ids=NOTES.keys())
def test_a_sentence_yields_its_facts(text: str, expected: Expected) -> None:
    note = draft(text)

    if expected.customer is not None:
        assert note.customer is not None
        assert (note.customer.value, note.customer.status) == expected.customer
    if expected.contacts is not None:
        assert [each.name for each in note.contacts] == expected.contacts
    if expected.stage is not None:
        assert (note.stage.value if note.stage else "") == expected.stage
    if expected.amounts is not None:
        said = [(each.role, _yuan(each.low_fen), _yuan(each.high_fen)) for each in note.amounts]
        assert said == expected.amounts
    if expected.competitors is not None:
        assert [each.name for each in note.competitors] == expected.competitors
    if expected.pains is not None:
        assert [each.category for each in note.pain_points] == expected.pains
    if expected.objections is not None:
        assert [each.category for each in note.objections] == expected.objections
    if expected.risks is not None:
        assert [each.category for each in note.signals if each.polarity == "risk"] == expected.risks
    if expected.steps is not None:
        found = [(each.owner, each.action, each.due.isoformat() if each.due else None) for each in note.next_steps]
        assert found == expected.steps
    if expected.attitude is not None:
        assert note.attitude == expected.attitude
    if expected.visited_on is not None:
        assert note.visited_on == date.fromisoformat(expected.visited_on)


def _yuan(amount_fen: int | None) -> int | None:
    return None if amount_fen is None else amount_fen // 100


def test_a_stage_that_is_only_planned_is_none() -> None:
    assert draft("争取下个月签合同").stage is None
    assert draft("蓝云软件已经做了演示").stage is None


def test_the_teams_own_funnel_names_the_stage() -> None:
    vocabulary = merged(default_vocabulary(), stages=STAGES_LONG)
    context = ExtractionContext(SENT_AT, vocabulary, SHANGHAI)

    stage = extract("样品测试还在做，数据不错，报价单已经发过去了", context).stage

    assert stage is not None
    assert stage.value in STAGES_LONG


CHAT = """李晓明 恒泰集团
对方：王经理，你们的方案我们看过了
对方：整体可以，预算控制在86万以内
我：李总您好，周三之前给您准确答复
对方：好的，领导还没批
我：收到，报价单今天下班前发您邮箱"""


def test_in_a_chat_the_title_names_customer_and_contact_and_everybody_speaks_for_himself() -> None:
    note = draft(CHAT, "wechat", SENT_AT.replace(hour=9))

    assert note.customer is not None
    assert (note.customer.value, note.customer.status) == ("恒泰集团", "new")
    assert [each.name for each in note.contacts] == ["李晓明"]
    assert [(each.low_fen, each.high_fen) for each in note.amounts] == [(None, 86 * W * 100)]
    assert [each.words for each in note.signals if each.polarity == "risk"] == ["领导还没批"]
    assert [(each.owner, each.action, each.due) for each in note.next_steps] == [
        ("us", "提供准确答复", date(2026, 11, 25)),
        ("us", "发送报价单", date(2026, 11, 19)),
    ]


def test_what_the_rep_says_in_a_chat_is_no_signal_of_the_customers() -> None:
    note = draft("张工-智造科技\n我：我们领导还没批这个价格\n张工：好的", "wechat")

    assert note.signals == ()


def test_the_summary_holds_only_words_of_the_draft() -> None:
    summary = draft(COLLOQUIAL).summary

    assert "宁波恒力阀门有限公司" in summary
    assert "八十五万" in summary
    assert "八十万" not in summary.replace("八十五万", "")
    assert len(summary) <= 161


def test_the_due_date_has_the_span_of_its_words() -> None:
    [step] = draft("我明天把合同发给王总").next_steps

    assert step.due_span is not None
    assert step.due_span.of("我明天把合同发给王总") == "明天"


@pytest.mark.parametrize(
    ("text", "on", "at", "place"),
    [
        ("今天下午两点在他们余姚车间聊的", "2026-11-19", "14:00", "他们余姚车间"),
        ("昨天上午十点去了他们办公室，聊了一个小时", "2026-11-18", "10:00", "他们办公室"),
        ("跟高鹏线上开的会，下午三点到四点", "2026-11-19", "15:00", "线上"),
        ("周二跑了趟博远", "2026-11-17", None, None),
        ("约了明天下午两点去他们车间", "2026-11-19", None, None),
        ("下周在他们会议室演示", "2026-11-19", None, None),
        ("今天见了王总", "2026-11-19", None, None),
        ("从早上八点跑到晚上九点", "2026-11-19", None, None),
    ],
)
def test_the_visit_has_a_day_a_time_and_a_place(text: str, on: str, at: str | None, place: str | None) -> None:
    told = draft(text)

    assert told.visited_on == date.fromisoformat(on)
    assert (told.visited_time.strftime("%H:%M") if told.visited_time else None) == at
    assert (told.place.name if told.place else None) == place
    assert told.place is None or told.place.span.of(text) == told.place.name


def test_the_day_of_the_visit_has_a_span_only_where_words_name_another() -> None:
    text = "昨天去拜访了锦程"
    told = draft(text)

    assert told.visited_span is not None
    assert told.visited_span.of(text) == "昨天"
    assert draft("去拜访了锦程").visited_span is None


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (COLLOQUIAL, ()),
        ("今天路上堵车", ("customer", "next_step", "contact", "stage")),
        ("拜访了锦程，见了陈经理，下一步跟他们对接参数", ("next_step_due", "stage")),
        ("拜访了锦程，我周五前把合同发过去", ("contact", "stage")),
    ],
    ids=["nothing", "all", "a date and the stage", "whom and how far"],
)
def test_what_a_useful_record_lacks_is_named_the_most_important_first(text: str, missing: tuple[str, ...]) -> None:
    assert draft(text).missing == missing


def test_a_pain_point_that_the_customer_denies_is_no_objection() -> None:
    told = draft("他倒不是特别在意价格，就是嫌我们贵了点")

    assert told.pain_points == ()
    assert told.objections == ()


PIECES = st.lists(
    st.sampled_from(
        [
            "刚从",
            "宁波恒力阀门",
            "恒利",
            "出来",
            "见了",
            "采购部的",
            "王经理",
            "王总",
            "预算",
            "八十万",
            "不对",
            "八十五万",
            "，",
            "。",
            "\n",
            "我：",
            "对方：",
            "嫌",
            "比竞品贵",
            "百分之十五",
            "领导",
            "还没批",
            "要等预算",
            "我答应",
            "下周三前",
            "把",
            "排期表",
            "给他",
            "他那边",
            "12月1号前",
            "确认",
            "竞争对手是",
            "X科技",
            "如果",
            "就",
            "🙂",
            "嗯",
            "合同",
            "签",
            "3800",
            "每台",
            "让我们",
            "问能不能",
            "九五折",
            "我让技术部的小周",
            "昨天下午三点",
            "在他们车间",
            "客户很满意",
            "后续再联系",
            "他倒不是在意价格",
            "我我我",
            "给他给他发",
            "要么降到",
            "一共",
            "定了",
            "什么时候",
        ]
    ),
    max_size=24,
).map("".join)


@settings(deadline=None)
@given(PIECES | st.text(max_size=120), st.sampled_from(["voice", "wechat", "text"]))
def test_no_text_makes_it_raise_and_every_value_is_grounded(text: str, source: Source) -> None:
    note = draft(text, source)

    assert grounded(text, note)
    assert note == draft(text, source)
    assert all(a.low_fen is None or a.high_fen is None or a.low_fen <= a.high_fen for a in note.amounts)
    assert -2 <= note.attitude <= 2
    assert len(note.summary) <= MAX_LENGTH
    assert all(span.of(text).strip() for span in spans(note))
    assert all(demand.what for demand in note.demands)
    assert all(step.action for step in note.next_steps)


@pytest.mark.parametrize("size", [1_000, 20_000])
@pytest.mark.parametrize(
    "piece", ["1", "万", "（", "我", "下周", "，", "五折", "让我们", COLLOQUIAL.replace("，", "")], ids=ascii
)
def test_no_clause_is_so_long_that_looking_around_in_it_grows_with_the_text(piece: str, size: int) -> None:
    text = (piece * size)[:size]
    pieces = clauses.split(text)

    assert max((len(each.text) for each in pieces), default=0) <= clauses.LONGEST_CLAUSE
    assert all(text[each.start : each.end] == each.text for each in pieces)


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "八",
        "万",
        "从",
        "王总",
        "百分之",
        "竞品是",
        "（",
        "我：",
        "\n",
        "下周",
        "，",
        "我",
        "五折",
        "让我们",
        COLLOQUIAL,
    ],
    ids=ascii,
)
def test_a_long_text_is_read_to_its_end(piece: str) -> None:
    """A rule whose time grows with the square of the length would run into the suite's time limit here."""
    text = (piece * 8000)[:8000]

    assert all(0 <= span.start < span.end <= len(text) for span in spans(draft(text)))


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        (
            "我答应他下周三之前，把安装计划表给他，他那边12月1号之前，确认技术参数",
            [("us", "提供安装计划表", date(2026, 11, 25)), ("customer", "确认技术参数", date(2026, 12, 1))],
        ),
        ("下周三之前，我把方案发给他", [("us", "发送方案", date(2026, 11, 25))]),
        ("周五，他们开会讨论", []),
        ("明天下午，王总去北京出差", []),
    ],
)
def test_a_comma_behind_a_date_is_a_breath(text: str, steps: list[tuple[str, str, date]]) -> None:
    found = draft(text).next_steps
    assert [(step.owner, step.action, step.due) for step in found] == steps


def test_a_comparison_with_the_competitor_keeps_its_number() -> None:
    text = "就是嫌我们比竞争对手贵15%"
    [objection] = draft(text).objections
    assert objection.span.of(text) == "比竞争对手贵15%"


@pytest.mark.parametrize(
    ("text", "customer"),
    [
        ("今年利润下滑，所以设备采购的预算砍了一半。", None),
        ("等他们领导从国外回来再定。", None),
        ("从鼎新精密回来，所以设备的事有数了。", "无锡鼎新精密制造有限公司"),
    ],
)
def test_words_that_join_sentences_are_no_company(text: str, customer: str | None) -> None:
    found = draft(text).customer

    assert (found.value if found else None) == customer


def test_a_number_of_machines_is_no_competitor() -> None:
    told = draft("见到了锦程汽配的李部长，他们今年用了两百多台注塑机。")

    assert told.competitors == ()
    assert told.signals == ()


def test_what_the_customer_would_like_to_pay_is_no_quote() -> None:
    told = draft("报价一共是三十六万八，对方希望能降到三十五万以内。")

    assert [(amount.role, amount.low_fen, amount.high_fen) for amount in told.amounts] == [
        ("quote", 3_680 * W, 3_680 * W),
        ("other", None, 3_500 * W),
    ]


@pytest.mark.parametrize("text", ["大概率年底能定。", "他说回款要拖到下个月十号。", "只说明年一季度再看。"])
def test_a_forecast_is_no_next_step(text: str) -> None:
    assert draft(text).next_steps == ()


@pytest.mark.parametrize("number", ["4、", "4.", "（4）", "④"])
def test_the_number_of_a_list_is_no_part_of_the_action(number: str) -> None:
    [step] = draft(f"3、竞品在跟进；{number}下周四前回复报价。").next_steps

    assert step.action == "回复报价"


def test_a_payment_without_a_subject_is_the_customers() -> None:
    [step] = draft("合同金额一百二十万，下周五之前打款。").next_steps

    assert (step.owner, step.action, step.due) == ("customer", "打款", date(2026, 11, 27))


@pytest.mark.parametrize("text", ["不用再考虑了，客户直接签。", "客户没说要再考虑。"])
def test_hesitation_that_is_denied_does_not_cool_the_attitude(text: str) -> None:
    assert draft(text).attitude >= 0


def test_a_competitor_that_is_called_like_a_person_is_no_contact() -> None:
    told = draft("见了采购部王经理和技术部李工，竞品是华工和科锐。")

    assert [contact.name for contact in told.contacts] == ["王经理", "李工"]
    assert [rival.name for rival in told.competitors] == ["华工", "科锐"]
