"""Every sentence that a user reads outside a card."""

HELP = """我是拜访助手，拜访完说一段话就行：
1. 按住说话：客户、见了谁、聊到哪一步、金额、下一步
2. 打字、发截图、发位置也可以，10 分钟内算同一次拜访
3. 我整理成卡片，您点「确认」才入库；有风险信号的要先答三问
4. 要改就直接回复，可以一次说几处：预算改成90万，联系人是王建国
5. 换客户：客户是宁波恒力
6. 改待办：排期表改到周五；第二个往后推三天；删掉第二个待办
7. 补充：他们12月要验厂；删内容：风险去掉、竞品不是华锐是华工；撤销：回到上一版；作废：不要这条了
8. 待办：看还没做完的事；排期表搞定了、第二个待办延期到周五、排期表转给赵一鸣；新建待办：周五前寄样品；待跟进 恒力
9. 客户的话不知道怎么接：客户说竞品价格低15%，怎么回；话术库、新增话术、修改话术 PR-01；练习：我扮客户，您来答异议
10. 查客户：恒力上次聊到哪了、商机 恒力、证据 恒力；记录缺什么：异常清单；找人帮忙：求助 @技术 …；审批 恒力 报价18万；帮助：再看一遍这段话"""

HELP_LEADERS = """主管还可以说：
· 风险：看待处理的上报；卡片上点 我来跟进 / 指派 / 已处理 / 误报
· 误报清单：哪些说法不再自动上报；恢复「再考虑」
· 待办 李晓彤、团队待办：看团队的待办；商机：团队在谈的商机
· 待审批、团队审批、团队求助：等您批的，和团队提出的
· 异常清单、团队异常：记录和商机里缺的、矛盾的、过期的，按人看
· 练习情况：看团队练了几次、平均多少分
· 成员、邀请 张三：看名单、加人
· 交接 李晓彤 给 赵一鸣：客户和待办一起转
· 待审话术：看待审批的话术；话术情况、话术缺口：用得怎样、还缺什么；话术线索：销售说过的好回答"""
HELP_ADMINS = """管理员还可以说：
· 成员、邀请 张三 主管 上级 周敏 区域 华东、离职 李晓彤、恢复 李晓彤
· 规则：看自动规则和最近发现；误报清单
· 交接 李晓彤 给 赵一鸣
· 待审话术：看待审批的话术；话术情况、话术缺口：用得怎样、还缺什么"""

WELCOME = "您好，我是拜访助手。拜访完按住说话讲一段，我整理成记录给您确认。回复「帮助」看用法。"
HELLO = "您好！拜访完发语音或文字给我，我来整理记录。回复「帮助」看用法。"
COURTESY = "好的，有拜访随时发给我。待确认的记录要回复「确认」或点卡片上的「确认」才入库。"

HEARING = "收到{length}语音，正在转写…"
HEARING_QUEUED = "收到{length}语音，前面还有 {waiting} 条在转写，轮到就发给您。"
HEARING_TWICE = "收到{length}语音，先按平台的转写整理；录音听完有出入会再告诉您。"
READING = "收到，正在整理…"
MODEL_AWAY = "语言模型暂时用不上，这份记录只按规则整理，可能有遗漏，请核对"
MODEL_NOT_FOR_LONG = "这条内容太长，没有交给语言模型，只按规则整理，可能有遗漏，请核对"
MODEL_SPENT = "语言模型今天的用量到了上限，这份记录只按规则整理，可能有遗漏，请核对"
IN_GROUP = "收到，我在单聊里回复您。没看到的话，请先在单聊里给我发一句话。"
AFTER_LAST = "收到，处理完上一条马上看。"
SAVING = "收到{what}，正在保存…"
READING_PICTURE = "收到图片，正在识别…"
READING_QUEUED = "收到图片，前面还有 {waiting} 张在识别，轮到就发给您。"
SAVED_WITH_VISIT = "{what}已存为证据，附在{customer}的拜访记录上。"
SAVED_LOOSE = "{what}已存好。{minutes} 分钟内的拜访记录会自动带上它。"
PLACE_LOOSE = "📍 位置已记下：{label}。{minutes} 分钟内的拜访记录会自动带上它。"
UNSUPPORTED = "收到，不过这种消息（{name}）我还看不懂。请发语音、文字、图片或位置。"
WITHHELD = "{reason}。这条没有记下来，恢复后请再发一次。"
LINK_KEPT = "链接已存为证据，我不会打开它。要写进拜访记录的内容，请直接说或打出来。"
NOT_UNDERSTOOD = "这句话我没听出拜访内容，没有建记录。请说说：见了哪家客户的谁、聊了什么、下一步。回复「帮助」看用法。"
NO_TODO_LIKE_THAT = "没有找到您说的这个待办，没有改动。\n{listing}"
NOT_UNDERSTOOD_VOICE = "语音转出来是：「{words}」\n没听出拜访内容，没有建记录，录音已保留。请再说一遍：见了哪家客户的谁、聊了什么、下一步。"
EMPTY_TEXT = "收到一条空消息，请再发一次。"

DECIDE_BY_HAND = "听到您说「{words}」。怕听错，请点卡片上的按钮，或打字回复「{words}」。"

MEDIA_GONE = "这份文件在服务器上已经取不到了（可能过期），请重新发一次。"
NOT_AUDIO = "收到的不是能识别的录音（{reason}），文件已保留。请按住说话重新发一条。"
EMPTY_AUDIO = "这条语音是空的，没有录到声音。请按住说话重新发一条。"
NO_WORDS = "这条语音平台没有听出文字，也没有给我录音。请再说一遍，或直接打字。"
NO_SPEECH = "这条语音里没有听清人声，录音已保留。请靠近话筒再说一遍，或直接打字。"
TOO_LONG = "这条语音有 {minutes} 分钟，超过 {limit} 分钟的上限，录音已保留。请分几段发。"
PARKED = "您 {at} 发的{what}没处理成功，内容已保留，已通知管理员。处理好会补上，您也可以重新发一次。"
LATE = "（{at} 发的）"

NOT_A_PICTURE = "收到的不是图片（可能只是改了后缀名），文件已保留。请发 JPG 或 PNG 的截图或照片。"
EMPTY_PICTURE = "这张图片是空的，没有内容。请重新发一次。"
DAMAGED_PICTURE = "这张图片没有传完整，读不出来，文件已保留。请重新发一次。"
PICTURE_TOO_BIG = "这张图片太大（上限 20 MB、4000 万像素），没有识别，文件已保留。请截取聊天的部分，或分几张发。"
PICTURE_TOO_SMALL = "这张图片太小，看不清字，文件已保留。请发原图。"
HEIC_PICTURE = "这是 iPhone 的 HEIC 格式，我这里打不开，文件已保留。请发 JPG 或 PNG：手机「设置 → 相机 → 格式」选「兼容性最佳」，或直接发截图。"
PICTURE_TOO_LONG = "这张图片字太多，{limit} 秒内没有读完，文件已保留。请分几张发。"
EYES_AWAY = "图片识别暂时不可用，图片已保存，恢复后自动识别，不用重发。急的话可以先打字。"
NO_EYES = "这里没有安装图片识别组件，图上的字没有读。要写进记录的内容请直接说或打出来。"
SAME_PICTURE = "这张图和您 {at} 发的是同一张，没有重复记录。"
SAME_PICTURE_ELSEWHERE = "这张图 {on} 已用在{customer}的拜访记录里，请核对是否发错"
NO_LETTERS = "图上没认出文字，当作现场照片。"
TILTED_PICTURE = "这张像是对着屏幕拍的照片，左右和数字容易认错，没有整理成记录，图片已存为证据。请在聊天里截屏（长截图也行）发原图；也可以直接说或打出要点。"
UNCLEAR_PICTURE = (
    "这张截图的版式我认不准，怕记错人，没有整理成记录，图片已存为证据。请发聊天界面的完整截图，或直接说、打出要点。"
)
NOTHING_IN_CHAT = "这段聊天里没有看到客户、要求、金额或下一步，没有建记录，截图已存为证据。要补充请直接说或打字。"
NOTHING_NEW_IN_CHAT = "这张截图里的内容前面几张都有了，没有重复记录，已存为证据。"
LABELLED = "已标为「{label}」，附在{customer}的拜访记录上。"
LABELLED_LOOSE = "已标为「{label}」。{minutes} 分钟内的拜访记录会自动带上它。"
PICTURE_GONE = "没找到这张图片，操作没有生效。"
READ_PARTLY = "图上的字太多，只读了前面一部分，请核对"
FIGURES_UNCONFIRMED = "{figures} 只有看图模型读到，图上的字里没核对到，没有记，请看原图"
PICTURE_MODEL_AWAY = "看图模型暂时用不上，这张图只按本机识别整理，请核对"
ROW_DIFFERS = "报价表「{name}」这行写的是 {stated}，数量乘单价是 {counted}，请核对"
SUM_DIFFERS = "报价表合计写的是 {stated}，各行加起来是 {counted}，请核对"
WORDS_DIFFER = "报价表大写金额是 {counted}，小写是 {stated}，请核对"

NO_DRAFT = "现在没有待确认的拜访记录。发一段语音或文字，我来整理。"
NOTHING_TO_CHANGE = (
    "现在没有待确认的拜访记录，这句话没有改动任何内容。要记新的拜访，请说说：见了哪家客户的谁、聊了什么、下一步。"
)
NOTHING_TO_UNDO = "没有可以撤销的修改。"
NO_SUCH_STEP = "没找到要改的待办「{words}」。现在的下一步：\n{steps}"
NO_STEPS = "这条记录还没有下一步。可以回复：补充待办 周五前寄样品"
DISCARDED = "已作废，不入库。原始{evidence}仍保留。"
CONFIRMED = "已入库：{customer}，{on}。{todos}"
TODOS_MADE = "已建 {count} 个待办。"
ESCALATED = "发现风险信号，已报给{manager}。"
ESCALATED_IF_WRITTEN = "发现风险信号，已发给{manager}。对方如果还没给我发过消息，要先发一条才收得到，请您提醒一下。"
NO_MANAGER = "发现风险信号，但没有设置您的上级，没能上报；请管理员在成员表里补上。"
MANAGER_UNREACHABLE = "发现风险信号，但{manager}没有登记可联系的账号，没能上报；请管理员补上。"
NEEDS_CUSTOMER = "还差客户：这次拜访的是哪一家？请直接回复客户名称。"
REMINDER = "您有一条待确认的拜访记录：{customer}，{on}。点卡片上的「确认」，或回复「确认」入库。"
REMINDER_OLDER = "您有一条待确认的拜访记录：{customer}，{on}。请点它那张卡片上的「确认」入库；后面还有更新的一条，回复「确认」是确认更新的那条。"

