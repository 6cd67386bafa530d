import asyncio
import importlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from nlp.errors import AudioTooLong, DamagedImage, EngineUnavailable, NlpError, ReadingTooLong
from nlp.ocr_worker import PictureWorker, Timer, WorkerFault, resident_mb
from tests.worker_jobs import do

ROOT = Path(__file__).parent.parent


@dataclass(eq=False)
class Alarm:
    """Rings when the test says so."""

    ring: Callable[[], None]
    after_s: float
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Alarms:
    set_: list[Alarm] = field(default_factory=list)

    def later(self, after_s: float, ring: Callable[[], None]) -> Timer:
        self.set_.append(Alarm(ring, after_s))
        return self.set_[-1]

    @property
    def waiting(self) -> list[Alarm]:
        return [alarm for alarm in self.set_ if not alarm.cancelled]


@pytest.fixture
def alarms() -> Alarms:
    return Alarms()


@pytest.fixture
async def worker(alarms: Alarms) -> AsyncIterator[PictureWorker[str, str]]:
    worker = PictureWorker(do, later=alarms.later)
    yield worker
    await worker.close()


async def is_gone(pid: int) -> None:
    """Returns when no such process runs any more; the suite's own limit is the end of patience."""
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)


async def appears(sign: Path) -> None:
    while not sign.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
        await asyncio.sleep(0.01)


async def hanging(worker: PictureWorker[str, str], sign: Path) -> "asyncio.Task[str]":
    """A job that is known to be running, and does not end."""
    job = asyncio.create_task(worker.run(str(sign).encode(), "hang"))
    await appears(sign)
    return job


# The worker's life


async def test_the_worker_runs_the_function_and_stays_for_the_next_picture(worker: PictureWorker[str, str]) -> None:
    first, second = await worker.run(b"", "pid"), await worker.run(b"", "pid")

    assert first == second == str(worker.pid)
    assert int(first) != os.getpid()
    assert await worker.run(b"12345", "length") == "length 5"


async def test_a_picture_of_many_megabytes_reaches_the_worker_whole(worker: PictureWorker[str, str]) -> None:
    assert await worker.run(bytes(20_000_000), "length") == "length 20000000"


async def test_pictures_are_read_one_after_the_other_in_the_order_they_came(worker: PictureWorker[str, str]) -> None:
    finished: list[str] = []
    jobs = [asyncio.create_task(worker.run(b"", str(i))) for i in range(4)]
    for job in jobs:
        job.add_done_callback(lambda done: finished.append(done.result()))
    await asyncio.sleep(0)
    assert worker.waiting == 3
    await asyncio.gather(*jobs)

    assert finished == ["0 0", "1 0", "2 0", "3 0"]
    assert worker.waiting == 0


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        ("unavailable", EngineUnavailable("no model", "请安装")),
        ("damaged", DamagedImage("图片不完整")),
        ("too long", AudioTooLong(90.0, 60.0)),
        ("limit", ReadingTooLong(5.0)),
    ],
)
async def test_an_error_of_ours_arrives_as_it_was_raised(
    worker: PictureWorker[str, str], hint: str, expected: NlpError
) -> None:
    with pytest.raises(NlpError) as caught:
        await worker.run(b"", hint)

    assert type(caught.value) is type(expected)
    assert vars(caught.value) == vars(expected)
    assert str(caught.value) == str(expected)


async def test_an_error_of_ours_costs_no_new_process(worker: PictureWorker[str, str]) -> None:
    before = await worker.run(b"", "pid")
    with pytest.raises(DamagedImage):
        await worker.run(b"", "damaged")

    assert await worker.run(b"", "pid") == before


@pytest.mark.parametrize("hint", ["fault", "unpicklable"])
async def test_a_fault_of_the_function_tells_where_but_not_what_the_picture_said(
    worker: PictureWorker[str, str], hint: str
) -> None:
    with pytest.raises(WorkerFault) as caught:
        await worker.run(b"13800138000", hint)

    told = str(caught.value) + "".join(caught.value.__notes__)
    assert "ocr_worker.py" in told
    assert "13800138000" not in told
    assert await worker.run(b"", "next") == "next 0"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process allocates")
async def test_a_picture_that_needs_more_memory_than_there_is_says_so(worker: PictureWorker[str, str]) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        await worker.run(b"", "greedy")

    assert "内存" in caught.value.hint


async def test_what_a_library_prints_does_not_disturb_the_answers(worker: PictureWorker[str, str]) -> None:
    assert await worker.run(b"", "print") == "print 0"
    assert await worker.run(b"", "next") == "next 0"


async def test_a_worker_that_crashes_is_replaced(worker: PictureWorker[str, str]) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        await worker.run(b"", "crash")

    assert caught.value.hint
    assert await worker.run(b"", "next") == "next 0"


async def test_a_worker_killed_in_the_middle_of_a_picture_is_replaced(
    worker: PictureWorker[str, str], tmp_path: Path
) -> None:
    job = await hanging(worker, tmp_path / "sign")
    assert worker.pid
    os.kill(worker.pid, signal.SIGKILL)

    with pytest.raises(EngineUnavailable):
        await job
    assert await worker.run(b"", "next") == "next 0"


async def test_a_worker_killed_between_two_pictures_costs_neither(worker: PictureWorker[str, str]) -> None:
    pid = int(await worker.run(b"", "pid"))
    os.kill(pid, signal.SIGKILL)
    await is_gone(pid)
    await asyncio.sleep(0.1)  # until the loop has heard of it

    assert await worker.run(b"", "next") == "next 0"


