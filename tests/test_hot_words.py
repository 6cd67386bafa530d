"""The names that a speech engine is told to expect."""

from hypothesis import given
from hypothesis import strategies as st

from nlp.draft import CustomerEntry
from nlp.hot_words import MAX_COMPETITORS, MAX_HOT_WORDS, choose, short_name, usable

CUSTOMERS = [
    CustomerEntry("宁波恒力阀门有限公司", ("恒力", "恒力阀门"), ("王建国", "李梅")),
    CustomerEntry("晋川矿业集团", ("晋川",), ("冀科长",)),
    CustomerEntry("普瑞特机械", (), ("丁强",)),
]


def test_customers_come_first_then_competitors_then_one_contact_each() -> None:
    assert choose(CUSTOMERS, ["申工阀门", "德科"]) == (
        "恒力阀门",
        "晋川",
        "普瑞特机械",
        "申工阀门",
        "德科",
        "王建国",
        "冀科长",
        "丁强",
    )


def test_a_short_alias_stands_before_the_full_name() -> None:
    assert short_name(CUSTOMERS[1]) == "晋川"


def test_four_characters_are_said_rather_than_two_or_six() -> None:
    assert short_name(CustomerEntry("越州市实验学校总校", ("越实", "越州实验学校", "越州实验"))) == "越州实验"


def test_of_aliases_below_four_characters_the_longest_is_heard_best() -> None:
    assert short_name(CustomerEntry("晋川矿业集团", ("晋", "晋川矿", "晋川"))) == "晋川矿"


def test_an_alias_longer_than_the_name_is_not_what_people_say() -> None:
    assert short_name(CustomerEntry("恒力", ("宁波恒力阀门有限公司",))) == "恒力"


def test_many_customers_leave_room_for_competitors() -> None:
    many = [CustomerEntry(f"客户{n}") for n in range(30)]

    chosen = choose(many, [f"对手{n}" for n in range(30)])

    assert chosen == (*(f"客户{n}" for n in range(MAX_HOT_WORDS - MAX_COMPETITORS)), *(f"对手{n}" for n in range(4)))


def test_few_customers_leave_more_room_for_competitors() -> None:
    assert choose(CUSTOMERS[:1], [f"对手{n}" for n in range(30)]) == ("恒力阀门", *(f"对手{n}" for n in range(11)))


def test_a_name_that_is_customer_and_competitor_counts_once() -> None:
    assert choose([CustomerEntry("甲公司")], ["甲公司"]) == ("甲公司",)


def test_names_are_cleaned_and_counted_once() -> None:
    assert usable([" 恒力\n阀门 ", "", "王建国", "王建国", "  "]) == ("恒力 阀门", "王建国")


NAMES = st.text(alphabet="甲乙丙 \n", max_size=4)


@given(
    st.lists(st.builds(CustomerEntry, NAMES, st.tuples(NAMES), st.lists(NAMES, max_size=2).map(tuple)), max_size=20),
    st.lists(NAMES, max_size=20),
)
def test_never_more_than_the_limit_never_one_twice_never_an_empty_one(
    customers: list[CustomerEntry], competitors: list[str]
) -> None:
    chosen = choose(customers, competitors)

    assert len(chosen) <= MAX_HOT_WORDS
    assert len(set(chosen)) == len(chosen)
    assert all(name.strip() for name in chosen)