NOTICES = "提醒您 {count} 件事："
LATE_REMINDER = "（本应在 {at} 提醒，当时系统没有运行）"

CARD_CLOSED = "这张卡片已经处理过了（{closing}）。"
CARD_EXPIRED = "这张卡片已过期。回复「草稿」可以重新取一张。"
CARD_EXPIRED_OTHER = "这张卡片已过期，操作没有生效。"
CARD_NOT_YOURS = "这张卡片不是发给您的，操作没有生效。"
CARD_UNKNOWN = "没找到这张卡片，操作没有生效。"
NOT_ALLOWED = "您没有这个操作的权限。"
CHOOSE_FIRST = "请先在卡片里选一项，再点按钮。"
NUMBER_OUT_OF_RANGE = "请回复 1 到 {count} 之间的数字。"

NO_TODOS = "没有未完成的待办。"
TODOS = "未完成的待办：\n{lines}"
TODO_DONE = "已完成：{action}"

# To-dos

TODO_GROUPS = ("已过期", "今天", "以后", "没有日期")
NO_CUSTOMER = "（未定客户）"
TODOS_OF = "{member}：未完成 {count} 项\n{lines}"
TODOS_MORE = "……共 {count} 项，回复「待办」看全部"
NO_TODOS_OF = "{member}没有未完成的待办。"
NO_TODOS_IN_TEAM = "团队里没有未完成的待办。"
TODO_CANCELLED = "已取消：{action}"
TODO_POSTPONED = "已延到 {due}：{action}"
TODO_REWORDED = "待办已改成：{action}"
TODO_PASSED_ON = "已转交给{member}：{action}。对方完成后告诉您。"
TODO_DONE_FOR_YOU = "{member}完成了您交办的：{todo}"
TODO_CANCELLED_FOR_YOU = "{member}取消了您交办的：{todo}"
ASK_WHICH = {
    "finish": "完成的是哪一个待办？",
    "finish_all": "要把这 {count} 个待办都标为完成吗？",
    "postpone": "要延期的是哪一个待办？",
    "pass_on": "要转交的是哪一个待办？",
    "cancel": "要取消的是哪一个待办？",
    "reword": "要改的是哪一个待办？",
}
ANSWER_WHICH = "回复序号就行，例如：第一个"
ANSWER_ALL = "回复「是」全部完成，或回复序号只完成其中的"
NO_SUCH_TODO = "没有第 {place} 个待办，现在共 {count} 个。回复「待办」看列表。"
TODO_HINT = "提示：{hint}"
TODO_UNREACHED = "待办「{action}」没能送到{member}手上（对方收不到消息），请您直接告诉他，或者改交给别人。"
TODO_CLOSED_ALREADY = "这个待办已经{closing}：{action}"
PASSED_ON_ALREADY = "转交给别人了"
NEVER_MIND = "好的，没有改动。"
NOT_IN_THE_PAST = "{on} 已经过了，没有改动。请说一个今天以后的日期，例如：下周三。"
NO_DAY = "没听懂延到哪天，没有改动。例如：{action}改到下周三"
NO_SUCH_COLLEAGUE = "没找到叫「{name}」的同事，没有转交。请回复全名。"
WHICH_COLLEAGUE = "叫「{name}」的不止一位，转给哪一位？\n{lines}\n回复序号就行，例如：第一个"
ALREADY_YOURS = "这个待办本来就是您的，没有改动。"
TODO_MADE = "已建待办：{todo}"
TODO_MADE_REMINDED = "。{at} 提醒您（只在工作时间提醒）"
TIME_IS_OVER = "这个时间已经过了，没有建待办。请换个时间再说一次。"
NO_ACTION = "要建什么待办？例如：新建待办：周五前给恒力寄样品"
FOLLOW_UP_MARKED = "已标为待跟进：{customer}，请在 {at} 前跟进；有新的拜访记录入库就算跟进了。"
FOLLOW_UP_MARKED_FOR = "已标为待跟进：{customer}，请{member}在 {at} 前跟进。"
FOLLOW_UP_KNOWN = "「{customer}」已经是待跟进了。"
NO_SUCH_CUSTOMER_TO_MARK = "客户名单里没找到「{name}」，没有标记。"
WHICH_CUSTOMER_TO_MARK = "「{name}」可能是：{names}。请说全名，例如：待跟进 {example}"
ASK_TO_WHOM = "转交给谁？请回复姓名：{action}"
CLOSED_CANCELLED = "已取消"
CLOSED_POSTPONED = "已延期，见新卡"
CLOSED_PASSED_ON = "已转交{member}"
FOLLOW_UP_ACTION = "尽快跟进客户"
MORNING_TITLES = ("今日一件事", "今日两件事", "今日三件事")
MORNING_RISK = "处理风险：{customer}（{rep}）"
MORNING_DRAFT = "确认拜访记录：{customer}，{on}（回复「草稿」）"
MORNING_SILENT = "联系客户：{customer}（{days} 天没有联系）"
MORNING_OTHERS = "另外还有 {count} 项到期："
MORNING_NEXT_DAY = "下个工作日到期：{count} 项"
TODO_EVE = "快到期了：{todo}"
TODO_EVE_WATCHED = "快到期了，请催一下客户：{todo}"
TODO_TODAY = "今天到期：{todo}"
TODO_TODAY_WATCHED = "今天到期，请催一下客户：{todo}"
TODO_DUE_NOW = "到时间了：{todo}"
TODO_NUDGE = "已过期未完成：{todo}"
TODO_NUDGE_WATCHED = "已过期，请催一下客户：{todo}"
TODO_OVERDUE = "过期超过一个工作日：{todo}"
TODO_OVERDUE_WATCHED = "过期超过一个工作日，请抓紧催客户：{todo}"
TODO_MANAGER_TOLD = "，已告诉{manager}"
TODO_OVERDUE_MANAGER = "{member}的待办已过期，还没完成：{todo}"
FOLLOW_UP_NUDGE = "待跟进的时限到了，还没有跟进：{todo}"
FOLLOW_UP_OVERDUE = "待跟进超时很久了：{todo}"

ESCALATION_TAKEN = "{manager}已接手「{customer}」的{what}，会亲自跟进。"
ESCALATION_ASSIGNED = "{manager}把「{customer}」的{what}指派给{assignee}跟进。"
ESCALATION_RESOLVED = "{manager}已处理「{customer}」的{what}。"
ESCALATION_DISMISSED = "{manager}看过「{customer}」的{what}，认为是误报。"
# Escalation
ESCALATION_WHAT = {"risk": "风险", "rule": "风险", "request": "求助"}
ESCALATED_LATER = "发现风险信号，已报给{manager}，{when} 送达（现在是非工作时间）。"
RAISED = "已报给{manager}。"
RAISED_IF_WRITTEN = "已发给{manager}。对方如果还没给我发过消息，要先发一条才收得到，请您提醒一下。"
RAISED_LATER = "已报给{manager}，{when} 送达（现在是非工作时间）。"
NOBODY_TO_RAISE_TO = "没有设置您的上级，没能上报；请管理员在成员表里补上。"
RAISED_UNREACHABLE = "{manager}没有登记可联系的账号，没能上报；请管理员补上。"
NOBODY_ADMIN = "{rep}有一项要上报的事没有报出去：{reason}。请在成员表里补上。"
NOBODY_ABOVE = "没有设置上级"
NOT_REACHABLE = "上级{manager}没有登记可联系的账号"
MERGED = "「{customer}」已有一项在{holder}那里，这次的内容已并入，不重复上报。"
MERGED_NOTHING_NEW = "「{customer}」的这些情况已经在{holder}那里，没有重复上报。"
MERGED_AND_RAISED = "「{customer}」已有一项在{holder}那里，这次的内容已并入，并上报给{manager}。"
MORE_FOR_HOLDER = "「{customer}」又有新情况（{rep}）：{words}。已并入之前上报的那一项。"
LOW_WORDING = "「{words}」在您的团队多次被标为误报，这次没有自动上报；需要上报请回复「请{manager}出面」。"
LOW_MARK = "（低）"
WENT_UP_FROM = "「{customer}」的{what} {hours} 个工作小时没有处理，已上报{manager}。"
WENT_UP_AT_ONCE_FROM = "「{customer}」的{what}已上报{manager}，您这边不用再处理。"
WENT_UP_LEFT = "「{customer}」的{what}原来在{former}那里，现在由{manager}处理。"
WENT_UP_REP = "「{customer}」的{what}，{former} {hours} 个工作小时没有处理，已上报{manager}。"
STILL_OPEN = "「{customer}」的{what}还没有处理，已经没有再上一级，请您看一下卡片。"
STILL_UNFINISHED = "「{customer}」的{what}在您这里跟进 {days} 个工作日了，处理完请点「已处理」。"
CLOSED_RAISED = "已上报{manager}"
CLOSED_GIVEN_BACK = "已转回{manager}"
CLOSED_WITHDRAWN = "已撤回"
ESCALATION_MOVED_ON = "这件事已经{state}，操作没有生效。"
ESCALATION_STATES = {
    "open": "转给别人处理",
    "taken": "有人跟进",
    "assigned": "指派给别人",
    "resolved": "处理完",
    "false_alarm": "标为误报",
    "withdrawn": "撤回",
}
ESCALATION_MORE_QUOTES = " 等 {count} 句"
ASK_OUTCOME = (
    "已标为处理完。「{customer}」的{what}怎么处理的？回复一句话（语音也行），我转告{rep}；不写就回复「跳过」。"
)
OUTCOME_KEPT = "已记下，已转告{told}。"
OUTCOME_KEPT_ONLY = "已记下。"
OUTCOME_SKIPPED = "好的，不写。"
OUTCOME_TOLD = "「{customer}」的{what}，{by}是这样处理的：{words}"
ASK_ASSIGNEE = "「{customer}」的{what}指派给谁？回复姓名。"
NOBODY_TO_ASSIGN = "能指派的人里没有「{name}」（您团队的人和协作同事）。请回复全名，或回复「取消」。"
ASSIGN_NOTHING = "您手上没有可以指派的事项。"
ASSIGN_WHICH = "您手上有几件可以指派，请在要指派的那张卡片上点「指派」。"
WHICH_MATTER = "您手上有几件风险，请在要处理的那张卡片上点按钮，或者说明是哪家客户。"
ASSIGN_CANCELLED = "好的，先不指派。"
ASSIGNED_TO = "好的，已指派给{assignee}，处理完会告诉您。"
ASSIGNEE_UNREACHED = "「{customer}」的{what}没能送到{holder}手上（对方收不到消息），已退回给您，请改派或自己跟进。"
MANAGER_UNREACHED = "「{customer}」的{what}没能送到{holder}手上（对方收不到消息），请您直接联系；也已告诉管理员。"
WHICH_CUSTOMER_TO_RAISE = "要上报的是哪一家客户的事？请回复客户名称，或回复「取消」。"
RAISE_CANCELLED = "好的，先不上报。"
NOBODY_OF_THAT_NAME = "您的上级里没有「{name}」，没有上报。要上报请说「请经理出面」或「请总监出面」。"
NO_UNSETTLED = "现在没有待处理的风险。"
UNSETTLED = "待处理的风险（{count} 项，最早的在前）：\n{lines}"
UNSETTLED_LINE = "{place} {customer}（{rep}）{since}起，{where}"
UNSETTLED_WHERE = {"open": "等{name}处理", "taken": "{name}跟进中", "assigned": "{name}跟进中（指派）"}
NO_FALSE_ALARMS = "还没有被标为误报的说法。"
FALSE_ALARMS = "被标为误报的说法（权重低于 {limit} 的不再自动上报）：\n{lines}\n恢复某一条请回复：恢复 {example}"
FALSE_ALARM_LINE = (
    "{place} {team}「{words}」（{category}）误报 {false_alarms} 次，属实 {confirmed} 次，权重 {weight:.2f}{low}"
)
FALSE_ALARM_LOW = "，不自动上报"
FALSE_ALARM_TEAM = "{manager}团队 "
RESTORED = "已恢复「{words}」（{count} 个团队），以后照常自动上报。"
NOTHING_TO_RESTORE = "误报清单里没有「{words}」。回复「误报清单」查看。"
LISTED_MORE = "……等 {count} 项"