async def test_a_picture_that_takes_too_long_is_given_up_and_its_process_killed(tmp_path: Path) -> None:
    worker = PictureWorker(do, limit_s=0.5)
    pid = int(await worker.run(b"", "pid"))

    with pytest.raises(ReadingTooLong) as caught:
        await worker.run(str(tmp_path / "sign").encode(), "hang")

    assert caught.value.limit_s == 0.5
    await is_gone(pid)
    assert int(await worker.run(b"", "pid")) != pid
    await worker.close()


async def test_a_cancelled_task_takes_its_process_along_and_the_next_picture_gets_its_own_answer(
    worker: PictureWorker[str, str], tmp_path: Path
) -> None:
    job = await hanging(worker, tmp_path / "sign")
    pid = worker.pid
    assert pid
    waiting = asyncio.create_task(worker.run(b"123", "waited"))
    await asyncio.sleep(0)
    job.cancel()

    with pytest.raises(asyncio.CancelledError):
        await job
    await is_gone(pid)
    assert await waiting == "waited 3"


async def test_a_task_cancelled_while_it_waits_leaves_the_running_one_alone(
    worker: PictureWorker[str, str],
) -> None:
    running = asyncio.create_task(worker.run(b"", "running"))
    waiting = asyncio.create_task(worker.run(b"", "waiting"))
    await asyncio.sleep(0)
    waiting.cancel()

    assert await running == "running 0"
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert worker.waiting == 0


async def test_a_task_cancelled_while_the_process_starts_leaves_a_usable_worker(
    worker: PictureWorker[str, str],
) -> None:
    for _ in range(3):
        job = asyncio.create_task(worker.run(b"", "early"))
        await asyncio.sleep(0.02)
        job.cancel()
        with suppress(asyncio.CancelledError):
            await job

    assert await worker.run(b"", "next") == "next 0"


async def test_an_idle_process_is_ended_and_started_again_when_needed(
    worker: PictureWorker[str, str], alarms: Alarms
) -> None:
    pid = int(await worker.run(b"", "pid"))
    [alarm] = alarms.waiting
    assert alarm.after_s == 600.0
    alarm.ring()

    assert worker.pid is None
    await is_gone(pid)
    assert int(await worker.run(b"", "pid")) != pid


async def test_no_process_is_ended_as_idle_while_it_reads(
    worker: PictureWorker[str, str], alarms: Alarms, tmp_path: Path
) -> None:
    await worker.run(b"", "first")
    job = await hanging(worker, tmp_path / "sign")

    assert alarms.waiting == []
    job.cancel()


async def test_after_so_many_pictures_a_fresh_process_goes_on() -> None:
    worker = PictureWorker(do, max_pictures=2)
    pids = [await worker.run(b"", "pid") for _ in range(5)]
    await worker.close()

    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]


@pytest.mark.skipif(resident_mb() is None, reason="the system does not tell what a process holds")
async def test_a_process_that_has_grown_too_large_is_replaced() -> None:
    worker = PictureWorker(do, max_memory_mb=1.0)
    pids = {await worker.run(b"", "pid") for _ in range(3)}
    await worker.close()

    assert len(pids) == 3


async def test_closing_ends_the_process_and_what_it_reads_and_what_waits(tmp_path: Path) -> None:
    worker = PictureWorker(do)
    running = await hanging(worker, tmp_path / "sign")
    waiting = asyncio.create_task(worker.run(b"", "waiting"))
    await asyncio.sleep(0)
    pid = worker.pid
    assert pid
    await worker.close()

    assert not psutil.pid_exists(pid)
    for job in (running, waiting):
        with pytest.raises(EngineUnavailable):
            await job
    with pytest.raises(EngineUnavailable):
        await worker.run(b"", "later")


async def test_closing_twice_or_before_anything_was_read_is_harmless() -> None:
    worker = PictureWorker(do)
    await worker.close()
    await worker.close()


async def test_ctrl_c_and_a_polite_end_are_left_to_the_bot(worker: PictureWorker[str, str]) -> None:
    pid = int(await worker.run(b"", "pid"))
    for sent in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, sent)

    assert int(await worker.run(b"", "pid")) == pid
    assert os.getsid(pid) != os.getsid(0)


async def test_a_function_that_cannot_be_imported_in_the_worker_is_no_mystery(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = tmp_path / "gone_tomorrow.py"
    module.write_text("def read(picture, hint): ...")
    monkeypatch.syspath_prepend(tmp_path)
    worker = PictureWorker[str, str](importlib.import_module("gone_tomorrow").read)
    module.unlink()
    shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)

    with pytest.raises(EngineUnavailable, match="ModuleNotFoundError"):
        await worker.run(b"", "pid")
    await worker.close()


def test_a_function_of_the_main_script_is_refused_at_once() -> None:
    def read(_picture: bytes, _hint: str) -> str:
        return ""

    read.__module__ = "__main__"
    with pytest.raises(ValueError, match="__main__"):
        PictureWorker(read)


BOT = """
import asyncio, sys
from nlp.ocr_worker import PictureWorker
from tests.worker_jobs import do

async def main():
    worker = PictureWorker(do)
    print(await worker.run(b"", "pid"), flush=True)
    await worker.run(sys.argv[1].encode(), "hang")

asyncio.run(main())
"""


async def test_a_killed_bot_leaves_no_worker_behind(tmp_path: Path) -> None:
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BOT, str(tmp_path / "sign"), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert bot.stdout
    pid = int(await bot.stdout.readline())
    await appears(tmp_path / "sign")
    bot.kill()

    await is_gone(pid)
    await bot.communicate()
