"""Handing over customers: the brief, many customers, a kill in between, and taking it back."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from handlers import actions, handover, texts
from handlers.context import TIMERS
from handlers.messages import OutboundCard
from storage.database import Database
from storage.errors import LeaseLost
from storage.jobs import Job
from storage.models import AuditEntry, Customer, Member, Todo
from tests.chat import FRIDAY, MANAGER, OTHER, REP, VISIT, Chat, build
from tests.fakes import FakeClock

MANY = 300


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    clock.advance(FRIDAY - clock.now())
    return await build(database, clock, tmp_path)


async def member_of(chat: Chat, user_id: str) -> Member:
    async with chat.database.reading() as work:
        found = await work.members.by_identity("wecom", user_id)
    assert found is not None
    return found


async def add_customers(chat: Chat, count: int) -> None:
    rep = await member_of(chat, REP)
    async with chat.database.work() as work:
        work.session.add_all(
            Customer(name=f"客户{number:03}", owner_id=rep.member_id, created_at=work.now, aliases=[], contacts=[])
            for number in range(count)
        )


async def owned(chat: Chat) -> Counter[str]:
    async with chat.database.reading() as work:
        query = select(Member.name, func.count()).join(Customer, Customer.owner_id == Member.member_id)
        rows = await work.session.execute(query.group_by(Member.name))
        return Counter(dict(tuple(row) for row in rows))


async def moves_noted(chat: Chat) -> int:
    async with chat.database.reading() as work:
        query = select(func.count()).where(AuditEntry.action == "customer.handed_over")
        return await work.session.scalar(query) or 0


async def ordered(chat: Chat) -> None:
    giver, taker, by = [await member_of(chat, one) for one in (REP, OTHER, MANAGER)]
    async with chat.database.work() as work:
        count = await handover.hand_over(chat.context, work, giver=giver, taker=taker, by=by, cause="order-1")
    assert count == MANY + 2


async def claimed(chat: Chat) -> Job:
    async with chat.database.work() as work:
        [job] = await work.jobs.claim(TIMERS, limit=1, lease_s=30)
    return job


# The brief


async def test_the_brief_says_what_the_records_say_and_names_nothing_else(chat: Chat) -> None:
    deals = replace(chat.context.settings.deals, funnel=replace(chat.context.settings.deals.funnel, has_gates=False))
    object.__setattr__(chat.context, "settings", replace(chat.context.settings, deals=deals))
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.answers_risks()
    await chat.passes(timedelta(days=3))

    async with chat.database.reading() as work:
        told = await handover.brief_of(chat.context, work, await work.customers.get(1))

    lines = told.splitlines()
    assert len(lines) <= handover.MOST_LINES
    assert lines[0] == "【宁波恒力阀门有限公司】报价审批（11-20（周五）起，第 4 天）"
    assert lines[1].startswith("上次拜访：11-20（周五） 李晓彤，")
    assert lines[2] == "当时约定：① 11-25（周三）前 提供安装排期表（李晓彤） ② 12-01（周二）前 确认技术参数（客户）"
    assert lines[3] == "金额：预算 85 万元（11-20（周五））"
    assert lines[4] == "待办：11-25（周三）前 提供安装排期表；12-01（周二）前 确认技术参数"
    assert lines[5].startswith("未解决的风险：")
    assert "「领导还没批」" in lines[5]
    assert lines[6] == "联系人：王建国（采购部·经理）、王经理（采购部）"


async def test_a_customer_without_records_is_said_to_be_so(chat: Chat) -> None:
    async with chat.database.reading() as work:
        told = await handover.brief_of(chat.context, work, await work.customers.get(2))

    assert told == "【宁波恒丽服饰有限公司】阶段未定\n还没有入库的拜访记录"


async def test_what_is_only_a_draft_is_in_no_brief(chat: Chat) -> None:
    await chat.speaks(VISIT)

    async with chat.database.reading() as work:
        told = await handover.brief_of(chat.context, work, await work.customers.get(1))

    assert "85" not in told
    assert texts.BRIEF_NO_VISIT in told


async def test_five_customers_come_at_once_and_the_rest_by_name(chat: Chat) -> None:
    await add_customers(chat, 10)

    await chat.says("交接 李晓彤 给 赵一鸣", sender=MANAGER)

    [brief] = [text for text in chat.texts(of=OTHER) if "交接给您了" in text]
    assert brief.count("【") == 5
    assert brief.splitlines()[-1].startswith("其余 7 家回复「交接简报 客户名」查看：")


async def test_at_night_the_brief_waits_for_the_morning_and_the_customers_do_not(chat: Chat) -> None:
    await chat.lives_until(FRIDAY + timedelta(hours=5))
    await chat.says("交接 李晓彤 给 赵一鸣", sender=MANAGER)

    assert await owned(chat) == {"赵一鸣": 2}
    assert chat.texts(of=OTHER) == []
    await chat.lives_until(FRIDAY + timedelta(days=2, hours=17))
    assert len(chat.texts(of=OTHER)) == 1


async def test_many_to_dos_are_a_few_cards_and_a_line(chat: Chat) -> None:
    rep = await member_of(chat, REP)
    async with chat.database.work() as work:
        work.session.add_all(
            Todo(member_id=rep.member_id, party="us", action=f"第{n}件", state="open", created_at=work.now)
            for n in range(8)
        )

    await chat.says("交接 李晓彤 给 赵一鸣", sender=MANAGER)

    assert [card.title for card in chat.cards("待办", of=OTHER)] == ["新待办 8 项"]
    async with chat.database.reading() as work:
        assert len(await work.todos.open_of((await member_of(chat, OTHER)).member_id)) == 8


async def test_a_draft_stays_where_it_is_and_the_manager_is_told(chat: Chat) -> None:
    await chat.speaks(VISIT)
    rep = await member_of(chat, REP)
    async with chat.database.work() as work:
        work.members.leave(await work.members.get(rep.member_id))

    [answer, *_] = await chat.says("交接 李晓彤 给 赵一鸣", sender=MANAGER)

    assert texts.HANDED_OVER_DRAFTS.format(count=1, giver="李晓彤") in answer
    async with chat.database.reading() as work:
        assert len(await work.visits.drafts_of(rep.member_id)) == 1


# Many


async def test_three_hundred_customers_go_page_by_page(chat: Chat) -> None:
    await add_customers(chat, MANY)
    await ordered(chat)

    job = await claimed(chat)
    await handover.move(chat.context, job)
    assert await owned(chat) == {"赵一鸣": handover.PAGE, "李晓彤": MANY + 2 - handover.PAGE}

    await chat.worker.drain()
    assert await owned(chat) == {"赵一鸣": MANY + 2}
    assert await moves_noted(chat) == MANY + 2
    async with chat.database.reading() as work:
        [entry] = [one for one in await work.audit.of("customer:1") if one.action == "customer.handed_over"]
    taker, by = await member_of(chat, OTHER), await member_of(chat, MANAGER)
    rep = await member_of(chat, REP)
    assert (entry.before, entry.after) == ({"owner_id": rep.member_id}, {"owner_id": taker.member_id})
    assert entry.member_id == by.member_id


async def test_after_a_kill_another_goes_on_and_nothing_moves_twice(chat: Chat) -> None:
    await add_customers(chat, MANY)
    await ordered(chat)
    await handover.move(chat.context, await claimed(chat))
    killed = await claimed(chat)  # and nothing more is heard of whoever claimed it

    assert await chat.passes(timedelta(seconds=29)) == []
    await chat.passes(timedelta(seconds=2))

    assert await owned(chat) == {"赵一鸣": MANY + 2}
    assert await moves_noted(chat) == MANY + 2
    with pytest.raises(LeaseLost):
        await handover.move(chat.context, killed)
    assert await moves_noted(chat) == MANY + 2
    assert len([text for text in chat.texts(of=OTHER) if "交接给您了" in text]) == 1


async def test_a_crash_within_a_page_leaves_nothing_of_it(chat: Chat) -> None:
    await add_customers(chat, MANY)
    await ordered(chat)
    job = await claimed(chat)
    async with chat.database.work() as work:
        # another worker took the job over before the page was written
        await work.jobs.renew(job, -1)
        [_] = await work.jobs.claim(TIMERS, limit=1, lease_s=30)

    with pytest.raises(LeaseLost):
        await handover.move(chat.context, job)

    assert await owned(chat) == {"李晓彤": MANY + 2}


async def test_the_same_order_again_moves_nothing_more(chat: Chat) -> None:
    await add_customers(chat, MANY)
    await ordered(chat)
    await ordered(chat)
    await chat.worker.drain()

    assert await moves_noted(chat) == MANY + 2


async def test_a_successor_who_leaves_meanwhile_takes_nothing_along(chat: Chat) -> None:
    await add_customers(chat, MANY)
    await ordered(chat)
    await handover.move(chat.context, await claimed(chat))
    taker = await member_of(chat, OTHER)
    async with chat.database.work() as work:
        work.members.leave(await work.members.get(taker.member_id))

    await chat.worker.drain()

    assert await owned(chat) == {"李晓彤": MANY + 2}
    assert chat.texts(of=MANAGER) == [texts.HANDOVER_STOPPED.format(giver="李晓彤", taker="赵一鸣")]


async def test_a_customer_given_away_meanwhile_stays_given(chat: Chat) -> None:
    await add_customers(chat, MANY)
    await ordered(chat)
    boss = await member_of(chat, MANAGER)
    async with chat.database.work() as work:
        await work.session.execute(update(Customer).where(Customer.name == "客户299").values(owner_id=boss.member_id))

    await chat.worker.drain()

    assert await owned(chat) == {"赵一鸣": MANY + 1, "陈志远": 1}


# Open matters


async def raised(chat: Chat) -> OutboundCard:
    """A matter of the rep's that lies with the manager."""
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.answers_risks()
    [card] = chat.cards("风险上报", of=MANAGER)
    return card


