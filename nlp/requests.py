"""A rep asks for somebody up the line: 这个要总监出面, 请陈经理出面, 上报给总监：客户要求降价20%, 升级.

Only words that are nothing but the request count: 客户说要总监出面谈 is what a customer said, and 不用总监出面 is none.
"""

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Request:
    to: Literal["manager", "director"]
    words: str
    """All that was said."""
    who: str = ""
    """The person, where they are named: 陈经理, 陈志远."""
    customer: str = ""
    reason: str = ""


_DIRECTOR = "(?:销售|大区|区域|区)?总监|老总|大老板"
_MANAGER = "(?:销售|部门|区域)?(?:经理|主管)|领导|老板|上级|我们?领导"
_PERSON = "[一-鿿]{1,3}(?:总监|经理|主管|总)|[一-鿿]{2,4}"
_ROLE = f"(?P<director>{_DIRECTOR})|(?P<manager>{_MANAGER})"
_THIS = "(?:[这那]个?(?:客户|项目|单子|单|家|事情|事儿|事|问题|情况)?|[这那](?:一单|一家))"
_ABOUT = f"(?:(?P<customer>[^，,。：:；;！!？?说讲问他她不没别这那]{{2,20}}?)(?:{_THIS}|的(?:事情?|项目|单子|问题|情况))|{_THIS})?"
_NEEDS = "需要|得|要|想要?|该|必须|申请|希望|麻烦"
_INVITES = "请|让|麻烦|找|叫"
_DOES = "(?:出面|出马|介入|支持|协调|帮忙|支援|出手|定夺|拍板|来)(?:一下|下|谈|协调|处理|解决|支持|帮忙|看看|吧|了)*"
_REASON = "(?:[：:，,。；;\\s]+(?P<reason>.{2,200}))?"
_START = "(?:我|请|帮我|麻烦|把)*"

_FORMS = tuple(
    re.compile(form, re.DOTALL)
    for form in (
        f"我?{_ABOUT}我?(?:(?:{_NEEDS})(?:{_INVITES})?|{_INVITES})(?:{_ROLE}){_DOES}{_REASON}",
        f"我?{_ABOUT}我?(?:{_NEEDS})?(?:{_INVITES})(?P<person>{_PERSON}){_DOES}{_REASON}",
        f"{_START}{_ABOUT}(?:{_NEEDS})?(?:上报|升级|汇报|上升)(?:一下|下)?(?:给|到|至)(?:{_ROLE}|(?P<person>{_PERSON})){_REASON}",
        f"{_START}{_ABOUT}(?:{_NEEDS})?(?:上报|升级)(?:一下|下|处理|吧)*{_REASON}",
    )
)
_MOST = 260
_NO_NAMES = frozenset(
    ("客户", "对方", "他们", "我们", "你们", "大家", "同事", "技术", "售后", "财务", "法务", "人家", "厂家", "公司")
)


def read(text: str) -> Request | None:
    """
    >>> read("这个要总监出面").to, read("请陈经理出面").who, read("上报给总监：客户要求降价20%").reason
    ('director', '陈经理', '客户要求降价20%')
    >>> read("客户说要总监出面谈"), read("不用总监出面")
    (None, None)
    """
    said = text.strip().strip("。！!～~ \n")
    if not said or len(said) > _MOST:
        return None
    found = next(filter(None, (form.fullmatch(said) for form in _FORMS)), None)
    if found is None:
        return None
    parts = found.groupdict()
    who = parts.get("person") or ""
    if who in _NO_NAMES:
        return None
    is_director = bool(parts.get("director")) or who.endswith("总监")
    return Request(
        "director" if is_director else "manager",
        words=text.strip(),
        who=who,
        customer=(parts.get("customer") or "").strip(),
        reason=(parts.get("reason") or "").strip(),
    )
