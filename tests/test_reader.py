"""The clause reader: what it sees, what it says, which words it says it for; and that its weights fit the data."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import clauses, dates, money, reader, thesaurus
from nlp.reader import Model, View

SHANGHAI = ZoneInfo("Asia/Shanghai")
SENT_AT = datetime(2026, 11, 26, 10, tzinfo=UTC)
HOSTILE = st.text(alphabet="我他你们的了没批钱贵0８万亿一，。\n ：「」王总竞⏰⏮￥¤^$<>\ue000😀", max_size=300)


def view(text: str, rivals: tuple[str, ...] = ()) -> View:
    words = clauses.fold(text)
    pieces = clauses.split(words)
    amounts = money.read(words, pieces=pieces).amounts
    return View(words, pieces, dates.find(words, SENT_AT, SHANGHAI), amounts, rivals)


def likeliest(text: str, kind: str) -> str:
    """The label of the kind that is most probable in any clause."""
    best: dict[str, float] = {}
    for clause in reader.default().clauses(view(text)):
        for label, odds in clause.items():
            if label.startswith(kind):
                best[label] = max(best.get(label, 0.0), odds)
    return max(best, key=lambda label: best[label])


def test_names_times_and_numbers_look_alike() -> None:
    one = view("下周三华锐给王总报了85万", ("华锐",)).masked[0].text
    other = view("后天科创给李总报了1200万", ("科创",)).masked[0].text

    assert one == other == "⏰竞给某总报了0万"


def test_every_masked_character_knows_its_place() -> None:
    seen = view("下周三华锐给王总报了85万，嫌贵", ("华锐",))

    for masked, piece in zip(seen.masked, seen.pieces, strict=True):
        assert len(masked.text) == len(masked.places)
        assert all(piece.start <= at < piece.end for at in masked.places)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("领导到现在还没签字", "risk:审批"),
        ("尾款拖到现在一分没付", "risk:回款"),
        ("原来对接的科长调走了", "risk:决策人变更"),
        ("说不跟我们合作了", "risk:流失"),
        ("要走公开招标", "risk:招标"),
        ("还要再找两家比比价", "risk:比价"),
        ("催我们赶紧把合同发过去", "positive:催合同"),
        ("钱已经批下来了", "positive:预算到位"),
        ("对我们的方案很认可", "positive:认可"),
    ],
)
def test_plain_words_are_read_as_what_they_say(text: str, label: str) -> None:
    assert likeliest(text, label.partition(":")[0]) == label


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("我明天把报价单发给他", "step:us"),
        ("他们财务下周五之前打款", "step:customer"),
        ("让技术部的小周后天去现场", "step:colleague"),
    ],
)
def test_a_promise_is_his_who_makes_it(text: str, owner: str) -> None:
    assert likeliest(text, "step") == owner


def test_the_words_of_a_verdict_are_the_clause_or_of_a_long_one_the_part_that_speaks_for_it() -> None:
    short, long = view("他说还要再找两家比比价"), view("那边技术上的人一直在担心咱们这个接口跟他们老系统接不上")

    assert reader.default().words(short, 0, "risk:比价").of(short.text) == short.text
    part = reader.default().words(long, 0, "risk:技术").of(long.text)
    assert "担心" in part or "接不上" in part
    assert len(part) < len(long.text)


def test_speech_without_a_pause_is_cut_into_thoughts() -> None:
    text = "今天见了王总他说领导还没批我答应明天把报价单发过去"

    parts = reader.default().finer(clauses.split(text))

    assert "".join(part.text for part in parts) == text
    assert len(parts) >= 3
    assert all(text[part.start : part.end] == part.text for part in parts)


def test_packing_keeps_the_weights_within_a_step_of_eight_bits() -> None:
    weights = np.array([[0.5, -2.0], [1.27, 0.0]], dtype=np.float32)
    model = Model({"ab": 0, "^a": 1}, ("one", "two"), weights, np.array([0.1, -0.2], dtype=np.float32))

    read = reader.unpacked(reader.packed({"clause": model}))["clause"]

    assert dict(read.rows) == {"ab": 0, "^a": 1}
    assert read.labels == ("one", "two")
    assert np.abs(read.weights - weights).max() <= 2.0 / 127
    assert read.bias == pytest.approx([0.1, -0.2])


def test_the_score_of_the_same_features_is_the_same_in_whatever_order_they_come() -> None:
    weights = np.array([[0.1], [0.2], [0.3], [1e8], [-1e8]], dtype=np.float32)
    model = Model({name: row for row, name in enumerate("abcde")}, ("one",), weights, np.zeros(1, dtype=np.float32))

    assert {float(model.scores(order)[0]) for order in ("abcde", "edcba", "dabec", "cdeab")} == {
        float(model.scores("abcde")[0])
    }


@given(HOSTILE)
def test_nothing_that_is_said_makes_the_reader_fail(text: str) -> None:
    by = reader.default()
    seen = view(text)
    seen = View(seen.text, by.finer(seen.pieces), seen.times, seen.amounts, ("华锐",))

    for number, clause in enumerate(by.clauses(seen)):
        assert all(0 <= odds <= 1 for odds in clause.values())
        span = by.words(seen, number, "risk:审批")
        assert seen.pieces[number].start <= span.start < span.end <= seen.pieces[number].end
    assert sum(by.stage(seen, ()).values()) == pytest.approx(1)
    assert sum(by.mood(seen, ()).values()) == pytest.approx(1)
    assert all(sum(by.role(seen, index).values()) == pytest.approx(1) for index in range(len(seen.amounts)))


@given(HOSTILE)
def test_words_with_a_meaning_lie_within_the_text(text: str) -> None:
    for word in thesaurus.default().find(text):
        assert 0 <= word.start < word.end <= len(text)
        assert 0 <= word.meaning < len(thesaurus.default().meanings)


def test_a_gap_in_a_word_of_the_thesaurus_holds_up_to_four_characters() -> None:
    words = thesaurus.Thesaurus("未批: 没…点头 没批\n上级: 领导")

    assert [(word.start, word.end) for word in words.find("没有人肯点头")] == [(0, 6)]
    assert next(iter(words.find("没有一个领导肯点头"))).meaning == 1
    assert [word.meaning for word in words.find("领导没批")] == [1, 0]


def test_every_meaning_of_the_thesaurus_has_words_and_none_stands_twice() -> None:
    meanings = thesaurus.default().meanings

    assert len(meanings) == len(set(meanings)) > 100


def test_the_weights_were_trained_on_the_data_that_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parent.parent
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    import reader_data  # type: ignore[import-not-found]

    with np.load(root / "nlp" / "reader.npz", allow_pickle=False) as arrays:
        assert str(arrays["learned_from"]) == reader_data.fingerprint()
