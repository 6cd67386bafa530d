"""Questions about a customer, and everything that is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.view_words import LONGEST_NAME, Asked, read, read_look, read_name

QUESTIONS = (
    "{}上次聊到哪了",
    "{}上次聊到哪里了？",
    "{}上次聊到哪儿了。",
    "{}我们上次聊到哪了",
    "{}上次谈得怎么样",
    "{}那边聊得怎么样了",
    "{}现在什么情况",
    "{}现在是什么情况？",
    "{}目前什么进展",
    "{}现在怎么样了",
    "{}最近怎么样",
    "{}进展怎么样",
    "{}的进展如何",
    "{}跟到哪一步了",
    "{}跟进到哪一步了",
    "{}走到哪一步了",
    "{}推进到什么程度了",
    "{}到什么阶段了",
    "{}什么阶段了",
    "{}上次聊了什么",
    "{}上次聊了些什么",
    "{}上次什么时候联系的",
    "{}上次拜访是什么时候",
    "{}谁在跟",
    "{}的负责人是谁",
    "请问{}现在什么情况",
    "帮我看看{}现在什么情况",
    "看看{}跟到哪了",
    "跟{}聊到哪了",
)
CHAINS = (
    "{}的动作链",
    "{}动作链",
    "{}那边的动作链",
    "动作链 {}",
    "动作链：{}",
    "动作链{}",
    "看{}的动作链",
    "看看{}的时间线",
    "{}的时间线",
    "时间线 {}",
    "{}的跟进记录",
    "查看动作链 {}",
)
LOOKS = (
    "查{}",
    "查 {}",
    "查一下{}",
    "看{}",
    "看看{}",
    "看一下{}",
    "看下{}",
    "帮我查一下{}",
    "查客户{}",
    "查客户 {}",
    "看看{}的情况",
    "查一下{}的资料",
    "{}怎么样",
    "{}的情况",
    "{}近况",
)
NAMES = (
    "恒力",
    "宁波恒力",
    "宁波恒力阀门有限公司",
    "明锐",
    "今麦郎",
    "先导智能",
    "一汽",
    "都江堰水务",
    "3M",
    "ABC Tech",
    "问界",
    "恒力二期",
    "来伊份",
)
POINTED = (
    "上次聊到哪了",
    "这家上次聊到哪了",
    "这个客户现在什么情况",
    "他们上次聊了什么",
    "我们上次聊到哪了？",
    "这个项目跟到哪一步了",
)
NOTES = (
    "刚从恒力出来，见了王经理",
    "今天拜访恒力，他们现在什么情况都没说",
    "恒力说现在情况不太好",
    "恒力嫌我们贵",
    "恒力预算八十万，周五前给方案",
    "恒力现在的情况是领导没批，等预算",
    "恒力上次聊到哪了，这次接着聊的，他们同意了",
    "见了恒力的王经理，聊得怎么样不好说",
    "明天去恒力",
    "客户问我们现在什么情况",
    "不知道恒力现在什么情况",
    "下周再看看恒力的情况",
    "等恒力通知，下周看情况",
    "客户说进展怎么样要问总部",
    "恒力进展顺利，方案认可了",
    "恒力情况不好",
    "跟恒力聊到很晚",
)
OURS = (
    "客户是恒力",
    "客户改成恒力",
    "换成恒力",
    "换客户",
    "不是恒力是恒丽",
    "预算改成90万",
    "证据 恒力",
    "文件 恒力",
    "求助 @技术 参数能不能做",
    "交接简报 恒力",
    "看话术",
    "话术 价格",
    "话术缺口",
    "看待办",
    "查看待办",
    "客户说太贵了，怎么回",
    "练习 价格",
    "这个要总监出面",
    "审批走到哪一步了",
    "付款现在什么情况",
    "好的",
    "谢谢",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_question_names_whom_it_is_about(name: str) -> None:
    for form in QUESTIONS:
        assert read(form.format(name)) == Asked(name), form.format(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_chain_is_asked_for_by_name(name: str) -> None:
    for form in CHAINS:
        assert read(form.format(name)) == Asked(name, "chain"), form.format(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_wish_to_look_names_whom_it_is_about(name: str) -> None:
    for form in LOOKS:
        assert read_look(form.format(name)) == Asked(name), form.format(name)


@pytest.mark.parametrize("words", POINTED)
def test_what_is_only_pointed_at_has_no_name(words: str) -> None:
    assert read(words) == Asked("")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_alone_is_one(name: str) -> None:
    for form in ("{}", "{}？", " {}。", "客户 {}"):
        assert read_name(form.format(name)) == Asked(name), form.format(name)


@pytest.mark.parametrize("words", NOTES)
def test_a_note_asks_nothing(words: str) -> None:
    assert read(words) is None
    assert read_look(words) is None


@pytest.mark.parametrize("words", OURS)
def test_what_means_something_else_asks_nothing(words: str) -> None:
    assert read(words) is None
    assert read_look(words) is None


@pytest.mark.parametrize(
    "words",
    [
        "恒力，见了王经理",
        "客户是恒力",
        "客户：恒力",
        "我",
        "88",
        "恒",
        "",
        "？",
        "好的吧",
        "明天下午",
        "下周",
        "恒" * 40,
    ],
)
def test_what_no_company_is_called_is_no_name(words: str) -> None:
    assert read_name(words) is None


@given(st.text(max_size=80))
def test_whatever_is_said_is_read_without_fault_and_what_is_named_stands_in_it(words: str) -> None:
    for asked in (read(words), read_look(words), read_name(words)):
        if asked is not None:
            assert len(asked.name) <= LONGEST_NAME
            assert asked.name in " ".join(words.split())


@given(
    st.sampled_from(QUESTIONS + CHAINS),
    st.sampled_from(NAMES),
    st.sampled_from(["，他们同意了", "，见了王经理", "。预算八十万", "；下周三前给方案"]),
)
def test_a_question_that_goes_on_is_a_note(form: str, name: str, more: str) -> None:
    assert read(form.format(name) + more) is None
    assert read_look(form.format(name) + more) is None


@given(
    st.sampled_from(QUESTIONS),
    st.sampled_from(["刚从", "昨天见了", "客户说", "他告诉我", "不清楚"]),
    st.sampled_from(NAMES),
)
def test_a_question_that_is_told_of_is_none(form: str, before: str, name: str) -> None:
    assert read(before + form.format(name)) is None
