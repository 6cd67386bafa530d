"""Every sentence about a deal's grading and a lead's points."""

from collections.abc import Mapping

from handlers.scoring import Dimension

# Grading

NAMES: Mapping[Dimension, str] = {
    "urgency": "采购紧迫性",
    "budget": "预算明确度",
    "chain": "决策链完整度",
    "rivals": "竞品对比",
}
GRADE_TITLE = "客户评级"
GRADE_TOTAL = "{total}/{most}"
GRADE_SAME = "{grade}，和现在一致"
GRADE_CHANGE = "{was} → {now}"
UNGRADED = "未评"
SCORE = "{name} {points}：{words}"
SCORE_NONE = "{name}：还没提到"
SCORE_SET = "{name} {points}：{member} {on} 评，{why}"
SCORE_WORDS = "「{words}」{on}"
UNTOLD = "还没提到的 {count} 项按 0 分算。"
OTHER_DEALS = "按「{deal}」算；其他商机：{others}"
OTHER_DEAL = "{name} {total} 分"
GRADED = "{title} · {deal}\n{lines}\n总分 {total}/{most}，等级 {grade}。"
PROPOSED = "评级建议 {was} → {now}（{total}/{most}），看依据回「评级 {customer}」"
HOW_TO_SET = "不同意某一项？回复例如：评分 {customer} 紧迫性 4 招标下周开"
GRADE_TAKEN_TITLE = "等级已改"
GRADE_TAKEN = "{customer}：{was} → {now}"
GRADE_TAKEN_BY = "{by}把「{customer}」的等级改为 {now}（原 {was}）。看依据回「评级 {customer}」。"
GRADE_KEPT = "好的，「{customer}」的等级不变，同样的建议不再提。"
GRADE_MOVED_ON = "「{customer}」的评级已经变了，没有改动。看最新的回「评级 {customer}」。"
CLOSED_GRADE_TAKEN, CLOSED_GRADE_KEPT = "已采用", "已保留"

SET_HOW = (
    "要带上客户、哪一项和几分，例如：评分 {customer} 紧迫性 4 招标下周开。可评：紧迫性、预算、决策链、竞品，0 到 5 分。"
)
SET_WHY = "为什么评 {points} 分？带一句话再说一次，例如：评分 {customer} {name} {points} 招标下周开"
SET_DONE = (
    "「{deal}」的{name}记为 {points} 分（{member}评：{why}）。总分 {total}/{most}。收回说：撤销评分 {customer} {name}"
)
UNSET_DONE = "已撤销「{deal}」手工评的{names}，按记录重新算。总分 {total}/{most}。"
UNSET_NONE = "「{deal}」没有手工评过的{name}分。"
A_CUSTOMER = "恒力"

# Leads

POINTS = "{deal} 线索分 {points}\n{lines}"
POINTS_SQL = "{deal} 线索分 {points}（已转 SQL，不再分配）\n{lines}"
POINTS_LINE = "{on} {name} +{worth}（{source}）"
POINTS_MORE = "…… 另有 {count} 条"
POINTS_NONE = "{deal} 还没有线索分。能计分的：{worth}"
POINTS_WORTH = "{name} {points} 分"
POINTS_SHORT = "线索分 {points}"
POINTS_EARNED = "线索分 +{earned}（{names}），共 {points} 分。"
POINTS_REACHED = "到 {limit} 分了，按资深线索处理。"
SOURCES = {"note": "拜访记录「{words}」", "said": "{member}登记「{words}」", "file": "导入文件 {words}"}
DID_HOW = "要带上客户和行为，例如：线索行为 恒力 白皮书"
DID_UNKNOWN = "没有叫「{said}」的行为。能计分的：{worth}"
DID_AHEAD = "「{on}」还没到，没有计分。"
DID_SQL = "「{deal}」已经转为 SQL，不再按行为计分。"
DID_KNOWN = "「{deal}」{on} 的「{name}」已经计过分了，一天只计一次。"
UNDID = "已撤销「{deal}」{on} 的「{name}」，线索分 {points}。"
UNDID_NONE = "「{customer}」没有记过这样的「{name}」。"
SAID_CLOSED = "「{customer}」没有在谈的商机，没有计分。"

WHAT_HAND_ON = "分配"
HAND_TITLE = "线索分配"
HAND_SUBTITLE = "{deal} 线索分到 {points}"
HAND_BODY = "达到 {limit} 分，建议转给资深组跟进（名字后面是在谈线索数）。客户和待办一起转；也可以保持不变。"
HAND_OPTION = "{name} · {count} 条"
NOBODY_HAS_IT = "没有负责人"
HANDED_ON = "「{deal}」转给{taker}，已建「首次触达」待办。"
HANDED_ON_TOLD = "{by}把「{deal}」转给您跟进（线索分 {points}）。"
HAND_KEPT = "好的，「{deal}」仍由{owner}跟进，已建「首次触达」待办。"
HAND_KEPT_NOBODY = "好的，「{deal}」先不分配。"
HAND_MOVED_ON = "「{deal}」已经不用分配了。"
NOBODY_TO_HAVE = "「{deal}」线索分到 {points}，还没有负责人。请给客户指定负责人。"
FIRST_TOUCH = "首次触达"
CLOSED_HANDED_ON, CLOSED_HAND_KEPT = "已转{name}", "保持不变"