JOB_PARKED_ADMIN = "有一项任务没处理成功，已搁置（编号 {job_id}，{reason}）。查看：visitbot jobs show {job_id}"

# Rules

RULE_MORE = "等 {count} 家"
RULE_STALLED_TODO = "{deal}「{stage}」阶段已停留 {days} 个工作日，请和{rep}一起推进"
RULE_STALLED = "停在同一阶段超过 {limit} 个工作日：{customers}。主管已收到待办。"
RULE_STALLED_ALONE = "停在同一阶段超过 {limit} 个工作日：{customers}。"
RULE_STALLED_ONE = "{customer}（{stage}，{days} 天）"
RULE_SAMPLE_TEST = "样品测试超过 {limit} 天没有新联系：{customers}。"
RULE_SAMPLE_TEST_FACT = "「{stage}」已 {days} 天没有新的联系"
RULE_DAYS_ONE = "{customer}（{days} 天）"
RULE_WAKE_UP = (
    "超过 {limit} 天没有联系：{customers}。可以转发这段话，发之前请按实际情况改："
    "「您好，您关注的产品已有更新，本地也有客户的成功案例，方便的时候发给您看看？」"
)
IMPORTED_STALLED = "导入后还没有推进过的客户 {count} 家：{customers}。{manager}全部回复「未联系客户」查看。"
IMPORTED_STALLED_GIVEN = "{manager}会和您一起过一遍。"
IMPORTED_REVIEW = "和{rep}过一遍导入后还没有推进的 {count} 家客户：{customers}（全部回复「未联系客户」）"
IMPORTED_SILENT = "导入前就已沉默的客户 {count} 家：{customers}。挑重点的先联系，全部回复「未联系客户」查看。"
IMPORTED_IN_TEST = "导入后样品测试超过 {limit} 天、还没有联系的客户 {count} 家：{customers}。{told}"
IMPORTED_IN_TEST_DIRECTOR = (
    "{rep}名下，导入后样品测试超期、还没有联系的客户 {count} 家：{customers}。全部回复「未联系客户」。"
)
IMPORTED_AT_RISK_DIRECTOR = (
    "{rep}名下，导入后标为风险客户的 {count} 家（久未联系且逾期）：{customers}。全部回复「未联系客户」。"
)
IMPORTED_MORE = "等"
IMPORTED_TOLD = "已告诉{director}。"
UNTOUCHED = "导入后还没有联系过的客户 {count} 家：\n{lines}"
UNTOUCHED_LINE = "· {customer}（{facts}）"
UNTOUCHED_SINCE = "上次联系 {on}"
UNTOUCHED_NEVER = "没有联系记录"
NO_UNTOUCHED = "导入的客户都已经联系过了。"
RULE_DOWNGRADE_TITLE = "客户降级建议"
RULE_DOWNGRADE_SUBTITLE = "超过 {limit} 天没有联系"
RULE_DOWNGRADE_LINE = "{customer}：{before} → {after}（{days} 天没有联系）"
RULE_DOWNGRADE_HOW = "您不点「降级」就不会改动。"
RULE_ALL = "全部 {count} 家"
RULE_LOWERED_TITLE = "已降级"
RULE_LOWERED_LINE = "{customer}：{before} → {after}"
RULE_NOT_LOWERED = "{customers}的情况已经变了，没有改动。"
RULE_KEPT = "好的，等级不变：{customers}"
CLOSED_LOWERED = "已降级"
CLOSED_KEPT = "已保留"
CLOSED_LAPSED = "情况已变，不用处理了"
CLOSED_UNDONE = "已撤销"
RULE_PAYMENT = "回款逾期：{payments}。收到款请告诉管理员更新。"
RULE_PAYMENT_ONE = "{customer} {amount}（逾期 {days} 天）"
RULE_PAYMENTS_MORE = "等 {count} 笔"
RULE_AT_RISK = "已自动标为风险客户：{customers}。"
RULE_AT_RISK_FACT = "{silent} 天没有联系，{count} 笔共 {amount} 逾期未付，最久 {overdue} 天；已自动标为风险客户"
RULE_AT_RISK_TITLE = "已标为风险客户"
RULE_AT_RISK_SUBTITLE = "长期没有联系，回款又逾期"
RULE_AT_RISK_LINE = "{customer}（{rep}）：{silent} 天没有联系，逾期 {amount}，最久 {overdue} 天"
RULE_AT_RISK_HOW = "标错了可以撤销，也可以回复：撤销 风险客户 {customer}"
RULE_SAME_CUSTOMER = "「{customer}」由{owner}负责，{rep}刚登记了拜访。请两位先对一下，避免重复报价。"
RULE_SAME_CUSTOMER_ALSO = "「{customer}」{owner}，{rep}和{other}最近都登记了拜访。请两位先对一下，避免重复报价。"
RULE_OWNED = "由{owner}负责"
RULE_UNOWNED = "还没有负责人"
RULE_REFUSED_DEMO = (
    "「{customer}」连续 {times} 次没有接受演示。建议换个方式：先发 3 分钟的产品动画，再约去本地案例现场看看。"
)
RULE_PLAN_TEAM = "{week}的拜访没有达到计划：{reps}。"
RULE_PLAN_ONE = "{rep} {done}/{planned}"
RULE_PLAN_SHORT = "少 {percent}%"
RULE_PLAN_FLAG = "🚩连续 {weeks} 周不足"
RULE_PLAN_REP = "{week}计划拜访 {planned} 家，确认了 {done} 家，已连续 {weeks} 周没有达到计划。"
RULE_NEW_LEAD = "首次联系新线索"

UNDO_WHAT = "要撤销哪一家的什么？例如：撤销 风险客户 宁波恒力 / 撤销 降级 宁波恒力"
UNDO_NOTHING = "没找到可以撤销的：{what} {customer}。"
UNDO_WHICH = "「{words}」是哪一家？请写全称：{names}"
UNDONE_AT_RISK = "已撤销「{customer}」的风险客户标记。"
UNDONE_DOWNGRADE = "已撤销降级，「{customer}」的等级改回 {grade}。"
UNDONE_GRADE = "已撤销，「{customer}」的等级改回 {grade}。"
UNDONE_ALREADY = "「{customer}」的这项改动已经不在了，没有可撤销的。"
UNDONE_TOLD = "{member}撤销了「{customer}」的风险客户标记。"
UNDONE_WITHDRAWN = "{member}撤销了「{customer}」的风险客户标记，这件事不用再处理。"
UNDONE_REST = "{member}撤销了「{customer}」的风险客户标记，上报里的其他事还要处理。"

PLAN_NOTED = "{week}（{days}）计划拜访 {planned} 家，已记下。{now}"
PLAN_CHANGED = "{week}（{days}）的拜访计划从 {before} 家改为 {planned} 家。{now}"
PLAN_SO_FAR = "已确认 {done} 次拜访。"
PLAN_OWN = "本周（{days}）：计划 {planned} 家，已确认 {done} 次拜访。"
PLAN_NONE = "本周（{days}）还没有计划，已确认 {done} 次拜访。定计划请回复，例如：本周计划拜访12家"
PLAN_TEAM = "团队本周：{reps}"
PLAN_TEAM_NONE = "团队里还没有人报本周计划。"

RULES_TITLE = "规则（在 config.toml 的 [rules] 里改）："
RULES_LINE = "{mark} {name}：{limits}；近 30 天 {found} 次"

