"""`visitbot try audio FILE…`: what is said in audio files, one JSON object each, in order. Needs no configuration."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.commands import CommandFailed
from bot.config import Speech
from nlp.errors import EngineUnavailable, NlpError
from nlp.speech import SpeechListener
from nlp.speech_models import MODELS, Progress
from nlp.transcript import Transcript
from nlp.whisper import FasterWhisperEngine

HOT_WORD_MARKS = str.maketrans("，,", "、、")
DEFAULTS = Speech()


class Line(BaseModel):
    model_config = ConfigDict(extra="ignore")
    file: str


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "audio",
        help="what is said in audio files, as JSON",
        description="Transcribe voice notes as the assistant does: one JSON object a file, on standard output.",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="amr, silk, ogg, m4a, mp3, wav, flac or webm")
    parser.add_argument("--jsonl", action="store_true", help='read {"file": …} lines from standard input as well')
    parser.add_argument(
        "--model", default=DEFAULTS.model, help=f"auto (default), {', '.join(MODELS)}, or a folder with a model"
    )
    parser.add_argument(
        "--hub", default=DEFAULTS.hub, help="where to download from: empty for Hugging Face, modelscope, or a mirror"
    )
    parser.add_argument(
        "--models-dir",
        type=Path,
        default=DEFAULTS.models_dir,
        metavar="DIR",
        help="where models are kept (default: %(default)s)",
    )
    parser.add_argument("--hot-words", default="", metavar="A、B", help="names to expect, at most twelve")


def main(args: argparse.Namespace) -> int:
    if not args.files and not args.jsonl:
        raise CommandFailed("name at least one file, or give --jsonl and names on standard input")
    return asyncio.run(_try(args))


async def _try(args: argparse.Namespace) -> int:
    engine = FasterWhisperEngine(args.model, hub=args.hub, models_dir=args.models_dir)
    listener = SpeechListener(engine, max_duration_s=DEFAULTS.max_duration_s)
    hot_words = tuple(args.hot_words.translate(HOT_WORD_MARKS).split("、"))
    try:
        await _load(engine)
        for name in names(args.files, sys.stdin if args.jsonl else ()):
            print(json.dumps(await result(listener, name, hot_words), ensure_ascii=False), flush=True)
    finally:
        await engine.close()
    return 0


async def _load(engine: FasterWhisperEngine) -> None:
    try:
        await engine.load(_shown(sys.stderr.write))
    except EngineUnavailable as error:
        raise CommandFailed(error.hint or str(error)) from error


def _shown(write: Callable[[str], Any]) -> Callable[[Progress], None]:
    def show(progress: Progress) -> None:
        total = f" / {progress.total_bytes / 1e6:.0f}" if progress.total_bytes else ""
        write(f"正在下载语音模型 {progress.file}: {progress.done_bytes / 1e6:.0f}{total} MB\n")

    return show


def names(files: Iterable[str], lines: Iterable[str]) -> Iterator[str]:
    """The files named, then those of the JSON lines, each as soon as its line is there. Raises CommandFailed."""
    yield from files
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield Line.model_validate_json(line).file
            except ValidationError as error:
                raise CommandFailed(f'line {number}: not {{"file": …}}') from error


async def result(listener: SpeechListener, name: str, hot_words: tuple[str, ...]) -> dict[str, Any]:
    """What `try audio` prints for one file."""
    try:
        transcript = await listener.listen(Path(name).read_bytes(), hot_words=hot_words)  # noqa: ASYNC240  # a tool
    except OSError as error:
        return {"file": name, "error": error.strerror or type(error).__name__}
    except EngineUnavailable as error:
        return {"file": name, "error": error.hint or str(error)}
    except NlpError as error:
        return {"file": name, "error": f"{type(error).__name__}: {error}"}
    return {"file": name, **_as_json(transcript)}


def _as_json(transcript: Transcript) -> dict[str, Any]:
    return {
        "text": transcript.text,
        "segments": [
            {"start_s": segment.start_s, "end_s": segment.end_s, "text": segment.text}
            for segment in transcript.segments
        ],
        "duration_s": transcript.duration_s,
        "engine": transcript.engine,
        "warnings": list(transcript.warnings),
    }
