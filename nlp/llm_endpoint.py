"""One endpoint that speaks OpenAI's chat completions, asked as strictly as it lets itself be asked, and not too often.

DeepSeek, Qwen, Moonshot, OpenAI, Ollama, vLLM, by their base URL. What comes back is outside data: its shape is checked,
and a faulty answer is shown its own faults once. Whatever goes wrong is a `Failed`.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Generic, Literal, TypeVar

import openai
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nlp.llm_json import Message, Schema, Unreadable, repair
from nlp.llm_ladder import STEP_DOWN, Ladder, Level

log = logging.getLogger(__name__)

AT_ONCE = 4
CONNECT_WITHIN_S = 5.0
MOST_ANSWERED = 256 * 1024
"""Characters of a whole answer; 20 items in each list of a note's are some 10,000."""
MOST_SHOWN_AGAIN = 8_000
"""Characters of its faulty answer that a model is shown in the repair turn."""
MOST_COUNTED = 1_000_000
"""Tokens of one request; a count beyond that is a fault of the endpoint's, and does not use up a day a thousandfold."""
TOKENS_OF_A_PICTURE = 2_500
"""Until the endpoint has counted: 1600 x 1200 pixels at 28 x 28 a token, as Qwen's models have it; others take fewer."""
LONGEST_WAIT_S = 3.0
"""A 429 that asks for no more is waited for, once."""
FAILURES_BEFORE_REST, REST = 2, timedelta(seconds=60)
"""Everybody would wait for the whole time limit while an endpoint is away. Own choice."""
KEYS_REFUSED = frozenset({401, 403})
ENGINE_LENGTH = 32
"""Characters that a stored value keeps of its engine's name."""

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    timeout_s: float = 12.0
    """For everything that one question takes: waiting for a turn, all levels, the repair turn."""
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
    """Why a model gave no answer; `kind` is short, and holds nothing of the question or of the endpoint's words."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Spent(Failed):
    """The day's tokens are."""

    def __init__(self) -> None:
        super().__init__("the day's tokens are spent")


class Budget:
    """The tokens of a UTC day, for all that share it; forgotten with the process."""

    def __init__(self, daily_tokens: int, now: Callable[[], datetime]) -> None:
        self._daily_tokens = daily_tokens
        self._now = now
        self._spent: tuple[date, int] = (date.min, 0)

    @property
    def tokens_today(self) -> int:
        return self._spent[1] if self._spent[0] == self._now().date() else 0

    @property
    def is_spent(self) -> bool:
        return bool(self._daily_tokens) and self.tokens_today >= self._daily_tokens

    def spend(self, tokens: int) -> None:
        self._spent = (self._now().date(), self.tokens_today + tokens)


@dataclass(frozen=True)
class Question(Generic[T]):
    name: str
    """Of the schema, for the endpoint."""
    schema: Schema
    messages: Callable[[bool], list[Message]]
    """The turns, by whether the schema has to stand in them."""
    read: Callable[[str], T]
    """Raises Unreadable."""
    if_cut: str | None = None
    """What a model is told whose answer was cut off; None where a second one would be cut off as well."""


class _Envelope(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class _Said(_Envelope):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Envelope):
    message: _Said
    finish_reason: str | None = None


class _Completion(_Envelope):
    choices: list[_Choice] = Field(min_length=1)
    usage: Any = None


