"""What a language model says beside what the rules found: one draft, by a policy that is written down.

A model points at words; it never computes, and it never has a value that is not in the note.

- Grounding: an item counts only if its quote stands in the note, apart from punctuation, spaces, case and width. A quote that
  stands there several times is placed where no other of its field is.
- Dates: computed by `nlp.dates` in the whole note, at the place quoted, and only near the step that they are said to
  belong to. Where rules and model both date a step, the rules' date stands.
- Amounts: computed by `nlp.money` in the whole note (八十万，不对，八十五万 has one amount, whichever is quoted), and the quote must
  hold the whole figure. The rules' amounts all stay; the model says what an amount is for only where the rules say
  `other`, and adds one that the rules passed over.
- Customer: one that the rules know is never overridden. Otherwise the model's words are linked by `nlp.names`, and only
  words of the note are: an ambiguous customer becomes known where its quote decides among the candidates, a new one or
  none gives way to the model's. A model cannot choose from the list, and it does not take a customer away.
- Contacts: the model adds. It removes a contact of the rules that is not in the customer list when it says that the
  person is somebody else's, or when it names contacts and this one is not among them.
- Competitors: the model adds. It removes one that is not in the team's list when it names competitors and this one is
  not among them.
- Stage: where both speak, the model's judgement of the whole note stands, unless the rules' words name the stage itself.
- Negation: words before a quote that turn it round (没说要|换供应商) refuse it as evidence, stage, attitude, demand or step;
  a step that its own words take back (报价单我们不发了) is none.
- Pain points, objections, demands, next steps: the union; of the same category or the same words, the rules' stands.
- Signals, risk and positive: the union; a model never silences a risk.
- Attitude: the rules' where they have one.
- Chats: a quote counts for the one in whose bubble it stands. What we say is no demand, sign or attitude of the customer's,
  what he says no promise of ours, and words to a machine are nobody's.
- Percentages, quantities, places, days of visit and vague wording are the rules'; the summary is made anew.

`VisitDraft.engines` names the model for each field it had a hand in: `customer`, `stage`, `attitude`, and `contacts.0` for the
first of several.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from nlp import clauses, dialogue, extract, money, names, people, summary
from nlp.dates import TimeMention
from nlp.draft import (
    Amount,
    Candidate,
    CompetitorMention,
    ContactMention,
    CustomerMention,
    Demand,
    ExtractionContext,
    NextStep,
    Signal,
    Span,
    StageMention,
    Tag,
    VisitDraft,
)
from nlp.llm_schema import Answer, Choices, Dated, Quoted, Step
from nlp.opinions import OBJECTIONS

LEAST_QUOTED = 2
"""Characters besides punctuation; one alone (了) stands in any note."""
MOST_PLACES = 50
MOST_ACTION = 40
LONGEST_NAME = 24
LONGEST_EVIDENCE = 60
"""Characters of the words that stand on a card for a signal, a pain point or an objection; more show nothing."""
NEGATED_FROM = 9
"""Characters before a quote in which a negation is looked for: eight, and one more to know 特别 from 别."""
CALLED_OFF_UNTIL = 8
"""Characters behind a quote, in its clause, in which a step may still be taken back: 报价单|我们不发了."""
NEAR = 40
"""Characters between a step and the words of its date. Further apart they are another sentence's. Own choice."""


def merged(text: str, rules: VisitDraft, answer: Answer, context: ExtractionContext, engine: str) -> VisitDraft:
    """The draft of both, every value with its words in the text. Equal input gives an equal draft."""
    merger = _Merger(text, rules, answer, context)
    customer = merger.customer()
    draft = replace(
        rules,
        customer=customer,
        contacts=merger.contacts(),
        stage=merger.stage(),
        amounts=merger.amounts(),
        competitors=merger.competitors(customer),
        pain_points=merger.tags(rules.pain_points, answer.pain_points, merger.choices.pain_points),
        objections=merger.tags(rules.objections, answer.objections, OBJECTIONS),
        next_steps=merger.next_steps(),
        demands=merger.demands(),
        signals=merger.signals(),
        attitude=merger.attitude(),
    )
    if (voices := merger.voices) is not None:
        draft = _as_spoken(draft, rules, voices)
    # the first words of a note without facts are a summary as well: made anew only where something has changed
    if draft != rules:
        draft = replace(draft, missing=extract.missing(draft), summary=summary.summarise(text, draft))
    return replace(draft, engines={**rules.engines, **_hands(rules, draft, engine)})


