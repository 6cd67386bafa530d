"""Which kind of job is done by what, and how many at a time: the flow of docs/architecture.md as two tables."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import time, timedelta

from pydantic import AwareDatetime

from bot.errors import PlatformError, QuotaSpent
from bot.platform import Platform, Received
from bot.sender import Sender
from bot.worker import Handler, QueueRules
from handlers import (
    approval_clock,
    approving,
    asking_up,
    attachments,
    digest,
    directory,
    drafts,
    escalation,
    escalation_clock,
    gaps,
    grades,
    handover,
    help_clock,
    help_desk,
    holidays,
    lead_scores,
    leavers,
    morning,
    notices,
    objections,
    outbox,
    pictures,
    practice_visits,
    reminders,
    risk_marks,
    routes,
    rules,
    script_approval,
    todo_clock,
    todos,
    voice,
)
from handlers.context import INBOX_QUEUE, TIMERS, Context
from handlers.messages import Frozen, JsonObject, PlatformName
from handlers.people import NotRegistered
from storage.database import Database
from storage.jobs import Daily, Job

log = logging.getLogger(__name__)

INBOX = INBOX_QUEUE
INBOUND = "inbound"
PRUNE = "prune"
MOST_KEPT_AT_ONCE = 64
PRUNED_AT = time(3, 20)
"""At night, and not on the hour, when everybody's timers go off."""

QUEUES: Mapping[str, QueueRules] = {
    INBOX: QueueRules(concurrency=8, lease_s=30),
    # one transcription at a time: a second one beside it makes both late, and leaves no core to the rest; a picture is
    # read in a process that takes one at a time. The rest mostly waits for others, a model for many seconds: with few
    # places the notes of a team would stand in line behind it.
    routes.WORK_QUEUE: QueueRules(concurrency=32, lease_s=60, kind_limits={voice.TRANSCRIBE: 1, pictures.READ: 1}),
    # a file's address may be valid for minutes; what waits in a busy lane is fetched beside it
    routes.FETCH_QUEUE: QueueRules(concurrency=4, lease_s=60, max_attempts=2),
    TIMERS: QueueRules(concurrency=2, lease_s=30),
    # two hours of tries: a platform may be away for long, and repeats stay within its duplicate check
    outbox.QUEUE: QueueRules(concurrency=8, lease_s=60, max_attempts=10),
}
ROLES: Mapping[str, tuple[str, ...]] = {
    "web": (),
    "worker": (INBOX, routes.WORK_QUEUE, routes.FETCH_QUEUE, TIMERS),
    "sender": (outbox.QUEUE,),
}


class KeptEvent(Frozen):
    """The payload of an inbox job: what the platform said, decrypted and not yet understood."""

    platform: PlatformName
    event_id: str
    user_id: str
    body: JsonObject
    received_at: AwareDatetime


async def keep(database: Database, platform: PlatformName, received: Received) -> bool:
    """Make an event durable; False when it is known. Only after this may the platform be told that we have it."""
    [is_new] = await keep_all(database, [_kept(database, platform, received)])
    return is_new


async def keep_all(database: Database, events: Sequence[KeptEvent]) -> list[bool]:
    async with database.work(urgent=True) as work:
        return [
            await work.jobs.put(
                INBOUND,
                event.model_dump(mode="json"),
                queue=INBOX,
                lane=f"{event.platform}:{event.user_id}",
                dedupe=f"{event.platform}:{event.event_id}",
            )
            for event in events
        ]


def _kept(database: Database, platform: PlatformName, received: Received) -> KeptEvent:
    return KeptEvent(
        platform=platform,
        event_id=received.event_id,
        user_id=received.user_id,
        body=received.body,
        received_at=database.now(),
    )


