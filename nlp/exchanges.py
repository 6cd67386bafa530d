"""Who asks whom for what in a chat, and who agrees: steps and demands that only both sides together show.

Both sides speak for themselves in a chat, mostly without a subject, so an order reads like a promise (明天寄) and a promise
may be one word. What `nlp.demands` and `nlp.steps` read clause by clause is put right here, bubble by bubble:

1. 好的, 没问题, 可以 of the rep right behind a demand is our promise of it, with its date; where the same answer says more
   (好，今晚发您), that is the promise.
2. What we ask of the customer (您那边周五前把参数确认一下, 发我一份扫描件) is his step where we name a day, or where he agrees
   (好的, 要得，下午拍: with the day that he names). It is none where he refuses.
3. A customer who sets a day for what only a seller does (下周二前给方案), who orders without a subject (账号发一下) or asks
   whether we can (25号能进场吗) wants it; a price question does not.
4. What the customer does himself on a day (下周一付款, 1月8号开标) is his step.
5. 技术周五到现场 in our mouth is a colleague's.
6. What the customer says that he needs and only a seller does (我们需要3月前完成安装) is a demand.
7. A yes is no promise of what is taken back at once (好的，不过…); 我去协调, 我尽量 are steps of their own, without the date that
   was asked for; what is taken back or called off later falls.
8. In a group a bare yes is for the one whom it names, else for the one who asked last.
9. A price in our bubble is our quote; in theirs it is a counter-offer, a budget or a competitor's, by the words around it.

A run is everything that one side says before the other answers; an answer is only for the run before it.
"""

import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, takewhile

from nlp.actions import VERB, cleaned, without
from nlp.clauses import Clause, Speaker
from nlp.dialogue import INDENT, LONGEST_NAME, Voices
from nlp.draft import Amount, AmountRole, Demand, NextStep, Owner, Span
from nlp.steps import WHEN_ONLY
from nlp.thoughts import Thought

MOST_AT_ONCE = 8
"""Demands, or requests, of one run that a single answer may be for: the last."""
_BUBBLE = re.compile(rf"^(?!{INDENT})", re.MULTILINE)
_NAME = re.compile(rf"(?P<who>[^：:\n]{{1,{LONGEST_NAME}}})[：:]")
_PERSON = r"(?:[\u4e00-\u9fff]{1,3}(?:总监|总|经理|主任|科长|院长|校长|园长|部长|处长?|厂长|店长|社长|所长|工|老师|师傅|医生|姐|哥|叔|姨|伯|董|科|局|部|处)|[小老阿][\u4e00-\u9fff])"
_AGREES = r"(?:好[的嘞滴啊呀哒吧哦]?|好好|行[的啊吧]?|可以[的啊哈]?|没问题[的啊哈]?|没得问题|OK+|ok+|Ok|okk?|收到|中|得嘞|要得|成|妥[了的]?|必须的|一定|放心|明白|嗯嗯+|嗯好|来得及|到得了|做得到|赶得上|没毛病|能|安排|照办|遵命|k|稍等|马上|[给做到赶来]得[到了出及]|这就(?:办|发|弄)|(?:一会儿?|晚点|待会儿?|等下|回头|马上|稍后)(?:就)?(?:发|给|回|办|弄)(?:您|你)?)"
_YES = re.compile(rf"(?:嗯+|那|您?放心)?(?:{_AGREES}){{1,3}}(?:{_PERSON})?(?:呢|哈|啊|了|吧|的|滴|呀)*[~!.]*")
_NO = re.compile(
    r"[^，。]{0,4}?(?:不行|不可以|不太?方便|来不及|做不[了到]|没办法|没法|没空|没时间|不用|不能|再说|再看|到时候?(?:再)?(?:看|说)|不一定|有难度|够呛|尽量)"
)
_ASKS_BACK = re.compile(r"吗|么$|呢$|[?？]|什么|怎么|多少|哪[里个天儿]?|几号|是不是|有没有|没$")


@dataclass
class _Said:
    """A thought, with what its own words show."""

    thought: Thought
    demands: list[Demand] = field(default_factory=list)
    steps: list[NextStep] = field(default_factory=list)


@dataclass
class _Bubble:
    speaker: Speaker
    who: str = ""
    """By which name he speaks, in a group."""
    said: list[_Said] = field(default_factory=list)


_Planned = dict[tuple[Span, Owner, str], NextStep]


@dataclass(frozen=True)
class _Asked:
    """A demand and who in the group made it."""

    demand: Demand
    who: str


@dataclass(frozen=True)
class _Request:
    """What the rep asks of the customer; `due` as he said it."""

    step: NextStep
    agreed: bool
    asked: bool = False
    """Whether it was only asked, so that the day is his to name."""
    refused: bool = False


def settle(
    text: str, thoughts: Sequence[Thought], demands: Sequence[Demand], steps: Sequence[NextStep]
) -> tuple[tuple[Demand, ...], tuple[NextStep, ...]]:
    """The demands and next steps of a chat, in their order, from those that its clauses show."""
    wanted: list[Demand] = []
    planned: _Planned = {}
    open_demands: Sequence[_Asked] = ()
    requests: Sequence[_Request] = ()
    for speaker, run in _runs(_bubbles(text, thoughts, demands, steps)):
        if speaker == "rep":
            requests, ours = _rep_says(run, open_demands)
            planned |= {_key(step): step for step in ours}
            planned = _without_taken_back(planned, run)
            planned |= {_key(request.step): request.step for request in requests if request.agreed}
            continue
        asked, theirs = _customer_says(run)
        planned = _without_called_off(planned, run)
        answered = _answered(run, requests[-MOST_AT_ONCE:], {each.demand.span.start for each in asked})
        for request in answered:
            if request.refused:
                planned.pop(_key(request.step), None)
            elif request.agreed:
                planned[_key(request.step)] = request.step
        has_agreed = any(request.agreed for request in answered)
        planned |= {_key(step): step for step in theirs if not (has_agreed and _answers_only(step, run[0]))}
        open_demands = asked[-MOST_AT_ONCE:]
        wanted += [each.demand for each in asked]
    return _once_each(wanted), _once_each_step(planned.values())


_TAKES_BACK = re.compile(
    r"(?<![会才])(?:[给发到做交出装寄送来赶去修换开报]|完成)不(?:了|到|出|完|上|及)|没法|取消|(?:要|得|可能)(?:推迟|延期|延后)"
)
_CALLS_OFF = re.compile(
    r"^(?:那|先|就|你们?|您)*(?:别|不用|不要|甭|唔使|莫)(?P<what>来|过来|发|送|寄|换|修|装|做|报|安排|弄)[^，。]{0,4}[了啦咯]"
)
_COMES = re.compile(r"来|过去|上门|到|拜访|派|安排[^，。]{0,4}(?:师傅|人|技术|工程师)")


def _without_taken_back(planned: _Planned, run: Sequence[_Bubble]) -> _Planned:
    """Our promises as we leave them: none where we say later that we cannot (周五给不了了), on the new day where we name one."""
    kept = planned
    for bubble in run:
        thoughts = [said.thought for said in bubble.said]
        for number, thought in enumerate(thoughts):
            words = _bare(thought)
            if not _TAKES_BACK.search(words) or _ASKS_BACK.search(words):
                continue
            later = (
                each.due for each in thoughts[number + 1 :] if each.due is not None and _NEW_DAY.match(_bare(each))
            )
            day = next(later, None)
            for key, step in list(kept.items())[-MOST_TAKEN_BACK:]:
                if not _takes_back(thought, step):
                    continue
                kept = {each: other for each, other in kept.items() if each != key}
                if day is not None:
                    kept[key] = replace(step, due=day.due, due_span=day.span)
    return kept


MOST_TAKEN_BACK = 8
"""Steps, the last, that words which take something back may be about."""
_NEW_DAY = re.compile(r"^(?:那|改|要|得|最快|只能|推|延)*(?:到|成)?(?:可以|行|吧|给您|给你|哈)*$")


def _takes_back(thought: Thought, step: NextStep) -> bool:
    if step.owner == "customer" or step.span.start >= thought.clause.start:
        return False
    is_same_day = thought.due is not None and thought.due.due == step.due
    return is_same_day or _alike(re.sub(r"不[了到出完上及]", "", _bare(thought)), step.action)


