"""Times of day as people say them: 上午十点半, 下午三点一刻, 差十分五点, 晚上八点, 中午, 下班前, 14:30."""

import re
from dataclasses import dataclass
from datetime import time

from nlp import numerals

WORK_BEGINS, WORK_ENDS = time(9), time(18)
LAST_MOMENT = time(23, 59, 59)

PARTS: dict[str, tuple[time, time]] = {
    "凌晨": (time(0), time(5)), "清晨": (time(5), time(8)), "大清早": (time(5), time(8)), "一大早": (time(6), time(9)), "一早": (time(6), time(9)),
    "早上": (time(6), time(9)), "早晨": (time(6), time(9)), "早": (time(6), time(9)), "上午": (time(8), time(12)), "上半天": (time(8), time(12)),
    "午前": (time(8), time(12)), "中午": (time(11), time(14)), "正午": (time(12), time(12)), "午间": (time(11), time(14)),
    "下午": (time(12), time(18)), "午后": (time(12), time(18)), "下半天": (time(12), time(18)), "傍晚": (time(17), time(19)),
    "晚上": (time(18), time(23)), "晚间": (time(18), time(23)), "夜里": (time(18), LAST_MOMENT), "半夜": (time(23), LAST_MOMENT),
    "深夜": (time(22), LAST_MOMENT), "晚": (time(18), time(23)),
}  # fmt: skip
_SAID = {
    "早": "早上",
    "晚": "晚上",
    "一早": "早上",
    "一大早": "早上",
    "大清早": "清晨",
    "上半天": "上午",
    "下半天": "下午",
}
_AFTERNOON = ("下午", "午后", "下半天", "傍晚", "晚上", "晚间", "晚", "夜里", "半夜", "深夜")
_NIGHT = ("晚上", "晚间", "晚", "夜里", "半夜", "深夜")
_SHIFTS = {
    "上班": WORK_BEGINS,
    "下班": WORK_ENDS,
    "收工": WORK_ENDS,
    "午饭": time(12),
    "吃午饭": time(12),
    "午休": time(12),
}

_D = "零〇一二两三四五六七八九十"
PART = r"(?:凌晨|清晨|大清早|一大早|一早|早上|早晨|上午|上半天|午前|中午|正午|午间|下午|午后|下半天|傍晚|晚上|晚间|夜里|半夜|深夜)(?![好茶])"
_HOUR = r"(?:2[0-4]|1\d|0?\d|二十[一二三四]?|十[一二三四五六七八九]?|[零一二两三四五六七八九])"
_NUMBER = r"(?:[0-5]?\d|[二三四五]?十[一二三四五六七八九]?|[零〇]?[一二三四五六七八九])"
_MINUTE = (
    rf"(?:半(?!点|个|年|月|天)|[一三]刻钟?|整|钟|{_NUMBER}分(?!之|钟|成|期|别|公|析)|"
    r"(?:[0-5]\d|[二三四五]?十[一二三四五六七八九]?|[零〇][一二三四五六七八九])(?![\d一二三四五六七八九十号月日个天台套件年万千百块元折%]))"
)
_POINT = r"点(?!位|检|评|击|名|心|子|儿|数|建议|意见|要求|问题|内容|原因|想法|优势|说明|反馈|需求|注意|[^，。]{0,3}(?:建议|意见)|都)"
_SOME = r"(?<![\d零〇一二两三四五六七八九十])[一1]点(?=时间|空|也|点|不|没|办法|进展|希望|机会|消息|东西|事|小|钱|用|优惠|折扣|信心)"
_HOURLY = (
    r"(?P<less>差(?:一刻|[一二三四五]?十|[五5]|[1-5]?\d)分?钟?(?:不到)?)?"
    rf"(?:(?P<colon>(?<![\d:.])(?:[01]?\d|2[0-4]):[0-5]\d)(?![\d:])|(?!{_SOME})(?P<hour>(?<![\d.]){_HOUR})"
    rf"(?P<or>(?<=[二三四五六七八九])[三四五六七八九十](?=点)|(?<=一)[二](?=点))?(?:{_POINT}|(?<!一)时(?=[前之整以左至到十\d]|$|[，。,；;\s]))(?P<minute>{_MINUTE})?(?P<short>差(?:一刻|{_NUMBER}分))?)"
)
_EXACT = rf"(?<![{_D}]){_HOURLY}"
_AFTER_DAY = re.compile(
    rf"的?(?:,|，)?\s?(?:(?P<part>{PART}|早(?!点|期|日|已|就|先|在|些|晚)|(?<=[今明昨])晚(?!点|期|于)|晚(?!点|期|一|了|于|些|会|辈))的?)?\s?"
    rf"(?:{_HOURLY}|(?P<shift>上班|下班|收工|吃?午饭|午休)(?=(?:之|以)?[前后]))?"
)
# Standing alone, an hour needs a sign that it is no count of points (有三点, 便宜两点).
_SIGN = r"(?=钟|整|左右|(?:之|以)?前(?![提期面景后三几])|(?:之|以)?后(?![面续])|开会|开工|开始|见(?!解)|碰头|碰面|出发|集合|准时|\s?(?:到|至|-|~)\s?(?:\d|[一二两三四五六七八九十]))"
_ALONE = re.compile(
    rf"(?P<part>{PART})(?:的?\s?{_HOURLY})?"
)  # fmt: skip
_ALONE_EXACT = re.compile(rf"(?<![\d:.{_D}百千万第每成折涨降跌让宜贵高低])(?<!分之)(?<![涨降跌让低贵高便]了){_EXACT}")
_ALONE_SHIFT = re.compile(
    r"(?P<shift>上班|下班|收工|吃?午饭|午休)(?=(?:之|以)?前(?![台面]))|(?P<after>下班)(?=(?:之|以)?后(?![面续]))"
)
_HAS_SIGN = re.compile(_SIGN)
_NEXT = re.compile(rf"(?:(?P<part>{PART})的?)?{_HOURLY}")
STARTS = "凌清大一早上午中正下傍晚夜半深收吃差0123456789零二两三四五六七八九十"


