"""Any voice note becomes samples: 16 kHz, mono, float32, between -1 and 1.

PyAV brings the decoders; no ffmpeg on the path is needed. AMR is cut into frames here and given to libopencore frame
by frame: FFmpeg's own decoder stops at the first silence frame of a recording with discontinuous transmission, and
silently loses what follows a damaged byte. SILK (WeChat) needs the optional package silk-python.
"""

import importlib
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import av
import numpy as np
from numpy.typing import NDArray

from nlp.errors import AudioTooLong, EmptyAudio, EngineUnavailable, NotAudio

SAMPLE_RATE_HZ = 16_000
Samples = NDArray[np.float32]
Format = Literal["amr", "amr-wb", "silk", "ogg", "wav", "flac", "mp3", "aac", "mov", "webm", "caf", "aiff"]

AMR_HEADER, AMR_WB_HEADER, SILK_HEADER = b"#!AMR\n", b"#!AMR-WB\n", b"#!SILK_V3"
# Bytes of speech that follow each frame type's header byte: 3GPP TS 26.101 and TS 26.201, storage format RFC 4867, 5.3.
AMR_FRAME_BYTES = {0: 12, 1: 13, 2: 15, 3: 17, 4: 19, 5: 20, 6: 26, 7: 31, 8: 5, 15: 0}
AMR_WB_FRAME_BYTES = {0: 17, 1: 23, 2: 32, 3: 36, 4: 40, 5: 46, 6: 50, 7: 58, 8: 60, 9: 5, 14: 0, 15: 0}
AMR_FRAME_S = 0.02
FRAMES_TO_TRUST = 6
"""After a damaged place, this many frame headers in a row are believed: one byte in ten looks like one by chance."""

SILK_PACKET_S = 0.02
SILK_MAX_PACKET_BYTES = 1024
"""What the reference decoder reserves for a packet; a longer one is damage."""

FFMPEG_NAMES: dict[Format, str] = {
    "ogg": "ogg",
    "wav": "wav",
    "flac": "flac",
    "mp3": "mp3",
    "aac": "aac",
    "mov": "mov",
    "webm": "matroska",
    "caf": "caf",
    "aiff": "aiff",
}
KNOWS_ITS_LENGTH: tuple[Format, ...] = ("flac", "mov")
MISSING_TOLERATED_S = 0.5
"""A file that says how long it is and holds this much less was cut off."""
STREAMED_RIFF_BYTES = 0x7FFFFF00
HEADER_BYTES = 128
"""A file of a known kind that cannot be opened and is no longer than this is a header and nothing behind it."""
DECODING_FAULTS = (av.error.FFmpegError, ValueError, OverflowError)
"""What PyAV raises on damaged bytes: FFmpeg's errors, and its own on absurd rates, layouts and times."""


@dataclass(frozen=True)
class Decoded:
    samples: Samples
    damaged: bool
    """Part of the file could not be decoded and is missing."""

    @property
    def duration_s(self) -> float:
        return len(self.samples) / SAMPLE_RATE_HZ


def decode(audio: bytes, *, max_duration_s: float) -> Decoded:
    """All sound that can be had from the file; it blocks for about a millisecond a second of sound.

    Stops as soon as the limit is passed, so that a small file cannot fill the memory. Raises NotAudio, EmptyAudio,
    AudioTooLong, and EngineUnavailable for SILK without silk-python; nothing else, whatever the bytes.
    """
    if not audio:
        raise EmptyAudio("文件是空的")
    match sniff(audio):
        case None:
            raise NotAudio(_looks_like(audio))
        case "amr":
            return _decode_amr(audio[len(AMR_HEADER) :], "libopencore_amrnb", max_duration_s)
        case "amr-wb":
            return _decode_amr(audio[len(AMR_WB_HEADER) :], "libopencore_amrwb", max_duration_s)
        case "silk":
            return _decode_silk(audio, max_duration_s)
        case known:
            return _decode_container(audio, known, max_duration_s)


