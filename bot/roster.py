"""Members and customers from CSV files, as a company's admins keep them; read strictly, every fault told with its line.

A file may be UTF-8 (with or without a byte order mark), UTF-16 or GB18030, separated by comma, tab or semicolon, its
headings English or Chinese.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from bot.errors import BotError

NAME_LENGTH = 200
"""What the database keeps of a name."""

MEMBER_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("姓名", "名字", "成员"),
    "roles": ("role", "角色"),
    "manager": ("上级", "直属上级", "主管"),
    "region": ("区域", "大区"),
    "active": ("在职",),
    "user_id": ("playground", "试用账号"),
    "wecom_userid": ("wecom", "企业微信账号", "企业微信", "企微账号", "账号"),
    "wecom_bot_userid": ("wecom_bot", "企业微信智能机器人账号", "智能机器人账号", "智能机器人"),
    "dingtalk_userid": ("dingtalk", "钉钉账号", "钉钉"),
}
CUSTOMER_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("customer", "客户名称", "客户", "名称", "公司名称", "公司"),
    "aliases": ("alias", "别名", "简称"),
    "contacts": ("contact", "联系人"),
    "owner": ("负责人", "跟进人", "销售"),
    "industry": ("行业",),
    "stage": ("阶段",),
    "grade": ("等级", "客户等级"),
    "region": ("区域", "大区"),
    "last_contact": ("最近联系", "最近联系日期", "上次联系", "最近拜访"),
}
GRADES = ("A", "B", "C")
ACCOUNT_COLUMNS: Mapping[str, str] = {
    "wecom": "wecom_userid",
    "wecom_bot": "wecom_bot_userid",
    "dingtalk": "dingtalk_userid",
    "playground": "user_id",
}
ROLES: Mapping[str, tuple[str, ...]] = {
    "sales": ("销售", "销售代表", "业务员"),
    "manager": ("主管", "经理", "销售主管", "销售经理"),
    "director": ("总监", "销售总监"),
    "admin": ("管理员",),
    "colleague": ("协作人", "同事"),
}
YES, NO = ("是", "在职", "yes", "y", "true", "1"), ("否", "离职", "no", "n", "false", "0")
LIST_MARKS = r"[;；、|]"


@dataclass(frozen=True)
class Fault:
    """What is wrong, in Chinese; `line` counts the lines of the file from 1, as an editor shows them.

    `file` is named where several are read at once.
    """

    line: int
    text: str
    file: str = ""


class FaultyFile(BotError):
    """The file cannot be taken as it is."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("；".join(f"第 {fault.line} 行：{fault.text}" for fault in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class MemberRow:
    """`manager` is a name or an account, `accounts` a user id by platform.

    `active` is None where the file does not say whether they work here: they do, unless they are known to have left.
    """

    line: int
    name: str
    roles: tuple[str, ...] = ("sales",)
    manager: str = ""
    accounts: Mapping[str, str] = field(default_factory=dict)
    region: str = ""
    active: bool | None = None


@dataclass(frozen=True)
class ContactCell:
    name: str
    title: str | None = None
    department: str | None = None


@dataclass(frozen=True)
class CustomerRow:
    """`owner` is a member's name or account."""

    line: int
    name: str
    aliases: tuple[str, ...] = ()
    contacts: tuple[ContactCell, ...] = ()
    owner: str = ""
    industry: str | None = None
    stage: str | None = None
    grade: str | None = None
    region: str | None = None
    last_contact_on: date | None = None


Row = TypeVar("Row")


@dataclass(frozen=True)
class Sheet(Generic[Row]):
    rows: tuple[Row, ...]
    ignored_columns: tuple[str, ...] = ()


def read_members(data: bytes) -> Sheet[MemberRow]:
    """Raises FaultyFile with all that is wrong in it."""
    return read_sheet(data, MEMBER_COLUMNS, _member, _member_clashes)


def read_customers(data: bytes, stages: Collection[str] = ()) -> Sheet[CustomerRow]:
    """`stages` are those that a customer may be in; none given: any. Raises FaultyFile with all that is wrong in it."""

    def customer(line: int, cells: Mapping[str, str], faults: list[Fault]) -> CustomerRow:
        row = _customer(line, cells, faults)
        if row.stage and stages and row.stage not in stages:
            faults.append(Fault(line, f"没有“{row.stage}”这个阶段，可用：{'、'.join(stages)}"))
        return row

    return read_sheet(data, CUSTOMER_COLUMNS, customer, _customer_clashes)


