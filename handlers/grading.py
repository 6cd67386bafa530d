"""A deal's grading in the chat: what it rests on, the grade it proposes, scores that people set, and the buttons.

Computed each time from confirmed records (`handlers.scoring`); only what a person sets, and what they answered to a
proposal, is kept. A customer's grade is proposed by the best of their deals that go on. A proposal is noted as a
finding, so that it is told once; taken over, it is undone like any other change of a grade.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from handlers import access, actions, deal_cards, grades, lead_scores, notices, opportunities, outbox, wording
from handlers import score_texts as texts
from handlers.checks import customer_of, subject_of
from handlers.context import Context
from handlers.deal_texts import NO_DEAL
from handlers.opportunities import title
from handlers.pressed import Pressed
from handlers.record import Fact, ObjectionValue, PercentValue, Record, record_of
from handlers.reply import Reply
from handlers.scoring import DIMENSIONS, LOOKED_AT, MOST, Dimension, Grade, Score, Told, score
from handlers.texts import CLOSED_LAPSED
from nlp import grade_words
from nlp.grade_words import GradeOrder
from storage.deal_models import DealScore, Opportunity
from storage.models import Customer, Finding, Member, Visit
from storage.work import Work

RULE = "grading"
"""The findings that proposals are noted as."""
OVER = "over"
"""Of a finding's detail: something else has been proposed since."""
LOOK_BACK = 50
"""Visits that are looked back on."""
MOST_WORDS = 24
MOST_TOTAL = MOST * len(DIMENSIONS)
MOST_CAUSE = 200


@dataclass(frozen=True)
class Graded:
    """A deal with its score in each respect: what a person set, or else what the records say."""

    deal: Opportunity
    scores: Mapping[Dimension, Score]
    set_by: Mapping[Dimension, DealScore]

    def points(self, dimension: Dimension) -> int | None:
        if dimension in self.set_by:
            return self.set_by[dimension].points
        return self.scores[dimension].points if dimension in self.scores else None

    @property
    def total(self) -> int:
        return sum(self.points(one) or 0 for one in DIMENSIONS)

    @property
    def untold(self) -> int:
        return sum(self.points(one) is None for one in DIMENSIONS)


@dataclass(frozen=True)
class Standing:
    """A customer's deals that go on, graded, the best first; there is one at least."""

    graded: Sequence[Graded]
    proposed: Grade
    is_sure: bool
    """Whether it would be no better if all of which nothing was said were as good as can be."""

    @property
    def best(self) -> Graded:
        return self.graded[0]


# Computed


async def standing(ctx: Context, work: Work, customer: Customer) -> Standing | None:
    """None where no deal goes on."""
    deals = await work.opportunities.open_of(customer.customer_id)
    if not deals:
        return None
    rules, today = ctx.settings.deals.grading, ctx.day_of(work.now)
    records = await _records(work, customer)
    graded = sorted([await _graded(ctx, work, deal, records, today) for deal in deals], key=lambda one: -one.total)
    proposed = rules.grade(graded[0].total)
    at_best = max(one.total + MOST * one.untold for one in graded)
    return Standing(graded, proposed, is_sure=rules.grade(at_best) == proposed)


async def _records(work: Work, customer: Customer) -> Sequence[tuple[Visit, Record]]:
    visits = await work.visits.confirmed_about(customer.customer_id, limit=LOOK_BACK)
    values = await work.visits.present_fields([one.visit_id for one in visits], kinds=(*LOOKED_AT, "percent"))
    return [(visit, record_of(values[visit.visit_id])) for visit in visits]


async def _graded(
    ctx: Context, work: Work, deal: Opportunity, records: Sequence[tuple[Visit, Record]], today: date
) -> Graded:
    told = [
        Told(fact.value, fact.source.words, visit.visited_on, _percent(fact, record))
        for visit, record in records
        if visit.opportunity_id in (None, deal.opportunity_id)
        for fact in record.facts
    ]
    rules = ctx.settings.deals.grading
    found = {one: score(one, told, today=today, rules=rules) for one in DIMENSIONS}
    set_by: dict[Dimension, DealScore] = {}
    for row in await work.opportunities.scores(deal.opportunity_id):
        set_by.setdefault(_dimension(row), row)
    return Graded(deal, {one: held for one, held in found.items() if held is not None}, set_by)


def _dimension(row: DealScore) -> Dimension:
    return next(one for one in DIMENSIONS if one == row.dimension)