def sniff(audio: bytes) -> Format | None:
    """The kind of sound by its first bytes; a file's name and a server's content type are not to be trusted."""
    head = audio[:16]
    for start, name in _BEGINNINGS:
        if head.startswith(start):
            return name
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[4:8] == b"ftyp":
        return "mov"
    if len(head) > 2 and head[0] == 0xFF:
        return _mpeg(head[1], head[2])
    return None


_BEGINNINGS: tuple[tuple[bytes, Format], ...] = (
    (AMR_WB_HEADER, "amr-wb"),
    (AMR_HEADER, "amr"),
    (SILK_HEADER, "silk"),
    (b"\x02" + SILK_HEADER, "silk"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"ID3", "mp3"),
    (b"\x1a\x45\xdf\xa3", "webm"),
    (b"caff", "caf"),
)


def _mpeg(second: int, third: int) -> Format | None:
    """Behind 0xFF, the rest of a frame header: eleven bits to synchronise on, then values, some of them reserved."""
    if second & 0xF6 == 0xF0:
        return "aac"
    has_layer = second & 0xE0 == 0xE0 and second & 0x06 != 0 and second & 0x18 != 0x08
    has_rates = third & 0xF0 not in (0x00, 0xF0) and third & 0x0C != 0x0C
    return "mp3" if has_layer and has_rates else None


_OTHER_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "是一张图片"),
    (b"\x89PNG", "是一张图片"),
    (b"GIF8", "是一张图片"),
    (b"RIFF", "是一张图片或一段视频"),
    (b"%PDF", "是一份 PDF"),
    (b"PK\x03\x04", "是一个压缩包或文档"),
    (b"{", "是一段文字，不是声音"),
    (b"[", "是一段文字，不是声音"),
    (b"<", "是一个网页，不是声音"),
)


def _looks_like(audio: bytes) -> str:
    head = audio.removeprefix(b"\xef\xbb\xbf").lstrip()[:16]
    return next((kind for start, kind in _OTHER_KINDS if head.startswith(start)), "格式不认识")


class _Collector:
    """Resamples what is decoded and counts it, so that decoding ends where the limit is."""

    def __init__(self, max_duration_s: float) -> None:
        self.limit_s = max_duration_s
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
        self._resampling = False
        self._parts: list[NDArray[np.int16]] = []
        self.duration_s = 0.0

    def add(self, frame: Any) -> None:
        # The length is counted before resampling: one frame that claims a rate of 1 Hz would become hours of samples.
        self._count(frame.samples / max(frame.sample_rate, 1))
        frame.pts = None  # a damaged clock must not make the resampler fill gaps
        self._parts += _pcm(self._resampler.resample(frame))
        self._resampling = True

    def add_pcm(self, pcm: bytes) -> None:
        """16-bit mono at our own rate."""
        part = np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2")
        self._count(len(part) / SAMPLE_RATE_HZ)
        self._parts.append(part)

    def check(self, duration_s: float) -> None:
        if duration_s > self.limit_s:
            raise AudioTooLong(duration_s, self.limit_s)

    def _count(self, more_s: float) -> None:
        self.check(self.duration_s + more_s)
        self.duration_s += more_s

    def samples(self) -> Samples:
        if self._resampling:
            # The last milliseconds are still in the resampler; where damage broke it, they are all that is lost.
            with suppress(*DECODING_FAULTS):
                self._parts += _pcm(self._resampler.resample(None))
        joined = np.concatenate(self._parts) if self._parts else np.zeros(0, np.int16)
        return joined.astype(np.float32) / 32768.0


def _pcm(frames: Iterable[av.AudioFrame]) -> list[NDArray[np.int16]]:
    return [frame.to_ndarray().reshape(-1).view(np.int16) for frame in frames]


