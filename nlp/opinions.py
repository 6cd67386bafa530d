"""What the customer thinks: pain points, objections, the stage that the deal has reached, the attitude."""

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from nlp import risk
from nlp.clauses import Clause
from nlp.dates import TimeMention
from nlp.draft import CompetitorMention, Percent, Signal, Span, StageMention, Tag, Vocabulary
from nlp.lexicon import CLASSES
from nlp.thoughts import Times

# Pain points


def pain_points(text: str, complaining: Sequence[risk.Hit]) -> tuple[Tag, ...]:
    """One tag a category, where it is first shown; `complaining` are the `complaints` of the vocabulary's pain points."""
    found: dict[str, Tag] = {}
    for hit in _standing(text, complaining):
        found.setdefault(hit.category, Tag(hit.category, hit.span))
    return tuple(sorted(found.values(), key=lambda tag: tag.span))


_WE_ARE_DEARER_NOT = re.compile(
    r"比(?:我们|咱们|我司|我方)[^，。]{0,4}(?:贵|高)|(?:不|没那么|没有那么)(?:算)?贵|我们?(?:这边)?(?:给|已经|可以|能|最多)[^，。]{0,4}(?:打|让|降|优惠)"
)


_ASKING = ("能不能", "可不可以", "能否", "问")
_THEY_ASK = re.compile(r"(?:能不能|可不可以|能否)[^，。]{0,2}$")
_OF_US = re.compile(r"(?:要|让|叫|请|求|催|给|问|嫌)(?:我们|我)[^，。]{0,8}$")
_IF_ONLY = re.compile(r"(?:如果|要是|除非|只要)[^，。他她]{0,4}(?:能|可以|价格|再)[^，。]{0,6}$")


def _counts(hit: risk.Hit, text: str) -> bool:
    """能不能再便宜 asks, 要是能便宜 supposes, 让我们便宜 speaks of us: they show the pain all the same."""
    before = text[max(0, hit.span.start - 16) : hit.span.start]
    if hit.suppressed == "asked":
        return bool(_THEY_ASK.search(before)) or hit.span.of(text).startswith(_ASKING)
    if hit.suppressed == "own_side":
        return bool(_OF_US.search(before))
    if hit.suppressed == "hypothetical":
        return bool(_IF_ONLY.search(before))
    if hit.suppressed == "somebody_else":
        # 别人家三百二就能拿到: the rival's lower price is the customer's argument
        return hit.category == "价格敏感" and hit.span.of(text).startswith(CLASSES["竞品"])
    return hit.suppressed is None


def complaints(
    text: str, pieces: Sequence[Clause], phrases: Mapping[str, Sequence[str]], competitors: Sequence[str]
) -> list[risk.Hit]:
    """Every place where a phrase stands; a complaint where nothing suppresses it. Some guards of signals do not hold here."""
    return [
        replace(hit, suppressed=None) if _counts(hit, text) else hit
        for hit in risk.hits("risk", phrases, text, pieces, competitors)
    ]


def _standing(text: str, complaining: Sequence[risk.Hit]) -> list[risk.Hit]:
    hits = [hit for hit in complaining if hit.suppressed is None]
    denied = unimportant(text)
    hits = [hit for hit in hits if hit.category not in denied]
    hits = [hit for hit in hits if not _WE_ARE_DEARER_NOT.search(text[max(0, hit.span.start - 8) : hit.span.end + 2])]
    categories = dict.fromkeys(hit.category for hit in hits)
    kept = [hit for category in categories for hit in risk.longest([hit for hit in hits if hit.category == category])]
    return sorted(kept, key=lambda hit: hit.span)


# Objections

