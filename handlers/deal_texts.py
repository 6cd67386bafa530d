"""Every sentence about deals that a user reads outside a card: stages, leads, signing dates."""

NO_STAGE = "未登记阶段"
MOVED = "阶段：{was} → {to}"
REGISTERED = "阶段登记为「{to}」"
MOVED_LATER = "「{deal}」要的都齐了，{moved}。"
WAITS = "阶段「{to}」还没改：{why}。办法见下一张卡片。"
WAITS_MISSING = "还缺{missing}"
STILL_WAITS = "「{deal}」进「{to}」{why}。"
WAITS_JUMP = "跳过了{skipped}，要说明原因"
OF_A_COLLEAGUE = "客户由{owner}负责，商机的阶段、金额和签约日期没有改。"
NO_MOVE = "{deal} 已经在「{stage}」阶段。"
ASK_JUMP = "「{deal}」要从「{was}」直接到「{to}」，跳过了{skipped}。请用一句话说明为什么（例如：老客户复购，需求上次已确认）。不改阶段就回复「不改」。"
JUMP_KEPT = "原因记下了。"
JUMP_CANCELLED = "好的，「{deal}」的阶段不改，还在「{stage}」。"
CANCELLED = frozenset({"不改", "不改了", "算了", "取消", "先不改", "不用改"})
WHICH_DEAL = "{customer} 有 {count} 个在谈的商机，这次拜访说的是哪一个？点卡片选一下，阶段和金额跟着它走。"
DEAL_PICKED = "好的，这次拜访记到「{deal}」。"

# Letting pass what is missing

WAIVER_ASKED = "已请{name}放行「{deal}」：{was} → {to}，缺{missing}。{when}"
WAIVER_LATER = "{name}将在 {at} 收到。"
WAIVER_NOBODY = "您的上级名单里没有可以放行的人，已告诉管理员。阶段先不改，补齐材料会自动改。"
WAIVER_GRANTED = "{name}已放行「{deal}」：{moved}（缺{missing}）。"
WAIVER_GRANTED_WAITS = "{name}已放行「{deal}」缺的材料，{why}后就改。"
WAIVER_REFUSED = "{name}没有放行「{deal}」：{was} → {to}。阶段不改，补齐{missing}后会自动改。"
DONE_WAIVED = "已放行，{rep}已收到。"
DONE_REFUSED = "好的，不放行，{rep}已收到。"
WENT_UP = "{name} {hours} 个工作小时内没有回复，「{deal}」的{what}已转给{above}。"
STILL_ASKED = "{rep}的「{deal}」在等您{what}，请看卡片。"
STILL_ASKED_TOLD = "「{deal}」的{what}还在等{name}，上面没有别人可问了，已再提醒一次。"
WHAT_WAIVER, WHAT_UNLOCK = "放行", "解锁签约日期"

# Leads

SQL_DONE = "「{deal}」已转为 SQL：预算 {budget}，决策人 {decider}。"
SQL_ALREADY = "「{deal}」已经是 SQL 了。"
ASK_BUDGET = "「{deal}」转 SQL 还要验证过的预算区间。预算多少？谁说的？例如：80到90万，王经理说的。"
ASK_BUDGET_ABOUT = (
    "「{deal}」转 SQL 还要验证过的预算区间，「{words}」只是大概。核实过的是多少到多少？例如：80到90万，王经理说的。"
)
ASK_DECIDER = "「{deal}」转 SQL 还要确认决策人。谁拍板？直接回复姓名和职务，例如：李建国 总经理。"
SQL_LATER = "好的，「{customer}」先不转 SQL。弄清楚了再说：转SQL {customer}"
RETURNED = "「{deal}」已退回市场{reason}。"
WON = "「{deal}」已记为赢单。"
LOST = "「{deal}」已记为丢单{reason}。"
ASK_LOST = "为什么丢的？一句话，例如：丢单 {customer} 价格太高。"
REOPEN = "再有进展，说「新商机 {customer}」另起一个。"
STILL_APPROVING = "还有审批{numbers}在等人批，用不上就回复：撤回审批{first}"
NEW_DEAL = "已为{customer}新建商机「{name}」。"
DEAL_KNOWN = "{customer} 已有叫「{name}」的商机。"
NAME_THE_NEW = "{customer} 已有在谈的商机，新的请起个名字，例如：新商机 {customer} 二期扩产。"

