import hashlib
import io
import re
import struct
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, PngImagePlugin

from nlp.errors import (
    DamagedImage,
    EmptyImage,
    HeicUnsupported,
    ImageTooBig,
    ImageTooSmall,
    NotAnImage,
    UnreadableImage,
)
from nlp.images import (
    MAX_BYTES,
    ORIENTATION_TAG,
    SAME_LOOK,
    ImageHeader,
    PreparedImage,
    distance,
    inspect,
    look_of,
    prepare,
    sniff,
)

FORMATS = ("png", "jpeg", "webp", "gif", "bmp")
RED, WHITE, BLACK = (255, 0, 0), (255, 255, 255), (0, 0, 0)


def encoded(image: Image.Image, name: str = "png", **options: Any) -> bytes:
    kept = io.BytesIO()
    image.save(kept, name, **options)
    return kept.getvalue()


def halves(width: int = 120, height: int = 80) -> Image.Image:
    """Red at the left, white at the right."""
    image = Image.new("RGB", (width, height), WHITE)
    image.paste(RED, (0, 0, width // 2, height))
    return image


def screen(*bubbles: tuple[int, int, int, int], dark: bool = False) -> Image.Image:
    """A chat of 540 × 1170: a bar on top, and bubbles with strokes in them instead of letters."""
    image = Image.new("RGB", (540, 1170), (25, 25, 25) if dark else (237, 237, 237))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 540, 90), fill=(17, 17, 17) if dark else (246, 246, 246))
    for left, top, right, bottom in bubbles:
        ours = left > 100
        colour = ((62, 178, 107) if ours else (44, 44, 44)) if dark else ((149, 236, 105) if ours else WHITE)
        draw.rounded_rectangle((left, top, right, bottom), 8, fill=colour)
        for x in range(left + 18, right - 18, 24):
            for y in range(top + 18, bottom - 18, 36):
                draw.rectangle((x, y, x + 16, y + 20), outline=(220, 220, 220) if dark else (25, 25, 25), width=3)
    return image


def chat(dark: bool = False) -> Image.Image:
    return screen((72, 120, 420, 230), (150, 260, 468, 340), (72, 370, 300, 450), (200, 480, 468, 640), dark=dark)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *, bits: int = 8, colour: int = 0, chunks: bytes = b"", pixels: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + chunks
        + png_chunk(b"IDAT", zlib.compress(pixels))
        + png_chunk(b"IEND", b"")
    )


