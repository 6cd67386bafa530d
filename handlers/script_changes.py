"""How the library of scripts is changed in the chat: added to, its words, its status; each noted in the audit log."""

import re
from collections import Counter
from collections.abc import Sequence

from handlers import texts
from nlp import script_words
from storage.base import JsonObject
from storage.models import Member, Script, ScriptStatus
from storage.work import Work

MOST_TITLE = 60
MOST_BODY = 2000
MOST_PHRASING = 200
MOST_PHRASINGS = 20
MOST_SHORT = 32
TEAM = "TM"
"""What codes begin with in a category that has none yet."""


def refusal(faults: Sequence[str]) -> str:
    """What to answer to words that cannot be a script's."""
    return texts.SCRIPT_GAP_REFUSED.format(faults="；".join(faults), known="、".join(script_words.PLACEHOLDERS))


async def add(work: Work, script: Script, *, by: Member, source: str, noted: Sequence[str]) -> None:
    """Add it under the next free code of its category.

    `noted` names what the audit log keeps of it besides phrasings, status and version.
    """
    script.code = await _next_code(work, script.category)
    while not await work.scripts.take_code(script):
        script.code = await _next_code(work, script.category)
    work.audit.note(
        "script.added",
        f"script:{script.code}",
        member_id=by.member_id,
        source=source,
        after={
            **{name: getattr(script, name) for name in noted},
            "phrasings": [*script.phrasings],
            "status": script.status,
            "version": 1,
        },
    )


def differing(script: Script, values: JsonObject) -> JsonObject:
    """Those of the values, by the names of columns, that the script does not have already."""
    return {name: value for name, value in values.items() if getattr(script, name) != value}


def change(work: Work, script: Script, values: JsonObject, *, by: Member, source: str) -> None:
    """A new version of the script, with those values in place of what it says."""
    before: JsonObject = {name: getattr(script, name) for name in values}
    was = script.version
    for name, value in values.items():
        setattr(script, name, value)
    work.scripts.changed(script)
    _note(work, script, by=by, source=source, before={**before, "version": was}, after={**values})


def set_status(work: Work, script: Script, status: ScriptStatus, *, by: Member, source: str) -> None:
    """A new version of the script, which says the same."""
    was: JsonObject = {"status": script.status, "version": script.version}
    script.status = status
    work.scripts.changed(script)
    _note(work, script, by=by, source=source, before=was, after={"status": script.status})


def _note(work: Work, script: Script, *, by: Member, source: str, before: JsonObject, after: JsonObject) -> None:
    work.audit.note(
        "script.changed",
        f"script:{script.code}",
        member_id=by.member_id,
        source=source,
        before=before,
        after={**after, "version": script.version},
    )


async def _next_code(work: Work, category: str) -> str:
    """The next number under the letters that this category's codes have most often."""
    coded = [
        (found[1], int(found[2]), its_category)
        for code, its_category in await work.scripts.codes()
        if (found := re.fullmatch(r"([A-Z]{1,8})-([0-9]{1,6})", code))
    ]
    letters = Counter(prefix for prefix, _, its_category in coded if category and its_category == category)
    prefix = letters.most_common(1)[0][0] if letters else TEAM
    return f"{prefix}-{max((number for its, number, _ in coded if its == prefix), default=0) + 1:02}"
