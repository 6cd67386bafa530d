"""To-dos in the chat: made, done, put off, handed on; and what is heard of them while people forget."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from handlers import actions, morning, notices, todos
from handlers.messages import OutboundCard
from handlers.rulebook import FollowUpRule, RuleBook, TodoRule
from storage.database import Database
from storage.models import Customer, Member, Todo, TodoKind
from tests.chat import FRIDAY, MANAGER, OTHER, REP, SHANGHAI, Chat, build, closings, fields
from tests.fakes import FakeClock

HENGLI = "宁波恒力阀门有限公司"
NOTE = (
    "今天拜访了宁波恒力阀门，见了采购部的王经理，方案他们认可。"
    "我答应下周三前把安装排期表给他，他那边十二月一号前确认技术参数。"
)
SCHEDULE = f"提供安装排期表 · {HENGLI}（11-25（周三）前）"


def at(month: int, day: int, hour: int = 0, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


async def visited(chat: Chat) -> None:
    """A confirmed visit with two to-dos: ours on Wednesday the 25th, the customer's on 1 December."""
    await chat.says(NOTE)
    await chat.presses(chat.draft(), actions.ConfirmVisit)


async def given(
    chat: Chat,
    action: str,
    *,
    to: str = REP,
    due_on: date | None = None,
    due_at: datetime | None = None,
    kind: TodoKind = "said",
    by: str | None = "",
) -> Todo | None:
    """`by` whom: themselves unless said; None is a rule."""
    async with chat.database.work() as work:
        member = await work.members.by_identity("wecom", to)
        giver = await work.members.by_identity("wecom", by or to) if by is not None else None
        assert member is not None
        return await todos.give(
            chat.context,
            work,
            member_id=member.member_id,
            action=action,
            kind=kind,
            origin=action,
            due_on=due_on,
            due_at=due_at,
            created_by=giver.member_id if giver else None,
            cause=f"test:{action}",
        )


async def states(chat: Chat) -> dict[str, str]:
    async with chat.database.reading() as work:
        return {todo.action: todo.state for todo in await work.session.scalars(select(Todo))}


async def todo_of(chat: Chat, action: str) -> Todo:
    async with chat.database.reading() as work:
        found = await work.session.scalar(select(Todo).where(Todo.action == action))
        assert found is not None
        return found


async def start_mornings(chat: Chat) -> None:
    async with chat.database.work() as work:
        await work.jobs.put_next(morning.due(chat.context))


def told(chat: Chat, *, of: str = REP, since: int = 0) -> Sequence[str]:
    return chat.texts(of=of)[since:]


# Done


@pytest.mark.parametrize(
    "words", ["排期表搞定了", "安装排期表发了", "我把排期表发给王经理了", "完成第一个待办", "恒力的排期表做完了"]
)
async def test_a_to_do_is_done_by_a_word(chat: Chat, words: str) -> None:
    await visited(chat)

    assert await chat.says(words) == ["[→ 已完成]", "已完成：提供安装排期表"]

    assert await states(chat) == {"提供安装排期表": "done", "确认技术参数": "open"}


async def test_a_to_do_is_done_by_a_word_that_is_spoken(chat: Chat) -> None:
    await visited(chat)

    sent = await chat.speaks("排期表搞定了。")

    assert closings(sent) == ["已完成"]
    assert told(chat)[-1] == "已完成：提供安装排期表"


@pytest.mark.parametrize("words", ["样品寄出去了", "合同签了", "排期表签了", "第五个搞定了"])
async def test_what_fits_no_to_do_does_nothing_to_any(chat: Chat, words: str) -> None:
    await visited(chat)

    await chat.says(words)

    assert set((await states(chat)).values()) == {"open"}


async def test_a_note_that_mentions_a_to_do_is_a_note(chat: Chat) -> None:
    await visited(chat)
    await chat.passes(timedelta(hours=1))

    answer = await chat.says("今天去了恒力，排期表发了，王经理很满意，预算85万")

    assert "[拜访记录 · 待确认]" in answer
    assert set((await states(chat)).values()) == {"open"}


async def test_two_that_fit_are_asked_about_and_a_number_answers(chat: Chat) -> None:
    await given(chat, "给恒力寄样品", due_on=date(2026, 11, 27))
    await given(chat, "给宏达寄样品", due_on=date(2026, 11, 26))

    [question] = await chat.says("样品寄出去了")
    assert question.splitlines() == [
        "完成的是哪一个待办？",
        "① 给宏达寄样品（11-26（周四）前）",
        "② 给恒力寄样品（11-27（周五）前）",
        "回复序号就行，例如：第一个",
    ]

    assert await chat.says("2") == ["已完成：给恒力寄样品"]
    assert await states(chat) == {"给恒力寄样品": "done", "给宏达寄样品": "open"}


