"""DingTalk's three signatures and its envelope, written a second time, so that bot and dialect cannot share a fault."""

import base64
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7


def robot_sign(secret: str, timestamp: str) -> str:
    """Of the robot's HTTP callback (`secret`: the app's) and of the custom group robot (`secret`: SEC…)."""
    return _hmac(secret, f"{timestamp}\n{secret}")


def card_sign(api_secret: str, timestamp: str) -> str:
    """Of a card's HTTP callback: the moment alone is signed."""
    return _hmac(api_secret, timestamp)


def _hmac(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


class EventSeal:
    """The envelope of event subscriptions over HTTP, sealed for `receive_id` (Client ID or CorpID)."""

    def __init__(self, token: str, aes_key: str, receive_id: str) -> None:
        self.token = token
        self.receive_id = receive_id
        # Published sample keys have spare bits set in their last character; Python's decoder lets that pass.
        key = base64.b64decode(aes_key + "=")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def signature(self, timestamp: str, nonce: str, sealed: str) -> str:
        joined = b"".join(sorted(part.encode() for part in (self.token, timestamp, nonce, sealed)))
        return hashlib.sha1(joined).hexdigest()  # noqa: S324

    def seal(self, message: bytes, *, random16: bytes | None = None, receive_id: str | None = None) -> str:
        owner = (self.receive_id if receive_id is None else receive_id).encode()
        body = (random16 or os.urandom(16)) + len(message).to_bytes(4, "big") + message + owner
        return self.seal_raw(_padded(body))

    def seal_raw(self, padded: bytes) -> str:
        """Whole blocks as they are: for envelopes that are broken inside, and for bare AES."""
        encryptor = self._cipher.encryptor()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()

    def open(self, sealed: str) -> tuple[bytes, str]:
        """The message, and whom it was sealed for. Raises ValueError."""
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(base64.b64decode(sealed, validate=True)) + decryptor.finalize()
        unpadder = PKCS7(256).unpadder()
        body = unpadder.update(padded) + unpadder.finalize()
        length = int.from_bytes(body[16:20], "big")
        if len(body) < 20 + length:
            raise ValueError("inner length")
        return body[20 : 20 + length], body[20 + length :].decode()


def _padded(body: bytes) -> bytes:
    padder = PKCS7(256).padder()  # 256 bits: blocks of 32 bytes
    return padder.update(body) + padder.finalize()
