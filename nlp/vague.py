"""Wording that says nothing, and the one concrete question that would.

A phrase of `nlp.lexicon.VAGUE` counts unless its clause makes it concrete: a date with 再联系, what somebody is satisfied with,
what was talked about; nor does it count where it is negated (不太满意) or asked.
"""

import re
from collections.abc import Sequence

from nlp import patterns
from nlp.draft import Span, VagueMention
from nlp.lexicon import VAGUE
from nlp.thoughts import Thought

QUESTIONS = {
    "满意": "请问客户具体认可哪一点，接下来答应做什么？",
    "再联系": "请问下次联系定在哪一天，由谁联系、谈什么？",
    "已沟通": "请问这次具体谈了哪件事，客户是怎么答复的？",
    "已接洽": "请问接洽的是哪一位、什么职务，谈到了哪一步？",
    "有望签约": "请问预计哪天签约，还差哪一步、由谁拍板？",
    "推进中": "请问目前推进到哪一步，下一个动作是什么、哪天完成？",
}  # fmt: skip
"""One question a kind of vagueness; every key of `VAGUE` has one."""

_NOT = re.compile(r"(?:不太|不怎么|不是很|不够|不|没有?|未|并不|谈不上|算不上|是否|是不是|能不能)$")
_NEEDS_A_DATE = frozenset(("再联系", "推进中", "有望签约"))
_ABOUT = re.compile(r"(?:对|就|关于|把)(?!我们|咱们|我|此|这次|接下来)[^，。！？；,!?;\n]{2,16}?(?:都|也|还是|整体)?$")
_WHAT = re.compile(
    r"^(?:了|过|的)?(?:一下|下)?(?:[^，。！？；,!?;\n了过]{0,12})?(?:方案|价格|报价|合同|需求|参数|交期|付款|合作|技术|产品|项目|预算|的事)"
)


def find(thoughts: Sequence[Thought]) -> tuple[VagueMention, ...]:
    """In order; of overlapping wording the longer."""
    found: list[VagueMention] = []
    for thought in thoughts:
        for kind, phrases in VAGUE.items():
            for start, end, _ in patterns.hits(phrases, thought.clause.text):
                if not _is_concrete(kind, thought, start, end):
                    span = thought.clause.span(start, end)
                    found.append(VagueMention(thought.clause.text[start:end], span, QUESTIONS[kind]))
    return _apart(sorted(found, key=lambda mention: mention.span))


def _is_concrete(kind: str, thought: Thought, start: int, end: int) -> bool:
    clause = thought.clause
    before, after = clause.text[:start], clause.text[end:]
    if _NOT.search(before) or after.startswith("吗"):
        return True
    if kind in _NEEDS_A_DATE:
        return bool(thought.times) and thought.due is not None
    if kind == "满意":
        return bool(_ABOUT.search(before))
    return bool(_WHAT.match(after) or _ABOUT.search(before))


def _apart(mentions: Sequence[VagueMention]) -> tuple[VagueMention, ...]:
    kept: list[VagueMention] = []
    for mention in mentions:
        if kept and mention.span.start < kept[-1].span.end:
            if _length(mention.span) > _length(kept[-1].span):
                kept[-1] = mention
        else:
            kept.append(mention)
    return tuple(kept)


def _length(span: Span) -> int:
    return span.end - span.start
