"""What an engine heard, before anybody judged it, and the role of an engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from nlp.audio import Samples


@dataclass(frozen=True)
class Word:
    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Heard:
    """One stretch as the engine heard it; None where the engine does not say."""

    start_s: float
    end_s: float
    text: str
    logprob: float | None = None
    """Mean log-probability of its tokens, 0 at best."""
    no_speech: float | None = None
    """Probability that nobody speaks in it."""
    compression: float | None = None
    """Bytes of the text ÷ bytes of it compressed; high in loops."""
    words: tuple[Word, ...] = ()
    """With times; joined they are `text`."""


@dataclass(frozen=True)
class Hearing:
    stretches: tuple[Heard, ...]
    speech_s: float | None = None
    """How long somebody speaks, pauses left out; None where the engine does not say."""
    pauses_s: tuple[float, ...] = ()
    """Moments at which the speaker pauses."""


class SpeechEngine(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def waiting(self) -> int:
        """Notes that wait for the one being worked on."""
        ...

    async def transcribe(self, samples: Samples, hot_words: Sequence[str]) -> Hearing:
        """Hear 16 kHz mono samples; `hot_words` are names to expect. Raises EngineUnavailable."""
        ...
