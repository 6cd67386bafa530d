"""Cards as numbered text: which answers they offer."""

import re
from collections.abc import Sequence

from tests.contract.phones import Seen

_CHOICE = re.compile(r"^(\d{1,2}) (\S.*?)\s*$", re.MULTILINE)
_INVITATION = "回复数字操作："


def numbered_lines(text: str) -> tuple[str, ...]:
    """What a text offers to answer by number, in order."""
    _, invitation, offers = text.partition(_INVITATION)
    return tuple(match[2] for match in _CHOICE.finditer(offers)) if invitation else ()


def number_of(choice: str, seen: Sequence[Seen]) -> str:
    """The number to answer with, on the newest message that offers it."""
    offers = next(one.buttons for one in reversed(seen) if any(choice in text for text in one.buttons))
    return str(next(place for place, text in enumerate(offers, start=1) if choice in text))
