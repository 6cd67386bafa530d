"""Existing group chats: what is posted there by webhook, how fast, and what each refusal means."""

import logging
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Group
from bot.errors import (
    ContentRefused,
    MediaGone,
    NotPermitted,
    PlatformBusy,
    PlatformError,
    RecipientUnreachable,
)
from bot.groups.adapter import TEXT_BYTES, GroupsPlatform, signature
from bot.groups.errors_table import error_for
from bot.platform import Platform, Received
from bot.sender import Sender
from bot.worker import QueueRules, Worker
from handlers import groups, outbox
from handlers.context import GroupTarget
from handlers.groups import harmless
from handlers.messages import CardButton, CardField, CardUpdate, OutboundCard, OutboundText, PlatformName
from storage.database import Database
from storage.jobs import Job
from storage.media import LocalMediaStore
from storage.work import Work
from tests.chat import Chat, build
from tests.dialects.webhooks import PER_MINUTE, Robot, WebhookDialect
from tests.fakes import FakeClock

SECRET = "SEC0123456789abcdef"


@pytest.fixture
async def webhooks(clock: FakeClock) -> AsyncIterator[WebhookDialect]:
    async with WebhookDialect(now=clock.now) as webhooks:
        yield webhooks


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(params=["wecom", "dingtalk"])
def robot(request: pytest.FixtureRequest, webhooks: WebhookDialect) -> Robot:
    return webhooks.wecom() if request.param == "wecom" else webhooks.dingtalk(secret=SECRET, keyword="日报")


def platform_of(
    webhooks: WebhookDialect, session: aiohttp.ClientSession, clock: FakeClock, **robots: Robot
) -> GroupsPlatform:
    sections = {name: Group.model_validate(webhooks.settings(robot)) for name, robot in robots.items()}
    return GroupsPlatform(sections, clock=clock, session=session)


@pytest.fixture
def platform(
    webhooks: WebhookDialect, session: aiohttp.ClientSession, clock: FakeClock, robot: Robot
) -> GroupsPlatform:
    return platform_of(webhooks, session, clock, sales=robot)


async def say(platform: GroupsPlatform, text: str, *, key: str = "k-1", to: str = "sales") -> None:
    await platform.send(to, OutboundText(text=text), key=key)


# Sending


async def test_a_text_arrives_with_its_lines_and_mentions_nobody(platform: GroupsPlatform, robot: Robot) -> None:
    await say(platform, "风险上报：宁波恒力\n销售 李晓彤 👍 日报")

    [posted] = robot.posted
    assert posted.text == "风险上报：宁波恒力\n销售 李晓彤 👍 日报"
    assert posted.body["msgtype"] == "text"
    assert robot.violations == []


async def test_the_keyword_is_added_where_it_is_missing(
    webhooks: WebhookDialect, session: aiohttp.ClientSession, clock: FakeClock
) -> None:
    robot = webhooks.dingtalk(keyword="拜访助手")
    platform = platform_of(webhooks, session, clock, sales=robot)

    await say(platform, "第一条", key="1")
    await say(platform, "拜访助手提醒", key="2")

    assert robot.texts == ["第一条\n拜访助手", "拜访助手提醒"]


