"""What the words of a reply point at in a draft: 第二个待办, 排期表那个, 最后一条, 李护士长, 招标那条风险."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from nlp import people, sounds
from nlp.draft import AmountRole, Owner
from nlp.edit_ops import DraftView
from nlp.places import COMPOUND_SURNAMES, DEPARTMENTS, SHORT_TITLES, SURNAMES, TITLES

Kind = Literal["step", "contact", "competitor", "risk", "pain", "amount", "customer", "stage"]

MOST_POINTING = 24
"""Characters; longer words do not point at something, they tell something."""
ENOUGH_ALIKE = 0.8
"""Share of the pointing words' characters that must be found, in their order, in what they point at. Own choice."""

ROLES: dict[str, AmountRole] = {
    **dict.fromkeys(("预算", "总预算", "预算金额", "预算总额", "预算数", "客户预算", "项目预算", "经费"), "budget"),
    **dict.fromkeys(("报价", "我们报价", "我们的报价", "我方报价", "我们报的", "我报的", "报的", "报价金额", "总报价", "报价总额", "总价", "报的价"), "quote"),
    **dict.fromkeys(
        ("合同额", "合同金额", "合同价", "合同总额", "成交价", "成交额", "成交金额", "订单金额", "订单额", "签约金额", "签约额", "总金额", "中标价", "最终成交价"),
        "deal",
    ),
    **dict.fromkeys(("单价", "产品单价", "单台价格", "每台价格"), "unit_price"),
    **dict.fromkeys(
        ("付款", "付款金额", "回款", "回款金额", "货款", "欠款", "尾款", "首付", "首付款", "定金", "订金", "预付款", "应收", "应收款", "余款", "打款", "欠的钱", "欠款金额"),
        "payment",
    ),
    **dict.fromkeys(
        ("费用", "服务费", "运费", "安装费", "维保费", "培训费", "实施费", "手续费", "年费", "维护费", "差旅费", "物流费", "检测费", "开发费", "服务费用", "加急费"), "fee"
    ),
    **dict.fromkeys(("竞品报价", "竞品价", "竞品价格", "竞品的报价", "竞品的价格", "对手报价", "对手的报价", "对手价", "对手价格", "友商报价"), "competitor_price"),
    **dict.fromkeys(("差价", "价差"), "price_gap"),
    **dict.fromkeys(("金额", "价格", "价钱", "数字", "钱", "钱数", "总数"), "other"),
}  # fmt: skip
ROLE = "(?:" + "|".join(sorted(ROLES, key=len, reverse=True)) + ")"

_SAME_SOUND = 0.25
"""Of `names.distance`: initial and final may each be one that people mix up."""

KIND_WORDS: dict[str, Kind] = {
    **dict.fromkeys(("待办事项", "待办", "下一步", "任务", "行动项", "跟进事项", "事项", "步骤"), "step"),
    **dict.fromkeys(("风险信号", "风险提示", "风险点", "风险项", "风险"), "risk"),
    **dict.fromkeys(("客户痛点", "痛点"), "pain"),
    **dict.fromkeys(("竞争对手", "竞品", "对手", "友商"), "competitor"),
    **dict.fromkeys(("联系人", "对接人", "接口人"), "contact"),
    **dict.fromkeys(("客户名称", "客户名字", "客户名", "客户"), "customer"),
    **dict.fromkeys(("项目阶段", "阶段"), "stage"),
}
_KIND = "(?:" + "|".join(sorted(KIND_WORDS, key=len, reverse=True)) + ")"