def _decode_amr(body: bytes, decoder: str, max_duration_s: float) -> Decoded:
    sizes = AMR_WB_FRAME_BYTES if decoder == "libopencore_amrwb" else AMR_FRAME_BYTES
    frames, damaged = split_amr(body, sizes, most=_most(max_duration_s, AMR_FRAME_S))
    if not frames:
        raise NotAudio("录音已损坏") if body.strip(b"\0") else EmptyAudio("只有文件头，没有声音")
    collector = _Collector(max_duration_s)
    collector.check(len(frames) * AMR_FRAME_S)
    damaged |= _decode_packets(_amr_decoder(decoder), (av.Packet(frame) for frame in frames), collector)
    return _result(collector, damaged)


def _amr_decoder(name: str) -> Any:
    context: Any = av.CodecContext.create(name, "r")
    context.sample_rate = 16_000 if name == "libopencore_amrwb" else 8_000
    context.layout = "mono"
    return context


def _most(max_duration_s: float, unit_s: float) -> int:
    """One unit more than the limit allows: enough to know that it is passed, whatever else the file holds."""
    return int(max_duration_s / unit_s) + 1


def split_amr(body: bytes, sizes: dict[int, int], *, most: int) -> tuple[list[bytes], bool]:
    """The first `most` frames, each with its header byte, and whether anything between or behind them is no frame."""
    frames: list[bytes] = []
    damaged = False
    at = 0
    headers = re.compile(b"[" + re.escape(bytes(h for h in range(256) if _frame_bytes(h, sizes))) + b"]")
    while at < len(body) and len(frames) < most:
        size = _frame_bytes(body[at], sizes)
        if size and at + size <= len(body):
            frames.append(body[at : at + size])
            at += size
        else:
            damaged = True
            at = _next_frames(body, at + 1, sizes, headers)
    return frames, damaged


def _frame_bytes(header: int, sizes: dict[int, int]) -> int:
    """Length of the frame with this header, which counts as well; 0 where it is none."""
    speech_bytes = sizes.get(header >> 3 & 0x0F)
    # Bit 7 and the last two are padding and zero (RFC 4867, 5.3).
    return 0 if header & 0x83 or speech_bytes is None else 1 + speech_bytes


def _next_frames(body: bytes, at: int, sizes: dict[int, int], headers: re.Pattern[bytes]) -> int:
    """The next place from which several frame headers in a row make sense, or the end."""
    for candidate in headers.finditer(body, at):
        position = candidate.start()
        for _ in range(FRAMES_TO_TRUST):
            size = _frame_bytes(body[position], sizes) if position < len(body) else 0
            if not size:
                break
            position += size
        else:
            return candidate.start()
    return len(body)


def _decode_silk(audio: bytes, max_duration_s: float) -> Decoded:
    try:
        pysilk = importlib.import_module("pysilk")
    except ImportError as error:
        raise EngineUnavailable(
            "silk-python is not installed",
            "这是 SILK 格式的语音，服务器需要先安装解码组件：pip install 'visitbot[silk]'",
        ) from error
    body = audio.removeprefix(b"\x02")[len(SILK_HEADER) :]
    packets, damaged = split_silk(body, most=_most(max_duration_s, SILK_PACKET_S))
    if not packets:
        raise NotAudio("录音已损坏") if damaged else EmptyAudio("只有文件头，没有声音")
    collector = _Collector(max_duration_s)
    collector.check(len(packets) * SILK_PACKET_S)
    decoded = io.BytesIO()
    try:
        # Only whole packets go in: the wrapper would take the end marker for "read all there is".
        pysilk.decode(io.BytesIO(SILK_HEADER + b"".join(packets)), decoded, SAMPLE_RATE_HZ)
    except pysilk.SilkError:
        damaged = True
    collector.add_pcm(decoded.getvalue())
    return _result(collector, damaged)


def split_silk(body: bytes, *, most: int) -> tuple[list[bytes], bool]:
    """The first `most` packets, each with its length before it, and whether anything behind them is no packet."""
    packets: list[bytes] = []
    at = 0
    while at + 2 <= len(body) and len(packets) < most:
        size = int.from_bytes(body[at : at + 2], "little")
        if size == 0xFFFF:
            return packets, False
        if not 0 < size <= SILK_MAX_PACKET_BYTES or at + 2 + size > len(body):
            return packets, True
        packets.append(body[at : at + 2 + size])
        at += 2 + size
    return packets, at < len(body)


