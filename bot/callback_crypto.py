"""The envelope of callbacks, the same on WeCom and DingTalk: who signed it, and what is inside.

    CryptoError
    ├── WrongSignature      not from the platform, or the token differs from the admin page
    ├── WrongReceiver       sealed for another company
    └── BrokenEnvelope      signed, but not what the platform seals (base64, length, padding)

wechatpy supplies the AES cipher and the padding encoder. The checks around it are ours: wechatpy compares signatures
with `!=`, and looks neither at the padding nor at the inner length.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
import struct
from dataclasses import dataclass

from wechatpy.crypto.cryptography import WeChatCipher
from wechatpy.crypto.pkcs7 import PKCS7Encoder

from bot.errors import BotError, ConfigError

BLOCK_BYTES = 32
"""Both platforms pad to 32 bytes although AES blocks have 16 (WeCom's developer document 90968)."""
_AES_BLOCK_BYTES = 16
_RANDOM_BYTES = 16
_HEAD_BYTES = _RANDOM_BYTES + 4


class CryptoError(BotError):
    pass


class WrongSignature(CryptoError):
    pass


class WrongReceiver(CryptoError):
    pass


class BrokenEnvelope(CryptoError):
    pass


@dataclass(frozen=True)
class Opened:
    """A message and whom it was sealed for: an answer is sealed for the same."""

    message: bytes
    receive_id: str


class CallbackCrypto:
    """Checks and opens callbacks of one app.

    `receive_ids` are those that it may be sealed for: the CorpID for a WeCom app, nothing for its AI bot, the Client ID
    or the CorpID on DingTalk, whose documents name both. Raises ConfigError when the key is not 43 characters.
    """

    def __init__(self, token: str, encoding_aes_key: str, *receive_ids: str) -> None:
        self._token = token
        self._cipher = WeChatCipher(decode_key(encoding_aes_key))
        self._receive_ids = receive_ids

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        parts = sorted([self._token, timestamp, nonce, encrypted])
        # A signature of the platform's own making; SHA-1 is what it defines. A query may hold lone surrogates.
        return hashlib.sha1("".join(parts).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()

    def check(self, encrypted: str, *, signature: str, timestamp: str, nonce: str) -> None:
        """Raises WrongSignature. Takes the same time wherever the two differ."""
        ours = self.sign(timestamp, nonce, encrypted).encode()
        if not hmac.compare_digest(ours, signature.encode("utf-8", "surrogatepass")):
            raise WrongSignature("signature differs")

    def open(self, encrypted: str, *, signature: str, timestamp: str, nonce: str) -> bytes:
        """The message in a signed envelope. Raises a CryptoError, whatever is given."""
        self.check(encrypted, signature=signature, timestamp=timestamp, nonce=nonce)
        return self.unseal(encrypted)

    def unseal(self, encrypted: str) -> bytes:
        """The message in an envelope whose signature was checked before. Raises BrokenEnvelope, WrongReceiver."""
        return self.unsealed(encrypted).message

    def unsealed(self, encrypted: str) -> Opened:
        """As `unseal`, and whom it was sealed for."""
        return self._unpack(self._decrypt(encrypted))

    def seal(self, message: bytes, *, receive_id: str | None = None, random16: bytes | None = None) -> str:
        """Encrypt as the platform does, for the first of the receivers unless told otherwise.

        `random16` is for tests that compare with known answers.
        """
        head = (random16 or os.urandom(_RANDOM_BYTES)) + struct.pack(">I", len(message))
        receiver = self._receive_ids[0] if receive_id is None else receive_id
        sealed: bytes = self._cipher.encrypt(PKCS7Encoder.encode(head + message + receiver.encode()))
        return base64.b64encode(sealed).decode("ascii")

    def _decrypt(self, encrypted: str) -> bytes:
        try:
            sealed = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError) as error:
            raise BrokenEnvelope("not base64") from error
        if not sealed or len(sealed) % _AES_BLOCK_BYTES:
            raise BrokenEnvelope("not whole blocks")
        padded: bytes = self._cipher.decrypt(sealed)
        return padded

    def _unpack(self, padded: bytes) -> Opened:
        pad = padded[-1]
        if not 1 <= pad <= BLOCK_BYTES or padded[-pad:] != bytes([pad]) * pad:
            raise BrokenEnvelope("padding")
        body = padded[:-pad]
        if len(body) < _HEAD_BYTES:
            raise BrokenEnvelope("shorter than its head")
        (length,) = struct.unpack(">I", body[_RANDOM_BYTES:_HEAD_BYTES])
        message, receive_id = body[_HEAD_BYTES : _HEAD_BYTES + length], body[_HEAD_BYTES + length :]
        if len(message) != length:
            raise BrokenEnvelope("inner length")
        for known in self._receive_ids:
            if hmac.compare_digest(receive_id, known.encode()):
                return Opened(message, known)
        raise WrongReceiver("sealed for another company")


def decode_key(encoding_aes_key: str) -> bytes:
    """The 32-byte key. The 43 characters are random, so their last bits need not be zero; Python accepts that.

    Raises ConfigError.
    """
    if not re.fullmatch(r"[0-9A-Za-z+/]{43}", encoding_aes_key):
        raise ConfigError("encoding_aes_key: exactly the 43 letters and digits of the admin page are needed")
    return base64.b64decode(encoding_aes_key + "=")