async def test_two_that_fit_are_asked_about_also_where_they_are_called_to_dos(chat: Chat) -> None:
    await given(chat, "给恒力寄样品")
    await given(chat, "给宏达寄样品")

    [question] = await chat.says("样品的待办完成了")

    assert question.startswith("完成的是哪一个待办？")
    assert set((await states(chat)).values()) == {"open"}
    await chat.says("前两个")
    assert set((await states(chat)).values()) == {"done"}


async def test_the_question_may_be_answered_in_words_or_dropped(chat: Chat) -> None:
    await given(chat, "给恒力寄样品")
    await given(chat, "给宏达寄样品")

    await chat.says("样品寄出去了")
    assert await chat.says("算了") == ["好的，没有改动。"]
    await chat.says("样品寄出去了")
    assert await chat.says("宏达那个") == ["已完成：给宏达寄样品"]

    assert await states(chat) == {"给恒力寄样品": "open", "给宏达寄样品": "done"}


async def test_all_at_once_is_asked_for_again_first(chat: Chat) -> None:
    await visited(chat)

    [question] = await chat.says("待办全部完成了")
    assert question.startswith("要把这 2 个待办都标为完成吗？")
    assert set((await states(chat)).values()) == {"open"}

    await chat.says("是")
    assert set((await states(chat)).values()) == {"done"}


async def test_done_twice_it_stays_done(chat: Chat) -> None:
    await visited(chat)
    first = chat.cards("待办", of=REP)[0]

    await chat.presses(first, actions.FinishTodo)
    again = await chat.presses(first, actions.FinishTodo)

    assert closings(again) == []
    assert told(chat)[-1] == "这张卡片已经处理过了（已完成）。"


async def test_finishing_a_to_do_is_no_contact_with_the_customer(chat: Chat) -> None:
    await given(chat, "给恒力寄样品")
    async with chat.database.work() as work:
        hengli = await work.customers.by_name(HENGLI)
        todo = await work.session.scalar(select(Todo))
        assert hengli is not None
        assert todo is not None
        todo.customer_id = hengli.customer_id

    await chat.says("样品寄了")

    async with chat.database.reading() as work:
        hengli = await work.customers.by_name(HENGLI)
        assert hengli is not None
        assert (await states(chat), hengli.last_contact_at) == ({"给恒力寄样品": "done"}, None)


# The list


async def test_the_list_is_in_groups_and_its_numbers_stay_good(chat: Chat) -> None:
    await given(chat, "寄样品", due_on=date(2026, 11, 19))
    await given(chat, "打电话", due_at=at(11, 20, 17))
    await given(chat, "做方案", due_on=date(2026, 12, 1))
    await given(chat, "想想办法")

    [listing] = await chat.says("待办")
    assert listing.splitlines() == [
        "未完成的待办：",
        "【已过期】",
        "① 11-19（周四）前 寄样品 · （未定客户）",
        "【今天】",
        "② 11-20（周五）17:00 打电话 · （未定客户）",
        "【以后】",
        "③ 12-01（周二）前 做方案 · （未定客户）",
        "【没有日期】",
        "④ 想想办法 · （未定客户）",
    ]

    # the first is done, and the third is still the third that was shown
    await chat.says("第一个搞定了")
    await chat.says("第三个完成了")
    assert await states(chat) == {"寄样品": "done", "打电话": "open", "做方案": "done", "想想办法": "open"}
    assert await chat.says("第一个搞定了") == ["这个待办已经已完成：寄样品"]


async def test_a_place_that_there_is_not_is_said_to_be_none(chat: Chat) -> None:
    await visited(chat)

    assert await chat.says("完成第五个待办") == ["没有第 5 个待办，现在共 2 个。回复「待办」看列表。"]


async def test_a_manager_sees_the_to_dos_of_their_team_and_of_nobody_else(chat: Chat) -> None:
    await visited(chat)
    await given(chat, "管理员自己的事", to="hejia")

    [of_rep] = await chat.says("待办 李晓彤", sender=MANAGER)
    [of_team] = await chat.says("团队待办", sender=MANAGER)

    assert of_rep.splitlines()[0] == "李晓彤：未完成 2 项"
    assert of_team == of_rep
    assert await chat.says("何佳的待办", sender=MANAGER) == ["您没有这个操作的权限。"]
    assert await chat.says("待办 李晓彤", sender=OTHER) == ["您没有这个操作的权限。"]
    assert await chat.says("团队待办", sender=OTHER) == ["您没有这个操作的权限。"]
    assert await chat.says("赵一鸣的待办", sender=MANAGER) == ["赵一鸣没有未完成的待办。"]