def _without_called_off(planned: _Planned, run: Sequence[_Bubble]) -> _Planned:
    """Without what the customer no longer wants of us: 别来了，好了已经."""
    kept = planned
    for said in (said for bubble in run for said in bubble.said):
        match = _CALLS_OFF.match(_bare(said.thought))
        if match is None:
            continue
        verb = match["what"][-1]
        for key, step in list(kept.items())[-MOST_TAKEN_BACK:]:
            is_meant = verb in step.action or (verb == "来" and _COMES.search(step.action) is not None)
            if step.owner != "customer" and is_meant:
                kept = {each: other for each, other in kept.items() if each != key}
    return kept


def _key(step: NextStep) -> tuple[Span, Owner, str]:
    return step.span, step.owner, step.action


# Bubbles


def _bubbles(
    text: str, thoughts: Sequence[Thought], demands: Sequence[Demand], steps: Sequence[NextStep]
) -> list[_Bubble]:
    spoken = sorted(
        (_Said(thought) for thought in thoughts if thought.clause.speaker is not None),
        key=lambda said: said.thought.clause.start,
    )
    clause_starts = [said.thought.clause.start for said in spoken]

    def said_at(offset: int) -> _Said | None:
        number = bisect_right(clause_starts, offset) - 1
        return spoken[number] if number >= 0 and offset < spoken[number].thought.clause.end else None

    for demand in demands:
        if (said := said_at(demand.span.start)) is not None:
            said.demands.append(demand)
    for step in steps:
        # a promise of what was asked for stands where its last word does
        if (said := said_at(step.span.end - 1)) is not None:
            said.steps.append(step)
    bubble_starts = [match.start() for match in _BUBBLE.finditer(text)]
    bubbles: dict[int, _Bubble] = {}
    for said in spoken:
        clause = said.thought.clause
        number = bisect_right(bubble_starts, clause.start)
        # a span that begins in an earlier bubble would hold names and other people's words
        said.steps = [
            step
            if step.span.start >= bubble_starts[number - 1]
            else replace(step, span=clause.span(0, len(clause.text)))
            for step in said.steps
        ]
        if number not in bubbles:
            who = _NAME.match(text, bubble_starts[number - 1])
            bubbles[number] = _Bubble(clause.speaker or "customer", who["who"] if who else "")
        bubbles[number].said.append(said)
    return list(bubbles.values())


def _runs(bubbles: Sequence[_Bubble]) -> Iterator[tuple[Speaker, list[_Bubble]]]:
    for speaker, run in groupby(bubbles, key=lambda bubble: bubble.speaker):
        yield speaker, list(run)


def _bare(thought: Thought) -> str:
    """The words of a thought without its times."""
    return without(0, thought.clause, thought.times)


_ASKING = re.compile(r"能不能|能否|可不可以|可否|是不是可以|(?:吗|么|嘛|呢|不)?[?？]*$")
_WHOM = re.compile(
    rf"^(?:那|对了|另外|还有|老板|领导|我们|他|{_PERSON})?(?:让|叫|要|请|麻烦|希望|需要)?(?:你们?|您|贵司)(?:这边|那边|公司)?(?:再|先)?|^(?:请|麻烦|记得)?于?前?"
)


_FROM_OUTSIDE = re.compile(
    r"^帮忙?(?=[^我])|^(?:那|我们|咱们|能|可以|要|得)+(?=[^我])|^(?:什么时候|啥时候|几时|哪天)(?:能|可以)?|记得|别忘了|千万"
)


_PARTICLES = re.compile(r"(?:哈|嘛|撒|噻|咧|嘞|喽|咯|哟|呀|哦|喔|呗|嗷|啵|啊)+$")
"""What a dialect hangs on an order; 吗, 么, 呢 and 不 ask."""
_OPENING = re.compile(r"^(?:那个|那|对了|另外|还有(?=[^，。]{3})|顺便|然后|再就是)+(?=[^，。]{2})")


def _wording(words: str) -> str:
    """What is wanted, without asking and without whom it is asked of; a verb that cleaning takes off stays."""
    words = re.sub(r"(?<=过来)我们.*$", "", words)
    words = _OPENING.sub("", _PARTICLES.sub("", _ASKING.sub("", _PARTICLES.sub("", words))))
    words = _FROM_OUTSIDE.sub("", _WHOM.sub("", words, count=1)) or words
    clean = cleaned(words)
    is_whole = clean and not clean.startswith("们") and "回传" not in words
    return clean if is_whole and (VERB.search(clean) or not VERB.search(words)) else words


def _made(owner: Owner, thought: Thought, words: str) -> NextStep | None:
    clause, due = thought.clause, thought.due
    action = _wording(words)
    if len(action) < 2:
        return None
    return NextStep(
        owner, action, clause.span(0, len(clause.text)), due.due if due else None, due.span if due else None
    )


# The customer's side