_NUMBER = r"(?:百分之[零一二两三四五六七八九十点\d.]+|\d+(?:\.\d+)?%|[一二两三四五六七八九十\d.]+个(?:百分)?点|[一二两三四五六七八九]成半?|[\d.零一二两三四五六七八九十百千]+[万千块元]+[\d五千]*)"
_ABOUT = r"(?:了|出|大概|大约|差不多|将近|近|有|快|至少|整整){0,3}"
_DEARER = re.compile(
    rf"比(?!我们|咱们|我司|我方)[^，。；！？\n]{{1,12}}?(?:的)?(?:报价|价格)?(?:还|都|要)?(?:贵|高(?!兴|大|级))(?:{_ABOUT}{_NUMBER})?"
)
_CHEAPER = re.compile(
    rf"(?:(?:报价|价格)(?:也|还|都|要)?)?比(?:我们|咱们|我司|我方)(?:的)?(?:报价|价格)?(?:还|都|要)?(?:低|便宜)(?:{_ABOUT}{_NUMBER})?|(?:竞品|友商|对手|竞争对手|别家)(?:的)?(?:报价|价格)(?:更|要|还)?(?:低|便宜)(?:{_ABOUT}{_NUMBER})?"
)
_FEELS = re.compile(
    r"嫌|觉得|认为|担心|怕|顾虑|不满|太|不放心|质疑|抱怨|吐槽|接受不了|不接受|不够|不行|贵|慢|差|不满意|高了|高于|比较高|超|压|砍|降|便宜|优惠|长|还要再谈|跟不上|有点|偏|折|成本|接受|卡在|再让|让点|还是漏|做到|必须|凭|最多"
)
_AS_OBJECTION = {"价格敏感": "价格", "交付周期": "交付", "售后响应": "售后", "技术适配": "技术"}
_MORE: Mapping[str, tuple[str, ...]] = {
    "实力": (
        "规模[太/比较/有点/偏]小", "公司[太]小", "没听[说]过", "没名气", "名气不大", "品牌…不[够/太]?知名", "知名度", "案例[太/比较]少", "没有[同行业/类似/成功]案例", "没有…案例", "没什么案例", "{担心}…实力", "经验不足", "没经验", "没做过", "资质不[够/全]", "没有资质", "新公司", "成立时间…短", "小公司", "小厂", "{担心}…倒闭", "不是大品牌",
        "(没有/没)…(业绩/资质/认证/证书/注册证)", "信不过", "不放心我们",
    ),
    "付款": (
        "付款方式…(改成/想改/再谈/不同意/接受不了/谈不拢/分歧/卡)", "预付款…[太/比较]高", "预付…(太高/高了/付不了/不肯/不愿)", "首付…(太高/高了/降低)", "账期…(太短/长一点/延长/谈不拢/个月/天)", "付款周期…(拉长/延长/太长/太短)",
        "(想/要求/希望/要/问/能不能/能否/可不可以)…分期", "付款比例", "(不接受/不同意/不肯/不愿)…(预付/先付/全款)", "货到付款", "(要/要求/希望/想)…(月结/账期/押款)", "押…(质保金/尾款)", "质保金…(太/高/扣/压)", "(验收/货到/装完)…(再付/才付)",
    ),
    "合同": ("卡在…条款", "条款…(卡/不同意/有异议/接受不了/要改/谈不拢)", "违约金", "合同…(有异议/有意见/要改/打回)", "(法务/律师)…(不同意/有意见/卡)"),
    "时机": ("没必要", "现在[的]够用", "现在用[的]着还行", "还能用", "时机不[成熟/合适/对]", "(明年/年后/下半年/春节后/过完年)再(说/看/定/考虑/谈)", "(项目/采购/计划)…(暂停/搁置/推迟/停了)", "(年前/今年/暂时/最近)…不(采购/买/上/做/考虑)", "(年前/今年/现在/暂时)…没时间", "没时间(搞/做/上/弄)", "预算[已经/都/也]用完", "(节后/年后/月份以后/以后)再(说/看)", "今年…(不买/不上/不采购/没计划/不考虑)", "没钱了", "{没}预算", "不(着急/急着)(上/换/买/采购/定)", "先(不上/放一放/缓一缓)"),
    "竞品": ("有固定[的]供应商", "有长期[的]供应商", "已有供应商", "有[老/长期]合作[的]供应商", "用习惯了", "用惯了", "习惯了", "合作…(多年/好几年/很多年/十几年)", "一直(用/在用){竞品}", "(想/要/还是/更想)(用/选/买/上){竞品}", "[比较/更/倾向]倾向[于]{竞品}", "{竞品}…(关系好/关系[很/更/比较]好/更熟)"),
}  # fmt: skip
_NO_MATTER = re.compile(
    r"(?:不是|不|没)(?:特别|很|太|怎么|那么|多)?(?:在意|在乎|看重|关心|计较|敏感)(?:于|的是)?(?P<what>价格|价钱|钱|交期|售后)"
)
OBJECTIONS = (*_AS_OBJECTION.values(), *_MORE)
"""The categories of objections."""
AS_PAIN = {objection: pain for pain, objection in _AS_OBJECTION.items()}
_MATTERS_NOT = {"价格": "价格敏感", "价钱": "价格敏感", "钱": "价格敏感", "交期": "交付周期", "售后": "售后响应"}