@dataclass(frozen=True)
class Clock:
    """From `begins` to `ends` on the day named; equal for a moment. `words` as a person would write it: 14:00, 上午."""

    begins: time
    ends: time
    words: str
    part: str = ""
    ambiguous: bool = False
    """Whether it may be of the day named or of the one after: 今晚一点."""
    bare: bool = False
    """Whether the day still has to be taken from the moment of sending."""
    shift: bool = False


def after_day(text: str, position: int) -> tuple[Clock, int] | None:
    """The time of day that stands behind a day, and where it ends."""
    match = _AFTER_DAY.match(text, position)
    if match is None or match.end() == position:
        return None
    if match["shift"]:
        return _at_shift(match["shift"]), match.end()
    exact = _exact(match, match["part"] or "")
    if exact is not None:
        return exact, match.end()
    if match["part"]:
        return _of_part(match["part"]), match.end("part")
    return None


def alone(text: str, position: int) -> tuple[Clock, int] | None:
    """A time of day without a day before it; stricter than behind a day, since 三点 may count points."""
    shift = _ALONE_SHIFT.match(text, position)
    if shift:
        return _at_shift(shift[0]), shift.end()
    match = _ALONE.match(text, position)
    if match:
        exact = _exact(match, match["part"])
        return (exact, match.end()) if exact else (_of_part(match["part"]), match.end("part"))
    match = _ALONE_EXACT.match(text, position)
    if match is None:
        return None
    if not (match["colon"] or match["minute"] or match["less"] or match["short"]) and not _HAS_SIGN.match(
        text, match.end()
    ):
        return None
    exact = _exact(match, "")
    return (exact, match.end()) if exact else None


def until(text: str, position: int, first: Clock) -> tuple[Clock, int] | None:
    """The second time of 上午九点到十一点: its part of the day is the first one's where none is said."""
    match = _NEXT.match(text, position)
    if match is None:
        return None
    part = match["part"] or ("" if match["colon"] else first.part)
    exact = _exact(match, part)
    if exact is not None and exact.ends < first.begins and not match["part"]:
        exact = _exact(match, "下午")
    return (exact, match.end()) if exact and exact.ends >= first.begins else None


def _at_shift(words: str) -> Clock:
    at = _SHIFTS[words]
    return Clock(at, at, words, shift=True)


def _of_part(part: str) -> Clock:
    begins, ends = PARTS[part]
    return Clock(begins, ends, _SAID.get(part, part), part)


def _exact(match: re.Match[str], part: str) -> Clock | None:
    read = _hour_and_minute(match, part)
    if read is None:
        return None
    hour, minute, ambiguous = read
    minutes = hour * 60 + minute - _less(match["less"] or match["short"])
    if minutes < 0 or minutes > 24 * 60:
        return None
    if minutes == 24 * 60:
        return Clock(LAST_MOMENT, LAST_MOMENT, "24:00", part)
    at = time(minutes // 60, minutes % 60)
    if match["or"]:  # 八九点
        until = minutes // 60 + 1
        if (
            numerals.DIGITS.get(match["or"], 10) != numerals.DIGITS.get(match["hour"], 99) + 1
            or match["minute"]
            or until > 23
        ):
            return None
        return Clock(at, time(until), f"{at:%H:%M}-{until:02}:00", part, ambiguous)
    return Clock(at, at, f"{at:%H:%M}", part, ambiguous)


def _hour_and_minute(match: re.Match[str], part: str) -> tuple[int, int, bool] | None:
    if match["colon"]:
        hour, minute = map(int, match["colon"].split(":"))
    elif match["hour"]:
        said = numerals.whole(match["hour"])
        if said is None:
            return None
        hour, minute = said, _minutes(match["minute"] or "")
    else:
        return None
    if part in _NIGHT and 1 <= hour <= 4:
        return hour, minute, True
    if part in _NIGHT and hour in (0, 12):
        return 24, minute, False
    if (
        (part in _AFTERNOON and 1 <= hour < 12)
        or (part in ("中午", "午间") and 1 <= hour <= 2)
        or (not part and not match["colon"] and 1 <= hour <= 6)
    ):
        hour += 12
    return hour, minute, False


def _minutes(words: str) -> int:
    if words in ("", "整", "钟"):
        return 0
    if words == "半":
        return 30
    if "刻" in words:
        return 15 if words[0] == "一" else 45
    return numerals.whole(words.removesuffix("分").lstrip("零〇")) or 0


def _less(words: str | None) -> int:
    if not words:
        return 0
    if "一刻" in words:
        return 15
    return numerals.whole(words.removeprefix("差").removesuffix("不到").removesuffix("钟").removesuffix("分")) or 0
