"""What follows by itself from a deal's key moments: those who have to know get a to-do, or are asked in turn.

Nothing of it happens unless config.toml says so: `requests.on_stage`, `requests.on_document`, `approvals.tell`.
"""

import logging
from collections.abc import Sequence

from handlers import help_desk, texts, todos, wording
from handlers.context import Context
from handlers.help_desk import Asked
from storage.deal_models import Approval, HelpRequest
from storage.models import Member
from storage.work import Work

log = logging.getLogger(__name__)


async def stage_entered(ctx: Context, work: Work, customer_id: int, stage: str, *, cause: str) -> None:
    """A customer's deal entered that stage: `requests.on_stage` names who get a to-do (合同签订: 法务, 财务)."""
    names = ctx.settings.help.on_stage.get(stage, ())
    action = texts.KEY_STAGE_TODO.format(stage=stage)
    await _give(ctx, work, names, action, customer_id=customer_id, created_by=None, cause=cause)


async def document_filed(
    ctx: Context, work: Work, customer_id: int, label: str, *, member: Member, cause: str
) -> HelpRequest | None:
    """A document of that kind was filed for a customer: `requests.on_document` names who are to look at it, in turn."""
    names = ctx.settings.help.on_document.get(label, ())
    words = texts.KEY_DOCUMENT.format(label=label)
    return await _ask_next(ctx, work, names, words, member=member, customer_id=customer_id, cause=cause)


async def approved(ctx: Context, work: Work, approval: Approval, *, cause: str) -> None:
    """A quote or discount was approved: `approvals.tell` names who get a to-do."""
    action = texts.KEY_APPROVED_TODO.format(amount=wording.amount(approval.amount_fen), number=approval.approval_id)
    await _give(
        ctx,
        work,
        ctx.settings.approvals.tell,
        action,
        customer_id=approval.customer_id,
        created_by=approval.member_id,
        cause=cause,
    )


async def answered(ctx: Context, work: Work, request: HelpRequest, *, cause: str) -> None:
    """A colleague answered: whoever comes after them in turn is asked, with that answer before them."""
    words = texts.KEY_DOCUMENT_NEXT.format(
        words=request.words, department=request.department or texts.KEY_BEFORE, answer=request.answer or ""
    )
    member = await work.members.get(request.member_id)
    await _ask_next(ctx, work, request.then, words, member=member, customer_id=request.customer_id, cause=cause)


async def _ask_next(
    ctx: Context, work: Work, names: Sequence[str], words: str, *, member: Member, customer_id: int | None, cause: str
) -> HelpRequest | None:
    """The first of them who can be asked; the others after that one has answered."""
    for place, name in enumerate(names):
        found = await help_desk.addressee(ctx, work, name, but=[member.member_id])
        if found is None:
            log.warning("key_nodes.nobody", extra={"customer_id": customer_id, "place": place})
            continue
        asked = Asked(member, found, words, customer_id=customer_id, then=tuple(names[place + 1 :]))
        request, _ = await help_desk.ask(ctx, work, asked, cause=f"{cause}>then:{name}")
        text = texts.KEY_ASKED.format(
            to=found.member.name, number=request.request_id, words=wording.shortened(words, 40)
        )
        await help_desk.tell(ctx, work, request, member, text, what="asked")
        return request
    return None


async def _give(
    ctx: Context,
    work: Work,
    names: Sequence[str],
    action: str,
    *,
    customer_id: int,
    created_by: int | None,
    cause: str,
) -> None:
    for name in names:
        found = await help_desk.addressee(ctx, work, name, but=[])
        if found is None:
            log.warning("key_nodes.nobody", extra={"customer_id": customer_id})
            continue
        await todos.give(
            ctx,
            work,
            member_id=found.member.member_id,
            action=action,
            kind="said",
            origin=f"key:{cause}:{found.member.member_id}",
            customer_id=customer_id,
            created_by=created_by,
            cause=cause,
        )