CLOSED_CONFIRMED = "已确认"
CLOSED_DISCARDED = "已作废"
CLOSED_REPLACED = "已更新，见新卡"
CLOSED_DONE = "已完成"
CLOSED_PICKED = "已选定"
CLOSED_STAGE_MOVED, CLOSED_STAGE_KEPT = "阶段已改", "不改了"
CLOSED_WAIVER_ASKED, CLOSED_WAIVED, CLOSED_NOT_WAIVED = "已请上级放行", "已放行", "未放行"
CLOSED_UNLOCKED, CLOSED_NOT_UNLOCKED = "已解锁", "未同意"
CLOSED_LABELLED = "已标注"
DECIDED = "好的，已告诉销售。"
DECIDED_UNTOLD = "好的，已记下。销售没有登记可联系的账号，请您直接告诉他。"
NO_SUCH_STAGE = "没有叫「{words}」的阶段。可选：{stages}"
NOT_REGISTERED = "您还没有开通拜访助手，请联系管理员把您加进成员名单。"
# People
LEFT_MEMBER = "您的账号已停用（名单里标为离职）。已请管理员确认，恢复后我会告诉您。"
TYPE_IT = "这句话涉及人员或客户归属，怕听错，请打字再发一次。"
NOBODY_CALLED = "没有找到「{name}」。"
NOBODY_YOU_SEE = "没有找到您能看到的「{name}」。"
SEVERAL_CALLED = "有 {count} 位「{name}」，请改用编号，例如「#{example}」：\n{lines}"
BIND_WRONG = "绑定码不对，请核对后再发：绑定 加 8 位字母或数字。"
BIND_TOO_MANY = "试的次数太多了，请一小时后再试，或请邀请您的人重新发一个绑定码。"
BIND_EXPIRED = "这个绑定码已经失效（有效期 {days} 天，换了新码旧码就作废），请让邀请您的人重新发一个。"
BIND_USED = "这个绑定码已经用过了。如果不是您本人用的，请马上告诉管理员。"
BIND_SAME = "这个账号已经绑定在您名下，不用再绑。"
BIND_TAKEN = "这个账号已经属于名单里的另一位成员，不能再绑定，请联系管理员。"
BIND_PLATFORM_TAKEN = "您在{platform}已经有一个账号了，同一平台只能绑定一个，请联系管理员。"
BOUND = "绑定成功，{name}您好。拜访完按住说话讲一段，我整理成记录给您确认。回复「帮助」看用法。"
BOUND_TELL = "{name} 已绑定{platform}账号。"
OWN_CODE = "您的绑定码：{code}\n请用您自己的另一个账号给我发：绑定 {code}\n{days} 天内有效，只能用一次，别转给别人。"
INVITED = "已邀请 {name}（{facts}）。绑定码：{code}\n请让本人给我发：绑定 {code}\n{days} 天内有效，只能用一次。"
INVITE_HAS_ACCOUNT = "{name} 已经有账号了（{accounts}）。要加第二个账号，请本人发「绑定码」。"
INVITE_HAS_LEFT = "{name} 在名单里标为离职。是同一个人请先恢复：恢复 {name}"
INVITE_NOT_YOURS = "您只能邀请自己团队的销售（上级是您，或您团队里的人）。其他人请管理员邀请。"
INVITE_MANAGER = "上级「{name}」{fault}"
INVITE_CIRCLE = "{manager} 在 {name} 的下级里，不能当上级。"
FAULT_NOBODY = "不在名单里，请先邀请上级，或不写上级。"
FAULT_SEVERAL = "有同名的人，请改写编号（成员 {name} 可以看到）。"
MEMBERS = "成员 {total} 人（第 {page}/{pages} 页）：\n{lines}{more}"
MEMBERS_MORE = "\n回复「成员 {page}」看下一页，「成员 姓名」看详情。"
MEMBERS_NO_PAGE = "只有 {pages} 页。"
MARKED_LEFT = "{name} 已标为离职，账号停用，记录都保留。名下 {facts}。{next}\n弄错了请回复：恢复 {name}"
MARKED_LEFT_ASKED = "会请 {manager} 安排交接。"
MARKED_LEFT_NOBODY = "没有要交接的。"
HAS_LEFT_ALREADY = "{name} 已经是离职状态。"
LAST_ADMIN = "{name} 是最后一位管理员，不能标为离职。请先邀请另一位管理员。"
RESTORED_MEMBER = "已恢复 {name}，账号可以用了。已交接出去的客户不会自动转回。"
YOU_ARE_BACK = "您的账号已恢复，可以照常使用。"
KEPT_OUT = "好的，{name} 保持停用。"
ALREADY_BACK = "{name} 已经恢复了。"
LEAVER_LATER = "好的，{on} 再提醒您。"
HANDED_OVER_START = "好的，{giver}的{facts}交接给{taker}。{drafts}24 小时内回复「撤销交接」可以撤回。"
HANDED_OVER_DRAFTS = "另有 {count} 条待确认的记录留在{giver}名下，没有入库。"
HAND_OVER_NOTHING = "{giver}名下没有要交接的客户或待办。"
HAND_OVER_TO_SELF = "交接人和接手人是同一位。"
HAND_OVER_NOT_YOURS = "只能交接自己的客户，或您团队里两位成员之间的客户。其他情况请管理员处理。"
HAND_OVER_TAKER = "没有找到接手人「{name}」。"
HAND_OVER_WHAT = "没有找到您能交接的成员或客户「{name}」。"
HAND_OVER_WHICH = "「{name}」有 {count} 家，请写全称：\n{lines}"
HAND_OVER_OWNERLESS = "「{name}」还没有负责人，没有可交接的；请管理员在客户表里填负责人。"
HANDED_OVER_TELL = "{by}把{giver}的{facts}交接给了{taker}。{drafts}"
HANDED_OVER_DONE = "交接完成：{giver}的{facts}已在{taker}名下。"
HANDED_FROM_YOU = "{by}把您的{facts}交接给了{taker}。"
HANDED_TO_YOU = "{giver}的{facts}交接给您了（{by} 安排）。"
BRIEF_MORE = "其余 {count} 家回复「交接简报 客户名」查看：{names}"
BRIEF_NONE = "最近没有交接给您的客户。"
BRIEF_LIST = "最近交接给您的客户（{count} 家），回复「交接简报 客户名」查看：{names}"
BRIEF_UNKNOWN = "没有找到您能看到的客户「{name}」。"
BRIEF_NO_VISIT = "还没有入库的拜访记录"
NO_HANDOVER_TO_UNDO = "没有可以撤回的交接（只能撤回自己 24 小时内做的最近一次）。"
HANDOVER_UNDONE = "已撤回：{giver}交接给{taker}的{facts}正在转回。之后另外改过归属的不动。"
HANDOVER_STOPPED = "{taker} 已离职，{giver}的交接没有完成，已经转过去的正在转回，请另选接手人。"
HANDOVER_UNDONE_TELL = "{by}撤回了交接：{giver}的{facts}不再转给{taker}。"
JOINED = "有新同事加入{platform}：{who}。要让对方用拜访助手，请回复：邀请 姓名 销售 上级 某某"
DEPARTURES_APPLIED = "好的，{count} 人按离职处理。"
DEPARTURES_DROPPED = "好的，{count} 人的离职变更已忽略，账号照常使用。"
DEPARTURES_GONE = "这些变更已经处理过了。"
CLOSED_HANDED_OVER = "已交接{name}"
CLOSED_LATER = "稍后"
CLOSED_RESTORED = "已恢复"
CLOSED_KEPT_OUT = "不恢复"
CLOSED_APPLIED = "已确认"
CLOSED_DROPPED = "已忽略"
ALSO_VISITED = "⚠ 这段话还讲到{names}，一张卡片只记一家，请另发一条说它"
CUSTOMER_OPEN = "客户未定"
EARS_AWAY = "语音识别暂时不可用，录音已保存，恢复后自动转写，不用重发。急的话可以先打字。"
HEARD_DIFFERENTLY = "{label}：平台听成{theirs}，录音里是{ours}，请核对"
HEARD_VAGUELY = "{label}：平台听成{theirs}，录音里像{ours}，先按平台的，请核对"
HEARD_BY_THEM_ONLY = "{label}：平台听到{theirs}，录音里没听出来，请核对"
HEARD_BY_US_ONLY = "{label}：录音里听到{ours}，平台没听出来，请核对"
HEARD_TOO_LATE = "「{customer}」的记录您已确认，录音再听一遍有出入：\n{doubts}\n记录没有改动；要更正请发一条新的说明。"
HEARD_SINCE = "刚才没听懂的语音，录音里听到的是：「{words}」。您后来又发过消息，这一句没有执行；还需要的话请再说一次。"
NOT_CHECKED = "这条语音没能用录音再核对一遍，卡片按平台的转写整理，请留意名字、金额和日期。"
RECORDING_GONE = "这条语音的录音已经取不到了，先按平台的转写整理，请留意名字、金额和日期。"
GAP = "{since}到{until}之间，我和{platform}的连接断过，这段时间发来的消息可能没收到。发过但没看到我回复的，请再发一次。"
OUTSIDER = "抱歉，我认不出您的账号。拜访助手只为本公司成员服务；如果您就是本公司成员，请让管理员检查机器人是否已发布、您是否在可见范围内。"
MEDIA_TOO_BIG = "这份文件没能收下：{hint}"

GROUP_QUOTE = "原话：{quote}"
GROUP_ESCALATION = "请{manager}在单聊卡片里处理。"

DIGEST_TITLE = "团队日报 · {day}"
DIGEST_NOTHING = "团队日报 · {day}：{visit_days} 没有拜访记录，没有待处理的风险，今天没有到期的待办。"
DIGEST_VISITS = "一、昨日拜访 {visit_days}：{count}"
DIGEST_RISKS = "二、待处理的风险：{count}"
DIGEST_TODOS = "三、今日到期的待办：{count}"
DIGEST_MORE = "……等 {count} 项"

# The calendar

