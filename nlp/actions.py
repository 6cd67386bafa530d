"""What somebody is to do, as clean words: the note's own, without date, subject and filler.

The verb is normalised in two ways and in no other: 把X给他 and 给他X become 提供X, 把X发给他 becomes 发送X (as do 寄, 定 and
their like, see VERB_AS). Nothing else is put into an action that the note does not say.
"""

import re
from collections.abc import Sequence

from nlp.clauses import Clause
from nlp.dates import TimeMention

MAX_ACTION = 40

FILLER = re.compile(
    r"(?:嗯+|呃+|啊+|哦|那个啥|那个(?=[，,\s]|就|我|他)|就是说|就是(?=我|他|下周|把)|然后呢?|反正|对吧|那么|其实|这样|另外|还有|同时|并且|最后|首先|其次|所以|因此|而且|但是|不过|对了|好的?(?=[，,])|收到(?=[，,])|嗯|，|,|、|：|:|\s)+"
)
_NOISE = re.compile(r"嗯+|呃+|就是说|(?<=把)(?:那个|这个)|那个(?=[，,\s])|[，,](?=[把给再去])")
SOON = r"(?:回头|稍后|等下|待会儿?|到时候?|届时|回去|马上|尽快|争取|最迟|最晚|大概)*"
WE = r"(?:我们?这边|我们?自己|我们公司|我们|咱们|我方|我司|咱|我)"
THEY = r"(?:他们?那边|她们?那边|他们公司|他们领导|他们?|她们?|客户那边|客户|对方|甲方)"
BIND = r"(?:答应了?|承诺了?|保证|打算|准备|计划|会|要|得|需要|负责|来|再|先|争取|尽量|尽快|马上|立刻|回头|回去|回来|还得|还要|必须|应该|想|同意|说好了?|约好了?|约定|表示|说|也|可以|能|将|都|则|就|去)"
ROLE = r"(?:技术(?:部|支持|同事|团队|中心)?|实施(?:经理|团队|部|的)?|售后(?:部|同事|工程师)?|售前(?:工程师)?|研发(?:部|的)?|工程(?:部|师)|法务(?:部)?|财务(?:部)?|商务(?:部|同事)?|生产(?:部)?|设计(?:院|部|师)?|产品(?:部|经理)?|仓库|物流|服务(?:部|商)?|市场部|总部|领导|老板|同事|项目经理|区域经理|大区经理|融资部|质检|运营|培训|总工|客服|厂里|工厂|公司)"
"""Whom of ours a step may be given to."""

OWN_SUBJECT = re.compile(rf"{FILLER.pattern}?(?:{WE}|{THEY}|[\u4e00-\u9fff]{{1,2}}(?:总|经理|工|主任))")
"""A clause that says who acts."""

