"""Next steps: what was promised or arranged, by whom, until when.

A clause is a step when somebody binds himself to do something: we (我答应…, 我打算…, 下一步…, 约了…), the customer (他那边…前确认…,
陈总说法务周四给反馈), a colleague (请刘总出面…, 让技术…). Who acts shows first in the shape of the clause (`nlp.actors`), and
where that binds nobody, in its words. What is set for a day on the customer's side (标书25号前挂网, 月底打款) is the customer's.
Wishes without a promise or a date are none, nor is what has been done.
The action keeps the note's words without date, subject and filler; 把X给他 becomes 提供X, 把X发给他 becomes 发送X.
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nlp import actors
from nlp.actions import BIND, FILLER, ROLE, SOON, TAIL, THEY, VERB, VERB_AS, WE, cleaned, without
from nlp.clauses import Clause
from nlp.dates import TimeMention
from nlp.draft import Demand, NextStep, Owner, Span
from nlp.thoughts import Thought

_LEAD = re.compile(
    rf"(?:{FILLER.pattern}|[（(]?[1-9]\d?[、)）]|[1-9]\d?\.(?!\d)|[①-⑩]|下一步(?:工作|计划)?(?:是|就是|呢)?|接下来|后续|后面|待办(?:是|：|:)?|计划(?:是)(?=我)|提醒一下|记一下|帮我记(?:一下|着)?)+"
)

_WE_BOUND = re.compile(
    rf"(?P<topic>[^我咱他她，。]{{2,10}}?)??(?:这个|那个|说)?{SOON}(?<![跟给对让叫找问向和比为把被求帮到])(?:{WE})+(?:说|这边|自己|当场|主动)?(?:{WE})?(?P<bind>(?:{BIND}|了|他|她|他们|客户|对方){{0,4}})"
)
_THEY_BOUND = re.compile(
    rf"{SOON}(?P<who>{THEY}|(?:[\u4e00-\u9fff]{{1,2}}(?:总监|总|经理|主任|科长|工|院长|校长|部长|老师|处长|厂长|老板)|[老小][\u4e00-\u9fff](?=说|会|答应|那边))|(?:院办|院里|总部|领导|老板|法务|财务|采购|技术|信息科|设备科)(?:部|处|科)?)"
    rf"(?:的)?(?:财务|领导|老板|采购|法务|技术|信息科|院里|总部)?(?:那边|这边|自己|本人)?(?:口头)?(?P<bind>(?:{BIND}|了){{0,4}})(?:{THEY})?(?:的)?(?:财务|领导|老板|采购|法务|技术|信息科|院里|总部|那边)?(?:[^，。]{{1,4}}(?:以后|之后))?(?P<more>{BIND}{{0,3}})"
)
_PERSON = r"(?:[\u4e00-\u9fff]{1,2}(?:总监|总|经理|工|主任|老师|部长)|[小老阿][\u4e00-\u9fff])"
_COLLEAGUE = re.compile(
    rf"(?:(?:这个|那个|[^我他她，。]{{2,6}}?)?(?:我|我们)?(?:这边|就|也|会|打算|准备|计划|要|想|建议|再|先|得|需要|已经|还|说|回头|回去|马上|下一步)*)(?:请|让|叫|麻烦|找|拉|通知|催|派|拜托|喊|(?:安排|协调)(?=(?:我们|公司)?(?:的)?{ROLE}?的?{_PERSON}))(?:一下|上|了)?(?P<who>(?:咱们?|我们|公司)?(?:的)?(?:{ROLE}(?:那边)?的?{_PERSON}?|{_PERSON}))"
    r"(?:那边|这边)?(?:来|去|再|帮忙?|给|一起|也|亲自|尽快|先|过来|过去|赶紧|抓紧)*(?P<act>.+)"
)
_COLLEAGUE_ACTS = re.compile(
    rf"(?P<who>(?:我们|咱们?)(?:的)?{ROLE}(?:那边)?的?{_PERSON}?|{_PERSON})(?:那边|这边)?(?:已经)?(?P<bind>(?:{BIND}|他|她){{0,5}})"
)
_WITH_US = re.compile(
    rf"(?:我们?(?:跟|和|带着?|带上|叫上|拉上|陪着?)|(?:和|跟)?我们|咱们|找了?|叫上?|让|喊上?|(?:跟|和)(?=公司|我们))(?:公司|我们)?(?:的)?(?:{ROLE}(?:那边)?的?)(?P<who>{_PERSON})"
)
_INVITED = re.compile(r"(?:约|喊|邀请?)了?(?:我们|我)(?!们)")
_APPOINTMENT = re.compile(r"(?:约了?|约定|约好了?|定了|定在|说好了?|安排了?|敲定了?)(?=.)")
_THEY_OUGHT = re.compile(r"(?:还|也|都|先)*(?:要|得|会)(?:先|再|去)*(?:报给|报|交给|跟|向|请示|汇报|问)")
_COMES_UP = re.compile(r"再?(?:谈|拜访|去拜访|约|报价|演示|上门|签|对接)(?!了|得|过)[^，。]{2,}")
_OUGHT = re.compile(
    r"(?:还|就|也|只能|只好)*(?:要(?=想办法|跟公司|跟领导|抓紧)|得|争取|打算|准备|计划|抓紧|赶紧|尽快|回去|回头|必须|务必)(?!.{0,3}等)"
)
_DONE = re.compile(
    r"(?:已经?(?!答应)|刚|刚刚)[^，。]{0,6}(?:了|过)|了(?=[一两二三四五六七八九十几半\d])|(?:做|弄|讲|演示|看|聊|谈|开|说|签|跑|装|取)(?:完|回来)|"
    r"(?:拜访|见到?|去|跑|聊|谈|吃|开|参加|做|发|给|签|寄|送|报|通|提交|付|打|看|演示|测试|交|来|换|说|问|确认|沟通|完成|收到|拿到|提|讲|介绍|加|认识|联系|找|改|聊到|走)(?:给)?(?:他们?|她们?|客户)?(?:了(?!解)|过(?![去来程]))"
)
_NOT_DONE_YET = re.compile(r"(?:答应|承诺|约|说好|约好|定)了")
_PROMISE = re.compile(
    r"答应|承诺|保证|打算|准备|计划|会(?!议)|说好|约好|负责|争取|尽快|马上|回头|下一步|接下来|回去|同意"
)
_TODAY = re.compile(r"今[天日儿](?:早上|上午|中午|下午)?|早上|上午|中午|下午")
_THEY_CAN = re.compile(
    r"确认|反馈|给|提供|批|签|盖章|付|打款|回款|汇报|组织|安排|回复|答复|发|寄|提交|决定|定|测试|试用|评审|验收|补|走|派|对接|沟通|参观|考察|讨论|研究|约|帮|介绍|推荐|送|配合|准备|核对|回|问|商量|请示|看(?![到了过])|说服|拿|交|通(?:个|一个)?电话|打"
)
_EVENT = re.compile(
    r"^(?:他们|客户)?(?:计划|预计|准备|打算|要|会|将|大概|可能)*(?:立项|招标|开标|上会|开会|投产|开业|开学|上线|验厂|搬迁|停产|过会|评审|发标|定标|出差|休假|放假|请假|退休|到期|过期|交期|工期|签约|截止|到货|(?:能|可以)?到账|搬|停)"
)
_HAPPENS = re.compile(
    r"(?:挂网|挂出来|开标|招标|投产|启动|开业|开学|上会|过会|验厂|评审|到期|装修完|交房)(?:了|吧|的)?$"
)
"""Ends of clauses that tell what will come, whoever's doing it is."""
_WISH = re.compile(
    r"如果|要是|的话|假如|万一|希望|想(?!办法)|能不能|可不可以|是不是|有没有|吗|？|\?|不知道|可能|也许|看看能"
)
_STATE = re.compile(
    r"(?:没有|没|不)(?:预算|批|定|签|兴趣|时间|意向|同意|需要|答应|确定|打算|准备|安排)|不用|不需要|不要|不打算|没问题|可以写|就要开始|预计|不会|汇报一下(?:了|$)|是(?:最|很|非常|一个)|有两|感兴趣|认为|觉得|担心|嫌|太[\u4e00-\u9fff]了|比较|合作[^，。]{0,4}年|换了|离职|大概率|拖到|付不|[^，]不了|才回|才能?[来到]|路过|在家|再(?:看|说|议|定)(?:吧|了)?$"
)


