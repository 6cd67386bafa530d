"""WeCom's XML, one fixture a kind, and what is not what it should be."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.wecom import payloads
from bot.wecom.payloads import MalformedPayload
from handlers.messages import CardClick, Ignored, Text, Unsupported

DATA = Path(__file__).parent / "data/wecom"
MANIFEST: dict[str, dict[str, Any]] = json.loads((DATA / "manifest.json").read_text("utf-8"))


def xml_of(**elements: str) -> str:
    common = {"ToUserName": "wwcorp", "FromUserName": "zhangsan", "CreateTime": "1700000000", "MsgType": "text"}
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in (common | elements).items() if value != "-")
    return f"<xml>{inner}</xml>"


@pytest.mark.parametrize("name", sorted(MANIFEST))
def test_each_kind_becomes_its_type(name: str) -> None:
    xml, expected = (DATA / name).read_bytes(), MANIFEST[name]
    stub = payloads.read_stub(xml)
    message = payloads.parse(xml.decode(), stub.event_id)
    seen = message.content.model_dump(mode="json", exclude_none=True)
    assert expected["content"].items() <= seen.items()
    assert message.sender.user_id == stub.user_id == expected["user_id"]
    assert message.sent_at == datetime.fromisoformat(expected["sent_at"])
    assert message.event_id == expected.get("event_id", stub.event_id)


def test_every_fixture_is_in_the_manifest() -> None:
    assert {path.name for path in DATA.glob("*.xml")} == set(MANIFEST)


def test_a_message_id_stays_exact() -> None:
    """2**63 - 1 is not a number that a float can hold."""
    assert payloads.read_stub(xml_of(MsgId="9223372036854775807").encode()).event_id == "9223372036854775807"


def test_the_moment_is_that_of_sending_in_utc() -> None:
    assert payloads.parse(xml_of(), "1").sent_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


# the key of an event


def event(**elements: str) -> bytes:
    return xml_of(MsgType="event", Event="template_card_event", TaskId="t", **elements).encode()


def key(xml: bytes) -> str:
    return payloads.read_stub(xml).event_id


@pytest.mark.parametrize("element", ["EventKey", "ResponseCode", "TaskId2", "ChangeType", "UserID"])
def test_two_events_of_one_person_in_one_second_have_two_keys(element: str) -> None:
    assert key(event(**{element: "a"})) != key(event(**{element: "b"}))


def test_the_key_does_not_depend_on_order_or_cdata() -> None:
    plain = b"<xml><FromUserName>u</FromUserName><Event>click</Event><EventKey>k</EventKey></xml>"
    other = b"<xml><EventKey><![CDATA[k]]></EventKey> <Event>click</Event>\n<FromUserName>u</FromUserName></xml>"
    assert key(plain) == key(other)


def test_options_of_two_questions_are_told_apart() -> None:
    def chosen(first: str, second: str) -> bytes:
        items = (("q1", first), ("q2", second))
        inner = "".join(
            f"<SelectedItem><QuestionKey>{question}</QuestionKey><OptionIds><OptionId>{option}</OptionId></OptionIds>"
            "</SelectedItem>"
            for question, option in items
        )
        return event(SelectedItems=inner)

    assert key(chosen("a", "b")) != key(chosen("b", "a"))


def test_an_elements_name_and_text_cannot_be_confused() -> None:
    assert key(event(A="bc")) != key(event(Ab="c"))
    assert key(event(A="x", B="")) != key(event(A="", B="x"))


# task ids


@given(st.from_regex(r"[0-9A-Za-z_\-@]{1,64}", fullmatch=True), st.text(max_size=200))
def test_a_card_is_found_again_from_the_task_id_of_any_delivery(card_id: str, delivery: str) -> None:
    task_id = payloads.task_id(card_id, delivery)
    assert payloads.card_id(task_id) == card_id
    assert len(task_id) <= 128


def test_each_delivery_of_a_card_has_its_own_task_id_and_a_repeat_the_same() -> None:
    assert payloads.task_id("visit-7", "a") == payloads.task_id("visit-7", "a") != payloads.task_id("visit-7", "b")


# what is not documented


def test_an_unknown_message_is_unsupported_and_an_unknown_event_ignored() -> None:
    assert payloads.parse(xml_of(MsgType="hologram"), "1").content == Unsupported(name="hologram")
    assert payloads.parse(xml_of(MsgType="event", Event="new"), "1").content == Ignored(name="new")


def test_a_kind_in_other_letters_is_the_same_kind() -> None:
    assert payloads.parse(xml_of(MsgType="Text", Content="hi"), "1").content == Text(text="hi")


def test_a_selection_without_a_question_is_left_out() -> None:
    clicked = payloads.parse(event(SelectedItems="<SelectedItem></SelectedItem>").decode(), "1").content
    assert isinstance(clicked, CardClick)
    assert clicked.chosen == {}


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"FromUserName": ""}, "FromUserName"),
        ({"MsgType": "-"}, "MsgType"),
        ({"CreateTime": "-"}, "CreateTime"),
        ({"CreateTime": "1e9"}, "CreateTime"),
        ({"CreateTime": "-5"}, "CreateTime"),
        ({"CreateTime": "１７００００００００"}, "CreateTime"),
        ({"CreateTime": "9" * 30}, "CreateTime"),
        ({"MsgType": "voice"}, "MediaId"),
        ({"MsgType": "image"}, "MediaId"),
        ({"MsgType": "file"}, "MediaId"),
        ({"MsgType": "location"}, "Location_X"),
        ({"MsgType": "location", "Location_X": "north", "Location_Y": "1"}, "Location_X"),
        ({"MsgType": "location", "Location_X": "91", "Location_Y": "1"}, "latitude"),
        ({"MsgType": "location", "Location_X": "nan", "Location_Y": "1"}, "latitude"),
        ({"MsgType": "location", "Location_X": "1", "Location_Y": "inf"}, "longitude"),
        ({"MsgType": "event"}, "Event"),
        ({"MsgType": "event", "Event": "template_card_event"}, "TaskId"),
    ],
)
def test_a_fault_is_named_but_not_quoted(elements: dict[str, str], reason: str) -> None:
    with pytest.raises(MalformedPayload) as raised:
        payloads.parse(xml_of(**elements), "1")
    assert reason in raised.value.reason
    assert "north" not in str(raised.value)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"hello",
        b"{}",
        b"<xml>",
        b"<html></html>",
        b"\xff\xfe<\x00x\x00",
        b"<!DOCTYPE xml><xml/>",
        b'<!DOCTYPE xml [<!ENTITY a "b">]><xml><Content>&a;</Content></xml>',
        b'<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Encrypt>&a;</Encrypt></xml>',
        b"<xml>&a;</xml>",
        b"<xml>\x00</xml>",
    ],
    ids=["empty", "text", "json", "unclosed", "other root", "utf-16", "doctype", "entity", "file", "undefined", "nul"],
)
def test_hostile_xml_is_refused_inside_and_outside(document: bytes) -> None:
    with pytest.raises(MalformedPayload):
        payloads.read_stub(document)
    with pytest.raises(MalformedPayload):
        payloads.read_envelope(document)


def test_a_declared_encoding_is_not_obeyed() -> None:
    declared = '<?xml version="1.0" encoding="gbk"?>' + xml_of(Content="客户")
    assert payloads.parse(declared, "1").content == Text(text="客户")


def test_a_megabyte_of_tags_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(MalformedPayload, match="not an envelope"):
        payloads.read_envelope(b"<xml>" + b"<a>" * 300_000)


def test_an_envelope_is_read_whatever_its_order() -> None:
    assert payloads.read_envelope(b"<xml><Encrypt>AB</Encrypt><ToUserName/></xml>") == "AB"
    assert payloads.read_envelope(b"\xef\xbb\xbf<xml><a/><Encrypt><![CDATA[AB]]></Encrypt></xml>") == "AB"
    with pytest.raises(MalformedPayload, match="Encrypt"):
        payloads.read_envelope(b"<xml><ToUserName/></xml>")


@given(st.binary(max_size=200))
def test_garbage_raises_nothing_but_malformed_payload(document: bytes) -> None:
    with pytest.raises(MalformedPayload):
        payloads.read_stub(document)


ELEMENTS = ("MsgType", "Event", "CreateTime", "MsgId", "MediaId", "TaskId", "Content", "Location_X", "SelectedItems")
VALUES = ("", "text", "voice", "event", "location", "template_card_event", "12", "<a/>")


@given(st.dictionaries(st.sampled_from(ELEMENTS), st.sampled_from(VALUES)))
def test_any_mixture_of_elements_is_a_message_or_malformed(elements: dict[str, str]) -> None:
    xml = xml_of(**elements)
    stub = payloads.read_stub(xml.encode())
    try:
        message = payloads.parse(xml, stub.event_id)
    except MalformedPayload:
        return
    assert message.event_id
