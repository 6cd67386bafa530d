"""Which company the note is about, and which are the competitors.

Several companies may stand in one note. Each mention is weighed by what the words around say: where the rep was (拜访了X, 从X出来)
before what a clause begins with before any other mention; a competitor and a reference (参观X, 他们的客户X) never count.
Two customers of the same weight are asked about.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from nlp import names, people
from nlp.draft import Candidate, CompetitorMention, CustomerEntry, CustomerMention, Span
from nlp.places import INDUSTRIES, INSTITUTIONS, LEGAL, REGIONS

FAINT = 0.75
"""How much words that nothing marks as a company must sound like a customer to be asked about."""


def _either(words: Sequence[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_NEVER = '的了是在跟去到从把被给就都也还我你他她它们这那哪说要会对看见做用有没装换谈聊讲问找想开办买卖修送拿带改签推发打很太吗呢吧啊嗯呃，。！？；：、,.!?;:（）()\\s"“”0-9①-⑨'
_CHAR = rf"[^{_NEVER}]"
_REGION = f"(?:{_either(REGIONS)})(?:省|市)?"
_SUFFIX = f"(?:{_either((*INDUSTRIES, *INSTITUTIONS))})"
_LEGAL = f"(?:{_either(LEGAL)})"
_FULL = rf"(?:(?:{_REGION})?{_CHAR}{{1,6}}?(?:{_SUFFIX})+(?:{_LEGAL})*|(?:{_REGION})?{_CHAR}{{2,6}}?(?:{_LEGAL})+|{_REGION}(?:{_SUFFIX})+(?:{_LEGAL})*)"
_ENDS = r"(?=$|[，。！？；：、,.!?;:（）()\s“”\"]|的|那边|这边|这家|这个|这单|出来|回来|见|找|跟|和|谈|聊|开会|开了|拜访|考察|交流|今天|昨天|上午|下午|项目|单子|做|采购|技术|设备科|设备部|信息|老板|说|要|已经|也|都|在|对|是|报|价格|想|联系|他们|客户)"
_VISITED = r"(?:拜访|走访|回访|陌拜|去拜访|去见|跑)(?:了|过|完|一下|了一下|了趟|一趟)?(?:一下)?(?:老?客户)?"
_WENT = r"(?:去了?(?:一?趟|一下)?|到了?|在|来到|约了?|联系了?|见了?|打给|给|跟|和|帮|刚跟)"
_CUSTOMER_IS = r"(?:客户(?:名称|名字|公司|单位)?(?:是|叫|为|：|:)|公司(?:名称|名)?(?:是|叫|：|:)|第[一二三四五六七八九十\d]家(?:是|，|,|：|:)?)\s*"

_BY_VERB = re.compile(rf"{_VISITED}(?P<name>{_FULL}){_ENDS}")
_BY_VERB_BARE = re.compile(rf"{_VISITED}(?P<name>{_CHAR}{{2,8}}?)(?=[，。,\s]|$|的|公司|见|出来)")
_BY_LABEL = re.compile(
    rf"{_CUSTOMER_IS}(?P<name>{_FULL}|{_CHAR}{{2,12}}?)(?=$|[，。！？；、,.!?;\s（(]|不是|而不是|的|见)"
)
_FROM = re.compile(rf"从(?P<name>{_FULL}|{_CHAR}{{2,10}}?)(?:那边|那里|公司)?(?:出来|回来|开完会|谈完|见完)")
_WEAK = re.compile(rf"{_WENT}(?P<name>{_FULL}){_ENDS}")
_LEADS = re.compile(
    rf"(?:^|[，。！？；、,.!?;:\n\s：]|刚刚?|今天|昨天|上午|下午|提醒一下|汇报一下|说一下|关于)(?P<name>{_FULL}){_ENDS}"
)
_ANYWHERE = re.compile(
    rf"(?P<name>{_REGION}{_CHAR}{{1,6}}?(?:{_SUFFIX})+(?:{_LEGAL})*|{_REGION}{_CHAR}{{2,6}}?(?:{_LEGAL})+){_ENDS}"
)
_NO_COMPANY = re.compile(
    r"^(?:所以|因为|因此|但是|不过|而且|然后)|^(?:其中|包括|国内|国外|海外|外地|老家|机场|高铁|一下|一趟|一次|客户|老客户|新客户|他们|对方|一家|两家|三家|几家|这家|那家|别家|竞品|友商|现场|工地|车间|公司|我们|咱们|集团|总部|办公室|会议室|展会|会上|医院|学校|工厂|银行|酒店|大学|学院|设备|系统|项目|产线|本|该|某|同行|市场|下周|上周|这周|今天|昨天|明天|采购|技术|财务|老板|领导)"
    r"(?:部|公司|那边|那里|集团|们|了|家)*$|方案|合同|报价|预算|需求|问题|情况|时间|流程|样品|资料|演示|培训$|售后|安装|行业|政府|老客户|"
    r"^(?:小|老)?[\u4e00-\u9fff]?(?:总|经理|主任|科长|部长|院长)"
)
_THIRD = re.compile(
    r"(?:参观|介绍|推荐|案例|样板|像|类似|比如|例如|他们(?:的)?客户|同行业的|同行|服务过|给|隔壁|竞争对手|竞品|友商|对手)(?:主要|目前|就|有|是|的|了|一下|叫)*$"
)
_THIRD_AFTER = re.compile(r"^(?:的案例|一样|的样板|那种|那样|做过)")


@dataclass(frozen=True)
class _Spoken:
    """A company in the text: `weight` 3 visited or named as the customer, 2 leads a clause, 1 mentioned, 0 of no account."""

    start: int
    end: int
    weight: int
    candidates: tuple[Candidate, ...]


def customer(
    text: str,
    customers: tuple[CustomerEntry, ...],
    *,
    title: Span | None = None,
    competitors: Sequence[CompetitorMention] = (),
) -> CustomerMention | None:
    """The customer of the note; `title` is where a chat's title stands, which names the other side."""
    spoken = list(_spoken(text, customers, title))
    if not spoken and customers:
        # nothing sure and no words that point at a company: ask about what only resembles one
        faint = names.index_of(customers).sounding(text, least=FAINT)
        spoken = [_Spoken(each.start, each.end, 1, each.candidates) for each in faint]
    spoken = [each for each in spoken if not _is_rival(text, each, competitors)]
    if not spoken:
        return None
    top = max(each.weight for each in spoken)
    if top == 0:
        return None
    best = [each for each in spoken if each.weight == top]
    meant: dict[str, _Spoken] = {}
    for each in best:
        sure = names.decided(each.candidates)
        meant.setdefault(sure.name if sure else text[each.start : each.end], each)
    meant = _without_repeats(meant, text)
    if len(meant) == 1:
        return _mention(text, next(iter(meant.values())))
    known = {name: each for name, each in meant.items() if names.decided(each.candidates)}
    if len(known) == 1 and top < 3:
        return _mention(text, next(iter(known.values())))
    first = next(iter(meant.values()))
    return CustomerMention(
        text[first.start : first.end], Span(first.start, first.end), "ambiguous", _several(meant.values())
    )


