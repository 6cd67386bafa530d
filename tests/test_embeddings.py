"""An embeddings endpoint, well behaved and otherwise, on a local server."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from nlp.embeddings import EndpointEmbedder, NoEmbedding
from nlp.llm_endpoint import Endpoint
from nlp.scripts import Script, ScriptIndex

Reply = Callable[[list[str]], web.Response]
LIBRARY = (Script("P1", "比竞品贵", ("别家便宜",), "算总成本"), Script("S1", "售后太慢", ("坏了没人修",), "响应时间"))
QUESTION = "别家便宜"


def rows(*vectors: list[object]) -> web.Response:
    data = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)]
    # json.dumps writes NaN as some servers do
    text = json.dumps({"object": "list", "model": "m", "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}})
    return web.Response(text=text, content_type="application/json")


def lengths(texts: list[str]) -> web.Response:
    return rows(*([len(text), 1.0] for text in texts))


class Stage:
    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked: list[dict[str, object]] = []
        self.keys: list[str | None] = []
        self.is_slow = False

    async def answer(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.asked.append(asked)
        self.keys.append(request.headers.get("Authorization"))
        if self.is_slow:
            await asyncio.sleep(30)
        return self.reply(asked["input"])


@asynccontextmanager
async def embedder(stage: Stage, *, timeout_s: float = 5.0, batch: int = 64) -> AsyncIterator[EndpointEmbedder]:
    app = web.Application()
    app.router.add_post("/v1/embeddings", stage.answer)
    async with TestServer(app, host="127.0.0.1") as server:
        endpoint = Endpoint(str(server.make_url("/v1")), "bge-m3", "sk-test", {"dimensions": 2})
        with_limits = EndpointEmbedder(endpoint, timeout_s=timeout_s, batch=batch)
        try:
            yield with_limits
        finally:
            with_limits.close()


async def fault(stage: Stage, *, timeout_s: float = 5.0) -> str:
    """What is told of the failure, which must hold nothing of the texts."""
    async with embedder(stage, timeout_s=timeout_s) as asking:
        with pytest.raises(NoEmbedding) as caught:
            await asyncio.to_thread(asking.documents, ["机密一", "机密二"])
    assert "机密" not in f"{caught.value!r} {caught.value.kind}"
    return caught.value.kind


async def test_texts_become_rows_of_unit_length_in_their_order() -> None:
    stage = Stage(lengths)
    async with embedder(stage, batch=2) as asking:
        vectors = await asyncio.to_thread(asking.documents, ["一", "一二", "一二三"])
        one = await asyncio.to_thread(asking.question, "一二三四")
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert [round(float(row[0] / row[1])) for row in vectors] == [1, 2, 3]
    assert one.shape == (2,)
    assert [asked["input"] for asked in stage.asked] == [["一", "一二"], ["一二三"], ["一二三四"]]
    assert all(asked["model"] == "bge-m3" and asked["dimensions"] == 2 for asked in stage.asked)
    assert set(stage.keys) == {"Bearer sk-test"}


async def test_rows_are_put_into_the_order_of_their_numbers() -> None:
    def backwards(texts: list[str]) -> web.Response:
        data = [{"object": "embedding", "index": at, "embedding": [len(texts[at]), 1]} for at in range(len(texts))]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return web.json_response({"object": "list", "model": "m", "data": data[::-1], "usage": usage})

    async with embedder(Stage(backwards)) as asking:
        vectors = await asyncio.to_thread(asking.documents, ["一", "一二三"])
    assert [round(float(row[0] / row[1])) for row in vectors] == [1, 3]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (lambda _: web.Response(status=500, text="机密一"), "HTTP 500"),
        (lambda _: web.Response(status=429, text="slower"), "HTTP 429"),
        (lambda _: rows([1.0, 2.0]), "no vectors"),
        (lambda _: rows([1.0, 2.0], [1.0, 2.0], [1.0, 2.0]), "no vectors"),
        (lambda _: rows([1.0, 2.0], [1.0]), "no vectors"),
        (lambda _: rows([1.0, float("nan")], [1.0, 2.0]), "no vectors"),
        (lambda _: rows([0.0, 0.0], [1.0, 2.0]), "no vectors"),
        (lambda _: rows(["a", "b"], ["c", "d"]), "no vectors"),
        (lambda _: rows([], []), "no vectors"),
    ],
    ids=["500", "429", "too few", "too many", "a shorter row", "NaN", "no direction", "words", "empty rows"],
)
async def test_what_holds_no_vectors_is_refused(reply: Reply, kind: str) -> None:
    assert await fault(Stage(reply)) == kind


@pytest.mark.parametrize("text", ["", "<html>", "[]", "{}", '{"data": null}', '{"data": [{"index": 0}]}'])
async def test_an_answer_that_is_none_is_refused(text: str) -> None:
    assert await fault(Stage(lambda _: web.Response(text=text, content_type="application/json")))


async def test_an_endpoint_that_keeps_us_waiting_is_given_up() -> None:
    stage = Stage(lengths)
    stage.is_slow = True
    assert await fault(stage, timeout_s=0.2) == "APITimeoutError"
    assert len(stage.asked) == 1  # and not asked again


async def test_batches_of_different_lengths_are_refused() -> None:
    stage = Stage(lambda texts: rows(*([1.0] * (1 + len(stage.asked)) for _ in texts)))
    async with embedder(stage, batch=1) as asking:
        with pytest.raises(NoEmbedding, match="different lengths"):
            await asyncio.to_thread(asking.documents, ["一", "二"])


async def test_an_index_answers_by_words_while_the_endpoint_is_away_and_by_meaning_when_it_is_back() -> None:
    stage = Stage(lambda _: web.Response(status=503))
    async with embedder(stage) as asking:
        index = ScriptIndex(LIBRARY, asking)
        away = await asyncio.to_thread(index.search, QUESTION)
        stage.reply = lengths
        back = await asyncio.to_thread(index.search, QUESTION)
    assert away.degraded
    assert away.hits[0].script_id == "P1"
    assert not back.degraded


async def test_a_question_of_another_length_than_the_scripts_leaves_the_words() -> None:
    stage = Stage(lengths)
    async with embedder(stage) as asking:
        index = ScriptIndex(LIBRARY, asking)
        await asyncio.to_thread(index.search, QUESTION)
        stage.reply = lambda texts: rows(*([1.0, 2.0, 3.0] for _ in texts))
        found = await asyncio.to_thread(index.search, "又来一句")
    assert found.degraded
