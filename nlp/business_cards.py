"""Business cards: who somebody is and how to reach him, from lines of letters with their places.

Whatever is returned stands in one line of the card, without the spaces of a spread name (王 伟) or number; an address and a
firm's name may go on in the line below. Phones are written 13800138021, 0571-88236655, 0571-88236655-808 and 400-820-8820; the letter O that an
engine takes for 0 is put right there and nowhere else. Fax, QQ, post codes and bank accounts are no phones.

The name is what has a surname, stands out by size or beside the title, and has no rival; else it stays open. Chinese goes
before English where a card has both.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import isfinite
from statistics import median

from nlp import clauses, names, people, sounds
from nlp.places import (
    COMPOUND_SURNAMES,
    DEPARTMENTS,
    INDUSTRIES,
    INSTITUTIONS,
    LEGAL,
    RARE_SURNAMES,
    SHORT_TITLES,
    SURNAMES,
    TITLES,
)
from nlp.screens import BusinessCard, Line

__all__ = ["is_card", "read"]

MAX_LINES = 60
"""Cards with both sides have up to thirty; the rest of a longer picture is no card."""
MAX_LINE = 200
"""Characters of a line that are looked at."""
USUAL_LINES = 24


def _either(words: Sequence[str] | frozenset[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_PHONE_LABEL = re.compile(
    r"手机|移动|电话|座机|固话|热线|直线|总机|专线|联系方式|微信|(?<![A-Za-z])(?:Tele?(?:phone)?|T|Mob(?:ile)?|M|MP|H/?P|Ph(?:one)?|P|Cell|D|Direct|Hotline)(?![A-Za-z])",
    re.IGNORECASE,
)
_NO_PHONE = re.compile(
    r"传真|(?<![A-Za-z])(?:Fax|F|QQ|P\.?C|Zip|Postcode)(?![A-Za-z])|邮编|邮政编码|账号|帐号|开户|税号|信用代码|许可证|备案",
    re.IGNORECASE,
)
_ADDRESS_LABEL = re.compile(
    r"(?:公司|办公|单位|联系|工厂|总部|详细)?(?:地址|厂址|地点)\s?[:：]?|(?<![A-Za-z])(?:Address|Addr?|A)\.?(?:\s?[:：]|\s*(?=[一-鿿])|(?<=dd)\s|(?<=ddress)\s)",
    re.IGNORECASE,
)
_NEXT_LABEL = re.compile(
    r"[\s|｜,，;；]*(?:邮编|邮政编码|电话|手机|传真|邮箱|网址|热线|(?<![A-Za-z])(?:P\.?C|Zip|Tel|Fax|Mob(?:ile)?|E-?mail|Web|T|M|F|E)\s?[:：.])",
    re.IGNORECASE,
)
_OTHER_LABEL = re.compile(
    r"\s*(?:姓\s?名|职\s?[务位称]|部\s?门|公司(?:名称)?|单位(?:名称)?|企业名称|Name|Title|Dept\.?|Department|Company)\s?[:：]\s*",
    re.IGNORECASE,
)
_NAME_LABEL = re.compile(r"\s*(?:姓\s?名|联系人|Name)\s?[:：]\s*", re.IGNORECASE)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}\s?[@＠]\s?[A-Za-z0-9-]{1,63}(?:\s?\.\s?[A-Za-z0-9-]{2,63}){1,5}")
_WEB = re.compile(r"(?:https?://|www\s?\.)\s?[A-Za-z0-9./-]{3,80}", re.IGNORECASE)

# Phones: engines take 0 for O and 1 for l or I, and read spaces where there are none
_D = r"[\dOoIl]"
_GAP = r"[\s.·\-–—]{0,3}"
_COUNTRY = rf"(?:(?:\+|00)?\(?\+?86\)?{_GAP})"
_MOBILE = re.compile(
    rf"(?<![\dA-Za-z])(?P<country>{_COUNTRY})?(?P<number>1{_GAP}[3-9](?:{_GAP}{_D}){{9}})(?![\dA-Za-z])"
)
_EXTENSION = r"(?:\s?(?:转|分机|ext\.?|x|#|-|–|—)[\s:：]?(?P<extension>\d{1,6})(?![\d-]))?"
_LANDLINE = re.compile(
    rf"(?<![\dA-Za-z-])(?P<country>{_COUNTRY})?\(?(?P<area>0(?:10|2\d|[3-9]\d{{2}}))[)）]?{_GAP}(?P<number>[2-8]{_D}{{2,3}}{_GAP}{_D}{{4}}|[2-8](?:\s?{_D}){{6,7}})(?!\d){_EXTENSION}",
    re.IGNORECASE,
)
_ABROAD = re.compile(
    rf"(?<![\dA-Za-z])\(?(?:\+|00)\(?86\)?{_GAP}\(?0?\)?(?P<area>10|2\d|[3-9]\d{{2}})\)?{_GAP}(?P<number>[2-8]\d{{2,3}}{_GAP}\d{{4}})(?!\d){_EXTENSION}",
    re.IGNORECASE,
)
_HOTLINE = re.compile(rf"(?<![\dA-Za-z-])(?P<number>[48]00(?:{_GAP}\d){{7}})(?!\d)")
_LOCAL = re.compile(rf"(?<![\dA-Za-z.-])(?P<number>[2-8]\d{{2,3}}[\s-]?\d{{4}})(?![\d.]){_EXTENSION}", re.IGNORECASE)
_LETTERS = str.maketrans("OoIl", "0011")
MOST_LETTERS = 4
"""A number with more letters in it is a word."""

# Words
_CJK = re.compile(r"[一-鿿]")
_SEPARATORS = re.compile(r"[\s·•|｜/／、,，;；:：&＆\-—–]+")
_LEGAL = re.compile(
    r"[一-鿿A-Za-z0-9()（）·&.\s]{1,40}?(?:股份有限公司|有限责任公司|有限公司|股份公司|集团公司|分公司|公司)(?:[一-鿿]{2,8}(?:分公司|办事处|事业部))?"
)
_LEGAL_FORM = re.compile(r"(?:股份有限公司|有限责任公司|有限公司|股份公司|集团公司|公司)$")
_FIRM_BEGUN = re.compile(r"[一-鿿()（）]{3,20}")
_INSTITUTION = re.compile(
    rf"[一-鿿()（）·]{{2,20}}(?:{_either([*INSTITUTIONS, '集团', '股份', '厂', '事务所', '协会', '商行', '经营部', '管理局', '研究中心', '检测中心'])})"
)
_ENGLISH_FIRM = re.compile(
    r"[A-Z][A-Za-z0-9&.,()'\s-]{2,70}?(?:Co\.?\s?,?\s?Ltd\.?|Company(?:\s?,?\s?(?:Ltd\.?|Limited))?|Inc(?:orporated)?\.?|Corp(?:oration)?\.?|Limited|LLC|GmbH|Ltd\.?)(?![A-Za-z])",
    re.IGNORECASE,
)
_ENGLISH_GROUP = re.compile(r"[A-Z][A-Za-z&\s]{2,40}\s(?:Group|Holdings?|Hospital|University|Institute)", re.IGNORECASE)
_LONG_TITLES = [
    title for title in TITLES if title not in SHORT_TITLES and title not in ("先生", "女士", "小姐", "师傅")
]
_MORE_TITLES = [
    "创始人", "联合创始人", "合伙人", "顾问", "业务员", "销售员", "采购员", "业务代表", "销售代表", "客户代表", "负责人", "法人", "法定代表人", "律师", "设计师", "架构师", "分析师", "咨询师", "策划师", "培训师",
    "经纪人", "研究员", "讲师", "总代理", "执行官", "首席执行官", "首席技术官", "首席运营官", "CEO", "CTO", "COO", "CFO", "CIO", "VP", "HRD",
]  # fmt: skip
_TITLE_END = rf"(?:{_either([*_LONG_TITLES, *_MORE_TITLES])})"
_FIELD = (
    r"(?:高级|资深|首席|执行|常务|助理|代理|区域|大区|全国|中国区|华东区?|华南区?|华北区?|华中区?|西南区?|西北区?|东北区?|国际|海外|国内|渠道|大客户|重点客户|客户|产品|业务|采购|技术|财务|销售|营销|生产|设备|信息|项目|"
    r"行政|运营|质量|研发|市场|工程|人事|人力资源|供应链|仓储|物流|商务|法务|基建|后勤|工艺|安全|品质|品牌|电气|机械|软件|硬件|测试|系统|解决方案|售前|售后|服务|支持|战略|投资|总裁|总经理|董事长|副|兼|与|和|及|城市|省区|办公室|外贸|内贸|进出口|电商|医学|学术)"
)
_TITLE = re.compile(
    rf"{_FIELD}{{0,5}}{_TITLE_END}(?:(?:兼|[/、])?{_FIELD}{{0,4}}{_TITLE_END}){{0,2}}(?:[(（][^()（）]{{1,10}}[)）])?",
    re.IGNORECASE,
)
_ANY_TITLE = re.compile(rf"[一-鿿]{{2,6}}{_TITLE_END}")
"""品牌策划经理: a field that is in no list, before a word that is."""
_DEPARTMENT = re.compile(
    rf"(?:{_either(DEPARTMENTS)}|[一-鿿A-Z]{{1,12}}?(?:事业[部群]|[部处科室]|中心|办事处|分部|车间|项目组|团队|办公室)|[一-鿿]{{2,4}}(?:大区|战区|片区))(?:[(（][^()（）]{{1,10}}[)）])?",
    re.IGNORECASE,
)
_ENGLISH_TITLE = re.compile(
    r"(?:[A-Z][A-Za-z.&']*[\s/,-]{1,2}){0,5}(?:Manager|Director|Engineer|President|CEO|CTO|CFO|COO|Officer|Supervisor|Assistant|Consultant|Representative|Executive|Chairman|Founder|Partner|Specialist|Buyer|Accountant|Secretary|Architect|Designer|Lead|Head)"
    r"(?:\s(?:of|for)(?:\s[A-Za-z&]+){1,3})?"
)
_ENGLISH_DEPARTMENT = re.compile(
    r"(?:[A-Z][A-Za-z&]*\s){1,4}(?:Department|Dept\.?|Division|Center|Centre)", re.IGNORECASE
)
_WHERE = re.compile(r"[省市区县镇乡州旗盟]|开发区|新区|北京|上海|天津|重庆")
_STREET = re.compile(
    r"(?:[路街道巷弄村]|大道|工业园|科技园|产业园|园区|广场|大厦)[^,，。]{0,24}|\d+\s?[号弄幢栋座楼层室]"
)
_STREET_END = re.compile(r"\d\s?[号弄幢栋座楼层室#]|大厦|园区|工业园|科技园|产业园|广场|[A-Z]座")
_ROOM = re.compile(r"[A-Z]?\d{2,5}(?:[-/]\d{1,4})?\s?[室号房]?")
_BUILDING = re.compile(r"[座栋幢楼层厦厅号]$")
_CUT_OFF = re.compile(r"[号楼层室座幢栋]{1,2}")
_ENGLISH_STREET = re.compile(
    r"(?=.*\d).*(?<![A-Za-z])(?:Road|Rd\.?|Street|St\.|Avenue|Ave\.?|Building|Bldg\.?|District|Floor|Room|Park|Zone|Plaza|Tower)(?![A-Za-z])",
    re.IGNORECASE,
)
_ENGLISH_NAME = re.compile(r"[A-Z][A-Za-z]+(?:[-\s][A-Z][A-Za-z]+){1,2}")
_NOT_NAMES = re.compile(
    r"(?:地址|电话|手机|传真|邮箱|网址|微信|名片|诚信|专业|品质|服务|创新|合作|经营|产品|项目|业务|安全|高效|方案|主营|欢迎|扫码|官网)"
)


@dataclass(frozen=True)
class _Words:
    """A line of the card; `text` is folded, character by character as long as what the engine read."""

    number: int
    text: str
    raw: str
    left: float
    top: float
    bottom: float
    size: float
    """Pixels an em, from the width: a leaning line's box is higher than its letters."""

    @property
    def middle(self) -> float:
        return self.left + self.size * _ems(self.raw) / 2


