"""How fast WeCom's callbacks are acknowledged, each committed durably before its 200.

    python benchmarks/ack.py [--rounds 3] [--seconds 4] [--json FILE]

Three servers are measured in turn, in one run, by the same client, which is a process of its own and speaks HTTP over
kept connections on loopback:

- bare: an aiohttp handler that checks the signature and decrypts, and keeps nothing;
- ours: the real application, verified, decrypted and committed to SQLite (WAL, synchronous=FULL), without workers;
- ours, working: the same with workers and sender on, which answer every message to a stand-in for WeCom's API.

Prints a table and one line of JSON. Exits with 1 when any of 32 callers at once met an error, or when a message that
was acknowledged is not in the database.
"""

import argparse
import asyncio
import contextlib
import json
import math
import signal
import sqlite3
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from aiohttp import web

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot import wiring
from bot.callback_crypto import CallbackCrypto
from bot.config import Config, Storage, WeCom
from bot.wecom import payloads
from bot.wecom.adapter import WeComPlatform
from nlp.transcript import Transcript
from storage.clock import SystemClock

CORP_ID, AGENT_ID = "wwbenchmark00001", 1000002
TOKEN = "BenchmarkToken01"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
PATH = "/wecom/callback"
PEOPLE = 100
CONCURRENCIES = (1, 32)
MOST_CALLBACKS = {1: 1500, 32: 4000}
"""A round ends after these or after its time, whichever is first."""
WARM_UP = 50
ANSWER_WITHIN_S = 5.0
"""What WeCom waits for an answer; longer counts as an error."""
START_WITHIN_S = 60.0

BARE, OURS, WORKING = "bare", "ours", "ours, working"
SERVERS = (BARE, OURS, WORKING)


@dataclass
class Measured:
    """One round against one server."""

    callbacks: int = 0
    errors: int = 0
    took_s: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        return self.callbacks / self.took_s if self.took_s else 0.0

    def quantile_ms(self, share: float) -> float:
        """Nearest rank: the smallest latency that `share` of all do not exceed."""
        ordered = sorted(self.latencies_ms)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


@dataclass(frozen=True)
class Row:
    server: str
    concurrency: int
    per_s: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    callbacks: int
    errors: int


# The servers, each a process of its own


async def serve_bare() -> None:
    crypto = CallbackCrypto(TOKEN, AES_KEY, CORP_ID)

    async def receive(request: web.Request) -> web.Response:
        encrypted, query = payloads.read_envelope(await request.read()), request.query
        crypto.open(
            encrypted,
            signature=query.get("msg_signature", ""),
            timestamp=query.get("timestamp", ""),
            nonce=query.get("nonce", ""),
        )
        return web.Response()

    app = web.Application()
    app.router.add_post(PATH, receive)
    async with _listening(app) as port:
        await _until_told(port)


async def serve_ours(folder: Path, api_base: str, roles: Sequence[str]) -> None:
    wecom = WeCom(
        corp_id=CORP_ID, agent_id=AGENT_ID, secret="-", token=TOKEN, encoding_aes_key=AES_KEY, api_base=api_base
    )
    storage = Storage(database=f"sqlite:///{folder / 'ack.db'}", media_dir=folder / "media")
    config = Config(wecom=wecom, storage=storage)
    clock = SystemClock()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with wiring.assistant(
        config, clock=clock, listener=Deaf(), platforms=[WeComPlatform(wecom, clock=clock)], roles=roles
    ) as built:
        await wiring.run(built, stop=stop, host="127.0.0.1", port=0, on_ready=_say_port)


async def serve_api() -> None:
    """WeCom's API as far as it takes to answer texts."""

    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("gettoken"):
            return web.json_response({"errcode": 0, "access_token": "t", "expires_in": 7200})
        await request.read()
        return web.json_response({"errcode": 0, "msgid": "m"})

    app = web.Application()
    app.router.add_route("*", "/cgi-bin/{api:.+}", answer)
    async with _listening(app) as port:
        await _until_told(port)


class Deaf:
    """Only texts are sent here."""

    async def listen(self, audio: bytes, *, hot_words: tuple[str, ...] = ()) -> Transcript:
        raise AssertionError("nobody spoke")