async def rep_of_the_matter(chat: Chat) -> str:
    async with chat.database.reading() as work:
        [matter] = await work.escalations.unsettled_of(1)
        return (await work.members.get(matter.member_id)).name


async def test_what_becomes_of_an_open_matter_is_told_to_the_successor(chat: Chat) -> None:
    card = await raised(chat)
    await chat.says("交接 李晓彤 给 赵一鸣", sender=MANAGER)
    assert "未解决的风险：「领导还没批」、「要等预算」" in chat.texts(of=OTHER)[-1]
    assert await rep_of_the_matter(chat) == "赵一鸣"

    await chat.presses(card, actions.TakeEscalation, sender=MANAGER)

    taken = [text for text in chat.texts() if text.startswith("陈志远已接手")]
    assert taken == [text for text in chat.texts(of=OTHER) if text in taken] != []
    async with chat.database.reading() as work:
        noted = [entry for entry in await work.audit.of("escalation:1") if entry.action == "escalation.handed_over"]
    assert [(entry.before, entry.after) for entry in noted] == [({"member_id": 3}, {"member_id": 4})]


async def test_a_matter_that_is_anothers_stays_theirs(chat: Chat) -> None:
    await raised(chat)
    boss = await member_of(chat, MANAGER)
    async with chat.database.work() as work:
        [matter] = await work.escalations.unsettled_of(1)
        matter.member_id = boss.member_id

    await chat.says("交接 李晓彤 给 赵一鸣", sender=MANAGER)

    assert await rep_of_the_matter(chat) == "陈志远"


