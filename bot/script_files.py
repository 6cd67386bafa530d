"""Scripts from a file as a team keeps them: outside data, read strictly, every fault told with its row and column."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.roster import Fault, FaultyFile, read_sheet
from nlp.scripts import PLAN_KINDS, Script

STARTER = Path(__file__).parent / "starter" / "scripts.csv"

MOST_BYTES = 32 * 1024 * 1024
MOST_SCRIPTS = 50_000
MOST_VALUES = 50
"""In one cell."""
BODY_LENGTH = 4_000
LENGTHS: Mapping[str, int] = {"id": 64, "title": 100, "category": 50, "kind": 20}
VALUE_LENGTH = 200

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("编号",),
    "title": ("标题",),
    "objections": ("异议",),
    "body": ("话术",),
    "tags": ("标签",),
    "category": ("类别",),
    "kind": ("类型",),
    "stage": ("阶段",),
    "industry": ("行业",),
    "products": ("产品",),
    "competitor": ("竞品",),
    "owner": ("负责人",),
    "version": ("版本",),
    "status": ("状态",),
    "valid_from": ("生效日",),
    "valid_until": ("失效日",),
    "material": ("资料",),
}
REQUIRED = ("id", "title", "objections", "body", "tags")


@dataclass(frozen=True)
class _Row:
    line: int
    script: Script


def read_scripts(path: Path) -> list[Script]:
    """Raises FaultyFile with all that is wrong in the file, OSError where it cannot be read."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise FaultyFile([Fault(1, f"文件超过 {MOST_BYTES // 1024 // 1024} MB")])
    return parse_scripts(data)


def parse_scripts(data: bytes) -> list[Script]:
    """Of a CSV file's bytes. Raises FaultyFile."""
    sheet = read_sheet(data, COLUMNS, _row, _clashes, required=REQUIRED)
    return [row.script for row in sheet.rows]


def _row(line: int, cells: Mapping[str, str], faults: list[Fault]) -> _Row:
    long = {key: most for key, most in LENGTHS.items() if len(cells.get(key, "")) > most}
    faults.extend(Fault(line, f"“{COLUMNS[key][0]}”超过 {most} 个字") for key, most in long.items())
    empty = [key for key in ("id", "title", "body") if not cells.get(key)]
    faults.extend(Fault(line, f"“{COLUMNS[key][0]}”是空的") for key in empty)
    if len(cells.get("body", "")) > BODY_LENGTH:
        faults.append(Fault(line, f"“话术”超过 {BODY_LENGTH} 个字"))
    kind = cells.get("kind", "")
    if kind and kind not in PLAN_KINDS:
        faults.append(Fault(line, f"“类型”没有“{kind[:20]}”，可用：{'、'.join(PLAN_KINDS)}"))

    def values(key: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(filter(None, map(str.strip, re.split(r"[|｜]", cells.get(key, ""))))))
        if len(found) > MOST_VALUES:
            faults.append(Fault(line, f"“{COLUMNS[key][0]}”超过 {MOST_VALUES} 个"))
        if any(len(each) > VALUE_LENGTH for each in found):
            faults.append(Fault(line, f"“{COLUMNS[key][0]}”里有超过 {VALUE_LENGTH} 个字的"))
        return found

    script = Script(
        script_id=cells.get("id", ""),
        title=cells.get("title", ""),
        objections=values("objections"),
        body=cells.get("body", ""),
        category=cells.get("category", ""),
        kind=kind,
        tags=values("tags"),
        stages=values("stage"),
        industries=values("industry"),
        products=values("products"),
        competitors=values("competitor"),
    )
    return _Row(line, script)


def _clashes(rows: Sequence[_Row]) -> Iterator[Fault]:
    if len(rows) > MOST_SCRIPTS:
        yield Fault(rows[MOST_SCRIPTS].line, f"超过 {MOST_SCRIPTS} 条话术")
    first: dict[str, int] = {}
    for row in rows:
        name = row.script.script_id
        if name and (line := first.setdefault(name, row.line)) != row.line:
            yield Fault(row.line, f"编号“{name}”和第 {line} 行重复")
