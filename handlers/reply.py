"""What somebody says to us, as those see it who wait for an answer or listen for an order in it."""

from dataclasses import dataclass
from datetime import datetime

from handlers.messages import Sender
from nlp.draft import VisitDraft
from nlp.transcript import Transcript
from storage.models import Evidence


@dataclass(frozen=True)
class Coached:
    """What a model saw in words that may be the answer to a round of a practice: which key points they say.

    Of that version of the script; `by` is empty where none was asked, or it failed.
    """

    session_id: int
    place: int
    version: int
    seen: frozenset[int] = frozenset()
    by: str = ""


@dataclass(frozen=True)
class Reply:
    """Words typed or heard, kept as `evidence`; `cause` names the message."""

    to: Sender
    cause: str
    sent_at: datetime
    text: str
    evidence: Evidence
    transcript: Transcript | None = None
    draft: VisitDraft | None = None
    """What it says, read as a note."""
    is_order: bool = False
    """Whether it is an order by the letter, such as 话术库."""
    coached: Coached | None = None
    is_aside: bool = False
    """Whether it means something by itself, whatever was asked: a greeting, something said in passing."""

    def is_of_another(self, customer: str) -> bool:
        """Whether it tells of something with another customer than that one, and so is a note."""
        read = self.draft
        if read is None or read.customer is None or read.customer.value == customer:
            return False
        return bool(read.contacts or read.amounts or read.next_steps)

    def is_note_of(self, customer: str) -> bool:
        """Whether it names that customer, whom they met, and what came of it, as a note does."""
        read = self.draft
        if read is None or read.customer is None or read.customer.value != customer:
            return False
        return bool(read.contacts and (read.amounts or read.next_steps))
