"""A library of scripts from a CSV or XLSX file or a folder of Markdown files, read as strictly as members are.

docs/scripts.md describes the formats. Nothing in a file is computed: a formula is the text of itself.
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, get_args
from xml.etree.ElementTree import ParseError

import openpyxl

import bot.starter
from bot.roster import Fault, FaultyFile, Sheet, day_cell, decode, read_lines, read_sheet
from nlp import script_words
from nlp.scripts import Script
from storage.models import ScriptStatus

SCRIPT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("编号", "code"),
    "title": ("标题",),
    "objections": ("异议", "客户会说"),
    "body": ("话术", "正文"),
    "tags": ("标签",),
    "category": ("类别", "分类"),
    "kind": ("类型", "方案类型"),
    "stage": ("阶段", "stages"),
    "industry": ("行业", "industries"),
    "products": ("产品", "product"),
    "competitor": ("竞品", "competitors"),
    "owner": ("负责人",),
    "version": ("版本",),
    "status": ("状态",),
    "valid_from": ("生效日",),
    "valid_until": ("失效日",),
    "material": ("资料", "materials"),
}
REQUIRED = ("id", "title", "objections", "body")
REQUIRED_TO_TRY = ("id", "title", "body")
STARTER = Path(bot.starter.__path__[0]) / "scripts.csv"
"""The library that comes with the assistant."""
STATUS_WORDS: Mapping[str, ScriptStatus] = {
    "草稿": "draft",
    "待审": "draft",
    "启用": "approved",
    "通过": "approved",
    "已批准": "approved",
    "停用": "retired",
    **{status: status for status in get_args(ScriptStatus)},
}

MOST_BYTES = 20_000_000
MOST_UNPACKED = 200_000_000
"""Of what an XLSX file holds, whatever it is packed into."""
MOST_PARTS = 1000
MOST_ROWS = 30_000
MOST_COLUMNS = 64
MOST_IN_CELL = 10_000
MOST_BODY = 2000
MOST_WORDS = 200
"""Of a phrasing, a title, a tag and whatever else is a name."""
MOST_LISTED = 60
MOST_SHORT = 32
"""What the database keeps of an id, a category, a kind."""

_ID = re.compile(r"[\w.-]{1,32}")
_BROKEN_XLSX = (zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, TypeError, OSError, RuntimeError)
"""What openpyxl raises over files that are none, encrypted ones and those with XML entities among them."""


@dataclass(frozen=True)
class ScriptRow:
    """`owner` is a member's name or account; `status` and `version` are None where the file does not say."""

    line: int
    code: str
    title: str
    phrasings: tuple[str, ...]
    body: str
    tags: tuple[str, ...] = ()
    category: str = ""
    kind: str = ""
    stages: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    owner: str = ""
    version: int | None = None
    status: ScriptStatus | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    file: str = ""


def read_library(path: Path, *, for_trial: bool = False) -> Sheet[ScriptRow]:
    """A folder is one of Markdown files. Raises FaultyFile with all that is wrong, OSError.

    `for_trial`: only to be searched in, so ids may be any, objections may be missing, and placeholders and kinds that
    we do not know do no harm.
    """
    if path.is_dir():
        return _read_folder(path)
    script = partial(_script, for_trial=for_trial)
    if path.stat().st_size > MOST_BYTES:
        raise FaultyFile([Fault(1, f"文件超过 {MOST_BYTES // 1_000_000} MB")])
    data = path.read_bytes()
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return read_lines(_xlsx_lines(data), SCRIPT_COLUMNS, script, _clashes, required=REQUIRED)
    sheet = read_sheet(data, SCRIPT_COLUMNS, script, _clashes, required=REQUIRED)
    if len(sheet.rows) > MOST_ROWS:
        raise FaultyFile([Fault(1, f"超过 {MOST_ROWS} 行")])
    return sheet


def read_scripts(path: Path) -> list[Script]:
    """The library as it is searched, whatever the state of each script. Raises FaultyFile, OSError."""
    return [
        Script(
            script_id=row.code,
            title=row.title,
            objections=row.phrasings,
            body=row.body,
            category=row.category,
            kind=row.kind,
            tags=row.tags,
            stages=row.stages,
            industries=row.industries,
            products=row.products,
            competitors=row.competitors,
        )
        for row in read_library(path, for_trial=True).rows
    ]


# A row