async def test_what_was_assigned_to_the_giver_is_assigned_to_the_successor(chat: Chat) -> None:
    card = await raised(chat)
    rep = await member_of(chat, REP)
    await chat.presses(card, actions.AssignEscalation, sender=MANAGER, chosen={"assignee": (str(rep.member_id),)})
    assert len(chat.cards("请您跟进", of=REP)) == 1

    sent = await chat.says("交接 李晓彤 给 赵一鸣", sender=MANAGER)

    assert "[→ 已转交赵一鸣]" in sent
    assert [card.subtitle for card in chat.cards("请您跟进", of=OTHER)] == ["宁波恒力阀门有限公司"]
    async with chat.database.reading() as work:
        [matter] = await work.escalations.unsettled_of(1)
        assert (matter.state, matter.assignee_id) == ("assigned", (await member_of(chat, OTHER)).member_id)


async def test_taking_it_back_brings_the_matter_back(chat: Chat) -> None:
    await raised(chat)
    await chat.says("交接 李晓彤 给 赵一鸣", sender=MANAGER)

    await chat.says("撤销交接", sender=MANAGER)

    assert await rep_of_the_matter(chat) == "李晓彤"


# Taken back


async def test_within_a_day_whoever_did_it_takes_it_back(chat: Chat) -> None:
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.answers_risks()
    await chat.says("交接 李晓彤 给 赵一鸣", sender=MANAGER)
    assert [card.title for card in chat.cards("待办", of=OTHER)] == ["新待办 2 项"]

    assert await chat.says("撤销交接", sender=OTHER) == [texts.NO_HANDOVER_TO_UNDO]
    [answer, *_] = await chat.says("撤销交接", sender=MANAGER)

    assert answer == "已撤回：李晓彤交接给赵一鸣的 2 家客户正在转回。之后另外改过归属的不动。"
    assert await owned(chat) == {"李晓彤": 2}
    rep = await member_of(chat, REP)
    async with chat.database.reading() as work:
        assert len(await work.todos.open_of(rep.member_id)) == 2
    assert await chat.says("撤销交接", sender=MANAGER) == [texts.NO_HANDOVER_TO_UNDO]
    await chat.lives_until(FRIDAY + timedelta(hours=2))
    assert [card.title for card in chat.cards("待办", of=REP)] == ["待办", "待办", "新待办 2 项"]
    assert "陈志远撤回了交接：李晓彤的 2 家客户不再转给赵一鸣。" in "\n".join(chat.texts(of=OTHER))


async def test_after_a_day_it_holds(chat: Chat) -> None:
    await chat.says("交接 李晓彤 给 赵一鸣", sender=MANAGER)
    await chat.lives_until(FRIDAY + timedelta(hours=25))

    assert await chat.says("撤销交接", sender=MANAGER) == [texts.NO_HANDOVER_TO_UNDO]
    assert await owned(chat) == {"赵一鸣": 2}


async def test_what_has_changed_hands_since_is_left_alone(chat: Chat) -> None:
    await chat.says("交接 李晓彤 给 赵一鸣", sender=MANAGER)
    await chat.says("交接 恒丽 给 陈志远", sender=OTHER)

    await chat.says("撤销交接", sender=MANAGER)

    assert await owned(chat) == {"李晓彤": 1, "陈志远": 1}


async def test_taking_it_back_half_way_brings_everything_home(chat: Chat) -> None:
    await add_customers(chat, MANY)
    await ordered(chat)
    await handover.move(chat.context, await claimed(chat))

    await chat.says("撤销交接", sender=MANAGER)

    assert await owned(chat) == {"李晓彤": MANY + 2}
    assert not any("交接给您了" in text for text in chat.texts(of=OTHER))