def read(lines: Sequence[Line]) -> BusinessCard:
    """What the card says; nothing that it does not.

    >>> from nlp.screens import Rect
    >>> read([Line(Rect(0, 0, 300, 60), "李晓明"), Line(Rect(0, 80, 200, 105), "采购总监"), Line(Rect(0, 120, 400, 145), "M：138 0013 8021")])
    BusinessCard(name='李晓明', title='采购总监', department=None, company=None, phones=('13800138021',), email=None, address=None)
    """
    return _Card(lines).card


def is_card(lines: Sequence[Line], width: int, height: int) -> float:
    """How much a picture of these pixels looks like a business card, from 0 to 1; from 0.5 it is to be read as one.

    score = (0.25 phone + 0.2 e-mail or site + 0.2 company + 0.2 name + 0.15 title or department + 0.15 address, at most 1)
    * min(1, 0.3 + share of the lines that say such things) * (24 / lines above 24) * (0.8 where the picture is shaped like a
    phone's screen). Less than three of the six is no card, nor is what names neither a person nor a title nor an e-mail address
    (a firm's bank details, a poster). Source: our own choice, decided on hand-made cards.
    """
    found = _Card(lines)
    if not found.words or width <= 0 or height <= 0:
        return 0.0
    card = found.card
    parts = (
        (0.25, bool(card.phones)),
        (0.2, card.email is not None or found.has_site),
        (0.2, card.company is not None),
        (0.2, card.name is not None),
        (0.15, card.title is not None or card.department is not None),
        (0.15, card.address is not None),
    )
    somebody = card.name or card.title or card.department or card.email
    if somebody is None or sum(there for _, there in parts) < 3:
        return 0.0
    score = min(1.0, sum(weight for weight, there in parts if there))
    share = len(found.telling) / len(found.words)
    crowd = min(1.0, USUAL_LINES / len(lines))
    screen = 0.8 if height > 1.9 * width else 1.0
    return round(score * min(1.0, 0.3 + share) * crowd * screen, 3)


