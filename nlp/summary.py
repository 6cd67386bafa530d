"""A short summary for cards and digests: the facts in order and the words they came from, nothing else."""

from collections.abc import Sequence

from nlp.draft import Amount, VisitDraft

MAX_LENGTH = 160
_ROLE = {
    "budget": "预算", "quote": "报价", "deal": "合同额", "unit_price": "单价", "payment": "款项", "fee": "费用", "competitor_price": "竞品价", "price_gap": "价差",
    "other": "金额",
}  # fmt: skip
_OWNER = {"us": "我方", "customer": "客户", "colleague": "同事"}


def summarise(text: str, draft: VisitDraft) -> str:
    """One Chinese sentence from the draft's facts, at most MAX_LENGTH characters; the first clause where there are none."""
    parts = [part for part in _parts(text, draft) if part]
    if not parts:
        return _first_words(text)
    summary = ""
    for part in parts:
        if len(summary) + len(part) + 1 > MAX_LENGTH:
            break
        summary += ("；" if summary else "") + part
    return (summary or parts[0][: MAX_LENGTH - 1]) + "。"


def _parts(text: str, draft: VisitDraft) -> Sequence[str]:
    who = draft.customer.value if draft.customer else ""
    people = "、".join(contact.name for contact in draft.contacts[:3])
    steps = [
        f"{_OWNER[step.owner]}{step.action}" + (f"（{step.due.month}月{step.due.day}日前）" if step.due else "")
        for step in draft.next_steps[:3]
    ]
    risks = [f"「{signal.words}」" for signal in draft.signals if signal.polarity == "risk"][:3]
    good = [f"「{signal.words}」" for signal in draft.signals if signal.polarity == "positive"][:2]
    return (
        "，".join(each for each in (who, people) if each),
        "、".join(f"{_ROLE[amount.role]}{_said(text, amount)}" for amount in draft.amounts[:3]),
        "异议：" + "、".join(tag.span.of(text) for tag in draft.objections[:2]) if draft.objections else "",
        "竞品：" + "、".join(rival.name for rival in draft.competitors[:3]) if draft.competitors else "",
        "积极信号" + "".join(good) if good else "",
        "风险信号" + "".join(risks) if risks else "",
        "下一步：" + "，".join(steps) if steps else "",
    )


def _said(text: str, amount: Amount) -> str:
    return amount.span.of(text).strip()


def _first_words(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= 60 else line[:60] + "…"
