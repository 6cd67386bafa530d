"""新增话术, asked for step by step."""

from datetime import timedelta
from pathlib import Path

import pytest

from handlers import texts
from handlers.messages import OutboundText
from storage.database import Database
from storage.models import Script
from tests.chat import MANAGER, OTHER, VISIT, Chat, build
from tests.fakes import FakeClock, FakeExtractor

KINDS = "最后选一个类型，回复数字或名称：\n1 技术参数对比\n2 成本优化清单\n3 分期付款测算\n4 案例\n5 提问\n6 不分类型"


async def library(chat: Chat) -> list[Script]:
    async with chat.database.reading() as work:
        return list(await work.scripts.all())


async def test_each_part_is_asked_for_and_the_draft_goes_to_the_manager(chat: Chat) -> None:
    assert "起个短标题" in (await chat.says("新增话术"))[0]
    assert "客户一般怎么说" in (await chat.says("先看停机。"))[0]
    assert "该怎么回答" in (await chat.says("停机谁赔？|停一天损失多大"))[0]
    assert await chat.says("您放心，备件先到。\n- 清单今天给您") == [KINDS]
    assert await library(chat) == []

    assert "已记为草稿 TM-01「先看停机」，请陈志远审批，有结果会告诉您。" in await chat.says("4")

    [script] = await library(chat)
    assert (script.title, script.phrasings) == ("先看停机", ["停机谁赔？", "停一天损失多大"])
    assert (script.body, script.plan_kind, script.status) == ("您放心，备件先到。\n- 清单今天给您", "案例", "draft")
    assert len(chat.cards("话术待审批", of=MANAGER)) == 1


async def test_it_may_be_spoken(chat: Chat) -> None:
    await chat.speaks("新增话术。")
    for said in ("先看停机。", "停机谁赔？停一天损失多大？", "您放心，备件先到。"):
        await chat.speaks(said)
    sent = await chat.speaks("第二个。")

    assert OutboundText(text="已记为草稿 TM-01「先看停机」，请陈志远审批，有结果会告诉您。") in sent
    [script] = await library(chat)
    assert (script.phrasings, script.plan_kind) == (["停机谁赔？", "停一天损失多大？"], "成本优化清单")


async def test_what_was_said_already_is_not_asked_again(chat: Chat) -> None:
    assert "客户一般怎么说" in (await chat.says("新增话术 先看停机"))[0]
    assert "该怎么回答" in (await chat.says("新增话术 先看停机\n停机谁赔", sender=OTHER))[0]
    assert await chat.says("备件先到。", sender=OTHER) == [KINDS]


async def test_cancelled_nothing_is_left(chat: Chat) -> None:
    for words in (["新增话术"], ["新增话术 先看停机", "停机谁赔", "备件先到。"]):
        for said in words:
            await chat.says(said)
        assert await chat.says("取消。") == ["好的，不新增了。"]

    assert await library(chat) == []
    assert "没听出拜访内容" in (await chat.says("停机了谁来赔啊"))[0]


async def test_a_visit_told_of_in_between_is_a_visit_and_an_order_an_order(chat: Chat) -> None:
    await chat.says("新增话术 先看停机")

    assert await chat.says(VISIT) == ["[拜访记录 · 待确认]"]
    assert "话术库还是空的" in (await chat.says("话术库"))[0]
    assert await chat.says("辛苦了") == [texts.COURTESY]
    assert "该怎么回答" in (await chat.says("停机谁赔"))[0]


async def test_what_cannot_be_in_a_script_is_asked_for_again(chat: Chat) -> None:
    await chat.says("新增话术 先看停机\n停机谁赔")

    [told] = await chat.says("给您{折扣}")
    assert "未知占位符：{折扣}" in told
    assert told.endswith("（回复「取消」就停）")
    assert await chat.says("给您{差额}的说明") == [KINDS]
    assert await chat.says("8") == ["请回复 1 到 6 之间的数字。"]
    assert await chat.says("不知道") == ["请回复 1 到 6 之间的数字。"]
    await chat.says("不分类型")
    [script] = await library(chat)
    assert script.plan_kind == ""


async def test_after_an_hour_words_mean_what_they_mean(chat: Chat) -> None:
    await chat.says("新增话术 先看停机")
    chat.clock.advance(timedelta(minutes=61))

    assert "没听出拜访内容" in (await chat.says("停机了谁来赔啊"))[0]


# Beside a language model


@pytest.fixture
def extractor() -> FakeExtractor:
    return FakeExtractor()


@pytest.fixture
async def with_model(database: Database, clock: FakeClock, tmp_path: Path, extractor: FakeExtractor) -> Chat:
    return await build(database, clock, tmp_path, extractor=extractor)


async def test_no_model_reads_what_is_said_for_the_library(with_model: Chat, extractor: FakeExtractor) -> None:
    for words in (
        "新增话术 先看停机\n停机谁赔|停一天损失多大\n您放心，备件先到，清单今天给您。",
        "修改话术 TM-01\n话术：您放心，备件当天到，清单今天给您。",
        "退回话术 TM-01：说法太绝对了，客户会当真的",
        "新增话术 另一条要说的话",
        "客户说你们的交期实在是太长了",
        "您放心，我们可以分两批发货的。",
    ):
        await with_model.says(words)
    assert extractor.asked == []

    await with_model.says("2")
    assert [script.code for script in await library(with_model)] == ["TM-01", "TM-02"]
    # what names a customer is news, whatever was asked
    await with_model.says("新增话术 先看停机")
    await with_model.says(VISIT)
    assert extractor.asked == [VISIT]
    await with_model.speaks("新增话术。")
    assert extractor.asked == [VISIT]
