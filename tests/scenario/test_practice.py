"""Practising: the assistant plays the customer, the rep answers, and the score says what it is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot import pipeline
from bot.platform import Received
from bot.sender import Sender as OutboxSender
from bot.worker import Worker
from handlers import actions, cards, texts
from handlers.messages import OutboundCard, OutboundText, Sender, Text
from nlp.practice import NoAdvice
from storage.database import Database
from storage.models import Evidence, PracticeRound, PracticeSession, Script, Visit
from storage.work import Work
from tests.chat import MANAGER, OTHER, REP, VISIT, Chat, ChatPlatform, build, fields, heard
from tests.fakes import FakeClock

BODY = "您觉得贵，我理解。先看配置是否一样：\n- 型号与关键参数\n- 安装和质保\n范围一致再比价，您看行吗？"
GOOD = "咱们先看看配置是不是一样，型号和主要参数对一对，安装、质保包不包也要看，范围一致了再比价格，您看行吗？"
HALF = "型号和关键参数您可以对一对，您看呢？"
BAD = "您错了，我们绝对最好，给您打八折。"
ADVICE_AWAY = "timeout"


async def put(work: Work, code: str, category: str, *, phrasings: Sequence[str] = (), **more: object) -> None:
    values: dict[str, object] = {
        "title": f"标题{code}",
        "body": BODY,
        "status": "approved",
        "plan_kind": "提问",
        **more,
    }
    work.scripts.add(Script(code=code, category=category, phrasings=list(phrasings or [f"{code}太贵了"]), **values))


@pytest.fixture
async def library(chat: Chat) -> None:
    async with chat.database.work() as work:
        for code, category in (("PR-01", "价格"), ("PR-02", "价格"), ("DE-01", "交期"), ("SE-01", "售后")):
            await put(work, code, category)
        await put(work, "TM-01", "价格", status="draft")
        await put(work, "TM-02", "价格", status="retired")
        await put(work, "TM-03", "价格", valid_until=date(2026, 11, 1))
        await put(work, "QS-01", "提问", phrasings=["第一次见面问什么"])


async def rounds(chat: Chat) -> list[PracticeRound]:
    async with chat.database.reading() as work:
        query = select(PracticeRound).order_by(PracticeRound.session_id, PracticeRound.place)
        return list((await work.session.scalars(query)).all())


async def count(chat: Chat, table: type) -> int:
    async with chat.database.reading() as work:
        return await work.session.scalar(select(func.count()).select_from(table)) or 0


def last_card(chat: Chat) -> OutboundCard:
    return chat.cards(texts.PRACTICE_TITLE)[-1]


# A session


@pytest.mark.usefixtures("library")
async def test_a_session_goes_from_objection_to_objection_and_ends_in_a_card(chat: Chat) -> None:
    [opening] = await chat.says("练习")
    assert opening.startswith("练习开始，共 4 轮")
    assert "话术库里可练的话术只有 4 条" in opening
    assert "【练习 1/4】客户：「" in opening

    [first] = await chat.says(GOOD)
    assert first.startswith("【练习 1/4】得分 100（4 个要点，每个约 25 分）\n说到了：「先看配置是否一样」")
    assert "没说到" not in first
    assert "参考话术 " in first
    assert "- 型号与关键参数" in first
    assert first.splitlines()[-1].startswith("【练习 2/4】客户：「")

    [second] = await chat.says(HALF)
    assert "得分 25" in second
    assert "说到了：「型号与关键参数」" in second
    assert "没说到：「先看配置是否一样」「安装和质保」「范围一致再比价，您看行吗」" in second

    [third] = await chat.says(BAD)
    assert "得分 0" in third
    assert "没有听到这条话术的要点。" in third
    assert "要避免：「八折」话术里没有，不能自己许（−20）" in third
    assert "要避免：「绝对」是话术里没有的承诺（−20）" in third
    assert "要避免：「您错了」像在顶撞客户（−15）" in third

    feedback, card = await chat.says("跳过")
    assert feedback.startswith("第 4 轮跳过，0 分。参考话术 ")
    assert card == "[练习结果]"
    assert fields(last_card(chat))["得分"] == "平均 31 分"
    assert fields(last_card(chat))["轮次"] == "4 轮，跳过 1 轮（0 分）"
    assert len([line for line in last_card(chat).body.splitlines() if "标题" in line]) == 4
    assert "跳过" in last_card(chat).body.splitlines()[3]


@pytest.mark.usefixtures("library")
async def test_only_what_is_approved_and_valid_is_asked_once_and_categories_take_turns(chat: Chat) -> None:
    await chat.says("来一轮练习")
    for _ in range(4):
        await chat.says("下一题")

    asked = await rounds(chat)
    assert sorted(entry.code for entry in asked) == ["DE-01", "PR-01", "PR-02", "SE-01"]
    categories = [entry.code[:2] for entry in asked]
    assert set(categories[:3]) == {"PR", "DE", "SE"}


@pytest.mark.usefixtures("library")
async def test_a_category_or_one_script_may_be_practised(chat: Chat) -> None:
    [opening] = await chat.says("练习 价格")
    assert "「价格」类里可练的话术只有 2 条" in opening
    await chat.says("不练了")

    [opening] = await chat.says("练习 pr-02")
    assert opening.startswith("练习 PR-02「标题PR-02」，1 轮")
    _feedback, card = await chat.says(GOOD)
    assert card == "[练习结果]"

    [opening] = await chat.says("练习 提问")
    assert opening.endswith("【练习 1/1】情景：「第一次见面问什么」请说出您要问客户的话。")


@pytest.mark.usefixtures("library")
async def test_what_the_library_does_not_hold_is_said_with_what_it_holds(chat: Chat) -> None:
    assert await chat.says("练习 天气") == [
        "话术库里没有可练的「天气」。可以练：交期、价格、提问、售后。例如：练习 交期"
    ]
    assert await chat.says("练习 TM-02") == ["TM-02 现在没有启用，不能练。回复「话术库」看有哪些。"]
    assert "没有可练的「TM-01」" in (await chat.says("练习 TM-01"))[0]
    assert await count(chat, PracticeSession) == 0


async def test_an_empty_library_has_nothing_to_practise(chat: Chat) -> None:
    assert await chat.says("陪我练练") == [texts.NO_SCRIPTS]
    assert await chat.says("结束练习") == [texts.PRACTICE_NOT_OPEN]
    assert await chat.says("继续练习") == [texts.PRACTICE_NOT_OPEN]
    assert await chat.says("练习记录") == [texts.NO_PRACTICE_RECORD]


@pytest.mark.usefixtures("library")
async def test_an_answer_may_be_spoken_and_is_no_note(chat: Chat) -> None:
    await chat.says("练习 PR-01")

    receipt, judged, card = await chat.speaks(GOOD)

    assert isinstance(receipt, OutboundText)
    assert "正在转写" in receipt.text
    assert isinstance(judged, OutboundText)
    assert "得分 100" in judged.text
    assert isinstance(card, OutboundCard)
    assert await count(chat, Visit) == 0


@pytest.mark.usefixtures("library")
async def test_an_answer_of_more_than_a_minute_is_too_long_to_say(chat: Chat) -> None:
    await chat.says("练习 PR-01")
    chat.listener.answers.append(heard(GOOD, pause_s=75))

    _receipt, judged, _card = await chat.receives(chat.voice())

    assert isinstance(judged, OutboundText)
    assert "得分 95" in judged.text
    assert "要避免：说完要一分多钟，太长了（−5）" in judged.text


@pytest.mark.usefixtures("library")
async def test_what_the_platform_heard_as_an_answer_is_not_heard_again_as_a_note(chat: Chat) -> None:
    await chat.says("练习 PR-01")

    receipt, *_judged = await chat.receives(chat.voice(platform_transcript=GOOD))

    assert receipt == OutboundText(text=texts.PRACTICE_HEARD.format(length=""))
    assert chat.listener.asked == []
    assert await count(chat, Visit) == 0
    assert [entry.score for entry in await rounds(chat)] == [100]


@pytest.mark.usefixtures("library")
async def test_a_hint_names_a_point_which_then_counts_half(chat: Chat) -> None:
    await chat.says("练习 PR-01")

    [hint] = await chat.says("提示")
    assert hint.startswith("提示：可以说到「先看配置是否一样」（提示过的要点只算 50%）。")
    assert hint.endswith("【练习 1/1】客户：「PR-01太贵了」")
    [hint] = await chat.says("给个提示")
    assert "「型号与关键参数」" in hint

    judged, _card = await chat.says(GOOD)
    assert "得分 75" in judged
    assert "「型号与关键参数」（提示过，算 50%）" in judged


@pytest.mark.usefixtures("library")
async def test_hints_come_to_an_end(chat: Chat) -> None:
    await chat.says("练习 PR-01")
    for _ in range(4):
        await chat.says("提示")

    assert (await chat.says("提示"))[0].startswith(texts.PRACTICE_NO_MORE_HINTS)


@pytest.mark.usefixtures("library")
async def test_whoever_has_enough_stops_and_sees_the_result_so_far(chat: Chat) -> None:
    await chat.says("练习")
    await chat.says(GOOD)

    assert await chat.says("先不练了") == ["[练习结果 · 提前结束]"]

    assert fields(last_card(chat)) == {"得分": "平均 100 分", "轮次": "1 轮"}
    assert await chat.says("结束练习") == [texts.PRACTICE_NOT_OPEN]
    # and what is said then is no answer any more
    assert await chat.says(HALF) == [texts.NOT_UNDERSTOOD]


@pytest.mark.usefixtures("library")
async def test_the_orders_may_be_spoken(chat: Chat) -> None:
    await chat.speaks("来一轮练习。")
    _receipt, hint = await chat.speaks("提示一下。")
    assert isinstance(hint, OutboundText)
    assert "「先看配置是否一样」" in hint.text
    _receipt, skipped = await chat.speaks("下一题。")
    assert isinstance(skipped, OutboundText)
    assert "【练习 2/4】" in skipped.text
    _receipt, card = await chat.speaks("不练了。")
    assert isinstance(card, OutboundCard)
    assert fields(card)["得分"] == "平均 0 分"


@pytest.mark.usefixtures("library")
async def test_whoever_stops_before_any_answer_has_no_result(chat: Chat) -> None:
    await chat.says("练习")
    assert await chat.says("结束练习") == [texts.PRACTICE_STOPPED_EMPTY]
    assert await chat.says("练习记录") == [texts.NO_PRACTICE_RECORD]


@pytest.mark.usefixtures("library")
async def test_the_card_starts_another_session_like_it(chat: Chat) -> None:
    await chat.says("练习 PR-01")
    await chat.says(HALF)
    card = last_card(chat)
    assert fields(card)["最弱"] == "价格（25 分）"
    assert fields(card)["先看"] == "话术 PR-01"

    _closed, opening = await chat.presses(card, actions.PractiseAgain)

    assert isinstance(opening, OutboundText)
    assert opening.text.startswith("练习 PR-01「标题PR-01」，1 轮")


# What else is said meanwhile


@pytest.mark.usefixtures("library")
async def test_commands_and_orders_are_done_and_the_round_still_waits(chat: Chat) -> None:
    await chat.says("练习 PR-01")

    assert (await chat.says("帮助"))[0].startswith("我是拜访助手")
    assert await chat.says("待办") == [texts.NO_TODOS]
    assert (await chat.says("话术库"))[0].startswith("话术库 ")
    assert "排期表" in (await chat.says("新建待办：周五前寄排期表"))[0]

    judged, _card = await chat.says(GOOD)
    assert "得分 100" in judged


@pytest.mark.usefixtures("library")
async def test_a_draft_may_be_changed_in_between(chat: Chat) -> None:
    await chat.says(VISIT)
    await chat.says("练习 PR-01")

    await chat.says("预算改成90万")

    assert fields(chat.draft())["预算"] == "90 万元 ✎"
    assert [entry.state for entry in await rounds(chat)] == ["open"]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("word", ["好的", "谢谢", "您好", "嗯"])
async def test_a_word_is_no_answer(chat: Chat, word: str) -> None:
    await chat.says("练习 PR-01")

    assert await chat.says(word) == [texts.PRACTICE_WAITS.format(line="【练习 1/1】客户：「PR-01太贵了」")]
    assert [entry.state for entry in await rounds(chat)] == ["open"]


@pytest.mark.usefixtures("library")
async def test_what_sounds_like_a_visit_is_asked_about_and_taken_as_one_on_request(chat: Chat) -> None:
    await chat.says("练习 PR-01")

    _receipt, asked = await chat.speaks(VISIT)
    assert isinstance(asked, OutboundText)
    assert asked.text == texts.PRACTICE_LIKE_A_VISIT
    assert await count(chat, Visit) == 0

    assert await chat.says("记拜访") == [
        "好的，按拜访记录整理。练习停在第 1/1 轮，回复「继续练习」接着练。",
        "[拜访记录 · 待确认]",
    ]
    assert fields(chat.draft())["预算"] == "85 万元"
    assert [entry.state for entry in await rounds(chat)] == ["open"]

    [again] = await chat.says("继续练习")
    assert again == f"{texts.PRACTICE_NOT_OVER}\n【练习 1/1】客户：「PR-01太贵了」"
    judged, _card = await chat.says(GOOD)
    assert "得分 100" in judged
    assert await count(chat, Visit) == 1


@pytest.mark.usefixtures("library")
async def test_an_example_that_sounds_like_a_visit_can_be_the_answer_all_the_same(chat: Chat) -> None:
    await chat.says("练习 PR-01")
    await chat.says(f"宁波恒力阀门我昨天刚去了，他们也这么问。{GOOD}")

    judged, _card = await chat.says("算练习")

    assert "得分 100" in judged
    assert await count(chat, Visit) == 0


@pytest.mark.usefixtures("library")
async def test_a_visit_that_only_the_platform_heard_says_that_it_was_not_heard_twice(chat: Chat) -> None:
    await chat.says("练习 PR-01")
    await chat.receives(chat.voice(platform_transcript=VISIT))

    await chat.says("记拜访")

    assert f"⚠ {texts.NOT_CHECKED}" in chat.draft().body


@pytest.mark.usefixtures("library")
async def test_nothing_was_held_that_could_be_decided_on(chat: Chat) -> None:
    await chat.says("练习 PR-01")
    assert await chat.says("记拜访") == [texts.PRACTICE_NOTHING_HELD]


@pytest.mark.usefixtures("library")
async def test_after_ten_minutes_a_note_is_a_note_and_an_answer_still_an_answer(chat: Chat) -> None:
    await chat.says("练习 PR-01")
    await chat.passes(timedelta(minutes=12))

    judged, _card = await chat.says(GOOD)
    assert "得分 100" in judged

    await chat.says("练习 PR-02")
    await chat.passes(timedelta(minutes=12))
    left, card = await chat.says(VISIT)
    assert left == "练习停在第 1/1 轮，这段按拜访记录整理。回复「继续练习」接着练。"
    assert card == "[拜访记录 · 待确认]"

    # what follows is about the visit, until they go on
    assert "[拜访记录 · 待确认]" in await chat.says("他们12月要验厂，要看质保")
    assert (await chat.says("继续练习"))[0].endswith("【练习 1/1】客户：「PR-02太贵了」")
    assert "得分 100" in (await chat.says(GOOD))[0]


# Its state


@pytest.mark.usefixtures("library")
async def test_the_same_answer_brought_twice_is_one(chat: Chat) -> None:
    await chat.says("练习")
    await chat.receives(Text(text=GOOD), event_id="again")
    assert await chat.receives(Text(text=GOOD), event_id="again") == []

    assert [entry.state for entry in await rounds(chat)] == ["answered", "open"]


@pytest.mark.usefixtures("library")
async def test_one_practice_at_a_time_is_shown_again_and_replaced_by_another_kind(chat: Chat) -> None:
    [opening] = await chat.says("练习")
    assert await chat.says("练习") == [f"{texts.PRACTICE_NOT_OVER}\n{opening.splitlines()[-1]}"]
    await chat.says(GOOD)

    card, opening = await chat.says("练习 售后")

    assert card == "[练习结果 · 提前结束]"
    assert "【练习 1/1】" in opening
    async with chat.database.reading() as work:
        states = (await work.session.scalars(select(PracticeSession.state))).all()
    assert sorted(states) == ["open", "stopped"]


@pytest.mark.usefixtures("library")
async def test_a_session_left_alone_is_over_without_a_message_and_says_so_next_time(chat: Chat) -> None:
    await chat.says("练习")
    await chat.says(GOOD)

    assert await chat.passes(timedelta(minutes=31)) == []

    [opening] = await chat.says("练习")
    assert opening.startswith("上次练习停了 30 分钟以上，已经结束：平均 100 分（1 轮）\n练习开始")
    async with chat.database.reading() as work:
        states = (await work.session.scalars(select(PracticeSession.state))).all()
    assert sorted(states) == ["lapsed", "open"]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("word", ["继续练习", "结束练习"])
async def test_a_session_left_alone_can_neither_be_gone_on_with_nor_stopped(chat: Chat, word: str) -> None:
    await chat.says("练习")
    await chat.passes(timedelta(minutes=31))

    assert (await chat.says(word))[0].startswith("上次练习停了 30 分钟以上，已经结束：还没有答过的题")
    assert await chat.says(HALF) == [texts.NOT_UNDERSTOOD]


@pytest.mark.usefixtures("library")
async def test_a_script_that_changed_since_it_was_asked_counts_for_nothing(chat: Chat) -> None:
    await chat.says("练习 价格")
    [waiting] = await rounds(chat)
    await chat.says(f"停用话术 {waiting.code}", sender=MANAGER)

    [told] = await chat.says(GOOD)
    assert told.startswith(f"{waiting.code} 刚刚停用或改过，这一轮不算。")
    assert "【练习 2/2】" in told
    await chat.says(GOOD)

    assert fields(last_card(chat)) == {"得分": "平均 100 分", "轮次": "1 轮"}


def restarted(chat: Chat, *others: ChatPlatform) -> Chat:
    """The same database behind a new process, with more platforms."""
    platforms = {platform.name: platform for platform in (chat.platform, *others)}
    context = replace(chat.context, served=frozenset(platforms))
    handlers = pipeline.job_handlers(
        context, platforms, OutboxSender(chat.database, platforms, media=context.media), keep_done=timedelta(days=14)
    )
    old = chat.worker
    worker = Worker(chat.database, handlers, pipeline.QUEUES, on_tell=old._on_tell, on_park=old._on_park)
    return replace(chat, context=context, worker=worker)


@pytest.mark.usefixtures("library")
async def test_a_restart_between_two_rounds_changes_nothing(chat: Chat) -> None:
    await chat.says("练习")
    await chat.says(GOOD)

    [told] = await restarted(chat).says(HALF)

    assert told.startswith("【练习 2/4】得分 25")


@pytest.mark.usefixtures("library")
async def test_whoever_began_on_one_platform_answers_on_another(chat: Chat) -> None:
    async with chat.database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert rep is not None
        await work.members.link(rep.member_id, "dingtalk", "ding-rep")
    ding = ChatPlatform(name="dingtalk")
    both = restarted(chat, ding)
    await both.says("练习")

    sender = Sender(platform="dingtalk", user_id="ding-rep")
    body = {
        "sent_at": both.clock.now().isoformat(),
        "content": Text(text=GOOD).model_dump(mode="json"),
        "sender": sender.model_dump(mode="json"),
    }
    await pipeline.keep(both.database, "dingtalk", Received("d-1", "ding-rep", body))
    await both.worker.drain()

    [answer] = ding.sent
    assert isinstance(answer, OutboundText)
    assert "【练习 1/4】得分 100" in answer.text
    assert (await both.says(HALF))[0].startswith("【练习 2/4】")


# Looking back


@pytest.mark.usefixtures("library")
async def test_a_rep_sees_their_own_sessions_and_where_they_are_weak(chat: Chat) -> None:
    await chat.says("练习 PR-01")
    await chat.says(HALF)
    await chat.passes(timedelta(days=1))
    await chat.says("练习 交期")
    await chat.says(GOOD)

    assert await chat.says("练习记录") == [
        "您最近的练习：\n11-21（周六） 交期 平均 100 分（1 轮）\n11-20（周五） PR-01 平均 25 分（1 轮）\n"
        "近 30 天最弱：价格（平均 25 分），回复「练习 价格」"
    ]
    assert await chat.says("练习记录", sender=OTHER) == [texts.NO_PRACTICE_RECORD]


@pytest.mark.usefixtures("library")
async def test_a_manager_sees_counts_and_averages_and_no_words(chat: Chat) -> None:
    await chat.says("练习 PR-01")
    await chat.says(HALF)

    [told] = await chat.says("练习情况", sender=MANAGER)

    assert told == "团队练习（近 30 天，只看次数和分数）：\n李晓彤 1 次 1 轮，平均 25 分\n没有练过：赵一鸣"
    assert await chat.says("练习情况") == [texts.NOT_ALLOWED]


# A language model


class FakeCoach:
    """Finds said what the test told it; an error is raised."""

    name = "m·practice.v1"

    def __init__(self, said: Mapping[int, str] | Exception) -> None:
        self.said_by: Mapping[int, str] | Exception = said
        self.asked: list[tuple[tuple[str, ...], str]] = []

    async def said(self, points: Sequence[str], answer: str) -> Mapping[int, str]:
        self.asked.append((tuple(points), answer))
        if isinstance(self.said_by, Exception):
            raise self.said_by
        return self.said_by


async def coached(database: Database, clock: FakeClock, folder: Path, coach: FakeCoach) -> Chat:
    chat = await build(database, clock, folder, coach=coach)
    async with database.work() as work:
        await put(work, "PR-01", "价格")
    return chat


async def test_a_model_sees_what_the_rules_do_not(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    coach = FakeCoach({0: "两家东西得一个样"})
    chat = await coached(database, clock, tmp_path, coach)
    await chat.says("练习")

    judged, _card = await chat.says("两家东西得一个样才好谈，您看呢？")

    assert "得分 25" in judged
    assert "说到了：「先看配置是否一样」" in judged
    assert coach.asked[0][0] == ("先看配置是否一样", "型号与关键参数", "安装和质保", "范围一致再比价，您看行吗")
    assert [entry.detail["by"] for entry in await rounds(chat)] == ["m·practice.v1"]


async def test_where_the_model_fails_the_rules_judge(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    coach = FakeCoach(NoAdvice(ADVICE_AWAY))
    chat = await coached(database, clock, tmp_path, coach)
    await chat.says("练习")

    judged, _card = await chat.says(GOOD)

    assert "得分 100" in judged
    assert [entry.detail["by"] for entry in await rounds(chat)] == ["rules"]


async def test_the_model_is_not_asked_about_orders_and_notes(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    coach = FakeCoach({})
    chat = await coached(database, clock, tmp_path, coach)
    await chat.says(VISIT)
    await chat.says("练习")
    await chat.says("提示")
    await chat.says("话术库")
    await chat.says("帮助")
    await chat.says("好的")

    assert coach.asked == []


# What it looks like elsewhere


@pytest.mark.usefixtures("library")
async def test_the_result_fits_every_platforms_card_and_works_as_text(chat: Chat) -> None:
    await chat.says("练习")
    for _ in range(4):
        await chat.says("跳过")
    card = last_card(chat)

    assert cards.as_text(card).endswith("回复数字操作：\n1 再来一轮")
    assert len(card.fields) <= 8
    assert all(len(field.label) <= 5 for field in card.fields)


async def test_the_card_sent_as_text_is_answered_by_its_number(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await build(database, clock, tmp_path)
    async with database.work() as work:
        await put(work, "PR-01", "价格")
    await chat.says("练习")
    await chat.says("跳过")
    async with database.work() as work:
        card = await work.cards.find(last_card(chat).card_id)
        assert card is not None
        card.as_text = True

    sent = await chat.says("1")

    assert sent[-1].startswith("练习开始，共 1 轮")


@pytest.mark.usefixtures("library")
async def test_evidence_of_an_answer_stays_with_nobodys_visit(chat: Chat) -> None:
    await chat.says("练习 PR-01")
    await chat.says(GOOD)
    await chat.says(VISIT)

    async with chat.database.reading() as work:
        kept = (await work.session.scalars(select(Evidence).where(Evidence.text == GOOD))).one()
    assert kept.visit_id is None
