"""What `visitbot doctor` says of the language model."""

from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from bot import checkup_model
from bot.checkup_model import check_model
from bot.commands.doctor import line
from bot.config import Model
from bot.platform import CheckResult
from tests.dialects.openai_like import OpenAiLike, Provider
from tests.test_cli_doctor import doctor_with


def model(server: OpenAiLike, *, key: str | None = None, name: str = "deepseek-chat") -> Model:
    return Model(base_url=server.base_url, api_key=SecretStr(key or server.key), model=name)


async def checked(configured: Model) -> CheckResult:
    [result] = await check_model(configured)
    assert configured.api_key.get_secret_value() not in line(result)
    return result


async def test_without_a_model_there_is_nothing_to_say() -> None:
    assert await check_model(Model()) == []


@pytest.mark.parametrize("models", [("deepseek-chat", "deepseek-reasoner"), ("deepseek-chat:latest",), (), None])
async def test_a_model_that_is_in_the_list_or_answers_a_question_is_well(models: tuple[str, ...] | None) -> None:
    async with OpenAiLike("plain", models=models) as server:
        result = await checked(model(server))

    assert (result.ok, result.warning) == (True, False)
    assert len(server.asked) == (1 if models is None else 0)
    assert all(request["max_tokens"] == 1 for request in server.asked)


async def test_a_model_that_is_not_in_the_list_is_a_warning_with_those_that_are() -> None:
    async with OpenAiLike(models=("qwen-plus", "qwen-max")) as server:
        result = await checked(model(server))

    assert (result.ok, result.warning) == (True, True)
    assert "qwen-plus、qwen-max" in result.advice


@pytest.mark.parametrize("models", [("deepseek-chat",), None])
async def test_a_refused_key_is_a_fault(models: tuple[str, ...] | None) -> None:
    async with OpenAiLike(models=models) as server:
        result = await checked(model(server, key="sk-wrong"))

    assert not result.ok
    assert "model.api_key" in result.advice


@pytest.mark.parametrize(
    ("status", "ok", "advice"),
    [
        (404, False, "写到 /v1 为止"),
        (400, False, "model.model 照服务商的写法"),
        (402, False, "充值"),
        (429, True, "余额和限额"),
        (502, False, "稍后再试"),
    ],
)
async def test_each_refusal_comes_with_what_to_do(status: int, ok: bool, advice: str) -> None:
    async with OpenAiLike(models=None) as server:
        server.fails(status=status)
        result = await checked(model(server))

    assert result.ok == ok
    assert advice in result.advice


@pytest.mark.parametrize("provider", ["vllm", "deepseek"])
async def test_a_redirect_is_a_fault_and_not_followed(provider: Provider) -> None:
    async with OpenAiLike(provider, models=None) as server:
        server.fails("redirect")
        result = await checked(model(server))

    assert not result.ok
    assert server.elsewhere == []


async def test_nobody_there_and_nobody_answering_are_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = await checked(Model(base_url="http://127.0.0.1:9/v1", model="m", api_key=SecretStr("sk")))
    assert (nobody.ok, nobody.detail) == (False, "连不上")

    monkeypatch.setattr(checkup_model, "ANSWER_WITHIN", aiohttp.ClientTimeout(total=0.2))
    async with OpenAiLike(models=None) as server:
        server.slow_s = 1.0
        late = await checked(model(server))

    assert not late.ok
    assert "没有应答" in late.detail


async def test_doctor_has_a_line_for_it(tmp_path: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with OpenAiLike() as server:
        settings = {"base_url": server.base_url, "api_key": server.key, "model": "deepseek-chat"}

        assert await doctor_with({"model": settings, "playground": {"enabled": True}}, tmp_path, sqlite_url) == 0

    shown = capsys.readouterr().out
    assert "✓ 语言模型" in shown
    assert server.key not in shown
