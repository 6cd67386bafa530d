import importlib
import io
import json
import sys

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.audio import AMR_FRAME_BYTES, SAMPLE_RATE_HZ, Decoded, decode, sniff, split_amr
from nlp.errors import AudioTooLong, EmptyAudio, EngineUnavailable, NotAudio, UnreadableAudio
from tests.sounds import AMR_HEADER, AMR_WB_HEADER, FORMATS, NO_DATA, encoded, silk, tone

LIMIT_S = 300.0


def decoded(audio: bytes, *, max_duration_s: float = LIMIT_S) -> Decoded:
    return decode(audio, max_duration_s=max_duration_s)


def amr_frames(duration_s: float = 2.0) -> list[bytes]:
    frames, damaged = split_amr(encoded("amr", tone(duration_s)).removeprefix(AMR_HEADER), AMR_FRAME_BYTES, most=1_000)
    assert not damaged
    return frames


def pitch_hz(sound: Decoded) -> float:
    middle = sound.samples[4_000:12_000]
    return float(np.abs(np.fft.rfft(middle)).argmax() * SAMPLE_RATE_HZ / len(middle))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_becomes_the_same_sound(name: str) -> None:
    sound = decoded(encoded(name))

    assert sound.duration_s == pytest.approx(1.0, abs=0.1)
    assert sound.samples.dtype == np.float32
    assert 0.15 < float(np.abs(sound.samples).max()) < 0.6
    assert pitch_hz(sound) == pytest.approx(440, abs=3)
    assert not sound.damaged


@pytest.mark.parametrize("leading", [b"\x02", b""], ids=["wechat", "plain"])
def test_silk_is_decoded_by_the_optional_package(leading: bytes) -> None:
    pytest.importorskip("pysilk", reason="silk-python is not installed")
    sound = decoded(leading + silk().removeprefix(b"\x02") + b"\xff\xff")

    assert sound.duration_s == pytest.approx(1.0, abs=0.1)
    assert pitch_hz(sound) == pytest.approx(440, abs=3)
    assert not sound.damaged


def test_silk_without_the_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysilk", None)

    with pytest.raises(EngineUnavailable) as caught:
        decoded(b"\x02#!SILK_V3\x0c\x00" + b"\0" * 12)

    assert "visitbot[silk]" in caught.value.hint


@pytest.mark.parametrize("tail", [b"\x40", b"\x40\x00" + b"\0" * 20, b"\xf0\xff" + b"\0" * 20, b"\0\0"])
def test_silk_that_ends_inside_a_packet_is_decoded_up_to_there(tail: bytes) -> None:
    pytest.importorskip("pysilk", reason="silk-python is not installed")
    sound = decoded(silk() + tail)

    assert sound.duration_s == pytest.approx(1.0, abs=0.1)
    assert sound.damaged


def test_silk_that_will_be_too_long_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    pysilk = pytest.importorskip("pysilk", reason="silk-python is not installed")
    monkeypatch.setattr(pysilk, "decode", None)

    with pytest.raises(AudioTooLong):
        decoded(silk(tone(3.0)), max_duration_s=2.0)


def test_amr_wide_band_is_decoded() -> None:
    speech_lost = bytes([14 << 3 | 4])
    noise = bytes([2 << 3 | 4]) + bytes(range(32))

    sound = decoded(AMR_WB_HEADER + (noise + speech_lost) * 50)

    assert sound.duration_s == pytest.approx(2.0)
    assert not sound.damaged


def test_silence_that_was_not_transmitted_keeps_its_length() -> None:
    frames = amr_frames(1.0)
    comfort_noise = bytes([8 << 3 | 4]) + b"\0" * 5

    sound = decoded(AMR_HEADER + b"".join([*frames, comfort_noise, *[NO_DATA] * 100, *frames]))

    assert sound.duration_s == pytest.approx((2 * len(frames) + 101) * 0.02)
    assert not sound.damaged


