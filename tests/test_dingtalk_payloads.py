"""What DingTalk sends about people's messages, read as documented and as seen."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dingtalk import payloads
from bot.dingtalk.markdown import neutral, of_text
from bot.dingtalk.payloads import MAX_DEPTH, MOST_PARTS, NO_CONTENT, MalformedPayload
from bot.platform import Received
from handlers.messages import (
    Content,
    File,
    Image,
    InboundMessage,
    Outsider,
    Text,
    Unsupported,
    Video,
    Voice,
    Withheld,
)

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
SENT_MS = 1_695_199_269_062
WEBHOOK = "https://oapi.dingtalk.com/robot/sendBySession?session=6d69b333b243db8d8a60d9fa9ab3b0c2"
US = "$:LWCP_v1:$robot"


def message(**more: Any) -> dict[str, Any]:
    """A message as the documentation shows it, in the chat of one person with the robot."""
    return {
        "conversationId": "cidChat==",
        "conversationType": "1",
        "chatbotCorpId": "dingcorp",
        "chatbotUserId": US,
        "msgId": "msg/+1==",
        "senderNick": "李娜",
        "senderStaffId": "lina",
        "senderId": "$:LWCP_v1:$lina",
        "senderCorpId": "dingcorp",
        "sessionWebhook": WEBHOOK,
        "sessionWebhookExpiredTime": SENT_MS + 5_400_000,
        "createAt": SENT_MS,
        "robotCode": "dingrobot",
        "msgtype": "text",
        "text": {"content": "拜访了恒力"},
    } | more


def in_group(**more: Any) -> dict[str, Any]:
    at_us = [{"dingtalkId": US}]
    return message(conversationType="2", conversationTitle="华东销售", atUsers=at_us, isInAtList=True) | more


def kept(data: dict[str, Any]) -> list[Received]:
    received = payloads.from_robot(data, received_at=NOW)
    # What is kept is JSON: the database gives back no more than that.
    return [Received(one.event_id, one.user_id, json.loads(json.dumps(one.body))) for one in received]


def read(data: dict[str, Any]) -> list[InboundMessage]:
    return [payloads.parse(one) for one in kept(data)]


def contents(data: dict[str, Any]) -> list[Content]:
    return [one.content for one in read(data)]


def ref(code: str) -> str:
    return json.dumps({"code": code, "robot": "dingrobot"})


# documented kinds


def test_a_text_is_read_with_its_sender_and_its_way_back() -> None:
    [one] = read(message())
    assert one.content == Text(text="拜访了恒力")
    assert one.event_id == "msg/+1=="
    assert (one.sender.platform, one.sender.user_id, one.sender.name, one.sender.group) == (
        "dingtalk",
        "lina",
        "李娜",
        None,
    )
    assert one.sender.reply is not None
    assert one.sender.reply.ref == WEBHOOK
    assert one.sender.reply.until == one.sent_at + timedelta(minutes=90)
    assert one.sent_at == datetime(2023, 9, 20, 8, 41, 9, 62_000, UTC)


PAYLOADS: dict[str, tuple[dict[str, Any], Content]] = {
    "audio": (
        {"msgtype": "audio", "content": {"downloadCode": "c", "recognition": "今天拜访了恒力", "duration": 4000}},
        Voice(media_ref=ref("c"), duration_ms=4000, platform_transcript="今天拜访了恒力"),
    ),
    "audio of an older page, without a duration": (
        {"msgtype": "audio", "content": {"downloadCode": "c", "recognition": ""}},
        Voice(media_ref=ref("c")),
    ),
    "audio of which only the transcript came": (
        {"msgtype": "audio", "content": {"recognition": "今天拜访了恒力", "duration": "4000"}},
        Voice(media_ref=None, duration_ms=4000, platform_transcript="今天拜访了恒力"),
    ),
    "picture": ({"msgtype": "picture", "content": {"downloadCode": "c"}}, Image(media_ref=ref("c"))),
    "picture with the older code only": (
        {"msgtype": "picture", "content": {"pictureDownloadCode": "p"}},
        Image(media_ref=ref("p")),
    ),
    "video": (
        {"msgtype": "video", "content": {"downloadCode": "c", "videoType": "mp4", "duration": "5"}},
        Video(media_ref=ref("c")),
    ),
    "file": (
        {"msgtype": "file", "content": {"downloadCode": "c", "fileName": "报价_v2.xlsx", "spaceId": "1"}},
        File(media_ref=ref("c"), file_name="报价_v2.xlsx"),
    ),
    "content written into a string": (
        {"msgtype": "file", "content": '{"downloadCode": "c", "fileName": "报价.pdf"}'},
        File(media_ref=ref("c"), file_name="报价.pdf"),
    ),
    "text in an older place": ({"text": None, "content": "拜访了恒力"}, Text(text="拜访了恒力")),
    "text written into a string": ({"text": '{"content": "拜访了恒力"}'}, Text(text="拜访了恒力")),
    "empty text": ({"text": {"content": "  "}}, Text(text="")),
    "unknown to robots": (
        {"msgtype": "unknownMsgType", "content": {"unknownMsgType": "不支持的消息类型"}},
        Unsupported(name="钉钉不向机器人开放的消息"),
    ),
    "forwarded chat": ({"msgtype": "chatRecord", "content": {"title": "聊天"}}, Unsupported(name="聊天记录")),
    "forwarded card": ({"msgtype": "interactiveCard", "content": {"title": "文档"}}, Unsupported(name="卡片")),
    "a kind of tomorrow that says nothing where we look": (
        {"msgtype": "hologram", "text": None},
        Unsupported(name="hologram"),
    ),
    "a kind of tomorrow": ({"msgtype": "hologram", "content": {"a": 1}}, Unsupported(name="hologram")),
    "a voice note without anything": ({"msgtype": "audio", "content": {"duration": 1}}, Unsupported(name="语音")),
    "a picture without a code": ({"msgtype": "picture", "content": {"a": 1}}, Unsupported(name="图片")),
    "numbers where there should be none": (
        {"msgtype": "audio", "content": {"downloadCode": "c", "duration": -3.5, "recognition": 7}},
        Voice(media_ref=ref("c")),
    ),
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_each_kind_of_message_becomes_its_type(name: str) -> None:
    more, wanted = PAYLOADS[name]
    assert contents(message(**more)) == [wanted]


def test_numbers_may_come_as_digits_and_as_numbers() -> None:
    [plain] = read(in_group())
    digits = in_group(conversationType=2, createAt=str(SENT_MS), sessionWebhookExpiredTime=str(SENT_MS + 5_400_000))
    assert read(digits) == [plain]


def test_a_message_without_its_time_has_the_time_it_came() -> None:
    for odd in (None, "gestern", -1, 10**18, True, [1]):
        [one] = read(message(createAt=odd))
        assert one.sent_at == NOW


@pytest.mark.parametrize("more", [{"sessionWebhook": None}, {"sessionWebhookExpiredTime": None}, {"sessionWebhook": 5}])
def test_without_a_whole_reply_address_there_is_none(more: dict[str, Any]) -> None:
    [one] = read(message(**more))
    assert one.sender.reply is None


# pictures and text together


def test_every_picture_of_a_text_is_kept() -> None:
    rich = [
        {"text": "现场两张"},
        {"type": "picture", "downloadCode": "a", "pictureDownloadCode": "x"},
        {"text": "价签"},
        {"type": "picture", "downloadCode": "b"},
    ]
    messages = read(message(msgtype="richText", content={"richText": rich}))
    assert [one.content for one in messages] == [
        Text(text="现场两张\n价签"),
        Image(media_ref=ref("a")),
        Image(media_ref=ref("b")),
    ]
    assert [one.event_id for one in messages] == ["msg/+1==", "msg/+1==#1", "msg/+1==#2"]
    assert {one.sender.user_id for one in messages} == {"lina"}


def test_pictures_alone_start_with_the_first() -> None:
    rich = [{"type": "picture", "downloadCode": "a"}, {"type": "picture", "downloadCode": "b"}]
    assert contents(message(msgtype="richText", content=json.dumps({"richText": rich}))) == [
        Image(media_ref=ref("a")),
        Image(media_ref=ref("b")),
    ]


@pytest.mark.parametrize("rich", [[], None, "x", [{}], [None, 3, {"text": 5}], {"text": "x"}])
def test_a_text_with_nothing_readable_is_said_to_be_so(rich: Any) -> None:
    assert contents(message(msgtype="richText", content={"richText": rich})) == [Unsupported(name="图文")]


def test_pictures_without_end_end_somewhere() -> None:
    rich = [{"type": "picture", "downloadCode": str(number)} for number in range(500)]
    assert len(kept(message(msgtype="richText", content={"richText": rich}))) == MOST_PARTS


# groups


def test_the_blank_that_the_mention_leaves_is_taken_away() -> None:
    [one] = read(in_group(text={"content": " 拜访了恒力"}))
    assert one.content == Text(text="拜访了恒力")
    assert one.sender.group == "cidChat=="


@pytest.mark.parametrize("data", [in_group(conversationId=""), message(conversationType="3")])
def test_an_address_that_may_lead_to_others_is_no_way_to_answer_one_person(data: dict[str, Any]) -> None:
    [one] = read(data)

    assert (one.sender.group, one.sender.reply) == (None, None)


def test_a_reply_address_of_a_group_says_where_it_leads() -> None:
    [one] = read(in_group())
    assert one.sender.reply is not None
    assert payloads.read_reply_ref(one.sender.reply.ref) == (WEBHOOK, "cidChat==", "李娜")
    assert payloads.read_reply_ref(WEBHOOK) == (WEBHOOK, "", "")


@pytest.mark.parametrize("blank", [" ", "\u2005", "\n"])
def test_our_own_mention_is_taken_away_where_it_is_repeated(blank: str) -> None:
    assert contents(in_group(text={"content": f"@拜访助手{blank}拜访了恒力"})) == [Text(text="拜访了恒力")]


def test_a_phone_that_repeats_the_mention_in_a_text_with_pictures_is_understood() -> None:
    rich = [{"text": "@拜访助手"}, {"text": "拜访了恒力"}, {"type": "picture", "downloadCode": "a"}]
    assert contents(in_group(msgtype="richText", content={"richText": rich})) == [
        Text(text="拜访了恒力"),
        Image(media_ref=ref("a")),
    ]


def test_a_mention_of_somebody_else_stays() -> None:
    at_two = [{"dingtalkId": US}, {"dingtalkId": "$:LWCP_v1:$wang", "staffId": "wangwei"}]
    assert contents(in_group(text={"content": "@王伟 拜访了恒力"}, atUsers=at_two)) == [Text(text="@王伟 拜访了恒力")]


def test_a_name_typed_in_the_chat_of_two_stays() -> None:
    assert contents(message(text={"content": "@张总 说下周三"})) == [Text(text="@张总 说下周三")]


def test_words_that_hang_on_the_mention_are_not_lost_with_it() -> None:
    said = "@拜访助手今天拜访了恒力，张总说预算八十万，下周三报价"
    assert contents(in_group(text={"content": said})) == [Text(text=said)]


# quoted messages


def quoting(kind: str, content: Any, words: str = " ") -> dict[str, Any]:
    replied = {"msgId": "msgQ==", "msgType": kind, "senderId": "$:LWCP_v1:$lina", "content": content}
    return in_group(text={"content": words, "isReplyMsg": True, "repliedMsg": replied})


def test_a_voice_note_quoted_in_a_group_is_heard() -> None:
    heard = {"downloadCode": "q", "recognition": "拜访了恒力", "duration": 3000}
    voice = Voice(media_ref=ref("q"), duration_ms=3000, platform_transcript="拜访了恒力")
    assert contents(quoting("audio", heard)) == [voice]
    assert contents(quoting("audio", json.dumps(heard), " 客户是恒力")) == [voice, Text(text="客户是恒力")]


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("picture", Image(media_ref=ref("q"))),
        ("file", File(media_ref=ref("q"), file_name="报价.pdf")),
        ("video", Video(media_ref=ref("q"))),
    ],
)
def test_a_file_quoted_in_a_group_is_fetched(kind: str, wanted: Content) -> None:
    assert contents(quoting(kind, {"downloadCode": "q", "fileName": "报价.pdf"})) == [wanted]


@pytest.mark.parametrize("content", [{"content": "张总说九月验厂"}, {"text": "张总说九月验厂"}, "张总说九月验厂"])
def test_words_quoted_in_a_group_come_before_ones_own(content: Any) -> None:
    assert contents(quoting("text", content, " 记一下")) == [Text(text="张总说九月验厂\n记一下")]


def test_quoted_pictures_and_text_are_all_kept() -> None:
    rich = {"richText": [{"text": "现场"}, {"type": "picture", "downloadCode": "a"}]}
    assert contents(quoting("richText", rich, " 存档")) == [
        Text(text="现场"),
        Image(media_ref=ref("a")),
        Text(text="存档"),
    ]


@pytest.mark.parametrize("kind", ["interactiveCard", "unknownMsgType", "audio", "picture"])
def test_a_quoted_message_that_cannot_be_read_leaves_the_words(kind: str) -> None:
    assert contents(quoting(kind, {"title": "卡片"}, " 已处理")) == [Text(text="已处理")]
    assert contents(quoting(kind, None, " 已处理")) == [Text(text="已处理")]


def test_what_is_quoted_in_the_chat_of_two_has_been_read_before() -> None:
    data = quoting("audio", {"downloadCode": "q", "recognition": "x"}, "预算改成90万") | {"conversationType": "1"}
    assert contents(data) == [Text(text="预算改成90万")]


# what DingTalk leaves out


@pytest.mark.parametrize("more", [{"errorMessage": "code 20001 quota"}, {"errMsg": {"errorCode": 20001}}, {}])
def test_a_message_held_back_by_the_allowance_is_answered_not_dropped(
    more: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    data = message(**more)
    del data["text"]
    assert contents(data) == [Withheld(reason=NO_CONTENT)]
    [warning] = [record for record in caplog.records if record.message == "dingtalk.message_without_content"]
    assert vars(warning)["code"] == (20001 if more else None)


def test_somebody_whom_dingtalk_does_not_name_is_an_outsider_with_a_way_back() -> None:
    data = message(senderCorpId="dingother")
    del data["senderStaffId"]
    [one] = read(data)
    assert one.content == Outsider()
    assert one.sender.user_id == "$:LWCP_v1:$lina"
    assert one.sender.reply is not None


def test_a_message_of_nobody_is_refused() -> None:
    with pytest.raises(MalformedPayload, match="no sender"):
        kept(message(senderStaffId=None, senderId=""))


def test_a_message_without_an_id_is_known_by_what_it_says() -> None:
    ids = {kept(message(msgId=odd))[0].event_id for odd in (None, "")}
    other = kept(message(msgId="", text={"content": "另一条"}))[0].event_id
    assert len({*ids, other}) == 3
    assert kept(message(msgId=""))[0].event_id in ids


# what no database takes


def test_nul_and_half_characters_are_taken_out_before_anything_is_kept() -> None:
    [one] = kept(
        json.loads('{"senderStaffId": "u\\u0000", "msgId": "\\ud800m", "text": {"content": "a\\u0000\\udfffb"}}')
    )
    assert "\\u0000" not in json.dumps(one.body)
    assert (one.user_id, one.event_id) == ("u", "?m")
    json.dumps(one.body, ensure_ascii=False).encode()


def test_numbers_that_json_does_not_know_are_not_kept() -> None:
    [one] = kept(json.loads('{"senderStaffId": "u", "createAt": NaN, "text": {"content": "a", "x": Infinity}}'))
    json.dumps(one.body, allow_nan=False)


def test_nesting_beyond_reason_is_refused() -> None:
    deep: Any = "x"
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    with pytest.raises(MalformedPayload, match="nested"):
        kept(message(content=deep))


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["content", "text", "richText", "downloadCode", "repliedMsg", "msgType", "recognition", "duration", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    data=st.dictionaries(
        st.sampled_from([*message(), "content", "atUsers", "errMsg", "senderStaffId"]), ODD, max_size=10
    ),
    kind=st.sampled_from(["text", "richText", "audio", "picture", "file", "video", "odd"]),
)
def test_no_message_is_odd_enough_to_break_the_reader(data: dict[str, Any], kind: str) -> None:
    for conversation in ("1", "2"):
        whole = {**data, "senderStaffId": "lina", "msgtype": kind, "conversationType": conversation}
        for one in kept(whole | {"conversationId": "cid"}):
            assert one.user_id == "lina"
            assert payloads.parse(one).sender.user_id == "lina"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "robot"},
        {"kind": "fax", "data": {}, "received_ms": 1},
        {"kind": "robot", "data": {}, "received_ms": "x"},
        {"kind": "robot", "data": {"senderStaffId": "u"}, "received_ms": 1, "part": 9},
        {"kind": "robot", "data": {"senderStaffId": "u"}, "received_ms": 1, "part": "0"},
    ],
)
def test_what_was_not_kept_by_us_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedPayload):
        payloads.parse(Received("e", "u", body))


# media references


def test_a_media_reference_comes_back_whole() -> None:
    assert payloads.read_media_ref(ref("c+/=")) == ("c+/=", "dingrobot")


@pytest.mark.parametrize("odd", ["", "x", "[]", "{}", '{"code": 5}', '{"robot": "r"}'])
def test_an_odd_media_reference_is_refused(odd: str) -> None:
    with pytest.raises(MalformedPayload):
        payloads.read_media_ref(odd)


# markdown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("管径 3*5 米", "管径 3*5 米"),
        ("3*5*2 米", "3＊5＊2 米"),
        ("报价_v2_终稿.xlsx", "报价＿v2＿终稿.xlsx"),
        ("# 标题", "＃ 标题"),
        ("- 一条\n2. 二条\n3) 三条", "－ 一条\n2． 二条\n3） 三条"),
        ("3.5万", "3.5万"),
        ("[官网](http://evil.example)", "［官网］(http://evil.example)"),
        ("<font color=red>", "＜font color=red>"),
        ("a&lt;b A&B", "a＆lt;b A&B"),
        ("----", "－－－－"),
        ("    像代码", "像代码"),
        ("C:\\new", "C:＼new"),
    ],
)
def test_what_people_type_means_nothing_to_markdown(said: str, shown: str) -> None:
    assert neutral(said) == shown


@given(st.text(alphabet="*_~`[]<>#-+=|\\ \n.)1a客&;", max_size=40))
def test_no_mark_of_markdown_gets_through(said: str) -> None:
    shown = neutral(said)
    assert not set("`[<\\|") & set(shown)
    for mark in "*_~":
        assert shown.count(mark) <= 1
    for line in shown.split("\n"):
        assert not line.startswith(("#", ">", "- ", "+ ", "=", "1. ", "1) ", " ", "\t"))
    assert neutral(shown) == shown


def test_a_card_in_words_is_set_off_and_other_texts_are_left_alone() -> None:
    card = of_text("【拜访记录 · 待确认】3月2日\n客户：宁波_恒力_阀门\n下一步\n回复数字操作：\n1 确认\n2 修改")
    assert card is not None
    assert card.title == "拜访记录 · 待确认"
    assert card.text == (
        "### 拜访记录 · 待确认\n\n3月2日  \n**客户**：宁波＿恒力＿阀门  \n下一步  \n回复数字操作：  \n1 确认  \n2 修改"
    )
    for text in (
        "已入库：宁波恒力，3月2日。",
        "未完成的待办：\n1. 报价",
        "【提示】只有一行",
        "前面有字\n【标题】\n正文",
    ):
        assert of_text(text) is None
