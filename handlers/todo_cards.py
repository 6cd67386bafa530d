"""The cards of to-dos."""

from collections.abc import Sequence
from datetime import date, timedelta

from handlers import actions, texts, wording
from handlers.messages import CardButton, CardField, OutboundCard, Task
from handlers.working_time import WorkingTime
from storage.models import Todo

ONE, SEVERAL, LATER, MORNING = "todo", "todos", "postpone", "morning"
"""Kinds of card."""
MOST_BUTTONS = 5
MOST_LINES = 12


def todo_card(
    todo: Todo, customer: str, card_id: str, *, due: str, giver: str = "", hint: str = "", task: Task | None = None
) -> OutboundCard:
    """`due` in words, `giver` the name of whoever wants it done, `hint` what helps; each may be empty."""
    fields = [CardField(label="客户", value=customer)]
    if due:
        fields.append(CardField(label="期限", value=due))
    if todo.party != "us":
        fields.append(CardField(label="由谁", value=f"{wording.OWNER_LABELS[todo.party]}（您来盯）"))
    if giver:
        fields.append(CardField(label="来自", value=giver))
    return OutboundCard(
        card_id=card_id,
        title="待跟进" if todo.kind == "follow_up" else "待办",
        subtitle=todo.action,
        fields=tuple(fields),
        body=texts.TODO_HINT.format(hint=hint) if hint else "",
        buttons=(
            _button("完成", actions.FinishTodo(todo_id=todo.todo_id), "primary"),
            _button("延期", actions.PostponeTodo(todo_id=todo.todo_id)),
            _button("转交", actions.PassOnTodo(todo_id=todo.todo_id)),
        ),
        task=task,
    )


def several_card(card_id: str, lines: Sequence[tuple[int, str]]) -> OutboundCard:
    """To-dos that came together: ids, and what is said of each."""
    shown = [f"{wording.circled(place)} {line}" for place, (_, line) in enumerate(lines[:MOST_LINES])]
    more = [texts.TODOS_MORE.format(count=len(lines))] * (len(lines) > MOST_LINES)
    return OutboundCard(
        card_id=card_id,
        title=f"新待办 {len(lines)} 项",
        body="\n".join([*shown, *more]),
        buttons=finish_buttons([todo_id for todo_id, _ in lines]),
    )


def finish_buttons(todo_ids: Sequence[int | None]) -> tuple[CardButton, ...]:
    """A button for each place that is a to-do, with the place's number."""
    return tuple(
        _button(
            f"完成 {wording.circled(place)}",
            actions.FinishTodo(todo_id=todo_id),
            "primary" if not place else "secondary",
        )
        for place, todo_id in enumerate(todo_ids[:MOST_BUTTONS])
        if todo_id is not None
    )


def postpone_card(
    todo: Todo, card_id: str, *, customer: str, due: str, today: date, times: WorkingTime
) -> OutboundCard:
    fields = [CardField(label="客户", value=customer)]
    if due:
        fields.append(CardField(label="原期限", value=due))
    return OutboundCard(
        card_id=card_id,
        title="延到哪天？",
        subtitle=todo.action,
        fields=tuple(fields),
        body="也可以直接回复，例如：下周三 / 推迟三天",
        buttons=tuple(
            _button(text, actions.PostponeTodo(todo_id=todo.todo_id, on=on)) for text, on in later_days(today, times)
        ),
    )


def later_days(today: date, times: WorkingTime) -> list[tuple[str, date]]:
    """明天, 后天, 下周一, 一周后, each with its date; one that is no working day is the next that is."""
    monday = today + timedelta(days=7 - today.weekday())
    names = {
        today + timedelta(days=7): "一周后",
        monday: "下周一",
        today + timedelta(days=2): "后天",
        today + timedelta(days=1): "明天",
    }
    days = {day if times.is_working_day(day) else times.working_day_after(day) for day in names}
    return [(f"{names.get(day, f'周{wording.WEEKDAYS[day.weekday()]}')} {day:%m-%d}", day) for day in sorted(days)]


def morning_card(
    card_id: str, *, title: str, subtitle: str, three: Sequence[tuple[int | None, str]], below: Sequence[str]
) -> OutboundCard:
    """The three things, a to-do's id with those that are one; `below` what else there is to say."""
    lines = [f"{wording.circled(place)} {line}" for place, (_, line) in enumerate(three)]
    return OutboundCard(
        card_id=card_id,
        title=title,
        subtitle=subtitle,
        body="\n".join([*lines, *below]),
        buttons=finish_buttons([todo_id for todo_id, _ in three]),
    )


def _button(text: str, action: actions.TodoAction, style: str = "secondary") -> CardButton:
    return CardButton.model_validate({"text": text, "action": action.model_dump_json(), "style": style})
