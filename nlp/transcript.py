"""What was heard: text with times, whatever engine heard it."""

from dataclasses import dataclass
from typing import Literal, Protocol

HearingWarning = Literal["damaged", "quiet", "low_confidence", "suspect", "hot_words_dropped", "odd_number"]
"""damaged: part of the file could not be decoded · low_confidence: the engine was unsure throughout · suspect: too little
or too much text for the time spoken · odd_number: a number that is unlikely to be what was said (万亿, a phone number of ten digits)"""


@dataclass(frozen=True)
class Segment:
    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Transcript:
    """`text` is the segments' texts joined without a separator, so an offset in it belongs to exactly one segment."""

    text: str
    segments: tuple[Segment, ...]
    duration_s: float
    engine: str
    warnings: tuple[HearingWarning, ...] = ()

    def time_at(self, offset: int) -> float | None:
        """Seconds into the audio at which the segment holding the character at `offset` begins."""
        position = 0
        for segment in self.segments:
            position += len(segment.text)
            if offset < position:
                return segment.start_s
        return None


class Listener(Protocol):
    async def listen(self, audio: bytes, *, hot_words: tuple[str, ...] = ()) -> Transcript:
        """Decode and transcribe a voice note of any supported format.

        Raises NotAudio, EmptyAudio, NoSpeech, AudioTooLong, EngineUnavailable.
        """
        ...
