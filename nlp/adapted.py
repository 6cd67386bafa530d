"""The words of a script, said for one customer: what goes to whoever rewords them, and what comes back.

Nothing of what comes back is taken on trust: `nlp.adapted_check` holds it against the script and the record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from nlp import script_words

FactKind = Literal[
    "customer",
    "contact",
    "industry",
    "product",
    "competitor",
    "objection",
    "pain",
    "budget",
    "own_step",
    "customer_step",
    "stage",
]
NAMES: frozenset[FactKind] = frozenset({"customer", "contact", "competitor"})
"""May be named where the script speaks of them; the rest is what the customer said, or what was agreed."""
BACKGROUND: frozenset[FactKind] = frozenset({"stage", "industry", "product"})
"""For the tone only. How we call a stage is nothing to tell a customer, and a product put into a sentence of the script
(余姚通达泵业也用我们的截止阀) claims what nobody said."""


@dataclass(frozen=True)
class Fact:
    """What is known of the customer; `quote` is what the note says of it, where that is more than `words`."""

    kind: FactKind
    words: str
    quote: str = ""


@dataclass(frozen=True)
class Passage:
    """The words of a script with this customer's values in their places."""

    code: str
    words: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """Without what parts them; their numbers from 1 are what a sentence rests on."""
        return tuple(part.strip() for part in script_words.sentences(self.words) if part.strip())


@dataclass(frozen=True)
class Sentence:
    """`rests_on`: numbers of the script's sentences, and F with that of a fact: 2, F1."""

    text: str
    rests_on: tuple[str, ...]


@dataclass(frozen=True)
class Rewrite:
    code: str
    sentences: tuple[Sentence, ...]

    @property
    def words(self) -> str:
        """As one reads them aloud; what begins with a dash is a line of its own."""
        said = ""
        in_list = False
        for sentence in self.sentences:
            is_item = sentence.text.startswith("-")
            said += ("\n" if said and (is_item or in_list) else "") + sentence.text.strip()
            in_list = is_item
        return said


class NotAdapted(Exception):
    """Nobody reworded anything; `kind` is short, and holds nothing of the words."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Adapter(Protocol):
    """Says scripts for one customer."""

    @property
    def name(self) -> str: ...

    async def adapt(self, passages: Sequence[Passage], facts: Sequence[Fact], question: str) -> Sequence[Rewrite]:
        """What it makes of them, of some or all. Raises NotAdapted."""
