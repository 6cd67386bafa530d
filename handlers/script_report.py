"""How the library is used and where it falls short: 话术情况, 话术报告.

Leaders see what the people below them asked, admins everything. What was called useless is counted, and by whom is
nobody's to know.
"""

import re
from collections.abc import Collection
from datetime import timedelta

from handlers import access, outbox, script_gaps, texts, wording
from handlers.context import Context
from handlers.reply import Reply
from storage.models import Member
from storage.work import Work

DAYS = 30
MOST_LISTED = 5
MOST_EXAMPLES = 3
MOST_TITLE = 20

_ASKS = re.compile(r"(?:看)?话术(?:情况|报告|使用情况)[\s。.！!？?]*")


def asks_for_report(text: str) -> bool | None:
    """
    >>> asks_for_report("话术情况"), asks_for_report("话术情况怎么样都行")
    (True, None)
    """
    return True if _ASKS.fullmatch(text.strip()) else None


async def show(ctx: Context, work: Work, member: Member, reply: Reply, _asked: bool) -> bool:
    is_admin = access.has_role(member, access.ADMINS)
    members = None if is_admin else (await access.sight_of(work, member)).members
    gaps = await script_gaps.seen_by(work, member)
    lines = [
        *await _usage(ctx, work, members),
        *await _never_offered(ctx, work),
        *([texts.SCRIPT_REPORT_GAPS.format(count=len(gaps))] if gaps else []),
    ]
    whose = texts.SCRIPT_REPORT_ALL if is_admin else texts.SCRIPT_REPORT_TEAM
    told = texts.SCRIPT_REPORT.format(days=DAYS, whose=whose, lines="\n".join(lines))
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>script-report")
    return True


async def _usage(ctx: Context, work: Work, members: Collection[int] | None) -> list[str]:
    since = work.now - timedelta(days=DAYS)
    asked, answered = await work.scripts.asked_since(members, since)
    if not asked:
        return [texts.SCRIPT_REPORT_NOT_ASKED]
    lines = [
        texts.SCRIPT_REPORT_ASKED.format(asked=asked, answered=answered, percent=round(100 * answered / asked)),
    ]
    verdicts = await work.scripts.verdicts(members, since=since)
    most = await work.scripts.most_offered(members, since, limit=MOST_LISTED)
    lines += [texts.SCRIPT_REPORT_MOST] * bool(most)
    for place, (script, times) in enumerate(most):
        verdict = verdicts.get(script.code)
        judged = texts.SCRIPT_REPORT_VERDICT.format(useful=verdict.useful, useless=verdict.useless) if verdict else ""
        title = wording.shortened(script.title, MOST_TITLE)
        lines.append(
            texts.SCRIPT_REPORT_LINE.format(
                place=wording.circled(place), code=script.code, title=title, times=times, verdict=judged
            )
        )
    return lines


async def _never_offered(ctx: Context, work: Work) -> list[str]:
    never = await work.scripts.never_offered(ctx.day_of(work.now))
    if not never:
        return []
    examples = "、".join(
        f"{script.code} {wording.shortened(script.title, MOST_TITLE)}" for script in never[:MOST_EXAMPLES]
    )
    return [texts.SCRIPT_REPORT_NEVER.format(count=len(never), examples=examples)]
