"""Keys, padding and names of the AI bot's encrypted files."""

import base64
import os

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from hypothesis import given
from hypothesis import strategies as st

from bot.addresses import allowed as allowed_address
from bot.errors import MediaGone
from bot.wecom_bot import media

KEY = bytes(range(32))


def sealed(data: bytes, key: bytes = KEY) -> bytes:
    padder = PKCS7(256).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()


@given(st.binary(max_size=200))
def test_what_was_sealed_is_opened(data: bytes) -> None:
    assert media.decrypt(sealed(data), KEY) == data


@given(st.binary(max_size=200))
def test_anything_else_is_gone_and_never_a_crash(data: bytes) -> None:
    try:
        opened = media.decrypt(data, KEY)
    except MediaGone:
        return
    assert len(opened) < len(data)


def test_another_key_does_not_open_it() -> None:
    # the padding of a wrong key is right once in some 250 times
    wrong = sum(1 for _ in range(200) if not _opens(sealed(b"x" * 40, os.urandom(32))))
    assert wrong > 180


def _opens(data: bytes) -> bool:
    try:
        media.decrypt(data, KEY)
    except MediaGone:
        return False
    return True


@pytest.mark.parametrize(
    "text",
    [base64.b64encode(KEY).decode(), base64.b64encode(KEY).decode().rstrip("="), KEY.hex(), KEY.hex().upper()],
    ids=["padded", "unpadded", "hexadecimal", "capitals"],
)
def test_a_key_comes_in_several_forms(text: str) -> None:
    assert media.read_key(text) == KEY


def test_the_last_character_of_a_key_may_carry_spare_bits() -> None:
    assert len(media.read_key("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C")) == 32


@pytest.mark.parametrize("text", ["", "short", "字" * 43, "!" * 43, "a" * 44, "0" * 63])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not 32 bytes|neither base64"):
        media.read_key(text)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("", ""),
        ('attachment; filename="a.pdf"', "a.pdf"),
        ("attachment; filename=a.pdf", "a.pdf"),
        ("attachment; filename*=UTF-8''%E6%8E%92%E6%9C%9F.xlsx", "排期.xlsx"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\x\\\\y.png"', "y.png"),
        ("attachment; filename*=nonsense", "nonsense"),
        ('attachment; filename="' + "x" * 500 + '"', "x" * 200),
        ("\r\nX: y", ""),
    ],
)
def test_a_name_is_a_name_and_no_path(disposition: str, name: str) -> None:
    assert media.file_name(disposition) == name


@given(st.text(max_size=60))
def test_whatever_the_header_says_it_is_read_or_left_out(disposition: str) -> None:
    assert "/" not in media.file_name(disposition)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://x.qpic.cn/a", True),
        ("https://X.QPIC.CN/a", True),
        ("https://qpic.cn/a", False),
        ("https://evilqpic.cn/a", False),
        ("https://x.qpic.cn.evil.example/", False),
        ("https://evil.example/?.qpic.cn", False),
        ("https://user@x.qpic.cn/", False),
        ("http://x.qpic.cn/a", False),
        ("https://qyapi.weixin.qq.com/cgi-bin/x", True),
        ("https://a.qyapi.weixin.qq.com/", False),
        ("http://127.0.0.1:80/", True),
        ("http://127.0.0.2/", False),
        ("file:///etc/passwd", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_an_address_is_called_only_where_it_is_listed_and_safe(address: str, allowed: bool) -> None:
    found = allowed_address(address, (".qpic.cn", "qyapi.weixin.qq.com", "127.0.0.1"))
    assert (found is not None) is allowed
