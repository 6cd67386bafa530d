"""How well the score of a practice tells good answers from half ones and bad ones.

    python benchmarks/practice.py [--show] [--frozen]

Each line of tests/data/practice names a script of the starter library and holds three answers to it: good, partly right
and bad, as they were written before the scoring was. A pair is right where the better answer has the higher score.
--show lists every score and the key points missed, of the development answers only.
"""

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).parent.parent))

from nlp.practice import Judged, score

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data" / "practice"
GRADES = ("good", "partly", "bad")


@dataclass(frozen=True)
class Result:
    code: str
    judged: Mapping[str, Judged]

    @property
    def pairs(self) -> Mapping[str, bool]:
        """Whether the better answer of each pair has the higher score."""
        scores = {grade: self.judged[grade].score for grade in GRADES}
        return {
            f"{better} > {worse}": scores[better] > scores[worse]
            for better, worse in (("good", "partly"), ("partly", "bad"), ("good", "bad"))
        }


def results(name: str) -> list[Result]:
    scripts, found = library(), []
    for line in answers(name):
        script = scripts[line["script"]]
        judged = {grade: score(line[grade], script["body"], kind=script["kind"]) for grade in GRADES}
        found.append(Result(line["script"], judged))
    return found


def elsewhere(name: str) -> list[int]:
    """The scores of the good answers, held against every other script of the library: they should be low."""
    scripts = library()
    return [
        score(line["good"], script["body"], kind=script["kind"]).score
        for line in answers(name)
        for code, script in scripts.items()
        if code != line["script"]
    ]


def library() -> dict[str, dict[str, str]]:
    with (ROOT / "bot" / "starter" / "scripts.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def answers(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def agreement(found: Sequence[Result]) -> float:
    """The share of pairs in which the better answer has the higher score."""
    return mean(right for result in found for right in result.pairs.values())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--show", action="store_true")
    options.add_argument("--frozen", action="store_true")
    chosen = options.parse_args()
    name = "frozen" if chosen.frozen else "dev"
    found = results(name)
    for result in found if chosen.show and not chosen.frozen else ():
        for grade, judged in result.judged.items():
            missed = " / ".join(judged.points[place].text for place in judged.missed)
            faults = " ".join(f"{fault.kind}:{fault.words}" for fault in judged.faults)
            print(f"{result.code} {grade:6} {judged.score:3}  {faults}  missed: {missed}")
    for pair in found[0].pairs:
        print(f"{pair}: {sum(result.pairs[pair] for result in found)} of {len(found)}")
    for grade in GRADES:
        print(f"mean score of {grade}: {mean(result.judged[grade].score for result in found):.0f}")
    wrong = elsewhere(name)
    print(f"mean score of good answers to other objections: {mean(wrong):.0f}, of which {max(wrong)} at most")
    print(f"pairs in the right order: {agreement(found):.3f}")


if __name__ == "__main__":
    main()
