"""A script proposed in the chat, a change of one, and what the manager says to it."""

from datetime import timedelta

import pytest

from bot.platform import Capabilities
from handlers import actions, script_approval
from handlers.messages import OutboundCard, OutboundText
from storage.base import JsonObject
from storage.models import Script, ScriptProposal
from tests.chat import FRIDAY, MANAGER, OTHER, REP, VISIT, Chat, closings, fields

ADMIN, DIRECTOR = "hejia", "zhoumin"
PROPOSAL = "新增话术 先看停机\n停机谁赔|停一天损失多大\n您放心，备件先到。\n- 清单今天给您"
CHANGE = "修改话术 PR-01\n标题：算总账\n话术：您先别急。\n- 看五年总成本"


@pytest.fixture(autouse=True)
async def library(chat: Chat) -> None:
    async with chat.database.work() as work:
        work.scripts.add(
            Script(
                code="PR-01",
                title="总成本",
                category="价格",
                plan_kind="提问",
                body="好",
                phrasings=["贵"],
                status="approved",
            )
        )


async def script(chat: Chat, code: str = "TM-01") -> Script:
    async with chat.database.reading() as work:
        found = await work.scripts.find(code)
        assert found is not None
        return found


async def proposals(chat: Chat, state: str = "open") -> list[ScriptProposal]:
    async with chat.database.reading() as work:
        found = [await work.scripts.find_proposal(number) for number in range(1, 20)]
        return [one for one in found if one is not None and one.state == state]


async def audit(chat: Chat, code: str) -> list[tuple[JsonObject | None, JsonObject | None]]:
    async with chat.database.reading() as work:
        return [(entry.before, entry.after) for entry in await work.audit.of(f"script:{code}")]


def card(chat: Chat, of: str = MANAGER) -> OutboundCard:
    """The newest card of theirs about something proposed."""
    return chat.cards("话术待审批", of=of)[-1]


# A new script


async def test_a_proposal_goes_to_the_manager_and_counts_once_approved(chat: Chat) -> None:
    told = await chat.says(PROPOSAL)

    assert "已记为草稿 TM-01「先看停机」，请陈志远审批，有结果会告诉您。" in told
    assert card(chat).subtitle == "李晓彤提议新增 TM-01「先看停机」"
    assert fields(card(chat)) == {"标题": "先看停机", "客户会说": "停机谁赔 / 停一天损失多大"}
    assert card(chat).body == "您放心，备件先到。\n- 清单今天给您"
    proposed = await script(chat)
    assert (proposed.status, proposed.approved_by) == ("draft", None)

    pressed = card(chat)
    sent = await chat.presses(pressed, actions.ApproveScript, sender=MANAGER)

    assert closings(sent) == ["已通过"]
    assert "已通过 TM-01「先看停机」，从现在起可以用。" in chat.texts(of=MANAGER)
    assert "您提议的话术 TM-01「先看停机」已由陈志远通过。" in chat.texts(of=REP)
    approved = await script(chat)
    assert (approved.status, approved.phrasings) == ("approved", ["停机谁赔", "停一天损失多大"])
    assert await chat.says("退回话术 TM-01", sender=MANAGER) == ["TM-01 没有待审的草稿或修改，没有改动。"]


async def test_words_do_what_the_buttons_do(chat: Chat) -> None:
    await chat.says(PROPOSAL)

    told = await chat.says("通过话术 tm-01", sender=MANAGER)

    assert "已通过 TM-01「先看停机」，从现在起可以用。" in told
    assert "[→ 已通过]" in told
    assert (await script(chat)).status == "approved"


async def test_a_proposal_sent_back_is_never_offered_and_the_proposer_hears_why(chat: Chat) -> None:
    await chat.says(PROPOSAL)
    sent = await chat.presses(card(chat), actions.ReturnScript, sender=MANAGER)

    assert closings(sent) == ["已退回"]
    [asked] = [text for text in chat.texts(of=MANAGER) if "已退回 TM-01「先看停机」，不收进话术库。" in text]
    assert asked.endswith("为什么退回？回复一句话（语音也行），我转告李晓彤；不写就回复「跳过」。")
    assert (await script(chat)).status == "retired"
    assert "没有 TM-01" in (await chat.says("话术 TM-01", sender=OTHER))[0]
    assert "您提议的话术 TM-01「先看停机」被陈志远退回了，改好可以重新新增。" in chat.texts(of=REP)

    sent = await chat.speaks("停机赔偿我们没有承诺过。", sender=MANAGER)
    assert OutboundText(text="已转告李晓彤。") in sent
    await chat.lives_until(chat.clock.now() + timedelta(hours=1))
    assert "陈志远退回 TM-01 的原因：停机赔偿我们没有承诺过" in chat.texts(of=REP)
    [returned] = await proposals(chat, "returned")
    assert returned.reason == "停机赔偿我们没有承诺过"