class _Card:
    """One reading of a card; `telling` collects the lines that say something of somebody."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.words = _words(lines)
        self.telling: set[int] = set()

    @cached_property
    def card(self) -> BusinessCard:
        phones, email = self._phones(), self._email()
        address = self._address()
        company = self._company()
        titles = self._titles()
        title, department = self._title_and_department(titles)
        name = self._name(titles, company)
        return BusinessCard(name, title, department, company, phones, email, address)

    @property
    def has_site(self) -> bool:
        return any(_WEB.search(each.text) for each in self.words)

    # How to reach him

    def _phones(self) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for each in self.words:
            label = self._label_beside(each)
            for phone in _phones_in(label + each.text):
                self.telling.add(each.number)
                found.setdefault(phone)
        return tuple(found)

    def _label_beside(self, words: _Words) -> str:
        """The label that the engine read as a line of its own, left in the same row: 传真 | 0571-88236655."""
        if not words.text[:1].isdecimal() and words.text[:1] not in "+(（":
            return ""
        middle = (words.top + words.bottom) / 2
        beside = [
            each
            for each in self.words
            if each.left < words.left
            and each.top < middle < each.bottom
            and len(each.text) <= 12
            and not re.search(r"\d", each.text)
        ]
        return max(beside, key=lambda each: each.left).text + " " if beside else ""

    def _email(self) -> str | None:
        email = None
        for each in self.words:
            if found := _EMAIL.search(each.text):
                self.telling.add(each.number)
                email = email or re.sub(r"\s", "", each.raw[found.start() : found.end()])
            elif _WEB.search(each.text):
                self.telling.add(each.number)
        return email

    def _address(self) -> str | None:
        labelled = [
            (each, found.end()) for each in self.words if (found := _ADDRESS_LABEL.match(each.text)) is not None
        ]
        looks = [(each, 0) for each in self.words if _is_chinese_address(each.text)]
        foreign = [
            (each, 0) for each in self.words if _ENGLISH_STREET.match(each.text) and not _EMAIL.search(each.text)
        ]
        chinese = [(each, at) for each, at in labelled if _CJK.search(each.text, at)]
        for each, at in (*chinese, *looks, *labelled, *foreign):
            value = _until_label(each, at)
            if len(value) >= 4:
                self.telling.add(each.number)
                return value + self._rest_of_address(each)
        return None

    def _rest_of_address(self, begun: _Words) -> str:
        """The line below, where the address goes on: 5幢1203室."""
        for each in self.words:
            below = each.top - begun.top >= 0 and each.top < begun.bottom + 0.6 * (begun.bottom - begun.top)
            under = abs(each.left - begun.left) < 8 * begun.size or abs(each.middle - begun.middle) < begun.size
            # the margin around one letter is a good part of its width
            close = under and (0.8 < each.size / begun.size < 1.25 or len(each.text) <= 2)
            if (
                each.number != begun.number
                and each.top > begun.top + 0.5 * begun.size
                and below
                and close
                and (_goes_on(each.text) or _ends_building(begun.text, each.text))
            ):
                self.telling.add(each.number)
                return _until_label(each, 0)
        return ""

    # Who he is

    def _company(self) -> str | None:
        found: list[tuple[int, int, str]] = []
        for each in self.words:
            if (
                _NO_PHONE.search(each.text)
                or _ADDRESS_LABEL.match(each.text)
                or _is_chinese_address(each.text)
                or _EMAIL.search(each.text)
            ):
                continue
            start = label.end() if (label := _OTHER_LABEL.match(each.text)) else 0
            for rank, pattern in enumerate((_LEGAL, _INSTITUTION, _ENGLISH_FIRM, _ENGLISH_GROUP)):
                firm = pattern.search(each.text, start)
                if firm is not None and (rank > 1 or _is_firm(firm[0])):
                    self.telling.add(each.number)
                    words = each.raw[firm.start() : firm.end()].strip()
                    begun = self._begun_above(each) if rank == 0 and _is_end_of_firm(words) else ""
                    if begun or words not in LEGAL:
                        found.append((rank, -len(begun + words), begun + words))
                    break
        return min(found)[2] if found else None

    def _begun_above(self, words: _Words) -> str:
        """The line above, where a firm's name began: 青岛海纳精密仪器 | 有限公司."""
        above = [each for each in self.words if each.top < words.top and each.bottom > words.top - 0.6 * words.size]
        close = [each for each in above if 0.8 < each.size / words.size < 1.25 and _FIRM_BEGUN.fullmatch(each.text)]
        if not close or _posts_in_text(close[-1]):
            return ""
        self.telling.add(close[-1].number)
        return close[-1].raw

    def _titles(self) -> list["_Post"]:
        posts = [post for each in self.words for post in _posts_in(each)]
        self.telling.update(post.words.number for post in posts)
        return posts

    def _title_and_department(self, posts: Sequence["_Post"]) -> tuple[str | None, str | None]:
        title = next((post.title for post in posts if post.title), None)
        department = next((post.department for post in posts if post.department), None)
        english = [each for each in self.words if not _CJK.search(each.text)]
        if title is None:
            title = self._first_match(_ENGLISH_TITLE, english)
        if department is None:
            department = self._first_match(_ENGLISH_DEPARTMENT, english)
        return title, department

    def _first_match(self, pattern: re.Pattern[str], among: Sequence[_Words]) -> str | None:
        for each in among:
            if (
                (found := pattern.search(each.text))
                and not _ENGLISH_FIRM.search(each.text)
                and not _EMAIL.search(each.text)
            ):
                self.telling.add(each.number)
                return each.raw[found.start() : found.end()].strip()
        return None

    def _name(self, posts: Sequence["_Post"], company: str | None) -> str | None:
        guesses: dict[str, tuple[float, int]] = {}
        usual = median(each.size for each in self.words) if self.words else 1.0
        for each in self.words:
            for name, sure in _names_in(each):
                if company and name in company:
                    continue
                score = sure + (2 if each.size >= 1.25 * usual else 0) + (2 if _is_near_post(each, posts) else 0)
                score -= 2 if name[0] in RARE_SURNAMES else 0
                guesses[name] = max(guesses.get(name, (0.0, 0)), (score, each.number))
        ranked = sorted(guesses.items(), key=lambda guess: -guess[1][0])
        sure_enough = ranked and ranked[0][1][0] >= 2
        alone = len(ranked) == 1 or (len(ranked) > 1 and ranked[0][1][0] > ranked[1][1][0])
        if sure_enough and alone:
            self.telling.add(ranked[0][1][1])
            return ranked[0][0]
        return None if ranked else self._english_name()

    def _english_name(self) -> str | None:
        found = {}
        for each in self.words:
            start = label.end() if (label := _NAME_LABEL.match(each.text)) else 0
            words = each.text[start:].strip()
            if _is_english_name(words):
                found[words] = each.number
        if len(found) != 1:
            return None
        self.telling.update(found.values())
        return next(iter(found))


