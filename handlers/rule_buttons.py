"""The buttons on the cards of rules."""

from handlers import actions, grades, undoing
from handlers.context import Context
from handlers.pressed import Pressed
from storage.work import Work


async def press(ctx: Context, work: Work, action: actions.RuleAction, pressed: Pressed) -> None:
    if isinstance(action, actions.UndoFinding):
        await undoing.press(ctx, work, action, pressed)
    else:
        await grades.press(ctx, work, action, pressed)
