"""Which company a note is about, the others that were visited, and the competitors."""

import pytest

from nlp import companies, names
from nlp.draft import CustomerEntry, CustomerMention

CUSTOMERS = tuple(
    CustomerEntry(name, aliases)
    for name, aliases in [
        ("宁波恒力阀门有限公司", ()),
        ("宁波恒丽服饰有限公司", ()),
        ("宁波海川塑机有限公司", ()),
        ("绍兴永晟纺织有限公司", ()),
        ("台州锦程汽配有限公司", ("锦程",)),
        ("上海博远医疗器械股份有限公司", ("BY Medical",)),
        ("无锡鼎新精密制造有限公司", ()),
        ("杭州云帆软件股份有限公司", ("云帆",)),
        ("苏州卓越教育装备有限公司", ()),
        ("华东电力设计院", ("华东院",)),
        ("金华豪森家具有限公司", ()),
        ("嘉兴信阳诚化工有限公司", ()),
    ]
)


def found(text: str) -> CustomerMention | None:
    return companies.customer(text, CUSTOMERS, competitors=companies.competitors(text, (), CUSTOMERS))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("宁波恒力阀门有限公司这单定了", "宁波恒力阀门有限公司"),
        ("今天去了恒力阀门，见了王总", "宁波恒力阀门有限公司"),
        ("刚从海川出来", "宁波海川塑机有限公司"),
        ("海川塑机的李工说参数没问题", "宁波海川塑机有限公司"),
        ("拜访了by medical", "上海博远医疗器械股份有限公司"),
        ("上海博远那边要样机", "上海博远医疗器械股份有限公司"),
        ("去了趟华东院，见了陈总", "华东电力设计院"),
        ("跟云帆的张总通了电话", "杭州云帆软件股份有限公司"),
        ("永晟集团的老板松口了", "绍兴永晟纺织有限公司"),
        ("下午回访了鼎新精密", "无锡鼎新精密制造有限公司"),
        ("客户是豪森家具，联系人李娜", "金华豪森家具有限公司"),
        ("阶段：报价审批，客户宁波恒力阀门，见了王经理", "宁波恒力阀门有限公司"),
        ("今天客户宁波恒力阀门有限公司那边定了", "宁波恒力阀门有限公司"),
        ("苏州卓越教育装备股份公司那边批了", "苏州卓越教育装备有限公司"),
    ],
)
def test_a_customer_is_known_by_letter(text: str, name: str) -> None:
    customer = found(text)

    assert customer is not None
    assert (customer.value, customer.status) == (name, "known")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("刚从宁波海穿塑机出来", "宁波海川塑机有限公司"),
        ("今天跑了绍兴永胜纺织，见到了老板", "绍兴永晟纺织有限公司"),
        ("绍兴泳盛纺织那边说再等等", "绍兴永晟纺织有限公司"),
        ("跟杭州云翻软件的张总通了电话", "杭州云帆软件股份有限公司"),
        ("去了无锡丁新精密", "无锡鼎新精密制造有限公司"),
        ("拜访了苏州桌越教育装备", "苏州卓越教育装备有限公司"),
        ("金华毫森家具的合同月底到期", "金华豪森家具有限公司"),
        ("汇报一下，上海博园医疗器械这单基本定了", "上海博远医疗器械股份有限公司"),
        ("刚从宁波嗯海川啊塑机出来", "宁波海川塑机有限公司"),
    ],
)
def test_a_misheard_customer_said_with_its_region_or_trade_is_known_by_sound(text: str, name: str) -> None:
    customer = found(text)

    assert customer is not None
    assert (customer.value, customer.status) == (name, "known")


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("刚从恒利出来", {"宁波恒力阀门有限公司", "宁波恒丽服饰有限公司"}),
        ("今天去了海穿，见了王总", {"宁波海川塑机有限公司"}),
        ("跟永胜的张总通了电话", {"绍兴永晟纺织有限公司"}),
        ("云饭那边今天来电话了", {"杭州云帆软件股份有限公司"}),
        ("拜访了上海恒力", {"宁波恒力阀门有限公司"}),
        ("拜访了恒力电子", {"宁波恒力阀门有限公司"}),
        ("去了恒力泰电子", {"宁波恒力阀门有限公司"}),
        ("拜访了温州海川塑机", {"宁波海川塑机有限公司"}),
        ("拜访了宁波海川机械", {"宁波海川塑机有限公司"}),
        ("刚从永胜回来", {"绍兴永晟纺织有限公司"}),
    ],
)
def test_what_is_not_certain_is_asked_about_with_the_likely_ones(text: str, offered: set[str]) -> None:
    customer = found(text)

    assert customer is not None
    assert customer.status == "ambiguous"
    assert customer.value == customer.span.of(text)
    assert offered <= {candidate.name for candidate in customer.candidates}
    scores = [candidate.score for candidate in customer.candidates]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("拜访了宏达，聊了聊", "宏达"),
        ("刚从东方电机回来", "东方电机"),
        ("拜访了湖州美欣达印染", "湖州美欣达印染"),
        ("跟常州天晟科技的张总通了电话", "常州天晟科技"),
        ("客户是瑞丰食品，联系人李娜", "瑞丰食品"),
        ("去了南京第一医院，见了院长", "南京第一医院"),
        ("今天拜访了徐州重型机械有限公司", "徐州重型机械有限公司"),
        ("回访了青岛明月酒店", "青岛明月酒店"),
    ],
)
def test_an_unlisted_company_is_new(text: str, name: str) -> None:
    customer = found(text)

    assert customer is not None
    assert (customer.value, customer.status) == (name, "new")


