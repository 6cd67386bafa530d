"""The development notes of tests/data/understanding stay understood as they are; the frozen ones are not read."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

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
