"""恒力上次聊到哪了 – what the records say of a customer and of its deals, and the chain of what was done."""

from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest

from bot.dingtalk import cards as dingtalk_cards
from bot.platform import Capabilities
from bot.wecom import cards as wecom_cards
from bot.wecom_bot import cards as wecom_bot_cards
from handlers import actions, texts
from handlers.cards import as_text, numbered
from handlers.messages import OutboundCard, Text
from storage.deal_models import Approval, HelpRequest, SigningDate, StageChange
from storage.models import Customer, Todo
from tests.chat import ANSWERS, MANAGER, OTHER, REP, VISIT, Chat, fields, said, screenshot

HENGLI = "宁波恒力阀门有限公司"
NOTE = "今天拜访宁波恒力阀门，见了王经理，我们报价85万，周五前给他发方案"


async def saves_visit(chat: Chat) -> None:
    await chat.says(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.says(ANSWERS)


async def customer(chat: Chat, name: str = HENGLI) -> Customer:
    async with chat.database.reading() as work:
        found = await work.customers.by_name(name)
    assert found is not None
    return found


async def makes_deals(chat: Chat, *names: str, **values: object) -> list[int]:
    customer_id = (await customer(chat)).customer_id
    async with chat.database.work() as work:
        deals = [await work.opportunities.add(customer_id, name=name) for name in names]
        for deal in deals:
            for column, value in values.items():
                setattr(deal, column, value)
        return [deal.opportunity_id for deal in deals]


def view(chat: Chat, *, of: str = REP) -> OutboundCard:
    return chat.cards("情况", of=of)[-1]


def chain(chat: Chat, *, of: str = REP) -> OutboundCard:
    return chat.cards(texts.CHAIN_TITLE, of=of)[-1]


def pressable(card: OutboundCard) -> list[str]:
    return [button.text for button in card.buttons]


# How things stand


async def test_the_card_tells_what_the_records_say(chat: Chat) -> None:
    await saves_visit(chat)

    assert await chat.says("恒力上次聊到哪了") == ["[客户情况]"]

    card = view(chat)
    assert card.subtitle == HENGLI
    assert fields(card) == {
        "负责人": "李晓彤",
        "阶段": "还没有，待进入「报价审批」",
        "上次联系": "11-20（周五） 李晓彤",
        "待办": "2 个：11-25（周三）前 提供安装排期表（李晓彤）；12-01（周二）前 确认技术参数（李晓彤）",
        "风险": "未解决：「领导还没批」「要等预算」；最近：「领导还没批」「要等预算」（11-20（周五））",
        "金额": "预算 85 万元「八十五万」（11-20（周五））",
        "下一步": "11-25（周三）前 提供安装排期表（李晓彤）；12-01（周二）前 确认技术参数（客户）",
    }
    assert card.body.startswith("上次聊到：王经理；阶段：报价审批；预算八十五万。")
    assert "「比竞品贵百分之十五」" in card.quote
    assert pressable(card) == ["动作链", "看话术"]


@pytest.mark.parametrize(
    "words", ["恒力", "恒力？", "查恒力", "看看恒力", "客户 恒力", "恒力现在什么情况", "宁波恒力阀门有限公司"]
)
async def test_it_is_asked_for_in_many_words(chat: Chat, words: str) -> None:
    assert await chat.says(words) == ["[客户情况]"]
    assert view(chat).subtitle == HENGLI
    assert not chat.cards("拜访记录")


async def test_of_a_customer_of_whom_nothing_is_known_nothing_is_invented(chat: Chat) -> None:
    await chat.says("查恒丽")

    assert fields(view(chat)) == {
        "负责人": "李晓彤",
        "阶段": "还没有",
        "上次联系": "还没有",
        "待办": "还没有",
        "风险": "还没有",
        "金额": "还没有",
        "下一步": "还没有",
    }
    assert (view(chat).body, view(chat).quote, pressable(view(chat))) == ("", "", ["动作链"])
    await chat.presses(view(chat), actions.ShowChain)
    assert chain(chat).body == texts.CHAIN_EMPTY
    assert pressable(chain(chat)) == ["看客户"]


async def test_what_is_late_done_or_more_than_fits_is_told_so(chat: Chat) -> None:
    await saves_visit(chat)
    customer_id = (await customer(chat)).customer_id
    async with chat.database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert rep is not None
        for todo in await work.todos.open_of(rep.member_id):
            work.todos.close(todo, "done")
        for number in range(5):
            due = date(2026, 11, 18) + timedelta(days=number)
            todo = Todo(
                member_id=rep.member_id,
                customer_id=customer_id,
                party="us",
                action=f"第{number}件",
                due_on=due,
                created_at=work.now,
            )
            work.session.add(todo)
        (await work.customers.get(customer_id)).at_risk_since = work.now

    await chat.says("恒力")

    shown = fields(view(chat))
    assert shown["待办"].startswith("5 个：已过期 11-18（周三）前 第0件（李晓彤）；")
    assert shown["待办"].endswith("；还有 2 个")
    assert shown["下一步"] == texts.VIEW_STEPS_DONE
    assert shown["风险"].startswith("风险客户（11-20（周五）起）；")
    assert view(chat).tone == "alert"


async def test_an_owner_who_left_is_told_so_to_their_manager(chat: Chat) -> None:
    async with chat.database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert rep is not None
        work.members.leave(rep)

    assert await chat.says("恒力", sender=MANAGER) == ["[客户情况]"]

    assert fields(view(chat, of=MANAGER))["负责人"] == "李晓彤（已离职）"
    assert (await chat.says("恒力上次聊到哪了"))[0] == texts.LEFT_MEMBER


# Deals


async def test_one_deal_is_told_with_its_stage_and_the_day_it_is_to_be_signed(chat: Chat) -> None:
    since = datetime(2026, 11, 11, 4, tzinfo=UTC)
    await makes_deals(
        chat,
        "二期",
        stage="样品测试",
        stage_since=since,
        expected_on=date(2026, 12, 30),
        frozen_since=since,
        amount_fen=85_000_000,
    )

    await chat.says("恒力")

    shown = fields(view(chat))
    assert shown["阶段"] == "二期 · 样品测试（11-11（周三）起，第 10 天）"
    assert shown["预计签约"] == "12-30（周三）（已冻结，等解锁）"
    assert shown["金额"] == "商机金额 85 万元"


async def test_several_deals_are_told_apart_and_each_has_its_card(chat: Chat) -> None:
    await saves_visit(chat)
    async with chat.database.work() as work:
        [first] = await work.opportunities.open_of((await customer(chat)).customer_id)
        first.name = "二期"
    await makes_deals(chat, "泵站改造", stage="样品测试", stage_since=chat.clock.now())

    await chat.says("恒力")

    assert fields(view(chat))["商机"] == "2 个在跟，见下"
    assert "· 泵站改造：样品测试（11-20（周五）起，第 1 天）" in view(chat).body
    assert pressable(view(chat)) == ["动作链", "看话术", "① 二期", "② 泵站改造"]

    await chat.presses(view(chat).model_copy(update={"buttons": view(chat).buttons[3:]}), actions.ShowDeal)
    deal = view(chat)
    assert (deal.title, deal.subtitle) == ("商机情况", f"{HENGLI} · 泵站改造")
    # the visit was about the other one
    assert fields(deal)["上次联系"] == "还没有"
    assert fields(deal)["待办"] == "还没有"
    assert pressable(deal) == ["动作链", "看客户"]

    assert await chat.says("恒力 二期") == ["[商机情况]"]
    assert fields(view(chat))["待办"].startswith("2 个：")
    assert fields(view(chat))["风险"].startswith("未解决：「领导还没批」")

    assert await chat.says("恒力二期的动作链") == ["[动作链]"]
    assert chain(chat).subtitle == f"{HENGLI} · 二期"
    assert sorted(line.removeprefix("11-20 15:30 ")[:10] for line in chain(chat).body.splitlines()) == [
        "李晓彤 上报风险：「",
        "李晓彤 拜访（报价审",
        "李晓彤 新商机：二期",
        "李晓彤 新待办：11",
        "李晓彤 新待办：12",
    ]
    await chat.presses(chain(chat), actions.ShowDeal)
    assert view(chat).subtitle == f"{HENGLI} · 二期"


async def test_a_closed_deal_says_how_it_ended(chat: Chat) -> None:
    await makes_deals(chat, "二期", state="lost", closed_at=chat.clock.now(), closing="选了竞品")

    await chat.says("恒力二期")

    assert fields(view(chat))["阶段"] == "已丢单（11-20（周五））：选了竞品"


# The chain


async def test_the_chain_tells_who_did_what_when(chat: Chat) -> None:
    await saves_visit(chat)
    now = chat.clock.now()
    async with chat.database.work() as work:
        [deal] = await work.opportunities.open_of((await customer(chat)).customer_id)
        deal.name, deal_id = "二期", deal.opportunity_id
        customer_id = (await customer(chat)).customer_id
        rep, manager = [await work.members.by_identity("wecom", one) for one in (REP, MANAGER)]
        assert rep is not None
        assert manager is not None
        [matter] = await work.escalations.unsettled_of(customer_id)
        work.escalations.decide(matter, "resolved", manager.member_id)
        matter.outcome = "已约总经理"
        later = iter(now + timedelta(minutes=number) for number in range(1, 20))
        matter.closed_at = next(later)
        work.session.add_all(
            [
                StageChange(
                    opportunity_id=deal_id,
                    cause="c",
                    from_stage="样品测试",
                    to_stage="报价审批",
                    state="applied",
                    member_id=rep.member_id,
                    words="方案基本认可",
                    created_at=now,
                    decided_at=next(later),
                ),
                SigningDate(
                    opportunity_id=deal_id,
                    cause="s",
                    was_on=date(2026, 12, 1),
                    expected_on=date(2026, 12, 30),
                    state="frozen",
                    member_id=rep.member_id,
                    created_at=next(later),
                ),
                HelpRequest(
                    cause="h",
                    member_id=rep.member_id,
                    colleague_id=manager.member_id,
                    holder_id=manager.member_id,
                    customer_id=customer_id,
                    words="参数能不能做",
                    since=now,
                    state="declined",
                    answer="做不了",
                    answered_by=manager.member_id,
                    created_at=next(later),
                    answered_at=next(later),
                    due_at=now,
                ),
                Approval(
                    cause="a",
                    kind="discount",
                    member_id=rep.member_id,
                    customer_id=customer_id,
                    amount_fen=80_000_000,
                    percent_off=5.0,
                    words="降五个点",
                    state="approved",
                    created_at=next(later),
                    decided_at=next(later),
                ),
            ]
        )
        file = await work.visits.keep_evidence(
            "f", rep.member_id, "file", sent_at=next(later), detail={"file_name": "方案.pdf"}
        )
        file.customer_id, file.label, file.version = customer_id, "采购意向书", 2
        todo = (await work.todos.open_of(rep.member_id))[0]
        work.todos.close(todo, "done")
        todo.closed_at = next(later)
    chat.clock.advance(timedelta(hours=1))
    await chat.says("交接 恒力 给 赵一鸣")
    await chat.worker.drain()

    await chat.says("动作链 恒力", sender=MANAGER)

    newest = chain(chat, of=MANAGER)
    assert newest.body.splitlines() == [
        "11-20 16:30 李晓彤 客户由李晓彤转给赵一鸣",
        "11-20 15:39 李晓彤 待办完成：提供安装排期表",
        "11-20 15:38 李晓彤 资料 采购意向书 第 2 版：方案.pdf",
        "11-20 15:37 折扣审批通过：80 万元",
        "11-20 15:36 李晓彤 提交折扣审批：80 万元，降 5%",
        "11-20 15:35 陈志远 回复求助：不能支持：做不了",
        "11-20 15:34 李晓彤 求助陈志远：参数能不能做",
        "11-20 15:33 李晓彤 预计签约 12-01 → 12-30（周三）（等解锁）",
    ]
    assert pressable(newest) == ["更早", "看客户"]
    await chat.presses(newest, actions.ShowChain, sender=MANAGER)
    assert [line.removeprefix("11-20 ") for line in chain(chat, of=MANAGER).body.splitlines()] == [
        "15:32 李晓彤 阶段 样品测试 → 报价审批：「方案基本认可」",
        "15:31 陈志远 风险已处理：已约总经理",
        "15:30 李晓彤 上报风险：「领导还没批」「要等预算」",
        "15:30 李晓彤 新待办（赵一鸣的）：12-01（周二）前 确认技术参数",
        "15:30 李晓彤 新待办：11-25（周三）前 提供安装排期表",
        "15:30 李晓彤 拜访（报价审批）：王经理；阶段：报价审批；预算八十五万。异议：「比竞品贵百分之十五」；积极信号…",
        "15:30 李晓彤 新商机：二期",
    ]
    assert pressable(chain(chat, of=MANAGER)) == ["更近", "看客户"]
    # whose customer it is not any more is asked about one of theirs that sounds like it
    assert await chat.says("动作链 恒力") == ["[哪一家？]"]
    assert chat.cards(texts.VIEW_WHICH)[-1].body == "① 宁波恒丽服饰有限公司（李晓彤）"
    assert await chat.says("动作链 恒力", sender=OTHER) == ["[动作链]"]


async def test_the_pages_are_turned_to_the_end_and_back_by_button_and_by_number(chat: Chat) -> None:
    names = [f"第{number:02}期" for number in range(20)]
    for name in names:
        await makes_deals(chat, name)
        chat.clock.advance(timedelta(minutes=1))

    await chat.says("恒力的动作链")
    shown = [chain(chat).body.splitlines()]
    while "更早" in pressable(chain(chat)):
        await chat.presses(chain(chat), actions.ShowChain)
        shown.append(chain(chat).body.splitlines())

    assert [len(page) for page in shown] == [8, 8, 4]
    assert [line.split("：")[1] for page in shown for line in page] == names[::-1]

    card = chain(chat)
    assert [choice.text for choice in numbered(card)] == ["更近", "看客户"]
    assert as_text(card).endswith("回复数字操作：\n1 更近\n2 看客户")
    await chat.presses(card, actions.ShowChain)
    assert chain(chat).body.splitlines() == shown[1]
    newer = next(button for button in chain(chat).buttons if button.text == "更近")
    await chat.presses(chain(chat).model_copy(update={"buttons": (newer,)}), actions.ShowChain)
    assert chain(chat).body.splitlines() == shown[0]
    assert pressable(chain(chat)) == ["更早", "看客户"]
    await chat.presses(chain(chat), actions.ShowCustomer)
    assert view(chat).subtitle == HENGLI


# Who is meant


async def test_what_only_sounds_like_a_customer_is_asked_about(chat: Chat) -> None:
    await chat.speaks("横力上次聊到哪了")

    card = chat.cards(texts.VIEW_WHICH)[-1]
    assert "② 宁波恒力阀门有限公司（李晓彤）" in card.body
    second = card.model_copy(update={"buttons": card.buttons[1:2]})
    await chat.presses(second, actions.ShowCustomer)
    assert view(chat).subtitle == HENGLI


async def test_spoken_with_its_region_it_is_found_by_sound(chat: Chat) -> None:
    await chat.speaks("宁波恒立阀门现在什么情况")

    assert view(chat).subtitle == HENGLI


async def test_of_several_of_one_name_it_is_asked_which(chat: Chat) -> None:
    async with chat.database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert rep is not None
        for found in await work.customers.called("宏达"):
            found.owner_id = rep.member_id

    for words in ("宏达", "宏达上次聊到哪了"):
        assert await chat.says(words) == ["[哪一家？]"]
        assert pressable(chat.cards(texts.VIEW_WHICH)[-1]) == ["① 杭州宏达机电有…", "② 绍兴宏达纺织有…"]
    assert not chat.cards("情况")


async def test_of_two_of_one_name_the_askers_own_is_meant(chat: Chat) -> None:
    async with chat.database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        [machines] = await work.customers.called("杭州宏达机电有限公司")
        assert rep is not None
        machines.owner_id = rep.member_id

    await chat.says("宏达上次聊到哪了")

    assert view(chat).subtitle == "杭州宏达机电有限公司"


async def test_what_is_pointed_at_is_the_customer_of_the_last_visit(chat: Chat) -> None:
    assert await chat.says("这家上次聊到哪了") == [texts.VIEW_OF_WHOM]
    await saves_visit(chat)

    assert await chat.says("这家上次聊到哪了") == ["[客户情况]"]
    assert view(chat).subtitle == HENGLI


async def test_others_hear_the_same_of_a_customer_that_is_not_theirs_and_of_none(chat: Chat) -> None:
    await saves_visit(chat)

    for form in ("{}上次聊到哪了", "动作链 {}", "查{}"):
        for name in ("恒力", "宁波恒力阀门", "横力", "无名精密"):
            told = await chat.says(form.format(name), sender=OTHER)
            assert told == [texts.VIEW_NOT_YOURS.format(name=name)]
    assert await chat.says("恒力", sender=MANAGER) == ["[客户情况]"]


# What it is not


async def test_a_name_is_the_answer_where_a_draft_waits_for_its_customer(chat: Chat) -> None:
    await chat.says("今天见了王总，预算八十万，周五前给他发方案")
    assert "没听出来" in fields(chat.draft())["客户"]

    await chat.says("恒力")

    assert fields(chat.draft())["客户"].startswith(HENGLI)
    assert not chat.cards("情况")


async def test_a_name_is_the_answer_to_the_question_whom_a_request_is_about(chat: Chat) -> None:
    assert await chat.says("这个要总监出面") == [texts.WHICH_CUSTOMER_TO_RAISE]

    await chat.says("恒力")

    assert not chat.cards("情况", of=REP)
    async with chat.database.reading() as work:
        assert await work.escalations.unsettled_of((await customer(chat)).customer_id)


async def test_asking_changes_no_open_draft_and_edits_of_it_ask_nothing(chat: Chat) -> None:
    await chat.says(NOTE)
    before = fields(chat.draft())

    await chat.says("恒丽上次聊到哪了")
    await chat.says("恒丽")
    assert len(chat.cards("拜访记录")) == 1
    assert fields(chat.draft()) == before
    assert len(chat.cards("情况")) == 2

    await chat.says("客户是恒丽")
    assert fields(chat.draft())["客户"].startswith("宁波恒丽服饰有限公司")
    assert len(chat.cards("情况")) == 2


async def test_a_note_that_names_a_customer_stays_a_note(chat: Chat) -> None:
    await chat.says("恒力，见了王经理，预算八十万")

    assert fields(chat.draft())["客户"] == HENGLI
    assert not chat.cards("情况")


async def test_what_a_picture_says_asks_nothing(chat: Chat) -> None:
    await chat.shows(screenshot(said("other", "恒力上次聊到哪了")))

    assert not chat.cards("情况")


async def test_the_same_message_delivered_again_is_answered_once(chat: Chat) -> None:
    for _ in range(2):
        await chat.receives(Text(text="恒力上次聊到哪了"), event_id="m-again")

    assert len(chat.cards("情况")) == 1


# On every platform


async def test_the_cards_can_be_shown_on_every_platform(chat: Chat) -> None:
    await saves_visit(chat)
    names = [f"第{number}期产线自动化改造与扩建项目" for number in range(12)]
    await makes_deals(chat, *names, stage="样品测试", stage_since=chat.clock.now(), expected_on=date(2026, 12, 30))
    await chat.says("恒力")
    await chat.presses(view(chat), actions.ShowDeal)
    await chat.says("恒力的动作链")

    cards = (*chat.cards("情况"), chain(chat))
    assert len(cards) == 3
    for card in cards:
        assert len(card.fields) <= 8
        assert all(len(field.label) <= 5 for field in card.fields)
        assert 1 <= len(card.buttons) <= 6
        assert all(len(button.text) <= 10 for button in card.buttons)
        assert all(actions.read(button.action) is not None for button in card.buttons)
        for rendered in (wecom_cards.render(card, task_id="t"), wecom_bot_cards.render(card, task_id="t")):
            told = "".join(rendered.texts_before) + str(rendered.card)
            assert all(line in told for line in card.body.splitlines())
        for style in get_args(dingtalk_cards.Style):
            told = str(dingtalk_cards.render(card, style))
            assert all(button.text in told for button in card.buttons)


async def test_where_there_are_no_cards_numbers_turn_the_pages(chat: Chat) -> None:
    chat.platform.capabilities = Capabilities(cards=False)
    for number in range(10):
        await makes_deals(chat, f"第{number}期")
        chat.clock.advance(timedelta(minutes=1))

    await chat.says("恒力的动作链")
    assert "新商机：第9期" in chat.texts(of=REP)[-1]
    assert "1 更早\n2 看客户" in chat.texts(of=REP)[-1]

    chat.clock.advance(timedelta(minutes=1))
    await chat.says("1")
    assert chat.texts(of=REP)[-1].splitlines()[1:] == [
        "11-20 15:31 新商机：第1期",
        "11-20 15:30 新商机：第0期",
        "回复数字操作：",
        "1 更近",
        "2 看客户",
    ]
    chat.clock.advance(timedelta(minutes=1))
    await chat.says("1")
    assert "新商机：第9期" in chat.texts(of=REP)[-1]