_OWN = re.compile(r"(?:我(?!仓库|司|厂|这里|这边仓)|我们?(?:这边|这里|自己)?|咱|俺)")
_TO_YOU = re.compile(r"(?:给|发|传|回|找|寄|告诉|通知|回复|答复|联系)(?:你|您)")
_PRICE = re.compile(r"多少(?:钱|一|$)|什么价|啥价|怎么卖|几块|几个点")
_OTHERS_GIVE = re.compile(
    r"^[^你您，。]{1,6}(?:给我|报)(?:了|的)?[\d一二两三四五六七八九十百千]+(?:\.\d+)?[万千百块元折]"
)
_ON_CONDITION = re.compile(r"我?就(?:定|签|下单|要|付|买)|(?:行|可以)就")
_THEIR_AFFAIR = re.compile(r"^(?:我?要|还要|得)(?:安排|走流程|验收|报批|开会|出差|汇报|请示|用)")
_SELLER_DOES = (
    r"(?:送(?:到|过来|来)|搞定|弄好|装好|装完|安装|完工|修好|修完|到货|发货|送货|到位|上门|派人|来人|报价|报(?:给|过来|一下)|给(?:我|我们|俺|咱)|给(?:个|一?[份版])?[^我你您，。]{0,4}(?:方案|说明|报价|答复|准话|回复|结果|计划|清单|图纸|报告|资料|合同|发票|样品|价格)"
    r"|出(?:方案|图|报价|报告|结果)|发(?:我|过来|给我|一下)|交(?:货|付|图)|通水|通电|开通|上线|降(?:到|下来)|换(?:掉|好|新)|改(?:好|完|成)|调(?:好|完|试)|补(?:上|齐|发|货)|处理|解决|恢复|完成|回(?:我|复我?|个?话)|来(?:签|一趟|看|修|装|人|演示|讲|培训|调试|测|量|谈|汇报|检修|开会)|带)"
)
_DATED = re.compile(
    rf"^(?:那|就|最晚|最迟|一定|务必|必须|要|得|能|先|再|都|也|给我|前|之前|全部|赶紧|尽快|抓紧)*(?P<what>{_SELLER_DOES}.*)$"
)
_MUST = re.compile(
    r"^(?:那|最晚|最迟)?(?P<what>[^我你您，。]{0,8}?(?:必须|一定要?|务必|非得)(?!.*(?:付款|打款|我))[^，。]{2,})$"
)
_ORDER = re.compile(
    r"^(?:那|对了|另外|还有|先|再|也|都|就|快|赶紧|尽快|抓紧|顺便|这个[月周]|今天|各位)*(?P<what>"
    r"[^我你您们他了，。]{0,12}?(?:也|都|先|再)?(?:发|报|开|给|更新|优化|完善|细化|改|换|查|催|修|调|补|寄|送|重做|重出|降|算|核|准备|整理|盖|附|出)(?:一|两|几)?(?:下|份|个|版|遍)"
    r"|[^我你您们他了，。]{0,10}?(?:重新|再)(?:出|做|报|打|发|给|画|调|送|来|加|补|算)(?:一?[个份版批台套次遍]|[两几\d]).*"
    r"|(?:[^我你您们他了，。]{1,6})?(?:给(?:俺|我|咱|我们)留|备|留|换|加|送|补|寄|带|发)(?:[一两二三四五六七八九十几\d]|点).*"
    r"|(?:价格|单价|付款|账期|货款|运费|总价)(?:就|还是|都)?(?:按|改成|走|做|降到|压到).+"
    r"|[^我你您们他了，。]{2,8}(?:也要|要改|要换|要重做|要加固|要加)"
    r"|[^我你您们他了，。]{0,6}(?:要|再|得)[\u4e00-\u9fff]{1,2}一?点"
    r"|[^我你您们他了，。]{0,8}(?:提前|到了|来之?前|之前|先)[^我你您了，。]{0,4}(?:通知|打电话|说一声|联系)(?:我|我们)?"
    r"|[^我你您们他了，。]{2,10}(?:发|寄|传|放|交|送)(?:到|给|在)?(?:群里|我们?|邮箱|公司|过来|财务|采购|仓库|项目部|现场)"
    r"|(?:重开|重做|重发|重出|补开|补发|补寄)[^我你您了，。]{1,8}"
    r"|(?:那就)?(?:重新|重)(?:打|做|发|寄|出|报|画|弄|装|修)(?:一?[个份版])?"
    r"|[^我你您们他了，。]{0,8}(?:拍|出|做|打|写|弄|搞|附|盖)个[^我你您们他了，。]{1,8}"
    r"|[^我你您们他了，。]{2,8}(?:改到|改成|改为|换成|换到)[^我你您们他了，。]{1,10}"
    r"|书面[^，。]{2,}|赔[^，。]{1,8})(?:吧|哈|啊|嘛|呗|哦)?$"
)
_HELP = re.compile(
    r"^(?:你|您)?(?:帮忙?|麻烦|辛苦)(?:我们?|你们?|您|看看)?(?P<what>(?:查|看|问|催|确认|核实|跟进|留|带|拿|算|改|约|订)[^，。]{1,14})$"
)
_HANDS_US = re.compile(
    r"^(?P<what>(?:把)?[^我咱俺你您，。]{0,16}?(?:给|发|寄|传|拍|拿)(?:我们?|俺们?|咱)(?:这边|们)?(?:一?[份个下版张])?)$"
)
_SET_ON = re.compile(
    r"^[^，。我]{0,8}?(?:让|叫|要求|希望)(?:你们?|您|贵司)(?:这边|那边)?(?P<what>[^，。吗?？了过]{2,})$"
)
_LEND = re.compile(
    r"^(?P<what>[^我，。]{0,8}借(?:给)?(?:我们?|俺们?)[^，。]{0,8}?)(?:行|可以|好)?(?:[吗么]|不行?|[?？])*$"
)
_COME_TO = re.compile(
    r"^(?:你们?|您)?(?:请|也)?(?P<what>来(?:我们|厂|公司|现场|项目部|办公室|工地|店|车间|学校|医院|院)[^，。]{0,10}|过来[^，。]{0,6}?)(?:吧|哈)?$"
)
_FOR_US = re.compile(
    rf"{_COME_TO.pattern}|(?:让|叫)(?:你们?|您)|^[^我咱俺]*?(?:给|发|寄|传|报|拍|拿)(?:我|俺|咱)(?![^，。]{{0,4}}[了过])"
)
_WANTS_BACK = re.compile(r"^(?:我们?|那)?(?:要|得|要求)(?P<what>退货|换货|退款|退钱|赔偿|赔钱|索赔|换新|补发|重做)")
_CAN_YOU = re.compile(
    r"^(?:那|你们?|您)?(?P<what>[^我，。]{0,12}?(?:能|可以|行)?(?:不能|不可以)?[^我，。]{0,6}?(?:到|进场|出来|出|装|送|发|做|来|给|开|完|交|寄|提前|便宜|优惠|安排|上线|修|换|退|免|加|赶|派|改|降)[^我，。]{0,12}?)"
    r"(?P<asks>能?[吗么]|不(?=$|[?？])|行不行?|行吗|可以吗|好吧|好不好|成不|中不|OK吗|[?？]+)[?？]*$"
)
_CAN = re.compile(r"能|可以|行|好不|成不|中不|OK")
_NOT_OURS = re.compile(r"到了[吗么]|收到|好了[吗么]|没$|了[吗么]|过[吗么]")
_ACCEPTS = re.compile(r"^(?:能|可以)?(?:接受|同意|做|答应)[吗么不]?$|^(?:可以|行|有问题)[吗么不]")
_WHEN = re.compile(
    r"^(?P<what>[^我，。]{1,10}?)(?:大概|一般)?(?:什么时候|啥时候|几时|何时|哪天|几号)(?:能|可以|才能)?(?P<verb>开|发|给|到|出|做|装|交|报|寄|送|来|好|完成|更新)(?:货|来|给我|过来|出来|好)?[?？呢啊]*$"
)
_SELF_DATED = re.compile(
    r"^(?:就|再|先|大概|会|要|准备|应该|可以|去|财务|领导|老板|我们?|我这边|让[^，。]{1,6}|那)*(?:做?测试|试用|试机|付款?|打款|打(?:首付|尾款|定金|过去|给)|汇款|转账|安排付款|开标|评标|评审|专家评审|上会|过会|盖章?|签(?:字|合同|约)?|下单|下订单|拍|寄(?:回|给|合同|过去)|弄|办|催|腾|打(?=$))(?:[^，。吗?？]{0,8})$"
)
_FETCHES = re.compile(r"^(?:我|我们|就|再)*(?:去|过去|过来|来)(?:拿|提|取|拉)(?:货|走)?$")
_EVENT = re.compile(
    r"^(?P<what>[^我，。了没不]{0,8}(?:开标|评标|发标|挂网|上会|专家评审|评审会?|招标))(?:会|时间|大概|暂|初步|就|是|定|安排|在|于)*$"
)


def _customer_says(run: Sequence[_Bubble]) -> tuple[list[_Asked], list[NextStep]]:
    asked: list[_Asked] = []
    theirs: list[NextStep] = []
    for bubble in run:
        before: Thought | None = None
        for said in bubble.said:
            thought, words = said.thought, said.thought.clause.text
            steps = [step for step in said.steps if step.owner == "customer"]
            bare = _bare(thought)
            wants = _wants(said, before, is_his=bool(steps))
            asked += [_Asked(each, bubble.who) for each in wants]
            if not wants:
                own = [_whole(step, thought) for step in steps] or _does(thought)
                # what he says of us is no promise of ours
                own += [
                    replace(step, owner="customer")
                    for step in said.steps
                    if step not in steps and not _YOU.search(words)
                ]
                theirs += [
                    step
                    for step in own
                    if not _NO_DEED.search(words) and not _BUSY.match(bare) and not _IF_SO.match(bare)
                ]
            before = thought
    return asked, theirs


def _wants(said: _Said, before: Thought | None, *, is_his: bool) -> list[Demand]:
    """The demands of a clause; `is_his`: whether it shows a step of the customer's, so that only plain words make it one."""
    thought, words = said.thought, _bare(said.thought)
    if _NOT_NOW.search(thought.clause.text):
        return []
    if _needed(words) or any(shape.match(words) for shape in (_BROUGHT, _BRING, _FETCH_HERE)):
        return _asks(thought, before)
    if is_his and not _FOR_US.search(words):
        return []
    return _kept(thought, said.demands) or _asks(thought, before)


def _whole(step: NextStep, thought: Thought) -> NextStep:
    """With its words uncut where cleaning took 你 off 你们 or 去您 off 去您那边."""
    words = re.sub(r"^(?:我们?|会|要|想|需要|先)+", "", _bare(thought))
    is_cut = step.action.startswith(("们", "下", "部")) or step.action in ("那边", "这边", "那", "一趟")
    is_cut = is_cut or (step.action.startswith("解") and words.startswith("了解"))
    return replace(step, action=words) if is_cut and len(words) >= 2 else step


_IF_SO = re.compile(
    r"^(?:行|可以|成|中|能定|OK|ok)(?:的?话)?(?:我们?|咱)?[^，。]{0,4}就?(?=[^，。]{2})(?=.*就)|^[^，。]{0,10}?(?:能|可以)[^，。]{1,10}我?就(?:签|定|下单|买|要|付)"
)
"""行我今天就盖章: only if we agree to the price before it."""
_BUSY = re.compile(r"^(?:我|我们)?(?:在|要|还要|得)?(?:开会|上课|手术|开车|上飞机)$")
_NO_DEED = re.compile(
    r"^[^，。]{0,6}按我们?(?:发|给)|吗|[?？]|能不能|行不|^(?:他们?|她们?|人家|别家|对方)|出差|休假|请假|放假|开业|开张|搬家|几点|几号|什么|多少|怎么|哪|过年|回老家|快乐|愉快|恭喜"
)

