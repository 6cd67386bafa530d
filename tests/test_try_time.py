"""`visitbot try time`: JSON in, JSON out."""

import argparse
import io
import json
import subprocess
import sys
from typing import Any

import pytest

from bot.commands import try_time

SENT_AT = "2026-11-19T17:00:00+08:00"


def answers(*lines: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    assert try_time.run([f"{line}\n" for line in lines], out) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


def arguments(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    try_time.add_parser(parser.add_subparsers())
    return parser.parse_args(["time", *given])


def test_times_are_answered_in_the_documented_shape() -> None:
    text = "昨天见了王总，下周二上午十点半再去，下周三前给报价，春节后装，下周前回复"

    [answer] = answers(json.dumps({"id": 7, "text": text, "sent_at": SENT_AT}))

    assert list(answer) == ["id", "times"]
    assert answer["id"] == 7
    past, point, deadline, after, unsure = answer["times"]
    assert past["kind"] == "past"
    assert past["due"] is None
    assert point == {
        "kind": "point",
        "start": "2026-11-24T10:30:00+08:00",
        "end": "2026-11-24T10:30:00+08:00",
        "time_of_day": "10:30",
        "span": [7, 15],
        "words": "下周二上午十点半",
        "due": "2026-11-24",
        "ambiguous": False,
    }
    assert (deadline["start"], deadline["end"], deadline["due"]) == (None, "2026-11-25T23:59:59+08:00", "2026-11-25")
    assert (after["kind"], after["end"], after["due"]) == ("after", None, None)
    assert (unsure["words"], unsure["due"], unsure["ambiguous"]) == ("下周前", None, True)


def test_every_line_is_answered_in_order_and_blank_ones_are_skipped() -> None:
    found = answers(json.dumps({"id": 1, "text": "你好"}), "", json.dumps({"id": 2, "text": "明天"}))

    assert [answer["id"] for answer in found] == [1, 2]
    assert [len(answer["times"]) for answer in found] == [0, 1]


@pytest.mark.parametrize(
    ("line", "given_id"),
    [
        ("{", None),
        ("[]", None),
        ("[" * 100_000, None),
        ('{"id": "x"}', "x"),
        ('{"id": "x", "text": 5}', "x"),
        ('{"id": "x", "text": "a", "sent_at": "gestern"}', "x"),
    ],
    ids=["cut off", "a list", "very deep", "no text", "text is a number", "no date"],
)
def test_a_bad_line_is_answered_by_an_error_and_the_next_one_is_read(line: str, given_id: str | None) -> None:
    bad, good = answers(line, json.dumps({"id": "next", "text": "明天"}))

    assert bad["id"] == given_id
    assert bad["error"]
    assert good["id"] == "next"


def test_a_moment_without_an_offset_is_in_chinas_time() -> None:
    [answer] = answers(json.dumps({"id": 1, "text": "明天", "sent_at": "2026-11-19T23:30:00"}))

    assert answer["times"][0]["due"] == "2026-11-20"


def test_a_moment_elsewhere_is_brought_to_chinas_time() -> None:
    [answer] = answers(json.dumps({"id": 1, "text": "明天", "sent_at": "2026-11-19T17:00:00+00:00"}))

    assert answer["times"][0]["due"] == "2026-11-21"


def test_the_text_may_stand_in_the_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert try_time.main(arguments("--text", "月底前", "--sent-at", SENT_AT)) == 0

    assert json.loads(capsys.readouterr().out)["times"][0]["due"] == "2026-11-30"


def test_one_object_is_read_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("not json"))

    assert try_time.main(arguments()) == 1
    assert "error" in json.loads(capsys.readouterr().out)


def test_it_starts_without_speech_database_or_web() -> None:
    """Run apart, because this process has loaded everything already."""
    heavy = "faster_whisper", "sqlalchemy", "aiohttp", "pypinyin"
    code = f"import sys, bot.commands.try_time; print([name for name in {heavy!r} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
