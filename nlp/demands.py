"""What the customer wants of us, in the customer's reported words or, in a chat, the customer's own.

Five ways of speaking make a demand: somebody of theirs puts us to work (让我们…, 要求我们…, 催我们…, 问我们能不能…, 找我要…); states a
want that only we can fill (希望元旦前上线, 需要三个案例, 最好三十天); asks for it (能不能分期, 什么时候能到货); lists it
(要求：①…；②…); or tells us, in a chat or as reported
(你把报价单发我, 他说那你再便宜三个点). What the customer wants of his own people (要请示领导, 需要内部讨论), how much he buys (要一百二十台) and
what we want of our own (我让技术…) are none.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from nlp.actions import ROLE, VERB, cleaned, without
from nlp.clauses import Clause
from nlp.draft import Demand, Span
from nlp.thoughts import Thought

_US = r"(?:我们这边|我们公司|我们|咱们?|俺们?|阿拉|我哋|我方|我司|我(?!们))"
_TITLES = (
    r"(?:总监|总|经理|主任|科长|院长|校长|园长|工|老师|部长|处长|厂长|所长|老板|书记|董|局|医生|教授|护士长|店长|姐|哥)"
)
_THEM = rf"(?:他们?|她们?|客户|对方|甲方|业主|院方|校方|领导|老板|采购|技术|财务|法务|信息科|设备科|[\u4e00-\u9fff]{{1,2}}{_TITLES}|[老小][\u4e00-\u9fff])(?:那边|这边|们)?"
_NOT = r"(?<![不没别未])"
_PUTS_US_TO_WORK = re.compile(
    rf"{_NOT}(?P<verb>要求|希望|需要|想让|想请|让|叫|喊|请|催着|催|逼着?|(?<![要请需])求|磨着?|缠着?|托|麻烦|要|提醒|嘱咐|拜托|盼着?|指望|巴望|建议){_US}(?:这边|能够|能|可以|也|再)*(?P<what>.+)"
)
_SETS_TO = re.compile(
    r"(?<![不没别谁们我])(?:让|叫|喊|催|(?<![要请需])求)(?P<what>(?:先|再|也|都|赶紧|尽快|抓紧|重新|另|另外|顺便)*(?:把|改|弄|加|减|降|压|砍|出[一个份版]|发|做|写|拿出?|送|寄|派|换|免|报[个一]|补|提供|带|开[个一票]|退|延长|提前|缩短|便宜|附|画|重[做写报算]|安排|准备).+|免)"
)
"""让改成死日子: who is to do it goes without saying."""
_YOU_DO = re.compile(
    r"(?:说|讲|话|撂了?句|丢了?句)(?:那|就|要不|赶紧|干脆|其实|行|好|中|，)*(?:你们?|您|咱们?)(?P<what>(?:先|再|也|都|就|得|要|还是|赶紧|尽快|抓紧|重新|一起|明天|后天|下周[一二三四五六日]?|礼拜[一二三四五六天])*(?:把|给|发|做|出|报|拿|送|寄|派|改|降|便宜|加|减|来|带|写|补|开|退|换|弄|画|提供|安排|准备|免|别|搭|让).+)"
)
"""他说你再便宜三个点: what he told us, in his words."""
_ASKS_FOR = re.compile(
    rf"(?:找|跟|问|向|管){_US}(?:又|还|再|先)?(?:要|讨|催)了?(?P<what>.{{2,}})|{_US}(?:这边)?(?P<asked>(?:能不能|能否|可不可以|可否|有没有可能|是否(?:能|可以)).+)"
)
_QUESTION = re.compile(
    r"(?:能不能|能否|可不可以|可否|有没有可能|是不是(?:可以|能)|是否(?:可以|能)|看(?:看)?能不能)(?:够|再|给他们?|给她们?|给我们?)*(?P<what>.{2,})|(?P<when>[^，。我你您]{0,8}?(?:什么时候|啥时候|几号|哪天)(?:能|可以)?(?:给|发|到货|交货|发货|出|寄|送|来|安装|上门|上线|报).*)"
)
_THEIR_AFFAIR = re.compile(
    r"^(?:自己|他们?|她们?|领导|老板|内部|总部|先|再|还|也|去|都)*(?:等|考虑|研究|讨论|商量|请示|汇报|上会|开会|内部|报批|招标|比价|审批|[三两几]家)"
)
_STRONG = frozenset(
    ("要求", "坚持", "坚持要", "提出", "提出要", "点名要", "指定要", "务必", "非要", "非得", "死活要", "硬要")
)
"""Verbs behind which the customer's own affairs are rare."""
_STATES = re.compile(
    rf"{_NOT}(?P<verb>要求|希望|想要|需要|必须要?|务必|一定要|最好是?|坚持要?|非要|非得|死活要|硬要|提出要?|点名要|指定要?|急着要|急要|催着要|催要|催|想看|要看|盼着|想(?=改|换成|按|分|退)|巴不得|要(?!是|么|不是|不然|素|点[^，。]{0, 2}计划|紧|害|命|挟|塞|点))(?:能够|能|可以|在|就)*(?P<what>.{{2,}})"
)
_TELLS = re.compile(
    r"(?:说|意思是|意思就是|意思|表示|回复说?)(?:让|叫)?(?P<what>(?:先|再|还是|尽快|赶紧|抓紧|重新)*(?:寄[一两几点个]|寄过|寄[^，。]{0,6}样|送[一两几]?[个套份台]?样|发[一两几个份]|发[^，。]{1,12}过去|报个|报一|出个|出一|派人|派个|派[^，。]{1,6}过|再便宜|再降|便宜点|降一|降点|上门).+)"
)
_CHAT = re.compile(
    r"^(?:那|哦|好|好的|行|嗯|对了|另外|还有|顺便|那就)*(?:(?:麻烦|请|辛苦|劳烦|拜托)(?:一下)?(?:您|你们?)?(?:这边|那边|帮忙?)?|帮忙?我?们?|记得|别忘了|(?:您|你们?)(?:这边|那边|公司)?(?:先|再|抓紧|尽快|赶紧|还是|得|要|能|就)*(?=把|发|做|出|给|报|提供|安排|寄|派|送|改|降|便宜|准备|整理|写|补|开|来|定|加|拿))(?P<what>.{2,})"
)
_SEND_ME = re.compile(
    r"^(?:那|哦|好|好的|行|嗯|对了|另外|还有|顺便|先|再|也|都|尽快|赶紧|抓紧)*(?P<what>(?:做|出|写|整理|准备|弄)[^，。]{1,16}(?:给我|发我).*|(?:把[^，。]{1,20})?(?:发|给|寄|传|报|拿)(?:一?[份个下版张]|一下)?(?:给)?(?:我|过来|来|一[份个版]|个|份).*)"
)
_BIDS = re.compile(
    r"^(?:那|好|行|嗯|另外|还有|顺便|先|再|就|也|都|快点|赶紧|尽快|最好|争取|干脆|[^，。了我你您]{1,12}(?=发我|给我|寄我|传我))*(?P<what>(?:把|给[我个]|降|便宜|压到|砍|减|改|换|发(?![票货现布展生])|寄|送|派|补|免|报[个一]|来(?=[\d一二两三四五六十几])|松|退|写|附|开[个一]|出[个一]|做[个一]|留|带)[^，。？?吗了过没]{1,30})(?:了)?(?:吧|呗|嘛|哈|啊|呀)?$"
)
"""A chat's bare imperative: 降到25, 再写个正式的报价单."""
_OWN_AFFAIR = re.compile(
    r"^(?:自己|他们?|她们?|领导|老板|内部|总部|先|再|还|也|去|都|一起|尽快)*(?:等|考虑|研究|讨论|商量|请示|汇报|上会|开会|走(?!账)|内部|跟(?!我们|咱们)|和(?!我们|咱们)|向|报(?:批|审|领导|给领导)|招标|招投标|比(?:价|较|一比)|看(?:情况|看(?!我们)|预算|效果|领导)|去|回去|问|找|审|批|过会|换|花|付|采购|买|领导|老板|总部|"
    r"立项|投产|开业|开学|搬|停|签字|盖章|验厂|公开|评审|评估|论证|一段|时间|几天|长期合作|合作|双赢|多|少|钱|预算|增加|扩|新增|年底前花|[一二两三四五六七八九十百千万几\d]+(?:多|来|几)?(?:台|吨|只|辆|箱|桶|米|公斤|万|块|元|天|个月|个点|年|周|小时))"
)
_THINGS = re.compile(
    r"^(?:先|再|一|尽快|重新|看(?:一下|看|下)?|送|了解|有|是|用)*(?:[一两二三四五六七八九十几\d]+[份版套张家次本页封支瓶块]|[一两三几\d]+[个条]|退(?!休)|份|个|张|版|点|些|正式|详细|书面|盖章|纸质|电子|最新|我们|咱们|样品|样机|资料|案例|报价|方案|清单|合同|发票|现货|资质|检测|说明书|授权|提供|出具?|派|安排|上门|试用|演示|培训|降|便宜|优惠|打[一二三四五六七八九对\d.]+折|质保|延长|包|送|加|改|配|"
    r"把|给|做|发|寄|开|补|签|调|缩短|提前|早|快|现场|实地|参观|考察|参考|证书|报告|图纸|参数|对比|明细|承诺|函|售后|驻场|专人|服务|交货|到货|发货|安装|上线|进场|改成|换成|完成|解决|交付|按|支持|兼容|对接|分期|账期|月结|赠|免费|本地|国产|进口|定制|年底|月底|今年|元旦|春节|过年|开学|下周|下个?月|本周|这周|明天|周[一二三四五六日]|\d+月|[一二三四五六七八九十]+月|[一二三四五六七八九十\d]+[号日天])"
)
_DEADLINE_ONLY = re.compile(r"^(?:[一二三四五六七八九十\d]+(?:天|个月|周|个工作日)(?:内|之内|以内)?)$")
_SUBJECT = re.compile(rf"(?P<us>(?<![跟给让叫请催找问向对和帮为比嫌要求])(?:我们|咱们?|我))|(?P<them>{_THEM})")
_DELIVERED = re.compile(
    r"(?P<what>[^，。我]{0,12}?(?:必须|得|要|一定要|务必|需要)(?:能|全部|都)?(?:进场|到货|交货|上线|装好|装完|完成|调试完|干完|交付|送到|到位|安装完|弄好|用上|交工|完工|加(?:一|个|装)|改成|换成|做到|控制在|降到).*)|要么(?P<either>(?:降|便宜|送|换|改)[^，。]{1,20}?)(?=要么|$)"
)
_DONE = re.compile(r"^[^，把]{1,6}[了过](?!解|程|来|去|吧)|了(?:吗|哈哈|呀)?$")
_AGAIN = re.compile(r"[^，。]{0,6}再(?:约|联系|去|来|过去|过来|聊|谈|碰)(?:一下|一次|时间|吧)?")
_YOU = re.compile(
    r"^(?:那|哦|好|行|嗯|对了|另外|还有)*(?:您|你们?)(?:这边|那边|公司)?(?P<what>[^，。吗呢？?]{2,})$|^(?P<dont>别(?:弄|搞|太|再|给|超)[^，。]{1,16})$"
)
_REPORTED = re.compile(
    rf"{_THEM}|^(?:但是|就是|主要|还|也|另外|然后|说|其次|同时|对了|而且|并且|最后|还有|不过|只是|所以|的话|呢|还是|[-·•\s]|，|那|这个|,)*$|(?:说|意思|问|提)[^，。]{{0,4}}$"
)
_FELT = re.compile(
    r"^(?:要$|再?看看?$|吃|喝|撸|唱|坐坐|想想|回家|学学|先别|别急|觉得|感觉|很|挺|意外|头疼|有点|们?等(?!.*发)|别|不要|看到|了解到|知道|放心|想起|说)"
)
_WHEN = re.compile(r"(?:大概|大约)?(?:什么时候|啥时候|几号|哪天)(?:能|可以)?")
_SOFTENERS = re.compile(r"(?:吗|嘛|吧|呢|啊|呀|哈|不|么|一下吧)$")
_GREETING = re.compile(r"^(?:好|问|说|知道|放心|理解|见谅|稍等|等)")


