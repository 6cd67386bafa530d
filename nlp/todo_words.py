"""What somebody wants done with their to-dos, said in a short sentence: 排期表搞定了, 第二个待办延期到下周三.

Only short sentences of one clause are read, because what they do is done at once: a visit's note that mentions a
to-do in passing (排期表发了，王经理很满意) is a note. Which to-do is meant is decided where the to-dos are (`which`);
words that fit none of them were no wish.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from nlp import dates, edit_refs, numerals

MOST_SAID = 40
"""Characters of a wish; longer sentences tell news."""
MOST_NEW = 200
"""Characters of a new to-do."""
ENOUGH_ALIKE = 0.8
"""Share of the characters that must be the same or sound alike, side by side. Own choice."""


@dataclass(frozen=True)
class Target:
    """Which to-do: a place in the list (第二个) or some of its words."""

    words: str
    says_todo: bool
    """Whether they named it as a to-do: 第二个待办, and not only 第二个."""


@dataclass(frozen=True)
class Finish:
    target: Target
    verb: str = ""
    """What they did, where they said it: 寄 in 样品寄出去了. It must be what was to be done."""


@dataclass(frozen=True)
class FinishAll:
    pass


@dataclass(frozen=True)
class Change:
    """改到周五, 延期到下周三; or other words for it where `rewords`. `to` is empty where they did not say until when."""

    target: Target
    to: str
    rewords: bool = False


@dataclass(frozen=True)
class PassOn:
    target: Target
    name: str


@dataclass(frozen=True)
class Cancel:
    target: Target


@dataclass(frozen=True)
class Create:
    words: str
    when: str = ""
    """What stands before 提醒我; where that is no time (王总提醒我…), it is news."""


@dataclass(frozen=True)
class Show:
    """The to-dos of somebody else, or of the team where there is no name; `or_new` may be a new one instead."""

    name: str
    or_new: bool = False


@dataclass(frozen=True)
class MarkFollowUp:
    customer: str
    is_plain: bool = True
    """Whether it can mean nothing else: 待跟进 恒力, and not 恒力待跟进."""


Wish = Finish | FinishAll | Change | PassOn | Cancel | Create | Show | MarkFollowUp

_TODO = r"(?:待办事项|待办|任务)"
_END = r"[了啦咯喽]?"
_ALREADY = r"(?:已经|已|都|也|全部|全|刚刚|刚才|刚|今天|昨天|今早|上午|下午|早上)*"
_GENERIC = r"(?:搞定|完成|做完|办完|办好|办妥|弄好|弄完|搞好|做好|处理好|处理完|处理掉|解决|落实|(?i:ok|done))"
_VERBS = "提交|确认|联系|通知|提供|安排|准备|沟通|发|寄|交|给|送|打|约|签|写|做|传|报|回|付|开"
_TO = r"(?:改到|改成|改为|延期到|延到|延后到|推迟到|推到|推后到|顺延到|挪到|改期到|调到|提前到|延至|推迟至|延期至)"
_LATER = r"(?:推迟|延期|延后|顺延|往后推|往后延|推后|延|推)"

_MARK = re.compile(
    r"(?:请)?(?:标记|标|设|列|加|记)?(?:为|成|上|个)?(?:待跟进|需跟进)[：:\s]*(?P<who>[^，,。；;：:]{2,20})"
)
_MARKED = re.compile(
    r"(?:把|将)?(?P<who>[^，,。；;：:]{2,20}?)[：:\s]*(?:标记|标|设|列|改|转)?(?:为|成|上)?(?:待跟进|需跟进)"
)
_NEW = re.compile(
    rf"(?:帮我|请|麻烦)?(?:新建|新增|添加|增加|创建|补充|加|建|记)(?:一?[个条项])?(?:新的?)?{_TODO}[：:，,\s]*(?P<what>.+)",
    re.DOTALL,
)
_NEW_AFTER = re.compile(r"待办(?:事项)?[：:\s]+(?P<what>.+)", re.DOTALL)
_REMIND = re.compile(r"(?:记得|请|麻烦|帮忙|到时候?)?提醒(?:我|一下我|下我)[：:，,\s]*(?P<what>.+)", re.DOTALL)
_REMIND_AT = re.compile(
    r"(?P<when>[^，,。]{1,14}?)(?:记得|请|麻烦)?提醒(?:我|一下我|下我)[：:，,\s]*(?P<what>.+)", re.DOTALL
)
_TEAM = re.compile(
    rf"(?:看看?|查看?)?(?:我的?)?(?:团队|下属|全队|大家|组里)的?{_TODO}|{_TODO}[：:\s]*(?:团队|下属|全队)"
)
_OF = re.compile(rf"(?:看看?|查看?)?(?P<name>[\u4e00-\u9fa5·A-Za-z ]{{2,12}}?)(?:的|还?有哪些|有什么){_TODO}(?:呢|吗)?")
_ALL = re.compile(
    rf"(?:(?:所有|全部|全)的?{_TODO}{_ALREADY}|{_TODO}(?:已经)?(?:全部|都|全)(?:已经)?){_GENERIC}{_END}|"
    rf"完成(?:所有|全部)的?{_TODO}"
)
_FINISHED = re.compile(rf"(?:我)?(?:已经|已)?(?:把|将)?(?P<what>.+?){_ALREADY}{_GENERIC}{_END}")
_FINISH = re.compile(rf"(?:我)?(?:已经|已)?(?:完成|搞定|做完|办完|办好|勾掉|销掉|关掉){_END}(?P<what>.+)")
_DID = re.compile(
    rf"(?:我)?(?:已经|已|刚刚|刚)?(?:把|将)?(?P<what>.+?){_ALREADY}(?P<verb>{_VERBS})"
    r"(?:出去|过去|过来|上去|出|完|好|妥|掉|到|给(?:他|她|他们|客户|对方|[\u4e00-\u9fa5]总|[\u4e00-\u9fa5]{1,2}经理))*了"
)
_CHANGED = re.compile(
    rf"(?:把|将)?(?P<what>.+?)(?:的?(?:时间|日期|期限|截止日期|截止时间))?(?P<verb>{_TO})(?P<to>.+?)(?:吧|了)?"
)
_CHANGE = re.compile(r"(?:请)?(?:推迟|延期|延后)(?P<what>.+?)(?:到|至)(?P<to>.+?)(?:吧|了)?")
_SHIFTED = re.compile(
    rf"(?:把|将)?(?P<what>.+?)(?:再|要|想)?(?:{_LATER}|(?P<earlier>提前|往前提|提早))"
    r"(?P<to>(?:半|[\d一二两三四五六七八九十]+)(?:个)?(?:半)?(?:天|日|周|星期|礼拜|工作日|月))?(?:一下|吧)?"
)
_PASSED = re.compile(
    r"(?:把|将)?(?P<what>.+?)(?:转交给|移交给|指派给|转给|转交|移交|交给|分给|派给)(?P<name>[\u4e00-\u9fa5A-Za-z·]{2,12}?)"
    r"(?:去|来)?(?:做|跟进|跟|处理|负责|办)?(?:吧|了)?"
)
_CANCEL = re.compile(r"(?:请|帮我)?(?:取消|删掉|删除|去掉|撤掉)(?:了)?(?P<what>.+)")
_CANCELLED = re.compile(rf"(?:把|将)?(?P<what>.*{_TODO}.*?)(?:取消|删掉|删除|去掉|撤掉|不用做|作废)(?:了|吧)?")

_NOT_DONE = re.compile(
    r"[没未别不勿]|还要|再说|等|如果|要是|吗|呢|什么|多少|几|明天|后天|下周|下个?月|准备好了吗|打算|说"
)
_EDGES = " \t\n。.！!～~"


def read(text: str) -> Wish | None:
    """What the words ask for; None where they are no such wish. Whether there is such a to-do is asked later."""
    said = text.strip(_EDGES)
    if not said or "\n" in said.strip():
        return None
    return _looked_at(said) or _made(said) or (_changed(said) if _is_wish(said) else None)


def _is_wish(said: str) -> bool:
    return len(said) <= MOST_SAID and not re.search(r"[，,。；;！!？?]", said)


def _looked_at(said: str) -> Wish | None:
    if len(said) > MOST_SAID:
        return None
    if _TEAM.fullmatch(said):
        return Show("")
    if (match := _OF.fullmatch(said)) and match["name"] not in {"我", "我们", "所有", "全部"}:
        return Show(match["name"].strip())
    return None


def _made(said: str) -> Wish | None:
    if len(said) > MOST_NEW:
        return None
    if match := _NEW.fullmatch(said) or _REMIND.fullmatch(said):
        return Create(match["what"].strip())
    if match := _NEW_AFTER.fullmatch(said):
        return Show(match["what"].strip(), or_new=True)
    if match := _REMIND_AT.fullmatch(said):
        return Create(f"{match['when']}{match['what'].strip()}", when=match["when"])
    marked = _MARK.fullmatch(said)
    if (match := marked or _MARKED.fullmatch(said)) and (marked or not _NOT_DONE.search(match["who"])):
        return MarkFollowUp(match["who"].strip(), is_plain=marked is not None)
    return None


def _changed(said: str) -> Wish | None:
    if (match := _PASSED.fullmatch(said)) and _istarget(match["what"]):
        return PassOn(target(match["what"]), match["name"])
    if (match := _CHANGED.fullmatch(said) or _CHANGE.fullmatch(said)) and _istarget(match["what"]):
        rewords = match.groupdict().get("verb") in {"改成", "改为"}
        return Change(target(match["what"]), match["to"], rewords=rewords)
    if (match := _SHIFTED.fullmatch(said)) and _istarget(match["what"]):
        to = f"{'提前' if match['earlier'] else ''}{match['to'] or ''}"
        return Change(target(match["what"]), to) if to != "提前" else None
    if match := _CANCEL.fullmatch(said) or _CANCELLED.fullmatch(said):
        return Cancel(target(match["what"])) if _istarget(match["what"]) else None
    return None if _NOT_DONE.search(said) else _done(said)


def _done(said: str) -> Wish | None:
    if _ALL.fullmatch(said):
        return FinishAll()
    if (match := _FINISHED.fullmatch(said) or _FINISH.fullmatch(said)) and _istarget(match["what"]):
        return Finish(target(match["what"]))
    if (match := _DID.fullmatch(said)) and _istarget(match["what"]):
        return Finish(target(match["what"]), match["verb"])
    return None


def _istarget(words: str) -> bool:
    return bool(target(words).words)


_KIND = re.compile(rf"{_TODO}")
_GLUE = re.compile(r"^(?:把|将|我的?|那个|这个|那条|这条|关于|的|\s)+|(?:的|那个|这个|那件事|这件事|的事情?|\s)+$")
_EMPTY = frozenset(
    {"", "这", "那", "这个", "那个", "事", "事情", "它", "都", "全部", "所有", "我", "工作", "活", "了", "已经"}
)


def target(words: str) -> Target:
    """What the words point at, without what only says that they point."""
    bare = _KIND.sub("", words)
    while (shorter := _GLUE.sub("", bare)) != bare:
        bare = shorter
    return Target("" if bare in _EMPTY else bare, says_todo=_KIND.search(words) is not None)


# Which one


@dataclass(frozen=True)
class Known:
    """An open to-do, as words may point at it."""

    action: str
    customers: tuple[str, ...] = ()
    """The names by which its customer goes."""


_MEANS: Mapping[str, str] = {
    "发": "发给送寄传交报邮提供",
    "寄": "寄发送给邮提供",
    "交": "交给送提供",
    "给": "给发送交寄提供",
    "送": "送给寄发交",
    "提交": "提交",
    "提供": "提供给发送交",
    "传": "传发",
    "报": "报发给提供",
    "打": "打电联拨汇",
    "约": "约安",
    "签": "签",
    "写": "写做出编拟",
    "做": "做出编写拟备",
    "回": "回打电答",
    "确认": "确核",
    "联系": "联电打",
    "通知": "通告",
    "安排": "安约",
    "准备": "准备做",
    "沟通": "沟聊谈联",
    "付": "付打汇",
    "开": "开",
}
"""What is done when somebody says that they did that, as characters in the words of the to-do."""


def numbered(target: Target, count: int, *, is_listed: bool) -> tuple[int, ...] | None:
    """The places, from 0, where the target is one in a list of `count`; None where it is none.

    A number without the word 待办 counts only after a list was shown.
    """
    if not (target.says_todo or is_listed):
        return None
    circled = _circled(target.words)
    if circled is not None:
        return (circled,)
    return edit_refs.numbered(target.words, count, bare=True)


def _circled(words: str) -> int | None:
    return "①②③④⑤⑥⑦⑧⑨⑩".index(words) if len(words) == 1 and words in "①②③④⑤⑥⑦⑧⑨⑩" else None


def which(target: Target, known: Sequence[Known], *, verb: str = "") -> tuple[int, ...]:
    """The places of the to-dos that the words fit; none where they fit none, or somebody did something else with it."""
    return tuple(
        place for place, todo in enumerate(known) if _fits(target.words, todo) and _is_that_done(verb, todo.action)
    )


def _is_that_done(verb: str, action: str) -> bool:
    return not verb or any(character in action for character in _MEANS[verb])


def _fits(words: str, todo: Known) -> bool:
    """Whether all that was said is about this to-do: its customer, its action, or both."""
    parts = [part for part in re.split(r"[的给跟和与 ]", words) if part]
    rest = []
    for part in parts:
        name = next((name for name in sorted(todo.customers, key=len, reverse=True) if name and name in part), "")
        rest += [left for left in part.split(name) if left] if name else [part]
    said = "".join(rest)
    if not rest:
        return bool(parts)
    return len(said) >= 2 and all(_stands_in(part, todo.action) for part in rest)


def _stands_in(part: str, whole: str) -> bool:
    if part in whole:
        return True
    if len(part) < 3:
        return False
    windows = (whole[at : at + len(part)] for at in range(len(whole) - len(part) + 1))
    return any(
        sum(edit_refs.is_alike(one, other) for one, other in zip(part, window, strict=True)) >= ENOUGH_ALIKE * len(part)
        for window in windows
    )


# Until when


@dataclass(frozen=True)
class Until:
    on: date
    at: datetime | None = None
    """The moment, where one was named."""


_SHIFT = re.compile(
    r"(?P<earlier>提前|往前)?(?:再)?(?:推迟|延期|延后|往后推?|推后|延|推)?"
    r"(?P<count>半|[\d一二两三四五六七八九十]+)(?P<measure>个)?(?P<unit>天|日|周|星期|礼拜|工作日|月)(?:后|以后|之后)?"
)
_CLOCK = re.compile(r"\d{1,2}:\d{2}")
_AROUND = re.compile(r"(?:[\s，,到至在于就吧了再那的前去做完成交改延期推迟为成之以内]|可以|行)*")


def until(
    words: str,
    sent_at: datetime,
    zone: ZoneInfo,
    *,
    due: date | None,
    worked: dates.Worked = dates.is_working_day,
) -> Until | None:
    """The day that the words name, and nothing but that; spans (推迟两天) count from `due`, or the sending day."""
    words = words.strip(_EDGES)
    if match := _SHIFT.fullmatch(words):
        is_after_now = "后" in words[match.start("unit") :]
        moved = _moved(match, sent_at.astimezone(zone).date() if is_after_now or due is None else due, worked)
        return Until(moved) if moved is not None else None
    found = dates.find(words, sent_at, zone, worked)
    if len(found) != 1 or found[0].due is None or re.search("[或还]", words):
        return None
    [mention] = found
    around = words[: mention.span.start], words[mention.span.end :]
    if not all(_AROUND.fullmatch(part) for part in around):
        return None
    return Until(found[0].due, _moment(mention))


def _moved(match: re.Match[str], start: date, worked: dates.Worked) -> date | None:
    count = numerals.whole(match["count"]) if match["count"] != "半" else None
    unit: Literal["day", "week", "work", "month"] = (
        "work"
        if "工作" in match["unit"]
        else "month"
        if match["unit"] == "月"
        else "day"
        if match["unit"] in "天日"
        else "week"
    )
    earlier = bool(match["earlier"])
    if count is None:
        days = 15 if unit == "month" else 0
        return date.fromordinal(start.toordinal() + (-days if earlier else days)) if days else None
    if count > 1000:
        return None
    if unit == "work":
        return None if earlier else dates.add_working_days(start, count, worked)
    if unit == "month":
        return dates.add_months(start, -count if earlier else count)
    days = count * (7 if unit == "week" else 1)
    return date.fromordinal(start.toordinal() + (-days if earlier else days))


def _moment(mention: dates.TimeMention) -> datetime | None:
    return mention.end if mention.time_of_day and _CLOCK.fullmatch(mention.time_of_day) else None


# A new one


@dataclass(frozen=True)
class New:
    action: str
    until: Until | None = None
    is_over: bool = False
    """Whether the time that it begins with has passed."""


_LEAD = re.compile(r"^(?:[：:，,。\s]|我要|我得|我|要|得|记得|一下|的时候|的)+")


def new(words: str, sent_at: datetime, zone: ZoneInfo, worked: dates.Worked = dates.is_working_day) -> New | None:
    """The to-do in those words, its first date taken out; None where nothing is left to do."""
    found = dates.find(words, sent_at, zone, worked)
    dated = next((one for one in found if one.due is not None), None)
    over = next((one for one in found if one.span.start == 0 and one.end is not None and one.end <= sent_at), None)
    mention = dated or over
    if mention is None:
        action = _LEAD.sub("", words).strip(_EDGES)
    else:
        rest = _LEAD.sub("", words[mention.span.end :])
        action = _LEAD.sub("", f"{words[: mention.span.start]}{rest}").strip(_EDGES + "，,")
    if len(action) < 2:
        return None
    due = dated.due if dated is not None else None
    until = Until(due, _moment(dated)) if dated is not None and due is not None else None
    return New(action, until, is_over=dated is None and over is not None)


_WHOLE = re.compile(
    r"(?:都|全部|全)?(?:是|是的|对|对的|嗯|都|全部|全都|都完成了?|都做完了?|全部完成了?|都是)(?:了|啊|吧)?"
)


def means_all(words: str) -> bool:
    """The answer to which of several: all of them."""
    return bool(_WHOLE.fullmatch(words.strip(_EDGES + "，,")))


_NEVER_MIND = re.compile(
    r"(?:算了|不用了?|不改了?|不延了?|不转了?|取消|先不[改转延]了?|没事了?|都不是|都没有)(?:吧|了)?"
)


def never_mind(words: str) -> bool:
    return bool(_NEVER_MIND.fullmatch(words.strip(_EDGES + "，,")))
