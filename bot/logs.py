"""Log lines: a moment, a level, an event's name and its fields. What people said never stands in one."""

import json
import logging
import sys
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
LIBRARIES = ("aiohttp", "alembic", "sqlalchemy", "httpx", "openai", "faster_whisper", "asyncio")


class EventFormatter(logging.Formatter):
    """One line each, `2026-11-22T09:30:01Z INFO inbox.kept platform=wecom event_id=73…`; then a traceback, if any."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        trace = fields.pop("traceback", "")
        words = [f"{at:%Y-%m-%dT%H:%M:%SZ}", record.levelname, record.getMessage()]
        words += [f"{name}={_plain(value)}" for name, value in fields.items()]
        line = " ".join(words)
        if record.exc_info:
            trace = self.formatException(record.exc_info)
        return f"{line}\n{trace}" if trace else line


def _plain(value: object) -> str:
    text = str(value)
    return text if text.isprintable() and " " not in text and text else json.dumps(text, ensure_ascii=False)


def set_up(level: int = logging.INFO) -> None:
    """Our events from `level` up to standard error; from libraries only warnings: they may quote addresses and bodies.

    Events are made whatever `level` is, for the playground's page shows them too.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(EventFormatter())
    handler.setLevel(level)
    logging.basicConfig(level=min(level, logging.INFO), handlers=[handler], force=True)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