_NEXT = re.compile(r"下一步|接下来|后续|待办|记一下|提醒")


@dataclass(frozen=True)
class _Said:
    owner: Owner
    action: str
    start: int
    end: int
    bound: bool
    """Whether the words promise by themselves; a step that they do not needs a date."""
    structural: bool = False
    """Whether the shape of the clause shows somebody who acts, whatever the verb."""


def is_an_act(action: str) -> bool:
    """Whether the words tell of something to do, and not of a date alone (时间定在) or of what comes by itself (立项, 开标)."""
    return VERB.search(action) is not None and not WHEN_ONLY.match(action) and not _EVENT.match(action)


def find(
    text: str, thoughts: Sequence[Thought], demands: Sequence[Demand] = (), names: Sequence[str] = ()
) -> tuple[NextStep, ...]:
    """The next steps in their order. `names` are the customer's people.

    A demand is no step, unless our side agrees to it (…，我答应了) or a date is set for it (让我们去演示，定在周二).
    """
    found: list[NextStep] = []
    previous: NextStep | None = None
    previous_clause: Clause | None = None
    asked: Demand | None = None
    subject: _Subject | None = None
    waiting = deque(demands)
    colleagues = _colleagues(text)
    known = _Known(colleagues, _any_of(names), actors.People(text, names, colleagues))
    said: set[tuple[Owner, str]] = set()
    for thought in thoughts:
        clause, due = thought.clause, thought.due
        if waiting and waiting[0].span.start < clause.end:
            asked, subject = waiting.popleft(), None
            continue
        if asked is not None and (step := _agreed(asked, thought)):
            previous, previous_clause, asked = step, clause, (asked if step.due is None else None)
            found.append(step)
            continue
        if _REFUSED.match(clause.text):
            asked = None
        if _dates_the_last(text, clause, due, previous, previous_clause, found):
            continue
        follows = previous if previous_clause is not None and previous_clause.sentence == clause.sentence else None
        step = _step(text, thought, follows, asked, known, _carried(subject, clause))
        subject = _subject_of(clause, known)
        if step is None or (thought.conditional and step.due is None and not _PROMISE.search(clause.text)):
            continue
        if asked is not None and step.action == asked.what:
            # 我答应了，下周一寄: the promise with its date says more than the bare agreement before it
            found[-1:] = [other for other in found[-1:] if other.span != asked.span]
            said.discard((step.owner, step.action))
        if (step.owner, step.action) not in said:
            found.append(step)
        said.add((step.owner, step.action))
        previous, previous_clause = step, clause
    return tuple(found)


