"""Practice: the assistant plays the customer with objections of the library, and the rep answers.

A session and its open round stand in the database, so that a restart changes nothing and whoever started on one
platform answers on another. What is said back to an answer is in `handlers.practice_answers`.

A session that nobody touched for SILENT is over. No timer says so: it is settled when its member next practises, with
the result so far, since nobody needs a message about it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from handlers import access, actions, outbox, practice_cards, practice_feedback, texts, wording
from handlers.context import Context
from handlers.messages import Sender
from handlers.pressed import Pressed
from handlers.reply import Reply
from nlp.practice import Candidate, Practised, choose, phrasing_of
from nlp.practice_points import key_points
from nlp.practice_words import Deed, Start
from storage.models import Member, PracticeRound, PracticeSession, PracticeState, Script
from storage.work import Work

KIND = "practice"
"""Of the question that a round is."""
ROUNDS = 5
SILENT = timedelta(minutes=30)
MOST_SESSIONS = 5
LATELY_DAYS = 30
MOST_CATEGORIES = 8


@dataclass(frozen=True)
class Asking:
    """Who practises, where they are answered, and the message that this answers."""

    member: Member
    to: Sender
    cause: str


# What is said about practising


async def run(ctx: Context, work: Work, member: Member, reply: Reply, order: Start | Deed) -> bool:
    """See `handlers.sayings`."""
    asking = Asking(member, reply.to, reply.cause)
    match order:
        case Start(scope):
            await start(ctx, work, asking, scope)
        case "go_on":
            await start(ctx, work, asking, "", anew=False)
        case "stop":
            await stop(ctx, work, asking)
        case "record":
            await outbox.say(work, reply.to, await _record(ctx, work, member), cause=f"{reply.cause}>practice")
        case _:
            return False
    return True


async def show_team(ctx: Context, work: Work, member: Member, reply: Reply, _asked: bool) -> bool:
    await outbox.say(work, reply.to, await _team(ctx, work, member), cause=f"{reply.cause}>practice-team")
    return True


async def press(ctx: Context, work: Work, action: actions.PracticeAction, pressed: Pressed) -> None:
    """再来一轮."""
    before = await work.practice.find(action.session_id)
    assert before is not None  # `access.may_press` saw to it
    closing = texts.CLOSED_PRACTICE_AGAIN
    await outbox.close(work, pressed.card, closing, cause=f"{pressed.cause}>closed", response_ref=pressed.response_ref)
    await start(ctx, work, Asking(pressed.member, pressed.to, pressed.cause), before.scope)


# A session


async def start(ctx: Context, work: Work, asking: Asking, scope: str, *, anew: bool = True) -> None:
    """Begin one, or show again where the one that goes on is; `anew`: where none goes on, begin."""
    before = ""
    going_on = await work.practice.lock_open(asking.member.member_id)
    if going_on is not None:
        if work.now - going_on.active_at > SILENT:
            before = await _lapse(work, going_on) + "\n"
        elif not scope or scope.upper() == going_on.scope.upper():
            line = await _again(work, going_on)
            text = f"{texts.PRACTICE_NOT_OVER}\n{line}" if line else texts.PRACTICE_NOT_OPEN
            await outbox.say(work, asking.to, text, cause=f"{asking.cause}>practice-again")
            return
    if not anew:
        await outbox.say(work, asking.to, before + texts.PRACTICE_NOT_OPEN, cause=f"{asking.cause}>practice-none")
        return
    offered = await _offered(ctx, work)
    chosen = _within(offered, scope)
    if not chosen:
        text = await _nothing_there(work, offered, scope)
        await outbox.say(work, asking.to, before + text, cause=f"{asking.cause}>practice-none")
        return
    if going_on is not None and going_on.state == "open":
        await finish(ctx, work, going_on, asking, "stopped")
        await work.session.flush()
    rounds = min(len(chosen), ROUNDS)
    session = await work.practice.begin(asking.member.member_id, scope=scope, rounds=rounds)
    line = await pose(ctx, work, session)
    assert line is not None  # at least one script can be practised
    text = f"{before}{_opening(chosen, scope, rounds)}\n{line}"
    await outbox.say(work, asking.to, text, cause=f"{asking.cause}>practice")


async def stop(ctx: Context, work: Work, asking: Asking) -> None:
    session = await work.practice.lock_open(asking.member.member_id)
    if session is None:
        await outbox.say(work, asking.to, texts.PRACTICE_NOT_OPEN, cause=f"{asking.cause}>practice-none")
    elif work.now - session.active_at > SILENT:
        await outbox.say(work, asking.to, await _lapse(work, session), cause=f"{asking.cause}>practice-lapsed")
    else:
        await finish(ctx, work, session, asking, "stopped")


async def pose(ctx: Context, work: Work, session: PracticeSession) -> str | None:
    """Put the next objection; the line that says it. None where no more can be put: the session is over then."""
    over = await work.practice.rounds(session.session_id)
    if len(over) >= session.rounds:
        return None
    scripts = {script.code: script for script in _within(await _offered(ctx, work), session.scope)}
    tried = await work.practice.tried(session.member_id)
    found = choose(
        [Candidate(script.code, script.category, tuple(script.phrasings)) for script in scripts.values()],
        {code: Practised(each.times, each.last_score) for code, each in tried.items()},
        done=[entry.code for entry in over],
        seed=session.session_id,
    )
    if found is None:
        return None
    place, script = len(over) + 1, scripts[found.code]
    entry = await work.practice.put(session, place, script.code, phrasing_of(found, session.session_id))
    entry.detail = {"version": script.version}
    return await ask(work, session, entry, script)


async def ask(
    work: Work,
    session: PracticeSession,
    entry: PracticeRound,
    script: Script,
    *,
    held: int | None = None,
) -> str:
    """Wait for the answer to this round from now on; the customer's line.

    `held`: the evidence that may be the answer, or a note of a visit; its sender is asked which.
    """
    session.active_at = work.now
    payload = {"place": entry.place, "held": held}
    await work.questions.ask(session.member_id, KIND, subject(session), life=SILENT, payload={**payload})
    return practice_feedback.customer_says(script, entry.phrasing, entry.place, session.rounds)


async def finish(
    ctx: Context, work: Work, session: PracticeSession, asking: Asking, state: PracticeState, *, before: str = ""
) -> None:
    """End it, and show the result; `before` is said ahead of that."""
    results = await _end(work, session, state)
    if not results:
        text = f"{before}\n{texts.PRACTICE_STOPPED_EMPTY}".strip()
        await outbox.say(work, asking.to, text, cause=f"{asking.cause}>practice-stopped")
        return
    if before:
        await outbox.say(work, asking.to, before, cause=f"{asking.cause}>practice-judged")
    card = practice_cards.result_card(outbox.new_card_id(KIND, session.session_id), session, results)
    await outbox.show(
        work, asking.to, card, kind=KIND, life=ctx.settings.card_life, cause=f"{asking.cause}>practice-result"
    )


def subject(session: PracticeSession) -> str:
    return f"practice:{session.session_id}"


async def _lapse(work: Work, session: PracticeSession) -> str:
    result = so_far(await _end(work, session, "lapsed"))
    await work.session.flush()
    return texts.PRACTICE_LAPSED.format(minutes=int(SILENT.total_seconds()) // 60, result=result)


async def _end(work: Work, session: PracticeSession, state: PracticeState) -> Sequence[practice_cards.Result]:
    """The rounds that are over; one that still waited for its answer counts for nothing."""
    await work.questions.close(session.member_id, KIND, subject(session))
    waiting = await work.practice.open_round(session.session_id)
    if waiting is not None:
        work.practice.close(waiting, "void")
    work.practice.end(session, state)
    return await results_of(work, session)


async def results_of(work: Work, session: PracticeSession) -> Sequence[practice_cards.Result]:
    """The rounds that count, with their scripts."""
    return [
        practice_cards.Result(entry, script)
        for entry in await work.practice.rounds(session.session_id)
        if entry.state in ("answered", "skipped") and (script := await work.scripts.find(entry.code)) is not None
    ]


def so_far(results: Sequence[practice_cards.Result]) -> str:
    if not results:
        return texts.PRACTICE_NONE_SO_FAR
    return texts.PRACTICE_SO_FAR.format(score=practice_cards.average(results), rounds=len(results))


async def _again(work: Work, session: PracticeSession) -> str | None:
    """The open round's line once more."""
    entry = await work.practice.open_round(session.session_id)
    script = await work.scripts.find(entry.code) if entry is not None else None
    if entry is None or script is None:
        return None
    return await ask(work, session, entry, script)


