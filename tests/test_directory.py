"""The platforms' lists of people, told in their own dialects, and what follows from them within the same second."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot import pipeline
from bot.dingtalk import events
from bot.dingtalk import payloads as dingtalk_payloads
from bot.platform import Received
from bot.wecom import payloads as wecom_payloads
from handlers import actions, directory, texts
from handlers.context import Context
from handlers.messages import DirectoryChange, Ignored, InboundMessage, Sender
from storage.database import Database
from storage.models import Identity, Member
from tests.chat import FRIDAY, MANAGER, REP, Chat, ChatPlatform, build
from tests.fakes import FakeClock

ADMIN = "hejia"
NUMBERS = count(1)


class RawPlatform(ChatPlatform):
    """Understands what the real platforms send, beside what people of a test say."""

    def parse(self, received: Received) -> InboundMessage:
        xml = received.body.get("xml")
        if isinstance(xml, str):
            return wecom_payloads.parse(xml, received.event_id)
        if received.body.get("kind") == "event":
            return dingtalk_payloads.parse(received)
        return super().parse(received)


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    clock.advance(FRIDAY - clock.now())
    return await build(database, clock, tmp_path, RawPlatform(name="wecom"))


@pytest.fixture
async def ding(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    clock.advance(FRIDAY - clock.now())
    return await build(database, clock, tmp_path, RawPlatform(name="dingtalk"))


def contact_xml(change: str, sender: str = "sys", **fields: str) -> str:
    told = {
        "ToUserName": "ww0123456789abcdef",
        "FromUserName": sender,
        "CreateTime": str(1_700_000_000 + next(NUMBERS)),
        "MsgType": "event",
        "Event": "change_contact",
        "ChangeType": change,
        **fields,
    }
    return "<xml>" + "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in told.items()) + "</xml>"


async def wecom_tells(chat: Chat, change: str, **fields: str) -> None:
    xml = contact_xml(change, **fields)
    stub = wecom_payloads.read_stub(xml.encode())
    await pipeline.keep(chat.database, "wecom", Received(stub.event_id, stub.user_id, {"xml": xml}))
    await chat.worker.drain()


async def dingtalk_tells(chat: Chat, data: dict[str, Any]) -> None:
    await pipeline.keep(chat.database, "dingtalk", dingtalk_payloads.from_event(data, received_at=chat.clock.now()))
    await chat.worker.drain()


async def everybody(chat: Chat) -> Mapping[str, Member]:
    async with chat.database.reading() as work:
        return {member.name: member for member in await work.members.all()}


async def is_here(chat: Chat, name: str) -> bool:
    return (await everybody(chat))[name].active


async def many(chat: Chat, number: int) -> None:
    """So many more members, with accounts u0, u1, …"""
    async with chat.database.work() as work:
        members = [
            Member(name=f"成员{place}", roles=["sales"], active=True, created_at=work.now) for place in range(number)
        ]
        work.session.add_all(members)
        await work.session.flush()
        work.session.add_all(
            Identity(platform=chat.platform.name, user_id=f"u{place}", member_id=member.member_id)
            for place, member in enumerate(members)
        )


# What WeCom says


@pytest.mark.parametrize(
    ("change", "fields", "content"),
    [
        ("delete_user", {"UserID": "u"}, DirectoryChange(change="left", user_ids=("u",))),
        (
            "create_user",
            {"UserID": "u", "Name": "张三", "Department": "1,2", "DirectLeader": "czy", "Status": "4"},
            DirectoryChange(change="joined", user_ids=("u",), name="张三", manager_user_id="czy"),
        ),
        (
            "update_user",
            {"UserID": "u", "NewUserID": "u2", "Name": ""},
            DirectoryChange(change="modified", user_ids=("u",), new_user_id="u2"),
        ),
        ("delete_user", {}, Ignored(name="change_contact")),
        ("create_party", {"Id": "2", "Name": "销售部", "ParentId": "1"}, Ignored(name="change_contact")),
        ("update_tag", {"TagId": "1", "AddUserItems": "u"}, Ignored(name="change_contact")),
        ("delete_everybody", {"UserID": "u"}, Ignored(name="change_contact")),
    ],
    ids=["left", "joined", "renamed", "no account", "department", "tag", "unknown"],
)
def test_a_change_of_wecoms_list_is_read(change: str, fields: dict[str, str], content: object) -> None:
    assert wecom_payloads.parse(contact_xml(change, **fields), "1").content == content


def test_only_the_system_tells_of_the_list() -> None:
    forged = contact_xml("delete_user", sender="lixiaotong", UserID="hejia")

    assert wecom_payloads.parse(forged, "1").content == Ignored(name="change_contact")


async def test_a_member_deleted_in_wecom_is_out_at_once(chat: Chat) -> None:
    await wecom_tells(chat, "delete_user", UserID=REP)

    assert not await is_here(chat, "李晓彤")
    assert await chat.says("待办") == [texts.LEFT_MEMBER, "[离职成员又出现了]"]
    assert len(chat.cards("离职交接", of=MANAGER)) == 1


async def test_a_new_name_and_a_new_manager_are_taken_over(chat: Chat) -> None:
    await wecom_tells(chat, "update_user", UserID=REP, Name="李小彤", DirectLeader="zhoumin")

    people = await everybody(chat)
    assert people["李小彤"].manager_id == people["周敏"].member_id
    async with chat.database.reading() as work:
        [entry] = await work.audit.of(f"member:{people['李小彤'].member_id}")
    assert entry.before == {"name": "李晓彤", "manager_id": people["陈志远"].member_id}
    assert entry.after == {"name": "李小彤", "manager_id": people["周敏"].member_id}


async def test_a_manager_who_would_close_a_circle_is_not_taken_over(chat: Chat) -> None:
    await wecom_tells(chat, "update_user", UserID="zhoumin", DirectLeader=REP)
    await wecom_tells(chat, "update_user", UserID=REP, DirectLeader="nobody")

    people = await everybody(chat)
    assert people["周敏"].manager_id is None
    assert people["李晓彤"].manager_id == people["陈志远"].member_id


async def test_a_new_account_id_is_the_same_member(chat: Chat) -> None:
    await wecom_tells(chat, "update_user", UserID=REP, NewUserID="lxt2")

    async with chat.database.reading() as work:
        member = await work.members.by_identity("wecom", "lxt2")
        assert member is not None
        assert member.name == "李晓彤"
        assert await work.members.by_identity("wecom", REP) is None


async def test_who_wrote_with_the_new_id_before_we_heard_of_it_is_the_same_member(chat: Chat) -> None:
    await chat.says("今天拜访了宁波恒力阀门，预算80万", sender="lxt2")
    await wecom_tells(chat, "update_user", UserID=REP, NewUserID="lxt2")

    async with chat.database.reading() as work:
        member = await work.members.by_identity("wecom", "lxt2")
        assert member is not None
        assert member.name == "李晓彤"
        assert len(await work.visits.drafts_of(member.member_id)) == 1


async def test_a_new_id_that_is_anothers_changes_nothing(chat: Chat) -> None:
    await wecom_tells(chat, "update_user", UserID=REP, NewUserID=ADMIN)

    async with chat.database.reading() as work:
        member = await work.members.by_identity("wecom", ADMIN)
        assert member is not None
        assert member.name == "何佳"


async def test_a_new_colleague_is_announced_where_strangers_are_not_taken_in(chat: Chat) -> None:
    await wecom_tells(chat, "create_user", UserID="zhangsan", Name="张三")
    assert chat.texts() == []

    object.__setattr__(chat.context, "settings", replace(chat.context.settings, auto_register=False))
    await wecom_tells(chat, "create_user", UserID="zhangsan", Name="张三")

    assert chat.texts(of=ADMIN) == [texts.JOINED.format(platform="企业微信", who="张三（账号 zhangsan）")]


async def test_departments_change_nothing(chat: Chat) -> None:
    before = {name: member.active for name, member in (await everybody(chat)).items()}
    await wecom_tells(chat, "delete_party", Id="2")

    assert {name: member.active for name, member in (await everybody(chat)).items()} == before
    assert chat.texts() == []


# What DingTalk says


def both_forms(name: str, **data: Any) -> list[dict[str, Any]]:
    """As HTTP pushes it and as Stream tells it."""
    headers = {"eventType": name, "eventId": "e-1", "eventBornTime": "1683533823336"}
    return [
        {"EventType": name, "EventTime": 1683533823336, "CorpId": "dingcorp", "eventId": "e-1", **data},
        events.from_frame(headers, data),
    ]


@pytest.mark.parametrize("form", [0, 1], ids=["http", "stream"])
async def test_somebody_who_leaves_dingtalk_is_out_at_once(ding: Chat, form: int) -> None:
    await dingtalk_tells(ding, both_forms("user_leave_org", userId=[REP], timeStamp="1685501863357")[form])

    assert not await is_here(ding, "李晓彤")
    assert len(ding.cards("离职交接", of=MANAGER)) == 1


@pytest.mark.parametrize("form", [0, 1], ids=["http", "stream"])
async def test_dingtalk_says_no_names_and_none_are_needed(ding: Chat, form: int) -> None:
    object.__setattr__(ding.context, "settings", replace(ding.context.settings, auto_register=False))

    await dingtalk_tells(ding, both_forms("user_add_org", userId=["015"])[form])

    assert ding.texts(of=ADMIN) == [texts.JOINED.format(platform="钉钉", who="账号 015")]


async def test_a_change_in_dingtalk_is_only_noted(ding: Chat) -> None:
    change = {"userId": [REP], "diffInfo": {"prev": {"name": "李晓彤"}, "curr": {"name": "别人"}, "userid": REP}}
    await dingtalk_tells(ding, both_forms("user_modify_org", **change)[0])

    assert await is_here(ding, "李晓彤")


async def test_the_same_event_again_changes_nothing_more(ding: Chat) -> None:
    [event, _] = both_forms("user_leave_org", userId=[REP])
    await dingtalk_tells(ding, event)
    await ding.says("恢复 李晓彤", sender=ADMIN)
    await dingtalk_tells(ding, event)

    assert await is_here(ding, "李晓彤")


# Too many at once


async def leaves(chat: Chat, *user_ids: str) -> None:
    content = DirectoryChange(change="left", user_ids=user_ids)
    await chat.delivered(content, sender="sys")
    await chat.worker.drain()


async def gone(chat: Chat) -> int:
    return sum(not member.active for member in (await everybody(chat)).values())


async def test_three_may_leave_a_small_company_and_the_fourth_waits(chat: Chat) -> None:
    await many(chat, 10)
    for place in range(5):
        await leaves(chat, f"u{place}")

    assert await gone(chat) == 3
    [card] = [*await chat.lives_until(FRIDAY + timedelta(minutes=2)), *()]
    assert card == chat.cards("组织架构同步异常", of=ADMIN)[0]
    assert chat.cards("组织架构")[0].subtitle == "10 分钟内 5 人离职，已暂停"
    assert "成员3、成员4" in chat.cards("组织架构")[0].body
    assert await chat.says("待办", sender="u4") == [texts.NO_TODOS]


async def test_a_list_that_is_too_long_is_held_as_a_whole(chat: Chat) -> None:
    await many(chat, 40)
    await leaves(chat, *(f"u{place}" for place in range(34)))

    await chat.lives_until(FRIDAY + timedelta(minutes=2))

    assert await gone(chat) == 0
    assert [card.subtitle for card in chat.cards("组织架构")] == ["10 分钟内 34 人离职，已暂停"]


async def test_of_five_thousand_five_hundred_may_leave_by_themselves(chat: Chat) -> None:
    await many(chat, 4_995)  # and the five of these tests
    async with chat.database.work() as work:
        for place in range(499):  # have left within the last minutes
            member = await work.members.by_identity("wecom", f"u{place}")
            assert member is not None
            work.members.leave(member)
            await work.departures.add(member.member_id, "applied", source="test")
    await leaves(chat, "u499")
    assert await gone(chat) == 500

    await leaves(chat, "u500")
    await leaves(chat, *(f"u{place}" for place in range(501, 900)))

    assert await gone(chat) == 500
    await chat.lives_until(FRIDAY + timedelta(minutes=2))
    [card] = chat.cards("组织架构", of=ADMIN)
    assert card.subtitle == "10 分钟内 900 人离职，已暂停"
    assert "等 400 人" in card.body


async def test_while_something_is_held_nobody_leaves_by_themselves(chat: Chat) -> None:
    await many(chat, 10)
    await leaves(chat, "u0", "u1", "u2", "u3")
    await chat.lives_until(FRIDAY + timedelta(minutes=30))

    await leaves(chat, "u4")

    assert await gone(chat) == 0


async def test_ten_minutes_later_others_may_leave(chat: Chat) -> None:
    await many(chat, 10)
    await leaves(chat, "u0", "u1", "u2")
    await chat.lives_until(FRIDAY + timedelta(minutes=11))
    await leaves(chat, "u3", "u4", "u5")

    assert await gone(chat) == 6


@pytest.mark.postgres
async def test_two_instances_that_hear_of_leavers_at_once_let_no_more_leave_together(
    instances: tuple[Database, Database], clock: FakeClock, tmp_path: Path
) -> None:
    clock.advance(FRIDAY - clock.now())
    here = await build(instances[0], clock, tmp_path, RawPlatform(name="wecom"))
    there = replace(here.context, database=instances[1])
    await many(here, 10)
    both_begun = asyncio.Barrier(2)

    async def hears(context: Context, *user_ids: str) -> None:
        change = DirectoryChange(change="left", user_ids=user_ids)
        sender = Sender(platform="wecom", user_id="sys")
        message = InboundMessage(event_id=user_ids[0], sender=sender, sent_at=clock.now(), content=change)
        async with context.database.work() as work:
            await work.members.active_count()
            await both_begun.wait()
            await directory.follow(context, work, message)
            await asyncio.sleep(0.1)

    await asyncio.gather(hears(here.context, "u0", "u1", "u2"), hears(there, "u3", "u4", "u5"))

    assert await gone(here) == 3
    async with here.database.reading() as work:
        assert await work.departures.count_held() == 3


async def test_an_admin_confirms_and_they_leave(chat: Chat) -> None:
    await many(chat, 10)
    await leaves(chat, "u0", "u1", "u2", "u3")
    await chat.lives_until(FRIDAY + timedelta(minutes=2))
    [card] = chat.cards("组织架构", of=ADMIN)

    await chat.presses(card, actions.ApplyDepartures, sender=ADMIN)

    assert await gone(chat) == 4
    assert chat.texts(of=ADMIN)[-1] == "好的，4 人按离职处理。"
    await leaves(chat, "u4")
    assert await gone(chat) == 5


async def test_many_who_are_confirmed_leave_page_by_page(chat: Chat) -> None:
    number = directory.PAGE + 10
    await many(chat, number)
    await leaves(chat, *(f"u{place}" for place in range(number)))
    await chat.lives_until(FRIDAY + timedelta(minutes=2))
    [card] = chat.cards("组织架构", of=ADMIN)

    await chat.presses(card, actions.ApplyDepartures, sender=ADMIN)

    assert await gone(chat) == number
    assert chat.texts(of=ADMIN)[-1] == f"好的，{number} 人按离职处理。"


async def test_an_admin_ignores_and_they_stay(chat: Chat) -> None:
    await many(chat, 10)
    await leaves(chat, "u0", "u1", "u2", "u3")
    await chat.lives_until(FRIDAY + timedelta(minutes=2))
    [card] = chat.cards("组织架构", of=ADMIN)

    await chat.presses(card, actions.DropDepartures, sender=ADMIN)

    assert await gone(chat) == 0
    assert chat.texts(of=ADMIN)[-1] == "好的，4 人的离职变更已忽略，账号照常使用。"


async def test_what_came_after_the_card_is_asked_about_anew(chat: Chat) -> None:
    await many(chat, 10)
    await leaves(chat, "u0", "u1", "u2", "u3")
    await chat.lives_until(FRIDAY + timedelta(minutes=2))
    [card] = chat.cards("组织架构", of=ADMIN)
    await leaves(chat, "u4", "u5")

    await chat.presses(card, actions.ApplyDepartures, sender=ADMIN)
    await chat.lives_until(FRIDAY + timedelta(minutes=5))

    assert await gone(chat) == 4
    assert "成员4、成员5" in chat.cards("组织架构", of=ADMIN)[-1].body


async def test_who_is_in_the_list_again_before_anybody_decided_stays(chat: Chat) -> None:
    await many(chat, 10)
    await leaves(chat, "u0", "u1", "u2", "u3")
    await wecom_tells(chat, "create_user", UserID="u0")
    await chat.lives_until(FRIDAY + timedelta(minutes=2))
    [card] = chat.cards("组织架构", of=ADMIN)

    await chat.presses(card, actions.ApplyDepartures, sender=ADMIN)

    assert await gone(chat) == 3
    assert await is_here(chat, "成员0")


async def test_an_admin_who_does_not_answer_is_asked_again_the_next_working_day(chat: Chat) -> None:
    await many(chat, 10)
    await leaves(chat, "u0", "u1", "u2", "u3")

    await chat.lives_until(FRIDAY + timedelta(days=3))

    assert len(chat.cards("组织架构", of=ADMIN)) == 2
    assert await gone(chat) == 0


async def test_without_an_admin_it_is_held_all_the_same_and_the_log_says_so(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    async with chat.database.work() as work:
        (await work.members.with_role("admin"))[0].roles = ["sales"]
    await many(chat, 10)
    with caplog.at_level(logging.WARNING):
        await leaves(chat, "u0", "u1", "u2", "u3")
        await chat.lives_until(FRIDAY + timedelta(minutes=2))

    assert await gone(chat) == 0
    messages = [record.message for record in caplog.records]
    assert "directory.departures_held" in messages
    assert "directory.nobody_to_ask" in messages


@pytest.mark.parametrize(
    ("active", "most"), [(0, 3), (1, 3), (30, 3), (39, 3), (40, 4), (5_000, 500)], ids=lambda number: str(number)
)
def test_a_tenth_may_leave_and_three_at_least(active: int, most: int) -> None:
    assert directory.most_leaving(active) == most
