"""What was proposed for the library goes to whoever leads the proposer, or to the admins, and what they say to it.

A card with 通过 and 退回, which comes in working hours; 通过话术 TM-01 and 退回话术 TM-01：太绝对 do the same in words.
Either counts at once; why something was sent back is asked afterwards and may stay out.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from handlers import access, actions, notices, outbox, script_changes, script_proposal_cards, texts, wording
from handlers.context import TIMERS, Context
from handlers.messages import Sender
from handlers.pressed import Pressed
from handlers.reply import Reply
from handlers.script_said import CODE
from handlers.wording import PUNCTUATION
from storage.jobs import Job
from storage.models import Member, ProposalState, Question, Script, ScriptProposal
from storage.work import Work

log = logging.getLogger(__name__)

CARD_KIND = "script_card"
CARD = "script"
REASON = "script_reason"
MOST_REASON = 200
MOST_LISTED = 20
MOST_TITLE = 20
SKIPPED = frozenset({"跳过", "不写", "没有", "无", "不用", "不填", "不说"})


# To whom it goes


async def ask(ctx: Context, work: Work, proposal: ScriptProposal, *, cause: str) -> str:
    """Bring the card to whoever may approve, in place of an earlier one; their names, or nothing where nobody may."""
    await close_cards(work, proposal, texts.CLOSED_REPLACED, cause=cause)
    reviewers = await _reviewers(ctx, work, proposal)
    if not reviewers:
        log.warning("scripts.nobody_to_ask", extra={"proposal_id": proposal.proposal_id})
        return ""
    await work.jobs.put(
        CARD_KIND,
        {"proposal_id": proposal.proposal_id},
        queue=TIMERS,
        lane=_subject(proposal),
        dedupe=f"script-card:{proposal.proposal_id}:{cause}",
        at=ctx.settings.working_time.next_push(work.now),
    )
    return "、".join(person.name for person in reviewers)


async def _reviewers(ctx: Context, work: Work, proposal: ScriptProposal) -> Sequence[Member]:
    """The next leader up the line who can be written to, or else the admins who can."""
    line = await work.members.line_of(await work.members.get(proposal.member_id))
    for person in line:
        if access.has_role(person, access.LEADERS) and await ctx.reach(work, person.member_id) is not None:
            return [person]
    admins = await work.members.with_role("admin")
    return [admin for admin in admins if await ctx.reach(work, admin.member_id) is not None]


async def show(ctx: Context, job: Job) -> None:
    """The card, in working hours; nothing where somebody has decided meanwhile."""
    proposal_id = job.payload["proposal_id"]
    assert isinstance(proposal_id, int)  # put by `ask`
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        if await notices.has_put_off(ctx, work, job):
            return
        proposal = await work.scripts.lock_proposal(proposal_id)
        if proposal.state == "open":
            late, cause = notices.late(ctx, job, work.now), f"script-card:{job.id}"
            await close_cards(work, proposal, texts.CLOSED_REPLACED, cause=cause)
            for person in await _reviewers(ctx, work, proposal):
                await show_to(ctx, work, proposal, person, cause=f"{cause}>{person.member_id}", late=late)
        await work.jobs.complete(job)


async def show_to(
    ctx: Context, work: Work, proposal: ScriptProposal, person: Member, *, cause: str, late: str = ""
) -> None:
    address = await ctx.reach(work, person.member_id)
    assert address is not None  # only those who can be reached are asked
    script = await work.scripts.find(proposal.code)
    assert script is not None  # the database holds on to it
    source = await _source(ctx, work, proposal, person) if proposal.visit_id is not None else ""
    card = script_proposal_cards.approval_card(
        script,
        proposal,
        outbox.new_card_id(CARD, proposal.proposal_id),
        by=(await work.members.get(proposal.member_id)).name,
        source=source,
        late=late,
    )
    await outbox.show(work, address, card, kind=CARD, life=ctx.settings.todo_life, cause=cause)


async def _source(ctx: Context, work: Work, proposal: ScriptProposal, person: Member) -> str:
    """The record it was taken from; the customer's name for those who may read the record."""
    assert proposal.visit_id is not None  # asked for by it
    visit = await work.visits.get(proposal.visit_id)
    is_theirs = visit.customer_id is not None and (await access.sight_of(work, person)).sees(visit.member_id)
    customer = (await work.customers.get(visit.customer_id)).name if is_theirs and visit.customer_id else ""
    day = wording.day(visit.visited_on, ctx.day_of(work.now))
    return texts.SCRIPT_SOURCE.format(visit_id=visit.visit_id, day=day, customer=customer).strip()


