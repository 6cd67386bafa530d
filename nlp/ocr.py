"""Letters in pictures: an engine finds lines and reads them, on this machine; cutting and turning is the same for all.

Settings and limits as measured on 26 chat screenshots, two tables and a business card: PP-OCRv6 small finds all 72
real bubbles with a character error rate of 0.6 %.
"""

import importlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Protocol

import numpy as np
from PIL import Image

from nlp.errors import EngineUnavailable
from nlp.images import Rgb
from nlp.screens import Line, Rect

MAX_LINES = 300
"""A picture with more is a book page or an attack; a full screen of chat has about 40."""
TALL = 2.6
"""From this height in widths a picture is read in tiles. Shrunk as a whole, 1080 × 16590 gave 0 of 96 messages."""
TILE_WIDTHS = 2.0
"""Height of a tile in widths; a phone's screen, on which the settings were measured, has about as much."""
CUT_REACH = 0.25
"""How far from there a quieter row is looked for, in widths."""
QUIET_LEVELS = 12
"""A row whose neighbouring pixels never differ by more grey levels than this runs through no letter."""
SEAM = 0.12
"""How far tiles overlap where no quiet row was found, in widths: more than a line of large letters is high."""
SAME_LINE = 0.5
"""Two boxes that share more than this of the smaller one are the same line, read in two tiles."""
STRIP = 60
"""A picture more than this many times as wide as high holds nothing to read, and no engine takes it."""
UPRIGHT = 1.5
"""A box this much taller than wide holds a line that lies on its side."""
UPRIGHT_SCORE, DOUBTFUL_SCORE = 0.9, 0.8
"""Half of an upright picture's lines have a higher score than the first (measured: 0.98 and more), half of those of a
picture on its head a lower one than the second (0.62)."""
MISSING_HINT = "图片识别组件未安装，请在服务器上执行：pip install 'visitbot[ocr]'"

RAPID_SETTINGS: dict[str, Any] = {
    "Global.log_level": "error",
    # Screenshots stand upright; the search for lines turned by 180° loses short ones (RapidOCR issue 409).
    "Global.use_cls": False,
    # Otherwise a picture more than eight times as wide as high is taken for a single line (RapidOCR issue 130).
    "Global.width_height_ratio": -1,
    # A second thread costs half as much CPU again and gains nothing on two cores.
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    # Lines are found as well in the picture made smaller, in an eighth of the time; letters are read at full size.
    "Det.limit_type": "max",
    "Det.limit_side_len": 960,
}


class LineOcr(Protocol):
    @property
    def name(self) -> str: ...

    def lines(self, rgb: Rgb) -> list[Line]:
        """Lines of letters from the top, in pixels of the picture; at most MAX_LINES, then the first of them.

        Blocks for about a second a screen. Not to be called from two threads at once. Raises EngineUnavailable.
        """
        ...


@dataclass(frozen=True, eq=False)
class Page:
    """A picture turned so that its lines run from left to right, and these lines."""

    rgb: Rgb
    lines: list[Line]

    @property
    def is_cut(self) -> bool:
        """Whether there may be more lines than were read."""
        return len(self.lines) >= MAX_LINES


def line_ocr(name: str) -> LineOcr:
    """The engine called rapidocr or faster-paddle, loaded. Raises EngineUnavailable."""
    engines: dict[str, Callable[[], LineOcr]] = {"rapidocr": RapidLineOcr, "faster-paddle": PaddleLineOcr}
    if name not in engines:
        raise EngineUnavailable(
            f"no engine is called {name}", f"没有名为 {name} 的识别引擎，可选：{'、'.join(engines)}"
        )
    return engines[name]()