def _percent(fact: Fact, record: Record) -> float | None:
    """By how much, where the words of an objection say so."""
    if not isinstance(fact.value, ObjectionValue):
        return None
    return next(
        (
            other.value.percent
            for other in record.facts
            if isinstance(other.value, PercentValue)
            and other.source.evidence_id == fact.source.evidence_id
            and fact.source.start <= other.source.start <= fact.source.end
        ),
        None,
    )


# Proposed


async def _noted(work: Work, customer: Customer, proposed: Grade) -> tuple[Finding | None, bool]:
    """The proposal as it is noted, and whether it is new; None where it is the present grade.

    It is the same for as long as the records propose that grade and the customer has the one they had, whatever
    somebody answered to it. Of two who note it at once one finds it noted.
    """
    last = await _last(work, customer, proposed)
    if proposed == customer.grade:
        return None, False
    if last is not None and not last.detail.get(OVER) and _is(last, customer, proposed):
        return last, False
    subject = subject_of(customer.customer_id)
    finding = await work.rules.find(
        RULE,
        subject,
        f"after:{last.finding_id if last else 0}",
        member_id=customer.owner_id,
        detail={"customer_id": customer.customer_id, "before": customer.grade, "after": proposed},
    )
    if finding is None:
        return await work.rules.last(RULE, subject), False
    return finding, True


async def _last(work: Work, customer: Customer, proposed: Grade) -> Finding | None:
    """What was proposed last; it is over where something else is proposed now: the same again will be news."""
    last = await work.rules.last(RULE, subject_of(customer.customer_id))
    if last is not None and last.detail["after"] != proposed:
        last.detail, last.decided_at = {**last.detail, OVER: True}, last.decided_at or work.now
    return last


def _is(finding: Finding, customer: Customer, proposed: Grade) -> bool:
    return finding.detail["before"] == customer.grade and finding.detail["after"] == proposed


async def proposal(ctx: Context, work: Work, customer: Customer, member: Member) -> str:
    """A line where what is known now proposes another grade, once; empty otherwise, and for whom it is not to see.

    A lower grade is proposed unasked only where what nobody spoke of yet could not change it.
    """
    if not await access.sees_customer(work, member, customer):
        return ""
    now = await standing(ctx, work, customer)
    if now is None:
        return ""
    present = customer.grade or grades.ASSUMED
    # C comes behind B: the letters are in the order of grades, the best first
    is_lower = now.proposed > present
    if now.proposed == present or (is_lower and not now.is_sure):
        await _last(work, customer, now.proposed)
        return ""
    _, is_new = await _noted(work, customer, now.proposed)
    if not is_new:
        return ""
    return texts.PROPOSED.format(
        was=present, now=now.proposed, total=now.best.total, most=MOST_TOTAL, customer=customer.name
    )


# Said

EXAMPLES = {
    "grade": "评级 恒力",
    "set": "评分 恒力 紧迫性 4 招标下周开",
    "unset": "撤销评分 恒力 紧迫性",
}


async def run(ctx: Context, work: Work, member: Member, reply: Reply, order: GradeOrder) -> bool:
    if order.order in ("points", "did", "undid"):
        return await lead_scores.run(ctx, work, member, reply, order)
    customer = await opportunities.customer_said(work, reply, member, order.customer, example=EXAMPLES[order.order])
    if customer is None:
        return True
    match order.order:
        case "grade":
            await _show(ctx, work, customer, reply, order.rest)
        case "set":
            await _set(ctx, work, customer, member, reply, order.rest)
        case _:
            await _unset(ctx, work, customer, member, reply, order.rest)
    return True


async def run_of(ctx: Context, work: Work, member: Member, reply: Reply, order: GradeOrder) -> bool:
    """恒力的评级; False where there is no such customer at all: then it is news of something."""
    if not await work.customers.called(order.customer, limit=1):
        return False
    return await run(ctx, work, member, reply, order)


async def _show(ctx: Context, work: Work, customer: Customer, reply: Reply, words: str) -> None:
    now = await standing(ctx, work, customer)
    graded = await _meant(work, customer, now, reply, words)
    if now is None or graded is None:
        return
    finding, _ = await _noted(work, customer, now.proposed)
    lines = await _lines(ctx, work, graded)
    if graded.untold:
        lines.append(texts.UNTOLD.format(count=graded.untold))
    if len(now.graded) > 1:
        lines.append(_beside(now, graded))
    name = await title(work, graded.deal)
    if finding is None:
        told = texts.GRADED.format(
            title=texts.GRADE_TITLE,
            deal=name,
            lines="\n".join(lines),
            total=graded.total,
            most=MOST_TOTAL,
            grade=texts.GRADE_SAME.format(grade=now.proposed),
        )
        await outbox.say(work, reply.to, told, cause=f"{reply.cause}>grade")
        return
    lines.append(texts.HOW_TO_SET.format(customer=customer.name))
    card = deal_cards.grade_card(
        finding.finding_id,
        outbox.new_card_id(RULE, finding.finding_id),
        deal=name,
        total=texts.GRADE_TOTAL.format(total=graded.total, most=MOST_TOTAL),
        was=customer.grade or texts.UNGRADED,
        now=now.proposed,
        lines=lines,
    )
    await outbox.show(
        work, reply.to, card, kind=deal_cards.GRADE, life=ctx.settings.card_life, cause=f"{reply.cause}>grade"
    )