def decode(data: bytes) -> str:
    """The text of a file as Excel, WPS or an editor saved it. Raises FaultyFile."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FaultyFile([Fault(1, "认不出文件编码，请另存为 UTF-8 的 CSV")])


# From bytes to rows


def read_sheet(
    data: bytes,
    columns: Mapping[str, tuple[str, ...]],
    read_row: Callable[[int, Mapping[str, str], list[Fault]], Row],
    clashes: Callable[[Sequence[Row]], Iterator[Fault]],
    *,
    required: Sequence[str] = ("name",),
) -> Sheet[Row]:
    """The rows as `read_row` makes them; `columns` are the words that may head each. Raises FaultyFile."""
    return read_lines(_lines(decode(data)), columns, read_row, clashes, required=required)


def read_lines(
    numbered: Iterable[tuple[int, list[str]]],
    columns: Mapping[str, tuple[str, ...]],
    read_row: Callable[[int, Mapping[str, str], list[Fault]], Row],
    clashes: Callable[[Sequence[Row]], Iterator[Fault]],
    *,
    required: Sequence[str] = ("name",),
) -> Sheet[Row]:
    """As `read_sheet`, from numbered lines of cells, the headings first. Raises FaultyFile."""
    lines = list(numbered)
    if not lines:
        raise FaultyFile([Fault(1, "文件是空的")])
    (heading_line, headings), *body = lines
    keys, ignored = _keys(heading_line, headings, columns, required)
    faults: list[Fault] = []
    rows = []
    for line, cells in body:
        if any(cells[len(keys) :]):
            faults.append(Fault(line, f"有 {len(cells)} 格，表头只有 {len(keys)} 列（内容里有分隔符时要加引号）"))
            continue
        named = {key: cell for key, cell in zip(keys, cells, strict=False) if key}
        rows.append(read_row(line, named, faults))
    faults.extend(clashes(rows))
    if faults:
        raise FaultyFile(sorted(faults, key=lambda fault: fault.line))
    return Sheet(tuple(rows), ignored)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that hold anything, cells trimmed, with the number of the line on which each begins."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            trimmed = [cell.strip() for cell in cells]
            if any(trimmed):
                yield line, trimmed
            line = reader.line_num + 1
    except csv.Error as error:
        raise FaultyFile([Fault(line, "引号没有配对，或这一行不是 CSV")]) from error


def _keys(
    line: int, headings: Sequence[str], columns: Mapping[str, tuple[str, ...]], required: Sequence[str]
) -> tuple[list[str | None], tuple[str, ...]]:
    known = {_plain(word): key for key, words in columns.items() for word in (key, *words)}
    keys = [known.get(_plain(heading)) for heading in headings]
    faults = [
        Fault(line, f"“{heading}”这一列出现了两次")
        for place, (heading, key) in enumerate(zip(headings, keys, strict=True))
        if key and key in keys[:place]
    ]
    faults.extend(
        Fault(line, f"第一行要有表头，其中必须有“{columns[key][0]}”（或 {key}）") for key in required if key not in keys
    )
    if faults:
        raise FaultyFile(faults)
    return keys, tuple(heading for heading, key in zip(headings, keys, strict=True) if heading and not key)


def _plain(heading: str) -> str:
    """Without case, blanks and what stands in brackets: `企业微信账号 (必填)` is 企业微信账号."""
    return re.sub(r"[\s_\-*]+|[(（\[【].*", "", heading).lower()


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in map(str.strip, re.split(LIST_MARKS, cell)) if part))


def _name(line: int, cells: Mapping[str, str], what: str, faults: list[Fault]) -> str:
    name = cells.get("name", "")
    if not name:
        faults.append(Fault(line, f"没有{what}"))
    elif len(name) > NAME_LENGTH:
        faults.append(Fault(line, f"{what}超过 {NAME_LENGTH} 个字"))
    return name


# Members


def _member(line: int, cells: Mapping[str, str], faults: list[Fault]) -> MemberRow:
    by_word = {word: role for role, words in ROLES.items() for word in (role, *words)}
    roles = []
    for word in _listed(re.sub(r"[,，/]", ";", cells.get("roles", ""))):
        if role := by_word.get(word.lower()):
            roles.append(role)
        else:
            known = "、".join(words[0] for words in ROLES.values())
            faults.append(Fault(line, f"没有“{word}”这个角色，可用：{known}"))
    accounts = {platform: cells[key] for platform, key in ACCOUNT_COLUMNS.items() if cells.get(key)}
    faults.extend(Fault(line, f"账号“{account}”太长") for account in accounts.values() if len(account) > 128)
    return MemberRow(
        line=line,
        name=_name(line, cells, "姓名", faults),
        roles=tuple(dict.fromkeys(roles)) or ("sales",),
        manager=cells.get("manager", ""),
        accounts=accounts,
        region=_short(line, "区域", cells.get("region", ""), faults),
        active=_yes_or_no(line, cells.get("active", ""), faults),
    )


def _yes_or_no(line: int, cell: str, faults: list[Fault]) -> bool | None:
    word = cell.lower()
    if word and word not in (*YES, *NO):
        faults.append(Fault(line, f"“在职”要写 是 或 否，不能写“{cell}”"))
    return None if not word else word in YES


def _member_clashes(rows: Sequence[MemberRow]) -> Iterator[Fault]:
    accounts: dict[tuple[str, str], int] = {}
    nameless: dict[str, int] = {}
    for row in rows:
        for account in row.accounts.items():
            if (first := accounts.setdefault(account, row.line)) != row.line:
                yield Fault(row.line, f"账号“{account[1]}”和第 {first} 行重复")
        if not row.accounts and row.name and (first := nameless.setdefault(row.name, row.line)) != row.line:
            yield Fault(row.line, f"“{row.name}”和第 {first} 行同名，又都没有账号，分不清是不是同一人")
        if row.manager and row.manager in (row.name, *row.accounts.values()):
            yield Fault(row.line, "上级是自己")


# Customers


def _customer(line: int, cells: Mapping[str, str], faults: list[Fault]) -> CustomerRow:
    return CustomerRow(
        line=line,
        name=_name(line, cells, "客户名称", faults),
        aliases=tuple(_short(line, "别名", alias, faults) for alias in _listed(cells.get("aliases", ""))),
        contacts=tuple(_contacts(line, cells.get("contacts", ""), faults)),
        owner=cells.get("owner", ""),
        industry=_short(line, "行业", cells.get("industry", ""), faults) or None,
        stage=cells.get("stage") or None,
        grade=_grade(line, cells.get("grade", ""), faults),
        region=_short(line, "区域", cells.get("region", ""), faults) or None,
        last_contact_on=day_cell(line, "最近联系", cells.get("last_contact", ""), faults),
    )


def _grade(line: int, cell: str, faults: list[Fault]) -> str | None:
    grade = cell.upper()
    if grade and grade not in GRADES:
        faults.append(Fault(line, f"等级“{cell}”要写成 {'、'.join(GRADES)}"))
    return grade or None


_DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T]0?0:00(?::00)?)?")


def day_cell(line: int, what: str, cell: str, faults: list[Fault]) -> date | None:
    """2026-11-20, 2026/11/20, 2026年11月20日, 20261120; None where the cell is empty, or faulty."""
    if not cell:
        return None
    found = _DAY.fullmatch(cell)
    try:
        if found is not None:
            return date(*map(int, found.groups()))
    except ValueError:
        pass  # the 31st of February, told like any other fault
    faults.append(Fault(line, f"{what}“{cell}”不是日期，要写成 2026-11-20"))
    return None


def _contacts(line: int, cell: str, faults: list[Fault]) -> Iterator[ContactCell]:
    """`姓名/职务/部门;姓名/职务/部门`, the latter two optional."""
    for entry in _listed(cell):
        parts = [part.strip() for part in re.split(r"[/／]", entry)]
        if len(parts) > 3 or not parts[0]:
            faults.append(Fault(line, f"联系人“{entry}”要写成 姓名/职务/部门"))
            continue
        name, title, department = (*parts, "", "")[:3]
        yield ContactCell(_short(line, "联系人", name, faults), title or None, department or None)


def _short(line: int, what: str, text: str, faults: list[Fault]) -> str:
    if len(text) > NAME_LENGTH:
        faults.append(Fault(line, f"{what}超过 {NAME_LENGTH} 个字"))
    return text


def _customer_clashes(rows: Sequence[CustomerRow]) -> Iterator[Fault]:
    names: dict[str, int] = {}
    for row in rows:
        if row.name and (first := names.setdefault(row.name, row.line)) != row.line:
            yield Fault(row.line, f"客户“{row.name}”和第 {first} 行重复")
