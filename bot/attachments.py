"""Which kind of message a file becomes on its way to a person, and under what name.

By its bytes and the platform's limits alone: as what it came, else as a plain file, else not at all. Nothing is
converted, so what arrives is what was kept.
"""

import re
from collections.abc import Collection, Iterator, Mapping

from bot.plain import clean_line, shorten_middle
from bot.platform import Attachment, FileLimit, MediaFile
from handlers.handing import WhyNot
from handlers.messages import FileSort, OutboundFile
from nlp import audio, images
from nlp.errors import NlpError

MOST_NAME = 100
"""Characters of a file's name."""
LONGEST_S = 30 * 60.0
"""A recording is not measured any further."""
_ENDING = re.compile(r"\.([0-9A-Za-z]{1,5})$")
_UNFIT = re.compile(r'["\\/:*?<>|\u200b\u200e\u200f]+')
"""What ends a name in a header, leads into another folder, is refused by a phone or a computer, or cannot be seen."""
_ENDINGS = {"jpeg": "jpg", "amr-wb": "awb"}
_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "amr": "audio/amr",
    "mp4": "video/mp4",
}


def too_big(size_bytes: int, limits: Mapping[FileSort, FileLimit]) -> bool:
    """Whether it can be no message of any kind."""
    return all(size_bytes > limit.max_bytes for limit in limits.values())


def prepared(
    wanted: OutboundFile, data: bytes, limits: Mapping[FileSort, FileLimit], *, refused: Collection[FileSort] = ()
) -> Attachment | WhyNot:
    """The form to send it in, but none of those `refused` before; why there is none. Blocks while sound is measured."""
    told = _format(data, wanted.sort)
    form = told[1] if told is not None else "pdf" if data.startswith(b"%PDF-") else None
    name = _named(wanted.name, form)
    why: WhyNot | None = "refused" if refused else None
    for sort in _sorts(wanted.sort, told[0] if told else None):
        limit = limits.get(sort)
        if limit is None or sort in refused:
            continue
        if len(data) > limit.max_bytes:
            why = why or "size"
            continue
        duration_ms = _duration_ms(data, limit) if sort == "voice" else None
        if not _is_taken(limit, sort, told, name) or (sort == "voice" and duration_ms is None):
            why = why or "format"
            continue
        shown = name if sort == "file" else _named(wanted.name, form, must_fit=True)
        return Attachment(sort, MediaFile(data, _TYPES.get(form or "", ""), shown), duration_ms)
    return why or "format"


def _is_taken(limit: FileLimit, sort: FileSort, told: tuple[FileSort, str] | None, name: str) -> bool:
    if sort == "file":
        found = _ENDING.search(name)
        return limit.formats is None or (found is not None and found[1].lower() in limit.formats)
    return told is not None and told[0] == sort and (limit.formats is None or told[1] in limit.formats)


def _sorts(came_as: FileSort, told: FileSort | None) -> Iterator[FileSort]:
    """A photo that came as a file goes as one, and as a photo where the platform takes no such files."""
    yield came_as
    if came_as != "file":
        yield "file"
    elif told is not None:
        yield told


def _format(data: bytes, came_as: FileSort) -> tuple[FileSort, str] | None:
    """What the bytes are; None for what is no picture, sound or film that we know."""
    if (picture := images.sniff(data)) is not None:
        return "image", picture
    sound = audio.sniff(data)
    if sound != "mov":
        return ("voice", sound) if sound is not None else None
    # one container for both, and for QuickTime's own films, which are no MP4
    brand = data[8:12]
    if brand.startswith(b"M4A") or came_as == "voice":
        return "voice", "m4a"
    return "video", "mov" if brand.startswith(b"qt") else "mp4"


def _duration_ms(data: bytes, limit: FileLimit) -> int | None:
    """None for what is longer than the limit, or cannot be heard: a phone could do no more with it than we can."""
    try:
        return round(audio.decode(data, max_duration_s=limit.max_s or LONGEST_S).duration_s * 1000)
    except NlpError:
        return None


def _named(name: str, form: str | None, *, must_fit: bool = False) -> str:
    """The name as people may be shown it: one line, no path, nothing unseen; with an ending where one is known.

    `must_fit`: the ending is to say what the file is, since platforms go by it.
    """
    whole = _UNFIT.sub("_", clean_line(name)).strip(" .") or "file"
    found = _ENDING.search(whole)
    ending = found[0] if found else ""
    if form is not None and (not ending or (must_fit and ending[1:].lower() not in (form, _ENDINGS.get(form)))):
        whole, ending = whole.removesuffix(ending), f".{_ENDINGS.get(form, form)}"
    return shorten_middle(whole.removesuffix(ending), MOST_NAME - len(ending)) + ending
