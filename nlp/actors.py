"""Who acts in a clause, and whether what he is said to do is still to be done: read from structure, not from a list of verbs.

Chinese has no tense; what is to come shows by the shape of the clause: [what it is about] somebody [a time, 会, 先, 自己] does
something, without 了, 过 or 得 behind the verb, without 没 or 不 before it, neither asked nor supposed.
"""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from nlp.actions import FILLER
from nlp.draft import Owner
from nlp.places import COMPOUND_SURNAMES, SURNAMES

_SUR = f"(?:{'|'.join(COMPOUND_SURNAMES)}|[{''.join(sorted(SURNAMES))}])"
_US = r"(?:我方|我司|(?:我们|咱们|俺们|我哋|阿拉|咱|俺|我)(?:公司|这边|这头|自己|自个儿?|个人)?)"
_THEM = r"(?:(?:他们|她们|人家|对方|客户|甲方|业主|佢哋|伊拉|校方|院方|厂方|他|她|伊(?![利犁朗甸])|佢)(?:们)?(?:公司|那边|那头|自己|自个儿?|本人|亲自)?)"
_TITLE = r"(?:总监|总经理|副总|总|经理|主任|主管|科长|院长|校长|园长|部长|处长|厂长|所长|局长|店长|站长|馆长|队长|班长|组长|社长|课长|会长|理事长|护士长|行长|老板娘|老板|书记|教授|医生|大夫|老师|会计|出纳|秘书|干事|律师|先生|女士|小姐|阿姨|师傅|董|局|处|工|姐|哥|嫂|叔|婶)"
_FAMILIAR = rf"(?:[小老]{_SUR}(?<![小老][时程板常包万金高于和司项查成单])|阿(?![姨拉里哥是])[\u4e00-\u9fff])"
_PERSON = rf"(?:{_SUR}{_TITLE}|{_FAMILIAR}|大{_SUR}(?![部小客量])|[A-Z][a-z]{{1,10}})"
_OUR_TRADE = (
    r"(?:售后|售前|技术支持|技术|实施|交付|研发|开发|前端|后端|算法|测试|运维|工程|安装|调试|维修|施工|仓库|仓管|仓储|物流|车间|生产|计划|调度|排产|品控|质检|质量|工艺|结构|打样|设计|文案|美工|产品|客服|商务|法务|财务|出纳|内勤|标书|投标|资料|文档|培训|市场|运营|"
    r"服务|配送|司机|架构|数据|安全|风控|信审|渠道|供应链|学术|农技|实验室|检测|水电|焊工|焊装|印务|教研|律师|审计|项目)"
)
_UNIT = r"(?:部|组|科|队|中心|室|站|班|处|团队|部门|同事|那边|那头|这边|的人|工程师|经理|专员|人员|员|师|师傅|助理|总监|主管|头儿|老大)"
_THEIR_TRADE = r"(?:采购|设备科|信息科|信息部|院办|总务|基建|后勤|财务|法务|董事会|董事长|院长|校长|老板娘?|老总|领导|总部|会计|出纳|家委会|监理|物业|局里|院里|校里|厂里|集团|技术科|工程部|总经办|办公室|物资部|招标办|村主任|站长|店长)"
_WE_HAVE = r"(?:(?:我们|咱们|我司|我方|咱|俺们|阿拉|我哋|公司|本公司)(?:公司|这边)?的?)"
_THEY_HAVE = r"(?:(?:他们|她们|人家|对方|客户|甲方|校方|院方|佢哋|他|她|伊|佢)(?:公司|那边)?的?)"

