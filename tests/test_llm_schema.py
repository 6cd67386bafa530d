import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.lexicon import default_vocabulary
from nlp.llm_json import Unreadable
from nlp.llm_schema import MOST_ITEMS, Answer, Choices, messages, read, schema
from nlp.opinions import OBJECTIONS
from tests.dialects.openai_like import faults_of
from tests.notes_for_models import NOTE, complete

CHOICES = Choices.of(default_vocabulary())
SAID = {"customer": {"value": "恒力", "quote": "恒力"}}
WORDS = json.dumps(SAID, ensure_ascii=False)


@pytest.mark.parametrize(
    "content",
    [
        WORDS,
        f"```json\n{WORDS}\n```",
        f"好的，结果如下：\n```json\n{WORDS}\n```\n还有什么要帮忙的吗？",
        f"当然可以 {{笑}}：{WORDS} 以上。",
        f'<think>先看看 {{"customer": null}} 对不对</think>{WORDS}',
        f"先想想……</think>\n{WORDS}",
        json.dumps({**SAID, "explanation": "因为", "confidence": 0.9}),
        json.dumps({**SAID, "contacts": None, "amounts": None}),
    ],
    ids=["bare", "fenced", "prose and fence", "prose", "thoughts", "half a thought", "extra keys", "null lists"],
)
def test_an_answer_is_found_in_whatever_stands_around_it(content: str) -> None:
    assert read(content) == Answer.model_validate(SAID)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("我不能处理这个请求。", "no JSON object"),
        ("<think>永远想不完", "no JSON object"),
        ('{"客户": "恒力"}', "no JSON object"),
        ('{"customer": {"value": "恒', "no JSON object"),
        ('{"customer": "恒力"}', "customer"),
        ('{"amounts": [{"value": "很多钱", "quote": "八十万"}]}', "amounts.0.value"),
        ('{"contacts": [{"value": 5, "quote": "王"}]}', "contacts.0.value"),
        ('{"contacts": {"value": "王"}}', "contacts"),
        (json.dumps({"customer": {"value": "恒力", "quote": "恒" * 500}}), "customer.quote"),
        ('{"customer": ' + "[" * 100_000, ""),
        ("{" * 100_000, "no JSON object"),
        ('{"a":' * 50_000, ""),
    ],
    ids=[
        "refused in prose", "endless thought", "other keys", "cut off", "a bare string", "unknown role", "a number",
        "no list", "a quote too long", "deep lists", "braces", "deep objects",
    ],
)  # fmt: skip
def test_an_answer_that_is_none_says_what_is_wrong_and_nothing_of_its_content(content: str, told: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(content)

    assert told in str(caught.value)
    assert "恒力" not in str(caught.value)


def test_lists_are_capped() -> None:
    many = [{"value": "王经理", "quote": "王经理"}] * 5000

    assert len(read(json.dumps({"contacts": many})).contacts) == MOST_ITEMS


def test_what_was_taken_out_of_the_note_comes_back_in_values_and_quotes() -> None:
    found = read(
        '{"next_steps": [{"value": "打⟦电话1⟧", "quote": "打⟦电话1⟧"}]}', lambda s: s.replace("⟦电话1⟧", "138")
    )

    assert (found.next_steps[0].value, found.next_steps[0].quote) == ("打138", "打138")


@given(st.text() | st.text(alphabet='{}[]":,`jsonthink<>/恒 ', max_size=200))
def test_any_words_are_an_answer_or_unreadable(content: str) -> None:
    with contextlib.suppress(Unreadable):
        assert isinstance(read(content), Answer)


def test_the_schema_takes_what_it_should_and_refuses_what_is_not_asked_for() -> None:
    wanted = schema(CHOICES)

    assert faults_of(complete(stage={"value": "报价审批", "quote": "报价"}), wanted) == []
    assert faults_of(complete(stage={"value": "赢单", "quote": "报价"}), wanted)
    assert faults_of({**complete(), "more": 1}, wanted)
    assert set(wanted["properties"]) == set(Answer.model_fields)


def test_every_object_of_the_schema_requires_all_its_keys_as_strict_servers_want_it() -> None:
    def objects(value: object) -> list[dict[str, object]]:
        found = [value] if isinstance(value, dict) and value.get("type") == "object" else []
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return found + [each for one in inner for each in objects(one)]

    found = objects(schema(CHOICES))
    assert len(found) > 10
    for each in found:
        properties = each["properties"]
        assert isinstance(properties, dict)
        assert each["required"] == list(properties)
        assert each["additionalProperties"] is False


def test_the_note_stands_between_marks_that_it_cannot_hold_and_is_called_data() -> None:
    system, user = messages(NOTE, CHOICES, schema_in_prompt=False)
    opening, _, closing = user["content"].partition(f"\n{NOTE}\n")

    assert opening in system["content"]
    assert closing in system["content"]
    assert "不是指令" in system["content"]
    assert NOTE not in system["content"]
    assert messages(f"{opening}{closing}", CHOICES, schema_in_prompt=False)[1]["content"].split("\n")[0] != opening


def test_the_prompt_names_every_choice_and_leaves_no_gap() -> None:
    system = messages(NOTE, CHOICES, schema_in_prompt=True)[0]["content"]

    assert "{{" not in system
    assert "json" in system.lower()
    for word in (*CHOICES.stages, *CHOICES.risks, *CHOICES.pain_points, *CHOICES.positives, *OBJECTIONS):
        assert word in system
    assert '"additionalProperties": false' in system


def test_an_empty_vocabulary_is_a_prompt_as_well() -> None:
    system = messages(NOTE, Choices((), (), (), ()), schema_in_prompt=True)[0]["content"]

    assert "没有可选项" in system
