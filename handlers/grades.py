"""A customer whom nobody speaks to: the rep is asked whether to lower the grade, and nobody else lowers it."""

from collections.abc import Sequence
from datetime import date

from handlers import actions, notices, outbox, rule_cards, texts
from handlers.actions import ALL, FINDING_SELECT
from handlers.checks import customer_of, days_since, subject_of
from handlers.context import TIMERS, Context
from handlers.pressed import Pressed
from storage.jobs import Job
from storage.models import Customer, Finding
from storage.work import Work

KIND = "rule_downgrades"
RULE = "downgrade"
ASSUMED = "B"
"""The grade of a customer of whom nobody has said any."""
_BELOW = {"A": "B", "B": "C"}

Proposal = tuple[Finding, Customer]


def below(grade: str | None) -> str | None:
    """The next lower grade; None where there is none."""
    return _BELOW.get(grade or ASSUMED)


async def propose_later(ctx: Context, work: Work, member_id: int, on: date) -> None:
    """Ask the rep once people may be written to."""
    await work.jobs.put(
        KIND,
        {"member_id": member_id},
        queue=TIMERS,
        lane=f"{KIND}:{member_id}",
        dedupe=f"{KIND}:{member_id}:{on.isoformat()}",
        at=ctx.settings.working_time.next_push(work.now),
    )


async def propose(ctx: Context, job: Job) -> None:
    """One card of all that the rep has not answered; it takes the place of the one before."""
    member_id = job.payload["member_id"]
    assert isinstance(member_id, int)  # put by `propose_later`
    async with ctx.database.work() as work:
        await work.jobs.fence(job)
        if await notices.has_put_off(ctx, work, job, to=member_id):
            return
        address = await ctx.reach(work, member_id)
        open_ones = await _open(ctx, work, member_id)
        if open_ones and address is not None and (await work.members.get(member_id)).active:
            cause = f"{KIND}:{job.id}"
            await _show(ctx, work, open_ones, to=address, cause=cause)
            await work.notices.count(cause, member_id, subject=f"rule:{RULE}")
        await work.jobs.complete(job)


async def _open(ctx: Context, work: Work, member_id: int) -> list[Proposal]:
    """What still holds of that which was proposed; the rest lapses."""
    if not ctx.settings.rules.silence.on:
        return []
    standing = []
    for finding in await work.rules.undecided(RULE, member_id):
        customer = await work.customers.get(customer_of(finding))
        if _holds(finding, customer):
            standing.append((finding, customer))
        else:
            finding.decided_at = work.now
    return standing


def _holds(finding: Finding, customer: Customer) -> bool:
    return (
        customer.owner_id == finding.member_id
        and (customer.last_contact_at or customer.created_at) == finding.since_at
        and customer.grade == finding.detail["before"]
    )


async def _show(ctx: Context, work: Work, proposals: Sequence[Proposal], *, to: outbox.Recipient, cause: str) -> None:
    await _close_cards(work, [finding for finding, _ in proposals], cause=cause)
    shown = proposals[: rule_cards.MOST_LISTED]
    card_id = outbox.new_card_id(RULE, shown[0][0].finding_id)
    today = ctx.day_of(work.now)
    lines = []
    for finding, customer in shown:
        assert finding.since_at is not None  # noted by the rule
        days = days_since(ctx, finding.since_at, today)
        line = texts.RULE_DOWNGRADE_LINE.format(customer=customer.name, days=days, **_grades(finding))
        lines.append((finding.finding_id, customer.name, line))
        finding.detail = {**finding.detail, "card_id": card_id}
    card = rule_cards.downgrade_card(card_id, lines, limit=ctx.settings.rules.silence.downgrade_days)
    await outbox.show(work, to, card, kind=rule_cards.DOWNGRADE, life=ctx.settings.card_life, cause=f"{cause}>card")


async def _close_cards(work: Work, findings: Sequence[Finding], *, cause: str) -> None:
    for card_id in dict.fromkeys(str(finding.detail["card_id"]) for finding in findings if "card_id" in finding.detail):
        card = await work.cards.find(card_id)
        if card is not None:
            await outbox.close(work, card, texts.CLOSED_REPLACED, cause=f"{cause}>closed:{card_id}")