def _several(mentions: Iterable[_Spoken]) -> tuple[Candidate, ...]:
    found: dict[str, Candidate] = {}
    for mention in mentions:
        for candidate in mention.candidates:
            found.setdefault(candidate.name, candidate)
    return tuple(found.values())


def _without_repeats(meant: dict[str, _Spoken], text: str) -> dict[str, _Spoken]:
    """A name said again in short (华东机械集团, then 华东) is the same."""
    kept: dict[str, _Spoken] = {}
    for name, each in meant.items():
        if not any(text[each.start : each.end] in other or other in name for other in kept):
            kept[name] = each
    return kept


def _mention(text: str, spoken: _Spoken) -> CustomerMention:
    said, span = text[spoken.start : spoken.end], Span(spoken.start, spoken.end)
    if sure := names.decided(spoken.candidates):
        return CustomerMention(sure.name, span, "known", spoken.candidates)
    if spoken.candidates:
        return CustomerMention(said, span, "ambiguous", spoken.candidates)
    return CustomerMention(said, span, "new")


def _spoken(text: str, customers: tuple[CustomerEntry, ...], title: Span | None) -> Iterator[_Spoken]:
    taken: list[tuple[int, int]] = []
    index = names.index_of(customers) if customers else None
    slots = {(start, end): weight for start, end, weight in _slots(text, title)}
    if index is not None:
        listed = [*index.exact(text)]
        listed += [m for m in index.sounding(text) if not _overlaps(m.start, m.end, [(x.start, x.end) for x in listed])]
        for mention in sorted(listed, key=lambda each: each.start):
            start, end, candidates = mention.start, mention.end, mention.candidates
            slot = next(((s, e) for s, e in slots if s < end and start < e), None)
            if slot and slot[1] > end and slot[0] <= start and not text[end : slot[1]].startswith(LEGAL):
                again = tuple(index.like(text[slot[0] : slot[1]]))
                if names.decided(again) is None and (again or names.decided(candidates) is None):
                    start, end, candidates = slot[0], slot[1], again or candidates
            taken.append((start, end))
            weight = slots[slot] if slot else _weight(text, start, end)
            yield _Spoken(start, end, weight, candidates)
    for (start, end), weight in slots.items():
        if _overlaps(start, end, taken):
            continue
        taken.append((start, end))
        candidates = tuple(index.like(text[start:end])) if index else ()
        yield _Spoken(start, end, 0 if _is_third(text, start, end) else weight, candidates)