# What can be practised


async def _offered(ctx: Context, work: Work) -> Sequence[Script]:
    """What is approved and valid today, has words of a customer, and key points to hold an answer against."""
    offered = await work.scripts.offered(ctx.day_of(work.now))
    return [script for script in offered if script.phrasings and key_points(script.body)]


def _within(scripts: Sequence[Script], scope: str) -> Sequence[Script]:
    """Of that category, or of that code. Without a scope all but those that ask: no customer says these."""
    if not scope:
        return [script for script in scripts if script.category != texts.PRACTICE_QUESTIONS] or scripts
    return [script for script in scripts if script.category == scope or script.code.upper() == scope.upper()]


def _opening(chosen: Sequence[Script], scope: str, rounds: int) -> str:
    if len(chosen) == 1 and chosen[0].code.upper() == scope.upper():
        return texts.PRACTICE_ONE_SCRIPT.format(code=chosen[0].code, title=chosen[0].title)
    where = texts.PRACTICE_IN_CATEGORY.format(category=scope) if scope else texts.PRACTICE_LIBRARY
    few = texts.PRACTICE_FEW.format(scope=where, count=rounds) if rounds < ROUNDS else ""
    return texts.PRACTICE_STARTS.format(rounds=rounds, few=few)


async def _nothing_there(work: Work, offered: Sequence[Script], scope: str) -> str:
    if not offered:
        return texts.NO_SCRIPTS
    script = await work.scripts.called(scope)
    if script is not None and script.status == "retired":
        return texts.PRACTICE_NOT_OFFERED.format(code=script.code)
    categories = list(dict.fromkeys(script.category for script in offered if script.category))[:MOST_CATEGORIES]
    example = categories[0] if categories else offered[0].code
    return texts.PRACTICE_NOTHING_THERE.format(scope=scope, categories="、".join(categories), example=example)


