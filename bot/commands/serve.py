"""`visitbot serve`: run the assistant until it is told to stop."""

import argparse
import asyncio
import logging
import signal

from bot import config as configuration
from bot import logs, wiring
from bot.commands import CommandFailed, add_config_option
from bot.config import Config
from bot.pipeline import ROLES
from bot.playground.adapter import PlaygroundLogHandler, PlaygroundPlatform
from storage.clock import SystemClock

log = logging.getLogger(__name__)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser("serve", help="run the assistant")
    add_config_option(parser)
    parser.add_argument(
        "--role",
        default=",".join(ROLES),
        metavar="web,worker,sender",
        help="which parts to run here; several processes share the work on PostgreSQL (default: all)",
    )


def main(args: argparse.Namespace) -> int:
    roles = [role.strip() for role in str(args.role).split(",") if role.strip()]
    if unknown := sorted(set(roles) - set(ROLES)):
        raise CommandFailed(f"no such role: {', '.join(unknown)}; there are {', '.join(ROLES)}")
    config = configuration.load(args.config)
    if len(roles) < len(ROLES) and config.storage.database.startswith(configuration.SQLITE):
        raise CommandFailed("roles in several processes need PostgreSQL; a SQLite file serves one process")
    if config.wecom_bot is not None and ("web" in roles) != ("sender" in roles):
        raise CommandFailed("the AI bot answers on the connection that it hears on: web and sender need one process")
    logs.set_up()
    asyncio.run(_serve(config, roles))
    return 0


async def _serve(config: Config, roles: list[str]) -> None:
    clock = SystemClock()
    platforms = await wiring.platforms(config, clock)
    if not platforms:
        raise CommandFailed("no platform is configured: run `visitbot init`, or set playground.enabled = true")
    for platform in platforms:
        if isinstance(platform, PlaygroundPlatform):
            logging.getLogger().addHandler(PlaygroundLogHandler(platform))
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    engine = wiring.speech_engine(config)
    listener = wiring.listener(config, engine)
    screens = wiring.screen_reader(config, clock)
    if screens is None:
        log.info("pictures.unread", extra={"engine": config.pictures.engine})
    async with wiring.assistant(
        config, clock=clock, listener=listener, screens=screens, platforms=platforms, roles=roles
    ) as built:
        warming = asyncio.create_task(wiring.warm_up(engine)) if "worker" in roles else None
        try:
            await wiring.run(built, stop=stop, host=config.server.host, port=config.server.port)
        finally:
            if warming is not None:
                warming.cancel()
            await engine.close()
    log.info("stopped")