async def close_cards(
    work: Work, proposal: ScriptProposal, closing: str, *, cause: str, pressed: Pressed | None = None
) -> None:
    """Close the card that was pressed, and the same one of others."""
    for card in await work.cards.open_about(CARD, proposal.proposal_id):
        is_pressed = pressed is not None and card.card_id == pressed.card.card_id
        ref = pressed.response_ref if pressed is not None and is_pressed else None
        await outbox.close(work, card, closing, cause=f"{cause}>closed:{card.card_id}", response_ref=ref)


# What they say to it


@dataclass(frozen=True)
class Judgement:
    """`proposer` tells two proposals about the same script apart; `reason` is why it is sent back."""

    code: str
    approves: bool
    proposer: str = ""
    reason: str = ""


_JUDGEMENT = re.compile(
    rf"(通过|退回)话术[\s：:]*({CODE})(?:\s+([^\s：:，,。]{{1,20}}))?(?:[：:，,。\s]+(.*))?", re.DOTALL
)


def read_judgement(text: str) -> Judgement | None:
    """
    >>> read_judgement("通过话术 TM-01").approves
    True
    >>> judgement = read_judgement("退回话术 TM-01 李晓彤：太绝对")
    >>> judgement.code, judgement.proposer, judgement.reason
    ('TM-01', '李晓彤', '太绝对')
    """
    found = _JUDGEMENT.fullmatch(text.strip(PUNCTUATION))
    if found is None:
        return None
    return Judgement(found[2], found[1] == "通过", found[3] or "", (found[4] or "").strip(PUNCTUATION))


async def judge(ctx: Context, work: Work, member: Member, reply: Reply, judgement: Judgement) -> bool:
    script = await work.scripts.called(judgement.code)
    told = ""
    if script is None or not await access.may_read_script(work, member, script):
        told = texts.NO_SUCH_SCRIPT.format(code=judgement.code)
    else:
        proposals = await _theirs(work, member, script.code)
        by_name = [one for one in proposals if (await work.members.get(one.member_id)).name == judgement.proposer]
        named = by_name or proposals
        if len(named) == 1:
            # what is nobody's name is the first word of a reason: 退回话术 TM-01 太绝对
            reason = judgement.reason if by_name else f"{judgement.proposer} {judgement.reason}".strip()
            settling = _Settling(by=member, to=reply.to, cause=reply.cause, reason=reason)
            await _settle(ctx, work, named[0].proposal_id, settling, approves=judgement.approves)
        elif named:
            names = [(await work.members.get(one.member_id)).name for one in named]
            told = texts.SCRIPT_WHICH_PROPOSAL.format(
                code=script.code, count=len(named), names="、".join(names), example=names[0]
            )
        else:
            told = await _judge_draft(work, member, script, approves=judgement.approves, cause=reply.cause)
    if told:
        await outbox.say(work, reply.to, told, cause=f"{reply.cause}>script-judged")
    return True


async def _theirs(work: Work, member: Member, code: str | None = None) -> list[ScriptProposal]:
    """What waits for this member's word, about that script or at all."""
    waiting = await work.scripts.open_proposals(code)
    return [one for one in waiting if await access.may_judge_proposal(work, member, one)]


async def _judge_draft(work: Work, member: Member, script: Script, *, approves: bool, cause: str) -> str:
    """A draft that nobody proposed in the chat: it came with an import."""
    if script.status != "draft" or not await access.may_judge_script(work, member, script):
        return texts.SCRIPT_NO_DRAFT.format(code=script.code)
    _put_into_use(work, script, member, approves=approves, cause=cause)
    told = texts.SCRIPT_APPROVED if approves else texts.SCRIPT_RETURNED
    return told.format(code=script.code, title=script.title)


def _put_into_use(work: Work, script: Script, by: Member, *, approves: bool, cause: str) -> None:
    script.approved_by = by.member_id if approves else None
    script_changes.set_status(work, script, "approved" if approves else "retired", by=by, source=cause)


