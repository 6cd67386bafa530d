"""Two weeks of a small company, with deaths: the simulated quarter of the benchmark, in little."""

from pathlib import Path

from benchmarks.simulated.report import reported, table
from benchmarks.simulated.run import Options, lived


async def test_whatever_the_rules_demand_is_sent_once_though_the_process_dies_again_and_again(tmp_path: Path) -> None:
    options = Options(seed=4, weeks=2, reps=6, managers=2, customers=60, notes_a_week=2.0, kills=8)

    report = await reported(await lived(options, tmp_path))

    assert report.faults == 0, table(report)
    assert report.quarter.kills >= 3
    assert sum(verdict.demanded for verdict in report.verdicts.values()) >= 20
