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