def unimportant(text: str) -> frozenset[str]:
    """Pain points that the note denies: 他倒不是特别在意价格. They are no objections either."""
    return frozenset(_MATTERS_NOT[match["what"] or "价格"] for match in _NO_MATTER.finditer(text))


def objections(
    text: str,
    pieces: Sequence[Clause],
    complaining: Sequence[risk.Hit],
    further: Sequence[risk.Hit],
    percents: Sequence[Percent] = (),
) -> tuple[Tag, ...]:
    """What the customer holds against us, one tag a category; a comparison carries its number (比竞品贵百分之十五).

    `complaining` are the `complaints` of the pain points, `further` are `further_objections`. `percents` are those of the text,
    in order: one within an objection, or right behind it, says by how much.
    """
    found: dict[str, Tag] = {}
    for clause in pieces:
        if clause.speaker == "rep":
            continue
        for pattern in (_DEARER, _CHEAPER):
            match = pattern.search(clause.text)
            if (
                match
                and not re.search(r"(?:如果|要是|没有|不)[^，。]{0,2}$", clause.text[: match.start()])
                and not re.search(r"不比|没有?比", clause.text)
            ):
                found.setdefault("价格", Tag("价格", clause.span(match.start(), match.end())))
    starts = [piece.start for piece in pieces]
    for hit in _standing(text, complaining):
        around = pieces[max(0, bisect_right(starts, hit.span.start) - 1)].text
        category = _AS_OBJECTION.get(hit.category, hit.category)
        if _FEELS.search(around):
            found.setdefault(category, Tag(category, hit.span))
    for hit in _standing(text, further):
        found.setdefault(hit.category, Tag(hit.category, hit.span))
    denied = {_AS_OBJECTION[category] for category in unimportant(text)}
    kept = sorted((tag for tag in found.values() if tag.category not in denied), key=lambda tag: tag.span)
    return tuple(replace(tag, percent=by_how_much(text, tag.span, percents)) for tag in kept)


def is_about_cheapness(category: str, clause: Clause) -> bool:
    """Whether the clause is about a price that is none to complain of: 竞品比我们贵, 不算贵, 我们可以打折."""
    return category in ("价格", "价格敏感") and _WE_ARE_DEARER_NOT.search(clause.text) is not None


def further_objections(text: str, pieces: Sequence[Clause], competitors: Sequence[str]) -> list[risk.Hit]:
    """Where phrases stand that are objections and no pain points."""
    return complaints(text, pieces, _MORE, competitors)


_RIGHT_BEHIND = re.compile(
    r"[，,\s]?(?:比[^，。]{1,6})?(?:贵|高|低|便宜|慢|长|差|多|少|了|出|的|要|大概|大约|差不多|将近|有|快){0,5}"
)


def by_how_much(text: str, span: Span, percents: Sequence[Percent]) -> float | None:
    """The percentage of an objection at `span`: within its words, or right behind them. `percents` are in order."""
    for percent in percents:
        if span.start <= percent.span.start < span.end:
            return percent.value
        if percent.span.start >= span.end:
            between = text[span.end : min(percent.span.start, span.end + 16)]
            is_near = percent.kind != "discount" and percent.span.start - span.end <= 15
            return percent.value if is_near and _RIGHT_BEHIND.fullmatch(between) else None
    return None


# Stage