HOLIDAYS_UNKNOWN = (
    "还没有 {year} 年的放假安排，提醒和升级先把周一至周五都当作工作日。请在安排公布后升级节假日数据"
    "（pip install -U chinesecalendar）并重启，或把本公司的放假、补班写进 calendar.file 指定的文件（见 docs/calendar.md）。"
)
# Risk questionnaire

RISKS_HELD = "好的，记录先存为草稿，{at} 提醒您。随时回复「风险三问」接着答。"
RISKS_REMINDER = "{customer}（{on}）的拜访记录还是草稿，答完风险三问才入库，还差：{missing}。回复「风险三问」接着答。"
RISKS_NEEDED = "风险三问答完才能入库。现在不方便可以回复「稍后」，记录先存为草稿。"
NO_RISKS_TO_ANSWER = "现在没有要回答的风险三问。"
NOT_AN_ANSWER = "没听出是哪一问的答案。例如回复：回答风险 卡在财务没批，需要总监出面，预计下周五"
CLOSED_ASKED = "先答风险三问"
CLOSED_ANSWERED = "已收到回答"
CLOSED_HELD = "稍后回答"
CLOSED_NOT_NEEDED = "不用回答了"

DETAIL_STEP = "接下来谁做什么，哪天完成？"
DETAIL_CONTACT = "这次见的是哪一位、什么职务，由谁拍板？"
DETAIL_BUDGET = "客户的预算大概多少？说个范围也行。"
DETAILS_HOW = "（直接回复就行；不想补就回复「跳过」）"

# Questions about a change that is not clear, and complaints about one that cannot be made

ASK_WHAT = "要改哪一项、改成什么？请说完整一点，例如：预算改成90万 / 联系人是王建国 / 第二个待办改到周五"
ASK_WHEN = (
    "要改哪个日期：拜访日期，还是哪一条待办的？现在的下一步：\n{steps}\n例如回复：第一个待办改到周五 / 拜访是昨天"
)
ASK_VISITED_ON = "要改哪个日期？这条记录还没有下一步。改拜访日期可以回复：拜访是昨天"
ASK_STEP = "要改哪一条待办？现在的下一步：\n{steps}\n{example}"
ANSWER_BY_PLACE = "回复「第一个」这样的序号就行。"
ANSWER_IN_FULL_STEP = "例如回复：第一个待办改到周五"
ASK_DUE = "这条待办要怎么改？要改日期请说改到哪一天。现在的下一步：\n{steps}\n例如回复：第一个待办改到周五"
ASK_OWNER = "这条待办归谁：我、客户还是同事？"
ASK_CUSTOMER = "客户要改成哪一家？现在是：{now}。直接回复名称就行。"
ASK_CONTACT = "联系人要改成谁？现在是：{names}。直接回复姓名就行。"
ASK_WHICH_CONTACT = "要改哪位联系人？现在有：{names}。例如回复：王经理改成汪经理 / 删掉王经理"
ASK_COMPETITOR = "竞品要改成哪一家？现在是：{names}。直接回复名称就行。"
ASK_WHICH_COMPETITOR = "要改哪个竞品？现在有：{names}。例如回复：竞品不是华锐是华工 / 去掉华锐"
NOBODY_YET = "（空）"
ASK_STAGE = "阶段要改成哪一个？可选：{stages}"
ASK_AMOUNT = "要改哪个金额？现在有：{amounts}。回复「预算」这样的名称就行。"
ASK_NO_AMOUNT = "这条记录里还没有金额。这是哪种金额？例如回复：预算改成90万"
ASK_MONEY = "「{what}」是多少钱？请带上单位，例如：90万"
ASK_RISK = "要去掉哪条风险？现在有：{risks}。例如回复：第一个风险去掉"
ASK_PAIN = "要去掉哪个痛点？现在有：{pains}。例如回复：去掉价格敏感"
ASK_NOTHING_LIKE_IT = "这条记录里没找到「{words}」，没有改动。要去掉哪一项？例如回复：删掉第二个待办 / 风险去掉"
NO_SUCH_AMOUNT = "这条记录里没有{label}，没有可去掉的。"
NO_SUCH_CONTACT = "这条记录的联系人里没有「{name}」。"
NO_SUCH_COMPETITOR = "这条记录的竞品里没有「{name}」。"
NO_SUCH_RISK = "这条记录里没有这样的风险信号，没有可去掉的。"
NO_SUCH_PAIN = "这条记录里没有这样的痛点，没有可去掉的。"
STEP_IS_GONE = "第{place}个待办已经不在了，没有改动它。"
UNCHANGED = "记录没有变化，内容和您说的已经一致。"

# After visits

ASK_TEST_PERIOD = "「{customer}」进入{stage}，预计测到什么时候？回复时长或日期，例如「大概两周」「测到12月10号」，到期前提醒您；没定就回复「跳过」。"
TEST_PERIOD_SKIPPED = "好的，「{customer}」的测试先不设提醒。"
TEST_PERIOD_KEPT = "已记下：「{customer}」的样品测试预计到 {on}，到期前提醒您。"
TEST_RESULT_TODO = "问样品测试结果"
TEST_COUNTDOWN = "「{customer}」的样品测试还有 {days} 个工作日到期（{on}），可以先问一句进展。"
SUMMARY_TODO = "给客户发一份方案小结"
SUMMARY_DRAFT = (
    "和「{customer}」第一次接触，24 小时内发一份方案小结效果最好。草稿只用了您的记录，发之前请核对：\n{draft}"
)
SUMMARY_PAINS = "您关心的：{pains}"
SUMMARY_DEMANDS = "您提到的需求：{demands}"
SUMMARY_BUDGET = "预算：{budget}"
SUMMARY_STEPS = "接下来：{steps}"
SUMMARY_EMPTY = "（记录里还没有客户的需求和下一步，请补上再发）"
SPOT_CHECK_TODO = "抽查回访：向客户核实{rep} {on}的拜访"

# Cadence

CADENCE = "上周触达不够（A 类每周 {a} 次，B 类 {b} 周 1 次）：{customers}"
CADENCE_ONE = "{customer}（{grade} 类，{had} 次）"
EXECUTIVE_VISIT = "A 类客户超过 {weeks} 周没有主管拜访：{customers}。建议安排一次。"
# The script library

SCRIPT_LIBRARY = "话术库 {count} 条：\n{lines}\n看一条：话术 {example}；看一类：话术库 {category}"
SCRIPT_CATEGORY = "{category}（{count} 条）：\n{lines}"
SCRIPT_NO_CATEGORY = "未分类"
NO_SCRIPTS = "话术库还是空的。请管理员导入：visitbot import scripts --starter"
NO_SUCH_SCRIPT = "话术库里没有 {code}。回复「话术库」看有哪些。"
SCRIPT_HEADING = "{code} {title}（{facts}）"
SCRIPT_VERSION = "第 {version} 版"
SCRIPT_STATUS = {"draft": "草稿", "approved": "启用", "retired": "停用"}
SCRIPT_VALID_FROM = "{day} 起生效"
SCRIPT_VALID_UNTIL = "有效到 {day}"
SCRIPT_SAID = "客户会说：{phrasings}"
SCRIPT_MATERIAL = "资料：{materials}"
SCRIPT_RETIRED = "已停用 {code}「{title}」，不再推荐。"
SCRIPT_WAS_RETIRED = "{code} 已经是停用的了。"
SCRIPT_PARTS = {
    "title": "标题",
    "phrasings": "客户会说的话",
    "body": "回答",
    "plan_kind": "类型",
    "category": "类别",
}
SCRIPT_ADDED = "已收进话术库：{code}「{title}」，从现在起可以用。"
SCRIPT_PROPOSED = "已记为草稿 {code}「{title}」，请{reviewer}审批，有结果会告诉您。"
SCRIPT_PROPOSED_TO_NOBODY = (
    "已记为草稿 {code}「{title}」。现在找不到能审批的主管或管理员，请让他们回复「通过话术 {code}」。"
)
SCRIPT_NO_DRAFT = "{code} 没有待审的草稿或修改，没有改动。"
SCRIPT_APPROVED = "已通过 {code}「{title}」，从现在起可以用。"
SCRIPT_RETURNED = "已退回 {code}「{title}」，不收进话术库。"
SCRIPT_APPROVED_TELL = "您提议的话术 {code}「{title}」已由{by}通过。"
SCRIPT_RETURNED_TELL = "您提议的话术 {code}「{title}」被{by}退回了{reason}，改好可以重新新增。"

# The gaps of the script library

NO_SCRIPT_GAPS = "没有话术缺口：大家问到的都有话术可答。"
SCRIPT_GAPS = "话术缺口 {count} 个（问了没有话术可答）：\n{lines}\n回答：回答缺口 {number}：要说的话\n不需要回答：忽略缺口 {number}"
SCRIPT_GAP_LINE = "#{number} {words}{times}{category}"
SCRIPT_GAP_TIMES = "（问过 {count} 次）"
SCRIPT_GAP_NEAR = " · 接近「{category}」"
NO_SUCH_SCRIPT_GAP = "没有 {number} 号缺口，或者已经处理过了。回复「话术缺口」看现在的清单。"
SCRIPT_GAP_IGNORED = "好的，不再列出缺口 {number}「{words}」。"
SCRIPT_GAP_NO_WORDS = "该怎么回答客户？请把话写在后面，例如：回答缺口 {number}：您的顾虑我理解，我们先……"
SCRIPT_TOO_LONG = "超过 {limit} 个字"
SCRIPT_GAP_REFUSED = "还不能收进话术库：{faults}。可用的占位符：{known}"
SCRIPT_GAP_ANSWERED = "已收进话术库：{code}，从现在起可以用。{told}"
SCRIPT_GAP_TELLS = "会告诉问过的 {count} 位同事。"
SCRIPT_GAP_FILLED = "您问过的「{words}」有话术了（{by}，{code}）："

# How the script library is used

