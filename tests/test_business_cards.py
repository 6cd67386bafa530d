"""Business cards from lines of letters: what they say, in whatever order they say it, and nothing else."""

import re
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import business_cards, clauses
from nlp.business_cards import is_card
from nlp.screens import BusinessCard, Line, Rect
from tests.test_tables import GOODS, HEADER, PLAIN, box, chat, tilted

Lines = list[Line]
BIG, USUAL, SMALL = 46.0, 24.0, 19.0


def stacked(*lines: tuple[str, float], left: float = 80.0, top: float = 90.0) -> Lines:
    """Lines below one another with the size of their letters."""
    drawn, y = [], top
    for text, font in lines:
        drawn.append(box(text, left, y + font * 0.75, font))
        y += font * 1.9
    return drawn


CHINESE = (
    stacked(
        ("台州锦程汽配有限公司", 30),
        ("陈志远", BIG),
        ("销售部 大客户经理", USUAL),
        ("手机：13800138021", USUAL),
        ("电话：0576-8823 6655", USUAL),
        ("邮箱：chenzy@jincheng-auto.com", USUAL),
        ("地址：浙江省台州市椒江区市府大道518号", USUAL),
    ),
    BusinessCard(
        "陈志远",
        "大客户经理",
        "销售部",
        "台州锦程汽配有限公司",
        ("13800138021", "0576-88236655"),
        "chenzy@jincheng-auto.com",
        "浙江省台州市椒江区市府大道518号",
    ),
)
BILINGUAL = (
    stacked(
        ("王建国", BIG),
        ("Wang Jianguo", SMALL),
        ("总经理", USUAL),
        ("General Manager", SMALL),
        ("宁波恒力阀门有限公司", 28),
        ("Ningbo Hengli Valve Co., Ltd.", SMALL),
        ("M: 139 8765 4321", SMALL),
        ("T: +86-574-8765 4321", SMALL),
        ("E: wjg@hengli-valve.com.cn", SMALL),
        ("宁波市鄞州区首南街道学士路655号科信大厦B座1203室", SMALL),
        ("Room 1203, Building B, No.655 Xueshi Road, Yinzhou District, Ningbo", SMALL),
    ),
    BusinessCard(
        "王建国",
        "总经理",
        None,
        "宁波恒力阀门有限公司",
        ("13987654321", "+86-574-87654321"),
        "wjg@hengli-valve.com.cn",
        "宁波市鄞州区首南街道学士路655号科信大厦B座1203室",
    ),
)
LANDSCAPE = (
    [
        box("上海博远医疗器械股份有限公司", 60, 60, 30),
        box("刘 洋", 60, 190, BIG),
        box("高级销售工程师", 240, 200, USUAL),
        box("Tel", 60, 330, SMALL),
        box("021-6655 8899 转 808", 140, 330, SMALL),
        box("Fax", 60, 365, SMALL),
        box("021-66558800", 140, 365, SMALL),
        box("Mob", 60, 400, SMALL),
        box("136 0011 2233", 140, 400, SMALL),
        box("liuyang@boyuan-med.cn", 520, 330, SMALL),
        box("上海市浦东新区张江路88号", 520, 365, SMALL),
        box("3号楼502室", 520, 395, SMALL),
    ],
    BusinessCard(
        "刘洋",
        "高级销售工程师",
        None,
        "上海博远医疗器械股份有限公司",
        ("021-66558899-808", "13600112233"),
        "liuyang@boyuan-med.cn",
        "上海市浦东新区张江路88号3号楼502室",
    ),
)
PORTRAIT = (
    stacked(
        ("无锡鼎新精密制造有限公司", 22),
        ("赵敏", 40),
        ("采购中心", SMALL),
        ("采购主管", SMALL),
        ("137-0011-2233", SMALL),
        ("zhaomin@dingxin.com", SMALL),
        ("无锡市新吴区长江路21号", SMALL),
        left=40,
    ),
    BusinessCard(
        "赵敏",
        "采购主管",
        "采购中心",
        "无锡鼎新精密制造有限公司",
        ("13700112233",),
        "zhaomin@dingxin.com",
        "无锡市新吴区长江路21号",
    ),
)
SEVERAL_PHONES = (
    stacked(
        ("温州瑞兴纺织有限公司", 30),
        ("徐国强 副总经理", 32),
        ("手机：13800138000/13900139000", USUAL),
        ("电话：(0577)88120011 88120012", USUAL),
        ("电话/传真：0577-88120013", USUAL),
        ("传真：0577-88120014", USUAL),
        ("全国热线：400-820-8820", USUAL),
        ("QQ：123456789 邮编：325000", USUAL),
    ),
    BusinessCard(
        "徐国强",
        "副总经理",
        None,
        "温州瑞兴纺织有限公司",
        ("13800138000", "13900139000", "0577-88120011", "0577-88120013", "400-820-8820"),
        None,
        None,
    ),
)
NO_TITLE = (
    stacked(
        ("孙丽", BIG),
        ("13611112222", USUAL),
        ("sunli@example.com", USUAL),
        ("苏州明基电子有限公司", USUAL),
    ),
    BusinessCard("孙丽", None, None, "苏州明基电子有限公司", ("13611112222",), "sunli@example.com", None),
)
ENGLISH_FIRM = (
    stacked(
        ("Bosch Rexroth (China) Co., Ltd.", 28),
        ("黄文杰", BIG),
        ("区域销售经理", USUAL),
        ("Mobile: 138 0013 8022", USUAL),
        ("E-mail: wenjie.huang@example.com", USUAL),
    ),
    BusinessCard(
        "黄文杰",
        "区域销售经理",
        None,
        "Bosch Rexroth (China) Co., Ltd.",
        ("13800138022",),
        "wenjie.huang@example.com",
        None,
    ),
)
LEANING = (tilted(CHINESE[0], 3), CHINESE[1])
GLUED = (
    stacked(
        ("恒泰集团有限公司", 34),
        ("李晓明采购总监", 32),
        ("手机:138O0138o21", USUAL),
        ("Tel:0571—88236655", USUAL),
        ("lixm@hengtai-group. com", USUAL),
    ),
    BusinessCard(
        "李晓明", "采购总监", None, "恒泰集团有限公司", ("13800138021", "0571-88236655"), "lixm@hengtai-group.com", None
    ),
)
TWO_SIDES = (
    [
        *stacked(("欧阳娜", BIG), ("市场总监", USUAL), ("135 0000 1111", USUAL), ("成都云图科技有限公司", USUAL)),
        *stacked(
            ("Ouyang Na", 30),
            ("Marketing Director", USUAL),
            ("Chengdu Yuntu Technology Co., Ltd.", USUAL),
            ("Mobile: 135 0000 1111", USUAL),
            ("主营：工业软件 数据服务 系统集成", USUAL),
            top=700,
        ),
    ],
    BusinessCard("欧阳娜", "市场总监", None, "成都云图科技有限公司", ("13500001111",), None, None),
)
ALL_ENGLISH = (
    stacked(
        ("Michael Chen", BIG),
        ("Sales Director", USUAL),
        ("Sales Department", USUAL),
        ("Hangzhou Hengtai Machinery Co., Ltd.", USUAL),
        ("M: +86 138 0013 8021", USUAL),
        ("mchen@hengtai.example.com", USUAL),
        ("Add: No. 998 West Wenyi Road, Hangzhou", USUAL),
    ),
    BusinessCard(
        "Michael Chen",
        "Sales Director",
        "Sales Department",
        "Hangzhou Hengtai Machinery Co., Ltd.",
        ("13800138021",),
        "mchen@hengtai.example.com",
        "No. 998 West Wenyi Road, Hangzhou",
    ),
)
HOSPITAL = (
    stacked(
        ("南京市第一人民医院", 30),
        ("何静 设备科科长", 28),
        ("电话：025-52271000转6012", USUAL),
        ("地址：南京市秦淮区长乐路68号 邮编：210006", USUAL),
    ),
    BusinessCard(
        "何静", "科长", "设备科", "南京市第一人民医院", ("025-52271000-6012",), None, "南京市秦淮区长乐路68号"
    ),
)
LABELLED = (
    stacked(
        ("姓名：周涛", USUAL),
        ("职务：项目经理", USUAL),
        ("部门：工程技术中心", USUAL),
        ("公司：山东鲁能电气有限公司", USUAL),
        ("电话：18653112345", USUAL),
        ("网址：www.luneng.example.com", USUAL),
    ),
    BusinessCard("周涛", "项目经理", "工程技术中心", "山东鲁能电气有限公司", ("18653112345",), None, None),
)
CARDS = {
    "Chinese": CHINESE,
    "bilingual": BILINGUAL,
    "landscape with labels apart": LANDSCAPE,
    "portrait": PORTRAIT,
    "several phones": SEVERAL_PHONES,
    "no title": NO_TITLE,
    "company only in English": ENGLISH_FIRM,
    "leaning by three degrees": LEANING,
    "words run together": GLUED,
    "two sides": TWO_SIDES,
    "all English": ALL_ENGLISH,
    "hospital": HOSPITAL,
    "every line labelled": LABELLED,
}