@pytest.mark.parametrize(
    "text",
    [
        "今天去了宁波，路上堵车",
        "去了他们厂，看了看产线",
        "去他们厂里看了设备",
        "拜访了采购部",
        "去了技术部，没人",
        "去了趟车间，设备在跑",
        "拜访了几个客户，反馈都一般",
        "拜访了一家做阀门的",
        "去看了阀门和轴承",
        "从车间出来，心里有数了",
        "从外地回来，明天再去",
        "从杭州回来就下雨了",
        "跟王总通了电话",
        "见了采购经理，他说再等等",
        "拜访了李主任，聊了聊",
        "他们要的是自动化产线",
        "客户是做服装的，规模不大",
        "客户是老客户，好沟通",
        "今天跑了三家客户",
        "从会议室出来就打电话了",
        "拜访了行业协会",
        "参加了展会，人不多",
        "给他们发了方案",
        "在公司开了会",
        "去了趟工地，还没开工",
        "见了老板，人挺爽快",
        "上午在开发区，下午回公司",
        "跟同事聊了聊",
        "去了客户那边，没谈拢",
        "和竞品比，我们贵",
        "年底要来验厂",
        "跑了一天市场，没什么收获",
        "从高铁站出来就直接过去了",
        "去仓库看了货",
        "拜访了新客户，第一次见",
        "去了市里开会",
        "从财务那边回来，款还没到",
        "总部那边还没批",
        "这边没问题，那边要再等等",
        "去了趟银行，手续没办完",
    ],
)
def test_places_products_departments_and_people_are_no_company(text: str) -> None:
    assert found(text) is None


def test_a_brand_within_a_misheard_longer_name_is_not_taken_for_another_customer() -> None:
    customers = (CustomerEntry("信阳诚浩森纺织股份有限公司"), CustomerEntry("柳州豪森环保有限责任公司"))
    customer = companies.customer("上午去了信阳诚豪森，他们对方案基本认可", customers)

    assert customer is not None
    assert customer.value != "柳州豪森环保有限责任公司"


@pytest.mark.parametrize(
    ("text", "first", "rest"),
    [
        (
            "今天跑了三家客户。第一家，宁波海川塑机，见了王总。第二家，绍兴永晟纺织，见了李经理。第三家是锦程，没见到人",
            "宁波海川塑机有限公司",
            ["绍兴永晟纺织有限公司", "台州锦程汽配有限公司"],
        ),
        ("第一家是鼎新精密，第二家是博远，都聊得不错", "无锡鼎新精密制造有限公司", ["上海博远医疗器械股份有限公司"]),
        ("上午拜访了锦程，下午拜访了博远", None, ["上海博远医疗器械股份有限公司"]),
        ("刚从海川出来，然后又去了鼎新", None, ["无锡鼎新精密制造有限公司"]),
        ("今天去了云帆，顺路去了豪森家具", None, ["金华豪森家具有限公司"]),
        ("第一家，宁波海川塑机。第二家，常州天晟科技，新客户", "宁波海川塑机有限公司", ["常州天晟科技"]),
    ],
)
def test_further_customers_that_were_visited_are_told(text: str, first: str | None, rest: list[str]) -> None:
    customer = found(text)

    assert customer is not None
    assert first is None or (customer.value, customer.status) == (first, "known")
    assert [other.value for other in companies.others(text, CUSTOMERS)] == rest


