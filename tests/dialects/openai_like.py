"""A local server that speaks OpenAI's chat completions as each provider does, with their refusals and worse.

    async with OpenAiLike("deepseek") as server:
        server.says({"customer": {"value": "恒力", "quote": "恒力"}})
        endpoint = Endpoint(server.base_url, "deepseek-chat", server.key)

What is not scripted is answered with an empty answer. Every request is kept in `asked`.
"""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import web

Json = dict[str, Any]
Provider = Literal["deepseek", "qwen", "moonshot", "openai", "ollama", "vllm", "plain"]

SINGLE = ("customer", "stage", "attitude")
MANY = (
    "contacts",
    "amounts",
    "competitors",
    "pain_points",
    "objections",
    "demands",
    "next_steps",
    "risks",
    "positives",
)
EMPTY: Json = {**dict.fromkeys(SINGLE), **{name: [] for name in MANY}}


@dataclass
class Reply:
    """What comes next: words as they are, or a fault.

    status (with `retry_after`) · hang · half (the connection breaks in the body) · html · cut (finish_reason=length) ·
    refusal · redirect · huge · no_choices
    """

    words: str = ""
    fault: str = ""
    status: int = 200
    retry_after: str | None = None


@dataclass
class OpenAiLike:
    provider: Provider = "plain"
    key: str = "sk-of-the-tests"
    models: tuple[str, ...] | None = ("deepseek-chat", "qwen-plus")
    """None: the server has no list of models."""
    asked: list[Json] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    replies: deque[Reply] = field(default_factory=deque)
    always: Reply | None = None
    """In place of the empty answer where nothing is scripted."""
    usage: Any = field(default_factory=lambda: {"prompt_tokens": 700, "completion_tokens": 300, "total_tokens": 1000})
    needs_new_keys: bool = False
    """Like OpenAI's thinking models: neither max_tokens nor temperature."""
    sees: bool = True
    """Whether the model takes pictures."""
    slow_s: float = 0.0
    most_at_once: int = 0
    base_url: str = ""
    elsewhere: list[str] = field(default_factory=list)
    """What was asked of the place that a redirect leads to."""
    _now: int = 0
    _released: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    def says(self, answer: Mapping[str, Any] | str) -> None:
        words = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        self.replies.append(Reply(words))

    def fails(
        self, fault: str = "status", *, status: int = 500, retry_after: str | None = None, times: int = 1
    ) -> None:
        self.replies.extend(Reply("", fault, status, retry_after) for _ in range(times))

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=8 << 20)
        application.router.add_post("/v1/chat/completions", self._complete)
        application.router.add_get("/v1/models", self._list)
        application.router.add_route("*", "/elsewhere", self._elsewhere)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        assert self._runner is not None
        await self._runner.cleanup()

    # What it serves

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _refusal(401, "Incorrect API key provided")
        if self.models is None:
            raise web.HTTPNotFound
        return web.json_response({"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})

    async def _elsewhere(self, request: web.Request) -> web.StreamResponse:
        self.elsewhere.append(await request.text())
        return web.json_response(_completion("{}", "stop"))

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        self.keys.append(request.headers.get("Authorization", ""))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            await asyncio.sleep(self.slow_s)
            return await self._answer(request, body)
        finally:
            self._now -= 1

    async def _answer(self, request: web.Request, body: Json) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _refusal(401, "Incorrect API key provided")
        if refused := self._refused(body):
            return refused
        reply = self.replies.popleft() if self.replies else self.always or Reply(json.dumps(EMPTY))
        if reply.fault:
            return await self._fail(request, reply)
        if self._enforces(body):
            faults = faults_of(json.loads(reply.words), body["response_format"]["json_schema"]["schema"])
            assert faults == [], faults
        return web.json_response({**self._dressed(reply.words), "usage": self.usage})

    def _refused(self, body: Json) -> web.Response | None:
        """What this provider does not take, in its own words."""
        wanted = body.get("response_format", {}).get("type", "text")
        prompt = json.dumps(body["messages"], ensure_ascii=False).lower()
        if not self.sees and any(isinstance(message["content"], list) for message in body["messages"]):
            return _refusal(400, "this model does not support images")
        match self.provider:
            case "deepseek" if wanted == "json_schema":
                return _refusal(400, "This response_format type is unavailable now")
            case "deepseek" | "qwen" | "moonshot" if wanted == "json_object" and "json" not in prompt:
                return _refusal(400, "'messages' must contain the word 'json' in some form")
            case "qwen" if wanted == "json_schema":
                return _refusal(400, "'response_format.type' json_schema is not supported by this model")
            case "moonshot" if wanted == "json_schema":
                return _refusal(422, "unsupported response_format")
            case "plain" if wanted != "text":
                return _refusal(415, "unknown field response_format")
            case "openai" if self.needs_new_keys and "max_tokens" in body:
                return _refusal(400, "Unsupported parameter: use 'max_completion_tokens' instead", "max_tokens")
            case "openai" if self.needs_new_keys and "temperature" in body:
                return _refusal(400, "Unsupported value: 'temperature'", "temperature")
        return None

    def _enforces(self, body: Json) -> bool:
        return self.provider in ("openai", "vllm") and body.get("response_format", {}).get("type") == "json_schema"

    def _dressed(self, words: str) -> Json:
        match self.provider:
            case "qwen":
                completion = _completion(words, "stop")
                completion["choices"][0]["message"]["reasoning_content"] = "先看客户……"
                return completion
            case "ollama":
                return _completion(f"好的，这是您要的结果：\n\n{words}\n\n希望对您有帮助！", "stop")
            case _:
                return _completion(words, "stop")

    async def _fail(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        match reply.fault:
            case "hang":
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._released.wait(), 30)
                return web.Response(status=503)
            case "half":
                response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "5000"})
                await response.prepare(request)
                await response.write(b'{"choices": [{"message": {"content": "{')
                assert request.transport is not None
                request.transport.close()
                return response
            case "html":
                return web.Response(text="<html>网关维护中</html>", content_type="text/html")
            case "cut":
                return web.json_response(_completion('{"customer": {"value": "恒', "length"))
            case "refusal":
                completion = _completion("", "stop")
                completion["choices"][0]["message"] |= {"content": None, "refusal": "I cannot help with that."}
                return web.json_response(completion)
            case "redirect":
                return web.Response(status=307, headers={"Location": self.base_url.replace("/v1", "/elsewhere")})
            case "huge":
                return web.json_response(_completion("恒" * 400_000, "stop"))
            case "no_choices":
                return web.json_response({"id": "x", "object": "chat.completion", "choices": []})
            case _:
                headers = {"Retry-After": reply.retry_after} if reply.retry_after is not None else {}
                # providers quote the request in their errors
                text = json.dumps({"error": {"message": f"injected: {self.asked[-1]['messages'][-1]['content']}"}})
                return web.Response(status=reply.status, text=text, content_type="application/json", headers=headers)


