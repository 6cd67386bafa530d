"""What kind of document a picture shows, by the words on it; a person says the last word."""

from collections.abc import Mapping, Sequence

SCENE = "现场照片"
"""A picture without writing."""

DOCUMENTS: Mapping[str, Sequence[str]] = {
    "营业执照": ("营业执照", "统一社会信用代码", "法定代表人", "登记机关"),
    "采购意向书": ("采购意向书", "采购意向", "意向书"),
    "需求调研表": ("需求调研表", "调研表", "调研问卷", "需求调查"),
    "双方签字页": ("签字页", "甲方盖章", "乙方盖章", "授权代表", "签字盖章"),
    "法务批注": ("法务", "批注", "审核意见", "修订"),
    "技术部确认": ("技术确认", "技术协议", "技术部", "图纸确认"),
    "试用协议": ("试用协议", "试用期", "试用申请"),
    "竞品对比表": ("竞品", "对比表", "参数对比"),
}
"""The documents that the stages of the funnel ask for, each with words that stand on it. Our own choice."""


def likeliest(text: str, documents: Mapping[str, Sequence[str]]) -> str | None:
    """The document with the most of its words in `text`; None where there are none, or two have equally many.

    >>> likeliest("营 业 执 照 统一社会信用代码 91330200", DOCUMENTS)
    '营业执照'
    """
    plain = "".join(character for character in text if character.isalnum())
    found = {label: sum(word in plain for word in words) for label, words in documents.items()}
    most = max(found.values(), default=0)
    best = [label for label, count in found.items() if count == most]
    return best[0] if most and len(best) == 1 else None
