"""`visitbot demo`: the playground with sample data, playing the sample visit by itself."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
import tempfile
import webbrowser
from pathlib import Path

from bot import demo, logs, wiring
from bot.commands import CommandFailed
from bot.demo import MANAGER, REP, Conversation, DemoFailed
from bot.playground.adapter import PlaygroundLogHandler, PlaygroundPlatform
from handlers import actions
from nlp.errors import EngineUnavailable
from nlp.speech_api import OpenAiEngine
from nlp.speech_models import Progress
from nlp.whisper import FasterWhisperEngine
from storage.clock import SystemClock

DEFAULT_PORT = 8400
VOICE_WITHIN_S, CLICK_WITHIN_S = 45.0, 10.0
"""The voice note takes a few seconds to hear; together well below the minute that the demo may take."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser("demo", help="try it in the browser, with sample data, without an account")
    parser.add_argument("--dingtalk", action="store_true", help="give the rep a DingTalk phone, beside a WeCom one")
    parser.add_argument("--headless", action="store_true", help="no browser: play the visit, print it, and end")
    parser.add_argument(
        "--port", type=int, default=None, help=f"port of the page (default: {DEFAULT_PORT}, or a free one)"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument("--verbose", action="store_true", help="show the log as well")


def main(args: argparse.Namespace) -> int:
    logs.set_up(logging.INFO if args.verbose else logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="visitbot-demo-") as folder:
        return asyncio.run(_demo(args, Path(folder)))


async def _demo(args: argparse.Namespace, folder: Path) -> int:
    # known beforehand: the links on the cards name it
    port = args.port or _free_port(DEFAULT_PORT)
    config = demo.configuration(folder, port)
    clock = SystemClock()
    people = demo.people("dingtalk" if args.dingtalk else "wecom")
    platform = PlaygroundPlatform(clock, people, data_dir=folder / "playground")
    logging.getLogger().addHandler(PlaygroundLogHandler(platform))
    engine = wiring.speech_engine(config)
    listener = wiring.listener(config, engine)
    stop, ready = asyncio.Event(), asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    screens = wiring.screen_reader(config, clock)
    async with wiring.assistant(config, clock=clock, listener=listener, screens=screens, platforms=[platform]) as built:
        async with built.database.work() as work:
            await demo.enrol(work)
        conversation = Conversation(platform, built.database, print)

        def on_ready(port: int) -> None:
            _announce(port, args)
            ready.set()

        serving = asyncio.create_task(
            wiring.run(built, stop=stop, host=config.server.host, port=port, on_ready=on_ready)
        )
        try:
            await _first(ready, serving)
            can_hear = await _can_hear(engine)
            if args.headless:
                await _play(conversation, can_hear=can_hear, heard_twice=args.dingtalk)
            else:
                await _begin(conversation, can_hear=can_hear)
                await serving
        except DemoFailed as error:
            raise CommandFailed(str(error)) from error
        finally:
            stop.set()
            await serving
            await engine.close()
    return 0


async def _first(ready: asyncio.Event, serving: "asyncio.Task[None]") -> None:
    """Until it serves; raises what kept it from serving."""
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([waiting, serving], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if serving.done():
        serving.result()


def _free_port(wanted: int) -> int:
    """That port, or any other where something else has it."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _announce(port: int, args: argparse.Namespace) -> None:
    address = f"http://127.0.0.1:{port}/playground/"
    print(f"拜访助手演示：{address}", flush=True)
    if args.headless:
        return
    if args.dingtalk:
        print("左边是销售的钉钉，右边是主管的企业微信。示例语音会自己发出：先按钉钉的转写出卡片，", flush=True)
        print("录音听完有出入再出一张更正的卡片；点「确认」，再用一句话答风险三问。", flush=True)
    else:
        print(
            "左边是销售的手机，右边是主管的手机。示例语音会自己发出，卡片出来后点「确认」，再用一句话答风险三问。",
            flush=True,
        )
        print("想看钉钉手机：visitbot demo --dingtalk", flush=True)
    print("按 Ctrl+C 结束。", flush=True)
    if not args.no_browser and _has_display():
        webbrowser.open(address)


def _has_display() -> bool:
    return sys.platform in {"darwin", "win32"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def _can_hear(engine: FasterWhisperEngine | OpenAiEngine) -> bool:
    """Whether there is a speech model; says so where there is none, and the visit is typed instead."""
    if isinstance(engine, OpenAiEngine):
        return True
    try:
        await engine.load(_show_progress)
    except EngineUnavailable as error:
        print(f"（没有可用的语音模型：{error.hint or error}。演示改用打字。）", flush=True)
        return False
    return True


def _show_progress(progress: Progress) -> None:
    total = f" / {progress.total_bytes // 1_000_000} MB" if progress.total_bytes else ""
    print(f"\r正在下载语音模型 {progress.file}：{progress.done_bytes // 1_000_000}{total}  ", end="", flush=True)


async def _begin(conversation: Conversation, *, can_hear: bool) -> None:
    await (conversation.sample_visit() if can_hear else conversation.typed_visit())


async def _play(conversation: Conversation, *, can_hear: bool, heard_twice: bool = False) -> None:
    """The whole visit: told, corrected where two have heard it, confirmed, its risk explained, escalated, taken on."""
    await _begin(conversation, can_hear=can_hear)
    draft = await conversation.card(REP, "拜访记录", VOICE_WITHIN_S)
    if heard_twice and can_hear:
        draft = await conversation.card(REP, "拜访记录", VOICE_WITHIN_S, saying="录音里是")
    await conversation.press(REP, draft, actions.ConfirmVisit)
    await conversation.card(REP, "风险三问", CLICK_WITHIN_S)
    await conversation.answers()
    await conversation.card(REP, "待办", CLICK_WITHIN_S)
    await conversation.text(REP, "已入库", CLICK_WITHIN_S)
    risk = await conversation.card(MANAGER, "风险上报", CLICK_WITHIN_S)
    await conversation.press(MANAGER, risk, actions.TakeEscalation)
    await conversation.text(REP, "已接手", CLICK_WITHIN_S)
    print("演示完成：语音成了记录，待办已建，风险已上报并有人接手。", flush=True)
