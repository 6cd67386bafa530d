"""What goes out: in order, within the limits, and once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import (
    ContentRefused,
    MustWriteFirst,
    NotPermitted,
    PlatformBusy,
    PlatformError,
    QuotaSpent,
    RecipientUnreachable,
)
from bot.platform import Capabilities
from bot.sender import INVISIBLE, Sender, cut
from bot.worker import QueueRules, Worker
from handlers import cards, messages, outbox
from handlers.context import TIMERS
from handlers.messages import CardButton, CardField, OutboundCard, OutboundText, Task
from storage.database import Database
from storage.errors import DatabaseUnavailable, LeaseLost
from storage.jobs import Job, JobRecord
from storage.media import LocalMediaStore, MediaStore
from storage.members import Address
from storage.work import Work
from tests.fakes import NOON, FakeClock, FakePlatform

LI = Address("playground", "li")
WANG = Address("playground", "wang")
LIFE = timedelta(hours=72)


@dataclass
class Post:
    """The outbox, its sender and a platform to send to."""

    database: Database
    clock: FakeClock
    platform: FakePlatform
    media: MediaStore

    def __post_init__(self) -> None:
        self.sender = Sender(self.database, {"playground": self.platform}, media=self.media)
        self.parked: list[str] = []
        self.worker = Worker(
            self.database,
            {outbox.KIND: self.sender.send},
            {outbox.QUEUE: QueueRules(8, max_attempts=10)},
            on_tell=self._tell,
            on_park=self._park,
        )
        self.count = 0

    async def _tell(self, work: Work, job: Job, text: str) -> None:
        raise AssertionError("nobody is told about a message that could not be sent")

    async def _park(self, work: Work, job: Job, error: str) -> None:
        self.parked.append(error)

    async def say(self, *words: str, to: Address = LI) -> None:
        for word in words:
            self.count += 1
            async with self.database.work() as work:
                await outbox.say(work, to, word, cause=str(self.count))

    async def show(self, card: OutboundCard, *, to: Address | messages.Sender = LI) -> None:
        async with self.database.work() as work:
            await outbox.show(work, to, card, kind="visit", life=LIFE, cause=card.card_id)

    async def close(self, card_id: str, *, response_ref: str | None = None, fallback: str = "") -> None:
        async with self.database.work() as work:
            card = await work.cards.find(card_id)
            assert card is not None
            await outbox.close(
                work, card, "已确认", cause=f"close:{card_id}", response_ref=response_ref, fallback=fallback
            )

    async def claim(self) -> Job:
        async with self.database.work() as work:
            [job] = await work.jobs.claim(outbox.QUEUE, limit=1, lease_s=60)
        return job

    async def jobs(self) -> Sequence[JobRecord]:
        async with self.database.reading() as work:
            return list(reversed(await work.jobs.listing()))

    async def fail(self, *failures: PlatformError | None, arrives_anyway: bool = False) -> None:
        self.platform.failures.extend(failures)
        self.platform.arrives_anyway = arrives_anyway


@pytest.fixture
def platform(clock: FakeClock) -> FakePlatform:
    return FakePlatform(
        clock=clock,
        capabilities=Capabilities(
            per_member_per_minute=5, per_member_per_hour=20, duplicate_check_s=1800, max_text_bytes=600
        ),
    )


@pytest.fixture
def post(database: Database, clock: FakeClock, platform: FakePlatform, tmp_path: Path) -> Post:
    return Post(database, clock, platform, LocalMediaStore(tmp_path / "media"))


def card(card_id: str = "visit-1") -> OutboundCard:
    return OutboundCard(
        card_id=card_id,
        title="拜访记录",
        fields=(CardField(label="客户", value="宁波恒力阀门"),),
        buttons=(CardButton(text="确认", action="confirm"), CardButton(text="作废", action="discard")),
    )


# In order, once


async def test_messages_arrive_in_order_for_each_person(post: Post) -> None:
    await post.say("一", "二")
    await post.say("甲", to=WANG)
    await post.say("三")

    await post.worker.drain()

    li = [one.content for one in post.platform.sends if one.user_id == "li"]
    assert li == [OutboundText(text="一"), OutboundText(text="二"), OutboundText(text="三")]
    assert [one.content for one in post.platform.sends if one.user_id == "wang"] == [OutboundText(text="甲")]
    assert {job.state for job in await post.jobs()} == {"done"}


async def test_a_failing_message_is_overtaken_by_none_of_its_lane(post: Post) -> None:
    await post.fail(PlatformBusy("send", -1), PlatformBusy("send", -1))
    await post.say("一", "二")

    await post.worker.drain()
    assert post.platform.texts == []
    for _ in range(2):
        post.clock.advance(timedelta(minutes=1))
        await post.worker.drain()

    assert post.platform.texts == ["一", "二"]


async def test_a_message_whose_answer_was_lost_shows_once(post: Post) -> None:
    await post.fail(PlatformBusy("send"), arrives_anyway=True)
    await post.say("预算 85 万元")
    await post.worker.drain()
    post.clock.advance(timedelta(minutes=1))

    await post.worker.drain()

    assert post.platform.texts == ["预算 85 万元"]
    first, repeat = post.platform.sends
    assert (first.key, first.content) == (repeat.key, repeat.content)
    assert repeat.guard


async def test_a_crash_between_sending_and_marking_shows_nothing_twice(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object) -> None:
        raise DatabaseUnavailable("the process died here")

    await post.say("预算 85 万元")
    with monkeypatch.context() as patched:
        patched.setattr(post.sender, "_mark_sent", die)
        with pytest.raises(DatabaseUnavailable):
            await post.sender.send(await post.claim())
    post.clock.advance(timedelta(minutes=2))

    await post.worker.drain()

    assert len(post.platform.sends) == 2
    assert post.platform.texts == ["预算 85 万元"]


async def test_equal_messages_that_are_both_meant_both_arrive(post: Post) -> None:
    receipt = "收到 38 秒语音，正在转写…"
    await post.say(receipt, receipt, receipt)

    await post.worker.drain()

    assert post.platform.texts == [receipt, receipt + INVISIBLE, receipt + 2 * INVISIBLE]
    assert all(one.guard for one in post.platform.sends)


async def test_equal_messages_to_two_people_need_nothing_invisible(post: Post) -> None:
    await post.say("收到")
    await post.say("收到", to=WANG)

    await post.worker.drain()

    assert post.platform.texts == ["收到", "收到"]


async def test_an_equal_message_long_after_is_sent_as_it_is(post: Post) -> None:
    await post.say("收到")
    await post.worker.drain()
    post.clock.advance(timedelta(hours=1))
    await post.say("收到")

    await post.worker.drain()

    assert post.platform.texts == ["收到", "收到"]


async def test_a_repeat_of_an_equal_message_repeats_exactly_that_one(post: Post) -> None:
    await post.say("收到")
    await post.worker.drain()
    await post.fail(PlatformBusy("send"), arrives_anyway=True)
    await post.say("收到")
    await post.worker.drain()
    post.clock.advance(timedelta(minutes=1))

    await post.worker.drain()

    assert [one.content for one in post.platform.sends] == [
        OutboundText(text=text) for text in ("收到", "收到" + INVISIBLE, "收到" + INVISIBLE)
    ]
    assert len(post.platform.sent) == 2


async def test_without_a_duplicate_check_only_a_repeat_asks_for_it(post: Post) -> None:
    post.platform.capabilities = Capabilities()
    await post.fail(PlatformBusy("send"))
    await post.say("收到", "收到")

    await post.worker.drain()
    post.clock.advance(timedelta(minutes=1))
    await post.worker.drain()

    assert post.platform.texts == ["收到", "收到"]
    assert [one.guard for one in post.platform.sends] == [True, False]


async def test_a_zombie_that_sent_late_leaves_its_mark_so_that_nobody_repeats_it(post: Post) -> None:
    await post.say("收到")
    zombie = await post.claim()
    post.clock.advance(timedelta(minutes=1))
    owner = await post.claim()

    with pytest.raises(LeaseLost):
        # refused at its beginning already: nothing is sent
        await post.sender.send(zombie)
    assert post.platform.sends == []
    await post.sender.send(owner)

    assert post.platform.texts == ["收到"]


async def test_a_job_that_was_taken_over_during_the_send_is_not_sent_again(post: Post) -> None:
    await post.say("收到")
    first = await post.claim()
    send = post.platform.send
    owners = []

    async def slow(*args: object, **kwargs: object) -> object:
        sent = await send(*args, **kwargs)  # type: ignore[arg-type]
        post.clock.advance(timedelta(minutes=1))
        owners.append(await post.claim())
        return sent

    post.platform.send = slow  # type: ignore[method-assign,assignment]
    with pytest.raises(LeaseLost):
        await post.sender.send(first)
    await post.sender.send(owners[0])

    assert len(post.platform.sends) == 1
    [job] = await post.jobs()
    assert job.state == "done"


# Limits


async def test_no_more_than_the_limit_goes_out_in_any_minute(post: Post) -> None:
    limit = 5
    sent_at = []
    send = post.platform.send

    async def timed(*args: object, **kwargs: object) -> object:
        sent_at.append(post.clock.now())
        return await send(*args, **kwargs)  # type: ignore[arg-type]

    post.platform.send = timed  # type: ignore[method-assign,assignment]
    for number in range(14):
        await post.show(card(f"visit-{number}"))

    for _ in range(90):
        await post.worker.drain()
        post.clock.advance(timedelta(seconds=2))

    assert len(post.platform.sent) == 14
    for start in sent_at:
        assert sum(start <= moment < start + timedelta(minutes=1) for moment in sent_at) <= limit


async def test_the_hourly_limit_holds_too(post: Post) -> None:
    for number in range(25):
        await post.show(card(f"visit-{number}"))
    for _ in range(30):
        await post.worker.drain()
        post.clock.advance(timedelta(minutes=1, seconds=5))
    assert len(post.platform.sent) == 20

    post.clock.advance(timedelta(minutes=30))
    await post.worker.drain()

    assert len(post.platform.sent) == 25


async def test_changing_a_card_takes_no_place_within_the_limit(post: Post) -> None:
    post.platform.capabilities = Capabilities(per_member_per_minute=2)
    await post.show(card("visit-1"))
    await post.close("visit-1")
    await post.show(card("visit-2"))
    await post.show(card("visit-3"))
    await post.worker.drain()

    assert [content.card_id for content in post.platform.sent if not isinstance(content, OutboundText)] == [
        "visit-1",
        "visit-1",
        "visit-2",
    ]


async def test_waiting_for_the_limit_counts_no_attempt_and_reports_nothing(post: Post) -> None:
    for number in range(6):
        await post.show(card(f"visit-{number}"))
    await post.worker.drain()

    *_, last = await post.jobs()

    assert (last.state, last.attempts, last.error) == ("ready", 0, "rate limit")
    assert last.run_at == NOON + timedelta(seconds=62)
    assert post.parked == []


async def test_one_persons_limit_is_nobody_elses(post: Post) -> None:
    for number in range(6):
        await post.show(card(f"visit-{number}"))
    await post.say("甲", to=WANG)

    await post.worker.drain()

    assert post.platform.texts == ["甲"]


async def test_texts_that_would_not_fit_the_limit_are_joined_in_order(post: Post) -> None:
    words = [f"第 {number} 条" for number in range(12)]
    await post.say(*words)

    await post.worker.drain()

    assert "\n\n".join(post.platform.texts).split("\n\n") == words
    assert len(post.platform.sends) <= 5
    assert {job.state for job in await post.jobs()} == {"done"}


async def test_texts_that_fit_the_limit_stay_apart(post: Post) -> None:
    words = [f"第 {number} 条" for number in range(5)]
    await post.say(*words)

    await post.worker.drain()

    assert post.platform.texts == words


async def test_texts_are_not_joined_across_a_card_nor_beyond_the_size_of_a_message(post: Post) -> None:
    post.platform.capabilities = Capabilities(per_member_per_minute=3, max_text_bytes=230)
    await post.say("一", "二")
    await post.show(card())
    await post.say("三" * 30, "四" * 30, "五" * 30)

    for _ in range(4):
        await post.worker.drain()
        post.clock.advance(timedelta(minutes=2))

    assert post.platform.sent == [
        OutboundText(text="一\n\n二"),
        card(),
        OutboundText(text="三" * 30 + "\n\n" + "四" * 30),
        OutboundText(text="五" * 30),
    ]


async def test_notices_to_two_people_in_one_group_are_not_joined(post: Post) -> None:
    post.platform.capabilities = Capabilities(per_member_per_minute=1)
    for number, user_id in enumerate(("li", "li", "wang")):
        async with post.database.work() as work:
            sender = messages.Sender(platform="playground", user_id=user_id, group="cid")
            await outbox.say_in_group(work, sender, f"收到{number}", cause=str(number))
    await post.worker.drain()
    post.clock.advance(timedelta(minutes=2))
    await post.worker.drain()

    assert [(one.user_id, one.content) for one in post.platform.sends] == [
        ("li", OutboundText(text="收到0\n\n收到1")),
        ("wang", OutboundText(text="收到2")),
    ]


async def test_joined_texts_go_the_way_that_the_newest_message_gave(post: Post) -> None:
    post.platform.capabilities = Capabilities(per_member_per_minute=1)
    for number in range(2):
        route = messages.ReplyRoute(ref=f"route-{number}", until=NOON + timedelta(hours=1))
        async with post.database.work() as work:
            sender = messages.Sender(platform="playground", user_id="li", reply=route)
            await outbox.say(work, sender, f"收到{number}", cause=str(number))
    await post.worker.drain()

    [delivery] = post.platform.sends
    assert delivery.reply is not None
    assert delivery.reply.ref == "route-1"


async def test_a_repeat_joins_nothing_more(post: Post) -> None:
    post.platform.capabilities = Capabilities(per_member_per_minute=1, duplicate_check_s=1800)
    await post.fail(PlatformBusy("send"), arrives_anyway=True)
    await post.say("一", "二")
    await post.worker.drain()
    await post.say("三")

    for _ in range(3):
        post.clock.advance(timedelta(minutes=2))
        await post.worker.drain()

    assert post.platform.texts == ["一\n\n二", "三"]


# Long texts


async def test_a_long_text_goes_in_parts_and_a_part_that_arrived_is_not_repeated(post: Post) -> None:
    text = "\n".join(f"第 {number} 行，客户说价格比竞品贵百分之十五" for number in range(20))
    await post.say(text)
    await post.fail(None, PlatformBusy("send"))

    await post.worker.drain()
    assert len(post.platform.texts) == 1
    post.clock.advance(timedelta(minutes=1))
    await post.worker.drain()

    assert "\n".join(post.platform.texts) == text
    assert len({one.key for one in post.platform.sends}) == len(post.platform.sends)
    assert all(len(part.encode()) <= 600 for part in post.platform.texts)


def test_a_cut_hurts_no_character_and_loses_none() -> None:
    text = "客户👩‍👩‍👧来访👍🏽" * 40
    parts = []
    rest = text
    while rest:
        part, rest = cut(rest, 100)
        parts.append(part)

    assert "".join(parts) == text
    assert all(0 < len(part.encode()) <= 100 for part in parts)
    assert not any(part.startswith(("\u200d", "🏽")) or part.endswith("\u200d") for part in parts)


def test_a_cut_prefers_the_end_of_a_line() -> None:
    assert cut("一二三四\n五六七八九十", 18) == ("一二三四", "五六七八九十")
    assert cut("短", 18) == ("短", "")


# Cards


async def test_what_changes_a_card_later_is_kept_and_used_once(post: Post) -> None:
    await post.show(card())
    await post.worker.drain()
    async with post.database.reading() as work:
        kept = await work.cards.find("visit-1")
    assert kept is not None
    assert (kept.response_ref, kept.sent_at, kept.as_text) == ("r-1", NOON, False)

    await post.close("visit-1")
    await post.worker.drain()

    assert post.platform.sends[-1].response_ref == "r-1"
    async with post.database.reading() as work:
        kept = await work.cards.find("visit-1")
    assert kept is not None
    assert kept.response_ref is None


async def test_a_repeated_change_uses_the_same_reference_again(post: Post) -> None:
    await post.show(card())
    await post.worker.drain()
    await post.fail(PlatformBusy("update"), arrives_anyway=True)
    await post.close("visit-1")
    await post.worker.drain()
    post.clock.advance(timedelta(minutes=1))

    await post.worker.drain()

    assert [one.response_ref for one in post.platform.sends[1:]] == ["r-1", "r-1"]
    assert [one.guard for one in post.platform.sends] == [False, False, True]


async def test_a_card_that_cannot_be_changed_any_more_is_answered_in_words(post: Post) -> None:
    await post.show(card())
    await post.worker.drain()
    await post.fail(ContentRefused("update", 40072))
    await post.close("visit-1", response_ref="of-the-click", fallback="已确认，已入库")

    await post.worker.drain()

    assert post.platform.texts == ["已确认，已入库"]


async def test_a_card_that_cannot_be_changed_and_has_no_words_is_left(post: Post) -> None:
    await post.show(card())
    await post.worker.drain()
    await post.fail(ContentRefused("update", 40072))
    await post.close("visit-1")

    await post.worker.drain()

    assert post.platform.texts == []
    assert {job.state for job in await post.jobs()} == {"done"}


@pytest.mark.parametrize(
    "refusal", [ContentRefused("send", 40058), NotPermitted("send", 301002)], ids=["content", "right"]
)
async def test_a_card_that_is_refused_goes_as_numbered_text(post: Post, refusal: PlatformError) -> None:
    await post.fail(refusal)
    await post.show(card())

    await post.worker.drain()

    assert post.platform.texts == [cards.as_text(card())]
    async with post.database.reading() as work:
        kept = await work.cards.latest_as_text("playground", "li")
    assert kept is not None
    assert kept.card_id == "visit-1"


async def test_a_card_for_which_nothing_is_left_of_the_allowance_answers_as_numbered_text(post: Post) -> None:
    route = messages.ReplyRoute(ref="answer here", until=post.clock.now() + timedelta(minutes=90))
    await post.fail(QuotaSpent("send", "ApiCountLimitForOrg", retry_after_s=3600))
    await post.show(card(), to=messages.Sender(platform="playground", user_id="li", reply=route))

    await post.worker.drain()

    assert post.platform.texts == [cards.as_text(card())]
    assert post.platform.sends[-1].reply == route


async def test_a_card_that_answers_nothing_waits_for_a_new_allowance(post: Post) -> None:
    await post.fail(QuotaSpent("send", "ApiCountLimitForOrg", retry_after_s=3600))
    await post.show(card())
    await post.worker.drain()
    assert post.platform.sent == []

    post.clock.advance(timedelta(hours=1))
    await post.worker.drain()

    assert post.platform.sent == [card()]


async def test_where_there_are_no_cards_numbered_text_is_sent_and_changed_in_words(post: Post) -> None:
    post.platform.capabilities = Capabilities(cards=False)
    await post.show(card())
    await post.worker.drain()
    async with post.database.reading() as work:
        assert await work.cards.latest_as_text("playground", "li") is not None

    await post.close("visit-1", fallback="已确认，已入库")
    await post.worker.drain()

    assert post.platform.sent == [OutboundText(text=cards.as_text(card())), OutboundText(text="已确认，已入库")]


async def test_a_text_card_that_closes_without_words_closes_silently(post: Post) -> None:
    post.platform.capabilities = Capabilities(cards=False)
    await post.show(card())
    await post.worker.drain()

    await post.close("visit-1")
    await post.worker.drain()

    assert len(post.platform.sent) == 1
    assert {job.state for job in await post.jobs()} == {"done"}


# What cannot be sent


@pytest.mark.parametrize(
    "error",
    [RecipientUnreachable("send", 81013), ContentRefused("send", 44004)],
    ids=lambda error: type(error).__name__,
)
async def test_what_can_never_be_sent_is_parked_and_the_next_goes_out(post: Post, error: PlatformError) -> None:
    await post.fail(error)
    await post.say("一", "二")

    await post.worker.drain()

    assert post.platform.texts == ["二"]
    assert post.parked == [f"{type(error).__name__}: {error}"]
    assert [job.state for job in await post.jobs()] == ["parked", "done"]


async def test_what_only_an_admin_can_put_right_goes_out_once_that_is_done(post: Post, clock: FakeClock) -> None:
    await post.fail(NotPermitted("send", 60020))
    await post.say("一", "二")
    await post.worker.drain()
    assert post.platform.texts == []

    clock.advance(timedelta(minutes=1))
    await post.worker.drain()

    assert post.platform.texts == ["一", "二"]


async def test_who_wrote_in_the_very_moment_of_the_refusal_need_not_write_again(post: Post) -> None:
    await post.fail(MustWriteFirst("send", 1))
    await post.say("一", "二")
    await post.worker.drain()
    assert post.platform.texts == []

    post.clock.advance(timedelta(seconds=30))
    await post.worker.drain()

    assert post.platform.texts == ["一", "二"]


async def test_what_is_held_is_tried_ever_less_often(post: Post) -> None:
    await post.fail(*[MustWriteFirst("send", 1)] * 100)
    await post.say("一")
    await post.worker.drain()
    waits = []
    for _ in range(14):
        [job] = await post.jobs()
        waits.append(job.run_at - post.clock.now())
        post.clock.advance(waits[-1])
        await post.worker.drain()

    assert waits[:4] == [timedelta(seconds=seconds) for seconds in (30, 30, 60, 120)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(days=1)


async def test_a_message_for_a_platform_that_is_not_configured_is_parked(post: Post) -> None:
    await post.say("一", to=Address("wecom", "li"))

    await post.worker.drain()

    assert len(post.parked) == 1
    assert post.platform.sends == []


async def test_a_card_that_stands_for_a_to_do_is_handed_over_where_only_to_dos_can_be_shown(post: Post) -> None:
    post.platform.capabilities = Capabilities(cards=False, tasks=True)
    task = Task(subject="寄样品", url="https://bot.example.com/todo/1")
    await post.show(card().model_copy(update={"task": task}))
    await post.show(card("visit-2"))
    await post.worker.drain()

    assert [content.kind for content in post.platform.sent] == ["card", "text"]


async def _say_unasked(post: Post, text: str) -> None:
    """As a timer says it."""
    async with post.database.work() as work:
        await work.jobs.put("timer", {}, queue=TIMERS)
        [timer] = await work.jobs.claim(TIMERS, limit=1, lease_s=60)
    async with post.database.work() as work:
        await work.jobs.fence(timer)
        await outbox.say(work, LI, text, cause=f"timer:{timer.id}")
        await work.jobs.complete(timer)


async def test_what_nobody_asked_for_and_a_standstill_held_up_waits_for_working_hours_and_answers_do_not(
    post: Post,
) -> None:
    await _say_unasked(post, "样品明天到期")
    post.clock.advance(timedelta(hours=10))  # from noon on Monday
    await post.worker.drain()
    await post.say("回答")
    await post.worker.drain()

    assert post.platform.texts == ["回答"]

    post.clock.advance(timedelta(hours=11))
    await post.worker.drain()

    assert post.platform.texts == ["回答", "样品明天到期"]


async def test_what_nobody_asked_for_and_may_have_arrived_is_repeated_at_once_while_a_repeat_is_known_for_one(
    post: Post,
) -> None:
    post.platform.capabilities = Capabilities(duplicate_check_s=12 * 3600)
    await _say_unasked(post, "样品明天到期")
    await post.fail(PlatformBusy("message/send"), arrives_anyway=True)
    await post.worker.drain()
    post.clock.advance(timedelta(hours=10))
    await post.worker.drain()

    assert len(post.platform.sends) == 2
    assert post.platform.texts == ["样品明天到期"]  # the second was swallowed


async def test_news_of_what_somebody_else_did_waits_for_the_morning_where_a_standstill_held_it_up(post: Post) -> None:
    async with post.database.work() as work:
        await outbox.say(work, LI, "陈志远已接手", cause="click>rep", unasked=True)
    post.clock.advance(timedelta(hours=10))
    await post.worker.drain()
    assert post.platform.texts == []

    post.clock.advance(timedelta(hours=11))
    await post.worker.drain()
    assert post.platform.texts == ["陈志远已接手"]


async def test_what_may_have_arrived_long_ago_waits_for_working_hours_like_everything_unasked(post: Post) -> None:
    post.platform.capabilities = Capabilities(duplicate_check_s=4 * 3600)
    await _say_unasked(post, "样品明天到期")
    await post.fail(PlatformBusy("message/send"), arrives_anyway=True)
    await post.worker.drain()
    post.clock.advance(timedelta(hours=10))
    await post.worker.drain()

    assert len(post.platform.sends) == 1

    post.clock.advance(timedelta(hours=11))
    await post.worker.drain()

    # that it is there already cannot be known any more, and lost it must not be
    assert post.platform.texts == ["样品明天到期"] * 2