# Made


async def test_a_to_do_is_made_by_a_word(chat: Chat) -> None:
    assert await chat.says("新建待办：下周五前给恒力阀门寄样品") == [
        f"已建待办：给恒力阀门寄样品 · {HENGLI}（11-27（周五）前）",
        "[待办]",
    ]

    card = chat.cards("待办")[-1]
    assert fields(card) == {"客户": HENGLI, "期限": "11-27（周五）前"}
    assert [button.text for button in card.buttons] == ["完成", "延期", "转交"]


async def test_remind_me_at_a_time(chat: Chat) -> None:
    await chat.says("提醒我下周一下午三点给王总打电话")

    assert await chat.lives_until(at(11, 23, 14, 59)) == []
    await chat.lives_until(at(11, 23, 15))
    assert told(chat)[-1] == "到时间了：给王总打电话（11-23（周一）15:00）"


async def test_a_reminder_for_the_evening_comes_before_work_ends_and_says_so(chat: Chat) -> None:
    [made, _card] = await chat.says("提醒我下周一晚上八点给王总打电话")

    assert made == "已建待办：给王总打电话（11-23（周一）20:00）。11-23 17:30 提醒您（只在工作时间提醒）"
    await chat.lives_until(at(11, 23, 17, 30))
    assert told(chat)[-1].startswith("到时间了：给王总打电话")


async def test_a_time_that_is_over_makes_none(chat: Chat) -> None:
    await chat.says("提醒我今天上午九点给王总打电话")

    assert await states(chat) == {}


async def test_a_to_do_from_the_manager_brings_its_card_and_the_manager_hears_when_it_is_done(chat: Chat) -> None:
    await given(chat, "整理报价", by=MANAGER, due_on=date(2026, 11, 27))
    await chat.lives_until(FRIDAY + timedelta(minutes=1))

    [card] = chat.cards("待办", of=REP)
    assert fields(card)["来自"] == "陈志远"
    await chat.presses(card, actions.FinishTodo)
    await chat.lives_until(FRIDAY + timedelta(minutes=2))

    assert told(chat, of=MANAGER)[-1] == "李晓彤完成了您交办的：整理报价（11-27（周五）前）"


async def test_what_a_rule_gives_at_night_waits_for_the_morning_and_comes_together(chat: Chat) -> None:
    await chat.lives_until(at(11, 20, 20))
    for number in range(7):
        await given(chat, f"看看第{number}家客户", kind="stalled", by=None)
    assert await given(chat, "看看第0家客户", kind="stalled", by=None) is None

    assert await chat.lives_until(at(11, 23, 8, 29)) == []
    [card] = await chat.lives_until(at(11, 23, 9))
    assert isinstance(card, OutboundCard)
    assert card.title == "新待办 7 项"
    assert len(card.buttons) == 5

    await chat.presses(card, actions.FinishTodo)
    assert (await states(chat))["看看第0家客户"] == "done"


# Put off


async def test_postponed_by_its_button_to_one_of_four_days(chat: Chat) -> None:
    await visited(chat)
    first = chat.cards("待办", of=REP)[0]

    [asked] = await chat.presses(first, actions.PostponeTodo)
    assert isinstance(asked, OutboundCard)
    # Saturday and Sunday are no days to put work off to
    assert [button.text for button in asked.buttons] == ["下周一 11-23", "一周后 11-27"]

    sent = await chat.presses(asked, actions.PostponeTodo)
    assert closings(sent) == ["已选定", "已延期，见新卡"]
    assert told(chat)[-1] == "已延到 11-23（周一）前：提供安装排期表"
    assert fields(chat.cards("待办", of=REP)[-1])["期限"] == "11-23（周一）前"


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("排期表改到下周五", "11-27（周五）"),
        ("第一个待办延期到12月1号", "12-01（周二）"),
        ("排期表推迟两天", "11-27（周五）"),
        ("排期表提前一天", "11-24（周二）"),
        ("把第一个待办延后一周", "12-02（周三）"),
    ],
)
async def test_postponed_by_a_word(chat: Chat, words: str, day: str) -> None:
    await visited(chat)

    assert await chat.says(words) == [f"已延到 {day}前：提供安装排期表", "[→ 已延期，见新卡]", "[待办]"]