VERB = re.compile(
    r"请示|问|商量|画|调|量|换|查|通(?:个|一个)?电话|算|开票|退|打|付|核|取|报一|报个|报价|把|给|发|提供|整理|准备|确认|反馈|回复|安排|组织|约|拜访|回访|联系|演示|报价|签|审|批|寄|送|做|出|改|更新|完善|补|提交|沟通|汇报|对接|开会|见面|会议|上门|考察|参观|测试|试用|安装|调试|培训|验收|付款|打款|回款|盖章|催|跟进|落实|协调|带|拿|评估|核|谈|去|到|来|定|交|申请|了解|调研|答复|通知|介绍|推荐|讨论|研究|立项|招标|上会|走流程|推进|启动|交付|发货|到货|出具|出面|写|打电话|加微信|拉群|建群|看|过"
)
_STAMMER = re.compile(r"([我他她你把给就那这的]|[\u4e00-\u9fff]{2,3})\1+")
"""给他给他发: said twice."""
_BA = re.compile(
    r"(?:把|将)(?P<what>[^，。；;\n]{1,30}?)(?P<verb>发送|发(?![票货展布])|提供|提交|给到|给|整理|准备|做(?!法)|改(?![造进善])|确认(?![函单书])|定(?![制金期位])|寄|送|报(?![价告表名销])|签(?![字约])|落实|(?<![画做弄写算整腾拿掏抽退搬])出(?![差厂口])|补(?!充协议)|弄|搞|写|传(?![感动真输单热])|完善|更新|调(?![试研])|谈(?!判)|带(?!宽)|交(?![期付流])|梳理|核(?![心价])|(?<![计预结])算(?!法)|走(?![势廊])|打(?=过来|过去|给|到|来|款)|汇报(?!材料)|介绍(?!信|资料)|演示(?!视频|方案|文稿|环境)|安排(?!表)|催|拿|过(?!程))(?P<rest>[^，。；;\n]{0,14})$"
)
VERB_AS = {
    "给": "提供",
    "给到": "提供",
    "发": "发送",
    "寄": "寄送",
    "送": "送",
    "弄": "准备",
    "搞": "准备",
    "定": "确定",
    "报": "报送",
}
_GOES_TO = re.compile(
    r"^(?:到|去)?(?:给|到|往)?(?:(?:他们?|她们?|客户|您|你|对方|[\u4e00-\u9fff]总)?的?(?:邮箱|微信|群里|手机|公司)|他们?|她们?|我们?(?:公司)?|客户(?:那边)?|您|对方|你们?|过去|过来|出去|出来|回来|[\u4e00-\u9fff]总|[\u4e00-\u9fff]经理)|^(?:好|完|一下|下来|出来|过去|过来|上去|到位|清楚|齐|妥)+|^了$"
)
_SENT = re.compile(
    r"^(?P<what>[^，。]{2,16}?)(?:也|都|再|一起|先)*(?P<verb>发|寄|送|给)(?:给|到)?(?:他们?|她们?|您|你们?|客户)(?:的?(?:邮箱|微信|手机|公司))?$"
)
_SENDING = re.compile(r"(?:寄|送|发(?![票货])|提供|提交|整理|准备|补(?!充协议)|写|做(?!法)|拿|带(?!宽))(?!单)")
"""A verb of its own before what is given; 发票给他 and 送货单给他 have none."""
TAIL = re.compile(
    r"(?:[给发寄]我们?(?:公司)?|给(?:他们?|她们?|客户|您|对方)(?:那边)?|吧|呢|啊|哦|嘛|了|的话|看看|再说|哈|就行|即可|，|,|。|\s|的$)+$"
)
_HEAD = re.compile(
    rf"{WE}|{THEY}|{BIND}|之前|前|左右|以内|之内|内|再|又|也|就|那边|这边|您|你|主动|了|，|,|：|:|\s|的|、|呢|一定|务必|到时候|届时|大概|大约|最迟|最晚|那个|这个|嗯|呃|啊|在|是"
)
_KEEP_HEAD = re.compile(
    r"^(?:去(?=[他她现客公工总你])|来(?=[我公现])|要货|先款|想办法|会议|会面|会谈|需求|来访|再生|先进|准备|负责|同意|可行|能源|在线|要求|得到|将来|就位|表示|应用|计划书|马上|说明|说服)"
)


def without(start: int, clause: Clause, inside: Sequence[TimeMention]) -> str:
    """The clause's words without its times."""
    kept: list[str] = []
    position = start
    for mention in inside:
        begin, end = mention.span.start - clause.start, mention.span.end - clause.start
        if begin >= position:
            kept.append(clause.text[position:begin])
            position = end + (clause.text[end - 1 : end + 1] == "儿个")
    kept.append(clause.text[position:])
    return "".join(kept).strip()


def cleaned(words: str) -> str:
    """What is to be done, cleaned: 把安装排期表给他 → 提供安装排期表."""
    words = _stripped(_STAMMER.sub(r"\1", _NOISE.sub("", words[: 2 * MAX_ACTION + 1])))
    if ba := _BA.search(words):
        # behind 过去 or 给他 nothing belongs to the action any more
        rest = "" if _GOES_TO.match(ba["rest"]) else ba["rest"]
        verb = VERB_AS.get(ba["verb"], ba["verb"])
        before = words[: ba.start()]
        before = "" if len(before) <= 6 and not VERB.search(before) else before
        words = before + verb + ba["what"].strip() + TAIL.sub("", rest)
    elif sent := _SENT.match(words):
        # 寄样品给他 has its verb already
        verb = "" if _SENDING.match(sent["what"]) else VERB_AS.get(sent["verb"], sent["verb"])
        words = verb + sent["what"]
    words = re.sub(
        r"^给(?:他们?|她们?|客户|对方|您)(?:那边)?(?=发|寄|送|做|报(?!价)|出|安排|演示|准备|提供|回复|答复|拉|补|改|换|带|捎|传|画|写|开|装|修|找|配)",
        "",
        words,
    )
    words = re.sub(r"(?<=[发寄送交])(?:给)(?:他们?|她们?|客户|对方|您)(?=.)", "", words)
    words = re.sub(r"^给(?:他们?|她们?|客户|对方|您)(?!个?(?:回?话|回?信|回音|回复|消息))(?=.)", "提供", words)
    words = TAIL.sub("", words)
    return words if 2 <= len(words) <= MAX_ACTION else ""


def _stripped(words: str) -> str:
    """Without the opening words that say who and how, one at a time, so that a word to keep is seen."""
    for _ in range(12):
        head = None if _KEEP_HEAD.match(words) else _HEAD.match(words)
        if head is None or head.end() == len(words):
            break
        words = words[head.end() :]
    return words.strip()