_SUPPLIES = r"(?:安装|装(?:好|完|机|上)|到货|到位|交货|交付|发货|送货|供货|送到|上线|培训|调试|报价|提供|完工|开通|修好|修完|换好|[做弄改干测]完|拿到(?:货|报价|方案|样|图|发票|合同)|出图|出方案|看到(?:样|方案|报价|货)|进场|恢复)"
"""What only the supplier does, whoever is said to need it."""
_NEED = re.compile(
    r"^(?P<topic>(?:(?!需要|要求|必须|希望|最好|务必|我|你|您|咱|俺|，|。|如果|要是)[^，。]){0,12}?)(?:我们?|咱们?|俺们?|我司|我方)?(?:这边|那边|厂里|公司|项目上)?(?:也|都|就|还|是|又)*"
    r"(?P<need>需要|要求|必须要?|务必|希望|最好是?|一定要|争取|得|要)(?:你们?|您|贵司|贵公司)?(?:这边|那边)?(?:能够|能|可以|在|就|全部|都|先|再|把|之?前|帮我们?)*"
    rf"(?P<what>[^我你您，。]{{0,10}}?{_SUPPLIES}[^我，。]{{0,10}}|到)$"
)
_THEY_DO = re.compile(
    r"^(?:走|审|开会|内部|过一|讨论|商量|研究|汇报|请示|报批|上会|备货|付|验收|看(?!到)|考虑|招标|比价|自己|先?跟|和|等|让|叫|去|用)|审批|开会|上会|汇报|流程|内部|自己"
)


_NOT_NOW = re.compile(r"^(?:以前|之前(?=要求|说|讲)|原来|当时|去年)|才(?:付|能|可以|签|打)")
_BY_WHOM = re.compile(
    r"^(?:合同|标书|招标文件|领导|老板|客户|业主|甲方|公司|集团|总部|院里|学校|厂里|上面)?(?:前|之前|这边|那边)?$"
)


def _needed(words: str) -> str:
    """What the customer says that he needs and only we can do (我们需要完成安装), with its object; else nothing."""
    words = re.sub(r"^(?:那|另外|还有|对了|然后)+", "", _PARTICLES.sub("", words))
    match = _NEED.match(words)
    if match is None or _ASKS_BACK.search(words) or re.search(r"[了过](?!程|来|去)|不(?:需要|要|用|得)", words):
        return ""
    if _FOR_OTHERS.match(words) or _WHETHER.search(words):
        return ""
    if _THEY_DO.search(match["what"]) or (match["what"] == "到" and not match["topic"]):
        return ""
    if re.search(r"你|您", match["topic"]) or match["topic"].endswith(("不", "没", "还", "主", "重", "只")):
        return ""
    what = re.sub(r"^(?:前|之前)", "", match["what"])
    if _BY_WHOM.match(match["topic"]):
        return what
    return match["topic"].removesuffix("前").removesuffix("之") + what


_BROUGHT = re.compile(
    r"^(?P<topic>(?:(?!什么时候|啥时候|几时|哪天|几号)[^，。我你您]){2,10}?)(?:能不能|能否|可不可以|可否|能)(?P<what>(?:给|发|寄|传|出|提供|做|报|弄|整理)(?:我们?|一下)?(?:[一两几]?[份个版套张])?)(?:吗|么|不|呢|[?？])*$"
)
"""排产表能不能给一份: 给一份 says nothing without what stands before."""


def _kept(thought: Thought, known: Sequence[Demand]) -> list[Demand]:
    """Of the demands that the clause shows by itself, those that are one in a chat."""
    words = _bare(thought)
    if _PRICE.search(words) or _OTHERS_GIVE.match(words) or _ON_CONDITION.search(words) or _THEIR_AFFAIR.match(words):
        return []
    if thought.due is None and all(_SAYS_NOTHING.fullmatch(each.what) for each in known):
        return []
    if _TO_YOU.search(words) or _ASKS_HIM.search(words):
        return []
    if re.fullmatch(r"(?:我们?|那)?要(?:[\d一二两三四五六七八九十百千万几.]+[\u4e00-\u9fff]{1,2})", words):
        return []  # how much he buys
    if re.match(r"^(?:你|您)?看一?下(?:邮件|微信|附件|群|信息|消息|图片|视频)", words):
        return []
    if _WHETHER.search(words) or _FOR_OTHERS.match(words) or any(each.what.startswith("的") for each in known):
        return []
    if _OFFERS.match(words) or _TOLD_PRICE.match(words) or _ATTITUDE.search(words):
        return []
    if known and _WHEN.match(words):
        return []  # `_asks` words it better
    return [
        replace(each, what=_wording(words))
        if _ASKING_LEFT.search(each.what)
        else replace(each, what=_OPENING.sub("", each.what))
        for each in known
    ]


_ASKS_HIM = re.compile(r"(?:要求|让|叫|催|问)(?:我|我们|咱们?)(?!仓库|司|厂)")
"""In the customer's mouth 我 is himself: 技术要求我让工程部发你."""
_SAYS_NOTHING = re.compile(r"(?:尽快|赶紧|抓紧)?(?:安排|处理|办|弄|搞|快|问)?(?:一?下|点)?")
_TOLD_PRICE = re.compile(r"^(?:但是?|可是?|那)?(?:你们?|您)(?:那边)?报(?:的|了)?\d")
_WHETHER = re.compile(
    r"^(?:那|还|是否|是不是)*(?:需要|要)(?!你们|您|能)[^，。]{1,8}[吗么]|(?:需要|要)(?:我们?)?[^，。]{0,6}(?:什么|哪些|哪几)"
)
"""需要安装吗, 需要提供什么资料: asked, and nothing wanted."""
_FOR_OTHERS = re.compile(r"^我们?[^，。你您]*(?:给|向)(?:客户|业主|领导|老板|甲方|总部|集团)")
"""我们必须5号前交货给客户: what he owes somebody else."""
_ATTITUDE = re.compile(r"(?:希望|请|要|多)[^，。]{0,6}(?:重视|理解|谅解|体谅|见谅|上点?心|有诚意|关注)")
"""Nothing that anybody could do."""
_ASKING_LEFT = re.compile(
    r"^你们|过来我们|希望你们?|希望贵|贵司|[点下]不$|能不能|吗|什么时候|啥时候|哪天|^们|^部|^一[趟份下]|让你们?|^于|叫你们?"
)


_NEEDS_IT = re.compile(r"^(?:就|急|马上|都|必须)*要(?:用|的|到)?$")
"""还有操作规程，今天要."""
_IS_THING = re.compile(r"^(?:还有|另外)[^我你您他，。了过没不吗要把]{2,10}$")
_BY_THEN = re.compile(
    r"^(?:另外|还有|那)?[^我你您他，。了没不款人]{1,10}?(?:前|之前)?(?:全部|都|要)?(?:(?:修|装|换|调试?)(?:好|完)|安装|到货|到位|交货|发货|送到|报价|到)$"
    r"|^保证金[^，。我了没]{0,3}(?:到账|交)$"
)
"""吊具下周二前修好: by a day, what only the supplier does."""


def _asks(thought: Thought, before: Thought | None) -> list[Demand]:
    """What the words of the customer ask for, where they have the shape of an order or a question."""
    clause, due, words = thought.clause, thought.due, _bare(thought)
    if _TO_YOU.search(words) or _PRICE.search(words) or _OTHERS_GIVE.match(words) or _ON_CONDITION.search(words):
        return []
    if _ATTITUDE.search(words) or _OFFERS.match(words):
        return []
    if _ACCEPTS.match(words):
        return _of_the_words_before(thought, before)
    if (
        before is not None
        and _THEY_DO.search(_bare(before))
        and re.match(r"(?:就|能|会|应该|可以)*出(?:结果|报告|来)", words)
    ):
        return []  # 我们要走审批，下周出结果
    if due is not None and before is not None and _NEEDS_IT.match(words) and _IS_THING.match(_bare(before)):
        thing = _OPENING.sub("", _bare(before))
        return [Demand(thing, before.clause.span(0, len(before.clause.text)), due.due, due.span)]
    what = _wanted(words, dated=due is not None)
    if not what and due is not None and due.kind == "deadline" and _BY_THEN.match(words):
        what = words
    if not what:
        return []
    return [
        Demand(_wording(what), clause.span(0, len(clause.text)), due.due if due else None, due.span if due else None)
    ]