async def test_a_day_that_has_passed_since_the_card_was_sent_is_none_to_postpone_to(chat: Chat) -> None:
    await given(chat, "寄样品", due_on=date(2026, 12, 10))
    await chat.lives_until(at(11, 23, 10))
    await chat.says("寄样品的待办延期")
    [asked] = chat.cards("延到哪天", of=REP)
    await chat.lives_until(at(11, 25, 9))

    await chat.presses(asked, actions.PostponeTodo)

    assert told(chat)[-1].startswith("11-24（周二） 已经过了，没有改动。")
    assert (await todo_of(chat, "寄样品")).due_on == date(2026, 12, 10)


async def test_postponed_by_a_word_that_answers_the_question(chat: Chat) -> None:
    await visited(chat)

    await chat.says("第一个待办延期")
    assert chat.cards("延到哪天", of=REP)
    assert await chat.says("上周三") != []
    assert (await todo_of(chat, "提供安装排期表")).due_on == date(2026, 11, 25)
    assert (await chat.says("下周四"))[0] == "已延到 11-26（周四）前：提供安装排期表"


async def test_a_to_do_is_given_other_words(chat: Chat) -> None:
    await visited(chat)

    assert (await chat.says("第一个待办改成寄排期表和目录"))[0] == "待办已改成：寄排期表和目录"
    assert chat.cards("待办", of=REP)[-1].subtitle == "寄排期表和目录"


async def test_with_an_open_draft_the_draft_is_changed_and_not_the_to_do(chat: Chat) -> None:
    await visited(chat)
    await chat.passes(timedelta(hours=1))
    await chat.says("今天去了绍兴宏达纺织，见了李总，我答应下周二前把验收方案发给他。")

    await chat.says("第一个待办改到下周五")

    assert (await todo_of(chat, "提供安装排期表")).due_on == date(2026, 11, 25)
    assert "11-27（周五）前" in chat.draft().body


# Handed on


async def test_handed_on_by_its_button(chat: Chat) -> None:
    await visited(chat)
    first = chat.cards("待办", of=REP)[0]

    await chat.presses(first, actions.PassOnTodo)
    assert told(chat)[-1] == "转交给谁？请回复姓名：提供安装排期表"
    sent = await chat.says("赵一鸣")
    assert sent == ["[→ 已转交赵一鸣]", "已转交给赵一鸣：提供安装排期表。对方完成后告诉您。", "[待办]"]

    [card] = chat.cards("待办", of=OTHER)
    assert fields(card)["来自"] == "李晓彤"
    await chat.presses(card, actions.FinishTodo, sender=OTHER)
    await chat.lives_until(FRIDAY + timedelta(minutes=1))
    assert told(chat)[-1] == f"赵一鸣完成了您交办的：{SCHEDULE}"


@pytest.mark.parametrize("words", ["排期表转给赵一鸣", "第一个待办交给赵一鸣", "把排期表转交给一鸣"])
async def test_handed_on_by_a_word(chat: Chat, words: str) -> None:
    await visited(chat)

    assert (await chat.says(words))[1] == "已转交给赵一鸣：提供安装排期表。对方完成后告诉您。"

    async with chat.database.reading() as work:
        taker = await work.members.by_identity("wecom", OTHER)
        assert taker is not None
    assert (await todo_of(chat, "提供安装排期表")).member_id == taker.member_id


async def test_what_was_handed_on_is_no_longer_theirs_to_finish(chat: Chat) -> None:
    await visited(chat)
    first = chat.cards("待办", of=REP)[0]
    await chat.says("排期表转给赵一鸣")

    await chat.presses(first, actions.FinishTodo)
    await chat.says("排期表搞定了")

    assert (await states(chat))["提供安装排期表"] == "open"


async def test_to_somebody_who_is_nobody_here_nothing_is_handed_on(chat: Chat) -> None:
    await visited(chat)

    assert await chat.says("第一个待办转给王二小") == ["没找到叫「王二小」的同事，没有转交。请回复全名。"]
    assert (await chat.says("赵一鸣"))[0] == "[→ 已转交赵一鸣]"