@lru_cache(maxsize=1)
def _latin_surnames() -> frozenset[str]:
    """Surnames as they are spelled in pinyin, and in Hong Kong and Taiwan."""
    heard = [[sounds.syllable(character) for character in name] for name in (*SURNAMES, *COMPOUND_SURNAMES)]
    pinyin = ("".join(part[0] + part[1] for part in name if part) for name in heard)
    return frozenset(
        (
            *pinyin,
            *[
                "lyu",
                "lu",
                "lee",
                "chan",
                "wong",
                "cheung",
                "lam",
                "ng",
                "leung",
                "yeung",
                "chow",
                "tsai",
                "hsu",
                "kuo",
            ],
        )
    )


def _is_english_name(words: str) -> bool:
    if not _ENGLISH_NAME.fullmatch(words) or _ENGLISH_TITLE.search(words) or _ENGLISH_GROUP.search(words):
        return False
    parts = words.lower().replace("-", " ").split()
    return not _latin_surnames().isdisjoint((parts[0], parts[-1]))


def _ems(text: str) -> float:
    return sum(1.0 if ord(character) > 0x2E7F else 0.55 for character in text)


def _words(lines: Sequence[Line]) -> list[_Words]:
    """The lines from the top; those without letters or place left out."""
    kept = []
    for line in lines:
        rect = line.rect
        edges = (rect.left, rect.top, rect.right, rect.bottom)
        raw = line.text.strip()[:MAX_LINE]
        if raw and all(isfinite(edge) and abs(edge) < 1e6 for edge in edges) and rect.width > 0 and rect.height > 0:
            kept.append((rect, raw, rect.width / _ems(raw)))
    kept.sort(key=lambda each: (each[0].top, each[0].left))
    return [
        _Words(number, clauses.fold(raw), raw, rect.left, rect.top, rect.bottom, size)
        for number, (rect, raw, size) in enumerate(kept[:MAX_LINES])
    ]


