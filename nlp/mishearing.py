"""Words of sales talk that a speech engine spells by sound, read as what they sound like: 越底 is 月底, 玉算 is 预算.

The engine writes Mandarin syllables with characters of the same or a neighbouring sound. Put right is only what is no word
as it stands (受后, 招表), or is none beside the words around it (别脱过下周三). A spelling that is a word of its own (上限
for 上线, 领到 for 领导) stays, and so do names. Every character stands for one character, so that offsets into the text hold
for both; people are shown and quoted the text as it was heard.

Chosen from Mandarin voice notes of many industries heard by whisper-base, and from the neighbours by sound of the words
that the rules of extraction look for.
"""

import re
from functools import reduce

_NUMBER = r"\d零一二两三四五六七八九十百千万"
_END = r"(?:[，。！？；、,!?;\s]|$)"
_GOODS = "支只吨台套个件箱条张把根片桶卷瓶盒袋包平"
_GOODS_BY_SOUND = str.maketrans("指枝蹲顿敦抬", "支支吨吨吨台")
_GOODS_HEARD = _GOODS + "指枝蹲顿敦抬"

# Money

_OF_MONEY: tuple[tuple[str, str], ...] = (
    (r"[玉遇欲御域浴]算|预[酸蒜]|玉[酸蒜]", "预算"),
    (r"[抱爆暴饱](?=价(?!值))", "报"),
    (
        rf"(?<![拥怀环搂打合])抱(?=(?:的是?|了|过|到|给(?:他|她|客户|你|您)们?)?[{_NUMBER}]|的是|[一个]+价|给(?:他|她|客户))",
        "报",
    ),
    (r"合[桐铜]|何同(?=[额金签里上])|(?<=签)和同(?![事行学])|和同(?=[额金])", "合同"),
    (rf"成胶(?=价|了|{_END})", "成交"),
    (rf"单[驾架](?=[{_NUMBER}是大我])", "单价"),
    (rf"定今(?=[{_NUMBER}先付])", "定金"),
    (rf"订今(?=[{_NUMBER}先付])", "订金"),
    (r"[伟唯围]款", "尾款"),
    (r"竟品", "竞品"),
    (r"竟争(?=对手)", "竞争"),
)
"""Read so in every note: people also type by sound. Pattern, and what all that it matches is read as."""

_OF_SPEECH_MONEY: tuple[tuple[str, str], ...] = (
    (r"(?<=[报降涨砍议询差还])[架驾嫁](?![照驶校车构子设势空次])", "价"),
    (r"要架(?=[呢，是太])", "要价"),
    (r"报假(?=[是单给])", "报价"),
    (r"[寻训巡]价", "询价"),
    (r"架钱", "价钱"),
    (r"[围唯]保(?=[价费]|合同)", "维保"),
    (r"为保(?=[的年]?价|费|合同|到期)", "维保"),
    (r"为保架", "维保价"),
    (r"制保(?=[金期，。]|[一二两三]年)", "质保"),
    (rf"[玉欲遇]付(?=款|[{_NUMBER}])|与付(?=款[{_NUMBER}])", "预付"),
    (rf"(?<![对出到接分一转经新助])手付(?=款?[{_NUMBER}])|守付(?=款?[{_NUMBER}])", "首付"),
    (r"(?<!账)(?<!用)(?<!门)户款|火款(?=[，。不没]|还)|霍款", "货款"),
    (r"压金(?=[，。\d])", "押金"),
    (r"[掌仗]期(?=[\d三六九四])", "账期"),
    (r"[为维围]约金", "违约金"),
    (r"[剥播]款(?![机箱])", "拨款"),
    (rf"剥(?=了[{_NUMBER}]{{1,8}}万)|(?<=[经政里钱款])剥(?=下来)", "拨"),
    (r"披(?=下来|复(?!盖))|(?<=[没未])披(?=[，。]|$)|(?<=[经刚])披(?=了[，。])", "批"),
    (r"审[披皮匹]", "审批"),
    (r"[神身]批(?=[流，。通])", "审批"),
    (rf"(?<=[{_NUMBER}元块])厂到(?=每|[{_NUMBER}])", "涨到"),
    (r"打[哲辙](?=[，。扣])", "打折"),
    # 前 for 钱 only where a clause begins with it or nothing else can stand there
    (
        r"(?<![^，。！？；\s])前(?=的(?:话|事|问题)|到位|到账|不够|不是问题|没(?:问题|到|批|下来)|还没[批到下打付]"
        r"|已经[批拨到划付下]|也(?:已经)?[批拨下到划]|财政|都[批到打付])",
        "钱",
    ),
    (r"(?<=的)前(?=也?(?:已经)?[批拨](?:下来|了))", "钱"),
    (rf"(?<=没)前(?=了|买|付(?!面)|批|{_END})|(?<=不是)前(?=的?(?:问题|事))", "钱"),
    (r"(?<=多少)前(?![年天期后置提])", "钱"),
    (rf"(?<=块)前(?={_END}|一)", "钱"),
    (
        r"(?<=[他她们总说工长姐哥户方])[先显弦闲险](?=[高贵](?:[，。了说啊呢]|$))|[显险闲](?=(?:我们|咱们|价格)(?:的?价格)?(?:太|有点)?[高贵])",
        "嫌",
    ),
)

