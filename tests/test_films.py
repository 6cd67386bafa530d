"""What a film looks like from outside, whatever the bytes."""

import io

import av
import numpy as np
import pytest
from PIL import Image

from nlp import films
from nlp.errors import UnreadableFilm
from tests.sounds import encoded


def film(*, width: int = 320, height: int = 180, seconds: int = 2) -> bytes:
    written = io.BytesIO()
    with av.open(written, mode="w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(5 * seconds):
            picture = np.full((height, width, 3), 40 + 10 * number, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return written.getvalue()


def test_a_film_has_a_length_a_size_and_a_first_picture() -> None:
    found = films.inspect(film(width=1280, height=720, seconds=3))

    assert (found.duration_s, found.width, found.height) == (3, 1280, 720)
    with Image.open(io.BytesIO(found.cover)) as cover:
        assert (cover.format, cover.size) == ("JPEG", (640, 360))


@pytest.mark.parametrize(
    "data",
    [b"", b"....ftypmp42", film()[:300], encoded("m4a"), b"\x89PNG\r\n\x1a\n"],
    ids=["nothing", "a head", "cut off", "sound alone", "a broken picture"],
)
def test_what_is_no_film_is_told_so(data: bytes) -> None:
    with pytest.raises(UnreadableFilm):
        films.inspect(data)


def test_a_frame_larger_than_any_phones_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "MOST_PIXELS", 320 * 180 - 1)

    with pytest.raises(UnreadableFilm):
        films.inspect(film())