_N = r"(?:\d{1,2}|[一二两三四五六七八九十])"
_MEASURE = "[个条项件步]"
_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_ONE = rf"第{_N}{_MEASURE}?|{_N}{_MEASURE}|{_N}"
_PLACES = re.compile(
    rf"(?:{_ONE})(?:(?:和|跟|与|、|，|,|还有|以及)?(?:第{_N}{_MEASURE}?|(?<=[和跟与、，,])(?:{_ONE})))*"
)
_LIST = re.compile(rf"第?(?P<list>[一二三四五六七八九]{{2,4}})(?:[两三四]){_MEASURE}")
_IS_PLACE = re.compile(rf"第|{_MEASURE}")
_LAST = re.compile(
    rf"最后(?:那|的|面)?(?:(?P<count>{_N}){_MEASURE}|{_MEASURE})?|末(?:尾|了)?(?:那)?{_MEASURE}|最末{_MEASURE}"
)
_FROM_END = re.compile(rf"倒数第?(?P<n>{_N}){_MEASURE}?")
_FIRST = re.compile(rf"(?:最前面|最上面|最早|开头|头|首)(?:的|那)?(?:一)?{_MEASURE}|最上面")
_FRONT = re.compile(rf"前(?:面|头)?(?:的|那)?(?P<n>{_N}){_MEASURE}")
_BACK = re.compile(rf"后(?:面|头|边)?(?:的|那)?(?P<n>{_N}){_MEASURE}")
_ALL = re.compile(rf"(?:所有|全部|全|这|那)?(?:的)?(?:(?P<n>{_N}){_MEASURE})?(?:的)?(?:都|全部|全)|(?:所有|全部)的?")
_COUNT = re.compile(rf"(?:这|那)?(?P<n>[两二三四五六七八九十]){_MEASURE}(?:都|全)?")
SOME = re.compile(r"(?:有|其中|里面?|某|这|那)?(?:有|一|某)(?:个|条|项)|某[个条项]|有些")
_GLUE_BEFORE = re.compile(
    r"^(?:把|将|那个|这个|那条|这条|那一?项|这一?项|里面?的?|里头的?|中的?|上的?|的|：|:|有|写的|关于|提到的?|说的?|「|“|\")+"
)
_GLUE_AFTER = re.compile(
    r"(?:那一?[个条项件]事?|这一?[个条项件]事?|那个|这个|那条|这条|那项|那件?事|这件?事|[那这]个?活儿?|[那这]事儿|的事情?|的那[个条项]|一事|这一?块|这|那|的|了|里面?|里头|「|」|”|\"|：|:|，|,|\s)+$"
)
_TITLE = "|".join(
    sorted(
        {*TITLES, *SHORT_TITLES, "总工", "老师", "店长", "护士长", "校长", "厂长", "工", "总", "姐", "哥", "院长"},
        key=len,
        reverse=True,
    )
)
_SUR = "|".join([*COMPOUND_SURNAMES, *sorted(SURNAMES)])
_PERSON = re.compile(
    rf"(?:{_SUR})[\u4e00-\u9fa5]{{0,2}}(?:{_TITLE})|[小老](?:{_SUR})|阿[\u4e00-\u9fa5]|(?:{_SUR})[\u4e00-\u9fa5]{{1,2}}"
)
_DEPARTMENT = re.compile(
    rf"(?P<dept>(?:{'|'.join(sorted(DEPARTMENTS, key=len, reverse=True))})|[\u4e00-\u9fa5]{{1,5}}[部科处室课组院司厂店局])(?:的|那边的|那个)?"
)
_OF = re.compile(r"(?P<dept>[\u4e00-\u9fa5]{1,6})的")
_NOT_A_PERSON = re.compile(
    r"谁|哪|什么|还|没|不|个|了|要|说|很|问|都|也|人$|事|这|那|单|价|钱|报|预|交|合同|方案|时间|成本|多少|全部|重$"
)

US = r"(?:我自己|我们自己|咱们?自己|我们|咱们?|我|俺们?)"
SOMEBODY = rf"(?:客户自己|他们自己|客户|他们|对方|(?:售后|研发|技术|财务|法务|商务|市场|生产|物流|仓库|工程|设计|实施|采购|质量)部?(?:那边|同事|的人)?|同事|[小老阿][\u4e00-\u9fa5]|(?:{_SUR})(?:{_TITLE}))"
"""Who may do a step, named so plainly that the words before are not his."""

