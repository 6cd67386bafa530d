"""异常清单: whether somebody asks what is abnormal, and whose. 设备有异常 is news of a visit."""

import re
from dataclasses import dataclass
from typing import Literal

MOST = 30
"""Characters; whatever is longer tells of something."""
_ASKS = r"(?:请|帮我)?(?:看一下|看看|查看|查一下|看|查|列出)?\s*"
_PAGE = r"(?:[\s,，]*第?\s*(?P<page>\d{1,3})\s*页)?"
_END = r"[\s。.！!？?]*"
_WHO = r"(?P<who>#\d{1,8}|[^\s\d:：,，。！!？?的说]{2,10})"
_OWN = re.compile(rf"{_ASKS}(?:(?P<own>我(?:自己)?)的?异常(?:清单|列表|名单)?|异常(?:清单|列表|名单)?){_PAGE}{_END}")
_OF = re.compile(rf"{_ASKS}异常(?:清单|列表|名单)[\s:：]+{_WHO}{_PAGE}{_END}")
_TEAM = re.compile(rf"{_ASKS}(?:团队|我们团队|全队)的?异常(?:清单|列表|名单)?{_PAGE}{_END}")


@dataclass(frozen=True)
class AbnormalAsked:
    """Whose: all that one sees, one's own, the team's, or those of somebody called `who`."""

    whose: Literal["all", "own", "team", "member"]
    who: str = ""
    page: int = 1


def read(text: str) -> AbnormalAsked | None:
    """What a rep or a leader asks for; None for whatever else.

    >>> read("异常清单"), read("我的异常"), read("异常清单 张三 第2页")
    (AbnormalAsked(whose='all', who='', page=1), AbnormalAsked(whose='own', who='', page=1), \
AbnormalAsked(whose='member', who='张三', page=2))
    >>> read("设备有异常"), read("客户说账单异常清单还没给"), read("异常清单 客户说还没给")
    (None, None, None)
    """
    if (found := _matched(_OWN, text)) is not None:
        return AbnormalAsked("own" if found["own"] else "all", page=int(found["page"] or 1))
    found = _matched(_OF, text)
    return AbnormalAsked("member", found["who"], int(found["page"] or 1)) if found is not None else None


def read_team(text: str) -> AbnormalAsked | None:
    """The same of one's people.

    >>> read_team("团队异常"), read_team("团队的异常很多")
    (AbnormalAsked(whose='team', who='', page=1), None)
    """
    found = _matched(_TEAM, text)
    return AbnormalAsked("team", page=int(found["page"] or 1)) if found is not None else None


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    said = text.strip()
    return None if len(said) > MOST or "\n" in said else pattern.fullmatch(said)
