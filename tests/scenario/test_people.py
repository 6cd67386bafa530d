"""People come and go in the chat: invitations, leaving, coming back, and whose customers are whose."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from handlers import actions, texts
from handlers.messages import DirectoryChange
from nlp.transcript import Transcript
from storage.models import AuditEntry, Evidence, Identity, Invite, Member
from tests.chat import FRIDAY, MANAGER, OTHER, REP, VISIT, Chat, closings, fields, heard

ADMIN = "hejia"
NEW = "zhangsan"


def code_in(answers: Sequence[str]) -> str:
    [answer] = answers
    found = re.search(r"绑定 ([A-Z0-9]{8})", answer)
    assert found is not None, answer
    return found[1]


async def member(chat: Chat, name: str) -> Member:
    async with chat.database.reading() as work:
        found = (await work.session.scalars(select(Member).where(Member.name == name))).all()
    return found[-1]


def closed_to_strangers(chat: Chat) -> Chat:
    """The same chat, where nobody is taken in who is not in the list."""
    settings = replace(chat.context.settings, auto_register=False)
    object.__setattr__(chat.context, "settings", settings)
    return chat


# Invitations


@pytest.mark.parametrize("takes_in_strangers", [True, False])
async def test_an_admin_invites_and_the_new_colleague_binds_their_account(chat: Chat, takes_in_strangers: bool) -> None:
    if not takes_in_strangers:
        closed_to_strangers(chat)
    code = code_in(await chat.says("邀请 张三 销售 上级 陈志远 区域 华东", sender=ADMIN))

    greeting, told = await chat.says(f"绑定 {code[:4].lower()}-{code[4:]}", sender=NEW)

    assert told == "张三 已绑定企业微信账号。"
    assert greeting.startswith("绑定成功，张三您好。")
    bound = await member(chat, "张三")
    assert (bound.roles, bound.manager_id, bound.region) == (
        ["sales"],
        (await member(chat, "陈志远")).member_id,
        "华东",
    )
    assert "[拜访记录 · 待确认]" in await chat.says("今天拜访了宁波恒力阀门，预算80万", sender=NEW)


async def test_a_code_is_kept_as_a_hash_only_and_is_no_note(chat: Chat) -> None:
    code = code_in(await chat.says("邀请 张三", sender=ADMIN))
    await chat.says(f"绑定 {code}", sender=NEW)

    async with chat.database.reading() as work:
        [invite] = (await work.session.scalars(select(Invite))).all()
        kept = [evidence.text or "" for evidence in await work.session.scalars(select(Evidence))]
        noted = [str((entry.before, entry.after)) for entry in await work.session.scalars(select(AuditEntry))]
    assert code not in invite.code_sha256.upper()
    assert not any(code in text for text in (*kept, *noted))


async def test_a_code_is_good_once_and_for_a_week(chat: Chat) -> None:
    code = code_in(await chat.says("邀请 张三", sender=ADMIN))
    assert (await chat.says(f"绑定 {code}", sender=NEW))[0].startswith("绑定成功")
    assert await chat.says(f"绑定 {code}", sender="lisi") == [texts.BIND_USED]

    late = code_in(await chat.says("邀请 王五", sender=ADMIN))
    await chat.lives_until(FRIDAY + timedelta(days=8))
    assert await chat.says(f"绑定 {late}", sender="wangwu") == [texts.BIND_EXPIRED.format(days=7)]


async def test_a_new_code_makes_the_last_one_worthless(chat: Chat) -> None:
    first = code_in(await chat.says("邀请 张三", sender=ADMIN))
    second = code_in(await chat.says("邀请 张三", sender=ADMIN))

    assert await chat.says(f"绑定 {first}", sender=NEW) == [texts.BIND_EXPIRED.format(days=7)]
    assert (await chat.says(f"绑定 {second}", sender=NEW))[0].startswith("绑定成功")


async def test_whoever_guesses_is_not_listened_to_for_an_hour(chat: Chat) -> None:
    code = code_in(await chat.says("邀请 张三", sender=ADMIN))
    for place in range(5):
        assert await chat.says(f"绑定 ABCD234{place + 2}", sender=NEW) == [texts.BIND_WRONG]

    assert await chat.says(f"绑定 {code}", sender=NEW) == [texts.BIND_TOO_MANY]
    assert (await chat.says("绑定 WXYZ2345", sender="lisi")) == [texts.BIND_WRONG]
    await chat.passes(timedelta(minutes=61))
    assert (await chat.says(f"绑定 {code}", sender=NEW))[0].startswith("绑定成功")


async def test_somebody_who_wrote_before_being_invited_keeps_what_they_wrote(chat: Chat) -> None:
    await chat.says("今天拜访了宁波恒力阀门，预算80万", sender=NEW)
    code = code_in(await chat.says("邀请 张三", sender=ADMIN))

    await chat.says(f"绑定 {code}", sender=NEW)

    bound = await member(chat, "张三")
    async with chat.database.reading() as work:
        assert len(await work.visits.drafts_of(bound.member_id)) == 1
        found = await work.members.by_identity("wecom", NEW)
        assert found is not None
        assert found.member_id == bound.member_id
        assert [one.name for one in await work.members.all() if not one.active] == [NEW]


async def test_an_account_of_the_list_cannot_be_bound_to_another_member(chat: Chat) -> None:
    code = code_in(await chat.says("邀请 张三 管理员", sender=ADMIN))

    assert await chat.says(f"绑定 {code}", sender=REP) == [texts.BIND_TAKEN]
    assert (await member(chat, "李晓彤")).roles == ["sales"]


async def test_a_manager_invites_reps_below_themselves_only(chat: Chat) -> None:
    refused = [texts.INVITE_NOT_YOURS]
    assert await chat.says("邀请 张三 管理员", sender=MANAGER) == refused
    assert await chat.says("邀请 张三 上级 周敏", sender=MANAGER) == refused
    assert await chat.says("邀请 张三", sender=REP) == [texts.NOT_ALLOWED]

    [answer] = await chat.says("邀请 张三", sender=MANAGER)

    assert "（销售，上级 陈志远）" in answer
    assert (await member(chat, "张三")).manager_id == (await member(chat, "陈志远")).member_id


async def test_words_that_only_begin_like_an_invitation_are_a_note(chat: Chat) -> None:
    assert texts.NOT_ALLOWED not in await chat.says("邀请 王总 参加下周的展会")


async def test_a_member_binds_a_second_account_on_another_platform(chat: Chat) -> None:
    [told] = await chat.says("绑定码")
    code = code_in([told])

    assert await chat.says(f"绑定 {code}", sender="lxt-private") == [
        texts.BIND_PLATFORM_TAKEN.format(platform="企业微信")
    ]
    async with chat.database.work() as work:
        identity = await work.session.get(Identity, ("wecom", REP))
        assert identity is not None
        identity.platform = "dingtalk"
    assert (await chat.says(f"绑定 {code}", sender="lxt-private"))[0].startswith("绑定成功，李晓彤您好")


# The list


async def test_an_admin_sees_everybody_and_a_manager_their_own(chat: Chat) -> None:
    [everybody] = await chat.says("成员", sender=ADMIN)
    [team] = await chat.says("成员", sender=MANAGER)

    assert everybody.startswith("成员 5 人（第 1/1 页）：")
    assert "李晓彤 · 销售 · 上级 陈志远" in everybody
    assert team.startswith("成员 3 人")
    assert "何佳" not in team
    assert await chat.says("成员") == [texts.NOT_ALLOWED]


async def test_a_long_list_comes_in_pages(chat: Chat) -> None:
    async with chat.database.work() as work:
        for number in range(20):
            await work.members.add(f"成员{number:02}")

    [first] = await chat.says("成员", sender=ADMIN)
    [last] = await chat.says("成员 3", sender=ADMIN)

    assert "回复「成员 2」看下一页" in first
    assert last.startswith("成员 25 人（第 3/3 页）")
    assert "\n21. " in last
    assert await chat.says("成员 4", sender=ADMIN) == ["只有 3 页。"]


async def test_one_member_in_full(chat: Chat) -> None:
    [told] = await chat.says("成员 李晓彤", sender=MANAGER)

    assert "角色：销售" in told
    assert "上级：陈志远 → 周敏" in told
    assert "账号：企业微信 lixiaotong" in told
    assert "名下：2 家客户" in told
    assert await chat.says("成员 何佳", sender=MANAGER) == [texts.NOBODY_YOU_SEE.format(name="何佳")]


async def test_two_of_one_name_are_told_apart_by_their_numbers(chat: Chat) -> None:
    async with chat.database.work() as work:
        await work.members.add("李晓彤", ["colleague"])

    [asked] = await chat.says("离职 李晓彤", sender=ADMIN)
    assert asked.startswith("有 2 位「李晓彤」，请改用编号，例如「#3」")

    [done] = await chat.says("离职 #6", sender=ADMIN)
    assert done.startswith("李晓彤 已标为离职")
    assert (await member(chat, "赵一鸣")).active


# Leaving


async def leaves(chat: Chat, *user_ids: str, change: str = "left") -> None:
    content = DirectoryChange.model_validate({"change": change, "user_ids": user_ids})
    await chat.receives(content, sender="sys")


async def test_who_leaves_is_asked_about_and_the_manager_names_a_successor_with_one_press(chat: Chat) -> None:
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.answers_risks()
    await leaves(chat, REP)

    card = chat.cards("离职交接", of=MANAGER)[-1]
    assert card.subtitle == "李晓彤 已离职：2 家客户、2 个待办"
    assert [option.text for option in card.selects[0].options] == ["请选择", "赵一鸣"]

    taker = (await member(chat, "赵一鸣")).member_id
    sent = await chat.presses(card, actions.HandOver, sender=MANAGER, chosen={"taker": (str(taker),)})

    assert "已交接赵一鸣" in closings(sent)
    assert chat.texts(of=MANAGER)[-1].startswith("好的，李晓彤的 2 家客户、2 个待办交接给赵一鸣。")
    assert await owners(chat) >= {("宁波恒力阀门有限公司", "赵一鸣"), ("宁波恒丽服饰有限公司", "赵一鸣")}
    [todos] = chat.cards("新待办", of=OTHER)
    assert "提供安装排期表" in todos.body
    assert "确认技术参数" in todos.body
    assert chat.texts(of=OTHER)[-1].startswith(
        "李晓彤的 2 家客户、2 个待办交接给您了（陈志远 安排）。\n\n【宁波恒力阀门有限公司】"
    )


async def test_the_successor_may_be_named_in_words(chat: Chat) -> None:
    await leaves(chat, REP)

    closed, answer, *_ = await chat.says("赵一鸣", sender=MANAGER)

    assert closed == "[→ 已交接赵一鸣]"
    assert answer.startswith("好的，李晓彤的 2 家客户交接给赵一鸣。")
    assert ("宁波恒力阀门有限公司", "赵一鸣") in await owners(chat)


async def test_a_press_without_a_choice_asks_for_one(chat: Chat) -> None:
    await leaves(chat, REP)
    card = chat.cards("离职交接", of=MANAGER)[-1]

    assert texts.CHOOSE_FIRST in [
        getattr(one, "text", "") for one in await chat.presses(card, actions.HandOver, sender=MANAGER)
    ]
    assert ("宁波恒力阀门有限公司", "李晓彤") in await owners(chat)


async def test_later_asks_again_on_the_next_working_day(chat: Chat) -> None:
    await leaves(chat, REP)
    card = chat.cards("离职交接", of=MANAGER)[-1]

    await chat.presses(card, actions.HandOverLater, sender=MANAGER)
    assert chat.texts(of=MANAGER)[-1] == "好的，11-23（周一） 再提醒您。"

    await chat.lives_until(FRIDAY + timedelta(days=2))
    assert len(chat.cards("离职交接", of=MANAGER)) == 1
    await chat.lives_until(FRIDAY + timedelta(days=3))
    assert len(chat.cards("离职交接", of=MANAGER)) == 2


async def test_an_answer_that_never_comes_is_asked_for_again(chat: Chat) -> None:
    await leaves(chat, REP)

    await chat.lives_until(FRIDAY + timedelta(days=4))
    assert len(chat.cards("离职交接", of=MANAGER)) == 1
    await chat.lives_until(FRIDAY + timedelta(days=6))
    assert len(chat.cards("离职交接", of=MANAGER)) == 2


async def test_somebody_with_nothing_to_hand_over_leaves_quietly(chat: Chat) -> None:
    await leaves(chat, OTHER)

    assert not (await member(chat, "赵一鸣")).active
    assert chat.cards("离职交接") == []


async def test_without_a_manager_the_admins_are_asked(chat: Chat) -> None:
    async with chat.database.work() as work:
        for one in await work.members.all():
            one.manager_id = None
    await leaves(chat, REP)

    [card] = chat.cards("离职交接", of=ADMIN)
    assert card.selects == ()


async def test_at_night_the_card_waits_for_the_morning(chat: Chat) -> None:
    await chat.lives_until(FRIDAY + timedelta(hours=5))
    await leaves(chat, REP)

    assert not (await member(chat, "李晓彤")).active
    assert chat.cards("离职交接") == []
    await chat.lives_until(FRIDAY + timedelta(days=2, hours=17))
    assert len(chat.cards("离职交接", of=MANAGER)) == 1


async def test_what_lay_with_a_manager_who_leaves_goes_up_the_line(chat: Chat) -> None:
    await chat.speaks(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.answers_risks()
    [risk] = chat.cards("风险上报", of=MANAGER)
    await chat.presses(risk, actions.TakeEscalation, sender=MANAGER)

    await leaves(chat, MANAGER)

    [card] = chat.cards("风险上报", of="zhoumin")
    assert card.subtitle.startswith("宁波恒力阀门有限公司")
    async with chat.database.reading() as work:
        [matter] = await work.escalations.unsettled_of(1)
        assert (matter.state, matter.manager_id) == ("open", 1)


async def test_an_admin_says_who_left_and_takes_it_back(chat: Chat) -> None:
    told, card = await chat.says("离职 李晓彤", sender=ADMIN)
    assert card == "[同事离职交接]"
    assert told.startswith("李晓彤 已标为离职，账号停用，记录都保留。名下 2 家客户。会请 陈志远 安排交接。")
    assert await chat.says("待办") == [texts.LEFT_MEMBER, "[离职成员又出现了]"]

    answers = await chat.says("恢复 李晓彤", sender=ADMIN)
    assert texts.RESTORED_MEMBER.format(name="李晓彤") in answers
    assert answers.count("[→ 已恢复]") == 2
    assert await chat.says("待办") == [texts.NO_TODOS]


async def test_a_voice_note_of_somebody_who_leaves_meanwhile_is_answered_and_kept_out(chat: Chat) -> None:
    class Leaving:
        """Ears that take so long that the speaker has left when they are done."""

        async def listen(self, audio: bytes, *, hot_words: tuple[str, ...] = ()) -> Transcript:
            async with chat.database.work() as work:
                rep = await work.members.by_identity("wecom", REP)
                assert rep is not None
                work.members.leave(rep)
            return heard(VISIT)

    object.__setattr__(chat.context, "listener", Leaving())
    await chat.receives(chat.voice())

    assert chat.texts(of=REP)[-1] == texts.LEFT_MEMBER
    assert chat.cards("拜访记录") == []
    async with chat.database.reading() as work:
        assert await work.jobs.listing("parked") == []


async def test_only_an_admin_says_so(chat: Chat) -> None:
    for sender in (REP, MANAGER, "zhoumin"):
        assert await chat.says("离职 赵一鸣", sender=sender) == [texts.NOT_ALLOWED]
    assert (await member(chat, "赵一鸣")).active


async def test_the_last_admin_cannot_be_marked_as_left(chat: Chat) -> None:
    assert await chat.says("离职 何佳", sender=ADMIN) == [texts.LAST_ADMIN.format(name="何佳")]
    assert (await member(chat, "何佳")).active


# Back again


async def test_who_left_and_writes_again_gets_nothing_until_an_admin_says_so(chat: Chat) -> None:
    await leaves(chat, REP)

    assert await chat.says("成员") == [texts.LEFT_MEMBER, "[离职成员又出现了]"]
    assert await chat.says("我回来了") == [texts.LEFT_MEMBER]
    assert not (await member(chat, "李晓彤")).active
    [card] = chat.cards("离职成员", of=ADMIN)
    assert fields(card) == {"角色": "销售", "上级": "陈志远", "离职": "11-20（周五）"}

    sent = await chat.presses(card, actions.RestoreMember, sender=ADMIN)

    assert "已恢复" in closings(sent)
    assert (await member(chat, "李晓彤")).active
    await chat.lives_until(FRIDAY + timedelta(hours=1))
    assert texts.YOU_ARE_BACK in chat.texts(of=REP)
    assert await chat.says("待办") == [texts.NO_TODOS]


async def test_who_joins_again_by_the_platforms_list_stays_out_as_well(chat: Chat) -> None:
    await leaves(chat, REP)
    await leaves(chat, REP, change="joined")

    [card] = chat.cards("离职成员", of=ADMIN)
    await chat.presses(card, actions.KeepOut, sender=ADMIN)

    assert not (await member(chat, "李晓彤")).active
    assert await chat.says("你好") == [texts.LEFT_MEMBER]
    assert len(chat.cards("离职成员", of=ADMIN)) == 1


async def test_a_card_for_admins_that_a_manager_got_hold_of_does_nothing(chat: Chat) -> None:
    await leaves(chat, REP)
    await chat.says("我回来了")
    [card] = chat.cards("离职成员", of=ADMIN)

    await chat.presses(card, actions.RestoreMember, sender=MANAGER)

    assert not (await member(chat, "李晓彤")).active


async def test_an_admin_who_is_none_any_more_can_no_longer_press(chat: Chat) -> None:
    await leaves(chat, REP)
    await chat.says("我回来了")
    [card] = chat.cards("离职成员", of=ADMIN)
    async with chat.database.work() as work:
        (await work.members.with_role("admin"))[0].roles = ["sales"]

    await chat.presses(card, actions.RestoreMember, sender=ADMIN)

    assert chat.texts(of=ADMIN)[-1] == texts.NOT_ALLOWED


# Whose customers are whose


async def owners(chat: Chat) -> set[tuple[str, str]]:
    async with chat.database.reading() as work:
        names = {one.member_id: one.name for one in await work.members.all()}
        return {(one.name, names.get(one.owner_id or 0, "")) for one in await work.customers.all()}


async def test_a_manager_gives_one_customer_to_another_rep(chat: Chat) -> None:
    [answer, *_] = await chat.says("把恒力转给赵一鸣", sender=MANAGER)

    assert answer.startswith("好的，李晓彤的「宁波恒力阀门有限公司」交接给赵一鸣。")
    assert await owners(chat) >= {("宁波恒力阀门有限公司", "赵一鸣"), ("宁波恒丽服饰有限公司", "李晓彤")}
    await chat.lives_until(FRIDAY + timedelta(hours=1))
    assert chat.texts(of=REP)[-1] == "陈志远把您的「宁波恒力阀门有限公司」交接给了赵一鸣。"


async def test_a_rep_gives_their_own_and_the_manager_is_told(chat: Chat) -> None:
    [answer, *_] = await chat.says("交接 恒力 给 赵一鸣")

    assert answer.startswith("好的，您的「宁波恒力阀门有限公司」交接给赵一鸣。")
    assert ("宁波恒力阀门有限公司", "赵一鸣") in await owners(chat)
    await chat.lives_until(FRIDAY + timedelta(hours=1))
    assert "李晓彤把自己的「宁波恒力阀门有限公司」交接给了赵一鸣。" in chat.texts(of=MANAGER)
    assert chat.texts(of=OTHER)[-1].startswith("李晓彤的「宁波恒力阀门有限公司」交接给您了（本人 安排）。")


async def test_a_rep_gives_away_nobody_elses_and_learns_nothing_of_it(chat: Chat) -> None:
    assert await chat.says("交接 恒力 给 赵一鸣", sender=OTHER) == [texts.HAND_OVER_WHAT.format(name="恒力")]
    assert await chat.says("交接 李晓彤 给 赵一鸣", sender=OTHER) == [texts.HAND_OVER_WHAT.format(name="李晓彤")]
    assert await chat.says("交接简报 恒力", sender=OTHER) == [texts.BRIEF_UNKNOWN.format(name="恒力")]
    assert ("宁波恒力阀门有限公司", "李晓彤") in await owners(chat)


async def test_a_manager_cannot_give_to_somebody_elses_team(chat: Chat) -> None:
    async with chat.database.work() as work:
        await work.members.add("孙雨桐", manager_id=1)

    assert await chat.says("交接 恒力 给 孙雨桐", sender=MANAGER) == [texts.HAND_OVER_NOT_YOURS]
    assert ("宁波恒力阀门有限公司", "李晓彤") in await owners(chat)


async def test_a_name_of_several_customers_is_asked_about(chat: Chat) -> None:
    [asked] = await chat.says("交接 宏达 给 赵一鸣", sender=ADMIN)

    assert asked.startswith("「宏达」有 2 家，请写全称：")


async def test_a_to_do_that_is_passed_on_in_the_same_words_is_no_customer(chat: Chat) -> None:
    answers = await chat.says("把排期表转给赵一鸣", sender=MANAGER)

    assert not any("交接" in answer for answer in answers)


async def test_a_spoken_order_is_asked_for_in_writing(chat: Chat) -> None:
    sent = await chat.speaks("交接 恒力 给 赵一鸣", sender=MANAGER)

    assert getattr(sent[-1], "text", "") == texts.TYPE_IT
    assert ("宁波恒力阀门有限公司", "李晓彤") in await owners(chat)


async def test_the_rest_of_a_brief_is_told_when_asked_for(chat: Chat) -> None:
    await chat.says("交接 李晓彤 给 赵一鸣", sender=MANAGER)

    [listed] = await chat.says("交接简报", sender=OTHER)
    [told] = await chat.says("交接简报 恒力", sender=OTHER)

    assert listed.startswith("最近交接给您的客户（2 家）")
    assert told.startswith("【宁波恒力阀门有限公司】阶段未定\n还没有入库的拜访记录\n联系人：王建国（采购部·经理）")


async def test_an_open_draft_does_not_swallow_an_order(chat: Chat) -> None:
    await chat.says("今天拜访了宁波恒力阀门，预算80万", sender=MANAGER)

    [answer, *_] = await chat.says("把恒力转给赵一鸣", sender=MANAGER)

    assert answer.startswith("好的，李晓彤的「宁波恒力阀门有限公司」交接给赵一鸣。")