# Days

_OF_DAYS: tuple[tuple[str, str], ...] = (
    (r"越底(?=[前之，。\s交给就要再把]|$)|月抵(?=[前之，。])", "月底"),
    (r"(?<=月上)[寻询循巡](?![找问价盘检])|(?<=月[中下])[寻询循巡](?![找问价盘检])", "旬"),
    (
        r"原(?:蛋(?!白)|诞(?!生)|旦|淡)|远[蛋诞旦淡]|[源园]旦|(?<![\d十百千万块])元(?:蛋(?![糕卷白壳清])|诞(?!生)|淡)",
        "元旦",
    ),
    (r"(?<=元旦)钱(?=就|要|能|必须|上线|投|装|交|完|弄|搞|验收|发货)", "前"),
    (
        r"(?<=[\d一二三四五六七八九十]号)钱(?=要|必须|交|给|发|送|完|答复|回复|弄|搞|把|出)|(?<=月底)钱(?=要|必须|交|发|送|完|上线|弄|搞|把|装)",
        "前",
    ),
    (r"(?<!义)之钱(?=[，。\s要把]|$)", "之前"),
    (r"[夏吓][州周洲](?=[一二三四五六日天散])|下[州洲舟](?=[一二三四五六日天散])", "下周"),
    (r"(?<=[下这本]周)散(?=[，。\s前之上下]|$)", "三"),
    (r"(?<=[下这本]周)[武舞](?=[，。\s前之上下]|$)", "五"),
    (r"(?<=[下上个])[里理李](?=拜[一二三四五六天](?![下个家]))", "礼"),
    (r"名天(?=[，。上下早一我他就去])", "明天"),
    (r"(?<!有)名(?=儿个)", "明"),
    (r"(?<=[，。让们庆])结后(?=[再在约谈来联])", "节后"),
)

# The work of a sale

