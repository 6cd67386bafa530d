"""The same conversations on every platform: the same records, to-dos and escalations, and phones that show it all."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from handlers import texts
from nlp.screens import ScreenReading
from storage.models import Script
from tests.chat import ANSWERS, MANAGER, OTHER, REP, VISIT, said, screenshot
from tests.contract.books import Books, books
from tests.contract.phones import Company, Ears

CUSTOMER = "宁波恒力阀门有限公司"
DIRECTOR = "zhoumin"
STEPS = ("① 11-25（周三）前 提供安装排期表（我）", "② 12-01（周二）前 确认技术参数（客户）")

# One table for all platforms: what the sample visit leaves behind.
FIELDS = (
    (f"customer: {CUSTOMER} known ['{CUSTOMER}']", "宁波恒力阀门"),
    ("contact: 王经理 经理 采购部", "采购部的王经理"),
    ("stage: 报价审批", "方案基本认可"),
    ("amount: budget 85000000 85000000", "八十五万"),
    ("withdrawn_amount: budget 80000000 80000000", "大概八十万"),
    ("percent: 15.0", "百分之十五"),
    ("pain: 价格敏感", "嫌我们比竞品贵"),
    ("objection: 价格", "比竞品贵百分之十五"),
    ("step: us 提供安装排期表 2026-11-25", "我答应下周三前把安装排期表给他"),
    ("step: customer 确认技术参数 2026-12-01", "他那边十二月一号前确认技术参数"),
    ("signal: positive 认可 基本认可", "基本认可"),
    ("signal: risk 审批 领导还没批", "领导还没批"),
    ("signal: risk 预算 要等预算", "要等预算"),
)
ANSWERED = (
    ("blocker: 卡在他们总经理还没签字", "卡在他们总经理还没签字"),
    ("support: 需要总监出面见一下他们老板", "需要总监出面见一下他们老板"),
    ("breakthrough: 预计下周五能批下来 2026-11-27", "预计下周五能批下来"),
)
TODOS = (("us", "提供安装排期表", "2026-11-25", "open"), ("customer", "确认技术参数", "2026-12-01", "open"))
CONFIRMED = ("confirmed", "李晓彤", CUSTOMER, "2026-11-20")

# What is read on the phones, message by message.
DRAFT = (
    "拜访记录 · 待确认",
    "11-20（周五）",
    f"客户 {CUSTOMER}",
    "联系人 王经理（采购部）",
    "阶段 报价审批",
    "预算 85 万元",
    "痛点 价格敏感",
    "异议 比竞品贵 15%",
    *STEPS,
    "风险信号：审批、预算",
    "「领导还没批」",
    "「要等预算」",
)
MISHEARD = VISIT.replace("预算大概八十万，不对，八十五万", "预算大概八十万")
HEARD: Mapping[Ears, tuple[tuple[str, ...], ...]] = {
    "ours": (("收到", "语音，正在转写…"), DRAFT),
    "both": (
        ("收到", "语音，先按平台的转写整理；录音听完有出入会再告诉您。"),
        tuple(words.replace("85 万元", "约 80 万元") for words in DRAFT),
        (*DRAFT, "85 万元 ✎", "预算：平台听成「约 80 万元」，录音里是「85 万元」，请核对"),
    ),
    "theirs": (DRAFT,),
}
QUESTIONS = (
    "风险三问",
    "记录已存为草稿，答完才入库",
    CUSTOMER,
    "① 客户卡点具体描述：卡在谁、哪一步",
    "② 我方可提供的支持：选一项或直接说",
    "③ 预计突破时间节点：选一项或说日期",
    "「领导还没批」",
    "「要等预算」",
)
TODO_CARDS = (
    ("待办", "提供安装排期表", CUSTOMER, "11-25（周三）前"),
    ("待办", "确认技术参数", CUSTOMER, "12-01（周二）前", "客户（您来盯）"),
)
SAVED = (
    f"已入库：{CUSTOMER}，11-20（周五）。已建 2 个待办。",
    "阶段「报价审批」还没改：还缺转为SQL、需求调研表、技术部确认。",
    "发现风险信号，已报给陈志远。",
)
GATE = ("阶段待改 · 材料未齐", CUSTOMER, "未登记 → 报价审批", "· 需求调研表", "· 技术部确认", "还是 MQL")
RISK = (
    "风险上报",
    CUSTOMER,
    "销售 李晓彤",
    "卡在哪一步：报价审批阶段，卡在他们总经理还没签字；审批：领导还没批；预算：要等预算",
    "缺什么支持：需要总监出面见一下他们老板",
    # the manager is told by name whose step it is
    f"下一步：{STEPS[0].replace('（我）', '（李晓彤）')}；{STEPS[1]}；预计突破：下周五能批下来（11-27（周五））",
    "「领导还没批」",
    "「要等预算」",
)
TAKEN = (f"陈志远已接手「{CUSTOMER}」的风险，会亲自跟进。",)


async def written(office: Company) -> Books:
    return await books(office.assistant.database)


async def test_a_typed_note_becomes_a_record_todos_and_an_escalation_that_the_manager_takes(office: Company) -> None:
    rep, boss = office.phone(REP), office.phone(MANAGER)

    await rep.says(VISIT)
    rep.shows(DRAFT)
    assert set(rep.sees()[-1].buttons) == {"确认", "修改", "换客户", "看话术", "作废"}

    await rep.presses("确认")
    rep.shows(QUESTIONS)
    assert boss.sees() == []

    await rep.says(ANSWERS)
    rep.shows(*TODO_CARDS, SAVED, GATE)
    boss.shows(RISK)
    assert {"我来跟进", "已处理", "误报"} <= set(boss.sees()[-1].buttons)

    await boss.presses("我来跟进")
    boss.shows((texts.DECIDED,), ("跟进中", CUSTOMER, "销售 李晓彤"))
    assert "已处理" in boss.sees()[-1].buttons
    rep.shows(TAKEN)

    await rep.presses("完成")
    rep.shows(("已完成：确认技术参数",))
    await rep.says("待办")
    rep.shows(("未完成的待办", "① 11-25（周三）前 提供安装排期表"))

    rep.shows_closed("先答风险三问", "已收到回答", "已完成", by_word=("已收到回答",))
    boss.shows_closed("陈志远跟进中")
    assert await written(office) == Books(
        visits=(CONFIRMED,),
        fields=(*FIELDS, *ANSWERED),
        todos=(TODOS[0], (*TODOS[1][:3], "done")),
        escalations=(("陈志远", "李晓彤", "taken"),),
        evidence=(("text", True), ("text", True)),
        visits_begun_on=(rep.line.name,),
    )


async def test_a_stage_waits_for_what_it_needs_until_the_manager_lets_it_pass(office: Company) -> None:
    rep, boss = office.phone(REP), office.phone(MANAGER)
    await rep.says("新商机 恒力 二期扩产")
    rep.shows(("已为宁波恒力阀门有限公司新建商机「二期扩产」",))

    await rep.says("阶段 恒力 需求确认")
    rep.shows(("还缺转为SQL、需求调研表",), ("阶段待改 · 材料未齐", "二期扩产", "未登记 → 需求确认", "· 需求调研表"))
    await rep.presses("请主管放行")
    rep.shows(("已请陈志远放行",))
    boss.shows(("阶段放行", "二期扩产", "李晓彤", "未登记 → 需求确认", "转为SQL、需求调研表"))

    await boss.presses("放行")
    boss.shows(("已放行，李晓彤已收到",))
    rep.shows(("陈志远已放行", "阶段登记为「需求确认」", "缺转为SQL、需求调研表"))
    rep.shows_closed("已请上级放行")
    boss.shows_closed("已放行")


async def test_a_signing_day_pushed_too_far_waits_for_the_director(office: Company) -> None:
    rep, boss = office.phone(REP), office.phone(DIRECTOR)
    await boss.says("你好")
    boss.news()
    await rep.says("新商机 恒力 二期扩产")
    rep.shows(("已为宁波恒力阀门有限公司新建商机「二期扩产」",))
    await rep.says("预计签约 恒力 2026年12月10日")
    rep.shows(("预计签约", "12-10（周四）"))

    await rep.says("预计签约 恒力 2026年12月30日")
    rep.shows(("一共推了 20 天（超过 15 天），先冻结",))
    boss.shows(("预计签约 · 申请解锁", "二期扩产", "12-10（周四）", "12-30（周三）", "20 天"))
    await boss.presses("解锁")
    boss.shows(("已解锁，李晓彤已收到",))
    rep.shows(("周敏已解锁", "预计签约改为 12-30（周三）"))


async def test_a_screenshot_becomes_a_record_and_unclear_sides_are_asked_about(office: Company) -> None:
    rep = office.phone(REP)
    asked, promised = said("left", "需要3月前完成安装"), said("right", "好的，2月20日前提供安装排期表")

    await rep.sends_picture(screenshot(asked, promised, title="恒力阀门-李总", warnings=("sides_unclear",)))
    rep.shows(("收到图片，正在识别…",), ("谁是客户？", "左边", "需要3月前完成安装", "右边", "安装排期表"))
    assert {"左边是客户", "右边是客户"} <= set(rep.sees()[-1].buttons)

    await rep.presses("左边是客户")
    rep.shows(("待确认", CUSTOMER, "李总", "完成安装", "提供安装排期表"))


async def test_a_document_is_labelled_by_choosing_what_it_is(office: Company) -> None:
    rep = office.phone(REP)

    await rep.sends_picture(ScreenReading("text", plain_text="合作双方签字如下，日期见落款"))
    rep.shows(("收到图片，正在识别…",), ("图片已存为证据", "这是哪一类资料"))

    await rep.presses("标注", choosing="双方签字页")
    rep.shows(("已标为「双方签字页」",))


async def test_a_voice_note_with_pictures_leaves_the_same_behind_whoever_heard_it(office: Company) -> None:
    rep, boss = office.phone(REP), office.phone(MANAGER)

    await rep.sends_picture()
    rep.shows(("收到图片，正在识别…",), ("现场照片已存好。10 分钟内的拜访记录会自动带上它。",))
    await rep.speaks(VISIT, recognised=MISHEARD if rep.line.ears == "both" else VISIT)
    rep.shows(*HEARD[rep.line.ears])
    await rep.sends_picture()
    rep.shows(("收到图片，正在识别…",), (f"现场照片已存为证据，附在「{CUSTOMER}」的拜访记录上。",))
    await rep.presses("确认")
    rep.shows(QUESTIONS)
    await rep.says(ANSWERS)
    rep.shows(*TODO_CARDS, SAVED, GATE)
    boss.shows(RISK)

    assert await written(office) == Books(
        visits=(CONFIRMED,),
        # what the recording corrects is no word that the speaker took back
        fields=tuple(
            row for row in (*FIELDS, *ANSWERED) if rep.line.ears != "both" or not row[0].startswith("withdrawn")
        ),
        todos=TODOS,
        escalations=(("陈志远", "李晓彤", "open"),),
        evidence=(("image", True), ("voice", True), ("image", True), ("text", True)),
        visits_begun_on=(rep.line.name,),
    )


async def test_the_questions_about_a_risk_are_answered_by_choosing_and_by_a_word(office: Company) -> None:
    rep = office.phone(REP)
    await rep.says(VISIT)
    await rep.presses("确认")
    rep.news()

    await rep.presses("提交", choosing="总监出面")
    rep.shows(("风险三问", "支持 总监出面", "① 客户卡点具体描述", "③ 预计突破时间节点"))
    await rep.presses("提交", choosing="两周内")
    rep.shows(("风险三问", "支持 总监出面", "突破 两周内（12-04（周五））", "① 客户卡点具体描述"))
    await rep.presses("稍后")
    rep.shows(("记录先存为草稿", "提醒您"))
    assert (await written(office)).visits[0][0] == "draft"
    await rep.says("回答风险 卡在总经理没签字")
    rep.shows(*TODO_CARDS, SAVED, GATE)

    after = await written(office)
    assert after.visits == (CONFIRMED,)
    assert after.fields[-3:] == (
        ("support: 总监出面", "总监出面"),
        ("breakthrough: 两周内 2026-12-04", "两周内"),
        ("blocker: 卡在总经理没签字", "卡在总经理没签字"),
    )


async def test_how_things_stand_with_a_customer_is_told_page_by_page(office: Company) -> None:
    rep, boss = office.phone(REP), office.phone(MANAGER)
    await rep.says(VISIT)
    await rep.presses("确认")
    await rep.says(ANSWERS)
    rep.news()
    boss.news()

    # where a card has little room, some of it goes before it
    await boss.says("恒力上次聊到哪了")
    told = boss.news()
    assert any(one.says("客户情况", CUSTOMER) and "动作链" in one.buttons for one in told)
    for words in ("11-20（周五） 李晓彤", "提供安装排期表", "领导还没批", "85 万元", "待进入「报价审批」"):
        assert any(one.says(words) for one in told), words
    # a number answers the latest card, and nobody gets two of them at one moment
    office.clock.advance(timedelta(seconds=5))
    await boss.presses("动作链")
    told = boss.news()
    assert any(one.says("动作链", CUSTOMER) and "看客户" in one.buttons for one in told)
    assert any(one.says("上报风险", "新待办", "拜访（报价审批）", "新商机") for one in told)
    await boss.presses("看客户")
    assert any(one.says("客户情况", CUSTOMER) for one in boss.news())

    other = office.phone(OTHER)
    await other.says("恒力上次聊到哪了")
    other.shows((texts.VIEW_NOT_YOURS.format(name="恒力"),))


async def test_a_reply_corrects_the_draft_and_is_undone_by_a_word(office: Company) -> None:
    rep = office.phone(REP)
    await rep.says(VISIT)
    rep.news()

    await rep.says("预算改成90万")
    rep.shows((CUSTOMER, "预算 90 万元 ✎", *STEPS))
    rep.shows_closed(texts.CLOSED_REPLACED, by_click=False)

    await rep.says("撤销")
    rep.shows((CUSTOMER, "预算 85 万元", *STEPS))

    await rep.says("预算改成90万")
    await rep.presses("确认")
    await rep.says(ANSWERS)
    after = await written(office)
    corrected = ("amount: budget 90000000 90000000", "90万")
    assert after.fields == (*FIELDS[:3], corrected, *FIELDS[4:], *ANSWERED)
    assert (after.visits, after.todos) == ((CONFIRMED,), TODOS)


async def test_a_customer_with_two_meanings_is_asked_about_and_picked(office: Company) -> None:
    rep = office.phone(REP)
    await rep.says("今天去了宏达，见了马经理，预算二十万。")
    rep.shows(("「宏达」是哪一家", "杭州宏达机电有限公司", "绍兴宏达纺织有限公司"))

    await rep.says("确认")
    rep.shows(("换客户", "杭州宏达机电有限公司", "绍兴宏达纺织有限公司"))
    assert (await written(office)).visits[0][0] == "draft"

    await rep.presses("选定", choosing="绍兴宏达纺织有限公司")
    rep.shows(("拜访记录", "客户 绍兴宏达纺织有限公司"))
    await rep.presses("确认")

    rep.shows(("已入库：绍兴宏达纺织有限公司",))
    after = await written(office)
    assert after.visits == (("confirmed", "李晓彤", "绍兴宏达纺织有限公司", "2026-11-20"),)
    assert after.fields == (
        ("customer: 绍兴宏达纺织有限公司 known", "绍兴宏达纺织有限公司"),
        ("contact: 马经理 经理", "马经理"),
        ("amount: budget 20000000 20000000", "二十万"),
    )


async def test_a_customer_picked_on_the_draft_itself_is_confirmed_with_it(office: Company) -> None:
    rep = office.phone(REP)
    await rep.says("今天去了宏达，见了马经理，预算二十万。")

    await rep.presses("确认", choosing="杭州宏达机电有限公司")

    assert any(seen.says("已入库：杭州宏达机电有限公司") for seen in rep.sees())
    assert (await written(office)).visits == (("confirmed", "李晓彤", "杭州宏达机电有限公司", "2026-11-20"),)


async def test_a_discarded_draft_leaves_no_todo_and_nobody_is_told(office: Company) -> None:
    rep, boss = office.phone(REP), office.phone(MANAGER)
    await rep.says(VISIT)
    rep.news()

    await rep.presses("作废")

    rep.shows(("已作废，不入库。",))
    rep.shows_closed("已作废")
    assert boss.sees() == []
    after = await written(office)
    assert (after.visits[0][0], after.todos, after.escalations) == ("discarded", (), ())


async def test_whatever_is_brought_again_changes_nothing(office: Company) -> None:
    rep, boss = office.phone(REP), office.phone(MANAGER)
    steps: list[Callable[[], Awaitable[None]]] = [
        lambda: rep.speaks(VISIT),
        lambda: rep.says("预算改成90万"),
        rep.sends_picture,
        lambda: rep.presses("确认"),
        lambda: rep.says(ANSWERS),
        lambda: boss.presses("我来跟进"),
        lambda: rep.presses("完成"),
    ]
    for step in steps:
        await step()
        before = rep.sees(), boss.sees()
        await rep.repeats()
        assert (rep.sees(), boss.sees()) == before

    after = await written(office)
    assert (after.visits, after.parked) == ((CONFIRMED,), 0)
    assert sorted(state for *_, state in after.todos) == ["done", "open"]
    assert after.escalations == (("陈志远", "李晓彤", "taken"),)
    assert sorted(after.evidence) == [("image", True), ("text", True), ("text", True), ("voice", True)]


async def test_a_button_pressed_twice_counts_once(office: Company) -> None:
    rep, boss = office.phone(REP), office.phone(MANAGER)
    await rep.says(VISIT)

    await rep.presses("确认", times=2)
    await rep.says(ANSWERS)
    await boss.presses("我来跟进", times=2)

    after = await written(office)
    assert (after.visits, after.todos) == ((CONFIRMED,), TODOS)
    assert after.escalations == (("陈志远", "李晓彤", "taken"),)
    for words in ("已入库", "已接手"):
        assert [seen.says(words) for seen in rep.sees()].count(True) == 1
    assert [seen.says("缺什么支持") for seen in boss.sees()].count(True) == 1
    assert after.parked == 0


async def test_only_whose_card_it_is_can_press_and_a_manager_assigns_the_risk_to_somebody_on_the_list(
    office: Company,
) -> None:
    rep, boss, other = office.phone(REP), office.phone(MANAGER), office.phone(OTHER)
    await rep.says(VISIT)

    await other.presses_on(rep, "确认")
    [refusal] = other.news()
    assert refusal.says(texts.CARD_NOT_YOURS) or refusal.says(texts.NOT_UNDERSTOOD)
    assert (await written(office)).visits[0][0] == "draft"
    await rep.presses("确认")
    await rep.says(ANSWERS)
    rep.news()
    await other.presses_on(boss, "误报")
    [refusal] = other.news()
    assert refusal.says(texts.CARD_NOT_YOURS) or refusal.says(texts.NOT_UNDERSTOOD)
    assert (await written(office)).escalations == (("陈志远", "李晓彤", "open"),)

    await boss.presses("指派", choosing="赵一鸣")
    rep.shows((f"陈志远把「{CUSTOMER}」的风险指派给赵一鸣跟进。",))
    other.shows(("请您跟进", CUSTOMER, "领导还没批", "要等预算"))
    boss.shows_closed("已指派赵一鸣")
    assert (await written(office)).escalations == (("陈志远", "李晓彤", "assigned"),)


async def test_an_objection_is_practised_by_voice_and_the_card_starts_it_again(office: Company) -> None:
    rep = office.phone(REP)
    async with office.assistant.database.work() as work:
        work.scripts.add(
            Script(
                code="PR-01",
                title="对齐配置",
                category="价格",
                plan_kind="提问",
                body="我理解。先看配置是否一样：\n- 型号与关键参数\n- 安装和质保\n范围一致再比价，您看行吗？",
                phrasings=["你们太贵了"],
                status="approved",
            )
        )

    await rep.says("练习")
    rep.shows(("练习开始，共 1 轮", "练习 1/1", "客户：「你们太贵了」"))
    await rep.speaks("型号和主要参数对一对，安装质保也要看，我给您打八折")
    # where the platform hears, that is enough for an answer
    office.listener.answers.clear()
    *_receipt, judged, card = rep.news()
    assert judged.says(
        "练习 1/1",
        "得分 22",
        "「型号与关键参数」「安装和质保」",
        "「先看配置是否一样」「范围一致再比价，您看行吗」",
        "「八折」话术里没有，不能自己许（−20）",
        "这条话术要用提问引客户往下说，您没有提问（−8）",
        "参考话术 PR-01「对齐配置」",
    )
    assert card.says("练习结果", "平均 22 分", "1 轮", "话术 PR-01", "1 PR-01 对齐配置：22 分")

    await rep.presses("再来一轮")
    rep.shows(("练习开始，共 1 轮", "练习 1/1", "客户：「你们太贵了」"))
    await rep.says("不练了")
    rep.shows((texts.PRACTICE_STOPPED_EMPTY,))
    assert (await written(office)).visits == ()


async def test_every_question_is_answered_also_what_we_cannot_read(office: Company) -> None:
    rep = office.phone(REP)

    await rep.sends_something_odd()
    rep.shows(("我还看不懂。请发语音、文字、图片或位置。",))
    for question, answer in (("帮助", texts.HELP), ("待办", texts.NO_TODOS), ("你好", texts.HELLO)):
        await rep.says(question)
        rep.shows(tuple(answer.splitlines()))

    assert (await written(office)).visits == ()


async def test_a_colleague_is_asked_and_their_answer_comes_back(office: Company) -> None:
    rep, colleague = office.phone(REP), office.phone(OTHER)

    await rep.says("求助 赵一鸣 恒力的阀体材质要 316L，能不能做？")
    rep.shows(("已发给赵一鸣：求助1", f"客户：{CUSTOMER}", "撤回求助1"))
    colleague.shows(("请您回复", "求助1", "提问人 李晓彤", f"客户 {CUSTOMER}", "恒力的阀体材质要 316L，能不能做？"))
    assert {"我来回复", "转给同事", "办不了"} <= set(colleague.sees()[-1].buttons)

    await colleague.presses("我来回复")
    colleague.shows((f"请直接回复求助1（{CUSTOMER}）的答复",))
    await colleague.speaks("可以做，交期多两周。")

    assert any(seen.says("赵一鸣", "回复了求助1", "可以做，交期多两周。") for seen in rep.news())
    assert any(seen.says("已转给李晓彤。") for seen in colleague.news())
    colleague.shows_closed("已回复", by_word=("已回复",))


async def test_a_quote_is_approved_by_a_press_and_another_refused_with_a_word(office: Company) -> None:
    rep, boss = office.phone(REP), office.phone(MANAGER)

    await rep.says("审批 恒力 报价 3万 含安装")
    rep.shows((f"已提交审批1：{CUSTOMER}，报价 3 万元。", "主管 陈志远 等待中", "撤回审批1"))
    boss.shows(("报价审批", "审批1", f"客户 {CUSTOMER}", "金额 3 万元", "申请人 李晓彤", "恒力 报价 3万 含安装"))
    assert {"同意", "不同意", "转上级"} <= set(boss.sees()[-1].buttons)

    await boss.presses("同意")
    rep.shows(("审批1通过了", "主管 陈志远 ✓"))
    boss.shows(("好的，已告诉李晓彤。",))

    await rep.says("申请折扣 恒力 9折 报价2万")
    rep.shows((f"已提交审批2：{CUSTOMER}", "让 10%"))
    boss.shows(("折扣审批", "审批2", "让利 让 10%"))
    await boss.presses("不同意")
    boss.shows(("为什么不同意？",))
    await boss.says("毛利太低，先报 95 折")
    rep.shows(("陈志远没有同意审批2", "毛利太低，先报 95 折", "主管 陈志远 ✗"))
    boss.shows(("好的，已告诉李晓彤。",))
    boss.shows_closed("已同意", "没有同意", by_word=("没有同意",))