def find(thoughts: Sequence[Thought]) -> tuple[Demand, ...]:
    """In order. The due date is that of the demand's own words."""
    found: dict[str, Demand] = {}
    ours_before = asked_in = listed_in = -1
    for thought in thoughts:
        clause = thought.clause
        if clause.speaker == "rep":
            continue
        demand = _demand(
            thought,
            ours_before=ours_before == clause.sentence,
            goes_on=asked_in == clause.sentence,
            listed=listed_in == clause.sentence,
        )
        listed_in = _goes_on_listing(clause, listed_in)
        asked_in = clause.sentence if demand is not None else -1
        if re.match(rf"(?:然后|那|所以)?{_US}(?!说)", clause.text):
            ours_before = clause.sentence
        if demand is not None:
            found.setdefault(demand.what, demand)
    return tuple(found.values())


_AND = re.compile(
    r"(?:并且?|以及|还要|再|还得|同时)(?P<what>(?:再|也|要)*(?!说|看|考虑|研究|定|问我)(?:把|给|发|做|出|报|拿|送|寄|派|改|降|便宜|加|减|写|补|开|退|换|弄|画|提供|安排|准备|免|附|赔|带|签|缩短|延长|提前)[^我]+)"
)
"""希望送二十支试用装，并安排一次科室会: the second thing that is wanted."""