@pytest.mark.parametrize(("lines", "card"), CARDS.values(), ids=CARDS)
def test_a_card_is_read(lines: Lines, card: BusinessCard) -> None:
    assert business_cards.read(lines) == card


@pytest.mark.parametrize("lines", [lines for lines, _ in CARDS.values()], ids=CARDS)
def test_a_card_is_told_from_other_pictures(lines: Lines) -> None:
    assert is_card(lines, 1000, 600) >= 0.5


@pytest.mark.parametrize("lines", [lines for lines, _ in CARDS.values()], ids=CARDS)
def test_the_order_of_the_lines_does_not_matter(lines: Lines) -> None:
    assert business_cards.read(lines[::-1]) == business_cards.read(lines)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        chat(
            "王总好",
            "我的电话13800138021",
            "邮箱lixm@hengtai-group.com",
            "收到，报价单明天发您",
            "好的，合同寄到哪里",
            "公司地址我稍后发",
            "OK",
            "谢谢",
        ),
        PLAIN.drawn(HEADER, GOODS),
        stacked(
            ("关于放假的通知", 34),
            ("各部门：", USUAL),
            ("五一放假三天，值班电话 0571-88236655。", USUAL),
            ("行政部", USUAL),
            ("2026年4月28日", USUAL),
        ),
        stacked(("13800138021", USUAL)),
        stacked(
            ("开票信息", 30),
            ("公司名称：宁波恒力阀门有限公司", USUAL),
            ("税号：91330200MA2K7T5D0A", USUAL),
            ("地址：宁波市鄞州区首南街道学士路655号", USUAL),
            ("电话：0574-87654321", USUAL),
            ("开户行：中国工商银行宁波鄞州支行", USUAL),
            ("账号：3901 1234 5678 9012 345", USUAL),
        ),
    ],
    ids=["nothing", "chat", "table", "notice", "a number alone", "bank details"],
)
def test_what_is_no_card_is_not_taken_for_one(lines: Lines) -> None:
    assert is_card(lines, 1080, 2340) < 0.5
    assert is_card(lines, 1200, 700) < 0.5


