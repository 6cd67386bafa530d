"""线索分 in the chat: what leads earn points by, and who has them once they have earned enough."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from handlers import actions, lead_scores
from handlers.messages import OutboundCard
from handlers.texts import CHOOSE_FIRST
from storage.deal_models import Behaviour, LeadHandoff, Opportunity
from storage.models import Todo
from tests.chat import MANAGER, OTHER, REP, SHANGHAI, Chat, fields

CUSTOMER = "宁波恒力阀门有限公司"
DIRECTOR = "zhoumin"
NOTE = "今天拜访了宁波恒力阀门的王经理，他们下载了我们的白皮书，周五前我发方案。"
SATURDAY = datetime(2026, 11, 21, 15, 0, tzinfo=SHANGHAI)
MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=SHANGHAI)


def settle(chat: Chat, *, senior_from: int = 30, group: Sequence[str] = ()) -> None:
    settings = chat.context.settings
    leads = replace(settings.deals.leads, senior_from=senior_from, senior_group=tuple(group))
    object.__setattr__(chat.context, "settings", replace(settings, deals=replace(settings.deals, leads=leads)))


async def visit(chat: Chat, text: str) -> str:
    """Told and confirmed; what came back on 确认."""
    await chat.says(text)
    before = len(chat.texts(of=REP))
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    return "\n".join(chat.texts(of=REP)[before:])


async def owner(chat: Chat) -> str | None:
    async with chat.database.reading() as work:
        found = await work.customers.by_name(CUSTOMER)
        assert found is not None
        return None if found.owner_id is None else (await work.members.get(found.owner_id)).name


async def touches(chat: Chat) -> list[tuple[str, str]]:
    """Who is to make the first touch, and until when."""
    async with chat.database.reading() as work:
        rows = (await work.session.scalars(select(Todo).where(Todo.action == "首次触达"))).all()
        return [
            (
                (await work.members.get(row.member_id)).name,
                f"{row.due_at.astimezone(SHANGHAI):%m-%d %H:%M}" if row.due_at else "",
            )
            for row in rows
        ]


async def earns(chat: Chat, days: int, *, sender: str = REP) -> None:
    """So many days of 下载白皮书, 5 points each."""
    for day in range(days):
        await chat.says(f"线索行为 恒力 白皮书 11月{10 + day}日", sender=sender)


def handoff(chat: Chat, of: str = MANAGER) -> OutboundCard:
    return chat.cards("线索分配", of=of)[-1]


# Earned


async def test_a_confirmed_note_earns_points_with_its_words_and_begins_a_lead(chat: Chat) -> None:
    told = await visit(chat, NOTE)
    assert "线索分 +5（下载白皮书），共 5 分。" in told

    await chat.says("线索分 恒力")
    assert (
        chat.texts(of=REP)[-1] == f"{CUSTOMER} 线索分 5\n11-20（周五） 下载白皮书 +5（拜访记录「下载了我们的白皮书」）"
    )
    await chat.says("商机 恒力")
    assert "线索分 5" in chat.texts(of=REP)[-1]
    async with chat.database.reading() as work:
        [deal] = (await work.session.scalars(select(Opportunity))).all()
    assert deal.lead == "mql"


async def test_once_a_day_however_often_it_is_told_and_as_often_as_the_days(chat: Chat) -> None:
    await visit(chat, NOTE)
    await chat.passes(timedelta(hours=1))
    assert "线索分" not in await visit(chat, NOTE.replace("今天", "今天又"))
    await chat.says("线索行为 恒力 白皮书")
    assert "一天只计一次" in chat.texts(of=REP)[-1]

    await chat.says("线索行为 恒力 白皮书 11月12日")
    assert chat.texts(of=REP)[-1] == f"「{CUSTOMER}」线索分 +5（下载白皮书），共 10 分。"
    await chat.says("恒力的线索分")

    assert chat.texts(of=REP)[-1].splitlines()[0] == f"{CUSTOMER} 线索分 10"
    assert "11-12（周四） 下载白皮书 +5（李晓彤登记「线索行为 恒力 白皮书 11月12日」）" in chat.texts(of=REP)[-1]


@pytest.mark.parametrize(
    "said",
    [
        "他们已经下载了别家的白皮书",
        "他们没下载我们的白皮书",
        "他们说下周会参加我们的线上研讨会",
        "我下载了白皮书给他们看",
        "赵一鸣参加了线上研讨会",
        "如果他们下载了我们的白皮书就好办",
    ],
)
async def test_a_note_that_only_mentions_it_stays_a_note_and_scores_nothing(chat: Chat, said: str) -> None:
    told = await visit(chat, f"今天拜访了宁波恒力阀门的王经理，{said}，预算85万，周五前我发方案。")

    assert "已入库" in told
    assert "线索分" not in told
    async with chat.database.reading() as work:
        assert (await work.session.scalars(select(Behaviour))).all() == []


async def test_words_that_begin_like_an_order_and_tell_of_a_visit_are_a_note(chat: Chat) -> None:
    await chat.says("线索分的事王经理没提，今天拜访了恒力，预算85万，周五前我发方案。")

    assert len(chat.cards("拜访记录")) == 1


async def test_an_order_that_lacks_something_says_what(chat: Chat) -> None:
    await chat.says("新商机 恒力 一期")
    said = {
        "线索行为 恒力": "要带上客户和行为",
        "线索行为 恒力 喝茶": "没有叫「喝茶」的行为。能计分的：下载白皮书 5 分、参加线上研讨会 10 分",
        "线索行为 恒力 白皮书 12月30日": "还没到，没有计分",
        "线索分 恒力": f"{CUSTOMER}·一期 还没有线索分",
        "线索分 恒丽": "「宁波恒丽服饰有限公司」没有在谈的商机",
    }
    for order, answer in said.items():
        await chat.says(order)
        assert answer in chat.texts(of=REP)[-1], order
    await chat.says("线索行为 恒力 白皮书", sender=OTHER)
    assert chat.texts(of=OTHER)[-1] == "没有找到您名下叫「恒力」的客户。"


async def test_of_several_leads_the_named_one_earns(chat: Chat) -> None:
    await chat.says("新商机 恒力 一期")
    await chat.says("新商机 恒力 二期扩产")

    await chat.says("线索行为 恒力 白皮书")
    assert "请带上商机名再说一次" in chat.texts(of=REP)[-1]
    await chat.says("线索行为 恒力 二期扩产 白皮书")

    assert chat.texts(of=REP)[-1] == f"「{CUSTOMER}·二期扩产」线索分 +5（下载白皮书），共 5 分。"


async def test_what_sales_has_taken_over_earns_nothing_any_more(chat: Chat) -> None:
    await visit(chat, NOTE.replace("周五前", "预算85万，李总拍板，周五前"))
    await chat.says("转SQL 恒力")

    await chat.says("线索行为 恒力 研讨会")

    assert chat.texts(of=REP)[-1] == f"「{CUSTOMER}」已经转为 SQL，不再按行为计分。"
    await chat.says("线索分 恒力")
    assert chat.texts(of=REP)[-1].splitlines()[0] == f"{CUSTOMER} 线索分 5（已转 SQL，不再分配）"
    await chat.passes(timedelta(days=1))
    assert "线索分" not in await visit(chat, NOTE)


async def test_taken_over_by_sales_the_question_whose_it_becomes_lapses(chat: Chat) -> None:
    settle(chat, senior_from=5, group=[OTHER])
    await visit(chat, NOTE.replace("周五前", "预算85万，李总拍板，周五前"))
    card = handoff(chat)

    await chat.says("转SQL 恒力")

    async with chat.database.reading() as work:
        [row] = (await work.session.scalars(select(LeadHandoff))).all()
        shown = await work.cards.find(card.card_id)
    assert row.state == "lapsed"
    assert shown is not None
    assert shown.state == "closed"
    await chat.presses(card, actions.LeaveLead, sender=MANAGER)
    assert await touches(chat) == []


async def test_what_was_noted_by_mistake_is_taken_back_and_may_be_noted_again(chat: Chat) -> None:
    await earns(chat, 2)

    await chat.says("撤销线索行为 恒力 白皮书 11月10日")
    assert chat.texts(of=REP)[-1] == f"已撤销「{CUSTOMER}」11-10（周二） 的「下载白皮书」，线索分 5。"
    await chat.says("撤销线索行为 恒力 白皮书")
    assert "11-11（周三）" in chat.texts(of=REP)[-1]
    await chat.says("撤销线索行为 恒力 白皮书")
    assert chat.texts(of=REP)[-1] == f"「{CUSTOMER}」没有记过这样的「下载白皮书」。"

    settle(chat, senior_from=5)
    await chat.says("线索行为 恒力 白皮书")
    assert len(await touches(chat)) == 1


# Enough


async def test_without_a_group_whoever_has_the_lead_is_to_make_the_first_touch_within_two_hours(chat: Chat) -> None:
    settle(chat, senior_from=10)

    await earns(chat, 2)
    assert "到 10 分了，按资深线索处理。" in chat.texts(of=REP)[-1]

    assert chat.cards("线索分配") == []
    assert await touches(chat) == [("李晓彤", "11-20 17:30")]
    await earns(chat, 6)
    assert len(await touches(chat)) == 1


async def test_an_owner_of_the_group_keeps_the_lead(chat: Chat) -> None:
    settle(chat, senior_from=10, group=["赵一鸣", REP])

    await earns(chat, 2)

    assert chat.cards("线索分配") == []
    assert await touches(chat) == [("李晓彤", "11-20 17:30")]


async def test_the_owners_manager_chooses_of_the_group_whoever_has_the_fewest_leads_first(chat: Chat) -> None:
    settle(chat, senior_from=10, group=["周敏", OTHER])
    async with chat.database.work() as work:
        director = await work.members.by_identity("wecom", DIRECTOR)
        assert director is not None
        theirs = await work.customers.add("台州启明泵业有限公司", owner_id=director.member_id)
        await work.opportunities.add(theirs.customer_id)

    await earns(chat, 2)

    card = handoff(chat)
    assert card.subtitle == f"{CUSTOMER} 线索分到 10"
    assert fields(card) == {"负责人": "李晓彤"}
    assert [option.text for option in card.selects[0].options] == [
        "请选择",
        "赵一鸣 · 0 条",
        "周敏 · 1 条",
    ]
    assert await touches(chat) == []

    await chat.presses(card, actions.HandOnLead, sender=MANAGER)
    assert chat.texts(of=MANAGER)[-1] == CHOOSE_FIRST
    chosen = {actions.TAKER_SELECT: (card.selects[0].options[1].option_id,)}
    await chat.presses(card, actions.HandOnLead, sender=MANAGER, chosen=chosen)

    assert await owner(chat) == "赵一鸣"
    assert await touches(chat) == [("赵一鸣", "11-20 17:30")]
    assert chat.texts(of=MANAGER)[-1] == f"「{CUSTOMER}」转给赵一鸣，已建「首次触达」待办。"
    await earns(chat, 6, sender=OTHER)
    assert len(chat.cards("线索分配")) == 1
    assert len(await touches(chat)) == 1


async def test_left_where_it_is_the_owner_makes_the_first_touch(chat: Chat) -> None:
    settle(chat, senior_from=10, group=[OTHER])
    await earns(chat, 2)

    await chat.presses(handoff(chat), actions.LeaveLead, sender=MANAGER)

    assert await owner(chat) == "李晓彤"
    assert await touches(chat) == [("李晓彤", "11-20 17:30")]


async def test_nobody_but_the_manager_who_was_asked_presses(chat: Chat) -> None:
    settle(chat, senior_from=10, group=[OTHER])
    await earns(chat, 2)

    for sender in (REP, OTHER):
        await chat.presses(handoff(chat), actions.LeaveLead, sender=sender)

    assert await touches(chat) == []


async def test_outside_working_hours_nothing_goes_out(chat: Chat) -> None:
    settle(chat, senior_from=10, group=[OTHER])
    await chat.lives_until(SATURDAY)
    await earns(chat, 2)

    assert chat.cards("线索分配") == []
    await chat.lives_until(MONDAY)

    assert len(chat.cards("线索分配", of=MANAGER)) == 1


async def test_a_question_that_nobody_answers_goes_up(chat: Chat) -> None:
    settle(chat, senior_from=10, group=[OTHER])
    await earns(chat, 2)

    await chat.lives_until(MONDAY + timedelta(hours=9))

    assert len(chat.cards("线索分配", of=DIRECTOR)) == 1


async def ownerless(chat: Chat) -> None:
    async with chat.database.work() as work:
        found = await work.customers.by_name(CUSTOMER)
        assert found is not None
        found.owner_id = None


async def test_of_a_lead_that_nobody_has_the_first_leader_is_asked(chat: Chat) -> None:
    settle(chat, senior_from=10, group=[OTHER])
    await earns(chat, 1)
    await ownerless(chat)
    async with chat.database.work() as work:
        deal = await work.opportunities.get(1)
        for day in (18, 19):
            await lead_scores.note(
                work,
                deal,
                "下载白皮书",
                datetime(2026, 11, day, tzinfo=SHANGHAI).date(),
                source="file",
                words="leads.csv",
                member_id=None,
                cause="test",
            )
    await chat.worker.drain()

    card = handoff(chat)
    assert fields(card) == {"负责人": "没有负责人"}
    await chat.presses(
        card, actions.HandOnLead, sender=MANAGER, chosen={actions.TAKER_SELECT: (card.selects[0].options[1].option_id,)}
    )
    assert await owner(chat) == "赵一鸣"
    assert [name for name, _ in await touches(chat)] == ["赵一鸣"]


async def test_a_deal_that_has_ended_needs_nobody_any_more(chat: Chat) -> None:
    settle(chat, senior_from=10, group=[OTHER])
    await earns(chat, 2)
    card = handoff(chat)

    await chat.says("丢单 恒力 价格太高")
    await chat.presses(card, actions.LeaveLead, sender=MANAGER)

    assert await touches(chat) == []
    async with chat.database.reading() as work:
        [row] = (await work.session.scalars(select(LeadHandoff))).all()
    assert row.state == "lapsed"