async def test_the_longest_text_that_the_sender_may_pass_fits_with_its_keyword(
    webhooks: WebhookDialect, session: aiohttp.ClientSession, clock: FakeClock
) -> None:
    robot = webhooks.dingtalk(keyword="拜访助手")
    platform = platform_of(webhooks, session, clock, sales=robot, other=webhooks.wecom())

    await say(platform, "好" * (platform.capabilities.max_text_bytes // 3))

    [text] = robot.texts
    assert len(text.encode()) <= TEXT_BYTES
    assert text.endswith("\n拜访助手")


async def test_a_text_that_is_too_long_is_refused_rather_than_cut(platform: GroupsPlatform, robot: Robot) -> None:
    with pytest.raises(ContentRefused):
        await say(platform, "好" * TEXT_BYTES)

    assert robot.calls == 0


async def test_dingtalk_swallows_a_repeat_by_its_key(
    webhooks: WebhookDialect, session: aiohttp.ClientSession, clock: FakeClock
) -> None:
    robot = webhooks.dingtalk()
    platform = platform_of(webhooks, session, clock, sales=robot)
    robot.fail("reset_after")

    with pytest.raises(PlatformBusy):
        await say(platform, "第一条", key="k-1")
    await say(platform, "第一条", key="k-1")
    await say(platform, "第一条", key="k-2")

    assert robot.texts == ["第一条", "第一条"]


def test_the_signature_is_the_published_formula() -> None:
    """The value was computed apart from this program, for 2019-12-25 08:50:36.757 UTC."""
    at = datetime.fromtimestamp(1577262236.757, UTC)

    assert signature("this is secret", at) == {
        "timestamp": "1577262236757",
        "sign": "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=",
    }


async def test_signatures_with_every_sign_of_base64_get_through(
    webhooks: WebhookDialect, session: aiohttp.ClientSession, clock: FakeClock
) -> None:
    robot = webhooks.dingtalk(secret=SECRET)
    platform = platform_of(webhooks, session, clock, sales=robot)
    signs = ""
    for number in range(40):
        clock.advance(timedelta(seconds=7))
        signs += signature(SECRET, clock.now())["sign"]
        await say(platform, str(number), key=str(number))

    assert {"+", "/", "="} <= set(signs)
    assert len(robot.posted) == 40


async def test_only_texts_go_into_groups_and_only_into_known_ones(platform: GroupsPlatform) -> None:
    with pytest.raises(ContentRefused):
        await platform.send("sales", CardUpdate(card_id="risk-1", closing="已处理"), key="1")
    with pytest.raises(RecipientUnreachable) as caught:
        await say(platform, "你好", to="gone")
    assert "config.toml" in caught.value.hint


async def test_nothing_comes_in_from_a_group(platform: GroupsPlatform) -> None:
    async def keep(platform: Any, received: Received) -> bool:
        raise AssertionError

    as_platform: Platform = platform
    assert as_platform.routes(keep) == []
    await as_platform.listen(keep)
    assert as_platform.connected
    with pytest.raises(NotImplementedError):
        as_platform.parse(Received("e", "u", {}))
    with pytest.raises(MediaGone):
        await as_platform.fetch_media("m")
    as_platform.hang_up()
    await as_platform.close()


# Refusals

REFUSALS: Sequence[tuple[str, int, str, type[PlatformError], str]] = (
    ("wecom", 45009, "api freq out of limit", PlatformBusy, "20 条"),
    ("wecom", 93000, "invalid webhook url", NotPermitted, "key"),
    ("wecom", 93004, "", NotPermitted, "停用"),
    ("wecom", 93008, "", NotPermitted, "不在群里"),
    ("wecom", -1, "", PlatformBusy, "重试"),
    ("wecom", 45002, "", ContentRefused, "程序"),
    ("wecom", 99999, "", PlatformError, "未收录"),
    ("dingtalk", 130101, "send too fast, exceed 20 times per minute", PlatformBusy, "10 分钟"),
    ("dingtalk", 660026, "sending too many messages per minute", PlatformBusy, "10 分钟"),
    ("dingtalk", 310000, "keywords not in content, more: [https://x]", NotPermitted, "keyword"),
    ("dingtalk", 310000, "错误描述:关键词不匹配;解决方案:请联系群管理员查看此机器人的关键词;", NotPermitted, "keyword"),
    ("dingtalk", 310000, "invalid timestamp", NotPermitted, "校准本机时间"),
    (
        "dingtalk",
        310000,
        "错误描述:机器人发送签名过期;解决方案:签名生成时间和发送时间请保持在 timestampms 以内;",
        NotPermitted,
        "时间",
    ),
    ("dingtalk", 310000, "sign not match, more: [https://x]", NotPermitted, "SEC"),
    ("dingtalk", 310000, "错误描述:机器人发送签名不匹配;解决方案:请确认签名和时间戳都放在网址中;", NotPermitted, "SEC"),
    ("dingtalk", 310000, "ip 203.0.113.7 not in whitelist", NotPermitted, "203.0.113.7"),
    ("dingtalk", 310000, "ip <b>evil</b> not in whitelist", NotPermitted, "白名单"),
    ("dingtalk", 310000, "something new", NotPermitted, "安全设置"),
    ("dingtalk", 300005, "token is not exist", NotPermitted, "access_token"),
    ("dingtalk", 400101, "", NotPermitted, "access_token"),
    ("dingtalk", 400102, "", NotPermitted, "停用"),
    ("dingtalk", 400013, "", RecipientUnreachable, "解散"),
    ("dingtalk", 430102, "", ContentRefused, "不安全"),
    ("dingtalk", 460101, "message too long, exceed 20000 bytes", ContentRefused, "太长"),
    ("dingtalk", 1, "", PlatformError, "未收录"),
)


@pytest.mark.parametrize(("kind", "code", "message", "error", "hint"), REFUSALS)
async def test_every_refusal_is_told_apart_and_says_what_to_do(
    webhooks: WebhookDialect,
    session: aiohttp.ClientSession,
    clock: FakeClock,
    kind: str,
    code: int,
    message: str,
    error: type[PlatformError],
    hint: str,
) -> None:
    robot = webhooks.wecom() if kind == "wecom" else webhooks.dingtalk()
    robot.fail("errcode", code, message)
    platform = platform_of(webhooks, session, clock, sales=robot)

    with pytest.raises(PlatformError) as caught:
        await say(platform, "你好")

    assert type(caught.value) is error
    assert hint in caught.value.hint
    assert "evil" not in f"{caught.value}{caught.value.hint}"


@given(st.text(), st.integers())
def test_no_words_of_a_platform_break_the_table(message: str, code: int) -> None:
    for platform in ("wecom", "dingtalk"):
        for one in (310000, code):
            error_for(platform, "robot/send", one, message)


async def test_how_long_to_wait_is_known(webhooks: WebhookDialect) -> None:
    assert error_for("wecom", "webhook/send", 45009).retry_after_s == 60
    assert error_for("dingtalk", "robot/send", 130101).retry_after_s == 600
    assert error_for("dingtalk", "robot/send", 660026).retry_after_s == 600


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("http", 502, PlatformBusy),
        ("http", 429, PlatformBusy),
        ("http", 302, PlatformError),
        ("http", 404, PlatformError),
        ("html", 200, PlatformBusy),
        ("no_errcode", 200, PlatformBusy),
        ("reset", 200, PlatformBusy),
    ],
)
async def test_an_answer_that_is_none_is_no_success(
    platform: GroupsPlatform, robot: Robot, kind: str, status: int, error: type[PlatformError]
) -> None:
    robot.fail(kind, status=status)

    with pytest.raises(PlatformError) as caught:
        await say(platform, "你好")

    assert type(caught.value) is error
    assert robot.posted == []


