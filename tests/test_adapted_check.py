"""Reworded scripts: what neither the script nor the record says is refused, whoever says it."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nlp import script_words
from nlp.adapted import Fact, Passage, Rewrite, Sentence
from nlp.adapted_check import FaultKind, fault
from nlp.adapted_text import Text
from tests.adapted_cases import Case, bodies, cases, sentences

HONEST, HONEST_FROZEN = cases("honest"), cases("honest_frozen")
DISHONEST = [*cases("dishonest"), *cases("dishonest_frozen"), *cases("dishonest_recombined")]
SCRIPT = Passage(
    "X",
    "我们的质保是三年，不含易损件。运费由您承担。我方报价85万元，明锐报价72万元，高18.1%。产品通过ISO9001认证。"
    "交期约45天，以合同为准。",
)
FACTS = (Fact("contact", "王经理"), Fact("pain", "停机一次损失大"), Fact("objection", "质保要五年"))
VALUES = {
    "我方报价": "85万元",
    "竞品": "另一家",
    "竞品价": "72万元",
    "差额": "13万元",
    "差价比例": "18.1%",
    "预算": "80万元",
    "期数": "12",
    "每期": "70,833.33元",
    "案例客户": "余姚通达泵业",
    "行业": "阀门制造",
}


def judged(case: Case) -> FaultKind | None:
    return fault(case.passage, case.facts, case.rewrite)


def said(tagged: str) -> FaultKind | None:
    return fault(SCRIPT, FACTS, Rewrite("X", tuple(sentences(tagged))))


def with_sentence(number: int, text: str, *also: str) -> FaultKind | None:
    """The script as it stands, but for that sentence."""
    own = [Sentence(each, (str(place),)) for place, each in enumerate(SCRIPT.sentences, start=1)]
    own[number - 1] = Sentence(text, (str(number), *also))
    return fault(SCRIPT, FACTS, Rewrite("X", tuple(own)))


# What may be said


@pytest.mark.parametrize("code", list(bodies()))
def test_every_script_may_be_said_as_it_stands(code: str) -> None:
    passage = Passage(code, script_words.filled(bodies()[code], VALUES))
    own = tuple(Sentence(each, (str(place),)) for place, each in enumerate(passage.sentences, start=1))

    assert fault(passage, (), Rewrite(code, own)) is None
    assert Rewrite(code, own).words == passage.words


@pytest.mark.parametrize(
    ("number", "text", "also"),
    [
        (1, "王经理，我们的质保是三年，不含易损件。", ()),
        (1, "您提到停机一次损失大，我们的质保是3年，不含易损件。", ("F2",)),
        (1, "您希望质保要五年，我们的质保是三年，不含易损件。", ("F3",)),
        (3, "我方的报价是850000元，明锐报价七十二万元，高百分之十八点一。", ()),
        (5, "交期是约45天，以合同为准。", ()),
    ],
)
def test_a_name_what_the_customer_said_and_another_way_to_write_a_number_are_fine(
    number: int, text: str, also: Sequence[str]
) -> None:
    assert with_sentence(number, text, *also) is None


def test_of_honest_rewordings_most_are_taken() -> None:
    """As measured; what is refused costs nothing but the adaptation."""
    assert sum(judged(case) is None for case in HONEST) >= 36
    assert sum(judged(case) is None for case in HONEST_FROZEN) >= 16


# What may not


@pytest.mark.parametrize("case", DISHONEST, ids=lambda case: f"{case.passage.code}-{case.lie}")
def test_no_dishonest_rewording_is_taken(case: Case) -> None:
    assert judged(case) is not None


@pytest.mark.parametrize(
    ("number", "text", "kind"),
    [
        (3, "我方报价80万元，明锐报价72万元，高18.1%。", "figure"),
        (3, "我方报价85元，明锐报价72万元，高18.1%。", "figure"),
        (3, "我方报价85万美元，明锐报价72万元，高18.1%。", "figure"),
        (3, "我方报价85万元，明锐报价72万元，高18%。", "figure"),
        (3, "我方报价85万元起，明锐报价72万元，高18.1%。", "figure"),
        (1, "我们的质保是五年，不含易损件。", "figure"),
        (1, "我们的质保是三十年，不含易损件。", "figure"),
        (1, "我们的质保是三个月，不含易损件。", "figure"),
        (1, "我们的质保是三年，含易损件。", "negation"),
        (1, "我们的免费质保是三年，不含易损件。", "promise"),
        (1, "您的质保是三年，不含易损件。", "party"),
        (1, "我们的质保是三年，不含易损件，赠送滤芯。", "promise"),
        (1, "我们的质保是三年，不含易损件，中石化也在用。", "words"),
        (2, "运费由我们承担。", "party"),
        (4, "产品通过ISO9001和API认证。", "name"),
        (4, "产品通过ISO9002认证。", "name"),
        (5, "交期45天，以合同为准。", "figure"),
        (5, "交期约45天。", "caveat"),
        (5, "交期约45天，以合同为准！★", "shape"),
    ],
)
def test_the_reason_is_named_by_its_kind(number: int, text: str, kind: FaultKind) -> None:
    assert with_sentence(number, text) == kind


def test_what_the_customer_wants_is_never_what_we_say() -> None:
    assert with_sentence(1, "我们的质保要五年，不含易损件。", "F3") is not None
    assert with_sentence(1, "王经理您好，质保要五年，不含易损件。", "F3") is not None
    assert with_sentence(1, "您希望质保要五年，可以，我们的质保是三年，不含易损件。", "F3") is not None
    assert with_sentence(1, "您希望质保要五年，是的，我们的质保是三年，不含易损件。", "F3") is not None


def test_a_fact_counts_only_where_it_is_named_and_background_never() -> None:
    assert with_sentence(1, "您提到停机一次损失大，我们的质保是三年，不含易损件。") is not None
    stage = Fact("stage", "商务谈判")
    own = [Sentence(each, (str(place),)) for place, each in enumerate(SCRIPT.sentences, start=1)]
    own[0] = Sentence("您提到商务谈判，我们的质保是三年，不含易损件。", ("1", "F1"))
    assert fault(SCRIPT, (stage,), Rewrite("X", tuple(own))) is not None


def test_what_is_far_longer_left_out_or_rests_on_nothing_is_refused() -> None:
    whole = [(each, str(place)) for place, each in enumerate(SCRIPT.sentences, start=1)]
    tagged = "".join(f"{each}[{place}]" for each, place in whole)
    assert said(tagged) is None
    assert said(tagged + "".join(f"{each}[{place}]" for each, place in whole[:3])) == "length"
    assert said("".join(f"{each}[{place}]" for each, place in whole if place != "3")) == "left out"
    assert said("".join(f"{each}[{place}]" for each, place in whole[1:])) == "caveat"
    assert said(tagged.replace("[4]", "[9]")) == "shape"
    assert said("") == "shape"
    assert said(tagged.replace("不含易损件。", "不含易损件")) == "shape"


# Whatever else is done to an honest one


def figures() -> list[tuple[Case, int, int, int]]:
    """Each digit of each number of the rewordings that are taken: the case, its sentence, and the place there."""
    found = []
    for case in (*HONEST, *HONEST_FROZEN, Case(SCRIPT, FACTS, as_it_stands())):
        if judged(case) is not None:
            continue
        for number, sentence in enumerate(case.rewrite.sentences):
            text = Text.of(sentence.text, {})
            for figure in text.figures if text.plain == sentence.text else ():
                found += [
                    (case, number, at, figure.end)
                    for at in range(figure.start, figure.end)
                    if re.fullmatch(r"[\d一二两三四五六七八九十几]", text.plain[at])
                ]
    return found


def as_it_stands() -> Rewrite:
    own = (Sentence(each, (str(place),)) for place, each in enumerate(SCRIPT.sentences, start=1))
    return Rewrite("X", tuple(own))


def changed(case: Case, number: int, text: str) -> FaultKind | None:
    before = case.rewrite.sentences
    sentence = replace(before[number], text=text)
    return fault(
        case.passage, case.facts, replace(case.rewrite, sentences=(*before[:number], sentence, *before[number + 1 :]))
    )


@given(place=st.sampled_from(figures()), other=st.sampled_from("0123456789一二三四五六七八九十百万"))
def test_no_digit_of_any_number_can_be_changed(place: tuple[Case, int, int, int], other: str) -> None:
    case, number, at, _ = place
    text = case.rewrite.sentences[number].text
    new = text[:at] + other + text[at + 1 :]
    old_values, new_values = ([figure.said for figure in Text.of(each, {}).figures] for each in (text, new))
    assume(old_values != new_values)

    assert changed(case, number, new) is not None


TAKEN = [case for case in (*HONEST, *HONEST_FROZEN) if judged(case) is None]
PLACES = [(case, number) for case in TAKEN for number in range(len(case.rewrite.sentences))]


@given(
    place=st.sampled_from(PLACES),
    promise=st.sampled_from(
        ["免费", "保证", "终身", "最低", "包换", "中石化", "李总", "三年", "CE", "8折", "肯定", "更"]
    ),
    at=st.integers(0, 200),
)
def test_no_promise_name_or_number_can_be_put_in_anywhere(place: tuple[Case, int], promise: str, at: int) -> None:
    case, number = place
    text = case.rewrite.sentences[number].text
    at = at % len(text)

    assert changed(case, number, text[:at] + promise + text[at:]) is not None


DENIALS = [
    (case, number, match.end() - 1)
    for case, number in PLACES
    for match in re.finditer(r"(?:^|[^不没有])[不没未](?![过有])", case.rewrite.sentences[number].text)
    if re.search(r"(.)不\1", case.rewrite.sentences[number].text) is None
]


@pytest.mark.parametrize(("case", "number", "at"), DENIALS)
def test_no_denial_can_be_taken_away(case: Case, number: int, at: int) -> None:
    text = case.rewrite.sentences[number].text

    assert changed(case, number, text[:at] + text[at + 1 :]) is not None


@given(
    texts=st.lists(
        st.tuples(
            st.text(max_size=30) | st.sampled_from(list(SCRIPT.sentences)),
            st.lists(st.sampled_from(["1", "2", "5", "F1", "F3", "F9", "x"]), max_size=4),
        ),
        max_size=6,
    )
)
def test_whatever_comes_is_judged(texts: list[tuple[str, list[str]]]) -> None:
    rewrite = Rewrite("X", tuple(Sentence(text, tuple(rests_on)) for text, rests_on in texts))
    kept = {each for text, rests_on in texts for each in [text] if each in SCRIPT.sentences and rests_on}
    if fault(SCRIPT, FACTS, rewrite) is None:
        assert kept