def read_page(engine: LineOcr, rgb: Rgb) -> Page:
    """All lines of the picture, which is turned where they stand on their side or head and read better after that."""
    page = Page(rgb, engine.lines(rgb))
    pages = [page]
    for quarter_turns in _turns_to_try(page.lines):
        turned = np.ascontiguousarray(np.rot90(rgb, quarter_turns))
        pages.append(Page(turned, engine.lines(turned)))
        if _score(pages[-1].lines) >= UPRIGHT_SCORE:
            break
    return max(pages, key=_legible)


def _turns_to_try(lines: list[Line]) -> tuple[int, ...]:
    """Quarter turns, counterclockwise."""
    if _lies_on_its_side(lines):
        return 1, 3
    return (2,) if lines and _score(lines) < DOUBTFUL_SCORE else ()


def _score(lines: list[Line]) -> float:
    return median(line.score for line in lines) if lines else 0.0


def _lies_on_its_side(lines: list[Line]) -> bool:
    """Whether most of what is written does, by length: a lone digit is taller than wide as well."""
    lengths = [(max(line.rect.width, line.rect.height), _lies(line)) for line in lines]
    return 2 * sum(length for length, lies in lengths if lies) > sum(length for length, _ in lengths)


def _lies(line: Line) -> bool:
    return line.rect.height > UPRIGHT * line.rect.width


def _legible(page: Page) -> float:
    return sum(line.score * len(line.text) for line in page.lines if not _lies(line))


class RapidLineOcr:
    """rapidocr with the models that come in its wheel; it takes about 1 s to load and 0.4 GB."""

    name = "rapidocr"

    def __init__(self) -> None:
        """Raises EngineUnavailable."""
        try:
            import cv2

            importlib.import_module("onnxruntime")  # rapidocr misses it only when it reads
            from rapidocr import RapidOCR
            from rapidocr.inference_engine.onnxruntime import ONNXRuntimeError
        except ImportError as error:
            raise EngineUnavailable(f"rapidocr cannot be imported: {error}", MISSING_HINT) from error

        class Capped(RapidOCR):
            """Reads no more of the lines it found than it may: reading is what takes the time."""

            most = MAX_LINES

            def detect_and_crop(self, img: Any, op_record: Any) -> Any:
                crops: Any
                found: Any
                crops, found = super().detect_and_crop(img, op_record)
                found.boxes, found.scores = found.boxes[: self.most], found.scores[: self.most]
                return crops[: self.most], found

        self._engine: Any = Capped(params=RAPID_SETTINGS)
        self._faults = (ONNXRuntimeError, cv2.error, MemoryError)

    def lines(self, rgb: Rgb) -> list[Line]:
        return in_tiles(rgb, self._read)

    def _read(self, tile: Rgb, most: int) -> list[Line]:
        self._engine.most = most
        # An array and nothing else: text that looks like an address would be fetched. Blue first, as it was trained.
        try:
            found = self._engine(np.ascontiguousarray(tile[:, :, ::-1]))
        except self._faults as error:
            # In all that was seen, memory had run out; which part of it notices first is chance.
            raise EngineUnavailable("rapidocr failed on a picture", "图片识别失败，可能是内存不足") from error
        if found.boxes is None or found.txts is None:
            return []
        return [
            _line(box[:, 0].min(), box[:, 1].min(), box[:, 0].max(), box[:, 1].max(), text, score)
            for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        ]


class PaddleLineOcr:
    """faster-paddle with its tiny models: a third of rapidocr's time, all in one wheel, by one maintainer."""

    name = "faster-paddle"

    def __init__(self) -> None:
        """Raises EngineUnavailable."""
        try:
            faster_paddle = importlib.import_module("faster_paddle")
        except ImportError as error:
            raise EngineUnavailable(
                f"faster-paddle cannot be imported: {error}",
                f"{MISSING_HINT}；若要使用 faster-paddle：pip install faster-paddle",
            ) from error
        self._engine = faster_paddle.OcrEngine(model_size="tiny", threads=1)

    def lines(self, rgb: Rgb) -> list[Line]:
        return in_tiles(rgb, self._read)

    def _read(self, tile: Rgb, most: int) -> list[Line]:
        bitmap = io.BytesIO()
        Image.fromarray(tile).save(bitmap, "BMP")
        found = self._engine.ocr(bitmap.getvalue())["bounds"].values()
        lines = []
        for line in found:
            left, top = line["topLeftCoord"]
            right, bottom = line["bottomRightCoord"]
            lines.append(_line(left, top, right, bottom, line["text"], line["confidence"]))
        return lines[:most]


