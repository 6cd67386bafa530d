"""A risk goes up the line: what managers do with it, what time does, and what the rep hears."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.platform import Capabilities, Deliverable
from handlers import actions, escalation, escalation_clock, texts
from handlers.escalation import Matter, MatterItem
from handlers.messages import CardUpdate, OutboundCard, OutboundText
from handlers.rulebook import EscalationRule, QuestionnaireRule, RuleBook
from storage.database import Database
from storage.models import Escalation, EscalationItem, Member
from tests.chat import FRIDAY, MANAGER, OTHER, REP, SHANGHAI, VISIT, Chat, build, closings, fields
from tests.fakes import FakeClock

DIRECTOR, ADMIN = "zhoumin", "hejia"
HENGLI = "宁波恒力阀门有限公司"
SECOND = "又去了恒力阀门，见了王经理，他说公司要招标，还要货比三家。"
Sent = Sequence[Deliverable]


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> FakeClock:
    return FakeClock(getattr(request, "param", FRIDAY))


@pytest.fixture
def rules() -> RuleBook:
    """Risks are confirmed without the three questions, which are another story."""
    return RuleBook(questionnaire=QuestionnaireRule(on=False))


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path, rules: RuleBook) -> Chat:
    return await build(database, clock, tmp_path, rules=rules)


async def raised(chat: Chat, words: str = VISIT) -> OutboundCard:
    """The rep tells of a visit with a risk and confirms it; the card that the manager got."""
    await chat.speaks(words)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    return chat.cards("风险上报", of=MANAGER)[-1]


async def matters(chat: Chat) -> Sequence[Escalation]:
    async with chat.database.reading() as work:
        return (await work.session.scalars(select(Escalation).order_by(Escalation.escalation_id))).all()


async def matter(chat: Chat) -> Escalation:
    [only] = await matters(chat)
    return only


async def items(chat: Chat) -> list[str]:
    async with chat.database.reading() as work:
        rows = await work.session.scalars(select(EscalationItem).order_by(EscalationItem.item_id))
        return [item.words for item in rows]


async def member(chat: Chat, name: str) -> Member:
    async with chat.database.reading() as work:
        [found] = await work.members.named(name)
        return found


async def joins(chat: Chat, name: str, role: str, *, manager: str | None = None, region: str | None = None) -> None:
    async with chat.database.work() as work:
        above = (await work.members.named(manager))[0].member_id if manager else None
        added = await work.members.add(name, [role], manager_id=above)
        added.region = region
        await work.members.link(added.member_id, "wecom", f"id-{added.member_id}")


async def leaves(chat: Chat, name: str) -> None:
    async with chat.database.work() as work:
        [gone] = await work.members.named(name)
        gone.active = False


def told(sent: Sent) -> list[str]:
    return [content.text for content in sent if isinstance(content, OutboundText)]


# The card


async def test_the_card_says_where_it_is_stuck_what_is_missing_and_what_comes_next(chat: Chat) -> None:
    card = await raised(chat)

    assert card.subtitle == HENGLI
    stuck, support, following = card.body.split("\n")
    assert stuck.startswith("卡在哪一步：")
    assert "领导还没批" in stuck
    assert support.startswith("缺什么支持：")
    assert "比竞品贵 15%" in support
    assert following.startswith("下一步：")
    assert "提供安装排期表（李晓彤）" in following
    assert card.quote == "「领导还没批」 「要等预算」"
    assert fields(card) == {"销售": "李晓彤", "拜访日": "11-20（周五）"}
    assert [button.text for button in card.buttons] == ["我来跟进", "指派", "已处理", "误报"]


async def test_without_a_public_address_there_is_no_link(chat: Chat) -> None:
    assert (await raised(chat)).url is None


# 我来跟进, 已处理


async def test_a_manager_takes_it_and_finishes_it_later_on_the_card_that_stays(chat: Chat) -> None:
    card = await raised(chat)

    sent = await chat.presses(card, actions.TakeEscalation, sender=MANAGER)

    assert closings(sent) == ["陈志远跟进中"]
    [followed] = chat.cards("跟进中", of=MANAGER)
    assert followed.subtitle == HENGLI
    assert [button.text for button in followed.buttons] == ["已处理", "指派"]

    sent = await chat.presses(followed, actions.ResolveEscalation, sender=MANAGER)

    assert closings(sent) == ["已处理"]
    assert "陈志远已处理「宁波恒力阀门有限公司」的风险。" in chat.texts(of=REP)
    assert "怎么处理的" in chat.texts(of=MANAGER)[-1]
    assert (await matter(chat)).state == "resolved"

    await chat.says("和王总通了电话，同意分两期付款", sender=MANAGER)

    assert (await matter(chat)).outcome == "和王总通了电话，同意分两期付款"
    assert chat.texts(of=REP)[-1] == (
        "「宁波恒力阀门有限公司」的风险，陈志远是这样处理的：和王总通了电话，同意分两期付款"
    )
    assert chat.texts(of=MANAGER)[-1] == "已记下，已转告李晓彤。"


async def test_how_it_was_solved_may_be_spoken(chat: Chat) -> None:
    card = await raised(chat)
    await chat.presses(card, actions.ResolveEscalation, sender=MANAGER)

    await chat.speaks("已经和他们财务谈妥了", sender=MANAGER)

    assert (await matter(chat)).outcome == "已经和他们财务谈妥了"
    assert "已经和他们财务谈妥了" in chat.texts(of=REP)[-1]


async def test_how_it_was_solved_may_stay_out(chat: Chat) -> None:
    card = await raised(chat)
    await chat.presses(card, actions.ResolveEscalation, sender=MANAGER)
    before = len(chat.texts(of=REP))

    assert await chat.says("跳过", sender=MANAGER) == [texts.OUTCOME_SKIPPED]

    assert (await matter(chat)).state == "resolved"
    assert (await matter(chat)).outcome is None
    assert len(chat.texts(of=REP)) == before


async def test_a_question_that_nobody_answered_takes_nothing_a_day_later(chat: Chat) -> None:
    card = await raised(chat)
    await chat.presses(card, actions.ResolveEscalation, sender=MANAGER)
    await chat.passes(timedelta(hours=25))

    await chat.says("和王总通了电话", sender=MANAGER)

    assert (await matter(chat)).outcome is None


@pytest.mark.parametrize("said", ["刚从恒丽服饰出来，见了林总监，预算三十万。", "谢谢", "误报清单"])
async def test_what_is_plainly_something_else_is_not_taken_for_how_it_was_solved(chat: Chat, said: str) -> None:
    card = await raised(chat)
    await chat.presses(card, actions.ResolveEscalation, sender=MANAGER)

    await chat.says(said, sender=MANAGER)

    assert (await matter(chat)).outcome is None


# 指派


async def asked_whom(chat: Chat) -> None:
    card = await raised(chat)
    sent = await chat.presses(card, actions.AssignEscalation, sender=MANAGER)
    assert told(sent) == ["「宁波恒力阀门有限公司」的风险指派给谁？回复姓名。"]


@pytest.mark.parametrize("said", ["赵一鸣", "指派给赵一鸣", "让赵一鸣跟进", "一鸣", "zhaoyiming", "zym"])
async def test_it_is_assigned_by_name(chat: Chat, said: str) -> None:
    await asked_whom(chat)

    sent = await chat.says(said, sender=MANAGER)

    assert "[→ 已指派赵一鸣]" in sent
    [card] = chat.cards("请您跟进", of=OTHER)
    assert card.quote == "「领导还没批」 「要等预算」"
    assert [button.text for button in card.buttons] == ["已处理"]
    assert "陈志远把「宁波恒力阀门有限公司」的风险指派给赵一鸣跟进。" in chat.texts(of=REP)
    assert (await matter(chat)).state == "assigned"


async def test_a_name_may_be_spoken(chat: Chat) -> None:
    await asked_whom(chat)

    await chat.speaks("指派给赵一鸣。", sender=MANAGER)

    assert len(chat.cards("请您跟进", of=OTHER)) == 1


async def test_a_colleague_of_another_department_can_be_asked_and_another_teams_rep_cannot(chat: Chat) -> None:
    await joins(chat, "钱工", "colleague")
    await joins(chat, "孙雨桐", "sales", manager="周敏")
    await asked_whom(chat)

    assert texts.NOBODY_TO_ASSIGN.format(name="孙雨桐") in await chat.says("孙雨桐", sender=MANAGER)
    assert "[→ 已指派钱工]" in await chat.says("钱工", sender=MANAGER)


async def test_of_several_with_the_name_one_is_chosen(chat: Chat) -> None:
    await joins(chat, "李晓桐", "sales", manager="陈志远")
    await asked_whom(chat)

    await chat.says("李晓", sender=MANAGER)
    [which] = chat.cards("指派给谁", of=MANAGER)
    options = {option.text: option.option_id for option in which.selects[0].options}
    assert {"李晓彤（陈志远团队）", "李晓桐（陈志远团队）"} < options.keys()
    sent = await chat.presses(
        which, actions.AssignEscalation, sender=MANAGER, chosen={"assignee": (options["李晓桐（陈志远团队）"],)}
    )

    updates = [content for content in sent if isinstance(content, CardUpdate)]
    assert [update.closing for update in updates] == ["已指派李晓桐", "已指派李晓桐"]
    clicked = [update.card_id for update in updates if (update.response_ref or "").startswith("click-")]
    assert clicked == [which.card_id]
    assert (await matter(chat)).assignee_id == (await member(chat, "李晓桐")).member_id


async def test_a_name_that_only_sounds_like_somebodys_is_asked_about(chat: Chat) -> None:
    await asked_whom(chat)

    await chat.says("赵一明", sender=MANAGER)

    [which] = chat.cards("指派给谁", of=MANAGER)
    assert [option.text for option in which.selects[0].options] == ["请选择", "赵一鸣（陈志远团队）"]
    assert (await matter(chat)).state == "open"


async def test_without_cards_one_of_several_is_chosen_by_number(chat: Chat) -> None:
    chat.platform.capabilities = Capabilities(cards=False)
    await joins(chat, "李晓桐", "sales", manager="陈志远")
    await chat.speaks(VISIT)
    await chat.says("确认")
    await chat.says("指派给李晓", sender=MANAGER)
    shown = chat.texts(of=MANAGER)[-1]
    number = next(line.split()[0] for line in shown.splitlines() if "李晓桐" in line)

    await chat.says(number, sender=MANAGER)

    assert (await matter(chat)).assignee_id == (await member(chat, "李晓桐")).member_id


async def test_nobody_of_that_name_is_said_and_the_question_stays_open(chat: Chat) -> None:
    await asked_whom(chat)

    assert await chat.says("王小二", sender=MANAGER) == [texts.NOBODY_TO_ASSIGN.format(name="王小二")]
    await chat.says("赵一鸣", sender=MANAGER)
    assert (await matter(chat)).state == "assigned"


async def test_the_question_can_be_dropped(chat: Chat) -> None:
    await asked_whom(chat)

    assert await chat.says("取消", sender=MANAGER) == [texts.ASSIGN_CANCELLED]
    await chat.says("赵一鸣", sender=MANAGER)
    assert (await matter(chat)).state == "open"


async def test_who_followed_it_up_reports_to_the_manager_and_the_rep(chat: Chat) -> None:
    await asked_whom(chat)
    await chat.says("赵一鸣", sender=MANAGER)
    [card] = chat.cards("请您跟进", of=OTHER)

    await chat.presses(card, actions.ResolveEscalation, sender=OTHER)
    await chat.says("已补了技术对比表，领导批了", sender=OTHER)

    for person in (MANAGER, REP):
        assert "赵一鸣已处理「宁波恒力阀门有限公司」的风险。" in chat.texts(of=person)
        assert "已补了技术对比表，领导批了" in chat.texts(of=person)[-1]
    assert (await matter(chat)).decided_by == (await member(chat, "赵一鸣")).member_id


# Who may, and how often


async def test_nobody_else_can_press_and_a_replayed_click_changes_nothing(chat: Chat) -> None:
    card = await raised(chat)

    assert await chat.presses(card, actions.DismissEscalation, sender=OTHER) == [
        OutboundText(text=texts.CARD_NOT_YOURS)
    ]
    assert (await matter(chat)).state == "open"
    await chat.presses(card, actions.TakeEscalation, sender=MANAGER, event_id="click")
    assert await chat.presses(card, actions.TakeEscalation, sender=MANAGER, event_id="click") == []
    assert await chat.presses(card, actions.DismissEscalation, sender=MANAGER) == [
        OutboundText(text=texts.CARD_CLOSED.format(closing="陈志远跟进中"))
    ]
    assert (await matter(chat)).state == "taken"


async def test_of_two_managers_only_the_one_it_lies_with_counts(chat: Chat) -> None:
    card = await raised(chat)
    await chat.lives_until(at(11, 23, 15))
    [above] = chat.cards("风险上报", of=DIRECTOR)

    assert await chat.presses(card, actions.DismissEscalation, sender=MANAGER) == [
        OutboundText(text=texts.CARD_CLOSED.format(closing="已上报周敏"))
    ]
    await chat.presses(above, actions.TakeEscalation, sender=DIRECTOR)

    assert (await matter(chat)).decided_by == (await member(chat, "周敏")).member_id


# Levels and quiet hours


async def test_unanswered_for_eight_working_hours_it_goes_up_over_a_weekend(chat: Chat) -> None:
    await raised(chat)

    # 2.5 hours on Friday, 5.5 on Monday
    await chat.lives_until(at(11, 23, 14, 29))
    assert chat.cards(of=DIRECTOR) == []
    sent = await chat.lives_until(at(11, 23, 14, 30))

    assert closings(sent) == ["已上报周敏"]
    [card] = chat.cards("风险上报", of=DIRECTOR)
    assert fields(card)["上一级"] == "陈志远没有处理"
    await chat.lives_until(at(11, 23, 16))
    assert "「宁波恒力阀门有限公司」的风险 8 个工作小时没有处理，已上报周敏。" in chat.texts(of=MANAGER)
    assert "「宁波恒力阀门有限公司」的风险，陈志远 8 个工作小时没有处理，已上报周敏。" in "".join(chat.texts(of=REP))
    now = await matter(chat)
    assert (now.level, now.state) == (2, "open")


async def test_at_the_top_there_is_one_reminder_and_then_no_more(chat: Chat) -> None:
    await raised(chat)
    await chat.lives_until(at(11, 23, 15))
    before = len(chat.texts(of=DIRECTOR))

    await chat.lives_until(at(12, 18, 18))

    assert chat.texts(of=DIRECTOR)[before:] == [texts.STILL_OPEN.format(customer=HENGLI, what="风险")]
    assert len(chat.cards("风险上报", of=DIRECTOR)) == 1


@pytest.mark.parametrize("clock", [at(9, 30, 16)], indirect=True)
async def test_holidays_do_not_count(chat: Chat) -> None:
    """Two hours on the last of September, six on the eighth of October, behind the National Day."""
    await raised(chat)

    await chat.lives_until(at(10, 8, 14, 59))
    assert chat.cards("风险上报", of=DIRECTOR) == []
    await chat.lives_until(at(10, 8, 15))
    assert len(chat.cards("风险上报", of=DIRECTOR)) == 1


async def test_after_work_the_card_waits_for_the_morning_and_the_rep_is_told_when(chat: Chat) -> None:
    await chat.lives_until(at(11, 20, 20))
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    assert chat.cards(of=MANAGER) == []
    assert "已报给陈志远，11-23（周一） 08:30 送达" in chat.texts(of=REP)[-1]
    await chat.lives_until(at(11, 23, 8, 29))
    assert chat.cards(of=MANAGER) == []
    await chat.lives_until(at(11, 23, 8, 30))
    assert len(chat.cards("风险上报", of=MANAGER)) == 1
    await chat.lives_until(at(11, 23, 16, 59))
    assert chat.cards(of=DIRECTOR) == []
    await chat.lives_until(at(11, 23, 17))
    assert len(chat.cards("风险上报", of=DIRECTOR)) == 1


async def test_what_a_manager_does_at_night_is_told_to_the_rep_in_the_morning(chat: Chat) -> None:
    card = await raised(chat)
    await chat.lives_until(at(11, 20, 21))
    before = len(chat.texts(of=REP))

    await chat.presses(card, actions.TakeEscalation, sender=MANAGER)

    assert len(chat.cards("跟进中", of=MANAGER)) == 1
    assert len(chat.texts(of=REP)) == before
    await chat.lives_until(at(11, 23, 9))
    assert any("陈志远已接手" in text for text in chat.texts(of=REP)[before:])


async def test_after_a_standstill_it_goes_up_once(chat: Chat) -> None:
    await raised(chat)
    await chat.passes(timedelta(days=13, hours=1))  # a Thursday afternoon

    assert len(chat.cards("风险上报", of=DIRECTOR)) == 1
    assert (await matter(chat)).level == 2


async def test_a_card_that_lay_in_the_outbox_over_a_standstill_leaves_its_reader_the_full_hours(chat: Chat) -> None:
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    # the card was sent on Friday; as if it had been delivered only when the machine came back on Tuesday
    await chat.lives_until(at(11, 20, 16))
    chat.clock.advance(at(11, 24, 9) - chat.clock.now())
    async with chat.database.work() as work:
        card = await work.cards.find(chat.cards("风险上报", of=MANAGER)[-1].card_id)
        assert card is not None
        card.sent_at = work.now

    await chat.lives_until(at(11, 24, 16, 59))
    assert (await matter(chat)).level == 1
    await chat.lives_until(at(11, 25, 9))
    assert (await matter(chat)).level == 2


async def test_a_card_that_comes_a_while_after_its_hours_are_over_leaves_its_reader_new_ones(chat: Chat) -> None:
    chat.platform.silent.add(MANAGER)
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.lives_until(at(11, 23, 14, 50))
    assert (await matter(chat)).level == 1
    chat.platform.silent.clear()
    await chat.says("你好", sender=MANAGER)
    assert len(chat.cards("风险上报", of=MANAGER)) == 1

    await chat.lives_until(at(11, 24, 13, 49))
    assert (await matter(chat)).level == 1
    await chat.lives_until(at(11, 24, 13, 51))
    assert (await matter(chat)).level == 2


async def test_a_matter_whose_card_never_arrives_goes_up_all_the_same(chat: Chat) -> None:
    chat.platform.silent.add(MANAGER)
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    await chat.lives_until(at(11, 24, 13, 31))
    assert (await matter(chat)).level == 2


async def test_whoever_took_it_is_reminded_once_after_three_working_days(chat: Chat) -> None:
    card = await raised(chat)
    await chat.presses(card, actions.TakeEscalation, sender=MANAGER)
    before = len(chat.texts(of=MANAGER))

    await chat.lives_until(at(11, 25, 8, 29))
    assert chat.texts(of=MANAGER)[before:] == []
    await chat.lives_until(at(12, 18, 18))

    told = [text for text in chat.texts(of=MANAGER)[before:] if "待办" not in text]
    assert told == [texts.STILL_UNFINISHED.format(customer=HENGLI, what="风险", days=3)]


async def test_with_the_rule_off_nothing_goes_up(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    off = RuleBook(questionnaire=QuestionnaireRule(on=False), escalation=EscalationRule(on=False))
    chat = await build(database, clock, tmp_path, rules=off)
    await raised(chat)

    await chat.lives_until(at(12, 18, 18))

    assert chat.cards(of=DIRECTOR) == []


# People leave


async def test_a_manager_who_has_left_by_the_morning_gets_no_card_and_the_next_one_does(chat: Chat) -> None:
    await chat.lives_until(at(11, 20, 20))
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await leaves(chat, "陈志远")

    await chat.lives_until(at(11, 23, 9))

    assert chat.cards(of=MANAGER) == []
    assert len(chat.cards("风险上报", of=DIRECTOR)) == 1


async def test_what_lies_with_somebody_who_leaves_goes_on_at_once(chat: Chat) -> None:
    card = await raised(chat)
    await chat.presses(card, actions.TakeEscalation, sender=MANAGER)
    await leaves(chat, "陈志远")

    async with chat.database.work() as work:
        left = (await matter(chat)).manager_id
        assert await escalation_clock.everything_left_by(chat.context, work, left, cause="left") == 1
    await chat.worker.drain()

    assert len(chat.cards("风险上报", of=DIRECTOR)) == 1
    assert "现在由周敏处理" in chat.texts(of=REP)[-1]


async def test_what_was_assigned_to_somebody_who_left_comes_back_to_the_manager(chat: Chat) -> None:
    await asked_whom(chat)
    await chat.says("赵一鸣", sender=MANAGER)
    await leaves(chat, "赵一鸣")

    await chat.lives_until(at(11, 25, 9))

    assert (await matter(chat)).state == "open"
    assert len(chat.cards("风险上报", of=MANAGER)) == 2
    await chat.lives_until(at(11, 26, 9))
    assert len(chat.cards("风险上报", of=DIRECTOR)) == 1


async def test_whoever_it_was_assigned_to_settles_it_in_one_sentence(chat: Chat) -> None:
    await asked_whom(chat)
    await chat.says("赵一鸣", sender=MANAGER)

    await chat.says("已处理，我约了他们老板下周见面", sender=OTHER)

    assert (await matter(chat)).state == "resolved"
    assert (await matter(chat)).outcome == "我约了他们老板下周见面"
    assert "我约了他们老板下周见面" in chat.texts(of=REP)[-1]
    assert "我约了他们老板下周见面" in chat.texts(of=MANAGER)[-1]
    assert not chat.cards("拜访记录", of=OTHER)


async def test_the_manager_takes_it_on_in_words_and_settles_it_without_saying_how(chat: Chat) -> None:
    await raised(chat)

    await chat.says("我来跟进", sender=MANAGER)
    assert (await matter(chat)).state == "taken"

    await chat.says("处理好了", sender=MANAGER)
    assert (await matter(chat)).state == "resolved"
    assert "怎么处理的" in chat.texts(of=MANAGER)[-1]


async def test_words_about_another_customer_settle_nothing(chat: Chat) -> None:
    await raised(chat)

    await chat.says("已处理，恒丽服饰的合同签好了", sender=MANAGER)

    assert (await matter(chat)).state == "open"


async def test_who_has_nothing_on_their_hands_tells_of_a_visit_with_the_same_words(chat: Chat) -> None:
    await raised(chat)

    await chat.says("处理好了", sender=OTHER)

    assert (await matter(chat)).state == "open"


async def test_what_was_assigned_to_somebody_who_cannot_be_reached_comes_back_to_the_manager(chat: Chat) -> None:
    chat.platform.out_of_reach.add(OTHER)
    await asked_whom(chat)
    await chat.says("赵一鸣", sender=MANAGER)

    await chat.lives_until(at(11, 20, 18))

    assert (await matter(chat)).state == "open"
    assert any("没能送到赵一鸣手上" in text for text in chat.texts(of=MANAGER))
    assert len(chat.cards("风险上报", of=MANAGER)) == 2


async def test_the_rep_hears_that_the_manager_cannot_be_reached_and_the_matter_goes_up_in_its_time(chat: Chat) -> None:
    chat.platform.out_of_reach.add(MANAGER)
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.lives_until(at(11, 20, 18))
    assert any("没能送到陈志远手上" in text for text in chat.texts(of=REP))

    await chat.lives_until(at(11, 24, 12))
    assert len(chat.cards("风险上报", of=DIRECTOR)) == 1


async def test_a_circle_in_the_reporting_line_ends(chat: Chat) -> None:
    async with chat.database.work() as work:
        [director], [manager] = await work.members.named("周敏"), await work.members.named("陈志远")
        director.manager_id = manager.member_id
    await raised(chat)

    await chat.lives_until(at(12, 18, 18))

    assert [len(chat.cards("风险上报", of=person)) for person in (MANAGER, DIRECTOR)] == [1, 1]
    assert (await matter(chat)).level == 2


# One matter, not two


async def test_a_further_risk_of_the_customer_joins_and_the_holder_is_told_once(chat: Chat) -> None:
    await raised(chat)
    before = len(chat.texts(of=MANAGER))
    await chat.lives_until(at(11, 20, 16))
    await chat.speaks(SECOND)
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    assert texts.MERGED.format(customer=HENGLI, holder="陈志远") in chat.texts(of=REP)[-1]
    assert len(chat.cards("风险上报", of=MANAGER)) == 1
    [more] = chat.texts(of=MANAGER)[before:]
    assert "又有新情况（李晓彤）" in more
    assert "货比三家" in more
    assert len(await matters(chat)) == 1


async def test_the_same_words_again_tell_the_holder_nothing(chat: Chat) -> None:
    await raised(chat)
    before = len(chat.texts(of=MANAGER))
    await chat.lives_until(at(11, 20, 16))
    await chat.speaks("又去了恒力阀门，他们说领导还没批。")
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.lives_until(at(11, 20, 17, 30))

    assert texts.MERGED_NOTHING_NEW.format(customer=HENGLI, holder="陈志远") in "".join(chat.texts(of=REP))
    assert chat.texts(of=MANAGER)[before:] == []


async def test_another_customer_is_another_matter_and_so_is_the_next_risk_once_the_first_is_settled(
    chat: Chat,
) -> None:
    first = await raised(chat)
    await raised(chat, "又去了恒丽服饰，见了林总监，说领导还没批。")
    assert len(await matters(chat)) == 2

    await chat.presses(first, actions.DismissEscalation, sender=MANAGER)
    await chat.lives_until(at(11, 20, 16))
    await raised(chat, SECOND)

    assert len(await matters(chat)) == 3
    assert len(chat.cards("风险上报", of=MANAGER)) == 3


# From rules


async def rule_says(
    chat: Chat, *, to: escalation.Target = "director", origin: str = "rule:sample_test:customer:1"
) -> str:
    async with chat.database.work() as work:
        [rep] = await work.members.named("李晓彤")
        customer = await work.customers.by_name(HENGLI)
        assert customer is not None
        found = MatterItem(origin, "样品测试", "样品测试已 15 天没有新联系")
        answer = await escalation.raise_matter(
            chat.context, work, Matter("rule", rep, customer.customer_id, (found,), to=to), cause=origin
        )
    await chat.worker.drain()
    return answer


async def test_a_rule_raises_to_the_director_without_a_record(chat: Chat) -> None:
    assert await rule_says(chat) == "已报给周敏。"

    [card] = chat.cards("风险上报", of=DIRECTOR)
    assert "样品测试：样品测试已 15 天没有新联系" in card.body
    assert card.quote == ""
    assert "拜访日" not in fields(card)
    assert chat.cards(of=MANAGER) == []


async def test_the_same_finding_raises_nothing_again(chat: Chat) -> None:
    await rule_says(chat)
    [card] = chat.cards("风险上报", of=DIRECTOR)
    assert "已经在周敏那里" in await rule_says(chat)
    await chat.presses(card, actions.ResolveEscalation, sender=DIRECTOR)

    assert await rule_says(chat) == ""
    assert len(await matters(chat)) == 1


async def test_what_asks_for_the_director_lifts_the_matter_that_lies_with_the_manager(chat: Chat) -> None:
    card = await raised(chat)

    answer = await rule_says(chat)

    assert "并上报给周敏" in answer
    assert await chat.presses(card, actions.TakeEscalation, sender=MANAGER) == [
        OutboundText(text=texts.CARD_CLOSED.format(closing="已上报周敏"))
    ]
    [above] = chat.cards("风险上报", of=DIRECTOR)
    assert "领导还没批" in above.body
    assert "样品测试" in above.body
    assert len(await matters(chat)) == 1


async def test_without_a_director_up_the_line_it_goes_to_the_one_of_the_region(chat: Chat) -> None:
    await joins(chat, "吴越", "director", region="华东")
    async with chat.database.work() as work:
        [rep], [manager] = await work.members.named("李晓彤"), await work.members.named("陈志远")
        rep.region, manager.manager_id = "华东", None

    assert await rule_says(chat) == "已报给吴越。"


async def test_with_nobody_above_it_is_said_and_the_admin_hears_of_it(chat: Chat) -> None:
    async with chat.database.work() as work:
        [rep] = await work.members.named("李晓彤")
        rep.manager_id = None

    assert await rule_says(chat) == texts.NOBODY_TO_RAISE_TO
    assert await rule_says(chat) == texts.NOBODY_TO_RAISE_TO
    assert await matters(chat) == []
    assert chat.texts(of=ADMIN) == [texts.NOBODY_ADMIN.format(rep="李晓彤", reason=texts.NOBODY_ABOVE)]


# A rep's word


async def test_a_rep_asks_for_the_director_in_front_of_an_open_draft(chat: Chat) -> None:
    await chat.speaks(VISIT)

    answer = await chat.says("这个要总监出面：客户要求降价20%")

    assert "已报给周敏。" in answer
    [card] = chat.cards("请您出面", of=DIRECTOR)
    assert card.subtitle == HENGLI
    assert "客户要求降价20%" in card.body
    assert "领导还没批" in card.quote
    assert "这个要总监出面" in card.quote
    assert "[拜访记录 · 待确认]" in await chat.says("草稿")

    await chat.presses(chat.draft(), actions.ConfirmVisit)
    assert "已经在周敏那里" in chat.texts(of=REP)[-1]
    assert len(await matters(chat)) == 1
    assert chat.cards("风险上报") == []


async def test_a_request_before_the_customer_is_known_learns_it_with_the_confirmation(chat: Chat) -> None:
    await chat.speaks("今天去了宏达，见了马经理，领导还没批。")
    await chat.says("请经理出面")
    [card] = chat.cards("请您出面", of=MANAGER)
    assert "宏达" in card.subtitle
    options = chat.draft().selects[0].options
    one = next(option.option_id for option in options if "机电" in option.text)

    await chat.presses(chat.draft(), actions.ConfirmVisit, chosen={"customer": (one,)})

    only = await matter(chat)
    async with chat.database.reading() as work:
        assert only.customer_id is not None
        assert "机电" in (await work.customers.get(only.customer_id)).name


async def test_without_a_draft_it_is_about_the_last_visit(chat: Chat) -> None:
    await chat.speaks("刚从恒力阀门出来，见了采购部王经理，预算八十五万。")
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.lives_until(at(11, 23, 10))

    await chat.speaks("请陈经理出面。")

    [card] = chat.cards("请您出面", of=MANAGER)
    assert card.subtitle == HENGLI
    assert chat.texts(of=REP)[-1] == "已报给陈志远。"


async def test_with_no_visit_lately_the_rep_is_asked_which_customer(chat: Chat) -> None:
    assert await chat.says("升级") == [texts.WHICH_CUSTOMER_TO_RAISE]

    answer = await chat.says("恒力")

    assert "已报给陈志远。" in answer
    assert chat.cards("请您出面", of=MANAGER)[0].subtitle == HENGLI


async def test_a_customer_named_with_it_is_meant(chat: Chat) -> None:
    await chat.says("恒丽这个要总监出面")

    assert chat.cards("请您出面", of=DIRECTOR)[0].subtitle == "宁波恒丽服饰有限公司"


@pytest.mark.parametrize("said", ["不用总监出面", "客户说要总监出面谈", "请王经理出面"])
async def test_what_is_no_request_raises_nothing(chat: Chat, said: str) -> None:
    await chat.speaks(VISIT)

    await chat.says(said)

    assert await matters(chat) == []


async def test_a_name_that_nobody_up_the_line_has_is_said(chat: Chat) -> None:
    await chat.speaks(VISIT)

    assert texts.NOBODY_OF_THAT_NAME.format(name="钱立") in await chat.says("请钱立出面")
    assert await matters(chat) == []


async def test_a_request_on_a_matter_that_lies_with_the_manager_takes_it_to_the_director(chat: Chat) -> None:
    card = await raised(chat)
    await chat.presses(card, actions.TakeEscalation, sender=MANAGER)

    answer = await chat.says("这个要总监出面")

    assert any("并上报给周敏" in text for text in answer)
    assert [card.title for card in chat.cards(of=DIRECTOR)] == ["⚠ 风险上报"]
    assert len(await matters(chat)) == 1


# 误报


async def dismissed(chat: Chat, customer: str) -> None:
    card = await raised(chat, f"去了{customer}，见了李经理，领导还没批。")
    await chat.presses(card, actions.DismissEscalation, sender=MANAGER)


async def test_after_two_false_alarms_the_words_raise_nothing_more_until_they_are_restored(chat: Chat) -> None:
    await dismissed(chat, "恒力阀门")
    await dismissed(chat, "恒丽服饰")

    await chat.lives_until(at(11, 20, 16))
    await chat.speaks("去了恒力阀门，见了李经理，领导还没批。")
    assert "⚠ 风险信号：审批（低）" in chat.draft().body
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    assert len(chat.cards("风险上报", of=MANAGER)) == 2
    assert texts.LOW_WORDING.format(words="领导还没批", manager="陈志远") in chat.texts(of=REP)[-1]
    [listed] = await chat.says("误报清单", sender=MANAGER)
    assert "「领导还没批」（审批）误报 2 次，属实 0 次，权重 0.33，不自动上报" in listed
    [seen_by_admin] = await chat.says("误报清单", sender=ADMIN)
    assert "陈志远团队 「领导还没批」" in seen_by_admin

    await chat.says("请陈经理出面")
    [asked] = chat.cards("请您出面", of=MANAGER)
    assert "领导还没批" in asked.quote
    await chat.presses(asked, actions.ResolveEscalation, sender=MANAGER)
    await chat.says("跳过", sender=MANAGER)

    assert await chat.says("恢复 领导还没批", sender=MANAGER) == [texts.RESTORED.format(words="领导还没批", count=1)]
    await chat.lives_until(at(11, 20, 17))
    await chat.speaks("去了恒丽服饰，见了李经理，领导还没批。")
    assert "（低）" not in chat.draft().body
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    assert len(chat.cards("风险上报", of=MANAGER)) == 3


async def test_another_team_is_not_touched(chat: Chat) -> None:
    await joins(chat, "钱立", "manager", manager="周敏")
    async with chat.database.work() as work:
        [other], [second] = await work.members.named("赵一鸣"), await work.members.named("钱立")
        other.manager_id = second.member_id
    await dismissed(chat, "恒力阀门")
    await dismissed(chat, "恒丽服饰")

    await chat.speaks("去了恒力阀门，见了李经理，领导还没批。", sender=OTHER)
    await chat.says("确认", sender=OTHER)

    assert any("已报给钱立" in text for text in chat.texts(of=OTHER))


async def test_a_rep_sees_no_list_of_false_alarms_and_restores_nothing(chat: Chat) -> None:
    await dismissed(chat, "恒力阀门")

    assert await chat.says("误报清单") == [texts.NOT_ALLOWED]
    assert await chat.says("恢复 领导还没批") == [texts.NOT_ALLOWED]


async def test_an_empty_list_says_so(chat: Chat) -> None:
    assert await chat.says("误报清单", sender=ADMIN) == [texts.NO_FALSE_ALARMS]
    assert await chat.says("恢复 领导没批", sender=ADMIN) == [texts.NOTHING_TO_RESTORE.format(words="领导没批")]


# Looking at it


async def test_managers_see_what_waits_the_oldest_first(chat: Chat) -> None:
    first = await raised(chat)
    await raised(chat, "又去了恒丽服饰，见了林总监，说领导还没批。")
    await chat.presses(first, actions.TakeEscalation, sender=MANAGER)

    for person in (MANAGER, DIRECTOR):
        [listed] = await chat.says("风险", sender=person)
        assert listed.splitlines() == [
            "待处理的风险（2 项，最早的在前）：",
            "① 宁波恒力阀门有限公司（李晓彤）11-20（周五）起，陈志远跟进中",
            "② 宁波恒丽服饰有限公司（李晓彤）11-20（周五）起，等陈志远处理",
        ]
    assert await chat.says("待处理风险") == [texts.NOT_ALLOWED]


async def test_each_change_is_in_the_audit_log(chat: Chat) -> None:
    await raised(chat)
    await chat.lives_until(at(11, 23, 15))
    [above] = chat.cards("风险上报", of=DIRECTOR)
    await chat.presses(above, actions.TakeEscalation, sender=DIRECTOR)
    [followed] = chat.cards("跟进中", of=DIRECTOR)
    await chat.presses(followed, actions.ResolveEscalation, sender=DIRECTOR)
    await chat.says("谈妥了", sender=DIRECTOR)

    async with chat.database.reading() as work:
        entries = await work.audit.of("escalation:1")
        assert await work.session.scalar(select(func.count()).select_from(Escalation)) == 1
    assert [entry.action for entry in entries] == [
        "escalation.opened",
        "escalation.raised",
        "escalation.taken",
        "escalation.resolved",
        "wording.judged",
        "wording.judged",
        "escalation.outcome",
    ]
