"""Changes that a reply asks of a draft, as values, and what the reader of replies has to know of that draft."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from nlp import lexicon
from nlp.draft import AmountRole, Owner, Span


@dataclass(frozen=True)
class StepView:
    owner: Owner
    action: str
    due: date | None = None


@dataclass(frozen=True)
class AmountView:
    role: AmountRole
    low_fen: int | None
    high_fen: int | None
    unit: str | None = None


@dataclass(frozen=True)
class DraftView:
    """What a draft says, as words; steps, contacts and so on in the order in which its card shows them."""

    customer: str | None = None
    contacts: tuple[str, ...] = ()
    amounts: tuple[AmountView, ...] = ()
    stage: str | None = None
    steps: tuple[StepView, ...] = ()
    competitors: tuple[str, ...] = ()
    pain_points: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    stages: tuple[str, ...] = (*lexicon.STAGES, *lexicon.STAGES_LONG)
    """Names that a stage may have."""


@dataclass(frozen=True)
class SetAmount:
    role: AmountRole
    low_fen: int | None
    high_fen: int | None
    unit: str | None
    span: Span


@dataclass(frozen=True)
class RemoveAmount:
    role: AmountRole
    span: Span


@dataclass(frozen=True)
class SetCustomer:
    name: str
    span: Span


@dataclass(frozen=True)
class SetContact:
    """Another name for the one contact, or for `old` where it was said whose."""

    name: str
    span: Span
    old: str | None = None


@dataclass(frozen=True)
class AddContact:
    name: str
    span: Span
    department: str | None = None


@dataclass(frozen=True)
class RemoveContact:
    name: str
    span: Span


@dataclass(frozen=True)
class SetStage:
    """`said` is what the rep called the stage; it need not be the name of one."""

    said: str
    span: Span


@dataclass(frozen=True)
class SetVisitedOn:
    on: date
    span: Span


@dataclass(frozen=True)
class SetDue:
    """`step` is a place in the draft as it was given, counted from 1; the same goes for the other changes of a step."""

    step: int
    due: date
    span: Span


@dataclass(frozen=True)
class SetOwner:
    step: int
    owner: Owner
    span: Span


@dataclass(frozen=True)
class SetAction:
    step: int
    action: str
    span: Span


@dataclass(frozen=True)
class RemoveStep:
    step: int
    span: Span


@dataclass(frozen=True)
class AddStep:
    """`span` holds the step's own words, to be read like those of a note."""

    span: Span


@dataclass(frozen=True)
class AddCompetitor:
    name: str
    span: Span


@dataclass(frozen=True)
class RemoveCompetitor:
    name: str
    span: Span


@dataclass(frozen=True)
class RemoveRisk:
    words: str
    span: Span


@dataclass(frozen=True)
class RemovePain:
    category: str
    span: Span


@dataclass(frozen=True)
class Supplement:
    """More of the note: `span` is to be read like one and joined to the record."""

    span: Span


@dataclass(frozen=True)
class Undo:
    """Back to what the draft said before the last change."""

    span: Span


Unclear = Literal[
    "what", "when", "step", "no_such_step", "due", "owner", "customer", "contact", "competitor", "stage", "amount", "money",
    "risk", "pain", "nothing_like_it",
]  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """Something is to be changed, and it is not clear what or how: `about` is what to ask for.

    The rep may answer in a word. `before` is what belongs in front of that answer, and `after` the words of the reply
    that belong behind it, to make a whole sentence of the three; both are empty where a word cannot be enough.
    """

    about: Unclear
    span: Span
    words: str = ""
    """What it was pointed at with, where nothing is called so."""
    before: str = ""
    after: Span = field(default_factory=lambda: Span(0, 0))
    answerable: bool = False


Edit = (
    SetAmount
    | RemoveAmount
    | SetCustomer
    | SetContact
    | AddContact
    | RemoveContact
    | SetStage
    | SetVisitedOn
    | SetDue
    | SetOwner
    | SetAction
    | RemoveStep
    | AddStep
    | AddCompetitor
    | RemoveCompetitor
    | RemoveRisk
    | RemovePain
    | Supplement
    | Undo
    | Ask
)
