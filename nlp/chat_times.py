"""The times that a messenger writes between messages: 昨天 18:42, 星期二 14:20, 2026年1月12日 上午9:28.

They are relative to the moment at which the screen was seen, of which we only know that it was not after the picture was
sent to us. So no time is ever after that, and a bare clock that would be is the day before's. WeChat, WeCom and DingTalk
write today's times bare and the day before all others.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from nlp.screens import Message, ReadHint

CLOCK_SKEW = timedelta(minutes=2)
"""By how much the phone's clock may be ahead of ours."""
LONGEST = 40
"""Characters; a longer text is no time."""

_WEEKDAYS = "一二三四五六日"
_ENGLISH_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PART = r"(?P<part>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|夜间|午夜)"
_CLOCK = rf"{_PART}?(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?P<half>[ap]m)?"
_WEEKDAY = r"(?:星期|周|礼拜)(?P<weekday>[一二三四五六日天])"
_DAY = (
    r"(?:(?:(?P<year>20\d\d)年)?(?P<month>1[0-2]|0?[1-9])月(?P<day>3[01]|[12]\d|0?[1-9])[日号]?"
    r"|(?:(?P<year2>20\d\d)(?P<mark>[-/.]))?(?P<month2>1[0-2]|0?[1-9])[-/.](?P<day2>3[01]|[12]\d|0?[1-9])"
    r"|(?P<named>今天|昨天|前天|today|yesterday)"
    r"|(?P<english>mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}"
    r"|(?P<month3>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}(?P<day3>3[01]|[12]\d|0?[1-9])(?:,(?P<year3>20\d\d))?"
    rf"|{_WEEKDAY})"
)
_BESIDE = r"(?:[(（]?(?:星期|周)[一二三四五六日天][)）]?)?"
# With two digits for the hour first: where the blank was lost, 3/410:12 is the fourth, 10:12.
_STAMPS = (
    re.compile(rf"{_DAY}{_BESIDE},?{_CLOCK.replace('[01]?', '[01]', 1)}"),
    re.compile(rf"{_DAY}{_BESIDE},?{_CLOCK}"),
)
_BARE = re.compile(_CLOCK)
_DATE_ONLY = re.compile(rf"{_DAY}{_BESIDE}")
_AGO = re.compile(r"(?P<count>\d{1,3}|半|一|两)个?(?P<unit>秒钟?|分钟|小时|天)(?:之?前)")
_NOW = re.compile(r"刚刚|刚才|justnow|now")
_UNITS = {"秒": timedelta(seconds=1), "分": timedelta(minutes=1), "小": timedelta(hours=1), "天": timedelta(days=1)}
_COUNTS = {"半": 0.5, "一": 1.0, "两": 2.0}


@dataclass(frozen=True)
class Stamp:
    """What a time says: `at` is None where it names a day without a clock, or one that cannot have been."""

    at: datetime | None


def parse(text: str, hint: ReadHint) -> Stamp | None:
    """None where the whole text is no time.

    >>> from datetime import datetime, timezone
    >>> hint = ReadHint(datetime(2026, 3, 5, 4, 0, tzinfo=timezone.utc))
    >>> parse("昨天 18:42", hint).at.isoformat()
    '2026-03-04T18:42:00+08:00'
    >>> parse("12:48", hint).at.isoformat()
    '2026-03-04T12:48:00+08:00'
    >>> parse("好的，昨天 18:42", hint) is None
    True
    """
    plain = _plain(text)
    if plain is None:
        return None
    sent_at = hint.sent_at.astimezone(hint.zone)
    if _NOW.fullmatch(plain):
        return Stamp(sent_at)
    ago = _AGO.fullmatch(plain)
    if ago is not None:
        return Stamp(_ago(ago, sent_at))
    bare = _BARE.fullmatch(plain)
    if bare is not None:
        return Stamp(_latest(sent_at.date(), _clock(bare), sent_at))
    for pattern in _STAMPS:
        match = pattern.fullmatch(plain)
        if match is not None:
            return Stamp(_on_day(match, _clock(match), sent_at))
    day = _DATE_ONLY.fullmatch(plain)
    # 2.5 or 3/4 alone is rather a figure than a day.
    return Stamp(None) if day is not None and (day["month2"] is None or day["year2"] is not None) else None


