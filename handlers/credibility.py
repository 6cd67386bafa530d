"""How far a record of a visit may be believed (过程可信度): traceable × verifiable × anchored, each from 0 to 1.

    traceable   how many of the three parts that make a visit carry words of their own: the customer, a contact, and
                what was done or is to be done (a step, a demand, a demonstration): 0, 1/3, 2/3 or 1
    verifiable  the strongest thing that came along, whatever else did:
                    1.0  a photo of the place, a labelled document, a film of the demonstration, a customer's recording
                    0.9  a screenshot of the chat with the customer, or another picture with writing
                    0.8  a file that nobody has labelled, a comparison that we made, a position that was sent
                    0.4  the rep's own voice note
                    0.2  typed words alone
                a photo that was used before (`handlers.copies`) counts as nothing
    anchored    by the time stamps of the platform, which nobody can set back: 1 where the first message came on the
                day of the visit, 0.2 less for each day between them, never below 0.1

Multiplied, since a record that fails in one is not saved by the others. Own choice, all of it: there is no outside
figure for it; the weights say that what a customer could recognise is worth more than what only the rep says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from handlers import evidence_texts as texts
from handlers.record import (
    ContactValue,
    CustomerValue,
    DemandValue,
    DemoValue,
    ObjectionValue,
    Record,
    StepValue,
    Value,
)
from storage.models import Evidence

PARTS: tuple[tuple[str, tuple[type[Value], ...]], ...] = (
    ("客户", (CustomerValue,)),
    ("联系人", (ContactValue,)),
    ("动作", (StepValue, DemandValue, DemoValue)),
)
DOCUMENT, SCREENSHOT, LOOSE, VOICE, WORDS = 1.0, 0.9, 0.8, 0.4, 0.2
VERIFIABLE = LOOSE
"""From here on somebody else could check it."""
COMPARISON = "竞品对比表"
"""Made by us: it shows work, and no customer."""
LOST_A_DAY, LEAST = 0.2, 0.1


@dataclass(frozen=True)
class Credibility:
    traceable: float
    verifiable: float
    anchored: float
    missing: tuple[str, ...]
    """The parts without words."""
    strongest: str
    """What can be checked, in words."""
    days: int
    """Between the visit and the first message about it."""

    @property
    def score(self) -> float:
        return self.traceable * self.verifiable * self.anchored

    @property
    def percent(self) -> int:
        return round(self.score * 100)

    @property
    def is_verifiable(self) -> bool:
        return self.verifiable >= VERIFIABLE

    @property
    def hint(self) -> str:
        """What would raise it most; empty where nothing can any more."""
        by_picture = self.traceable * DOCUMENT if not self.is_verifiable else 0.0
        by_words = self.verifiable if self.missing else 0.0
        if not by_picture and not by_words:
            return ""
        if by_picture >= by_words:
            return texts.HINT_PICTURE
        return texts.HINT_WORDS.format(missing="、".join(self.missing))


def of(record: Record, pieces: Iterable[Evidence], *, visited_on: date, sent_on: date) -> Credibility:
    """Of a record and what came with it; `sent_on` is the day of the first message."""
    missing = tuple(
        name
        for name, kinds in PARTS
        if not any(isinstance(fact.value, kinds) and fact.source.words for fact in record.facts)
    )
    found = [_strength(piece) for piece in pieces]
    strongest = max(found, key=lambda one: one[0], default=(WORDS, texts.TRUST_WORDS))
    days = abs((sent_on - visited_on).days)
    return Credibility(
        traceable=(len(PARTS) - len(missing)) / len(PARTS),
        verifiable=strongest[0],
        anchored=max(1 - LOST_A_DAY * days, LEAST),
        missing=missing,
        strongest=strongest[1],
        days=days,
    )


def is_verifiable(pieces: Iterable[Evidence]) -> bool:
    """Whether somebody else could check one of them."""
    return any(_strength(piece)[0] >= VERIFIABLE for piece in pieces)


def _strength(piece: Evidence) -> tuple[float, str]:
    if piece.copy_of is not None and piece.look is not None:
        return WORDS, texts.TRUST_WORDS
    if piece.label is not None and piece.sha256 is not None:
        return LOOSE if piece.label == COMPARISON else DOCUMENT, piece.label
    match piece.kind:
        case "image":
            return SCREENSHOT, texts.TRUST_PICTURE
        case "file" | "video":
            return LOOSE, texts.SORTS[piece.kind]
        case "location":
            return LOOSE, texts.TRUST_PLACE
        case "voice":
            return VOICE, texts.TRUST_VOICE
        case _:
            return WORDS, texts.TRUST_WORDS


def told(trust: Credibility) -> str:
    """In one line: the figure, where it comes from, and what would raise it."""
    line = texts.TRUST.format(
        percent=trust.percent,
        parts=len(PARTS) - len(trust.missing),
        of=len(PARTS),
        verifiable=f"{trust.verifiable:g}",
        strongest=trust.strongest,
        anchored=f"{trust.anchored:g}",
        delay=texts.TRUST_LATER.format(days=trust.days) if trust.days else texts.TRUST_SAME_DAY,
    )
    return f"{line}；{trust.hint}" if trust.hint else f"{line}。"


# What a price objection has to carry

PRICE = "价格"
_RESPONSES = ("测算", "ROI", "roi", "成本清单", "对比表", "参数对比", "分期", "技术对接", "技术交流", "CTO", "工程师")
"""Words of what is done about it: 已提供 ROI 测算表, 已安排 CTO 技术对接."""


def of_price_objection(record: Record, pieces: Sequence[Evidence]) -> str:
    """What is still missing for an objection about the price, in one line; empty where it has all, or there is none.

    Its time is that of the message, so it always has one.
    """
    if not any(value.category == PRICE for value in record.all(ObjectionValue)):
        return ""
    has_picture = any(piece.kind == "image" and piece.text and piece.label is None for piece in pieces)
    said = "\n".join([*(step.action for step in record.steps), *(piece.text or "" for piece in pieces)])
    has_response = any(word in said for word in _RESPONSES)
    missing = [texts.PRICE_SCREENSHOT] * (not has_picture) + [texts.PRICE_RESPONSE] * (not has_response)
    return texts.PRICE_CHECKLIST.format(missing="；".join(missing)) if missing else ""
