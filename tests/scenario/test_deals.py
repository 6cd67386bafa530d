"""Deals in the chat: a note moves the stage; what is missing is listed, a jump asked about, and may be let pass."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select

from handlers import actions, deal_texts, stages, texts
from handlers.funnel import EIGHT, SIX
from handlers.messages import CardUpdate, OutboundCard
from storage.deal_models import Opportunity, StageChange
from storage.models import Customer, Evidence, Identity
from tests.chat import FRIDAY, MANAGER, OTHER, REP, SHANGHAI, Chat, fields

DIRECTOR = "zhoumin"
CUSTOMER = "宁波恒力阀门有限公司"
MONDAY = datetime(2026, 11, 23, 8, 30, tzinfo=SHANGHAI)


async def visit(chat: Chat, text: str) -> list[str]:
    """Told and confirmed; the texts that came back on 确认."""
    await chat.says(text)
    before = len(chat.texts(of=REP))
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    return chat.texts(of=REP)[before:]


async def deal(chat: Chat, number: int = 1) -> Opportunity:
    async with chat.database.reading() as work:
        return await work.opportunities.get(number)


async def customer(chat: Chat) -> Customer:
    async with chat.database.reading() as work:
        found = await work.customers.by_name(CUSTOMER)
        assert found is not None
        return found


async def registered(chat: Chat, stage: str = "需求确认", *, name: str = "") -> int:
    """A deal that is known to be there."""
    async with chat.database.work() as work:
        found = await work.customers.by_name(CUSTOMER)
        assert found is not None
        made = await work.opportunities.add(found.customer_id, name=name, lead="sql")
        made.stage, made.stage_since = stage, work.now - timedelta(days=3)
        work.customers.set_stage(found, stage, since=made.stage_since)
        await work.opportunities.add_change(
            StageChange(
                opportunity_id=made.opportunity_id,
                cause=f"test:{made.opportunity_id}",
                to_stage=stage,
                state="applied",
                waived=[],
                created_at=made.stage_since,
                decided_at=made.stage_since,
            )
        )
        return made.opportunity_id


async def document(chat: Chat, label: str) -> None:
    """It lies in the customer's file, and what waits for it hears of that."""
    async with chat.database.work() as work:
        found = await work.customers.by_name(CUSTOMER)
        assert found is not None
        rep = await work.members.by_identity("wecom", REP)
        assert rep is not None
        kept = await work.visits.keep_evidence(f"doc:{label}", rep.member_id, "image", sent_at=work.now)
        kept.label, kept.customer_id = label, found.customer_id
        await work.session.flush()
        await stages.recheck(chat.context, work, found.customer_id, cause=f"doc:{label}")
    await chat.worker.drain()


def gate(chat: Chat) -> OutboundCard:
    return chat.cards("阶段待改", of=REP)[-1]


NOTE = "今天拜访了宁波恒力阀门的王经理，技术方案客户已经定了，现在到了报价审批阶段，周五前我发报价单。"


# One step


