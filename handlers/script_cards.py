"""The cards of the script library: what to answer a customer, and what its asker made of it."""

from collections.abc import Sequence

from handlers import actions, script_plans, texts, wording
from handlers.messages import CardButton, CardField, OutboundCard
from handlers.script_figures import Figures
from handlers.script_plans import Plan

ANSWER, JUDGED = "script_answer", "script_judged"
"""Kinds of card."""
MOST_QUESTION = 40


def answer_card(
    card_id: str,
    question_id: int,
    plans: Sequence[Plan],
    *,
    title: str,
    subtitle: str,
    figures: Figures,
    hints: Sequence[str],
) -> OutboundCard:
    """The plans to choose from, the numbers that they rest on, and what else there is to say in `hints`."""
    return OutboundCard(
        card_id=card_id,
        title=title,
        subtitle=subtitle,
        fields=tuple(CardField(label=label, value=value) for label, value in _numbers(plans, figures)),
        body="\n\n".join(
            [
                *("\n".join(_lines(plan, place, len(plans))) for place, plan in enumerate(plans)),
                *filter(None, ["\n".join(hints)]),
            ]
        ),
        body_in_one=True,
        buttons=tuple(
            _button(question_id, place, useful, len(plans)) for useful in (True, False) for place in range(len(plans))
        ),
    )


def _numbers(plans: Sequence[Plan], figures: Figures) -> list[tuple[str, str]]:
    """The customer, and of the prices what has to do with the answer."""
    rows = [("客户", figures.customer)]
    is_compared = script_plans.compares(plans, figures)
    if figures.ours and (is_compared or any(plan.sums for plan in plans)):
        rows.append(("我方报价", figures.ours.words))
    if is_compared and figures.theirs:
        rival = f"{figures.competitor} " if figures.competitor else ""
        rows.append(("竞品价", f"{rival}{figures.theirs.words}"))
    if is_compared:
        rows.append(("差额", figures.difference_words))
        rows.append(("比例", script_plans.shares(figures)))
    return [(label, value) for label, value in rows if value]


def _lines(plan: Plan, place: int, count: int) -> list[str]:
    number = f"{wording.circled(place)} " if count > 1 else ""
    kind = f"（{plan.kind}）" if plan.kind else ""
    return [
        f"{number}{plan.code} {plan.title}{kind}",
        *plan.words.split("\n"),
        *([texts.ANSWER_ADAPTED.format(code=plan.code)] if plan.is_adapted else []),
        *filter(None, plan.sums),
        *([texts.ANSWER_MATERIAL.format(materials=" / ".join(plan.materials))] if plan.materials else []),
        *([texts.ANSWER_WHY.format(why=plan.why)] if plan.why else []),
    ]


def judged_card(card_id: str, question_id: int, verdicts: Sequence[tuple[str, bool | None]]) -> OutboundCard:
    """What was said of each so far, `verdicts` with its code and title; another word changes it."""
    count = len(verdicts)
    return OutboundCard(
        card_id=card_id,
        title=texts.ANSWER_JUDGED_TITLE,
        subtitle=texts.ANSWER_JUDGED,
        fields=tuple(
            CardField(
                label=wording.circled(place) if count > 1 else texts.ANSWER_JUDGED_LABEL,
                value=f"{name}：{texts.ANSWER_VERDICTS[verdict]}",
            )
            for place, (name, verdict) in enumerate(verdicts)
        ),
        buttons=tuple(
            _button(question_id, place, useful, count)
            for useful in (True, False)
            for place, (_, verdict) in enumerate(verdicts)
            if useful is not verdict
        ),
    )


def closing(place: int, count: int, *, useful: bool) -> str:
    """What a card says once one of its plans was judged: ① 有用."""
    number = f"{wording.circled(place)} " if count > 1 else ""
    return f"{number}{texts.ANSWER_VERDICTS[useful]}"


def _button(question_id: int, place: int, useful: bool, count: int) -> CardButton:
    number = f" {wording.circled(place)}" if count > 1 else ""
    action = actions.JudgeScript(question_id=question_id, place=place, useful=useful)
    return CardButton(
        text=f"{texts.ANSWER_VERDICTS[useful]}{number}",
        action=action.model_dump_json(),
        style="secondary" if useful else "neutral",
    )