@dataclass(frozen=True)
class _Known:
    colleagues: frozenset[str]
    customers: re.Pattern[str] | None
    """Any of the customer's people, by name."""
    people: actors.People


def _any_of(names: Sequence[str]) -> re.Pattern[str] | None:
    longest_first = sorted(set(names), key=lambda name: (-len(name), name))
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


@dataclass(frozen=True)
class _Subject:
    owner: Owner
    sentence: int


def _subject_of(clause: Clause, known: _Known) -> _Subject | None:
    """Who acts in the clause, where its first words say so."""
    lead = _LEAD.match(clause.text)
    words = clause.text[lead.end() if lead else 0 :]
    acts = _COLLEAGUE_ACTS.match(words)
    if clause.speaker != "customer" and _COLLEAGUE.match(words):
        return _Subject("colleague", clause.sentence)
    if acts and (_named(acts["who"]) in known.colleagues or acts["who"].startswith(("我们", "咱"))):
        return _Subject("colleague", clause.sentence)
    if clause.speaker != "customer" and actors.brings_in(words, known.people, clause.start):
        return _Subject("colleague", clause.sentence)
    if re.match(WE, words):
        return _Subject("us", clause.sentence)
    if (known.customers and known.customers.match(words)) or _THEY_BOUND.match(words):
        return _Subject("customer", clause.sentence)
    return None