async def test_two_of_the_same_name_are_asked_about(chat: Chat) -> None:
    async with chat.database.work() as work:
        manager = await work.members.by_identity("wecom", MANAGER)
        assert manager is not None
        await work.members.add("赵一鸣")
    await visited(chat)

    [question] = await chat.says("排期表转给赵一鸣")
    assert question.splitlines()[1:3] == ["① 赵一鸣（陈志远团队）", "② 赵一鸣"]
    assert (await chat.says("1"))[0] == "[→ 已转交赵一鸣]"


async def test_called_off_by_a_word(chat: Chat) -> None:
    await visited(chat)

    assert await chat.says("取消第二个待办") == ["[→ 已取消]", "已取消：确认技术参数"]
    assert await states(chat) == {"提供安装排期表": "open", "确认技术参数": "cancelled"}


async def test_every_change_is_noted_with_before_and_after(chat: Chat) -> None:
    await visited(chat)
    await chat.says("排期表改到下周五")
    await chat.says("排期表转给赵一鸣")
    await chat.says("排期表搞定了", sender=OTHER)

    async with chat.database.reading() as work:
        noted = await work.audit.of("todo:1")
    assert [(entry.action, entry.before, entry.after) for entry in noted] == [
        (
            "todo.postponed",
            {"due_on": "2026-11-25", "due_at": None},
            {"due_on": "2026-11-27", "due_at": None},
        ),
        ("todo.passed_on", {"member_id": 3}, {"member_id": 4}),
        ("todo.done", {"state": "open"}, {"state": "done"}),
    ]


# Reminders


async def test_the_day_before_a_nudge_and_at_last_the_manager(chat: Chat) -> None:
    await visited(chat)
    since = len(told(chat))

    assert await chat.lives_until(at(11, 24, 15, 59)) == []
    await chat.lives_until(at(11, 24, 16))
    assert told(chat, since=since) == [f"快到期了：{SCHEDULE}"]
    # due when work ends on Wednesday; two working hours later it is Thursday, 11:00
    assert await chat.lives_until(at(11, 26, 10, 59)) == []
    await chat.lives_until(at(11, 26, 11))
    assert told(chat, since=since)[1:] == [f"已过期未完成：{SCHEDULE}"]
    # a working day later is Thursday's end of work, so the manager hears of it on Friday morning
    assert await chat.lives_until(at(11, 27, 8, 29)) == []
    await chat.lives_until(at(11, 27, 8, 30))
    assert told(chat, since=since)[2:] == [f"过期超过一个工作日：{SCHEDULE}，已告诉陈志远"]
    assert told(chat, of=MANAGER)[-1] == f"李晓彤的待办已过期，还没完成：{SCHEDULE}"
    # and that was all
    assert [text for text in told(chat, since=since)[3:] if "排期表" in text] == []
    await chat.lives_until(at(12, 20))
    assert [text for text in told(chat, since=since)[3:] if "排期表" in text] == []


async def test_the_customers_promise_is_one_to_ask_for(chat: Chat) -> None:
    await visited(chat)
    await chat.says("排期表搞定了")

    await chat.lives_until(at(11, 30, 16))

    assert told(chat)[-1] == f"快到期了，请催一下客户：确认技术参数 · {HENGLI}（12-01（周二）前）"


@pytest.mark.parametrize("words", ["排期表搞定了", "排期表改到12月15号", "排期表转给赵一鸣", "取消第一个待办"])
async def test_nothing_more_is_heard_of_it_once_it_is_settled(chat: Chat, words: str) -> None:
    await visited(chat)
    await chat.lives_until(at(11, 24, 10))
    await chat.says(words)
    since = len(told(chat))

    await chat.lives_until(at(11, 29))

    assert [text for text in told(chat, since=since) if "排期表" in text] == []


async def test_what_waits_to_be_told_is_dropped_when_it_is_done(chat: Chat) -> None:
    await given(chat, "寄样品", due_on=date(2026, 11, 23))
    await chat.lives_until(at(11, 20, 15, 59))
    async with chat.database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert rep is not None
        await notices.tell(chat.context, work, rep.member_id, "别的事", key="x", subject="x")
    await chat.lives_until(at(11, 20, 16, 10))
    since = len(told(chat))
    await chat.says("样品寄了")

    await chat.lives_until(at(11, 25))

    assert told(chat, since=since) == ["已完成：寄样品"]


