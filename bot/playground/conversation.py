"""What the phones show: every message said and answered, in memory and in a journal that survives a restart."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from bot.playground.media import sync_folder
from handlers.messages import Content, File, Frozen, Image, OutboundCard, OutboundText, Video, Voice


class Said(Frozen):
    """What a person sent. `entry_id` is the event's id, so that a repeated request shows one bubble."""

    side: Literal["person"] = "person"
    entry_id: str
    user_id: str
    order: int
    at: AwareDatetime
    content: Content


class Answered(Frozen):
    """What the bot sent. `keys` are the deliveries that made it what it is: its own, then those that closed it."""

    side: Literal["bot"] = "bot"
    entry_id: str
    user_id: str
    order: int
    at: AwareDatetime
    content: Annotated[OutboundText | OutboundCard | Image | Voice | Video | File, Field(discriminator="kind")]
    closing: str | None = None
    keys: tuple[str, ...] = ()


Entry = Annotated[Said | Answered, Field(discriminator="side")]
ENTRY: TypeAdapter[Said | Answered] = TypeAdapter(Entry)


class Conversations:
    """One line of JSON an entry; a later line with the same `entry_id` replaces the earlier one."""

    def __init__(self, journal: Path, changed: Callable[[Said | Answered], None]) -> None:
        self._journal = journal
        self._changed = changed
        self._entries: dict[str, Said | Answered] = {}
        self._delivered: set[str] = set()
        self._writing = asyncio.Lock()
        self._next_order = 1
        self._load()

    def of(self, user_id: str) -> list[Said | Answered]:
        """This person's conversation as it stands, oldest first."""
        return sorted((e for e in self._entries.values() if e.user_id == user_id), key=lambda entry: entry.order)

    def take_order(self) -> int:
        """A place in the conversation, taken before something slow, so that an answer cannot overtake its question."""
        self._next_order += 1
        return self._next_order - 1

    async def add(self, entry: Said | Answered) -> bool:
        """Write it down, then show it; False when this entry or this delivery is already there."""
        async with self._writing:
            keys = set(entry.keys) if isinstance(entry, Answered) else set()
            if entry.entry_id in self._entries or keys & self._delivered:
                return False
            await self._write(entry)
            return True

    async def close(self, user_id: str, card_id: str, *, closing: str, key: str) -> bool:
        """Close this person's newest card of that id; False when there is none. A repeated `key` changes nothing."""
        async with self._writing:
            if key in self._delivered:
                return True
            cards = [e for e in self.of(user_id) if isinstance(e, Answered) and _is_card(e, card_id)]
            if not cards:
                return False
            await self._write(cards[-1].model_copy(update={"closing": closing, "keys": (*cards[-1].keys, key)}))
            return True

    async def _write(self, entry: Said | Answered) -> None:
        await asyncio.to_thread(self._append, entry.model_dump_json().encode() + b"\n")
        self._remember(entry)
        self._changed(entry)

    def _append(self, line: bytes) -> None:
        new = not self._journal.exists()
        with self._journal.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        if new:
            sync_folder(self._journal.parent)

    def _remember(self, entry: Said | Answered) -> None:
        self._entries[entry.entry_id] = entry
        self._next_order = max(self._next_order, entry.order + 1)
        if isinstance(entry, Answered):
            self._delivered.update(entry.keys)

    def _load(self) -> None:
        self._journal.parent.mkdir(parents=True, exist_ok=True)
        if not self._journal.exists():
            return
        data = self._journal.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            # A kill in mid-write leaves half a line; what is appended next must start on a line of its own.
            os.truncate(self._journal, len(whole))
        for line in whole.splitlines():
            try:
                self._remember(ENTRY.validate_json(line))
            except ValidationError:
                continue  # written by another version: this bubble is not shown any more, nothing else depends on it


def _is_card(entry: Answered, card_id: str) -> bool:
    return isinstance(entry.content, OutboundCard) and entry.content.card_id == card_id
