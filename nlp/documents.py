"""What kind of evidence something is: by the words on it or in its name; a person says the last word."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Sort = Literal["picture", "file", "recording", "video"]
"""What somebody sent, by what can be done with it: looked at, opened, heard, watched."""

SCENE = "现场照片"
"""A picture without writing."""
FEEDBACK = "首次试用反馈录音"
DEMO = "演示视频"

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
OTHERS: Mapping[str, tuple[Sort, ...]] = {SCENE: ("picture",), FEEDBACK: ("recording",), DEMO: ("video",)}
"""What is no document, and what alone it can be."""

POINTS: Mapping[str, int] = {SCENE: 3, "竞品对比表": 8, DEMO: 15}
"""What a piece of evidence is worth to whoever brings it. Source: the product's table of defaults."""

_IN_NAMES: Mapping[str, Sequence[str]] = {
    "营业执照": ("执照",),
    "需求调研表": ("调研", "需求表", "问卷"),
    "双方签字页": ("签字", "盖章", "双签"),
    FEEDBACK: ("试用反馈", "反馈录音"),
    DEMO: ("演示", "demo"),
    SCENE: ("现场",),
}
"""What people write into names of files, beside the words that stand on the documents. Our own choice."""
_NICKNAMES: Mapping[str, str] = {
    "执照": "营业执照",
    "意向书": "采购意向书",
    "采购意向": "采购意向书",
    "调研表": "需求调研表",
    "调研问卷": "需求调研表",
    "签字页": "双方签字页",
    "双签页": "双方签字页",
    "法务意见": "法务批注",
    "技术确认": "技术部确认",
    "对比表": "竞品对比表",
    "反馈录音": FEEDBACK,
    "试用反馈": FEEDBACK,
    "试用反馈录音": FEEDBACK,
    "现场图": SCENE,
    "现场照": SCENE,
    "现场图片": SCENE,
    "产品演示视频": DEMO,
    "演示录像": DEMO,
}
_RECORDINGS = frozenset({"amr", "mp3", "m4a", "wav", "aac", "ogg", "opus", "silk"})
_VIDEOS = frozenset({"mp4", "mov", "avi", "mkv", "m4v", "3gp", "wmv"})
_PICTURES = frozenset({"jpg", "jpeg", "png", "heic", "webp", "gif", "bmp"})
_ENDING = re.compile(r"\.([0-9A-Za-z]{1,5})$")
_NUMBERED = re.compile(
    r"(?:[\s_\-.]*(?:[vV]\d+(?:\.\d+)*|第?[0-9一二三四五六七八九十]+[版稿]|[(（]\d+[)）]|最终[版稿]?|终[版稿]|定稿|修改[版稿]|修订[版稿]|"
    r"20\d{2}[-._年]?[01]?\d[-._月]?[0-3]?\d日?|副本))+$"
)


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


def by_name(file_name: str, documents: Mapping[str, Sequence[str]]) -> str | None:
    """What a file's name says that it is; None where it says nothing, two things, or what such a file cannot be.

    >>> by_name("恒力-营业执照(副本).pdf", DOCUMENTS), by_name("演示.mp4", DOCUMENTS), by_name("演示.pptx", DOCUMENTS)
    ('营业执照', '演示视频', None)
    """
    sort, stem = sort_of_name(file_name), stem_of(file_name)
    full = [label for label in (*documents, *OTHERS) if label in stem]
    if len(full) == 1:
        return full[0] if fits(full[0], sort) else None
    words = {
        label: (*documents.get(label, ()), *_IN_NAMES.get(label, ()))
        for label in (*documents, *OTHERS)
        if fits(label, sort)
    }
    return likeliest(stem.lower(), words)


def sort_of_name(file_name: str) -> Sort:
    """By the ending: 反馈.m4a is a recording, whatever it was sent as.

    >>> sort_of_name("反馈.m4a"), sort_of_name("合同.pdf"), sort_of_name("")
    ('recording', 'file', 'file')
    """
    found = _ENDING.search(file_name)
    ending = found[1].lower() if found else ""
    if ending in _RECORDINGS:
        return "recording"
    if ending in _VIDEOS:
        return "video"
    return "picture" if ending in _PICTURES else "file"


def fits(label: str, sort: Sort) -> bool:
    """Whether something of that sort can be that: a document is a file or a picture of one."""
    return sort in OTHERS.get(label, ("file", "picture"))


def stem_of(file_name: str) -> str:
    """A name without its ending and without what tells one version of the file from another.

    >>> stem_of("恒力采购意向书_v2(1).pdf"), stem_of("报价单 第三稿.xlsx"), stem_of("2026-11-20.pdf")
    ('恒力采购意向书', '报价单', '2026-11-20')
    """
    whole = _ENDING.sub("", file_name.strip())
    return _NUMBERED.sub("", whole).strip() or whole


@dataclass(frozen=True)
class Named:
    """Words that say what something is: 这是恒力的采购意向书."""

    label: str
    owner: str = ""
    """Whose it is, as said; empty where nobody is named."""


_THIS_IS = re.compile(
    r"(?:(?:这|刚才|上一|刚刚|上面)?(?:那|这)?(?:个|张|份|段|条|些)?(?:文件|图|图片|照片|视频|录音|语音|附件)?(?:发的)?(?:都)?是)"
    r"(?:(?P<owner>[^的，,。\s]{2,30})的)?(?P<what>.+)"
)


def named(text: str, labels: Sequence[str]) -> Named | None:
    """What the words say that something is, where they say nothing else; None for all other words.

    >>> named("这是恒力的意向书", ["采购意向书"]), named("反馈录音", [FEEDBACK]), named("这是我们第一次见面", ["营业执照"])
    (Named(label='采购意向书', owner='恒力'), Named(label='首次试用反馈录音', owner=''), None)
    """
    words = text.strip(" \n。.！!，,")
    said = _THIS_IS.fullmatch(words)
    what, owner = (said["what"].strip(), said["owner"] or "") if said else (words, "")
    label = what if what in labels else _NICKNAMES.get(what, "")
    return Named(label, owner) if label in labels else None
