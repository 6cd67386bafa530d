"""What the customer wants of us, in the customer's reported words or, in a chat, the customer's own.

Four ways of speaking make a demand: somebody of theirs puts us to work (让我们…, 要求我们…, 催我们…, 问我们能不能…, 找我要…); states a
want that only we can fill (希望元旦前上线, 需要三个案例, 最好三十天); asks for it (能不能分期, 什么时候能到货); or, in a chat, tells us
(你把报价单发我, 麻烦出个方案). What the customer wants of his own people (要请示领导, 需要内部讨论), how much he buys (要一百二十台) and
what we want of our own (我让技术…) are none.
"""

import re
from collections.abc import Sequence

from nlp.actions import cleaned, without
from nlp.draft import Demand, Span
from nlp.thoughts import Thought

_US = r"(?:我们这边|我们公司|我们|咱们?|我方|我司|我(?!们))"
_TITLES = (
    r"(?:总监|总|经理|主任|科长|院长|校长|园长|工|老师|部长|处长|厂长|所长|老板|书记|董|局|医生|教授|护士长|店长|姐|哥)"
)
_THEM = rf"(?:他们?|她们?|客户|对方|甲方|业主|院方|校方|领导|老板|采购|技术|财务|法务|信息科|设备科|[\u4e00-\u9fff]{{1,2}}{_TITLES}|[老小][\u4e00-\u9fff])(?:那边|这边|们)?"
_NOT = r"(?<![不没别未])"
_PUTS_US_TO_WORK = re.compile(
    rf"{_NOT}(?P<verb>要求|希望|需要|想让|想请|让|叫|请|催着|催|麻烦|要|提醒|嘱咐|拜托|盼着|指望|建议){_US}(?:这边|能够|能|可以|也|再)*(?P<what>.+)"
)
_ASKS_FOR = re.compile(
    rf"(?:找|跟|问|向|管){_US}(?:又|还|再|先)?(?:要|讨|催)了?(?P<what>.{{2,}})|{_US}(?:这边)?(?P<asked>(?:能不能|能否|可不可以|可否|有没有可能|是否(?:能|可以)).+)"
)
_QUESTION = re.compile(
    r"(?:能不能|能否|可不可以|可否|有没有可能|是不是(?:可以|能)|是否(?:可以|能)|看(?:看)?能不能)(?:够|再|给他们?|给她们?|给我们?)*(?P<what>.{2,})|(?:什么时候|啥时候|几号|哪天)(?:能|可以)(?P<when>.{2,})"
)
_STATES = re.compile(
    rf"{_NOT}(?P<verb>要求|希望|想要|需要|必须要?|务必|一定要|最好是?|坚持要?|提出要?|点名要|指定要?|急着要|急要|催着要|催要|催|想看|要看|盼着|要)(?:能够|能|可以|在|就)*(?P<what>.{{2,}})"
)
_TELLS = re.compile(
    r"(?:说|意思是|意思就是|意思|表示|回复说?)(?:让|叫)?(?P<what>(?:先|再|还是|尽快|赶紧|抓紧|重新)*(?:寄[一两几点个]|寄过|寄[^，。]{0,6}样|送[一两几]?[个套份台]?样|发[一两几个份]|发[^，。]{1,12}过去|报个|报一|出个|出一|派人|派个|派[^，。]{1,6}过|再便宜|再降|便宜点|降一|降点|上门).+)"
)
_CHAT = re.compile(
    r"^(?:那|哦|好|好的|行|嗯|对了|另外|还有|顺便|那就)*(?:(?:麻烦|请|辛苦|劳烦|拜托)(?:一下)?(?:您|你们?)?(?:这边|那边|帮忙?)?|帮忙?我?们?|记得|别忘了|(?:您|你们?)(?:这边|那边|公司)?(?:先|再|抓紧|尽快|赶紧|还是|得|要|能|就)*(?=把|发|做|出|给|报|提供|安排|寄|派|送|改|降|便宜|准备|整理|写|补|开|来|定|加|拿))(?P<what>.{2,})"
)
_SEND_ME = re.compile(
    r"^(?:那|哦|好|好的|行|嗯|对了|另外|还有|顺便|先|再|也|都|尽快|赶紧|抓紧)*(?P<what>(?:把[^，。]{1,20})?(?:发|给|寄|传|报|拿)(?:一?[份个下版张]|一下)?(?:给)?(?:我|过来|来|一[份个版]|个|份).*)"
)
_OWN_AFFAIR = re.compile(
    r"^(?:自己|他们?|她们?|领导|老板|内部|总部|先|再|还|也|去|都|一起|尽快)*(?:等|考虑|研究|讨论|商量|请示|汇报|上会|开会|走(?!账)|内部|跟(?!我们|咱们)|和(?!我们|咱们)|向|报(?:批|审|领导|给领导)|招标|招投标|比(?:价|较|一比)|看(?:情况|看(?!我们)|预算|效果|领导)|去|回去|问|找|审|批|过会|换|花|付|采购|买|领导|老板|总部|"
    r"立项|投产|搬|停|签字|盖章|验厂|公开|评审|评估|论证|一段|时间|几天|长期合作|合作|双赢|多|少|钱|预算|增加|扩|新增|年底前花|[一二两三四五六七八九十百千万几\d]+(?:多|来|几)?(?:台|吨|只|辆|箱|桶|米|公斤|万|块|元|天|个月|个点|年|周|小时))"
)
_THINGS = re.compile(
    r"^(?:先|再|一|尽快|重新|看(?:一下|看|下)?|了解|有|是|用)*(?:[一两二三四五六七八九十几\d]+[份版套张家次本页封]|[一两三几][个条]|份|个|张|版|点|些|正式|详细|书面|盖章|纸质|电子|最新|我们|咱们|样品|样机|资料|案例|报价|方案|清单|合同|发票|现货|资质|检测|说明书|授权|提供|出具?|派|安排|上门|试用|演示|培训|降|便宜|优惠|打[一二三四五六七八九对\d.]+折|质保|延长|包|送|加|改|配|"
    r"把|给|做|发|寄|开|补|签|调|缩短|提前|早|快|现场|实地|参观|考察|参考|证书|报告|图纸|参数|对比|明细|承诺|函|售后|驻场|专人|服务|交货|到货|发货|安装|上线|进场|完成|解决|交付|按|支持|兼容|对接|分期|账期|月结|赠|免费|本地|国产|进口|定制|年底|月底|今年|元旦|春节|过年|开学|下周|下个?月|本周|这周|明天|周[一二三四五六日]|\d+月|[一二三四五六七八九十]+月|[一二三四五六七八九十\d]+[号日天])"
)
_DEADLINE_ONLY = re.compile(r"^(?:[一二三四五六七八九十\d]+(?:天|个月|周|个工作日)(?:内|之内|以内)?)$")
_OUR_SUBJECT = re.compile(
    r"(?<![跟给让叫请催找问向对和帮为比嫌])(?:我(?!们公司的)|我们|咱们?)(?:这边|公司|说|也|就|还|跟|觉得|得|会|打算|准备|想)"
)
_REPORTED = re.compile(
    rf"{_THEM}|^(?:但是|就是|主要|还|也|另外|然后|说|其次|同时|对了|而且|并且|最后|还有|不过|只是|所以|的话|呢|，|那|这个|,)*$|(?:说|意思|问|提)[^，。]{{0,4}}$"
)
_FELT = re.compile(r"^(?:觉得|感觉|很|挺|意外|头疼|有点|们?等(?!.*发)|别|不要|看到|了解到|知道|放心|想起|说)")
_SOFTENERS = re.compile(r"(?:吗|嘛|吧|呢|啊|呀|哈|不|么|一下吧)$")
_GREETING = re.compile(r"^(?:好|问|说|知道|放心|理解|见谅|稍等|等)")