@pytest.mark.parametrize(
    ("line", "phones"),
    [
        ("手机 138 0013 8021", ("13800138021",)),
        ("Mobile:+86-138-0013-8021", ("13800138021",)),
        ("(86)13800138021", ("13800138021",)),
        ("138OO138O2l", ("13800138021",)),
        ("13800138021 0571-88236655", ("13800138021", "0571-88236655")),
        ("Tel: 010-6655 8899-808", ("010-66558899-808",)),
        ("T:0086-21-66558899", ("+86-21-66558899",)),
        ("电话：88236655", ("88236655",)),
        ("电话：0571-88236655/88236656", ("0571-88236655", "88236656")),
        ("服务热线 4008208820", ("400-820-8820",)),
        ("Tel/Fax: 0571-88236655", ("0571-88236655",)),
        ("微信：13800138021", ("13800138021",)),
        ("电话：0571-88236655 传真：0571-88236600", ("0571-88236655",)),
        ("传真：0571-88236600 电话：0571-88236655", ("0571-88236655",)),
    ],
)
def test_phones_are_found_and_written_one_way(line: str, phones: tuple[str, ...]) -> None:
    assert business_cards.read(stacked((line, USUAL))).phones == phones


@pytest.mark.parametrize(
    "line",
    [
        "传真：0571-88236600",
        "F: 0571-88236600",
        "QQ：1380013802",
        "邮编：310000",
        "账号：6222 0212 3456 7890 123",
        "统一社会信用代码：91330100138001380021",
        "88236655",
        "创立于1998-2008",
        "138001380211",
        "1OOOOOOOOOO",
    ],
)
def test_what_is_no_phone_is_not_made_one(line: str) -> None:
    assert business_cards.read(stacked((line, USUAL))).phones == ()