def _overlaps(start: int, end: int, taken: Sequence[tuple[int, int]]) -> bool:
    return any(start < other_end and other_start < end for other_start, other_end in taken)


def _weight(text: str, start: int, end: int) -> int:
    """How much a listed customer's mention counts, by the words around it."""
    if _is_third(text, start, end):
        return 0
    before = text[max(0, start - 10) : start]
    if re.search(rf"(?:{_VISITED}|从|{_CUSTOMER_IS}|{_WENT})$", before) or re.match(
        r"(?:那边|那里|公司)?(?:出来|回来)", text[end:]
    ):
        return 3
    return 2 if not before or re.search(r"[，。！？；、,.!?;\n\s]$|刚刚?$|今天$|昨天$|[上下]午$|一下$", before) else 1


def _is_third(text: str, start: int, end: int) -> bool:
    return bool(_THIRD.search(text, max(0, start - 14), start)) or bool(_THIRD_AFTER.match(text[end : end + 6]))


def _is_rival(text: str, spoken: _Spoken, competitors: Sequence[CompetitorMention]) -> bool:
    said = text[spoken.start : spoken.end]
    return any(said in each.name or each.name in said for each in competitors)


def _slots(text: str, title: Span | None) -> Iterator[tuple[int, int, int]]:
    """Places where the words say that a company's name stands, with the weight that they give it, best first."""
    found: list[tuple[int, int]] = []
    if title is not None:
        for start, end in _in_title(text, title):
            found.append((start, end))
            yield start, end, 3
    for pattern, weight in (
        (_BY_VERB, 3),
        (_FROM, 3),
        (_BY_LABEL, 3),
        (_BY_VERB_BARE, 3),
        (_WEAK, 3),
        (_LEADS, 2),
        (_ANYWHERE, 1),
    ):
        for match in pattern.finditer(text):
            start, end = match.span("name")
            if not _overlaps(start, end, found) and _is_company(text[start:end]):
                found.append((start, end))
                yield start, end, weight


_TITLE_PIECE = re.compile(r"[^\s\-—_·|/（）()@，,]+")


def _in_title(text: str, title: Span) -> Iterator[tuple[int, int]]:
    """李晓明 恒泰集团, 张工-智造科技: the piece of a chat's title that is a company."""
    for piece in _TITLE_PIECE.finditer(text, title.start, title.end):
        if re.search(f"(?:{_SUFFIX}|{_LEGAL})$", piece[0]) and len(piece[0]) >= 3:
            yield piece.span()


def _is_company(words: str) -> bool:
    if not 2 <= len(words) <= 24 or _NO_COMPANY.search(words) or words in REGIONS:
        return False
    return not people.is_person(words)


# Competitors