_GAP = r"[^，。！？；,!?;\n]"
_FIGURE = r"(?:\d[\d.]{0,11}|[一二两三四五六七八九十百千]{1,8})[万亿千元块]{0,3}"
_STAGES: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (("线索获取", "首次触达"), re.compile(
        r"(?:第一次|初次|首次)(?:去|上门)?(?:拜访|见面?|接触|沟通|聊|触达)|陌拜|刚认识|刚加上?了?微信|(?:之前|以前|从来)没(?:去|来|跑|接触|打过交道)过?|(?:这家|这个)是新的|新(?:开发|挖)的?客户|朋友介绍|(?:别人|老客户|同学)介绍的")),
    (("需求确认", "需求诊断"), re.compile(
        r"(?:了解|确认|梳理|调研|摸清|收集)了?(?:一下|清楚)?(?:他们|客户|对方)?的?(?:具体|基本)?需求|需求(?:调研|诊断|梳理|基本(?:上)?(?:明确|确认|清楚)|已经(?:明确|确认)|都?(?:明确|确认|清楚)了)|现场勘察|"
        rf"(?:他们?|她们?|客户|对方|学校|医院|厂里|公司)(?:这边|那边)?(?:今年|明年|年后|也|就|有)*(?:想|准备|打算|计划)(?:要|把|统一|再|新)*(?:换|开|建|采购|买|改造|扩|搞|升级|配|装)|(?:清单|配置|需求|数量|预算){_GAP}{{0,3}}没(?:有)?(?:定|下来|批)")),
    (("方案设计", "方案演示"), re.compile(
        rf"(?:讲|演示|介绍|汇报|讨论|沟通|过)了?(?:一下|一遍|下)?(?:我们)?的?(?:技术|整体|初步)?方案|方案{_GAP}{{0,8}}?(?:讲解|演示|汇报|讨论|沟通|设计|评审|还在改|在改|修改|看了|看过|太[\u4e00-\u9fff]|已经(?:发|给|提交))|做了(?:一次|一场|个)?(?:产品|现场)?演示|演示(?:做)?(?:完|了)|"
        r"技术交流|在做方案|选型(?!方案)")),
    (("样品测试", "方案设计"), re.compile(r"样品(?:正?在(?:测|试)|测试(?:中|阶段|还在)|已经送|送过去了)|试用(?:中|期|阶段|了)|在试用|POC|正?在测试|送样")),
    (("报价审批", "报价"), re.compile(
        rf"方案{_GAP}{{0,5}}(?:认可|通过|没(?:什么|有)?问题|定了|满意)|我们?(?:这边)?(?:当时|也|就|先|给(?:他|她|客户)们?)?[报抱](?:的|了|过|价|出)?(?:价|是|的是)?{_FIGURE}|[报抱](?:了|过)价|(?:价格|价钱)我[报抱]|报价(?:单)?(?:他们|客户|已经|都)?(?:发|给|提交|报)(?:给他们?|过去|过|了)|[报抱]价(?:单)?(?:他们?|客户)?看(?:了|过)|"
        rf"我们?(?:的)?报价(?:是|单)?{_FIGURE}|(?:等|走|在){_GAP}{{0,6}}审批|{_FIGURE}(?:万|元|块)?的报价|(?:^|已)报(?:价)?{_FIGURE}|单[套台价个件]{_FIGURE}|(?:问|要)[^，。]{{0,8}}多少钱|[报抱]个价|在?比价|议价|在走流程")),
    (("商务谈判", "报价审批"), re.compile(
        r"商务谈判|谈(?:了|过)?价格|砍价|压价|价格(?:还要|还得|再|没)谈|还价|(?:打|做|能|给)(?:个|我们?|他们?)?[一二三四五六七八九对\d.]{1,3}折|能不能分期|(?:要求|想要?|必须)货到付款|降到[\d一二两三四五六七八九十]|(?:要|让)我们再让|再让一?点|(?:再)?便宜(?:一?点|些)|最低(?:多少|价)")),
    (("合同签订", "合同审核", "签约回款"), re.compile(
        rf"合同条款|合同(?:已|怎么还没|下周|今天|明天)?(?:签|盖章|寄)|单子(?:他|她)?(?:已经)?签了|(?:带|拿)合同|订单(?:确认|下)了|合同{_GAP}{{0,8}}?(?:审(?!计)|走流程|盖章|章|签|法务|过了)|签(?:了|完|好|下)?合同|签约|法务{_GAP}{{0,3}}审|盖章(?!的)|中标了|已经中标|走合同|成交")),
    (("交付执行", "签约回款"), re.compile(
        r"(?:已经?|正在|刚)发货|发货了|(?:在|正在|开始|进场)(?:安装|调试|实施|部署|培训)|安装调试|验收(?!后|合格|通过后|完|款)|已经?(?:上线|交付|跟工厂下单|下单|排产)|交付(?:了|中)|尾款|(?:新|刚|已经?)(?:上|装)(?:的|了|好了)(?=[^，。]{0,4}$|系统)|安装队|安装(?:推迟|延期|改)|上批(?:货|的)|货已经?到")),
)  # fmt: skip
_PLANNED_SOLUTION = re.compile(
    r"(?:把|将)?[^，。！？；我他她]{0,8}方案[^，。！？；]{0,6}(?:做出来|改好|改一|出来|交给|发给|给他|给她|发他|发她|改完|做好)|(?:出|做|改|写)(?:一个|一份|个|一版|份)?[^，。！？；]{0,6}方案|写进方案|我们估的?方案|做(?:个|一个|一下)仿真|重新核一版"
)
"""Our working at the solution, even ahead: 我下周三前把方案做出来."""
_PLANNED_SEAL = re.compile(r"合同[^，。！？；]{0,8}(?:盖章|用印|走章)|(?:在)?走章")
"""A contract that is to be sealed exists: 合同下周三双方盖章."""
_CONTRACT = 6
_NOT_YET = re.compile(r"等|还没|没签|没盖|才")
_UNCERTAIN = re.compile(r"如果|要是|争取|希望|才能?|等|没|预计|估计|预期|计划|打算|最快|有望")
_AHEAD = re.compile(
    r"(?:下一步|接下来|准备|打算|计划|想(?:要)?|希望|如果|要是|等|下周|下个?月|明年|再|将|预计|争取|之后|以后|才能?|可以|让我们?|要求|让|请|能不能|什么时候|还没|没有|没|不|未)[^，。！？；,!?;\n]{0,8}$"
)