_HEADING = re.compile(
    r"^[^，。：:]{0,6}(?:要求|诉求|需求|提了?[一二两俩三四]?[个件条点]?(?:要求|条件|事儿?))(?:[：:]|$)"
)
_NUMBER = re.compile(r"\s*(?:[①-⑩]|[（(]?\d[)）、.]|[-·•])*\s*")
_NO_ITEM = re.compile(rf"{_US}|(?:他|她|预算|[\u4e00-\u9fff]{{2,4}}[：:]|行动|下一步|待办)|[^，。]{{0,8}}(?:没|了$|是)")


def _goes_on_listing(clause: Clause, listed_in: int) -> int:
    """In which sentence what follows is an item of a list of wants (要求：①…；②…), -1 where there is none."""
    if heading := _HEADING.match(clause.text):
        return clause.sentence if heading[0][-1] in "：:" or heading.end() == len(clause.text) else listed_in
    return listed_in if listed_in == clause.sentence else -1


def _listed(words: str, *, listed: bool) -> tuple[int, int] | None:
    heading = _HEADING.match(words)
    start = heading.end() if heading else 0
    if not (heading or listed):
        return None
    number = _NUMBER.match(words, start)
    start = number.end() if number else start
    if len(words) - start < 2 or _NO_ITEM.match(words, start):
        return None
    return start, len(words)


