"""What is known of a deal, and what a script may say of it."""

from datetime import UTC, datetime

from handlers import script_plans
from handlers.record import AmountValue, ContactValue, Fact, Record
from handlers.script_figures import Figures, Price, known_of
from nlp.scripts import Hit
from storage.models import Customer, Script
from storage.visits import Source


def record(*amounts: AmountValue) -> Record:
    return Record(tuple(Fact(amount, Source(1, 0, 1, "一")) for amount in amounts))


def quote(low: int | None, high: int | None, *, unit: str | None = None, about: bool = False) -> AmountValue:
    return AmountValue(role="quote", low_fen=low, high_fen=high, unit=unit, about=about)


def known(question: str, *records: Record) -> Figures:
    return known_of(question, records, customer=None, rivals=(), products=())


def test_the_question_counts_before_the_record_and_the_first_record_before_the_next() -> None:
    draft, earlier = record(quote(850_000_00, 850_000_00)), record(quote(900_000_00, 900_000_00))

    assert known("客户嫌贵", draft, earlier).ours == Price(850_000_00)
    assert known("客户嫌贵", Record(), earlier).ours == Price(900_000_00)
    assert known("我们报88万，客户嫌贵", draft).ours == Price(880_000_00)


def test_a_range_and_two_quotes_are_no_quote_and_no_reason_to_take_an_older_one() -> None:
    older = record(quote(900_000_00, 900_000_00))

    assert known("客户嫌贵", record(quote(800_000_00, 850_000_00)), older).ours is None
    assert known("客户嫌贵", record(quote(1_00, 1_00), quote(2_00, 2_00)), older).ours is None
    assert known("客户嫌贵", record(quote(850_000_00, None)), older).ours is None


def test_what_is_said_roughly_stays_rough() -> None:
    figures = known("竞品低15%", record(quote(850_000_00, 850_000_00, about=True)))

    assert figures.values()["我方报价"] == "约85万元"
    assert figures.values()["竞品价"] == "约72.25万元"


def test_prices_of_different_units_are_not_compared() -> None:
    assert known("竞品报72万", record(quote(3_000_00, 3_000_00, unit="台"))).gap is None


def test_a_competitor_who_is_dearer_has_no_difference_to_speak_of() -> None:
    figures = known("竞品报90万", record(quote(850_000_00, 850_000_00)))

    assert "差额" not in figures.values()
    assert script_plans.shares(figures) == "我方比竞品低 5.6%，竞品比我方高 5.9%"


def test_names_stay_as_they_are_written() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    customer = Customer(customer_id=1, name="ABC Valve Ltd", created_at=now)
    contact = Record((Fact(ContactValue(name="王 经理"), Source(1, 0, 1, "王")),))

    figures = known_of("太贵了", [contact], customer=customer, rivals=("KSB Pumps",), products=())

    assert figures.values()["客户"] == "ABC Valve Ltd"
    assert figures.values()["联系人"] == "王 经理"
    assert figures.values()["竞品"] == "KSB Pumps"


def script(body: str, *, kind: str = "提问") -> Script:
    return Script(code="PR-01", title="题", category="价格", plan_kind=kind, body=body, phrasings=["贵"], materials=[],
                  stages=[], industries=[], products=[], competitors=[], tags=[])  # fmt: skip


def test_a_sentence_is_left_out_and_a_script_of_nothing_else_is_no_plan() -> None:
    plan = script_plans.plan(script("您看。{案例客户}用过。好吗？"), Figures())

    assert plan is not None
    assert plan.words == "您看。好吗？"
    assert script_plans.plan(script("{案例客户}用过。"), Figures()) is None


def test_long_words_end_at_a_sentence_and_name_where_the_rest_is() -> None:
    plan = script_plans.plan(script("这句话有十个字整。" * 60), Figures())

    assert plan is not None
    assert plan.words.endswith("。（全文：话术 PR-01）")
    assert len(plan.words) <= script_plans.MOST_WORDS + 20


def hit(code: str, score: float, kind: str, category: str = "价格") -> Hit:
    return Hit(code, code, score, None, category, kind)


def test_plans_are_of_different_kinds_and_none_far_below_the_first() -> None:
    hits = [
        hit("A", 0.5, "提问"),
        hit("B", 0.45, "提问"),
        hit("C", 0.4, "案例", "付款"),
        hit("D", 0.2, "技术参数对比", "付款"),
        hit("E", 0.1, "成本优化清单"),
    ]

    chosen = script_plans.of_different_kinds(hits)

    assert [one.script_id for one in chosen] == ["A", "C", "E"]
    assert [one.script_id for one in script_plans.also(hits, chosen)] == ["B"]


def test_scripts_without_a_kind_stand_side_by_side() -> None:
    hits = [hit("A", 0.5, ""), hit("B", 0.45, ""), hit("C", 0.44, ""), hit("D", 0.43, "")]

    assert [one.script_id for one in script_plans.of_different_kinds(hits)] == ["A", "B", "C"]