_US = re.compile(r"(?:我|我们|咱们?|俺们?|我自己|我们自己|咱们?自己|自己|我方|我这边|我们这边|我本人|本人|我司|销售)")
_THEM = re.compile(
    r"(?:客户|他们|对方|甲方|客户那边|他们那边|对方那边|客户方|客户自己|他们自己|他|她|客户公司|他那边|那边|学校|校方|医院|院方|厂里|工厂|厂方|业主|采购方|需方|科室|门店)"
)
_COLLEAGUE = re.compile(
    r"[\u4e00-\u9fa5A-Za-z]{0,6}?(?:同事|研发|技术|财务|法务|仓库|物流|售后|客服|商务|行政|市场|生产|品质|质量|实施|交付|工程|设计|运营|助理|内勤|售前|运维|产品|工艺|采购|人事|老板|领导|主管|总部|公司)"
    r"(?:部门?|组|那边|这边|同事|的?人|的?同事|经理|工程师|支持|团队)*"
    r"(?:(?<=同事)|(?<=部)|(?<=组))?(?:[小老][\u4e00-\u9fa5]|[\u4e00-\u9fa5][工总姐哥])?"
)


def is_alike(one: str, other: str) -> bool:
    """Whether two characters are one, or sound alike up to what people and engines mix up (恒 and 横, 力 and 丽)."""
    return one == other or sounds.distance(one, other) <= _SAME_SOUND


@lru_cache(maxsize=4096)
def likeness(words: str, whole: str) -> float:
    """How much of `words`, from 0 to 1, is found in `whole` in the same order, by sound."""
    words, whole = words[:MOST_POINTING], whole[:60]
    if not words or not whole:
        return 0.0
    row = [0.0] * (len(whole) + 1)
    for said in words:
        diagonal = 0.0
        for place, character in enumerate(whole, start=1):
            above = row[place]
            hit = 1.0 if said == character else 0.9 if is_alike(said, character) else 0.0
            row[place] = max(above, row[place - 1], diagonal + hit)
            diagonal = above
    return row[-1] / len(words)


def _is_pair_in(pair: str, whole: str) -> bool:
    """Whether two characters, one of which may only sound the same, stand side by side in that: 青单 in 做清单."""
    return any(
        (pair[0] == whole[at] and sounds.distance(pair[1], whole[at + 1]) <= sounds.WRONG_TONE)
        or (pair[1] == whole[at + 1] and sounds.distance(pair[0], whole[at]) <= sounds.WRONG_TONE)
        for at in range(len(whole) - 1)
    )


def best(words: str, choices: Sequence[str], *, least: float = ENOUGH_ALIKE) -> tuple[int, ...]:
    """The places of the choices that the words fit best, and well enough; several where they fit several as well."""
    if len(words) < 2 or not choices:
        return ()
    scores = [likeness(words, choice) for choice in choices]
    top = max(scores)
    # two characters that only sound alike are found by chance
    if top < (least if len(words) > 2 else max(least, 1.0)):
        misheard = [place for place, choice in enumerate(choices) if len(words) == 2 and _is_pair_in(words, choice)]
        return tuple(misheard) if len(misheard) == 1 and least <= ENOUGH_ALIKE else ()
    places = [place for place, score in enumerate(scores) if score == top]
    exact = [place for place in places if choices[place] == words]
    return tuple(exact or places)


def numbered(words: str, count: int, *, bare: bool = False) -> tuple[int, ...] | None:
    """The places, from 0, that words like 第二个, 前两个 or 最后一个 mean of `count`; None where they are no such words.

    Places that there are not are given as they are: 第九个 is 8, 第0个 is -1. `bare` takes a lone number, too (待办2).
    """
    if match := _LIST.fullmatch(words):
        return tuple(_number(each) - 1 for each in match["list"])
    if _PLACES.fullmatch(words):
        if not bare and not _IS_PLACE.search(words) and not re.search(r"[和跟与、]", words):
            return None
        if _COUNT.fullmatch(words) or re.fullmatch(rf"一{_MEASURE}", words):
            return None  # 两个 counts, it does not number
        return tuple(dict.fromkeys(_number(each) - 1 for each in re.findall(_N, words)))
    if match := _LAST.fullmatch(words):
        many = _number(match["count"]) if match["count"] else 1
        return tuple(range(max(0, count - many), count)) or (count,)
    if match := _FROM_END.fullmatch(words):
        place = count - _number(match["n"])
        return (place if place >= 0 else count + _number(match["n"]),)
    if _FIRST.fullmatch(words):
        return (0,)
    if match := _FRONT.fullmatch(words):
        return tuple(range(_number(match["n"])))
    if match := _BACK.fullmatch(words):
        return tuple(range(max(0, count - _number(match["n"])), count))
    return None


