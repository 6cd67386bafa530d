"""Who is named in a note, and whose people they are."""

import pytest

from nlp import clauses, dialogue, people
from nlp.draft import CustomerEntry, Span

HENGLI = (CustomerEntry("宁波恒力阀门有限公司", contacts=("王建国", "李晓梅", "陈工")),)


def everybody(text: str, customers: tuple[CustomerEntry, ...] = (), **more: object) -> list[tuple[str, str]]:
    found = people.everybody(text, clauses.split(text), customers, **more)  # type: ignore[arg-type]
    return [(person.name, person.side) for person in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("见了王总，聊得不错", ("王总", "总", None)),
        ("张主任在开会", ("张主任", "主任", None)),
        ("见了采购部李经理", ("李经理", "经理", "采购部")),
        ("小周说下周给答复", ("小周", None, None)),
        ("跟老陈吃了饭", ("老陈", None, None)),
        ("联系人王建国", ("王建国", None, None)),
        ("欧阳总不在公司", ("欧阳总", "总", None)),
        ("跟技术那边的小刘确认了参数", ("小刘", None, None)),
        ("他们采购总监王建国拍的板", ("王建国", "采购总监", None)),
        ("设备科的周科长带我看了现场", ("周科长", "科长", "设备科")),
        ("信息中心的孙主任负责选型", ("孙主任", "主任", "信息中心")),
        ("见到了董事长赵永强", ("赵永强", "董事长", None)),
        ("他们厂长姓不清楚，见的是厂长徐国平", ("徐国平", "厂长", None)),
        ("教务处的何老师说要等开学", ("何老师", "老师", "教务处")),
        ("诸葛经理答应周五前回复", ("诸葛经理", "经理", None)),
        ("钱院长很认可我们的方案", ("钱院长", "院长", None)),
        ("给郑部长打了电话", ("郑部长", "部长", None)),
        ("约了冯工明天看图纸", ("冯工", "工", None)),
        ("财务部的黄会计说款已经安排了", ("黄会计", "会计", "财务部")),
        ("见了姚老板，他想再便宜点", ("姚老板", "老板", None)),
        ("对接人是许文静", ("许文静", None, None)),
        ("跟于总聊了四十分钟", ("于总", "总", None)),
        ("老板娘吴秀梅管采购", ("吴秀梅", "老板娘", None)),
        ("器械科的小魏在跟这个事", ("小魏", None, "器械科")),
        ("司马主任下个月退休", ("司马主任", "主任", None)),
        ("采购处胡处长让我们先报个价", ("胡处长", "处长", "采购处")),
        ("见了副总经理韩志远", ("韩志远", "副总经理", None)),
        ("谢副总觉得价格高", ("谢副总", "副总", None)),
        ("护士长邓丽华试用了一周", ("邓丽华", "护士长", None)),
        ("小马过来签的字", ("小马", None, None)),
    ],
)
def test_a_person_is_found_with_title_and_department(text: str, expected: tuple[str, str | None, str | None]) -> None:
    [person] = people.contacts(text, clauses.split(text))

    assert (person.name, person.title, person.department) == expected
    assert person.name in person.span.of(text)


