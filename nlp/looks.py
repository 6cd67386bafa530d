"""Whether two photos are one photo: 64 bits of what it looks like, so that it is known again in another size.

For photos alone. Screenshots of chats look alike by nature (one bar, white and green boxes): the layout would be
compared, not what they say, so of pictures with writing only equal bytes make one picture of two; `nlp.images` says
what the looks of screenshots are good for.

The bits are a difference hash (dHash): the picture in 9 × 8 grey patches, a bit for each neighbour to the right that
is brighter. Measured on 80 generated photos (noise with the spectrum of natural pictures, with shapes in it) and the 41
pictures of tests/data/screens, in bits of 64:

    the same photo, as                 median   95 %   most
    JPEG of quality 40, or 20               0      1      2
    half or a quarter of the size           0      1      2
    15 % brighter                           0      1      3
    cut by 2 % on all sides                 4      8     10
    cut by 3 % on all sides                 6     10     11
    cut by 5 % on all sides                10     16     17
    cut by 20 % on one side                27     33     38

    two photos (3,160 pairs)               32   99 % above 21, none below 13
    two of the screens (703 pairs)         30   99 % above 15, none below 12
    two chats of the same bubbles with
      other words in them (190 pairs)      14   the nearest 7

A DCT hash (pHash) told different photos apart a little better (none below 16) and put twice as much between a photo
and its cut copy. Up to `SAME` = 8 bits two photos count as one: all that was packed or made smaller anew, and most of
what was cut by a hand's breadth. A further scene from the same place does not. By a normal distribution through the
figures above one of 250 new photos would be taken for one of 20,000 others by mistake, so the rep is told what it looks
like, and may say that it is not the same.
"""

import base64
import binascii
from collections.abc import Iterable

import numpy as np
from PIL import Image

from nlp.images import LOOK_COLUMNS, LOOK_ROWS

SAME = 8
COLUMNS, ROWS = 8, 8
LEAST_CONTRAST = 2.0
"""Grey levels between neighbours, in the middle of all: below it a picture is a dark room or a wall, whose bits are
noise."""
_SIGN = 1 << 63


def hash_of(look: str) -> int | None:
    """The 64 bits (as a signed number) of a look that `images.look_of` made; None for a picture with nothing on it.

    Raises ValueError for what is no look.
    """
    try:
        levels = base64.b64decode(look, validate=True)
    except binascii.Error as error:
        raise ValueError("no look of a picture") from error
    if len(levels) != LOOK_COLUMNS * LOOK_ROWS:
        raise ValueError("no look of a picture")
    patches = Image.fromarray(np.frombuffer(levels, np.uint8).reshape(LOOK_ROWS, LOOK_COLUMNS))
    small = np.asarray(patches.resize((COLUMNS + 1, ROWS), Image.Resampling.BOX)).astype(np.int16)
    steps = small[:, 1:] - small[:, :-1]
    if float(np.median(np.abs(steps))) < LEAST_CONTRAST:
        return None
    bits = int.from_bytes(np.packbits(steps > 0).tobytes(), "big")
    return bits - (bits & _SIGN) * 2


def distance(one: int, other: int) -> int:
    """In how many of their bits two differ.

    >>> distance(-1, 0), distance(5, 4)
    (64, 1)
    """
    return ((one ^ other) & (_SIGN * 2 - 1)).bit_count()


def nearest(look: int, others: Iterable[tuple[int, int]]) -> int | None:
    """Of (id, look) the id of the one that is the same photo, the most alike of them; None where none is.

    >>> nearest(5, [(1, -1), (2, 4), (3, 5)]), nearest(5, [(1, -1)])
    (3, None)
    """
    found = min(((distance(look, other), number) for number, other in others), default=None)
    return found[1] if found is not None and found[0] <= SAME else None