_NOT_BEFORE = r"(?<![跟给对让叫找问向和同与比为把被将帮替陪请喊派约邀的到带求逼催托传覆领欠诉得打])"
_TOPIC = r"(?P<topic>[^，。我咱俺他她伊佢了说讲问让叫喊请派催由\s]{1,12}?)??"
_WHO = (
    rf"(?P<ours>{_WE_HAVE}(?:{_OUR_TRADE}{_UNIT}{{0,2}}的?{_PERSON}?|{_PERSON}))"
    rf"|(?P<us>{_US})"
    rf"|(?P<theirs>{_THEY_HAVE}(?:{_OUR_TRADE}{_UNIT}{{0,2}}的?{_PERSON}?|{_THEIR_TRADE}{_UNIT}?的?{_PERSON}?|{_PERSON}))"
    rf"|(?P<them>{_THEM})"
    rf"|(?P<trade>(?:{_OUR_TRADE}){{1,2}}{_UNIT}{{0,2}}的?(?P<of>{_PERSON}|[\u4e00-\u9fff](?:姐|哥|工|叔|师傅)))|(?P<job>(?!行政|采购|设备|信息|财务|后勤|总务)[^，。我咱他她你们了说的到把给让叫喊请派找]{{1,4}}的(?P<jobber>[小老阿](?![板是师总公])[\u4e00-\u9fff]))"
    rf"|(?P<person>{_PERSON})(?:那边|这边|自己|本人|亲自)?"
    rf"|(?P<their>{_THEIR_TRADE}{_UNIT}?(?:那边|自己)?)"
    rf"|(?P<unit>{_OUR_TRADE}{_UNIT}{{1,2}}|仓库|车间|物流|工厂|厂里|安装队)"
)
_MODE = r"(?:自己|亲自|本人|那边|这边|呢|嘛|就|也|都|先|再|还|会|要|得|来|去|可以|能|将|应该|大概|打算|尽快|马上|立马|立刻|赶紧|抓紧|回头|回去|晚点|迟点|待会儿?|等下|一会儿?|改天|过两天|开春|下次|下回|每[天周月](?:[一二三四五六日天])?|每个?(?:季度|礼拜|星期|月)|争取|尽量|到时候?|届时|随后|之后|后续|另外|这就|现在|一早|夜里|随时|满口|一口|当场|当即|爽快|必须|一定|务必|最迟|最晚|之?前|以前|内|左右)"
_BINDS = r"(?:答应|应承|应下|承诺|许诺|保证|表态|表了态|说好|讲好|约好|说定|讲定|拍胸脯|拍了胸脯|打包票|打了包票|松口|同意|点头|(?<![来去再先会要])(?:说|讲|称|表示))(?:了|下来|过)?"
_HEAD = re.compile(
    rf"(?:{FILLER.pattern})?{_TOPIC}{_NOT_BEFORE}(?P<by>由(?=[^，。]))?(?:{_WHO})(?P<mode>{_MODE}{{0,4}})(?P<to>[跟和同向](?:{_THEM}|{_PERSON}))?(?P<binds>{_BINDS})?(?P<more>(?:(?:他|她|伊|佢)(?!们)|自己)?{_MODE}{{0,4}})"
)
_IS_FUTURE = re.compile(
    r"会|要|得|来|去|将|先|再|负责|打算|准备|计划|尽快|马上|立马|立刻|赶紧|抓紧|回头|回去|晚点|迟点|待会|等下|一会|改天|过两天|开春|下次|下回|每|争取|尽量|到时|届时|随后|自己|亲自|这就|现在|一定|务必|必须"
)
_PROMISES = re.compile(r"答应|应承|应下|承诺|许诺|保证|表态|表了态|好|定|胸脯|包票|同意")
_NOT_TO_BE_DONE = re.compile(
    r"了(?![解结][^，。]|再|就|给|把)|(?<![不路通])过(?![去来程户账帐磅目审堂滤会秤一数完个了年冬节关])|没|未|莫|冇|唔|拒|免谈|(?<!个)不(?!锈|良|同|断|限|动产|光|仅|少)|别(?!墅|的|人|家)|无(?!线|缝|锡|尘|人机|纺|菌|损|忧|论)|已经?|刚刚?|(?<!才)能(?=[^，。]{0,8}就)|才(?!能|干|艺)|"
    r"吗|么|？|\?|什么|怎么|多少|哪|啥|几(?=时|号)|如果|要是|假如|万一|除非|只要|的话|希望|担心|嫌|怕|觉得|感觉|认为|以为|据说|听说|拖到|延到|推到|推迟|顺延|延期|就是|(?:都|要|也)$|好像|可能|也许|估计|[看听](?=着|上去)|[^，。]得(?:很|了|住|着|上|起|动|过|不错)|老是|总是|经常|一直|从来|本来|原来|以前|上次|上回|去年|昨|历来|往年|"
    r"[^，。]着(?=[^，。]{0,3}$)"
)
_NOT_AN_ACT = re.compile(
    r"^(?:说|讲(?!课|解|一|科|堂|座|稿)|问|听|看[到见]|盼|用|觉|感|认|以|知|晓|想(?!办法|法子)|怕|担|嫌|琢磨|寻思|发现|记得|碰|是|有|在|姓|叫|很|挺|太|真|最|更|比|像|喜欢|愿意|懂|笑|点头|点了|摇头|叹|骂|夸|抱怨|吐槽|解释|反映|提到|提出|强调|透露|承认|属于|主管|管着|分管|"
    r"要求|希望|倒|看中|看好|看重|满意|同意|认可|认为|对|跟我说|和我说|的|们|以|原|年|还是|也是|全是|都是|一个|这|那|哪|家|里|手上|手里|心里|压|欠|卡|等(?![^，。]{1,10}(?:后|完|下来|了))|拖|意思|态度|回我|回了|又|常|总|光|只|多|少|大|小|高|低|急|忙|累|热情|客气|爽快|为难|犹豫|死|俩|爱|当场|当时)"
)


