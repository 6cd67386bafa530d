"""A script proposed in the chat, and what the manager says to it."""

from storage.models import Script
from tests.chat import MANAGER, OTHER, REP, Chat

PROPOSAL = "新增话术 先看停机\n停机谁赔|停一天损失多大\n您放心，备件先到。\n- 清单今天给您"


async def script(chat: Chat, code: str = "TM-01") -> Script | None:
    async with chat.database.reading() as work:
        return await work.scripts.find(code)


async def test_a_proposal_goes_to_the_manager_and_counts_once_approved(chat: Chat) -> None:
    told = await chat.says(PROPOSAL)

    assert "已记为草稿 TM-01「先看停机」，请陈志远审批，有结果会告诉您。" in told
    [asked] = chat.texts(of=MANAGER)
    assert "李晓彤提议新增话术 TM-01「先看停机」\n客户会说：停机谁赔 / 停一天损失多大\n您放心，备件先到。" in asked
    proposed = await script(chat)
    assert proposed is not None
    assert (proposed.status, proposed.approved_by) == ("draft", None)

    told = await chat.says("通过话术 TM-01", sender=MANAGER)

    assert "已通过 TM-01「先看停机」，从现在起可以用。" in told
    assert "您提议的话术 TM-01「先看停机」已由陈志远通过。" in chat.texts(of=REP)
    approved = await script(chat)
    assert approved is not None
    assert (approved.status, approved.phrasings) == ("approved", ["停机谁赔", "停一天损失多大"])
    assert await chat.says("退回话术 TM-01", sender=MANAGER) == ["TM-01 不是待审的草稿，没有改动。"]


async def test_a_proposal_sent_back_is_never_offered(chat: Chat) -> None:
    await chat.says(PROPOSAL)
    await chat.says("退回话术 TM-01", sender=MANAGER)

    returned = await script(chat)
    assert returned is not None
    assert returned.status == "retired"
    assert "没有 TM-01" in (await chat.says("话术 TM-01", sender=OTHER))[0]
    assert any("退回了" in text for text in chat.texts(of=REP))


async def test_a_rep_approves_nothing(chat: Chat) -> None:
    await chat.says(PROPOSAL)
    for sender in (REP, OTHER):
        await chat.says("通过话术 TM-01", sender=sender)

    proposed = await script(chat)
    assert proposed is not None
    assert proposed.status == "draft"


async def test_what_a_manager_adds_needs_nobody_else(chat: Chat) -> None:
    assert await chat.says(PROPOSAL, sender=MANAGER) == ["已收进话术库：TM-01「先看停机」，从现在起可以用。"]


async def test_what_is_missing_is_asked_for(chat: Chat) -> None:
    assert "还差标题、客户会说的话、怎么回答" in (await chat.says("新增话术"))[0]
    assert "还差怎么回答" in (await chat.says("新增话术 先看停机\n停机谁赔"))[0]
    assert "未知占位符：{折扣}" in (await chat.says("新增话术 题\n贵\n给您{折扣}"))[0]
    assert await script(chat) is None