def _phones_in(text: str) -> Iterator[str]:
    """The phones of a line in order. What a label calls otherwise (传真, QQ, 邮编) is left out."""
    taken: list[tuple[int, int, str]] = []
    for kind, pattern in (
        ("mobile", _MOBILE),
        ("abroad", _ABROAD),
        ("land", _LANDLINE),
        ("hot", _HOTLINE),
        ("local", _LOCAL),
    ):
        for found in pattern.finditer(text):
            if any(start < found.end() and found.start() < end for start, end, _ in taken):
                continue
            phone = _normal(kind, found)
            if phone is not None:
                taken.append((found.start(), found.end(), phone if kind != "local" else f"?{phone}"))
    before = 0
    for start, end, phone in sorted(taken):
        label = text[before:start]
        is_phone = _PHONE_LABEL.search(label)
        also = before > 0 and label.strip() in ("/", "、", ",", "，", ";")
        before = end
        if (_NO_PHONE.search(label) and not is_phone) or (phone.startswith("?") and not (is_phone or also)):
            continue
        yield phone.removeprefix("?")


def _normal(kind: str, found: re.Match[str]) -> str | None:
    raw = found["number"]
    digits = re.sub(r"\D", "", raw.translate(_LETTERS))
    if sum(character.isalpha() for character in raw) > MOST_LETTERS:
        return None
    groups = found.groupdict()
    extension = f"-{groups['extension']}" if groups.get("extension") else ""
    match kind:
        case "mobile":
            return digits
        case "abroad":
            return f"+86-{found['area']}-{digits}{extension}"
        case "land":
            return f"{found['area']}-{digits}{extension}"
        case "hot":
            return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
        case _:
            return digits + extension