@pytest.mark.parametrize("kind", ["errcode", "http", "html", "reset", "reset_after"])
async def test_the_key_is_neither_logged_nor_in_an_error(
    platform: GroupsPlatform, robot: Robot, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    robot.fail(kind, 93000)
    with caplog.at_level(logging.DEBUG), pytest.raises(PlatformError) as caught:
        await say(platform, "你好")

    shown: BaseException | None = caught.value
    words = caplog.text
    while shown is not None:
        words += repr(shown) + str(shown)
        shown = shown.__cause__ or shown.__context__
    assert robot.key not in words
    assert SECRET not in words


# The pace


NO_FILES = Path("/nowhere")
"""What is sent into groups is words."""


class Post:
    """The outbox and its sender, with the group's webhook at the other end."""

    def __init__(self, database: Database, clock: FakeClock, platform: GroupsPlatform) -> None:
        self.database, self.clock = database, clock
        self.parked: list[str] = []
        sender = Sender(database, {"group": platform}, media=LocalMediaStore(NO_FILES))
        self.worker = Worker(
            database,
            {outbox.KIND: sender.send},
            {outbox.QUEUE: QueueRules(8, max_attempts=10)},
            on_tell=self._tell,
            on_park=self._park,
        )

    async def _tell(self, work: Work, job: Job, text: str) -> None:
        raise AssertionError

    async def _park(self, work: Work, job: Job, error: str) -> None:
        self.parked.append(error)

    async def announce(self, *words: str, group: str = "sales") -> None:
        async with self.database.work() as work:
            for word in words:
                await groups.post(work, GroupTarget(group, ("escalations",)), word, cause=word)

    async def run(self, minutes: int) -> None:
        await self.worker.drain()
        for _ in range(minutes * 3):
            self.clock.advance(timedelta(seconds=20))
            await self.worker.drain()


def notice_number(number: int, *, length: int = 120) -> str:
    return (
        f"{number:03d} 风险上报：宁波恒力阀门有限公司\n"
        + "卡在哪一步：报价审批阶段，客户说领导还没批。"[:20]
        + "备" * length
    )


async def test_sixty_escalations_at_once_arrive_in_order_and_within_the_limit(
    database: Database, clock: FakeClock, platform: GroupsPlatform, robot: Robot
) -> None:
    post = Post(database, clock, platform)
    notices = [notice_number(number) for number in range(60)]

    await post.announce(*notices)
    await post.run(minutes=2)

    seen = "\n".join(robot.texts)
    assert [seen.count(notice) for notice in notices] == [1] * 60
    assert [seen.index(notice) for notice in notices] == sorted(seen.index(notice) for notice in notices)
    assert robot.violations == []
    assert post.parked == []


async def test_notices_too_long_to_be_joined_take_their_time(
    database: Database, clock: FakeClock, webhooks: WebhookDialect, session: aiohttp.ClientSession
) -> None:
    robot = webhooks.dingtalk(secret=SECRET)
    post = Post(database, clock, platform_of(webhooks, session, clock, sales=robot))
    notices = [notice_number(number, length=500) for number in range(40)]

    await post.announce(*notices)
    await post.run(minutes=3)

    assert robot.texts == notices
    assert robot.violations == []


async def test_a_robot_that_somebody_else_keeps_busy_delays_and_loses_nothing(
    database: Database, clock: FakeClock, platform: GroupsPlatform, robot: Robot
) -> None:
    post = Post(database, clock, platform)
    robot.busy_elsewhere(PER_MINUTE, clock.now())
    notices = [notice_number(number, length=500) for number in range(5)]

    await post.announce(*notices)
    await post.worker.drain()
    assert robot.posted == []
    calls = robot.calls
    await post.run(minutes=12)

    assert [text.removesuffix("\n日报") for text in robot.texts] == notices
    # one refusal, and then silence until the block is over
    assert calls == 1
    assert robot.violations == ["more than 20 in a minute"]
    assert post.parked == []


async def test_two_sections_with_one_robot_keep_its_limit_together(
    database: Database, clock: FakeClock, webhooks: WebhookDialect, session: aiohttp.ClientSession
) -> None:
    robot = webhooks.dingtalk()
    platform = platform_of(webhooks, session, clock, sales=robot, board=robot)
    post = Post(database, clock, platform)

    await post.announce(*(notice_number(number, length=500) for number in range(12)))
    await post.announce(*(notice_number(number, length=500) for number in range(12, 24)), group="board")
    await post.run(minutes=3)

    assert len(robot.posted) == 24
    assert robot.violations == []


async def test_one_group_that_is_gone_holds_up_no_other(
    database: Database, clock: FakeClock, webhooks: WebhookDialect, session: aiohttp.ClientSession
) -> None:
    gone, well = webhooks.dingtalk(), webhooks.wecom()
    gone.state = "removed"
    post = Post(database, clock, platform_of(webhooks, session, clock, gone=gone, sales=well))

    await post.announce("一", group="gone")
    await post.announce("二")
    await post.worker.drain()

    assert well.texts == ["二"]


# doctor


async def test_the_check_posts_nothing_and_finds_every_robot_well(platform: GroupsPlatform, robot: Robot) -> None:
    [result] = await platform.check()

    assert result.ok
    assert "sales" in result.name
    assert robot.posted == []
    assert robot.calls == 1


@pytest.mark.parametrize("state", ["removed", "stopped", "absent"])
async def test_the_check_finds_a_robot_that_is_gone(platform: GroupsPlatform, robot: Robot, state: Any) -> None:
    robot.state = state

    [result] = await platform.check()

    assert not result.ok
    assert result.advice
    assert robot.key not in str(result)


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"key": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1"}, "不要填整个地址"),
        ({"secret": "SEC1"}, "没有 secret"),
        ({"key": "693a91f6"}, "不完整"),
    ],
)
async def test_the_check_sees_what_was_filled_in_wrongly(
    webhooks: WebhookDialect,
    session: aiohttp.ClientSession,
    clock: FakeClock,
    settings: dict[str, str],
    advice: str,
) -> None:
    section = Group.model_validate(webhooks.settings(webhooks.wecom()) | settings)
    [result] = await GroupsPlatform({"sales": section}, clock=clock, session=session).check()

    assert not result.ok
    assert advice in result.advice
    assert section.key.get_secret_value() not in str(result)