async def _meant(work: Work, customer: Customer, now: Standing | None, reply: Reply, words: str) -> Graded | None:
    """The deal that is named, or else the best; says so where no deal goes on, or the words name none of them."""
    if now is None:
        await outbox.say(work, reply.to, NO_DEAL.format(customer=customer.name), cause=f"{reply.cause}>which-deal")
        return None
    if not words:
        return now.best
    deal = opportunities.named_in([one.deal for one in now.graded], words)
    if deal is None:
        told = opportunities.several(customer, [one.deal for one in now.graded])
        await outbox.say(work, reply.to, told, cause=f"{reply.cause}>which-deal")
        return None
    return next(one for one in now.graded if one.deal is deal)


def _beside(now: Standing, graded: Graded) -> str:
    others = "、".join(
        texts.OTHER_DEAL.format(name=opportunities.name_of(one.deal), total=one.total)
        for one in now.graded
        if one is not graded
    )
    return texts.OTHER_DEALS.format(deal=opportunities.name_of(now.best.deal), others=others)


async def _lines(ctx: Context, work: Work, graded: Graded) -> list[str]:
    today, lines = ctx.day_of(work.now), []
    for one in DIMENSIONS:
        name = texts.NAMES[one]
        if one in graded.set_by:
            row = graded.set_by[one]
            by, on = await work.members.get(row.member_id), wording.day(ctx.day_of(row.created_at), today)
            lines.append(texts.SCORE_SET.format(name=name, points=row.points, member=by.name, on=on, why=row.words))
        elif one in graded.scores:
            held = graded.scores[one]
            words = " ".join(
                texts.SCORE_WORDS.format(
                    words=wording.shortened(told.words, MOST_WORDS), on=wording.day(told.on, today)
                )
                for told in held.rests_on
            )
            lines.append(texts.SCORE.format(name=name, points=held.points, words=words))
        else:
            lines.append(texts.SCORE_NONE.format(name=name))
    return lines


# Set by a person


async def _set(ctx: Context, work: Work, customer: Customer, member: Member, reply: Reply, rest: str) -> None:
    said = grade_words.score_said(rest)
    if said is None or said.points is None or not 0 <= said.points <= MOST:
        told = texts.SET_HOW.format(customer=texts.A_CUSTOMER)
        await outbox.say(work, reply.to, told, cause=f"{reply.cause}>how")
        return
    name = texts.NAMES[said.dimension]
    if not said.why:
        told = texts.SET_WHY.format(customer=customer.name, name=name, points=said.points)
        await outbox.say(work, reply.to, told, cause=f"{reply.cause}>why")
        return
    deal = await _deal(ctx, work, customer, reply, said.deal)
    if deal is None:
        return
    row = await work.opportunities.add_score(
        DealScore(
            opportunity_id=deal.opportunity_id,
            cause=reply.cause[:MOST_CAUSE],
            dimension=said.dimension,
            points=said.points,
            words=said.why,
            member_id=member.member_id,
            created_at=work.now,
        )
    )
    work.audit.note(
        "deal.scored",
        opportunities.subject_of(deal),
        member_id=member.member_id,
        source=reply.cause,
        after={"dimension": row.dimension, "points": row.points, "words": row.words},
    )
    told = texts.SET_DONE.format(
        deal=await title(work, deal),
        name=name,
        points=said.points,
        member=member.name,
        why=said.why,
        customer=customer.name,
        **await _total(ctx, work, customer, deal),
    )
    await _say_with_proposal(ctx, work, customer, member, reply, told)


