"""A voice note becomes a transcript: decoding, an engine, and the guards that keep out what nobody said.

The engine only hears (`nlp.whisper`, `nlp.speech_api`). Decoding, guards, Simplified characters and the doubts about
numbers are the same for every engine. Where no other source is named, thresholds were chosen on Mandarin voice notes
(AMR, 46 real and 6 synthetic ones) heard by whisper-base.
"""

import asyncio
from dataclasses import replace
from itertools import accumulate

import numpy as np
from opencc import OpenCC

from nlp import hearsay, transcript
from nlp.audio import Samples, decode
from nlp.errors import NoSpeech
from nlp.hearing import Heard, Hearing, SpeechEngine
from nlp.hot_words import usable
from nlp.phrases import phrases

MIN_DURATION_S = 0.4
MIN_SPEECH_S = 0.3
SILENT_PEAK = 1e-4
QUIET_PEAK, BOOSTED_PEAK = 0.02, 0.3
"""Below the first, the search for speech loses syllables; such a note is made louder before it is heard."""


class SpeechListener:
    """Hears voice notes with one engine; a `nlp.transcript.Listener`."""

    def __init__(self, engine: SpeechEngine, *, max_duration_s: float = 300.0, simplified: bool = True) -> None:
        self._engine = engine
        self._max_duration_s = max_duration_s
        self._simplified = OpenCC("t2s").convert if simplified else str

    @property
    def waiting(self) -> int:
        return self._engine.waiting

    async def listen(self, audio: bytes, *, hot_words: tuple[str, ...] = ()) -> transcript.Transcript:
        """As promised in `Listener`; of `hot_words` the first twelve count."""
        decoded = await asyncio.to_thread(decode, audio, max_duration_s=self._max_duration_s)
        samples, boosted = _audible(decoded.samples, decoded.duration_s)
        hearing, doubts = await self._heard(samples, usable(hot_words))
        segments = phrases(hearing)
        if not segments:
            raise NoSpeech("nothing that was heard is believable")
        warnings: list[transcript.HearingWarning] = ["damaged"] if decoded.damaged else []
        warnings += ["quiet"] if boosted else []
        warnings += doubts
        warnings += ["low_confidence"] if hearsay.is_unsure(hearing) else []
        text = "".join(segment.text for segment in segments)
        warnings += ["odd_number"] if hearsay.has_odd_number(text) else []
        return transcript.Transcript(text, segments, round(decoded.duration_s, 2), self._engine.name, tuple(warnings))

    async def _heard(
        self, samples: Samples, hot_words: tuple[str, ...]
    ) -> tuple[Hearing, list[transcript.HearingWarning]]:
        hearing = await self._attempt(samples, hot_words)
        if hearsay.is_plausible(hearing, hot_words):
            return hearsay.believable(hearing), []
        if not hot_words:
            return hearsay.believable(hearing), ["suspect"]
        # Names to expect can make a decoder skip speech, or recite them instead of listening: once more without.
        hearing = await self._attempt(samples, ())
        suspect: list[transcript.HearingWarning] = [] if hearsay.is_plausible(hearing, ()) else ["suspect"]
        return hearsay.believable(hearing), ["hot_words_dropped", *suspect]

    async def _attempt(self, samples: Samples, hot_words: tuple[str, ...]) -> Hearing:
        hearing = await self._engine.transcribe(samples, hot_words)
        if not hearing.stretches or (hearing.speech_s is not None and hearing.speech_s < MIN_SPEECH_S):
            raise NoSpeech("nobody speaks")
        return replace(hearing, stretches=tuple(self._rewritten(stretch) for stretch in hearing.stretches))

    def _rewritten(self, stretch: Heard) -> Heard:
        """In Simplified characters. Converted whole, since words decide (乾燥, 乾坤), then cut again."""
        text = self._simplified(stretch.text)
        if len(text) != sum(len(word.text) for word in stretch.words):
            words = tuple(replace(word, text=self._simplified(word.text)) for word in stretch.words)
            return replace(stretch, text=text, words=words)
        ends = list(accumulate(len(word.text) for word in stretch.words))
        cut = (
            replace(word, text=text[end - len(word.text) : end]) for word, end in zip(stretch.words, ends, strict=True)
        )
        return replace(stretch, text=text, words=tuple(cut))


def _audible(samples: Samples, duration_s: float) -> tuple[Samples, bool]:
    """The samples loud enough for an engine, and whether they had to be boosted. Raises NoSpeech."""
    peak = float(np.abs(samples).max())
    if duration_s < MIN_DURATION_S or peak < SILENT_PEAK:
        raise NoSpeech("too short or silent")
    if peak >= QUIET_PEAK:
        return samples, False
    return (samples * np.float32(BOOSTED_PEAK / peak)).astype(np.float32), True
