"""Pictures of any kind: what kind they are, who reads them, and how well the committed ones are read."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import SecretStr

from benchmarks import screen_score
from benchmarks.screen_score import Score
from bot import wiring
from bot.__main__ import main
from bot.checkup import check_pictures
from bot.commands.try_screenshot import result
from bot.config import Config, Model, Pictures
from nlp import screen_look
from nlp.errors import NotAnImage
from nlp.ocr import Page
from nlp.screen_reader import LocalReader
from nlp.screens import Line, ReadHint, Rect, ScreenReading
from nlp.vision import HybridReader
from tests import screens
from tests.chat import SHANGHAI, FakeScreens, said, screenshot
from tests.fakes import FakeClock

NOON = datetime(2026, 11, 20, 12, tzinfo=SHANGHAI)
CHATS = [
    name
    for name in screens.names("dev")
    if not name.removeprefix("dev/").startswith(("card_", "table_", "licence_", "site_", "screen_"))
]


def page(name: str) -> tuple[Page, ReadHint]:
    """A committed picture with the lines that the engine read in it."""
    rgb, recorded, truth = screens.load(name)
    lines = [Line(Rect(*line[:4]), line[4], line[5]) for line in recorded or ()]
    return Page(rgb, lines), ReadHint(datetime.fromisoformat(truth["sent_at"]).astimezone(SHANGHAI))


def test_chats_of_the_development_set_are_read_as_well_as_before() -> None:
    total = Score()
    for name in CHATS:
        reading = screen_look.understand(*page(name))
        assert reading.kind == "chat", name
        total += screen_score.score(screens.load(name)[2], reading.messages, reading.title)

    assert total.right_share >= 0.97
    assert total.speaker_share >= 0.995
    assert total.character_error_rate <= 0.01
    assert total.inversions == 0


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("dev/table_grid", "table"),
        ("dev/table_sheet", "table"),
        ("dev/card_plain", "card"),
        ("dev/card_navy_tilted", "card"),
        ("dev/licence_photo", "text"),
        ("dev/site_photo", "photo"),
        ("sample/chat", "chat"),
        ("sample/chat_dark", "chat"),
        ("sample/quotation", "table"),
    ],
)
def test_each_kind_of_picture_is_told_by_its_lines(name: str, kind: str) -> None:
    assert screen_look.understand(*page(name)).kind == kind


def test_a_photo_of_a_screen_is_not_trusted() -> None:
    reading = screen_look.understand(*page("dev/screen_photo"))

    assert reading.needs_review
    assert "tilted" in reading.warnings


def test_too_many_lines_are_told() -> None:
    white = np.full((2000, 800, 3), 255, np.uint8)
    lines = [Line(Rect(10, 6.0 * n, 700, 6.0 * n + 5), f"第{n}行很多字的文件") for n in range(300)]

    assert "too_many_lines" in screen_look.understand(Page(white, lines), ReadHint(NOON)).warnings


class Told:
    """An engine that must not be asked."""

    name = "told"

    def lines(self, rgb: object) -> list[Line]:
        raise AssertionError("a picture that does not pass the guard reaches no engine")


def test_what_is_no_picture_never_reaches_the_engine() -> None:
    with pytest.raises(NotAnImage):
        screen_look.look(b"%PDF-1.7 not a picture at all", ReadHint(NOON), Told)


# Which reader


def test_without_the_letter_reader_the_bot_starts_all_the_same() -> None:
    absent = ("cv2", "rapidocr", "faster_paddle", "pillow_heif")
    program = f"""
import sys
for name in {absent!r}:
    sys.modules[name] = None
from bot import wiring
from bot.commands import demo, doctor, serve, try_screenshot
from bot.config import Config
from storage.clock import SystemClock
assert "cv2" not in {{name for name, module in sys.modules.items() if module is not None}}
assert wiring.screen_reader(Config(), SystemClock()) is None
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr


def configured(**pictures: object) -> Config:
    model = Model(base_url="http://127.0.0.1:1/v1", model="qwen-vl", api_key=SecretStr("k"))
    return Config(pictures=Pictures.model_validate(pictures), model=model)


async def test_the_local_reader_reads_alone_unless_a_vision_model_is_allowed() -> None:
    alone, helped = (wiring.screen_reader(configured(vision=vision), FakeClock()) for vision in (False, True))
    try:
        assert isinstance(alone, LocalReader)
        assert isinstance(helped, HybridReader)
        assert helped.name == f"{alone.name}+qwen-vl"
    finally:
        for reader in (alone, helped):
            assert reader is not None
            await reader.close()