# Looking back


async def _record(ctx: Context, work: Work, member: Member) -> str:
    sessions = await work.practice.of(member.member_id, limit=MOST_SESSIONS)
    by_session = {session.session_id: await results_of(work, session) for session in sessions}
    today = ctx.day_of(work.now)
    lines = [
        texts.PRACTICE_RECORD_LINE.format(
            day=wording.day(ctx.day_of(session.started_at), today),
            scope=f"{session.scope} " if session.scope else "",
            result=so_far(by_session[session.session_id]),
        )
        for session in sessions
        if by_session[session.session_id]
    ]
    if not lines:
        return texts.NO_PRACTICE_RECORD
    since = work.now - timedelta(days=LATELY_DAYS)
    lately = [
        result
        for session in sessions
        if session.started_at >= since
        for result in by_session[session.session_id]
        if result.script.category
    ]
    weak = practice_cards.weakest(lately)
    told = texts.PRACTICE_RECORD.format(lines="\n".join(lines))
    if weak is not None:
        told += texts.PRACTICE_RECORD_WEAK.format(days=LATELY_DAYS, category=weak.category, score=weak.score)
    return told


async def _team(ctx: Context, work: Work, member: Member) -> str:
    """How often and how well each of their people practised; never what was said."""
    sight = await access.sight_of(work, member)
    people = dict(await work.members.names(sight.members - {member.member_id}))
    if not people:
        return texts.PRACTICE_NO_TEAM
    tallies = await work.practice.tallies(list(people), work.now - timedelta(days=LATELY_DAYS))
    lines = [
        texts.PRACTICE_TEAM_LINE.format(
            member=people[member_id], sessions=tally.sessions, rounds=tally.rounds, average=round(tally.average)
        )
        for member_id, tally in sorted(tallies.items(), key=lambda each: (each[1].average, each[0]))
    ]
    told = texts.PRACTICE_TEAM.format(days=LATELY_DAYS, lines="\n".join(lines)).rstrip()
    idle = [name for member_id, name in people.items() if member_id not in tallies]
    return told + (texts.PRACTICE_TEAM_NONE.format(members="、".join(idle)) if idle else "")
