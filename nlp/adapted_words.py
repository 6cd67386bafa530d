"""The closed lists by which a reworded script is held against the script.

What stands in none of them, in the script or in the record is not said. So a word belongs in GLUE only where it can stand in
any sentence without making it claim more, less or something else.
"""

import re
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Literal

Party = Literal["us", "customer", "them"]


def _lines(name: str) -> list[list[str]]:
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


GLUE = frozenset(chain.from_iterable(_lines("adapted_glue.txt")))
SAYS_NOTHING = frozenset("的了吗呢吧啊您我们咱就也再还先是这那")
"""Characters that are not counted where it is counted how much was kept."""
BUT = "不过"
"""Only where it begins a clause: 做不过 denies."""
AFTER_US = frozenset({"会"})
"""我们会…: says no more than 我们…, where it is ours."""

OF_ALL = re.compile(r"(?:把|每|各|和)[^，。！？；：]{1,14}$")
"""Behind this 都 takes in no more than what stands there: 把响应时间和联系人都写进合同."""
MUTUAL = "差"
"""Of a number behind it: it lies between two, whoever is named first."""

ECHO = re.compile(r"您(?:刚才|之前|上次|这边)*(?:提到|说|担心|关心|反映|觉得|希望|要求|怕|嫌|想要|反馈)")
"""What follows is what the customer said, and not what we say."""

SAME = tuple(frozenset(line) for line in _lines("adapted_same.txt"))
"""Words of which one may stand for another."""

THEM = (
    "竞品",
    "竞争对手",
    "对手",
    "友商",
    "同行",
    "别家",
    "别人家",
    "另一家",
    "另外一家",
    "人家",
    "他们",
    "对方",
    "那家",
    "他家",
    "它",
)
US = ("我们", "咱们", "咱俩", "我方", "我司", "我", "咱")
CUSTOMER = ("贵公司", "贵司", "您", "客户")
PARTIES: Mapping[Party, tuple[str, ...]] = {"us": US, "customer": CUSTOMER, "them": THEM}
NOT_A_PARTY = re.compile(
    r"您(?:看看?|觉得|放心|知道)|(?:给|跟|为|帮|向|对|和|与|替|回|问|答复|告诉|回复|联系|打扰|劝|提醒|方便问)(?:您|我们|我|咱们|贵司)"
    r"|我(?:明白|理解|知道)"
)
"""They are spoken to, or it only opens a sentence."""
GIVEN_TO = re.compile(r"(?:给|发|交|告诉|向|回|答复|通知)(?P<who>您|贵司|贵公司|我们|我方|我|咱们)")
JOINS_IN = re.compile(r"(?:我们|咱们|咱俩|咱|我)(?:这边)?(?:就|可以)?(?:先|一起|一块儿|再|也|来)")
"""With this behind it, 我们 says only that it is done together, and promises nothing that the script does not say."""

NOT = frozenset("不没无未非别勿免否莫")
NO_NOT = re.compile(
    r"(.)不\1|有没有|可不可以|是否|能否|可否|否则|不过|不仅|不但|不光|差不多|不妨|不论|无论|非常|不同|没关系|别家|别的|别人|特别|分别|区别|级别|差别|"
    r"不好意思|不可抗力|未来|无锡|无缝|避免|免得|别处|另外"
)
"""Characters of negation that deny nothing."""

ALONE = re.compile(
    r"(?:您好|好吗|行吗|对吗|对吧|可以吗|好不好|行不行|对不对|可不可以|您看|您看看|您看呢|您看行吗|您看好吗|您看可以吗|您觉得呢|"
    r"我理解|我明白|谢谢|谢谢您|感谢您|辛苦您|辛苦您了|不过|另外|同时|首先|然后|接下来|那|那么|这样|这样的话|方便的话|您方便的话|如果方便|如果您方便|请问)"
)
"""What may stand between two marks without a word of the script: nothing that could be taken for a yes."""
MEASURES = frozenset("差贵低高好坏快慢多少大小远近")
"""Said of a number, or a judgement (另一家差): alone only with the number behind."""
IN_ORDER = re.compile(r"再|后|才|之前")
"""A clause that says what comes first, or who bears what, keeps its order."""
ASKED_NOT = re.compile(r"(.)不\1|有没有|可不可以|是否|能否|可否")
SPOKEN_TO = ("给", "跟", "为", "帮", "向", "对", "和", "替")
CAN = re.compile(r"可以|能够|能(?![力耗源])|可(?![能控靠抗])")

MODALS: tuple[tuple[str, ...], ...] = (
    ("能", "可以", "能够", "可"),
    ("必须", "需要", "应该", "要", "得", "需", "该"),
    ("会", "将"),
)
ASKS = re.compile(
    r"(.)不\1|[吗么？?]|呢|什么|啥|哪|谁|多少|多久|几|是否|能否|可否|怎么|怎样|如何|还是|何时|有没有|是不是|要不要|算不算|难不难|值不值|何"
)
TAG = re.compile(r"[，,](?:您看)?(?:好吗|行吗|可以吗|对吗|对吧|好不好|行不行|可不可以|您看呢|您看行吗|您看好吗)[？?]?$")
IF = re.compile(r"如果|若|要是|假如|只要|除非|的话|一旦|前提|同意后|同意之后|同意以后|征得")

CAVEATS: Mapping[str, re.Pattern[str]] = {
    "approval": re.compile(r"申请|审批|报批|批下来|批准"),
    "contract": re.compile(r"为准|合同|书面"),
    "checked": re.compile(r"核实|核对|核算|核价|确认|征求|征得|验证|复核"),
    "roughly": re.compile(r"约|大概|大约|左右|预计|一般|通常|可能|尽量|争取|不一定|最终"),
    "limited": re.compile(r"最多|最少|至少|不超过|以内|之内|仅|只|除了|不含|另计|另算"),
    "if": IF,
}
"""What takes something back from a sentence; it stays wherever the sentence does."""

ONLY_THOSE = re.compile(r"(?<!没)(?:做不到|没有|不够|能|可|有|够)[^，。；：的您我他们]{0,4}的")
"""能公开的, 有的: of which it is said; without it, it is said of all."""
PROMISES = re.compile(
    r"保证|承诺|担保|一定|绝对|肯定|必定|必然|确保|包您|包换|包退|包修|包赔|打包票|免费|免单|免收|免息|免利息|不收|白送|赠送|附赠|送您|退款|退货|退钱|全额|赔偿|赔付|双倍|"
    r"终身|永久|无限期|最低|最高|最优|最好|最快|最便宜|最先进|全网|底价|成本价|跳楼价|第一|唯一|首家|独家|领先|百分百|百分之百|零风险|零故障|无条件|随时|随叫随到|马上|立即|立刻|"
    r"当天|优惠|打折|降价|让利|便宜|返点|返利|没问题|放心"
)
"""Said only where the script says it."""
COMMITS = re.compile(r"承担|负责|赔|退|换|免|垫|送|赠|包|保修|质保|付|支付|出资|交给|申请|审批|签|保证|减免|让")
"""Where one of these stands, it has to be as clear as in the script whose it is."""
VERBS = frozenset("看试聊问听想谈说算比对做选报付定写查用改补走")
"""Of those one may stand alone, or twice (看看), where it stands in the script."""
