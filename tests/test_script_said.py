"""What somebody says of a script, line by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import script_approval, script_guide
from handlers.script_said import Said, read_change, read_new
from nlp import script_words

WORDS = st.text("您放心先看停机- 一二，。{}客户", min_size=1, max_size=30).map(str.strip).filter(bool)
LINES = st.lists(WORDS, min_size=1, max_size=5)
ANYTHING = st.text(
    st.one_of(st.sampled_from("新增修改话术通过退回待审 PR-01：:|\n标题类型"), st.characters()), max_size=60
)


@given(title=WORDS, phrasings=st.lists(WORDS, min_size=1, max_size=3, unique=True), body=LINES)
def test_what_is_written_line_by_line_is_read_as_it_stands(title: str, phrasings: list[str], body: list[str]) -> None:
    words = "\n".join(body)
    expected = Said(title=title, phrasings=tuple(phrasings), body=words)

    assert read_new(f"新增话术 {title}\n{'|'.join(phrasings)}\n{words}") == expected
    assert read_new(f"新增话术 {title}\n话术：{words}\n客户会说：{'｜'.join(phrasings)}") == expected
    change = read_change(f"修改话术 PR-01\n话术：{words}\n标题：{title}")
    assert change is not None
    assert (change.code, change.said.values()) == ("PR-01", {"title": title, "body": words})


@given(ANYTHING)
def test_any_words_are_read_or_left_alone(text: str) -> None:
    for said in (read_new(text), read_new(f"新增话术 {text}")):
        if said is not None and not said.faults() and not said.missing():
            assert script_words.faults(said.body or "") == ()
    read_change(f"修改话术 {text}")
    script_approval.read_judgement(f"退回话术 {text}")
    script_approval.asks_what_waits(f"待审话术{text}")
    kind = script_guide.picked(text)
    assert kind is None or kind == "" or kind in script_words.KINDS


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("新增话术 题\n贵\n好", []),
        ("新增话术 题\n贵\n好\n类别：价格\n多写一行", ["「多写一行」看不出是哪一项"]),
        ("新增话术 题\n贵\n给您{折扣}", ["未知占位符：{折扣}"]),
        (
            "新增话术 题\n贵\n好\n类型：讲故事",
            ["没有类型「讲故事」，可用：技术参数对比、成本优化清单、分期付款测算、案例、提问"],
        ),
        (f"新增话术 {'长' * 61}\n贵\n好", ["「长长长长长长长长长…」超过 60 个字"]),
        (f"新增话术 题\n{'|'.join(map(str, range(21)))}\n好", ["客户会说的话超过 20 种"]),
    ],
)
def test_what_the_library_cannot_take_is_told(text: str, faults: list[str]) -> None:
    said = read_new(text)
    assert said is not None
    assert said.faults() == faults
