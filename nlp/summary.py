"""Two or three sentences for cards and digests, made of a draft's values and of nothing else.

The first says who and how far, the second what the customer thinks and wants, the third what comes next. Every word is
one of the note, the name of the customer or the stage on the team's list, a due date, or a connective from the tables
here.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from nlp.draft import Amount, VisitDraft

MAX_LENGTH = 160
MOST = 3
"""Values of one kind; the record has the rest."""
ROLES = {
    "budget": "预算", "quote": "报价", "deal": "合同额", "unit_price": "单价", "payment": "款项", "fee": "费用", "competitor_price": "竞品价", "price_gap": "价差",
    "other": "金额",
}  # fmt: skip
OWNERS = {"us": "我方", "customer": "客户", "colleague": "同事"}
LABELS = ("阶段", "异议", "竞品", "积极信号", "风险信号", "客户要求", "下一步")


def summarise(text: str, draft: VisitDraft) -> str:
    """At most MAX_LENGTH characters; a part that does not fit is left out. The note's first words where there are no values."""
    sentences = [
        "；".join(fitting)
        for parts in (_standing(text, draft), _thinking(text, draft), _coming(draft))
        if (fitting := [part for part in parts if part])
    ]
    summary = ""
    for sentence in sentences:
        room = MAX_LENGTH - len(summary) - 1
        summary += f"{kept}。" if (kept := _cut(sentence, room)) else ""
    return summary or _first_words(text)


def _cut(sentence: str, room: int) -> str:
    """As many of the sentence's parts as fit."""
    kept = ""
    for part in sentence.split("；"):
        longer = f"{kept}；{part}" if kept else part
        if len(longer) > room:
            break
        kept = longer
    return kept


def _standing(text: str, draft: VisitDraft) -> Iterable[str]:
    who = draft.customer.value if draft.customer else ""
    people = "、".join(contact.name for contact in draft.contacts[:MOST])
    yield "，".join(each for each in (who, people) if each)
    yield f"阶段：{draft.stage.value}" if draft.stage else ""
    yield "、".join(f"{ROLES[amount.role]}{_said(text, amount)}" for amount in draft.amounts[:MOST])


def _thinking(text: str, draft: VisitDraft) -> Iterable[str]:
    yield _listed("异议", [tag.span.of(text) for tag in draft.objections])
    yield _listed("竞品", [rival.name for rival in draft.competitors])
    yield _listed("积极信号", [signal.words for signal in draft.signals if signal.polarity == "positive"])
    yield _listed("风险信号", [signal.words for signal in draft.signals if signal.polarity == "risk"])
    yield _listed("客户要求", [f"{demand.what}{_until(demand.due)}" for demand in draft.demands])


def _coming(draft: VisitDraft) -> Iterable[str]:
    steps = [f"{OWNERS[step.owner]}{step.action}{_until(step.due)}" for step in draft.next_steps[:MOST]]
    if steps:
        yield f"下一步：{steps[0]}"
        yield from steps[1:]


def _listed(label: str, values: Sequence[str]) -> str:
    words = list(dict.fromkeys(value.strip() for value in values))[:MOST]
    return f"{label}：" + "".join(f"「{each}」" for each in words) if words else ""


def _until(due: date | None) -> str:
    return f"（{due.month}月{due.day}日前）" if due else ""


def _said(text: str, amount: Amount) -> str:
    return amount.span.of(text).strip()


def _first_words(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= 60 else line[:60] + "…"
