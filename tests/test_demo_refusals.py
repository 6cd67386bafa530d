"""Which words tell that a customer refused a demonstration."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import demo_refusals

REFUSED = [
    "客户把视频演示推了",
    "王总说不看演示",
    "他们拒绝视频演示",
    "对方说不用演示了",
    "客户取消了演示",
    "又拒绝了我们的产品演示",
    "约好了今天演示，结果客户又推了",
    "本来约了周二演示，他们又取消了",
    "演示客户直接推掉了",
    "王经理不想看演示，只要报价单",
    "他们对演示没兴趣，没必要看演示",
    "线上演示被婉拒了，要先看案例",
    "演示就不用了，先发资料",
    "客户不太愿意看演示",
    "demo他们不看",
]
NOT_REFUSED = [
    "客户没有推掉演示",
    "他们没拒绝演示",
    "客户不会取消演示",
    "要不要看演示？",
    "他们是不是不用演示了？",
    "如果客户不看演示，我们就送样品",
    "怕他们拒绝演示",
    "上次说不看演示",
    "之前拒绝了演示",
    "演示推到下周三",
    "演示推了一周",
    "客户取消了演示，改到下周二",
    "我们取消了演示",
    "我这边把演示推了",
    "客户拒绝了竞品的演示",
    "不用演示也能定",
    "不看演示文档",
    "不光看演示，还要看现场",
    "下周三给他们做演示",
    "客户要我们下周演示",
    "今天见了王经理，聊了价格",
    "",
]
SEEN = [
    "今天给客户做了演示，反馈不错",
    "看完演示王总很满意",
    "客户看了我们的产品演示",
    "演示做完了",
    "上次说不看演示，这次看了演示",
    "客户同意看演示",
]


@pytest.mark.parametrize("text", REFUSED)
def test_a_refusal_is_found_with_its_words(text: str) -> None:
    found = demo_refusals.find(text)

    assert found
    assert all(mention.refused for mention in found)
    assert all(any(word in mention.span.of(text) for word in ("演示", "推", "取消", "demo")) for mention in found)


@pytest.mark.parametrize("text", NOT_REFUSED)
def test_what_only_looks_like_a_refusal_is_none(text: str) -> None:
    assert not [mention for mention in demo_refusals.find(text) if mention.refused]


@pytest.mark.parametrize("text", SEEN)
def test_a_demonstration_that_was_given_is_told_from_one_refused(text: str) -> None:
    assert [mention.refused for mention in demo_refusals.find(text)] == [False]


@pytest.mark.parametrize("text", ["今天没做演示", "客户没看演示", "看了竞品的演示", "要是看了演示就好了"])
def test_a_demonstration_that_was_not_given_is_no_mention(text: str) -> None:
    assert demo_refusals.find(text) == []


WORDS = st.sampled_from(
    ["演示", "推了", "不看", "取消了", "，", "。", "？", "客户", "我们", "没", "上次", "demo", "不用", "12"]
)


@given(st.lists(WORDS, max_size=20).map("".join))
def test_whatever_is_said_the_words_found_are_in_the_text_and_do_not_overlap(text: str) -> None:
    found = demo_refusals.find(text)

    assert all(mention.span.of(text) for mention in found)
    assert all(first.span.end <= second.span.start for first, second in pairwise(found))
