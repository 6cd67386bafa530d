"""WeCom's envelope, written a second time and without wechatpy, so that bot and dialect server cannot share a fault."""

import base64
import hashlib
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7


class Seal:
    def __init__(self, token: str, encoding_aes_key: str, receive_id: str) -> None:
        self.token = token
        self.receive_id = receive_id.encode()
        key = base64.b64decode(encoding_aes_key + "=")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def signature(self, *parts: str) -> str:
        return hashlib.sha1("".join(sorted((self.token, *parts))).encode()).hexdigest()  # noqa: S324

    def seal(self, message: bytes, *, random16: bytes | None = None, receive_id: str | None = None) -> str:
        owner = self.receive_id if receive_id is None else receive_id.encode()
        body = (random16 or os.urandom(16)) + len(message).to_bytes(4, "big") + message + owner
        padder = PKCS7(256).padder()  # 256 bits: WeCom's blocks of 32 bytes
        return self.seal_raw(padder.update(body) + padder.finalize())

    def seal_raw(self, padded: bytes) -> str:
        """Whole blocks as they are: for envelopes that are broken inside."""
        encryptor = self._cipher.encryptor()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()

    def open(self, encrypted: str) -> bytes:
        """Raises ValueError."""
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize()
        unpadder = PKCS7(256).unpadder()
        body = unpadder.update(padded) + unpadder.finalize()
        length = int.from_bytes(body[16:20], "big")
        if body[20 + length :] != self.receive_id:
            raise ValueError("receiver")
        return body[20 : 20 + length]