async def test_the_check_sees_a_wrong_secret_and_a_missing_keyword(
    webhooks: WebhookDialect, session: aiohttp.ClientSession, clock: FakeClock
) -> None:
    robot = webhooks.dingtalk(secret=SECRET, keyword="日报")
    found = []
    for settings in ({"secret": "SECwrong"}, {"secret": "abc"}, {"keyword": ""}, {}):
        section = Group.model_validate(webhooks.settings(robot) | settings)
        found += await GroupsPlatform({"sales": section}, clock=clock, session=session).check()

    assert [result.ok for result in found] == [False, False, False, True]
    assert "加签不对" in found[0].advice
    assert "SEC" in found[1].advice
    assert "keyword" in found[2].advice


async def test_the_check_warns_of_one_robot_in_two_sections(
    webhooks: WebhookDialect, session: aiohttp.ClientSession, clock: FakeClock
) -> None:
    robot = webhooks.wecom()

    results = await platform_of(webhooks, session, clock, sales=robot, board=robot).check()

    assert [result.warning for result in results] == [False, False, True]
    assert "[groups.sales]" in results[2].detail


async def test_the_check_tells_a_platform_that_cannot_be_reached_from_a_wrong_key(
    platform: GroupsPlatform, robot: Robot
) -> None:
    robot.fail("http", status=404)
    robot.fail("reset")

    wrong_address, away = (await platform.check())[0], (await platform.check())[0]

    assert not wrong_address.ok
    assert "api_base" in wrong_address.advice
    assert not away.ok
    assert "连不上" in away.detail


