import json
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.commands import CommandFailed
from bot.commands.try_audio import names, result
from nlp.hearing import Heard, Hearing
from nlp.speech import SpeechListener
from nlp.speech_models import PACKAGES, packaged_parts
from tests.sounds import encoded, tone
from tests.test_speech import SAMPLE, FakeEngine


async def test_a_file_becomes_its_text_with_times(tmp_path: Path) -> None:
    file = tmp_path / "note.amr"
    file.write_bytes(encoded("amr", tone(4.0)))
    engine = FakeEngine([Hearing((Heard(0.0, 2.0, "預算八十萬"), Heard(2.0, 4.0, "要等預算")))])

    answer = await result(SpeechListener(engine), str(file), ("恒力阀门",))

    assert answer == {
        "file": str(file),
        "text": "预算八十万，要等预算",
        "segments": [
            {"start_s": 0.0, "end_s": 2.0, "text": "预算八十万，"},
            {"start_s": 2.0, "end_s": 4.0, "text": "要等预算"},
        ],
        "duration_s": pytest.approx(4.0, abs=0.1),
        "engine": "fake",
        "warnings": [],
    }
    assert engine.asked[0][1] == ("恒力阀门",)


@pytest.mark.parametrize(
    ("content", "error"),
    [(None, "No such file or directory"), (b"", "EmptyAudio: 文件是空的"), (b"{}", "NotAudio: 是一段文字，不是声音")],
)
async def test_a_file_that_cannot_be_heard_becomes_an_error(content: bytes | None, error: str, tmp_path: Path) -> None:
    file = tmp_path / "note.amr"
    if content is not None:
        file.write_bytes(content)

    assert await result(SpeechListener(FakeEngine([])), str(file), ()) == {"file": str(file), "error": error}


def test_names_come_from_the_command_line_and_then_from_lines() -> None:
    assert list(names(["a.amr"], ['{"file": "b.amr", "id": 3}\n', "\n", '{"file": "c.amr"}'])) == [
        "a.amr",
        "b.amr",
        "c.amr",
    ]


def test_a_line_that_names_no_file_is_named_by_its_number() -> None:
    with pytest.raises(CommandFailed, match="line 2"):
        list(names([], ['{"file": "b.amr"}', "b.amr"]))


def test_without_a_file_the_command_says_how_to_use_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["try", "audio"]) != 0
    assert "at least one file" in capsys.readouterr().err


def test_a_model_that_is_not_there_is_said_before_any_file_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["try", "audio", "note.amr", "--model", str(tmp_path / "none"), "--models-dir", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert "speech.model" in shown.err
    assert shown.out == ""


@pytest.mark.model
@pytest.mark.skipif(not packaged_parts(PACKAGES), reason="the speech-model extra is not installed")
def test_several_files_are_answered_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["try", "audio", str(SAMPLE), str(tmp_path / "none.amr"), str(SAMPLE), "--models-dir", str(tmp_path)])

    first, second, third = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert code == 0
    assert "预算大概80万" in first["text"]
    assert second == {"file": str(tmp_path / "none.amr"), "error": "No such file or directory"}
    assert third["text"] == first["text"]
