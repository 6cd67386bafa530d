"""What somebody says to turn the pages of a list: 下一页, 第3页."""

import re

_TURN = re.compile(r"(?P<next>下一页|下页)|第?\s*(?P<page>\d{1,2})\s*页")


def page(text: str, now: int) -> int | None:
    """The page that is wanted, where `now` was shown last; None where the words ask for none.

    >>> page("下一页", 2), page("第 5 页", 2), page("2", 2)
    (3, 5, None)
    """
    turned = _TURN.fullmatch(text)
    if turned is None:
        return None
    return int(turned["page"]) if turned["page"] else now + 1