_SENDS = re.compile(
    rf"(?:打(?:个)?电话)?(?:(?:让(?![步利价开出点一二两三半\d])|叫(?![车停板上好])|喊|请(?![示客假教款求])|托|拜托|麻烦|通知|催)(?:了|一下)?(?P<whom>{_WE_HAVE}?(?:(?:{_OUR_TRADE}){{1,2}}{_UNIT}{{0,2}}的?{_PERSON}?|{_PERSON}|[^，。我咱他她你们了说的到把给]{{1,4}}的[小老阿][\u4e00-\u9fff])|{_THEM}|{_US}|您|你们?)?|(?:派|安排|找)(?:了|一下)?(?P<sent>{_WE_HAVE}?(?:(?:{_OUR_TRADE}){{1,2}}{_UNIT}{{0,2}}的?{_PERSON}|{_PERSON})))(?:那边|这边)?"
)
"""我让技术部小范…: one of ours is set to work; 他叫机修班老崔…: one of theirs."""


_TREATS = re.compile(rf"请(?:{_THEM}|{_PERSON})(?:吃|喝|来|到|看|参观|坐)")


_ACTS = re.compile(
    rf"{_NOT_BEFORE}(?<![们咱实部科处室老小])(?<!一下)(?:{_WHO})(?=(?P<goes>{_MODE}|{_BINDS}|把|给|让|叫|请|派|问|嫌|想)?)"
)
_STARTS_BARE = re.compile(r"[^了说讲问让叫喊请派把给他她我吧呢]{1,12}")
LONG = 10
"""Characters behind which 我 or 他 begins something new, whatever follows."""
SHORTEST = 4
"""Characters before somebody who begins to act that are a clause of their own, and not what he acts upon."""


def beginnings(words: str, times: Container[int]) -> list[int]:
    """Where in a run of speech somebody new begins to act: he is named, and a time (`times`: where one begins), a verb of
    saying or a word that says how follows."""
    found: list[int] = []
    start = 0
    for match in _ACTS.finditer(words):
        at = match.start()
        if at - start < SHORTEST:
            continue
        pronoun = (match["us"] or match["them"]) and at - start >= LONG and words[match.end() : match.end() + 1] != "的"
        if not (match["goes"] or match.end() in times or pronoun):
            continue
        if match["us"] and _SAYS.search(words, max(0, at - 2), at):
            continue
        if _STARTS_BARE.fullmatch(words, start, at):
            continue
        found.append(at)
        start = at
    return found


_SAYS = re.compile(r"[说讲问称]$")
_HANGS = re.compile(rf"(?:[于在到至从是的和跟与把给就再先会要得能可以最晚迟快好说讲定约应承诺备算划]|{_MODE})$")
LONGEST_HEAD = 5
"""Characters behind the one who acts that are a predicate already."""


def says_enough(words: str) -> bool:
    """Whether words before a date are a thought of their own: more than somebody who is to act on the day."""
    if _HANGS.search(words):
        return False
    head = _HEAD.match(words)
    end = head.end() if head else 0
    inner = _HEAD.match(words, end) if head and head["binds"] else None
    return len(words) - (inner.end() if inner else end) > LONGEST_HEAD and bool(head or len(words) > 2 * LONGEST_HEAD)


@dataclass(frozen=True)
class Act:
    """What somebody is said to do: whose act it is, where its words begin, and how it is bound."""

    owner: Owner
    words: str
    topic: str = ""
    """What it is about, where that stands before the one who acts."""
    promised: bool = False
    """Whether he binds himself in words: 答应, 拍胸脯."""
    meant: bool = False
    """Whether 会, 先, 亲自 or the like say that it is to come."""
    reported: bool = False
    """Whether he only says so: 他说…."""
    pronoun: bool = False
    """Whether the one who acts is only 他 or 她: he who was named before."""


