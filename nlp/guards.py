"""Why words that stand for a signal may not be one: the guards of `nlp.risk`.

Each guard looks at the words around the hit within bounded windows, so that a text costs in proportion to its length.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from nlp.clauses import Clause

Guard = Literal[
    "part_of_word",
    "asked",
    "negated",
    "denied",
    "hypothetical",
    "settled",
    "past",
    "own_side",
    "somebody_else",
]

_NEAR = 48
"""How many characters of a clause on either side of a hit are looked at."""


@dataclass(frozen=True)
class Around:
    """A hit with what stands around it, cut to windows."""

    polarity: str
    category: str
    words: str
    before: str
    after: str
    """What follows in the clause."""
    beyond: str
    """What follows in the text, across clauses."""
    previous: str
    """The clause before, if it belongs to the same sentence; else empty."""
    following: str
    """The clause after, if it belongs to the same sentence; else empty."""
    speaker: str | None
    competitors: tuple[str, ...]

    @property
    def clause(self) -> str:
        return self.before + self.words + self.after


def around(
    polarity: str,
    category: str,
    text: str,
    pieces: Sequence[Clause],
    index: int,
    start: int,
    end: int,
    competitors: Sequence[str],
) -> Around:
    """The hit at [start, end) of the text, which begins in the clause `index`."""
    clause = pieces[index]

    def neighbour(at: int) -> Clause | None:
        return pieces[at] if 0 <= at < len(pieces) and pieces[at].sentence == clause.sentence else None

    previous, following = neighbour(index - 1), neighbour(index + 1)
    return Around(
        polarity,
        category,
        text[start:end],
        text[max(clause.start, start - _NEAR) : start],
        text[end : max(end, min(clause.end, end + _NEAR))],
        text[end : end + 12],
        previous.text[-_NEAR:] if previous else "",
        following.text[:_NEAR] if following else "",
        clause.speaker,
        tuple(competitors),
    )


def why_not(at: Around) -> Guard | None:
    """The first guard that takes the hit away, or None."""
    return next((name for name, holds in _GUARDS if holds(at)), None)


# The words are part of another word, or of the name of a thing: 招标办, 逾期提醒, 再看看第三条

_GOES_ON: Mapping[str, str] = {
    "招标": r"工作|的?经验|的时候|的事|办|代理|公司|网|平台|处|中心|科|部|专|局|注|师|员|经验",
    "投标": r"保证金|人|函|专员|经验",
    "离职": r"率|证|手续|流程|面谈",
    "投诉": r"率|电话|箱|热线|渠道|处理|流程|单",
    "换人": r"民|机|工",
    "延后": r"悔",
    "流失": r"率|预警|分析",
    "比价": r"单|表|网|软件",
    "逾期": r"险|提醒|率|预警|天数",
    "暂停": r"键|按钮|功能|服务区",
    "审批": r"流(?!程)|模块|单|表|权限|功能|页面",
    "黄": r"页|河|山|岩|金|色",
    "钱": r"[总工经主]",
    "退休": r"证|金|老",
    "试用": r"报告|装",
    "开标": r"室",
    "差": r"[一二两三四五六七八九十几半\d]|旅|价|别|额|异|不多",
    "走": r"招标|流程|公开|审批|程序|采购|账",
    "满意": r"度",
}
_THING = re.compile(
    r"^(?:了?的)?[^，。！？；\s]{0,3}(?:功能|模块|页面|字段|报表|按钮|提醒|预警|短信|统计|曲线|看板|权限|弹窗|图标|选项|演示账号|流程图|模板|接口文档|这个词|三个字|两个字)"
)
_MULLS = re.compile(r"(?:再看|看看|想想|想一想|考虑|琢磨|商量|研究|讨论|掂量|比较|评估|斟酌|合计|议)$")
_MULLS_ON = re.compile(
    r"^(?:$|[，。！？；、,!?;\s…]|一下|下(?!午|周|个|面)|考虑|研究|琢磨|商量|吧|了|呢|啊|嘛|哈|呗|再|看|说|定|决定|等|过|的意思|的话|为好|行情|情况|市场|形势|效果|要不要|有没有必要|值不值|上不上|买不买|别的|别家|其他|其它|同行|这个事|这事|价格|预算)"
)


def _is_part_of_word(at: Around) -> bool:
    for word, more in _GOES_ON.items():
        if at.words.endswith(word) and re.match(more, at.beyond):
            return True
    if at.polarity == "risk" and at.category != "竞品" and _THING.match(at.after):
        return True
    mulls = _MULLS.search(at.words) if at.category == "犹豫" else None
    if mulls is not None:
        return not _MULLS_ON.match(at.beyond.removeprefix("看") if at.words.endswith("再看") else at.beyond)
    return False


# It asks rather than says: 有没有预算, 是不是换人了, 紧不紧

_ASKED_BEFORE = re.compile(
    r"(?:是不是|会不会|有没有|要不要|能不能|可不可能|需不需要|用不用|是否|有无|谁|哪个|何时|怎么才)[^，。！？；]{0,6}$"
)
_DOUBTS_BEFORE = re.compile(r"(?:问|问问|打听|打听打听|了解|摸摸|看看)(?:一?下|了)?(?:他们?|她|客户|对方)?$")
_ASKED_AFTER = re.compile(r"^[^，。；;,\n]{0,6}(?:吗|么[，？]|没有[？?]|不[？?]|[？?])")
_NOT_KNOWN = re.compile(r"(?:还|我)?(?:不知道|不清楚|不确定|没问|没说|没弄清|要问|得问|问不出)")


def _is_asked(at: Around) -> bool:
    if at.words[0] == "没" and at.before.endswith("有"):
        return True
    if at.polarity == "positive":
        return False
    if _ASKED_BEFORE.search(at.before) or _ASKED_AFTER.match(at.beyond):
        return True
    if _A_NOT_A.search(at.words + at.after[:2]) or _A_NOT_A_BEFORE.search(at.before + at.words[:2]):
        return True
    return bool(_DOUBTS_BEFORE.search(at.before))


_A_NOT_A = re.compile(
    r"(慢|难|贵|长|久|急|高|大|稳|快|准|紧|够|满|要|是|会|能|行|有|换|走|用|批|签|买|上|续)(?:不|没)\1(?!得)"
)
_A_NOT_A_BEFORE = re.compile(
    r"(慢|难|贵|长|久|急|高|大|稳|快|准|紧|够|满|要|是|会|能|行|有|换|走|用|批|签|买|上|续)(?:不|没)\1$"
)

# It is negated; words that are a negation themselves are undone by less: 不是, 没说

_UNDONE_WITHIN = re.compile(
    r"没(?:有)?(?:被|达不到|不|再|受|紧张|出现|发生|意见|异议)|没有(?:磕|碰|坏|破|漏|裂|卡|出|拖|晚|误|缺|少|终止|停|取消)|一次[都也]没(?:卡|坏|漏|停|出|死|报|断|掉|拖|晚)|从来?[不没](?!兑现|来|见|做|露|修|回)|没说(?=紧|不够|缺|砍|冻)|不是|不存在|说不会"
)
_OWN_NEGATION = re.compile(r"[没不未无难]|别(?![家人的])|冻|拒|停|取消|离职|砍|黄")
_NEGATED = re.compile(
    r"(?:没有?|不用|不再|不会|不觉得|不是|并不|并没有?|并非|不需要|无需|不必|别|未|不算|不存在|没说|没提|不想|不至于|用不着|不|不打算|没打算|没必要|还没|从没|从来不|没怎么|犯不着|谈不上|不可能|不愿意?|一点也?不|一点都不|毫不|没法|没人|杜绝|省了|省去|不需)"
    r"(?:在|要|去|说|提|什么|那么|很|太|怎么|有|再|想|过|是|打算|到|跟|和|被|把|给|因为|过问|真的?|出现过?|发生过?|任何|着|一直|走|拿|往|找|用|向)?(?:去|说|过|在|要|有|到|什么|任何|再)?$"
)
_UNDOES = re.compile(
    r"(?:不是|并不是|也不是|倒不是|并非|不会|没说|不存在|不可能|不至于|从来没说|并没有说|没有说|没听说|没提|没有|不觉得|没觉得|不认为|没嫌|没抱怨|没反映|没遇到|没碰到|没发现|没出现|不用担心|不担心|不怕|不愁)(?:过|说|因为|他们?|什么|有|你们|我们)*$"
)
_FAR = re.compile(
    r"(?:不是|(?:没|没有|从没|从来没|未|不曾)(?:有)?(?:说|提(?!前)|嫌|抱怨|听说|讲过|讲|表示|觉得|听他说|发现|遇到|碰到|出现|发生|想过|质疑|反映|反馈|提过|挑|接触|找|问|要求|催|打算|想|联系|看)|不(?:觉得|嫌|认为|存在|是说|担心|用担心|需要|用(?!了)|想|打算|会|必|再|准备)|从来不|从不|从没|从未|不能|谣言|并非|谈不上|用不着|无需)[^，。！？；]{0,8}$"
)


def _is_negated(at: Around) -> bool:
    if at.polarity == "risk" and _UNDONE_WITHIN.search(at.words):
        return True
    if _OWN_NEGATION.search(at.words):
        return bool(_UNDOES.search(at.before) or (_FAR_SPEECH.search(at.before)))
    return bool(_NEGATED.search(at.before) or _FAR.search(at.before))


_FAR_SPEECH = re.compile(
    r"(?:(?:没|没有|从没|从来没|未)(?:说|提(?!前)|嫌|抱怨|听说|讲过?|表示|觉得|听他说|发现|遇到|碰到|出现|发生|想过|反映|反馈)|不(?:觉得|嫌|认为|存在|是说|担心|用担心|怕)|从来不|从不|从未)(?:过|说|要|他们?|你们|我们|有|的|会)*[^，。！？；]{0,6}$"
)

# It is denied afterwards: 没预算这种话他没提过, 他说是谣言, 他摇头

_DENIED_AFTER = re.compile(
    r"^[^，。！？；]{0,10}?(?:(?:他|她|他们|客户|今天|也|都|倒|从来|并|还|可|从)*(?:没有?提|没有?说|没讲|没嫌|没听说|没催|没答应|没要|没同意|没来|没成|没抱怨|没遇|没碰|没出现|没发生)过?(?!前)(?:紧|起|到|要|什么)?|不存在|没(?:有)?(?:这|那)(?:回|个)?事|是假的|是谣言|是谣传|误传|一分没有|一条都没有|一次也没|一次都没|一条没有|从来没有?|是不可能的|(?:他|她|他们)?从来?不|(?:那?是|的是)(?:上一?[期次回]|去年|前年|以前|别的|另|[一二两三四五]年前)|先?不用给|不用急|不要了吧)"
)
_DENIED_NEXT = re.compile(
    r"^(?:但是?|不过|可是?|结果|后来|今年)?(?:他|她|他们|客户|对方|人家)?(?:都|就|直|也)?(?:摇头|本人说|说(?:这?是|都是)?(?:谣言|谣传|误传|假的|瞎传|没有|没这|不是)|没(?:这|那)(?:回|个)?事|没听说|否认|澄清|不存在|没催|没答应|没同意|没提|不急|没要|没来|没去|没成|不需要|没接|误会|是我(?:听错|搞错|弄错|记错)|(?:这|那)?不是(?:我们|他们|客户|这个|这块|说|因为)|跟(?:我们|他们|这个|这|咱们?)[^，。]{0,3}(?:没关系|无关|不搭界|没有?关系|不相干)|与[^，。]{0,6}无关)|^[^，。]{0,6}(?:谣言|听错了|搞错了|瞎说|没这回事)"
)


def _is_denied(at: Around) -> bool:
    if _DENIED_AFTER.match(at.after) and not at.after.startswith("没"):
        return True
    return bool(_DENIED_NEXT.search(at.following))


# It is hypothetical: 如果…就…, 万一, 要是

_IF = r"如果|要是|假如|万一|一旦|倘若|若是|假设|除非|只要|哪怕|即使|就算|以防|免得|避免|防止|省得|假使|若(?=不|他|客户)"
_HYPOTHETICAL = re.compile(_IF + r"|的话(?!他|我|说)")


def _is_hypothetical(at: Around) -> bool:
    if _HYPOTHETICAL.search(at.before[-30:]) or re.match(r"^[^，。！？；]{0,4}的话", at.after):
        return True
    if re.search(r"时怎么|(?:怎么|如何)(?:退回|处理)", at.words) or re.match(
        r"^[^，。！？；]{0,6}(?:怎么办|咋办|时怎么)", at.after
    ):
        return True
    return bool(re.search(_IF, at.previous))


# It is settled: 已经批了, 解决了, 到位

_SETTLED = re.compile(
    r"已经?(?:批|同意|签|解决|落实|到位|通过|定|付|打|收到|到账|打消|排除|恢复|换回|处理|搞定|回款|结清|补齐|修好|拍板|点头|确认|敲定|给|补|换好|交|过)|批(?:了|下来了|准了?|过了)|解决了|解决掉|搞定|到位(?:了)?|没(?:有|什么|啥)?(?:大)?(?:问题|毛病)|满意|"
    r"落实了|通过了|打消|放心|(?:都|全部?)?(?:到账|结清|付清|收到)了?|修好了|处理好了?|恢复了?|谈妥|拿下|拍板了|点头了|同意了|签了字?|松口了|不担心|不再担心|消除|补上了|补齐|补发|补货|理顺|缓解|改善了|好转|撤销了|取消了这个要求|热情多了|热情了|好多了|缓过来|翻篇|过去了|早就结束|结束了|道过歉|追加了|换好了|走完了|走完|排除了|回过来了|办完了|好了|追上了|赶上了"
)
_SETTLED_NOT = re.compile(
    r"(?:没|没有|不|未|尚未|还没|等|要等|才能?|才|无法|难|怎么|不太|不够|不是很|很不|能不能|是否|再|要|得|需要|担心|别|谁|说好|讲好|说|就算|先|容易|几时|好几天|啥时候|什么时候|让我们?|叫我们?|催我们?)[^，。；;,\n]{0,2}$"
)
_BEFORE_NOW = re.compile(
    r"之前|原来|原先|本来|以前|上次|上回|早先|一开始|起初|当初|前阵子|前段时间|去年|当时|那会|上个?月|上周|前天"
)
_NOW = re.compile(
    r"^(?:不过|但是?|可是|只是|好在|幸好)?(?:这次|现在|已经?|目前|今天|昨天|刚刚?|后来|这周|上周|都|也|今年|今早|当天|当场|早就?|全|他?又|[一二两三五十半几]+(?:分钟|小时|天)后|我们?(?:当天|马上|已经?|都))"
)
_LASTS = re.compile(r"还没|一直没|到现在|至今|仍|迟迟")


def _is_settled(at: Around) -> bool:
    if at.polarity == "positive":
        return False
    whole = at.before[-24:] + at.words + at.after[:24]
    start = min(24, len(at.before))
    if _tells_settled(whole, start, start + len(at.words)):
        return True
    if not at.following:
        return False
    over = _BEFORE_NOW.search(at.before + at.words) or _NOW.match(at.following)
    return bool(over) and _tells_settled(at.following, -1, -1)


def _tells_settled(words: str, start: int, end: int) -> bool:
    for match in _SETTLED.finditer(words):
        if match.start() < end and start < match.end():
            continue  # part of the hit itself
        if not _SETTLED_NOT.search(words[: match.start()]) and not words.startswith(
            ("才", "以后", "之后", "再"), match.end()
        ):
            return True
    return False


# It is long over: 去年那单他们纠结了半年

_LONG_AGO = re.compile(
    r"去年|前年|往年|当年|那年|早年|前几年|几年前|[一二两三四五六七八九十]年前|以前|上一期|很久以前|从前"
)


def _is_past(at: Around) -> bool:
    told = at.before + at.words
    if not _LONG_AGO.search(told) or re.search(r"以前(?:跟|和|对接|的|负责|那)|去年的|去年底?开的", told):
        return False
    return not re.search(
        r"到现在|至今|还|一直|没付|没给|没结|今年|没到账|直到|了[^，。]{0,4}年了", told + at.after + at.following
    )


# Our own side speaks of itself, or gives advice: 我建议再考虑…, 我们领导还没批

_US = r"(?:我们(?:这边|公司|领导|老板|财务|法务|自己|内部|部门|总监|采购|厂里)?|咱们?|我司|我方|我这边|我(?![们司方国这]))"
_OWN = re.compile(
    rf"(?<![跟对给向和比嫌让找请约帮问为替骗欠催压说们望求叫要陪把被夸选用拿于陪带催选知])(?<!认可)(?<!喜欢)(?<!看好)(?<!相信)(?<!联系){_US}"
)
_OTHERS_SAY = re.compile(
    r"他们?|她们?|客户|对方|甲方|[总工经主]说|经理|主任|院长|厂长|校长|王总|人家|说(?!明)|觉得|嫌|反馈|表示|认为|担心|抱怨|要求|拿|跟我|对我|比我|给我|让我|欠我|付我"
)
_ADVISES = re.compile(
    rf"{_US}(?:也|就|又|还|当场|只好|已经|后来|一直|再|先|都|倒是?)*(?:建议|劝|提醒|安慰|回他|回复他|答复|承诺|答应|想问|打算|准备|自己|让(?:他|她|客户|对方)|叫(?:他|她|客户|对方)|请他|告诉|问|跟(?:他们?|她|客户|对方|您|你|[^，。我们]{{1,3}}[总工经主任长])(?:讲|说|提|建议|解释|约)|(?:在|从)[^，。]{{0,6}}(?:碰|查|挖|看到|抄|找)|比了|要不要|希望|想(?!听)|约他|约客户|催|跟他讲|嫌|报销|整理|顺手|还在?|正|得先|要先|给|劝过)"
)
_LEARNS = re.compile(
    rf"{_US}(?:也|就|又|还|才|刚)*(?:感觉|看|估计|判断|听|得知|打听|发现|知道|了解|觉得|怀疑|认为|猜|问下来|去了|跟了|跑了)"
)
_OURS = frozenset({"交付", "售后", "技术", "价格敏感", "交付周期", "售后响应", "技术适配"})
"""What a customer complains of is ours."""
_OF_OURS = re.compile(r"^(?:我们|咱们|我)(?:现在|暂时|目前|有|没|的|家|这|只|那)")


def _is_own_side(at: Around) -> bool:
    if at.speaker is not None:
        return at.speaker == "rep"
    told = at.before[-40:]
    if re.search(r"^(?:你|您)", at.words) and at.category != "认可":
        return False
    if _advises(at, told) or _carries_on(at):
        return True
    if re.search(
        r"我(?!们)的?(?:电脑|手机|车|本子)|我(?:怕|担心)|(?:我们|咱们?|我司)的?(?:项目)?(?:经理|技术支持|销售|总监|同事|领导|前台)$",
        told,
    ):
        return True
    if at.category in _OURS or (at.category in ("竞品", "比价") and re.search(r"我们|咱们?", at.words)):
        return False
    if at.category == "回款":
        return bool(
            re.search(r"(?:我们?|我司|我方)(?:这边|公司)?(?:还?欠|还没付|没付|付给|给(?!他))", told + at.words[:6])
        )
    if at.category == "流失" and re.search(r"丢|中标|出局|落标|淘汰|没戏|悬|黄|没机会", at.words):
        return False
    if at.words.startswith(
        ("我们", "我", "咱", "跟我", "把我", "选我", "给我", "让我", "约我", "叫我", "邀我", "催我", "问我")
    ):
        return at.words.startswith(
            ("我们领导", "我们老板", "我们公司", "我们财务", "我们法务", "我们总部")
        ) and not _OTHERS_SAY.search(told)
    ours = _last(_OWN, told)
    if ours is None or _LEARNS.search(told):
        return False
    return not _OTHERS_SAY.search(told[: ours[0]] + "，" + told[ours[1] :])


_SPEAKS_FOR_US = re.compile(
    r"我方|我司|我们(?:公司|部门|内部|领导|老板|财务|法务|总部)|我[^，]{0,4}(?:跟公司|申请|向公司|找总监|找公司)|我们?(?:建议|劝|让他|叫他|请他|跟(?:他们?|她|客户|对方)(?:讲|说))"
)
_SUBJECT = re.compile(r"他|她|客户|对方|甲方|人家|[总工董经主任长]$|老板|领导|采购|财务")


def _carries_on(at: Around) -> bool:
    """我跟他讲您再看看，不着急: the clause goes on with what our side said or is."""
    return bool(
        _SPEAKS_FOR_US.search(at.previous)
        and not re.search(r"(?:他们?|客户|对方|[总工经主任长])(?:说|嫌|觉得)", at.previous)
        and not _SUBJECT.search(at.before)
        and at.category not in _OURS
    )


def _advises(at: Around, told: str) -> bool:
    if at.category == "回款" or (at.category == "流失" and "了" in at.words and "催" in told):
        return False
    advice = _last(_ADVISES, told)
    if advice is None:
        return False
    said = told[: advice[0]]
    if re.search(r"(?:[让叫请约催跟对给问帮找陪拿比欠带]|[说讲道嫌])$", said) or re.search(
        r"(?:他们?|她|客户|对方|[总工经主任长])[^，。]{0,3}(?:说|讲|觉得|嫌|问|要求|让|叫|催|希望|约)[^，。]{0,2}$",
        said,
    ):
        return False
    return not re.search(r"(?:他们?|她|对方|客户|人家)(?:说|讲|回|答|还是|就|都|却|一直|又)", told[advice[1] :])


def _last(pattern: re.Pattern[str], words: str) -> tuple[int, int] | None:
    found = None
    for match in pattern.finditer(words):
        found = match.span()
    return found


# The trouble is somebody else's: 竞品售后不行, 他们原来的供应商交期慢

_SOMEBODY = re.compile(
    r"竞品|竞争对手|对手|友商|别家|别的(?:厂家|供应商|项目|客户|品牌|牌子|医院|学校|公司|单位|部门|人)|其他(?:家|厂家|供应商|客户|项目)|同行|另(?:外)?(?:一)?(?:家|个(?:供应商|项目|客户|厂))|隔壁|原来(?:的)?那家|原来(?:的)?(?:供应商|厂家|那个牌子|用的)|之前的?(?:供应商|厂家)|上一家|老供应商|现在的?供应商|现有(?:的)?供应商|上家|"
    r"别的客户|另(?:外)?(?:一)?个客户|其他客户|他们?(?:的)?(?:客户|同行|供应商(?!库)|上游|下游|自己的?(?:货|客户|老设备|设备|物流|产品))|客户自己的|给下游|给他们客户|欠供应商|他朋友|我朋友|人家公司|别人(?:家)?|我们?(?:的)?供应商|上游|下游|"
    r"[他她](?:的)?(?:儿子|女儿|爱人|老婆|老公|孩子|邻居|妹妹|弟弟|哥哥|姐姐|朋友|家里|爸|妈)|我们家|食堂|买房|买车|上学|[他她]家(?!里)|儿媳|信用卡|房贷|车贷|电梯|物业|堵车|路上|开会|大学生|(?<![听跟问])(?:前台|保安|门卫)|旧的那套|老的那套"
)
_SOMEBODY_AFTER = re.compile(
    r"^(?:了?的(?:都|也|就)?是|了?的那个是)[^，。]{0,4}?(?:他们?自己|他们?(?:的)?(?:客户|下游|上游|老|供应商|旧)|客户自己|别|另|隔壁|竞|同行|对手|食堂|友商|其他|他爱人|他老婆|他儿子|他女儿)|^的(?:那个)?是别的"
)
_RIVAL_IDLE = re.compile(r"[没不别]|我|坏|慢|差|贵|骂|好感|退出|淘汰|区别|展会|同行业|欠|以前|僵|离职|拉黑|价格我|汰")
"""A bare name is a signal unless something like this stands beside it."""
_SUBJECT_OF_PREVIOUS = re.compile(r"^.*?(?:说|讲|他们?|客户|对方|我).*$")
"""A clause that begins with somebody else may go on with him: 华锐的机器老报警，车间都骂."""
_OWN_MATTERS = frozenset({"竞品", "比价"})
"""These name somebody else by their nature."""
_RIVAL_DISLIKED = re.compile(
    r"嫌|骂|吵|拉黑|挡在|退出|不行|太差|很差|吃过亏|踢出|不考虑|没谈成|换掉|换下来|不用了|不想用|没看上|老报警|不好用|烦|坑|被淘汰|不靠谱|摇头|不满|吐槽|换成我们|换了我们|换我们|合同解|解约|离职|挖|代理我们|报错|坏|毛病|不支持|达不到|贵|谁|没提|没来|没成|放弃|得罪|投诉|闹翻|黑名单|不跟|不如我们|比不上|不再|没机会|讨债|要债"
)


def _is_somebody_else(at: Around) -> bool:
    if at.category != "审批" and re.match(r"^了?的(?:那[位个批台家块条单次]|是)", at.after):
        return True
    if _SOMEBODY_AFTER.match(at.after):
        return True
    if at.category == "竞品":
        if at.words.rstrip("了的过着在上来去") in at.competitors and _RIVAL_IDLE.search(
            at.before[-16:] + at.after[:16] + "，" + at.following[:12]
        ):
            return True
        return bool(_RIVAL_DISLIKED.search(at.before[-14:] + at.words + at.after[:14] + "，" + at.following[:10]))
    if at.category in _OWN_MATTERS:
        return bool(re.search(r"物流|别的项目|供应商询价|我们供应商", at.clause))
    about = at.before + (at.words[: max(0, len(at.words) - 2)] if at.category in _OURS else "")
    if not at.before:
        about = _SUBJECT_OF_PREVIOUS.sub("", at.previous)[:8] + about
    named = any(name in about for name in at.competitors if name)
    if any(re.match(rf"^的[^，。]{{0,4}}是{re.escape(name)}", at.after) for name in at.competitors if name):
        return True
    where = _SOMEBODY.search(about)
    if not named and where is None:
        return False
    if re.search(r"(?:跟|和|比|于|选|用|换成?|谈|被|给|到)$", at.before):
        return False
    return not re.search(r"我们(?!家|的?供应商)|咱们|我司", at.before)


_GUARDS: tuple[tuple[Guard, Callable[[Around], bool]], ...] = (
    ("part_of_word", _is_part_of_word),
    ("asked", _is_asked),
    ("negated", _is_negated),
    ("denied", _is_denied),
    ("hypothetical", _is_hypothetical),
    ("settled", _is_settled),
    ("past", _is_past),
    ("own_side", _is_own_side),
    ("somebody_else", _is_somebody_else),
)