@pytest.mark.parametrize(
    "text",
    [
        "今天去了锦程，给他们讲了恒力的案例",
        "拜访了海川，下周再去鼎新",
        "刚从宁波海川塑机出来，海川的王总说可以",
        "去了云帆，他们的客户博远也在用",
        "拜访了鼎新，像海川那样的配置",
        "今天去了永晟，明天去拜访博远",
        "见了王总，没什么进展",
        "",
    ],
)
def test_a_reference_a_plan_and_a_repetition_are_no_further_visits(text: str) -> None:
    assert companies.others(text, CUSTOMERS) == ()


def test_a_competitor_is_no_further_customer() -> None:
    text = "去了海川，竞品是德信自动化，德信自动化报价低"
    rivals = companies.competitors(text, (), CUSTOMERS)

    assert [rival.name for rival in rivals] == ["德信自动化"]
    assert companies.others(text, CUSTOMERS, competitors=rivals) == ()


def test_a_visit_that_is_planned_gives_way_to_the_one_that_was_made() -> None:
    customer = found("今天拜访了海川，明天再去拜访鼎新")

    assert customer is not None
    assert (customer.value, customer.status) == ("宁波海川塑机有限公司", "known")


LISTED = ("杭州华锐自动化有限公司", "德信", "ABB", "苏州科创智能装备有限公司")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他们现在用的是abb的产品", [("abb", "abb")]),
        ("杭州华锐自动化有限公司报价更低", [("杭州华锐自动化有限公司", "杭州华锐自动化有限公司")]),
        ("华锐自动化昨天来过", [("华锐自动化", "华锐自动化")]),
        ("听说华锐也在跟", [("华锐", "华锐")]),
        ("苏州科创智能装备也报了价", [("苏州科创智能装备", "苏州科创智能装备")]),
        ("杭州花瑞自动化也在跟", [("杭州华锐自动化有限公司", "杭州花瑞自动化")]),
        ("德信那边降价了", [("德信", "德信")]),
        ("竞品是德信和华锐", [("德信", "德信"), ("华锐", "华锐")]),
    ],
)
def test_listed_competitors_are_found_in_full_in_short_and_by_sound(text: str, expected: list[tuple[str, str]]) -> None:
    found = companies.competitors(text, LISTED, CUSTOMERS)

    assert [(rival.name, rival.span.of(text)) for rival in found] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("竞争对手是德信自动化，报价比我们低", ["德信自动化"]),
        ("友商主要是远航科技和东信软件", ["远航科技", "东信软件"]),
        ("蓝云软件那边已经做了演示", ["蓝云软件"]),
        ("比西门子贵两成", ["西门子"]),
        ("他们倾向于换成SAP", ["SAP"]),
        ("跟施耐德比我们便宜", []),
        ("竞品三菱的报价更低", ["三菱"]),
    ],
)
def test_competitors_are_told_by_context(text: str, expected: list[str]) -> None:
    assert [rival.name for rival in companies.competitors(text, (), CUSTOMERS)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "我们比竞品贵",
        "友商报价更低",
        "竞品那边已经报价了",
        "比竞争对手便宜",
        "竞品是哪家还不知道",
        "比去年贵了",
        "比我们便宜",
        "比预算高一点",
        "恒力阀门那边已经做了演示",
        "宁波海川塑机报价已经给了",
        "竞争对手是海川塑机的老供应商",
        "他们在用三台设备",
        "用的是进口设备",
        "比市场价低",
        "跟客户谈价格",
        "拜访了天成科技",
        "比上次贵",
        "德鑫这个词没人说过",
    ],
)
def test_no_customer_and_no_common_word_is_a_competitor(text: str) -> None:
    assert companies.competitors(text, LISTED, CUSTOMERS) == ()


@pytest.mark.parametrize(
    ("said", "meant"),
    [("恒力", "宁波恒力阀门有限公司"), ("永晟纺织", "绍兴永晟纺织有限公司"), ("云帆软件", "杭州云帆软件股份有限公司")],
)
def test_an_abbreviation_beats_what_only_sounds_alike(said: str, meant: str) -> None:
    best = names.decided(names.link(said, CUSTOMERS))

    assert best is not None
    assert best.name == meant
    assert best.reason == "abbreviation"


@pytest.mark.parametrize("said", ["海穿", "永胜", "云翻", "豪生"])
def test_a_brand_alone_is_never_linked_by_its_sound(said: str) -> None:
    candidates = names.link(said, CUSTOMERS)

    assert candidates
    assert names.decided(candidates) is None


