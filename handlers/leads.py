"""From a lead of marketing's (MQL) to one of sales' (SQL): with a verified budget and a confirmed decision-maker.

Both come from confirmed records, with their words; what no record tells is asked for. Whoever converts the lead stands
for them, and the audit log keeps from where each came.
"""

import re

from handlers import consistency, deal_texts, lead_scores, notes_values, opportunities, outbox, stages, wording
from handlers.context import Context
from handlers.opportunities import subject_of
from handlers.outbox import Recipient
from handlers.record import AmountValue, DeciderValue
from handlers.reply import Reply
from nlp import money, todo_words
from nlp.draft import Amount
from nlp.places import COMPOUND_SURNAMES, SURNAMES
from storage.deal_models import Opportunity
from storage.models import Member, Question
from storage.work import Work

BUDGET, DECIDER = "lead_budget", "lead_decider"
"""The questions for what no record tells."""
MOST_ANSWER = 40
_UNKNOWN = frozenset(
    {"不知道", "不清楚", "还不知道", "还不清楚", "还没定", "没定", "未定", "不确定", "还没问", "没问", "稍后", "等等"}
)
_SURNAME = "|".join([*COMPOUND_SURNAMES, *sorted(SURNAMES)])
_NAME = re.compile(
    rf"(?:决策人)?(?:是|就是|由)?\s*(?P<name>[老小]?(?:{_SURNAME})[\u4e00-\u9fff·]{{0,6}}|[A-Za-z][A-Za-z .]{{1,18}})"
    r"(?:[\s,，、（(]+(?P<title>[\u4e00-\u9fffA-Za-z]{2,12})[)）]?)?(?:拍板|说了算)?"
)


async def convert(ctx: Context, work: Work, deal: Opportunity, *, member: Member, to: Recipient, cause: str) -> None:
    """Take the lead over, or ask for the next thing that is missing. The deal is locked."""
    title = await opportunities.title(work, deal)
    if deal.lead == "sql":
        await outbox.say(work, to, deal_texts.SQL_ALREADY.format(deal=title), cause=f"{cause}>sql")
        return
    about = ""
    if deal.budget_high_fen is None:
        about = await _budget_from_records(work, deal, member=member, cause=cause)
    if deal.budget_high_fen is None:
        await work.questions.ask(member.member_id, BUDGET, subject_of(deal), life=ctx.settings.question_life)
        text = deal_texts.ASK_BUDGET_ABOUT if about else deal_texts.ASK_BUDGET
        await outbox.say(work, to, text.format(deal=title, words=about), cause=f"{cause}>budget")
        return
    if deal.decider_id is None:
        await _decider_from_records(work, deal, member=member, cause=cause)
    if deal.decider_id is None:
        await work.questions.ask(member.member_id, DECIDER, subject_of(deal), life=ctx.settings.question_life)
        await outbox.say(work, to, deal_texts.ASK_DECIDER.format(deal=title), cause=f"{cause}>decider")
        return
    deal.lead = "sql"
    await lead_scores.lapse(work, deal, cause=cause)
    decider = await work.customers.contact(deal.decider_id)
    work.audit.note(
        "lead.converted",
        subject_of(deal),
        member_id=member.member_id,
        source=cause,
        before={"lead": "mql"},
        after={
            "lead": "sql",
            "budget_low_fen": deal.budget_low_fen,
            "budget_high_fen": deal.budget_high_fen,
            "decider_id": deal.decider_id,
        },
    )
    told = deal_texts.SQL_DONE.format(
        deal=title, budget=opportunities.budget_words(deal), decider=wording.person(decider.name, None, decider.title)
    )
    await outbox.say(work, to, told, cause=f"{cause}>sql")
    await stages.recheck(ctx, work, deal.customer_id, cause=cause)


async def _budget_from_records(work: Work, deal: Opportunity, *, member: Member, cause: str) -> str:
    """The latest budget of a record; the words, and nothing set, where they say it is only about that much."""
    for value, words in await notes_values.latest(work, deal, AmountValue):
        if value.role == "budget" and value.high_fen is not None and value.unit is None:
            if value.about:
                return words
            _set_budget(work, deal, value.low_fen, value.high_fen, words, member=member, cause=cause)
            return ""
    return ""