async def press(ctx: Context, work: Work, action: actions.ProposalAction, pressed: Pressed) -> None:
    settling = _Settling(by=pressed.member, to=pressed.to, cause=pressed.cause, pressed=pressed)
    await _settle(ctx, work, action.proposal_id, settling, approves=isinstance(action, actions.ApproveScript))


@dataclass(frozen=True)
class _Settling:
    """Who decides, and where they are answered; `pressed` where it was by a button."""

    by: Member
    to: Sender
    cause: str
    reason: str = ""
    pressed: Pressed | None = None


async def _settle(ctx: Context, work: Work, proposal_id: int, settling: _Settling, *, approves: bool) -> None:
    found = await work.scripts.find_proposal(proposal_id)
    assert found is not None  # whoever may judge it has looked at it
    # the script first, as whoever changes it does: the other way round two would wait for each other
    script = await work.scripts.lock(found.code)
    proposal = await work.scripts.lock_proposal(proposal_id)
    facts = {"code": script.code, "title": script.title, "version": script.version}
    if proposal.state != "open":
        told = texts.SCRIPT_DECIDED.format(code=script.code, state=texts.SCRIPT_PROPOSAL_STATES[proposal.state])
    elif proposal.base_version is None and script.status != "draft":
        await _decide(work, proposal, "outdated", settling)
        told = texts.SCRIPT_GONE.format(**facts)
    elif approves and not _still_fits(script, proposal):
        await _decide(work, proposal, "outdated", settling)
        await _tell(ctx, work, proposal, settling, texts.SCRIPT_OUTDATED_TELL.format(**facts))
        proposer = (await work.members.get(proposal.member_id)).name
        told = texts.SCRIPT_OUTDATED.format(**facts, proposer=proposer)
    elif approves:
        told = await _approve(ctx, work, script, proposal, settling)
    else:
        told = await _return(ctx, work, script, proposal, settling)
    await outbox.say(work, settling.to, told, cause=f"{settling.cause}>script-judged")


def _still_fits(script: Script, proposal: ScriptProposal) -> bool:
    """Whether the script is the one that the change was made for."""
    return proposal.base_version is None or (script.status, script.version) == ("approved", proposal.base_version)


async def _approve(ctx: Context, work: Work, script: Script, proposal: ScriptProposal, settling: _Settling) -> str:
    await _decide(work, proposal, "approved", settling)
    by = settling.by
    is_new = proposal.base_version is None
    if is_new:
        _put_into_use(work, script, by, approves=True, cause=settling.cause)
    else:
        script_changes.change(work, script, proposal.changes, by=by, source=settling.cause)
        script.approved_by = by.member_id
    facts = {"code": script.code, "title": script.title, "version": script.version}
    tell = texts.SCRIPT_APPROVED_TELL if is_new else texts.SCRIPT_CHANGE_APPROVED_TELL
    await _tell(ctx, work, proposal, settling, tell.format(**facts, by=by.name))
    return (texts.SCRIPT_APPROVED if is_new else texts.SCRIPT_CHANGE_APPROVED).format(**facts)


async def _return(ctx: Context, work: Work, script: Script, proposal: ScriptProposal, settling: _Settling) -> str:
    await _decide(work, proposal, "returned", settling)
    is_new = proposal.base_version is None
    if is_new:
        _put_into_use(work, script, settling.by, approves=False, cause=settling.cause)
    facts = {"code": script.code, "title": script.title}
    reason = settling.reason[:MOST_REASON]
    proposal.reason = reason or None
    why = texts.SCRIPT_REASON_INLINE.format(reason=reason) if reason else ""
    tell = texts.SCRIPT_RETURNED_TELL if is_new else texts.SCRIPT_CHANGE_RETURNED_TELL
    await _tell(ctx, work, proposal, settling, tell.format(**facts, by=settling.by.name, reason=why))
    told = (texts.SCRIPT_RETURNED if is_new else texts.SCRIPT_CHANGE_RETURNED).format(**facts)
    if reason or proposal.member_id == settling.by.member_id:
        return told
    await work.questions.ask(settling.by.member_id, REASON, _subject(proposal), life=ctx.settings.question_life)
    proposer = (await work.members.get(proposal.member_id)).name
    return texts.SCRIPT_ASK_REASON.format(told=told, proposer=proposer)