async def test_the_reason_may_stay_out_and_news_is_none(chat: Chat) -> None:
    await chat.says(PROPOSAL)
    await chat.presses(card(chat), actions.ReturnScript, sender=MANAGER)

    assert await chat.says(VISIT, sender=MANAGER) == ["[拜访记录 · 待确认]"]
    assert await chat.says("跳过", sender=MANAGER) == ["好的，不写。"]
    [returned] = await proposals(chat, "returned")
    assert returned.reason is None


async def test_the_reason_may_come_along(chat: Chat) -> None:
    await chat.says(PROPOSAL)
    told = await chat.says("退回话术 TM-01：说法太绝对", sender=MANAGER)

    assert "已退回 TM-01「先看停机」，不收进话术库。" in told
    assert "您提议的话术 TM-01「先看停机」被陈志远退回了（说法太绝对），改好可以重新新增。" in chat.texts(of=REP)


async def test_a_rep_approves_nothing(chat: Chat) -> None:
    await chat.says(PROPOSAL)
    for sender in (REP, OTHER):
        assert await chat.says("通过话术 TM-01", sender=sender) == ["您没有这个操作的权限。"]

    assert (await script(chat)).status == "draft"


async def test_what_a_manager_or_an_admin_adds_needs_nobody_else(chat: Chat) -> None:
    assert await chat.says(PROPOSAL, sender=MANAGER) == ["已收进话术库：TM-01「先看停机」，从现在起可以用。"]
    assert await chat.says(PROPOSAL, sender=ADMIN) == ["已收进话术库：TM-02「先看停机」，从现在起可以用。"]
    assert chat.cards("话术待审批") == []


async def test_what_the_library_cannot_take_is_refused(chat: Chat) -> None:
    assert "未知占位符：{折扣}" in (await chat.says("新增话术 题\n贵\n给您{折扣}"))[0]
    assert "没有类型「讲故事」" in (await chat.says("新增话术 题\n贵\n好\n类型：讲故事"))[0]
    async with chat.database.reading() as work:
        assert [one.code for one in await work.scripts.all()] == ["PR-01"]


async def test_kind_and_category_may_be_named(chat: Chat) -> None:
    await chat.says("新增话术 题\n类型：案例\n类别：价格\n客户会说：贵|真贵\n话术：好\n- 看", sender=MANAGER)

    added = await script(chat, "PR-02")
    assert (added.title, added.plan_kind, added.category) == ("题", "案例", "价格")
    assert (added.phrasings, added.body) == (["贵", "真贵"], "好\n- 看")


# To whom it goes


async def test_the_card_waits_for_working_hours_and_is_not_sent_for_what_is_decided(chat: Chat) -> None:
    chat.clock.advance(timedelta(hours=6))
    await chat.says(PROPOSAL)
    await chat.says("新增话术 又一条\n贵\n好")
    assert chat.cards("话术待审批") == []

    await chat.says("通过话术 TM-02", sender=MANAGER)
    await chat.lives_until(FRIDAY + timedelta(days=3))

    [only] = chat.cards("话术待审批")
    assert "TM-01" in only.subtitle


async def test_without_a_manager_the_admin_is_asked(chat: Chat) -> None:
    async with chat.database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert rep is not None
        rep.manager_id = None

    assert "已记为草稿 TM-01「先看停机」，请何佳审批，有结果会告诉您。" in await chat.says(PROPOSAL)
    await chat.presses(card(chat, ADMIN), actions.ApproveScript, sender=ADMIN)
    assert (await script(chat)).status == "approved"


async def test_with_nobody_to_ask_the_proposer_is_told_so(chat: Chat) -> None:
    async with chat.database.work() as work:
        for user_id in (MANAGER, DIRECTOR, ADMIN):
            member = await work.members.by_identity("wecom", user_id)
            assert member is not None
            work.members.leave(member)

    assert "现在找不到能审批的主管或管理员" in (await chat.says(PROPOSAL))[0]


async def test_who_leads_the_proposer_sees_what_waits_and_gets_the_card(chat: Chat) -> None:
    assert await chat.says("待审话术", sender=DIRECTOR) == ["没有待您审批的话术。"]
    await chat.says(PROPOSAL)
    await chat.says(CHANGE, sender=OTHER)

    assert await chat.says("待审话术", sender=DIRECTOR) == [
        "待审话术 2 条：\nTM-01 先看停机（李晓彤，新增）\nPR-01 总成本（赵一鸣，修改）\n看内容并审批：待审话术 TM-01"
    ]
    await chat.says("待审话术 TM-01", sender=DIRECTOR)
    await chat.presses(card(chat, DIRECTOR), actions.ApproveScript, sender=DIRECTOR)
    assert (await script(chat)).status == "approved"
    # the manager's card is closed along with it
    sent = await chat.presses(chat.cards("话术待审批", of=MANAGER)[0], actions.ReturnScript, sender=MANAGER)
    assert sent == [OutboundText(text="这张卡片已经处理过了（已通过）。")]


