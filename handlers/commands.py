"""Words that are instructions to the assistant rather than news of a visit."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from handlers import (
    access,
    answers,
    clicks,
    drafts,
    imported,
    outbox,
    packs,
    plans,
    points,
    risk_replies,
    rule_listing,
    sources,
    texts,
    todos,
)
from handlers.access import Role
from handlers.context import Context
from handlers.messages import CardClick, InboundMessage, Text
from handlers.people import known
from handlers.record import load
from handlers.reply import Reply
from storage.jobs import Job
from storage.models import Card, Member, Visit
from storage.work import Work

Run = Callable[[Context, Work, Member, InboundMessage], Awaitable[None]]


@dataclass(frozen=True)
class Command:
    """`is_final`: what it does cannot be taken back, so it takes a finger, not what an engine thinks it heard."""

    run: Run
    roles: frozenset[Role] = access.EVERYBODY
    is_final: bool = False


MAX_NUMBER = 30
AGAIN = timedelta(seconds=3)
"""A number that comes so soon behind the decision on a card was said before that was read. Our own choice."""


def words(message: InboundMessage) -> str:
    content = message.content
    return content.text.strip(" \n\t。.！!，,～~？?“”\"'") if isinstance(content, Text) else ""


def is_command(message: InboundMessage) -> bool:
    said = words(message)
    return said in COMMANDS or _number(said) is not None


def _number(said: str) -> int | None:
    return int(said) if said.isdecimal() and len(said) <= len(str(MAX_NUMBER)) else None


def is_spoken_command(message: InboundMessage) -> bool:
    """Whether words that a speech engine heard are a command. Those that cannot be taken back are not among them."""
    return words(message) in COMMANDS.keys() - DECISIVE


def is_spoken_decision(message: InboundMessage) -> bool:
    return words(message) in DECISIVE


async def run(ctx: Context, job: Job, message: InboundMessage) -> None:
    said = words(message)
    async with ctx.finishing(job) as work:
        member = await known(ctx, work, message.sender)
        number = _number(said)
        if number is not None:
            await _answer_by_number(ctx, work, member, number, message)
        elif access.has_role(member, COMMANDS[said].roles):
            await COMMANDS[said].run(ctx, work, member, message)
        else:
            await outbox.say(work, message.sender, texts.NOT_ALLOWED, cause=f"{message.key}>refused")


async def _answer_by_number(ctx: Context, work: Work, member: Member, number: int, message: InboundMessage) -> None:
    """A number answers the last card that went out as text, or the numbered question that was asked since.

    Where that one was closed a moment ago, the number was said twice, and means nothing on the card before it.
    """
    card = await work.cards.latest_as_text(message.sender.platform, message.sender.user_id)
    open_questions = await work.questions.open_of(member.member_id)
    asked = next((one for one in open_questions if one.kind in answers.NUMBERED), None)
    if asked is not None and (card is None or card.sent_at is None or asked.asked_at > card.sent_at):
        said = await work.visits.keep_evidence(
            message.key, member.member_id, "text", sent_at=message.sent_at, text=str(number)
        )
        reply = Reply(message.sender, message.key, message.sent_at, str(number), said)
        if await answers.READERS[asked.kind](ctx, work, asked, reply, member):
            return
    platform, user_id = message.sender.platform, message.sender.user_id
    decided = await work.cards.closed_as_text(platform, user_id, since=work.now - AGAIN)
    if decided is not None and (card is None or _came_after(decided, card)):
        answer = texts.CARD_CLOSED.format(closing=decided.closing)
        await outbox.say(work, message.sender, answer, cause=f"{message.key}>number")
        return
    if card is None:
        await outbox.say(work, message.sender, texts.NOT_UNDERSTOOD, cause=f"{message.key}>number")
        return
    if not 1 <= number <= len(card.choices):
        answer = texts.NUMBER_OUT_OF_RANGE.format(count=len(card.choices))
        await outbox.say(work, message.sender, answer, cause=f"{message.key}>number")
        return
    choice = card.choices[number - 1]
    click = CardClick.model_validate({"card_id": card.card_id, "action": choice["action"], "chosen": choice["chosen"]})
    await clicks.press(ctx, work, message, click)


def _came_after(card: Card, other: Card) -> bool:
    return card.sent_at is not None and other.sent_at is not None and card.sent_at > other.sent_at


async def _help(_ctx: Context, work: Work, member: Member, message: InboundMessage) -> None:
    parts = [texts.HELP]
    parts += [texts.HELP_LEADERS] if access.has_role(member, access.LEADERS) else []
    parts += [texts.HELP_ADMINS] if access.has_role(member, access.ADMINS) else []
    await outbox.say(work, message.sender, "\n\n".join(parts), cause=f"{message.key}>help")


async def _draft(work: Work, member: Member, message: InboundMessage) -> Visit | None:
    """The draft a bare word means; says so when there is none."""
    visit = await work.visits.latest_draft(member.member_id)
    if visit is None:
        await outbox.say(work, message.sender, texts.NO_DRAFT, cause=f"{message.key}>no-draft")
        return None
    return await work.visits.lock(visit.visit_id)


async def _confirm(ctx: Context, work: Work, member: Member, message: InboundMessage) -> None:
    if visit := await _draft(work, member, message):
        await drafts.confirm(ctx, work, visit, member=member, to=message.sender, cause=message.key)


async def _discard(_ctx: Context, work: Work, member: Member, message: InboundMessage) -> None:
    if visit := await _draft(work, member, message):
        await drafts.discard(work, visit, member=member, to=message.sender, cause=message.key)


async def _undo(ctx: Context, work: Work, member: Member, message: InboundMessage) -> None:
    visit = await _draft(work, member, message)
    if visit and not await drafts.undo(ctx, work, visit, member=member, to=message.sender, cause=message.key):
        await outbox.say(work, message.sender, texts.NOTHING_TO_UNDO, cause=f"{message.key}>no-undo")


async def _show_draft(ctx: Context, work: Work, member: Member, message: InboundMessage) -> None:
    if visit := await _draft(work, member, message):
        now = await load(work, visit)
        await drafts.show(ctx, work, visit, now, to=message.sender, cause=message.key)


async def _change_customer(ctx: Context, work: Work, member: Member, message: InboundMessage) -> None:
    if visit := await _draft(work, member, message):
        now = await load(work, visit)
        await drafts.ask_for_customer(ctx, work, visit, now, to=message.sender, cause=message.key)


async def _show_sources(ctx: Context, work: Work, member: Member, message: InboundMessage) -> None:
    if visit := await _draft(work, member, message):
        await outbox.say(work, message.sender, await sources.text(ctx, work, visit), cause=f"{message.key}>sources")


async def _answer_risks(ctx: Context, work: Work, member: Member, message: InboundMessage) -> None:
    await risk_replies.ask_again(ctx, work, member, to=message.sender, cause=message.key)


async def _todos(ctx: Context, work: Work, member: Member, message: InboundMessage) -> None:
    answer = await todos.listing(ctx, work, member.member_id)
    await outbox.say(work, message.sender, answer, cause=f"{message.key}>todos")


async def _plan(ctx: Context, work: Work, member: Member, message: InboundMessage) -> None:
    await outbox.say(work, message.sender, await plans.overview(ctx, work, member), cause=f"{message.key}>plan")


async def _rules(ctx: Context, work: Work, _member: Member, message: InboundMessage) -> None:
    answer = await rule_listing.as_text(work, ctx.settings.rules, work.now.astimezone(ctx.settings.zone))
    await outbox.say(work, message.sender, answer, cause=f"{message.key}>rules")


_HELP = Command(_help)
_CONFIRM = Command(_confirm, is_final=True)
_DISCARD = Command(_discard, is_final=True)
_RISKS = Command(_answer_risks)
_TODOS = Command(_todos)
_PLAN = Command(_plan)
_UNTOUCHED = Command(imported.show, access.SELLERS)

_POINTS = Command(points.show, access.SELLERS)
_UNFILED = Command(packs.show_unfiled, access.SELLERS)

COMMANDS: Mapping[str, Command] = {
    "帮助": _HELP,
    "help": _HELP,
    "Help": _HELP,
    "怎么用": _HELP,
    "确认": _CONFIRM,
    "确定": _CONFIRM,
    "没问题": _CONFIRM,
    "作废": _DISCARD,
    "不要了": _DISCARD,
    "撤销": Command(_undo),
    "草稿": Command(_show_draft),
    "修改": Command(_show_sources),
    "换客户": Command(_change_customer),
    "风险三问": _RISKS,
    "回答风险": _RISKS,
    "待办": _TODOS,
    "我的待办": _TODOS,
    "看待办": _TODOS,
    "待办列表": _TODOS,
    "计划": _PLAN,
    "本周计划": _PLAN,
    "我的计划": _PLAN,
    "未联系客户": _UNTOUCHED,
    "还没联系的客户": _UNTOUCHED,
    "积分": _POINTS,
    "我的积分": _POINTS,
    "证据积分": _POINTS,
    "未归档": _UNFILED,
    "未归档资料": _UNFILED,
    "规则": Command(_rules, access.ADMINS),
}
DECISIVE = frozenset(said for said, command in COMMANDS.items() if command.is_final)
