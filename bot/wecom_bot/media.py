"""Files that people sent to the AI bot: fetched within five minutes, and decrypted.

They are AES-256-CBC, padded to 32 bytes; the key is that of the callback, or comes with each file of the long
connection (developer documents 100719, 101463).
"""

import base64
import binascii
import re
from email.message import Message

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pydantic import ValidationError

from bot.addresses import allowed
from bot.callback_crypto import BLOCK_BYTES
from bot.config import WeComBot
from bot.errors import MediaGone, MediaTooBig, PlatformBusy, PlatformError
from bot.http import HttpCaller, json_object, read_capped
from bot.platform import MediaFile
from bot.wecom_bot.payloads import MediaRef

API = "media"
NAME_CHARS = 200
_AES_BLOCK_BYTES = 16
_UNNAMED_TYPES = frozenset({"application/octet-stream", "binary/octet-stream"})


async def fetch(http: HttpCaller, config: WeComBot, media_ref: str) -> MediaFile:
    """Raises MediaGone after five minutes or where the bytes are no whole file, MediaTooBig, other PlatformErrors."""
    reference, key = _opened(media_ref, config.encoding_aes_key.get_secret_value())
    if allowed(reference.url, config.media_hosts) is None:
        hint = "文件地址的域名不在 wecom_bot.media_hosts 里：确认是企业微信的域名后再添加。"
        raise PlatformError(API, "host", hint=hint)

    async def read(api: str, response: aiohttp.ClientResponse) -> MediaFile:
        _check_status(api, response)
        sealed = await read_capped(api, response, config.media_max_bytes + BLOCK_BYTES)
        _check_no_error(api, sealed)
        data = decrypt(sealed, key)
        if len(data) > config.media_max_bytes:
            raise MediaTooBig(api, "size", hint=f"文件超过 {config.media_max_bytes >> 20} MB 的上限。")
        kind = response.content_type
        name = file_name(response.headers.get("Content-Disposition", ""))
        return MediaFile(data, "" if kind in _UNNAMED_TYPES else kind, name)

    return await http.exchange(API, "GET", reference.url, read, timeout_s=config.media_timeout_s)


def _opened(media_ref: str, own_key: str) -> tuple[MediaRef, bytes]:
    try:
        reference = MediaRef.model_validate_json(media_ref)
        return reference, read_key(reference.key or own_key)
    except (ValidationError, ValueError):
        # Not `from error`: pydantic's would show the address.
        raise MediaGone(API, "reference") from None


def read_key(text: str) -> bytes:
    """32 bytes from 43 characters of base64 without padding, or 64 of hexadecimal: both have been seen.

    Raises ValueError.
    """
    if re.fullmatch(r"[0-9A-Fa-f]{64}", text):
        return bytes.fromhex(text)
    try:
        key = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("neither base64 nor hexadecimal") from error
    if len(key) != 32:
        raise ValueError("not 32 bytes")
    return key


def decrypt(sealed: bytes, key: bytes) -> bytes:
    """Raises MediaGone for what was cut short or sealed with another key: only sending it again helps."""
    if not sealed or len(sealed) % _AES_BLOCK_BYTES:
        raise MediaGone(API, "length")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:_AES_BLOCK_BYTES])).decryptor()
    padded = decryptor.update(sealed) + decryptor.finalize()
    pad = padded[-1]
    if not 1 <= pad <= BLOCK_BYTES or padded[-pad:] != bytes([pad]) * pad:
        raise MediaGone(API, "padding")
    return padded[:-pad]


def file_name(disposition: str) -> str:
    """The name in a Content-Disposition, also in its encoded form, without folders; "" where there is none."""
    header = Message()
    header["Content-Disposition"] = re.sub(r"[\r\n]", "", disposition)
    name = header.get_filename("")
    return re.sub(r'[\x00-\x1f"\\/:]+', "_", name.replace("\\", "/").rsplit("/", 1)[-1])[:NAME_CHARS].strip()


def _check_status(api: str, response: aiohttp.ClientResponse) -> None:
    if response.status >= 500 or response.status == 429:
        raise PlatformBusy(api, f"http {response.status}")
    if response.status != 200:
        # Which status an address has after its five minutes is not documented.
        raise MediaGone(api, f"http {response.status}")


def _check_no_error(api: str, data: bytes) -> None:
    """An error in place of the file comes with HTTP 200 too."""
    code = (json_object(data) or {}).get("errcode") if data[:1] == b"{" else None
    if code in (-1, 6000, 45009, 45033):
        raise PlatformBusy(api, int(str(code)))
    if code is not None:
        raise MediaGone(api, str(code))
