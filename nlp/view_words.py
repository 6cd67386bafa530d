"""Whether somebody asks how things stand with a customer: 恒力, 查恒力, 恒力上次聊到哪了, 恒力的动作链.

Precision before recall: only words that are nothing but the question count. Who is meant is looked for later, and words
that are only a name mean that customer only where there is one.
"""

import re
from dataclasses import dataclass
from typing import Literal

LONGEST_NAME = 30
Wants = Literal["card", "chain"]


@dataclass(frozen=True)
class Asked:
    """`name` as it was said; empty where it is only pointed at (这家上次聊到哪了)."""

    name: str
    wants: Wants = "card"


_MARKS = " \n\t。.！!，,、～~？?…“”\"'「」『』"
_NAME = rf"(?P<name>(?:[^\s，,。；;：:！!？?、“”\"'「」『』…～~]|(?<=\w) (?=\w)){{2,{LONGEST_NAME}}}?)"
_REST = rf"(?P<name>(?:[^\s，,。；;：:！!？?、“”\"'「」『』…～~]|(?<=\w) (?=\w)){{2,{LONGEST_NAME}}})"
_POINTED = r"(?:(?:[这那]个?(?:家|客户|项目|单子|单|商机)?|他们|她们|对方)(?:那边|家)?)"
_LEAD = r"(?:(?:你好|您好|请问|问一下|问下|帮我|帮忙|麻烦|想知道|我想知道|我想问下|看看|看一下|看下|查一下|查下|查查)[，,\s]*)*"
_THERE = r"(?:那边|这边|那儿|这家|那家|这个客户|客户|的单子|的项目|的商机)?"
_WE = r"(?:我们|咱们?|我)?"
_WHEN = r"(?:上一?次|上回|最近一次|最后一次|之前|前面|目前|现在|最近|这会儿|眼下|到底|都|已经)*"
_TALK = r"(?:聊|谈|跟进|跟|推进|进展|沟通|说|走|做|对接)"
_WHERE = r"(?:哪里|哪儿|哪一步|哪步|哪个阶段|哪|什么程度|什么阶段|什么地步|啥程度|啥阶段|第几步)"
_STATE = r"(?:情况|进展|状态|进度|状况|局面|阶段)"
_WHAT = r"(?:什么|啥|怎样的?|怎么个|哪个)"
_HOW = r"(?:怎么样|怎样|咋样|如何)"
_END = r"(?:了|的|来着|呢|啊|呀|吗|吧)*"
_QUESTION = (
    rf"(?:{_WE}{_WHEN}{_WE}{_TALK}(?:到|得|到了)(?:{_WHERE}(?:一步)?|{_HOW})"
    rf"|{_WE}{_WHEN}{_WE}{_TALK}得?{_HOW}"
    rf"|{_WE}(?:上一?次|上回|最近一次|最后一次){_WE}(?:是)?(?:聊|谈|沟通|拜访|联系|见面|见|跟进|说)(?:了|的|过)*(?:是)?(?:些)?(?:什么时候|啥时候|什么|啥|哪天|几号|{_HOW})"
    rf"|(?:上一?次|上回|最近一次|最后一次)(?:什么时候|啥时候|哪天|几号)(?:聊|谈|沟通|拜访|联系|见|去|跟进)"
    rf"|{_WHEN}(?:是|到|处在|处于|在)?{_WHAT}{_STATE}"
    rf"|{_WHEN}(?:的)?{_STATE}(?:是|现在)?(?:{_HOW}|{_WHAT})"
    rf"|(?:现在|目前|最近|这会儿|眼下)(?:的)?(?:{_HOW}|{_STATE})"
    rf"|(?:谁在跟进?|是谁在?跟进?|归谁管|是谁的客户|(?:的)?负责人是谁|谁负责)"
    rf"){_END}"
)
_ASKS = re.compile(rf"{_LEAD}(?:跟|和(?!记))?{_NAME}{_THERE}(?:的)?{_QUESTION}")
_ASKS_OF_LAST = re.compile(rf"{_LEAD}{_POINTED}?(?:的)?{_QUESTION}")
_CHAIN = r"(?:动作链|时间线|时间轴|跟进记录|往来记录|跟进历史|来龙去脉)"
_CHAIN_OF = (
    re.compile(rf"{_LEAD}(?:查看|看|查(?!尔))?{_NAME}{_THERE}(?:的)?{_CHAIN}"),
    re.compile(rf"{_LEAD}(?:看|查|查看)?{_CHAIN}(?:[\s：:]+|(?=[^\s：:])){_REST}"),
)
_CHAIN_OF_LAST = re.compile(rf"{_LEAD}(?:看|查|查看)?(?:{_POINTED}(?:的)?)?{_CHAIN}")
_LOOKS = re.compile(
    r"(?:请|帮我|帮忙|麻烦|给我|我想|我要)*(?:查看|查询|查一下|查下|查查|查|看看|看一下|看一看|看下|看)(?:一下|下(?!周|个|月|次|半))?"
    rf"(?:客户)?[\s：:]*{_NAME}(?:的?(?:客户)?(?:情况|资料|进展|档案|客户卡))?"
)
_CARD_OF = re.compile(rf"{_NAME}(?:的?(?:客户卡|客户情况|客户档案|情况|进展|近况)|{_HOW}了?)")
_OF_CUSTOMER = re.compile(rf"客户\s+{_REST}")
_ALONE = re.compile(_REST)