def _script(line: int, cells: Mapping[str, str], faults: list[Fault], *, for_trial: bool = False) -> ScriptRow:
    before = len(faults)
    for key, cell in cells.items():
        if len(cell) > MOST_IN_CELL:
            faults.append(_fault(line, key, f"超过 {MOST_IN_CELL} 个字"))
    if len(faults) > before:
        return ScriptRow(line, "", "", (), "")
    needed = REQUIRED_TO_TRY if for_trial else REQUIRED
    faults.extend(_fault(line, key, "是空的") for key in needed if not cells.get(key))
    code, body = cells.get("id", ""), cells.get("body", "").replace("\r\n", "\n")
    if code and not for_trial and not _ID.fullmatch(code):
        faults.append(_fault(line, "id", f"“{code[:40]}”只能用字母、数字、- 和 _，最多 {MOST_SHORT} 个"))
    if len(body) > MOST_BODY:
        faults.append(_fault(line, "body", f"超过 {MOST_BODY} 个字"))
    if not for_trial:
        faults.extend(_fault(line, "body", fault) for fault in script_words.faults(body))

    def listed(key: str) -> tuple[str, ...]:
        return _listed(line, key, cells.get(key, ""), faults)

    row = ScriptRow(
        line=line,
        code=code,
        title=_short(line, "title", cells, MOST_WORDS, faults),
        phrasings=listed("objections"),
        body=body,
        tags=listed("tags"),
        category=_short(line, "category", cells, MOST_SHORT, faults),
        kind=_short(line, "kind", cells, MOST_SHORT, faults),
        stages=listed("stage"),
        industries=listed("industry"),
        products=listed("products"),
        competitors=listed("competitor"),
        materials=listed("material"),
        owner=_short(line, "owner", cells, MOST_WORDS, faults),
        version=_version(line, cells.get("version", ""), faults),
        status=_status(line, cells.get("status", ""), faults),
        valid_from=day_cell(line, "生效日", cells.get("valid_from", ""), faults),
        valid_until=day_cell(line, "失效日", cells.get("valid_until", ""), faults),
    )
    if row.kind and not for_trial and row.kind not in script_words.KINDS:
        faults.append(_fault(line, "kind", f"没有“{row.kind}”，可用：{'、'.join(script_words.KINDS)}"))
    if row.valid_from and row.valid_until and row.valid_until < row.valid_from:
        faults.append(_fault(line, "valid_until", "早于生效日"))
    return row


def _fault(line: int, key: str, text: str) -> Fault:
    return Fault(line, f"“{SCRIPT_COLUMNS[key][0]}”列{text}")


def _listed(line: int, key: str, cell: str, faults: list[Fault]) -> tuple[str, ...]:
    parts = tuple(dict.fromkeys(part for part in map(str.strip, re.split(r"[|｜\n]", cell)) if part))
    if cell and not parts:
        faults.append(_fault(line, key, "是空的"))
    if len(parts) > MOST_LISTED:
        faults.append(_fault(line, key, f"超过 {MOST_LISTED} 项"))
    if any(len(part) > MOST_WORDS for part in parts):
        faults.append(_fault(line, key, f"有一项超过 {MOST_WORDS} 个字"))
    return parts


def _short(line: int, key: str, cells: Mapping[str, str], limit: int, faults: list[Fault]) -> str:
    text = cells.get(key, "")
    if len(text) > limit:
        faults.append(_fault(line, key, f"超过 {limit} 个字"))
    return text


def _version(line: int, cell: str, faults: list[Fault]) -> int | None:
    if not cell:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,5}", cell):
        faults.append(_fault(line, "version", f"“{cell[:40]}”要写成 1、2 这样的整数"))
        return None
    return int(cell)


def _status(line: int, cell: str, faults: list[Fault]) -> ScriptStatus | None:
    if cell and cell.lower() not in STATUS_WORDS:
        faults.append(_fault(line, "status", f"没有“{cell[:40]}”，可用：草稿、启用、停用"))
    return STATUS_WORDS.get(cell.lower())


def _clashes(rows: Sequence[ScriptRow]) -> Iterator[Fault]:
    known: dict[str, ScriptRow] = {}
    for row in rows:
        first = known.setdefault(row.code, row)
        if row.code and first is not row:
            where = f" {first.file} " if first.file else f"第 {first.line} 行"
            yield replace(_fault(row.line, "id", f"“{row.code}”和{where}重复"), file=row.file)


# XLSX


def _xlsx_lines(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """The first sheet's rows that hold anything. Raises FaultyFile."""
    try:
        _refuse_bomb(data)
        with warnings.catch_warnings():
            # over styles and extensions that we do not read
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=False, keep_links=False)
            rows = list(_rows(book.worksheets[0])) if book.worksheets else []
            book.close()
    except _BROKEN_XLSX as error:
        raise FaultyFile([Fault(1, "打不开，不是完好的 XLSX 文件（加密的请先去掉密码）")]) from error
    return iter(rows)