def stage(
    text: str,
    pieces: Sequence[Clause],
    vocabulary: Vocabulary,
    times: Sequence[TimeMention],
    competitors: Sequence[CompetitorMention],
    *,
    sent_on: date,
) -> StageMention | None:
    """The stage that the words show, of the team's own stages: one named as such, else the furthest with evidence.

    What is planned, conditional or a competitor's does not count.
    """
    if named := named_stage(text, vocabulary):
        return named
    best: tuple[int, StageMention] | None = None
    places = Times(times)
    named_rivals = sorted(rival.span.start for rival in competitors)
    for clause in pieces:
        rival = bisect_left(named_rivals, clause.start)
        if rival < len(named_rivals) and named_rivals[rival] < clause.end:
            continue
        ahead = any(
            mention.due is not None and mention.due > sent_on for mention in places.within(clause.start, clause.end)
        )
        sealing = _PLANNED_SEAL.search(clause.text)
        if sealing and not _UNCERTAIN.search(clause.text):
            best = _further(best, 6, _of_the_team(_STAGES[6][0], vocabulary), clause.span(*sealing.span()))
        works_on = _PLANNED_SOLUTION.search(clause.text)
        if works_on and not _ASKED_OF_US.search(clause.text):
            best = _further(best, 2, _of_the_team(_STAGES[2][0], vocabulary), clause.span(*works_on.span()))
        for rank, (names, pattern) in enumerate(_STAGES):
            match = pattern.search(clause.text)
            if match and rank >= _CONTRACT and _NOT_YET.search(match[0]):
                continue  # 合同要等老板回来签字
            if match and not ahead and not _AHEAD.search(clause.text[: match.start()]):
                best = _further(best, rank, _of_the_team(names, vocabulary), clause.span(*match.span()))
    return None if best is None else best[1]


_ASKED_OF_US = re.compile(r"(?:让|要求?|请|催|叫|希望)(?:我|咱)")


def _of_the_team(names: Sequence[str], vocabulary: Vocabulary) -> str | None:
    return next((name for name in names if name in vocabulary.stages), None)