def _set_budget(
    work: Work, deal: Opportunity, low_fen: int | None, high_fen: int, words: str, *, member: Member, cause: str
) -> None:
    deal.budget_low_fen, deal.budget_high_fen = low_fen if low_fen is not None else 0, high_fen
    work.audit.note(
        "lead.budget",
        subject_of(deal),
        member_id=member.member_id,
        source=cause,
        after={"low_fen": deal.budget_low_fen, "high_fen": high_fen, "words": words},
    )


async def _decider_from_records(work: Work, deal: Opportunity, *, member: Member, cause: str) -> None:
    for value, words in await notes_values.latest(work, deal, DeciderValue):
        await set_decider(work, deal, value.name, None, words, member=member, cause=cause)
        return


async def set_decider(
    work: Work, deal: Opportunity, name: str, title: str | None, words: str, *, member: Member, cause: str
) -> None:
    known = await work.customers.contact(deal.decider_id) if deal.decider_id is not None else None
    if known is not None and consistency.may_be_one(known.name, name):
        return
    contact = await work.customers.remember_contact(deal.customer_id, name, title=title)
    deal.decider_id = contact.contact_id
    work.audit.note(
        "lead.decider",
        subject_of(deal),
        member_id=member.member_id,
        source=cause,
        after={"contact_id": contact.contact_id, "words": words},
    )


# Answers


async def take_budget(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    if await _is_put_off(work, question, reply, member):
        return True
    if reply.is_aside or len(reply.text) > MOST_ANSWER or await _is_of_another(work, question, reply):
        return False
    amounts = money.amounts(reply.text)
    if len(amounts) != 1 or not _is_range(amounts[0]):
        return False
    [amount] = amounts
    deal = await _deal_of(work, question, member, BUDGET)
    if deal is None:
        return False
    if amount.bound == "about":
        await work.questions.ask(member.member_id, BUDGET, subject_of(deal), life=ctx.settings.question_life)
        text = deal_texts.ASK_BUDGET_ABOUT.format(deal=await opportunities.title(work, deal), words=reply.text.strip())
        await outbox.say(work, reply.to, text, cause=f"{reply.cause}>budget")
        return True
    assert amount.high_fen is not None  # a range has an end
    _set_budget(work, deal, amount.low_fen, amount.high_fen, reply.text, member=member, cause=reply.cause)
    await convert(ctx, work, deal, member=member, to=reply.to, cause=reply.cause)
    return True


def _is_range(amount: Amount) -> bool:
    return amount.high_fen is not None and amount.unit is None


async def take_decider(ctx: Context, work: Work, question: Question, reply: Reply, member: Member) -> bool:
    if await _is_put_off(work, question, reply, member):
        return True
    said = _NAME.fullmatch(reply.text.strip(" \n。.！!，,"))
    if reply.is_aside or said is None or len(reply.text) > MOST_ANSWER:
        return False
    deal = await _deal_of(work, question, member, DECIDER)
    if deal is None:
        return False
    await set_decider(work, deal, said["name"], said["title"], reply.text, member=member, cause=reply.cause)
    await convert(ctx, work, deal, member=member, to=reply.to, cause=reply.cause)
    return True


async def _is_put_off(work: Work, question: Question, reply: Reply, member: Member) -> bool:
    """Whether the rep does not know, or does not want to after all; the question is closed then."""
    said = reply.text.strip(" \n。.！!，,")
    if said not in deal_texts.CANCELLED and said not in _UNKNOWN and not todo_words.never_mind(said):
        return False
    await work.questions.close(member.member_id, question.kind, question.subject)
    customer = await work.customers.get((await _asked_about(work, question)).customer_id)
    told = deal_texts.SQL_LATER.format(customer=customer.name)
    await outbox.say(work, reply.to, told, cause=f"{reply.cause}>sql-later")
    return True


async def _is_of_another(work: Work, question: Question, reply: Reply) -> bool:
    deal = await _asked_about(work, question)
    return reply.is_of_another((await work.customers.get(deal.customer_id)).name)


async def _asked_about(work: Work, question: Question) -> Opportunity:
    return await work.opportunities.get(int(question.subject.removeprefix("opportunity:")))


async def _deal_of(work: Work, question: Question, member: Member, kind: str) -> Opportunity | None:
    """The deal that was asked about, locked, the question closed; None where it has ended since."""
    await work.questions.close(member.member_id, kind, question.subject)
    deal = await work.opportunities.lock(int(question.subject.removeprefix("opportunity:")))
    return deal if deal.state == "open" and deal.lead == "mql" else None


READERS = {BUDGET: take_budget, DECIDER: take_decider}