@pytest.mark.parametrize(
    "text",
    [
        "总的来说还可以",
        "总归要做的",
        "经理级别的人才能批",
        "谈了两个小时",
        "要小心竞品降价",
        "车间里的老师傅都认我们",
        "他们老是拖",
        "提高工作效率是重点",
        "对方总体比较满意",
        "白天没空，晚上再说",
        "周一再去",
        "成本太高",
        "应该没问题",
        "何况预算也不够",
        "任务比较重",
        "时间比较紧",
        "马上就到年底",
        "温度控制不稳",
        "安装要两周",
        "金额还没定",
        "华东区域今年砍了预算",
        "关系不错",
        "向他汇报了方案",
        "于是先报个价",
        "单价偏高",
        "三十五万元左右",
        "这段时间比较忙",
        "毛利太低",
        "路上堵车",
        "常规配置就够用",
        "连接不稳定",
        "管理比较乱",
        "全工厂都在用",
        "车主任务多",
        "应总经理要求改了方案",
        "连经理都不清楚",
        "小金额的不用审批",
        "老毛病又犯了",
        "小程序要重新做",
        "高级经理才有权限",
        "成总包了这个活",
        "他们周总结会上提的",
        "余款还没付",
        "石油行业不景气",
        "万工厂都停了",
        "陈述了我们的优势",
        "项目经理还没定",
        "部门主管不在",
        "等下周主任们开会",
        "上周经理换了",
        "方工艺上没问题",
        "江苏那边的厂",
        "温州市长期缺货",
        "解工序上的问题",
        "老板说再看看",
        "小高层的项目先不做",
        "明确表示不要",
        "施工队进场了",
        "张贴了通知",
        "和谐的气氛",
    ],
)
def test_everyday_words_are_nobody(text: str) -> None:
    assert people.everybody(text, clauses.split(text)) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我们李工明天过去", [("李工", "own")]),
        ("我们公司的张总出面谈", [("张总", "own")]),
        ("让技术部小周出方案", [("小周", "own")]),
        ("我回头让小周发资料", [("小周", "own")]),
        ("请刘总出面拜访一下他们校长", [("刘总", "own")]),
        ("同事小李陪我去的", [("小李", "own")]),
        ("我们技术部的吴工做了演示", [("吴工", "own")]),
        ("咱们售后的郭工去修的", [("郭工", "own")]),
        ("我领导钱总也会参加", [("钱总", "own")]),
        ("今天我和小林一起去拜访的", [("小林", "own")]),
        ("竞品那边的王经理也在", [("王经理", "competitor")]),
        ("友商的销售小李昨天来过", [("小李", "competitor")]),
        ("竞争对手的区域经理陈总请他们吃饭", [("陈总", "competitor")]),
        ("供应商的陈总说下周到货", [("陈总", "third")]),
        ("设计院的李工还没出图", [("李工", "third")]),
        ("代理商那边的赵总想压价", [("赵总", "third")]),
        ("他朋友刘总介绍的", [("刘总", "third")]),
        ("监理公司的孙工卡着验收", [("孙工", "third")]),
        ("她同学周主任在教育局", [("周主任", "third")]),
        ("总包的项目经理马总不松口", [("马总", "third")]),
        ("见了王总，让我们下周报价", [("王总", "customer")]),
        ("他们李工说参数没问题", [("李工", "customer")]),
        ("客户让技术部小周跟我们对接", [("小周", "customer")]),
        ("王总请李经理确认一下", [("王总", "customer"), ("李经理", "customer")]),
        ("见了王经理，我们张总也在", [("王经理", "customer"), ("张总", "own")]),
        ("我们李工去了现场，李工说两周能装完", [("李工", "own")]),
        ("设计院的陈总在，陈总说图纸没问题，王总没意见", [("陈总", "third"), ("王总", "customer")]),
        ("采购部王经理和供应商的王经理都在", [("王经理", "customer"), ("王经理", "third")]),
    ],
)
def test_sides_are_told_by_the_words_around(text: str, expected: list[tuple[str, str]]) -> None:
    assert everybody(text) == expected


def test_only_the_customers_people_are_contacts() -> None:
    text = "见了王经理，我们李工也在，竞品那边的张总刚走，设计院的陈工没来"

    assert [person.name for person in people.contacts(text, clauses.split(text))] == ["王经理"]
    assert {person.side for person in people.everybody(text, clauses.split(text))} == {
        "customer",
        "own",
        "competitor",
        "third",
    }


@pytest.mark.parametrize(
    "text", ["华锐的销售小李上周来过", "华锐那边的王经理报了价", "华锐的张总请他们吃饭", "华锐李工在现场做测试"]
)
def test_who_stands_behind_a_competitors_name_is_the_competitors(text: str) -> None:
    [(_, side)] = everybody(text, competitors=("华锐",))

    assert side == "competitor"