_NO_NAME = re.compile(
    r"^(?:[我你您他她它咱谁]|[这那哪](?:个|家|边|里|儿|些|种|次|天|位)|某|大家|人家|对方|客户(?!卡)|领导|老板|公司|刚[从才刚]|什么|啥|怎么|为什么|为啥|没有|"
    r"今天|明天|昨天|后天|前天|今早|明早|[上下本这]个?(?:周|月|季度|星期|礼拜|次|半年)|[周月](?:[一二三四五六日末初底]|$)|请|看|查(?!尔)|帮|下一步|跟)"
    r"|[说讲吗呢吧啊]|问(?!界)|了|知道|清楚|告诉|觉得|以后|等等|听听|怎么|什么|下午|上午|早上|见过|去过"
    r"|^(?:记录|待办|草稿|话术|练习|风险|规则|缺口|计划|证据|文件|资料|报价单?|审批|合同|付款|回款|样品|预算|订单|项目|需求|求助|请求|库存|价格|市场|行业|竞品|交期|发货|物流|进度|情况|进展|成绩|团队|成员|名单|天气)$"
)
"""Words that no company is called: they tell, ask somebody else, or are ours."""


def read(text: str) -> Asked | None:
    """A question that means a customer whatever else goes on.

    >>> read("恒力上次聊到哪了？"), read("恒力现在什么情况"), read("这家上次聊到哪了")
    (Asked(name='恒力', wants='card'), Asked(name='恒力', wants='card'), Asked(name='', wants='card'))
    >>> read("恒力的动作链"), read("时间线 恒力"), read("刚从恒力出来，现在什么情况都没说")
    (Asked(name='恒力', wants='chain'), Asked(name='恒力', wants='chain'), None)
    """
    said = _bare(text)
    if _CHAIN_OF_LAST.fullmatch(said):
        return Asked("", "chain")
    for form in _CHAIN_OF:
        if (found := form.fullmatch(said)) and (name := _name(found)):
            return Asked(name, "chain")
    if _ASKS_OF_LAST.fullmatch(said):
        return Asked("")
    found = _ASKS.fullmatch(said)
    name = _name(found) if found else ""
    return Asked(name) if name else None


def read_look(text: str) -> Asked | None:
    """A wish to see one, in words that may be about other things as well (查一下合同).

    >>> read_look("查恒力"), read_look("看看 宁波恒力 的情况"), read_look("看看他们怎么说")
    (Asked(name='恒力', wants='card'), Asked(name='宁波恒力', wants='card'), None)
    """
    said = _bare(re.sub(r"\s+(?=的)", "", text))
    found = _LOOKS.fullmatch(said) or _CARD_OF.fullmatch(said)
    name = _name(found) if found else ""
    return Asked(name) if name else None


def read_name(text: str) -> Asked | None:
    """Words that are a name and nothing else, should there be a customer of that name.

    >>> read_name("恒力"), read_name("客户 恒力"), read_name("客户是恒力"), read_name("恒力，见了王经理")
    (Asked(name='恒力', wants='card'), Asked(name='恒力', wants='card'), None, None)
    """
    said = _bare(text)
    found = _OF_CUSTOMER.fullmatch(said) or _ALONE.fullmatch(said)
    name = _name(found) if found else ""
    return Asked(name) if name else None


def _bare(text: str) -> str:
    return re.sub(r"\s+", " ", text.strip(_MARKS))


def _name(found: re.Match[str]) -> str:
    name = found["name"].strip()
    name = name.removesuffix("的")
    return "" if len(name) < 2 or _NO_NAME.search(name) or name.isdecimal() else name
