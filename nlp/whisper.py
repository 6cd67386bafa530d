"""The speech engine on this machine: faster-whisper on the CPU, in a thread of its own.

One note at a time on one core leaves the other to the event loop, and a second thread brings nothing on two cores.
Settings as measured on Mandarin voice notes: no initial prompt (it leaks into silence and costs accuracy), speech
searched for before it is heard, eight-bit weights (as accurate, half the memory).
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from nlp.audio import SAMPLE_RATE_HZ, Samples
from nlp.errors import EngineUnavailable
from nlp.hearing import Heard, Hearing, Word
from nlp.speech_models import AUTO_SIZE, OnProgress, locate

BEAM_SIZE = 5
BATCH_SIZE = 4
HOT_WORD_SEPARATOR = "、"
"""Joined by spaces, the same words made a decoder skip 19 of 41 s of speech."""
VAD_THRESHOLD = 0.4
VAD_MIN_SILENCE_MS = 160
VAD_PAD_MS = 400
VAD_MAX_SPEECH_S = 28
"""A window holds 30 s."""


class FasterWhisperEngine:
    """A Whisper model, fetched and loaded at first use or by `load`. `model`, `hub`: see `nlp.speech_models.locate`."""

    def __init__(
        self, model: str = "auto", *, models_dir: Path, hub: str = "", language: str = "zh", cpu_threads: int = 1
    ) -> None:
        self._model_name = model
        self._models_dir = models_dir
        self._hub = hub
        self._language = language
        self._cpu_threads = cpu_threads
        self._pipeline: Any = None
        self._loading = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="whisper")
        self._accepted = 0

    @property
    def name(self) -> str:
        size = AUTO_SIZE if self._model_name == "auto" else Path(self._model_name).name
        return f"faster-whisper/{size}"

    @property
    def waiting(self) -> int:
        return max(0, self._accepted - 1)

    async def load(self, on_progress: OnProgress | None = None) -> None:
        """Fetch the model if need be, load it and warm it up; at once if that is done. Raises EngineUnavailable.

        Takes about two seconds on one core, and as long as the download takes the first time.
        """
        async with self._loading:
            if self._pipeline is None:
                folder = await locate(
                    self._model_name, hub=self._hub, models_dir=self._models_dir, on_progress=on_progress
                )
                self._pipeline = await asyncio.get_running_loop().run_in_executor(self._thread, self._open, folder)

    async def transcribe(self, samples: Samples, hot_words: Sequence[str]) -> Hearing:
        self._accepted += 1
        try:
            await self.load()
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, self._transcribe, samples, tuple(hot_words))
        finally:
            self._accepted -= 1

    async def close(self) -> None:
        """Drop what waits; what is being heard ends in its own time, since a running decoder cannot be stopped."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _open(self, folder: Path) -> Any:
        # Imported here, in the thread: it takes a quarter of a second that no start without speech should pay.
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        try:
            model = WhisperModel(
                str(folder), device="cpu", compute_type="int8", cpu_threads=self._cpu_threads, local_files_only=True
            )
        except (RuntimeError, ValueError) as error:
            raise EngineUnavailable(
                f"the model in {folder} cannot be loaded: {error}",
                "语音模型加载失败，文件可能不完整。请删除该目录后重试，或检查 speech.model",
            ) from error
        pipeline = BatchedInferencePipeline(model)
        noise = np.random.default_rng(0).normal(0.0, 0.01, SAMPLE_RATE_HZ).astype(np.float32)
        list(pipeline.transcribe(noise, language=self._language, vad_filter=False, max_new_tokens=1)[0])
        return pipeline

    def _transcribe(self, samples: Samples, hot_words: tuple[str, ...]) -> Hearing:
        segments, info = self._pipeline.transcribe(
            samples,
            hotwords=HOT_WORD_SEPARATOR.join(hot_words) or None,
            **decoding(self._language),
            word_timestamps=True,
        )
        # `segments` is lazy: the model runs while it is iterated, so it is iterated here, in the thread.
        stretches = tuple(
            Heard(
                start_s=float(segment.start),
                end_s=float(segment.end),
                text="".join(word.word for word in segment.words),
                logprob=float(segment.avg_logprob),
                no_speech=float(segment.no_speech_prob),
                compression=float(segment.compression_ratio),
                words=tuple(Word(float(word.start), float(word.end), word.word) for word in segment.words),
            )
            for segment in segments
        )
        clips = [(clip["start"], clip["end"]) for clip in info.transcription_options.clip_timestamps]
        return Hearing(stretches, speech_s(clips, len(samples)), pauses_s(clips))


def decoding(language: str) -> dict[str, Any]:
    """The settings of every transcription, for `BatchedInferencePipeline.transcribe`."""
    from faster_whisper.vad import VadOptions

    return {
        "language": language,
        "beam_size": BEAM_SIZE,
        "batch_size": BATCH_SIZE,
        "initial_prompt": None,
        "vad_filter": True,
        "vad_parameters": VadOptions(
            threshold=VAD_THRESHOLD,
            min_silence_duration_ms=VAD_MIN_SILENCE_MS,
            speech_pad_ms=VAD_PAD_MS,
            max_speech_duration_s=VAD_MAX_SPEECH_S,
        ),
    }


Clips = Sequence[tuple[int, int]]
"""Where somebody speaks, as first and last sample, each widened by the pad; where two would overlap, they touch."""


def speech_s(clips: Clips, total: int) -> float:
    """How long somebody speaks, with the widening taken off again.

    That is all of it at a free end, half the shortest pause where two clips touch, and nothing at the ends of the
    recording, where there was no room for it.
    """
    free, touching = VAD_PAD_MS * SAMPLE_RATE_HZ // 1000, VAD_MIN_SILENCE_MS * SAMPLE_RATE_HZ // 2000
    spoken = 0
    for i, (start, end) in enumerate(clips):
        before = touching if i and clips[i - 1][1] >= start else free if start else 0
        after = touching if i + 1 < len(clips) and clips[i + 1][0] <= end else free if end < total else 0
        spoken += max(0, end - start - before - after)
    return spoken / SAMPLE_RATE_HZ


def pauses_s(clips: Clips) -> tuple[float, ...]:
    """The middle of each pause between two clips."""
    between = pairwise(clips)
    return tuple((ended + begins) / 2 / SAMPLE_RATE_HZ for (_, ended), (begins, _) in between)