def test_nothing_reads_where_no_engine_is_wanted() -> None:
    assert wiring.screen_reader(configured(engine="off"), FakeClock()) is None


@pytest.mark.parametrize(
    ("config", "words", "warning"),
    [
        (Config(pictures=Pictures(engine="off")), "只存为证据", False),
        (Config(pictures=Pictures(engine="faster-paddle")), "没有安装识别组件", True),
        (Config(pictures=Pictures(vision=True)), "看图模型没有地址", True),
        (configured(vision=True), "再给模型看", False),
        (Config(), "rapidocr", False),
    ],
    ids=["off", "not installed", "vision without a model", "vision", "local"],
)
def test_doctor_says_who_reads_pictures(config: Config, words: str, warning: bool) -> None:
    found = check_pictures(config)

    assert (found.ok, found.warning) == (True, warning)
    assert words in found.detail


# visitbot try screenshot


async def tried(tmp_path: Path, reading: ScreenReading | Exception) -> dict[str, object]:
    file = tmp_path / "chat.png"
    file.write_bytes(b"picture")
    reader = FakeScreens()
    reader.answers.append(reading)
    return {**await result(reader, str(file), ReadHint(NOON))}


async def test_try_screenshot_prints_who_said_what_and_when(tmp_path: Path) -> None:
    answer = await tried(tmp_path, screenshot(said("left", "需要3月前完成安装", nick="李总", at=NOON), title="李总"))

    assert answer["kind"] == "chat"
    assert answer["messages"] == [
        {
            "speaker": "left",
            "kind": "text",
            "text": "需要3月前完成安装",
            "nick": "李总",
            "sent_at": "2026-11-20T12:00:00+08:00",
            "truncated": False,
        }
    ]
    assert (answer["rows"], answer["fields"], answer["needs_review"], answer["warnings"]) == ([], None, False, [])


async def test_try_screenshot_says_what_a_rep_would_be_told(tmp_path: Path) -> None:
    answer = await tried(tmp_path, NotAnImage("a PDF"))

    assert str(answer["error"]).startswith("NotAnImage")
    assert str(answer["answer"]).startswith("收到的不是图片")


async def test_try_screenshot_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    file = str(tmp_path / "none.png")

    assert await result(FakeScreens(), file, ReadHint(NOON)) == {"file": file, "error": "No such file or directory"}


def test_try_screenshot_wants_a_moment_that_is_one() -> None:
    with pytest.raises(SystemExit) as wrong_use:
        main(["try", "screenshot", "a.png", "--sent-at", "gestern"])

    assert wrong_use.value.code == 2


@pytest.mark.ocr
def test_try_screenshot_reads_the_sample_chat_with_the_real_engine(capsys: pytest.CaptureFixture[str]) -> None:
    path = screens.picture_path("sample/chat")

    assert main(["try", "screenshot", str(path), "--sent-at", "2026-01-29T15:20:00+08:00"]) == 0

    answer = json.loads(capsys.readouterr().out)
    assert (answer["kind"], answer["title"], answer["needs_review"]) == ("chat", "李总-恒力阀门", False)
    said_by = {message["text"]: message["speaker"] for message in answer["messages"]}
    assert said_by["需要3月前完成安装，3月中旬产线要恢复"] == "left"
    assert said_by["收到李总，2月20日前提供安装排期表"] == "right"
    assert answer["messages"][0]["sent_at"] == "2026-01-28T14:36:00+08:00"


@pytest.mark.ocr
async def test_the_reader_in_its_process_reads_a_table_and_refuses_a_text(tmp_path: Path) -> None:
    reader = LocalReader("rapidocr", limit_s=300)
    try:
        seen = await reader.read(screens.picture_path("sample/quotation").read_bytes(), ReadHint(NOON))
        with pytest.raises(NotAnImage):
            await reader.read("只是一段文字，不是图片".encode() * 20, ReadHint(NOON))
    finally:
        await reader.close()

    assert seen.reading.table is not None
    assert "817,000" in (seen.reading.table.total or "")
    with Image.open(screens.picture_path("sample/quotation")) as picture:
        assert (seen.width, seen.height) == picture.size
