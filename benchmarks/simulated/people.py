"""How people behave: what they send, press and leave alone, and when. Every draw comes from one seeded source."""

import heapq
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import ClassVar

from benchmarks.simulated import days
from benchmarks.simulated.company import Account, Company, Person, stages
from benchmarks.simulated.notes import AMR, Notebook, Told
from benchmarks.simulated.phones import Phones, Shown
from bot.platform import MediaFile, Received
from handlers import actions
from handlers.messages import (
    CardClick,
    CardUpdate,
    Content,
    JsonObject,
    OutboundCard,
    ReplyRoute,
    Sender,
    Text,
    Voice,
)

GRID_MIN = 15
"""People act on quarters of an hour: what falls together costs less, and makes things collide."""

Make = Callable[[], Content | None]
"""What somebody sends, made when they send it; None where there is no more reason to."""


@dataclass(frozen=True)
class Sent:
    """Something that a person did, as the platform brought it."""

    event_id: str
    account: Account
    person: Person
    sent_at: datetime
    what: str
    received: Received


@dataclass(order=True)
class Intent:
    at: datetime
    number: int
    person: Person = field(compare=False)
    account: Account = field(compare=False)
    what: str = field(compare=False)
    make: Make = field(compare=False)
    sent: Sent | None = field(default=None, compare=False)
    """Set once it was brought: a machine that died before it answered gets the same again."""


