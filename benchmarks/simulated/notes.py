"""What reps say after a visit, and what is to be understood of it: understanding is not what is tested here."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from benchmarks.simulated.company import Client
from nlp.draft import (
    ContactMention,
    CustomerMention,
    ExtractionContext,
    NextStep,
    Signal,
    Span,
    StageMention,
    VisitDraft,
)
from nlp.extractor import Extractor
from nlp.transcript import Listener, Segment, Transcript

AMR = b"#!AMR\n"
RISKS = (("预算", "要等预算"), ("审批", "领导还没批"), ("比价", "正在货比三家"), ("竞品", "倾向竞品"))
STEPS = ("寄出样品", "提交排期", "发送报价", "安排演示", "提供图纸")


@dataclass(frozen=True)
class Told:
    """A note: its words, and the values in them."""

    text: str
    client: Client
    stage: str | None = None
    steps: tuple[tuple[str, date], ...] = ()
    risk: tuple[str, str] | None = None

    def draft(self, context: ExtractionContext) -> VisitDraft:
        return VisitDraft(
            visited_on=context.sent_at.astimezone(context.zone).date(),
            summary=self.text,
            customer=CustomerMention(self.client.name, self._span(self.client.name), "known"),
            contacts=(ContactMention("王经理", self._span("王经理")),),
            stage=StageMention(self.stage, self._span(self.stage)) if self.stage else None,
            next_steps=tuple(NextStep("us", action, self._span(action), due=due) for action, due in self.steps),
            signals=(Signal("risk", self.risk[0], self.risk[1], self._span(self.risk[1])),) if self.risk else (),
        )

    def _span(self, words: str) -> Span:
        start = self.text.index(words)
        return Span(start, start + len(words))


@dataclass
class Notebook:
    """Thinks notes up, and remembers what is to be understood of each."""

    rng: random.Random
    known: dict[str, Told] = field(default_factory=dict)
    _numbers: int = 0

    def note(self, client: Client, today: date, *, stage: str | None) -> Told:
        steps: list[tuple[str, date]] = []
        for _ in range(self.rng.choice((0, 1, 1, 2))):
            self._numbers += 1
            action = f"{self.rng.choice(STEPS)}第{self._numbers:04}号"
            steps.append((action, today + timedelta(days=self.rng.randint(1, 9))))
        risk = self.rng.choice(RISKS) if self.rng.random() < 0.22 else None
        parts = [f"拜访{client.name}", "见了王经理"]
        parts += [f"到了{stage}阶段"] * bool(stage)
        parts += [f"我答应{due.month}月{due.day}日前{action}" for action, due in steps]
        parts += [f"他们说{risk[1]}"] if risk else []
        self._numbers += 1
        told = Told("，".join([*parts, f"本次编号{self._numbers}"]), client, stage, tuple(steps), risk)
        self.known[told.text] = told
        return told


@dataclass
class PreparedExtractor:
    """Understands what was prepared, and nothing of anything else."""

    notebook: Notebook

    async def extract(self, text: str, context: ExtractionContext) -> VisitDraft:
        told = self.notebook.known.get(text)
        if told is None:
            return VisitDraft(visited_on=context.sent_at.astimezone(context.zone).date(), summary=text)
        return told.draft(context)


class ReadingListener:
    """Recordings of this simulation hold their words in writing."""

    async def listen(self, audio: bytes, *, hot_words: tuple[str, ...] = ()) -> Transcript:
        words = audio.removeprefix(AMR).decode()
        return Transcript(words, (Segment(0.0, 20.0, words),), 20.0, "prepared")


_extractor: Extractor = PreparedExtractor(Notebook(random.Random(0)))  # noqa: S311
_listener: Listener = ReadingListener()
