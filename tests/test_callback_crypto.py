"""The callback envelope, against WeCom's published samples and against everything that is not quite one."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.enterprise.crypto import WeChatCrypto

from bot.callback_crypto import BrokenEnvelope, CallbackCrypto, CryptoError, WrongReceiver, WrongSignature, decode_key
from bot.errors import ConfigError
from tests.dialects.wecom_seal import Seal

KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data/wecom/vectors.json").read_text("utf-8"))

each_vector = pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
crypto = CallbackCrypto("QDG6eK", KEY, "wwcorp")
dialect = Seal("QDG6eK", KEY, "wwcorp")


def crypto_of(vector: dict[str, Any]) -> CallbackCrypto:
    return CallbackCrypto(vector["token"], vector["encoding_aes_key"], vector["receiveid"])


def opened(encrypted: str) -> bytes:
    return crypto.open(encrypted, signature=crypto.sign("1", "2", encrypted), timestamp="1", nonce="2")


@each_vector
def test_a_published_sample_opens_to_its_plaintext(vector: dict[str, Any]) -> None:
    message = crypto_of(vector).open(
        vector["encrypt"], signature=vector["msg_signature"], timestamp=vector["timestamp"], nonce=vector["nonce"]
    )
    assert message.decode() == vector["plaintext"]
    assert len(message) == vector["msg_len"]


@each_vector
def test_sealing_a_sample_again_gives_the_same_bytes(vector: dict[str, Any]) -> None:
    random16 = vector["random16"].encode()
    assert crypto_of(vector).seal(vector["plaintext"].encode(), random16=random16) == vector["encrypt"]


@each_vector
@pytest.mark.parametrize("field", ["msg_signature", "timestamp", "nonce", "encrypt"])
def test_a_change_anywhere_breaks_the_signature(vector: dict[str, Any], field: str) -> None:
    value = vector[field]
    changed = vector | {field: ("0" if value[0] != "0" else "1") + value[1:]}
    with pytest.raises(WrongSignature):
        crypto_of(vector).open(
            changed["encrypt"],
            signature=changed["msg_signature"],
            timestamp=changed["timestamp"],
            nonce=changed["nonce"],
        )


@each_vector
def test_another_companys_envelope_is_refused(vector: dict[str, Any]) -> None:
    other = CallbackCrypto(vector["token"], vector["encoding_aes_key"], vector["receiveid"] + "x")
    with pytest.raises(WrongReceiver):
        other.open(
            vector["encrypt"], signature=vector["msg_signature"], timestamp=vector["timestamp"], nonce=vector["nonce"]
        )


@pytest.mark.parametrize("signature", ["", "ä" * 40, "\ud800", "0" * 40, "0" * 100_000])
def test_a_signature_of_any_form_is_compared_not_trusted(signature: str) -> None:
    with pytest.raises(WrongSignature):
        crypto.open(crypto.seal(b"hello"), signature=signature, timestamp="1", nonce="2")


@pytest.mark.parametrize("pad", [33, 38, 54])
def test_padding_of_more_than_a_block_is_refused(pad: int) -> None:
    good = b"r" * 16 + b"\0\0\0\0wwcorp"
    filler = -(len(good) + pad) % 16
    message = b"m" * filler
    body = b"r" * 16 + len(message).to_bytes(4, "big") + message + b"wwcorp" + bytes([pad]) * pad
    with pytest.raises(BrokenEnvelope, match="padding"):
        opened(dialect.seal_raw(body))


def test_no_padding_is_refused() -> None:
    with pytest.raises(BrokenEnvelope, match="padding"):
        opened(dialect.seal_raw(b"r" * 16 + b"\0\0\0\0wwcorp" + b"\0" * 6))


def test_padding_bytes_that_differ_are_refused() -> None:
    good = b"r" * 16 + b"\0\0\0\0wwcorp"
    assert opened(dialect.seal_raw(good + bytes([6]) * 6)) == b""
    with pytest.raises(BrokenEnvelope):
        opened(dialect.seal_raw(good + bytes([6]) * 4 + bytes([5, 6])))


def test_padding_longer_than_the_message_is_refused() -> None:
    with pytest.raises(BrokenEnvelope):
        opened(dialect.seal_raw(bytes([32]) * 16))


@pytest.mark.parametrize("length", [1, 7, 2**31, 2**32 - 1])
def test_an_inner_length_beyond_the_body_is_refused(length: int) -> None:
    body = b"r" * 16 + length.to_bytes(4, "big") + b"x" * 12
    with pytest.raises(CryptoError):
        opened(dialect.seal_raw(body + bytes([32]) * 32))


@pytest.mark.parametrize(
    "encrypted",
    ["", "A", "####", "AAAA", "客户", "\ud800", base64.b64encode(b"x" * 15).decode(), crypto.seal(b"hello")[:-4]],
    ids=["empty", "short", "not base64", "three bytes", "Chinese", "surrogate", "15 bytes", "cut"],
)
def test_what_is_not_an_envelope_is_refused(encrypted: str) -> None:
    with pytest.raises(BrokenEnvelope):
        opened(encrypted)


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_again_here_and_elsewhere(message: bytes) -> None:
    sealed = crypto.seal(message)
    assert opened(sealed) == message
    assert dialect.open(sealed) == message
    assert opened(dialect.seal(message)) == message


@given(st.text(max_size=100))
def test_wechatpy_agrees(message: str) -> None:
    peer = WeChatCrypto("QDG6eK", KEY, "wwcorp")
    sealed = crypto.seal(message.encode())
    assert peer.check_signature(crypto.sign("1", "2", sealed), "1", "2", sealed) == message


@given(st.text(), st.text(), st.text(), st.text())
def test_garbage_raises_nothing_but_a_crypto_error(encrypted: str, signature: str, timestamp: str, nonce: str) -> None:
    with pytest.raises(CryptoError):
        crypto.open(encrypted, signature=signature, timestamp=timestamp, nonce=nonce)


@given(st.binary(max_size=20).map(lambda blocks: blocks * 16))
def test_signed_garbage_raises_nothing_but_a_crypto_error(sealed: bytes) -> None:
    with pytest.raises(CryptoError):
        opened(base64.b64encode(sealed).decode())


def test_every_seal_is_different() -> None:
    assert len({crypto.seal(b"hello") for _ in range(20)}) == 20


def test_a_key_whose_last_bits_are_not_zero_is_good() -> None:
    """As the published ones are: 43 random characters are not the canonical base64 of 32 bytes."""
    assert base64.b64encode(decode_key(KEY)).decode().rstrip("=") != KEY
    assert len(decode_key(KEY)) == 32


@pytest.mark.parametrize("key", ["", KEY[:-1], KEY + "x", KEY[:-1] + " ", KEY[:-1] + "=", KEY[:-1] + "密"])
def test_another_key_is_a_config_error_that_does_not_show_it(key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        CallbackCrypto("token", key, "wwcorp")
    assert "encoding_aes_key" in str(raised.value)
    assert not key or key not in str(raised.value)