def _refuse_bomb(data: bytes) -> None:
    """Before anything is unpacked. What a part says of its own size is binding: zipfile reads no further."""
    with zipfile.ZipFile(BytesIO(data)) as packed:
        parts = packed.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise FaultyFile([Fault(1, f"解压后超过 {MOST_UNPACKED // 1_000_000} MB，不读取")])


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    # the sheet's own word on its size may be wrong
    sheet.reset_dimensions()
    cells = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS, values_only=True)
    for line, values in enumerate(cells, 1):
        if line > MOST_ROWS + 1:
            raise FaultyFile([Fault(line, f"超过 {MOST_ROWS} 行")])
        trimmed = [_text(value).strip() for value in values]
        while trimmed and not trimmed[-1]:
            trimmed.pop()
        if trimmed:
            yield line, trimmed


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


# Markdown


_HEADING = re.compile(r"#{1,6}\s+(.+?)\s*#*")
_ITEM = re.compile(r"\s*[-*+]\s+(.+)")


def _read_folder(folder: Path) -> Sheet[ScriptRow]:
    files = sorted(path for path in folder.rglob("*.md") if path.is_file() and not path.is_symlink())
    if not files:
        raise FaultyFile([Fault(1, "文件夹里没有 .md 文件")])
    if len(files) > MOST_ROWS:
        raise FaultyFile([Fault(1, f"超过 {MOST_ROWS} 个文件")])
    faults: list[Fault] = []
    rows: list[ScriptRow] = []
    ignored: dict[str, None] = {}
    for path in files:
        found: list[Fault] = []
        if path.stat().st_size > MOST_IN_CELL * 8:
            found.append(Fault(1, "文件太大"))
        else:
            try:
                cells, unknown = _markdown(decode(path.read_bytes()), path.stem)
                ignored.update(dict.fromkeys(unknown))
                rows.append(replace(_script(1, cells, found), file=str(path)))
            except FaultyFile as error:
                found.extend(error.faults)
        faults.extend(replace(fault, file=str(path)) for fault in found)
    faults.extend(_clashes(rows))
    if faults:
        raise FaultyFile(faults)
    return Sheet(tuple(rows), tuple(ignored))


def _markdown(text: str, name: str) -> tuple[dict[str, str], list[str]]:
    """The cells of a file, and keys that we do not know. The id is the file's name unless it says another."""
    head, rest = _front_matter(text.splitlines())
    words = {word.lower(): key for key, names in SCRIPT_COLUMNS.items() for word in (key, *names)}
    cells = {words[key]: "|".join(values) for key, values in head.items() if key in words}
    body: list[str] = []
    objections: list[str] = []
    section = "body"
    for line in rest:
        heading = _HEADING.fullmatch(line.strip())
        if heading is None:
            (objections if section == "objections" else body).append(line.rstrip())
        elif heading[1].lower() in words:
            section = words[heading[1].lower()]
        elif "title" not in cells:
            cells["title"] = heading[1]
        else:
            section = "body"
            body.append(heading[1])
    said = [item[1] if (item := _ITEM.fullmatch(line)) else line for line in objections]
    cells["objections"] = "|".join([cells.get("objections", ""), *said]).strip("|")
    cells.setdefault("id", name)
    cells["body"] = re.sub(r"\n{2,}", "\n", "\n".join(body)).strip()
    return {key: cell.strip() for key, cell in cells.items()}, [key for key in head if key not in words]


def _front_matter(lines: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """What stands between the first two `---`, each key with its values. Raises FaultyFile."""
    if not lines or lines[0].strip() != "---":
        return {}, lines
    head: dict[str, list[str]] = {}
    key = ""
    for number, line in enumerate(lines[1:], 2):
        if line.strip() == "---":
            return head, lines[number:]
        if key and (item := _ITEM.fullmatch(line)):
            head[key].append(item[1].strip(" \"'"))
        elif pair := re.fullmatch(r"([^:：]+)[:：](.*)", line):
            key = pair[1].strip().lower()
            if key in head:
                raise FaultyFile([Fault(number, f"“{key}”出现了两次")])
            value = pair[2].strip()
            head[key] = [value.strip(" \"'")] if value else []
        elif line.strip():
            raise FaultyFile([Fault(number, "看不懂，要写成 名称: 内容")])
    raise FaultyFile([Fault(1, "开头的 --- 没有第二个 --- 结束")])
