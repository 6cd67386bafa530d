import math
import socket
import subprocess
import sys
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from nlp.errors import EngineUnavailable
from nlp.images import Rgb
from nlp.ocr import MAX_LINES, TALL, LineOcr, Page, in_tiles, line_ocr, read_page, tiles
from nlp.screens import Line, Rect

ROOT = Path(__file__).parent.parent
INK = 30


def page(width: int, height: int, *boxes: tuple[int, int, int, int], noise: bool = False) -> Rgb:
    """White paper with inked boxes for lines; with noise no row of it is quiet."""
    rgb = np.full((height, width, 3), 255, np.uint8)
    if noise:
        rgb[:] = np.random.default_rng(0).integers(150, 256, (height, width, 1), dtype=np.uint8)
    for left, top, right, bottom in boxes:
        rgb[top:bottom, left:right] = INK
    return rgb


def ink_reader(tile: Rgb, most: int) -> list[Line]:
    """Sees each run of inked rows as one line, as an engine would that never errs; cut lines too."""
    inked = (tile[:, :, 0] == INK).any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inked, [False])).astype(np.int8))).reshape(-1, 2)
    lines = []
    for top, bottom in edges.tolist():
        columns = np.flatnonzero((tile[top:bottom, :, 0] == INK).any(axis=0))
        lines.append(Line(Rect(float(columns[0]), float(top), float(columns[-1] + 1), float(bottom)), "字"))
    return lines[:most]


def stack(count: int, *, height: int = 30, gap: int = 20, left: int = 10, right: int = 180) -> list[tuple[int, ...]]:
    return [(left, gap + i * (height + gap), right, gap + i * (height + gap) + height) for i in range(count)]


def line(text: str, left: float, top: float, right: float, bottom: float, score: float = 0.95) -> Line:
    return Line(Rect(left, top, right, bottom), text, score)


@dataclass
class FakeOcr:
    """Gives its answers in turn, whatever it is shown."""

    answers: deque[list[Line]]
    name: str = "fake"
    shown: list[Rgb] = field(default_factory=list)

    def lines(self, rgb: Rgb) -> list[Line]:
        self.shown.append(rgb)
        return self.answers.popleft()


_: LineOcr = FakeOcr(deque())


# Tiles


def test_a_phones_screen_is_read_in_one_piece() -> None:
    assert tiles(page(1080, 2340)) == [(0, 2340)]


def test_a_long_picture_is_cut_between_its_lines() -> None:
    boxes = stack(40, right=190)
    rgb = page(200, 2050, *boxes)
    cuts = tiles(rgb)

    assert len(cuts) > 3
    assert all(below[0] == above[1] for above, below in pairwise(cuts))
    assert all(not (top < cut < bottom) for _, cut in cuts for _, top, _, bottom in boxes)


def test_a_long_picture_without_a_quiet_row_is_cut_with_a_seam() -> None:
    cuts = tiles(page(200, 2050, noise=True))

    assert all(above[1] - below[0] > 40 for above, below in pairwise(cuts))


@pytest.mark.parametrize("noise", [False, True], ids=["quiet", "noisy"])
@given(
    count=st.integers(1, 60),
    height=st.integers(5, 22),
    gap=st.integers(2, 60),
    offset=st.integers(0, 150),
)
def test_no_line_is_lost_or_doubled_at_a_cut(noise: bool, count: int, height: int, gap: int, offset: int) -> None:
    boxes = [(10, offset + i * (height + gap), 180, offset + i * (height + gap) + height) for i in range(count)]
    rgb = page(200, offset + count * (height + gap) + 5, *boxes, noise=noise)
    lines = in_tiles(rgb, ink_reader)

    found = [(line.rect.left, line.rect.top, line.rect.right, line.rect.bottom) for line in lines]
    assert found == [tuple(float(edge) for edge in box) for box in boxes]


@given(st.integers(32, 300), st.integers(32, 6_000), st.booleans())
def test_tiles_cover_every_row_and_none_is_long(width: int, height: int, noise: bool) -> None:
    cuts = tiles(page(width, height, noise=noise))

    assert cuts[0][0] == 0
    assert cuts[-1][1] == height
    assert all(top < below_top <= bottom < below_bottom for (top, bottom), (below_top, below_bottom) in pairwise(cuts))
    assert all(bottom - top <= math.ceil(TALL * width) + 1 for top, bottom in cuts)