@pytest.mark.parametrize("label", ["地址：", "地址 ", "A ", "A：", "Add: ", "Add ", "Address: ", "公司地址:", ""])
def test_an_address_is_found_behind_any_label_and_without_one(label: str) -> None:
    lines = stacked((label + "苏州市吴中区临湖镇腾飞路59号3幢", USUAL))

    assert business_cards.read(lines).address == "苏州市吴中区临湖镇腾飞路59号3幢"


@pytest.mark.parametrize("end", ["有限公司", "股份有限公司", "科技有限公司"])
def test_a_firms_name_over_two_lines_is_one(end: str) -> None:
    lines = stacked(
        ("青岛海纳精密仪器", 26), (end, 26), ("尹航", BIG), ("技术支持工程师", USUAL), ("13361234567", USUAL)
    )

    assert business_cards.read(lines).company == "青岛海纳精密仪器" + end


def test_a_legal_form_alone_is_nobodys_name() -> None:
    assert business_cards.read(stacked(("有限公司", USUAL), ("13361234567", USUAL))).company is None


def test_of_two_possible_names_neither_is_taken() -> None:
    lines = stacked(("张伟", USUAL), ("李强", USUAL), ("杭州云图科技有限公司", USUAL), ("13800138021", USUAL))

    assert business_cards.read(lines).name is None


@pytest.mark.parametrize("words", ["诚信经营", "高科", "安全生产", "万里", "服务至上", "工业软件"])
def test_a_slogan_is_nobodys_name(words: str) -> None:
    lines = stacked((words, USUAL), ("杭州高科万里科技有限公司", USUAL), ("13800138021", USUAL))

    assert business_cards.read(lines).name is None


def test_a_part_of_the_firms_name_is_no_person() -> None:
    lines = stacked(("金立方", BIG), ("金立方包装有限公司", USUAL), ("销售经理", USUAL), ("13800138021", USUAL))

    assert business_cards.read(lines).name is None


# Whatever stands there

