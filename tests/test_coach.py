"""A language model that points at the key points of an answer: only what stands there is taken."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.coach import SCHEMA, ModelCoach, Pointed, grounded, messages
from nlp.llm_endpoint import Budget, Endpoint, Limits
from nlp.practice import Coach, NoAdvice
from tests.dialects.openai_like import OpenAiLike, Provider, Reply, faults_of
from tests.fakes import FakeClock

POINTS = ("先看配置是否一样", "型号与关键参数", "安装和质保")
ANSWER = "两家的东西得一个样，型号也要对，电话13800138000，您看呢"

Start = Callable[..., Any]


def pointed(*said: tuple[int, str]) -> dict[str, Any]:
    return {"said": [{"point": point, "quote": quote} for point, quote in said]}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def start(clock: FakeClock) -> AsyncIterator[Start]:
    async with AsyncExitStack() as stack:

        async def run(provider: Provider = "vllm", **limits: Any) -> tuple[OpenAiLike, ModelCoach, Budget]:
            server = await stack.enter_async_context(OpenAiLike(provider))
            endpoint = Endpoint(server.base_url, "qwen/qwen-max", server.key, {}, is_local=True)
            budget = Budget(limits.pop("daily_tokens", 0), clock.now)
            coach = ModelCoach(endpoint, now=clock.now, limits=Limits(**{"timeout_s": 10.0, **limits}), budget=budget)
            stack.push_async_callback(coach.close)
            return server, coach, budget

        yield run


async def test_what_is_pointed_at_and_stands_in_the_answer_is_taken(start: Start) -> None:
    server, coach, budget = await start()
    server.says(pointed((1, "两家的东西得一个样"), (2, "型号也要对"), (3, "质保三年"), (9, "您看呢")))
    is_one: Coach = coach

    assert await is_one.said(POINTS, ANSWER) == {0: "两家的东西得一个样", 1: "型号也要对"}
    assert coach.name == "qwen-max·practice.v1"
    assert budget.tokens_today == 1000


async def test_numbers_of_people_stay_here_and_come_back_in_quotes(start: Start) -> None:
    server, coach, _ = await start()
    server.says(pointed((1, "电话⟦电话1⟧")))

    assert await coach.said(POINTS, ANSWER) == {0: "电话13800138000"}
    assert "13800138000" not in json.dumps(server.asked, ensure_ascii=False)


@pytest.mark.parametrize("fault", ["status", "hang"])
async def test_a_model_that_is_away_gives_no_advice(start: Start, fault: str) -> None:
    server, coach, _ = await start(timeout_s=0.3)
    server.fails(fault, times=4)

    with pytest.raises(NoAdvice):
        await coach.said(POINTS, ANSWER)


async def test_an_answer_of_another_shape_twice_is_no_advice(start: Start) -> None:
    server, coach, _ = await start("plain")
    # an empty note: JSON as asked for elsewhere, without the key asked for here
    server.replies.extend([Reply('{"points": []}')] * 2)

    with pytest.raises(NoAdvice):
        await coach.said(POINTS, ANSWER)


async def test_where_the_days_tokens_are_spent_nothing_is_asked(start: Start) -> None:
    server, coach, budget = await start(daily_tokens=500)
    budget.spend(500)

    with pytest.raises(NoAdvice):
        await coach.said(POINTS, ANSWER)
    assert server.asked == []


async def test_a_speech_is_left_to_the_rules(start: Start) -> None:
    server, coach, _ = await start()
    with pytest.raises(NoAdvice):
        await coach.said(POINTS, "型号" * 2000)
    assert server.asked == []


def test_one_quote_stands_for_one_point() -> None:
    answer = Pointed.model_validate(pointed((1, "型号也要对"), (2, "型号也要对"), (3, "，")))
    assert grounded(answer, POINTS, ANSWER) == {0: "型号也要对"}


@given(
    said=st.lists(
        st.tuples(st.integers(-5, 40), st.text(max_size=20) | st.sampled_from(["型号也要对", "您看呢"])), max_size=20
    )
)
def test_only_points_that_there_are_and_words_of_the_answer_are_taken(said: list[tuple[int, str]]) -> None:
    found = grounded(Pointed.model_validate(pointed(*said)), POINTS, ANSWER)
    assert all(0 <= place < len(POINTS) and quote in ANSWER and quote for place, quote in found.items())
    assert len(set(found.values())) == len(found)


def test_the_answer_stands_between_marks_that_are_not_in_it_and_its_shape_is_asked_for() -> None:
    system, user = messages(POINTS, ANSWER, schema_in_prompt=True)
    opening, _, rest = user["content"].partition("\n")
    assert rest == f"{ANSWER}\n</{opening[1:]}"
    assert "1. 先看配置是否一样\n2. 型号与关键参数" in system["content"]
    assert "{{" not in system["content"]
    assert faults_of(pointed((1, "型号")), SCHEMA) == []