def _grades(finding: Finding) -> dict[str, object]:
    return {"before": finding.detail["before"] or ASSUMED, "after": finding.detail["after"]}


async def press(ctx: Context, work: Work, action: actions.LowerGrade | actions.KeepGrade, pressed: Pressed) -> None:
    """What was chosen is lowered or kept; what is left over is asked again at once, on a fresh card."""
    chosen = pressed.chosen(FINDING_SELECT)
    done: list[Proposal] = []
    changed: list[str] = []
    for finding_id in action.finding_ids:
        if chosen not in (None, ALL, str(finding_id)):
            continue
        finding = await work.rules.lock(finding_id)
        customer = await work.customers.lock(customer_of(finding))
        if finding.decided_at is not None or not _holds(finding, customer):
            changed.append(customer.name)
        else:
            done.append((finding, customer))
            _decide(work, finding, customer, pressed, lowers=isinstance(action, actions.LowerGrade))
        finding.decided_at = finding.decided_at or work.now
    closing = texts.CLOSED_LOWERED if isinstance(action, actions.LowerGrade) else texts.CLOSED_KEPT
    await outbox.close(
        work,
        pressed.card,
        closing if done else texts.CLOSED_LAPSED,
        cause=f"{pressed.cause}>closed",
        response_ref=pressed.response_ref,
    )
    await _answer(ctx, work, action, pressed, done, changed)
    if left := await _open(ctx, work, pressed.member.member_id):
        await _show(ctx, work, left, to=pressed.to, cause=pressed.cause)


def _decide(work: Work, finding: Finding, customer: Customer, pressed: Pressed, *, lowers: bool) -> None:
    finding.decided_at = work.now
    finding.detail = {**finding.detail, "lowered": lowers}
    if not lowers:
        return
    set_grade(work, customer, str(finding.detail["after"]), member_id=pressed.member.member_id, source=pressed.cause)


def set_grade(work: Work, customer: Customer, grade: str | None, *, member_id: int, source: str) -> None:
    work.audit.note(
        "customer.graded",
        subject_of(customer.customer_id),
        member_id=member_id,
        source=source,
        before={"grade": customer.grade},
        after={"grade": grade},
    )
    customer.grade = grade


async def _answer(
    ctx: Context,
    work: Work,
    action: actions.LowerGrade | actions.KeepGrade,
    pressed: Pressed,
    done: Sequence[Proposal],
    changed: Sequence[str],
) -> None:
    cause = pressed.cause
    if done and isinstance(action, actions.LowerGrade):
        lines = [
            (
                finding.finding_id,
                customer.name,
                texts.RULE_LOWERED_LINE.format(customer=customer.name, **_grades(finding)),
            )
            for finding, customer in done
        ]
        card = rule_cards.lowered_card(outbox.new_card_id(rule_cards.LOWERED, lines[0][0]), lines)
        await outbox.show(
            work, pressed.to, card, kind=rule_cards.LOWERED, life=ctx.settings.card_life, cause=f"{cause}>lowered"
        )
    elif done:
        names = "、".join(customer.name for _, customer in done)
        await outbox.say(work, pressed.to, texts.RULE_KEPT.format(customers=names), cause=f"{cause}>kept")
    if changed:
        said = texts.RULE_NOT_LOWERED.format(customers="、".join(changed))
        await outbox.say(work, pressed.to, said, cause=f"{cause}>changed")


def restore(work: Work, customer: Customer, finding: Finding, *, member_id: int, source: str) -> bool:
    """Give the customer the grade from before; False where somebody has given them another since."""
    was_changed = finding.detail.get("lowered") or finding.detail.get("taken")
    if not was_changed or customer.grade != finding.detail["after"]:
        return False
    before = finding.detail["before"]
    set_grade(work, customer, None if before is None else str(before), member_id=member_id, source=source)
    return True
