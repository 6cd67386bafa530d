"""How well pictures are read: bubbles with their speaker, characters, order, tables and cards; CPU and memory.

    python -m benchmarks.screenshots [dev | held | sample | FOLDER …] [--each] [--memory]

`dev` and `held` are the committed pictures (tests/data/screens); nothing was tuned on `held`. A FOLDER holds pictures
with the same ground truth beside them. Each picture goes through the whole reader, in its own process as in the bot.
Goals for chats: at least 97 % of the bubbles with 80 % of their text and the right speaker, at most 1 % wrong
characters, 99 % right speakers, no two in the wrong order. A picture whose truth says that it cannot be trusted
(`needs_review`) only has to be noticed.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks import screen_score
from benchmarks.screen_score import Score, plain
from nlp.ocr_worker import PictureWorker
from nlp.screen_reader import READERS, installed
from nlp.screens import ReadHint, ScreenReading, Seen
from tests import screens
from tests.screens.script import DATA

SETS = ("dev", "held", "sample")
MEGABYTE = 1024 * 1024
GOALS = {"right": 0.97, "wrong_characters": 0.01, "speaker": 0.99}
MEMORY_PICTURES = 200
SEVERAL_PICTURES = 40


@dataclass
class Totals:
    """Over the pictures of one set."""

    chats: int = 0
    score: Score = field(default_factory=Score)
    cells: int = 0
    right_cells: int = 0
    fields: int = 0
    right_fields: int = 0
    kinds: int = 0
    right_kinds: int = 0
    doubtful: int = 0
    noticed: int = 0
    falsely_doubted: int = 0
    pictures: int = 0
    cpu_s: float = 0.0


def kind_of(truth: Mapping[str, Any]) -> str:
    if "messages" in truth:
        return "chat"
    if "rows" in truth:
        return "table"
    return "card" if "fields" in truth else str(truth.get("kind", "text"))


def count(totals: Totals, truth: Mapping[str, Any], reading: ScreenReading) -> str:
    """Adds one picture; says in a few words how it went."""
    kind = kind_of(truth)
    totals.pictures += 1
    totals.kinds += 1
    totals.right_kinds += kind == reading.kind
    if truth.get("needs_review"):
        totals.doubtful += 1
        totals.noticed += reading.needs_review
        return "noticed" if reading.needs_review else "NOT noticed"
    totals.falsely_doubted += reading.needs_review
    match kind:
        case "chat":
            found = screen_score.score(truth, reading.messages, reading.title)
            totals.chats += 1
            totals.score += found
            return (
                f"{found.right}/{found.bubbles} bubbles, {found.wrong_characters}/{found.characters} wrong characters"
                f"{', needs review' if reading.needs_review else ''}"
            )
        case "table":
            return _table(totals, truth, reading)
        case "card":
            return _card(totals, truth, reading)
        case _:
            return reading.kind


def _table(totals: Totals, truth: Mapping[str, Any], reading: ScreenReading) -> str:
    rows = [plain(cell) for row in truth["rows"] for cell in row]
    table = reading.table
    read = [] if table is None else [table.header, *(item.cells for item in table.items)]
    shape = [len(row) for row in truth["rows"]]
    cells = [
        plain(read[i][j]) if i < len(read) and j < len(read[i]) else ""
        for i, width in enumerate(shape)
        for j in range(width)
    ]
    right = sum(one == other for one, other in zip(rows, cells, strict=True))
    totals.cells += len(rows)
    totals.right_cells += right
    return f"{right}/{len(rows)} cells"


def _card(totals: Totals, truth: Mapping[str, Any], reading: ScreenReading) -> str:
    card = reading.card
    read = (
        ""
        if card is None
        else " ".join(
            plain(part)
            for part in (card.name, card.title, card.department, card.company, card.email, card.address, *card.phones)
            if part
        )
    )
    # a web address is no field of ours; a country code is left out where the number is one of China
    wanted = [plain(str(value)) for key, value in truth["fields"].items() if value and key != "web"]
    right = sum(_bare(value) in _bare(read) for value in wanted)
    totals.fields += len(wanted)
    totals.right_fields += right
    return f"{right}/{len(wanted)} fields"


def _bare(words: str) -> str:
    return words.removeprefix("+86").replace("-", "")


async def read_all(worker: "PictureWorker[ReadHint, Seen]", truths: Sequence[Path], *, each: bool) -> Totals:
    totals = Totals()
    for path in truths:
        truth = json.loads(path.read_text("utf-8"))
        picture = _picture(path, truth)
        sent_at = datetime.fromisoformat(truth["sent_at"]) if "sent_at" in truth else datetime.now(UTC)
        before, pid = _cpu_s(worker), worker.pid
        seen = await worker.run(picture.read_bytes(), ReadHint(sent_at))
        # the worker may have been replaced, and started with this picture
        totals.cpu_s += _cpu_s(worker) - (before if worker.pid == pid else 0.0)
        line = count(totals, truth, seen.reading)
        if each:
            print(f"  {path.stem:32} {seen.reading.kind:6} {line}")
    return totals


def _picture(path: Path, truth: Mapping[str, Any]) -> Path:
    if path.parent.parent == DATA:
        return screens.picture_path(f"{path.parent.name}/{path.stem}")
    if "image" in truth:
        return path.parent / str(truth["image"])
    return next(found for found in path.parent.glob(f"{path.stem}.*") if found.suffix in (".png", ".jpg"))


def _cpu_s(worker: "PictureWorker[ReadHint, Seen]") -> float:
    """Of the worker's process; 0 before it is started, so its start counts for the first picture."""
    if worker.pid is None:
        return 0.0
    times = psutil.Process(worker.pid).cpu_times()
    return float(times.user + times.system)