def of_the_team(stage: str, by_rules: StageMention | None, vocabulary: Vocabulary) -> str | None:
    """A stage of the six by the name that the team gives it; of several (样品测试, 方案演示) the one that the rules see."""
    groups = [names for names, _ in _STAGES if stage in names]
    if by_rules is not None and any(by_rules.value in names for names in groups):
        return by_rules.value
    return next((own for names in groups if (own := _of_the_team(names, vocabulary))), None)


def stages_shown(words: str, vocabulary: Vocabulary) -> frozenset[str]:
    """The team's stages of which these words speak, whether reached or ahead."""
    return frozenset(name for names, pattern in _STAGES if pattern.search(words) for name in names) & {
        *vocabulary.stages
    }


def is_still_ahead(stage: str, words: str) -> bool:
    """Whether a contract or a delivery is only hoped for in these words: 争取下个月签合同."""
    late = any(stage in names for names, _ in _STAGES[_CONTRACT:])
    return late and _UNCERTAIN.search(words) is not None


def _further(
    best: tuple[int, StageMention] | None, rank: int, value: str | None, span: Span
) -> tuple[int, StageMention] | None:
    if value is None or (best is not None and rank <= best[0]):
        return best
    return rank, StageMention(value, span)


def named_stage(text: str, vocabulary: Vocabulary) -> StageMention | None:
    """The team's stage that the note says it is at, by name (到了报价审批, 现在在合同签订阶段) or by the team's own words."""
    names = "|".join(re.escape(name) for name in sorted(vocabulary.stages, key=len, reverse=True) if name)
    if not names:
        return None
    return _by_name(text, names) or _by_cue(text, vocabulary)


def _by_cue(text: str, vocabulary: Vocabulary) -> StageMention | None:
    """The furthest stage whose words stand in the text, neither denied nor ahead."""
    for stage in reversed(vocabulary.stages):
        for cue in vocabulary.stage_cues.get(stage, ()):
            for match in re.finditer(re.escape(cue), text):
                before = re.split(r"[，。！？；,!?;\n]", text[: match.start()])[-1]
                if not _AHEAD.search(before) and not _ASKS_WHETHER.search(text[match.end() : match.end() + 6]):
                    return StageMention(stage, Span(*match.span()))
    return None


_ASKS_WHETHER = re.compile(r"^[^，。！？；,!?;\n]{0,3}[吗么?？]")


def _by_name(text: str, names: str) -> StageMention | None:
    match = re.search(
        rf"(?:到了?|进入了?|处于|推进到|进展到|走到|阶段(?:是|为|：|:)?|目前(?:在|是)?|现在(?:在|是)?)(?P<a>{names})|(?P<b>{names})(?:阶段|环节|这一步)",
        text,
    )
    if match is None or re.search(
        r"(?:没|不|未|争取|计划|希望|下周|下个月|还没)[^，。]{0,4}$", text[: match.start()][-8:]
    ):
        return None
    group = "a" if match["a"] else "b"
    return StageMention(match[group], Span(*match.span(group)))


# Attitude

