"""The closed lists of the script library, and the placeholders in the words of a script."""

import re
from collections.abc import Mapping

PLACEHOLDERS: Mapping[str, str] = {
    "客户": "客户公司的名称",
    "联系人": "客户方联系人的称呼",
    "产品": "正在谈的我方产品",
    "行业": "客户所在的行业",
    "我方报价": "我方的报价",
    "竞品": "竞品或竞争对手的名称",
    "竞品价": "竞品的报价",
    "差额": "我方报价与竞品价相差的金额",
    "差价比例": "差额占竞品价的百分比",
    "预算": "客户的预算",
    "期数": "分期付款的期数",
    "每期": "分期付款每一期的金额",
    "案例客户": "同意公开的真实案例客户",
}

KINDS = ("技术参数对比", "成本优化清单", "分期付款测算", "案例", "提问")

CATEGORIES = (
    *("价格", "付款", "采购压价", "交期", "售后", "技术", "质量认证", "案例", "新供应商", "现有供应商", "决策", "时机"),
    *("招标比价", "合同", "试用样品", "演示", "竞品评价", "数据安全", "沉默", "一站式", "合规", "人员变动", "提问"),
)

_PLACEHOLDER = re.compile(r"\{([^{}｛｝\n]*)\}")
_SENTENCE = re.compile(r"[^。！？；\n]*(?:[。！？；]+[”」』）]*\n?|\n|$)")


def placeholders(text: str) -> tuple[str, ...]:
    """The names in braces, known or not, each once, in the order of the text."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


def faults(text: str) -> tuple[str, ...]:
    """What an import must refuse in a body, said for people."""
    found = [f"未知占位符：{{{name}}}" for name in placeholders(text) if name not in PLACEHOLDERS]
    rest = _PLACEHOLDER.sub("", text)
    if "{" in rest or "}" in rest:
        found.append("花括号不成对")
    if "｛" in rest or "｝" in rest:
        found.append("占位符请用半角花括号 { }")
    return tuple(found)


def sentences(text: str) -> tuple[str, ...]:
    """The sentences with their ends; joined they are the text again."""
    return tuple(part for part in _SENTENCE.findall(text) if part)


def filled(body: str, values: Mapping[str, str]) -> str:
    """The body with its values; a sentence that lacks one is left out, never guessed."""
    said = []
    for sentence in sentences(body):
        if all(values.get(name) for name in placeholders(sentence)):
            said.append(_PLACEHOLDER.sub(lambda found: values[found[1]], sentence))
        elif sentence.endswith("\n"):
            said.append("\n")
    return re.sub(r"\n{2,}", "\n", "".join(said)).strip()