def _is_chinese_address(text: str) -> bool:
    return (
        bool(_WHERE.search(text) and _STREET.search(text) and re.search(r"\d|[路街道]", text))
        and len(text) >= 8
        and not _LEGAL.fullmatch(text)
    )


def _until_label(words: _Words, start: int) -> str:
    end = found.start() if (found := _NEXT_LABEL.search(words.text, start + 1)) else len(words.text)
    return words.raw[start:end].strip(" :：,，;；|｜")


def _ends_building(begun: str, rest: str) -> bool:
    """B座 | 1803, 12号 | 楼: what ends no address by itself."""
    if _CUT_OFF.fullmatch(rest):
        return bool(re.search(r"[\d号座栋幢]$", begun))
    return bool(_ROOM.fullmatch(rest) and _BUILDING.search(begun))


def _goes_on(text: str) -> bool:
    if _ADDRESS_LABEL.match(text) or _EMAIL.search(text) or _WEB.search(text) or any(_phones_in(text)):
        return False
    return (
        bool(_STREET_END.search(text))
        and not _PHONE_LABEL.match(text)
        and not _WHERE.match(text, 1)
        and not _LEGAL.search(text)
    )


def _is_end_of_firm(words: str) -> bool:
    """股份有限公司, 科技有限公司: a legal form with no more than a trade before it."""
    trade = _LEGAL_FORM.sub("", words)
    return words in LEGAL or (trade != words and trade in INDUSTRIES)


