"""What the real engine reads in a picture, recorded beside it so that layout can be tested without the engine."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SETTINGS = {
    "Global.log_level": "error",
    "Global.use_cls": False,
    "Global.width_height_ratio": -1,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "Det.limit_type": "max",
    "Det.limit_side_len": 960,
}
_TALLEST = 2.6
"""Height by width above which the engine would shrink a picture until nothing can be read."""

RecordedLine = tuple[float, float, float, float, str, float]


class Recorder:
    """Raises ImportError where the engine is not installed."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR

        self._engine = RapidOCR(params=_SETTINGS)

    def lines(self, rgb: NDArray[np.uint8]) -> list[RecordedLine]:
        found: list[RecordedLine] = []
        for top, bottom in tiles(rgb):
            answer: Any = self._engine(np.ascontiguousarray(rgb[top:bottom, :, ::-1]))
            if answer.boxes is None:
                continue
            for box, text, score in zip(answer.boxes, answer.txts, answer.scores, strict=True):
                (left, high), (right, low) = np.min(box, axis=0), np.max(box, axis=0)
                corners = (float(left), float(high) + top, float(right), float(low) + top)
                found.append((*(round(corner, 1) for corner in corners), text, round(float(score), 3)))
        return found


def tiles(rgb: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Bands of about twice the width, cut where nothing is written: where neighbours in a row differ least."""
    high, wide = rgb.shape[:2]
    if high <= _TALLEST * wide:
        return [(0, high)]
    grey = rgb.mean(axis=2)
    quiet = np.abs(np.diff(grey, axis=1)).max(axis=1) < 12
    cuts = [0]
    while high - cuts[-1] > _TALLEST * wide:
        first, last = cuts[-1] + int(1.4 * wide), cuts[-1] + int(2.2 * wide)
        cuts.append(first + _middle_of_longest_run(quiet[first:last]))
    return list(zip(cuts, [*cuts[1:], high], strict=True))


def _middle_of_longest_run(quiet: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], quiet.astype(np.int8), [0]))))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return len(quiet)
    longest = int(np.argmax(ends - starts))
    return int(starts[longest] + ends[longest]) // 2


def write_lines(lines: list[RecordedLine], path: Path) -> None:
    path.write_text("[\n" + ",\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n]\n", "utf-8")
