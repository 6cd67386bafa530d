import io
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from nlp.audio import SAMPLE_RATE_HZ
from nlp.errors import EngineUnavailable, NoSpeech
from nlp.hearing import Heard, SpeechEngine
from nlp.speech import SpeechListener
from nlp.speech_api import OpenAiEngine
from tests.sounds import encoded, tone


@dataclass
class Endpoint:
    """Speaks the transcription dialect and keeps what it was sent."""

    answers: list[tuple[int, Any]]
    received: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""

    async def transcribe(self, request: web.Request) -> web.Response:
        form = await request.post()
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
        upload = form["file"]
        assert isinstance(upload, web.FileField)
        self.received.append(
            {
                **fields,
                "sound": upload.file.read(),
                "filename": upload.filename,
                "key": request.headers["Authorization"],
            }
        )
        status, body = self.answers.pop(0)
        if isinstance(body, str):
            return web.Response(status=status, text=body)
        return web.json_response(body, status=status)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint([])
    application = web.Application(client_max_size=64 << 20)
    application.router.add_post("/v1/audio/transcriptions", endpoint.transcribe)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    endpoint.address = f"http://{host}:{port}/v1"
    yield endpoint
    await runner.cleanup()


@pytest.fixture
async def engine(endpoint: Endpoint) -> AsyncIterator[OpenAiEngine]:
    engine = OpenAiEngine(endpoint.address, "sk-secret", model="qwen3-asr", timeout_s=5)
    _: SpeechEngine = engine
    yield engine
    await engine.close()


DETAILED = {
    "text": "预算八十万",
    "language": "zh",
    "segments": [
        {
            "id": 0,
            "start": 0.0,
            "end": 2.5,
            "text": "預算八十萬",
            "avg_logprob": -0.3,
            "no_speech_prob": 0.02,
            "compression_ratio": 1.1,
        },
        {"id": 1, "start": 2.5, "end": 4.0, "text": "要等預算"},
        {"id": 2, "start": 4.0, "end": 4.0, "text": " "},
    ],
}


async def test_segments_come_with_times_and_figures(endpoint: Endpoint, engine: OpenAiEngine) -> None:
    endpoint.answers = [(200, DETAILED)]

    hearing = await engine.transcribe(tone(4.0), ("恒力阀门", "王建国"))

    assert hearing.stretches == (
        Heard(0.0, 2.5, "預算八十萬", -0.3, 0.02, 1.1),
        Heard(2.5, 4.0, "要等預算"),
    )
    [request] = endpoint.received
    assert request["model"] == "qwen3-asr"
    assert request["language"] == "zh"
    assert request["response_format"] == "verbose_json"
    assert request["prompt"] == "恒力阀门、王建国"
    assert request["key"] == "Bearer sk-secret"
    with wave.open(io.BytesIO(request["sound"])) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (SAMPLE_RATE_HZ, 1, 2)
        assert sound.getnframes() == 4 * SAMPLE_RATE_HZ


async def test_no_prompt_is_sent_without_hot_words(endpoint: Endpoint, engine: OpenAiEngine) -> None:
    endpoint.answers = [(200, DETAILED)]

    await engine.transcribe(tone(), ())

    assert "prompt" not in endpoint.received[0]


async def test_a_model_without_segments_is_asked_plainly_from_then_on(endpoint: Endpoint, engine: OpenAiEngine) -> None:
    endpoint.answers = [
        (400, {"error": {"message": "verbose_json"}}),
        (200, {"text": "预算八十万"}),
        (200, {"text": "好"}),
    ]

    first = await engine.transcribe(tone(4.0), ())
    await engine.transcribe(tone(), ())

    assert first.stretches == (Heard(0.0, 4.0, "预算八十万"),)
    assert [request["response_format"] for request in endpoint.received] == ["verbose_json", "json", "json"]


async def test_the_same_guards_apply_to_it(endpoint: Endpoint, engine: OpenAiEngine) -> None:
    listener = SpeechListener(engine)
    endpoint.answers = [(200, DETAILED), (200, {"text": "谢谢观看！", "segments": None})]

    transcript = await listener.listen(encoded("ogg opus", tone(4.0)))
    with pytest.raises(NoSpeech):
        await listener.listen(encoded("amr", tone(4.0)))

    assert transcript.text == "预算八十万，要等预算"
    assert transcript.engine == "openai/qwen3-asr"
    assert transcript.time_at(transcript.text.index("要等")) == 2.5


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "speech.api_key"),
        (403, "speech.api_key"),
        (404, "speech.endpoint"),
        (429, "限流"),
        (500, "稍后"),
        (503, "稍后"),
    ],
)
async def test_a_refusal_says_what_to_do(status: int, hint: str, endpoint: Endpoint, engine: OpenAiEngine) -> None:
    endpoint.answers = [(status, {"error": {"message": "客户王总说"}})]

    with pytest.raises(EngineUnavailable) as caught:
        await engine.transcribe(tone(), ())

    assert hint in caught.value.hint
    assert "王总" not in str(caught.value)
    assert len(endpoint.received) == 1


@pytest.mark.parametrize("body", ["<html>login</html>", "", '{"no_text": 1}'])
async def test_an_answer_of_another_kind_is_refused(body: str, endpoint: Endpoint, engine: OpenAiEngine) -> None:
    endpoint.answers = [(200, body)]

    with pytest.raises(EngineUnavailable):
        await engine.transcribe(tone(), ())


async def test_nothing_heard_is_no_speech(endpoint: Endpoint, engine: OpenAiEngine) -> None:
    endpoint.answers = [(200, {"text": "", "segments": []})]

    with pytest.raises(NoSpeech):
        await SpeechListener(engine).listen(encoded("amr", tone(4.0)))


async def test_an_endpoint_that_is_not_there_says_so(endpoint: Endpoint) -> None:
    engine = OpenAiEngine("http://127.0.0.1:9/v1", timeout_s=5)

    with pytest.raises(EngineUnavailable) as caught:
        await engine.transcribe(tone(), ())
    await engine.close()

    assert "连不上" in caught.value.hint