@pytest.mark.parametrize(
    ("name", "region", "brand", "trade", "legal"),
    [
        ("宁波恒力阀门有限公司", "宁波", "恒力", "阀门", "有限公司"),
        ("浙江省宁波", "浙江省", "宁波", "", ""),
        ("华东电力设计院", "", "华东", "电力设计院", ""),
        ("苏州大学", "", "苏州", "大学", ""),
        ("博远", "", "博远", "", ""),
        ("浙江省海川新材料科技股份有限公司", "浙江省", "海川", "新材料科技", "股份有限公司"),
        ("有限公司", "", "有限公司", "", ""),
        ("", "", "", "", ""),
    ],
)
def test_a_name_is_taken_apart(name: str, region: str, brand: str, trade: str, legal: str) -> None:
    assert names.parts_of(name) == names.Parts(region, brand, trade, legal)


CLINICS = (
    CustomerEntry("台州仁济骨科医院有限公司", ("仁济骨科", "仁济"), ("蔡晓东",)),
    CustomerEntry("湖州仁济妇产医院有限公司", ("仁济妇产", "仁济"), ("何主任",)),
    CustomerEntry("深圳云图数字科技有限公司", ("云图",), ("詹总", "黎明辉")),
    CustomerEntry("广州云途旅游有限公司", (), ("冯经理",)),
    CustomerEntry("郑州速达供应链管理有限公司", ("速达供应链",), ("孟凡",)),
    CustomerEntry("合肥速达物流有限公司", ("合肥速达",)),
    CustomerEntry("抚州金溪华联超市", ("金溪华联",)),
    CustomerEntry("景德镇华联商厦", ("华联商厦",)),
)


def of_clinics(text: str) -> tuple[str, str] | None:
    customer = companies.customer(text, CLINICS)
    return (customer.value, customer.status) if customer else None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("仁济那边蔡院长不在", "台州仁济骨科医院有限公司"),
        ("今天去了仁济，见了何主任", "湖州仁济妇产医院有限公司"),
        ("今天去了人济 蔡院长说再等等", "台州仁济骨科医院有限公司"),
        ("速达孟凡这边今天电话聊了一下", "郑州速达供应链管理有限公司"),
        ("素达孟凡这边今天电话聊了一下", "郑州速达供应链管理有限公司"),
        ("去了趟云途 黎明辉说合同还在法务", "深圳云图数字科技有限公司"),
    ],
)
def test_a_listed_contact_decides_between_customers_of_one_name(text: str, name: str) -> None:
    assert of_clinics(text) == (name, "known")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("今天去了仁济，没见到人", "仁济"),
        ("今天去了仁济，见了张院长", "仁济"),
        ("今天去了仁济，蔡院长和何主任都在", "仁济"),
        ("华联今天去谈年货节的事", "华联"),
        ("速达的单子签了", "速达"),
        ("今天去了人济，见了张院长", "人济"),
    ],
)
def test_a_name_that_several_customers_share_is_asked_about_where_no_contact_decides(text: str, said: str) -> None:
    assert of_clinics(text) == (said, "ambiguous")


def test_a_surname_alone_does_not_change_who_stands_there_by_letter() -> None:
    assert of_clinics("去了趟云途 黎总说合同还在法务") == ("广州云途旅游有限公司", "known")


@pytest.mark.parametrize(
    "text",
    [
        "今天去了锦程，说错了，是海川，见了王总",
        "今天去了锦程 不对 是海川 聊了聊",
        "去的锦程不是锦程是海川",
        "今天没去成锦程 改去了海川",
        "路过锦程没进去 直接去了海川",
        "拜访海川。顺路路过锦程，没进去。",
        "在海川碰到锦程的老板",
        "今天在海川聊的 他说他们跟锦程不一样",
        "见了海川的张总，他说不像锦程那样非要账期",
        "听海川的张总说隔壁的锦程也在换设备",
    ],
)
def test_who_is_taken_back_passed_or_compared_is_not_the_customer(text: str) -> None:
    customer = found(text)

    assert customer is not None
    assert (customer.value, customer.status) == ("宁波海川塑机有限公司", "known")
    assert companies.others(text, CUSTOMERS) == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("新客户泰州康宝制冷，采购科的孔科长接的", "泰州康宝制冷"),
        ("四川大禹水利检测中心，新客户，设备科罗科长", "四川大禹水利检测中心"),
        ("新线索，孝感槐荫视光，展会上加的微信", "孝感槐荫视光"),
        ("运城晋北醋业（新），做立体库", "运城晋北醋业"),
        ("今天新跑了一家，叫恒锋紧固件的厂，人挺爽快", "恒锋紧固件"),
        ("中山有家叫蓝屿的灯具厂，问价格", "蓝屿"),
        ("下午去了康宁那家医院，以前没打过交道", "康宁"),
        ("朋友介绍的，叫常熟沙家浜电镀厂，老板姓徐", "常熟沙家浜电镀厂"),
        ("一个新学校叫育才高级中学路是真难走", "育才高级中学"),
        ("今天去了一个新的养殖场叫金谷牧场 场长不在", "金谷牧场"),
    ],
)
def test_a_company_that_the_speaker_introduces_is_new_by_the_name_that_was_said(text: str, name: str) -> None:
    customer = found(text)

    assert customer is not None
    assert (customer.value, customer.status) == (name, "new")