async def test_over_the_national_day_it_is_reminded_of_before_and_chased_after(chat: Chat, clock: FakeClock) -> None:
    clock.advance(at(9, 28, 10, year=2027) - clock.now())
    days = {date(2027, 9, 30): True, **{date(2027, 10, day): False for day in range(1, 8)}, date(2027, 10, 8): True}
    times = replace(chat.context.settings.working_time, changes=days)
    chat.context.settings.__dict__["working_time"] = times
    # due in the middle of the holidays
    await given(chat, "寄样品", due_on=date(2027, 10, 3))
    since = len(told(chat))

    await chat.lives_until(at(9, 29, 16, year=2027))
    assert told(chat, since=since) == ["快到期了：寄样品（10-03（周日）前）"]
    assert await chat.lives_until(at(10, 8, 10, 59, year=2027)) == []
    await chat.lives_until(at(10, 8, 11, year=2027))
    assert told(chat, since=since)[1:] == ["已过期未完成：寄样品（10-03（周日）前）"]


async def test_one_that_is_overdue_when_it_is_made_is_nudged_once_and_then_the_managers(chat: Chat) -> None:
    await given(chat, "寄样品", due_on=date(2026, 11, 2))
    await chat.lives_until(at(11, 20, 17, 29))
    since = len(told(chat))
    assert [text for text in told(chat) if "样品" in text] == []

    await chat.lives_until(at(11, 20, 17, 30))
    assert len(told(chat, since=since)) == 1
    assert told(chat)[-1].startswith("已过期未完成：寄样品")
    await chat.lives_until(at(11, 23, 15, 30))
    assert told(chat, since=since)[1:] == ["过期超过一个工作日：寄样品（11-02（周一）前），已告诉陈志远"]


async def test_twenty_that_are_due_together_are_one_message(chat: Chat) -> None:
    for number in range(20):
        await given(chat, f"给第{number}家寄样品", due_on=date(2026, 11, 25))
    await chat.lives_until(at(11, 24, 12))
    before = len(chat.platform.sent)

    await chat.lives_until(at(11, 25, 8))
    [reminder] = chat.platform.sent[before:]
    assert _text(reminder).startswith("提醒您 20 件事：")
    await chat.lives_until(at(11, 26, 18))
    [_, nudge] = chat.platform.sent[before:]
    assert _text(nudge).startswith("提醒您 20 件事：")


def _text(content: object) -> str:
    return str(getattr(content, "text", ""))


async def test_after_a_standstill_only_the_latest_is_told_and_says_that_it_is_late(chat: Chat) -> None:
    await given(chat, "寄样品", due_on=date(2026, 11, 25))
    await chat.lives_until(at(11, 23, 12))
    since = len(told(chat))

    # nothing ran from Monday to Friday
    chat.clock.advance(at(11, 27, 10) - chat.clock.now())
    await chat.lives_until(at(11, 27, 10, 5))

    [line] = told(chat, since=since)
    assert line.startswith("过期超过一个工作日：寄样品")
    assert line.endswith("（本应在 08:29 提醒，当时系统没有运行）")
    await chat.lives_until(at(12, 20))
    assert len(told(chat, since=since)) == 1


async def test_what_is_told_in_time_is_not_late_though_earlier_steps_were_slept_through(chat: Chat) -> None:
    await given(chat, "寄样品", due_on=date(2026, 11, 25))
    await chat.lives_until(at(11, 23, 12))
    since = len(told(chat))

    # nothing ran from Monday to Friday morning, when the manager is to be told
    chat.clock.advance(at(11, 27, 8, 30) - chat.clock.now())
    await chat.lives_until(at(11, 27, 8, 35))

    [line] = [line for line in told(chat, since=since) if line.startswith("过期超过一个工作日：寄样品")]
    assert "本应在" not in line


async def test_an_eve_slept_through_until_the_day_is_over_leaves_it_to_the_nudge(chat: Chat) -> None:
    await given(chat, "寄样品", due_on=date(2026, 11, 25))
    await chat.lives_until(at(11, 23, 12))
    since = len(told(chat))

    # nothing ran from Monday until Thursday morning
    chat.clock.advance(at(11, 26, 8, 45) - chat.clock.now())
    await chat.lives_until(at(11, 26, 18))

    assert [line.startswith("已过期未完成：寄样品") for line in told(chat, since=since) if "过期未完成" in line] == [
        True
    ]


async def test_with_the_rule_off_nobody_is_reminded(chat: Chat) -> None:
    chat.context.settings.__dict__["rules"] = RuleBook(todo=TodoRule(on=False), follow_up=FollowUpRule(on=False))
    await given(chat, "寄样品", due_on=date(2026, 11, 25))
    await chat.says("待跟进 恒力")
    since, of_manager = len(told(chat)), len(told(chat, of=MANAGER))

    await chat.lives_until(at(12, 20))

    assert (len(told(chat)), len(told(chat, of=MANAGER))) == (since, of_manager)