# Words that do no harm


@pytest.mark.parametrize(
    "words",
    [
        "https://evil.example/login",
        "www.evil.com",
        "evil.cn/a",
        "恶意.com",
        "<a href=x>领奖</a>",
        "<@all>",
        "<@zhangsan>",
    ],
)
def test_no_words_of_a_customer_make_a_link_or_a_mention(words: str) -> None:
    shown = harmless(f"客户说{words}")

    assert "://" not in shown
    assert not re.search(r"\w\.[a-z]{2}", shown)
    assert "<" not in shown
    assert shown.replace("\u200b", "").replace("＜", "<") == f"客户说{words}"


@given(st.text())
def test_harmless_words_read_as_before_and_stay_so(words: str) -> None:
    shown = harmless(words)

    assert shown.replace("\u200b", "").replace("＜", "<") == words.replace("\u200b", "").replace("＜", "<")
    assert harmless(shown) == shown


def test_ordinary_words_are_left_alone() -> None:
    words = "预算 85.5 万元，比竞品贵 15%：11-25（周三）前 v2.5 <3 天"

    assert harmless(words) == words


# Escalations


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Any) -> Chat:
    return await build(database, clock, tmp_path)


CARD = OutboundCard(
    card_id="risk-1",
    title="⚠ 风险上报",
    subtitle="宁波恒力阀门有限公司",
    fields=(CardField(label="销售", value="李晓彤"), CardField(label="拜访日", value="11-20（周五）")),
    body="卡在哪一步：报价审批阶段\n缺什么支持：销售还没说\n下一步：销售还没说",
    quote="「领导还没批」",
    buttons=(CardButton(text="我来跟进", action="take"),),
)


