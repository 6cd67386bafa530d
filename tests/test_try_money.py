"""`visitbot try money`: JSON in, JSON out."""

import argparse
import io
import json
from typing import Any

import pytest

from bot.commands import try_money


def answers(*lines: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    assert try_money.run([f"{line}\n" for line in lines], out) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_text_is_answered_in_the_documented_shape() -> None:
    text = "预算八十万，不对，85万以内，要30台，每台3800.5元，比竞品贵百分之十五"

    [answer] = answers(json.dumps({"id": "m1", "text": text}))

    assert list(answer) == ["id", "amounts", "withdrawn", "percents", "quantities"]
    assert answer == {
        "id": "m1",
        "amounts": [
            {
                "low": None,
                "high": 850000,
                "unit": None,
                "bound": "at_most",
                "role": "budget",
                "span": [9, 14],
                "words": "85万以内",
            },
            {
                "low": 3800.5,
                "high": 3800.5,
                "unit": "台",
                "bound": "exact",
                "role": "unit_price",
                "span": [20, 29],
                "words": "每台3800.5元",
            },
        ],
        "withdrawn": [
            {
                "low": 800000,
                "high": 800000,
                "unit": None,
                "bound": "exact",
                "role": "budget",
                "span": [2, 5],
                "words": "八十万",
            }
        ],
        "percents": [{"value": 15.0, "kind": "percent", "span": [34, 39], "words": "百分之十五"}],
        "quantities": [{"low": 30, "high": 30, "unit": "台", "span": [16, 19], "words": "30台"}],
    }


def test_the_words_are_those_given_even_where_they_are_full_width() -> None:
    [answer] = answers(json.dumps({"id": 1, "text": "预算８５Ｗ"}))

    [amount] = answer["amounts"]
    assert (amount["low"], amount["words"]) == (850000, "８５Ｗ")


@pytest.mark.parametrize(
    ("line", "given_id"),
    [("{", None), ("[]", None), ('{"id": "x"}', "x"), ('{"id": "x", "text": 5}', "x")],
    ids=["cut off", "a list", "no text", "text is a number"],
)
def test_a_bad_line_is_answered_by_an_error_and_the_next_one_is_read(line: str, given_id: str | None) -> None:
    bad, good = answers(line, json.dumps({"id": "next", "text": "你好"}))

    assert bad["id"] == given_id
    assert bad["error"]
    assert good == {"id": "next", "amounts": [], "withdrawn": [], "percents": [], "quantities": []}


def test_the_text_may_stand_in_the_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    try_money.add_parser(parser.add_subparsers())

    code = try_money.main(parser.parse_args(["money", "--text", "两吨半三千块"]))

    assert code == 0
    assert json.loads(capsys.readouterr().out)["amounts"][0]["low"] == 3000


def test_lines_are_read_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = argparse.ArgumentParser()
    try_money.add_parser(parser.add_subparsers())
    monkeypatch.setattr("sys.stdin", io.StringIO('{"id": 1, "text": "报价8万5"}\n\n{"id": 2, "text": ""}\n'))

    assert try_money.main(parser.parse_args(["money", "--jsonl"])) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["amounts"][0]["low"], second["amounts"]) == (85000, [])