def _posts_in_text(words: _Words) -> bool:
    return any(True for _ in _posts_in(words)) or _is_name(words.text)


def _is_firm(words: str) -> bool:
    """Whether more than a legal form stands there: 分公司 and 集团 alone are nobody's name."""
    parts = names.parts_of(words.strip())
    return len(parts.brand) >= 1 and len(words.strip()) >= 4 and not _TITLE.fullmatch(words.strip())


@dataclass(frozen=True)
class _Post:
    """A title, a department, or both, as one line has them."""

    words: _Words
    title: str | None
    department: str | None


def _posts_in(words: _Words) -> Iterator[_Post]:
    if _EMAIL.search(words.text) or _ADDRESS_LABEL.match(words.text) or _is_chinese_address(words.text):
        return
    for start, end in _tokens(words.text):
        if end - start > 24:
            continue
        posts = (_post(words, at, end) for at in _openings(words.text, start, end))
        post = next(filter(None, posts), None) or _unlisted_post(words, start, end)
        if post is not None:
            yield post


def _tokens(text: str) -> Iterator[tuple[int, int]]:
    start = label.end() if (label := _OTHER_LABEL.match(text)) else 0
    for found in _SEPARATORS.finditer(text, start):
        if found.start() > start:
            yield start, found.start()
        start = found.end()
    if start < len(text):
        yield start, len(text)