def _number(words: str) -> int:
    return _DIGITS.get(words) or int(words)


@dataclass(frozen=True)
class Pointed:
    """What was pointed at. `places` count from 0 in the draft's list of that kind; empty: nothing, or unclear."""

    kind: Kind
    places: tuple[int, ...]
    missing: str = ""
    """What it was pointed at with, where there is nothing of the kind."""


def stripped(words: str) -> str:
    """Without the words that only point: 排期表那个 is 排期表."""
    words = words.strip(" ，,、")
    while True:
        bare = _GLUE_AFTER.sub("", _GLUE_BEFORE.sub("", words))
        if bare == words:
            return bare
        words = bare


def listed(view: DraftView, kind: Kind) -> tuple[str, ...]:
    """What the draft has of a kind, as words."""
    match kind:
        case "step":
            return tuple(step.action for step in view.steps)
        case "contact":
            return view.contacts
        case "competitor":
            return view.competitors
        case "risk":
            return view.risks
        case "pain":
            return view.pain_points
        case "amount":
            return tuple(amount.role for amount in view.amounts)
        case "customer":
            return (view.customer,) if view.customer else ()
        case "stage":
            return (view.stage,) if view.stage else ()


def split_kind(words: str) -> tuple[Kind | None, str, bool]:
    """The kind that is named (待办, 风险 …), what else is said, and whether the kind stands in front of it."""
    words = words.strip(" ，,、")
    behind = re.search(_KIND + "$", _GLUE_AFTER.sub("", words))
    match = re.match(_KIND, words)
    if match and not (KIND_WORDS[match[0]] == "customer" and behind and behind.start() >= match.end()):
        return KIND_WORDS[match[0]], words[match.end() :], True
    if behind:
        return KIND_WORDS[behind[0]], words[: behind.start()], False
    return None, words, False


def point(words: str, view: DraftView, *, kinds: Sequence[Kind], every: bool = False) -> Pointed | None:
    """What the words point at, of the given kinds; None where they do not point at all.

    `every` says that all of what is named is meant (都, 全).
    """
    if len(words) > MOST_POINTING:
        return None
    kind, rest, _ = split_kind(words)
    if kind is not None and kind not in kinds:
        return None
    if kind is not None:
        return _of_kind(kind, stripped(rest), view, every=every)
    bare = stripped(words)
    if "contact" not in kinds and bare in view.contacts and not _SOMETHING_WITH.search(words):
        return None
    if "step" in kinds:
        count = len(view.steps)
        if (match := _COUNT.fullmatch(bare)) and (every or bare[-1] in "都全") and _number(match["n"]) == count:
            return Pointed("step", tuple(range(count)))
        if every and re.fullmatch(r"[一二三四五六七八九]{2,4}[都全]?", bare):
            return _checked("step", tuple(_number(each) - 1 for each in bare.rstrip("都全")), count, bare)
        if (places := numbered(bare, count)) is not None:
            return _checked("step", places, count, bare)
        if (place := _numbered_and_named(bare, view)) is not None:
            return Pointed("step", (place,))
    return _among(bare, view, kinds) or (_that_of(words, bare, view) if "step" in kinds else None)


_SOMETHING_WITH = re.compile(r"[那这](?:一?[件个条]事|一?条|个?活儿?|事儿?)$")
"""孙总那件事 is a step with him, 孙总那个 may be himself."""
NUMBER_FIRST = re.compile(rf"(?P<number>第{_N}{_MEASURE}|最后一?{_MEASURE})(?P<rest>.{{2,}})")


def _numbered_and_named(words: str, view: DraftView) -> int | None:
    """第二条借测试机: the place, where both say the same."""
    match = NUMBER_FIRST.fullmatch(words)
    places = numbered(match["number"], len(view.steps)) if match else None
    if match is None or places is None or len(places) != 1 or not 0 <= places[0] < len(view.steps):
        return None
    rest = stripped(match["rest"])
    alike = len(rest) >= 2 and likeness(rest, view.steps[places[0]].action) >= ENOUGH_ALIKE
    return places[0] if alike else None


