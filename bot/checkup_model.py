"""What `visitbot doctor` looks at for the language model: whether it answers, takes the key and has the model."""

from typing import Any

import aiohttp
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.checkup_channels import ANSWER_WITHIN
from bot.config import Model
from bot.platform import CheckResult

NAME = "语言模型"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: str


class _Models(BaseModel):
    model_config = ConfigDict(extra="ignore")
    data: list[_Entry]


async def check_model(model: Model) -> list[CheckResult]:
    """One line where a model is set up, else none. A list of models costs nothing, so it is asked first."""
    if not model.base_url:
        return []
    headers = {"Authorization": f"Bearer {key}"} if (key := model.api_key.get_secret_value()) else {}
    try:
        async with aiohttp.ClientSession(timeout=ANSWER_WITHIN, headers=headers) as session:
            status, body = await _ask(session, "GET", f"{model.base_url}/models")
            if status in (404, 405, 501):
                question = {"model": model.model, "messages": [{"role": "user", "content": "1"}], "max_tokens": 1}
                status, _ = await _ask(session, "POST", f"{model.base_url}/chat/completions", question)
                body = b""
    except TimeoutError:
        return [_fault("8 秒没有应答", "检查网络和 model.base_url；期间笔记按规则整理，卡片上会说明")]
    except aiohttp.ClientError:
        return [_fault("连不上", "检查 model.base_url 和网络；期间笔记按规则整理，卡片上会说明")]
    return [_judged(model, status, body)]


async def _ask(session: aiohttp.ClientSession, method: str, url: str, question: Any = None) -> tuple[int, bytes]:
    # a redirect would carry the key elsewhere
    async with session.request(method, url, json=question, allow_redirects=False) as response:
        return response.status, await response.content.read(1 << 20)


def _judged(model: Model, status: int, body: bytes) -> CheckResult:
    if status in (401, 403):
        return _fault(f"密钥被拒绝（{status}）", "检查 model.api_key 是否属于这个 model.base_url")
    if status == 429:
        return CheckResult(NAME, True, "有应答，但限流或额度用完（429）", "到服务商控制台看余额和限额", warning=True)
    if status == 402:
        return _fault("欠费（402）", "到服务商控制台充值")
    if status in (400, 404, 405, 422):
        return _fault(f"地址或模型名不对（{status}）", "model.base_url 写到 /v1 为止；model.model 照服务商的写法")
    if status >= 300:
        return _fault(f"应答 {status}", "检查 model.base_url；服务商出错时稍后再试，期间笔记按规则整理")
    try:
        known = [entry.id for entry in _Models.model_validate_json(body or b'{"data": []}').data]
    except ValidationError:
        known = []
    if known and model.model not in known and f"{model.model}:latest" not in known:
        advice = f"model.model 可写：{'、'.join(known[:5])}" + ("……" if len(known) > 5 else "")
        return CheckResult(NAME, True, f"有应答，但清单里没有 {model.model}", advice, warning=True)
    return CheckResult(NAME, True, f"{model.model} 有应答" + ("" if model.redact else "，号码不遮盖"))


def _fault(detail: str, advice: str) -> CheckResult:
    return CheckResult(NAME, False, detail, advice)