def test_of_too_many_lines_the_first_are_kept() -> None:
    boxes = stack(400, height=6, gap=4)
    wanted: list[int] = []

    def read(tile: Rgb, most: int) -> list[Line]:
        wanted.append(most)
        return ink_reader(tile, most)

    rgb = page(200, 4_100, *boxes)
    lines = in_tiles(rgb, read)

    assert [line.rect.top for line in lines] == [float(top) for _, top, _, _ in boxes[:MAX_LINES]]
    assert wanted == sorted(wanted, reverse=True)
    assert min(wanted) > 0
    assert Page(rgb, lines).is_cut


def test_a_strip_far_wider_than_high_is_not_shown_to_an_engine() -> None:
    assert in_tiles(page(30_000, 40), lambda _tile, _most: pytest.fail("shown")) == []


# Turned pictures


LYING = [line("客户", 10, 10, 30, 90, 0.8), line("下周三报价", 50, 10, 70, 160, 0.7), line("5", 90, 10, 98, 22)]
STANDING = [line("客户", 10, 10, 90, 30), line("下周三报价", 10, 50, 160, 70), line("5", 10, 90, 18, 102)]
UPSIDE_DOWN = [line("止", 10, 10, 90, 30, 0.55)]
ASYMMETRIC = page(120, 200, (0, 0, 60, 20))


def test_a_picture_that_stands_upright_is_read_once() -> None:
    engine = FakeOcr(deque([STANDING]))
    found = read_page(engine, ASYMMETRIC)

    assert found.lines == STANDING
    assert found.rgb is ASYMMETRIC


def test_one_narrow_digit_does_not_turn_a_picture() -> None:
    digit = [line("1", 10, 10, 18, 30)]

    assert read_page(FakeOcr(deque([[*digit, *STANDING]])), ASYMMETRIC).rgb is ASYMMETRIC


@pytest.mark.parametrize("quarter_turns", [1, 3])
def test_a_picture_on_its_side_is_turned_the_way_it_can_be_read(quarter_turns: int) -> None:
    engine = FakeOcr(deque([LYING, STANDING] if quarter_turns == 1 else [LYING, UPSIDE_DOWN, STANDING]))
    found = read_page(engine, ASYMMETRIC)

    assert found.lines == STANDING
    assert np.array_equal(found.rgb, np.rot90(ASYMMETRIC, quarter_turns))
    assert not engine.answers


def test_a_picture_on_its_head_is_turned_round() -> None:
    found = read_page(FakeOcr(deque([UPSIDE_DOWN, STANDING])), ASYMMETRIC)

    assert found.lines == STANDING
    assert np.array_equal(found.rgb, ASYMMETRIC[::-1, ::-1])


def test_a_blurred_picture_that_reads_no_better_when_turned_stays_as_it_was() -> None:
    blurred = [line("下周三报价", 10, 10, 90, 30, 0.7)]

    assert read_page(FakeOcr(deque([blurred, UPSIDE_DOWN])), ASYMMETRIC).lines == blurred


def test_a_picture_that_reads_worse_when_turned_stays_as_it_was() -> None:
    mixed = [line("竖排招牌", 10, 10, 30, 190), line("电话13800138000", 40, 10, 110, 30)]
    engine = FakeOcr(deque([mixed, UPSIDE_DOWN, []]))

    assert read_page(engine, ASYMMETRIC).lines == mixed


def test_a_picture_without_letters_has_no_lines() -> None:
    found = read_page(FakeOcr(deque([[]])), ASYMMETRIC)

    assert found.lines == []
    assert not found.is_cut


# Engines


