"""Links in cards that act without a login: signed, bound to one person and one thing, and good for a limited time."""

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256

TODO_PATH = "/todo"
EVIDENCE_PATH = "/evidence"
FILE_PATH = "/file"
ABNORMAL_PATH = "/abnormal"

_TODO = b"visitbot todo link\n"
_EVIDENCE = b"visitbot evidence link\n"
_FILE = b"visitbot file link\n"
_ABNORMAL = b"visitbot abnormal link\n"
"""Signed along with the content, so that no kind of link can be passed off as another."""
_VERSION = 1
_CONTENT = struct.Struct(">BQQQ")
_SEAL_BYTES = sha256().digest_size
_TOKEN_LENGTH = (_CONTENT.size + _SEAL_BYTES) * 4 // 3
"""Both together are a multiple of three, so the token needs no padding and every character of it counts."""


@dataclass(frozen=True)
class TodoLink:
    todo_id: int
    member_id: int
    """Whom the link was made for."""
    until: datetime


@dataclass(frozen=True)
class EvidenceLink:
    escalation_id: int
    member_id: int
    """Whom the link was made for."""
    until: datetime


@dataclass(frozen=True)
class FileLink:
    evidence_id: int
    member_id: int
    """Whom the link was made for."""
    until: datetime


@dataclass(frozen=True)
class AbnormalLink:
    """What was abnormal of a week, that of the Monday, among the people of whoever it was made for."""

    monday: date
    member_id: int
    until: datetime


class Links:
    """`secret` is the installation's own (`work.keys.secret`); `public_url` is empty where phones cannot reach us."""

    def __init__(self, secret: bytes, public_url: str) -> None:
        self._secret = secret
        self.public_url = public_url.rstrip("/")

    def todo(self, todo_id: int, member_id: int, *, until: datetime) -> str | None:
        """The address of the to-do's page, good until then to the second; None without a public address."""
        return self._made(_TODO, TODO_PATH, todo_id, member_id, until)

    def evidence(self, escalation_id: int, member_id: int, *, until: datetime) -> str | None:
        """The address of what a matter rests on, good until then to the second; None without a public address."""
        return self._made(_EVIDENCE, EVIDENCE_PATH, escalation_id, member_id, until)

    def file(self, evidence_id: int, member_id: int, *, until: datetime) -> str | None:
        """The address of one piece of evidence, good until then to the second; None without a public address."""
        return self._made(_FILE, FILE_PATH, evidence_id, member_id, until)

    def abnormal(self, monday: date, member_id: int, *, until: datetime) -> str | None:
        """The address of a week's table, good until then to the second; None without a public address."""
        return self._made(_ABNORMAL, ABNORMAL_PATH, monday.toordinal(), member_id, until)

    def read_todo(self, token: str, now: datetime) -> TodoLink | None:
        """What a token of ours says; None for anything else, and for one whose time is over. Never raises."""
        read = self._read(_TODO, token)
        return TodoLink(*read) if read is not None and now < read[2] else None

    def read_evidence(self, token: str, now: datetime) -> EvidenceLink | None:
        """As `read_todo`."""
        read = self._read(_EVIDENCE, token)
        return EvidenceLink(*read) if read is not None and now < read[2] else None

    def read_file(self, token: str, now: datetime) -> FileLink | None:
        """As `read_todo`."""
        read = self._read(_FILE, token)
        return FileLink(*read) if read is not None and now < read[2] else None

    def read_abnormal(self, token: str, now: datetime) -> AbnormalLink | None:
        """As `read_todo`."""
        read = self._read(_ABNORMAL, token)
        return AbnormalLink(date.fromordinal(read[0]), *read[1:]) if read is not None and now < read[2] else None

    def has_ended(self, token: str, now: datetime) -> bool:
        """Whether it is a token of ours whose time is over."""
        reads = (self._read(kind, token) for kind in (_TODO, _EVIDENCE, _FILE, _ABNORMAL))
        return any(read is not None and now >= read[2] for read in reads)

    def _made(self, kind: bytes, path: str, subject_id: int, member_id: int, until: datetime) -> str | None:
        if not self.public_url:
            return None
        content = _CONTENT.pack(_VERSION, subject_id, member_id, int(until.timestamp()))
        token = base64.urlsafe_b64encode(content + self._seal(kind, content)).decode()
        return f"{self.public_url}{path}/{token}"

    def _read(self, kind: bytes, token: str) -> tuple[int, int, datetime] | None:
        if len(token) != _TOKEN_LENGTH:
            return None
        try:
            data = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error):
            return None
        content, seal = data[: _CONTENT.size], data[_CONTENT.size :]
        if not hmac.compare_digest(seal, self._seal(kind, content)):
            return None
        _, subject_id, member_id, until_s = _CONTENT.unpack(content)
        return subject_id, member_id, datetime.fromtimestamp(until_s, UTC)

    def _seal(self, kind: bytes, content: bytes) -> bytes:
        return hmac.digest(self._secret, kind + content, "sha256")