_OF_WORK: tuple[tuple[str, str], ...] = (
    (r"(?<![接享感承遭忍经])受后(?=[的服跟更老小那，。部承]|$)", "售后"),
    (
        r"(?<=[经已没未刚才])立[向效相象](?=[了，。这，\s]|$)|(?<![独成建设中])立[向相象](?=报告|批文|申请|阶段|材料)",
        "立项",
    ),
    (r"招[表镖飙彪](?!明)", "招标"),
    (r"投[镖飙彪]", "投标"),
    (r"中镖", "中标"),
    (r"镖书", "标书"),
    (r"招财[办班]", "招采办"),
    (r"[彩踩菜采][钩勾]|[彩踩菜]购|采够(?=部|办|那|的|合同|单|计划|流程)", "采购"),
    (r"[景静精]争(?=对手|的|[，。])|景征|竞征", "竞争"),
    (r"静品(?=[是，。那的报])|竞拼", "竞品"),
    (r"[房芳]案(?![件子情])|方岸|(?<=[出做发个份整体])方按(?=[，。给发]|$)", "方案"),
    (r"养品|样拼", "样品"),
    (r"[扬样]鸡(?![蛋汤肉])(?=[，。过拿是试来去]|$)", "样机"),
    (r"[演眼]视(?=一下|[，。完给过]|$)|[言验]示(?=一下|给)", "演示"),
    (r"(?<=演示)玩(?=[，。了大]|$)", "完"),
    (r"拜[防仿]|[败白]访", "拜访"),
    (r"[刻课]户(?=[那这说要的，。])|科[湖户](?=那边|这边|说|要)|克户(?=[那这说要的，。])", "客户"),
    (r"[宴燕艳]收(?=完|单|合格|[，。报了])|验手(?=完|单|合格)", "验收"),
    (r"出宴(?=完|搞|[，。])", "初验"),
    (r"丁单(?=[，。给下发]|$)", "订单"),
    (r"丁货", "订货"),
    (r"夏单(?=[，。了]|$)", "下单"),
    (r"[序叙徐]约(?=[，。了的]|$)", "续约"),
    (r"[序叙绪]签", "续签"),
    (r"盖张(?=[，。了]|$)", "盖章"),
    (r"选[行形](?=[，。]|$)", "选型"),
    (r"结能(?=测算|改造|方案|效果)", "节能"),
    (r"[餐参]树(?=表|[，。])|餐数", "参数"),
    (r"侧算", "测算"),
    (r"凭审", "评审"),
    (r"(?<=回去)会(?=报(?:[，。]|$|一下))", "汇"),
    (r"会总(?=出来|一下|表)", "汇总"),
    (r"[打达]复(?=[他她您客，。]|$)|答[付赴附](?=[，。他她您]|$)", "答复"),
    (r"回[赴富](?=[，。他她您]|$)", "回复"),
    (r"连系|[联连]细(?=[，。他她]|$)", "联系"),
    (r"队接(?=[，。人一]|$)", "对接"),
    (r"根进(?=[，。一的]|$)", "跟进"),
    (r"功货(?=[，。价商太没期]|$)", "供货"),
    (r"铺获(?=[，。还了的]|$)", "铺货"),
    (r"(?<![判诊论评])断获(?=[，。了]|$)", "断货"),
    (r"发获(?=[，。了]|$)", "发货"),
    (r"(?<![成提])交获(?=[，。期]|$)", "交货"),
    (r"[瞒慢]意(?=[，。的了阿]|$)", "满意"),
    (r"[轻青清]向(?=于|开|我们|他们|那家|[，。])", "倾向"),
    (r"[送宋]口(?=了[，。说]|了$)", "松口"),
    (r"拍[版班](?=[，。了说]|$)|派板", "拍板"),
    (r"[悄巧桥]定(?=了|下)", "敲定"),
    (r"吹(?=得紧)", "催"),
    (
        r"脱(?=过(?:下|这|本|周|月|\d|[一二三四五六七八九十]))|(?<=绝不)脱(?=[，。]|$)|(?<=能)脱(?=一个礼拜|[几两三]天)",
        "拖",
    ),
    (r"[记计](?=(?:[一二两三四五六几\d][套台份个盏桶张件块盒])?(?:样品|小样|样册|样机)(?!编|号|费))", "寄"),
    (r"(?<=[品样票件册])[记计](?=过[去来]|到我们|给[他她我])", "寄"),
    (r"(?<=[周拜期][一二三四五六日天])记(?=[，。]|$)", "寄"),
    (r"按装|安庄(?=[，。调完]|$)", "安装"),
    (r"陪训", "培训"),
    (r"[焦胶]期(?=[，。太能要]|$)", "交期"),
    (r"[顾故](?=保了)", "过"),
    (r"资值(?=要求|证|文件)", "资质"),
    (r"[佩陪]件", "配件"),
    (r"[头]诉(?=[我他，。了])", "投诉"),
    (r"反[溃愧](?=[，。说给]|$)", "反馈"),
    (r"绝策", "决策"),
    (r"(?<=[发传]到)油箱|(?<=[发传]到[他她我])油箱|(?<=发到[他她我]的)油箱", "邮箱"),
    (r"[才彩材]务(?=部|那|[，。说])", "财务"),
    (r"[材才]政(?=审|局|[，。那批])", "财政"),
    (
        r"(?<=技术|物流|采购|财务|设备|软件|生产|人力|研发|质检|商务|法务|信息)不(?=老[^是实稳练旧化到，。了]|的(?!话)|那边|经理|主任|总监)",
        "部",
    ),
    (r"(?<=[^已曾财神圣正佛])经[里历](?=说(?!明))", "经理"),
    (r"(?<=[^业自])主认(?=说|那边|让)", "主任"),
    (r"院[场厂](?=[说讲叫让]|那边)", "院长"),
    # 在 for 再: behind a word for later, or before what is done once more
    (
        r"(?<=后续|回头|下次|节后|年后|改天|改日|到时|开春|时候|几天|两天)在(?=联系|谈|约|跟进|说|聊|沟通|定|议|拜访|碰|商量|讨论)",
        "再",
    ),
    (
        rf"(?<![正都还现人也我他她们户就])在(?=付清|跑一趟|去一趟|去拜访[一他她]|来一趟|往下走走|便宜|降(?:一?点|个)|让[一二两三四五几]个?点|约(?:时间|{_END})|等等{_END}|联系{_END})",
        "再",
    ),
)