_FEASIBLE = re.compile(
    r"^(?P<what>[^我你您，。]{2,12}?)(?P<verb>给|发|出|交|做|装|赶|送|到)得(?:到|了|完|出|及|出来)(?:不|吗|么|[?？])+$"
)
"""小样周四给得到不."""
_YOURS = re.compile(
    r"^(?P<topic>[^我你您他，。了过]{2,10})(?:你们?|您)(?:这边|那边)?(?:再|也|先|帮忙)*(?P<what>(?:出|发|给|做|报|改|换|查|补|开|弄)(?:一?下|一?[份个版张]))$"
)
_BRING = re.compile(
    r"^(?:你们?|您)?(?:来|过来|到|下次来?)的?(?:时候|时)(?:再|也|顺便|记得|麻烦)*(?P<what>(?:带|拿|捎)[^我你您，。了]{1,12})$"
)
_FETCH_HERE = re.compile(
    r"^(?:那|麻烦|请|再|先|尽快|赶紧|你们?|您)*(?P<what>把[^我你您，。了]{1,12}(?:送|寄|发|拿|带|运|快递)(?:过来|来))(?:吧)?$"
)
_EXTRA = re.compile(
    r"^(?:那|另外|还有|先|再|也|都|就|快|赶紧|尽快|抓紧|嗯|记得|麻烦)*(?P<what>"
    r"打个?样[^我你您，。了]{0,6}|(?:给(?:俺|我|咱|我们))?(?:先|再)?(?:捎|拿|来|发|订|下|送|寄|带)[\d一二两三四五六七八九十几百]+[\u4e00-\u9fffKk][^我你您，。了]{0,6}"
    r"|派(?:人|个|师傅|技术)[^我你您，。了]{0,8}|[^我你您，。了]{2,8}?先?下\d+[Kk箱台套个吨]"
    r"|(?:价格|单价|总价)?再?(?:降|便宜|优惠)[\d一二两三四五六七八九十几]+(?:个点|%|块|元|个百分点)[^我你您，。了]{0,2}"
    r"|[^我你您他，。了]{2,10}(?:自己带|自备|提前(?:发|给|寄|交|传|报|准备)(?:过来|我们?)?)"
    r"|[^我你您他，。了]{2,8}(?:记得|别忘了?|务必)(?:带|发|寄|给|交|开)[^我你您他，。了]{0,6})$"
    r"|^(?P<term>[^我你您他，。了]{2,6}要求[\d一二两三四五六七八九十]+(?:年|天|个月|%|次|小时)[^，。了吗]{0,4})$"
    r"|^(?:那|还|也|都|你们?|您|要|得|必须|一定)*(?P<pay>赔(?:我们?的?|偿|钱|款)[^，。了吗]{0,8})$"
    r"|^顺便(?:帮我们?|也|再)?(?P<also>(?:看看?|查|修|换|带|拿|问|检查)[^我你您，。了吗]{1,12})$"
    r"|^(?:你|您|你们)(?P<tell>跟[\u4e00-\u9fff]{1,5}(?:说|讲|打)(?:一声|一下|声|下|个招呼))$"
)


_OFFERS = re.compile(
    r"^[\d.一二两三四五六七八九十]+[万千百块元]?[\d一二三四五六七八九]?(?:能不能|能否|能|可以)?(?:做|卖|行|给)(?:吗|不|么)?$"
)
"""24万能不能做 is a counter-offer, as 24万行不行 is."""


def _asked_for(words: str) -> str:
    """The thing and what is to be done with it, of a question that names the thing first."""
    if brought := _BROUGHT.match(words):
        return brought["topic"] + brought["what"]
    if feasible := _FEASIBLE.match(_PARTICLES.sub("", words)):
        return feasible["verb"] + feasible["what"]
    return ""


def _told_to_do(words: str) -> str:
    """What an order without a subject wants, or one that names the thing first (质保函你们出一下)."""
    if yours := _YOURS.match(words):
        return yours["topic"] + yours["what"]
    if brings := _BRING.match(words) or _FETCH_HERE.match(words):
        return brings["what"]
    if extra := _EXTRA.match(words):
        return next(group for group in extra.groupdict().values() if group)
    return ""


def _wanted(words: str, *, dated: bool) -> str:
    """The part of the words that says what is wanted; empty where nothing is."""
    if needed := _needed(words) or _asked_for(words):
        return needed
    words = _PARTICLES.sub("", words)
    for pattern in (_WANTS_BACK, _HELP, _LEND, _SET_ON, _HANDS_US, *((_COME_TO,) if dated else ())):
        if match := pattern.match(words):
            return words[slice(*match.span("what"))]
    if (match := _WHEN.match(words)) and not _OWN.search(words):
        what = re.sub(r"^(?:你们?|您)(?:的)?", "", match["what"].removeprefix("的"))
        return what + match["verb"] if match["verb"] == "来" else match["verb"] + what
    if (match := _CAN_YOU.match(words)) and _CAN.search(words) and not _NOT_OURS.search(words):
        if _OFFERS.match(match["what"]):
            return ""
        return re.sub(r"能(?!源|耗)", "", match["what"], count=1)
    if _ASKS_BACK.search(words):
        return ""
    if told := _told_to_do(words):
        return told
    for pattern in (_MUST, _ORDER, *((_DATED,) if dated else ())):
        if (match := pattern.match(words)) and not re.search(r"[了过](?!程|滤|户)", match["what"]):
            return words[slice(*match.span("what"))]
    return ""


def _of_the_words_before(thought: Thought, before: Thought | None) -> list[Demand]:
    """付款按3-6-1，能接受吗: what stands before the question."""
    if before is None:
        return []
    words = _bare(before)
    if len(words) < 3 or before.clause.sentence != thought.clause.sentence:
        return []
    return [Demand(words, before.clause.span(0, len(before.clause.text)))]


def _does(thought: Thought) -> list[NextStep]:
    """What the customer says that he does on a day."""
    words = _bare(thought)
    if thought.due is None or any(mention.kind == "past" for mention in thought.times):
        return []
    event = _EVENT.match(words)
    fetches = thought.due.kind == "point" and _FETCHES.match(words)
    if not event and not fetches and (not _SELF_DATED.match(words) or re.search(r"[了过没不](?!起)", words)):
        return []
    step = _made("customer", thought, event["what"] if event else words)
    return [step] if step else []


# The rep's side

_REQUEST = re.compile(
    rf"^(?:那|好|行|另外|对了|还有|(?:方便|可以)的话|需要|(?!麻烦|请|辛苦|拜托|劳烦|需要|方便)[^我您你，。]{{1,12}}?)?(?P<ask>(?:麻烦|请|劳烦|烦请|有劳|辛苦|拜托)(?:一下)?(?:您|你们?|{_PERSON}|各位)?(?:们)?(?:这边|那边)?|帮忙|(?<![发给帮跟找替为到向和问寄送报回等约请陪比含])(?:您|你们?|您们)(?:这边|那边|公司)?)(?P<what>[^，。]{{2,}})$"
)
_HAND_ME = re.compile(
    r"^(?P<what>[^我您你，。]{0,10}?(?:发|给|拍|寄|回|传|提供|导)(?:我|我们|给我|给我们|过来)(?:[^，。吗?？]{0,10}))$"
)
_NO_REQUEST = re.compile(
    r"吗|么$|[?？]|什么|多少|怎么|哪|了吧|放心|先?别急|(?<!方便)(?<!可以)的话|看(?:可以|行)|觉得|收到|您(?:这边|那边)?(?:有|还)?需要|有需要|稍等|理解|说得?对|是(?:老|我)|之前|如果|要是|到付|自付|承担"
)
_TELLS_OF_THEM = re.compile(r"[了过](?!程|来|去)|^(?:们)?(?:这边|那边)?(?:是|有|说|要的|的)")
_COLLEAGUE = re.compile(
    r"^(?:我们?|咱们?|公司|厂里)?(?:的)?(?P<who>技术(?:部|员|支持)?|售后|质检|品控|质量部|师傅|安装师?傅?|安装队|工程师|厂家|厂里|仓库|物流|财务|商务|维保(?:师傅)?|司机|总工|法务|设计师?|研发|实施|客服|服务部)(?:部|的|同事|那边|这边)?(?:说|讲)?(?P<act>[^，。说]{1,16})$"
)
_ACTS = re.compile(
    r"^(?:就|会|再|先|也|都|已经在)*[^我您你了没不]{0,6}(?:到|来|去|上门|升级|补|修|出|做|发|寄|送|装|查|换|调|改|处理|完成|联系|对接|跟|恢复|解决)"
)
_NO_STEP = re.compile(
    r"^(?:我们|咱们?)好(?![好的像])|^(?:我们?|咱们?)?(?:含|包(?!装)|只能|最多|最低|用的|是|有|没|不|出$|这款)|只能|保到|最优|公示|公布|快乐|愉快|恭喜|^一下$|^[\d.万千百零一二两三四五六七八九]+(?:块|元)?$"
)
_NO_OBJECT = re.compile(
    rf"^(?:{_PERSON})?(?:(?:收到|拿到)[\u4e00-\u9fff]{{2,4}}?)?(?:那|我们|我|这边|稍后|稍晚|回头|待会儿?|一会儿?|等下|就|马上|这就|立刻|尽快|今晚|重|先|再|会|去|一起|上午|下午|晚上|重新)*(?:发|寄|给|送|报|传|拿|交|开|换|改|修|装|出|做|弄|搞|提供)(?:完|好|掉|齐|出来|过去|过来|上|定)?(?:给)?(?:您|你们?|我们?|群里|邮箱|微信|到)*(?:出来|过去)?(?:哈|啊|吧)?$|^(?:就)?(?:可以|能|行|寄出|发出|出发|发货|发顺丰|发快递)的?$"
)


