"""The shape of a vision model's answer: what is taken, and that nothing else gets past it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.llm_json import Unreadable
from nlp.vision_schema import LONGEST_LINE, LONGEST_NAME, MOST_CELLS, MOST_ROWS, Answer, messages, read, schema
from tests.dialects.openai_like import faults_of

FULL: dict[str, Any] = {
    "kind": "chat",
    "title": "恒力阀门",
    "messages": [{"speaker": "left", "is_side_sure": True, "kind": "text", "text": "好的", "nick": None}],
    "table": {"header": ["品名"], "rows": [["球阀"]], "total": None, "remarks": []},
    "card": {
        "name": "王建国",
        "title": None,
        "department": None,
        "company": None,
        "phones": ["13800138000"],
        "email": None,
        "address": None,
    },
    "lines": [],
}
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)


def paths(value: Any, *above: str | int) -> list[tuple[str | int, ...]]:
    """Where a value can be replaced by another."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above, *(path for key, each in inner for path in paths(each, *above, key))]


def with_(path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    changed = json.loads(json.dumps(FULL))
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def test_the_full_answer_keeps_both_the_schema_that_is_sent_and_the_shape_that_is_taken() -> None:
    assert faults_of(FULL, schema()) == []
    assert read(json.dumps(FULL)) == Answer.model_validate(FULL)


def test_the_example_in_the_prompt_keeps_the_schema() -> None:
    prompt = messages([b""], schema_in_prompt=False)[0]["content"]
    example = json.loads(prompt[prompt.index("```json") + 7 : prompt.rindex("```")])

    assert faults_of(example, schema()) == []
    assert read(json.dumps(example)).kind == "chat"


@given(st.sampled_from(paths(FULL)), ANYTHING)
def test_whatever_stands_in_place_of_a_part_is_taken_in_shape_or_refused(
    path: tuple[str | int, ...], value: Any
) -> None:
    try:
        answer = read(json.dumps(with_(path, value)))
    except Unreadable:
        return
    assert Answer.model_validate(answer.model_dump()) == answer


@given(st.text(max_size=200))
def test_any_words_are_an_answer_or_refused(words: str) -> None:
    with pytest.raises(Unreadable):
        read(words)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("title",), "恒" * (LONGEST_NAME + 1)),
        (("table", "rows"), [["球阀"]] * (MOST_ROWS + 1)),
        (("table", "rows"), [["球阀"] * (MOST_CELLS + 1)]),
        (("table", "total"), "9" * (LONGEST_LINE + 1)),
        (("card", "phones"), ["13800138000"] * 11),
        (("card", "role"), "admin"),
        (("table", "currency"), "CNY"),
        (("do",), "confirm_visit"),
    ],
    ids=["long title", "many rows", "many cells", "long total", "many phones", "card's own", "table's own", "own key"],
)
def test_what_no_picture_holds_and_what_nobody_asked_for_is_refused(path: tuple[str, ...], value: Any) -> None:
    with pytest.raises(Unreadable):
        read(json.dumps(with_(path, value)))


def test_a_fault_is_told_at_no_length_that_the_model_chooses() -> None:
    with pytest.raises(Unreadable) as caught:
        read(json.dumps(with_(("x" * 100_000,), 1)))

    assert len(str(caught.value)) < 2000
