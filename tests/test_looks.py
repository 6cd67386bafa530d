"""The figures of `nlp.looks`, on fewer of the same pictures."""

import io
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance

from nlp import looks
from nlp.images import look_of
from nlp.looks import SAME, distance, hash_of, nearest

SCREENS = Path(__file__).parent / "data/screens"
PHOTOS = 24


def photo(seed: int, width: int = 480, height: int = 360) -> Image.Image:
    """Noise with the spectrum of natural pictures, and shapes in it."""
    dice = np.random.default_rng(seed)
    across, down = np.fft.rfftfreq(width)[None, :], np.fft.fftfreq(height)[:, None]
    frequency = np.sqrt(across**2 + down**2)
    frequency[0, 0] = 1
    spectrum = (dice.normal(size=frequency.shape) + 1j * dice.normal(size=frequency.shape)) / frequency**1.25
    levels = np.fft.irfft2(spectrum, s=(height, width))
    levels = (levels - levels.mean()) / levels.std() * 45 + 118
    picture = Image.fromarray(levels.clip(0, 255).astype(np.uint8)).convert("RGB")
    draw = ImageDraw.Draw(picture)
    for _ in range(int(dice.integers(3, 9))):
        left, top = int(dice.integers(0, width)), int(dice.integers(0, height))
        size = (left, top, left + int(dice.integers(30, width // 3)), top + int(dice.integers(30, height // 3)))
        colour = tuple(int(level) for level in dice.integers(20, 235, 3))
        (draw.ellipse if dice.random() < 0.4 else draw.rectangle)(size, fill=colour)
    return picture


def bits(picture: Image.Image) -> int:
    found = hash_of(look_of(np.asarray(picture.convert("RGB"))))
    assert found is not None
    return found


def packed(picture: Image.Image, quality: int) -> Image.Image:
    kept = io.BytesIO()
    picture.save(kept, "jpeg", quality=quality)
    return Image.open(kept)


def cut(picture: Image.Image, share: float) -> Image.Image:
    width, height = picture.size
    sides = (width * share, height * share, width * (1 - share), height * (1 - share))
    return picture.crop(tuple(int(side) for side in sides))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    return [photo(seed) for seed in range(PHOTOS)]


@pytest.mark.parametrize(
    ("again", "most"),
    [
        (lambda one: packed(one, 40), 3),
        (lambda one: packed(one, 20), 3),
        (lambda one: one.resize((one.width // 2, one.height // 2)), 3),
        (lambda one: packed(one.resize((one.width // 4, one.height // 4)), 40), 3),
        (lambda one: ImageEnhance.Brightness(one).enhance(1.15), 4),
    ],
    ids=["packed", "packed hard", "half", "a quarter, packed", "brighter"],
)
def test_a_photo_sent_on_is_the_same(
    photos: list[Image.Image], again: Callable[[Image.Image], Image.Image], most: int
) -> None:
    assert max(distance(bits(one), bits(again(one))) for one in photos) <= most <= SAME


def test_a_photo_cut_by_two_percent_is_nearly_always_the_same(photos: list[Image.Image]) -> None:
    known = [distance(bits(one), bits(cut(one, 0.02))) <= SAME for one in photos]

    assert sum(known) >= 0.9 * PHOTOS


def test_a_photo_from_a_step_aside_is_another(photos: list[Image.Image]) -> None:
    aside = [one.crop((one.width // 5, 0, one.width, one.height)) for one in photos]

    assert min(distance(bits(one), bits(other)) for one, other in zip(photos, aside, strict=True)) > SAME


def test_no_two_photos_are_taken_for_one(photos: list[Image.Image]) -> None:
    assert min(distance(one, other) for one, other in combinations(map(bits, photos), 2)) > SAME


def chat(words: int) -> Image.Image:
    """A chat of five bubbles that stand in the same place in all of them, with other words in each."""
    dice = np.random.default_rng(words)
    picture = Image.new("RGB", (540, 1170), (237, 237, 237))
    draw = ImageDraw.Draw(picture)
    for place in range(5):
        left, right = (150, 468) if place % 2 else (72, 420)
        top = 120 + 180 * place
        draw.rectangle((left, top, right, top + 150), fill=(149, 236, 105) if place % 2 else "white")
        for x in range(left + 18, right - 18, 24):
            for y in range(top + 18, top + 130, 36):
                if dice.random() < 0.8:
                    draw.rectangle((x, y, x + int(dice.integers(8, 18)), y + 20), outline=(25, 25, 25), width=3)
    return picture


def test_chats_that_say_something_else_would_pass_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is why pictures with writing are not compared by their looks."""
    monkeypatch.setattr(looks, "LEAST_CONTRAST", 0)
    chats = [bits(chat(words)) for words in range(20)]

    assert min(distance(one, other) for one, other in combinations(chats, 2)) <= SAME


def test_no_two_of_the_drawn_screens_are_taken_for_one() -> None:
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(SCREENS.glob("held/*.png"))]
    found = [look for picture in pictures if (look := hash_of(look_of(picture))) is not None]

    assert len(found) > 10
    assert min(distance(one, other) for one, other in combinations(found, 2)) > SAME


@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_dark_room_and_a_wall_look_like_nothing(level: int) -> None:
    noise = np.random.default_rng(level).integers(0, 3, (120, 160, 3))

    assert hash_of(look_of((noise + level).clip(0, 255).astype(np.uint8))) is None


@pytest.mark.parametrize("look", ["", "AAAA", "%%%", "A" * 2733])
def test_what_is_no_look_is_refused(look: str) -> None:
    with pytest.raises(ValueError, match="no look"):
        hash_of(look)


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_distance_is_one(one: int, other: int) -> None:
    assert distance(one, one) == 0
    assert distance(one, other) == distance(other, one) <= 64
    assert nearest(one, [(7, other)]) == (7 if distance(one, other) <= SAME else None)