def _carried(subject: _Subject | None, clause: Clause) -> Owner | None:
    """Whose step it is where a clause goes on without saying who: of the one who acted just before."""
    return subject.owner if subject and subject.sentence == clause.sentence else None


_REFUSED = re.compile(rf"{WE}[^，。]{{0,6}}(?:最多|只能|没答应|没同意|不同意|不行|做不到|拒绝)")


def _agreed(asked: Demand, thought: Thought) -> NextStep | None:
    clause, due = thought.clause, thought.due
    if clause.speaker is None and (
        _AGREED.fullmatch(clause.text) or (due is None and _ANSWERED_YES.match(clause.text))
    ):
        return NextStep("us", asked.what, asked.span, asked.due, asked.due_span)
    if due is not None and clause.start >= asked.span.end:
        before = clause.text[: due.span.start - clause.start].strip()
        behind = clause.text[due.span.end - clause.start :]
        if before and _SET.fullmatch(before) and len(behind) <= 2:
            return NextStep("us", asked.what, Span(asked.span.start, due.span.end), due.due, due.span)
    return None


_SET = re.compile(
    r"(?:时间|日期|那)?(?:我们?|他们?)?(?:就|大概|初步|暂)?(?:定|订|安排|约|放)(?:好|下来)?(?:了|在|到|于|的是)+"
)
_AGREED = re.compile(
    rf"(?:这个|然后|那|那个|，)*{WE}?(?:当场|当时|马上|直接|立马|也|都|就|已经|说)*(?:答应(?:下来|他们?|她们?)?了?|应下来?了?|同意了?|说?(?:行|没问题|可以|好的?)了?)(?:的|啊|吧|哈)?"
)


_ANSWERED_YES = re.compile(
    rf"{WE}(?:满口|一口|当场|当即|当时|马上|爽快|也|就|都)*(?:答应|应下|应承)(?:下来)?了(?!一半)"
)


_DELIVERED = re.compile(
    r"(?:要|得|必须|就|再)*(?:给到?|给(?:他们?|她们?|客户|对方)|给出来|拿出来|提供|(?:发|打|送|寄|传|转|交)(?:过去|过来|出来|给(?:我们?|咱们?))|出来|完成|搞定|弄好|办好|办妥|到账|做完|交)(?:了|就行)?"
)
WHEN_ONLY = re.compile(r"^(?:说|最晚|最迟|争取)?(?:时间|日期)?(?:就|大概|初步|暂)?(?:定|订|安排|约|放)?(?:在|到|于)?$")


def _dates_the_last(
    text: str,
    clause: Clause,
    due: TimeMention | None,
    previous: NextStep | None,
    previous_clause: Clause | None,
    found: list[NextStep],
) -> bool:
    """时间定在下个月五号左右: the date of the step before."""
    if due is None or previous is None or previous.due is not None or previous_clause is None:
        return False
    if clause.sentence - previous_clause.sentence > 1 or clause.speaker != previous_clause.speaker:
        return False
    rest, behind = clause.text[: due.span.start - clause.start].strip(), text[due.span.end : clause.end]
    if not (WHEN_ONLY.match(rest) and (len(behind) <= 2 or _DELIVERED.fullmatch(behind))):
        return False
    found[-1] = replace(previous, due=due.due, due_span=due.span)
    return True


