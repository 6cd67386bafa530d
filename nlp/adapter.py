"""A language model that says scripts for one customer. What it says is a proposal: `nlp.adapted_check` has the last word.

What leaves the machine are the words of a few scripts, what the record says of this customer, and the objection, all
without phone numbers and the like (`nlp.redact`).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from pydantic import BaseModel, ConfigDict, Field

from nlp import llm_json, llm_prompts
from nlp.adapted import Fact, FactKind, NotAdapted, Passage, Rewrite, Sentence
from nlp.llm_endpoint import Asker, Budget, Endpoint, Failed, Limits, Question
from nlp.llm_json import TEXT, Message, many, table
from nlp.llm_ladder import Ladder
from nlp.redact import sendable

PROMPT = "adapt.v1"
"""The file in nlp/prompts, without its ending; a changed prompt is a new file."""
MOST_PLANS, MOST_SENTENCES, MOST_SOURCES, LONGEST = 5, 40, 8, 400

SCHEMA = table(plans=many(table(plan={"type": "integer"}, sentences=many(table(text=TEXT, sources=many(TEXT))))))

LABELS: dict[FactKind, str] = {
    "customer": "客户",
    "contact": "联系人",
    "industry": "行业（仅供参考）",
    "product": "产品（仅供参考）",
    "competitor": "竞品",
    "objection": "客户异议",
    "pain": "客户痛点",
    "budget": "客户预算",
    "own_step": "我方已约定",
    "customer_step": "客户已约定",
    "stage": "阶段（仅供参考，不要说出来）",
}


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    text: str = Field(max_length=LONGEST)
    sources: tuple[str, ...] = Field(max_length=MOST_SOURCES)


class _Plan(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    plan: int
    sentences: tuple[_Said, ...] = Field(max_length=MOST_SENTENCES)


class Proposed(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    plans: tuple[_Plan, ...] = Field(max_length=MOST_PLANS)


class ModelAdapter:
    def __init__(
        self,
        endpoint: Endpoint,
        *,
        now: Callable[[], datetime],
        limits: Limits | None = None,
        redacts: bool = True,
        budget: Budget | None = None,
        ladder: Ladder | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._redacts = redacts
        self._asker = Asker(endpoint, now=now, limits=self._limits, budget=budget, ladder=ladder)

    @property
    def name(self) -> str:
        """What reworded: the model and the version of the prompt."""
        return self._asker.engine(PROMPT)

    async def adapt(self, passages: Sequence[Passage], facts: Sequence[Fact], question: str) -> Sequence[Rewrite]:
        written = shown(passages, facts, question)
        if len(written) > self._limits.input_chars:
            raise NotAdapted("the scripts are too long")
        data = sendable(written, redacts=self._redacts)
        asked = Question(
            name="adapt",
            schema=SCHEMA,
            messages=partial(messages, data.text),
            read=lambda content: llm_json.read(content, Proposed),
        )
        try:
            proposed = await self._asker.answer(asked)
        except Failed as failure:
            raise NotAdapted(failure.kind) from None
        return rewrites(proposed, passages, data.restore)

    async def close(self) -> None:
        await self._asker.close()


def rewrites(
    proposed: Proposed, passages: Sequence[Passage], restored: Callable[[str], str] = lambda words: words
) -> list[Rewrite]:
    """What there is for the scripts that were asked about, one for each; a second for the same is not looked at."""
    found: dict[int, Rewrite] = {}
    for plan in proposed.plans:
        if 0 < plan.plan <= len(passages):
            sentences = tuple(Sentence(restored(each.text).strip(), each.sources) for each in plan.sentences)
            found.setdefault(plan.plan, Rewrite(passages[plan.plan - 1].code, sentences))
    return [found[number] for number in sorted(found)]


def shown(passages: Sequence[Passage], facts: Sequence[Fact], question: str) -> str:
    """Everything that it may say, with numbers to name it by."""
    lines: list[str] = []
    for number, passage in enumerate(passages, start=1):
        lines += [f"话术 {number}"]
        lines += [f"{place}. {sentence}" for place, sentence in enumerate(passage.sentences, start=1)]
    lines += ["记录"]
    for place, fact in enumerate(facts, start=1):
        quote = f"（原话：{fact.quote}）" if fact.quote and fact.quote != fact.words else ""
        lines += [f"F{place}. {LABELS[fact.kind]}：{fact.words}{quote}"]
    return "\n".join([*lines, f"客户这次说：{question}"])


def messages(data: str, schema_in_prompt: bool) -> list[Message]:
    """The instructions, and scripts and record as data between two marks that do not stand in them."""
    return llm_prompts.about(
        data, called="material", prompt_name=PROMPT, values={}, schema=SCHEMA if schema_in_prompt else None
    )