_RIVAL_WORD = r"(?:竞争对手|竞品|友商|对手|竞争厂家)"
_RIVALS_ARE = re.compile(
    rf"{_RIVAL_WORD}(?:主要|目前|现在|这次|还|就|也)*(?:是|有|叫|为|包括|：|:)+(?P<names>[^，。！？；,!?;\n]{{2,40}})"
)
_RIVAL_CALLED = re.compile(
    rf"(?:竞品|友商|竞争对手)(?:公司)?(?P<name>{_FULL}|[A-Za-z][A-Za-z0-9]{{1,11}}|[^{_NEVER}]{{2,4}}?(?=的?报价|的?价格|那边))(?=$|[，。！？；、,!?;\s]|的|那边|报|价格|也|已经|在|给|比|来|做)"
)
_NAME_ENDS = re.compile(
    r"(?:的|那边|这边|报价|报了|价格|比|也|已经|在|都|还|他们|它|做|给|就|说|，|这|跟|最近|一直|承诺|刚|目前|来)"
)
_RIVAL_ACTS = re.compile(
    rf"(?P<name>{_FULL})(?:那边|那家|他们|公司)?(?:也|已经|都|还|刚|一直|最近|正)*(?:在)?(?:(?:做|演示|介绍|来|进行)(?:了|过)?(?:演示|方案|试用|样品|交流|介绍|拜访)|报价|报了|的报价|的价格|价格(?:只要|才|更|比)|降价|跟他们(?:合作|接触|谈)|跟客户(?:合作|接触|谈)|给他们(?:报|做|演示)|给客户(?:报|做|演示)|比我们(?:便宜|低|贵|高))"
)
_RIVAL_CHOSEN = re.compile(
    rf"(?:在谈|接触了?|倾向(?:于)?|偏向(?:于)?|选了|签了|对比了?|在用|用的是|用的|用了|换成|看好)(?P<name>{_FULL}|[A-Z][A-Za-z0-9]{{1,11}})(?=$|[，。！？；、,!?;\s]|的|那|这|了|和|跟|也|，)"
)
_RIVAL_USED = re.compile(
    rf"(?:用的(?:是|也是)?|试用过|用过|一直用|在用)(?P<name>[^{_NEVER}]{{2,5}}?)(?:的(?:设备|系统|产品|软件|方案|东西|机器|仪器)|(?=[，。,\s]|$))"
)
_RIVAL_COMPARED = re.compile(
    rf"(?:比|跟|和)(?P<name>{_FULL}|[A-Z][A-Za-z0-9]{{1,11}}|[^{_NEVER}]{{2,4}})(?:的)?(?:报价|价格|还|要)?(?:贵|便宜|低(?!于)|高(?!于|兴))"
)
_NOT_A_RIVAL = re.compile(
    r"^(?:[一二两三四五六七八九十百千万几好数]+(?:多|来|几)?[台套个件批条]|我们|咱们|他们?|竞品|友商|对手|竞争对手|别家|别人|同行|人家|老|旧|原|自己|国产|进口|免费|一个|几个|两个|三个|一套|市场|去年|上次|之前|预算|以前|原来|其他|另|一家|两家|一些|同类|国产|进口|行业|客户|这|那|想象|预期|计划|报价|价格|平均|市面|往年|上周|总部|成本|国外|国内)"
)


def competitors(
    text: str, listed: Sequence[str], customers: Sequence[CustomerEntry] = ()
) -> tuple[CompetitorMention, ...]:
    """Competitors by the team's list and by what the words say (竞争对手是X, 比X贵, X那边报价…), the first mention of each."""
    found: dict[str, CompetitorMention] = {}
    spans: list[tuple[int, int]] = []

    def keep(start: int, end: int) -> None:
        name = text[start:end]
        if not _overlaps(start, end, spans) and not any(name in other or other in name for other in found):
            spans.append((start, end))
            found[name] = CompetitorMention(name, Span(start, end))

    lowered = text.lower() if len(text.lower()) == len(text) else text
    for name in sorted({each for each in listed if each.strip()}, key=len, reverse=True):
        at = lowered.find(name.lower()) if lowered is not text else text.find(name)
        if at >= 0:
            keep(at, at + len(name))
    for match in _RIVALS_ARE.finditer(text):
        for start, end in _listed_names(text, *match.span("names")):
            keep(start, end)
    own = {form for entry in customers for form in (entry.name, *entry.aliases, names.parts_of(entry.name).brand)}
    for pattern in (_RIVAL_CALLED, _RIVAL_ACTS, _RIVAL_CHOSEN, _RIVAL_USED, _RIVAL_COMPARED):
        for match in pattern.finditer(text):
            start, end = match.span("name")
            name = text[start:end]
            if _NOT_A_RIVAL.search(name) or not _is_company(name) or any(form and form in name for form in own):
                continue
            if pattern is _RIVAL_ACTS and re.search(
                r"(?:拜访|去|到|从|见|给|帮)(?:了|过)?$", text[max(0, start - 4) : start]
            ):
                continue
            keep(start, end)
    return tuple(sorted(found.values(), key=lambda each: each.span))


def _listed_names(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """X和Y、Z behind 竞争对手是: each name up to what cannot be one."""
    position = start
    for piece in re.finditer(r"[^、和跟与及/]+|[、和跟与及/]+", text[start:end]):
        words = piece[0]
        if words[0] in "、和跟与及/":
            continue
        position = start + piece.start()
        whole = re.match(_FULL, words)
        stop = _NAME_ENDS.search(words, 2)
        length = whole.end() if whole else stop.start() if stop else len(words)
        name = words[:length].strip()
        lead = re.match(r"(?:一家|一个|叫|是|还有|以及|另一家|，|\s)+", name)
        offset = lead.end() if lead else 0
        if 2 <= length - offset <= 12 and not _NOT_A_RIVAL.search(name[offset:]) and not re.search(r"[很太不没]", name):
            yield position + offset, position + length
        if stop and not whole:
            return  # what follows speaks about it
