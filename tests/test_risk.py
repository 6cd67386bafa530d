"""Risk signals: what must be found, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import clauses, risk
from nlp.draft import Span
from nlp.lexicon import default_vocabulary, merged

VOCABULARY = default_vocabulary()


def risks(text: str) -> list[tuple[str, str]]:
    return [
        (s.category, s.words) for s in risk.find(text, VOCABULARY, competitors=("海天智造",)) if s.polarity == "risk"
    ]


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("他说再考虑考虑", "犹豫"),
        ("老板的意思是先放一放", "犹豫"),
        ("对方一直没给准话", "犹豫"),
        ("发了三次微信都没回我", "犹豫"),
        ("他们今年预算冻结了", "预算"),
        ("这块没预算", "预算"),
        ("要等预算下来", "预算"),
        ("领导还没批", "审批"),
        ("院长那边一直没签字", "审批"),
        ("合同还在走流程", "审批"),
        ("得上董事会", "审批"),
        ("采购说了不算", "审批"),
        ("听说下个月要招标", "招标"),
        ("他们正在货比三家", "比价"),
        ("拿我们的报价去压价", "比价"),
        ("海天智造上周已经来演示过", "竞品"),
        ("他们在跟别家谈", "竞品"),
        ("客户倾向于海天智造", "竞品"),
        ("抱怨我们交期太长", "交付"),
        ("设备坏了没人来修", "售后"),
        ("样品测试没通过", "技术"),
        ("原来的采购经理离职了", "决策人变更"),
        ("他们换了负责人", "决策人变更"),
        ("项目暂停了", "流失"),
        ("说明年不续约了", "流失"),
        ("尾款还没付", "回款"),
        ("已经逾期两个月了", "回款"),
    ],
)
def test_a_signal_is_found_with_its_category(text: str, category: str) -> None:
    assert category in [found for found, _ in risks(text)]


@pytest.mark.parametrize(
    "text",
    [
        "不用等预算了",
        "他没说要换供应商",
        "他们不会不合作",
        "倒不是没预算",
        "有没有预算我还不知道",
        "是不是换人了要问一下",
        "领导已经批了",
        "之前领导没批，现在批下来了",
        "交期太长的问题已经解决了",
        "我建议再考虑一下方案",
        "我们领导还没批这个折扣",
        "如果价格不降他们就不合作了",
        "万一项目暂停怎么办",
        "竞品售后不行",
        "他们原来的供应商交期太长",
        "海天智造售后太差",
        "招标办的张主任很客气",
        "客户对方案挺满意",
        "下周三见面",
    ],
)
def test_what_only_looks_like_a_signal_is_left_out(text: str) -> None:
    assert risks(text) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("不用等预算了", "negated"),
        ("有没有预算我还不知道", "asked"),
        ("之前领导没批，现在批下来了", "settled"),
        ("我们领导还没批这个折扣", "own_side"),
        ("如果价格不降他们就不合作了", "hypothetical"),
        ("竞品售后不行", "somebody_else"),
        ("招标办的张主任", "part_of_word"),
    ],
)
def test_a_suppressed_hit_says_why(text: str, why: str) -> None:
    found = risk.hits("risk", VOCABULARY.risks, text, clauses.split(text))

    assert why in [hit.suppressed for hit in found]


def test_the_words_are_those_of_the_note() -> None:
    assert risks("说领导还没批，要等预算。") == [("审批", "领导还没批"), ("预算", "要等预算")]


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("他们希望尽快上线", "尽快上线"),
        ("今天催我们签合同", "催合同"),
        ("主动约我们去演示", "主动约演示"),
        ("找我要报价单", "要报价单"),
        ("项目已经立项", "已立项"),
        ("他对方案很感兴趣", "认可"),
    ],
)
def test_encouraging_signals(text: str, category: str) -> None:
    assert category in [s.category for s in risk.find(text, VOCABULARY) if s.polarity == "positive"]


def test_no_interest_is_not_interest() -> None:
    assert [s.polarity for s in risk.find("他对这个不感兴趣", VOCABULARY)] == ["risk"]


def test_a_team_adds_its_own_words_and_switches_a_category_off() -> None:
    mine = merged(VOCABULARY, risks={"验厂": ("验厂…没过",), "招标": ()})

    assert [s.category for s in risk.find("上次验厂他们没过", mine)] == ["验厂"]
    assert risk.find("下个月要招标", mine) == []


def test_a_team_takes_a_single_phrase_away() -> None:
    own = merged(VOCABULARY, risks={"验厂": ("验厂…没过", "厂审…没过")})
    mine = merged(own, risks={"验厂": ("- 验厂…没过", "复审…没过")})

    assert mine.risks["验厂"] == ("厂审…没过", "复审…没过")
    assert "验厂" not in [s.category for s in risk.find("上次验厂他们没过", mine)]
    assert [s.category for s in risk.find("上次复审他们没过", mine)] == ["验厂"]


def test_a_built_in_phrase_is_taken_away_by_its_exact_text() -> None:
    phrase = VOCABULARY.risks["招标"][0]
    mine = merged(VOCABULARY, risks={"招标": (f"-{phrase}",)})

    assert mine.risks["招标"] == VOCABULARY.risks["招标"][1:]


def test_every_hit_is_explained() -> None:
    text = "领导还没批，万一项目暂停怎么办"
    told = [(hit.category, hit.span.of(text), hit.suppressed) for hit in risk.explain(text, VOCABULARY)]

    assert ("审批", "领导还没批", None) in told
    assert ("流失", "hypothetical") in [(category, why) for category, _, why in told]
    assert all(hit.phrase for hit in risk.explain(text, VOCABULARY))


def test_an_explanation_holds_the_signals_that_are_found() -> None:
    text = "尾款还没付，老板说再考虑考虑，我们领导也没批"
    signals = [hit.span for hit in risk.explain(text, VOCABULARY) if hit.suppressed is None]

    assert signals == [signal.span for signal in risk.find(text, VOCABULARY)]


def test_a_competitor_is_known_by_its_short_name_too() -> None:
    found = risk.find("德科的人上周来演示了", VOCABULARY, competitors=("德科自动化",))

    assert [signal.category for signal in found] == ["竞品"]


@pytest.mark.parametrize("filler", ["[还/都]*没批", "[还/都]没批", "(还/都)+没批"])
def test_fillers_may_be_repeated_in_a_phrase(filler: str) -> None:
    mine = merged(VOCABULARY, risks={"审批": (), "自定": (filler,)})

    assert [s.words for s in risk.find("这个还没批", mine) if s.category == "自定"] == ["还没批"]


@pytest.mark.parametrize("sign", [*"没不领导预算，…([{还。我", "预算不", "领导没", "我们说", "恒拓"])
def test_a_long_run_of_one_sign_is_read_to_its_end(sign: str) -> None:
    text = sign * (20_000 // len(sign))

    assert all(signal.words for signal in risk.find(text, VOCABULARY, competitors=("恒拓",)))


def test_a_pattern_that_matches_nothing_in_particular_is_ignored() -> None:
    mine = merged(VOCABULARY, risks={"怪": ("[要/得]", "…", "{没有这个词类}")})

    assert [s.category for s in risk.find("要得", mine)] == []


@given(
    st.text(max_size=80)
    | st.lists(
        st.sampled_from(
            [
                "领导",
                "没",
                "批",
                "预算",
                "不",
                "等",
                "如果",
                "就",
                "竞品",
                "，",
                "。",
                "我们",
                "换",
                "人",
                "了",
                "…",
                "{}",
                "[",
                "招标",
                "办",
            ]
        ),
        max_size=12,
    ).map("".join)
)
def test_no_text_makes_it_raise_and_every_span_is_in_the_text(text: str) -> None:
    for signal in risk.find(text, VOCABULARY):
        assert signal.words == signal.span.of(text) != ""
        assert isinstance(signal.span, Span)