_PROPOSES = re.compile(r"^(?:您|你)?看?(?:方便|可以|行|合适|成|中)(?:不行?|吗|么|[?？])+$")
"""元旦后我去拜访您，方便不: ours only with his yes."""
_WHEN_FREE = re.compile(
    r"^(?:那|请问)?(?:您|你们?)?(?:这边|那边|看)?(?:什么时候|啥时候|哪天|几点|几号)(?:有空|有时间|方便|合适|在)"
)
"""您啥时候有空，我过去一趟: the day of ours is his to name."""
_BUT = re.compile(r"^(?:不过|但是?|可是|只是|就是(?!说))")
_CANNOT = re.compile(
    r"^[^，。]{0,10}?(?:可能|恐怕|怕|估计|应该)?(?:来不及|做不[了到]|有(?:点)?难度|够呛|赶不[上出]|不一定)"
)
_TRIES = re.compile(
    r"^(?:那|这个|好|我们?|咱们?|这边|先|再|去|就|马上|得|来|回头|尽快|今天|跟[^，。]{1,5}?|帮[您你])*"
    r"(?P<act>看看|看一?下|问问|问一?下|协调(?:一?下)?|争取(?:一?下)?|申请(?:一?下)?|请示(?:一?下)?|了解(?:一?下)?|核实(?:一?下)?|查一?下|沟通(?:一?下)?|商量(?:一?下)?|尽量|尽力|评估(?:一?下)?|想想办法)(?:吧|哈|啊|看)*$"
)
"""我看看, 我去协调, 我尽量: no promise of what was asked, and nothing yet without it."""
_ASKS_AROUND = re.compile(
    r"^(?:那|这个|我们?|得|先|再|去|就|回头|马上|帮[您你])*(?P<act>(?:问问|问一?下|请示|申请|汇报|商量)[^，。您你]{1,6}?)(?:看看?|看?(?:能不能|能否|可不可以|可否|有没有)[^，。]*)$"
)


_OFFERED = re.compile(
    r"^(?:那|要不|或者)?(?:您|你)(?:看|觉得)(?P<what>[^您你，。]{0,8}?(?:我们?|咱们?)[^您你，。吗?？]{2,})$"
)


def _offered(thought: Thought) -> NextStep | None:
    """您看周五我带工程师过去: what we would do, if he likes."""
    match = _OFFERED.match(_bare(thought))
    return _made("us", thought, re.sub(r"(?:我们?|咱们?)", "", match["what"], count=1)) if match else None


def _meant_by(bubble: _Bubble, asked: Sequence[_Asked]) -> list[Demand]:
    """In a group a bare yes is for the one whom it names, else for the one who asked last."""
    whos = {each.who for each in asked}
    if len(whos) <= 1:
        return [each.demand for each in asked]
    words = "".join(said.thought.clause.text for said in bubble.said)
    named = {
        match["who"]
        for match in _ADDRESSED.finditer(words)
        if any(match["who"] in who or (match["who"].endswith(("总", "工")) and match["who"][0] in who) for who in whos)
    }
    who = next((each for each in whos if any(name in each for name in named)), None)
    if who is not None:
        return [each.demand for each in asked if each.who == who]
    return [each.demand for each in takewhile(lambda each: each.who == asked[-1].who, reversed(asked))][::-1]


_ADDRESSED = re.compile(
    r"(?P<who>[\u4e00-\u9fff](?:总监|总|经理|主任|科长|院长|校长|部长|处长|厂长|店长|工|老师|姐|哥|董)|[小老阿][\u4e00-\u9fff])"
)


def _taken_back_at_once(run: Sequence[_Bubble], number: int) -> str | None:
    """What follows a yes and takes it back (好的，不过3月来不及), in the same bubble or the next; empty for 我看看."""
    for bubble in run[number : number + 2]:
        texts = [said.thought.clause.text for said in bubble.said]
        for at, words in enumerate(texts):
            is_later = bubble is run[number] or at == 0
            if is_later and (_BUT.match(words) or _CANNOT.match(words)):
                return "".join(texts[at:])
            if bubble is not run[number] and at == 0 and _TRIES.match(words):
                return ""
    return None


def _put_to_him(thought: Thought, here: list[NextStep]) -> _Request | None:
    """What a clause of ours asks him to do or leaves to his yes; that may be the step just said, which then is none of ours."""
    if (offered := _offered(thought)) is not None:
        return _Request(offered, agreed=False, asked=True)
    if request := _requested(thought):
        return _Request(request, agreed=request.due is not None)
    if request := _asked_whether(thought):
        return _Request(request, agreed=False, asked=True)
    if here and _PROPOSES.match(thought.clause.text):
        return _Request(here.pop(), agreed=False, asked=True)
    return None


def _tries(thought: Thought, demands: Sequence[Demand]) -> bool:
    words = _bare(thought)
    return bool((demands and _TRIES.match(words)) or _ASKS_AROUND.match(words))


def _rep_says(run: Sequence[_Bubble], asked: Sequence[_Asked]) -> tuple[list[_Request], list[NextStep]]:
    requests: list[_Request] = []
    ours: list[NextStep] = []
    promised: list[Demand] = []
    open_demands = [each.demand for each in asked]
    for number, bubble in enumerate(run):
        agreed = tries = is_free_asked = False
        here: list[NextStep] = []
        for said in bubble.said:
            thought = said.thought
            if request := _put_to_him(thought, here):
                requests.append(request)
                continue
            is_free_asked = is_free_asked or _WHEN_FREE.match(thought.clause.text) is not None
            if _tries(thought, open_demands if number < ANSWERS_WITHIN else ()):
                tries = True
                here += _tried(thought, said.steps, open_demands)
                continue
            if tries and WHEN_ONLY.match(_bare(thought)):
                continue
            agreed = agreed or (number < ANSWERS_WITHIN and bool(_YES.fullmatch(thought.clause.text.strip())))
            here += _told(thought, said.steps, open_demands if number < ANSWERS_WITHIN else ())
        if is_free_asked:
            requests += [_Request(step, agreed=False, asked=True) for step in here if step.due is None]
        if agreed and not tries:
            but = _taken_back_at_once(run, number)
            promised += [
                each
                for each in _meant_by(bubble, asked)
                if each not in promised and not _settles(here, each) and not _is_excepted(each, but, open_demands)
            ]
        ours += here
    kept = [demand for demand in promised if _is_a_deed(demand) and not any(_speaks_of(step, demand) for step in ours)]
    return requests, [*(NextStep("us", each.what, each.span, each.due, each.due_span) for each in kept), *ours]


def _is_excepted(demand: Demand, but: str | None, demands: Sequence[Demand]) -> bool:
    """Whether what takes a yes back speaks of the demand, or of none in particular."""
    if but is None:
        return False
    return _alike(but, demand.what) or not any(_alike(but, each.what) for each in demands)


def _tried(thought: Thought, shown: Sequence[NextStep], demands: Sequence[Demand]) -> list[NextStep]:
    """我去协调: what we try, with the object that was asked for and no date of it."""
    words = _bare(thought)
    clause, due = thought.clause, thought.due
    if match := _ASKS_AROUND.match(words):
        act = match["act"]
    else:
        tries = _TRIES.match(words)
        wanted = [each for each in demands if not _TERMS.search(each.what) and each.due is not None] or [
            each for each in demands if _is_a_deed(each)
        ]
        if tries is None or not wanted:
            return [step for step in shown if step.owner == "us" and not _is_no_step(words, step)]
        act = re.sub(r"一?下$|(?<=问)问$", "", tries["act"]) + wanted[-1].what
    return [NextStep("us", act, clause.span(0, len(clause.text)), due.due if due else None, due.span if due else None)]