async def _decide(work: Work, proposal: ScriptProposal, state: ProposalState, settling: _Settling) -> None:
    work.scripts.decide(proposal, state, settling.by.member_id)
    closing = texts.SCRIPT_PROPOSAL_STATES[state]
    await close_cards(work, proposal, closing, cause=settling.cause, pressed=settling.pressed)
    work.audit.note(
        f"script_proposal.{state}",
        _subject(proposal),
        member_id=settling.by.member_id,
        source=settling.cause,
        before={"state": "open"},
        after={"state": state, "code": proposal.code},
    )


async def _tell(ctx: Context, work: Work, proposal: ScriptProposal, settling: _Settling, text: str) -> None:
    """The proposer hears of it, unless it is they who decided."""
    if proposal.member_id != settling.by.member_id:
        key = f"{_subject(proposal)}:judged"
        await notices.tell(ctx, work, proposal.member_id, text, key=key, subject=f"script:{proposal.code}")


async def take_reason(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    said = reply.text.strip(PUNCTUATION)
    if said in SKIPPED:
        await work.questions.close(member.member_id, REASON, question.subject)
        await outbox.say(work, reply.to, texts.SCRIPT_REASON_SKIPPED, cause=f"{reply.cause}>skipped")
        return True
    is_news = reply.is_aside or len(said) > MOST_REASON or bool(await work.customers.named_in(said))
    if not said or is_news:
        return False
    await work.questions.close(member.member_id, REASON, question.subject)
    proposal = await work.scripts.lock_proposal(int(question.subject.removeprefix("script_proposal:")))
    proposal.reason = said
    text = texts.SCRIPT_REASON_TELL.format(by=member.name, code=proposal.code, reason=said)
    key, subject = f"{_subject(proposal)}:reason", f"script:{proposal.code}"
    await notices.tell(ctx, work, proposal.member_id, text, key=key, subject=subject)
    proposer = (await work.members.get(proposal.member_id)).name
    told = texts.SCRIPT_REASON_KEPT.format(proposer=proposer)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>reason")
    return True


# What waits


_WAITING = re.compile(rf"待审(?:批)?话术(?:[\s：:]*({CODE}))?")


def asks_what_waits(text: str) -> str | None:
    """The code, where one is named.

    >>> asks_what_waits("待审话术"), asks_what_waits("待审话术 TM-01"), asks_what_waits("话术")
    ('', 'TM-01', None)
    """
    found = _WAITING.fullmatch(text.strip(PUNCTUATION))
    return (found[1] or "") if found else None


async def show_waiting(ctx: Context, work: Work, member: Member, reply: Reply, code: str) -> bool:
    """The list, or the card of one again: an earlier one may be far up in the chat."""
    script = await work.scripts.called(code) if code else None
    waiting = await _theirs(work, member, script.code if script else code or None)
    if code and waiting:
        for proposal in waiting:
            await show_to(ctx, work, proposal, member, cause=f"{reply.cause}>script-card:{proposal.proposal_id}")
        return True
    lines = [await _line(work, proposal) for proposal in waiting[:MOST_LISTED]]
    lines += [texts.LISTED_MORE.format(count=len(waiting))] * (len(waiting) > MOST_LISTED)
    told = texts.NO_SCRIPT_PROPOSALS
    if waiting:
        told = texts.SCRIPT_PROPOSALS.format(count=len(waiting), lines="\n".join(lines), example=waiting[0].code)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>scripts-waiting")
    return True


async def _line(work: Work, proposal: ScriptProposal) -> str:
    script = await work.scripts.find(proposal.code)
    assert script is not None  # the database holds on to it
    return texts.SCRIPT_PROPOSAL_LINE.format(
        code=script.code,
        title=wording.shortened(script.title, MOST_TITLE),
        by=(await work.members.get(proposal.member_id)).name,
        what=texts.SCRIPT_PROPOSAL_WHAT[proposal.base_version is None],
    )


def _subject(proposal: ScriptProposal) -> str:
    return f"script_proposal:{proposal.proposal_id}"