async def test_a_press_delivered_twice_counts_once(chat: Chat) -> None:
    await chat.says(PROPOSAL)
    pressed = card(chat)
    await chat.presses(pressed, actions.ApproveScript, sender=MANAGER, event_id="click")
    assert await chat.presses(pressed, actions.ApproveScript, sender=MANAGER, event_id="click") == []

    await chat.lives_until(chat.clock.now() + timedelta(hours=2))
    assert len([text for text in chat.texts(of=REP) if "已由陈志远通过" in text]) == 1
    assert (await script(chat)).version == 2


async def test_where_there_are_no_cards_numbers_do_it(chat: Chat) -> None:
    chat.platform.capabilities = Capabilities(cards=False)
    await chat.says(PROPOSAL)

    [shown] = chat.texts(of=MANAGER)
    assert shown == (
        "【话术待审批】李晓彤提议新增 TM-01「先看停机」\n标题：先看停机\n客户会说：停机谁赔 / 停一天损失多大\n"
        "您放心，备件先到。\n- 清单今天给您\n回复数字操作：\n1 通过\n2 退回"
    )
    told = await chat.says("1", sender=MANAGER)

    assert "已通过 TM-01「先看停机」，从现在起可以用。" in told


# A change


async def test_a_leader_changes_a_script_at_once_and_only_what_was_said(chat: Chat) -> None:
    assert await chat.says(CHANGE, sender=MANAGER) == ["已修改 PR-01「算总账」的标题、回答，现在是第 2 版。"]

    changed = await script(chat, "PR-01")
    assert (changed.title, changed.body, changed.version) == ("算总账", "您先别急。\n- 看五年总成本", 2)
    assert (changed.phrasings, changed.category, changed.plan_kind) == (["贵"], "价格", "提问")
    assert await audit(chat, "PR-01") == [
        (
            {"title": "总成本", "body": "好", "version": 1},
            {"title": "算总账", "body": "您先别急。\n- 看五年总成本", "version": 2},
        )
    ]
    assert await chat.says(CHANGE, sender=MANAGER) == ["PR-01 本来就是这样写的，没有改动。"]


async def test_a_reps_change_waits_and_the_approved_words_stay_in_use(chat: Chat) -> None:
    told = await chat.says(f"{CHANGE}\n客户会说：贵|太贵\n类型：成本优化清单\n类别：付款")

    [answer] = [
        text for text in told if text.startswith("已提议修改 PR-01「总成本」的标题、客户会说的话、回答、类型、类别")
    ]
    assert answer.endswith("，请陈志远审批，有结果会告诉您。通过前仍用现在的话术。")
    assert card(chat).subtitle == "李晓彤提议修改 PR-01「总成本」"
    assert fields(card(chat)) == {
        "标题": "总成本 → 算总账",
        "客户会说": "贵 → 贵 / 太贵",
        "类型": "提问 → 成本优化清单",
        "类别": "价格 → 付款",
    }
    assert card(chat).body == "原话术：\n好\n改为：\n您先别急。\n- 看五年总成本"
    waiting = await script(chat, "PR-01")
    assert (waiting.title, waiting.status, waiting.version) == ("总成本", "approved", 1)

    await chat.presses(card(chat), actions.ApproveScript, sender=MANAGER)

    changed = await script(chat, "PR-01")
    assert (changed.title, changed.status, changed.version) == ("算总账", "approved", 2)
    assert (changed.phrasings, changed.plan_kind, changed.category) == (["贵", "太贵"], "成本优化清单", "付款")
    assert "您对话术 PR-01「算总账」的修改已由陈志远通过。" in chat.texts(of=REP)


async def test_a_change_sent_back_leaves_the_script_as_it_is(chat: Chat) -> None:
    await chat.says(CHANGE)
    told = await chat.says("退回话术 PR-01 口气不对", sender=MANAGER)

    assert "已退回对 PR-01「总成本」的修改，话术照旧。" in told
    assert (await script(chat, "PR-01")).version == 1
    assert "您对话术 PR-01「总成本」的修改被陈志远退回了（口气不对），话术照旧。" in chat.texts(of=REP)


