"""`visitbot try risk`: JSON in, JSON out."""

import argparse
import io
import json
from typing import Any

import pytest

from bot.commands import try_risk


def answers(*lines: str, explain: bool = False) -> list[dict[str, Any]]:
    out = io.StringIO()
    assert try_risk.run([f"{line}\n" for line in lines], out, explain=explain) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    try_risk.add_parser(parser.add_subparsers())
    return parser.parse_args(["risk", *arguments])


def test_a_text_is_answered_in_the_documented_shape() -> None:
    assert answers(json.dumps({"id": "r1", "text": "说领导还没批，要等预算。"})) == [
        {
            "id": "r1",
            "signals": [
                {"polarity": "risk", "category": "审批", "words": "领导还没批", "span": [1, 6]},
                {"polarity": "risk", "category": "预算", "words": "要等预算", "span": [7, 11]},
            ],
        }
    ]


def test_nothing_to_report_is_an_empty_list() -> None:
    assert answers(json.dumps({"id": 1, "text": "下周三见面"})) == [{"id": 1, "signals": []}]


def test_explaining_adds_what_was_suppressed_and_by_which_guard() -> None:
    [answer] = answers(json.dumps({"id": 1, "text": "万一项目暂停怎么办"}), explain=True)

    assert answer["signals"] == []
    assert {each["guard"] for each in answer["suppressed"]} == {"hypothetical"}
    for each in answer["suppressed"]:
        assert each["words"] == "万一项目暂停怎么办"[each["span"][0] : each["span"][1]] != ""
        assert each["phrase"]


def test_competitors_may_be_given() -> None:
    given = {"id": 1, "text": "老板跟德科的老总是同学"}
    without, named = answers(json.dumps(given), json.dumps({**given, "competitors": ["德科自动化"]}))

    assert without["signals"] == []
    assert [each["category"] for each in named["signals"]] == ["竞品"]


@pytest.mark.parametrize(
    ("line", "text_id"),
    [
        ("{", None),
        ("[]", None),
        ('{"id": "x"}', "x"),
        ('{"id": "x", "text": 5}', "x"),
        ('{"id": "x", "text": "a", "competitors": "b"}', "x"),
    ],
    ids=["cut off", "a list", "no text", "text is a number", "one competitor, no list"],
)
def test_a_bad_line_is_answered_by_an_error_and_the_next_one_is_read(line: str, text_id: str | None) -> None:
    bad, good = answers(line, json.dumps({"id": "next", "text": "你好"}))

    assert bad["id"] == text_id
    assert bad["error"]
    assert good == {"id": "next", "signals": []}


def test_the_text_may_stand_in_the_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = parsed("--text", "他们更倾向用瑞通的", "--competitor", "瑞通", "--explain")

    assert try_risk.main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["category"] for each in found["signals"]] == ["竞品"]
    assert "suppressed" in found


def test_one_object_is_read_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("not json"))

    assert try_risk.main(parsed()) == 1
    assert "error" in json.loads(capsys.readouterr().out)