async def _unset(ctx: Context, work: Work, customer: Customer, member: Member, reply: Reply, rest: str) -> None:
    """Of the respect that is named, or of all."""
    said = grade_words.dimension_said(rest) if rest else None
    deal = await _deal(ctx, work, customer, reply, said.deal if said else rest)
    if deal is None:
        return
    rows = [
        row
        for row in await work.opportunities.scores(deal.opportunity_id)
        if said is None or row.dimension == said.dimension
    ]
    name = await title(work, deal)
    if not rows:
        told = texts.UNSET_NONE.format(deal=name, name=texts.NAMES[said.dimension] if said else "")
        await outbox.say(work, reply.to, told, cause=f"{reply.cause}>none")
        return
    for row in rows:
        row.undone_at, row.undone_by = work.now, member.member_id
        work.audit.note(
            "deal.score_undone",
            opportunities.subject_of(deal),
            member_id=member.member_id,
            source=reply.cause,
            before={"dimension": row.dimension, "points": row.points, "words": row.words},
        )
    await work.session.flush()
    names = "、".join(dict.fromkeys(texts.NAMES[_dimension(row)] for row in rows))
    told = texts.UNSET_DONE.format(deal=name, names=names, **await _total(ctx, work, customer, deal))
    await _say_with_proposal(ctx, work, customer, member, reply, told)


async def _deal(ctx: Context, work: Work, customer: Customer, reply: Reply, words: str) -> Opportunity | None:
    """The deal that is named or the best, locked: two who set a score of it come one after the other."""
    graded = await _meant(work, customer, await standing(ctx, work, customer), reply, words)
    return None if graded is None else await work.opportunities.lock(graded.deal.opportunity_id)


async def _total(ctx: Context, work: Work, customer: Customer, deal: Opportunity) -> dict[str, int]:
    graded = await _graded(ctx, work, deal, await _records(work, customer), ctx.day_of(work.now))
    return {"total": graded.total, "most": MOST_TOTAL}


async def _say_with_proposal(
    ctx: Context, work: Work, customer: Customer, member: Member, reply: Reply, told: str
) -> None:
    line = await proposal(ctx, work, customer, member)
    await outbox.say(work, reply.to, "\n".join(filter(None, [told, line])), cause=f"{reply.cause}>score")


# Pressed


async def press(ctx: Context, work: Work, action: actions.GradeAction, pressed: Pressed) -> None:
    finding = await work.rules.lock(action.finding_id)
    customer = await work.customers.lock(customer_of(finding))
    now = await standing(ctx, work, customer)
    holds = now is not None and finding.undone_at is None and _is(finding, customer, now.proposed)
    takes = isinstance(action, actions.TakeGrade)
    closing = CLOSED_LAPSED if not holds else texts.CLOSED_GRADE_TAKEN if takes else texts.CLOSED_GRADE_KEPT
    await outbox.close(work, pressed.card, closing, cause=f"{pressed.cause}>closed", response_ref=pressed.response_ref)
    if not holds:
        told = texts.GRADE_MOVED_ON.format(customer=customer.name)
        await outbox.say(work, pressed.to, told, cause=f"{pressed.cause}>changed")
        return
    finding.decided_at = work.now
    if not takes:
        work.audit.note(
            "customer.grade_kept",
            subject_of(customer.customer_id),
            member_id=pressed.member.member_id,
            source=pressed.cause,
            after={"grade": customer.grade, "proposed": finding.detail["after"]},
        )
        told = texts.GRADE_KEPT.format(customer=customer.name)
        await outbox.say(work, pressed.to, told, cause=f"{pressed.cause}>kept")
        return
    await _take(ctx, work, finding, customer, pressed)


async def _take(ctx: Context, work: Work, finding: Finding, customer: Customer, pressed: Pressed) -> None:
    finding.detail = {**finding.detail, "taken": True}
    was, now = customer.grade, str(finding.detail["after"])
    grades.set_grade(work, customer, now, member_id=pressed.member.member_id, source=pressed.cause)
    if customer.owner_id is not None and customer.owner_id != pressed.member.member_id:
        news = texts.GRADE_TAKEN_BY.format(
            by=pressed.member.name, customer=customer.name, was=was or texts.UNGRADED, now=now
        )
        key = f"{RULE}:taken:{finding.finding_id}"
        await notices.tell(ctx, work, customer.owner_id, news, key=key, subject=key)
    told = texts.GRADE_TAKEN.format(customer=customer.name, was=was or texts.UNGRADED, now=now)
    card = deal_cards.grade_taken_card(
        finding.finding_id, outbox.new_card_id(deal_cards.GRADE_TAKEN, finding.finding_id), told=told
    )
    life = ctx.settings.card_life
    await outbox.show(work, pressed.to, card, kind=deal_cards.GRADE_TAKEN, life=life, cause=f"{pressed.cause}>taken")