def _of_kind(kind: Kind, rest: str, view: DraftView, *, every: bool) -> Pointed | None:
    choices = listed(view, kind)
    count = len(choices)
    if SOME.fullmatch(rest):
        return Pointed(kind, ())
    if (places := numbered(rest, count, bare=True)) is not None:
        return _checked(kind, places, count, rest)
    if _ALL.fullmatch(rest) or (not rest and every):
        return Pointed(kind, tuple(range(count)))
    if match := _COUNT.fullmatch(rest):
        return Pointed(kind, tuple(range(count)) if _number(match["n"]) == count else ())
    if not rest:
        return Pointed(kind, (0,) if count == 1 else ())
    if kind == "step" and (owned := _by_owner(rest, view)):
        return Pointed(kind, owned if len(owned) == 1 else ())
    if len(rest) == 1:
        return None
    found = _fitting(kind, rest, view)
    if found:
        return Pointed(kind, found if len(found) == 1 else ())
    return Pointed(kind, (), missing=rest)


def _checked(kind: Kind, places: tuple[int, ...], count: int, words: str) -> Pointed:
    if all(0 <= place < count for place in places):
        return Pointed(kind, places)
    return Pointed(kind, (), missing=words)


def _by_owner(words: str, view: DraftView) -> tuple[int, ...]:
    owner = owner_of(words, view)
    return tuple(place for place, step in enumerate(view.steps) if step.owner == owner) if owner else ()


def _fitting(kind: Kind, words: str, view: DraftView) -> tuple[int, ...]:
    if kind == "amount":
        role = ROLES.get(words)
        return tuple(place for place, amount in enumerate(view.amounts) if amount.role == role)
    return best(words, listed(view, kind))


def _among(words: str, view: DraftView, kinds: Sequence[Kind]) -> Pointed | None:
    """The one kind and place whose words fit best; several that fit as well leave it open."""
    scored: list[tuple[float, Kind, tuple[int, ...]]] = []
    for kind in kinds:
        if kind in {"amount", "customer", "stage"}:
            continue
        if places := _fitting(kind, words, view):
            scored.append((likeness(words, listed(view, kind)[places[0]]), kind, places))
    if not scored:
        return None
    top = max(score for score, _, _ in scored)
    leading = [(kind, places) for score, kind, places in scored if score == top]
    named = [(kind, places) for kind, places in leading if words in listed(view, kind)]
    leading = named or leading
    kind, places = leading[0]
    return Pointed(kind, places if len(leading) == 1 and len(places) == 1 else ())


def _that_of(words: str, bare: str, view: DraftView) -> Pointed | None:
    """研发那个: the one step that is theirs."""
    owned = _by_owner(bare, view) if 2 <= len(bare) <= 8 and bare != words else ()
    return Pointed("step", owned) if len(owned) == 1 else None


def person(words: str) -> tuple[str, str | None] | None:
    """The name, and the department where it is said, if the words as a whole are a person: 教务处的潘老师."""
    words = words.strip(" ，,、")
    for pattern in (_DEPARTMENT, _OF):
        found = pattern.match(words)
        if found and (name := _name(words[found.end() :])):
            return name, found["dept"]
    name = _name(words)
    return (name, None) if name else None


def _name(words: str) -> str | None:
    if not 2 <= len(words) <= 6:
        return None
    if people.is_person(words):
        return words
    if _PERSON.fullmatch(words) and not _NOT_A_PERSON.search(words):
        return words
    return None


def has_title(name: str) -> bool:
    """Whether a name says what its bearer is: 程总, 李护士长; not 王建国."""
    return bool(re.search(rf"(?:{_TITLE})$", name[1:]))


def owner_of(words: str, view: DraftView) -> Owner | None:
    """Whose step it is by such words: 我自己 us, 他们 the customer, 仓库同事 a colleague; a known contact the customer."""
    words = words.strip(" ，,")
    if _US.fullmatch(words):
        return "us"
    if _THEM.fullmatch(words):
        return "customer"
    if words in view.contacts:
        return "customer"
    if _COLLEAGUE.fullmatch(words):
        return "colleague"
    if found := person(words):
        alike = best(found[0], view.contacts, least=0.9)
        return "customer" if alike else "colleague"
    return None
