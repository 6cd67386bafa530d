"""What the real engine reads in a picture, recorded beside it so that layout can be tested without the engine."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp.ocr import line_ocr

RecordedLine = tuple[float, float, float, float, str, float]


class Recorder:
    """Raises EngineUnavailable where the engine is not installed."""

    def __init__(self) -> None:
        self._engine = line_ocr("rapidocr")

    def lines(self, rgb: NDArray[np.uint8]) -> list[RecordedLine]:
        found: list[RecordedLine] = []
        for line in self._engine.lines(rgb):
            rect = line.rect
            corners = (round(corner, 1) for corner in (rect.left, rect.top, rect.right, rect.bottom))
            found.append((*corners, line.text, round(line.score, 3)))
        return found


def write_lines(lines: list[RecordedLine], path: Path) -> None:
    path.write_text("[\n" + ",\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n]\n", "utf-8")