SCRIPT_REPORT = "话术情况（近 {days} 天，{whose}）\n{lines}"
SCRIPT_REPORT_ALL = "全公司"
SCRIPT_REPORT_TEAM = "您和您的团队"
SCRIPT_REPORT_ASKED = "问了 {asked} 次，{answered} 次有话术可答（{percent}%）"
SCRIPT_REPORT_NOT_ASKED = "还没有人问过"
SCRIPT_REPORT_MOST = "推荐得最多："
SCRIPT_REPORT_LINE = "{place} {code} {title}：推荐 {times} 次{verdict}"
SCRIPT_REPORT_VERDICT = "，有用 {useful}，没用 {useless}"
SCRIPT_REPORT_NEVER = "启用后从没推荐过：{count} 条，例如 {examples}"
SCRIPT_REPORT_GAPS = "还没有话术可答：{count} 个，回复「话术缺口」看清单"

# Changes of scripts, and what waits for approval

SCRIPT_TOO_MANY_PHRASINGS = "客户会说的话超过 {limit} 种"
SCRIPT_NO_SUCH_KIND = "没有类型「{kind}」，可用：{known}"
SCRIPT_PART_EMPTY = "{part}是空的"
SCRIPT_LINE_ASTRAY = "「{line}」看不出是哪一项"
SCRIPT_HOW_TO_CHANGE = (
    "要改 {code}「{title}」的什么？请分行写，只写要改的：\n修改话术 {code}\n标题：…\n客户会说：…（几种说法用 | 隔开）\n"
    "话术：…（可以写几行）\n类型：…\n类别：…"
)
SCRIPT_CHANGE_REFUSED = "{code} 没有改动：{faults}。可用的占位符：{known}"
SCRIPT_IS_RETIRED = "{code} 已停用，没有改动。"
SCRIPT_SAYS_SO = "{code} 本来就是这样写的，没有改动。"
SCRIPT_CHANGED = "已修改 {code}「{title}」的{parts}，现在是第 {version} 版。"
SCRIPT_DRAFT_CHANGED = "草稿 {code}「{title}」的{parts}已改，请{reviewer}审批。"
SCRIPT_CHANGE_PROPOSED = (
    "已提议修改 {code}「{title}」的{parts}，请{reviewer}审批，有结果会告诉您。通过前仍用现在的话术。"
)
SCRIPT_CHANGE_TO_NOBODY = "已提议修改 {code}「{title}」的{parts}。现在找不到能审批的主管或管理员，请让他们回复「通过话术 {code}」。通过前仍用现在的话术。"
SCRIPT_CHANGE_APPROVED = "已通过对 {code}「{title}」的修改，现在是第 {version} 版。"
SCRIPT_CHANGE_RETURNED = "已退回对 {code}「{title}」的修改，话术照旧。"
SCRIPT_CHANGE_APPROVED_TELL = "您对话术 {code}「{title}」的修改已由{by}通过。"
SCRIPT_CHANGE_RETURNED_TELL = "您对话术 {code}「{title}」的修改被{by}退回了{reason}，话术照旧。"
SCRIPT_OUTDATED = (
    "{code} 在{proposer}提议之后改过了（现在是第 {version} 版），这个修改没有生效。已请{proposer}看过新版再提。"
)
SCRIPT_OUTDATED_TELL = (
    "您对话术 {code} 的修改没有生效：提议之后它又改过了（现在是第 {version} 版）。请看过「话术 {code}」再提。"
)
SCRIPT_GONE = "{code} 已经不是草稿了，没有改动。"
SCRIPT_DECIDED = "{code} 的这个提议已经处理过了（{state}），操作没有生效。"
SCRIPT_PROPOSAL_STATES = {
    "approved": "已通过",
    "returned": "已退回",
    "replaced": "有更新的提议",
    "outdated": "话术已改，未生效",
}
SCRIPT_WHICH_PROPOSAL = (
    "{code} 有 {count} 个提议待审（{names}），请在卡片上处理，或带上名字，例如：通过话术 {code} {example}"
)
SCRIPT_ASK_REASON = "{told}为什么退回？回复一句话（语音也行），我转告{proposer}；不写就回复「跳过」。"
SCRIPT_REASON_KEPT = "已转告{proposer}。"
SCRIPT_REASON_SKIPPED = "好的，不写。"
SCRIPT_REASON_TELL = "{by}退回 {code} 的原因：{reason}"
SCRIPT_REASON_INLINE = "（{reason}）"
NO_SCRIPT_PROPOSALS = "没有待您审批的话术。"
SCRIPT_PROPOSALS = "待审话术 {count} 条：\n{lines}\n看内容并审批：待审话术 {example}"
SCRIPT_PROPOSAL_LINE = "{code} {title}（{by}，{what}）"
SCRIPT_PROPOSAL_WHAT = {True: "新增", False: "修改"}
SCRIPT_ASK = {
    "title": "好，一步一步来（打字、语音都行，回复「取消」就停）。这条话术叫什么？起个短标题，例如：停机损失怎么赔",
    "phrasings": "客户一般怎么说？说一两句原话就行，几种说法用 | 隔开或分行。（回复「取消」就停）",
    "body": "该怎么回答？把要对客户说的话发给我。（回复「取消」就停）",
}
SCRIPT_ASK_KIND = "最后选一个类型，回复数字或名称：\n{kinds}"
SCRIPT_NO_KIND = "不分类型"
SCRIPT_CANCELLED = "好的，不新增了。"

# What our people said that worked

NO_SCRIPT_CLUES = "还没有话术线索：近 {days} 天的记录里，没有客户提了异议、我方怎么答的有原话、之后又往前推进了的。"
SCRIPT_CLUES = "话术线索 {count} 条（客户提了异议，我方有原话，{within} 天内往前推进了；只供参考，原话未必是原因）：\n{lines}\n收成草稿：采纳线索 {number}"
SCRIPT_CLUE_LINE = "#{number} {customer} {day}（{rep}，之后到「{stage}」）\n客户：「{objection}」\n我方：「{reply}」"
NO_SUCH_SCRIPT_CLUE = "没有 {number} 号线索，或者已经采纳过了。回复「话术线索」看现在的清单。"
SCRIPT_CLUE_TAKEN = "已按原话记为草稿 {code}「{title}」，还没有启用。启用前请把客户名、人名、金额改掉：修改话术 {code}，再在卡片上点「通过」。"
SCRIPT_SOURCE = "拜访记录 #{visit_id} {day} {customer}"
# Answers to objections

ANSWER_LOOKING = "收到，正在找话术…"
ANSWER_HOW = "请带上客户的原话再问一次，例如：客户说竞品价格低15%，怎么回"
ANSWER_NONE = "「{question}」话术库里没有合适的回答，不硬凑。已记为话术缺口，主管补上后告诉您。"
ANSWER_NEAREST = "最接近的类别是{category}，可以回复「话术库 {category}」看看。"
ANSWER_NO_STAGE = "话术库里还没有「{stage}」阶段的提问话术。请管理员在话术的“阶段”一栏写上它。"
ANSWER_TITLE = "话术参考"
ANSWER_STAGE_TITLE = "提问话术 · {stage}"
ANSWER_SAID = "客户说：{question}"
ANSWER_WHY_SAID = "像「{phrasing}」"
ANSWER_WHY_CATEGORY = "类别 {category}"
ANSWER_WHY_STAGE = "阶段 {stage}"
ANSWER_WHY_INDUSTRY = "行业 {industry}"
ANSWER_WHY_PRODUCT = "产品 {product}"
ANSWER_WHY_COMPETITOR = "竞品 {competitor}"
ANSWER_WHY = "依据：{why}"
ANSWER_MATERIAL = "资料：{materials}"
ANSWER_ADAPTED = "（已按客户情况调整说法，原文：话术 {code}）"
ANSWER_GO_ON = "（全文：话术 {code}）"
ANSWER_ALSO = "相近的还有：{scripts}（回复「话术 {code}」看全文）"
ANSWER_BY_WORDS_ONLY = "（语义检索暂时用不上，这次只按字词找）"
ANSWER_WHICH_CUSTOMER = "叫「{name}」的客户不止一家，没有代入数字。说全名再问一次就能算。"
ANSWER_DEARER = "我方比竞品高 {above}，竞品比我方低 {below}"
ANSWER_CHEAPER = "我方比竞品低 {above}，竞品比我方高 {below}"
ANSWER_SAME = "两家一样"
ANSWER_BOTH_PRICES = "告诉我我方报价和竞品价，我就能算差额，例如：我们报85万，竞品报72万，客户嫌贵，怎么回"
ANSWER_OUR_PRICE = "告诉我我方报价，我就能算差额，例如：我们报85万，竞品低15%，怎么回"
ANSWER_THEIR_PRICE = "告诉我竞品价，我就能算差额，例如：我们报85万，竞品报72万，客户嫌贵，怎么回"
ANSWER_INSTALMENTS = "测算：{amount}分 {count} 期（{terms}）：{parts}；合计 {total}"
ANSWER_DOWN = "首付 {down}，余款 "
ANSWER_NO_INTEREST = "不计息"
ANSWER_RATE = "{method}，年利率 {percent}，利息共 {interest}"
ANSWER_METHODS = {"annuity": "等额本息", "equal_principal": "等额本金"}
ANSWER_EACH = "第 {first} 期 {amount}"
ANSWER_EACH_OF = "第 {first}–{last} 期每期 {amount}"
ANSWER_TERMS_UNCLEAR = "利息或首付没听明白，没有算分期。可以这样说：我们报85万，首付30%，分12期，年利率4.8%"
ANSWER_TERMS_MISSING = "告诉我{missing}，我就能算分期，例如：我们报85万，客户要分12期，怎么回"
ANSWER_TERMS_QUOTE, ANSWER_TERMS_COUNT = "我方报价", "分几期"
ANSWER_PAYBACK = "测算：每年省 {saved}，约 {months} 个月回本（报价 {price}）"
ANSWER_OWNERSHIP = "测算：报价 {price}，每年 {yearly}，{years} 年共 {total}"
ANSWER_JUDGED_TITLE = "话术评价"
ANSWER_JUDGED = "已记下，谢谢。想改就再点。"
ANSWER_VERDICTS = {True: "有用", False: "没用", None: "还没评"}
ANSWER_JUDGED_LABEL = "话术"
RULE_REFUSED_DEMO_SCRIPT = "话术：{code}「{title}」，回复「话术 {code}」看全文。"

# Practice

