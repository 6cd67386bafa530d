"""The AI bot's JSON as typed messages."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platform import Received
from bot.wecom_bot import markdown, payloads
from bot.wecom_bot.payloads import MalformedPayload
from handlers.messages import (
    CardClick,
    Content,
    Entered,
    File,
    Ignored,
    Image,
    InboundMessage,
    Text,
    Unsupported,
    Video,
    Voice,
)

AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
PICTURE = {"url": "https://x.myqcloud.com/a", "aeskey": "k" * 43}


def message(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {"msgid": "CAIQ1", "aibotid": "AIB", "chattype": "single", "from": {"userid": "zhangsan"}}
    return base | {"create_time": 1700000000} | body | more


def text(words: str, **more: Any) -> dict[str, Any]:
    return message({"msgtype": "text", "text": {"content": words}}, **more)


def kept(body: dict[str, Any], req_id: str | None = None) -> list[InboundMessage]:
    """Through JSON and back, as the jobs table has it."""
    found = payloads.received(body, at=AT, req_id=req_id)
    return [payloads.parse(Received(one.event_id, one.user_id, json.loads(json.dumps(one.body)))) for one in found]


def contents(body: dict[str, Any]) -> list[Content]:
    return [one.content for one in kept(body)]


def group(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"chattype": "group", "chatid": "wrkGROUP"}


def picture_ref() -> str:
    return json.dumps({"url": PICTURE["url"], "key": PICTURE["aeskey"]}, separators=(",", ":"))


def test_a_text_says_who_when_and_where() -> None:
    [one] = kept(text("今天拜访了恒力"))
    assert one.content == Text(text="今天拜访了恒力")
    assert (one.event_id, one.sender.user_id, one.sender.group) == ("CAIQ1", "zhangsan", None)
    assert one.sent_at == datetime.fromtimestamp(1700000000, UTC)


@pytest.mark.parametrize("moment", [None, "1700000000", -5, True, 10**14], ids=str)
def test_without_a_usable_time_it_was_sent_when_it_came(moment: object) -> None:
    [one] = kept(text("你好", create_time=moment))
    assert one.sent_at == AT


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("@拜访助手 今天拜访了恒力", "今天拜访了恒力"),
        ("@拜访助手\u2005今天拜访了恒力", "今天拜访了恒力"),
        ("@拜访助手", ""),
        ("今天拜访了恒力 @拜访助手", "今天拜访了恒力 @拜访助手"),
    ],
    ids=["space", "narrow space", "nothing else", "at the end"],
)
def test_in_a_group_the_bots_name_is_not_part_of_what_is_said(said: str, heard: str) -> None:
    [one] = kept(group(text(said)))
    assert one.content == Text(text=heard)
    assert one.sender.group == "wrkGROUP"


def test_in_a_single_chat_an_at_sign_is_somebodys_word() -> None:
    assert contents(text("@王经理 让我周三前报价")) == [Text(text="@王经理 让我周三前报价")]


SINGLE: list[tuple[str, dict[str, Any], Content]] = [
    ("image", {"msgtype": "image", "image": PICTURE}, Image(media_ref=picture_ref())),
    (
        "voice",
        {"msgtype": "voice", "voice": {"content": "今天拜访"}},
        Voice(media_ref=None, platform_transcript="今天拜访"),
    ),
    ("silent voice", {"msgtype": "voice", "voice": {}}, Voice(media_ref=None)),
    ("video", {"msgtype": "video", "video": PICTURE}, Video(media_ref=picture_ref())),
    ("file", {"msgtype": "file", "file": PICTURE}, File(media_ref=picture_ref())),
    ("unknown", {"msgtype": "hologram"}, Unsupported(name="hologram")),
    ("no type", {}, Unsupported(name="?")),
    ("entered", {"msgtype": "event", "event": {"eventtype": "enter_chat"}}, Entered()),
    ("feedback", {"msgtype": "event", "event": {"eventtype": "feedback_event"}}, Ignored(name="feedback_event")),
    ("unknown event", {"msgtype": "event", "event": {"eventtype": "brand_new"}}, Ignored(name="brand_new")),
    ("broken event", {"msgtype": "event", "event": "?"}, Ignored(name="event")),
]


@pytest.mark.parametrize(("body", "content"), [one[1:] for one in SINGLE], ids=[one[0] for one in SINGLE])
def test_every_kind_of_message_is_understood(body: dict[str, Any], content: Content) -> None:
    assert contents(message(body)) == [content]


def test_the_key_of_the_callback_is_not_in_what_is_kept() -> None:
    [one] = contents(message({"msgtype": "image", "image": {"url": "https://x.qpic.cn/a"}}))
    assert one == Image(media_ref='{"url":"https://x.qpic.cn/a"}')


# one message of several things


def mixed(*items: dict[str, Any]) -> dict[str, Any]:
    return message({"msgtype": "mixed", "mixed": {"msg_item": list(items)}})


def words(content: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": content}}


IMAGE = {"msgtype": "image", "image": PICTURE}


def test_words_and_pictures_are_kept_one_by_one_each_with_an_id_of_its_own() -> None:
    found = kept(mixed(words("客户说"), IMAGE, words("要三月前装好"), IMAGE))
    assert [one.event_id for one in found] == ["CAIQ1", "CAIQ1#1", "CAIQ1#2"]
    assert [one.content.kind for one in found] == ["text", "image", "image"]
    assert found[0].content == Text(text="客户说\n要三月前装好")


def test_a_picture_with_nothing_but_the_bots_name_is_a_picture() -> None:
    assert [one.kind for one in contents(group(mixed(words("@拜访助手 "), IMAGE)))] == ["image"]


def test_a_mixed_message_without_anything_in_it_is_an_empty_text() -> None:
    assert contents(mixed()) == [Text(text="")]


def test_a_quoted_picture_comes_along() -> None:
    found = contents(group(text("@拜访助手 记一下", quote=IMAGE)))
    assert [one.kind for one in found] == ["text", "image"]
    assert contents(group(text("@拜访助手", quote=IMAGE)))[0].kind == "image"


def test_quoted_words_are_not_put_into_the_senders_mouth() -> None:
    assert contents(text("好的", quote=words("预算八十万"))) == [Text(text="好的")]


@pytest.mark.parametrize(
    "quote", [words("预算八十万"), {"msgtype": "voice", "voice": {"content": "预算八十万"}}], ids=["text", "voice"]
)
def test_quoted_words_count_where_nothing_else_is_said(quote: dict[str, Any]) -> None:
    assert contents(group(text("@拜访助手", quote=quote))) == [Text(text="预算八十万")]


def test_a_hundred_pictures_are_cut_to_a_number_a_person_sends() -> None:
    assert len(contents(mixed(*[IMAGE] * 100))) == payloads.MOST_PIECES


# clicks


def click(fields: dict[str, Any]) -> dict[str, Any]:
    return message({"msgtype": "event", "event": {"eventtype": "template_card_event", **fields}})


PRESSED = {
    "card_type": "multiple_interaction",
    "event_key": "submit",
    "task_id": payloads.task_id("draft-7", "k"),
    "selected_items": {"selected_item": [{"question_key": "q", "option_ids": {"option_id": ["a", "b"]}}]},
}


@pytest.mark.parametrize("fields", [{"template_card_event": PRESSED}, PRESSED], ids=["nested", "flat"])
def test_a_click_names_card_button_and_choice(fields: dict[str, Any]) -> None:
    [one] = contents(click(fields))
    assert isinstance(one, CardClick)
    assert (one.card_id, one.action, one.chosen) == ("draft-7", "submit", {"q": ("a", "b")})
    found = payloads.read_click(one.response_ref, AT)
    assert found is not None
    assert (found.message_id, found.task_id, found.req_id) == ("CAIQ1", PRESSED["task_id"], None)
    assert payloads.read_click(one.response_ref, AT + timedelta(seconds=5)) is None


def test_one_choice_may_come_without_a_list_around_it() -> None:
    items = {"selected_item": {"question_key": "q", "option_ids": {"option_id": "a"}}}
    [one] = contents(click({"template_card_event": PRESSED | {"selected_items": items}}))
    assert isinstance(one, CardClick)
    assert one.chosen == {"q": ("a",)}


def test_the_card_behind_a_task_id_is_found_again() -> None:
    for card_id in ("draft-7", "a@b", "x" * 64):
        task = payloads.task_id(card_id, "some key")
        assert payloads.card_id(task) == card_id
        assert len(task.encode()) <= 128
    assert payloads.task_id("draft-7", "k1") != payloads.task_id("draft-7", "k2")


# ways to answer


def test_a_message_of_the_long_connection_can_be_answered_for_a_day() -> None:
    [one] = kept(group(text("@拜访助手 你好")), req_id="S1")
    reply = payloads.read_reply(one.sender.reply, AT)
    assert reply is not None
    assert (reply.req_id, reply.chat, reply.url) == ("S1", "wrkGROUP", None)
    assert payloads.read_reply(one.sender.reply, AT + timedelta(hours=24)) is None


def test_a_callback_can_be_answered_for_an_hour() -> None:
    [one] = kept(text("你好", response_url="https://qyapi.weixin.qq.com/x"))
    reply = payloads.read_reply(one.sender.reply, AT)
    assert reply is not None
    assert reply.url == "https://qyapi.weixin.qq.com/x"
    assert payloads.read_reply(one.sender.reply, AT + timedelta(hours=1)) is None


def test_a_click_over_the_long_connection_cannot_be_answered_with_a_message() -> None:
    [one] = kept(click({"template_card_event": PRESSED}), req_id="S1")
    assert one.sender.reply is None


def test_a_route_of_another_version_is_no_way() -> None:
    [one] = kept(text("你好"), req_id="S1")
    assert one.sender.reply is not None
    assert payloads.read_reply(one.sender.reply.model_copy(update={"ref": "{"}), AT) is None
    assert payloads.read_click("{}", AT) is None


# odd input


@pytest.mark.parametrize(
    "body",
    [{}, {"from": "zhangsan"}, {"from": {}}, {"from": {"userid": ""}}, {"from": {"userid": 7}}],
    ids=str,
)
def test_what_nobody_sent_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedPayload):
        payloads.received(body, at=AT)


def test_a_message_without_an_id_gets_the_same_one_every_time() -> None:
    body = text("你好")
    del body["msgid"]
    assert payloads.received(body, at=AT)[0].event_id == payloads.received(body, at=AT)[0].event_id
    assert payloads.received(body, at=AT)[0].event_id != payloads.received(text("您好", msgid=""), at=AT)[0].event_id


@pytest.mark.parametrize("kind", ["image", "video", "file"])
def test_a_file_without_an_address_is_malformed(kind: str) -> None:
    with pytest.raises(MalformedPayload, match=kind):
        contents(message({"msgtype": kind, kind: {}}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KINDS = st.sampled_from(["text", "image", "mixed", "voice", "file", "video", "event", "stream", "?"])


@given(kind=KINDS, part=JSON, more=st.dictionaries(st.sampled_from(["quote", "event", "chatid", "create_time"]), JSON))
def test_whatever_comes_is_understood_or_refused(kind: str, part: Any, more: dict[str, Any]) -> None:
    body = message({"msgtype": kind, kind: part}) | more
    try:
        found = kept(body, req_id="S1")
    except MalformedPayload:
        return
    assert found
    assert len({one.event_id for one in found}) == len(found)


# plain text as markdown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("3*5=15", "3＊5=15"),
        ("见 [官网](https://evil.example)", "见 [官网］(https://evil.example)"),
        ("<@all> 好", "＜@all> 好"),
        ("<think>假的</think>", "＜think>假的＜/think>"),
        ("# 标题\n> 引用\n正文 #1", "＃ 标题\n＞ 引用\n正文 #1"),
        ("预算 < 80 万", "预算 < 80 万"),
        ("`rm`~~删~~", "｀rm｀～～删～～"),
    ],
)
def test_words_never_become_markup(said: str, shown: str) -> None:
    assert markdown.plain(said) == shown


@given(st.text(alphabet="字#>*<a@[](`\n 👩\u200d", max_size=400), st.integers(min_value=40, max_value=200))
def test_parts_are_as_long_as_allowed_and_nothing_is_lost(said: str, limit_bytes: int) -> None:
    parts = markdown.parts(said, limit_bytes)
    assert all(0 < len(part.encode()) <= limit_bytes for part in parts)
    assert "".join("".join(parts).split()) == "".join(markdown.plain(said).split())
