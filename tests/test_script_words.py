import csv
import re
from collections import Counter
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.script_words import CATEGORIES, KINDS, PLACEHOLDERS, faults, filled, placeholders, sentences

with resources.files("bot.starter").joinpath("scripts.csv").open(encoding="utf-8", newline="") as file:
    LIBRARY = list(csv.DictReader(file))
STAGES = (
    *("线索获取", "需求确认", "需求诊断", "方案设计", "方案演示", "样品测试", "报价", "报价审批"),
    *("商务谈判", "合同审核", "合同签订", "交付执行", "签约回款"),
)


@given(st.text(alphabet="甲。！？；\n{}｛｝客户- "))
def test_sentences_lose_nothing(text: str) -> None:
    assert "".join(sentences(text)) == text


@given(st.text(alphabet="甲乙。\n客户", min_size=1))
def test_only_known_names_are_accepted(name: str) -> None:
    assert bool(faults(f"{{{name}}}")) == (name not in PLACEHOLDERS)


@pytest.mark.parametrize("text", ["{客户", "客户}", "｛客户｝", "{{客户}}", "{}", "{折扣}"])
def test_broken_or_unknown_placeholders_are_refused(text: str) -> None:
    assert faults(text)


def test_a_sentence_without_its_value_is_left_out() -> None:
    body = "您好。我方报价{我方报价}，差{差额}。一起看：\n- {产品}\n- 质保"
    assert filled(body, {"我方报价": "10元"}) == "您好。一起看：\n- 质保"
    assert filled(body, {"我方报价": "10元", "差额": "1元"}) == "您好。我方报价10元，差1元。一起看：\n- 质保"


@pytest.mark.parametrize("row", LIBRARY, ids=lambda row: row["id"])
def test_every_starter_entry_can_be_read_aloud(row: dict[str, str]) -> None:
    assert re.fullmatch(r"[A-Z]{2}-\d\d", row["id"])
    assert len(row["title"]) <= 16
    assert 6 <= len(row["objections"].split("|")) <= 10
    assert not placeholders(row["objections"]), "a phrasing is what people say"
    assert row["kind"] in KINDS
    assert row["category"] in CATEGORIES
    assert 1 <= len(set(row["tags"].split("|")) - {"", row["category"]}) == len(row["tags"].split("|")) <= 3
    assert not faults(row["body"])
    assert len(row["body"]) <= 160
    assert not re.search(r"\d", row["body"].replace("3分钟产品动画", "")), "a figure is a claim"
    assert len(filled(row["body"], {})) >= 25
    assert not placeholders(filled(row["body"], {}))
    if row["kind"] == "技术参数对比" or row["kind"] == "成本优化清单":
        assert row["body"].count("\n- ") >= 2


def test_the_starter_library_is_whole() -> None:
    assert len(LIBRARY) >= 64
    assert len({row["id"] for row in LIBRARY}) == len(LIBRARY)
    phrasings = Counter(words for row in LIBRARY for words in row["objections"].split("|"))
    assert [words for words, count in phrasings.items() if count > 1] == []
    asked = {stage for row in LIBRARY if row["kind"] == "提问" for stage in row["stage"].split("|")}
    assert asked >= set(STAGES)
