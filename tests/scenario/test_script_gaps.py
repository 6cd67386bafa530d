"""What the library has no answer to, and how a manager answers it into the library."""

from collections.abc import Iterable
from datetime import timedelta

from storage.models import Script
from tests.chat import MANAGER, OTHER, REP, VISIT, Chat, fields

ADMIN = "hejia"
ANSWER = "您放心，关机之前我们先把备件运到。\n- 备件清单今天给您"


async def has_asked(chat: Chat, words: str, *, sender: str = REP, category: str = "", key: str = "") -> int:
    async with chat.database.work() as work:
        member = await work.members.by_identity("wecom", sender)
        assert member is not None
        question = await work.scripts.asked(
            key or f"{sender}:{words}", member.member_id, words, customer_id=None, category=category, offered=[]
        )
        return question.question_id


async def library(chat: Chat) -> Iterable[Script]:
    async with chat.database.reading() as work:
        return await work.scripts.all()


async def test_the_same_question_is_one_gap(chat: Chat) -> None:
    await has_asked(chat, "停机一天谁赔？", category="售后")
    await has_asked(chat, "停机一天，谁赔", sender=OTHER)
    await has_asked(chat, "老板是外国人怎么聊")

    [told] = await chat.says("话术缺口", sender=MANAGER)

    assert told == (
        "话术缺口 2 个（问了没有话术可答）：\n"
        "#1 停机一天谁赔？（问过 2 次） · 接近「售后」\n"
        "#3 老板是外国人怎么聊\n"
        "回答：回答缺口 1：要说的话\n"
        "不需要回答：忽略缺口 1"
    )
    assert await chat.says("话术缺口", sender=ADMIN) == [told]


async def test_an_answer_is_in_the_library_at_once_and_the_askers_hear_of_it_once(chat: Chat) -> None:
    async with chat.database.work() as work:
        work.scripts.add(
            Script(code="SV-07", title="题", category="售后", body="好", phrasings=["坏了"], status="approved")
        )
    await has_asked(chat, "停机一天谁赔？", category="售后")
    await has_asked(chat, "停机一天谁赔", key="again")
    await has_asked(chat, "停机一天，谁赔", sender=OTHER)

    told = await chat.says(f"回答缺口 1：{ANSWER}", sender=MANAGER)
    assert "已收进话术库：SV-08，从现在起可以用。会告诉问过的 2 位同事。" in told
    assert await chat.says(f"回答缺口 1：{ANSWER}", sender=MANAGER) == [
        "没有 1 号缺口，或者已经处理过了。回复「话术缺口」看现在的清单。"
    ]
    await chat.lives_until(chat.clock.now() + timedelta(days=1))

    [_, script] = await library(chat)
    assert (script.code, script.status, script.category, script.body) == ("SV-08", "approved", "售后", ANSWER)
    assert script.phrasings == ["停机一天谁赔？"]
    for asker in (REP, OTHER):
        [heard] = [text for text in chat.texts(of=asker) if "有话术了" in text]
        assert heard == f"您问过的「停机一天谁赔？」有话术了（陈志远，SV-08）：\n{ANSWER}"
    assert await chat.says("话术缺口", sender=MANAGER) == ["没有话术缺口：大家问到的都有话术可答。"]


async def test_without_a_category_the_code_is_the_teams(chat: Chat) -> None:
    await has_asked(chat, "甲怎么办")
    await has_asked(chat, "乙怎么办")

    await chat.says("回答缺口 1：好的", sender=MANAGER)
    await chat.says("回答缺口 2 没问题", sender=MANAGER)

    assert [(script.code, script.body) for script in await library(chat)] == [("TM-01", "好的"), ("TM-02", "没问题")]


async def test_a_gap_can_be_set_aside(chat: Chat) -> None:
    await has_asked(chat, "停机一天谁赔？")

    assert await chat.says("忽略缺口 1", sender=MANAGER) == ["好的，不再列出缺口 1「停机一天谁赔？」。"]

    assert await chat.says("话术缺口", sender=MANAGER) == ["没有话术缺口：大家问到的都有话术可答。"]
    assert list(await library(chat)) == []


async def test_words_that_the_library_cannot_keep_are_refused_with_the_reason(chat: Chat) -> None:
    await has_asked(chat, "停机一天谁赔？")

    [told] = await chat.says("回答缺口 1：赔{赔款}", sender=MANAGER)
    assert "未知占位符：{赔款}" in told
    assert "{我方报价}".strip("{}") in told
    [told] = await chat.says("回答缺口 1", sender=MANAGER)
    assert told.startswith("该怎么回答客户？")
    assert list(await library(chat)) == []


async def test_a_rep_sees_no_gaps_and_a_leader_of_others_not_these(chat: Chat) -> None:
    await has_asked(chat, "停机一天谁赔？")
    async with chat.database.work() as work:
        stranger = await work.members.add("林远", ["manager"])
        await work.members.link(stranger.member_id, "wecom", "linyuan")

    [refused] = await chat.says("话术缺口", sender=REP)
    assert "停机" not in refused
    assert await chat.says("话术缺口", sender="linyuan") == ["没有话术缺口：大家问到的都有话术可答。"]
    assert "没有 1 号缺口" in (await chat.says("回答缺口 1：好的", sender="linyuan"))[0]


async def test_an_answer_changes_no_open_draft(chat: Chat) -> None:
    await has_asked(chat, "预算不够怎么办")
    await chat.says(VISIT, sender=MANAGER)

    told = await chat.says("回答缺口 1：预算改成90万就够了", sender=MANAGER)

    assert told[0] == "已收进话术库：TM-01，从现在起可以用。会告诉问过的 1 位同事。"
    assert not any("90" in value for value in fields(chat.draft()).values())
    assert len(chat.cards("拜访记录")) == 1
