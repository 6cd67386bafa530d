"""Every sentence about what is abnormal: the list, its reasons, the week's message, the table."""

from collections.abc import Mapping

KINDS: Mapping[str, str] = {
    "missing": "缺必填项",
    "contradiction": "前后矛盾未说明",
    "below_cost": "报价低于成本",
    "jump": "金额突变",
    "vague": "说法空泛",
    "trust": "可信度低",
    "evidence": "没有证据",
    "waiting": "阶段等材料",
    "frozen": "签约日冻结",
    "overdue": "签约日已过",
}
FIELDS: Mapping[str, str] = {
    "customer": "客户",
    "contact": "联系人",
    "step": "下一步",
    "stage": "阶段",
    "amount": "金额",
    "stage_or_amount": "阶段或金额",
}

# Why

MISSING = "缺{fields}"
DOUBTED = "确认时没有说明：{text}"
BELOW_COST = "报价 {quote} 低于成本 {cost}"
VAGUE = "没有说具体：{question}"
LOW_TRUST = "过程可信度 {percent}%（{why}）"
LOW_TRUST_PARTS = "没说{missing}"
LOW_TRUST_LATE = "隔 {days} 天才记"
NO_EVIDENCE = "证据 0/1，{strongest}"
WAITING = "进「{stage}」等材料 {days} 个工作日了"
FROZEN = "想推到 {on}，等总监解锁"
OVERDUE = "预计 {on} 签约，已过 {days} 天，还没有结果"

# The list

OWN = "您近 {days} 天的异常 {count} 条{page}"
OF_TEAM = "团队近 {days} 天的异常 {count} 条{page}"
OF_MEMBER = "{name}近 {days} 天的异常 {count} 条{page}"
PAGE = "（第 {page}/{pages} 页）"
BY_REP = "按人：{reps}"
REP = "{name} {count}"
MORE_REPS = "等 {count} 人"
COMPLETE = "完整率 {percent}%（必填项 {filled}/{required}，{records} 条记录）"
NO_RECORDS = "近 {days} 天没有已确认的记录，算不出完整率"
CUT = "太多了，没有全部列出：只看了最近 {records} 条记录，商机每类最多 {deals} 个"
LINE = "{number} {customer}{rep} {on}：{reason}{words}"
HOW = "回复数字看客户；补记一条或补发证据，这里就会消掉"
NEXT = "；回复「下一页」看后面的"
NOTHING_OWN = "您近 {days} 天没有异常。"
NOTHING_TEAM = "团队近 {days} 天没有异常。"
NOTHING_MEMBER = "{name}近 {days} 天没有异常。"
NO_PAGE = "没有第 {page} 页，共 {pages} 页。"
NO_NUMBER = "没有第 {number} 条，共 {count} 条。"
NOT_IN_TEAM = "您能看到的人里没有叫「{name}」的。"

# The week's message

WEEK = "异常周报（{week}）：{records} 条记录，异常 {count} 条：{kinds}。{reps}。{complete}"
WEEK_NOTHING = "异常周报（{week}）：{records} 条记录，没有异常。{complete}"
WEEK_COMPLETE = "完整率 {percent}%（{filled}/{required}）"
WEEK_BEFORE = "，前一周 {percent}%（{filled}/{required}）"
WEEK_KIND = "{kind} {count}"
WEEK_TEAM = "{name}团队 {count}"
WEEK_LINK = "\n明细表：{url}\n只有您能打开，{days} 天内有效"
WEEK_NO_LINK = "\n明细请回复「异常清单」"

# The table

SHEET = "异常清单"
COLUMNS = ("类型", "原因", "原话", "客户", "商机", "销售", "日期", "记录编号")
SHEET_CUT = "记录太多：只看了 {people} 人最近的 {records} 条，其余没有列出"