def _line(left: float, top: float, right: float, bottom: float, text: str, score: float) -> Line:
    return Line(Rect(float(left), float(top), float(right), float(bottom)), text, min(1.0, max(0.0, float(score))))


def in_tiles(rgb: Rgb, read: Callable[[Rgb, int], list[Line]]) -> list[Line]:
    """Lines from the top, MAX_LINES at most, each once; `read` gets a tile and how many lines are still wanted."""
    lines: list[Line] = []
    height, width = rgb.shape[:2]
    if width > STRIP * height:
        return []
    for top, bottom in tiles(rgb):
        lines = _joined(lines, [_lower(line, top) for line in read(rgb[top:bottom], MAX_LINES - len(lines))])
        if len(lines) >= MAX_LINES:
            break
    return sorted(lines, key=lambda line: (line.rect.top, line.rect.left))[:MAX_LINES]


def tiles(rgb: Rgb) -> list[tuple[int, int]]:
    """First and last row (exclusive) of each tile; they overlap where a cut may run through letters."""
    height, width = rgb.shape[:2]
    if height <= TALL * width:
        return [(0, height)]
    seam = round(SEAM * width)
    tops, bottoms = [0], []
    while height - tops[-1] > TALL * width:
        target, reach = tops[-1] + round(TILE_WIDTHS * width), max(1, round(CUT_REACH * width))
        cut = _quiet_row(rgb[target - reach : target + reach])
        bottoms.append(target + seam if cut is None else target - reach + cut)
        tops.append(target - seam if cut is None else target - reach + cut)
    return list(zip(tops, [*bottoms, height], strict=True))


def _quiet_row(rows: Rgb) -> int | None:
    """The middle of the longest run of rows that run through no letter; None where there is no such row."""
    grey = rows.mean(axis=2, dtype=np.float32)
    quiet = np.abs(np.diff(grey, axis=1)).max(axis=1) < QUIET_LEVELS
    edges = np.flatnonzero(np.diff(np.concatenate(([False], quiet, [False])).astype(np.int8)))
    runs = edges.reshape(-1, 2)
    if not len(runs):
        return None
    begins, ends = max(runs.tolist(), key=lambda run: run[1] - run[0])
    return int(begins + ends) // 2


def _lower(line: Line, rows: int) -> Line:
    rect = line.rect
    return replace(line, rect=Rect(rect.left, rect.top + rows, rect.right, rect.bottom + rows))


def _joined(above: list[Line], below: list[Line]) -> list[Line]:
    """Both without the lines that the two tiles have in common: of each such pair the larger stays, the other is cut."""
    if not above or not below:
        return above + below
    seam_top = min(line.rect.top for line in below)
    near = [line.rect for line in above if line.rect.bottom > seam_top]
    whole_below = [line for line in below if not any(_is_part(line.rect, rect) for rect in near)]
    whole_above = [
        line
        for line in above
        if line.rect.bottom <= seam_top or not any(_is_part(line.rect, other.rect) for other in whole_below)
    ]
    return whole_above + whole_below


def _is_part(part: Rect, whole: Rect) -> bool:
    """Whether both are one line, and the first shows no more of it."""
    width = min(part.right, whole.right) - max(part.left, whole.left)
    height = min(part.bottom, whole.bottom) - max(part.top, whole.top)
    area = part.width * part.height
    return width > 0 and height > 0 and width * height > SAME_LINE * area and area <= whole.width * whole.height