def test_amr_cut_in_the_middle_of_a_frame_is_decoded_up_to_there() -> None:
    audio = encoded("amr", tone(2.0))

    sound = decoded(audio[: len(audio) // 2])

    assert sound.duration_s == pytest.approx(1.0, abs=0.05)
    assert sound.damaged


def test_what_follows_a_damaged_place_in_amr_is_still_heard() -> None:
    frames = amr_frames(2.0)
    garbage = b"\xff" * 500

    sound = decoded(AMR_HEADER + b"".join(frames[:50]) + garbage + b"".join(frames[50:]))

    assert sound.duration_s == pytest.approx(2.0, abs=0.1)
    assert sound.damaged


def test_garbage_behind_amr_does_not_spoil_it() -> None:
    sound = decoded(encoded("amr") + b"\xff" * 3_000)

    assert sound.duration_s == pytest.approx(1.0, abs=0.05)
    assert sound.damaged


@pytest.mark.parametrize("name", ["wav", "flac", "ogg opus", "mp3", "aac", "webm opus"])
def test_a_cut_file_gives_the_part_that_is_there(name: str) -> None:
    audio = encoded(name, tone(3.0))

    sound = decoded(audio[: len(audio) // 2])

    assert 0.5 < sound.duration_s < 2.0


@pytest.mark.parametrize("name", ["wav", "flac", "ogg opus"])
def test_a_cut_file_that_knows_its_length_is_called_damaged(name: str) -> None:
    audio = encoded(name, tone(3.0))

    assert decoded(audio[: len(audio) // 2]).damaged


def test_a_recording_cut_before_its_table_of_contents_cannot_be_opened() -> None:
    audio = encoded("m4a", tone(3.0))

    with pytest.raises(NotAudio) as caught:
        decoded(audio[: len(audio) // 2])

    assert caught.value.reason == "录音已损坏"


@pytest.mark.parametrize(
    "audio",
    [
        b"",
        AMR_HEADER,
        AMR_WB_HEADER,
        encoded("wav")[:44],
        AMR_HEADER + b"\0" * 5,
        b"OggS",
        b"fLaC",
        b"RIFF\0\0\0\0WAVE",
    ],
    ids=["nothing", "amr", "amr-wb", "wav", "amr with zeros", "ogg", "flac", "riff"],
)
def test_a_header_with_nothing_behind_it_is_empty(audio: bytes) -> None:
    with pytest.raises(EmptyAudio):
        decoded(audio)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (json.dumps({"errcode": 40007, "errmsg": "invalid media_id"}).encode(), "是一段文字，不是声音"),
        (b"\xef\xbb\xbf\n<html><body>502 Bad Gateway</body></html>", "是一个网页，不是声音"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "是一张图片"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + b"\0" * 100, "是一张图片"),
        (b"%PDF-1.7\n" + b"\0" * 100, "是一份 PDF"),
        (b"PK\x03\x04" + b"\0" * 100, "是一个压缩包或文档"),
        (b"just some words", "格式不认识"),
        (bytes(range(256)) * 4, "格式不认识"),
        (AMR_HEADER + b"\xff" * 500, "录音已损坏"),
    ],
    ids=["json", "html", "png", "jpeg", "pdf", "zip", "text", "bytes", "amr full of garbage"],
)
def test_what_is_no_audio_is_named(content: bytes, reason: str) -> None:
    with pytest.raises(NotAudio) as caught:
        decoded(content)

    assert caught.value.reason == reason


def test_a_video_without_sound_is_no_audio() -> None:
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        container.mux([*stream.encode(picture), *stream.encode(None)])

    with pytest.raises(NotAudio):
        decoded(written.getvalue())


@pytest.mark.parametrize("name", ["amr", "wav", "ogg opus"])
def test_too_long_is_refused(name: str) -> None:
    with pytest.raises(AudioTooLong) as caught:
        decoded(encoded(name, tone(3.0)), max_duration_s=2.0)

    assert caught.value.limit_s == 2.0
    assert caught.value.duration_s > 2.0


def test_a_small_file_that_claims_to_be_hours_does_not_fill_the_memory() -> None:
    wav = bytearray(encoded("wav", tone(1.0)))
    wav[24:28] = (1).to_bytes(4, "little")  # samples a second

    with pytest.raises(AudioTooLong):
        decoded(bytes(wav))


def test_amr_that_will_be_too_long_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(AudioTooLong) as caught:
        decoded(AMR_HEADER + NO_DATA * 5_000_000)

    assert caught.value.duration_s == pytest.approx(LIMIT_S, abs=1)


def test_megabytes_of_garbage_are_refused() -> None:
    """A search that starts over at every byte would run into the suite's time limit here."""
    with pytest.raises(NotAudio):
        decoded(AMR_HEADER + b"\xff" * 20_000_000)


def test_a_playlist_is_not_followed() -> None:
    playlist = b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.ts\n"

    assert sniff(playlist) is None
    with pytest.raises(NotAudio):
        decoded(playlist)


SEEDS = {name: encoded(name, tone(0.3)) for name in FORMATS}
if importlib.util.find_spec("pysilk"):
    SEEDS["silk"] = silk(tone(0.3))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_damage_whatever_raises_anything_else(data: st.DataObject) -> None:
    audio = bytearray(SEEDS[data.draw(st.sampled_from(sorted(SEEDS)))])
    for _ in range(data.draw(st.integers(0, 20))):
        audio[data.draw(st.integers(0, len(audio) - 1))] = data.draw(st.integers(0, 255))
    del audio[data.draw(st.integers(1, len(audio))) :]

    try:
        sound = decoded(bytes(audio), max_duration_s=30)
    except (UnreadableAudio, AudioTooLong):
        return
    assert 0 < sound.duration_s <= 31


@settings(max_examples=100, deadline=None)
@given(
    start=st.sampled_from(
        [b"", AMR_HEADER, AMR_WB_HEADER, b"OggS", b"ID3", b"fLaC", b"RIFF0000WAVE", b"\xff\xfb\x90", b"0000ftyp"]
    ),
    rest=st.binary(max_size=2_000),
)
def test_no_bytes_whatever_raise_anything_else(start: bytes, rest: bytes) -> None:
    try:
        sound = decoded(start + rest, max_duration_s=30)
    except (UnreadableAudio, AudioTooLong):
        return
    assert 0 < sound.duration_s <= 31
