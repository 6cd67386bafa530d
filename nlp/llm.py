"""A language model reads the note beside the rules: any endpoint that speaks OpenAI's chat completions.

DeepSeek, Qwen, Moonshot, OpenAI, Ollama, vLLM, by their base URL. What leaves the machine is the note without its phone
numbers and the like (`nlp.redact`), and the team's names for stages and categories; never the customer list. What comes
back is outside data: validated, shown its own faults once, and taken only as far as its quotes stand in the note
(`nlp.reconcile`). Whatever goes wrong, the rules' draft stands, and `engines["note"]` says why.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

import openai
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nlp import llm_schema, reconcile
from nlp.draft import ExtractionContext, VisitDraft
from nlp.extractor import NOTE, SPENT, TOO_LONG, UNAVAILABLE, Extractor, Rules
from nlp.llm_ladder import STEP_DOWN, Ladder, Level
from nlp.llm_schema import PROMPT, Answer, Choices, Unreadable
from nlp.redact import Redacted, redact

log = logging.getLogger(__name__)

AT_ONCE = 4
CONNECT_WITHIN_S = 5.0
MOST_ANSWERED = 256 * 1024
"""Characters of a whole answer; 20 items in each list are some 10,000."""
MOST_SHOWN_AGAIN = 8_000
"""Characters of its faulty answer that a model is shown in the repair turn."""
MOST_COUNTED = 1_000_000
"""Tokens of one request; a count beyond that is a fault of the endpoint's, and does not use up a day a thousandfold."""
LONGEST_WAIT_S = 3.0
"""A 429 that asks for no more is waited for, once."""
FAILURES_BEFORE_REST, REST = 2, timedelta(seconds=60)
"""Every note would wait for the whole time limit while an endpoint is away. Own choice."""
ENGINE_LENGTH = 32
"""Characters that a stored value keeps of its engine's name."""


@dataclass(frozen=True)
class Limits:
    timeout_s: float = 12.0
    """For everything that one note asks: waiting for a turn, all levels, the repair turn."""
    input_chars: int = 6000
    output_tokens: int = 2000
    daily_tokens: int = 0
    """0: no limit. Counted as the endpoint reports it, by the UTC day, from the start of the process."""


@dataclass(frozen=True)
class Endpoint:
    base_url: str
    """Up to and with /v1."""
    model: str
    api_key: str = field(default="", repr=False)
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """What this provider wants besides, e.g. {"enable_thinking": false}."""
    is_local: bool = False
    """Whether it is on this machine: no proxy stands before it then."""


class Failed(Exception):
    """Why a model had no part; `kind` is short, and holds nothing of the note or of the endpoint's words."""

    def __init__(self, kind: str, *, is_outage: bool = False) -> None:
        super().__init__(kind)
        self.kind = kind
        self.is_outage = is_outage
        """Whether the next note would probably meet the same."""


class _Envelope(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class _Message(_Envelope):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Envelope):
    message: _Message
    finish_reason: str | None = None


class _Completion(_Envelope):
    choices: list[_Choice] = Field(min_length=1)
    usage: Any = None


