"""The synthetic screenshots: what is committed is true of itself, and what is drawn anew says what can be seen."""

import contextlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nlp.screens import MessageKind, Speaker
from tests.screens import load, names, picture_path
from tests.screens.camera import (
    Camera,
    FontMissingError,
    camera,
    chromium,
    in_256_colours,
    installed_fonts,
    require_font,
    save,
)
from tests.screens.reading import Recorder
from tests.screens.script import DATA, Chat, Paper, Style, parse_lines, read_scripts, scripts, words_for_time

FOLDERS = ("dev", "held", "sample")
ALL = [name for folder in FOLDERS for name in names(folder)]
RECORDED = [name for name in ALL if (DATA / f"{name}.lines.json").is_file()]


def bare(words: str) -> str:
    return re.sub(r"[^\w]", "", unicodedata.normalize("NFKC", words))


def told(truth: dict[str, Any]) -> list[str]:
    """All words that are in the picture, whatever it shows."""
    cells = [cell for row in truth.get("rows", []) for cell in row]
    said = [message["text"] for message in truth.get("messages", []) if not message.get("partial")]
    return [*said, *cells, *truth.get("fields", {}).values(), *truth.get("lines", []), *truth.get("other", [])]


def share_read(words: str, read: str) -> float:
    """How much of `words` stands in `read`, from 0 to 1."""
    if words in read:
        return 1.0
    pieces = SequenceMatcher(None, words, read, autojunk=False).get_matching_blocks()
    return sum(piece.size for piece in pieces if piece.size > 1) / len(words)


# what is committed


def test_every_script_has_its_picture_and_every_picture_its_script() -> None:
    for folder in FOLDERS:
        assert names(folder) == sorted(f"{folder}/{script.name}" for script in scripts(folder))


def test_the_sets_are_as_large_as_the_benchmark_wants_them() -> None:
    for folder, chats, others in (("dev", 15, 6), ("held", 14, 4)):
        drawn = scripts(folder)
        assert sum(isinstance(one, Chat) for one in drawn) >= chats
        assert sum(isinstance(one, Paper) for one in drawn) >= others


def test_what_is_held_back_shares_no_sentence_with_what_is_worked_on() -> None:
    def sentences(folder: str) -> set[str]:
        loaded = (load(name)[2] for name in names(folder))
        return {bare(words) for truth in loaded for words in told(truth) if len(bare(words)) > 8}

    assert not sentences("dev") & sentences("held")


def test_all_pictures_together_stay_small() -> None:
    assert sum(picture_path(name).stat().st_size for name in ALL) < 12_000_000
    assert all(picture_path(name).stat().st_size < 150_000 for name in names("sample"))


@pytest.mark.parametrize("name", ALL)
def test_the_truth_about_a_picture_is_whole(name: str) -> None:
    rgb, _, truth = load(name)
    assert rgb.ndim == 3
    assert rgb.dtype == np.uint8
    assert datetime.fromisoformat(truth["sent_at"]).tzinfo is not None
    for message in truth.get("messages", []):
        assert message["speaker"] in get_args(Speaker)
        assert message["kind"] in get_args(MessageKind)
        assert (message["kind"] == "image") == (not message["text"])
        assert (message["speaker"] == "system") == (message["kind"] in {"time", "system"})
        if "sent_at" in message:
            assert datetime.fromisoformat(message["sent_at"]) <= datetime.fromisoformat(truth["sent_at"])
    if "rows" in truth:
        assert len({len(row) for row in truth["rows"]}) == 1


@pytest.mark.parametrize("name", [name for name in RECORDED if not load(name)[2].get("needs_review")])
def test_what_is_said_in_a_picture_was_read_by_the_engine(name: str) -> None:
    _, lines, truth = load(name)
    assert lines is not None
    read = bare("".join(line[4] for line in lines))
    shares = [share_read(words, read) for words in map(bare, told(truth)) if len(words) > 1]
    assert sum(shares) >= 0.93 * len(shares)


def test_recorded_lines_lie_inside_their_picture() -> None:
    for name in RECORDED:
        rgb, lines, _ = load(name)
        high, wide = rgb.shape[:2]
        for left, top, right, bottom, _, score in lines or []:
            assert -2 <= left < right <= wide + 2
            assert -2 <= top < bottom <= high + 2
            assert 0 <= score <= 1


# scripts


def test_a_script_tells_who_says_what_under_which_time() -> None:
    time, left, right, quote, notice = parse_lines(
        "@ 2026-03-04 10:12\n< 好的\\n第二行\n> 在\n<赵工|[quote] 行 | 王：在\n* 你撤回了一条消息"
    )
    assert (time.piece, left.side, left.parts) == ("time", "left", ("好的\n第二行",))
    assert (right.side, right.at) == ("right", time.at)
    assert (quote.nick, quote.piece, quote.parts) == ("赵工", "quote", ("行", "王：在"))
    assert (notice.side, notice.piece) == ("system", "system")


