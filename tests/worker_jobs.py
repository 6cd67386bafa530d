"""What runs in the workers of test_ocr_worker.py; little is imported here, since each of them imports it."""

import os
import signal
from pathlib import Path

from nlp.errors import AudioTooLong, DamagedImage, EngineUnavailable, ReadingTooLong


def do(picture: bytes, hint: str) -> str:
    """`hint` says what happens to the picture."""
    match hint:
        case "pid":
            return str(os.getpid())
        case "hang":
            Path(picture.decode()).touch()
            signal.pause()
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "print":
            print("to standard output", flush=True)
            os.write(1, b"past Python's own buffer")
        case "unavailable":
            raise EngineUnavailable("no model", "请安装")
        case "damaged":
            raise DamagedImage("图片不完整")
        case "too long":
            raise AudioTooLong(90.0, 60.0)
        case "limit":
            raise ReadingTooLong(5.0)
        case "greedy":
            return str(len(bytearray(10_000_000_000)))
        case "fault":
            raise KeyError(picture.decode())
        case "unpicklable":
            return lambda: ""  # type: ignore[return-value]
    return f"{hint} {len(picture)}"
