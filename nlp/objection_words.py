"""Whether somebody asks what to answer a customer (客户说竞品价格低15%，怎么回), and what the customer said.

Precision before recall: a note of a visit that tells of an objection stays a note, also where it ends in 怎么回, because
what happened there must not be lost; its card offers the scripts. So the asking words stand at the end or at the
beginning, nothing tells of a visit, and what remains sounds like a customer.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from nlp.lexicon import STAGES, STAGES_LONG
from nlp.places import SURNAMES

LONGEST = 80
"""Letters and figures; what is longer tells a story."""
LONGEST_BLUNT = 16
MOST_SIGNS = 160


@dataclass(frozen=True)
class Asked:
    """`objection` is what the customer said, without what frames it; empty where it is only pointed at (这个怎么回)."""

    objection: str


_ASKS = re.compile(r"怎么|如何|咋|怎样|什么|啥|话术|说法|说辞")
"""None without one of these."""
_END = r"[\s，,。.！!？?…~～]*"
_LEAD = r"(?:你好|您好|请问|问一下|问下|帮我|帮忙|麻烦|教教我|教我|想想|想一下|看看|看一下|那个|就是|嗯|呃|那|哎|诶|我想(?:问|请教)(?:一下|下)?|[，,。\s])*"
_SHOULD = r"(?:(?:我|我们|咱们?|这个?|到底|究竟)?(?:该|应该|要|得|可以|能)?)"
_REPLY = (
    r"(?:(?:怎么|如何|咋|怎样)(?:回答|回复|回应|应对|应付|答复|回|答|接话|接|破)|(?:该|要)?(?:回|答)(?:些)?(?:什么|啥))"
)
"""Words that mean the answer to somebody."""
_MANAGE = r"(?:(?:怎么|如何|咋|怎样)(?:去)?(?:跟(?:他们?|她|客户|对方))?(?:办|说服|说|处理|解释|拒绝|婉拒|劝|催|谈|讲|聊|弄|搞)|(?:该|要)?说(?:些)?(?:什么|啥)(?:好)?)"
"""Words that mean anything: they need a customer who says something."""
_SCRIPT = r"(?:有没有|有什么|有啥|有|给我|给|来|求|要)?(?:一?[个条段套]|几条|点|些)?(?:合适的|好的|好用的|现成的|推荐的|参考)?(?:话术|说法|说辞)"
_WHOM = r"(?:给|跟)?(?:他们?|她们?|客户|对方|人家|[一-鿿]{1,3}(?:总|经理|主任|工|老板|厂长|科长|院长))?"
_CLOSING = (
    r"(?:比较|才|最|更)?(?:好|合适|稳妥|妥当|得体|行|对)?(?:一点|一些|点|些)?"
    r"(?:呢|啊|呀|吗|吧|嘛|哈|呗|的|了|么)*[，,。.？?！!\s]*"
    r"(?:你|您)?(?:帮我|帮忙|教教我|教我|给个建议|支支?招|急|在线等|谢谢|多谢|想想|看看|出出?主意|一下|[，,。？?！!\s])*"
)
_ENDS = re.compile(
    rf"(?P<said>.*?)[，,。.；;：:\s、]*(?P<how>{_SHOULD}(?:(?P<reply>{_REPLY})|(?P<manage>{_MANAGE})){_WHOM}|(?P<script>{_SCRIPT})(?:可用|能用)?)"
    rf"{_CLOSING}{_END}",
    re.DOTALL,
)
_BEGINS = re.compile(
    rf"{_LEAD}{_SHOULD}(?:(?P<reply>{_REPLY})|(?P<manage>{_MANAGE})){_WHOM}(?:的)?[：:，,。？?\s]*(?P<said>.+?)"
    rf"(?:呢|啊|呀|吗|吧|这种情况|这个问题|这种问题)*{_END}",
    re.DOTALL,
)
_SCRIPT_BEGINS = re.compile(
    rf"{_LEAD}{_SCRIPT}(?:[：:，,\s]+|(?=应对|针对|关于|处理|客户|对方))(?:应对|针对|关于|处理)?(?P<said>.+?)(?:的)?(?:吗|么|呢)?{_END}",
    re.DOTALL,
)
_ANSWERING = re.compile(
    rf"{_LEAD}(?:有没有|有什么|有啥|给我|来)?(?:一?[个条段套]|几条)?(?:应对|针对|关于|处理|回应|回复|回答)(?P<said>.+)",
    re.DOTALL,
)

_CUSTOMER = r"(?:客户|顾客|甲方|对方|人家|他们?|她们?|采购|老板|领导|财务|技术部?|[一-鿿]{1,3}(?:总|经理|主任|厂长|科长|部长|院长|校长|工|老师))"
_SAYS = (
    r"(?:说|嫌|问|讲|觉得|认为|提出?|要求|非要|想要?|不肯|不愿意?|不同意|不接受|反映|抱怨|质疑|担心|怕|压价|砍价|杀价|还价|"
    r"拖|推|拒绝|咬定|一口咬定|老是|总是|死活|坚持|只认|拿|要|让|不信|不看|不理|不回)"
)
_SOMEBODY_SAYS = re.compile(
    rf"{_CUSTOMER}(?:那边|这边|方面|一直|就|又|老|总|都|还|也|今天|刚才|刚刚|现在|突然){{0,3}}{_SAYS}"
)
_OBJECTION = re.compile(
    r"嫌|贵|便宜|降价|压价|砍价|杀价|还价|打折|折扣|优惠|让利|抹零|(?:价格|报价|价钱)[^，。]{0,6}(?:高|低)|预算|没钱|账期|帐期|月结|预付|分期|货到付款|"
    r"交期|货期|太慢|来不及|等不及|售后|质保|保修|质量|性价比|兼容|认证|资质|没听过|没听说过|小公司|小厂|不放心|不靠谱|"
    r"有供应商|老供应商|固定供应商|竞品|竞争对手|友商|别家|低价|返点|另一家|再考虑|考虑考虑|考虑一下|再看看|再说|比比|货比三家|三家比价|领导没批|没批|"
    r"做不了主|定不了|招标|试用|免费|不看演示|没时间|不需要|用不上|不着急|不急|没回音|不回消息|不回我|回扣|好处费|吃饭|送礼|违约金|"
    r"数据安全|私有部署|同行业案例|压价|不值|太高|太低|太长|太短|拖款|拖欠"
)
_VISITED = re.compile(
    r"刚从|刚刚?(?:拜访|见完|聊完|谈完|去了)|拜访了?|出来(?:了|，)|见了|见到了?|碰了?面|去了(?!别)|跑了一趟|回来(?:了|，|的路上)|聊了|谈了(?:一|半|很)|"
    r"我(?:们)?(?:当场|先)?(?:答应|承诺|回他|跟他说了|回复了|说了)|下一步|约了|约在|约好|联系人是?|纪要|记一下|记录一下|这次(?:去|拜访)"
)
_NOT_ASKED = re.compile(
    r"(?:看看?|等|听听?|问问?|不管|无论|不论|商量|讨论|研究|琢磨|想好|想清楚|知道|晓得|清楚|明白|想想|准备好?|记得|学会|看他们?|培训|教他们?|请示|汇报)(?:了|过|一下|下)?"
    r"(?:他们?|她|客户|对方|领导|我们?|该|要|应该|怎么|那边|到时候|再|下次|看)*$"
)
"""Before the asking words: then they are told of, and not asked (看他们怎么说, 还没想好怎么回)."""
_STILL_ASKS = re.compile(r"(?:我)?(?:真|实在|都|也|还)?不(?:知道|晓得|清楚|会)(?:了)?(?:我)?(?:该|要|应该)?$")
"""客户嫌贵不知道怎么回: asks for all that."""
_USED = re.compile(
    r"(?:用了?|按照?|照着?|讲了?|发了?|念了?|背了?|学了?|写了?|改了?|做了?|新增|停用|通过|退回|修改|提议|整理)[^，。]{0,8}$"
)
_NO_SCRIPT = re.compile(r"^[\s：:]*(?:库|缺口|报告|报表|周报|使用|用量|统计|建议|练习|[A-Za-z]{1,8}-?\d|$)")
_POINTS = re.compile(
    rf"(?:{_CUSTOMER})?(?:这么|这样|那么|那样)?(?:说|讲|问)?(?:的)?(?:这个|那个|这种|这句|这条|这|那)?(?:客户|异议|问题|情况|话)?(?:的)?(?:我|我们|该|要|应该)*"
)
_FRAME = re.compile(
    rf"^(?:{_LEAD})(?:(?:这个|那个|有个|有一个|有些|今天|刚才|刚刚|现在|如果|要是|碰到|遇到)*"
    rf"(?:{_CUSTOMER}|这家|那家)(?:那边|这边|方面|一直|就|又|老是?|总是?|都|还|也|今天|刚才|刚刚|现在|突然)*"
    r"(?:(?:跟|和|对)我们?)?(?:说|问我?们?|讲|觉得|认为|提出?|反映|抱怨|来了一句)(?:了|的|是|道)?)[：:，,\s“”\"「『]*"
)
_TOLD = re.compile(
    r"(?:客户|对方|甲方|采购|[一-鿿]{1,3}(?:总|经理|主任|厂长))(?:又|就|还|也|一直|总)?(?:说|问|讲|觉得|认为)"
)
_BEGINS_TO_SAY = re.compile(
    rf"(?<=[^，。,；;：:\s“「购部的是])(?=(?:客户|对方|甲方|采购|[{''.join(sorted(SURNAMES))}](?:总|经理|主任|厂长))(?:又|就|还|也|一直|总)?(?:说|问|讲|觉得|认为|嫌))"
)
_RIVAL = re.compile(r"竞品|竞争对手|对手|友商|别家|另一家|另外一家|同行|人家")
_FIGURE = re.compile(r"[\d一二两三四五六七八九十百千]+(?:[万亿%元块折]|个点)")
_MARKS = " \n\t，,。.！!？?；;：:、…~～“”\"'「」『』（）()"
_PARTS = re.compile(r"[一-鿿A-Za-z0-9]")


@lru_cache(maxsize=64)
def read(text: str) -> Asked | None:
    """
    >>> read("客户说竞品价格低15%，怎么回？"), read("怎么应对客户嫌贵")
    (Asked(objection='竞品价格低15%'), Asked(objection='嫌贵'))
    >>> read("这个怎么回"), read("话术 太贵了"), read("看客户怎么说")
    (Asked(objection=''), Asked(objection='太贵了'), None)
    """
    words = text.strip(_MARKS)
    if (
        len(words) > MOST_SIGNS
        or not _ASKS.search(words)
        or len(_PARTS.findall(words)) > LONGEST
        or _VISITED.search(words)
    ):
        return None
    words = re.sub(rf"^{_LEAD}", "", words)
    return _at_the_end(words) or _scripts_wanted(words) or _at_the_beginning(words)


def _at_the_end(words: str) -> Asked | None:
    found = _ENDS.fullmatch(words)
    if found is None:
        return None
    said = found["said"].strip(_MARKS)
    if found["script"]:
        return _of_script(said)
    asks_anyway = _STILL_ASKS.search(said)
    if asks_anyway:
        said = said[: asks_anyway.start()].strip(_MARKS)
    elif _NOT_ASKED.search(said):
        return None
    if _POINTS.fullmatch(said) and found["reply"]:
        return None if asks_anyway and not said else Asked("")
    return _judged(said, needs_somebody=found["reply"] is None)


def _at_the_beginning(words: str) -> Asked | None:
    found = _BEGINS.fullmatch(words)
    if found is None or re.match(r"公司|家|去|来|事|款|厂|办公|程|收|的", found["said"]):
        return None
    return _judged(found["said"].strip(_MARKS), needs_somebody=found["reply"] is None)


def _scripts_wanted(words: str) -> Asked | None:
    if re.match(r"话术", words) and _NO_SCRIPT.match(words[2:]):
        return None
    found = _SCRIPT_BEGINS.fullmatch(words)
    return _judged(found["said"].strip(_MARKS), needs_somebody=False) if found else None


def _of_script(said: str) -> Asked | None:
    if not said or _USED.search(said):
        return None
    answering = _ANSWERING.fullmatch(said)
    said = (answering["said"] if answering else said).strip(_MARKS)
    said = re.sub(r"^(?:给我|来|求|要)?(?:一?[个条段套]|几条|点|些)", "", said)
    return _judged(said.removesuffix("的"), needs_somebody=False)


def _judged(said: str, *, needs_somebody: bool) -> Asked | None:
    """`needs_somebody`: the asking words may ask for anything, so an objection alone must be put bluntly."""
    if len(_PARTS.findall(said)) < 2:
        return None
    somebody = _SOMEBODY_SAYS.search(said)
    objection = _OBJECTION.search(said)
    if not somebody and (not objection or re.search(r"改成|改为|改到", said)):
        return None
    is_blunt = len(said) <= LONGEST_BLUNT and not re.search(r"[，。,；;]", said)
    if needs_somebody and not somebody and not is_blunt:
        return None
    # 我们报85万，客户说太贵了: a figure of our own comes first, and then what was said
    told = _TOLD.search(said)
    before = said[: told.start()] if told else ""
    if told and _FIGURE.search(before) and not _RIVAL.search(before) and len(_PARTS.findall(said[told.end() :])) > 2:
        said = said[told.start() :]
    core = re.sub(r"^(?:说|讲|问)的?", "", _FRAME.sub("", said, count=1))
    core = re.sub(rf"^(?:这个|那个)?{_CUSTOMER}(?=嫌)", "", core).strip(_MARKS)
    if len(_PARTS.findall(core)) < 2:
        return None
    return Asked(core)


def with_pauses(text: str) -> str:
    """A comma before what the customer says, where speech has none: 报七十二万客户说 counts no customers.

    >>> with_pauses("竞品报七十二万客户说贵")
    '竞品报七十二万，客户说贵'
    """
    return _BEGINS_TO_SAY.sub("，", text)


def stage_of(text: str, own: Collection[str] = ()) -> str | None:
    """The stage whose questions to the customer are wanted: one of either built-in funnel, or of the company's `own`.

    >>> stage_of("话术 需求诊断"), stage_of("样品测试的提问话术"), stage_of("话术 价格")
    ('需求诊断', '样品测试', None)
    >>> stage_of("话术 poc验证", own=("POC 验证",))
    'POC 验证'
    """
    names = {_bare(name): name for name in (*STAGES, *STAGES_LONG, *own)}
    named = next((found[1] for form in _stage_forms(tuple(names)) if (found := form.fullmatch(_bare(text)))), None)
    return names[named] if named else None


@lru_cache(maxsize=8)
def _stage_forms(names: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    # the longest first, for one may begin with another
    name = "|".join(re.escape(name) for name in sorted(filter(None, names), key=len, reverse=True))
    return (
        re.compile(rf"看?(?:提问)?话术[：:]*({name})(?:阶段)?的?(?:提问|问题)?"),
        re.compile(rf"({name})(?:阶段)?的?(?:提问)?话术"),
    )


def _bare(words: str) -> str:
    """Without spaces and capitals, neither of which is heard."""
    return "".join(words.strip(_MARKS).split()).casefold()
