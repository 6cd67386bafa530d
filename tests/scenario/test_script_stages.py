"""话术 试用 – the questions of a stage that only this company has."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.script_files import STARTER, read_library
from bot.script_store import store_scripts
from handlers import texts
from nlp import lexicon
from storage.database import Database
from storage.models import Script
from tests.chat import Chat, build
from tests.fakes import FakeClock


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    own = replace(lexicon.default_vocabulary(), stages=("初次接触", "试用", "POC"))
    chat = await build(database, clock, tmp_path, vocabulary=own)
    async with database.work() as work:
        for code, stage in (("OWN-1", "试用"), ("OWN-2", "POC")):
            work.scripts.add(
                Script(
                    code=code,
                    title="问",
                    body="您看？",
                    phrasings=["问"],
                    plan_kind="提问",
                    stages=[stage],
                    status="approved",
                )
            )
    return chat


async def test_a_companys_own_stage_is_asked_for_by_its_name(chat: Chat) -> None:
    for said in ("话术 试用", "话术 poc"):
        await chat.says(said)
    await chat.speaks("试用阶段的提问话术")

    cards = chat.cards("提问话术")
    assert [card.title.split(" · ")[1] for card in cards] == ["试用", "POC", "试用"]
    assert ["OWN-1" in cards[0].body, "OWN-2" in cards[1].body, "OWN-1" in cards[2].body] == [True, True, True]
    assert not chat.cards("拜访记录")


async def test_one_without_questions_says_so(chat: Chat) -> None:
    assert await chat.says("话术 初次接触") == [texts.ANSWER_NO_STAGE.format(stage="初次接触")]


async def test_the_built_in_stages_of_the_library_that_comes_along_are_known_as_well(chat: Chat) -> None:
    async with chat.database.work() as work:
        await store_scripts(work, read_library(STARTER).rows, source="test")

    await chat.says("话术 需求诊断")

    assert "QS-02" in chat.cards("提问话术")[-1].body
