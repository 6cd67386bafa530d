"""Every sentence about evidence: what it is, where it lies, what it is worth."""

from collections.abc import Mapping

# What it is

SORTS: Mapping[str, str] = {"voice": "录音", "image": "图片", "file": "文件", "video": "视频"}
SEEN_AS = "看文件名是「{label}」；不对就回复，例如：这是采购意向书"
SAY_WHAT = "是哪类资料请回复，例如：这是采购意向书"
OWN_ACCOUNT = (
    "这条语音是您自己说的拜访情况，不能当客户的反馈录音。"
    "请发一段客户自己说的（语音或音频文件），再回复「这是反馈录音」。"
)
SAY_WHAT_VIDEO = "是产品演示的话请回复：这是演示视频"
LABELLED_FILED = "已标为「{label}」，在{customer}的资料里。"

# Whose it is

OFFER_TITLE = "{what}已存好"
OFFER_TITLE_MANY = "{count} 份资料已存好"
OFFER_WHOSE = "归到哪家客户？"
OFFER_MAYBE = "可能是：{names}"
WHY_NAME = "文件名里写着"
WHY_WORDS = "图上的字里写着"
WHY_LAST = "刚确认的拜访"
OFFER_ELSEWHERE = "现在的草稿是「{draft}」，所以没有放进去。"
OFFER_JOINS = "不点的话，{minutes} 分钟内的拜访记录会自动带上。"
OFFER_BY_WORD = "要归到某家客户，回复例如：归到恒力"
FILE_TO = "归到「{name}」"
FILED = "已归到「{customer}」：{names}"
FILED_POINTS = "，证据积分 +{points}"
FILED_NOT = "好的，不归档，原件仍保留。"
THERE_ALREADY = "「{name}」已经在「{customer}」的资料里（{who} {on} 发的{version}），没有重复归档。"
THERE_ALREADY_QUIET = "「{name}」已经在「{customer}」的资料里，没有重复归档。"
THERE_ALREADY_SENT = "这份{what}在「{customer}」的资料里已有（{who} {on} 发的{version}），没有重复计入。"
NEW_VERSION = "「{name}」是第 {version} 版，旧版保留。"
VERSION = "，第 {version} 版"
NOTHING_TO_FILE = "没有等着归档的资料。先发文件、照片或视频，再说归到哪家客户。"
NO_SUCH_CUSTOMER = "客户名单里没找到「{name}」，没有归档。"
WHICH_CUSTOMER = "「{name}」可能是：{names}。请说全名，例如：归到{example}"
CLOSED_FILED = "已归档"
CLOSED_NOT_FILED = "不归档"
CLOSED_JOINED = "见新卡"
CLOSED_WITH_VISIT = "已附拜访记录"
CONFIRMED_POINTS = "证据积分 +{points}。"

# The same photo twice

COPY = "这张照片 {on} 已用于{use}，已标为重复，不计证据积分。请另拍一张现场照。"
LOOKS_LIKE = "这张照片和 {on} 用于{use}的那张几乎一样，已标为重复，不计证据积分。确实是新拍的，请回复「不是同一张」。"
COPY_HERE = "和您 {at} 发的那张几乎一样，只算一份。"
COPY_USE = "{customer}的拜访"
COPY_BY = "（{name}发的）"
COPY_USE_UNKNOWN = "其他同事的拜访"
SAME_BYTES = "这张照片和之前那张是同一个文件，一个字节都不差，仍按重复处理。"
DENIED = "好的，按新照片计。您的说明会和照片一起留着，主管看资料时能看到。"
LIST_COPY = "⚠ 与 {on} {use}的照片相同"
LIST_SAID_OTHER = "与 {on} {use}的照片很像，本人说是新拍的"

# Points

POINTS_OWN = "您的证据积分：本周 {week} 分{kinds}，本月 {month} 分。"
POINTS_HOW = "附在已入库的拜访上、或归到客户的才计分：{worth}。重复的不计。"
POINTS_RANK = "本周在团队 {count} 人里排第 {place}。"
POINTS_LEADING = "本周前三：{best}"
POINTS_ONE = "{place} {name} {points} 分"
POINTS_NOBODY = "团队本周还没有证据积分。"

# What lies there

CHATS = "聊天截图"
OTHER_PICTURES = "其他图片"
LIST = "「{customer}」{of}的{what}，共 {count} 份{page}："
LIST_WHAT = {"all": "证据", "files": "资料"}
LIST_PAGE = "（第 {page}/{pages} 页）"
LIST_OF_DEAL = "·{name}"
LIST_OF_DAY = " {on} 拜访"
LIST_LINE = "{number} {name}{version} · {who} {on}"
LIST_VERSION = " v{version}"
LIST_TRUST = "{on} 拜访：{trust}"
LIST_HOW = "回复数字取原件"
LIST_NEXT = "，回复「下一页」看后面的"
LIST_NOTHING = "「{customer}」{of}还没有{what}。发文件、照片或录音给我，会归到客户名下。"
LIST_NO_SUCH = "「{customer}」没有叫「{rest}」的商机，那天也没有已入库的拜访。"
LIST_NO_PAGE = "没有第 {page} 页，共 {pages} 页。"
LIST_NO_NUMBER = "没有第 {number} 份，共 {count} 份。"
LIST_UNFILED = (
    "还没有归档的 {count} 份（最新的在前）：\n{lines}\n回复数字取原件；要归到某家客户，先取再回复例如：归到恒力"
)
LIST_ALL_FILED = "没有未归档的资料。"
GIVEN = "{name}：{url}\n只有您能打开，{hours} 小时内有效。"
NO_LINK = "「{name}」已保存，但这里没有设置对外地址，手机上打不开原件。请联系管理员设置 server.public_url。"
NO_ORIGINAL = "「{name}」没有原件：平台只把文字传给了我。"
ORIGINAL_GONE = "「{name}」的原件已被清理或损坏，发不了，请联系管理员。"
WHY_NOT_SENT: Mapping[str, str] = {
    "channel": "这个聊天里不能直接发文件。",
    "size": "原件有 {size} MB，太大，不能直接发在聊天里。",
    "format": "这种格式的原件不能直接发在聊天里。",
    "refused": "平台没有收下这份原件，不能直接发在聊天里。",
    "busy": "原件现在传不上去，不能直接发在聊天里。",
}
HEARD_HERE = "手机上放不出来的话，在这里听：{url}\n只有您能打开，{hours} 小时内有效。"
NOT_YOURS_ANY_MORE = "这份资料的客户现在不在您名下，不能取。"

# How far a record may be believed

TRUST = "过程可信度 {percent}% = 可追溯 {parts}/{of} × 可核验 {verifiable}（{strongest}）× 时间 {anchored}（{delay}）"
TRUST_SAME_DAY = "当天记录"
TRUST_LATER = "隔 {days} 天记录"
TRUST_PICTURE = "截图"
TRUST_PLACE = "位置"
TRUST_VOICE = "只有语音"
TRUST_WORDS = "只有文字"
HINT_PICTURE = "发一张截图或现场照会更可信"
HINT_WORDS = "补上{missing}会更可信"
EVIDENCE_NONE = "证据 0/1 – 发一张截图或现场照"
EVIDENCE_THERE = "证据 1/1"
PRICE_CHECKLIST = "价格异议还可以补：{missing}。"
PRICE_SCREENSHOT = "异议原文的截图"
PRICE_RESPONSE = "怎么应对（如：已提供 ROI 测算表、已安排技术对接）"