PIECES = st.sampled_from(
    [
        "李晓明",
        "王 伟",
        "采购部",
        "总监",
        "·",
        " ",
        "手机：",
        "Tel:",
        "传真",
        "138 0013 8021",
        "0571-8823 6655",
        "转808",
        "a@b.com",
        "@",
        "有限公司",
        "恒泰",
        "Co., Ltd.",
        "地址：",
        "杭州市西湖区",
        "文一路9号",
        "Room 3",
        "Li Ming",
        "邮编",
        "86",
        "(",
        "O",
        "－",
        "３",
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=6).map("".join)
PLACES = st.tuples(
    st.integers(0, 900), st.integers(0, 30).map(lambda at: at * 20), st.sampled_from([BIG, USUAL, SMALL])
)
PLACED = st.builds(lambda text, place: box(text or " ", place[0], place[1], place[2]), TEXTS, PLACES)
ANY_NUMBER = st.floats(-1e7, 1e7) | st.sampled_from([float("nan"), float("inf"), 0.0])
ANYWHERE = st.builds(Line, st.builds(Rect, ANY_NUMBER, ANY_NUMBER, ANY_NUMBER, ANY_NUMBER), TEXTS)


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def digits(text: str) -> str:
    return re.sub(r"\D", "", clauses.fold(text).translate(str.maketrans("OoIl", "0011")))


@given(st.lists(PLACED | ANYWHERE, max_size=14), st.integers(0, 3000), st.integers(0, 3000))
def test_no_lines_raise_and_every_value_stands_in_one_of_them(lines: Lines, width: int, height: int) -> None:
    card = business_cards.read(lines)
    texts = [bare(line.text) for line in lines]

    assert 0.0 <= is_card(lines, width, height) <= 1.0
    for field in ("name", "title", "department", "email"):
        value = asdict(card)[field]
        assert value is None or (value.strip() and any(bare(value) in text for text in texts))
    # an address and a firm's name may go on in the line below
    for value in filter(None, (card.address, card.company)):
        assert any(
            any(bare(value)[:at] in text for text in texts) and any(bare(value)[at:] in text for text in texts)
            for at in range(len(value) + 1)
        )
    for phone in card.phones:
        assert any(digits(phone) in digits(line.text) for line in lines)


def test_a_long_line_costs_no_more_than_a_short_one() -> None:
    lines = stacked(
        *[("138 0013 8021 " * 400, USUAL), ("李" * 5000, USUAL), ("有限" * 3000, USUAL), ("a@b." * 3000, USUAL)] * 20
    )

    assert len(business_cards.read(lines).phones) == 1


@pytest.mark.parametrize("department", ["西南大区", "华北大区", "销售二部（苏南大区）"])
def test_a_region_is_a_department(department: str) -> None:
    card = business_cards.read(stacked(("秦朗", BIG), (department, USUAL), ("区域经理", USUAL)))

    assert (card.department, card.title) == (department, "区域经理")


@pytest.mark.parametrize("line", ["市场部·品牌策划经理", "市场部品牌策划经理", "市场部 品牌策划经理"])
def test_a_title_of_a_field_in_no_list_is_one(line: str) -> None:
    card = business_cards.read(stacked(("段雨欣", BIG), (line, USUAL)))

    assert (card.department, card.title) == ("市场部", "品牌策划经理")


@pytest.mark.parametrize("name", ["史可欣", "易可为"])
def test_a_name_of_words_is_one_only_where_it_stands_out_beside_a_title(name: str) -> None:
    assert business_cards.read(stacked((name, BIG), ("商务经理", USUAL), ("13800138021", USUAL))).name == name
    assert business_cards.read(stacked((name, USUAL), ("商务经理", USUAL), ("13800138021", USUAL))).name is None


@pytest.mark.parametrize(
    ("begun", "rest"),
    [("深圳市南山区高新南七道20号国家工程实验室大楼B座", "1803"), ("郑州市高新区莲花街316号科技园东区12号", "楼")],
)
def test_a_room_in_the_line_below_belongs_to_the_address(begun: str, rest: str) -> None:
    assert business_cards.read(stacked((begun, SMALL), (rest, SMALL))).address == begun + rest


def test_a_trade_and_legal_form_in_the_line_below_end_the_firms_name() -> None:
    lines = stacked(("成都天府星云", USUAL), ("软件有限公司", USUAL), ("诸葛明", BIG))

    assert business_cards.read(lines).company == "成都天府星云软件有限公司"