def _demand(thought: Thought, *, ours_before: bool, goes_on: bool, listed: bool) -> Demand | None:
    clause = thought.clause
    words = clause.text
    match = _chat(words) if clause.speaker == "customer" else None
    if match is None and _HEADING.match(words):
        match = _listed(words, listed=True)
    match = match or _told(words, ours_before=ours_before) or _listed(words, listed=listed)
    if match is None and goes_on and (more := _AND.match(words)):
        match = more.span("what")
    if match is None or _DONE.search(words[match[0] : match[1]]) or _AGAIN.fullmatch(words[match[0] : match[1]]):
        return None
    start, end = match
    inside = [
        mention
        for mention in thought.times
        if clause.start + start <= mention.span.start and mention.span.end <= clause.start + end
    ]
    said = without(start, replace(clause, text=words[:end]), inside)
    while softener := _SOFTENERS.search(said):
        said = said[: softener.start()]
    what = cleaned(_WHEN.sub("", said)) or (said if len(said) >= 2 else words[start:end])
    due = thought.due
    return Demand(
        what, Span(clause.start + start, clause.start + end), due.due if due else None, due.span if due else None
    )


def _chat(words: str) -> tuple[int, int] | None:
    for pattern in (_CHAT, _SEND_ME, _BIDS):
        match = pattern.search(words)
        if match and not _GREETING.match(match["what"]) and not _COMMENT.search(match["what"]):
            return match.span("what")
    match = _YOU.search(words)
    if match and match["dont"]:
        return match.span("dont")
    if match and VERB.search(match["what"]) and not _TELLS_OF_US.search(match["what"]):
        return match.span("what")
    return None