@contextlib.asynccontextmanager
async def _listening(app: web.Application) -> AsyncIterator[int]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def _until_told(port: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    _say_port(port)
    await stop.wait()


def _say_port(port: int) -> None:
    print(port, flush=True)


# The client, a process of its own


async def call(port: int, concurrency: int, most: int, seconds: float, first_id: int) -> Measured:
    """Send up to `most` callbacks, for `seconds` at the longest, `concurrency` at a time."""
    # Sealed beforehand: what it costs to make them is not what is measured.
    waiting = iter(requests(most, first_id))
    measured = Measured()
    began = time.perf_counter()
    ends = began + seconds

    async def one_after_the_other() -> None:
        connection = Connection(port)
        for request in waiting:
            asked = time.perf_counter()
            if asked > ends:
                break
            measured.callbacks += 1
            measured.errors += not await connection.is_taken(request)
            measured.latencies_ms.append((time.perf_counter() - asked) * 1000)
        connection.close()

    await asyncio.gather(*(one_after_the_other() for _ in range(concurrency)))
    measured.took_s = time.perf_counter() - began
    return measured


class Connection:
    """Plain HTTP over one connection: a client library would cost as much as the server that is measured."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def is_taken(self, request: bytes) -> bool:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await self._ask(request) == 200
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
            self.close()
            return False

    async def _ask(self, request: bytes) -> int:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length or 0))
        return int(head[9:12])

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def requests(count: int, first_id: int) -> list[bytes]:
    crypto = CallbackCrypto(TOKEN, AES_KEY, CORP_ID)
    now = int(time.time())
    made = []
    for number in range(first_id, first_id + count):
        message = (
            f"<xml><ToUserName>{CORP_ID}</ToUserName><FromUserName>rep{number % PEOPLE}</FromUserName>"
            f"<CreateTime>{now}</CreateTime><MsgType>text</MsgType><Content><![CDATA[帮助]]></Content>"
            f"<MsgId>{number}</MsgId><AgentID>{AGENT_ID}</AgentID></xml>"
        )
        encrypted = crypto.seal(message.encode())
        body = f"<xml><ToUserName>{CORP_ID}</ToUserName><Encrypt>{encrypted}</Encrypt></xml>".encode()
        timestamp, nonce = str(now), str(number)
        query = urlencode(
            {"msg_signature": crypto.sign(timestamp, nonce, encrypted), "timestamp": timestamp, "nonce": nonce}
        )
        head = (
            f"POST {PATH}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


# The run


@contextlib.asynccontextmanager
async def _process(*arguments: str) -> AsyncIterator[int]:
    """One of the servers above; gives its port."""
    process = await asyncio.create_subprocess_exec(sys.executable, __file__, *arguments, stdout=PIPE)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_WITHIN_S):
            line = await process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(arguments)}: did not start")
        yield int(line)
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(5):
            await process.wait()
    except TimeoutError:
        # Its workers have minutes of answers left; what was acknowledged is committed.
        process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def _server(name: str, folder: Path, api_base: str) -> AsyncIterator[int]:
    folder = folder / name.replace(", ", "-")
    folder.mkdir()
    roles = "web,worker,sender" if name == WORKING else "web"
    arguments = ["--serve", "bare"] if name == BARE else ["--serve", roles, "--folder", str(folder), "--api", api_base]
    async with _process(*arguments) as port:
        yield port


async def _call(port: int, concurrency: int, most: int, seconds: float, first_id: int) -> Measured:
    numbers = map(str, (port, concurrency, most, seconds, first_id))
    process = await asyncio.create_subprocess_exec(sys.executable, __file__, "--call", *numbers, stdout=PIPE)
    out, _ = await process.communicate()
    if process.returncode:
        raise SystemExit("the client failed")
    return Measured(**json.loads(out))


async def measure(rounds: int, seconds: float) -> tuple[list[Row], list[str]]:
    """The servers take turns, so that what else the machine does meets all of them; complaints come second."""
    complaints: list[str] = []
    taken: dict[tuple[str, int], list[Measured]] = {}
    kept = dict.fromkeys(SERVERS, 0)
    next_id = 1
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="visitbot-ack-")))
        api_port = await stack.enter_async_context(_process("--serve", "api"))
        for number in range(rounds):
            for name in SERVERS:
                (folder / str(number)).mkdir(exist_ok=True)
                async with _server(name, folder / str(number), f"http://127.0.0.1:{api_port}") as port:
                    acknowledged = 0
                    for concurrency in (0, *CONCURRENCIES):
                        most = MOST_CALLBACKS.get(concurrency, WARM_UP)
                        measured = await _call(port, concurrency or 1, most, seconds, next_id)
                        next_id += most
                        acknowledged += measured.callbacks - measured.errors
                        if concurrency:
                            taken.setdefault((name, concurrency), []).append(measured)
                if name != BARE:
                    kept[name] = _kept(folder / str(number) / name.replace(", ", "-") / "ack.db")
                    if kept[name] < acknowledged:
                        complaints.append(f"{name}: {acknowledged} acknowledged, {kept[name]} in the database")
    rows = [_row(name, concurrency, runs) for (name, concurrency), runs in taken.items()]
    complaints += [f"{row.server}: {row.errors} errors at {row.concurrency} callers" for row in rows if row.errors]
    return sorted(rows, key=lambda row: (row.concurrency, SERVERS.index(row.server))), complaints


def _kept(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        [[count]] = connection.execute("SELECT count(*) FROM jobs WHERE queue = 'inbox'").fetchall()
    return int(count)


def _row(server: str, concurrency: int, runs: Sequence[Measured]) -> Row:
    return Row(
        server,
        concurrency,
        round(median(run.per_s for run in runs), 1),
        round(median(run.quantile_ms(0.5) for run in runs), 2),
        round(median(run.quantile_ms(0.99) for run in runs), 2),
        round(max(run.quantile_ms(1.0) for run in runs), 1),
        sum(run.callbacks for run in runs),
        sum(run.errors for run in runs),
    )


def report(rows: Sequence[Row]) -> dict[str, object]:
    """Prints the table; returns it with the ratios ours ÷ bare."""
    bare = {row.concurrency: row for row in rows if row.server == BARE}
    ratios = {}
    print(f"{'server':<15}{'callers':>8}{'acks/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'errors':>8}{'÷ bare':>8}")
    for row in rows:
        ratio = row.per_s / bare[row.concurrency].per_s
        ratios[f"{row.server} at {row.concurrency}"] = round(ratio, 3)
        print(
            f"{row.server:<15}{row.concurrency:>8}{row.per_s:>9.1f}{row.p50_ms:>9.2f}{row.p99_ms:>9.2f}"
            f"{row.max_ms:>9.1f}{row.errors:>8}{ratio:>8.2f}"
        )
    return {"rows": [asdict(row) for row in rows], "ratio_of_acks_per_s": ratios}


def main() -> int:
    parser = argparse.ArgumentParser(description="Acknowledged callbacks per second, beside a bare handler.")
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 21), metavar="1-20")
    parser.add_argument("--seconds", type=float, default=4.0, help="the longest that one measurement takes")
    parser.add_argument("--json", type=Path, help="also write the result here")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--api", help=argparse.SUPPRESS)
    parser.add_argument("--call", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.call:
        port, concurrency, most, seconds, first_id = given.call
        measured = asyncio.run(call(int(port), int(concurrency), int(most), float(seconds), int(first_id)))
        print(json.dumps(asdict(measured)))
        return 0
    if given.serve:
        servers = {"bare": serve_bare, "api": serve_api}
        server = servers.get(given.serve, lambda: serve_ours(given.folder, given.api, given.serve.split(",")))
        asyncio.run(server())
        return 0
    rows, complaints = asyncio.run(measure(given.rounds, min(given.seconds, 60.0)))
    result = json.dumps(report(rows) | {"complaints": complaints}, ensure_ascii=False)
    print(result)
    if given.json:
        given.json.write_text(result + "\n", "utf-8")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if any(row.errors and row.concurrency == 32 for row in rows) or complaints else 0


if __name__ == "__main__":
    sys.exit(main())
