"""求助: a rep asks a colleague of another department, and has an answer, or knows with whom it lies."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.platform import Capabilities, Deliverable
from handlers import actions, key_nodes, leavers, texts
from handlers.help_rules import Department, HelpRules
from handlers.messages import OutboundText
from storage.database import Database
from storage.deal_models import HelpRequest
from storage.models import Member
from tests.chat import MANAGER, OTHER, REP, SHANGHAI, VISIT, Chat, build, closings, fields
from tests.fakes import FakeClock
from tests.scenario import test_deals

HENGLI = "宁波恒力阀门有限公司"
LI, WANG, ZHOU, QIAN = "li", "wang", "zhou", "qian"
ASKS = "求助 @技术 恒力的阀体材质要 316L，能不能做？"
THURSDAY = datetime(2026, 11, 19, 10, 0, tzinfo=SHANGHAI)
RULES = HelpRules(
    departments=(
        Department("技术", ("李工", "王工"), vice_president="周副总"),
        Department("财务", ("钱会计",), vice_president="周副总"),
    )
)
Sent = Sequence[Deliverable]


def at(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> FakeClock:
    return FakeClock(getattr(request, "param", THURSDAY))


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    chat = await build(database, clock, tmp_path)
    follow(chat, RULES)
    async with database.work() as work:
        zhou = await work.members.add("周副总", ["director"])
        for name, user_id in (("李工", LI), ("王工", WANG), ("钱会计", QIAN)):
            member = await work.members.add(name, ["colleague"])
            await work.members.link(member.member_id, "wecom", user_id)
        await work.members.link(zhou.member_id, "wecom", ZHOU)
    return chat


def follow(chat: Chat, rules: HelpRules) -> None:
    object.__setattr__(chat.context, "settings", replace(chat.context.settings, help=rules))


async def requests(chat: Chat) -> Sequence[HelpRequest]:
    async with chat.database.reading() as work:
        return list(reversed(await work.help.asked_by([one.member_id for one in await work.members.all()], limit=99)))


async def request(chat: Chat) -> HelpRequest:
    [only] = await requests(chat)
    return only


async def member(chat: Chat, name: str) -> Member:
    async with chat.database.reading() as work:
        [found] = await work.members.named(name, active=None)
        return found


async def leaves(chat: Chat, name: str) -> None:
    async with chat.database.work() as work:
        [gone] = await work.members.named(name)
        await leavers.leave(work, gone, by_id=None, source="test")
    await chat.worker.drain()


def told(sent: Sent) -> list[str]:
    return [content.text for content in sent if isinstance(content, OutboundText)]


# Asked and answered


async def test_a_colleague_is_asked_on_a_card_and_their_words_come_back_at_once(chat: Chat) -> None:
    sent = await chat.says(ASKS)

    assert (
        sent[-1]
        == "已发给李工（技术）：求助1，请对方在 11-21 10:00 前回复。客户：宁波恒力阀门有限公司。撤回请回复：撤回求助1"
    )
    [card] = chat.cards("请您回复", of=LI)
    assert fields(card) == {"提问人": "李晓彤", "客户": HENGLI, "部门": "技术", "期限": "11-21（周六）10:00"}
    assert card.quote == "「恒力的阀体材质要 316L，能不能做？」"
    assert [button.text for button in card.buttons] == ["我来回复", "转给同事", "办不了"]

    await chat.passes(timedelta(hours=1))
    asked = await chat.presses(card, actions.AnswerRequest, sender=LI)
    assert told(asked) == [
        "请直接回复求助1（宁波恒力阀门有限公司）的答复，打字或语音都行，我马上转给李晓彤。先不回就回复「取消」。"
    ]
    answered = await chat.speaks("可以做，材质加价百分之八，交期多两周。", sender=LI)

    assert "[→ 已回复]" in [f"[→ {closing}]" for closing in closings(answered)]
    assert chat.texts(of=REP)[-1] == (
        f"李工 11:00 回复了求助1（{HENGLI}）「恒力的阀体材质要 316L，能不能做？」："
        "\n可以做，材质加价百分之八，交期多两周。"
    )
    assert chat.texts(of=LI)[-1] == "已转给李晓彤。"
    found = await request(chat)
    assert (found.state, found.answer) == ("answered", "可以做，材质加价百分之八，交期多两周。")


async def test_it_is_answered_by_number_without_the_card(chat: Chat) -> None:
    await chat.says(ASKS)

    sent = await chat.says("回复求助1：可以做", sender=LI)

    assert "已转给李晓彤。" in sent
    assert (await request(chat)).answer == "可以做"
    assert await chat.says("回复求助1：可以做", sender=LI) == ["求助1已经回复过了，操作没有生效。"]


@pytest.mark.parametrize("who", [OTHER, WANG, ZHOU, MANAGER, REP])
async def test_nobody_else_answers_and_a_colleague_learns_nothing_of_others(chat: Chat, who: str) -> None:
    await chat.says(ASKS)

    for words in ("回复求助1：可以做", "办不了求助1：没料", "转求助1给钱会计"):
        assert await chat.says(words, sender=who) == ["求助1不在您这里，没有改动。回复「待回复求助」查看。"]
    [card] = chat.cards("请您回复", of=LI)
    assert told(await chat.presses(card, actions.AnswerRequest, sender=who)) == [texts.CARD_NOT_YOURS]
    assert (await request(chat)).state == "open"


async def test_a_no_needs_a_word_on_why(chat: Chat) -> None:
    await chat.says(ASKS)
    [card] = chat.cards("请您回复", of=LI)

    await chat.presses(card, actions.DeclineRequest, sender=LI)
    assert (await request(chat)).state == "open"
    await chat.says("谢谢", sender=LI)
    assert (await request(chat)).state == "open"
    await chat.says("产线没有 316L 的炉号，做不了", sender=LI)

    assert (await request(chat)).state == "declined"
    assert "办不了：\n产线没有 316L 的炉号，做不了" in chat.texts(of=REP)[-1]


@pytest.mark.parametrize("note", ["今天去了恒丽服饰，见了林总监。", "今天去了恒丽服饰，预算三十万，周五前发方案。"])
async def test_a_note_of_another_customer_is_no_answer(chat: Chat, note: str) -> None:
    await chat.says("求助 赵一鸣 恒力的阀体材质要 316L，能不能做？")
    await chat.presses(chat.cards("请您回复", of=OTHER)[-1], actions.AnswerRequest, sender=OTHER)

    await chat.says(note, sender=OTHER)

    assert (await request(chat)).state == "open"
    assert len(chat.cards("拜访记录", of=OTHER)) == 1


async def test_what_was_pressed_last_is_what_the_words_are_for(chat: Chat) -> None:
    await chat.says(ASKS)
    [card] = chat.cards("请您回复", of=LI)
    await chat.presses(card, actions.DeclineRequest, sender=LI)
    await chat.presses(card, actions.AnswerRequest, sender=LI)

    await chat.says("可以做", sender=LI)

    assert (await request(chat)).state == "answered"


async def test_a_press_can_be_taken_back(chat: Chat) -> None:
    await chat.says(ASKS)
    [card] = chat.cards("请您回复", of=LI)
    await chat.presses(card, actions.DeclineRequest, sender=LI)

    assert await chat.says("取消", sender=LI) == [texts.NEVER_MIND]
    await chat.says("产线没有", sender=LI)
    assert (await request(chat)).state == "open"


async def test_a_click_or_message_that_comes_twice_counts_once(chat: Chat) -> None:
    await chat.says(ASKS)
    [card] = chat.cards("请您回复", of=LI)
    await chat.presses(card, actions.AnswerRequest, sender=LI, event_id="click")
    assert await chat.presses(card, actions.AnswerRequest, sender=LI, event_id="click") == []
    await chat.says("可以做", sender=LI)
    before = len(chat.texts(of=REP))

    closed = await chat.presses(card, actions.DeclineRequest, sender=LI)

    assert told(closed) == [texts.CARD_CLOSED.format(closing="已回复")]
    assert len(chat.texts(of=REP)) == before
    assert (await request(chat)).state == "answered"


async def test_without_cards_it_is_done_by_number(chat: Chat) -> None:
    chat.platform.capabilities = Capabilities(cards=False)
    await chat.says(ASKS)
    assert "1 我来回复" in chat.texts(of=LI)[-1]

    await chat.says("1", sender=LI)
    await chat.says("可以做", sender=LI)

    assert (await request(chat)).answer == "可以做"


# Who is meant, and about whom


@pytest.mark.parametrize(
    "said",
    [
        "求助 李工 恒力要 316L，能不能做？",
        "求助李工：恒力要 316L，能不能做？",
        "求助李工恒力要316L能不能做",
        "请技术部的李工帮忙看一下恒力的阀体能不能做316L",
        "请李工帮忙确认一下恒力的阀体能不能做316L",
        "求助技术部的同事恒力要316L能不能做",
    ],
)
async def test_it_is_said_in_many_ways(chat: Chat, said: str) -> None:
    await chat.speaks(said)

    assert (await request(chat)).holder_id == (await member(chat, "李工")).member_id
    assert len(chat.cards("请您回复", of=LI)) == 1


async def test_of_a_department_whoever_has_least_to_answer_is_asked(chat: Chat) -> None:
    for _ in range(3):
        await chat.says(ASKS)

    assert [len(chat.cards("请您回复", of=person)) for person in (LI, WANG)] == [2, 1]


async def test_nobody_of_that_name_is_asked_about_and_never_guessed(chat: Chat) -> None:
    sent = await chat.says("求助 孙工 恒力要 316L，能不能做？")

    assert sent == [
        "没有叫「孙工」的部门或同事。要问谁？请回复部门或同事的姓名，或回复「取消」。可以问的部门：技术、财务"
    ]
    await chat.says("技术部")
    assert (await request(chat)).words == "恒力要 316L，能不能做？"


async def test_of_several_of_a_name_one_is_chosen_by_number(chat: Chat) -> None:
    async with chat.database.work() as work:
        for user_id in ("sun-1", "sun-2"):
            sun = await work.members.add("孙工", ["colleague"])
            await work.members.link(sun.member_id, "wecom", user_id)

    asked = await chat.says("求助 孙工 恒力要 316L，能不能做？")
    assert asked == ["是哪一位？回复序号或全名：\n① 孙工\n② 孙工"]
    await chat.says("2")

    assert len(chat.cards("请您回复", of="sun-2")) == 1
    assert chat.cards("请您回复", of="sun-1") == []


async def test_the_question_whom_can_be_dropped(chat: Chat) -> None:
    await chat.says("求助 恒力的阀体材质要 316L，能不能做？")

    assert await chat.says("取消") == [texts.HELP_NOT_SENT]
    await chat.says("技术")
    assert await requests(chat) == []


@pytest.mark.parametrize(
    "said",
    [
        "刚从恒力出来，见了王经理，请李工帮忙看一下图纸，预算八十万",
        "请王经理帮忙确认一下交期，恒力那边预算八十万",
        "恒力的王经理求助我们改图纸，预算八十万",
    ],
)
async def test_a_note_that_mentions_it_is_still_a_note(chat: Chat, said: str) -> None:
    await chat.says(said)

    assert await requests(chat) == []
    assert len(chat.cards("拜访记录")) == 1


async def test_without_a_customer_in_the_words_it_is_about_the_last_visit_and_says_so(chat: Chat) -> None:
    await chat.speaks(VISIT)

    sent = await chat.says("求助 李工 阀体材质要 316L，能不能做？")

    assert "客户：宁波恒力阀门有限公司（按您最近的拜访，不对请撤回重发）。" in sent[-1]
    assert len(chat.cards("拜访记录")) == 1


async def test_a_name_of_two_customers_is_not_guessed(chat: Chat) -> None:
    sent = await chat.says("求助 李工 宏达要 316L，能不能做？")

    assert "说到的客户不止一家，没有关联客户。" in sent[-1]
    assert (await request(chat)).customer_id is None


async def test_without_departments_a_member_is_asked_by_name(chat: Chat) -> None:
    follow(chat, HelpRules())

    sent = await chat.says("求助 赵一鸣 恒力的验厂报告你有吗？")
    assert sent[-1].startswith("已发给赵一鸣：求助1")
    assert (await chat.says("求助 @技术 能不能做？"))[0].startswith("没有叫「技术」的部门或同事。")


async def test_oneself_is_not_asked(chat: Chat) -> None:
    assert await chat.says("求助 李晓彤 能不能做？") == [texts.HELP_NOT_TO.format(name="李晓彤")]


# Passed on, withdrawn


async def test_it_is_passed_on_by_name_and_both_are_told(chat: Chat) -> None:
    await chat.says(ASKS)
    [card] = chat.cards("请您回复", of=LI)
    await chat.presses(card, actions.PassOnRequest, sender=LI)

    sent = await chat.says("转给王工吧", sender=LI)

    assert "求助1（宁波恒力阀门有限公司）已转给王工。" in sent
    assert len(chat.cards("请您回复", of=WANG)) == 1
    assert "求助1（宁波恒力阀门有限公司），李工转给了王工来回复。" in chat.texts(of=REP)
    assert await chat.says("回复求助1：可以", sender=LI) == ["求助1不在您这里，没有改动。回复「待回复求助」查看。"]


async def test_it_is_not_passed_back_to_whoever_asks(chat: Chat) -> None:
    await chat.says(ASKS)

    assert await chat.says("转求助1给李晓彤", sender=LI) == [texts.HELP_NOT_TO.format(name="李晓彤")]
    assert (await request(chat)).holder_id == (await member(chat, "李工")).member_id


async def test_whoever_asked_withdraws_it_and_nobody_else(chat: Chat) -> None:
    await chat.says(ASKS)

    assert await chat.says("撤回求助1", sender=OTHER) == ["没有您发起的求助1，没有改动。回复「我的求助」查看。"]
    assert await chat.says("撤回求助1", sender=LI) == ["没有您发起的求助1，没有改动。回复「我的求助」查看。"]
    sent = await chat.says("撤回求助1")

    assert "求助1已撤回。" in sent
    assert "[→ 已撤回]" in sent
    await chat.lives_until(at(25, 12))
    assert chat.texts(of=ZHOU) == []
    assert "李晓彤撤回了求助1（宁波恒力阀门有限公司），您不用再处理。" in chat.texts(of=LI)


# Time


async def test_half_way_there_is_one_reminder_and_at_the_end_it_goes_to_the_vice_president(chat: Chat) -> None:
    chat.clock.advance(timedelta(days=4))  # Monday
    await chat.says(ASKS)

    await chat.lives_until(at(24, 10, 1))
    assert len(chat.texts(of=LI)) == 1
    assert chat.texts(of=LI)[0].startswith("李晓彤的求助1（宁波恒力阀门有限公司）还等您回复，11-25 10:00 到期")
    await chat.lives_until(at(25, 9, 59))
    assert chat.cards(of=ZHOU) == []
    await chat.lives_until(at(25, 10))

    [card] = chat.cards("超时未回复", of=ZHOU)
    assert fields(card)["没回复"] == "李工"
    assert "求助1（宁波恒力阀门有限公司），李工 48 小时没有回复，已上报周副总。" in chat.texts(of=REP)
    assert (await request(chat)).level == 1


async def test_over_a_weekend_it_goes_up_on_monday_morning_after_a_reminder_on_friday(chat: Chat) -> None:
    chat.clock.advance(timedelta(days=1))  # Friday, 10:00
    await chat.says(ASKS)

    await chat.lives_until(at(20, 18))
    assert [text.split("还等")[0] for text in chat.texts(of=LI)] == ["李晓彤的求助1（宁波恒力阀门有限公司）"]
    await chat.lives_until(at(23, 8, 29))
    assert chat.cards(of=ZHOU) == []
    assert len(chat.texts(of=LI)) == 1
    await chat.lives_until(at(23, 8, 31))
    assert len(chat.cards("超时未回复", of=ZHOU)) == 1


@pytest.mark.parametrize("clock", [at(30, 17, month=9)], indirect=True)
async def test_a_holiday_is_no_time_to_write_but_the_hours_run(chat: Chat) -> None:
    await chat.says(ASKS)

    sent = await chat.lives_until(at(7, 23, month=10))

    assert told(sent) == []
    assert chat.cards(of=ZHOU) == []
    await chat.lives_until(at(8, 9, month=10))
    assert len(chat.cards("超时未回复", of=ZHOU)) == 1


async def test_at_night_the_card_waits_for_the_morning_and_the_hours_with_it(chat: Chat) -> None:
    chat.clock.advance(timedelta(hours=11))

    sent = await chat.says(ASKS)

    assert "请对方在 11-22 08:30 前回复。现在是非工作时间，明天 08:30 送达。" in sent[-1]
    assert chat.cards(of=LI) == []
    await chat.lives_until(at(20, 8, 30))
    [card] = chat.cards("请您回复", of=LI)
    assert fields(card)["期限"] == "11-22（周日）08:30"
    assert (await request(chat)).due_at == at(22, 8, 30)


async def test_at_the_top_it_is_reminded_of_each_working_day_and_then_no_more(chat: Chat) -> None:
    chat.clock.advance(timedelta(days=4))
    await chat.says(ASKS)
    await chat.lives_until(at(25, 10, 1))

    await chat.lives_until(at(20, 12, month=12))

    reminders = [text for text in chat.texts(of=ZHOU) if "已经过期" in text]
    assert len(reminders) == 5
    assert chat.texts(of=REP)[-1] == texts.HELP_GIVEN_UP.format(
        number=1, customer=f"（{HENGLI}）", holder="周副总", count=5
    )


async def test_the_colleague_may_still_answer_what_went_up(chat: Chat) -> None:
    chat.clock.advance(timedelta(days=4))
    await chat.says(ASKS)
    await chat.lives_until(at(25, 10, 1))

    sent = await chat.says("回复求助1：可以做", sender=LI)

    assert "[→ 已回复]" in sent
    assert (await request(chat)).answered_by == (await member(chat, "李工")).member_id
    await chat.lives_until(at(25, 12))
    assert "求助1（宁波恒力阀门有限公司）已由李工回复，您不用再处理。" in chat.texts(of=ZHOU)
    assert not any("已经过期" in text for text in chat.texts(of=ZHOU))


async def test_the_vice_president_gives_it_to_another_and_it_comes_back_after_half_the_time(chat: Chat) -> None:
    chat.clock.advance(timedelta(days=4))
    await chat.says(ASKS)
    await chat.lives_until(at(25, 10))

    await chat.says("转求助1给王工", sender=ZHOU)
    [card] = chat.cards("请您回复", of=WANG)
    assert fields(card)["期限"] == "11-26（周四）10:00"
    await chat.lives_until(at(26, 10))

    assert len(chat.cards("超时未回复", of=ZHOU)) == 2


async def test_without_a_vice_president_it_goes_up_the_colleagues_line(chat: Chat) -> None:
    follow(chat, HelpRules(departments=(Department("技术", ("李工",)),)))
    async with chat.database.work() as work:
        [boss], [li] = await work.members.named("周副总"), await work.members.named("李工")
        li.manager_id = boss.member_id
    chat.clock.advance(timedelta(days=4))
    await chat.says(ASKS)

    await chat.lives_until(at(25, 10))

    assert len(chat.cards("超时未回复", of=ZHOU)) == 1


async def test_with_nobody_above_it_stays_and_whoever_asked_is_told(chat: Chat) -> None:
    follow(chat, HelpRules())
    chat.clock.advance(timedelta(days=4))
    await chat.says("求助 李工 能不能做 316L？")

    await chat.lives_until(at(25, 12))

    assert "求助1到期了，李工还没有回复，也没有分管副总或上级可以上报。请您直接联系。" in chat.texts(of=REP)
    assert (await request(chat)).holder_id == (await member(chat, "李工")).member_id
    assert "已经过期" in chat.texts(of=LI)[-1]


async def test_after_a_standstill_it_acts_once_and_says_that_it_is_late(chat: Chat) -> None:
    chat.clock.advance(timedelta(days=4))
    await chat.says(ASKS)

    await chat.passes(timedelta(days=2, hours=3))

    assert len(chat.cards("超时未回复", of=ZHOU)) == 1
    [line] = [text for text in chat.texts(of=REP) if "已上报周副总" in text]
    assert line.endswith("（本应在 10:00 提醒，当时系统没有运行）")


async def test_the_hours_count_from_when_a_held_up_card_was_delivered(chat: Chat) -> None:
    chat.clock.advance(timedelta(days=4))
    await chat.says(ASKS)
    # the card was sent on Monday; as if it had been delivered only when the machine came back on Tuesday
    await chat.lives_until(at(23, 11))
    chat.clock.advance(at(24, 15) - chat.clock.now())
    async with chat.database.work() as work:
        card = await work.cards.find(chat.cards("请您回复", of=LI)[-1].card_id)
        assert card is not None
        card.sent_at = work.now

    await chat.lives_until(at(26, 14, 59))
    assert chat.cards(of=ZHOU) == []
    await chat.lives_until(at(26, 15))
    assert len(chat.cards("超时未回复", of=ZHOU)) == 1
    assert (await request(chat)).due_at == at(26, 15)


async def test_a_request_whose_card_never_arrives_goes_up_all_the_same(chat: Chat) -> None:
    chat.clock.advance(timedelta(days=4))
    chat.platform.silent.add(LI)
    await chat.says(ASKS)

    await chat.lives_until(at(30, 9))

    assert len(chat.cards("超时未回复", of=ZHOU)) == 1


async def test_that_somebody_cannot_be_written_to_is_told_to_whoever_asked(chat: Chat) -> None:
    chat.platform.out_of_reach.add(LI)
    await chat.says(ASKS)

    await chat.lives_until(at(19, 18))

    assert any("没能送到李工手上" in text for text in chat.texts(of=REP))


async def test_an_answer_comes_at_night_too(chat: Chat) -> None:
    await chat.says(ASKS)
    await chat.lives_until(at(19, 23))

    await chat.says("回复求助1：可以做", sender=LI)

    assert "可以做" in chat.texts(of=REP)[-1]


# Who leaves


async def test_who_leaves_is_followed_by_another_of_the_department(chat: Chat) -> None:
    await chat.says(ASKS)

    await leaves(chat, "李工")

    assert len(chat.cards("请您回复", of=WANG)) == 1
    assert "求助1（宁波恒力阀门有限公司）原来在李工那里，现在由王工回复。" in chat.texts(of=REP)
    assert (await request(chat)).holder_id == (await member(chat, "王工")).member_id


async def test_the_last_of_a_department_is_followed_by_the_vice_president(chat: Chat) -> None:
    await chat.says("求助 财务 恒力的账期能放 60 天吗？")

    await leaves(chat, "钱会计")

    assert len(chat.cards("超时未回复", of=ZHOU)) == 1
    assert (await request(chat)).holder_id == (await member(chat, "周副总")).member_id


async def test_the_answer_to_a_rep_who_left_goes_to_whoever_has_the_customer(chat: Chat) -> None:
    await chat.says(ASKS)
    async with chat.database.work() as work:
        customer = await work.customers.by_name(HENGLI)
        assert customer is not None
        customer.owner_id = (await work.members.named("赵一鸣"))[0].member_id
    await leaves(chat, "李晓彤")

    await chat.says("回复求助1：可以做", sender=LI)

    assert "可以做" in chat.texts(of=OTHER)[-1]
    assert chat.texts(of=LI)[-1] == "已转给赵一鸣。"


# Looked at


async def test_everybody_lists_their_own_and_leaders_their_teams(chat: Chat) -> None:
    assert await chat.says("我的求助") == [texts.HELP_NONE]
    await chat.says(ASKS)
    await chat.says("求助 王工 宏达的图纸")
    await chat.says("回复求助2：已发", sender=WANG)

    assert await chat.says("我的求助") == [
        "您的求助：\n求助2 「宏达的图纸」：王工 10:00 已回复\n"
        "求助1 宁波恒力阀门有限公司 · 「恒力的阀体材质要 316L，能不能做？」：等李工回复，11-21 10:00 前"
    ]
    assert (await chat.says("待回复求助", sender=LI))[0].startswith("等您回复的求助 1 条：\n求助1 李晓彤 · ")
    assert await chat.says("待回复求助", sender=WANG) == [texts.HELP_NONE_WAITING]
    assert (await chat.says("团队求助", sender=MANAGER))[0].startswith("团队还没回复的求助：\n求助1 李晓彤 · ")
    assert await chat.says("团队求助", sender=OTHER) == [texts.NOT_ALLOWED]
    assert await chat.says("我的求助", sender=OTHER) == [texts.HELP_NONE]


# What follows by itself


async def test_the_departments_confirmation_lets_the_stage_follow_that_waited_for_it(chat: Chat) -> None:
    follow(chat, replace(RULES, on_stage={"报价审批": ("财务",)}))
    await test_deals.registered(chat, "方案设计")
    await test_deals.visit(chat, test_deals.NOTE)
    assert (await test_deals.deal(chat)).stage == "方案设计"

    await chat.says(ASKS)
    await chat.says("回复求助1：可以做", sender=LI)
    assert "（这条答复算不算技术部确认，已请李工确认。）" in chat.texts(of=REP)[-1]
    [asked] = chat.cards("算不算技术部确认", of=LI)
    assert asked.quote == "「可以做」"
    assert [button.text for button in asked.buttons] == ["算技术部确认", "只是答复"]
    assert (await test_deals.deal(chat)).stage == "方案设计"

    await chat.presses(asked, actions.CountAnswer, sender=LI)

    assert (await test_deals.deal(chat)).stage == "报价审批"
    assert (await request(chat)).opportunity_id == 1
    assert chat.texts(of=LI)[-1] == "已记为技术部确认。"
    assert f"李工确认：求助1（{HENGLI}）的答复算技术部确认。" in chat.texts(of=REP)[-1]
    assert "要的都齐了，阶段：方案设计 → 报价审批" in chat.texts(of=REP)[-1]
    [card] = chat.cards("待办", of=QIAN)
    assert "客户进入「报价审批」" in f"{card.subtitle}{card.body}{fields(card)}"


async def test_an_answer_that_is_no_confirmation_moves_nothing(chat: Chat) -> None:
    await test_deals.registered(chat, "方案设计")
    await test_deals.visit(chat, test_deals.NOTE)
    await chat.says(ASKS)
    await chat.says("回复求助1：收到，下周看", sender=LI)

    [asked] = chat.cards("算不算技术部确认", of=LI)
    only_an_answer = asked.model_copy(update={"buttons": asked.buttons[1:]})
    await chat.presses(only_an_answer, actions.CountAnswer, sender=LI)

    assert (await test_deals.deal(chat)).stage == "方案设计"
    assert f"李工说明：求助1（{HENGLI}）的答复只是答复，不算技术部确认。" in chat.texts(of=REP)
    # the same card does not turn it round later
    await chat.presses(asked, actions.CountAnswer, sender=LI)
    assert (await request(chat)).counts is False
    assert (await test_deals.deal(chat)).stage == "方案设计"


async def test_nobody_is_asked_what_an_answer_is_worth_where_no_stage_waits_for_it(chat: Chat) -> None:
    await test_deals.registered(chat, "报价审批")
    await chat.says(ASKS)
    await chat.says("回复求助1：可以做", sender=LI)

    assert chat.cards("算不算技术部确认", of=LI) == []
    assert "算不算" not in chat.texts(of=REP)[-1]


async def test_a_no_and_the_word_of_somebody_of_another_department_are_not_the_departments(chat: Chat) -> None:
    await test_deals.registered(chat, "方案设计")
    await test_deals.visit(chat, test_deals.NOTE)
    await chat.says(ASKS)
    await chat.says("办不了求助1：没有炉号", sender=LI)
    await chat.says(ASKS)
    await chat.says("转求助2给赵一鸣", sender=LI)

    await chat.says("回复求助2：可以做", sender=OTHER)

    assert [(one.state, one.department) for one in await requests(chat)] == [("declined", "技术"), ("answered", "")]
    assert (await test_deals.deal(chat)).stage == "方案设计"


async def test_a_document_is_looked_at_by_one_department_after_the_other(chat: Chat) -> None:
    follow(chat, replace(RULES, on_document={"方案": ("技术", "财务")}))
    async with chat.database.work() as work:
        customer = await work.customers.by_name(HENGLI)
        assert customer is not None
        [rep] = await work.members.named("李晓彤")
        await key_nodes.document_filed(chat.context, work, customer.customer_id, "方案", member=rep, cause="evidence:7")
    await chat.worker.drain()

    assert chat.cards("请您回复", of=QIAN) == []
    await chat.says("回复求助1：方案可行", sender=LI)
    [card] = chat.cards("请您回复", of=QIAN)
    assert card.quote == "「收到新的「方案」，请审一下并回复意见。\n技术的意见：方案可行」"
    await chat.says("回复求助2：成本可以", sender=QIAN)

    assert [one.state for one in await requests(chat)] == ["answered", "answered"]


async def test_entering_a_stage_gives_to_dos_once(chat: Chat) -> None:
    follow(chat, replace(RULES, on_stage={"合同签订": ("财务",)}))
    async with chat.database.work() as work:
        customer = await work.customers.by_name(HENGLI)
        assert customer is not None
        for _ in range(2):
            await key_nodes.stage_entered(chat.context, work, customer.customer_id, "合同签订", cause="stage:3")
            await key_nodes.stage_entered(chat.context, work, customer.customer_id, "需求确认", cause="stage:4")
    await chat.worker.drain()

    [card] = chat.cards("待办", of=QIAN)
    assert "客户进入「合同签订」" in f"{card.subtitle}{card.body}{card.title}{fields(card)}"
