"""Whether the scripts answer a question at all: how much of what it is about the nearest of them speak of.

A score only ranks: every question shares something with some script. So four things are weighed, none of which grows with the
library: how near the best wording comes, which share of the question's own words the nearest scripts do not know, whether the
question turns on a matter of everyday life or of another department that they do not speak of either (`script_others.txt`), and
how surely its clauses are sales talk at all (`nlp.reader`).
"""

import math
from collections.abc import Collection, Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from nlp import clauses, reader
from nlp.script_grams import LONGEST

NEAREST = 10
"""Scripts that are asked whether they know a word."""
_LITTLE = frozenset(
    "的一了们他她它个说不下那要到给是总去上来好没就在嗯过还后小有出把这人看点让之再用你您我咱都得跟能可行对完又也才着算只被向从比很太最"
    "挺真些么吗呢吧啊哪谁啥什怎咋几多少时候里外前中间边先开做弄搞干拿放起回走进想会应该须必肯愿意觉知道听讲问答话叫请帮两三四五六七八九十"
    "百千万半第每各别另自己于而且但或如果因为所以与及以其此等将使地呀嘛哦今明昨天年月日号周早晚老大家事情样儿现已经常次种件头面子方当然定"
    "成见找动心气手口"
)
LITTLE = 0.15
"""What a character says that stands in every other sentence, beside one that tells what it is about."""


class Cover(NamedTuple):
    near: float
    """Score of the best wording."""
    foreign: float
    """The share of what the question says that the nearest scripts do not know, 0 to 1."""
    is_other: bool
    sales: float
    """The probability of the likeliest label that a clause has for the reader."""

    @property
    def odds(self) -> float:
        """Log-odds that the scripts answer it, 0 where the team is better told that nothing does.

        Fitted (logistic regression) on the development questions over libraries of 86 and 1,000 scripts with two, four and
        all phrasings, each time with two fifths of the other matters unknown; then moved by 1 to where one answerable
        question in a hundred is refused.
        """
        return (
            7.942
            + 1.669 * math.log(self.near + 0.03)
            - 3.696 * self.foreign
            - 6.503 * self.is_other
            + 0.987 * math.log(self.sales + 0.02)
        )


def foreign(plain: str, known: Collection[str]) -> float:
    """
    >>> foreign("发票", {"价格"}), foreign("价格", {"价格"})
    (0.8, 0.0)
    """
    strange = said = 0.0
    for part in plain.split():
        knows = [False] * (len(part) + 1)
        for at in range(len(part) - 1):
            if part[at : at + 2] in known:
                knows[at] = knows[at + 1] = True
        for at, character in enumerate(part):
            says = LITTLE if character in _LITTLE else 1.0
            said += says
            strange += 0.0 if knows[at] else says
    return strange / (said + 0.5)


@lru_cache(maxsize=1)
def _others() -> tuple[str, ...]:
    lines = (Path(__file__).parent / "script_others.txt").read_text(encoding="utf-8").lower().splitlines()
    return tuple(word for line in lines if not line.startswith("#") for word in line.partition(":")[2].split())


def is_other(question: str, texts: Iterable[str]) -> bool:
    asked = question[:LONGEST].lower()
    words = [word for word in _others() if word in asked]
    if not words:
        return False
    library = "\n".join(texts).lower()
    return any(word not in library for word in words)


def sales_talk(question: str) -> float:
    asked = question[:LONGEST]
    read = reader.default().clauses(reader.View(asked, clauses.split(asked)))
    return max((odds for each in read for odds in each.values()), default=0.0)