@dataclass(frozen=True)
class _Bare:
    """A clause without its times and its opening words, and what is known of it."""

    words: str
    clause: Clause
    begin: int
    due: TimeMention | None
    ahead: bool
    """Whether it names a time to come, with a due date or without."""
    follows: NextStep | None
    """The step before it in the same sentence."""
    planned: bool
    """Whether it opens with 下一步 or the like."""
    known: _Known
    carried: Owner | None
    """Who acted in the clause before, of the same sentence."""

    def said(self, owner: Owner, action: str, *, bound: bool) -> _Said:
        return _Said(owner, action, self.begin, self.clause.end, bound)


def _named(who: str) -> str:
    """The person of 技术部的老沈."""
    named = _LAST_PERSON.search(who)
    return named[0] if named else who


_LAST_PERSON = re.compile(rf"{_PERSON}$")


def _colleagues(text: str) -> frozenset[str]:
    """People whom the note brings in as ours: 我跟技术部的老沈一起去的."""
    return frozenset(match["who"] for match in _WITH_US.finditer(text))


def _step(
    text: str,
    thought: Thought,
    follows: NextStep | None,
    asked: Demand | None,
    known: _Known,
    carried: Owner | None,
) -> NextStep | None:
    clause, due = thought.clause, thought.due
    if due is None and any(mention.kind == "past" for mention in thought.times):
        return None
    if due and clause.speaker is None and _TODAY.fullmatch(due.span.of(text)) and not _PROMISE.search(clause.text):
        return None  # 今天第一次去拜访锦程 tells what was done
    lead = _LEAD.match(clause.text)
    start = lead.end() if lead else 0
    planned = bool(lead and _NEXT.search(lead[0]))
    ahead = any(mention.kind != "past" for mention in thought.times)
    words = without(start, clause, thought.times)
    said = _said(_Bare(words, clause, clause.start + start, due, ahead, follows, planned, known, carried))
    if said is None or not (said.bound or due) or _IF.match(words):
        return None
    if _WISH.search(words) and not (due and said.bound):
        return None
    action, start = cleaned(said.action), said.start
    if said.owner == "us" and asked is not None and _NO_OBJECT.fullmatch(said.action.strip()):
        # 我下周一寄: what was asked for just before
        action = asked.what
        start = asked.span.start if said.end - asked.span.start <= LONGEST_SPAN else start
    elif (said.owner == "us" and said.bound and _NO_OBJECT.fullmatch(said.action.strip())) or (
        len(action) < 2 and due is not None and _SHORT.fullmatch(said.action.strip())
    ):
        action = said.action.strip()
    elif not said.structural and not VERB.search(action):
        return None
    if not action:
        return None
    owner = said.owner
    if owner == "customer" and _COME_AGAIN.match(action):
        owner = "us"  # 院办说周五再约: they tell us when to come
    elif owner == "customer" and not said.structural and not _THEY_CAN.search(action):
        return None
    return NextStep(owner, action, Span(start, said.end), due.due if due else None, due.span if due else None)


_IF = re.compile(r"(?:那|但|不过)?(?:要是|如果|假如|万一|除非)")
LONGEST_SPAN = 120
_TO_THEM = r"(?:给|到|往)?(?:他们?|她们?|您|你们?|客户|对方|过去|过来)?(?:的)?(?:邮箱|微信|公司|群里)?(?:去|里)?"
_NO_OBJECT = re.compile(
    rf"(?:就|先|再|会|把)*(?:(?:发|寄|给|送|报|传|做|出|改|弄|提供){_TO_THEM}|做好|弄好|改好|出来)(?:好|一下|吧|哈|啊|呢|的)?"
)
_COME_AGAIN = re.compile(r"再(?:约|来|去|联系)")
_SHORT = re.compile(r"(?:就|也|都|再|先)?[定签批付寄审打画]|再(?:去|来|约|聊|谈|见|碰)(?:一次|一趟|一下)?")