class Asker:
    """Asks one model. `now` is for what is remembered: levels, rests, the day's tokens.

    `hopeless`: statuses, besides those of an outage, that the next question would probably meet as well.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        now: Callable[[], datetime],
        limits: Limits,
        budget: Budget | None = None,
        ladder: Ladder | None = None,
        hopeless: frozenset[int] = KEYS_REFUSED,
    ) -> None:
        self._endpoint = endpoint
        self._limits = limits
        self._now = now
        self._budget = budget or Budget(limits.daily_tokens, now)
        self._ladder = ladder or Ladder()
        self._hopeless = hopeless
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._client = _client(endpoint, limits.timeout_s)
        # OpenAI's thinking models know neither; every other server knows only these
        self._tokens_key: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
        self._is_cool = True
        self._failures = 0
        self._rests_until: tuple[datetime, str] | None = None

    @property
    def model(self) -> str:
        return self._endpoint.model

    @property
    def short_name(self) -> str:
        """The model without whose it is: Qwen/Qwen2.5-72B-Instruct is Qwen2.5-72B-Instruct."""
        return self._endpoint.model.rsplit("/", 1)[-1]

    def engine(self, prompt: str) -> str:
        """What made a value: the model and the version of the prompt."""
        ending = f"·{prompt}"
        return self.short_name[: ENGINE_LENGTH - len(ending)] + ending

    async def close(self) -> None:
        await self._client.close()

    async def answer(self, question: Question[T]) -> T:
        """The answer, put right once if need be. Raises Failed, within `timeout_s`."""
        self._may_ask()
        clock = asyncio.get_running_loop().time
        started, asked = clock(), math.inf
        try:
            async with asyncio.timeout(self._limits.timeout_s), self._turns:
                asked = clock()
                answer = await self._read(question)
        except openai.APITimeoutError:
            raise self._failed("timeout", is_outage=True) from None
        except TimeoutError:
            # where most of the time went by before our turn came, nothing is said against the endpoint
            is_outage = asked - started < self._limits.timeout_s / 2
            raise self._failed("timeout", is_outage=is_outage) from None
        except openai.APIStatusError as error:
            # `from None`: the endpoint's own words may quote the question
            raise self._refused(error) from None
        except openai.APIConnectionError:
            raise self._failed("no connection", is_outage=True) from None
        except openai.OpenAIError:
            raise self._failed("no answer", is_outage=True) from None
        self._failures, self._rests_until = 0, None
        log.info(
            "model.answered",
            extra={
                "model": self._endpoint.model,
                "question": question.name,
                "duration_ms": round(1000 * (clock() - started)),
                "tokens_today": self._budget.tokens_today,
            },
        )
        return answer

    def _may_ask(self) -> None:
        if self._budget.is_spent:
            raise Spent
        if self._rests_until is not None and self._now() < self._rests_until[0]:
            raise Failed(self._rests_until[1])

    def _refused(self, error: openai.APIStatusError) -> Failed:
        kind = f"HTTP {error.status_code}"
        if error.status_code == 429:
            wait_s = _retry_after_s(error)
            self._rest(timedelta(seconds=wait_s if wait_s is not None else REST.total_seconds()), kind)
        return self._failed(kind, is_outage=error.status_code >= 500 or error.status_code in self._hopeless)

    def _failed(self, kind: str, *, is_outage: bool) -> Failed:
        if is_outage:
            self._failures += 1
            if self._failures >= FAILURES_BEFORE_REST:
                self._rest(REST, kind)
        return Failed(kind)

    def _rest(self, how_long: timedelta, kind: str) -> None:
        self._rests_until = (self._now() + how_long, kind)

    async def _read(self, question: Question[T]) -> T:
        """Raises Failed, openai.OpenAIError."""
        level, content, fault = await self._by_ladder(question)
        try:
            return _understood(content, fault, question)
        except Unreadable as error:
            faults = error.faults
        messages = [
            *question.messages(level != "json_schema"),
            {"role": "assistant", "content": content[:MOST_SHOWN_AGAIN] or "（空）"},
            repair(faults),
        ]
        content, fault = await self._ask(messages, level, question)
        try:
            return _understood(content, fault, question)
        except Unreadable:
            raise Failed("bad JSON twice") from None

    async def _by_ladder(self, question: Question[T]) -> tuple[Level, str, str | None]:
        endpoint, now = self._endpoint, self._now()
        refused: openai.APIStatusError | None = None
        for level in self._ladder.levels(endpoint.base_url, endpoint.model, now):
            try:
                content, fault = await self._ask(question.messages(level != "json_schema"), level, question)
            except openai.APIStatusError as error:
                if error.status_code not in STEP_DOWN:
                    raise
                refused = error
                continue
            self._ladder.took(endpoint.base_url, endpoint.model, level, now)
            return level, content, fault
        assert refused is not None  # the ladder has one level at least
        raise refused

    async def _ask(self, messages: list[Message], level: Level, question: Question[T]) -> tuple[str, str | None]:
        """The model's words, and what is wrong with them that only the envelope tells. Waits once for a short 429."""
        may_wait = True
        while True:
            try:
                return await self._request(messages, level, question)
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

    async def _request(self, messages: list[Message], level: Level, question: Question[T]) -> tuple[str, str | None]:
        # our estimate, a token a character, stands until the endpoint has counted; a lost request has cost as well
        estimate = sum(_estimate(message["content"]) for message in messages)
        body: dict[str, Any] = {
            "model": self._endpoint.model,
            "messages": messages,
            self._tokens_key: self._limits.output_tokens,
            **({"temperature": 0.0} if self._is_cool else {}),
            **_response_format(level, question),
        }
        self._budget.spend(estimate)
        try:
            response = await self._client.chat.completions.with_raw_response.create(
                **body, extra_body=dict(self._endpoint.extra_body) or None
            )
        except openai.APIStatusError:
            self._budget.spend(-estimate)
            raise
        raw: str = response.text if isinstance(response.text, str) else ""
        if len(raw) > MOST_ANSWERED:
            raise Failed("answer too large")
        try:
            completion = _Completion.model_validate_json(raw)
        except ValidationError as error:
            raise Failed("not an answer") from error
        if tokens := _counted(completion.usage):
            self._budget.spend(tokens - estimate)
        return _words(completion.choices[0], question.if_cut)


def _understood(content: str, fault: str | None, question: Question[T]) -> T:
    if fault is not None:
        raise Unreadable([fault])
    return question.read(content)


def _estimate(content: str | list[Mapping[str, Any]]) -> int:
    """A token a character, and a round figure for a picture."""
    if isinstance(content, str):
        return len(content)
    return sum(len(part["text"]) if part["type"] == "text" else TOKENS_OF_A_PICTURE for part in content)


def _counted(usage: object) -> int:
    """Tokens as the endpoint counts them; 0 where it says nothing that can be a count."""
    tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
    return min(tokens, MOST_COUNTED) if isinstance(tokens, int) and tokens > 0 else 0


def _words(choice: _Choice, if_cut: str | None) -> tuple[str, str | None]:
    """The model's words, and what is wrong with them as far as the envelope tells."""
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise Failed("refused")
    content = choice.message.content or ""
    if choice.finish_reason == "length":
        if if_cut is None:
            raise Failed("cut off")
        return content, if_cut
    return content, None if content.strip() else "the answer was empty"


def _response_format(level: Level, question: Question[T]) -> dict[str, Any]:
    match level:
        case "json_schema":
            wanted = {"name": question.name, "strict": True, "schema": question.schema}
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
        # What is asked goes where the configuration says and nowhere else: no redirects, and no proxy for this machine's own.
        http_client=openai.DefaultAsyncHttpxClient(
            timeout=timeout, follow_redirects=False, trust_env=not endpoint.is_local
        ),
    )