_AnySpanned = TypeVar("_AnySpanned", Tag, Signal, Demand)


def _as_spoken(draft: VisitDraft, rules: VisitDraft, voices: dialogue.Voices) -> VisitDraft:
    """Of a chat without what the model adds and the one whose bubble it quotes cannot have said: nobody promises for us but
    us, and what we say ourselves is neither a wish nor a sign of the customer's."""

    def theirs(found: Sequence[_AnySpanned], stood: Sequence[_AnySpanned]) -> tuple[_AnySpanned, ...]:
        known = {each.span for each in stood}
        return tuple(each for each in found if each.span in known or voices.at(each.span.start) == "customer")

    promised = {step.span for step in rules.next_steps}
    priced = {amount.span for amount in rules.amounts}
    return replace(
        draft,
        amounts=tuple(each for each in draft.amounts if each.span in priced or voices.at(each.span.start)),
        pain_points=theirs(draft.pain_points, rules.pain_points),
        objections=theirs(draft.objections, rules.objections),
        signals=theirs(draft.signals, rules.signals),
        demands=theirs(draft.demands, rules.demands),
        next_steps=tuple(
            step
            for step in draft.next_steps
            if step.span in promised or voices.at(step.span.start) in ("rep", step.owner)
        ),
    )


_MANY = ("contacts", "amounts", "competitors", "pain_points", "objections", "next_steps", "demands", "signals")


def _hands(rules: VisitDraft, draft: VisitDraft, engine: str) -> dict[str, str]:
    """The fields whose values are not those of the rules."""
    single = [name for name in ("customer", "stage", "attitude") if getattr(draft, name) != getattr(rules, name)]
    many = [
        f"{name}.{place}"
        for name in _MANY
        for place, value in enumerate(getattr(draft, name))
        if value not in getattr(rules, name)
    ]
    return dict.fromkeys([*single, *many], engine)


# Where a quote stands


@dataclass
class Quotes:
    """Finds quotes in a text, whatever was done to punctuation, spaces, case and width."""

    text: str
    _key: str = ""
    _at: list[int] = field(default_factory=list)
    _used: dict[str, set[Span]] = field(default_factory=dict)
    _in_numbers: set[int] = field(default_factory=set)
    """Places with a number on both sides."""

    def __post_init__(self) -> None:
        self._key, self._at = _folded(self.text)

    def places(self, quote: str) -> list[Span]:
        """All places, at most MOST_PLACES; none that cuts a number or a word of letters in two."""
        key, _ = _folded(quote)
        found: list[Span] = []
        at = self._key.find(key) if len(key) >= LEAST_QUOTED else -1
        while at >= 0 and len(found) < MOST_PLACES:
            span = Span(self._at[at], self._at[at + len(key) - 1] + 1)
            if not self._cuts(span):
                found.append(span)
            at = self._key.find(key, at + 1)
        return found

    def place(self, kind: str, quote: str, *, affirmed: bool = False) -> Span | None:
        """The first place that no other quote of that kind has; the first of all where each is taken.

        `affirmed`: only places whose meaning no negation before them turns round.
        """
        places = [place for place in self.places(quote) if not (affirmed and self.is_negated(place))]
        if not places:
            return None
        used = self._used.setdefault(kind, set())
        span = next((place for place in places if place not in used), places[0])
        used.add(span)
        return span

    def within(self, span: Span, words: str) -> Span | None:
        """Where in that span the words stand, as they are but for case and width; not where they cut a number or word."""
        sought, inside = _level(words), _level(span.of(self.text))
        at = inside.find(sought) if sought.strip() else -1
        for _ in range(MOST_PLACES):
            if at < 0:
                break
            found = Span(span.start + at, span.start + at + len(words))
            if not self._cuts(found):
                return found
            at = inside.find(sought, at + 1)
        return None

    def is_negated(self, span: Span) -> bool:
        """Whether words right before these, in their own clause, say that it is not so: 没说要|换供应商."""
        return bool(_NEGATED.search(self.text[max(0, span.start - NEGATED_FROM) : span.start]))

    def _cuts(self, span: Span) -> bool:
        if not self._in_numbers:
            # -1 is no place, and says that this was done
            self._in_numbers = {-1}
            for number in _NUMBER.finditer(_level(self.text)):
                self._in_numbers.update(range(number.start() + 1, number.end()))
        return any(at in self._in_numbers or _is_one_word(self.text, at) for at in (span.start, span.end))


