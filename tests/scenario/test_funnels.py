"""Funnels in the chat: what each stage waits for comes as people send it; own stages; who hears of a stage."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import wiring
from bot.config import Config
from bot.errors import ConfigError
from bot.platform import MediaFile
from handlers import actions
from handlers.messages import File
from tests.chat import FRIDAY, REP, Chat, fields
from tests.scenario.test_deals import CUSTOMER, customer, deal, gate, registered, visit

NOTE = "今天拜访了宁波恒力阀门的王经理，现在到了{stage}阶段，周五前我发资料。"
LAW, MONEY, TECH = "sunfawu", "qiancaiwu", "ligong"


def configure(chat: Chat, **sections: Any) -> None:
    """As config.toml has it."""
    settings = replace(wiring.settings(Config.model_validate(sections)), silent_for_s=60.0)
    object.__setattr__(chat.context, "settings", settings)


async def files(chat: Chat, name: str) -> None:
    """A file whose name says whose it is and what; filed by the button."""
    reference = f"media-{len(chat.platform.media) + 1}"
    chat.platform.media[reference] = MediaFile(f"%PDF {name}".encode(), "application/pdf", name)
    await chat.receives(File(media_ref=reference, file_name=name))
    await chat.presses(chat.cards("已存好", of=REP)[-1], actions.FileEvidence)
    chat.clock.advance(timedelta(minutes=1))


async def colleagues(chat: Chat) -> None:
    async with chat.database.work() as work:
        for name, user_id in (("孙法务", LAW), ("钱财务", MONEY), ("李工", TECH)):
            member = await work.members.add(name, ["colleague"])
            await work.members.link(member.member_id, "wecom", user_id)


DEPARTMENTS = [
    {"name": "技术", "people": ["李工"]},
    {"name": "法务", "people": ["孙法务"]},
    {"name": "财务", "people": ["钱财务"]},
]


# What each stage waits for


@pytest.mark.parametrize(
    ("template", "was", "to", "needs"),
    [
        ("A", "线索获取", "需求确认", {"需求调研表": "恒力需求调研表.xlsx"}),
        ("A", "方案设计", "报价审批", {"技术部确认": "恒力技术部确认.pdf"}),
        ("A", "报价审批", "合同签订", {"营业执照": "恒力营业执照.jpg", "采购意向书": "恒力采购意向书.pdf"}),
        ("B", "首次触达", "需求诊断", {"需求调研表": "恒力需求调研表.docx"}),
        ("B", "方案演示", "样品测试", {"试用协议": "恒力试用协议.pdf"}),
        ("B", "样品测试", "报价", {"首次试用反馈录音": "恒力首次试用反馈录音.m4a"}),
        ("B", "商务谈判", "合同审核", {"双方签字页": "恒力双方签字页.pdf", "法务批注": "恒力法务批注.docx"}),
        ("B", "合同审核", "签约回款", {"营业执照": "恒力营业执照.pdf", "采购意向书": "恒力采购意向书.pdf"}),
    ],
)
async def test_a_stage_lists_exactly_what_is_missing_and_follows_once_the_last_of_it_comes(
    chat: Chat, template: str, was: str, to: str, needs: dict[str, str]
) -> None:
    configure(chat, funnel={"template": template})
    await registered(chat, was)

    told = await visit(chat, NOTE.format(stage=to))

    assert f"阶段「{to}」还没改：还缺{'、'.join(needs)}。" in "\n".join(told)
    assert [line.removeprefix("· ") for line in gate(chat).body.splitlines() if line.startswith("· ")] == [*needs]
    assert fields(gate(chat)) == {"阶段": f"{was} → {to}"}
    for place, name in enumerate(needs.values(), start=1):
        assert (await deal(chat)).stage == was
        await files(chat, name)
        left = [*needs][place:]
        still = f"「{CUSTOMER}」进「{to}」还缺{'、'.join(left)}。"
        assert any(still in text for text in chat.texts(of=REP)[-2:]) == bool(left)
    assert (await deal(chat)).stage == (await customer(chat)).stage == to
    await chat.lives_until(FRIDAY + timedelta(hours=2))
    assert f"「{CUSTOMER}」要的都齐了，阶段：{was} → {to}。" in "\n".join(chat.texts(of=REP))


# A company's own stages

OWN: Sequence[dict[str, Any]] = [
    {"name": "首次接触"},
    {"name": "科室主任面谈完成", "cues": ["主任面谈完成", "和科室主任谈完了"], "needs": ["面谈纪要"]},
    {"name": "客户有意向", "cues": ["客户有意向", "有采购意向"]},
    {"name": "样品测试", "needs": []},
    {"name": "已提供报价", "cues": ["报价单已经给了", "已经报过价"]},
    {"name": "商务谈判", "needs": []},
    {"name": "合同审核", "needs": []},
    {"name": "回款完成", "needs": []},
]


async def test_a_company_names_its_stages_and_what_they_take_and_a_note_moves_through_them(chat: Chat) -> None:
    configure(chat, funnel={"stages": OWN})
    await registered(chat, "首次接触")

    await visit(chat, "今天去了宁波恒力阀门，和科室主任谈完了，周五前我发资料。")
    assert fields(gate(chat)) == {"阶段": "首次接触 → 科室主任面谈完成"}
    assert "· 面谈纪要" in gate(chat).body
    # nobody has said what such a document is: its name does
    await files(chat, "恒力面谈纪要.docx")
    assert (await deal(chat)).stage == "科室主任面谈完成"


@pytest.mark.parametrize(
    ("said", "stage"),
    [
        ("今天去了宁波恒力阀门，客户有意向，周五前我发资料。", "客户有意向"),
        ("今天去了宁波恒力阀门，报价单已经给了王经理，周五前我发资料。", "已提供报价"),
    ],
)
async def test_that_a_customer_is_interested_is_another_stage_than_that_they_have_a_quote(
    chat: Chat, said: str, stage: str
) -> None:
    configure(chat, funnel={"stages": OWN, "gates": False})
    await registered(chat, "科室主任面谈完成")

    told = await visit(chat, said)

    assert f"阶段：科室主任面谈完成 → {stage}" in "\n".join(told)
    assert (await customer(chat)).stage == stage


async def test_a_stage_that_the_funnel_has_no_more_is_left_like_none(chat: Chat) -> None:
    await registered(chat, "方案设计")
    configure(chat, funnel={"stages": OWN})

    await chat.says("阶段 恒力 客户有意向")

    assert fields(gate(chat)) == {"阶段": "方案设计 → 客户有意向"}
    assert "跳过" not in gate(chat).body


# Who hears of it


async def test_law_and_finance_have_a_to_do_when_a_deal_comes_to_its_quote_and_to_its_contract(chat: Chat) -> None:
    await colleagues(chat)
    configure(
        chat,
        funnel={"gates": False},
        requests={
            "departments": DEPARTMENTS,
            "on_stage": {"报价审批": ["财务"], "合同签订": ["法务", "财务"]},
        },
    )
    await registered(chat, "方案设计")

    await visit(chat, NOTE.format(stage="报价审批"))
    assert [len(chat.cards("待办", of=who)) for who in (LAW, MONEY)] == [0, 1]
    await visit(chat, NOTE.format(stage="合同签订"))
    await chat.lives_until(FRIDAY + timedelta(hours=2))  # they are not written to twice within an hour

    assert [len(chat.cards("待办", of=who)) for who in (LAW, MONEY)] == [1, 2]
    [card] = chat.cards("待办", of=LAW)
    assert "客户进入「合同签订」" in f"{card.subtitle}{card.body}{fields(card)}"
    assert CUSTOMER in f"{card.subtitle}{card.body}{fields(card)}"


async def test_a_solution_that_is_filed_goes_to_the_engineers_and_with_their_word_to_finance(chat: Chat) -> None:
    await colleagues(chat)
    configure(chat, requests={"departments": DEPARTMENTS, "on_document": {"方案": ["技术", "财务"]}})

    await files(chat, "恒力改造方案v1.pdf")

    [card] = chat.cards("请您回复", of=TECH)
    assert "收到新的「方案」" in card.quote
    assert chat.cards("请您回复", of=MONEY) == []
    await chat.says("回复求助1：方案可行，泵选大一号", sender=TECH)
    [card] = chat.cards("请您回复", of=MONEY)
    assert "方案可行，泵选大一号" in card.quote
    await chat.says("回复求助2：毛利够", sender=MONEY)
    assert any("钱财务" in text and "毛利够" in text for text in chat.texts(of=REP))
    assert len(chat.cards("请您回复")) == 2


def test_a_to_do_for_a_stage_that_there_is_not_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigError, match=r"requests\.on_stage\.送样: no stage of the funnel"):
        wiring.settings(Config.model_validate({"requests": {"on_stage": {"送样": ["法务"]}}}))