class ModelAndRules:
    """The rules' draft, and what the model adds to it. `now` is for what is remembered: levels, rests, the day's tokens."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        now: Callable[[], datetime],
        limits: Limits | None = None,
        redacts: bool = True,
        rules: Extractor | None = None,
        ladder: Ladder | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._limits = limits or Limits()
        self._now = now
        self._redacts = redacts
        self._rules = rules or Rules()
        self._ladder = ladder or Ladder()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._client = _client(endpoint, self._limits.timeout_s)
        # OpenAI's thinking models know neither; every other server knows only these
        self._tokens_key: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
        self._is_cool = True
        self._spent: tuple[date, int] = (date.min, 0)
        self._failures = 0
        self._rests_until: tuple[datetime, str] | None = None

    @property
    def name(self) -> str:
        """What made a value: the model and the version of the prompt."""
        ending = f"·{PROMPT}"
        return self._endpoint.model.rsplit("/", 1)[-1][: ENGINE_LENGTH - len(ending)] + ending

    async def extract(self, text: str, context: ExtractionContext) -> VisitDraft:
        draft = await self._rules.extract(text, context)
        try:
            self._may_ask(text)
            answer = await self._answer(text, Choices.of(context.vocabulary))
        except Failed as failure:
            log.warning("model.unused", extra={"model": self._endpoint.model, "reason": failure.kind})
            return replace(draft, engines={**draft.engines, NOTE: failure.kind})
        return await asyncio.to_thread(reconcile.merged, text, draft, answer, context, self.name)

    async def close(self) -> None:
        await self._client.close()

    # Before the question

    def _may_ask(self, text: str) -> None:
        now = self._now()
        if len(text) > self._limits.input_chars:
            raise Failed(TOO_LONG)
        if self._limits.daily_tokens and self._tokens_of(now) >= self._limits.daily_tokens:
            raise Failed(SPENT)
        if self._rests_until is not None and now < self._rests_until[0]:
            raise Failed(self._rests_until[1])

    def _tokens_of(self, now: datetime) -> int:
        return self._spent[1] if self._spent[0] == now.date() else 0

    def _spend(self, tokens: int) -> None:
        now = self._now()
        self._spent = (now.date(), self._tokens_of(now) + tokens)

    # The question

    async def _answer(self, text: str, choices: Choices) -> Answer:
        # a lone surrogate cannot be sent; in its place stands one character, so that offsets stay
        sendable = text.encode("utf-8", "replace").decode("utf-8")
        note = redact(sendable) if self._redacts else Redacted(sendable, ())
        clock = asyncio.get_running_loop().time
        started, asked = clock(), math.inf
        try:
            async with asyncio.timeout(self._limits.timeout_s), self._turns:
                asked = clock()
                answer = await self._read(note, choices)
        except openai.APITimeoutError:
            raise self._failed("timeout", is_outage=True) from None
        except TimeoutError:
            # where most of the time went by before our turn came, nothing is said against the endpoint
            is_outage = asked - started < self._limits.timeout_s / 2
            raise self._failed("timeout", is_outage=is_outage) from None
        except openai.APIStatusError as error:
            # `from None`: the endpoint's own words may quote the note
            raise self._refused(error) from None
        except openai.APIConnectionError:
            raise self._failed("no connection", is_outage=True) from None
        except openai.OpenAIError:
            raise self._failed("no answer", is_outage=True) from None
        except Failed as failure:
            raise self._failed(failure.kind) from None
        self._failures, self._rests_until = 0, None
        log.info(
            "model.answered",
            extra={
                "model": self._endpoint.model,
                "duration_ms": round(1000 * (clock() - started)),
                "tokens_today": self._tokens_of(self._now()),
            },
        )
        return answer

    def _refused(self, error: openai.APIStatusError) -> Failed:
        if error.status_code == 429:
            wait_s = _retry_after_s(error)
            self._rest(timedelta(seconds=wait_s if wait_s is not None else REST.total_seconds()), "HTTP 429")
        is_outage = error.status_code >= 500 or error.status_code in (401, 403)
        return self._failed(f"HTTP {error.status_code}", is_outage=is_outage)

    def _failed(self, kind: str, *, is_outage: bool = False) -> Failed:
        if is_outage:
            self._failures += 1
            if self._failures >= FAILURES_BEFORE_REST:
                self._rest(REST, kind)
        return Failed(f"{UNAVAILABLE} ({kind})", is_outage=is_outage)

    def _rest(self, how_long: timedelta, kind: str) -> None:
        self._rests_until = (self._now() + how_long, f"{UNAVAILABLE} ({kind})")

    async def _read(self, note: Redacted, choices: Choices) -> Answer:
        """The answer to the note, put right once if need be. Raises Failed, openai.OpenAIError."""
        level, content, fault = await self._by_ladder(note, choices)
        try:
            return self._understood(content, fault, note)
        except Unreadable as error:
            faults = error.faults
        messages = [
            *_messages(note, choices, level),
            {"role": "assistant", "content": content[:MOST_SHOWN_AGAIN] or "（空）"},
            llm_schema.repair(faults),
        ]
        content, fault = await self._ask(messages, level, choices)
        try:
            return self._understood(content, fault, note)
        except Unreadable:
            raise Failed("bad JSON twice") from None

    def _understood(self, content: str, fault: str, note: Redacted) -> Answer:
        if fault:
            raise Unreadable([fault])
        return llm_schema.read(content, note.restore)

    async def _by_ladder(self, note: Redacted, choices: Choices) -> tuple[Level, str, str]:
        endpoint, now = self._endpoint, self._now()
        refused: openai.APIStatusError | None = None
        for level in self._ladder.levels(endpoint.base_url, endpoint.model, now):
            try:
                content, fault = await self._ask(_messages(note, choices, level), level, choices)
            except openai.APIStatusError as error:
                if error.status_code not in STEP_DOWN:
                    raise
                refused = error
                continue
            self._ladder.took(endpoint.base_url, endpoint.model, level, now)
            return level, content, fault
        assert refused is not None  # the ladder has one level at least
        raise refused

    async def _ask(self, messages: list[dict[str, str]], level: Level, choices: Choices) -> tuple[str, str]:
        """The model's words, and what is wrong with them that only the envelope tells. Waits once for a short 429."""
        may_wait = True
        while True:
            try:
                return await self._request(messages, level, choices)
            except openai.RateLimitError as error:
                wait_s = _retry_after_s(error)
                if not may_wait or wait_s is None or wait_s > LONGEST_WAIT_S:
                    raise
                may_wait = False
                await asyncio.sleep(wait_s)
            except openai.BadRequestError as error:
                if not self._adapts(error):
                    raise

    def _adapts(self, error: openai.BadRequestError) -> bool:
        """Whether the request can be made again without what this model does not know."""
        if error.param == "max_tokens" and self._tokens_key == "max_tokens":
            self._tokens_key = "max_completion_tokens"
            return True
        if error.param == "temperature" and self._is_cool:
            self._is_cool = False
            return True
        return False

    async def _request(self, messages: list[dict[str, str]], level: Level, choices: Choices) -> tuple[str, str]:
        # our estimate, a token a character, stands until the endpoint has counted; a lost request has cost as well
        estimate = sum(len(message["content"]) for message in messages)
        body: dict[str, Any] = {
            "model": self._endpoint.model,
            "messages": messages,
            self._tokens_key: self._limits.output_tokens,
            **({"temperature": 0.0} if self._is_cool else {}),
            **_response_format(level, choices),
        }
        self._spend(estimate)
        try:
            response = await self._client.chat.completions.with_raw_response.create(
                **body, extra_body=dict(self._endpoint.extra_body) or None
            )
        except openai.APIStatusError:
            self._spend(-estimate)
            raise
        raw: str = response.text if isinstance(response.text, str) else ""
        if len(raw) > MOST_ANSWERED:
            raise Failed("answer too large")
        try:
            completion = _Completion.model_validate_json(raw)
        except ValidationError as error:
            raise Failed("not an answer") from error
        if tokens := _counted(completion.usage):
            self._spend(tokens - estimate)
        return _words(completion.choices[0])


