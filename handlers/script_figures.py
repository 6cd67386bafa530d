"""What is known of a customer's deal, from the question itself, the open draft and confirmed records: for the words of
a script and its sums. What is said in two ways, as a range, or of something else is not known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from handlers import wording
from handlers.record import AmountValue, CompetitorValue, ContactValue, ObjectionValue, Record, StageValue
from nlp import deal_terms, instalments, money
from nlp.deal_terms import Difference, Terms
from nlp.draft import Amount, AmountRole
from nlp.instalments import Gap, Schedule
from nlp.scripts import Situation
from storage.models import Customer

SOMEBODY_ELSE = "另一家"
"""How a competitor is called in the words of a script where their price is known and their name is not."""


@dataclass(frozen=True)
class Price:
    """`unit` is what it buys (台), None for the whole; `about`: said as 大概, or reckoned from a percentage."""

    fen: int
    unit: str | None = None
    about: bool = False

    @property
    def words(self) -> str:
        """Exact, or with 约 to a hundredth of 万元, below 万元 to the yuan."""
        if not self.about:
            words = wording.amount(self.fen)
        else:
            step = wording.FEN_PER_YUAN * (100 if self.fen >= wording.FEN_PER_WAN else 1)
            words = f"约 {wording.amount((self.fen + step // 2) // step * step)}"
        return f"{words}/{self.unit}" if self.unit else words


@dataclass(frozen=True)
class Figures:
    ours: Price | None = None
    theirs: Price | None = None
    budget: Price | None = None
    competitor: str = ""
    contact: str = ""
    product: str = ""
    customer: str = ""
    industry: str = ""
    stage: str = ""
    question: str = ""
    is_compared: bool = False
    """Whether the question itself says what a competitor asks, or by how much the two differ."""
    terms: Terms = field(default_factory=Terms)

    @property
    def gap(self) -> Gap | None:
        if self.ours is None or self.theirs is None or self.ours.unit != self.theirs.unit:
            return None
        return instalments.gap(self.ours.fen, self.theirs.fen)

    @property
    def schedule(self) -> Schedule | None:
        """What our quote comes to in instalments; None where it or their number is not known, or terms are unclear."""
        terms = self.terms
        if self.ours is None or self.ours.unit is not None or terms.count is None or terms.unclear:
            return None
        financed = self.ours.fen - self.down_fen
        try:
            if terms.annual_percent is None:
                return instalments.even(financed, terms.count)
            reckon = instalments.equal_principal if terms.equal_principal else instalments.annuity
            return reckon(financed, terms.count, terms.annual_percent)
        except ValueError:
            return None

    @property
    def down_fen(self) -> int:
        """What is paid before the instalments begin."""
        if self.terms.down_fen is not None:
            return self.terms.down_fen
        if self.terms.down_percent is None or self.ours is None:
            return 0
        return self.ours.fen - instalments.below(self.ours.fen, self.terms.down_percent)

    @property
    def situation(self) -> Situation:
        return Situation(
            stage=self.stage or None,
            industry=self.industry or None,
            products=(self.product,) if self.product else (),
            competitors=(self.competitor,) if self.competitor else (),
        )

    def values(self) -> dict[str, str]:
        """For the placeholders in a script; what is not known is not there."""
        known = {
            "客户": self.customer,
            "联系人": self.contact,
            "产品": self.product,
            "行业": self.industry,
            "我方报价": _aloud(self.ours.words) if self.ours else "",
            "竞品": self.competitor or (SOMEBODY_ELSE if self.theirs else ""),
            "竞品价": _aloud(self.theirs.words) if self.theirs else "",
            "预算": _aloud(self.budget.words) if self.budget else "",
        }
        if (gap := self.gap) and gap.fen > 0:
            known |= {
                "差额": _aloud(self.difference_words),
                "差价比例": wording.percent(float(gap.percent_of_theirs)),
            }
        if schedule := self.schedule:
            known |= {"期数": str(len(schedule.instalments)), "每期": _each(schedule)}
        return {name: value for name, value in known.items() if value}

    @property
    def difference_words(self) -> str:
        """Empty where there is none, or a price is not known."""
        if self.ours is None or self.theirs is None or self.gap is None or self.gap.fen == 0:
            return ""
        return Price(abs(self.gap.fen), self.ours.unit, self.ours.about or self.theirs.about).words


def _aloud(words: str) -> str:
    """In a sentence 85万元 is one word."""
    return words.replace(" ", "")


def _each(schedule: Schedule) -> str:
    first = _aloud(wording.yuan(schedule.instalments[0].fen))
    return f"首期 {first}、以后逐期减少" if schedule.method == "equal_principal" else first


def known_of(
    question: str,
    records: Sequence[Record],
    *,
    customer: Customer | None,
    rivals: Sequence[str],
    products: Sequence[str],
) -> Figures:
    """`records` are those about this customer, the one that counts most first; `rivals` are named in the question."""
    said = money.amounts(question, rivals=rivals)
    named = list(dict.fromkeys(rivals)) or _first(
        [value.name for value in record.all(CompetitorValue)] for record in records
    )
    difference = deal_terms.difference(question, rivals)
    ours = _said(said, "quote") or _recorded(records, "quote")
    theirs = _said(said, "competitor_price") or _reckoned(ours, difference)
    if theirs is None:
        theirs = _recorded(records, "competitor_price") or _reckoned(ours, _told_difference(records, named))
    contacts = _first([value.name for value in record.all(ContactValue)] for record in records)
    mentioned = [product for product in products if product in question]
    return Figures(
        ours=ours,
        theirs=theirs,
        budget=_said(said, "budget") or _recorded(records, "budget"),
        competitor=named[0] if len(named) == 1 else "",
        contact=contacts[0] if len(contacts) == 1 else "",
        product=mentioned[0] if len(mentioned) == 1 else "",
        customer=customer.name if customer else "",
        industry=(customer.industry if customer else None) or "",
        stage=_stage(records, customer),
        question=question,
        is_compared=difference is not None or _said(said, "competitor_price") is not None,
        terms=deal_terms.read(question),
    )


def _stage(records: Sequence[Record], customer: Customer | None) -> str:
    stages = _first([value.name for value in record.all(StageValue)] for record in records)
    return stages[0] if stages else (customer.stage if customer else None) or ""


def _first(lists: Iterable[list[str]]) -> list[str]:
    """What the first record says that says anything of it."""
    return next((list(dict.fromkeys(names)) for names in lists if names), [])


def _said(amounts: Sequence[Amount], role: AmountRole) -> Price | None:
    return _one(
        [
            Price(each.low_fen, each.unit, each.bound == "about")
            for each in amounts
            if each.role == role and each.low_fen is not None and each.low_fen == each.high_fen
        ]
    )


def _recorded(records: Sequence[Record], role: AmountRole) -> Price | None:
    """As the first record has it that names such an amount at all; two of them there are none."""
    for record in records:
        amounts = [value for value in record.all(AmountValue) if value.role == role]
        if amounts:
            exact = [each for each in amounts if each.low_fen is not None and each.low_fen == each.high_fen]
            return (
                _one([Price(each.low_fen or 0, each.unit, each.about) for each in exact]) if exact == amounts else None
            )
    return None


def budget_of(records: Sequence[Record]) -> Price | None:
    """As the records have it, whatever was said since."""
    return _recorded(records, "budget")


def _one(prices: Sequence[Price]) -> Price | None:
    distinct = {price for price in prices if price.fen > 0}
    return distinct.pop() if len(distinct) == 1 else None


def _reckoned(ours: Price | None, difference: Difference | None) -> Price | None:
    if ours is None or difference is None:
        return None
    fen = difference.theirs(ours.fen)
    return Price(fen, ours.unit, about=ours.about or difference.percent is not None) if fen else None


def _told_difference(records: Sequence[Record], rivals: Sequence[str]) -> Difference | None:
    """What the records' objections say (比竞品贵 15%)."""
    told = {
        difference
        for record in records
        for fact in record.facts
        if isinstance(fact.value, ObjectionValue)
        and (difference := deal_terms.difference(fact.source.words, rivals)) is not None
    }
    return told.pop() if len(told) == 1 else None
