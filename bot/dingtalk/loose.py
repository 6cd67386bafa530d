"""Reading DingTalk's JSON: a field is a number on one page and digits on the next, an object or one in a string."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.http import json_object
from handlers.messages import JsonObject

_LATEST_MS = 10**14
"""Beyond the year 5000; `datetime` ends in 9999."""


def an_object(value: object) -> JsonObject:
    """The object, also where it is written into a string; {} where it is anything else."""
    if isinstance(value, str):
        return json_object(value) or {}
    return value if isinstance(value, dict) else {}


def a_string(data: Mapping[str, object], name: str) -> str:
    """ "" where it is missing or no string."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def a_number(value: object) -> int | None:
    """A whole number, also where it is digits in a string; None for anything else."""
    if isinstance(value, float) and math.isfinite(value):
        return round(value)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def a_moment(value: object) -> datetime | None:
    """Of milliseconds since 1970; None where that is no moment."""
    ms = a_number(value)
    if ms is None or not 0 < ms < _LATEST_MS:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC)


def ms_of(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def digest(data: JsonObject) -> str:
    """The same for equal objects, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