_TONS = re.compile(r"(?<=[二两三四五六七八九十百千万\d])(?:蹲|顿(?![饭餐酒早午晚骂])|敦(?=[，。的一]|$))")
_ONE_EACH = re.compile(
    # two units of which the second is the greater make no number: 两万六亿吨
    rf"(?<=万[二两三四五六七八九\d])亿[{_GOODS_HEARD}](?![标数])"
    rf"|(?:(?<=[价钱报]是)|(?<=[价钱报]))(?P<figure>[\d二两三四五六七八九十百千点.]{{1,8}})亿[{_GOODS_HEARD}](?![标数])"
)
_MANY = re.compile(r"(?<=[\d一二两三四五六七八九十百千]亿)[枝蹲顿敦抬指](?![标数])")
"""What is counted in 亿: with the measure word put right nobody takes the count for money."""

MAX_PASSES = 5
"""One word put right can let the next be recognised (功货架钱, 供货价钱)."""


def of_money(text: str) -> str:
    """The text with words of money that were spelled by sound put right; every offset stays.

    >>> of_money("玉算85万，我们抱的是92万，抱歉")
    '预算85万，我们报的是92万，抱歉'
    """
    return _put_right(text, _MONEY)


def heard(text: str) -> str:
    """What a speech engine wrote, read as what was said where that is beyond doubt; as long as `text`.

    >>> heard("越底前把样品记过来，前的话元旦前到位，拿货价是65亿指")
    '月底前把样品寄过来，钱的话元旦前到位，拿货价是65一支'
    """
    for _ in range(MAX_PASSES):
        before, text = text, _pass(text)
        if text == before:
            break
    return text


def _pass(text: str) -> str:
    text = _ONE_EACH.sub(_one_each, _put_right(text, _ALL))
    text = _MANY.sub(lambda found: found[0].translate(_GOODS_BY_SOUND), text)
    return _TONS.sub("吨", text)


def _one_each(found: re.Match[str]) -> str:
    figure = found["figure"] or ""
    return f"{figure}一{found[0][-1].translate(_GOODS_BY_SOUND)}"


Rules = tuple[tuple[re.Pattern[str], str], ...]


def rules() -> Rules:
    """All patterns with what the whole of a match is read as, in the order in which they are applied."""
    return _ALL


def _compiled(*tables: tuple[tuple[str, str], ...]) -> Rules:
    return tuple((re.compile(pattern), meant) for table in tables for pattern, meant in table)


def _put_right(text: str, rules: Rules) -> str:
    return reduce(lambda words, rule: rule[0].sub(rule[1], words), rules, text)


_MONEY = _compiled(_OF_MONEY)
_ALL = _compiled(_OF_DAYS, _OF_WORK, _OF_MONEY, _OF_SPEECH_MONEY)
