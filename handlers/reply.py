"""What somebody says to us, as those see it who wait for an answer or listen for an order in it."""

import re
from dataclasses import dataclass
from datetime import datetime

from handlers.messages import Sender
from nlp.draft import VisitDraft
from nlp.transcript import Transcript
from storage.models import Evidence

TELLS_OF_A_VISIT = re.compile(r"刚从|刚见|刚拜访|今天拜访|拜访了|见了|走访|去了|跑了")


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

    @property
    def reads_as_note(self) -> bool:
        """Whether it names a customer, whom they met or that they were there, and what came of it."""
        read = self.draft
        if read is None or read.customer is None:
            return False
        return bool((read.contacts or TELLS_OF_A_VISIT.search(self.text)) and (read.amounts or read.next_steps))