def _decode_container(audio: bytes, known: Format, max_duration_s: float) -> Decoded:
    # The kind is named rather than guessed again: some of FFmpeg's readers are playlists that open other addresses.
    try:
        container = av.open(io.BytesIO(audio), "r", format=FFMPEG_NAMES[known], metadata_errors="ignore")
    except DECODING_FAULTS as error:
        if len(audio) <= HEADER_BYTES:
            raise EmptyAudio("只有文件头，没有声音") from error
        raise NotAudio("录音已损坏") from error
    with container:
        if not container.streams.audio or container.streams.audio[0].codec_context is None:
            raise NotAudio("文件里没有能解码的声音")
        collector = _Collector(max_duration_s)
        damaged = _decode_stream(container, collector)
        declared_s = (container.duration or 0) / av.time_base if known in KNOWS_ITS_LENGTH else 0.0
    missing = declared_s - collector.duration_s > MISSING_TOLERATED_S
    return _result(collector, damaged or missing or _is_cut(audio, known))


def _decode_stream(container: Any, collector: _Collector) -> bool:
    stream = container.streams.audio[0]
    faults = _Faults()
    packets = faults.until_first(container.demux(stream))
    if stream.codec_context.name.startswith("amr"):
        # 3GP: the same frames in another box, and the same trouble with FFmpeg's own decoder.
        wide = "wb" in stream.codec_context.name
        sizes = AMR_WB_FRAME_BYTES if wide else AMR_FRAME_BYTES
        body = b"".join(bytes(packet) for packet in packets)
        frames, damaged = split_amr(body, sizes, most=_most(collector.limit_s, AMR_FRAME_S))
        decoder = _amr_decoder("libopencore_amrwb" if wide else "libopencore_amrnb")
        damaged |= _decode_packets(decoder, (av.Packet(frame) for frame in frames), collector)
        return damaged or faults.met
    damaged = _decode_packets(stream.codec_context, packets, collector)
    return damaged or faults.met


class _Faults:
    """Ends a stream of packets at its first fault and remembers that there was one."""

    def __init__(self) -> None:
        self.met = False

    def until_first(self, packets: Iterator[Any]) -> Iterator[Any]:
        try:
            yield from packets
        except DECODING_FAULTS:
            self.met = True


def _decode_packets(decoder: Any, packets: Iterator[Any], collector: _Collector) -> bool:
    """Decode what can be decoded; true when some packet could not."""
    damaged = False
    for packet in packets:
        try:
            for frame in decoder.decode(packet):
                collector.add(frame)
        except DECODING_FAULTS:
            damaged = True
    return damaged


def _result(collector: _Collector, damaged: bool) -> Decoded:
    samples = collector.samples()
    if len(samples):
        return Decoded(samples, damaged)
    raise NotAudio("录音已损坏") if damaged else EmptyAudio("只有文件头，没有声音")


def _is_cut(audio: bytes, known: Format) -> bool:
    """Whether the file ends before its own structure does, which FFmpeg takes without a word."""
    match known:
        case "ogg":
            return _ends_inside_a_page(audio)
        case "wav":
            declared_bytes = int.from_bytes(audio[4:8], "little")
            # A recorder that streams cannot know the size and writes the largest one.
            return declared_bytes < STREAMED_RIFF_BYTES and declared_bytes + 8 > len(audio) + 1
        case _:
            return False


def _ends_inside_a_page(audio: bytes) -> bool:
    """Whether the last Ogg page is cut: its header says how long it is (RFC 3533, section 6)."""
    page = audio.rfind(b"OggS")
    table = page + 27
    if table > len(audio):
        return True
    segments = audio[26 + page]
    return table + segments + sum(audio[table : table + segments]) > len(audio)