@pytest.mark.parametrize(("name", "module"), [("rapidocr", "rapidocr"), ("faster-paddle", "faster_paddle")])
def test_an_engine_that_is_not_installed_says_what_to_install(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(EngineUnavailable) as caught:
        line_ocr(name)

    assert "pip install 'visitbot[ocr]'" in caught.value.hint


def test_an_engine_of_another_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(EngineUnavailable) as caught:
        line_ocr("tesseract")

    assert "rapidocr" in caught.value.hint
    assert "faster-paddle" in caught.value.hint


def printed(*texts: str, width: int = 800, height: int = 600, size: int = 36) -> Rgb:
    """Each text on a line of its own, in Pillow's own font."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    for i, text in enumerate(texts):
        draw.text((40, 40 + i * size * 2), text, fill="black", font=ImageFont.load_default(size))
    return np.asarray(image)


NUMBERS = ("2026-03-04 10:12", "13800138000", "158000.00", "QUOTE NO 20417")


@pytest.fixture(scope="module")
def rapid() -> LineOcr:
    pytest.importorskip("rapidocr", reason="rapidocr is not installed")
    return line_ocr("rapidocr")


@pytest.mark.ocr
def test_the_real_engine_reads_figures_where_they_stand(rapid: LineOcr) -> None:
    lines = rapid.lines(printed(*NUMBERS))

    assert [line.text for line in lines] == list(NUMBERS)
    for i, found in enumerate(lines):
        assert found.rect.left == pytest.approx(40, abs=12)
        assert found.rect.top < 40 + i * 72 + 20 < found.rect.bottom
        assert 0.9 < found.score <= 1


@pytest.mark.ocr
def test_the_real_engine_sees_nothing_on_blank_paper(rapid: LineOcr) -> None:
    for width, height in ((400, 300), (32, 32), (1_900, 32), (40, 3_000)):
        assert rapid.lines(page(width, height)) == []


@pytest.mark.ocr
def test_the_real_engine_reads_a_long_picture_whole_and_once(rapid: LineOcr) -> None:
    texts = [f"{20_417 + 37 * i} CNY" for i in range(40)]

    assert [line.text for line in rapid.lines(printed(*texts, width=500, height=2_960))] == texts


@pytest.mark.ocr
@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_the_real_engine_reads_a_picture_on_its_side_or_head(rapid: LineOcr, quarter_turns: int) -> None:
    upright = printed(*NUMBERS)
    found = read_page(rapid, np.ascontiguousarray(np.rot90(upright, quarter_turns)))

    assert [line.text for line in found.lines] == list(NUMBERS)
    assert np.array_equal(found.rgb, upright)


@pytest.mark.ocr
def test_the_real_engine_stops_reading_at_the_cap(rapid: LineOcr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlp.ocr.MAX_LINES", 2)

    assert [line.text for line in rapid.lines(printed(*NUMBERS))] == list(NUMBERS[:2])


@pytest.mark.ocr
def test_an_address_in_a_picture_is_read_and_not_visited(rapid: LineOcr, monkeypatch: pytest.MonkeyPatch) -> None:
    def dial(*_: object) -> None:
        raise AssertionError("the engine wanted to go somewhere")

    monkeypatch.setattr(socket, "getaddrinfo", dial)
    monkeypatch.setattr(socket.socket, "connect", dial)
    [found] = rapid.lines(printed("http://127.0.0.1/a.png"))

    assert "127.0.0.1" in found.text


@pytest.mark.ocr
def test_an_address_instead_of_a_picture_does_not_reach_the_engine(
    rapid: LineOcr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests.get", lambda *_args, **_options: pytest.fail("the engine fetched an address"))

    with pytest.raises(AttributeError):
        rapid.lines("http://127.0.0.1/a.png")  # type: ignore[arg-type]


@pytest.mark.ocr
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process allocates")
def test_an_engine_that_runs_out_of_memory_is_unavailable_for_now() -> None:
    pytest.importorskip("rapidocr", reason="rapidocr is not installed")
    script = """
import resource
import numpy as np
from nlp.errors import EngineUnavailable
from nlp.ocr import line_ocr
from tests.test_ocr import NUMBERS, printed
engine = line_ocr("rapidocr")
assert engine.lines(printed(*NUMBERS))
dense = printed(*["0123456789 " * 20] * 6, width=1600, height=1600, size=24)
held = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmData"))
resource.setrlimit(resource.RLIMIT_DATA, (held + 30_000_000, -1))
try:
    engine.lines(dense)
except EngineUnavailable:
    print("unavailable")
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)

    assert told.stdout == "unavailable\n", told.stderr
