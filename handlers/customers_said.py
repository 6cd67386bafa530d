"""Which customers somebody's words mean, of those that are theirs or nobody's."""

from collections.abc import Sequence

from handlers import access
from storage.models import Customer, Member
from storage.work import Work


async def named(work: Work, member: Member, words: str) -> Sequence[Customer]:
    """Those whose records they may see, or whom nobody owns; of 宏达纺织 and 宏达 in it, what the longer means."""
    sight = await access.sight_of(work, member)
    return [one for one in await _meant(work, words) if one.owner_id is None or sight.sees(one.owner_id)]


async def _meant(work: Work, words: str) -> Sequence[Customer]:
    found = [(customer, _longest(customer, words)) for customer in await work.customers.named_in(words)]
    meant: list[Customer] = []
    rest = words
    for length in sorted({len(name) for _, name in found}, reverse=True):
        names = {name for _, name in found if len(name) == length and name in rest}
        meant += [customer for customer, name in found if name in names]
        for name in names:
            rest = rest.replace(name, "\n")
    return meant


def _longest(customer: Customer, words: str) -> str:
    return max((name for name in (customer.name, *(row.alias for row in customer.aliases)) if name in words), key=len)
