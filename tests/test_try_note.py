"""`visitbot try note`: JSON in, JSON out."""

import argparse
import io
import json
import subprocess
import sys
from typing import Any

import pytest

from bot.commands import try_note

NOTE = {
    "id": "n1",
    "text": "刚从恒力出来，见了采购部的王经理，预算85万以内，每台3800.5元，我下周三前把报价单发给他",
    "sent_at": "2026-11-19T17:00:00+08:00",
    "source": "voice",
    "customers": [{"name": "宁波恒力阀门有限公司", "aliases": ["恒力"]}],
}


def answers(*lines: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    assert try_note.run([f"{line}\n" for line in lines], out) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_note_is_answered_in_the_documented_shape() -> None:
    [answer] = answers(json.dumps(NOTE))

    draft, text = answer["draft"], NOTE["text"]
    assert answer["id"] == "n1"
    assert list(draft) == [
        "customer",
        "others",
        "visited_on",
        "visited_span",
        "visited_time",
        "place",
        "contacts",
        "stage",
        "amounts",
        "withdrawn",
        "percents",
        "quantities",
        "competitors",
        "pain_points",
        "objections",
        "demands",
        "next_steps",
        "signals",
        "attitude",
        "vague",
        "missing",
        "summary",
    ]
    assert draft["customer"]["value"] == "宁波恒力阀门有限公司"
    assert draft["customer"]["status"] == "known"
    assert draft["customer"]["candidates"][0]["name"] == "宁波恒力阀门有限公司"
    assert draft["visited_on"] == "2026-11-19"
    [contact] = draft["contacts"]
    assert (contact["name"], contact["title"], contact["department"]) == ("王经理", "经理", "采购部")
    budget, unit_price = draft["amounts"]
    assert (budget["role"], budget["low"], budget["high"], budget["unit"]) == ("budget", None, 850000, None)
    assert (unit_price["low"], unit_price["high"], unit_price["unit"]) == (3800.5, 3800.5, "台")
    [step] = draft["next_steps"]
    assert (step["owner"], step["action"], step["due"]) == ("us", "发送报价单", "2026-11-25")
    assert "下周三前" in str(text)[step["span"][0] : step["span"][1]]


def test_the_answer_tells_when_and_where_what_is_wanted_what_is_vague_and_what_is_missing() -> None:
    text = "昨天下午三点在他们展厅聊的，客户很满意，王总要我们下周一提供营业执照，嫌我们比竞品贵15%"
    [answer] = answers(json.dumps({"text": text, "sent_at": "2026-11-19T17:00:00+08:00"}))

    draft = answer["draft"]
    assert (draft["visited_on"], draft["visited_time"]) == ("2026-11-18", "15:00")
    assert text[slice(*draft["visited_span"])].startswith("昨天")
    assert text[slice(*draft["place"]["span"])] == draft["place"]["name"] == "他们展厅"
    assert [(each["what"], each["due"]) for each in draft["demands"]] == [("提供营业执照", "2026-11-23")]
    assert [each["percent"] for each in draft["objections"]] == [15.0]
    assert [each["words"] for each in draft["vague"]] == ["客户很满意"]
    assert draft["vague"][0]["question"].endswith("？")
    assert draft["missing"] == ["customer", "next_step", "stage"]
    assert draft["others"] == draft["withdrawn"] == draft["quantities"] == []


def test_every_line_is_answered_in_order_and_blank_ones_are_skipped() -> None:
    found = answers(json.dumps({"id": 1, "text": "你好"}), "", json.dumps({"id": 2, "text": ""}))

    assert [answer["id"] for answer in found] == [1, 2]
    assert all("draft" in answer for answer in found)


@pytest.mark.parametrize(
    ("line", "note_id"),
    [
        ("{", None),
        ("[]", None),
        ("null", None),
        ("[" * 100_000, None),
        ('{"id": "x"}', "x"),
        ('{"id": "x", "text": 5}', "x"),
        ('{"id": "x", "text": "a", "sent_at": "gestern"}', "x"),
        ('{"id": "x", "text": "a", "source": "fax"}', "x"),
    ],
    ids=["cut off", "a list", "null", "very deep", "no text", "text is a number", "no date", "unknown source"],
)
def test_a_bad_line_is_answered_by_an_error_and_the_next_one_is_read(line: str, note_id: str | None) -> None:
    bad, good = answers(line, json.dumps({"id": "next", "text": "你好"}))

    assert bad["id"] == note_id
    assert bad["error"]
    assert good["id"] == "next"
    assert "draft" in good


def test_a_moment_without_an_offset_is_in_chinas_time() -> None:
    [answer] = answers(json.dumps({"id": 1, "text": "我明天把合同发给他", "sent_at": "2026-11-19T23:30:00"}))

    assert answer["draft"]["next_steps"][0]["due"] == "2026-11-20"


def test_the_text_may_stand_in_the_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    try_note.add_parser(parser.add_subparsers())

    code = try_note.main(parser.parse_args(["note", "--text", "预算85万", "--sent-at", "2026-11-19T17:00:00+08:00"]))

    assert code == 0
    assert json.loads(capsys.readouterr().out)["draft"]["amounts"][0]["low"] == 850000


def test_one_object_is_read_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = argparse.ArgumentParser()
    try_note.add_parser(parser.add_subparsers())
    monkeypatch.setattr("sys.stdin", io.StringIO("not json"))

    assert try_note.main(parser.parse_args(["note"])) == 1
    assert "error" in json.loads(capsys.readouterr().out)


def test_it_starts_without_speech_database_or_web() -> None:
    """Run apart, because this process has loaded everything already."""
    heavy = "faster_whisper", "sqlalchemy", "aiohttp", "pypinyin"
    code = f"import sys, bot.commands.try_note; print([name for name in {heavy!r} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
