"""A quotation or a business card in a picture: its rows, its total, its person become facts of a record."""

from collections.abc import Sequence
from dataclasses import replace

from handlers import notes, texts, wording
from handlers.context import Context
from handlers.notes import Note
from handlers.people import known
from handlers.record import AmountValue, ContactValue, CustomerValue, Fact, ItemValue, Value
from nlp import companies, table_totals, tables
from nlp.draft import CustomerEntry, CustomerMention, Span, VisitDraft
from nlp.screens import BusinessCard, QuotedItem, Table
from storage.jobs import Job
from storage.visits import Source

ENGINE = "picture"


async def take_table(ctx: Context, job: Job, note: Note, table: Table) -> None:
    """The rows and the total of a quotation, proposed on the record's card."""
    reading = await notes.understanding(ctx, note.sent_at, note.source)
    totals = table_totals.totals(table)
    found = _Facts(note)
    rivals = companies.competitors(note.text, reading.vocabulary.competitors, reading.customers)
    customer = companies.customer(note.text, reading.customers, competitors=rivals)
    # a quotation names its seller too: only who is in the list is taken for the customer
    if customer is not None and customer.status == "known":
        found.add(_customer(customer), customer.span)
    if totals.stated_fen is not None and table.total:
        total = AmountValue(
            role="competitor_price" if rivals else "quote", low_fen=totals.stated_fen, high_fen=totals.stated_fen
        )
        # the last of several: 合计, 优惠, 优惠后
        found.add_words(total, *reversed(table.total.splitlines()))
    numbers = tables.number_column(table)
    for item in table.items:
        found.add_row(item, without=numbers)
    doubts = tuple(_doubt(doubt, table) for doubt in totals.doubts)
    await _take(ctx, job, replace(note, doubts=(*note.doubts, *doubts)), found.facts)


async def take_card(ctx: Context, job: Job, note: Note, card: BusinessCard) -> None:
    """The person on a business card as a contact, and their company as the customer."""
    reading = await notes.understanding(ctx, note.sent_at, note.source)
    found = _Facts(note)
    if card.company and (span := _place(note.text, card.company)):
        found.add(_customer(_company(card.company, span, reading.customers)), span)
    if card.name:
        contact = ContactValue(
            name=card.name,
            title=card.title,
            department=card.department,
            phone=next(iter(card.phones), None),
            email=card.email,
        )
        found.add_words(contact, card.name)
    await _take(ctx, job, note, found.facts)


def _doubt(doubt: table_totals.Doubt, table: Table) -> str:
    stated, counted = wording.yuan(doubt.stated_fen), wording.yuan(doubt.counted_fen)
    if doubt.row is not None:
        name = next(filter(None, table.items[doubt.row].cells), str(doubt.row + 1))
        return texts.ROW_DIFFERS.format(name=name, stated=stated, counted=counted)
    if doubt.kind == "words":
        return texts.WORDS_DIFFER.format(stated=stated, counted=counted)
    return texts.SUM_DIFFERS.format(stated=stated, counted=counted)


def _company(name: str, span: Span, customers: tuple[CustomerEntry, ...]) -> CustomerMention:
    """The customer that the card's company is; a new one where the list has none like it."""
    mention = companies.customer(name, customers)
    return replace(mention, span=span) if mention is not None else CustomerMention(name, span, "new")


def _customer(mention: CustomerMention) -> CustomerValue:
    names = tuple(candidate.name for candidate in mention.candidates)
    return CustomerValue(name=mention.value, status=mention.status, candidates=names)


async def _take(ctx: Context, job: Job, note: Note, facts: Sequence[Fact]) -> None:
    draft = VisitDraft(visited_on=ctx.day_of(note.sent_at), summary="")
    async with ctx.finishing(job) as work:
        member = await known(ctx, work, note.to)
        assert note.evidence_id is not None  # a picture is kept before it is read
        evidence = await work.visits.evidence(note.evidence_id)
        await notes.put(ctx, work, draft, list(facts), note, evidence, member)


class _Facts:
    """Facts with the words they stand in; what cannot be found in the text is none."""

    def __init__(self, note: Note) -> None:
        assert note.evidence_id is not None  # a picture is kept before it is read
        self._text, self._evidence_id = note.text, note.evidence_id
        self.facts: list[Fact] = []

    def add(self, value: Value, span: Span) -> None:
        source = Source(self._evidence_id, span.start, span.end, span.of(self._text), engine=ENGINE)
        self.facts.append(Fact(value, source))

    def add_words(self, value: Value, *words: str) -> None:
        """The first of `words` that stand in the text are the source."""
        if span := next(filter(None, (_place(self._text, each) for each in words)), None):
            self.add(value, span)

    def add_row(self, item: QuotedItem, *, without: int | None) -> None:
        """A row, found by the line that has all its cells; the number of the row is no part of what it says."""
        cells = [cell for cell in item.cells if cell]
        start = 0
        for line in self._text.splitlines(keepends=True):
            if cells and all(cell in line for cell in cells):
                said = tuple(cell for place, cell in enumerate(item.cells) if place != without)
                self.add(ItemValue(cells=said), Span(start, start + len(line.rstrip())))
                return
            start += len(line)


def _place(text: str, words: str) -> Span | None:
    start = text.find(words)
    return Span(start, start + len(words)) if start >= 0 else None
