"""Files as DingTalk's robot sends them to a person: uploaded to the old API, sent by the new one."""

import asyncio
from collections.abc import Mapping

from bot.dingtalk.client import DingTalkClient
from bot.errors import ContentRefused
from bot.http import MEGABYTE
from bot.platform import Attachment, FileLimit, MediaFile, Uploaded
from handlers.messages import FileSort, Frozen, JsonObject
from nlp import films
from nlp.errors import UnreadableFilm

LIMITS: Mapping[FileSort, FileLimit] = {
    "image": FileLimit(20 * MEGABYTE, {"jpeg", "png", "gif", "bmp"}),
    "voice": FileLimit(2 * MEGABYTE, {"amr", "mp3", "wav"}),
    "video": FileLimit(20 * MEGABYTE, {"mp4"}),
    "file": FileLimit(20 * MEGABYTE, {"xlsx", "pdf", "zip", "rar", "doc", "docx"}),
}
"""What media/upload takes, and of files what `sampleFile` names (open.dingtalk.com, "上传媒体文件"):
the upload takes presentations and older tables too, but nothing says that the robot can send them."""


class _Film(Frozen):
    """A film needs a picture to stand for it, and its measures."""

    video: str
    cover: str
    duration_s: int
    width: int
    height: int


async def upload(client: DingTalkClient, attachment: Attachment) -> Uploaded:
    """Raises PlatformError, ContentRefused for a film that cannot be opened."""
    film = await _inspected(attachment.file.data) if attachment.sort == "video" else None
    media_id = await client.upload(attachment.sort, attachment.file)
    if film is not None:
        cover = await client.upload("image", MediaFile(film.cover, "image/jpeg", "cover.jpg"))
        media_id = _Film(
            video=media_id, cover=cover, duration_s=film.duration_s, width=film.width, height=film.height
        ).model_dump_json()
    return Uploaded(
        sort=attachment.sort,
        media_ref=media_id,
        name=attachment.file.file_name,
        duration_ms=attachment.duration_ms,
    )


async def _inspected(data: bytes) -> films.Film:
    try:
        return await asyncio.to_thread(films.inspect, data)
    except UnreadableFilm as error:
        raise ContentRefused("media/upload", "unreadable film") from error


def message(uploaded: Uploaded) -> tuple[str, JsonObject]:
    """Its `msgKey` and `msgParam`; all values are strings there."""
    media_id = uploaded.media_ref
    match uploaded.sort:
        case "image":
            return "sampleImageMsg", {"photoURL": media_id}
        case "voice":
            return "sampleAudio", {"mediaId": media_id, "duration": str(uploaded.duration_ms or 0)}
        case "file":
            ending = uploaded.name.rpartition(".")[2].lower()
            return "sampleFile", {"mediaId": media_id, "fileName": uploaded.name, "fileType": ending}
        case "video":
            film = _Film.model_validate_json(media_id)
            return "sampleVideo", {
                "videoMediaId": film.video,
                "videoType": "mp4",
                "picMediaId": film.cover,
                "duration": str(film.duration_s),
                "width": str(film.width),
                "height": str(film.height),
            }