def _said(bare: _Bare) -> _Said | None:
    """Who is to do what, by the first reading that fits; None where nobody binds himself."""
    if WHEN_ONLY.match(bare.words):
        return None
    found = _by_structure(bare)
    if found is not None and (found.bound or bare.due is not None):
        return found
    if _done(bare.words) or _STATE.search(bare.words):
        return None
    return _by_others(bare) or _by_us(bare) or _by_the_customer(bare) or _by_nobody_named(bare)


def _by_structure(bare: _Bare) -> _Said | None:
    name = bare.known.customers.match(bare.words) if bare.known.customers else None
    words = "客户" + bare.words[name.end() :] if name and len(name[0]) > 2 else bare.words
    lead = _ANSWERS.match(words) if bare.clause.speaker else None
    words = words[lead.end() :] if lead else words
    found = actors.act(words, bare.known.people, bare.begin)
    if found is None:
        return None
    owner = found.owner
    if owner == "customer" and bare.clause.speaker is None and _EVENT.search(found.words):
        return None
    if bare.clause.speaker == "customer":
        owner = "customer"
    elif owner == "customer" and found.pronoun and bare.carried == "colleague":
        owner = "colleague"
    bound = found.promised or found.meant or bare.due is not None
    if bare.clause.speaker == "rep":
        bound = bound or owner != "customer"
    elif bare.clause.speaker == "customer":
        bound = bound or bool(_TO_YOU.search(found.words))
    elif owner != "customer":
        bound = bound or bare.ahead or (bool(found.topic) and not found.reported and len(found.words) <= 4)
    return replace(bare.said(owner, _about(found.topic, found.words), bound=bound), structural=True)


_ANSWERS = re.compile(r"(?:好的?|行|可以|收到|没问题|要得|中|得嘞|那|嗯|明白|对|放心)*(?=[我咱俺我他她阿])")
_TO_YOU = re.compile(r"(?:给|发|传|回|找|寄|告诉|通知)(?:你|您)")


def _by_others(bare: _Bare) -> _Said | None:
    if bare.clause.speaker != "customer":
        colleague = _COLLEAGUE.match(bare.words)
        if colleague and not re.match(r"参观|知道|看到|满意|头疼|了解到|觉得", colleague["act"]):
            return bare.said("colleague", TAIL.sub("", colleague["act"]), bound=True)
        acts = _COLLEAGUE_ACTS.match(bare.words)
        if acts and (_named(acts["who"]) in bare.known.colleagues or acts["who"].startswith(("我们", "咱"))):
            return bare.said("colleague", bare.words[acts.end() :], bound=bool(_PROMISE.search(acts["bind"])))
    if invited := _INVITED.search(bare.words):
        return bare.said("us", bare.words[invited.end() :], bound=bare.due is not None)
    return None


def _by_us(bare: _Bare) -> _Said | None:
    if bare.clause.speaker == "customer":
        return None
    we = _WE_BOUND.match(bare.words)
    if we:
        bound = bare.planned or bool(
            _PROMISE.search(bare.words)
            or _MEANS_TO.search(we["bind"])
            or _GOES_TO_ASK.match(bare.words, we.end("bind"))
        )
        rest = bare.words[we.end("bind") :]
        rest = _ANSWER.sub("", rest)
        return bare.said("us", _about(we["topic"], rest) or bare.words, bound=bound)
    again = _AGAIN.search(bare.words)
    if again and bare.clause.speaker is None:
        return bare.said("us", again[0], bound=bare.planned)
    return None


