"""How many honest rewordings of scripts the check takes, and how many dishonest ones.

    python benchmarks/adapted.py [--show]

The rewordings (tests/data/adapted) are of scripts of the starter library and of a few made for it, written by hand as a
language model might reword them, or lie. --show lists what was judged wrongly.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parent.parent))

from nlp.adapted_check import fault
from tests.adapted_cases import cases

SETS = ("honest", "honest_frozen", "dishonest", "dishonest_frozen", "dishonest_recombined")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true")
    shows = parser.parse_args().show
    for name in SETS:
        read = cases(name)
        started = perf_counter()
        kinds = [fault(case.passage, case.facts, case.rewrite) for case in read]
        ms = 1000 * (perf_counter() - started) / len(read)
        reasons = ", ".join(f"{kind} {count}" for kind, count in Counter(filter(None, kinds)).most_common())
        print(f"{name}: {kinds.count(None)} of {len(read)} taken, {ms:.1f} ms each; refused for: {reasons}")
        for case, kind in zip(read, kinds, strict=True):
            if shows and (kind is None) != name.startswith("honest"):
                print(f"    {case.passage.code} {case.lie or kind}: {case.rewrite.words!r}")


if __name__ == "__main__":
    main()