PRACTICE_QUESTIONS = "提问"
PRACTICE_CUSTOMER = "【练习 {place}/{rounds}】客户：「{phrasing}」"
PRACTICE_OCCASION = "【练习 {place}/{rounds}】情景：「{phrasing}」请说出您要问客户的话。"
PRACTICE_STARTS = (
    "练习开始，共 {rounds} 轮：我扮客户，您像当面一样回答，打字或语音都行。「提示」「跳过」「结束练习」随时可用。{few}"
)
PRACTICE_FEW = "（{scope}可练的话术只有 {count} 条）"
PRACTICE_ONE_SCRIPT = "练习 {code}「{title}」，1 轮：我扮客户，您像当面一样回答，打字或语音都行。"
PRACTICE_LIBRARY = "话术库里"
PRACTICE_IN_CATEGORY = "「{category}」类里"
PRACTICE_NOT_OVER = "上一次练习还没结束，接着来："
PRACTICE_LAPSED = "上次练习停了 {minutes} 分钟以上，已经结束：{result}"
PRACTICE_SO_FAR = "平均 {score} 分（{rounds} 轮）"
PRACTICE_NONE_SO_FAR = "还没有答过的题"
PRACTICE_NOTHING_THERE = "话术库里没有可练的「{scope}」。可以练：{categories}。例如：练习 {example}"
PRACTICE_NOT_OFFERED = "{code} 现在没有启用，不能练。回复「话术库」看有哪些。"
PRACTICE_NOT_OPEN = "现在没有进行中的练习。回复「练习」开始。"
PRACTICE_SCORE = "【练习 {place}/{rounds}】得分 {score}{worth}"
PRACTICE_WORTH = "（{count} 个要点，每个约 {each} 分）"
PRACTICE_SAID = "说到了："
PRACTICE_PARTLY = "说到一半（算半个）："
PRACTICE_MISSED = "没说到："
PRACTICE_HINTED = "（提示过，算 {percent}%）"
PRACTICE_MORE = "……共 {count} 个"
PRACTICE_NOTHING = "没有听到这条话术的要点。"
PRACTICE_AVOID = "要避免："
PRACTICE_FAULTS = {
    "promise": "「{words}」是话术里没有的承诺（−{cost}）",
    "figure": "「{words}」话术里没有，不能自己许（−{cost}）",
    "rival": "「{words}」是在贬低别家（−{cost}）",
    "argues": "「{words}」像在顶撞客户（−{cost}）",
    "asks_nothing": "这条话术要用提问引客户往下说，您没有提问（−{cost}）",
    "too_long": "说完要一分多钟，太长了（−{cost}）",
}
PRACTICE_APPROVED = "参考话术 {code}「{title}」"
PRACTICE_APPROVED_LONG = "{heading}，看全文请回复：话术 {code}"
PRACTICE_HINT = "提示：可以说到{point}（提示过的要点只算 {percent}%）。请接着回答。"
PRACTICE_NO_MORE_HINTS = "这条话术的要点都提示过了，请回答，或回复「跳过」。"
PRACTICE_SKIPPED = "第 {place} 轮跳过，0 分。{approved}"
PRACTICE_VOID = "{code} 刚刚停用或改过，这一轮不算。"
PRACTICE_WAITS = "太短了，没有算。请像对客户那样回答，或回复「提示」「跳过」「结束练习」。\n{line}"
PRACTICE_LIKE_A_VISIT = (
    "这段像拜访记录，没有算作回答，也没有入库。要记拜访请回复「记拜访」；就是练习的回答请回复「算练习」。"
    "（练习中要记拜访，也可以先说「结束练习」。）"
)
PRACTICE_PAUSED = "好的，按拜访记录整理。练习停在第 {place}/{rounds} 轮，回复「继续练习」接着练。"
PRACTICE_LEFT = "练习停在第 {place}/{rounds} 轮，这段按拜访记录整理。回复「继续练习」接着练。"
PRACTICE_NOTHING_HELD = "没有等着您决定的内容。"
PRACTICE_HEARD = "收到{length}语音，按平台的转写来点评…"
PRACTICE_JUDGING = "收到，正在点评…"
PRACTICE_STOPPED_EMPTY = "练习结束，还没有答过的题。"
PRACTICE_TITLE = "练习结果"
PRACTICE_TITLE_STOPPED = "练习结果 · 提前结束"
PRACTICE_CARD_SCORE = "平均 {score} 分"
PRACTICE_CARD_ROUNDS = "{rounds} 轮"
PRACTICE_CARD_SKIPPED = "，跳过 {count} 轮（0 分）"
PRACTICE_CARD_LINE = "{place} {code} {title}：{score}"
PRACTICE_CARD_POINTS = "{score} 分"
PRACTICE_CARD_SKIP = "跳过"
PRACTICE_CARD_VOID = "不算"
PRACTICE_CARD_WEAKEST = "{category}（{score} 分）"
PRACTICE_CARD_READ = "话术 {code}"
PRACTICE_CARD_HOW = "分数＝要点覆盖，减去要避免的；回复「练习记录」看以前的。"
CLOSED_PRACTICE_AGAIN = "已再来一轮"
NO_PRACTICE_RECORD = "您还没有练习记录。回复「练习」开始。"
PRACTICE_RECORD = "您最近的练习：\n{lines}"
PRACTICE_RECORD_LINE = "{day} {scope}{result}"
PRACTICE_RECORD_WEAK = "\n近 {days} 天最弱：{category}（平均 {score} 分），回复「练习 {category}」"
PRACTICE_TEAM = "团队练习（近 {days} 天，只看次数和分数）：\n{lines}"
PRACTICE_TEAM_LINE = "{member} {sessions} 次 {rounds} 轮，平均 {average} 分"
PRACTICE_TEAM_NONE = "\n没有练过：{members}"
PRACTICE_NO_TEAM = "您名下还没有团队成员。"

# How things stand with a customer

VIEW_NOT_YOURS = "「{name}」不在您的客户里。可以换全称或简称再问一次。"
VIEW_OF_WHOM = "您想看哪家客户？请带上名称，例如：恒力上次聊到哪了"
VIEW_WHICH = "哪一家？"
VIEW_WHICH_HOW = "选一家，或直接回复客户全称"
VIEW_MORE_CUSTOMERS = "还有 {count} 家名称相近，请说全称"
VIEW_CUSTOMER_TITLE = "客户情况"
VIEW_DEAL_TITLE = "商机情况"
VIEW_NONE_YET = "还没有"
VIEW_NO_STEP = "上次没有约定"
VIEW_STEPS_DONE = "上次约定的都已了结"
VIEW_FROM_LIST = "{day}（名单里登记的，还没有拜访记录）"
VIEW_LAST_TOLD = "上次聊到：{told}"
VIEW_WAITING = "，待进入「{stage}」"
VIEW_FROZEN = "（已冻结，等解锁）"
VIEW_DEALS = "{count} 个在跟，见下"
VIEW_UNNAMED_DEAL = "未命名商机"
VIEW_DEAL_STATES = {"open": "在跟", "won": "已签约", "lost": "已丢单", "returned": "已退回市场"}
CHAIN_TITLE = "动作链"
CHAIN_EMPTY = "还没有动作记录。"
CHAIN_MATTER_ENDS = {"resolved": "风险已处理", "false_alarm": "风险标为误报", "withdrawn": "风险已撤回"}
CHAIN_APPROVALS = {"quote": "报价", "discount": "折扣"}
CHAIN_DECISIONS = {"approved": "审批通过", "refused": "审批未通过", "withdrawn": "审批已撤回"}
CHAIN_FILES = {
    "voice": "录音",
    "image": "图片",
    "text": "文字",
    "location": "位置",
    "file": "文件",
    "video": "视频",
    "link": "链接",
}
# Requests to colleagues