_ANSWER = re.compile(r"^(?:有的|可以的?|行|好的?|没问题|能|是的|对)(?=[\u4e00-\u9fff]{2})(?:我|回头|稍后)*")
_GOES_TO_ASK = re.compile(
    r"(?:问(?=一下|下|问|一问|清楚)|请示|申请|汇报|查|核实|跟[^，。]{1,8}(?:说|商量|申请|汇报|确认))(?!了|过)"
)
_MEANS_TO = re.compile(r"要|会|得|来|先|再|去|回去|负责|需要|应该")
_NOT_A_TOPIC = re.compile(r"^(?:说|答应|那|这|行|好|就|然后|所以|但是|其实|因为|不过|另外|还有|对了|然后呢)")


def _about(topic: str | None, rest: str) -> str:
    """报价我下周一给她: the thing named first goes behind its verb."""
    if not topic or _NOT_A_TOPIC.match(topic):
        return rest
    verb = re.fullmatch(rf"(?:就|先|再|会|来)*(?P<verb>[\u4e00-\u9fff]{{1,2}}?){_TO_THEM}(?:一下|吧|哈|好)?", rest)
    if verb is None:
        return rest + topic if len(rest) <= 3 else rest
    return VERB_AS.get(verb["verb"], verb["verb"]) + topic


def _by_the_customer(bare: _Bare) -> _Said | None:
    if bare.clause.speaker == "rep":
        return None
    if bare.clause.speaker is None and not bare.planned and _EVENT.search(bare.words):
        return None
    name = bare.known.customers.match(bare.words) if bare.known.customers else None
    words = "他" + bare.words[name.end() :] if name else bare.words
    they = _THEY_BOUND.match(words)
    if they is None:
        return None
    if bare.carried == "colleague" and they["who"] in ("他", "她"):
        return bare.said("colleague", words[they.end() :], bound=bare.due is not None)
    binds = they["bind"] + they["more"]
    bound = (
        bool(re.search(r"答应|承诺|保证|说好|会|回去|回头|尽快|准备|打算|负责|同意(?=[给发签安付])", binds))
        or bare.ahead
    )
    return bare.said("customer", words[they.end() :], bound=bound)


def _by_nobody_named(bare: _Bare) -> _Said | None:
    """No subject: ours, unless the clause goes on from a step of somebody else's or a chat says who speaks."""
    if bare.clause.speaker is not None:
        return _in_chat(bare)
    if appointment := _APPOINTMENT.match(bare.words):
        action = bare.words if re.match(r"约(?!了|好|定)", bare.words) else bare.words[appointment.end() :]
        return replace(
            bare.said("customer" if _THEY_PAY.match(action) else "us", action, bound=bare.due is not None),
            structural=bare.due is not None and len(action) > 1,
        )
    if bare.due is not None and bare.clause.speaker is None and _THEIR_EVENT.fullmatch(bare.words):
        return replace(bare.said("customer", bare.words, bound=True), structural=True)
    if bare.planned or bare.due is not None:
        if not bare.planned and (
            _EVENT.search(bare.words)
            or _HAPPENS.search(bare.words)
            or not (
                VERB.search(bare.words[:8])
                or (bare.follows and bare.follows.owner == "us" and len(bare.words) <= 6)
                or _BOUND_BARE.match(bare.words)
            )
            or not actors.comes(bare.words)
        ):
            return None
        return replace(
            bare.said(_owner_of_the_unnamed(bare), bare.words, bound=bare.planned), structural=bare.due is not None
        )
    if bare.follows is not None and re.match(r"再|还要|还得|也要|顺便|同时|带上|并", bare.words):
        return bare.said(bare.follows.owner, bare.words, bound=True)
    if bare.carried == "customer" and _THEY_OUGHT.match(bare.words):
        return bare.said("customer", bare.words, bound=True)
    if bare.ahead and _COMES_UP.match(bare.words):
        return bare.said("us", bare.words, bound=True)
    if ought := _OUGHT.match(bare.words):
        return bare.said("us", bare.words[ought.end() :], bound=True)
    return None


