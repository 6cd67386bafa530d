"""`visitbot try screenshot FILE…`: what pictures say, one JSON object each, in order. Needs no configuration."""

import argparse
import asyncio
import json
from datetime import datetime
from pathlib import Path

from pydantic import JsonValue

from bot import wiring
from bot.commands import CommandFailed, trial
from bot.config import Config
from handlers import pictures
from nlp.errors import EngineUnavailable, NlpError
from nlp.screens import BusinessCard, Message, ReadHint, ScreenReader, ScreenReading, Table
from storage.clock import SystemClock


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "screenshot",
        help="what pictures of chats, quotations and business cards say, as JSON",
        description="Read pictures as the assistant does: one JSON object a file, on standard output.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="png, jpg, webp, gif, bmp or heic")
    parser.add_argument(
        "--sent-at", type=datetime.fromisoformat, metavar="MOMENT", help="when it was sent, ISO 8601 (default: now)"
    )


def main(args: argparse.Namespace) -> int:
    reader = wiring.screen_reader(Config(), SystemClock())
    if reader is None:
        raise CommandFailed("no engine for pictures is installed: pip install 'visitbot[ocr]'")
    return asyncio.run(_try(reader, args.files, ReadHint(trial.moment(args.sent_at), trial.ZONE)))


async def _try(reader: ScreenReader, files: list[str], hint: ReadHint) -> int:
    try:
        for name in files:
            print(json.dumps(await result(reader, name, hint), ensure_ascii=False), flush=True)
    finally:
        await reader.close()
    return trial.DONE


async def result(reader: ScreenReader, name: str, hint: ReadHint) -> dict[str, JsonValue]:
    """What `try screenshot` prints for one file."""
    try:
        seen = await reader.read(Path(name).read_bytes(), hint)  # noqa: ASYNC240  # a tool
    except OSError as error:
        return {"file": name, "error": error.strerror or type(error).__name__}
    except EngineUnavailable as error:
        return {"file": name, "error": error.hint or str(error)}
    except NlpError as error:
        return {"file": name, "error": f"{type(error).__name__}: {error}", "answer": pictures.excuse(error)}
    return {"file": name, **as_json(seen.reading)}


def as_json(reading: ScreenReading) -> dict[str, JsonValue]:
    """Every key is there, whatever the kind; empty ones are null or []."""
    return {
        "kind": reading.kind,
        "title": reading.title,
        "messages": [_message(message) for message in reading.messages],
        "rows": _rows(reading.table),
        "fields": _fields(reading.card, reading.table),
        "text": reading.plain_text,
        "needs_review": reading.needs_review,
        "warnings": list(reading.warnings),
        "engine": reading.engine,
    }


def _message(message: Message) -> JsonValue:
    return {
        "speaker": message.speaker,
        "kind": message.kind,
        "text": message.text,
        "nick": message.nick,
        "sent_at": message.sent_at.isoformat() if message.sent_at else None,
        "truncated": message.truncated,
    }


def _rows(table: Table | None) -> JsonValue:
    if table is None:
        return []
    return [list(cells) for cells in (table.header, *(item.cells for item in table.items))]


def _fields(card: BusinessCard | None, table: Table | None) -> JsonValue:
    if card is not None:
        return {
            "name": card.name,
            "title": card.title,
            "department": card.department,
            "company": card.company,
            "phones": list(card.phones),
            "email": card.email,
            "address": card.address,
        }
    return None if table is None else {"total": table.total, "remarks": list(table.remarks)}