def _openings(text: str, start: int, end: int) -> Iterator[int]:
    """Where a title may begin: with the token, or behind a name that the engine wrote on to (李晓明采购总监)."""
    yield start
    for length in (2, 3, 4):
        if start + length < end and _is_name(text[start : start + length]):
            yield start + length


def _post(words: _Words, start: int, end: int) -> _Post | None:
    text = words.text[start:end]
    if not _CJK.search(text) and text.upper() not in _MORE_TITLES:
        return None
    if _TITLE.fullmatch(text):
        return _Post(words, words.raw[start:end], None)
    department = _DEPARTMENT.match(text)
    while department is not None:
        rest = start + department.end()
        if rest == end:
            alone = not _LEGAL.search(text) and len(text) >= 2 and not people.is_person(text)
            return _Post(words, None, words.raw[start:end]) if alone else None
        if _TITLE.fullmatch(words.text[rest:end]):
            return _Post(words, words.raw[rest:end], words.raw[start:rest])
        # 供应链管理中心: 供应链 alone is a department as well
        department = re.compile(rf"[一-鿿A-Z]{{{department.end()},14}}?(?:[部处科室]|中心|事业[部群]|团队)").match(text)
        if department is not None and start + department.end() <= rest:
            return None
    return None


def _unlisted_post(words: _Words, start: int, end: int) -> _Post | None:
    """品牌策划经理, 市场部品牌策划经理; not 李晓明采购经理, whose field would begin with a name."""
    text = words.text[start:end]
    department = _DEPARTMENT.match(text)
    at = start + (department.end() if department is not None else 0)
    title = words.text[at:end]
    named = any(_is_name(title[:length]) for length in (2, 3, 4))
    if not _ANY_TITLE.fullmatch(title) or named or _NOT_NAMES.search(title) or _LEGAL.search(text):
        return None
    return _Post(words, words.raw[at:end], words.raw[start:at] or None)


def _is_unusual_name(words: str) -> bool:
    """A surname and two characters that elsewhere would be other words: 史可欣, 易可为."""
    return bool(
        re.fullmatch(r"[一-鿿]{3}", words)
        and words[0] in SURNAMES
        and not _NOT_NAMES.search(words)
        and not _DEPARTMENT.fullmatch(words)
        and not _TITLE.fullmatch(words)
        and not any(industry in words for industry in INDUSTRIES)
    )


def _is_name(words: str) -> bool:
    """A surname and one or two characters that a given name may have, and nothing else."""
    return people.full_name(words, 0) == len(words) and not _NOT_NAMES.search(words)


def _names_in(words: _Words) -> Iterator[tuple[str, float]]:
    """Possible names in the line, with 3 where a label says so and 1 where it is all that the line says."""
    label = _NAME_LABEL.match(words.text)
    start = label.end() if label else 0
    spread = re.sub(r"\s", "", words.text[start:])
    if _is_name(spread) and _CJK.match(spread):
        yield spread, 3.0 if label else 1.0
        return
    if _is_unusual_name(spread):
        # only where it stands out and a title is near
        yield spread, 3.0 if label else -1.0
        return
    if (
        _EMAIL.search(words.text)
        or _ADDRESS_LABEL.match(words.text)
        or _is_chinese_address(words.text)
        or _LEGAL.search(words.text)
    ):
        return
    for at, end in _tokens(words.text):
        token = words.text[at:end]
        if _is_name(token) and not _DEPARTMENT.fullmatch(token):
            yield token, 3.0 if label and at == start else 0.5
        elif len(token) > 3:
            for length in (3, 2, 4):
                if (
                    _is_name(token[:length])
                    and _post(words, at + length, end) is not None
                    and _post(words, at, end) is None
                ):
                    yield token[:length], 0.5
                    break


def _is_near_post(words: _Words, posts: Sequence[_Post]) -> bool:
    """Whether a title or department stands in the same line, beside it, right below or right above."""
    return any(
        post.words.top < words.bottom + 1.6 * (post.words.bottom - post.words.top)
        and post.words.bottom > words.top - 0.8 * (post.words.bottom - post.words.top)
        for post in posts
        if post.title or post.department
    )
