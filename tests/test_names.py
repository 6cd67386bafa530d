"""Customers, people and competitors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import clauses, companies, people
from nlp.draft import CustomerEntry
from nlp.names import decided, index_of, link, parts_of, similarity

CUSTOMERS = tuple(
    CustomerEntry(name, aliases)
    for name, aliases in [
        ("宁波恒力阀门有限公司", ()),
        ("宁波恒丽服饰有限公司", ()),
        ("台州锦程汽配有限公司", ("锦程",)),
        ("上海博远医疗器械股份有限公司", ("博远", "BY Medical")),
        ("无锡鼎新精密制造有限公司", ()),
        ("温州瑞兴纺织有限公司", ()),
        ("华东电力设计院", ("华东院",)),
    ]
)


@pytest.mark.parametrize(
    ("said", "meant", "reason"),
    [
        ("宁波恒力阀门有限公司", "宁波恒力阀门有限公司", "exact"),
        ("锦程", "台州锦程汽配有限公司", "alias"),
        ("华东院", "华东电力设计院", "alias"),
        ("恒力", "宁波恒力阀门有限公司", "abbreviation"),
        ("宁波恒力", "宁波恒力阀门有限公司", "abbreviation"),
        ("恒力阀门", "宁波恒力阀门有限公司", "abbreviation"),
        ("无锡顶新精密", "无锡鼎新精密制造有限公司", "sound"),
        ("温州锐星纺织", "温州瑞兴纺织有限公司", "sound"),
    ],
)
def test_a_name_is_linked(said: str, meant: str, reason: str) -> None:
    best = decided(link(said, CUSTOMERS))

    assert best is not None
    assert (best.name, best.reason) == (meant, reason)


def test_two_that_sound_alike_are_asked_about() -> None:
    found = link("恒利", CUSTOMERS)

    assert decided(found) is None
    assert {each.name for each in found[:2]} == {"宁波恒力阀门有限公司", "宁波恒丽服饰有限公司"}


@pytest.mark.parametrize("said", ["阿里巴巴", "比亚迪", "腾讯", "", "我", "有限公司"])
def test_a_stranger_is_linked_to_nobody(said: str) -> None:
    assert decided(link(said, CUSTOMERS)) is None


def test_the_same_brand_from_another_city_is_not_taken_for_granted() -> None:
    assert decided(link("上海恒力", CUSTOMERS)) is None


def test_a_name_is_taken_apart() -> None:
    parts = parts_of("宁波恒力阀门有限公司")

    assert (parts.region, parts.brand, parts.trade, parts.legal) == ("宁波", "恒力", "阀门", "有限公司")


def test_likeness_is_between_none_and_all() -> None:
    assert similarity("恒力", "恒力", (1.0, 1.0)) == 1.0
    assert similarity("恒利", "恒力", (1.0, 1.0)) == 1.0
    assert similarity("啊哦", "恒力", (1.0, 1.0)) < 0.3


def customer(text: str, customers: tuple[CustomerEntry, ...] = CUSTOMERS) -> tuple[str, str] | None:
    rivals = companies.competitors(text, (), customers)
    found = companies.customer(text, customers, competitors=rivals)
    return (found.value, found.status) if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("刚从宁波恒力阀门出来", ("宁波恒力阀门有限公司", "known")),
        ("今天去了趟锦程，见了老板", ("台州锦程汽配有限公司", "known")),
        ("博远的李主任说要再看看", ("上海博远医疗器械股份有限公司", "known")),
        ("拜访了无锡顶新精密见到了王总", ("无锡鼎新精密制造有限公司", "known")),
        ("刚从恒利出来", ("恒利", "ambiguous")),
        ("拜访了苏州卓恒电子，聊了聊需求", ("苏州卓恒电子", "new")),
        ("跟常州天晟科技的张总通了电话", ("常州天晟科技", "new")),
        ("从海尔回来，情况不错", ("海尔", "new")),
        ("拜访了恒力泰电子", ("恒力泰电子", "ambiguous")),
        ("今天去了锦程，给他们讲了恒力的案例", ("台州锦程汽配有限公司", "known")),
        ("上午拜访了锦程，下午拜访了博远", ("台州锦程汽配有限公司", "known")),
        ("拜访了锦程，拜访了博远", ("锦程", "ambiguous")),
        ("下午跟王总聊了聊", None),
        ("去看了他们的设备", None),
        ("总的来说还不错", None),
        ("今天陪领导参观了车间", None),
        ("拜访了客户，反馈一般", None),
    ],
)
def test_the_customer_of_a_note(text: str, expected: tuple[str, str] | None) -> None:
    assert customer(text) == expected


def people_in(text: str) -> list[tuple[str, str | None, str | None]]:
    return [(p.name, p.title, p.department) for p in people.contacts(text, clauses.split(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("见了采购部的王经理", [("王经理", "经理", "采购部")]),
        ("设备科周科长在", [("周科长", "科长", "设备科")]),
        ("见到了采购总监刘建平，还有技术部的李工", [("刘建平", "采购总监", None), ("李工", "工", "技术部")]),
        ("联系人是赵文博", [("赵文博", None, None)]),
        ("新的负责人叫郑晓海，人不错", [("郑晓海", None, None)]),
        ("跟孙丽华通了电话", [("孙丽华", None, None)]),
        ("见了钱志明，钱总说再看看", [("钱志明", "总", None)]),
        ("老板娘吴秀梅很感兴趣", [("吴秀梅", "老板娘", None)]),
        ("见了李娜，她负责采购", [("李娜", None, None)]),
        ("小周说再等等", [("小周", None, None)]),
        ("欧阳主任不在", [("欧阳主任", "主任", None)]),
        ("请刘总出面拜访一下", []),
        ("我们李工明天过去", []),
        ("总的来说还行，总归要做", []),
        ("经理级别的人没见到", []),
        ("等下周科长们开会", []),
        ("总体思路不错", []),
        ("竞品的张经理也在", []),
    ],
)
def test_the_people_of_a_note(text: str, expected: list[tuple[str, str | None, str | None]]) -> None:
    assert people_in(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("竞争对手是德信自动化，报价比我们低", ["德信自动化"]),
        ("竞争对手主要是远航科技和东信软件", ["远航科技", "东信软件"]),
        ("蓝云软件那边已经做了演示", ["蓝云软件"]),
        ("比西门子贵两成", ["西门子"]),
        ("他们倾向于换成SAP", ["SAP"]),
        ("竞品德信的报价更低", ["德信"]),
        ("我们比竞品贵", []),
        ("比去年贵了", []),
        ("比我们便宜", []),
        ("拜访了天成科技", []),
    ],
)
def test_competitors_by_what_is_said_of_them(text: str, expected: list[str]) -> None:
    assert [each.name for each in companies.competitors(text, ())] == expected


def test_listed_competitors_are_found_whatever_their_case() -> None:
    text = "他们现在用的是abb的产品"

    [found] = companies.competitors(text, ("ABB",))

    assert found.span.of(text) == "abb"


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                "宁波",
                "恒力",
                "恒利",
                "拜访了",
                "从",
                "出来",
                "的",
                "王",
                "总",
                "经理",
                "采购部",
                "公司",
                "科技",
                "竞品是",
                "和",
                "，",
                "小",
                "说",
                "比",
                "贵",
            ]
        ),
        max_size=12,
    ).map("".join)
)
def test_no_text_makes_them_raise(text: str) -> None:
    link(text, CUSTOMERS)
    found = companies.customer(text, CUSTOMERS)
    assert found is None or found.span.of(text)
    for mention in index_of(CUSTOMERS).sounding(text, least=0.65):
        assert 0 <= mention.start < mention.end <= len(text)
    assert all(person.span.of(text) for person in people.contacts(text, clauses.split(text)))
    assert all(rival.span.of(text) for rival in companies.competitors(text, ()))