@given(st.text(max_size=60))
def test_any_line_is_read_or_refused(line: str) -> None:
    with contextlib.suppress(ValueError):
        assert all(said.parts for said in parse_lines(line))


@pytest.mark.parametrize(
    ("wording", "words"),
    [("24h", "星期四 18:42"), ("ampm", "星期四 下午6:42"), ("month", "1月8日 18:42"), ("slash", "2026/1/8 18:42")],
)
def test_a_time_is_worded_as_the_messenger_would(wording: str, words: str) -> None:
    at, sent_at = datetime(2026, 1, 8, 18, 42), datetime(2026, 1, 12, 9, 0)  # noqa: DTZ001
    assert words_for_time(at, sent_at, wording) in {words, words.replace("下午", "晚上")}


def test_a_table_with_an_unknown_line_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "one.toml"
    script.write_text("[a]\ntitle='x'\nsent_at='2026-01-01'\nchat='''\n<[dance] x\n'''\n", "utf-8")
    with pytest.raises(ValueError, match="no line of a script"):
        read_scripts(script)


# drawing


def test_a_font_that_is_not_there_is_named() -> None:
    with pytest.raises(FontMissingError, match="fonts-noto-cjk"):
        require_font("No Such Family")


def test_flat_colours_survive_the_palette() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 255, (80, 80, 3)).astype(np.uint8)
    pixels[:40], pixels[40:60] = (237, 237, 237), (235, 235, 235)
    kept = np.asarray(in_256_colours(Image.fromarray(pixels)).convert("RGB"))
    assert (kept[:60] == pixels[:60]).all()


@pytest.fixture(scope="module")
def taker() -> Iterator[Camera]:
    if chromium() is None:
        pytest.skip("no Chromium on this machine: nothing was drawn")
    if Style().font not in installed_fonts():
        pytest.skip("no Chinese font on this machine: nothing was drawn")
    with camera() as opened:
        yield opened


def small_chat(lines: str, **style: Any) -> Chat:
    look = replace(Style(width=720, height=800, scale=2), **style)
    return Chat("test", "测试", datetime.fromisoformat("2026-03-04T12:00+08:00"), parse_lines(lines), look)


@pytest.mark.browser
def test_the_owner_stands_right_on_green(taker: Camera) -> None:
    picture, truth = taker.take(small_chat("> 好的\n< 好的"))
    greens = np.argwhere((np.asarray(picture) == (0x95, 0xEC, 0x69)).all(axis=2))
    assert [message["speaker"] for message in truth["messages"]] == ["right", "left"]
    assert greens[:, 1].min() > picture.width / 2


@pytest.mark.browser
def test_a_bubble_at_the_edge_is_partial_and_one_beyond_it_is_gone(taker: Camera) -> None:
    lines = "\n".join(f"< 第{number}条消息，后面还有一些字，让这个气泡占满两行的位置" for number in range(9))
    _, truth = taker.take(small_chat(f"@ 2026-03-04 09:00\n{lines}", scrolled=20))
    assert 1 < len(truth["messages"]) < 9
    assert "partial" not in truth["messages"][-2]
    assert any(message.get("partial") for message in truth["messages"])
    assert all("sent_at" not in message for message in truth["messages"])


@pytest.mark.browser
def test_a_message_has_the_time_that_can_be_seen_above_it(taker: Camera) -> None:
    _, truth = taker.take(small_chat("< 一\n@ 2026-03-04 09:00\n> 二"))
    first, time, second = truth["messages"]
    assert "sent_at" not in first
    assert time["text"] == "09:00"
    assert second["sent_at"] == "2026-03-04T09:00:00+08:00"


@pytest.mark.browser
def test_a_stitched_chat_shows_all_that_was_said(taker: Camera) -> None:
    lines = "\n".join(f"{'<>'[number % 2]} 第{number}条" for number in range(70))
    picture, truth = taker.take(small_chat(lines, height=0))
    assert picture.height > 6000
    assert len(truth["messages"]) == 70
    assert not any(message.get("partial") for message in truth["messages"])


@pytest.mark.browser
@pytest.mark.ocr
def test_what_is_drawn_can_be_read(taker: Camera, tmp_path: Path) -> None:
    picture, truth = taker.take(small_chat("< 需要3月前完成安装\n> 2月20日前提供安装排期表"))
    save(picture, truth, tmp_path, "one")
    read = "".join(line[4] for line in Recorder().lines(np.asarray(picture)))
    assert "需要3月前完成安装" in read
    assert "2月20日前提供安装排期表" in read