_THEIR_EVENT = re.compile(
    r"(?:[^，。了没不过说他她]{0,10}?)(?:之?前|左右|就|要|再|正式)?(?:开标|发标|评标|挂网|挂出来|上会|签约|到账)"
)
"""What is set for a day on the customer's side, whoever sees to it: 标书25日前挂网."""
_BOUND_BARE = re.compile(r"答应|应承|许诺|承诺|约好|说好|讲好|表态|说定")


def _owner_of_the_unnamed(bare: _Bare) -> Owner:
    if bare.planned:
        return "us"
    if _THEIRS_INSIDE.search(bare.words[:8]):
        return "customer"
    if _THEY_PAY.match(bare.words):
        return "customer"
    if bare.follows:
        return bare.follows.owner
    if bare.carried == "customer" and not _GOES_ON_FOR_THEM.match(bare.words):
        return "us"
    return bare.carried or "us"


_THEIRS_INSIDE = re.compile(r"(?<![给跟和向找对让帮])(?:他们|她们|客户|对方|董事会)(?!的)")
_GOES_ON_FOR_THEM = re.compile(
    r"(?:之?前|内)?(?:就|也|都|再|还)?(?:要|得|会|能|可以)|(?:之?前|内)?(?:就|再)?(?:交|批|审|定|开会|盖章|签|走|给(?:我们|答复|结果|反馈)|反馈|答复|回复)"
)
_THEY_PAY = re.compile(
    r"(?:之?前|以前|内|再|先)?(?:打款|付款|付清|付(?:尾款|定金|首付|预付)|结清|回款)|(?:预付|首付|尾款|货款|定金|款子?|余款)[^，。不没]{0,8}(?:到账|打|付|结)|把?[^，。]{1,12}(?:寄|发|送|给)(?:到|给)我们|(?:之?前|内|至少|就)?(?:先|再)?(?:还|转|打|汇)(?:个|款|过来|来|[一二两三四五六七八九十百\d.]{1,6}[万千块])"
)
"""A seller is paid: 下周五之前打款 without a subject is the customer's."""
_AGAIN = re.compile(r"(?:再(?:去)?(?:联系|沟通|聊聊?|谈谈?|跟进|回访|对接|碰一下|问一下)(?:一下|一次)?)$")


def _in_chat(bare: _Bare) -> _Said | None:
    """In a chat everybody speaks for himself: the rep promises, the customer promises or asks with a date."""
    words, rep = bare.words, bare.clause.speaker == "rep"
    yours = _YOURS.match(words)
    if yours and (rep or bare.due is not None):
        return bare.said("customer" if rep else "us", words[yours.end() :], bound=False)
    if rep:
        if (bare.due is not None or _IN_TURN.search(words)) and actors.comes(words):
            return replace(bare.said("us", words, bound=True), structural=True)
        if not actors.comes(words):
            return None
        return bare.said(
            "us", words, bound=bool(re.match(r"马上|尽快|回头|稍后|等下|待会|现在就|这就|立马|立刻", words))
        )
    if bare.due is not None and _TO_YOU.search(words) and actors.comes(words):
        return replace(bare.said("customer", words, bound=True), structural=True)
    mine = re.match(rf"(?:那|好|行)?(?:我们?这边|我们|我)(?P<bind>{BIND}{{0,4}})", words)
    if mine is None:
        return None
    bound = bool(
        re.search(r"会|去|来|回头|尽快|马上|先|再", mine["bind"])
        or re.match(r"拿去|问|跟|让|安排|找", words[mine.end() :])
    )
    return bare.said("customer", words[mine.end() :], bound=bound)


_IN_TURN = re.compile(r"^[^，。]{1,8}(?:后|当天|就|马上)[^，。]{0,6}(?:发|寄|送|给|安排|出|开|办|装|补)")
"""到账当天发货: what we do as soon as he has done his."""
_YOURS = re.compile(r"(?:麻烦|请|辛苦)?(?:您|你们?)(?:这边|那边)?")


def _done(bare: str) -> bool:
    return bool(_DONE.search(_NOT_DONE_YET.sub("", bare)))