_DIGIT = r"[\d零〇一二两三四五六七八九十百千万亿几]"
_NUMBER = re.compile(rf"{_DIGIT}(?:{_DIGIT}|[.,点](?={_DIGIT})|分之(?={_DIGIT})|%|[wk](?![a-z]))*")
"""A figure as it is written or said, on one level: 25, 二十五, 1.5万, 1,200,000, 一点五, 百分之五, 15%, 5w."""


def _is_one_word(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at : at + 1]
    return before.isascii() and after.isascii() and before.isalpha() and after.isalpha()


def _level(text: str) -> str:
    """Width and case made one, character by character."""
    return "".join(low if len(low := character.lower()) == 1 else character for character in clauses.fold(text))


def _folded(text: str) -> tuple[str, list[int]]:
    """What counts of a text, and where each character of it stands: no punctuation, but the point in 1.5 and the %."""
    level = _level(text)
    at = [
        index
        for index, character in enumerate(level)
        if character.isalnum()
        or character == "%"
        or (character == "." and level[index - 1 : index].isdigit() and level[index + 1 : index + 2].isdigit())
    ]
    return "".join(level[index] for index in at), at


# The policy

_NOBODY = re.compile(
    r"(?:(?:他|她|它|我|咱|你|您)们?|客户|对方|甲方|乙方)(?:公司|那边|这边)?|(?:我|贵|本|该)(?:司|方|公司)|公司|竞品|友商|对手|竞争对手|竞争厂家|别家|"
    r"其他家|另一家|同行|厂家|供应商|老板|领导|某.{0,3}|一家.{0,4}|两家|几家|.{0,2}客户|现场|工厂|车间|办公室|会议室"
)
"""Words that name nobody."""
_IN_NAMES = re.compile(r"[一-鿿A-Za-z0-9·（）()&\-]+")
_NOT_IN_PERSONS = re.compile(r"[0-9，。！？；：、,.!?;:\s的了是在说要见跟把]")
_GIVING = ("提供", "发送", "寄送", "提交")
_GIVES = re.compile(r"[把将给发寄送交]")
"""Where the note gives something, one of those verbs may stand before its words: 把排期表给他 is 提供排期表."""
_NEGATED = re.compile(
    r"(?:(?<![差要])不(?!过|但|仅|光|错|少|断|管|论)|没(?!想到|料到)|(?<!从)未(?!来)|从未|[并绝]非|勿|(?<![特区级分个类识差])别(?!人|家)|无|"
    r"谈不上|拒绝|取消|否认|放弃|杜绝|避免)"
    r"(?:[说提谈讲聊]到|[说要想会提是很太再去来有在过必肯敢能用算需法真嫌怕给跟和被让叫把]|对(?=[我他她你您咱客])|"
    r"打算|怎么|什么|那么|这么|非常|十分|特别|觉得|认为|准备|计划|考虑|愿意?|可能|可以|必要|需要|办法|希望|听说|表示|"
    r"[我他她你您咱]们?|客户|对方|马上|立刻|急着|现在|[ \t\u200b])*$"
)
"""A negation with nothing but weak words behind it; any other word, and punctuation, ends its reach."""
_CALLED_OFF = re.compile(
    r"(?<!差)不(?!过|但|仅|光|错|少|断|管|论|好|要忘|能忘|会忘)[^，。！？；、,.!?;:\s]{0,4}了|[先暂就都]不|暂时不|"
    r"不(?:用|想|会|能|再|打算|准备)?[发给做寄送签提交去来安排跟出报改换装谈买订续]|取消|作罢|算了|没必要|停止|拒绝|放弃"
)
"""What was to be done is not to be done after all: 报价单我们不发了, 先不签."""
_PAUSE = re.compile(r"[，。！？；、,.!?;:\n\r]")
_EDGES = "，。！？；：、,.!?;: \t\n\r“”\"'（）()…"