@pytest.mark.parametrize(
    "text",
    [
        "新客户，第一次见，聊得不错",
        "新客户 张总 要样品",
        "新客户开发这块今年要加强",
        "叫他们把合同发过来",
        "他叫小李的人来对接",
        "去了那家医院，没见到人",
        "叫了个车过去的",
    ],
)
def test_talk_of_new_customers_without_a_name_is_no_company(text: str) -> None:
    assert found(text) is None


@pytest.mark.parametrize(
    ("text", "first", "rest"),
    [
        ("上午去了海川 王总答应月底签 下午又去了鼎新 没人", "宁波海川塑机有限公司", ["无锡鼎新精密制造有限公司"]),
        ("上午海川没见到人 下午鼎新见的李经理签了", "无锡鼎新精密制造有限公司", ["宁波海川塑机有限公司"]),
        ("海川 王总 放假了 没见到 顺路去了趟鼎新 也没人", "宁波海川塑机有限公司", ["无锡鼎新精密制造有限公司"]),
        ("上午是海川那边 下午呢又去了呃一个新的叫顺德咏康药业的", "宁波海川塑机有限公司", ["顺德咏康药业"]),
        ("今天去海川送样品。下午顺路拐了趟鼎新，收回货款", "宁波海川塑机有限公司", ["无锡鼎新精密制造有限公司"]),
    ],
)
def test_visits_one_after_another_are_a_customer_and_others(text: str, first: str, rest: list[str]) -> None:
    customer = found(text)

    assert customer is not None
    assert customer.value == first
    assert [other.value for other in companies.others(text, CUSTOMERS)] == rest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("说安谱蓝报的六十二万五", ["安谱兰"]),
        ("他们现在用的是沃德福的料槽", ["沃得福"]),
        ("纷成来报过价了", ["纷程"]),
        ("校服跟童横签的", ["童衡"]),
        ("分成比例再谈", []),
        ("这个份成都不要", []),
        ("通横山那条路", []),
    ],
)
def test_short_listed_competitors_are_found_as_they_sound(text: str, expected: list[str]) -> None:
    listed = ("安谱兰", "沃得福", "纷程", "童衡")

    assert [rival.name for rival in companies.competitors(text, listed)] == expected


@pytest.mark.parametrize(
    "piece", ["叫", "仁济", "仁济蔡院长", "那家医院", "新客户", "下午又去了", "不是仁济是", "素达孟凡", "云途"]
)
def test_companies_of_a_hostile_text_are_bounded(piece: str) -> None:
    text = piece * (20_000 // len(piece))

    assert len(companies.others(text, CLINICS)) <= companies.MAX_OTHERS
    customer = companies.customer(text, CLINICS)
    assert customer is None or customer.span.of(text)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("鲤城九中", "泉州鲤城第九中学"),
        ("泉州鲤城九中", "泉州鲤城第九中学"),
        ("临安二院", "杭州临安第二人民医院"),
        ("庐东一小", "合肥市庐东第一小学"),
    ],
)
def test_schools_and_hospitals_are_said_by_their_number(said: str, name: str) -> None:
    listed = ("泉州鲤城第九中学", "杭州临安第二人民医院", "合肥市庐东第一小学", "合肥市庐东第一中学")
    best = names.decided(names.link(said, tuple(CustomerEntry(each) for each in listed)))

    assert best is not None
    assert best.name == name


def test_whom_a_pronoun_means_is_no_company() -> None:
    assert companies.customer("辛苦冯姐，周五我去常州拜访您和陆总", ()) is None
