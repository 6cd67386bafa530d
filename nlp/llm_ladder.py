"""Three ways to ask an endpoint for JSON, from the strictest down, and which of them each endpoint takes.

DeepSeek answers `json_schema` with HTTP 400; DeepSeek and Qwen want the word JSON in the prompt of `json_object`; small servers know
neither. So: json_schema → json_object with the schema in the prompt → plain text with a fenced block. What an endpoint
took is remembered for a day; then the next level up is tried again, for servers learn.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Level = Literal["json_schema", "json_object", "text"]
LEVELS: tuple[Level, ...] = ("json_schema", "json_object", "text")
STEP_DOWN = frozenset({400, 404, 415, 422})
"""What servers answer to a response_format that they do not know. All of it may mean another fault: the last level tells."""
REMEMBERED = timedelta(days=1)


@dataclass
class Ladder:
    """In memory: a new process asks once too often, and that costs one refused request."""

    _taken: dict[tuple[str, str], tuple[Level, datetime]] = field(default_factory=dict)

    def levels(self, endpoint: str, model: str, now: datetime) -> Iterator[Level]:
        """The levels to try, one after the other, until the endpoint takes one."""
        start = 0
        if known := self._taken.get((endpoint, model)):
            level, since = known
            start = LEVELS.index(level) - (now - since >= REMEMBERED)
        yield from LEVELS[max(0, start) :]

    def took(self, endpoint: str, model: str, level: Level, now: datetime) -> None:
        known = self._taken.get((endpoint, model))
        if known is None or known[0] != level or now - known[1] >= REMEMBERED:
            self._taken[endpoint, model] = (level, now)
