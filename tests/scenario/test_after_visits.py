"""What a confirmed visit asks for by itself: until when a sample test runs, a summary for the new, a spot check."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import wiring
from bot.config import Config, Vocabulary
from handlers import actions, after_visits, rules
from handlers.rulebook import CadenceRule, FirstSummaryRule, RuleBook, SpotCheckRule
from nlp.lexicon import default_vocabulary, merged
from storage.database import Database
from storage.models import Todo
from tests.chat import MANAGER, REP, SHANGHAI, Chat, build
from tests.fakes import FakeClock

HENGLI = "宁波恒力阀门有限公司"
IN_TEST = "今天去了恒力阀门，见了采购部王经理，现在进入样品测试阶段了，预算八十万，我下周三前把报告给他。"
NEW = "今天去了苏州明铄电子有限公司，见了信息部赵经理，他们交付周期卡得紧，预算八十万，我下周三前把方案发给他。"


def at(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    chat = await build(database, clock, tmp_path)
    stages = ("首次触达", "需求诊断", "方案演示", "样品测试", "报价", "商务谈判", "合同审核", "签约回款")
    words = merged(default_vocabulary(), stages=stages)
    object.__setattr__(chat.context, "settings", replace(chat.context.settings, vocabulary=words))
    return chat


def under(chat: Chat, book: RuleBook) -> Chat:
    object.__setattr__(chat.context, "settings", replace(chat.context.settings, rules=book))
    return chat


async def todos(chat: Chat, action: str) -> list[Todo]:
    async with chat.database.reading() as work:
        return list(await work.session.scalars(select(Todo).where(Todo.action.startswith(action))))


async def confirms(chat: Chat, note: str, sender: str = REP) -> None:
    await chat.says(note, sender=sender)
    await chat.presses(chat.draft(), actions.ConfirmVisit, sender=sender)


# The sample test


async def test_a_sample_test_asks_until_when_and_counts_down(chat: Chat) -> None:
    await confirms(chat, IN_TEST)
    assert "预计测到什么时候" in "\n".join(chat.texts(of=REP))

    await chat.says("大概两周")

    assert chat.texts(of=REP)[-1] == f"已记下：「{HENGLI}」的样品测试预计到 12-04（周五），到期前提醒您。"
    [todo] = await todos(chat, "问样品测试结果")
    assert todo.due_on == date(2026, 12, 4)

    await chat.lives_until(at(12, 1, 8))
    assert not any("还有 3 个工作日到期" in text for text in chat.texts(of=REP))
    await chat.lives_until(at(12, 1, 12))
    assert sum("的样品测试还有 3 个工作日到期" in text for text in chat.texts(of=REP)) == 1


async def test_done_before_its_time_the_test_is_not_counted_down(chat: Chat) -> None:
    await confirms(chat, IN_TEST)
    await chat.says("测到12月4号")
    await chat.presses(chat.cards("待办", of=REP)[-1], actions.FinishTodo)
    [todo] = await todos(chat, "问样品测试结果")
    assert todo.state == "done"

    await chat.lives_until(at(12, 5))

    assert not any("个工作日到期" in text for text in chat.texts(of=REP))


async def test_who_does_not_know_how_long_says_so_and_hears_no_more_of_it(chat: Chat) -> None:
    await confirms(chat, IN_TEST)

    await chat.says("跳过")

    assert chat.texts(of=REP)[-1] == f"好的，「{HENGLI}」的测试先不设提醒。"
    assert await todos(chat, "问样品测试结果") == []


async def test_another_note_is_no_answer_about_the_test(chat: Chat) -> None:
    await confirms(chat, IN_TEST)

    await chat.says("刚从宁波恒丽服饰出来，见了张总，他们下个月验厂，我周五前发资料。")

    assert chat.cards("拜访记录")[-1].fields[0].value == "宁波恒丽服饰有限公司"
    assert await todos(chat, "问样品测试结果") == []


# The first contact


async def test_after_the_first_visit_to_a_new_customer_a_summary_is_due_within_a_day(chat: Chat) -> None:
    await confirms(chat, NEW)

    await chat.lives_until(at(11, 23, 12))

    [todo] = await todos(chat, "给客户发一份方案小结")
    assert todo.due_at is not None
    assert todo.due_at.astimezone(SHANGHAI).date() == date(2026, 11, 21)
    [draft] = [text for text in chat.texts(of=REP) if "草稿只用了您的记录" in text]
    assert "交付周期" in draft
    assert "预算" in draft
    assert "11-25（周三）" in draft

    await confirms(chat, NEW.replace("今天", "又"))
    assert len(await todos(chat, "给客户发一份方案小结")) == 1


async def test_customers_who_were_known_already_get_no_summary(chat: Chat) -> None:
    await confirms(chat, IN_TEST)
    assert await todos(chat, "给客户发一份方案小结") == []


async def test_with_the_rule_off_there_is_no_summary(chat: Chat) -> None:
    under(chat, RuleBook(first_summary=FirstSummaryRule(on=False)))
    await confirms(chat, NEW)
    assert await todos(chat, "给客户发一份方案小结") == []


# The spot check


async def test_a_visit_that_is_drawn_makes_the_manager_call_the_customer(chat: Chat) -> None:
    under(chat, RuleBook(spot_check=SpotCheckRule(on=True, percent=100)))
    await confirms(chat, IN_TEST)

    [todo] = await todos(chat, "抽查回访")
    assert todo.action == "抽查回访：向客户核实李晓彤 11-20（周五）的拜访"
    await chat.lives_until(at(11, 23, 12))
    assert any("抽查回访" in card.subtitle for card in chat.cards("待办", of=MANAGER))


async def test_nobody_is_checked_unless_the_company_wants_it(chat: Chat) -> None:
    await confirms(chat, IN_TEST)
    assert await todos(chat, "抽查回访") == []


def test_about_as_many_visits_are_drawn_as_was_said_and_always_the_same() -> None:
    drawn = [visit_id for visit_id in range(10_000) if after_visits.is_sampled(visit_id, 10)]
    assert 900 < len(drawn) < 1100
    assert drawn == [visit_id for visit_id in range(10_000) if after_visits.is_sampled(visit_id, 10)]
    assert not any(after_visits.is_sampled(visit_id, 0) for visit_id in range(100))


# Cadence


async def grade(chat: Chat, name: str, value: str) -> None:
    async with chat.database.work() as work:
        customer = await work.customers.by_name(name)
        [rep] = await work.members.named("李晓彤")
        assert customer is not None
        customer.grade, customer.owner_id, customer.created_at = value, rep.member_id, at(9, 1)
        customer.last_contact_at = at(11, 19)
        await work.jobs.put_next(rules.due(chat.context))


async def test_on_monday_the_rep_hears_which_a_customers_had_too_few_contacts_and_the_manager_who_was_not_visited(
    chat: Chat,
) -> None:
    await grade(chat, HENGLI, "A")
    await grade(chat, "绍兴宏达纺织有限公司", "C")
    await confirms(chat, IN_TEST)

    await chat.lives_until(at(11, 24))

    told = [text for text in chat.texts(of=REP) if "上周触达不够" in text]
    assert len(told) == 1
    assert f"上周触达不够（A 类每周 2 次，B 类 2 周 1 次）：{HENGLI}（A 类，1 次）" in told[0]
    assert any(f"A 类客户超过 4 周没有主管拜访：{HENGLI}" in text for text in chat.texts(of=MANAGER))


async def test_a_visit_by_the_manager_is_what_an_a_customer_wants(chat: Chat) -> None:
    await grade(chat, HENGLI, "A")
    await confirms(chat, IN_TEST, sender=MANAGER)
    await chat.lives_until(at(11, 24))
    assert not any("没有主管拜访" in text for text in chat.texts(of=MANAGER))


async def test_with_the_rule_off_nobody_counts_contacts(chat: Chat) -> None:
    under(chat, RuleBook(cadence=CadenceRule(on=False)))
    await grade(chat, HENGLI, "A")
    await chat.lives_until(at(11, 24))
    assert not any("触达" in text for text in chat.texts(of=REP))


# Hints


async def test_a_to_do_bears_a_hint_for_the_stage_its_customer_is_in(chat: Chat) -> None:
    await confirms(chat, IN_TEST)
    [card] = chat.cards("待办", of=REP)
    assert card.body == "提示：先和客户写下合格标准和结束日期，中途问一次进展。"


def test_a_company_replaces_a_hint_or_takes_it_away() -> None:
    config = Config(vocabulary=Vocabulary(stage_hints={"报价": "三天内问反馈", "样品测试": ""}))
    hints = wiring.settings(config).stage_hints
    assert hints["报价"] == "三天内问反馈"
    assert not hints["样品测试"]
    assert hints["商务谈判"]
