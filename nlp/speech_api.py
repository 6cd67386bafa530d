"""The other speech engine: any endpoint that speaks OpenAI's /v1/audio/transcriptions (vLLM, funasr-server, a cloud).

What leaves the machine is the sound of the note and the names to expect.
"""

import io
import wave
from collections.abc import Sequence
from typing import Any

import numpy as np
import openai
from pydantic import BaseModel, ConfigDict, ValidationError

from nlp.audio import SAMPLE_RATE_HZ, Samples
from nlp.errors import EngineUnavailable
from nlp.hearing import Heard, Hearing

DEFAULT_MODEL = "whisper-1"
HOT_WORD_SEPARATOR = "、"


class _Segment(BaseModel):
    model_config = ConfigDict(extra="ignore")
    start: float
    end: float
    text: str
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")
    text: str
    segments: list[_Segment] | None = None


class OpenAiEngine:
    """`endpoint` is the address up to and with /v1; `model` "auto" asks for whisper-1."""

    def __init__(
        self, endpoint: str, api_key: str = "", *, model: str = "auto", language: str = "zh", timeout_s: float = 120.0
    ) -> None:
        self._model = DEFAULT_MODEL if model == "auto" else model
        self._language = language
        # The SDK refuses an empty key; servers of one's own usually want none. Who asks again, and when, is for the
        # work queue to say.
        self._client = openai.AsyncOpenAI(
            base_url=endpoint, api_key=api_key or "none", timeout=timeout_s, max_retries=0
        )
        self._detailed = True

    @property
    def name(self) -> str:
        return f"openai/{self._model}"

    @property
    def waiting(self) -> int:
        """None ever waits here: the endpoint has its own queue."""
        return 0

    async def transcribe(self, samples: Samples, hot_words: Sequence[str]) -> Hearing:
        sound = as_wav(samples)
        try:
            answer = await self._ask(sound, hot_words)
        except openai.APIError as error:
            raise EngineUnavailable(f"speech endpoint: {_what(error)}", _hint(error)) from error
        return _hearing(answer, len(samples) / SAMPLE_RATE_HZ)

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, sound: bytes, hot_words: Sequence[str]) -> str:
        if self._detailed:
            try:
                return await self._request(sound, hot_words, "verbose_json")
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                # Not every model gives segments. If it was another fault, the plain request meets it again.
                answer = await self._request(sound, hot_words, "json")
                self._detailed = False
                return answer
        return await self._request(sound, hot_words, "json")

    async def _request(self, sound: bytes, hot_words: Sequence[str], answer_format: Any) -> str:
        response = await self._client.audio.transcriptions.with_raw_response.create(
            file=("note.wav", sound, "audio/wav"),
            model=self._model,
            language=self._language,
            response_format=answer_format,
            prompt=HOT_WORD_SEPARATOR.join(hot_words) or openai.omit,
            temperature=0.0,
        )
        text: str = response.text
        return text


def as_wav(samples: Samples) -> bytes:
    """16-bit mono."""
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE_HZ)
        sound.writeframes((np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())
    return written.getvalue()


def _hearing(answer: str, duration_s: float) -> Hearing:
    try:
        heard = _Answer.model_validate_json(answer)
    except ValidationError as error:
        raise EngineUnavailable("speech endpoint: not an answer", HINT_WRONG_ADDRESS) from error
    segments = heard.segments or [_Segment(start=0.0, end=duration_s, text=heard.text)]
    return Hearing(
        tuple(
            Heard(
                segment.start,
                segment.end,
                segment.text,
                segment.avg_logprob,
                segment.no_speech_prob,
                segment.compression_ratio,
            )
            for segment in segments
            if segment.text.strip()
        )
    )


HINT_WRONG_ADDRESS = "语音接口的地址或模型名不对，请检查 speech.endpoint 和 speech.model"


def _what(error: openai.APIError) -> str:
    """The kind of fault; the endpoint's own words may quote what was said."""
    return f"HTTP {error.status_code}" if isinstance(error, openai.APIStatusError) else type(error).__name__


def _hint(error: openai.APIError) -> str:
    match error:
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return "语音接口拒绝了密钥，请检查 speech.api_key"
        case openai.RateLimitError():
            return "语音接口限流或额度用完，稍后自动重试"
        case openai.NotFoundError() | openai.BadRequestError() | openai.UnprocessableEntityError():
            return HINT_WRONG_ADDRESS
        case openai.APITimeoutError():
            return "语音接口超时没有回应，稍后自动重试；经常如此请调大 speech.timeout_s"
        case openai.APIConnectionError():
            return "连不上语音接口，请检查 speech.endpoint 和网络"
        case _:
            return "语音接口出错，稍后自动重试"
