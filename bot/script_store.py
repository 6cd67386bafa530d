"""What a library file says, put into the library: adds and changes, never deletes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.enrolment import Directory, Outcome
from bot.roster import Fault, FaultyFile
from bot.script_files import ScriptRow
from storage.base import JsonObject
from storage.models import Script
from storage.work import Work


async def store_scripts(work: Work, rows: Sequence[ScriptRow], *, source: str, approve: bool = False) -> Outcome:
    """A changed script is a new version. Raises FaultyFile, having written nothing, where an owner is not known.

    Whoever imports is the library's admin, so what the file says nothing of is approved; but a script that was retired
    since, or is still a draft, is not made to speak by a file that does not say so.
    """
    owners = await _owners(work, rows)
    added = changed = 0
    for row in rows:
        known = await work.scripts.find(row.code)
        values = _values(row, owners.get(row.owner))
        if known is None:
            status = "approved" if row.status is None or (approve and row.status == "draft") else row.status
            new = Script(code=row.code, version=row.version or 1, status=status, **values)
            work.scripts.add(new)
            after = {**_noted(values), "status": status, "version": new.version}
            work.audit.note("script.added", f"script:{row.code}", member_id=None, source=source, after=after)
            added += 1
            continue
        wanted = row.status or known.status
        values["status"] = "approved" if approve and wanted == "draft" else wanted
        if row.owner == "":
            del values["owner_id"]
        before = {key: getattr(known, key) for key, value in values.items() if getattr(known, key) != value}
        if not before:
            continue
        for key in before:
            setattr(known, key, values[key])
        was = known.version
        work.scripts.changed(known)
        known.version = max(known.version, row.version or 0)
        work.audit.note(
            "script.changed",
            f"script:{row.code}",
            member_id=None,
            source=source,
            before={**_noted(before), "version": was},
            after={**_noted({key: values[key] for key in before}), "version": known.version},
        )
        changed += 1
    await work.session.flush()
    return Outcome(added=added, changed=changed, unchanged=len(rows) - added - changed)


async def _owners(work: Work, rows: Sequence[ScriptRow]) -> Mapping[str, int]:
    directory = Directory((), ())
    found = {name: await directory.find(work, name) for name in dict.fromkeys(row.owner for row in rows) if name}
    faults = [
        replace(Fault(row.line, f"负责人“{row.owner}”{wrong}"), file=row.file)
        for row in rows
        if isinstance(wrong := found.get(row.owner), str)
    ]
    if faults:
        raise FaultyFile(faults)
    return {name: member.member_id for name, member in found.items() if not isinstance(member, str)}


def _values(row: ScriptRow, owner_id: int | None) -> dict[str, Any]:
    """By the names of the table's columns."""
    lists = ("phrasings", "tags", "stages", "industries", "products", "competitors", "materials")
    return {
        **{name: list(getattr(row, name)) for name in lists},
        "title": row.title,
        "category": row.category,
        "plan_kind": row.kind,
        "body": row.body,
        "owner_id": owner_id,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
    }


def _noted(values: Mapping[str, Any]) -> JsonObject:
    """As the audit log keeps them: days as text."""
    return {key: value.isoformat() if key.startswith("valid_") and value else value for key, value in values.items()}