_WARM = re.compile(
    r"催(?:着)?(?:我们)?(?:签|合同|报价)|尽快(?:上线|签|安装|启动)|(?:很|非常|特别|十分)(?:感兴趣|满意|认可|看好|积极|热情|喜欢)|高度认可|主动(?:约|联系|要求|提出|邀请|让我们|加)|当场(?:就)?(?:定|拍板|签|打)|拍板要|(?:单子|合同)[^，。]{0,4}(?:已签|签了)|(?:他|她)签了|打电话来催|已经?签了?|选了?我们|爽快|直接(?:就)?(?:换|定|签)|成交"
)
_GOOD = re.compile(
    r"认可|感兴趣|满意|不错|挺好|反馈(?:很|还)?好|整体(?:上)?(?:可以|还行)|还可以|可以接受|没(?:有|什么)?(?:问题|意见)|有意向|愿意|配合|积极|热情|客气|有兴趣|支持|同意(?!书)|喜欢|有戏|关系(?:到位|很好|不错)|倾向于?(?:我们|你们)|优先考虑|"
    r"(?:就|都|我)全要|(?:全部|都)从我们|(?:他|她|他们|客户|老板)(?:就)?定了|想尽快|(?:希望|想)[^，。]{0,8}(?:前|尽快|早点)[^，。]{0,4}(?:上线|装好|用上|投产|到货|进场)|盖好|比较急|很急|挺着急|越快越好|松口|好用|想留下|钱(?:也|都)?(?:批|到位)|立项了|尾款没问题|不担心|没(?:有)?嫌|没说贵|想(?:先)?试|转给我看|印象(?:很|挺)?好"
)
_COOL = re.compile(
    r"犹豫|嫌|担心|顾虑|再考虑|再看看|一般(?!都|是|情况|来说)|冷淡|不太(?:满意|感兴趣|愿意|认可|积极|热情)|观望|敷衍|太贵|偏贵|不满|推脱|含糊|没兴趣|不感兴趣|质疑|(?:对我们|有|他们|她们)意见(?:很大)?|有点悬|不确定|抱怨|吐槽|对不上|看不懂|不好用|谈不拢|太长了|太慢|没人(?:来|管|接|理|修)|不理|爱答不理|催了?(?:好几|几|多)次|不(?:想|打算)(?:用|要|换|买)我们|不(?:进|要|买)了|没得?商量|不采购了|不做了|冒火|还是(?:漏|不行|坏)"
)
_COLD = re.compile(
    r"不合作|拒绝|(?<!顾客)(?<!顾客都)投诉|发火|生气|老火了?|火了|火大|很不满|非常不满|反感|翻脸|骂|终止|退货|不续约|别再联系|不要再来|赶出|明确不|不考虑我们|没戏|黄了|拍桌子|警告"
)
_NO = re.compile(
    r"(?:不太|不怎么|不用|不必|无需|没说要?|没有?说要?|不|没有?|未|谈不上|并不|不是很|不算|没怎么|不会再?)$"
)
_NOT_THEIRS = re.compile(r"(?:我|我们|老大|领导|公司)(?:[^，。他她客]{0,6})$|竞品|竞争对手|友商")
"""Who feels so is one of ours, or it is about somebody else."""
_COMPLAINTS = frozenset(("交付", "售后", "技术"))
_MOOD = {"犹豫": -1, "认可": 1, "主动约演示": 1, "催合同": 1, "尽快上线": 1, "要报价单": 1}


def attitude(pieces: Sequence[Clause], signals: Sequence[Signal], rivals: Sequence[str] = ()) -> int:
    """From -2 (hostile) to +2 (eager): what the customer's clauses show, summed and cut off; 0 where nothing says.

    2 either way takes a strong word (催合同, 拒绝), not several mild ones. Signals count where they speak of the customer's
    mind (犹豫, 认可) or complain of us (交付, 售后, 技术), not of money or procedure; a clause counts once, by its words or by
    its signals.
    """
    score, strong = 0, False
    waiting = deque(sorted(signals, key=lambda signal: signal.span))
    for clause in pieces:
        moods = []
        while waiting and waiting[0].span.start < clause.end:
            moods.append(_mood(waiting.popleft()))
        if clause.speaker == "rep" or re.search(r"如果|要是", clause.text):
            continue
        words, is_strong = _feeling(clause.text, rivals)
        score += words or max(moods, key=abs, default=0)
        strong |= is_strong
    limit = 2 if strong else 1
    return max(-limit, min(limit, score))


def _mood(signal: Signal) -> int:
    if signal.polarity == "risk" and signal.category in _COMPLAINTS:
        return -1
    return _MOOD.get(signal.category, 0)


def _feeling(words: str, rivals: Sequence[str]) -> tuple[int, bool]:
    """What one clause shows, and whether by a strong word."""
    if any(rival in words for rival in rivals):
        return 0, False
    for pattern, value in ((_COLD, -2), (_COOL, -1), (_WARM, 2), (_GOOD, 1)):
        match = pattern.search(words)
        if match is None or _NOT_THEIRS.search(words[: match.start()]):
            continue
        if not _NO.search(words[: match.start()]):
            return value, abs(value) == 2
        if pattern is _GOOD:
            return -1, False
    return 0, False