async def test_of_somebody_who_left_only_the_manager_hears(chat: Chat) -> None:
    await given(chat, "寄样品", due_on=date(2026, 11, 25))
    await chat.lives_until(at(11, 23, 12))
    since = len(told(chat))
    async with chat.database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert isinstance(rep, Member)
        rep.active = False

    await chat.lives_until(at(12, 20))

    assert told(chat, since=since) == []
    assert told(chat, of=MANAGER)[-1].startswith("李晓彤的待办已过期，还没完成：寄样品")


# 待跟进


async def test_a_mark_asks_for_something_effective_within_four_working_hours(chat: Chat) -> None:
    [said, card] = await chat.says("待跟进 恒力")
    assert said == f"已标为待跟进：{HENGLI}，请在 11-23 10:30 前跟进；有新的拜访记录入库就算跟进了。"
    assert card == "[待跟进]"
    assert await chat.says("恒力待跟进") == [f"「{HENGLI}」已经是待跟进了。"]
    since = len(told(chat))

    assert await chat.lives_until(at(11, 23, 10, 29)) == []
    await chat.lives_until(at(11, 23, 10, 30))
    line = f"尽快跟进客户 · {HENGLI}（11-23（周一）10:30）"
    assert told(chat, since=since) == [f"待跟进的时限到了，还没有跟进：{line}"]
    await chat.lives_until(at(11, 23, 14, 30))
    assert told(chat, since=since)[1:] == [f"待跟进超时很久了：{line}，已告诉陈志远"]
    assert told(chat, of=MANAGER)[-1] == f"李晓彤的待办已过期，还没完成：{line}"


async def test_a_confirmed_record_of_that_customer_settles_the_mark(chat: Chat) -> None:
    await chat.says("待跟进 恒力")
    await chat.says("待跟进 恒丽")
    since = len(told(chat))

    await visited(chat)
    await chat.lives_until(at(11, 23, 18))

    async with chat.database.reading() as work:
        marks = await work.session.execute(
            select(Customer.name, Todo.state).join(Todo).where(Todo.kind == "follow_up").order_by(Todo.todo_id)
        )
        assert [tuple(row) for row in marks] == [(HENGLI, "done"), ("宁波恒丽服饰有限公司", "open")]
    assert [text for text in told(chat, since=since) if "尽快跟进客户" in text and HENGLI in text] == []


async def test_a_manager_marks_a_customer_and_its_owner_is_asked(chat: Chat) -> None:
    assert await chat.says("标记待跟进：恒力阀门", sender=MANAGER) == [
        f"已标为待跟进：{HENGLI}，请李晓彤在 11-23 10:30 前跟进。",
        "[待跟进]",
    ]
    [card] = chat.cards("待跟进", of=REP)
    assert fields(card)["来自"] == "陈志远"


async def test_who_does_not_see_a_customer_marks_none(chat: Chat) -> None:
    assert await chat.says("待跟进 恒力", sender=OTHER) == ["您没有这个操作的权限。"]
    assert await chat.says("待跟进 没有这家") == ["客户名单里没找到「没有这家」，没有标记。"]
    [answer] = await chat.says("待跟进 宏达")
    assert answer.startswith("「宏达」可能是：")


# The morning


async def test_the_morning_is_one_card_with_what_waited_to_be_told(chat: Chat) -> None:
    await start_mornings(chat)
    await given(chat, "寄样品", due_on=date(2026, 11, 19))
    await given(chat, "做方案", due_on=date(2026, 11, 23))
    await given(chat, "催合同", due_on=date(2026, 11, 24))
    await chat.lives_until(at(11, 20, 19))
    async with chat.database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert rep is not None
        await notices.tell(chat.context, work, rep.member_id, "恒力换了负责人", key="x", subject="x")
    before = len(chat.platform.sends)

    await chat.lives_until(at(11, 23, 8, 29))
    assert len(chat.platform.sends) == before
    await chat.lives_until(at(11, 23, 9))

    [to_rep] = [one.content for one in chat.platform.sends[before:] if one.user_id == REP]
    assert isinstance(to_rep, OutboundCard)
    assert (to_rep.title, to_rep.subtitle) == ("今日两件事", "11-23（周一）")
    assert to_rep.body.splitlines() == [
        "① 【过期 4 天】寄样品（11-19（周四）前）",
        "② 做方案（11-23（周一）前）",
        "下个工作日到期：1 项",
        "恒力换了负责人",
    ]
    assert [button.text for button in to_rep.buttons] == ["完成 ①", "完成 ②"]

    await chat.presses(to_rep, actions.FinishTodo)
    assert told(chat)[-1] == "已完成：寄样品"