class Inbox:
    """Keeps events, those that come while others are being kept together: one commit, and one wait for it, for all."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[KeptEvent, asyncio.Future[bool]]] = []
        self._keeping: asyncio.Task[None] | None = None

    async def keep(self, platform: PlatformName, received: Received) -> bool:
        """As the function `keep`."""
        is_new: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((_kept(self._database, platform, received), is_new))
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep_waiting(), name="inbox")
        return await is_new

    async def _keep_waiting(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:MOST_KEPT_AT_ONCE], self._waiting[MOST_KEPT_AT_ONCE:]
            try:
                answers = await keep_all(self._database, [event for event, _ in together])
            except Exception as error:  # noqa: BLE001  the web boundary: each waiting request gets it
                for _, is_new in together:
                    if not is_new.done():
                        is_new.set_exception(error)
            else:
                for (_, is_new), answer in zip(together, answers, strict=True):
                    if not is_new.done():
                        is_new.set_result(answer)


def job_handlers(
    ctx: Context, platforms: Mapping[PlatformName, Platform], sender: Sender, *, keep_done: timedelta
) -> dict[str, Handler]:
    async def inbound(job: Job) -> None:
        event = KeptEvent.model_validate(job.payload)
        message = platforms[event.platform].parse(Received(event.event_id, event.user_id, event.body))
        await routes.accept(ctx, job, message)

    async def work_on(job: Job) -> None:
        try:
            await of_members(routes.work_on)(job)
        except QuotaSpent as error:
            # A spent allowance may stay so for weeks, and their next messages must not wait behind it: parked, so that
            # person and admin are told, and a replay can do it once there are calls again.
            raise PlatformError(error.api, error.code, hint=error.hint) from None

    def of_members(run: Callable[[Context, Job], Awaitable[None]]) -> Handler:
        async def handler(job: Job) -> None:
            try:
                await run(ctx, job)
            except NotRegistered as error:
                await routes.turn_away(ctx, job, error)

        return handler

    async def fetch_early(job: Job) -> None:
        try:
            await of_members(attachments.fetch_early)(job)
        except PlatformError as error:
            log.info("fetch.left_to_its_turn", extra={"job_id": job.id, "code": error.code})
            async with ctx.finishing(job):
                pass

    async def prune(job: Job) -> None:
        async with ctx.finishing(job) as work:
            await work.jobs.put_next(pruning(ctx))
            await work.jobs.prune(work.now - keep_done)
            await work.sends.prune(work.now - keep_done)

    return {
        INBOUND: inbound,
        routes.MESSAGE: work_on,
        routes.VOICE: work_on,
        voice.TRANSCRIBE: of_members(voice.transcribe),
        voice.UNDERSTAND: of_members(voice.understand),
        practice_visits.KIND: of_members(practice_visits.take),
        pictures.READ: of_members(pictures.read),
        pictures.UNDERSTAND: of_members(pictures.understand),
        objections.KIND: of_members(objections.answer),
        routes.FETCH: fetch_early,
        digest.KIND: lambda job: digest.send(ctx, job),
        gaps.KIND: lambda job: gaps.tell(ctx, job),
        escalation.CARD: lambda job: escalation_clock.show(ctx, job),
        escalation.LEVEL: lambda job: escalation_clock.go_up(ctx, job),
        escalation.UNFINISHED: lambda job: escalation_clock.remind(ctx, job),
        asking_up.CARD: lambda job: asking_up.show(ctx, job),
        asking_up.LEVEL: lambda job: asking_up.go_up(ctx, job),
        help_desk.CARD: lambda job: help_clock.show(ctx, job),
        help_desk.HALF: lambda job: help_clock.remind(ctx, job),
        help_desk.DUE: lambda job: help_clock.go_up(ctx, job),
        help_desk.DAILY: lambda job: help_clock.remind_daily(ctx, job),
        approving.CARD: lambda job: approval_clock.show(ctx, job),
        approving.LEVEL: lambda job: approval_clock.go_up(ctx, job),
        approving.DAILY: lambda job: approval_clock.remind_daily(ctx, job),
        holidays.KIND: lambda job: holidays.check(ctx, job),
        notices.KIND: lambda job: notices.send(ctx, job),
        morning.KIND: lambda job: morning.fan_out(ctx, job),
        morning.ONE_KIND: lambda job: morning.send(ctx, job),
        rules.KIND: lambda job: rules.start(ctx, job),
        rules.RUN: lambda job: rules.run(ctx, job),
        rules.LEAD: lambda job: rules.greet_lead(ctx, job),
        lead_scores.KIND: lambda job: lead_scores.look(ctx, job),
        grades.KIND: lambda job: grades.propose(ctx, job),
        risk_marks.KIND: lambda job: risk_marks.show(ctx, job),
        script_approval.CARD_KIND: lambda job: script_approval.show(ctx, job),
        todo_clock.KIND: lambda job: todo_clock.fire(ctx, job),
        todos.CARDS_KIND: lambda job: todos.bring_cards(ctx, job),
        leavers.LEFT_KIND: lambda job: leavers.settle(ctx, job),
        leavers.CARD_KIND: lambda job: leavers.ask(ctx, job),
        leavers.BACK_KIND: lambda job: leavers.ask_whether_back(ctx, job),
        directory.APPLY_KIND: lambda job: directory.apply(ctx, job),
        directory.HELD_KIND: lambda job: directory.ask(ctx, job),
        handover.MOVE_KIND: lambda job: handover.move(ctx, job),
        handover.RETURN_KIND: lambda job: handover.move_back(ctx, job),
        handover.BRIEF_KIND: lambda job: handover.brief(ctx, job),
        drafts.REMINDER_KIND: lambda job: reminders.remind_of_draft(ctx, job),
        PRUNE: prune,
        outbox.KIND: sender.send,
    }


def pruning(ctx: Context) -> Daily:
    return Daily(name="prune", kind=PRUNE, queue=TIMERS, at=PRUNED_AT, zone=ctx.settings.zone)