class People:
    def __init__(
        self,
        rng: random.Random,
        company: Company,
        notebook: Notebook,
        phones: dict[str, Phones],
        *,
        notes_a_week: float,
    ) -> None:
        self.rng = rng
        self.company = company
        self.notebook = notebook
        self.phones = phones
        self.notes_a_week = notes_a_week
        self.by_event: dict[str, Sent] = {}
        self.taken: list[str] = []
        """Events that the machine said it has: each is to be answered."""
        self.counts: Counter[str] = Counter()
        self._coming: list[Intent] = []
        self._number = 0
        self._person = {(one.platform, one.user_id): person for person in company.people for one in person.accounts}
        self._open: dict[tuple[Account, str], OutboundCard] = {}
        """The card that stands open on a phone for a subject: `visit:3`."""
        self._handled: set[tuple[Account, str]] = set()

    def whose(self, shown: Shown) -> Person:
        return self._person[shown.platform, shown.user_id]

    # What comes

    def next_at(self) -> datetime | None:
        return self._coming[0].at if self._coming else None

    def take_due(self, now: datetime) -> Intent | None:
        return heapq.heappop(self._coming) if self._coming and self._coming[0].at <= now else None

    def again(self, intent: Intent) -> None:
        """The platform got no answer, and brings it once more."""
        heapq.heappush(self._coming, intent)

    def act(self, intent: Intent) -> Sent | None:
        """What the platform brings; None where the person has thought better of it."""
        if intent.sent is not None:
            return intent.sent
        content = intent.make() if intent.person.left_at is None else None
        if content is None:
            return None
        self._number += 1
        event_id = f"e{self._number}"
        account = intent.account
        reply = ReplyRoute(ref=f"r-{event_id}", until=intent.at + timedelta(minutes=90))
        sender = Sender(platform=account.platform, user_id=account.user_id, reply=reply)
        body: JsonObject = {
            "sent_at": intent.at.isoformat(),
            "content": content.model_dump(mode="json"),
            "sender": sender.model_dump(mode="json"),
        }
        received = Received(event_id, account.user_id, body)
        intent.sent = Sent(event_id, account, intent.person, intent.at, intent.what, received)
        self.by_event[event_id] = intent.sent
        self.counts[intent.what] += 1
        return intent.sent

    def plan(self, person: Person, at: datetime, what: str, make: Make, *, account: Account | None = None) -> None:
        self._number += 1
        account = account or self.rng.choice(person.accounts)
        heapq.heappush(self._coming, Intent(_on_grid(at), self._number, person, account, what, make))

    # A day

    def plan_day(self, day: date) -> None:
        chance = self.notes_a_week / 5 if days.worked(day) else 0.01
        for rep in self.company.reps:
            if rep.left_at is None and self.rng.random() < chance:
                self._plan_note(rep, day)
            if day.weekday() == 0 and self.rng.random() < 0.2:
                self._plan_week(rep, day)

    def _plan_week(self, rep: Person, day: date) -> None:
        visits = self.rng.randint(1, 3)
        at = days.at(day, time(9)) + timedelta(minutes=self.rng.randrange(120))
        self.plan(rep, at, "plans a week", lambda: Text(text=f"本周计划拜访{visits}家客户"))

    def _plan_note(self, rep: Person, day: date) -> None:
        clients = self.company.clients_of(rep)[:6]
        if not clients:
            return
        client = self.rng.choice(clients)
        stage = self.rng.choice(stages()) if self.rng.random() < 0.3 else None
        # some tell of their day in the evening
        hour = self.rng.choice((10, 11, 14, 15, 16, 17, 17, 19, 20))
        at = days.at(day, time(hour)) + timedelta(minutes=self.rng.randrange(60))
        told = self.notebook.note(client, day, stage=stage)
        if self.rng.random() < 0.15:
            self.plan(rep, at, "voice note", lambda: self._voice(told))
        else:
            self.plan(rep, at, "typed note", lambda: Text(text=told.text))

    def _voice(self, told: Told) -> Voice:
        reference = f"media-{told.text}"
        for phones in self.phones.values():
            phones.media[reference] = MediaFile(AMR + told.text.encode(), "audio/amr")
        return Voice(media_ref=reference, media_format="amr")

    # What they see

    def see(self, shown: Shown) -> None:
        account = Account(shown.platform, shown.user_id)
        match shown.content:
            case OutboundCard() as card:
                self._see_card(account, self.whose(shown), card, shown.at)
            case CardUpdate(card_id=card_id):
                for key in [key for key, card in self._open.items() if card.card_id == card_id]:
                    del self._open[key]

    def _see_card(self, account: Account, person: Person, card: OutboundCard, at: datetime) -> None:
        buttons = [*card.buttons, *([card.submit] if card.submit else [])]
        for action in filter(None, (actions.read(button.action) for button in buttons)):
            subject = _subject(action)
            if self._stands_for(action, card):
                self._open[account, subject] = card
            reaction = self._REACTIONS.get(type(action))
            name = f"{subject}:{action.do}:{card.title}" if type(action) in _ANEW else f"{subject}:{action.do}"
            if reaction is None or (account, name) in self._handled:
                continue
            self._handled.add((account, name))
            reaction(self, account, person, action, at)

    def _stands_for(self, action: actions.Action, card: OutboundCard) -> bool:
        """The morning's card shows a to-do as well, but does not stand for it: it goes with its day."""
        return not card.title.startswith("今日")

    def _press(self, account: Account, subject: str, wanted: type, *, dated: bool = False, **chosen: str) -> Make:
        """A press on the card that is open for the subject by then, where it still has such a button."""

        def make() -> Content | None:
            card = self._open.get((account, subject))
            if card is None:
                return None
            buttons = [*card.buttons, *([card.submit] if card.submit else [])]
            for button in buttons:
                action = actions.read(button.action)
                if isinstance(action, wanted) and _subject(action) == subject:
                    if dated and isinstance(action, actions.PostponeTodo) and action.on is None:
                        continue
                    picked = {name: (value,) for name, value in chosen.items()}
                    return CardClick(card_id=card.card_id, action=button.action, chosen=picked)
            return None

        return make

    def _on_draft(self, account: Account, person: Person, action: actions.ConfirmVisit, at: datetime) -> None:
        draw = self.rng.random()
        press = self._press(account, _subject(action), actions.ConfirmVisit)
        if draw < 0.62:
            self.plan(person, at + self._minutes(2, 40), "confirms at once", press, account=account)
        elif draw < 0.84:
            self.plan(person, at + self._minutes(130, 2000), "confirms later", press, account=account)
        elif draw < 0.90:
            discard = self._press(account, _subject(action), actions.DiscardVisit)
            self.plan(person, at + self._minutes(2, 300), "discards", discard, account=account)

    def _on_questions(self, account: Account, person: Person, action: actions.HoldRisks, at: datetime) -> None:
        draw = self.rng.random()
        subject = _subject(action)
        words = f"卡点是预算在{self.rng.choice(('财务', '老板', '采购'))}那里没批，我方可以提供价格支持，预计两周内突破"
        if draw < 0.45:
            self.plan(person, at + self._minutes(5, 60), "answers at once", lambda: Text(text=words), account=account)
        elif draw < 0.6:
            pick = self._press(account, subject, actions.AnswerRisks, support="技术支持")
            self.plan(person, at + self._minutes(5, 60), "answers one", pick, account=account)
        elif draw < 0.85:
            hold = self._press(account, subject, actions.HoldRisks)
            self.plan(person, at + self._minutes(2, 60), "says later", hold, account=account)
            again = f"回答风险：{words}"
            if self.rng.random() < 0.6:
                when = at + self._minutes(200, 2500)
                self.plan(person, when, "answers later", lambda: Text(text=again), account=account)

    def _on_todo(self, account: Account, person: Person, action: actions.FinishTodo, at: datetime) -> None:
        draw = self.rng.random()
        press = self._press(account, _subject(action), actions.FinishTodo)
        if draw < 0.45:
            self.plan(person, self._at_work(at, 0, 5), "finishes early", press, account=account)
        elif draw < 0.74:
            self.plan(person, self._at_work(at, 5, 14), "finishes late", press, account=account)
        elif draw < 0.82:
            later = self._press(account, _subject(action), actions.PostponeTodo)
            self.plan(person, self._at_work(at, 1, 6), "wants it later", later, account=account)

    def _on_later(self, account: Account, person: Person, action: actions.PostponeTodo, at: datetime) -> None:
        """The card on which the day is picked; the to-do's own button names none."""
        if action.on is not None:
            pick = self._press(account, _subject(action), actions.PostponeTodo, dated=True)
            self.plan(person, at + self._minutes(2, 40), "postpones", pick, account=account)

    def _on_escalation(self, account: Account, person: Person, action: actions.TakeEscalation, at: datetime) -> None:
        subject = _subject(action)
        draw = self.rng.random()
        when = self._at_work(at, 0, 2)
        if draw < 0.3:
            self.plan(
                person, when, "takes it on", self._press(account, subject, actions.TakeEscalation), account=account
            )
        elif draw < 0.5:
            self.plan(
                person, when, "says solved", self._press(account, subject, actions.ResolveEscalation), account=account
            )
        elif draw < 0.62:
            team = [rep for rep in self.company.reps if rep.manager is person and rep.left_at is None]
            if team:
                chosen = str(self.rng.choice(team).member_id)
                assign = self._press(account, subject, actions.AssignEscalation, assignee=chosen)
                self.plan(person, when, "assigns", assign, account=account)
        elif draw < 0.69:
            self.plan(
                person, when, "false alarm", self._press(account, subject, actions.DismissEscalation), account=account
            )

    def _on_followed(self, account: Account, person: Person, action: actions.ResolveEscalation, at: datetime) -> None:
        """Whoever took a matter on, or was given it, has a card of their own to end it with."""
        subject = _subject(action)
        if self._open[account, subject].title in FOLLOWED and self.rng.random() < 0.5:
            press = self._press(account, subject, actions.ResolveEscalation)
            self.plan(person, self._at_work(at, 1, 7), "solves", press, account=account)

    _REACTIONS: ClassVar[dict[type, Callable[..., None]]] = {
        actions.ConfirmVisit: _on_draft,
        actions.FinishTodo: _on_todo,
        actions.PostponeTodo: _on_later,
        actions.HoldRisks: _on_questions,
        actions.TakeEscalation: _on_escalation,
        actions.ResolveEscalation: _on_followed,
    }

    def _minutes(self, least: int, most: int) -> timedelta:
        return timedelta(minutes=self.rng.randint(least, most))

    def _at_work(self, at: datetime, first: int, last: int) -> datetime:
        """Some moment of the working day that many days later."""
        day = days.here(at).date()
        for _ in range(self.rng.randint(first, last)):
            day += days.DAY
        if not days.worked(day):
            day = days.following(day)
        moment = days.at(day, time(9)) + timedelta(minutes=self.rng.randrange(8 * 60))
        return max(moment, at + timedelta(minutes=5))


_ANEW = (actions.PostponeTodo, actions.HoldRisks, actions.ResolveEscalation)
"""What they may react to once more on another card about the same."""
FOLLOWED = ("跟进中", "请您跟进")


def _subject(action: actions.Action) -> str:
    for name in ("visit_id", "todo_id", "escalation_id", "evidence_id"):
        if (found := getattr(action, name, None)) is not None:
            return f"{name.removesuffix('_id')}:{found}"
    return "nothing"


def _on_grid(moment: datetime) -> datetime:
    over = timedelta(
        minutes=days.here(moment).minute % GRID_MIN, seconds=moment.second, microseconds=moment.microsecond
    )
    return moment if not over else moment - over + timedelta(minutes=GRID_MIN)