def test_the_people_of_a_customer_that_is_a_design_institute_are_the_customers() -> None:
    text = "去了华东电力设计院，华东电力设计院的陈总很支持"
    span = Span(text.rindex("华东"), text.rindex("院") + 1)

    assert everybody(text, companies=(span,)) == [("陈总", "customer")]


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("刘总\n刘总：我们李工明天联系你", "customer"),
        ("刘总\n刘总：你们李工什么时候来", "own"),
        ("刘总\n我：我们李工明天联系您", "own"),
        ("刘总\n刘总：李经理，你们的方案发我", "own"),
    ],
)
def test_in_a_chat_we_means_who_speaks(text: str, side: str) -> None:
    chat = dialogue.read(text)
    found = people.everybody(text, list(chat.pieces), title=chat.title)

    assert [person.side for person in found if person.name.startswith("李")] == [side]


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("跟王健国聊了聊", "王健国"),
        ("王建果说可以，他来推", "王建果"),
        ("采购总监王剑国拍板", "王剑国"),
        ("黄建国负责这个事", None),
        ("里小梅答应周五前付款", "里小梅"),
        ("见了李小妹", "李小妹"),
    ],
)
def test_a_listed_contact_is_found_by_sound(text: str, heard: str | None) -> None:
    found = [
        person for person in people.contacts(text, clauses.split(text), HENGLI) if person.name in ("王建国", "李晓梅")
    ]

    assert [person.span.of(text)[-3:] for person in found] == ([heard] if heard else [])


def test_a_sound_that_two_contacts_share_is_linked_to_neither() -> None:
    customers = (CustomerEntry("宁波恒力阀门有限公司", contacts=("王建国", "王健国")),)
    text = "跟王剑国聊了聊"

    [person] = people.contacts(text, clauses.split(text), customers)

    assert person.name == "王剑国"


@pytest.mark.parametrize("text", ["见了王建军", "跟李晓东聊了聊", "联系人是汪建平", "见了陈建国"])
def test_another_name_stays_as_it_was_said(text: str) -> None:
    [person] = people.contacts(text, clauses.split(text), HENGLI)

    assert person.name in text


def test_the_same_person_is_told_once_with_all_that_was_said() -> None:
    text = "见了采购部的王经理，王经理说还要等，后来他们采购总监李娜也来了，李总没意见"

    assert [(p.name, p.title, p.department) for p in people.contacts(text, clauses.split(text))] == [
        ("王经理", "经理", "采购部"),
        ("李娜", "采购总监", None),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("洪园长说要带检测报告", "洪园长"),
        ("新来的付科长不太熟情况", "付科长"),
        ("他们财务的秋会计卡着不付", "秋会计"),
        ("装备部的封部长拍板", "封部长"),
        ("老板姓左 左老板开了四家店", "左老板"),
        ("对方景总想做校园展", "景总"),
        ("见了庞大夫", "庞大夫"),
        ("供应链部的滕博士见的", "滕博士"),
        ("尤场长说料槽要换", "尤场长"),
        ("找的他们设备科老施", "老施"),
        ("还有信息部的小鲍坐了一个多小时", "小鲍"),
        ("他叫机修班老崔盯着做记录", "老崔"),
        ("换成她徒弟小覃", "小覃"),
        ("采购小路问能不能隔日达", "小路"),
        ("他们CTO徐锐一起听的", "徐锐"),
        ("产品经理阮琪琪一起听的", "阮琪琪"),
        ("店长邓姐倒是想进一批", "邓姐"),
        ("跟他们财务的老邢对了一下账", "老邢"),
    ],
)
def test_people_with_rarer_surnames_titles_and_places_in_the_sentence_are_found(text: str, expected: str) -> None:
    [person] = people.contacts(text, clauses.split(text))

    assert person.name == expected


