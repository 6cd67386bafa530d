"""Pictures are read in a process of their own, one at a time, which can be killed.

Reading is slow native code on hostile bytes: it may hang, crash, or take a gigabyte, and a thread can be neither
stopped nor made to give its memory back. The process is a plain subprocess of the event loop that talks over its two
pipes: each message is a length and a pickle. Of the two ways considered, `multiprocessing` (spawn) would import the
bot's own `__main__` into the worker, start a third process to track resources and need a thread to wait on its pipe;
an asyncio subprocess is waited for, timed and cancelled like anything else in the loop.

The worker unpickles what the bot sends and the bot what its own worker sends; no byte from outside is ever unpickled.
"""

import asyncio
import json
import os
import pickle
import queue
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Generic, Protocol, TypeVar

from nlp.errors import EngineUnavailable, NlpError, ReadingTooLong

LIMIT_S = 60.0
IDLE_S = 600.0
START_LIMIT_S = 60.0
"""Until the worker has imported what it is to run; half a second on an idle machine."""
MAX_PICTURES = 200
"""Then a fresh process: what leaks in native code leaks slowly."""
MAX_MEMORY_MB = 700.0
"""Held after a picture. With PP-OCRv6 small 50 screenshots leave 0.5 GB, reached after a few and not growing."""
MOST_BYTES = 3_000_000_000
"""Allocated while a picture is read. The worst that was made for it, 45 lines of 330 letters, took 1.4 GB."""
MEMORY_HINT = "图片识别进程异常退出，可能是内存不足"

Hint = TypeVar("Hint")
Result = TypeVar("Result")
_LENGTH = struct.Struct(">Q")


class Timer(Protocol):
    def cancel(self) -> None: ...


Later = Callable[[float, Callable[[], None]], Timer]
"""Calls something once, so many seconds from now: `loop.call_later`, or a test's own clock."""


@dataclass(frozen=True)
class Ready:
    pass


@dataclass(frozen=True)
class Done:
    """`memory_mb` is what the worker holds after the job; None where the system does not say."""

    result: Any
    memory_mb: float | None


@dataclass(frozen=True)
class Refused:
    """An error of nlp.errors. Pickle would call its class with the sentence it shows, which few of them take."""

    error: type[NlpError]
    args: tuple[Any, ...]
    attributes: dict[str, Any]
    memory_mb: float | None

    @classmethod
    def of(cls, error: NlpError) -> "Refused":
        return cls(type(error), error.args, vars(error), resident_mb())

    def restored(self) -> NlpError:
        error = self.error.__new__(self.error, *self.args)
        error.args = self.args
        vars(error).update(self.attributes)
        return error


@dataclass(frozen=True)
class Failed:
    """A fault of ours: its kind and where it happened, not its words, which may quote the picture."""

    kind: str
    where: str


class WorkerFault(Exception):
    """What was run in the worker raised something that it does not promise; its own traceback is attached as a note."""


