"""What reps answered before a deal moved on, offered to their leader as drafts."""

from datetime import timedelta
from pathlib import Path

from handlers import actions
from handlers.messages import OutboundCard
from storage.database import Database
from storage.models import Script
from tests.chat import MANAGER, OTHER, REP, Chat, build, fields, said, screenshot
from tests.fakes import FakeClock

ADMIN = "hejia"
FIRST = (
    "今天去恒力见了采购部王经理，讲了一下技术方案。他嫌我们比竞品贵百分之十五，"
    "我跟他说您把五年的电费和停机都算进去，其实是省的。他说回去算算。"
)
LATER = "今天又去了恒力，见了王经理，合同已经签了。"
REPLY = "您把五年的电费和停机都算进去，其实是省的"


async def confirms(chat: Chat, words: str, *, sender: str = REP) -> None:
    await chat.says(words, sender=sender)
    await chat.presses(chat.cards("拜访记录", of=sender)[-1], actions.ConfirmVisit, sender=sender)
    chat.clock.advance(timedelta(minutes=20))


async def library(chat: Chat) -> list[Script]:
    async with chat.database.reading() as work:
        return list(await work.scripts.all())


async def test_an_answer_before_a_deal_moved_on_becomes_a_draft_when_the_leader_takes_it(chat: Chat) -> None:
    await confirms(chat, FIRST)
    assert (await chat.says("话术线索", sender=MANAGER))[0].startswith("还没有话术线索")
    chat.clock.advance(timedelta(days=7))
    await confirms(chat, LATER)

    assert await chat.says("话术线索", sender=MANAGER) == [
        "话术线索 1 条（客户提了异议，我方有原话，30 天内往前推进了；只供参考，原话未必是原因）：\n"
        "#1 宁波恒力阀门有限公司 11-20（周五）（李晓彤，之后到「合同签订」）\n"
        "客户：「比竞品贵百分之十五」\n"
        f"我方：「{REPLY}」\n"
        "收成草稿：采纳线索 1"
    ]
    assert await library(chat) == []

    told = await chat.says("采纳线索 1", sender=MANAGER)
    assert any(text.startswith("已按原话记为草稿 TM-01「比竞品贵百分之十五」，还没有启用。") for text in told)
    [draft] = await library(chat)
    assert (draft.status, draft.body, draft.phrasings) == ("draft", REPLY, ["比竞品贵百分之十五"])
    assert draft.category == "价格"
    [card] = chat.cards("话术待审批", of=MANAGER)
    assert fields(card)["来源"] == "拜访记录 #1 11-20（周五） 宁波恒力阀门有限公司"
    assert await chat.says("采纳线索 1", sender=MANAGER) == [
        "没有 1 号线索，或者已经采纳过了。回复「话术线索」看现在的清单。"
    ]

    await chat.says("修改话术 TM-01\n标题：算五年的账", sender=MANAGER)
    await chat.presses(chat.cards("话术待审批", of=MANAGER)[-1], actions.ApproveScript, sender=MANAGER)
    [approved] = await library(chat)
    assert (approved.status, approved.title) == ("approved", "算五年的账")


async def test_in_a_screenshot_the_bubble_that_answers_is_quoted(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await build(database, clock, tmp_path, reads_pictures=True)
    await confirms(chat, "今天去恒力见了采购部王经理，讲了一下技术方案。")
    shown = screenshot(
        said("left", "你们比华锐贵太多了"),
        said("right", f"{REPLY}。"),
        said("left", "好的，我再看看"),
        title="恒力王经理",
    )
    await chat.shows(shown)
    await chat.says("客户是恒力")
    await chat.says("风险去掉")
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    chat.clock.advance(timedelta(days=7))
    await confirms(chat, LATER)

    [told] = await chat.says("话术线索", sender=MANAGER)
    assert f"客户：「比华锐贵」\n我方：「{REPLY}」" in told


async def test_without_words_of_ours_there_is_no_clue(chat: Chat) -> None:
    await confirms(chat, "今天去恒力见了采购部王经理，讲了一下技术方案。他嫌我们比竞品贵百分之十五，回去再商量。")
    chat.clock.advance(timedelta(days=7))
    await confirms(chat, LATER)

    assert (await chat.says("话术线索", sender=MANAGER))[0].startswith("还没有话术线索")


async def test_who_does_not_lead_the_rep_sees_no_words_of_theirs(chat: Chat) -> None:
    await confirms(chat, FIRST)
    chat.clock.advance(timedelta(days=7))
    await confirms(chat, LATER)
    async with chat.database.work() as work:
        stranger = await work.members.add("韩冬", ["manager"])
        await work.members.link(stranger.member_id, "wecom", "handong")

    for sender in (REP, OTHER, ADMIN):
        assert await chat.says("话术线索", sender=sender) == ["您没有这个操作的权限。"]
    assert (await chat.says("话术线索", sender="handong"))[0].startswith("还没有话术线索")
    assert "没有 1 号线索" in (await chat.says("采纳线索 1", sender="handong"))[0]
    # the source's customer is for those who may read the record
    await chat.says("采纳线索 1", sender=MANAGER)
    await chat.says("待审话术 TM-01", sender=ADMIN)
    [card] = chat.cards("话术待审批", of=ADMIN)
    assert isinstance(card, OutboundCard)
    assert fields(card)["来源"] == "拜访记录 #1 11-20（周五）"