async def announced(chat: Chat, *targets: GroupTarget, served: bool = True, manager: str = "陈志远") -> list[str]:
    platforms: set[PlatformName] = {"wecom", "group"} if served else {"wecom"}
    settings = replace(chat.context.settings, groups=targets)
    context = replace(chat.context, served=frozenset(platforms), settings=settings)
    async with chat.database.work() as work:
        [member] = await work.members.named(manager)
        names = await groups.announce_escalation(context, work, CARD, manager=member, cause="wecom:m-1>risk")
        jobs = [job for job in await work.jobs.listing() if job.lane and job.lane.startswith("group:")]
    assert sorted(names) == sorted(str(job.payload["user_id"]) for job in jobs)
    return [OutboundText.model_validate(job.payload["content"]).text for job in jobs]


async def test_a_notice_holds_the_facts_and_leads_the_manager_to_the_card(chat: Chat) -> None:
    [text] = await announced(chat, GroupTarget("sales", ("escalations",)))

    assert text == (
        "⚠ 风险上报：宁波恒力阀门有限公司\n"
        "销售 李晓彤 · 拜访日 11-20（周五）\n"
        "卡在哪一步：报价审批阶段\n缺什么支持：销售还没说\n下一步：销售还没说\n"
        "原话：「领导还没批」\n"
        "请陈志远在单聊卡片里处理。"
    )


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (GroupTarget("g", ("escalations", "digests")), True),
        (GroupTarget("g", ("digests",)), False),
        (GroupTarget("g", ("escalations",), ("陈志远",)), True),
        (GroupTarget("g", ("escalations",), ("周敏",)), True),
        (GroupTarget("g", ("escalations",), ("何佳", "周敏")), True),
        (GroupTarget("g", ("escalations",), ("何佳",)), False),
    ],
    ids=["all", "digests only", "the manager", "the director above", "one of two", "another team"],
)
async def test_a_group_hears_of_the_teams_it_is_about(chat: Chat, target: GroupTarget, told: bool) -> None:
    assert len(await announced(chat, target)) == told


async def test_every_group_hears_once(chat: Chat) -> None:
    targets = [GroupTarget(name, ("escalations",)) for name in ("a", "b")]

    await announced(chat, *targets)
    again = await announced(chat, *targets)

    assert len(again) == 2


async def test_without_groups_nothing_is_put(chat: Chat) -> None:
    assert await announced(chat, GroupTarget("g", ("escalations",)), served=False) == []
    assert await announced(chat) == []


async def test_managers_in_a_circle_are_walked_once(chat: Chat) -> None:
    async with chat.database.work() as work:
        [director], [manager] = await work.members.named("周敏"), await work.members.named("陈志远")
        director.manager_id = manager.member_id
        assert [member.name for member in await groups.above(work, manager)] == ["周敏"]