_OUR = ("我们", "咱", "咱们", "我司", "我方", "我们公司", "大区", "区域")


class People:
    """Whose a named person is: the customer's contacts, those brought in as ours, and others by where they first appear."""

    def __init__(self, text: str, customers: Sequence[str], colleagues: frozenset[str]) -> None:
        self._text = text
        self._customers = frozenset(customers)
        self._colleagues = colleagues
        self._found: dict[str, tuple[int, bool]] = {}

    def owner(self, name: str, at: int, *, of_our_trade: bool) -> Owner:
        first, is_ours = self._looked_up(name)
        if is_ours:
            return "colleague"
        if name[0] in "小老阿" or name[0].isascii():
            # 小贾 who was not spoken of before and now does something for the customer is of our house
            return "colleague" if of_our_trade or first < 0 or first >= at else "customer"
        if of_our_trade and first >= at and (name not in self._customers or name[-1] in "工姐哥傅"):
            return "colleague"
        return "customer"

    def _looked_up(self, name: str) -> tuple[int, bool]:
        """Where the name stands first, and whether it is brought in as ours somewhere; the text is searched once a name."""
        if name not in self._found:
            is_ours = name in self._colleagues or any(f"{we}{name}" in self._text for we in _OUR)
            self._found[name] = (self._text.find(name), is_ours)
        return self._found[name]


_MOVES = r"(?:发|送|寄|传|拿|带|交|捎|递|做|写|出|弄|补|整|安排|准备|退|换|调|打)"
_YOU = r"(?:他|她|您|你|客户|伊|佢|人家|对方)"
_HANDS_OVER: dict[Owner, re.Pattern[str]] = {
    "us": re.compile(rf"^把|{_MOVES}[^，。]{{0,6}}给{_YOU}|给{_YOU}(?:们)?{_MOVES}"),
    "colleague": re.compile(rf"^把|{_MOVES}[^，。]{{0,6}}给(?:{_YOU}|我|咱)|给(?:{_YOU}|我|咱)(?:们)?{_MOVES}"),
    "customer": re.compile(r"给(?:我们?|咱们?)(?![们看讲听说算])|发我"),
}
"""What is laid into the other's hands is still to be given where no 了 says that it was."""


def comes(words: str) -> bool:
    """Whether words without anybody who acts may tell what is still to be done."""
    words = _SAID.sub("", words)
    return not (_NOT_AN_ACT.match(words) or _NOT_TO_BE_DONE.search(words))


_SAID = re.compile(r"^(?:说|讲|答应|应承|许诺|承诺|约好|说好|讲好|表态)(?:了|是|要)?")


_PRONOUN = re.compile(rf"{_US}|{_THEM}")
_WILL = re.compile(r"会|先|再|尽快|马上|立马|立刻|赶紧|抓紧|回头|回去|晚点|待会|争取|尽量|随后|自己|一定")
_WILL_AS_TOLD = re.compile(r"会|自己")
"""What of `_IS_FUTURE` counts for the customer, of whom is told what he does and wants as often."""
_AND_THEN = re.compile(r"等?[^，。了过没不]{1,10}(?:之后|以后|后|完|了就|好就)(?![期续台来面天年])[^，。]{2,}")
"""收到后安排核量: first one thing, then what is to be done."""
_MOVES_ON = re.compile(
    r"调[到去走]|轮岗|退休|离职|出国|出差|休假|产假|请假|开张|开业|到期|回国|飞回|搬(?:家|新|厂)|交接|过生日|喝茶|吃饭"
)
"""What becomes of the customer's people and house is news, no step."""
_BEARS = re.compile(r"^(?:自己)?(?:出|掏|承担|垫|包|付)$")
LONGEST_PREDICATE = 30
"""Characters behind the one who acts; more is several things in a run of speech, of which none is sure."""
_SETS_OUT = re.compile(r"负责|准备|计划")


def act(words: str, people: People, at: int) -> Act | None:
    """What the clause says that somebody is still to do, or None. `at` is where it begins in the text."""
    sends = _SENDS.match(words)
    if sends and (sends["whom"] or sends["sent"]) and not _PRONOUN.match(sends["whom"] or ""):
        rest = words[sends.end() :]
        return Act("colleague", rest, meant=True) if rest and comes(rest) else None
    return _act(words, people, at, nested=False)