def split(text: str, hint: ReadHint) -> tuple[str, Stamp] | None:
    """A name and the time written behind it: 王磊 3/4 10:12. None where none is."""
    words = text.split()
    for place in range(1, len(words)):
        stamp = parse(" ".join(words[place:]), hint)
        if stamp is not None:
            return " ".join(words[:place]), stamp
    return None


def fill_forward(messages: Sequence[Message], hint: ReadHint) -> tuple[Message, ...]:
    """Each message with the moment of the last time above it; one that has its own already keeps it."""
    filled: list[Message] = []
    current: datetime | None = None
    is_fresh = False
    for message in messages:
        if message.kind == "time":
            stamp = parse(message.text, hint)
            current, is_fresh = (stamp.at if stamp is not None else None), True
            filled.append(replace(message, sent_at=current, time_source="explicit" if current else None))
            continue
        if message.sent_at is not None:
            current, is_fresh = message.sent_at, False
        elif current is not None:
            message = replace(message, sent_at=current, time_source="explicit" if is_fresh else "inherited")
            is_fresh = is_fresh and message.kind == "system"
        filled.append(message)
    return tuple(filled)


def _plain(text: str) -> str | None:
    """Without blanks and the ornaments around it, in half width and small letters."""
    if len(text) > LONGEST:
        return None
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).lower()
    return plain.strip("-—–·•.,。，|~") if len(plain) <= LONGEST else None


def _ago(match: re.Match[str], sent_at: datetime) -> datetime:
    count = _COUNTS.get(match["count"]) or float(match["count"])
    return (sent_at.astimezone(UTC) - count * _UNITS[match["unit"][0]]).astimezone(sent_at.tzinfo)


def _clock(match: re.Match[str]) -> time:
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    part, half = match["part"], match["half"]
    if hour == 12 and (part in ("凌晨", "午夜", "晚上", "夜里", "夜间") or half == "am"):
        hour = 0
    elif hour < (
        6 if part == "中午" else 12 if part in ("下午", "傍晚", "晚上", "夜里", "夜间") or half == "pm" else 0
    ):
        hour += 12
    return time(hour, minute, second)


def _latest(day: date, clock: time, sent_at: datetime) -> datetime:
    """That clock on the day, or on the day before where it would be after the picture was sent."""
    at = datetime.combine(day, clock, sent_at.tzinfo)
    ahead = _ahead(at, sent_at)
    if ahead <= timedelta(0):
        return at
    return sent_at if ahead <= CLOCK_SKEW else datetime.combine(day - timedelta(days=1), clock, sent_at.tzinfo)


def _ahead(at: datetime, sent_at: datetime) -> timedelta:
    """By how much it is after; in UTC, since Python subtracts the clocks of one zone without its summer time."""
    return at.astimezone(UTC) - sent_at.astimezone(UTC)


def _on_day(match: re.Match[str], clock: time, sent_at: datetime) -> datetime | None:
    day = _day(match, sent_at)
    if day is None:
        return None
    if match["named"] in ("今天", "today"):
        return _latest(day, clock, sent_at)
    at = datetime.combine(day, clock, sent_at.tzinfo)
    return at if _ahead(at, sent_at) <= timedelta(0) else None


def _day(match: re.Match[str], sent_at: datetime) -> date | None:
    today = sent_at.date()
    if match["named"] is not None:
        back = {"今天": 0, "today": 0, "昨天": 1, "yesterday": 1, "前天": 2}[match["named"]]
        return today - timedelta(days=back)
    weekday = _weekday(match)
    if weekday is not None:
        return today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)
    year = match["year"] or match["year2"] or match["year3"]
    month = match["month"] or match["month2"]
    number = int(month) if month else _ENGLISH_MONTHS.index(match["month3"]) + 1
    return _calendar_day(
        int(year) if year else None, number, int(match["day"] or match["day2"] or match["day3"]), today
    )


def _weekday(match: re.Match[str]) -> int | None:
    if match["english"] is not None:
        return _ENGLISH_DAYS.index(match["english"])
    name = match["weekday"]
    return None if name is None else _WEEKDAYS.index("日" if name == "天" else name)


def _calendar_day(year: int | None, month: int, day: int, today: date) -> date | None:
    """Without a year the last such day that has been."""
    for candidate in (year,) if year is not None else range(today.year, today.year - 8, -1):
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if year is not None or found <= today:
            return found
    return None