def corners(prepared: PreparedImage) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Colour in the middle of the left and of the right edge."""
    row = prepared.rgb[prepared.height // 2]
    return tuple(int(level) for level in row[2]), tuple(int(level) for level in row[-3])


# What is taken


@pytest.mark.parametrize("name", FORMATS)
def test_every_kind_becomes_the_same_pixels(name: str) -> None:
    data = encoded(halves(), name)
    prepared = prepare(data)

    assert prepared.format == sniff(data) == name
    assert inspect(data) == ImageHeader(prepared.format, 120, 80)
    assert (prepared.width, prepared.height) == (120, 80)
    assert prepared.rgb.shape == (80, 120, 3)
    assert prepared.rgb.dtype == np.uint8
    left, right = corners(prepared)
    assert left == pytest.approx(RED, abs=6)
    assert right == pytest.approx(WHITE, abs=6)
    assert prepared.sha256 == hashlib.sha256(data).hexdigest()
    assert prepared.look == look_of(prepared.rgb)


def test_an_iphones_own_format_is_read_by_the_optional_package() -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    kept = io.BytesIO()
    pillow_heif.from_pillow(halves()).save(kept)
    prepared = prepare(kept.getvalue())

    assert prepared.format == "heic"
    assert inspect(kept.getvalue()) == ImageHeader("heic", 120, 80)
    left, right = corners(prepared)
    assert left == pytest.approx(RED, abs=20)
    assert right == pytest.approx(WHITE, abs=20)


def test_an_iphones_own_format_without_the_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif.as_plugin", None)

    with pytest.raises(HeicUnsupported) as caught:
        prepare(struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + bytes(100))

    assert "visitbot[heic]" in caught.value.reason


@pytest.mark.parametrize("name", ["gif", "webp", "png"])
def test_of_an_animation_the_first_frame_counts(name: str) -> None:
    later = Image.new("RGB", (120, 80), BLACK)
    prepared = prepare(encoded(halves(), name, save_all=True, append_images=[later, later]))

    assert corners(prepared)[1] == pytest.approx(WHITE, abs=6)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_exif_says(orientation: int) -> None:
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    meant = halves()
    meant.paste(BLACK, (0, 0, 30, 20))
    stored = meant.transpose(turns[orientation]) if orientation in turns else meant
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    prepared = prepare(encoded(stored, "jpeg", exif=exif.tobytes(), quality=95))

    assert np.abs(prepared.rgb.astype(int) - np.asarray(meant).astype(int)).mean() < 3


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_an_orientation_that_means_nothing_turns_nothing(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation

    assert prepare(encoded(halves(), "jpeg", exif=exif.tobytes())).width == 120


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0" + bytes(range(256))])
def test_broken_exif_costs_the_turn_but_not_the_picture(exif: bytes) -> None:
    prepared = prepare(encoded(halves(), "jpeg", exif=exif))

    assert corners(prepared)[0] == pytest.approx(RED, abs=6)


# Modes


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_wholly_transparent_picture_is_white(mode: str) -> None:
    prepared = prepare(encoded(Image.new(mode, (40, 40), 0)))

    assert (prepared.rgb == 255).all()


def test_what_is_half_transparent_is_mixed_with_white() -> None:
    prepared = prepare(encoded(Image.new("RGBA", (40, 40), (0, 0, 0, 128))))

    assert int(prepared.rgb[20, 20, 0]) == pytest.approx(127, abs=1)


def test_a_transparent_colour_of_a_palette_is_white() -> None:
    image = Image.new("P", (40, 40), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.paste(0, (20, 0, 40, 40))

    assert corners(prepare(encoded(image, transparency=0))) == (RED, WHITE)


def test_a_transparent_colour_without_an_alpha_channel_is_white() -> None:
    prepared = prepare(png(40, 40, chunks=png_chunk(b"tRNS", b"\0\0"), pixels=bytes(41 * 40)))

    assert (prepared.rgb == 255).all()


def test_sixteen_bits_of_grey_become_eight() -> None:
    ramp = np.tile(np.linspace(0, 65_535, 256, dtype=np.uint16), (40, 1))
    prepared = prepare(encoded(Image.fromarray(ramp)))

    assert prepared.rgb[0, :, 0].tolist() == [level // 257 for level in ramp[0].tolist()]
    assert (prepared.rgb[:, :, 0] == prepared.rgb[:, :, 2]).all()


def test_sixteen_bits_of_grey_with_alpha_are_read_too() -> None:
    row = b"\0" + struct.pack(">HH", 0, 0) * 20 + struct.pack(">HH", 0x8080, 0xFFFF) * 20
    prepared = prepare(png(40, 40, bits=16, colour=4, pixels=row * 40))

    assert corners(prepared) == (WHITE, (128, 128, 128))


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (Image.new("1", (40, 40), 1), "png"),
        (Image.new("L", (40, 40), 255), "png"),
        (Image.new("P", (40, 40), 0), "gif"),
        (Image.new("CMYK", (40, 40), 0), "jpeg"),
        (Image.new("YCbCr", (40, 40), (255, 128, 128)), "jpeg"),
        (Image.new("L", (40, 40), 255), "jpeg"),
        (Image.new("1", (40, 40), 1), "bmp"),
    ],
    ids=["1 bit", "grey", "palette", "cmyk", "ycbcr", "grey jpeg", "1-bit bmp"],
)
def test_every_mode_becomes_three_channels(image: Image.Image, name: str) -> None:
    if image.mode == "P":
        image.putpalette([255] * 3)
    prepared = prepare(encoded(image, name))

    assert prepared.rgb.shape == (40, 40, 3)
    assert prepared.rgb.min() >= 254


# What is refused


def test_nothing_at_all_is_empty() -> None:
    for read in (inspect, prepare):
        with pytest.raises(EmptyImage):
            read(b"")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"%PDF-1.7\n1 0 obj", "PDF"),
        (b"PK\x03\x04" + bytes(30), "压缩包"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\xef\xbb\xbf  <!DOCTYPE html><html>", "网页"),
        (b'{"errcode": 40007, "errmsg": "invalid media_id"}', "文字"),
        ("客户说下周三之前给报价".encode(), "不认识"),
        (b"BM is how this text begins, and no bitmap does", "不认识"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "视频"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "AVIF"),
        (b"II*\0" + bytes(40), "TIFF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "不认识"),
        (b"#!AMR\n" + bytes(40), "语音"),
        (b"\xff\xd8", "不认识"),
        (bytes(100), "不认识"),
    ],
)
def test_what_is_no_picture_is_told_by_its_bytes(data: bytes, reason: str) -> None:
    for read in (inspect, prepare):
        with pytest.raises(NotAnImage, match=reason):
            read(data)


@pytest.mark.parametrize("name", FORMATS)
def test_a_picture_that_is_cut_off_is_damaged(name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (80, 120, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), name)
    for end in (20, 40, len(data) // 3, len(data) // 2, len(data) * 9 // 10, len(data) - 40):
        with pytest.raises(DamagedImage):
            prepare(data[:end])


@pytest.mark.parametrize("side", [12_000, 20_000])
def test_a_small_file_with_millions_of_pixels_is_refused_before_it_is_decoded(side: int) -> None:
    data = png(side, side, bits=1, pixels=bytes(side * (side // 8 + 1)))
    assert len(data) < 100_000

    for read in (inspect, prepare):
        with pytest.raises(ImageTooBig):
            read(data)


def test_a_canvas_that_the_reader_would_reserve_first_is_refused_by_the_header() -> None:
    size = struct.pack("<I", 16_382)[:3] * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size + b"ANIM" + struct.pack("<I", 6) + bytes(6)

    with pytest.raises(ImageTooBig, match="16383×16383"):
        inspect(b"RIFF" + struct.pack("<I", len(body)) + body)


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}])
def test_each_kind_of_webp_says_its_size(options: dict[str, Any]) -> None:
    assert inspect(encoded(halves(333, 77), "webp", **options)) == ImageHeader("webp", 333, 77)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (31, 500), (500, 31)])
def test_a_picture_too_small_for_letters_is_refused(width: int, height: int) -> None:
    with pytest.raises(ImageTooSmall):
        prepare(encoded(Image.new("RGB", (width, height))))


def test_a_picture_longer_than_any_screenshot_is_refused() -> None:
    with pytest.raises(ImageTooBig, match="40×30001"):
        inspect(encoded(Image.new("1", (40, 30_001))))


def test_a_file_larger_than_we_take_is_refused_unopened() -> None:
    with pytest.raises(ImageTooBig, match="20 MB"):
        prepare(encoded(halves()) + bytes(MAX_BYTES))


def test_a_gif_whose_frame_is_larger_than_it_said_is_measured_again() -> None:
    data = bytearray(encoded(halves(), "gif"))
    at = data.index(b"\x2c\0\0\0\0")
    data[at + 5 : at + 9] = struct.pack("<HH", 30_001, 80)

    with pytest.raises(UnreadableImage):
        prepare(bytes(data))


def text_bomb() -> bytes:
    return png_chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(80_000_000), 9))


def many_texts() -> bytes:
    info = PngImagePlugin.PngInfo()
    for number in range(2_000):
        info.add_text(f"k{number}", "x" * 100)
    return encoded(halves(), pnginfo=info)


@pytest.mark.parametrize(
    "made",
    [
        lambda: png(40, 40, chunks=text_bomb(), pixels=bytes(41 * 40)),
        lambda: png(40, 40, chunks=png_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(50_000_000))), pixels=b""),
        lambda: png(40, 40, chunks=png_chunk(b"eXIf", b"MM\0*\0\0\0\x08\xff\xff"), pixels=bytes(41 * 40)),
        lambda: png(40, 40, chunks=png_chunk(b"PLTE", b"\0"), colour=3, pixels=bytes(41 * 40)),
        lambda: png(40, 40, chunks=struct.pack(">I", 0xFFFFFFFF) + b"tEXt", pixels=b""),
        lambda: png(40, 40, bits=3, pixels=b""),
        lambda: png(0, 0, pixels=b""),
        many_texts,
    ],
    ids=["text bomb", "profile bomb", "exif", "palette", "endless chunk", "odd depth", "no size", "many texts"],
)
def test_hostile_chunks_are_read_past_or_refused(made: Callable[[], bytes]) -> None:
    data = made()
    for read in (inspect, prepare):
        try:
            read(data)
        except UnreadableImage as error:
            assert re.search("[一-鿿]", error.reason)  # noqa: PT017 - either outcome is right, others are not


def test_pillows_warnings_stay_inside() -> None:
    with warnings.catch_warnings(record=True) as escaped:
        warnings.simplefilter("always")
        with pytest.raises(ImageTooBig):
            inspect(png(10_000, 10_000))

    assert escaped == []


def samples() -> Iterator[bytes]:
    for name in FORMATS:
        yield encoded(halves(48, 40), name)
    yield encoded(Image.new("RGBA", (40, 40), (0, 0, 0, 128)))
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    yield encoded(halves(48, 40), "jpeg", exif=exif.tobytes())
    yield encoded(halves(48, 40), "webp", save_all=True, append_images=[Image.new("RGB", (48, 40))])


SAMPLES = tuple(samples())


@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=4))))
def test_whatever_is_broken_in_a_picture_the_error_is_ours(sample: bytes, changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(sample)
    for at, change in changes:
        begins = at % len(data)
        data[begins : begins + len(change)] = change
    for read in (inspect, prepare):
        try:
            read(bytes(data))
        except UnreadableImage as error:
            assert error.reason  # noqa: PT017 - either outcome is right, others are not


@given(st.sampled_from([sample[:16] for sample in SAMPLES] + [b""]), st.binary(max_size=200))
def test_bytes_behind_any_beginning_never_break_the_guard(beginning: bytes, rest: bytes) -> None:
    with pytest.raises(UnreadableImage):
        prepare(beginning + rest)


# Looks


COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "as it is": encoded,
    "jpeg 40": lambda image: encoded(image, "jpeg", quality=40),
    "half the size": lambda image: encoded(image.resize((image.width // 2, image.height // 2))),
    "half the size, jpeg 40": lambda image: encoded(image.resize((270, 585)), "jpeg", quality=40),
    "webp": lambda image: encoded(image, "webp", quality=50),
}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("copy", COPIES)
def test_a_picture_kept_again_or_made_smaller_looks_the_same(copy: str, dark: bool) -> None:
    original = prepare(encoded(chat(dark)))

    assert distance(original.look, prepare(COPIES[copy](chat(dark))).look) <= SAME_LOOK


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "bubble", [(370, 680, 468, 740), (72, 680, 170, 740), (72, 680, 400, 740)], ids=["ours", "theirs", "longer"]
)
def test_a_chat_with_one_short_bubble_more_looks_different(bubble: tuple[int, int, int, int], dark: bool) -> None:
    before = look_of(np.asarray(chat(dark)))
    after = chat(dark)
    after.paste(screen(bubble, dark=dark).crop((0, 660, 540, 760)), (0, 660))

    assert distance(before, look_of(np.asarray(after))) > SAME_LOOK


def test_a_chat_scrolled_by_one_line_looks_different() -> None:
    scrolled = chat()
    scrolled.paste(chat().crop((0, 140, 540, 1170)), (0, 90))

    assert distance(look_of(np.asarray(chat())), look_of(np.asarray(scrolled))) > SAME_LOOK


def test_a_look_is_short_enough_to_be_kept_as_text() -> None:
    look = look_of(np.asarray(chat()))

    assert len(look) == 2_732
    assert look.isascii()
    assert distance(look, look) == 0


@pytest.mark.parametrize("look", ["", "0123456789abcdef", "?" * 2_732, "AAAA" * 684])
def test_what_is_no_look_is_refused(look: str) -> None:
    with pytest.raises(ValueError, match="no look"):
        distance(look, look_of(np.asarray(chat())))


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_distance_is_the_same_both_ways(a: int, b: int) -> None:
    looks = [look_of(np.random.default_rng(seed).integers(0, 256, (64, 32, 3), dtype=np.uint8)) for seed in (a, b)]

    assert distance(looks[0], looks[1]) == distance(looks[1], looks[0]) <= 255