def _counted(usage: object) -> int:
    """Tokens as the endpoint counts them; 0 where it says nothing that can be a count."""
    tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
    return min(tokens, MOST_COUNTED) if isinstance(tokens, int) and tokens > 0 else 0


def _words(choice: _Choice) -> tuple[str, str]:
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise Failed("refused")
    content = choice.message.content or ""
    if choice.finish_reason == "length":
        return content, "the answer was cut off: shorter quotes, fewer items"
    return content, "" if content.strip() else "the answer was empty"


def _messages(note: Redacted, choices: Choices, level: Level) -> list[dict[str, str]]:
    return llm_schema.messages(note.text, choices, schema_in_prompt=level != "json_schema")


def _response_format(level: Level, choices: Choices) -> dict[str, Any]:
    match level:
        case "json_schema":
            wanted = {"name": "visit", "strict": True, "schema": llm_schema.schema(choices)}
            return {"response_format": {"type": "json_schema", "json_schema": wanted}}
        case "json_object":
            return {"response_format": {"type": "json_object"}}
        case "text":
            return {}


def _retry_after_s(error: openai.APIStatusError) -> float | None:
    """Seconds, as far as the header gives any; a date in it counts as none, and so do nan and inf."""
    try:
        wait_s = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(max(wait_s, 0.0), 3600.0) if math.isfinite(wait_s) else None


def _client(endpoint: Endpoint, timeout_s: float) -> openai.AsyncOpenAI:
    timeout = openai.Timeout(timeout_s, connect=min(timeout_s, CONNECT_WITHIN_S))
    return openai.AsyncOpenAI(
        base_url=endpoint.base_url,
        # the SDK refuses an empty key; servers of one's own usually want none
        api_key=endpoint.api_key or "none",
        timeout=timeout,
        max_retries=0,
        # A note goes where the configuration says and nowhere else: no redirects, and no proxy for this machine's own.
        http_client=openai.DefaultAsyncHttpxClient(
            timeout=timeout, follow_redirects=False, trust_env=not endpoint.is_local
        ),
    )
