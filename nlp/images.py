"""The guard that every picture passes: any bytes become upright, opaque RGB pixels, or an error that says why not.

The kind is told by the bytes alone, and Pillow may try that one reader only: a file's name, a content type and the
rarer formats that Pillow knows (some of them scripts for other programs) have no say. Size is read from the header
before anything is decoded: a PNG of half a megabyte may hold 144 megapixels.

The look of a picture is no hash but a small grey copy of it, since a hash of screenshots answers the wrong question.
Measured on 20 pictures, each also as JPEG (quality 40 and 20), at half size and both, and with one bubble painted
over: the best hash (DCT, 256 bits) put up to 10 bits between copies of one picture, and no more than that between a
chat and the same chat with one short bubble more in half of the cases; 64 bits did worse. Of grey copies, the patches
that differ most differ by 8 levels at most between copies, by 14 and more with one bubble more, and by more than 80
between any two of the pictures or after scrolling.
"""

import base64
import binascii
import hashlib
import importlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from nlp.errors import DamagedImage, EmptyImage, HeicUnsupported, ImageTooBig, ImageTooSmall, NotAnImage

Rgb = NDArray[np.uint8]
"""Height × width × 3."""
Format = Literal["png", "jpeg", "webp", "gif", "bmp", "heic"]

MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000
"""A phone's longest stitched screenshot has about 20 million; decoded, 40 million take 120 MB."""
MAX_SIDE_PX = 30_000
MIN_SIDE_PX = 32

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
BMP_HEADER_BYTES = (12, 40, 52, 56, 64, 108, 124)
"""What the second header of a BMP may say of its own size: two letters alone would make a picture of many a text."""
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
AVIF_BRANDS = frozenset({b"avif", b"avis"})
ORIENTATION_TAG = 0x0112
"""EXIF 2.32, 4.6.4 A: how the picture has to be turned to stand upright, from 1 (not at all) to 8."""
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
DECODING_FAULTS = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RuntimeError,
    EOFError,
    struct.error,
    zlib.error,
)
"""What Pillow's readers raise on damaged bytes; which of them depends on where the damage is."""

LOOK_COLUMNS, LOOK_ROWS = 32, 64
"""Patches of a look. Twice as many rows as columns, since most screenshots are of upright phones."""
SAME_LOOK = 10
"""Up to this distance two pictures are one picture sent twice, kept again or made smaller: see above.

One figure that differs stays below it three times in four: a same look is a reason to compare what was read or to
ask, never to drop a picture in silence.
"""


@dataclass(frozen=True)
class ImageHeader:
    """What a picture says of itself before it is decoded; width and height as stored, before it is turned upright."""

    format: Format
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class PreparedImage:
    """Upright and opaque. `sha256` is of the bytes as they came, `look` as `look_of` makes it."""

    rgb: Rgb
    sha256: str
    look: str
    width: int
    height: int
    format: Format


def inspect(data: bytes) -> ImageHeader:
    """Kind and size by the header alone; no pixel is decoded. Raises what `prepare` raises, as far as a header tells."""
    with _opened(data) as (image, kind):
        return ImageHeader(kind, image.width, image.height)


def prepare(data: bytes) -> PreparedImage:
    """The picture as it is meant to be seen: first frame, turned as EXIF says, on white where it is transparent.

    It blocks for about 40 ms a megapixel and takes up to 0.6 GB for the largest. Raises EmptyImage, NotAnImage, DamagedImage (also for one that is cut off),
    ImageTooBig, ImageTooSmall, and HeicUnsupported without pillow-heif; nothing else, whatever the bytes.
    """
    with _opened(data) as (image, kind):
        image.load()
        _check_size(image)  # a GIF's first frame may be larger than its header says
        upright = _turned(_opaque(image), _orientation(image))
    sha256 = hashlib.sha256(data).hexdigest()
    return PreparedImage(np.asarray(upright), sha256, _look(upright), upright.width, upright.height, kind)


def sniff(data: bytes) -> Format | None:
    """The kind of picture by its first bytes."""
    head = data[:32]
    if head.startswith(PNG_SIGNATURE):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in BMP_HEADER_BYTES:
        return "bmp"
    if HEIC_BRANDS & (brands := _brands(data)) and not AVIF_BRANDS & brands:
        return "heic"
    return None


def look_of(rgb: Rgb) -> str:
    """A grey copy of 32 × 64 patches, row by row, a byte each, in base64 (2,732 characters)."""
    return _look(Image.fromarray(rgb))


def distance(look_a: str, look_b: str) -> int:
    """Grey levels (0 to 255) between the two patches that differ most; see SAME_LOOK.

    Raises ValueError for what is no look.
    """
    return int(np.abs(_patches(look_a) - _patches(look_b)).max())


def _look(image: Image.Image) -> str:
    # Triangular windows: with sharp ones, edges that lie half a pixel elsewhere in a smaller copy differ by 20 levels.
    small = image.convert("L").resize((LOOK_COLUMNS, LOOK_ROWS), Image.Resampling.BILINEAR)
    return base64.b64encode(small.tobytes()).decode("ascii")


