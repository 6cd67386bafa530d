"""A picture as a vision model takes it: no larger than it looks at, and a long one in parts."""

import io
import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from nlp.errors import ImageTooBig

Rgb = npt.NDArray[np.uint8]
"""Height x width x 3, upright."""

LONG_SIDE_PX = 1600
MOST_PARTS = 6
LONG, PART = 2.6, 2.0
"""Heights in widths: a taller picture is cut, into parts of about so much."""
NARROWEST_PX = 480
"""A part that had to be made narrower would show letters of less than some 16 pixels, which models guess at."""
LEEWAY = 0.125
"""Of a part's height: so far around the place where it would end, a row without letters is looked for."""
JPEG_QUALITY = 85


def parts_of(rgb: Rgb) -> list[bytes]:
    """The picture as JPEG, from the top down, at most MOST_PARTS.

    Raises ImageTooBig for one too long to be legible in so many.
    """
    return [_jpeg(rgb[top:bottom]) for top, bottom in pairwise(_cuts(rgb))]


def _cuts(rgb: Rgb) -> list[int]:
    """The rows where the parts begin, and the end of the last."""
    height, width, _ = rgb.shape
    if height <= LONG * width:
        return [0, height]
    count = min(MOST_PARTS, math.ceil(height / (PART * width)))
    step = height / count
    if width * min(1.0, LONG_SIDE_PX / step) < min(width, NARROWEST_PX):
        raise ImageTooBig(f"{width}×{height} 像素，太长，分成 {MOST_PARTS} 段也看不清")
    return [0, *(_quiet_row(rgb, round(i * step), round(LEEWAY * step)) for i in range(1, count)), height]


def _quiet_row(rgb: Rgb, around: int, leeway: int) -> int:
    """The row with the least to see in it, of several the nearest."""
    top = around - leeway
    window = rgb[top : around + leeway + 1].astype(np.int16)
    unrest = np.abs(np.diff(window, axis=1)).sum(axis=(1, 2))
    quietest = np.flatnonzero(unrest == unrest.min()) + top
    return int(quietest[np.abs(quietest - around).argmin()])


def _jpeg(rgb: Rgb) -> bytes:
    part = Image.fromarray(rgb)
    if max(part.size) > LONG_SIDE_PX:
        part = ImageOps.contain(part, (LONG_SIDE_PX, LONG_SIDE_PX), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    part.save(written, "JPEG", quality=JPEG_QUALITY)
    return written.getvalue()
