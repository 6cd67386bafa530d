"""Customers whom a file brought, and to whom nobody has spoken since: what the rules find of them is told together.

A first import brings hundreds who have been silent for months, and each stage counts from the import, so that they all
would stand still on the same morning. Told one by one that is a storm, in which what matters is lost. So the rep gets a
line, the manager one to-do a rep, the director a line a rep; 未联系客户 lists them all. With the first contact a
customer is one like any other.
"""

from collections.abc import Sequence
from datetime import date

from handlers import access, escalation, grades, notices, outbox, texts, todos, wording
from handlers.checks import lines_of, longer_than
from handlers.context import Context
from handlers.messages import InboundMessage
from storage.base import JsonObject
from storage.models import Customer, Finding, Member
from storage.work import Work

MARK = "imported"
"""In the detail of a finding: it is told of together with the others."""
MOST_LISTED = 30


def is_untouched(ctx: Context, customer: Customer) -> bool:
    """Whether all that is known of the customer comes from a file."""
    at = customer.imported_at
    if not ctx.settings.rules.imported.on or at is None:
        return False
    return all(moment is None or moment <= at for moment in (customer.stage_since, customer.last_contact_at))


def is_lately(ctx: Context, customer: Customer, on: date) -> bool:
    """Whether the file came so lately that what is found now may have been so when it came."""
    at = customer.imported_at
    return at is not None and at >= longer_than(ctx, ctx.settings.rules.imported.days, on)


def was_silent(ctx: Context, customer: Customer) -> bool:
    """Whether nobody had spoken to the customer for too long when the file came."""
    at, last = customer.imported_at, customer.last_contact_at
    if at is None or last is None:
        return False
    return last < longer_than(ctx, ctx.settings.rules.silence.wake_up_days, ctx.day_of(at))


def noted(customer: Customer) -> JsonObject:
    return {MARK: True, "grade": customer.grade}


def apart(findings: Sequence[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Those to be told of together, the best grades first; and the others."""
    together = [finding for finding in findings if finding.detail.get(MARK)]
    together.sort(key=lambda one: str(one.detail.get("grade") or grades.ASSUMED))
    return together, [finding for finding in findings if not finding.detail.get(MARK)]


async def names_of(work: Work, findings: Sequence[Finding]) -> str:
    return await lines_of(work, findings, lambda customer, _: customer, more=texts.IMPORTED_MORE)


async def tell_director(
    ctx: Context, work: Work, check: str, on: date, rep_id: int, text: str, findings: Sequence[Finding]
) -> str:
    """A line of what would otherwise be a matter each; what to tell the rep of it.

    The admins hear of it where there is no director.
    """
    rep = await work.members.get(rep_id)
    director = await escalation.director_for(work, rep)
    if director is None:
        await escalation.tell_admins(ctx, work, rep, texts.NOBODY_ABOVE)
        return ""
    key = f"rule:{check}:{MARK}:{rep.member_id}:{on.isoformat()}"
    words = text.format(rep=rep.name, count=len(findings), customers=await names_of(work, findings))
    await notices.tell(ctx, work, director.member_id, words, key=key, subject=f"rule:{check}")
    return texts.IMPORTED_TOLD.format(director=director.name)


async def give_review(ctx: Context, work: Work, on: date, rep: Member, findings: Sequence[Finding]) -> Member | None:
    """One to-do for the manager about all of a rep's; who has it."""
    manager = await work.members.manager_of(rep)
    if manager is None:
        return None
    await todos.give(
        ctx,
        work,
        member_id=manager.member_id,
        action=texts.IMPORTED_REVIEW.format(
            rep=rep.name, count=len(findings), customers=await names_of(work, findings)
        ),
        kind="stalled",
        origin=f"rule:stalled:{MARK}:{rep.member_id}:{on.isoformat()}",
        due_on=ctx.settings.working_time.add_days(on, ctx.settings.rules.imported.review_days),
        cause=f"stalled:{on.isoformat()}",
    )
    return manager


# Looked at


async def show(ctx: Context, work: Work, member: Member, message: InboundMessage) -> None:
    """未联系客户: those of whom only a file tells, of all whose records the member may read."""
    sight = await access.sight_of(work, member)
    found = await work.customers.untouched(sight.members)
    today = ctx.day_of(work.now)
    shown = [
        texts.UNTOUCHED_LINE.format(customer=customer.name, facts="，".join(_facts(ctx, customer, owner, today)))
        for customer, owner in found[:MOST_LISTED]
    ]
    more = [texts.LISTED_MORE.format(count=len(found))] * (len(found) > len(shown))
    told = texts.UNTOUCHED.format(count=len(found), lines="\n".join([*shown, *more])) if found else texts.NO_UNTOUCHED
    await outbox.say(work, message.sender, told, cause=f"{message.key}>untouched")


def _facts(ctx: Context, customer: Customer, owner: str, today: date) -> list[str]:
    last = customer.last_contact_at
    contact = texts.UNTOUCHED_SINCE.format(on=wording.day(ctx.day_of(last), today)) if last else texts.UNTOUCHED_NEVER
    return [fact for fact in (owner, customer.grade, customer.stage, contact) if fact]