async def test_a_change_of_what_changed_meanwhile_is_refused(chat: Chat) -> None:
    await chat.says(CHANGE)
    await chat.says("修改话术 PR-01\n话术：别的", sender=DIRECTOR)

    sent = await chat.presses(card(chat), actions.ApproveScript, sender=MANAGER)

    assert (
        OutboundText(text="PR-01 在李晓彤提议之后改过了（现在是第 2 版），这个修改没有生效。已请李晓彤看过新版再提。")
        in sent
    )
    assert closings(sent) == ["话术已改，未生效"]
    assert (await script(chat, "PR-01")).body == "别的"
    assert any("PR-01 的修改没有生效" in text for text in chat.texts(of=REP))


async def test_of_two_changes_of_one_rep_the_later_counts(chat: Chat) -> None:
    await chat.says(CHANGE)
    told = await chat.says("修改话术 PR-01\n话术：改主意了")

    assert "[→ 已更新，见新卡]" in told
    await chat.says("通过话术 PR-01", sender=MANAGER)
    changed = await script(chat, "PR-01")
    assert (changed.title, changed.body) == ("总成本", "改主意了")


async def test_two_reps_changes_of_one_script_are_told_apart(chat: Chat) -> None:
    await chat.says(CHANGE)
    await chat.says("修改话术 PR-01\n话术：另一种", sender=OTHER)

    assert await chat.says("通过话术 PR-01", sender=MANAGER) == [
        "PR-01 有 2 个提议待审（李晓彤、赵一鸣），请在卡片上处理，或带上名字，例如：通过话术 PR-01 李晓彤"
    ]
    await chat.says("通过话术 PR-01 赵一鸣", sender=MANAGER)
    assert (await script(chat, "PR-01")).body == "另一种"
    assert "这个修改没有生效" in "".join(await chat.says("通过话术 PR-01", sender=MANAGER))


async def test_a_draft_is_changed_by_its_proposer_and_the_manager_sees_the_new_words(chat: Chat) -> None:
    await chat.says(PROPOSAL)
    told = await chat.says("修改话术 TM-01\n话术：备件当天到。")

    assert "草稿 TM-01「先看停机」的回答已改，请陈志远审批。" in told
    assert "[→ 已更新，见新卡]" in told
    assert card(chat).body == "备件当天到。"
    await chat.presses(card(chat), actions.ApproveScript, sender=MANAGER)
    approved = await script(chat)
    assert (approved.status, approved.body) == ("approved", "备件当天到。")


async def test_what_cannot_be_changed_is_said_politely(chat: Chat) -> None:
    await chat.says("停用话术 PR-01", sender=MANAGER)
    assert await chat.says(CHANGE) == ["PR-01 已停用，没有改动。"]
    await chat.says(PROPOSAL)
    assert "话术库里没有 TM-01" in (await chat.says("修改话术 TM-01\n话术：好", sender=OTHER))[0]
    assert "要改 TM-01「先看停机」的什么？" in (await chat.says("修改话术 TM-01"))[0]
    told = (await chat.says("修改话术 TM-01\n话术：给您{折扣}\n标题："))[0]
    assert "TM-01 没有改动：未知占位符：{折扣}；标题是空的。" in told
    assert "超过 2000 个字" in (await chat.says(f"修改话术 TM-01\n话术：{'长' * 2001}"))[0]
    assert "「改一下吧」看不出是哪一项" in (await chat.says("修改话术 TM-01 改一下吧"))[0]
    assert (await script(chat)).version == 1


async def test_a_draft_taken_out_of_use_is_approved_by_nobody(chat: Chat) -> None:
    await chat.says(PROPOSAL)
    await chat.says("停用话术 TM-01", sender=DIRECTOR)

    sent = await chat.presses(card(chat), actions.ApproveScript, sender=MANAGER)
    assert OutboundText(text="TM-01 已经不是草稿了，没有改动。") in sent
    assert (await script(chat)).status == "retired"


async def test_a_draft_that_came_with_an_import_is_approved_in_words(chat: Chat) -> None:
    async with chat.database.work() as work:
        work.scripts.add(Script(code="IM-01", title="题", body="好", phrasings=["贵"], status="draft"))

    assert "话术库里没有 IM-01" in (await chat.says("通过话术 IM-01", sender=MANAGER))[0]
    assert await chat.says("通过话术 IM-01", sender=ADMIN) == ["已通过 IM-01「题」，从现在起可以用。"]


def test_what_is_no_name_is_the_beginning_of_a_reason() -> None:
    judgement = script_approval.read_judgement("退回话术 TM-01 太绝对")
    assert judgement is not None
    assert (judgement.proposer, judgement.reason) == ("太绝对", "")
    assert script_approval.read_judgement("退回话术很难") is None
