"""What the clause reader and the rules together make of a note: who decides what."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from nlp.draft import ExtractionContext, VisitDraft, Vocabulary
from nlp.extract import explained, extract
from nlp.lexicon import STAGES_LONG, default_vocabulary, merged

SHANGHAI = ZoneInfo("Asia/Shanghai")
SENT_AT = datetime(2026, 11, 19, 17, 20, tzinfo=SHANGHAI)
"""A Thursday."""


def draft(text: str, vocabulary: Vocabulary | None = None) -> VisitDraft:
    return extract(text, ExtractionContext(SENT_AT, vocabulary or default_vocabulary()))


def signals(text: str, vocabulary: Vocabulary | None = None) -> list[tuple[str, str]]:
    return [(signal.category, signal.words) for signal in draft(text, vocabulary).signals]


UNLISTED = {
    "原先管这事的老洪被发配去分厂了": "决策人变更",
    "这事儿他说先撂一撂": "犹豫",
}


def test_words_that_no_phrase_lists_are_read_as_what_they_say() -> None:
    told = [reason for text in UNLISTED for reason in explained(text, context()).signals]

    assert [reason.signal.category for reason in told] == list(UNLISTED.values())
    assert {reason.phrase for reason in told} == {None}
    assert all(reason.probability is not None and reason.probability > 0.4 for reason in told)


def context() -> ExtractionContext:
    return ExtractionContext(SENT_AT, default_vocabulary())


def test_a_phrase_is_a_signal_together_with_the_reader() -> None:
    [reason] = explained("他们领导还没批", context()).signals

    assert (reason.signal.category, reason.signal.words, reason.suppressed) == ("审批", "领导还没批", None)
    assert reason.phrase


def test_what_a_guard_takes_away_is_told_with_its_reason() -> None:
    found = explained("不用等预算了", context())

    assert found.signals == ()
    assert {reason.suppressed for reason in found.none} == {"negated"}


def test_a_teams_own_phrase_counts_whatever_the_reader_thinks() -> None:
    own = merged(default_vocabulary(), risks={"流失": ["红灯亮了"]})

    assert signals("他说红灯亮了") == []
    assert signals("他说红灯亮了", own) == [("流失", "红灯亮了")]


def test_a_category_of_the_teams_own_is_found_by_its_phrases() -> None:
    vocabulary = default_vocabulary()
    own = replace(vocabulary, risks={**vocabulary.risks, "资质": ["证书过期"]})

    assert ("资质", "证书过期") in signals("他们说我们证书过期了", own)


def test_the_stage_bears_the_name_that_the_team_gives_it() -> None:
    text = "报价单上周就发过去了，他们还在跟另外两家比价，嫌我们贵"

    short, long = draft(text).stage, draft(text, merged(default_vocabulary(), stages=STAGES_LONG)).stage

    assert short is not None
    assert short.value == "报价审批"
    assert long is not None
    assert long.value in STAGES_LONG


def test_a_stage_that_the_note_names_goes_before_what_it_sounds_like() -> None:
    stage = draft("现在到了合同签订，报价上周就发了").stage

    assert stage is not None
    assert (stage.value, stage.span.of("现在到了合同签订，报价上周就发了")) == ("合同签订", "合同签订")


@pytest.mark.parametrize(
    ("text", "owner", "due"),
    [
        ("我答应他下周三之前把图纸发过去", "us", "2026-11-25"),
        ("他们财务下周五之前打款", "customer", "2026-11-27"),
        ("我让技术部的小周下周一去他们现场", "colleague", "2026-11-23"),
    ],
)
def test_a_step_belongs_to_whoever_is_to_do_it(text: str, owner: str, due: str) -> None:
    [step] = draft(text).next_steps

    assert (step.owner, str(step.due)) == (owner, due)


def test_people_of_a_second_customer_are_contacts_too() -> None:
    from nlp.draft import CustomerEntry

    customers = (
        CustomerEntry("宁波恒力阀门有限公司", ("恒力",), ("王建国",)),
        CustomerEntry("台州锦程汽配有限公司", ("锦程",), ("温雪梅",)),
    )
    told = extract(
        "上午去了恒力，王建国说再等等。下午去了锦程，温雪梅接待的。",
        ExtractionContext(SENT_AT, default_vocabulary(), customers=customers),
    )

    assert [other.value for other in told.others] == ["台州锦程汽配有限公司"]
    assert {contact.name for contact in told.contacts} == {"王建国", "温雪梅"}


def test_a_voice_note_is_read_by_its_sound_and_quoted_as_it_was_heard() -> None:
    text = "他说受后没人管"
    voice = ExtractionContext(SENT_AT, default_vocabulary(), source="voice")

    assert [(signal.category, signal.words) for signal in extract(text, voice).signals] == [("售后", "没人管")]
    assert extract(text, voice).pain_points[0].span.of(text) in text
