"""Looking at the library of scripts, and taking one out of use: 话术库, 话术库 价格, 话术 PR-01, 停用话术 PR-01.

The library is the company's: everybody may read what is in use. A draft is for whoever proposed it, those who lead
them, and admins.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from handlers import access, outbox, script_changes, texts
from handlers.context import Context
from handlers.reply import Reply
from storage.models import Member, Script
from storage.work import Work

MOST_LISTED = 30


@dataclass(frozen=True)
class ListScripts:
    category: str = ""


@dataclass(frozen=True)
class ShowScript:
    code: str


_LIST = re.compile(r"话术库(?:[\s：:]+([^\s，,。；;！!？?]{1,32}))?[\s。.！!？?]*")
_CODE = r"[\s：:]*([A-Za-z0-9][\w.-]{0,31}?)[\s。.！!？?]*"
_SHOW = re.compile(rf"(?:看)?话术{_CODE}")
_RETIRE = re.compile(rf"停用话术{_CODE}")


def read(text: str) -> ListScripts | ShowScript | None:
    """
    >>> read("话术库"), read("话术库 价格"), read("话术 PR-01"), read("话术库里没有")
    (ListScripts(category=''), ListScripts(category='价格'), ShowScript(code='PR-01'), None)
    """
    if found := _LIST.fullmatch(text.strip()):
        return ListScripts(found[1] or "")
    if found := _SHOW.fullmatch(text.strip()):
        return ShowScript(found[1])
    return None


def names_retired(text: str) -> str | None:
    found = _RETIRE.fullmatch(text.strip())
    return found[1] if found else None


async def show(_ctx: Context, work: Work, member: Member, reply: Reply, order: ListScripts | ShowScript) -> bool:
    if isinstance(order, ShowScript):
        script = await _find(work, member, order.code)
        told = _in_full(script) if script else texts.NO_SUCH_SCRIPT.format(code=order.code)
    else:
        in_use = [script for script in await work.scripts.all() if script.status == "approved"]
        of_category = [script for script in in_use if script.category == order.category]
        told = _category(order.category, of_category) if order.category and of_category else _by_category(in_use)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>script-library")
    return True


async def retire(_ctx: Context, work: Work, member: Member, reply: Reply, code: str) -> bool:
    script = await _find(work, member, code)
    if script is None:
        told = texts.NO_SUCH_SCRIPT.format(code=code)
    elif script.status == "retired":
        told = texts.SCRIPT_WAS_RETIRED.format(code=script.code)
    else:
        script_changes.set_status(work, script, "retired", by=member, source=reply.cause)
        told = texts.SCRIPT_RETIRED.format(code=script.code, title=script.title)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>script-retired")
    return True


async def _find(work: Work, member: Member, code: str) -> Script | None:
    """The script of that code, in capitals or not, where this member may read it."""
    script = await work.scripts.called(code)
    return script if script is not None and await access.may_read_script(work, member, script) else None


def _in_full(script: Script) -> str:
    facts = [
        script.category,
        script.plan_kind,
        texts.SCRIPT_VERSION.format(version=script.version),
        texts.SCRIPT_STATUS[script.status],
        texts.SCRIPT_VALID_FROM.format(day=script.valid_from) if script.valid_from else "",
        texts.SCRIPT_VALID_UNTIL.format(day=script.valid_until) if script.valid_until else "",
    ]
    lines = [
        texts.SCRIPT_HEADING.format(code=script.code, title=script.title, facts=" · ".join(filter(None, facts))),
        script.body,
        texts.SCRIPT_SAID.format(phrasings=" / ".join(script.phrasings)),
    ]
    lines += [texts.SCRIPT_MATERIAL.format(materials=" / ".join(script.materials))] * bool(script.materials)
    return "\n".join(lines)


def _category(category: str, scripts: Sequence[Script]) -> str:
    lines = [f"{script.code} {script.title}" for script in scripts[:MOST_LISTED]]
    lines += [texts.LISTED_MORE.format(count=len(scripts))] * (len(scripts) > MOST_LISTED)
    return texts.SCRIPT_CATEGORY.format(category=category, count=len(scripts), lines="\n".join(lines))


def _by_category(scripts: Sequence[Script]) -> str:
    if not scripts:
        return texts.NO_SCRIPTS
    counts: dict[str, int] = {}
    for script in scripts:
        counts[script.category] = counts.get(script.category, 0) + 1
    largest_first = sorted(counts.items(), key=lambda one: -one[1])
    return texts.SCRIPT_LIBRARY.format(
        count=len(scripts),
        lines="\n".join(f"{name or texts.SCRIPT_NO_CATEGORY} {count}" for name, count in largest_first[:MOST_LISTED]),
        example=scripts[0].code,
        category=largest_first[0][0] or texts.SCRIPT_NO_CATEGORY,
    )
