"""Whether somebody asks how to answer a customer, and what the customer said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.objection_words import LONGEST, MOST_SIGNS, read, stage_of, with_pauses

ASKED = {
    "客户说竞品价格低15%，怎么回？": "竞品价格低15%",
    "客户说竞品价格低百分之十五怎么回": "竞品价格低百分之十五",
    "嫌贵怎么答": "嫌贵",
    "这个客户嫌贵怎么办": "嫌贵",
    "怎么应对客户嫌贵": "嫌贵",
    "怎么回答客户说的价格太贵": "价格太贵",
    "我该怎么回王经理，他嫌贵": "嫌贵",
    "有没有话术应对客户砍价": "客户砍价",
    "客户嫌贵有没有话术": "嫌贵",
    "给我一个客户嫌贵的话术": "嫌贵",
    "话术 太贵了": "太贵了",
    "话术：交期太长": "交期太长",
    "客户要再考虑考虑怎么办": "客户要再考虑考虑",
    "对方拿了一份便宜三万的报价来压我怎么办": "对方拿了一份便宜三万的报价来压",
    "他们张口就说价格太高，咋接": "他们张口就说价格太高",
    "王经理说要三家比价怎么回": "要三家比价",
    "恒力说太贵了怎么回": "恒力说太贵了",
    "客户说“你们能不能便宜点”怎么回": "你们能不能便宜点",
    "客户说没听过你们公司我该说什么": "没听过你们公司",
    "客户嫌贵不知道怎么回": "嫌贵",
    "嗯那个客户说预算不够该怎么应对啊你帮我想想": "预算不够",
    "客户说太贵了。怎么回？谢谢": "太贵了",
    "请问客户要求延长账期如何答复": "客户要求延长账期",
    "对手低价抢单，我该怎么说": "对手低价抢单",
    "我们报85万，客户说太贵了，怎么回": "太贵了",
    "我们报85万，竞品报72万，客户嫌贵，怎么回": "我们报85万，竞品报72万，客户嫌贵",
}
POINTED = ("怎么回", "这个怎么回", "他这么说怎么回", "这个客户怎么回")
NOT_ASKED = (
    "看客户怎么说",
    "王经理那边怎么说",
    "客户怎么说",
    "等客户领导怎么说",
    "价格怎么说的",
    "怎么回公司",
    "怎么回事",
    "怎么用",
    "邮件怎么回",
    "合同丢了怎么办",
    "预算改成90万怎么弄",
    "领导还没批，万一项目暂停怎么办",
    "客户嫌贵",
    "客户说价格太高，我答应回去申请",
    "客户嫌贵，我用了价格话术",
    "还没想好怎么回客户嫌贵",
    "客户问排期表怎么弄，我说周五给",
    "这事不管怎么说都得下周交",
    "今天拜访了恒力，王经理嫌贵，我当场没想好怎么回",
    "刚从恒力出来，见了王经理，就是嫌我们比竞品贵百分之十五，怎么回",
    "话术库",
    "话术库 价格",
    "话术 PR-01",
    "话术缺口",
    "停用话术 PR-01",
    "客户问系统怎么用",
    "",
    "？？？",
)


@pytest.mark.parametrize(("text", "objection"), ASKED.items())
def test_a_question_is_told_with_what_the_customer_said(text: str, objection: str) -> None:
    asked = read(text)

    assert asked is not None
    assert asked.objection == objection


@pytest.mark.parametrize("text", POINTED)
def test_an_objection_that_is_only_pointed_at_is_empty(text: str) -> None:
    asked = read(text)

    assert asked is not None
    assert asked.objection == ""


@pytest.mark.parametrize("text", NOT_ASKED)
def test_what_is_told_and_not_asked_is_no_question(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize("text", [text for text in ASKED if "话术" not in text])
def test_speech_without_punctuation_is_understood_alike(text: str) -> None:
    spoken = "".join(sign for sign in text if sign not in "，。？“”：")

    assert read(with_pauses(spoken)) is not None


@pytest.mark.parametrize("text", ASKED)
def test_a_note_of_a_visit_that_ends_in_a_question_stays_a_note(text: str) -> None:
    assert read(f"今天拜访了恒力，见了王经理，{text}") is None


@given(st.text(alphabet="客户说嫌贵怎么回办话术，。？的了吗我他这个有没看想不知道15%万 ", max_size=200))
def test_an_objection_is_words_of_the_question(text: str) -> None:
    asked = read(text)

    if asked is not None:
        assert asked.objection in text
        assert len(text.strip(" ，。？")) <= MOST_SIGNS


def test_a_long_story_is_no_question() -> None:
    assert read("客户说" + "太贵了" * LONGEST + "怎么回") is None


@pytest.mark.parametrize(
    ("text", "paused"),
    [
        ("竞品报七十二万客户说贵", "竞品报七十二万，客户说贵"),
        ("竞品报七十二万王经理嫌贵", "竞品报七十二万，王经理嫌贵"),
        ("采购王经理说再降", "采购王经理说再降"),
        ("客户说贵", "客户说贵"),
    ],
)
def test_a_pause_comes_before_who_speaks_and_nowhere_else(text: str, paused: str) -> None:
    assert with_pauses(text) == paused


@given(st.text(max_size=60))
def test_pauses_add_nothing_but_commas(text: str) -> None:
    assert with_pauses(text).replace("，", "") == text.replace("，", "")


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("话术 需求诊断", "需求诊断"),
        ("话术：报价审批", "报价审批"),
        ("看话术 样品测试", "样品测试"),
        ("样品测试阶段的提问话术", "样品测试"),
        ("需求确认话术", "需求确认"),
        ("话术 价格", None),
        ("话术 太贵了", None),
        ("需求诊断", None),
    ],
)
def test_a_stage_of_either_funnel_asks_for_its_questions(text: str, stage: str | None) -> None:
    assert stage_of(text) == stage


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("话术 试运行", "试运行"),
        ("话术 试运行阶段的问题", "试运行"),
        ("试运行二期的提问话术", "试运行二期"),
        ("看话术：poc验证。", "POC 验证"),
        ("话术 需求诊断", "需求诊断"),
        ("话术 试运行三期", None),
    ],
)
def test_a_companys_own_stages_are_known_beside_the_built_in_ones(text: str, stage: str | None) -> None:
    assert stage_of(text, ("试运行", "试运行二期", "POC 验证")) == stage


@given(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20))
def test_whatever_a_company_calls_a_stage_can_be_said(name: str) -> None:
    assert stage_of(f"话术 {name}", (name,)) == name
