"""DingTalk's sealed events: the published samples, whoever sends something else, and what events mean."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.callback_crypto import BrokenEnvelope, CallbackCrypto, CryptoError, WrongReceiver, WrongSignature
from bot.dingtalk import events, payloads
from bot.dingtalk.events import EventDoor, StaleSignature
from handlers.messages import ApprovalChange, Content, DirectoryChange, Ignored
from tests.dialects.dingtalk_seal import EventSeal

KEY = "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij"
NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)

# Published by DingTalk, on pages of open.dingtalk.com and in its sample code. None of those has Chinese in it, so one
# more was computed by an implementation of its own.
VECTORS: list[dict[str, str]] = json.loads(
    (Path(__file__).parent / "data/dingtalk/event_vectors.json").read_text("utf-8")
)
each_vector = pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])


@each_vector
def test_a_published_sample_opens_and_seals_to_the_same_bytes(vector: dict[str, str]) -> None:
    crypto = CallbackCrypto(vector["token"], vector["aes_key"], vector["receive_id"])
    signed = {name: vector[name] for name in ("signature", "timestamp", "nonce")}
    assert crypto.open(vector["encrypt"], **signed).decode() == vector["message"]
    assert crypto.seal(vector["message"].encode(), random16=vector["random16"].encode()) == vector["encrypt"]


def test_the_published_bare_sample_decrypts_as_our_envelopes_do() -> None:
    """It is the cipher alone, without a frame around the message."""
    sealed = "DwCJ9BMxu4r+VTe9TD+AWc1yfxqs7d2YgepFe4XruMgh1+6pTjCCq4nqAM6StRcafOx5a1OfwmX3ckSBifatlA=="
    plain = b"5p7b4jXMWUshiBCosucc111esssuite4xxxxxxxxxxxxxxx221"
    pad = 32 - len(plain) % 32
    seal = EventSeal("123456", KEY, "")
    assert seal.seal_raw(plain + bytes([pad]) * pad) == sealed
    with pytest.raises(BrokenEnvelope, match="inner length"):
        CallbackCrypto("123456", KEY, "").unseal(sealed)


# the door


def stamp(at: datetime = NOW, *, unit_s: float = 0.001) -> str:
    return str(round(at.timestamp() / unit_s))


def envelope(
    event: Any, *, receive_id: str = "dingclient", timestamp: str = "", names: Mapping[str, str] | None = None
) -> tuple[dict[str, str], bytes]:
    seal = EventSeal("123456", KEY, receive_id)
    sealed = seal.seal(event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode())
    query = {"msg_signature": "", "timestamp": timestamp or stamp(), "nonce": "n"}
    query["msg_signature"] = seal.signature(query["timestamp"], "n", sealed)
    return {(names or {}).get(name, name): value for name, value in query.items()}, json.dumps(
        {"encrypt": sealed}
    ).encode()


@pytest.fixture
def door() -> EventDoor:
    return EventDoor("123456", KEY, "dingclient", "dingcorp")


@pytest.mark.parametrize("receive_id", ["dingclient", "dingcorp"])
def test_the_answer_is_sealed_for_whom_the_event_was_sealed(door: EventDoor, receive_id: str) -> None:
    opened = door.open(*envelope({"EventType": "check_url"}, receive_id=receive_id), now=NOW)
    assert (events.name_of(opened.data), opened.receive_id) == ("check_url", receive_id)
    answer = door.answer(opened.receive_id, now=NOW)
    seal = EventSeal("123456", KEY, receive_id)
    assert seal.open(str(answer["encrypt"])) == (b"success", receive_id)
    parts = (str(answer[name]) for name in ("timeStamp", "nonce", "encrypt"))
    assert answer["msg_signature"] == seal.signature(*parts)


@pytest.mark.parametrize(
    "names", [{}, {"msg_signature": "signature"}, {"timestamp": "timeStamp"}], ids=["now", "older", "camel case"]
)
def test_every_name_of_the_parameters_is_understood(door: EventDoor, names: dict[str, str]) -> None:
    assert door.open(*envelope({"EventType": "x"}, names=names), now=NOW).data == {"EventType": "x"}


@pytest.mark.parametrize("unit_s", [1, 0.001], ids=["seconds", "milliseconds"])
def test_what_was_signed_long_ago_is_a_replay(door: EventDoor, unit_s: float) -> None:
    for age, is_late in ((timedelta(minutes=59), False), (timedelta(minutes=61), True), (-timedelta(hours=2), True)):
        sent = envelope({"EventType": "x"}, timestamp=stamp(NOW - age, unit_s=unit_s))
        if is_late:
            with pytest.raises(StaleSignature):
                door.open(*sent, now=NOW)
        else:
            assert door.open(*sent, now=NOW).data == {"EventType": "x"}


@pytest.mark.parametrize("timestamp", ["x", "-1", "１２３", "1" * 40])
def test_an_odd_timestamp_is_no_moment(door: EventDoor, timestamp: str) -> None:
    with pytest.raises(StaleSignature):
        door.open(*envelope({"EventType": "x"}, timestamp=timestamp), now=NOW)


def test_the_signature_is_looked_at_before_anything_else(door: EventDoor) -> None:
    query, body = envelope({"EventType": "x"}, timestamp="1")
    with pytest.raises(WrongSignature):
        door.open(query | {"msg_signature": "0" * 40}, body, now=NOW)
    with pytest.raises(WrongSignature):
        door.open({}, body, now=NOW)


def test_somebody_elses_event_is_refused(door: EventDoor) -> None:
    for receive_id in ("dingother", ""):
        with pytest.raises(WrongReceiver):
            door.open(*envelope({"EventType": "x"}, receive_id=receive_id), now=NOW)


def test_without_a_corp_id_nothing_is_opened_for_nobody() -> None:
    with pytest.raises(WrongReceiver):
        EventDoor("123456", KEY, "dingclient", "").open(*envelope({"EventType": "x"}, receive_id=""), now=NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"encrypt": 5}', b"\xff", b"[" * 100_000])
def test_what_is_no_envelope_is_refused(door: EventDoor, body: bytes) -> None:
    with pytest.raises(CryptoError):
        door.open({}, body, now=NOW)


@pytest.mark.parametrize("inside", [b"[1]", b"", "不是".encode("gbk")])
def test_what_is_no_event_inside_is_refused(door: EventDoor, inside: bytes) -> None:
    with pytest.raises(CryptoError):
        door.open(*envelope(inside), now=NOW)


# what events mean


def read(event: dict[str, Any]) -> Content:
    return payloads.parse(payloads.from_event(event, received_at=NOW)).content


def both_shapes(name: str, **data: Any) -> list[dict[str, Any]]:
    """As HTTP pushes it, as older pages capitalise it, and as Stream tells it."""
    headers = {"eventType": name, "eventId": "e-1", "eventBornTime": "1683533823336", "topic": "*"}
    return [
        {"EventType": name, "EventTime": 1683533823336, "CorpId": "dingcorp", "eventId": "e-1", **data},
        {"EventType": name, "EventId": "e-1", **{key[0].upper() + key[1:]: value for key, value in data.items()}},
        events.from_frame(headers, data),
    ]


MEANINGS: list[tuple[str, dict[str, Any], Content]] = [
    ("user_add_org", {"userId": ["u1", "u2"]}, DirectoryChange(change="joined", user_ids=("u1", "u2"))),
    ("user_active_org", {"userId": ["u1"]}, DirectoryChange(change="joined", user_ids=("u1",))),
    ("user_leave_org", {"userId": ["u1", "u2", "u1"]}, DirectoryChange(change="left", user_ids=("u1", "u2"))),
    (
        "user_modify_org",
        {"userId": ["u1"], "diffInfo": {"prev": {"name": "张"}, "curr": {"name": "章"}, "userid": "u1"}},
        DirectoryChange(change="modified", user_ids=("u1",)),
    ),
    ("user_leave_org", {"userId": "u1"}, DirectoryChange(change="left", user_ids=("u1",))),
    ("user_leave_org", {"userId": []}, Ignored(name="user_leave_org")),
    ("org_dept_create", {"deptId": [7, 8]}, DirectoryChange(change="departments", user_ids=("7", "8"))),
    ("org_dept_modify", {"deptId": [7]}, DirectoryChange(change="departments", user_ids=("7",))),
    ("org_dept_remove", {"deptId": [7]}, DirectoryChange(change="departments", user_ids=("7",))),
    (
        "bpms_instance_change",
        {"processInstanceId": "p", "type": "finish", "result": "agree", "title": "合同审批", "staffId": "u1"},
        ApprovalChange(process_id="p", change="finished", result="agreed", title="合同审批"),
    ),
    (
        "bpms_instance_change",
        {"processInstanceId": "p", "type": "finish", "result": "refuse", "title": "合同审批"},
        ApprovalChange(process_id="p", change="finished", result="refused", title="合同审批"),
    ),
    (
        "bpms_instance_change",
        {"processInstanceId": "p", "type": "start", "title": "合同审批"},
        ApprovalChange(process_id="p", change="started", title="合同审批"),
    ),
    (
        "bpms_instance_change",
        {"processInstanceId": "p", "type": "terminate"},
        ApprovalChange(process_id="p", change="terminated"),
    ),
    (
        "bpms_instance_change",
        {"processInstanceId": "p", "type": "delete"},
        ApprovalChange(process_id="p", change="deleted"),
    ),
    ("bpms_instance_change", {"processInstanceId": "p", "type": "comment"}, Ignored(name="bpms_instance_change")),
    ("bpms_instance_change", {"type": "finish"}, Ignored(name="bpms_instance_change")),
    ("todo_task_update", {"taskId": "t"}, Ignored(name="todo_task_update")),
    ("chat_disband", {"chatId": "c"}, Ignored(name="chat_disband")),
]


@pytest.mark.parametrize(("name", "data", "wanted"), MEANINGS)
def test_each_event_means_the_same_in_every_shape(name: str, data: dict[str, Any], wanted: Content) -> None:
    for event in both_shapes(name, **data):
        assert read(event) == wanted


def test_an_event_is_known_by_its_id_and_without_one_by_what_it_says() -> None:
    def event_id(event: dict[str, Any], at: datetime = NOW) -> str:
        return payloads.from_event(event, received_at=at).event_id

    assert {event_id(one) for one in both_shapes("user_add_org", userId=["u"])} == {"e-1"}
    nameless = {"EventType": "user_add_org", "UserId": ["u"]}
    assert (
        event_id(nameless) == event_id(nameless, NOW + timedelta(seconds=10)) != event_id({**nameless, "UserId": ["v"]})
    )


def test_an_event_happened_when_it_says_so() -> None:
    born = datetime(2023, 5, 8, 8, 17, 3, 336_000, UTC)
    for event in (both_shapes("user_add_org", userId=["u"])[0], both_shapes("user_add_org", userId=["u"])[2]):
        assert payloads.parse(payloads.from_event(event, received_at=NOW)).sent_at == born
    assert payloads.parse(payloads.from_event({"EventType": "x"}, received_at=NOW)).sent_at == NOW


@given(
    st.dictionaries(
        st.sampled_from(["EventType", "eventId", "data", "userId", "deptId", "type", "processInstanceId", "timeStamp"]),
        st.none()
        | st.integers()
        | st.floats()
        | st.text(max_size=8)
        | st.sampled_from(["user_add_org", "org_dept_create", "bpms_instance_change"])
        | st.lists(st.none() | st.integers() | st.text(max_size=3), max_size=3)
        | st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=3), max_size=2),
    )
)
def test_no_event_is_odd_enough_to_break_the_reader(event: dict[str, Any]) -> None:
    assert isinstance(read(event), DirectoryChange | ApprovalChange | Ignored)
