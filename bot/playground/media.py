"""Uploads of the playground: kept on disk before anything refers to them, told by their first bytes, made playable.

Real platforms keep a member's media on their own servers for a few days; here this folder plays that part.
"""

import hashlib
import io
import os
import re
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import av
import av.error

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
"""WeCom's own limit for a file."""
MAX_PLAYED_MS = 30 * 60 * 1000
"""Past this a converted recording is cut off; a hostile file must not fill the memory."""

WAV_HEADER_BYTES = 44

_REFERENCE = re.compile(r"^[0-9a-f]{64}$")


@dataclass(frozen=True)
class MediaType:
    """`content_type` is what a browser may be told; `inline` when it may show or play it rather than save it."""

    content_type: str
    name: str
    inline: bool = False

    @property
    def is_audio(self) -> bool:
        return self.content_type.startswith("audio/")


UNKNOWN = MediaType("application/octet-stream", "bin")

_MAGIC: tuple[tuple[bytes, MediaType], ...] = (
    (b"\x89PNG\r\n\x1a\n", MediaType("image/png", "png", inline=True)),
    (b"\xff\xd8\xff", MediaType("image/jpeg", "jpg", inline=True)),
    (b"GIF87a", MediaType("image/gif", "gif", inline=True)),
    (b"GIF89a", MediaType("image/gif", "gif", inline=True)),
    (b"#!AMR-WB\n", MediaType("audio/amr-wb", "amr")),
    (b"#!AMR\n", MediaType("audio/amr", "amr")),
    (b"#!SILK", MediaType("audio/silk", "silk")),
    (b"\x02#!SILK", MediaType("audio/silk", "silk")),
    (b"OggS", MediaType("audio/ogg", "ogg", inline=True)),
    (b"fLaC", MediaType("audio/flac", "flac", inline=True)),
    (b"ID3", MediaType("audio/mpeg", "mp3", inline=True)),
    # Matroska's id: what a browser's own recorder writes
    (b"\x1aE\xdf\xa3", MediaType("audio/webm", "webm", inline=True)),
    (b"%PDF-", MediaType("application/pdf", "pdf")),
)


def sniff(head: bytes) -> MediaType:
    """What the first bytes say; the sender's own word counts for nothing. 16 bytes are enough."""
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return MediaType("audio/wav", "wav", inline=True)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return MediaType("image/webp", "webp", inline=True)
    if head[4:8] == b"ftyp":
        return (
            MediaType("audio/mp4", "m4a", inline=True)
            if head[8:11] == b"M4A"
            else MediaType("video/mp4", "mp4", inline=True)
        )
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:  # ADTS: sync word, layer 0
        return MediaType("audio/aac", "aac", inline=True)
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:  # MPEG audio: sync word
        return MediaType("audio/mpeg", "mp3", inline=True)
    return UNKNOWN


class Uploads:
    """Files named by the SHA-256 of what is in them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, data: bytes) -> str:
        """Write to a temporary name, fsync, rename: past this, neither kill -9 nor a power cut loses the bytes."""
        media_ref = hashlib.sha256(data).hexdigest()
        target = self._folder / media_ref
        if target.exists():
            return media_ref
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self._folder, prefix=".upload-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(self._folder)
        return media_ref

    def path(self, media_ref: str) -> Path:
        """Raises FileNotFoundError; a reference that could lead out of the folder is such a one."""
        if not _REFERENCE.match(media_ref):
            raise FileNotFoundError(media_ref)
        path = self._folder / media_ref
        if not path.is_file():
            raise FileNotFoundError(media_ref)
        return path


def sync_folder(folder: Path) -> None:
    """A new name survives a power cut only once its folder is on disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def duration_ms(data: bytes) -> int | None:
    """How long the sound lasts, from the packets' own times (a browser's recording has no length in its header).

    None for what is not sound, or broken: that is for the speech engine to say, not for the upload.
    """
    try:
        with av.open(io.BytesIO(data), mode="r") as container:
            if not container.streams.audio:
                return None
            stream = container.streams.audio[0]
            end_s = 0.0
            for packet in container.demux(stream):
                if packet.pts is not None and packet.time_base is not None:
                    end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    except (av.error.FFmpegError, ValueError):
        return None
    return round(end_s * 1000) or None


def as_wav(data: bytes) -> bytes:
    """The sound as 16-bit mono PCM at 16 kHz, for browsers, none of which plays AMR. Raises ValueError."""
    written = io.BytesIO()
    try:
        with av.open(io.BytesIO(data), mode="r") as container, wave.open(written, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(16_000)
            resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
            for frame in container.decode(audio=0):
                for piece in resampler.resample(frame):
                    sound.writeframes(piece.to_ndarray().tobytes())
                if sound.getnframes() / 16 > MAX_PLAYED_MS:
                    break
    except (av.error.FFmpegError, IndexError, ValueError, wave.Error) as error:
        raise ValueError("not a sound that can be decoded") from error
    if written.tell() <= WAV_HEADER_BYTES:
        raise ValueError("no sound in it")
    return written.getvalue()