def report(name: str, totals: Totals) -> bool:
    score = totals.score
    right, speaker = _share(score.right, score.bubbles), _share(score.right_speaker, score.found)
    wrong = _share(score.wrong_characters, score.characters)
    print(f"{name}: {totals.pictures} pictures, of them {totals.chats} chats with {score.bubbles} bubbles")
    print(f"  bubbles with their text and speaker  {right:7.1%}   goal {GOALS['right']:.0%}")
    print(f"  wrong characters                     {wrong:7.2%}   goal {GOALS['wrong_characters']:.0%} at most")
    print(f"  right speaker, of those found        {speaker:7.1%}   goal {GOALS['speaker']:.0%}")
    print(f"  in the wrong order                   {score.inversions:7d}   goal 0")
    print(f"  found that is not there              {score.extra:7d}")
    print(
        f"  nicknames, times, titles             {_of(score.right_nicks, score.nicks)}, "
        f"{_of(score.right_times, score.times)}, {_of(score.right_titles, score.titles)}"
    )
    print(
        f"  cells of tables, fields of cards     {_of(totals.right_cells, totals.cells)}, "
        f"{_of(totals.right_fields, totals.fields)}"
    )
    print(f"  told apart (chat, table, card, …)    {_of(totals.right_kinds, totals.kinds)}")
    print(
        f"  not to be trusted: noticed           {_of(totals.noticed, totals.doubtful)}, "
        f"trustworthy but doubted {totals.falsely_doubted}"
    )
    print(f"  CPU seconds a picture                {totals.cpu_s / max(1, totals.pictures):7.2f}")
    return (
        right >= GOALS["right"]
        and wrong <= GOALS["wrong_characters"]
        and speaker >= GOALS["speaker"]
        and not score.inversions
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _of(part: int, whole: int) -> str:
    return f"{part}/{whole}"


async def memory(worker: "PictureWorker[ReadHint, Seen]", truths: Sequence[Path]) -> None:
    """What the bot's own process and the worker hold over many pictures."""
    own = psutil.Process()
    pictures = [_picture(path, json.loads(path.read_text("utf-8"))).read_bytes() for path in truths]
    hint = ReadHint(datetime.now(UTC))
    await worker.run(pictures[0], hint)
    began_mb, highest_mb = own.memory_info().rss / MEGABYTE, 0.0
    for number in range(MEMORY_PICTURES):
        await worker.run(pictures[number % len(pictures)], hint)
        # none right after a worker was replaced
        worker_mb = psutil.Process(worker.pid).memory_info().rss / MEGABYTE if worker.pid is not None else 0.0
        highest_mb = max(highest_mb, worker_mb)
        if (number + 1) % SEVERAL_PICTURES == 0:
            grown_mb = own.memory_info().rss / MEGABYTE - began_mb
            print(f"  after {number + 1:3d} pictures: bot {grown_mb:+.0f} MB, worker {worker_mb:.0f} MB")
    print(f"  the worker's highest: {highest_mb:.0f} MB between pictures")


async def main_(args: argparse.Namespace) -> int:
    engine = installed(args.engine)
    if engine is None:
        print("no engine is installed: pip install 'visitbot[ocr]'", file=sys.stderr)
        return 2
    good = True
    for name in args.sets or ("dev", "held"):
        folder = DATA / name if name in SETS else Path(name)
        truths = sorted(
            path
            for path in folder.glob("*.json")
            if not path.stem.endswith(".lines") and not path.stem.startswith("ocr_")
        )
        worker: PictureWorker[ReadHint, Seen] = PictureWorker(READERS[engine], limit_s=600)
        try:
            good &= report(name, await read_all(worker, truths, each=args.each))
            if args.memory:
                await memory(worker, truths)
        finally:
            await worker.close()
    return 0 if good else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", metavar="dev|held|sample|FOLDER")
    parser.add_argument("--engine", default="auto", choices=("auto", *READERS))
    parser.add_argument("--each", action="store_true", help="a line for each picture")
    parser.add_argument("--memory", action="store_true", help=f"read {MEMORY_PICTURES} pictures and watch the memory")
    return asyncio.run(main_(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