def find(thoughts: Sequence[Thought]) -> tuple[Demand, ...]:
    """In order. The due date is that of the demand's own words."""
    found: list[Demand] = []
    ours_before = -1
    for thought in thoughts:
        clause = thought.clause
        if clause.speaker == "rep":
            continue
        demand = _demand(thought, ours_before=ours_before == clause.sentence)
        if re.match(rf"(?:然后|那|所以)?{_US}(?!说)", clause.text):
            ours_before = clause.sentence
        if demand is not None and not any(demand.what == other.what for other in found):
            found.append(demand)
    return tuple(found)


def _demand(thought: Thought, *, ours_before: bool) -> Demand | None:
    clause = thought.clause
    words = clause.text
    match = _chat(words) if clause.speaker == "customer" else None
    match = match or _told(words, ours_before=ours_before)
    if match is None:
        return None
    start, end = match
    inside = [mention for mention in thought.times if mention.span.start >= clause.start + start]
    said = without(start, clause, inside)
    while softener := _SOFTENERS.search(said):
        said = said[: softener.start()]
    what = cleaned(said) or (said if len(said) >= 2 else words[start:end])
    due = thought.due
    return Demand(
        what, Span(clause.start + start, clause.start + end), due.due if due else None, due.span if due else None
    )


def _chat(words: str) -> tuple[int, int] | None:
    for pattern in (_CHAT, _SEND_ME):
        match = pattern.search(words)
        if match and not _GREETING.match(match["what"]):
            return match.span("what")
    return None


def _told(words: str, *, ours_before: bool) -> tuple[int, int] | None:
    """Where in the words of a note, or of a customer in a chat, the wanted stands."""
    if match := _PUTS_US_TO_WORK.search(words):
        before = words[: match.start()]
        if not _OUR_SUBJECT.search(before) and not before.endswith("我") and not _FELT.match(match["what"]):
            if match["verb"] not in ("建议",):
                return _after_question(words, *match.span("what"))
    if (match := _ASKS_FOR.search(words)) and not _OUR_SUBJECT.search(words[: match.start()]):
        group = "what" if match["what"] else "asked"
        return _after_question(words, *match.span(group))
    if (match := _QUESTION.search(words)) and not _OUR_SUBJECT.search(words[: match.start()]):
        group = "what" if match["what"] else "when"
        if not _OWN_AFFAIR.match(match[group]):
            return match.span(group)
    if match := _TELLS.search(words):
        if not re.search(r"我$", words[: match.start()]):
            return match.span("what")
    for match in _STATES.finditer(words):
        before = words[: match.start()]
        if ours_before and not re.search(_THEM, before):
            continue
        if _OUR_SUBJECT.search(before) or before.endswith(("我", "我们")) or not _REPORTED.search(before[-16:]):
            continue
        if _OWN_AFFAIR.match(match["what"]) and not _DEADLINE_ONLY.match(match["what"]):
            continue
        if match["verb"] in ("要", "需要", "催", "希望", "必须", "要求", "最好", "最好是") and not _THINGS.match(
            match["what"]
        ):
            continue
        return match.span("what")
    return None


def _after_question(words: str, start: int, end: int) -> tuple[int, int]:
    question = _QUESTION.match(words, start)
    return question.span("what") if question and question["what"] else (start, end)
