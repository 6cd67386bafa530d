"""The development notes of tests/data/understanding stay understood as they are; the frozen ones are not read."""

import shutil
import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from nlp.extract import extract
from nlp.speech_models import PACKAGES, packaged_parts

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
TUNED = ("notes-a-dev.jsonl", "notes-b-dev.jsonl")


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    sys.modules.pop("understanding", None)
    import understanding  # type: ignore[import-not-found]

    return understanding  # type: ignore[no-any-return]


def test_the_development_notes_are_understood_as_well_as_before(benchmark: ModuleType) -> None:
    notes = [note for name in TUNED for note in benchmark.read(benchmark.DATA / name)]

    result = benchmark.score(notes).as_json()

    assert result["overall"]["f1"] >= 0.84
    assert result["dates_and_amounts"]["precision"] >= 0.95


def test_every_value_of_every_development_note_stands_in_its_words(benchmark: ModuleType) -> None:
    paths = sorted(benchmark.DATA.glob("notes-*-dev.jsonl"))

    result = benchmark.score([note for path in paths for note in benchmark.read(path)]).as_json()

    assert len(paths) == 4
    assert result["grounded_notes"] == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("预算八十万，不对，八十五万。", "预算80万不对85万"),
        ("涨了百分之十五", "涨了15%"),
        ("两万六一吨", "2万6一吨"),
        ("二零二六年十二月一号八点五", "2026年12月1号 8.5"),
    ],
)
def test_the_spelling_of_a_number_is_no_mistake_of_hearing(benchmark: ModuleType, one: str, other: str) -> None:
    assert benchmark.misheard([benchmark.Recording({"text": one}, other, 1.0)]) == 0


def test_every_character_misheard_missing_or_added_counts_once(benchmark: ModuleType) -> None:
    heard = benchmark.Recording({"text": "去了恒力阀门，见王经理"}, "去恒利阀门啊见王经理", 1.0)

    assert benchmark.misheard([heard]) == pytest.approx(3 / 10)


async def test_a_recording_of_no_note_is_refused(benchmark: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="no recordings"):
        await benchmark.hear([], tmp_path, tmp_path)
    (tmp_path / "nobody-01.amr").touch()
    with pytest.raises(LookupError, match=r"nobody-01\.amr"):
        await benchmark.hear([], tmp_path, tmp_path)


@pytest.mark.model
@pytest.mark.skipif(not packaged_parts(PACKAGES), reason="the speech-model extra is not installed")
async def test_of_spoken_notes_the_customer_the_amount_and_the_due_date_arrive(
    benchmark: ModuleType, tmp_path: Path
) -> None:
    notes = [note for path in sorted(benchmark.DATA.glob("notes-*-dev.jsonl")) for note in benchmark.read(path)]
    for name in ("valve-02", "lab-07", "cable-c01"):
        shutil.copy(benchmark.SPOKEN / f"{name}.amr", tmp_path)

    recordings = await benchmark.hear(notes, tmp_path, tmp_path / "models")

    heard = {each.note["id"]: extract(each.heard, benchmark.context_of(each.note)) for each in recordings}
    customers = {name: draft.customer.value for name, draft in heard.items() if draft.customer}
    assert customers == {
        "valve-02": "江阴华澄水务集团有限公司",
        "lab-07": "西安秦源食品有限公司",
        "cable-c01": "洛阳豫恒电力工程有限公司",
    }
    assert 1_200_000_00 in [amount.low_fen for amount in heard["valve-02"].amounts]
    assert 2_400_000_00 in [amount.low_fen for amount in heard["cable-c01"].amounts]
    assert date(2026, 12, 4) in [step.due for step in heard["cable-c01"].next_steps]
    result, _ = benchmark.compared(recordings, None)
    assert result["heard"]["fields"]["customer"]["recall"] == 1
    assert result["cer"] < 0.25
