"""Callbacks that WeCom would never send, or not again."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.dialects.wecom_records import Envelope

if TYPE_CHECKING:
    from tests.dialects.wecom import WeComDialect


def _wrong_signature(wecom: "WeComDialect") -> Envelope:
    envelope = _honest(wecom)
    first = envelope.query["msg_signature"][0]
    flipped = "0" if first != "0" else "1"
    return Envelope(envelope.query | {"msg_signature": flipped + envelope.query["msg_signature"][1:]}, envelope.body)


def _unsigned(wecom: "WeComDialect") -> Envelope:
    return Envelope({}, _honest(wecom).body)


def _old(wecom: "WeComDialect") -> Envelope:
    return wecom.envelope(wecom.seal.seal(_hello(wecom)), wecom.now() - timedelta(hours=2))


def _from_the_future(wecom: "WeComDialect") -> Envelope:
    return wecom.envelope(wecom.seal.seal(_hello(wecom)), wecom.now() + timedelta(hours=2))


def _wrong_receiver(wecom: "WeComDialect") -> Envelope:
    return wecom.envelope(wecom.seal.seal(_hello(wecom), receive_id="wwsomebodyelse"))


def _bad_padding(wecom: "WeComDialect") -> Envelope:
    return wecom.envelope(wecom.seal.seal_raw(b"r" * 16 + b"\0" * 48))


def _length_overflow(wecom: "WeComDialect") -> Envelope:
    body = b"r" * 16 + (2**32 - 1).to_bytes(4, "big") + b"x" * 12
    return wecom.envelope(wecom.seal.seal_raw(body + bytes([32]) * 32))


def _cut_short(wecom: "WeComDialect") -> Envelope:
    return wecom.envelope(wecom.seal.seal(_hello(wecom))[:-4])


def _doctype(wecom: "WeComDialect") -> Envelope:
    return wecom.envelope(wecom.seal.seal(b"<!DOCTYPE xml>" + _hello(wecom)))


def _entities(wecom: "WeComDialect") -> Envelope:
    declared = b'<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return wecom.envelope(wecom.seal.seal(declared + b"<xml><Content>&b;</Content></xml>"))


def _outer_doctype(wecom: "WeComDialect") -> Envelope:
    envelope = _honest(wecom)
    bomb = b'<!DOCTYPE xml [<!ENTITY file SYSTEM "file:///etc/passwd">]>' + envelope.body
    return Envelope(envelope.query, bomb)


def _huge(wecom: "WeComDialect") -> Envelope:
    return Envelope(_honest(wecom).query, b"<xml><Encrypt>" + b"A" * (10 << 20) + b"</Encrypt></xml>")


def _tags(wecom: "WeComDialect") -> Envelope:
    return Envelope(_honest(wecom).query, b"<xml>" + b"<a>" * 200_000)


def _not_xml(wecom: "WeComDialect") -> Envelope:
    return Envelope(_honest(wecom).query, b'{"encrypt": "A"}')


def _plain_not_xml(wecom: "WeComDialect") -> Envelope:
    return wecom.envelope(wecom.seal.seal(b"\xff\xfe not xml"))


def _hello(wecom: "WeComDialect") -> bytes:
    return wecom.xml("zhangsan", "text", {"Content": "hello", "MsgId": "7300000000000009999"})


def _honest(wecom: "WeComDialect") -> Envelope:
    return wecom.envelope(wecom.seal.seal(_hello(wecom)))


HOSTILE: dict[str, Callable[["WeComDialect"], Envelope]] = {
    "wrong_signature": _wrong_signature,
    "unsigned": _unsigned,
    "old": _old,
    "from_the_future": _from_the_future,
    "wrong_receiver": _wrong_receiver,
    "bad_padding": _bad_padding,
    "length_overflow": _length_overflow,
    "cut_short": _cut_short,
    "doctype": _doctype,
    "entities": _entities,
    "outer_doctype": _outer_doctype,
    "huge": _huge,
    "tags": _tags,
    "not_xml": _not_xml,
    "plain_not_xml": _plain_not_xml,
}