# Signing

SIGNING_KEPT = "预计签约 {on}"
SIGNING_MOVED = "预计签约 {was} → {on}"
SIGNING_FROZEN = "预计签约从 {was} 推到 {on}，一共推了 {days} 天（超过 {limit} 天），先冻结，等{name}解锁。"
SIGNING_FROZEN_NOBODY = "预计签约从 {was} 推到 {on}，一共推了 {days} 天（超过 {limit} 天），先冻结。您的上级名单里没有可以解锁的人，已告诉管理员。"
SIGNING_STILL_FROZEN = "预计签约还冻结着，新日期 {on} 已更新到{name}的卡片。"
UNLOCKED = "{name}已解锁「{deal}」：预计签约改为 {on}。"
NOT_UNLOCKED = "{name}没有同意「{deal}」推到 {on}，预计签约仍是 {was}。"
DONE_UNLOCKED = "已解锁，{rep}已收到。"
DONE_NOT_UNLOCKED = "好的，日期不改，{rep}已收到。"

NO_DAY = "未定"

# What does not go together

DOUBT_SIGNED = "您说「{words}」，但预计签约是 {on}，还没到。是提前签了吗？"
DOUBT_COST = "报价 {quote} 低于成本 {cost}，确定这样报吗？"
DOUBT_JUMP = "{label}上次是 {was}，这次是 {now}，差得比较多，是变了还是说错了？"
DOUBT_DECIDER = "决策人之前是{was}，这次说{now}拍板，是换人了吗？"
DOUBT_CORRECT = "说错就直接回复改。"
DOUBT_CORRECT_LATER = "记录已经入库；说错了请发一条新的说明。"
COST_KEPT = "「{deal}」的成本记为 {cost}，报价低于它会提醒。"
COST_UNCLEAR = "没听出金额。例如：成本 恒力 60万"

# Said

SAY_WHICH_DAY = "没听出日期。例如：预计签约 恒力 12月20日"
LISTED = "在谈商机 {count} 个{worth}："
LISTED_MORE = "在谈商机不止 {count} 个，先列在一个阶段停得最久的："
LISTED_WORTH = "，{known} 个有金额，合计 {total}，按阶段权重折算 {weighted}"
OVER_TARGET = "超过目标 {target} 个工作日"
NONE_LISTED = "还没有在谈的商机。"
NO_OWNER = "无负责人"

NO_SUCH_CUSTOMER = "没有找到您名下叫「{name}」的客户。"
SEVERAL_CUSTOMERS = "叫「{name}」的不止一家：{names}。请说全名。"
NO_DEAL = "{customer} 还没有在谈的商机。"
UNNAMED = "（未命名）"
SEVERAL_DEALS = "{customer} 有 {count} 个在谈的商机：{names}。请带上商机名再说一次。"
SAY_WHICH = "要带上客户名，例如：{example}"
NO_SUCH_STAGE = "没有叫「{name}」的阶段。可选：{stages}"
NOTHING_TO_UNDO = "「{deal}」没有可以撤回的阶段变更。"
NOT_YOURS_TO_UNDO = "「{deal}」上一次的阶段变更只有{name}或主管能撤回。"
UNDONE = "「{deal}」的阶段已从「{to}」退回「{was}」。"
HISTORY = "{deal}（{owner}）\n{lines}"
HISTORY_STAGE = "{on} {to}，停留 {days} 天{why}"
HISTORY_NOW = "{on} {to}，至今 {days} 天{why}"
HISTORY_NONE = "还没有登记过阶段"
HISTORY_OVER = "（目标 {target} 个工作日，用了 {days} 个）"
HISTORY_JUMP = "（跳过：{reason}）"
HISTORY_WAIVED = "（{name}放行：缺{missing}）"
HISTORY_SIGNING = "预计签约 {days}"
HISTORY_FROZEN = "（冻结中，等解锁 {on}）"
HISTORY_AMOUNT = "金额 {amount}"
HISTORY_LEAD = "MQL，转 SQL 要预算区间和决策人"
HISTORY_PENDING = "待改为「{to}」：{why}"
DEAL_STATES = {"won": "赢单", "lost": "丢单", "returned": "退回市场"}