def _patches(look: str) -> NDArray[np.int16]:
    try:
        levels = base64.b64decode(look, validate=True)
    except binascii.Error as error:
        raise ValueError("no look of a picture") from error
    if len(levels) != LOOK_COLUMNS * LOOK_ROWS:
        raise ValueError("no look of a picture")
    return np.frombuffer(levels, np.uint8).astype(np.int16)


_READERS: dict[Format, str] = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP", "gif": "GIF", "bmp": "BMP"}


@contextmanager
def _opened(data: bytes) -> Iterator[tuple[ImageFile.ImageFile, Format]]:
    """The picture with its header read and its size checked. What goes wrong with it in the block becomes ours."""
    kind = _checked_kind(data)
    with warnings.catch_warnings():
        # Pillow warns of odd metadata, and of sizes that we refuse anyway.
        warnings.simplefilter("ignore")
        try:
            with _open(data, kind) as image:
                _check_size(image)
                yield image, kind
        except Image.DecompressionBombError as error:
            raise ImageTooBig("像素太多") from error
        except MemoryError as error:
            raise ImageTooBig("图片太大，内存放不下") from error
        except DECODING_FAULTS as error:
            raise DamagedImage("图片不完整或已损坏") from error


def _checked_kind(data: bytes) -> Format:
    if not data:
        raise EmptyImage("文件是空的")
    kind = sniff(data)
    if kind is None:
        raise NotAnImage(_looks_like(data))
    if len(data) > MAX_BYTES:
        raise ImageTooBig(f"文件超过 {MAX_BYTES // 1_000_000} MB")
    if kind == "webp":
        # Pillow reserves two canvases before it tells their size.
        _check_sides(*_webp_size(data))
    return kind


def _open(data: bytes, kind: Format) -> ImageFile.ImageFile:
    if kind == "heic":
        return _open_heic(data)
    return Image.open(io.BytesIO(data), formats=[_READERS[kind]])


def _open_heic(data: bytes) -> ImageFile.ImageFile:
    try:
        plugin = importlib.import_module("pillow_heif.as_plugin")
    except ImportError as error:
        raise HeicUnsupported("是 iPhone 的 HEIC 格式，服务器没有安装解码组件：pip install 'visitbot[heic]'") from error
    # The reader's class itself: to register it would change what every other Image.open of the process takes.
    image: ImageFile.ImageFile = plugin.HeifImageFile(io.BytesIO(data))
    return image


def _check_size(image: Image.Image) -> None:
    _check_sides(image.width, image.height)


def _check_sides(width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE_PX:
        raise ImageTooBig(f"{width}×{height} 像素，超过上限")
    if min(width, height) < MIN_SIDE_PX:
        raise ImageTooSmall(f"只有 {width}×{height} 像素")


def _orientation(image: Image.Image) -> int:
    # Broken EXIF costs the turn, not the picture.
    with suppress(*DECODING_FAULTS):
        turn = image.getexif().get(ORIENTATION_TAG, 1)
        return turn if isinstance(turn, int) else 1
    return 1


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _opaque(image: Image.Image) -> Image.Image:
    """As RGB: sixteen bits become eight, and what is transparent becomes white, as a messenger would show it."""
    if image.mode.startswith("I"):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    paper = Image.new("RGB", layer.size, "white")
    paper.paste(layer, mask=layer.getchannel("A"))
    return paper


def _eight_bits(levels: NDArray[np.integer]) -> NDArray[np.uint8]:
    # 65,535 / 257 = 255. Pillow's own conversion clips at 255, which makes nearly everything white.
    return (levels.clip(0, 65_535).astype(np.uint32) // 257).astype(np.uint8)


def _brands(data: bytes) -> frozenset[bytes]:
    """The brands of an ISO file's first box (ISO/IEC 14496-12, 4.3), where it has one."""
    if data[4:8] != b"ftyp":
        return frozenset()
    box = data[: min(int.from_bytes(data[:4], "big"), 256)]
    return frozenset({box[8:12], *(box[at : at + 4] for at in range(16, len(box) - 3, 4))})


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height of the canvas by the first chunk (RFC 9649, 2.3 to 2.7)."""
    chunk, body = data[12:16], data[20:30]
    if len(body) < 10:
        raise DamagedImage("图片不完整或已损坏")
    match chunk:
        case b"VP8X":
            return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
        case b"VP8L":
            bits = int.from_bytes(body[1:5], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
        case _:
            raise DamagedImage("图片不完整或已损坏")


_OTHER_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "是一份 PDF"),
    (b"PK\x03\x04", "是一个压缩包或文档"),
    (b"\xd0\xcf\x11\xe0", "是一份旧版 Office 文档"),
    (b"II*\0", "是 TIFF 格式"),
    (b"MM\0*", "是 TIFF 格式"),
    (b"<svg", "是 SVG 格式"),
    (b"<", "是一个网页，不是图片"),
    (b"{", "是一段文字，不是图片"),
    (b"[", "是一段文字，不是图片"),
    (b"#!AMR", "是一段语音"),
    (b"#!SILK", "是一段语音"),
)


def _looks_like(data: bytes) -> str:
    head = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if AVIF_BRANDS & _brands(data):
        return "是 AVIF 格式"
    if data[4:8] == b"ftyp":
        return "是一段视频"
    return next((kind for start, kind in _OTHER_KINDS if head.startswith(start)), "格式不认识")
