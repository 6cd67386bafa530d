"""What a file is sent as, by its bytes and the platform's limits, and under which name."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.attachments import MOST_NAME, prepared, too_big
from bot.dingtalk.files import LIMITS as DINGTALK
from bot.platform import Attachment, FileLimit
from bot.wecom.adapter import FILES as WECOM
from handlers.messages import FileSort, OutboundFile
from tests.sounds import encoded, tone

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
WEBP = b"RIFF\x00\x00\x00\x00WEBP" + bytes(100)
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1" + bytes(100)
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(100)
MOV = b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  " + bytes(100)
PDF = b"%PDF-1.7\n" + bytes(100)
MEGABYTE = 1024 * 1024


def wanted(sort: FileSort, name: str = "资料-7", *, data: bytes = b"") -> OutboundFile:
    return OutboundFile(
        evidence_id=7, member_id=3, sha256="0" * 64, size_bytes=len(data), sort=sort, name=name, instead="链接"
    )


def sent_as(data: bytes, sort: FileSort, limits: Mapping[FileSort, FileLimit], name: str = "资料-7") -> tuple[str, str]:
    found = prepared(wanted(sort, name), data, limits)
    return (found.sort, found.file.file_name) if isinstance(found, Attachment) else ("not", found)


@pytest.mark.parametrize(
    ("data", "sort", "name", "on_wecom", "on_dingtalk"),
    [
        (PNG, "image", "资料-7", ("image", "资料-7.png"), ("image", "资料-7.png")),
        (JPEG, "image", "资料-7", ("image", "资料-7.jpg"), ("image", "资料-7.jpg")),
        (WEBP, "image", "资料-7", ("file", "资料-7.webp"), ("not", "format")),
        (HEIC, "image", "资料-7", ("file", "资料-7.heic"), ("not", "format")),
        (MP4, "video", "资料-7", ("video", "资料-7.mp4"), ("video", "资料-7.mp4")),
        (MOV, "video", "资料-7", ("file", "资料-7.mov"), ("not", "format")),
        (encoded("amr"), "voice", "资料-7", ("voice", "资料-7.amr"), ("voice", "资料-7.amr")),
        (encoded("wav"), "voice", "资料-7", ("file", "资料-7.wav"), ("voice", "资料-7.wav")),
        (encoded("m4a"), "voice", "资料-7", ("file", "资料-7.m4a"), ("not", "format")),
        (PDF, "file", "意向书.pdf", ("file", "意向书.pdf"), ("file", "意向书.pdf")),
        (PDF, "file", "意向书", ("file", "意向书.pdf"), ("file", "意向书.pdf")),
        (b"PK\x03\x04", "file", "方案.pptx", ("file", "方案.pptx"), ("not", "format")),
        (JPEG, "file", "车间.JPG", ("file", "车间.JPG"), ("image", "车间.JPG")),
        (PNG, "file", "车间.dat", ("file", "车间.dat"), ("image", "车间.png")),
        (b"no sound", "voice", "资料-7", ("file", "资料-7"), ("not", "format")),
        (b"<script>", "file", "a.html", ("file", "a.html"), ("not", "format")),
    ],
    ids=[
        *("png", "jpeg", "webp", "heic", "mp4", "quicktime", "amr", "wav", "m4a", "pdf", "pdf without ending"),
        *("slides", "photo as a file", "photo under a false name", "broken sound", "page"),
    ],
)
def test_a_file_goes_as_what_it_came_or_as_a_file_or_not_at_all(
    data: bytes, sort: FileSort, name: str, on_wecom: tuple[str, str], on_dingtalk: tuple[str, str]
) -> None:
    assert sent_as(data, sort, WECOM, name) == on_wecom
    assert sent_as(data, sort, DINGTALK, name) == on_dingtalk


def test_what_is_too_big_for_a_picture_goes_as_a_file_and_what_is_too_big_for_that_not_at_all() -> None:
    assert sent_as(PNG + bytes(10 * MEGABYTE), "image", WECOM) == ("file", "资料-7.png")
    assert sent_as(PNG + bytes(20 * MEGABYTE), "image", WECOM) == ("not", "size")
    assert too_big(20 * MEGABYTE + 1, WECOM)
    assert not too_big(20 * MEGABYTE, WECOM)


def test_a_recording_of_more_than_a_minute_is_no_voice_note_on_wecom() -> None:
    assert sent_as(encoded("amr", tone(59.5)), "voice", WECOM)[0] == "voice"
    assert sent_as(encoded("amr", tone(61.0)), "voice", WECOM)[0] == "file"
    long = prepared(wanted("voice"), encoded("amr", tone(61.0)), DINGTALK)
    assert isinstance(long, Attachment)
    assert abs((long.duration_ms or 0) - 61_000) < 200


def test_what_was_refused_is_not_tried_again() -> None:
    refused_once = prepared(wanted("image"), PNG, WECOM, refused=("image",))
    assert isinstance(refused_once, Attachment)
    assert refused_once.sort == "file"
    assert prepared(wanted("image"), PNG, WECOM, refused=("image", "file")) == "refused"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("恒力 意向书_v2.pdf", "恒力 意向书_v2.pdf"),
        ("../../etc/passwd.pdf", "_.._etc_passwd.pdf"),
        ('恒力"意向书\r\n.pdf', "恒力_意向书 .pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("C:\\桌面\\报价.pdf", "C_桌面_报价.pdf"),
        ("...", "file.pdf"),
        ("长" * 300 + ".pdf", None),
    ],
)
def test_a_name_is_cleaned_before_it_is_shown(name: str, shown: str | None) -> None:
    found = prepared(wanted("file", name), PDF, WECOM)

    assert isinstance(found, Attachment)
    assert shown is None or found.file.file_name == shown
    assert len(found.file.file_name) <= MOST_NAME


@given(
    st.text(min_size=1, max_size=300), st.sampled_from([PNG, PDF, MP4, b"", b"x"]), st.sampled_from(["image", "file"])
)
def test_any_name_becomes_one_that_can_stand_in_a_header(name: str, data: bytes, sort: FileSort) -> None:
    found = prepared(wanted(sort, name), data, WECOM)

    assert isinstance(found, Attachment)
    shown = found.file.file_name
    assert 0 < len(shown) <= MOST_NAME
    assert not set(shown) & set('"\\/\r\n\0:<>|\u202e')
    assert shown.encode()