async def test_a_note_moves_the_deal_once_what_the_stage_needs_is_there(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await document(chat, "技术部确认")

    await chat.says(NOTE)
    assert fields(chat.draft())["阶段"] == "方案设计 → 报价审批"
    assert "阶段：" not in chat.draft().body
    before = len(chat.texts(of=REP))
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    assert "阶段：方案设计 → 报价审批" in "\n".join(chat.texts(of=REP)[before:])
    assert (await deal(chat)).stage == "报价审批"
    assert (await customer(chat)).stage == "报价审批"
    async with chat.database.reading() as work:
        change = await work.opportunities.latest_applied(1)
    assert change is not None
    assert change.words == "报价审批"
    assert change.visit_id == 1


async def test_the_draft_says_what_the_stage_lacks_and_confirming_saves_the_visit_all_the_same(chat: Chat) -> None:
    await registered(chat, "方案设计")

    await chat.says(NOTE)
    assert "阶段：还缺技术部确认" in chat.draft().body
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    assert (await deal(chat)).stage == "方案设计"
    assert "阶段「报价审批」还没改：还缺技术部确认。办法见下一张卡片。" in chat.texts(of=REP)[-1]
    assert "· 技术部确认" in gate(chat).body
    assert fields(gate(chat)) == {"阶段": "方案设计 → 报价审批"}


async def test_the_draft_does_not_call_missing_what_was_let_pass_before(chat: Chat) -> None:
    await registered(chat, "需求确认")
    await visit(chat, "拜访了宁波恒力阀门的王经理，现在到了方案设计阶段，周五前我发方案。")
    async with chat.database.work() as work:
        moved = await work.opportunities.latest_applied(1)
        assert moved is not None
        moved.waived = ["技术部确认"]

    await chat.says(NOTE)
    assert "阶段：还缺" not in chat.draft().body


async def test_the_draft_does_not_call_missing_what_it_brings_itself(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await chat.says(NOTE)
    assert "阶段：还缺技术部确认" in chat.draft().body
    async with chat.database.work() as work:
        [said] = await work.visits.evidence_of(1)
        mail = await work.visits.keep_evidence("mail", said.member_id, "image", sent_at=work.now)
        mail.label, mail.visit_id = "技术部确认", 1

    await chat.says("预算改成90万")
    assert "阶段：还缺" not in chat.draft().body
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    assert (await deal(chat)).stage == "报价审批"


async def test_a_reason_that_was_given_is_not_asked_for_again_by_the_next_draft(chat: Chat) -> None:
    await registered(chat, "需求确认")
    await chat.says(NOTE)
    assert "跳过了方案设计" in chat.draft().body
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.says("客户直接发了招标文件")

    await chat.says(NOTE)
    assert "阶段：还缺技术部确认" in chat.draft().body
    assert "跳过了" not in chat.draft().body


async def test_words_that_correct_a_draft_or_tell_of_a_visit_are_no_order_about_a_deal(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await chat.says("拜访了宁波恒力阀门的王经理，现在到了方案设计阶段，周五前我发方案。")
    await chat.says("阶段：报价审批")
    assert "报价审批" in fields(chat.draft())["阶段"]
    await chat.presses(chat.draft(), actions.DiscardVisit)

    await chat.says("阶段：报价审批，客户宁波恒力阀门，见了王经理，预算80万")
    assert fields(chat.draft())["客户"] == CUSTOMER
    assert fields(chat.draft())["预算"] == "80 万元"


async def test_what_was_missing_comes_in_and_the_stage_follows_by_itself(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await visit(chat, NOTE)

    await document(chat, "技术部确认")
    await chat.lives_until(FRIDAY + timedelta(hours=1))

    assert (await deal(chat)).stage == "报价审批"
    assert "要的都齐了，阶段：方案设计 → 报价审批" in chat.texts(of=REP)[-1]
    async with chat.database.reading() as work:
        card = await work.cards.find(gate(chat).card_id)
    assert card is not None
    assert card.closing == "阶段已改"


async def test_the_words_that_show_a_stage_stand_behind_the_button(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await chat.says(NOTE)

    await chat.presses(chat.draft(), actions.ShowSources)

    assert "阶段 报价审批 ← 「报价审批」" in chat.texts(of=REP)[-1]


async def test_another_document_does_not_help(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await visit(chat, NOTE)

    await document(chat, "营业执照")

    assert (await deal(chat)).stage == "方案设计"


async def test_a_stage_that_stays_is_no_move(chat: Chat) -> None:
    await registered(chat, "报价审批")

    told = await visit(chat, NOTE)

    assert chat.cards("阶段待改") == []
    assert not any("阶段" in text for text in told)


async def test_going_back_needs_nothing(chat: Chat) -> None:
    await registered(chat, "合同签订")

    told = await visit(chat, NOTE)

    assert "阶段：合同签订 → 报价审批" in "\n".join(told)


# A jump


async def test_a_jump_asks_why_and_needs_what_the_stages_between_need(chat: Chat) -> None:
    await registered(chat, "线索获取")
    await visit(chat, NOTE)

    assert "需求调研表" in gate(chat).body
    assert "技术部确认" in gate(chat).body
    assert any("跳过了需求确认、方案设计。请用一句话说明为什么" in text for text in chat.texts(of=REP))

    await document(chat, "需求调研表")
    await document(chat, "技术部确认")
    assert (await deal(chat)).stage == "线索获取"  # the reason is still missing

    await chat.says("老客户复购，需求去年就确认过")
    assert "原因记下了。阶段：线索获取 → 报价审批" in chat.texts(of=REP)[-1]
    assert (await deal(chat)).stage == "报价审批"
    await chat.says("商机 恒力")
    assert "（跳过：老客户复购，需求去年就确认过）" in chat.texts(of=REP)[-1]


async def test_a_jump_is_called_off_in_words(chat: Chat) -> None:
    await registered(chat, "线索获取")
    await visit(chat, NOTE)

    await chat.says("不改")

    assert chat.texts(of=REP)[-1] == f"好的，「{CUSTOMER}」的阶段不改，还在「线索获取」。"
    async with chat.database.reading() as work:
        assert await work.opportunities.proposed(1) is None


async def test_a_stage_is_left_as_it_is_by_the_button(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await visit(chat, NOTE)
    card = gate(chat)

    sent = await chat.presses(card, actions.DropStage)

    assert chat.texts(of=REP)[-1] == f"好的，「{CUSTOMER}」的阶段不改，还在「方案设计」。"
    [closed] = [one for one in sent if isinstance(one, CardUpdate)]
    # with what the click gave: there are platforms where nothing else changes the card
    assert (closed.card_id, closed.closing, closed.response_ref is not None) == (card.card_id, "不改了", True)
    await document(chat, "技术部确认")
    assert (await deal(chat)).stage == "方案设计"


async def test_a_note_is_not_taken_for_the_reason_of_a_jump(chat: Chat) -> None:
    await registered(chat, "线索获取")
    await visit(chat, NOTE)
    for label in ("需求调研表", "技术部确认"):
        await document(chat, label)

    await chat.says("今天去了恒丽服饰，见了林总监，预算三十万。")
    assert fields(chat.draft())["客户"] == "宁波恒丽服饰有限公司"
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.says("又去了宁波恒力阀门，见了王经理，他说预算涨到90万了。")
    assert fields(chat.draft())["客户"] == CUSTOMER
    await chat.presses(chat.draft(), actions.DiscardVisit)

    assert (await deal(chat)).stage == "线索获取"
    await chat.says("王经理催得急，需求去年就定了")
    assert (await deal(chat)).stage == "报价审批"


# Letting pass


async def test_the_manager_lets_pass_what_is_missing_and_it_stays_on_record(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await visit(chat, NOTE)

    await chat.presses(gate(chat), actions.AskWaiver)
    [asked] = chat.cards("阶段放行", of=MANAGER)
    assert fields(asked)["还缺"] == "技术部确认"
    assert asked.quote == "「报价审批」"
    await chat.presses(asked, actions.GrantWaiver, sender=MANAGER)
    await chat.lives_until(FRIDAY + timedelta(hours=2))

    assert (await deal(chat)).stage == "报价审批"
    assert f"陈志远已放行「{CUSTOMER}」：阶段：方案设计 → 报价审批（缺技术部确认）。" in chat.texts(of=REP)[-1]
    await chat.says("商机 恒力")
    assert "陈志远放行：缺技术部确认" in chat.texts(of=REP)[-1]


async def test_a_jump_that_is_let_pass_still_wants_its_reason(chat: Chat) -> None:
    await registered(chat, "线索获取")
    await visit(chat, NOTE)
    await chat.presses(gate(chat), actions.AskWaiver)
    [asked] = chat.cards("阶段放行", of=MANAGER)
    assert fields(asked)["跳级"] == "原因还没说"

    await chat.presses(asked, actions.GrantWaiver, sender=MANAGER)

    assert (await deal(chat)).stage == "线索获取"
    assert chat.texts(of=REP)[-1] == (
        f"陈志远已放行「{CUSTOMER}」缺的材料，跳过了需求确认、方案设计，要说明原因后就改。"
    )
    await chat.says("老客户复购")
    assert (await deal(chat)).stage == "报价审批"


async def test_the_manager_does_not_let_pass_and_the_documents_still_can(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await visit(chat, NOTE)
    await chat.presses(gate(chat), actions.AskWaiver)

    await chat.presses(chat.cards("阶段放行", of=MANAGER)[-1], actions.RefuseWaiver, sender=MANAGER)
    assert (await deal(chat)).stage == "方案设计"
    await document(chat, "技术部确认")

    assert (await deal(chat)).stage == "报价审批"


async def test_whoever_asked_has_each_decision_at_once_and_the_manager_is_told_so(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await visit(chat, NOTE)
    await chat.presses(gate(chat), actions.AskWaiver)
    await chat.presses(chat.cards("阶段放行", of=MANAGER)[-1], actions.RefuseWaiver, sender=MANAGER)
    assert chat.texts(of=REP)[-1].startswith(f"陈志远没有放行「{CUSTOMER}」")
    await chat.says("阶段 恒力 报价审批")

    await chat.presses(gate(chat), actions.AskWaiver)
    await chat.presses(chat.cards("阶段放行", of=MANAGER)[-1], actions.GrantWaiver, sender=MANAGER)

    assert chat.texts(of=REP)[-1].startswith(f"陈志远已放行「{CUSTOMER}」")
    assert chat.texts(of=MANAGER)[-1] == "已放行，李晓彤已收到。"


async def test_nobody_is_said_to_know_of_a_decision_who_cannot_be_written_to(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await visit(chat, NOTE)
    await chat.presses(gate(chat), actions.AskWaiver)
    async with chat.database.work() as work:
        await work.session.execute(delete(Identity).where(Identity.user_id == REP))

    await chat.presses(chat.cards("阶段放行", of=MANAGER)[-1], actions.GrantWaiver, sender=MANAGER)

    assert chat.texts(of=MANAGER)[-1] == texts.DECIDED_UNTOLD
    assert (await deal(chat)).stage == "报价审批"


async def test_nobody_presses_the_managers_button_but_the_manager(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await visit(chat, NOTE)
    await chat.presses(gate(chat), actions.AskWaiver)

    await chat.presses(chat.cards("阶段放行", of=MANAGER)[-1], actions.GrantWaiver, sender=REP)

    assert (await deal(chat)).stage == "方案设计"


async def test_a_question_that_nobody_answers_goes_up_after_eight_working_hours(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await visit(chat, NOTE)
    await chat.presses(gate(chat), actions.AskWaiver)  # Friday afternoon

    await chat.lives_until(MONDAY + timedelta(hours=4))
    assert chat.cards("阶段放行", of=DIRECTOR) == []
    await chat.lives_until(MONDAY + timedelta(hours=9))

    [asked] = chat.cards("阶段放行", of=DIRECTOR)
    await chat.presses(chat.cards("阶段放行", of=MANAGER)[-1], actions.GrantWaiver, sender=MANAGER)
    assert (await deal(chat)).stage == "方案设计"  # the card is no longer theirs
    await chat.presses(asked, actions.GrantWaiver, sender=DIRECTOR)
    assert (await deal(chat)).stage == "报价审批"


async def test_at_the_top_it_stays_and_both_are_told_so_once(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await visit(chat, NOTE)
    await chat.presses(gate(chat), actions.AskWaiver)
    await chat.lives_until(MONDAY + timedelta(days=9))

    assert "\n".join(chat.texts(of=DIRECTOR)).count(f"李晓彤的「{CUSTOMER}」在等您放行") == 1
    assert "\n".join(chat.texts(of=REP)).count(f"「{CUSTOMER}」的放行还在等周敏，上面没有别人可问了") == 1
    assert (await deal(chat)).stage == "方案设计"


# Leads


async def test_a_new_deal_begins_as_a_lead_that_waits_for_budget_and_decider(chat: Chat) -> None:
    told = await visit(chat, "今天拜访了宁波恒力阀门的王经理，需求调研做完了，现在到了需求确认阶段，周五前我发方案。")

    assert (await deal(chat)).lead == "mql"
    assert "还缺转为SQL、需求调研表" in told[-1]
    await chat.presses(gate(chat), actions.ConvertLead)
    assert chat.texts(of=REP)[-1].startswith(f"「{CUSTOMER}」转 SQL 还要验证过的预算区间")
    await chat.says("80到90万，王经理说的")
    assert chat.texts(of=REP)[-1].startswith(f"「{CUSTOMER}」转 SQL 还要确认决策人")
    await chat.says("李建国 总经理")

    assert f"「{CUSTOMER}」已转为 SQL：预算 80–90 万元，决策人 李建国（总经理）。" in chat.texts(of=REP)
    assert (await deal(chat)).stage is None
    await document(chat, "需求调研表")
    assert (await deal(chat)).stage == "需求确认"


async def test_what_a_lead_lacks_is_asked_of_nobody_who_does_not_know_and_nothing_is_made_of_that(chat: Chat) -> None:
    await registered(chat, "线索获取")
    async with chat.database.work() as work:
        (await work.opportunities.lock(1)).lead = "mql"
    await chat.says("转SQL 恒力")
    await chat.says("今天去了恒丽服饰，见了林总监，预算三十万。")
    assert fields(chat.draft())["客户"] == "宁波恒丽服饰有限公司"
    await chat.presses(chat.draft(), actions.DiscardVisit)
    assert (await deal(chat)).budget_high_fen is None

    await chat.says("80到90万，王经理说的")
    for said in ("不知道", "还没定", "算了"):
        await chat.says(said)
        assert chat.texts(of=REP)[-1] == f"好的，「{CUSTOMER}」先不转 SQL。弄清楚了再说：转SQL {CUSTOMER}", said
        await chat.says("转SQL 恒力")
        assert "还要确认决策人" in chat.texts(of=REP)[-1]
    await chat.says("没问题")
    assert (await deal(chat)).lead == "mql"
    await chat.says("欧阳明 总经理")
    assert "决策人 欧阳明（总经理）" in chat.texts(of=REP)[-1]


async def test_what_records_tell_is_not_asked_again(chat: Chat) -> None:
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，预算85万，李总拍板，周五前我发方案。")

    await chat.says("转SQL 恒力")

    assert chat.texts(of=REP)[-1] == f"「{CUSTOMER}」已转为 SQL：预算 85 万元，决策人 李总。"


async def test_a_budget_that_is_only_about_so_much_is_not_verified(chat: Chat) -> None:
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，预算大概85万，李总拍板，周五前我发方案。")
    await chat.says("转SQL 恒力")
    assert "「大概85万」只是大概" in chat.texts(of=REP)[-1]
    await chat.says("大概90万吧")
    assert "「大概90万吧」只是大概" in chat.texts(of=REP)[-1]
    assert (await deal(chat)).lead == "mql"

    await chat.says("80到90万，王经理说的")
    assert f"「{CUSTOMER}」已转为 SQL：预算 80–90 万元，决策人 李总。" in chat.texts(of=REP)


async def test_a_lead_goes_back_to_marketing(chat: Chat) -> None:
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，预算85万，周五前我发方案。")

    await chat.says("退回市场 恒力 今年没有采购计划")

    assert chat.texts(of=REP)[-1].startswith(f"「{CUSTOMER}」已退回市场：今年没有采购计划。")
    assert (await deal(chat)).state == "returned"


async def test_who_ends_a_deal_hears_of_an_approval_that_still_waits(chat: Chat) -> None:
    await registered(chat, "报价审批")
    await chat.says("审批 恒力 报价 18万 含安装")

    await chat.says("丢单 恒力 价格太高")

    assert "还有审批1在等人批，用不上就回复：撤回审批1" in chat.texts(of=REP)[-1]


async def test_a_deal_that_has_ended_leaves_the_customer_where_the_other_one_is(chat: Chat) -> None:
    await registered(chat, "方案设计", name="一期")
    await registered(chat, "需求确认", name="二期扩产")

    await chat.says("丢单 恒力 二期扩产 价格太高")

    assert (await deal(chat, 2)).state == "lost"
    assert (await customer(chat)).stage == "方案设计"
    await chat.says("丢单 恒力 价格太高")
    assert (await customer(chat)).stage is None


async def test_after_a_deal_has_ended_the_next_record_begins_another(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await chat.says("丢单 恒力 价格太高")

    told = await visit(chat, NOTE)

    assert any("已入库" in text for text in told)
    assert (await deal(chat, 2)).state == "open"
    assert (await deal(chat, 2)).lead == "mql"
    await chat.says("退回市场 恒力 没有计划")
    await chat.says("新商机 恒力")
    assert (await deal(chat, 3)).state == "open"


# Several deals


async def test_with_two_deals_the_rep_is_asked_and_the_picked_one_moves(chat: Chat) -> None:
    await registered(chat, "方案设计", name="一期")
    await registered(chat, "需求确认", name="二期扩产")
    await document(chat, "技术部确认")

    await visit(chat, NOTE)
    [asked] = chat.cards("是哪个商机", of=REP)
    # behind the to-do's card: a number answers the latest
    assert chat.platform.sends[-1].content == asked
    assert (await deal(chat, 1)).stage == "方案设计"
    await chat.presses(asked, actions.PickDeal, chosen={actions.DEAL_SELECT: ("1",)})

    assert (await deal(chat, 1)).stage == "报价审批"
    assert (await deal(chat, 2)).stage == "需求确认"
    assert chat.texts(of=REP)[-1] == f"好的，这次拜访记到「{CUSTOMER}·一期」。\n阶段：方案设计 → 报价审批"


async def test_a_note_that_names_the_deal_is_not_asked_about(chat: Chat) -> None:
    await registered(chat, "方案设计", name="一期")
    await registered(chat, "需求确认", name="二期扩产")
    await document(chat, "技术部确认")

    await visit(chat, NOTE.replace("技术方案", "一期的技术方案"))

    assert chat.cards("是哪个商机") == []
    assert (await deal(chat, 1)).stage == "报价审批"


# Signing days


SIGNING = "今天拜访了宁波恒力阀门的王经理，{said}，周五前我发报价单。"


async def test_a_signing_day_is_kept_and_small_moves_are_free(chat: Chat) -> None:
    told = await visit(chat, SIGNING.format(said="预计12月10号签合同"))
    assert "预计签约 12-10（周四）" in "\n".join(told)

    told = await visit(chat, SIGNING.format(said="合同推到12月20号签"))
    assert "预计签约 12-10（周四） → 12-20（周日）" in "\n".join(told)


async def test_pushed_by_more_than_fifteen_days_in_all_it_is_frozen_until_the_director_unlocks(chat: Chat) -> None:
    await visit(chat, SIGNING.format(said="预计12月10号签合同"))
    await visit(chat, SIGNING.format(said="合同推到12月20号签"))
    told = await visit(chat, SIGNING.format(said="合同推到12月28号签"))

    assert "一共推了 18 天（超过 15 天），先冻结，等周敏解锁" in "\n".join(told)
    assert str((await deal(chat)).expected_on) == "2026-12-20"
    [asked] = chat.cards("预计签约", of=DIRECTOR)
    assert fields(asked) == {
        "原定": "12-10（周四）",
        "现在": "12-20（周日）",
        "想改到": "12-28（周一）",
        "共推迟": "18 天",
    }
    await chat.presses(asked, actions.UnlockSigning, sender=DIRECTOR)
    await chat.lives_until(FRIDAY + timedelta(hours=2))

    assert str((await deal(chat)).expected_on) == "2026-12-28"
    assert (await deal(chat)).frozen_since is None
    assert f"周敏已解锁「{CUSTOMER}」：预计签约改为 12-28（周一）。" in chat.texts(of=REP)[-1]


async def test_the_director_does_not_agree_and_the_day_stays(chat: Chat) -> None:
    await visit(chat, SIGNING.format(said="预计12月10号签合同"))
    await visit(chat, SIGNING.format(said="合同推到12月28号签"))

    await chat.presses(chat.cards("预计签约", of=DIRECTOR)[-1], actions.RefuseSigning, sender=DIRECTOR)

    assert str((await deal(chat)).expected_on) == "2026-12-10"
    assert (await deal(chat)).frozen_since is None


async def test_while_it_is_frozen_a_newer_day_waits_too(chat: Chat) -> None:
    await visit(chat, SIGNING.format(said="预计12月10号签合同"))
    await visit(chat, SIGNING.format(said="合同推到12月28号签"))
    told = await visit(chat, SIGNING.format(said="合同改到12月12号签"))

    assert "还冻结着" in "\n".join(told)
    asked = chat.cards("预计签约", of=DIRECTOR)
    assert fields(asked[-1])["想改到"] == "12-12（周六）"
    assert len(asked) == 2


async def test_where_nobody_can_be_asked_it_is_said_and_somebody_is_as_soon_as_there_is_one(chat: Chat) -> None:
    await registered(chat, "方案设计")
    async with chat.database.work() as work:
        [rep] = await work.members.named("李晓彤")
        manager_id, rep.manager_id = rep.manager_id, None
    await visit(chat, NOTE)
    await chat.presses(gate(chat), actions.AskWaiver)
    assert chat.texts(of=REP)[-1] == deal_texts.WAIVER_NOBODY
    await chat.says("预计签约 恒力 12月10日")
    await chat.says("预计签约 恒力 12月28日")
    assert "没有可以解锁的人，已告诉管理员" in chat.texts(of=REP)[-1]
    assert chat.cards("预计签约") == chat.cards("阶段放行") == []

    async with chat.database.work() as work:
        [rep] = await work.members.named("李晓彤")
        rep.manager_id = manager_id
    await chat.presses(gate(chat), actions.AskWaiver)
    await chat.says("预计签约 恒力 12月29日")

    assert len(chat.cards("阶段放行", of=MANAGER)) == 1
    assert "先冻结，等周敏解锁" in chat.texts(of=REP)[-1]
    [asked] = chat.cards("预计签约", of=DIRECTOR)
    assert fields(asked)["想改到"] == "12-29（周二）"


# What does not go together


async def test_signed_before_its_day_is_asked_about(chat: Chat) -> None:
    await registered(chat, "报价审批")
    await chat.says("预计签约 恒力 12月20日")

    await chat.says("今天拜访了宁波恒力阀门的王经理，合同已经签了，周五前我安排发货。")

    assert "是提前签了吗？" in chat.draft().body
    assert "预计签约是 12-20（周日）" in chat.draft().body
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    assert "阶段「合同签订」还没改" in chat.texts(of=REP)[-1]
    await chat.passes(timedelta(hours=1))
    await chat.says("又拜访了宁波恒力阀门的王经理，合同已经签了，周五前我安排发货。")
    # what is confirmed is known, though the stage still waits
    assert "是提前签了吗？" not in chat.draft().body


async def test_a_quote_below_cost_is_asked_about_once(chat: Chat) -> None:
    await registered(chat, "报价审批")
    await chat.says("成本 恒力 60万")
    assert chat.texts(of=REP)[-1] == f"「{CUSTOMER}」的成本记为 60 万元，报价低于它会提醒。"

    await chat.says("今天拜访了宁波恒力阀门的王经理，我们报价55万，周五前我发合同。")
    assert "⚠ 报价 55 万元 低于成本 60 万元，确定这样报吗？" in chat.draft().body
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.passes(timedelta(hours=1))
    await chat.says("今天又拜访了宁波恒力阀门的王经理，我们报价55万没变，周五前我发合同。")

    assert "低于成本" not in chat.draft().body


async def test_an_amount_that_jumps_is_asked_about(chat: Chat) -> None:
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，预算85万，周五前我发方案。")
    await chat.passes(timedelta(hours=1))

    await chat.says("又拜访了宁波恒力阀门的王经理，预算只有30万，周五前我发方案。")

    assert "预算上次是 85 万元，这次是 30 万元，差得比较多，是变了还是说错了？" in chat.draft().body
    await chat.says("预算改成80万")
    assert "差得比较多" not in chat.draft().body
    await chat.says("预算改成30万")
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.passes(timedelta(hours=1))
    await chat.says("又拜访了宁波恒力阀门的王经理，预算还是30万，周五前我发方案。")
    # confirmed as it stood: that is the answer
    assert "差得比较多" not in chat.draft().body


async def test_another_decider_is_asked_about_once(chat: Chat) -> None:
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，预算85万，李总拍板，周五前我发方案。")
    await chat.says("转SQL 恒力")
    await chat.passes(timedelta(hours=1))

    await chat.says("又拜访了宁波恒力阀门的王经理，现在是张总拍板，周五前我发方案。")
    assert "决策人之前是李总，这次说张总拍板，是换人了吗？" in chat.draft().body
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.passes(timedelta(hours=1))
    await chat.says("又拜访了宁波恒力阀门的王经理，还是张总拍板，周五前我发合同。")

    assert "换人" not in chat.draft().body


async def test_another_decider_than_an_earlier_record_named_is_asked_about_before_anybody_is_confirmed(
    chat: Chat,
) -> None:
    await visit(chat, "今天拜访了宁波恒力阀门的王经理，预算85万，李总拍板，周五前我发方案。")
    await chat.passes(timedelta(hours=1))

    await chat.says("又拜访了宁波恒力阀门的王经理，现在是张总拍板，周五前我发方案。")
    assert "决策人之前是李总，这次说张总拍板，是换人了吗？" in chat.draft().body


async def test_what_does_not_go_together_with_the_deal_that_is_picked_is_asked_about_then(chat: Chat) -> None:
    await registered(chat, "报价审批", name="一期")
    await registered(chat, "报价审批", name="二期扩产")
    await chat.says("成本 恒力 一期 15万")
    await visit(chat, "拜访了宁波恒力阀门的王经理，一期报价40万，李总拍板，周五前我发合同。")
    await chat.passes(timedelta(hours=1))
    await visit(chat, "又见了宁波恒力阀门的王经理，这次报价14万，张总拍板，周五前我发合同。")

    await chat.presses(chat.cards("是哪个商机", of=REP)[-1], actions.PickDeal, chosen={actions.DEAL_SELECT: ("1",)})

    told = chat.texts(of=REP)[-1]
    assert "报价 14 万元 低于成本 15 万元" in told
    assert "报价上次是 40 万元，这次是 14 万元" in told
    assert "决策人之前是李总，这次说张总拍板" in told


# Colleagues


async def test_a_colleagues_record_shows_nothing_of_the_deal_and_moves_nothing(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await document(chat, "技术部确认")
    await chat.says("成本 恒力 60万")
    told = f"拜访{CUSTOMER}，见了王经理，现在到了报价审批阶段，我们报价50万，预计12月20号签合同，周五前我发报价单。"

    await chat.says(told, sender=OTHER)
    card = chat.cards("拜访记录", of=OTHER)[-1]
    assert fields(card)["阶段"] == "报价审批"
    assert "成本" not in card.body
    assert "还缺" not in card.body
    before = len(chat.texts(of=OTHER))
    await chat.presses(card, actions.ConfirmVisit, sender=OTHER)

    assert "客户由李晓彤负责，商机的阶段、金额和签约日期没有改。" in "\n".join(chat.texts(of=OTHER)[before:])
    found = await deal(chat)
    assert (found.stage, found.amount_fen, found.expected_on) == ("方案设计", None, None)


async def test_a_managers_record_moves_the_deal_of_their_rep(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await document(chat, "技术部确认")

    await chat.says(NOTE, sender=MANAGER)
    await chat.presses(chat.cards("拜访记录", of=MANAGER)[-1], actions.ConfirmVisit, sender=MANAGER)

    assert (await deal(chat)).stage == "报价审批"


# Orders


async def test_a_stage_is_taken_back_by_whoever_moved_it(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await document(chat, "技术部确认")
    since = (await deal(chat)).stage_since
    await visit(chat, NOTE)

    await chat.says("撤销阶段 恒力")

    assert chat.texts(of=REP)[-1] == f"「{CUSTOMER}」的阶段已从「报价审批」退回「方案设计」。"
    assert (await deal(chat)).stage_since == since
    assert (await customer(chat)).stage == "方案设计"


async def test_a_leader_takes_a_stage_back_and_whoever_moved_it_hears_of_it(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await document(chat, "技术部确认")
    await visit(chat, NOTE)
    await chat.says("撤销阶段 恒力", sender=OTHER)
    assert (await deal(chat)).stage == "报价审批"

    await chat.says("撤销阶段 恒力", sender=MANAGER)

    told = f"「{CUSTOMER}」的阶段已从「报价审批」退回「方案设计」。"
    assert chat.texts(of=MANAGER)[-1] == told
    assert f"陈志远：{told}" in chat.texts(of=REP)
    assert (await deal(chat)).stage == (await customer(chat)).stage == "方案设计"
    await chat.says("撤销阶段 恒力", sender=MANAGER)
    assert "没有可以撤回的阶段变更" in chat.texts(of=MANAGER)[-1]


async def test_leaders_list_the_deals_of_their_people_and_reps_their_own(chat: Chat) -> None:
    await registered(chat, "方案设计")

    for who in (REP, MANAGER, DIRECTOR):
        await chat.says("商机", sender=who)
        assert CUSTOMER in chat.texts(of=who)[-1], who
        await chat.says("商机 恒力", sender=who)
        assert chat.texts(of=who)[-1].startswith(f"{CUSTOMER}（李晓彤）"), who
    await chat.says("商机", sender=OTHER)
    assert chat.texts(of=OTHER)[-1] == "还没有在谈的商机。"
    await chat.says("商机 恒力", sender=OTHER)
    assert chat.texts(of=OTHER)[-1] == "没有找到您名下叫「恒力」的客户。"


async def test_a_stage_that_waits_is_called_off_by_naming_the_one_that_it_is_in(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await visit(chat, NOTE)
    await chat.presses(gate(chat), actions.AskWaiver)

    await chat.says("阶段 恒力 方案设计")

    assert chat.texts(of=REP)[-1] == f"好的，「{CUSTOMER}」的阶段不改，还在「方案设计」。"
    async with chat.database.reading() as work:
        card = await work.cards.find(chat.cards("阶段放行", of=MANAGER)[-1].card_id)
    assert card is not None
    assert card.closing == "不改了"


async def test_orders_name_what_they_need(chat: Chat) -> None:
    await registered(chat, "方案设计")
    said = {
        "转SQL": "要带上客户名，例如：转SQL 恒力",
        "阶段 恒力 谈判": "没有叫「谈判」的阶段。可选：线索获取、需求确认、方案设计、报价审批、合同签订、交付执行",
        "阶段 恒力 方案设计": f"{CUSTOMER} 已经在「方案设计」阶段。",
        "丢单 恒力": f"为什么丢的？一句话，例如：丢单 {CUSTOMER} 价格太高。",
        "预计签约 恒力 不知道": "没听出日期。例如：预计签约 恒力 12月20日",
        "赢单 不存在的公司": "没有找到您名下叫「不存在的公司」的客户。",
        "新商机 恒力": f"{CUSTOMER} 已有在谈的商机，新的请起个名字，例如：新商机 {CUSTOMER} 二期扩产。",
    }
    for order, answer in said.items():
        await chat.says(order)
        assert chat.texts(of=REP)[-1] == answer, order


async def test_a_second_deal_is_opened_in_words_and_listed_with_the_first(chat: Chat) -> None:
    await registered(chat, "方案设计", name="一期")
    await chat.says("新商机 恒力 二期扩产")
    assert chat.texts(of=REP)[-1] == f"已为{CUSTOMER}新建商机「二期扩产」。"

    await chat.says("商机")

    assert chat.texts(of=REP)[-1] == (
        f"在谈商机 2 个：\n· {CUSTOMER}·一期：方案设计 · 3 天\n· {CUSTOMER}·二期扩产：未登记阶段"
    )


async def test_the_list_tells_what_takes_longer_than_it_should_and_what_all_is_worth_by_its_stage(chat: Chat) -> None:
    await registered(chat, "方案设计", name="一期")
    await registered(chat, "报价审批", name="二期")
    async with chat.database.work() as work:
        for number, amount_fen in ((1, 100_000_000), (2, 50_000_000)):
            (await work.opportunities.get(number)).amount_fen = amount_fen
    # the target of 报价审批 is five working days, that of 方案设计 ten; both began on Tuesday
    await chat.passes(timedelta(days=5))

    await chat.says("商机")
    assert chat.texts(of=REP)[-1] == (
        "在谈商机 2 个，2 个有金额，合计 150 万元，按阶段权重折算 75 万元：\n"
        f"· {CUSTOMER}·一期：方案设计 · 8 天 · 100 万元\n"
        f"· {CUSTOMER}·二期：报价审批 · 8 天 · 超过目标 5 个工作日 · 50 万元"
    )

    await chat.says("商机 恒力")
    assert "至今 8 天（目标 5 个工作日，用了 6 个）" in chat.texts(of=REP)[-1]
    assert "目标 10 个" not in chat.texts(of=REP)[-1]


async def test_a_deal_that_nobody_has_told_of_yet_has_an_empty_history(chat: Chat) -> None:
    await chat.says("新商机 恒力 一期")

    await chat.says("商机 恒力")

    assert chat.texts(of=REP)[-1] == f"{CUSTOMER}·一期（李晓彤）\n还没有登记过阶段\nMQL，转 SQL 要预算区间和决策人"


# Without gates


@pytest.fixture
def open_funnel(chat: Chat) -> Chat:
    settings = replace(
        chat.context.settings, deals=replace(chat.context.settings.deals, funnel=replace(SIX, has_gates=False))
    )
    object.__setattr__(chat.context, "settings", settings)
    return chat


async def test_without_gates_a_confirmed_note_moves_the_deal_at_once(open_funnel: Chat) -> None:
    await registered(open_funnel, "线索获取")

    told = await visit(open_funnel, NOTE)

    assert "阶段：线索获取 → 报价审批" in "\n".join(told)
    assert open_funnel.cards("阶段待改") == []


async def test_confirming_twice_moves_once(chat: Chat) -> None:
    await registered(chat, "方案设计")
    await document(chat, "技术部确认")
    await chat.says(NOTE)
    draft = chat.draft()
    await chat.presses(draft, actions.ConfirmVisit, event_id="twice")
    await chat.presses(draft, actions.ConfirmVisit, event_id="twice")

    async with chat.database.reading() as work:
        changes = (await work.session.scalars(select(StageChange))).all()
        assert [change.to_stage for change in changes] == ["方案设计", "报价审批"]
        assert (await work.session.scalars(select(Evidence.label))).all()
    assert EIGHT.names[0] == "首次触达"
