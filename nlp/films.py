"""What a film looks like from outside: how long it is, how large, its first picture. Nobody looks at what is in it."""

import io
from dataclasses import dataclass

import av
import av.error
from PIL import Image

from nlp.errors import UnreadableFilm

MOST_PIXELS = 4096 * 2304
"""Larger frames than any phone films are not decoded: a hostile file must not fill the memory."""
COVER_SIDE = 640


@dataclass(frozen=True)
class Film:
    duration_s: int
    """Rounded, at least 1."""
    width: int
    height: int
    cover: bytes
    """The first frame as JPEG, its longer side at most 640 pixels."""


def inspect(data: bytes) -> Film:
    """It blocks for some milliseconds. Raises UnreadableFilm, nothing else, whatever the bytes."""
    try:
        with av.open(io.BytesIO(data), mode="r") as container:
            if not container.streams.video:
                raise UnreadableFilm("没有画面")
            stream = container.streams.video[0]
            width, height = stream.codec_context.width, stream.codec_context.height
            if not 0 < width * height <= MOST_PIXELS:
                raise UnreadableFilm("画面太大")
            seconds = container.duration / av.time_base if container.duration else 0.0
            frame = next(container.decode(stream))
            # the same as its `to_image`, which has no types
            picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
    except (av.error.FFmpegError, ValueError, OverflowError, StopIteration, MemoryError) as error:
        raise UnreadableFilm("视频已损坏") from error
    return Film(max(1, round(seconds)), width, height, _cover(picture))


def _cover(picture: Image.Image) -> bytes:
    picture.thumbnail((COVER_SIDE, COVER_SIDE))
    written = io.BytesIO()
    picture.convert("RGB").save(written, "JPEG", quality=80)
    return written.getvalue()