def _act(words: str, people: People, at: int, *, nested: bool) -> Act | None:
    head = _HEAD.match(words)
    if head is None:
        return None
    rest = words[head.end() :]
    topic = head["topic"] or ""
    if not rest or len(rest) > LONGEST_PREDICATE or _NOT_AN_ACT.match(rest) or _NOT_TO_BE_DONE.search(rest):
        return None
    owner = _owner(head, people, at)
    if not nested:
        if not head["binds"] and not (head["us"] or head["them"]) and _PRONOUN.match(rest):
            # 安装队我来约: whom the act is about stands first
            inner = _act(rest, people, at, nested=True)
            return replace(inner, topic=words[: head.end()]) if inner is not None else None
        if _only_says(head):
            if owner == "us" and head["to"]:
                return None  # 我跟他说二十号以前先还五万: what we ask of them
            inner = _act(rest, people, at, nested=True)
            if inner is not None and not inner.topic:
                theirs = owner == "customer" and inner.owner == "us"
                return replace(inner, owner="customer") if theirs else inner
    set_to_work = _SENDS.match(rest)
    if set_to_work is not None and not (owner == "us" and _TREATS.match(rest)):
        whom = set_to_work["whom"] or set_to_work["sent"] or ""
        if _THE_OTHER.match(whom) or (owner == "customer" and _OURSELVES.match(whom)):
            return None
        if owner == "us":
            return Act("colleague", rest[set_to_work.end() :], topic, meant=True)
    if _NOT_TO_BE_DONE.search(topic) or _is_no_deed(owner, topic, rest):
        return None
    return Act(
        owner,
        f"再{rest}" if head[0].endswith("再") else rest,
        topic,
        promised=bool(_PROMISES.search(head["binds"] or "")),
        meant=_is_meant(head, owner, rest),
        reported=_only_says(head),
        pronoun=bool(head["them"]) and head["them"][0] in "他她伊佢" and "们" not in head["them"],
    )


_THE_OTHER = re.compile(rf"{_THEM}|您|你")
_OURSELVES = re.compile(_US)


def _only_says(head: re.Match[str]) -> bool:
    return bool(head["binds"]) and not _PROMISES.search(head["binds"])


def _is_no_deed(owner: Owner, topic: str, rest: str) -> bool:
    """Who bears a cost (运费我们出) is a term of the deal, and what becomes of the customer's people is news."""
    if _BEARS.match(rest) and _COST.search(topic):
        return True
    return owner == "customer" and bool(_MOVES_ON.search(rest))


_COST = re.compile(r"[费钱款元块万\d]")


def _is_meant(head: re.Match[str], owner: Owner, rest: str) -> bool:
    modes = head["mode"] + head["more"]
    if owner == "customer":
        modes = "".join((_WILL_AS_TOLD if _only_says(head) else _WILL).findall(modes))
    if head["by"] is not None or _IS_FUTURE.search(modes) or _SETS_OUT.match(rest):
        return True
    return bool(_AND_THEN.match(rest) or _HANDS_OVER[owner].search(rest))


_BROUGHT_IN = re.compile(
    rf"(?:找|跟|给|让|叫|喊|派|通知|联系|问|发给|转给|安排)(?:了|过|一下)?{_WE_HAVE}?(?:(?P<trade>{_OUR_TRADE}{_UNIT}{{0,2}}的?)?(?P<name>{_PERSON})|{_OUR_TRADE}{_UNIT}{{1,2}})"
)


def brings_in(words: str, people: People, at: int) -> bool:
    """Whether we turn to one of ours (我跟物流的老耿通了气), so that 他 behind it is he."""
    match = _BROUGHT_IN.search(words)
    if match is None or re.search(_THEM, words[: match.start()]):
        return False
    name = match["name"]
    return name is None or people.owner(name, at + match.start(), of_our_trade=bool(match["trade"])) == "colleague"


def _owner(head: re.Match[str], people: People, at: int) -> Owner:
    if head["us"]:
        return "us"
    if head["ours"] or head["unit"]:
        return "colleague"
    if head["of"] or head["jobber"]:
        return people.owner(head["of"] or head["jobber"], at, of_our_trade=True)
    if head["person"]:
        return people.owner(head["person"], at, of_our_trade=False)
    return "customer"