_COMMENT = re.compile(r"有点|偏|很|挺|不错|太(?!多)")
_TELLS_OF_US = re.compile(r"[了过吗]|什么|多少|怎么|几|哪|是不是|方案(?:我|还|不错|可以)|有点|偏|(?:太|很|比|不)")


def _ours(before: str) -> bool:
    """Whether the last that is named before the verb is our side."""
    named = list(_SUBJECT.finditer(before))
    return bool(named) and named[-1]["us"] is not None


def _told(words: str, *, ours_before: bool) -> tuple[int, int] | None:
    """Where in the words of a note, or of a customer in a chat, the wanted stands."""
    for reading in (_put_to_work, _asked, _delivered):
        if found := reading(words):
            return found
    for pattern in (_SETS_TO, _YOU_DO):
        match = pattern.search(words)
        if match and not _ours(words[: match.start()]) and not _FELT.match(match["what"]):
            return match.span("what")
    if (match := _TELLS.search(words)) and not re.search(r"我$", words[: match.start()]):
        return match.span("what")
    return _stated(words, ours_before=ours_before)


def _put_to_work(words: str) -> tuple[int, int] | None:
    match = _PUTS_US_TO_WORK.search(words)
    if match is None or match["verb"] == "建议" or _FELT.match(match["what"]):
        return None
    if _ours(words[: match.start()]) or re.search(rf"^{ROLE}", match["what"]):
        return None
    return _after_question(words, *match.span("what"))


def _asked(words: str) -> tuple[int, int] | None:
    match = _ASKS_FOR.search(words)
    if match and not _ours(words[: match.start()]):
        return _after_question(words, *match.span("what" if match["what"] else "asked"))
    match = _QUESTION.search(words)
    if match is None or _ours(words[: match.start()]):
        return None
    group = "what" if match["what"] else "when"
    return None if _OWN_AFFAIR.match(match[group]) else match.span(group)


def _delivered(words: str) -> tuple[int, int] | None:
    match = _DELIVERED.search(words)
    if match is None or _ours(words[: match.end()]) or _HYPOTHESIS.match(words):
        return None
    return match.span("what" if match["what"] else "either")


_HYPOTHESIS = re.compile(r"(?:如果|要是|假如|万一|等)(?!(?:我们|你们)能)")


def _stated(words: str, *, ours_before: bool) -> tuple[int, int] | None:
    if _HYPOTHESIS.match(words):
        return None
    for match in _STATES.finditer(words):
        before = words[: match.start()]
        if ours_before and not re.search(_THEM, before):
            continue
        if _ours(before) or not _REPORTED.search(before[-16:]) or before.endswith("的"):
            continue
        own = _THEIR_AFFAIR if match["verb"] in _STRONG else _OWN_AFFAIR
        if own.match(match["what"]) and not _DEADLINE_ONLY.match(match["what"]):
            continue
        if match["verb"] in _WEAK and not _THINGS.match(match["what"]):
            continue
        return match.span("what")
    return None


_WEAK = frozenset(("巴不得", "要", "需要", "催", "希望", "想"))
"""Verbs that tell of the customer's own plans as often as of us; only things that a seller gives count behind them."""


def _after_question(words: str, start: int, end: int) -> tuple[int, int]:
    question = _QUESTION.match(words, start)
    return question.span("what") if question and question["what"] else (start, end)
