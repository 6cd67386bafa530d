"""A script proposed in the chat, line by line, and the word of whoever leads the proposer on it.

新增话术 and its title, what customers say, the answer; 通过话术 TM-01, 退回话术 TM-01. What a leader adds needs
nobody's approval but their own.
"""

import re
from dataclasses import dataclass

from handlers import access, notices, outbox, script_changes, texts
from handlers.context import Context
from handlers.reply import Reply
from handlers.script_changes import MOST_BODY, MOST_PHRASING
from handlers.wording import shortened
from nlp import script_words
from storage.models import Member, Script
from storage.work import Work

MOST_TITLE = 60
MOST_PHRASINGS = 20


@dataclass(frozen=True)
class Proposal:
    title: str = ""
    phrasings: tuple[str, ...] = ()
    body: str = ""

    def missing(self) -> list[str]:
        parts = (self.title, self.phrasings, self.body)
        return [name for name, part in zip(texts.SCRIPT_PARTS, parts, strict=True) if not part]


@dataclass(frozen=True)
class Judgement:
    code: str
    approves: bool


_LABEL = re.compile(r"^(?:标题|异议|客户会说|客户说|话术|回答|正文)[：:]\s*")
_JUDGEMENT = re.compile(r"(通过|退回)话术[\s：:]*([A-Za-z0-9][\w.-]{0,31}?)[\s。.！!]*")


def read(text: str) -> Proposal | None:
    """
    >>> read("新增话术 算总账\\n太贵了|别家便宜\\n您看。\\n- 质保")
    Proposal(title='算总账', phrasings=('太贵了', '别家便宜'), body='您看。\\n- 质保')
    """
    found = re.fullmatch(r"新增话术(?:[\s：:]+(.*))?", text.strip(), re.DOTALL)
    if found is None:
        return None
    title, said, *body = [*(_LABEL.sub("", line.strip()) for line in (found[1] or "").split("\n")), "", ""]
    phrasings = tuple(dict.fromkeys(part.strip() for part in re.split(r"[|｜]", said) if part.strip()))
    return Proposal(title, phrasings, "\n".join(body).strip())


def read_judgement(text: str) -> Judgement | None:
    found = _JUDGEMENT.fullmatch(text.strip())
    return Judgement(found[2], found[1] == "通过") if found else None


async def propose(ctx: Context, work: Work, member: Member, reply: Reply, proposal: Proposal) -> bool:
    told = _refusal(proposal) or await _keep(ctx, work, member, reply, proposal)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>script-proposed")
    return True


def _refusal(proposal: Proposal) -> str:
    if missing := proposal.missing():
        return texts.SCRIPT_HOW.format(missing="、".join(missing))
    faults = list(script_words.faults(proposal.body))
    parts = (
        (proposal.title, MOST_TITLE),
        (proposal.body, MOST_BODY),
        *((one, MOST_PHRASING) for one in proposal.phrasings),
    )
    faults += [
        f"「{shortened(part, 10)}」{texts.SCRIPT_TOO_LONG.format(limit=limit)}"
        for part, limit in parts
        if len(part) > limit
    ]
    return script_changes.refusal(faults) if faults else ""


async def _keep(ctx: Context, work: Work, member: Member, reply: Reply, proposal: Proposal) -> str:
    approves = access.has_role(member, access.LEADERS)
    script = Script(
        code=await script_changes.next_code(work, ""),
        title=proposal.title,
        category="",
        body=proposal.body,
        phrasings=list(proposal.phrasings[:MOST_PHRASINGS]),
        owner_id=member.member_id,
        proposed_by=member.member_id,
        approved_by=member.member_id if approves else None,
        status="approved" if approves else "draft",
    )
    script_changes.add(work, script, by=member, source=reply.cause, noted=("title", "body"))
    facts = {"code": script.code, "title": script.title}
    if approves:
        return texts.SCRIPT_ADDED.format(**facts)
    manager = await work.members.manager_of(member)
    if manager is None:
        return texts.SCRIPT_PROPOSED_TO_NOBODY.format(**facts)
    asked = texts.SCRIPT_TO_REVIEW.format(
        **facts, by=member.name, phrasings=" / ".join(script.phrasings), body=script.body
    )
    key = subject = f"script:{script.code}"
    await notices.tell(ctx, work, manager.member_id, asked, key=f"{key}:review", subject=subject)
    return texts.SCRIPT_PROPOSED.format(**facts, manager=manager.name)


async def judge(ctx: Context, work: Work, member: Member, reply: Reply, judgement: Judgement) -> bool:
    script = await work.scripts.called(judgement.code)
    if script is None or not await access.may_judge_script(work, member, script):
        told = texts.NO_SUCH_SCRIPT.format(code=judgement.code)
    elif script.status != "draft":
        told = texts.SCRIPT_NO_DRAFT.format(code=script.code)
    else:
        told = await _settle(ctx, work, member, reply, script, approves=judgement.approves)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>script-judged")
    return True


async def _settle(ctx: Context, work: Work, member: Member, reply: Reply, script: Script, *, approves: bool) -> str:
    script.approved_by = member.member_id if approves else None
    script_changes.set_status(work, script, "approved" if approves else "retired", by=member, source=reply.cause)
    facts = {"code": script.code, "title": script.title}
    if script.proposed_by is not None and script.proposed_by != member.member_id:
        told = texts.SCRIPT_APPROVED_TELL if approves else texts.SCRIPT_RETURNED_TELL
        key = subject = f"script:{script.code}"
        text = told.format(**facts, by=member.name)
        await notices.tell(ctx, work, script.proposed_by, text, key=f"{key}:judged", subject=subject)
    return (texts.SCRIPT_APPROVED if approves else texts.SCRIPT_RETURNED).format(**facts)
