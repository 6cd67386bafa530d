"""What of a record a script may be said with."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from handlers import script_facts
from handlers.record import AmountValue, ContactValue, Fact, ObjectionValue, PainValue, Record, StepValue, Value
from handlers.script_figures import known_of
from nlp import adapted
from storage.models import Customer
from storage.visits import Source

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def record(*said: tuple[Value, str]) -> Record:
    return Record(tuple(Fact(value, Source(1, 0, len(words), words)) for value, words in said))


def facts(*records: Record, customer: Customer | None = None) -> list[adapted.Fact]:
    figures = known_of("太贵了", records, customer=customer, rivals=(), products=())
    return list(script_facts.of(figures, records, NOW, SHANGHAI))


PAIN = (PainValue(category="停机"), "停机一次损失大")
OBJECTION = (ObjectionValue(category="价格"), "价格太贵")
BUDGET = (AmountValue(role="budget", low_fen=800_000_00, high_fen=800_000_00), "预算八十万")
QUOTE = (AmountValue(role="quote", low_fen=850_000_00, high_fen=850_000_00), "报价85万")


def test_what_the_customer_said_comes_with_its_words_and_our_price_not_at_all() -> None:
    found = facts(record((ContactValue(name="王经理"), "王经理"), PAIN, OBJECTION, BUDGET, QUOTE))

    assert found == [
        adapted.Fact("contact", "王经理"),
        adapted.Fact("objection", "价格太贵"),
        adapted.Fact("pain", "停机一次损失大"),
        adapted.Fact("budget", "预算 80 万元"),
    ]


def test_words_with_a_day_in_them_and_stories_stay_out() -> None:
    late, story = (ObjectionValue(category="交期"), "嫌我们下周五才发货"), (PainValue(category="停机"), "停机了" * 30)

    assert facts(record(late, story, BUDGET)) == [adapted.Fact("budget", "预算 80 万元")]


def test_what_was_agreed_counts_until_its_day_is_over() -> None:
    def step(owner: str, action: str, due: date | None) -> tuple[Value, str]:
        return StepValue.model_validate({"owner": owner, "action": action, "due": due}), action

    found = facts(
        record(
            step("us", "发方案", date(2026, 11, 20)),
            step("customer", "定配置", date(2026, 11, 25)),
            step("us", "送样机", date(2026, 11, 19)),
            step("us", "再联系", None),
        )
    )

    assert found == [adapted.Fact("own_step", "11月20日前发方案"), adapted.Fact("customer_step", "11月25日前定配置")]


def test_the_record_that_counts_most_is_the_one_that_is_told() -> None:
    older = record((ObjectionValue(category="交期"), "交期太长"), PAIN)

    assert [fact.words for fact in facts(record(OBJECTION), older)] == ["价格太贵", "停机一次损失大"]


def test_a_customers_name_stage_and_line_of_business_are_no_reason_to_say_anything_otherwise() -> None:
    customer = Customer(name="宁波恒力阀门有限公司", industry="阀门", stage="方案报价")

    assert facts(Record(), customer=customer) == []
    assert [fact.kind for fact in facts(record(PAIN), customer=customer)] == ["customer", "industry", "stage", "pain"]