HELP_CARD = "请您回复"
HELP_CARD_RAISED = "超时未回复，请您处理"
HELP_NUMBER = "求助{number}"
HELP_CARD_HOW = "也可以直接回复：回复求助{number}：……"
HELP_SENT = "已发给{to}：求助{number}，请对方在 {until} 前回复。"
HELP_LATER = "现在是非工作时间，{when} 送达。"
HELP_IF_WRITTEN = "对方如果还没给我发过消息，要先发一条才收得到，请您提醒一下。"
HELP_ABOUT = "客户：{customer}。"
HELP_ABOUT_LAST = "客户：{customer}（按您最近的拜访，不对请撤回重发）。"
HELP_ABOUT_SEVERAL = "说到的客户不止一家，没有关联客户。"
HELP_HOW_TO_WITHDRAW = "撤回请回复：撤回求助{number}"
HELP_NO_WORDS = "要问什么？请连问题一起说，例如：求助 李工 恒力的阀体材质要 316L，能不能做？"
HELP_WHOM = "要问谁？请回复部门或同事的姓名，或回复「取消」。"
HELP_DEPARTMENTS = "可以问的部门：{departments}"
HELP_NOBODY = "没有叫「{name}」的部门或同事。"
HELP_WHICH = "是哪一位？回复序号或全名：\n{lines}"
HELP_NOT_TO = "「{name}」是提问人自己，或者这件事已经在他那里，没有改动。"
HELP_UNREACHABLE = "{name}没有登记可联系的账号，没有发出；请换一位，或请管理员补上。"
HELP_DEPARTMENT_EMPTY = "「{name}」现在没有联系得上的人，没有发出；请直接说同事的姓名，或请管理员补上。"
HELP_NOT_SENT = "好的，没有发出。"
HELP_NOT_YOURS = "没有您发起的求助{number}，没有改动。回复「我的求助」查看。"
HELP_NOT_WITH_YOU = "求助{number}不在您这里，没有改动。回复「待回复求助」查看。"
HELP_MOVED_ON = "求助{number}{state}，操作没有生效。"
HELP_STATES = {
    "open": "已经转给别人",
    "answered": "已经回复过了",
    "declined": "已经回复办不了",
    "withdrawn": "已经撤回",
}
HELP_CLOSINGS = {"answered": "已回复", "declined": "已回复办不了", "withdrawn": "已撤回"}
HELP_ASK_ANSWER = "请直接回复求助{number}{customer}的答复，打字或语音都行，我马上转给{rep}。先不回就回复「取消」。"
HELP_ASK_REASON = "求助{number}{customer}为什么办不了？请说一句原因（语音也行），我转给{rep}。先不回就回复「取消」。"
HELP_ASK_WHOM = "求助{number}{customer}转给哪位同事？请回复姓名，或回复「取消」。"
HELP_ANSWERED = "{by} {at} 回复了求助{number}{customer}「{asked}」：\n{words}"
HELP_DECLINED = "{by} {at} 回复求助{number}{customer}「{asked}」办不了：\n{words}"
HELP_ANSWER_KEPT = "已转给{rep}。"
HELP_ANSWER_KEPT_ONLY = "已记下。提问人现在联系不上，请您直接告诉他。"
HELP_COUNTS_ASKED = "（这条答复算不算{proof}，已请{by}确认。）"
HELP_COUNTS_CARD = "算不算{proof}"
HELP_COUNTS_HOW = "商机往下走要一份{proof}。这条答复可以作为{proof}吗？没点之前不算。"
HELP_COUNTS_YES = "算{proof}"
HELP_COUNTS_NO = "只是答复"
HELP_COUNTED = "已记为{proof}。"
HELP_NOT_COUNTED = "好的，只作为答复。"
HELP_COUNTED_TOLD = "{by}确认：求助{number}{customer}的答复算{proof}。"
HELP_NOT_COUNTED_TOLD = "{by}说明：求助{number}{customer}的答复只是答复，不算{proof}。"
HELP_ANSWERED_BY = "求助{number}{customer}已由{by}回复，您不用再处理。"
HELP_WITHDRAWN = "求助{number}已撤回。"
HELP_WITHDRAWN_TOLD = "{rep}撤回了求助{number}{customer}，您不用再处理。"
HELP_PASSED_ON = "求助{number}{customer}已转给{colleague}。"
HELP_PASSED_ON_TOLD = "求助{number}{customer}，{by}转给了{colleague}来回复。"
HELP_HALF = "{rep}的求助{number}{customer}还等您回复，{due} 到期：「{words}」。可以直接回复：回复求助{number}：……"
HELP_OVERDUE = "{rep}的求助{number}{customer}已经过期，还没有回复：「{words}」。请看卡片，或回复：回复求助{number}：……"
HELP_WENT_UP_FROM = (
    "求助{number}{customer} {hours} 小时没有回复，已上报{manager}。您仍可以直接回复：回复求助{number}：……"
)
HELP_WENT_UP = "求助{number}{customer}，{former} {hours} 小时没有回复，已上报{manager}。"
HELP_LEFT = "求助{number}{customer}原来在{former}那里，现在由{manager}回复。"
HELP_LEFT_NOBODY = "求助{number}{customer}原来在{former}那里，他已离职，没有找到可以接手的人。请撤回后另找一位。"
HELP_NOBODY_ABOVE = "求助{number}{customer}到期了，{holder}还没有回复，也没有分管副总或上级可以上报。请您直接联系。"
HELP_GIVEN_UP = "求助{number}{customer}已提醒{holder} {count} 次，仍没有回复，不再提醒。请您直接联系。"
HELP_UNDELIVERED = "求助{number}{customer}没能送到{holder}手上（对方收不到消息），请您直接联系，或撤回后另找一位。"
HELP_OWN = "您的求助：\n{lines}"
HELP_NONE = "您还没有发过求助。例如：求助 李工 恒力的阀体材质要 316L，能不能做？"
HELP_WAITING = "等您回复的求助 {count} 条：\n{lines}\n回复请说：回复求助编号：……"
HELP_NONE_WAITING = "没有等您回复的求助。"
HELP_TEAM = "团队还没回复的求助：\n{lines}"
HELP_NONE_TEAM = "团队没有等待回复的求助。"
HELP_LINE = "求助{number} {about}：{state}"
HELP_LINE_STATES = {
    "open": "等{name}回复，{at} 前",
    "answered": "{name} {at} 已回复",
    "declined": "{name} {at} 回复办不了",
    "withdrawn": "{name} {at} 已撤回",
}
HELP_LINE_OVERDUE = "（已超时）"

# Approvals

APPROVAL_LEVELS = {"manager": "主管", "director": "总监", "general": "总经理"}
APPROVAL_ABOVE = "上级"
APPROVAL_WHAT = {"quote": "报价", "discount": "折扣价"}
APPROVAL_CARD = {"quote": "报价审批", "discount": "折扣审批"}
APPROVAL_NUMBER = "审批{number}"
APPROVAL_OFF = "让 {percent}%"
APPROVAL_ARROW = " → "
APPROVAL_WAITS = "等待中（剩 {hours} 小时）"
APPROVAL_LATE = "等待中（已超时）"
APPROVAL_PASSED = "未处理，已转下一位"
APPROVAL_PASSED_ON = "已转上级"
APPROVAL_SENT = "已提交审批{number}：{customer}，{what}。\n{chain}"
APPROVAL_NO_MANAGER = "没有设置您的上级，直接从上面第一位开始。"
APPROVAL_LATER = "现在是非工作时间，{when} 送达。"
APPROVAL_HOW = "撤回请回复：撤回审批{number}"
APPROVAL_NOT_NEEDED = "审批{number}：{customer}，{what}，按规定不用审批，已记为通过。"
APPROVAL_TWIN = "同样的审批{number}已经在走了：{customer}，{what}。\n{chain}"
APPROVAL_NOBODY = "没有可以审批的人（没有设置您的上级），没有提交；已告诉管理员补上。"
APPROVAL_NOBODY_REASON = "没有设置可以审批的上级"
APPROVAL_OFF_HERE = "这里没有启用报价和折扣审批，没有提交。"
APPROVAL_MORE = "还差：{missing}。请直接回复，或回复「取消」。"
APPROVAL_NO_CUSTOMER = "哪一家客户（您名下的）"
APPROVAL_WHICH_CUSTOMER = "是哪一家客户（{names}）"
APPROVAL_NO_AMOUNT = "金额（一个准数，例如：报价18万）"
APPROVAL_NO_PERCENT = "打几折（例如：9折）"
APPROVAL_NOT_SENT = "好的，没有提交。"
APPROVAL_ASK_WHY = (
    "审批{number}（{customer}，{what}）为什么不同意？请说一句原因（语音也行），我转给{rep}。回复「取消」就先不决定。"
)
APPROVAL_NOT_REFUSED = "好的，先不决定，卡片还在。"
APPROVAL_APPROVED = "审批{number}通过了：{customer}，{what}。"
APPROVAL_STEP = "{by}同意了审批{number}：{customer}，{what}。"
APPROVAL_REFUSED = "{by}没有同意审批{number}（{customer}，{what}）：{words}"
APPROVAL_DECIDED = "好的，已告诉{rep}。"
APPROVAL_RAISED = "好的，已转给{manager}。"
APPROVAL_NOBODY_ABOVE = "已经没有再上一级，请您同意或不同意。"
APPROVAL_WITHDRAWN = "审批{number}已撤回：{customer}，{what}。"
APPROVAL_WITHDRAWN_TOLD = "{rep}撤回了审批{number}（{customer}，{what}），您不用再处理。"
APPROVAL_NOT_YOURS = "没有您提交的审批{number}，没有改动。回复「我的审批」查看。"
APPROVAL_NOT_YOUR_TURN = "审批{number}现在不在您这里，没有改动。回复「待审批」查看。"
APPROVAL_MOVED_ON = "审批{number}{state}，操作没有生效。"
APPROVAL_STATES = {"open": "审批中", "approved": "已通过", "refused": "没有通过", "withdrawn": "已撤回"}
APPROVAL_WENT_UP_FROM = "审批{number}（{customer}，{what}）{hours} 个工作小时没有处理，已转给{manager}。"
APPROVAL_WENT_UP = {
    "unanswered": "审批{number}（{customer}，{what}），{former} {hours} 个工作小时没有处理，已转给{manager}。",
    "asked": "审批{number}（{customer}，{what}），{former}转给了{manager}。",
    "left": "审批{number}（{customer}，{what}）原来在{former}那里，现在由{manager}审批。",
}
APPROVAL_AT_THE_TOP = (
    "审批{number}（{customer}，{what}），{holder} {hours} 个工作小时没有处理，已经没有再上一级。请您直接联系。"
)
APPROVAL_STILL_OPEN = "{rep}的审批{number}（{customer}，{what}）还等您处理，已经没有再上一级，请您看一下卡片。"
APPROVAL_GIVEN_UP = "审批{number}（{customer}，{what}）已提醒{holder} {count} 次，仍没有处理，不再提醒。请您直接联系。"
APPROVAL_STUCK = "审批{number}（{customer}，{what}）到了{holder}，现在联系不上他，也没有别人可以审批；已告诉管理员。"
APPROVAL_UNDELIVERED = "审批{number}（{customer}，{what}）没能送到{holder}手上（对方收不到消息），请您直接联系。"
APPROVAL_OWN = "审批：\n{lines}"
APPROVAL_NONE = "您还没有提交过审批。例如：审批 恒力 报价 18万 含安装"
APPROVAL_WAITING = "等您审批的 {count} 项：\n{lines}\n请在卡片上点按钮，或回复：同意审批编号"
APPROVAL_NONE_WAITING = "没有等您审批的。"
APPROVAL_NONE_OF = "没有您能看的「{name}」的审批。"
APPROVAL_NONE_TEAM = "团队没有提交过审批。"
APPROVAL_LINE = "审批{number} {rep}{customer} {what}：{state}"
CLOSED_AGREED = "已同意"
CLOSED_REFUSED = "没有同意"

# Key moments of a deal

KEY_STAGE_TODO = "客户进入「{stage}」，请办您这边的手续"
KEY_APPROVED_TODO = "报价 {amount} 已批准（审批{number}），请办您这边的手续"
KEY_DOCUMENT = "收到新的「{label}」，请审一下并回复意见。"
KEY_DOCUMENT_NEXT = "{words}\n{department}的意见：{answer}"
KEY_BEFORE = "上一位"
KEY_ASKED = "已按流程请{to}看一下（求助{number}）：{words}"
