"""A script or a change of one proposed in the chat: 新增话术 (handlers.script_guide), 修改话术 PR-01.

What a leader or an admin says counts at once. What a rep says waits for whoever leads them, and until then the library
stays as it is.
"""

from handlers import access, outbox, script_approval, script_changes, texts
from handlers.context import Context
from handlers.reply import Reply
from handlers.script_said import Change, Said
from nlp import script_words
from storage.models import Member, Script, ScriptProposal
from storage.work import Work


async def keep(ctx: Context, work: Work, member: Member, said: Said, *, cause: str) -> str:
    """Put it into the library, as a draft unless they may approve; what to tell them."""
    approves = access.has_role(member, access.KEEPERS)
    script = Script(
        title=said.title,
        category=said.category or "",
        plan_kind=said.plan_kind or "",
        body=said.body,
        phrasings=[*(said.phrasings or ())],
        owner_id=member.member_id,
        proposed_by=member.member_id,
        approved_by=member.member_id if approves else None,
        status="approved" if approves else "draft",
    )
    noted = ("title", "body", "category", "plan_kind")
    await script_changes.add(work, script, by=member, source=cause, noted=noted)
    facts = {"code": script.code, "title": script.title}
    if approves:
        return texts.SCRIPT_ADDED.format(**facts)
    proposal = await work.scripts.propose(cause, script.code, member.member_id)
    asked = await script_approval.ask(ctx, work, proposal, cause=cause)
    if not asked:
        return texts.SCRIPT_PROPOSED_TO_NOBODY.format(**facts)
    return texts.SCRIPT_PROPOSED.format(**facts, reviewer=asked)


async def change(ctx: Context, work: Work, member: Member, reply: Reply, order: Change) -> bool:
    told = await _change(ctx, work, member, order, cause=reply.cause)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>script-changed")
    return True


async def _change(ctx: Context, work: Work, member: Member, order: Change, *, cause: str) -> str:
    found = await work.scripts.called(order.code)
    if found is None or not await access.may_read_script(work, member, found):
        return texts.NO_SUCH_SCRIPT.format(code=order.code)
    script = await work.scripts.lock(found.code)
    facts = {"code": script.code, "title": script.title}
    if script.status == "retired":
        return texts.SCRIPT_IS_RETIRED.format(**facts)
    if faults := order.said.faults():
        known = "、".join(script_words.PLACEHOLDERS)
        return texts.SCRIPT_CHANGE_REFUSED.format(code=script.code, faults="；".join(faults), known=known)
    if not order.said.values():
        return texts.SCRIPT_HOW_TO_CHANGE.format(**facts)
    values = script_changes.differing(script, order.said.values())
    if not values:
        return texts.SCRIPT_SAYS_SO.format(**facts)
    parts = "、".join(texts.SCRIPT_PARTS[name] for name in values)
    if script.status == "draft":
        script_changes.change(work, script, values, by=member, source=cause)
        return await _draft_changed(ctx, work, script, parts, by=member, cause=cause)
    if access.has_role(member, access.KEEPERS):
        script_changes.change(work, script, values, by=member, source=cause)
        return texts.SCRIPT_CHANGED.format(code=script.code, title=script.title, parts=parts, version=script.version)
    await _replace_earlier(work, script, member, cause=cause)
    proposal = await work.scripts.propose(
        cause, script.code, member.member_id, base_version=script.version, changes=values
    )
    asked = await script_approval.ask(ctx, work, proposal, cause=cause)
    if not asked:
        return texts.SCRIPT_CHANGE_TO_NOBODY.format(**facts, parts=parts)
    return texts.SCRIPT_CHANGE_PROPOSED.format(**facts, parts=parts, reviewer=asked)


async def _draft_changed(ctx: Context, work: Work, script: Script, parts: str, *, by: Member, cause: str) -> str:
    """Whoever is to approve it sees it as it reads now: a leader who took it from a record, that leader."""
    facts = {"code": script.code, "title": script.title, "parts": parts}
    proposal = await _of_draft(work, script)
    asked = ""
    if proposal is not None and proposal.member_id == by.member_id and access.has_role(by, access.KEEPERS):
        await script_approval.close_cards(work, proposal, texts.CLOSED_REPLACED, cause=cause)
        await script_approval.show_to(ctx, work, proposal, by, cause=f"{cause}>script-card")
    elif proposal is not None:
        asked = await script_approval.ask(ctx, work, proposal, cause=cause)
    if not asked:
        return texts.SCRIPT_CHANGED.format(**facts, version=script.version)
    return texts.SCRIPT_DRAFT_CHANGED.format(**facts, reviewer=asked)


async def _of_draft(work: Work, script: Script) -> ScriptProposal | None:
    """None where the draft came with an import."""
    return next((one for one in await work.scripts.open_proposals(script.code) if one.base_version is None), None)


async def _replace_earlier(work: Work, script: Script, member: Member, *, cause: str) -> None:
    for earlier in await work.scripts.open_proposals(script.code):
        if earlier.member_id == member.member_id:
            work.scripts.decide(earlier, "replaced", member.member_id)
            await script_approval.close_cards(work, earlier, texts.CLOSED_REPLACED, cause=cause)