@pytest.mark.parametrize(
    "text",
    [
        "付款方式还没定",
        "见了付款的人",
        "清楚经理的意思",
        "上海经理级别的人都来了",
        "保密部长期不在",
        "叫小麦的那种面粉",
        "价格老高了",
        "今年的钱总裁办还没批",
        "拿去跟董事长碰",
        "何老师傅不在",
        "小于十台不打折",
        "去了新谈主任务",
        "车队长期合作",
    ],
)
def test_words_that_a_rarer_surname_begins_are_nobody(text: str) -> None:
    assert [person.name for person in people.everybody(text, clauses.split(text)) if person.name != "何老师"] == []


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("我让荆州仓的老柏今天先匀十盒送过去", "own"),
        ("我已经找售后的老邱了", "own"),
        ("咱让法务的小巩发函", "own"),
        ("我跟他讲我们商务那边的小葛在走章", "own"),
        ("寻思着得跟大区马总通个气", "own"),
        ("明天请示郭总", "own"),
        ("我跟物流部老耿通了气", "own"),
        ("工程部黎工下周一去现场复测", "own"),
        ("维修小组老葛明天去现场换电瓶", "own"),
        ("学术部骆姐16日来讲科室会", "own"),
        ("第一条没问题，让农技王工15号去", "own"),
        ("他让工程部黎工去现场复测", "customer"),
        ("他们质检部老苗去现场取样", "customer"),
        ("我让他们仓库的老柏签了字", "customer"),
        ("王总请示郭总", "customer"),
    ],
)
def test_colleagues_are_told_by_who_sends_them_and_what_they_do(text: str, side: str) -> None:
    assert everybody(text)[-1][1] == side


@pytest.mark.parametrize(
    "text",
    [
        "韦冬梅已离职，现在是小覃",
        "那个潘丽潘经理调走了，现在是小覃",
        "刘姐调走了，换成小覃",
        "龙总监离职了，对接的是小覃",
    ],
)
def test_who_has_left_is_no_contact_any_more(text: str) -> None:
    customers = (CustomerEntry("桂林桂安堂药房", contacts=("韦冬梅", "潘丽", "龙总监")),)

    assert [person.name for person in people.contacts(text, clauses.split(text), customers)] == ["小覃"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("陇光采购小祁：线一米多少\n我：3块8一米", "小祁"),
        ("章华医院库房小秦\n小秦：姐，缝线只剩两盒了\n我：收到", "小秦"),
        ("车管科汤队\n汤队：太贵了\n我：汤队，我问下老板", "汤队"),
    ],
)
def test_the_name_at_the_beginning_of_a_chat_line_is_a_person(text: str, name: str) -> None:
    chat = dialogue.read(text)

    assert name in [person.name for person in people.contacts(text, list(chat.pieces), title=chat.title)]


def test_whom_the_rep_calls_in_a_chat_is_a_colleague() -> None:
    text = "周师傅\n周师傅：机器又停了\n我：实在对不住，我马上联系小姚，他今晚赶到您厂里"
    chat = dialogue.read(text)
    found = people.everybody(text, list(chat.pieces), title=chat.title)

    assert [person.side for person in found if person.name == "小姚"] == ["own"]


def test_a_competitors_name_that_begins_like_a_person_is_nobody() -> None:
    assert everybody("申工阀门的人上周也去过了", competitors=("申工阀门",)) == []


@pytest.mark.parametrize("text", ["在辽丰碰到吉牧的佟经理", "今天跑了一家叫蓝屿的灯具厂，见了佟经理"])
def test_a_company_with_a_surnames_letter_is_not_taken_for_a_person(text: str) -> None:
    assert [name for name, _ in everybody(text)] == ["佟经理"]


@pytest.mark.parametrize("piece", ["老", "小付", "王总", "我让", "姓左左老板", "经理", "付款海经理", "小祁："])
def test_people_of_a_hostile_text_are_bounded(piece: str) -> None:
    text = piece * (20_000 // len(piece))

    assert len(people.everybody(text, clauses.split(text), HENGLI)) <= people.MAX_MENTIONS
