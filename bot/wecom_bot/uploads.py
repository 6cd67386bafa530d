"""Files that go out over the long connection: in pieces, then sent by the id that the last answer gives (101463)."""

import base64
import hashlib
from collections.abc import Mapping

from bot.errors import PlatformError
from bot.http import MEGABYTE, string
from bot.platform import Attachment, FileLimit, Uploaded
from bot.wecom_bot.socket import LongConnection
from handlers.messages import FileSort, JsonObject

LIMITS: Mapping[FileSort, FileLimit] = {
    "image": FileLimit(10 * MEGABYTE, {"jpeg", "png"}),
    "voice": FileLimit(2 * MEGABYTE, {"amr"}, max_s=60.5),
    "video": FileLimit(10 * MEGABYTE, {"mp4"}),
    "file": FileLimit(20 * MEGABYTE),
}
"""Those of an app's uploads; what the AI bot's own are is not published apart."""
PER_MINUTE, PER_HOUR = 30, 1000
"""Uploads of one bot."""
PIECE_BYTES = 256 * 1024
"""WeCom takes 512 KB and a hundred pieces. A smaller one holds up for less long what else goes over the connection."""
INIT, CHUNK, FINISH = "aibot_upload_media_init", "aibot_upload_media_chunk", "aibot_upload_media_finish"


async def upload(connection: LongConnection, attachment: Attachment) -> Uploaded:
    """Raises PlatformError. What was begun and not finished is forgotten by WeCom within half an hour."""
    data, name = attachment.file.data, attachment.file.file_name
    pieces = -(-len(data) // PIECE_BYTES)
    begin: JsonObject = {
        "type": attachment.sort,
        "filename": name,
        "total_size": len(data),
        "total_chunks": pieces,
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
    }
    upload_id = _told(INIT, await connection.ask(INIT, begin), "upload_id")
    for number in range(pieces):
        piece = data[number * PIECE_BYTES : (number + 1) * PIECE_BYTES]
        body: JsonObject = {
            "upload_id": upload_id,
            "chunk_index": number,
            "base64_data": base64.b64encode(piece).decode(),
        }
        await connection.ask(CHUNK, body)
    media_id = _told(FINISH, await connection.ask(FINISH, {"upload_id": upload_id}), "media_id")
    return Uploaded(sort=attachment.sort, media_ref=media_id, name=name)


def _told(command: str, answer: JsonObject, field: str) -> str:
    found = string(answer, field)
    if found is None:
        raise PlatformError(command, f"no {field}")
    return found