ANSWERS_WITHIN = 2
"""Bubbles of an answer in which a bare yes or a bare date is for what was asked."""


def _told(thought: Thought, shown: Sequence[NextStep], open_demands: Sequence[Demand]) -> list[NextStep]:
    """What a clause of the rep's says that we do."""
    clause, words = thought.clause, _bare(thought)
    if colleague := _by_a_colleague(thought):
        return [colleague]
    if not shown and (gives := _GIVES_YOU.match(words)) and (thought.due is not None or len(gives["what"]) > 1):
        act = gives["what"] if len(gives["what"]) > 1 else words
        return [step for step in (_made("us", thought, act),) if step]
    steps = [
        replace(_whole(each, thought), owner="us")
        if each.owner == "customer" and (not _YOU.search(clause.text) or _HANDS_YOU.search(clause.text))
        else _whole(each, thought)
        for each in shown
        if not _is_no_step(words, each)
    ]
    if not steps and thought.due is not None and _MEET.match(words):
        steps = [step for step in (_made("us", thought, words),) if step]
    if not steps and (_FINISHES.match(words) if thought.due is not None else _KEEPS.match(words)):
        steps = [step for step in (_made("us", thought, words),) if step]
    if not open_demands or (thought.due is None and not _NO_OBJECT.match(words)):
        return steps
    asked = _meant(words, [each for each in open_demands if not _TERMS.search(each.what)])
    if asked is None:
        return steps
    if (
        not steps
        and thought.due is not None
        and (WHEN_ONLY.match(words) or _YES.fullmatch(words) or _NO_OBJECT.match(words))
    ):
        return [NextStep("us", asked.what, asked.span, thought.due.due, thought.due.span)]
    return [
        replace(each, action=asked.what, span=asked.span)
        if each.owner == "us" and (_NO_OBJECT.match(words) or each.action == asked.what)
        else each
        for each in steps
    ]


_GIVES_YOU = re.compile(
    r"^(?:那|我们?|这边|就|马上|立刻|再|重新)*给(?:您|你们?)(?P<what>(?:补|换|退|修|改|调|做|装)[^，。吗?？了没]{0,10})$"
)
_FINISHES = re.compile(r"^[^您你，。吗?？了没不如若要]{0,8}(?:换|装|修|弄|做|调|改|搞|备)(?:好|完)$")
_KEEPS = re.compile(r"^(?:那|我们?|就|先|提前|给(?:您|你))*(?:备好|备着|留着|留好)$")
_MEET = re.compile(r"^(?:那|就|我们?|咱们?|再|准时)*(?:在|到|去)[^，。吗?？了]{2,12}(?:见|碰头|碰面|见面|集合|拜访)$")
_YOU = re.compile(r"您|你|麻烦|请|辛苦")
_HANDS_YOU = re.compile(r"^(?![^，。]*(?:麻烦|请|辛苦|让))[^，。您你]{0,8}(?:发|给|寄|回复|送|报|拿|传|带)给?(?:您|你)")
"""陆工马上发您: we speak to him, he does nothing."""


def _meant(words: str, demands: Sequence[Demand]) -> Demand | None:
    """The demand that words without an object of their own answer: the one that is alike, else the last."""
    last_first = demands[::-1]
    return next((each for each in last_first if _alike(words, each.what)), last_first[0] if last_first else None)


def _settles(here: Sequence[NextStep], demand: Demand) -> bool:
    """Whether what else the same bubble says is the answer: 好，今晚发您."""
    return any(step.due is not None and (demand.due is None or demand.due == step.due) for step in here)


def _speaks_of(step: NextStep, demand: Demand) -> bool:
    if step.due is not None and demand.due is not None and step.due != demand.due:
        return step.action == demand.what
    return _alike(step.action, demand.what)


_TERMS = re.compile(r"^别|^再?(?:快|早|抓紧)|^不要|分期|账期|付款|月结|价格|单价|总价|便宜|降价|年降|优惠|包邮|含税|折")


_GOODS = re.compile(
    r"(?:[\u4e00-\u9fff]{0,4})?(?:给(?:俺|我|咱|我们))?(?:先|再)?(?:来|要|捎|拿|订|下)[\dK一二两三四五六七八九十百千几]+[\u4e00-\u9fffKk]{0,4}|[\d一二两三四五六七八九十百千几]+[\u4e00-\u9fff]{1,2}"
)


def _is_a_deed(demand: Demand) -> bool:
    """A term that we grant (分期) is nothing to do, and neither is what is not named (发我)."""
    if _TERMS.search(demand.what) or _GOODS.fullmatch(demand.what):
        return False
    return demand.due is not None or not _NO_OBJECT.match(demand.what)


def _requested(thought: Thought) -> NextStep | None:
    words = _bare(thought)
    if _NO_REQUEST.search(words):
        return None
    if (match := _HAND_ME.match(words)) and not re.search(r"麻烦|请", words):
        return _made("customer", thought, match["what"])
    match = _REQUEST.match(words)
    if match is None or _TELLS_OF_THEM.search(match["what"]) or not _IS_ACT.search(match["what"]):
        return None
    topic = _NO_TOPIC.sub("", words[: match.start("ask")])
    return _made("customer", thought, match["what"] + topic)


_NO_TOPIC = re.compile(
    rf"^[^，。]{{1,6}}了$|^(?:那|好|行|另外|对了|还有|这个|还|也)*(?:需要|(?:方便|可以)的话)|^{_PERSON}$"
)
_QUESTION = re.compile(
    r"^(?P<what>[^我，。]{1,14}?)?(?:能|可以|能不能|方便)(?P<verb>付|打款|打|到账|签|盖章|盖|定下来|定|给|发|寄|确认|安排|回款|结)(?P<rest>[^我，。]{0,6}?)(?:吗|么|不|[?？])+$"
    r"|^(?P<which>[^我，。]{1,14}?)(?:大概|一般)?(?:什么时候|啥时候|几时|哪天|几号)(?:能|可以|方便|好)?(?P<does>付|打款|打|到账|签|盖章|盖|定|给|发|寄|确认|安排|回款|结)(?:我们?)?[^我，。]{0,4}$"
    r"|^(?:那|请问|领导)?(?:您|你们?)(?:这边|那边)?(?:大概|准备|打算|看)?(?:什么时候|啥时候|几时|哪天|几号)(?:能|可以|方便|有空)?(?P<visits>过来|来|到)(?P<why>[^我，。吗]{0,8}?)[呢啊呀?？]*$"
)
"""订金这周能打吗: what we ask whether he does, his step only where he says yes."""


def _asked_whether(thought: Thought) -> NextStep | None:
    match = _QUESTION.match(_bare(thought))
    if match is None or (match["rest"] or "").startswith(("您", "你")):
        return None
    if match["visits"]:
        return _made("customer", thought, match["visits"] + match["why"] if match["why"] else "过来")
    words = match["verb"] or match["does"]
    topic = re.sub(
        r"^(?:请问|那|您看|(?:您|你们?)(?:这边|那边)?(?:$|(?=[^，。])))", "", match["what"] or match["which"] or ""
    )
    return _made("customer", thought, f"{words}{match['rest'] or ''}{topic}")


_IS_ACT = re.compile(
    r"把|确认|反馈|给|提供|批|签|盖|付|打款|催|安排|回复|答复|发|寄|提交|定|导|拍|测试|试|评审|验收|补|派|看|准备|核对|问|说|协调|配合|到位|填|留|开|查|转|通知|交|拿|带|整理|跟"
)


def _by_a_colleague(thought: Thought) -> NextStep | None:
    words = _bare(thought)
    match = _COLLEAGUE.match(words)
    if match is None or thought.due is None or not _ACTS.match(match["act"]) or _ASKS_BACK.search(words):
        return None
    act = match["act"]
    return _made("colleague", thought, act if len(act) > 1 else match["who"] + act)


_TELLS_OF_GOODS = re.compile(r"^(?:我们|这款|这个)[^会要能可给发，。]{1,8}的$")


def _is_no_step(words: str, step: NextStep) -> bool:
    return bool(_NO_STEP.search(words) or _NO_STEP.fullmatch(step.action) or _TELLS_OF_GOODS.match(words))


