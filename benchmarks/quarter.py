"""A simulated quarter: whether every reminder and escalation that the rules demand is sent exactly once.

    python benchmarks/quarter.py [--seed 1] [--weeks 13] [--reps 60] [--customers 1500] [--notes 0.4] [--kills 130]

The real handlers, worker, sender and SQLite file, two platforms in memory with the limits of WeCom and DingTalk, and a
clock that steps from event to event. People behave at random, but by the seed: they tell of visits, confirm at once,
later or never, answer the questions about a risk, put them off, finish to-dos in time, late or never, postpone them,
plan weeks; their managers take matters on, assign them, solve them, or leave them alone. The process dies at random
statements, before and after commits and sends, and is started again after seconds, hours or two days.

An oracle of its own (`benchmarks/simulated/oracle.py` and beside it) counts anew from what people did which reminders
and escalations the product's numbers demand, and when; then every line that reached a phone is matched with them.

- demanded: certainly due; possible: its cause ended while it was on its way, so that it may come once or not at all
- sent: lines that arrived; missing: demanded and not there; unasked: there and neither demanded nor possible, which a
  second time always is; off time: too early, or later than absences and the hour between two messages allow
- said late: those that told that they come late; wrongly: late without saying so, or the other way round

Exits with 1 when anything is missing, unasked, off time, outside working hours, over a platform's limit, sent twice,
or when anything that somebody sent was never answered.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.simulated.report import MOST_SHOWN, reported, table
from benchmarks.simulated.run import Options, lived

MEMORY = Path("/dev/shm")  # noqa: S108  made by TemporaryDirectory, which chooses the name
"""Processes die here, the power does not fail: the file need not wait for a disk."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Options()
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--weeks", type=int, default=default.weeks)
    parser.add_argument("--reps", type=int, default=default.reps)
    parser.add_argument("--managers", type=int, default=default.managers)
    parser.add_argument("--customers", type=int, default=default.customers)
    parser.add_argument("--notes", type=float, default=default.notes_a_week, help="of a rep in a week")
    parser.add_argument("--kills", type=int, default=default.kills, help="about so many")
    parser.add_argument("--faults", type=int, default=MOST_SHOWN, help="show so many of each kind")
    args = parser.parse_args()
    options = Options(
        seed=args.seed,
        weeks=args.weeks,
        reps=args.reps,
        managers=args.managers,
        customers=args.customers,
        notes_a_week=args.notes,
        kills=args.kills,
    )
    logging.disable(logging.WARNING)  # thousands of deaths and failed calls are meant to happen here
    began, began_cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        quarter = asyncio.run(lived(options, Path(folder)))
        report = asyncio.run(reported(quarter))
    print(
        f"seed {options.seed}: {options.reps} reps, {options.managers} managers, {options.customers} customers, "
        f"{options.weeks} weeks from {options.first_day}, {options.notes_a_week} notes a rep and week\n"
    )
    print(table(report, most=args.faults))
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    events = max(1, len(quarter.people.taken))
    print(f"\ntook {took_s:.0f} s ({cpu_s:.0f} s of processor time, {1000 * cpu_s / events:.0f} ms an event)")
    print("verdict: ok" if not report.faults else f"verdict: {report.faults} faults")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