def _completion(words: str, finish_reason: str) -> Json:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", "content": words}}],
        "usage": {"prompt_tokens": 700, "completion_tokens": 300, "total_tokens": 1000},
    }


def _refusal(status: int, message: str, param: str | None = None) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": None}
    return web.json_response({"error": error}, status=status)


def faults_of(value: Any, schema: Json, path: str = "$") -> list[str]:
    """Where a value breaks a schema of the strict dialect: what an enforcing server would never have let out."""
    if "anyOf" in schema:
        each = [faults_of(value, option, path) for option in schema["anyOf"]]
        return [] if any(not faults for faults in each) else each[0]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{path}: not one of the choices"]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(_is(value, kind) for kind in kinds):
        return [f"{path}: {kinds} wanted"]
    if isinstance(value, list):
        return [fault for i, item in enumerate(value) for fault in faults_of(item, schema["items"], f"{path}.{i}")]
    if isinstance(value, dict):
        known = schema["properties"]
        faults = [f"{path}.{key}: unknown" for key in value.keys() - known.keys()]
        faults += [f"{path}.{key}: missing" for key in set(schema["required"]) - value.keys()]
        return faults + [
            fault for key in value.keys() & known.keys() for fault in faults_of(value[key], known[key], f"{path}.{key}")
        ]
    return []


def _is(value: Any, kind: str) -> bool:
    match kind:
        case "null":
            return value is None
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case _:
            return isinstance(value, dict)