class PictureWorker(Generic[Hint, Result]):
    """Runs one function, (bytes, hint) -> result, in a process that is started when needed and ended when idle.

    `read` must be found by its module and name, since the worker imports it: no lambda, no method, not in `__main__`.
    """

    def __init__(
        self,
        read: Callable[[bytes, Hint], Result],
        *,
        limit_s: float = LIMIT_S,
        idle_s: float = IDLE_S,
        max_pictures: int = MAX_PICTURES,
        max_memory_mb: float = MAX_MEMORY_MB,
        later: Later | None = None,
    ) -> None:
        if read.__module__ == "__main__":
            raise ValueError("the worker cannot import a function from __main__")
        self._read = pickle.dumps(read)
        self._limit_s = limit_s
        self._idle_s = idle_s
        self._max_pictures = max_pictures
        self._max_memory_mb = max_memory_mb
        self._later = later
        self._turn = asyncio.Lock()
        self._process: _Process | None = None
        self._pictures = 0
        self._idle: Timer | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._accepted = 0
        self._closed = False

    @property
    def waiting(self) -> int:
        """Pictures that wait for the one that is being read."""
        return max(0, self._accepted - 1)

    @property
    def pid(self) -> int | None:
        """The worker's process id, for a look at its memory; None while there is none."""
        return self._process.pid if self._process else None

    async def run(self, picture: bytes, hint: Hint) -> Result:
        """What the function makes of the picture, after those that came before it.

        Raises the errors of nlp.errors that the function raises; ReadingTooLong after `limit_s` of its own turn;
        EngineUnavailable where the process cannot be started or ends by itself; WorkerFault for any other error in it.
        After each of these, and after a cancelled task, the next picture is read as if nothing had happened.
        """
        self._accepted += 1
        try:
            async with self._turn:
                return await self._one(picture, hint)
        finally:
            self._accepted -= 1

    async def close(self) -> None:
        """End the process, and with EngineUnavailable what is being read or waits; returns when it is gone."""
        self._closed = True
        if self._process is not None:
            self._process.kill()
        async with self._turn:
            self._end()
        await asyncio.gather(*self._ending)

    async def _one(self, picture: bytes, hint: Hint) -> Result:
        self._keep_busy()
        try:
            process = await self._ready()
            answer = await self._asked(process, (picture, hint))
        except BaseException:
            # Also a cancelled task: whatever the worker is at, its answer must not be taken for the next picture's.
            self._end()
            raise
        match answer:
            case Done(result, memory_mb):
                self._keep(memory_mb)
                return result  # type: ignore[no-any-return]  # it comes from `read`, whose result this is
            case Refused(memory_mb=memory_mb):
                self._keep(memory_mb)
                raise answer.restored()
            case Failed(kind, where):
                self._end()
                fault = WorkerFault(f"{kind} while a picture was read")
                fault.add_note(where)
                raise fault
            case _:
                self._end()
                raise EngineUnavailable(f"the picture worker answered with {type(answer).__name__}")

    async def _ready(self) -> "_Process":
        if self._closed:
            raise EngineUnavailable("the picture worker is closed")
        if self._process is not None and self._process.is_gone:
            self._end()
        if self._process is None:
            started = await _Process.start()
            self._pictures = 0
            self._process = started
            if self._closed:
                raise EngineUnavailable("the picture worker is closed")
            try:
                async with asyncio.timeout(START_LIMIT_S):
                    hello = await started.ask(self._read)
            except TimeoutError as error:
                raise EngineUnavailable(f"the picture worker did not start within {START_LIMIT_S:.0f} s") from error
            if isinstance(hello, Failed):
                raise EngineUnavailable(f"the picture worker cannot import its function: {hello.kind}\n{hello.where}")
        return self._process

    async def _asked(self, process: "_Process", job: tuple[bytes, Hint]) -> Any:
        try:
            async with asyncio.timeout(self._limit_s):
                return await process.ask(pickle.dumps(job))
        except TimeoutError as error:
            raise ReadingTooLong(self._limit_s) from error

    def _keep_busy(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _keep(self, memory_mb: float | None) -> None:
        """Keep the process for the next picture, unless it has done its share or grown too large."""
        self._pictures += 1
        if self._pictures >= self._max_pictures or (memory_mb or 0.0) > self._max_memory_mb:
            self._end()
        else:
            later = self._later or asyncio.get_running_loop().call_later
            self._idle = later(self._idle_s, self._end)

    def _end(self) -> None:
        """Kill the process, without waiting for it to be gone."""
        self._keep_busy()
        if self._process is not None:
            ending = asyncio.get_running_loop().create_task(self._process.end())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            self._process = None


class _Process:
    """The bot's end of one worker process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._to, self._from = process.stdin, process.stdout

    @classmethod
    async def start(cls) -> "_Process":
        """Raises EngineUnavailable where the system lets no process start."""
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # nothing in the current folder may stand in for the standard library
                "-c",
                "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from nlp.ocr_worker import serve; serve()",
                json.dumps([entry or str(Path.cwd()) for entry in sys.path]),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                # Ctrl-C in a terminal reaches every process of the group; the bot decides when its worker ends.
                start_new_session=True,
            )
        except OSError as error:
            raise EngineUnavailable(
                f"no picture worker can be started: {error}", "服务器暂时无法启动图片识别进程"
            ) from error
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_gone(self) -> bool:
        return self._process.returncode is not None or self._from.at_eof()

    async def ask(self, message: bytes) -> Any:
        """Raises EngineUnavailable where the process ends instead of answering."""
        try:
            self._to.write(_LENGTH.pack(len(message)) + message)
            await self._to.drain()
            size = _LENGTH.unpack(await self._from.readexactly(_LENGTH.size))[0]
            return pickle.loads(await self._from.readexactly(size))  # noqa: S301 - our own worker's words
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            raise EngineUnavailable("the picture worker ended by itself", MEMORY_HINT) from error

    def kill(self) -> None:
        # As Process.kill does from Python 3.13: before, it looks for its end first, which asyncio then misses (gh-87744).
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """Kill it and wait until it is gone; nobody may be waiting for an answer any more."""
        self.kill()
        self._to.close()
        await self._process.wait()
        # Read to the end, the pipe closes itself; left alone, it would be closed by the garbage collector, with a warning.
        await self._from.read()


# What follows runs in the worker.


def serve() -> None:
    """Answer what comes in through standard input until it ends: the bot has closed it, or is gone."""
    for ignored in (signal.SIGINT, signal.SIGTERM):
        # Only the bot ends its worker, by SIGKILL or by going away: nothing prints a traceback over its farewell.
        signal.signal(ignored, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not stand between the answers
    _limit_memory()
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, jobs), daemon=True).start()
    try:
        read = pickle.loads(jobs.get())  # noqa: S301 - from the bot
    except (ImportError, AttributeError, pickle.UnpicklingError) as error:
        _send(answers, pickle.dumps(_fault(error)))
        return
    _send(answers, pickle.dumps(Ready()))
    while True:
        _send(answers, _outcome(read, jobs.get()))


def _listen(source: BinaryIO, jobs: queue.SimpleQueue[bytes]) -> None:
    """Beside the work, so that the end of the bot ends it at once, in the middle of a picture too."""
    while len(length := source.read(_LENGTH.size)) == _LENGTH.size:
        size = _LENGTH.unpack(length)[0]
        if len(message := source.read(size)) < size:
            break
        jobs.put(message)
    os._exit(0)


def _outcome(read: Callable[[bytes, Any], Any], job: bytes) -> bytes:
    """The pickled answer: Done, Refused or Failed."""
    try:
        picture, hint = pickle.loads(job)  # noqa: S301 - from the bot
        return pickle.dumps(Done(read(picture, hint), resident_mb()))
    except NlpError as error:
        return pickle.dumps(Refused.of(error))
    except MemoryError:
        return pickle.dumps(Refused.of(EngineUnavailable("not enough memory to read a picture", MEMORY_HINT)))
    except Exception as error:  # noqa: BLE001 - the bot raises it again, on its own side
        return pickle.dumps(_fault(error))


def _fault(error: BaseException) -> Failed:
    return Failed(type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))


def _send(answers: BinaryIO, message: bytes) -> None:
    answers.write(_LENGTH.pack(len(message)) + message)
    answers.flush()


def resident_mb(pid: int | None = None) -> float | None:
    """Memory that a process (this one by default) holds; None where /proc does not tell, as on macOS.

    What `resource` tells there is the peak, which the largest picture sets for good: no measure of what is held.
    """
    try:
        pages = int(Path(f"/proc/{pid or 'self'}/statm").read_text("ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def _limit_memory() -> None:
    """On Linux, fail before the machine does, and when its memory runs out nevertheless, be what the system ends."""
    if sys.platform == "linux":
        import resource

        # Not the address space: each thread's heap reserves 64 MB of that, which a machine with many cores adds up.
        most = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES if most < 0 else min(MOST_BYTES, most), most))
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000", "ascii")  # proc_pid_oom_score_adj(5)