async def test_who_has_nothing_to_do_hears_nothing_in_the_morning(chat: Chat) -> None:
    await start_mornings(chat)

    assert await chat.lives_until(at(11, 24, 12)) == []


async def test_there_is_no_morning_at_the_weekend(chat: Chat) -> None:
    await start_mornings(chat)
    await given(chat, "寄样品", due_on=date(2026, 11, 22))
    await chat.lives_until(at(11, 20, 19))

    assert await chat.lives_until(at(11, 23, 8, 29)) == []


async def test_a_late_morning_says_so_and_in_the_afternoon_there_is_none(chat: Chat) -> None:
    await start_mornings(chat)
    await given(chat, "想想办法", due_on=date(2026, 11, 2))
    await chat.lives_until(at(11, 22))

    chat.clock.advance(at(11, 23, 10) - chat.clock.now())
    await chat.lives_until(at(11, 23, 10, 1))
    [late] = chat.cards("今日", of=REP)
    assert late.subtitle == "11-23（周一）（本应在 08:30 提醒，当时系统没有运行）"

    chat.clock.advance(at(11, 24, 12) - chat.clock.now())
    await chat.lives_until(at(11, 24, 18))
    assert chat.cards("今日", of=REP) == [late]
    await chat.lives_until(at(11, 25, 9))
    assert len(chat.cards("今日", of=REP)) == 2


# Two companies' worth of people


async def test_many_members_are_reached_in_several_transactions(
    database: Database, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(morning, "AT_ONCE", 2)
    chat = await build(database, clock, tmp_path)
    await start_mornings(chat)
    for person in (REP, OTHER, MANAGER, "zhoumin", "hejia"):
        await given(chat, f"{person}的事", to=person, due_on=date(2026, 11, 23))
    await chat.lives_until(at(11, 23, 9))

    assert {
        one.user_id
        for one in chat.platform.sends
        if isinstance(one.content, OutboundCard) and "今日" in one.content.title
    } == {
        REP,
        OTHER,
        MANAGER,
        "zhoumin",
        "hejia",
    }
    async with database.reading() as work:
        assert await work.session.scalar(select(func.count()).select_from(Todo)) == 5


# What does not arrive, or is not there


async def test_whoever_handed_a_to_do_on_hears_that_its_card_did_not_arrive(chat: Chat) -> None:
    chat.platform.out_of_reach.add(OTHER)
    await visited(chat)
    await chat.says("排期表转给赵一鸣")

    await chat.lives_until(at(11, 20, 18))

    assert "没能送到赵一鸣手上" in chat.texts(of=REP)[-1]
    assert "提供安装排期表" in chat.texts(of=REP)[-1]


async def test_a_to_do_that_is_not_there_is_answered_with_those_that_are(chat: Chat) -> None:
    await visited(chat)

    await chat.says("报价单搞定了")
    assert "没有找到您说的这个待办" in chat.texts(of=REP)[-1]
    assert "提供安装排期表" in chat.texts(of=REP)[-1]

    await chat.says("第一个搞定了")
    assert "安装排期表" in chat.texts(of=REP)[-1]


# The company's own days


async def test_working_days_that_are_named_are_the_companys_own(chat: Chat) -> None:
    """The company is off on the Monday after; three working days after Friday end on Thursday."""
    closed = replace(chat.context.settings.working_time, changes={date(2026, 11, 23): False})
    object.__setattr__(chat.context, "settings", replace(chat.context.settings, working_time=closed))

    await chat.says("提醒我下个工作日给恒力寄样品")
    async with chat.database.reading() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert rep is not None
        assert [todo.due_on for todo in await work.todos.open_of(rep.member_id)] == [date(2026, 11, 24)]
    await chat.says("寄样品改到三个工作日内")
    async with chat.database.reading() as work:
        assert [todo.due_on for todo in await work.todos.open_of(rep.member_id)] == [date(2026, 11, 26)]

    await chat.says("拜访宁波恒力阀门有限公司，见了王经理，预算80万，我三个工作日内提供报价单")
    assert "11-26（周四）" in chat.draft().body
    await chat.says("报价单的时间改到两个工作日内")
    assert "11-25（周三）" in chat.draft().body
