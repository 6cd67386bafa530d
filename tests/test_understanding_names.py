"""Who and where in the notes of names-e-dev.jsonl stays understood: floors a little below what is reached."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
FLOORS = {
    "customer": (0.96, 0.95),
    "contacts": (0.96, 0.94),
    "others": (0.95, 0.75),
    "competitors": (0.95, 0.95),
    "visited_on": (0.95, 0.9),
    "visited_time": (0.95, 0.95),
    "place": (0.9, 0.82),
}
"""Precision and recall."""


@pytest.fixture(scope="module")
def fields() -> dict[str, dict[str, float]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        sys.modules.pop("understanding", None)
        benchmark: ModuleType = __import__("understanding")
        notes = benchmark.read(benchmark.DATA / "names-e-dev.jsonl")
        assert len(notes) >= 150
        found: dict[str, dict[str, float]] = benchmark.score(notes).as_json()["fields"]
        return found


@pytest.mark.parametrize("field", FLOORS)
def test_names_days_and_places_are_found_as_well_as_before(field: str, fields: dict[str, dict[str, float]]) -> None:
    precision, recall = FLOORS[field]

    assert fields[field]["expected"] > 0
    assert fields[field]["precision"] >= precision
    assert fields[field]["recall"] >= recall
