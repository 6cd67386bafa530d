"""How the library of scripts is changed in the chat: added to, and a script's status; each noted in the audit log."""

import re
from collections import Counter
from collections.abc import Sequence

from handlers import texts
from nlp import script_words
from storage.models import Member, Script, ScriptStatus
from storage.work import Work

MOST_BODY = 2000
MOST_PHRASING = 200
TEAM = "TM"
"""What codes begin with in a category that has none yet."""


def refusal(faults: Sequence[str]) -> str:
    """What to answer to words that cannot be a script's."""
    return texts.SCRIPT_GAP_REFUSED.format(faults="；".join(faults), known="、".join(script_words.PLACEHOLDERS))


def add(work: Work, script: Script, *, by: Member, source: str, noted: Sequence[str]) -> None:
    """`noted` names what the audit log keeps of it besides phrasings, status and version."""
    work.scripts.add(script)
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


def set_status(work: Work, script: Script, status: ScriptStatus, *, by: Member, source: str) -> None:
    """A new version of the script, which says the same."""
    was = {"status": script.status, "version": script.version}
    script.status = status
    work.scripts.changed(script)
    work.audit.note(
        "script.changed",
        f"script:{script.code}",
        member_id=by.member_id,
        source=source,
        before={**was},
        after={"status": script.status, "version": script.version},
    )


async def next_code(work: Work, category: str) -> str:
    """The next number under the letters that this category's codes have most often."""
    coded = [
        (found[1], int(found[2]), script.category)
        for script in await work.scripts.all()
        if (found := re.fullmatch(r"([A-Z]{1,8})-([0-9]{1,6})", script.code))
    ]
    letters = Counter(prefix for prefix, _, its_category in coded if category and its_category == category)
    prefix = letters.most_common(1)[0][0] if letters else TEAM
    return f"{prefix}-{max((number for its, number, _ in coded if its == prefix), default=0) + 1:02}"