@dataclass
class _Merger:
    text: str
    rules: VisitDraft
    answer: Answer
    context: ExtractionContext

    def __post_init__(self) -> None:
        self.quotes = Quotes(self.text)
        self.choices = Choices.of(self.context.vocabulary)
        self._times: list[TimeMention] | None = None
        self.voices: dialogue.Voices | None = None
        """Who says what in a chat; None for a note."""
        if self.context.source == "wechat" and (chat := dialogue.read(dialogue.plain(clauses.fold(self.text)))).pieces:
            self.voices = dialogue.Voices(chat.pieces)

    @property
    def times(self) -> list[TimeMention]:
        if self._times is None:
            context = self.context
            words = clauses.fold(self.text)
            self._times = dialogue.times(words, context.sent_at, context.zone, context.moments)
        return self._times

    # Names

    def customer(self) -> CustomerMention | None:
        found, said = self.rules.customer, self.answer.customer
        if said is None or (found is not None and found.status == "known"):
            return found
        linked = self._linked(said)
        if linked is None or self._is_rival(linked):
            return found
        if found is None or found.status == "new":
            same = found is not None and linked.status == "new" and found.span.overlaps(linked.span)
            return found if same else linked
        among = {candidate.name for candidate in found.candidates}
        return linked if linked.status == "known" and linked.value in among else found

    def _linked(self, said: Quoted) -> CustomerMention | None:
        """What the words of the note mean; the value counts only as far as it stands in the quote."""
        quoted = self.quotes.place("customer", said.quote)
        if quoted is None:
            return None
        index = names.index_of(self.context.customers) if self.context.customers else None
        span = self.quotes.within(quoted, said.value)
        if span is None:
            # 恒力 quoted, its full name given: the list decides what the quote means, not the model
            mentions = index.exact(clauses.fold(quoted.of(self.text))) if index else []
            if len(mentions) != 1:
                return None
            span = Span(quoted.start + mentions[0].start, quoted.start + mentions[0].end)
        words = span.of(self.text)
        candidates: tuple[Candidate, ...] = tuple(index.like(clauses.fold(words))) if index else ()
        if sure := names.decided(candidates):
            return CustomerMention(sure.name, span, "known", candidates)
        if candidates:
            return CustomerMention(words, span, "ambiguous", candidates)
        if _is_name(words) and not people.is_person(words) and not self._is_listed_person(words):
            return CustomerMention(words, span, "new")
        return None

    def _is_rival(self, customer: CustomerMention) -> bool:
        said = customer.span.of(self.text)
        if any(customer.span.overlaps(each.span) or each.name == said for each in self.rules.competitors):
            return True
        listed = self.context.vocabulary.competitors
        known = [*listed, *(each.name for each in self.rules.competitors)]
        return customer.status != "known" and any(said in name or name in said for name in known if name)

    def _is_listed_person(self, words: str) -> bool:
        return any(words in entry.contacts for entry in self.context.customers)

    def contacts(self) -> tuple[ContactMention, ...]:
        said = [(each, span) for each in self.answer.contacts if (span := self._name_of("contacts", each))]
        ours = [span for each, span in said if each.side == "customer"]
        others = [span for each, span in said if each.side != "customer"]
        kept = []
        for contact in self.rules.contacts:
            is_named = any(self._same_name(contact.name, contact.span, span) for span in ours)
            is_anothers = any(self._same_name(contact.name, contact.span, span) for span in others)
            doubtful = contact.side == "customer" and not self._is_listed_person(contact.name)
            if not (doubtful and not is_named and (is_anothers or ours)):
                kept.append(contact)
        rivals = {each.name for each in self.rules.competitors}
        for each, span in said:
            name = span.of(self.text)
            if each.side != "customer" or _NOT_IN_PERSONS.search(name) or len(name) > 12 or name in rivals:
                continue
            if any(self._same_name(contact.name, contact.span, span) for contact in (*self.rules.contacts, *kept)):
                continue
            title, department = self._near(span, each.title), self._near(span, each.department)
            kept.append(ContactMention(name, span, title, department))
        return tuple(kept)

    def _near(self, name: Span, words: str | None) -> str | None:
        """A title or department as far as it stands right at the name: 采购部的王经理."""
        if not words:
            return None
        start = max(0, name.start - 12)
        span = self.quotes.within(Span(start, min(len(self.text), name.end + 6)), words.strip())
        return span.of(self.text) if span and len(span.of(self.text)) <= 12 else None

    def _same_name(self, name: str, span: Span, other: Span) -> bool:
        said = other.of(self.text)
        return span.overlaps(other) or name in said or said in name

    def competitors(self, customer: CustomerMention | None) -> tuple[CompetitorMention, ...]:
        found = [
            CompetitorMention(span.of(self.text), span)
            for each in self.answer.competitors
            if (span := self._name_of("competitors", each)) and not self._is_the_customer(span, customer)
        ]
        listed = set(self.context.vocabulary.competitors)
        kept = [
            rival
            for rival in self.rules.competitors
            if not found or rival.name in listed or any(self._same_name(rival.name, rival.span, x.span) for x in found)
        ]
        for each in found:
            if not any(self._same_name(rival.name, rival.span, each.span) for rival in kept):
                kept.append(each)
        return tuple(kept)

    def _is_the_customer(self, span: Span, customer: CustomerMention | None) -> bool:
        words = span.of(self.text)
        for each in (self.rules.customer, customer):
            if each is not None and (
                span.overlaps(each.span) or words in each.value or each.span.of(self.text) in words
            ):
                return True
        return bool(self.context.customers) and names.decided(names.link(words, self.context.customers)) is not None

    def _name_of(self, kind: str, said: Quoted) -> Span | None:
        """The place of a name that stands in its quote; None for words that name nobody."""
        quoted = self.quotes.place(kind, said.quote)
        span = self.quotes.within(quoted, said.value) if quoted else None
        return span if span and _is_name(span.of(self.text)) else None

    # Judgements

    def stage(self) -> StageMention | None:
        found, said = self.rules.stage, self.answer.stage
        if said is None or said.value not in self.choices.stages:
            return found
        if found is not None and (found.value == said.value or found.value in found.span.of(self.text)):
            return found
        span = self.quotes.place("stage", said.quote, affirmed=True)
        return StageMention(said.value, span) if span and not self._is_called_off(span) else found

    def attitude(self) -> int:
        said = self.answer.attitude
        if self.rules.attitude or said is None:
            return self.rules.attitude
        span = self.quotes.place("attitude", said.quote, affirmed=True)
        if span is None or (self.voices is not None and self.voices.at(span.start) != "customer"):
            return 0
        return said.value

    def tags(self, found: Sequence[Tag], said: Iterable[Quoted], allowed: Sequence[str]) -> tuple[Tag, ...]:
        kept = list(found)
        for each in said:
            if each.value in allowed and each.value not in {tag.category for tag in kept}:
                span = self._evidence(f"tag {allowed[:1]}", each.quote)
                kept += [Tag(each.value, span, self._percent_in(span))] if span else []
        return tuple(kept)

    def _evidence(self, kind: str, quote: str) -> Span | None:
        span = self.quotes.place(kind, quote, affirmed=True)
        return span if span and span.end - span.start <= LONGEST_EVIDENCE else None

    def _percent_in(self, span: Span) -> float | None:
        inside = [each.value for each in self.rules.percents if _holds(span, each.span)]
        return inside[0] if len(inside) == 1 else None

    def signals(self) -> tuple[Signal, ...]:
        kept = list(self.rules.signals)
        for said, polarity, allowed in (
            (self.answer.risks, "risk", self.choices.risks),
            (self.answer.positives, "positive", self.choices.positives),
        ):
            for each in said:
                span = self._evidence(polarity, each.quote) if each.value in allowed else None
                known = [x.span for x in kept if (x.polarity, x.category) == (polarity, each.value)]
                if span and not any(span.overlaps(other) for other in known):
                    words = span.of(self.text)
                    kept.append(Signal("risk" if polarity == "risk" else "positive", each.value, words, span))
        return tuple(kept)

    # Amounts

    def amounts(self) -> tuple[Amount, ...]:
        kept = list(self.rules.amounts)
        gone = [each.span for each in self.rules.withdrawn]
        all_there_are: list[Amount] = money.amounts(self.text) if self.answer.amounts else []
        for said in self.answer.amounts:
            span = self.quotes.place("amounts", said.quote)
            if span is None:
                continue
            inside = [place for place, each in enumerate(kept) if _holds(span, each.span)]
            if len(inside) == 1 and kept[inside[0]].role == "other":
                kept[inside[0]] = replace(kept[inside[0]], role=said.value)
            if inside:
                continue
            passed_over = [each for each in all_there_are if _holds(span, each.span)]
            if len(passed_over) != 1 or any(passed_over[0].span.overlaps(other) for other in gone):
                continue
            new = passed_over[0]
            new = replace(new, role=said.value) if new.role == "other" else new
            if not any(_is_same_amount(new, each) for each in kept):
                kept.append(new)
        return tuple(kept)

    # What is to be done

    def next_steps(self) -> tuple[NextStep, ...]:
        kept = list(self.rules.next_steps)
        for said in self.answer.next_steps:
            span = self.quotes.place("next_steps", said.quote, affirmed=True)
            if span is None:
                continue
            due = self._due(said, span)
            place = next((i for i, step in enumerate(kept) if _is_about_the_same(step.span, span)), None)
            if place is not None:
                step = kept[place]
                is_free = due is not None and not any(due.span.overlaps(x.due_span) for x in kept if x.due_span)
                if step.due is None and due is not None and is_free:
                    kept[place] = replace(step, due=due.due, due_span=due.span)
                continue
            if self._is_called_off(span, said.value):
                continue
            action = self._action(said, span, due)
            if action and not any(step.action == action for step in kept):
                kept.append(_step(said, action, span, due))
        return tuple(kept)

    def demands(self) -> tuple[Demand, ...]:
        kept = list(self.rules.demands)
        for said in self.answer.demands:
            span = self.quotes.place("demands", said.quote, affirmed=True)
            if span is None or any(_is_about_the_same(each.span, span) for each in kept):
                continue
            due = self._due(said, span)
            if what := self._action(said, span, due):
                kept.append(Demand(what, span, due.due if due else None, due.span if due else None))
        return tuple(kept)

    def _due(self, said: Dated, step: Span) -> TimeMention | None:
        """The one date that the words quoted hold, as the parser reads it in the whole note."""
        if not said.due_quote:
            return None
        places = self.quotes.places(said.due_quote)
        near = [place for place in places if max(place.start - step.end, step.start - place.end) <= NEAR]
        inside = [place for place in near if _holds(step, place)]
        if not near:
            return None
        span = (inside or near)[0]
        found = [each for each in self.times if span.overlaps(each.span)]
        return found[0] if len(found) == 1 and found[0].due is not None else None

    def _is_called_off(self, span: Span, value: str = "") -> bool:
        """Whether the words quoted, or what follows in their clause, take back what is to be done.

        A refusal within the value is a part of what is to be done.
        """
        rest = value.strip(_EDGES)
        for verb in ("", *_GIVING):
            if rest.startswith(verb) and (inside := self.quotes.within(span, rest.removeprefix(verb))):
                break
        else:
            inside = None
        if inside and self.quotes.is_negated(inside):
            return True
        after = _PAUSE.split(self.text[span.end : span.end + CALLED_OFF_UNTIL], maxsplit=1)[0]
        words = span.of(self.text) + after
        return any(
            inside is None or not _holds(inside, Span(span.start + match.start(), span.start + match.end()))
            for match in _CALLED_OFF.finditer(words)
        )

    def _action(self, said: Quoted, span: Span, due: TimeMention | None) -> str:
        """The model's words where they are the note's, at most with a verb of ours before them; else the quote itself."""
        value = said.value.strip(_EDGES)
        verbs = _GIVING if _GIVES.search(span.of(self.text)) else ()
        for rest in (value, *(value.removeprefix(verb) for verb in verbs if value.startswith(verb))):
            inside = self.quotes.within(span, rest) if len(rest) >= LEAST_QUOTED else None
            if inside is None:
                continue
            if len(value) <= MOST_ACTION and not self.quotes.is_negated(inside):
                return value[: len(value) - len(rest)] + inside.of(self.text)
        words = span.of(self.text)
        if due is not None and _holds(span, due.span):
            words = self.text[span.start : due.span.start] + self.text[due.span.end : span.end]
        words = " ".join(words.split()).strip(_EDGES)
        return words if LEAST_QUOTED <= len(words) <= MOST_ACTION else ""


def _step(said: Step, action: str, span: Span, due: TimeMention | None) -> NextStep:
    return NextStep(said.owner, action, span, due.due if due else None, due.span if due else None)


def _is_name(words: str) -> bool:
    return 2 <= len(words) <= LONGEST_NAME and bool(_IN_NAMES.fullmatch(words)) and not _NOBODY.fullmatch(words)


def _holds(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _is_about_the_same(one: Span, other: Span) -> bool:
    """Whether they share half of the shorter one."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return 2 * shared >= min(one.end - one.start, other.end - other.start)


def _is_same_amount(one: Amount, other: Amount) -> bool:
    return (one.low_fen, one.high_fen, one.unit) == (other.low_fen, other.high_fen, other.unit)