def _alike(one: str, other: str) -> bool:
    """Whether two characters on end stand in both, or a sign of a short one in the other."""
    if len(one) <= 2:
        return any(sign in other for sign in one)
    return any(one[at : at + 2] in other for at in range(len(one) - 1))


def _answered(run: Sequence[_Bubble], requests: Sequence[_Request], asked: Container[int]) -> list[_Request]:
    """The requests of the run before, as the first bubbles of the answer leave them."""
    found = list(requests)
    for bubble in run[:2] if found else ():
        agreed = False
        for thought in (said.thought for said in bubble.said):
            words = thought.clause.text.strip()
            if any(at in asked for at in range(thought.clause.start, thought.clause.end)):
                continue
            if _NO.match(words):
                refused = [replace(request, agreed=False, refused=True) for request in found]
                return [*refused, *_put_off(bubble, found)]
            if _YES.fullmatch(words):
                agreed = True
                found = [replace(request, agreed=True) for request in found]
            elif thought.due is not None and not _ASKS_BACK.search(words):
                found = [
                    _dated(request, thought) if agreed or _is_when(thought, request) else request for request in found
                ]
    return found


def _is_when(thought: Thought, request: _Request) -> bool:
    """Whether a day without a yes answers: 下周一 to 什么时候能签, 明天回签 to 您回签给我."""
    words = _bare(thought).rstrip("吧哈啊")
    if request.step.owner == "us":
        return not words
    return ((request.asked and len(words) <= 2) or (len(words) == 1 and words in request.step.action)) or (
        len(words) >= 2 and _alike(words, request.step.action)
    )


def _put_off(bubble: _Bubble, requests: Sequence[_Request]) -> list[_Request]:
    """这周不行，月底吧: agreed, on another day."""
    for thought in (said.thought for said in bubble.said):
        if thought.due is not None and re.fullmatch(
            r"(?:要|得|最快|那就?|改|等)?(?:到)?(?:吧|可以|行|哈)?", _bare(thought)
        ):
            due = thought.due
            return [
                replace(each, agreed=True, step=replace(each.step, due=due.due, due_span=due.span)) for each in requests
            ]
    return []


def _dated(request: _Request, thought: Thought) -> _Request:
    due = thought.due
    if due is None or (request.step.due is not None and not request.asked):
        return request
    return replace(request, agreed=True, step=replace(request.step, due=due.due, due_span=due.span))


def _answers_only(step: NextStep, first: _Bubble) -> bool:
    """行，明天让办公室弄: the date of what we asked for, and no step besides."""
    ends = first.said[-1].thought.clause.end
    return step.due is not None and step.span.start < ends and len(step.action) <= LONGEST_ANSWER


LONGEST_ANSWER = 6
"""Characters of an action that only takes up what was asked for."""


# Prices

_THEIR_MONEY = re.compile(r"预算|经费|口子|您那边|你们那边|付|款|定金|首付|尾款|到账|结清|欠")
_OUR_TALK = re.compile(r"他们|别家|人家|费|运|贵|便宜|优惠|让|差|涨|降|加|签|成交|合同")
_COUNTER = re.compile(
    r"^(?:块|元|一?[台套吨只个条件米桶箱])?(?:含税)?的?(?:话)?[，,\s]?(?:行不行?|行吗|行就|行我|我(?:就)?要\d|我拿\d|得唔得|中不中|可以吗|就定|我就|能做|做不做|成不|怎么样|卖不卖|给不给|就(?:签|要|买|下单))"
)
_GIVES = re.compile(r"^[^，。你您我]{0,4}(?:给(?:我们?|的|了)?|报(?:了|的|价)?|才|只要|是|卖|就)*[^，。你您我]{0,3}$")


def priced(text: str, pieces: Sequence[Clause], amounts: Sequence[Amount], rivals: Sequence[str]) -> list[Amount]:
    """The amounts with the role that the one who says them leaves open: a price of ours is a quote, a bare counter-offer of
    the customer's (35万，行就定) none of ours, and what a competitor gives him is the competitor's price."""
    voices = Voices(pieces)
    found: list[Amount] = []
    for amount in amounts:
        piece = voices.piece_at(amount.span.start)
        if piece is not None:
            before = piece.text[: amount.span.start - piece.start]
            behind = text[amount.span.end : amount.span.end + LOOK_AHEAD].split("\n")[0]
            said_before = next((each.role for each in reversed(found[-LOOK_BACK:]) if _is_same_sum(each, amount)), None)
            if said_before is not None and not before.strip():
                role = said_before  # 2万8不行: the figure just named
            else:
                role = _role(
                    amount,
                    piece,
                    before,
                    behind,
                    rivals,
                    text[max(0, amount.span.start - LOOK_BACK_FAR) : amount.span.start],
                )
            amount = replace(amount, role=role)
        found.append(amount)
    return found


LOOK_AHEAD = 8
LOOK_BACK = 3
LOOK_BACK_FAR = 24
_BUDGETED = re.compile(
    r"(?:预算|经费)(?![^，。]{0,4}(?:不|没|超|紧))(?:(?!你们|您|报价|总价|单价|合同|家)[^。？?]){0,14}$"
)
"""预算我们报的85万, 预算我们报上去了，85万: what he reports to his own house."""
_IN_ALL = re.compile(r"(?:[\d一两二三四五六七八九十]+[\u4e00-\u9fff](?:一起|一共|总共|给(?:您|你))|一共|总共|合计)$")
_OWED = re.compile(r"欠|结清|(?:得|先|要|没)结|没付|尾款|货款")


def _is_same_sum(one: Amount, other: Amount) -> bool:
    return (one.low_fen, one.high_fen, one.unit) == (other.low_fen, other.high_fen, other.unit)


def _role(
    amount: Amount, piece: Clause, before: str, behind: str, rivals: Sequence[str], text_before: str
) -> AmountRole:
    if _OF_FEE.match(behind):
        return "fee"
    if piece.speaker == "rep":
        if _MORE.search(before):
            return "price_gap"
        if amount.role in ("quote", "unit_price", "other") and amount.unit is None and _IN_ALL.search(before):
            return "quote"
        if amount.role in ("other", "quote", "payment") and _OWED.search(piece.text):
            return "payment"
        vague = amount.role in ("other", "budget", "deal", "payment")
        if vague and not _THEIR_MONEY.search(piece.text) and not _OUR_TALK.search(piece.text):
            return "quote" if amount.unit is None else "unit_price"
        return amount.role
    line = text_before[text_before.rfind("\n") + 1 :]
    if amount.role in ("quote", "other") and _BUDGETED.search(line):
        return "budget"
    rival = next((name for name in rivals if name in before), None)
    if rival is not None and _GIVES.match(before[before.rindex(rival) + len(rival) :]):
        return "competitor_price"
    if _SOMEBODY_GIVES.match(before):
        return "competitor_price"
    if amount.role in ("quote", "unit_price", "other") and _PRESSED.search(before):
        return "budget"
    if (
        amount.role in ("quote", "deal", "other", "budget", "competitor_price")
        and not before.strip("那就")
        and _COUNTER.match(behind)
    ):
        return "other"
    return amount.role


_OF_FEE = re.compile(r"^(?:元|块钱?)?的[\u4e00-\u9fff]{0,4}费")
_MORE = re.compile(r"(?:大概|大约|要|再|得)*(?:增加|加价?|多)$")
_SOMEBODY_GIVES = re.compile(
    r"^(?![^，。]*(?:领导|老板|财务|总部|集团|公司|院里|预算|经费))[^，。你您我]{2,6}(?:报)?给我们?$|^[^，。你您我]{2,4}(?:那边|家)(?:才|只要|报(?:了|的)?)$"
)
_PRESSED = re.compile(r"(?:压|降|砍|还)(?:到|成)$")


# Once each


def _once_each(found: Sequence[Demand]) -> tuple[Demand, ...]:
    kept: dict[str, Demand] = {}
    for demand in sorted(found, key=lambda each: each.span):
        kept.setdefault(demand.what, demand)
    return tuple(kept.values())


def _once_each_step(found: Iterable[NextStep]) -> tuple[NextStep, ...]:
    kept: dict[tuple[Owner, str], NextStep] = {}
    for step in found:
        key = (step.owner, step.action)
        if key not in kept or step.due is not None:
            kept[key] = step  # the later date is the one agreed on
    return tuple(sorted(kept.values(), key=lambda each: each.span))
