"""How long a sample test is to take, in the words of a rep: 大概两周, 20天左右, 测到12月10号."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from nlp import dates, numerals

LONGEST = timedelta(days=366)
_SPAN = re.compile(
    r"(?P<count>[0-9]{1,3}|[一二三四五六七八九十两百]{1,4}|半)\s*个?(?P<unit>工作日|天|日|周|星期|礼拜|月)(?P<half>半)?"
)
_AROUND = re.compile(
    r"(?:样品|试样|测试|测|预计|大概|大约|约|估计|差不多|应该|可能|最快|最晚|还|需要|要|得|到|至|在|就|能|出|结果|结束|完成|完|"
    r"左右|上下|之?[前内后]|的?样子|时间|吧|呢|了|他们|客户|说|[，。、,.!！~ \s])*"
)
"""What an answer may hold besides the period; more is news of something."""
_DAYS = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7, "月": 30}


def last_day(words: str, sent_at: datetime, zone: ZoneInfo, worked: dates.Worked = dates.is_working_day) -> date | None:
    """The last day of the test, counted from the sending day where a span was said; None where the words say none.

    A month counts 30 days. Two different spans or days are no answer.
    """
    today = sent_at.astimezone(zone).date()
    spans = [match for match in _SPAN.finditer(words) if not _is_day_of_month(words, match)]
    mentions = [] if spans else dates.find(words, sent_at, zone, worked)
    named = [match.span() for match in spans] or [(one.span.start, one.span.end) for one in mentions]
    if not _AROUND.fullmatch(_without(words, named)):
        return None
    found = {_after(match, today, worked) for match in spans} or {one.due for one in mentions}
    if len(found) != 1 or (day := found.pop()) is None:
        return None
    return day if today < day <= today + LONGEST else None


def _without(words: str, parts: list[tuple[int, int]]) -> str:
    for start, end in reversed(parts):
        words = words[:start] + words[end:]
    return words


def _is_day_of_month(words: str, match: re.Match[str]) -> bool:
    """十二月十日, 12月10日: a day, no span."""
    before = words[max(0, match.start() - 1) : match.start()]
    return (match["unit"] == "日" and before == "月") or (match["unit"] == "月" and "个" not in match.group())


def _after(match: re.Match[str], today: date, worked: dates.Worked) -> date | None:
    is_half = match["count"] == "半"
    count = 0 if is_half else numerals.whole(match["count"]) or 0
    if match["unit"] == "工作日":
        return dates.add_working_days(today, count, worked) if count else None
    unit = _DAYS[match["unit"]]
    whole = count * unit + (unit // 2 if is_half or match["half"] else 0)
    return today + timedelta(days=whole) if whole else None
