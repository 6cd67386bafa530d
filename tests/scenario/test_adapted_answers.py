"""Scripts said for one customer by a language model, where its words hold; else the library's, exactly as they are."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.config import Config, Model, Scripts
from bot.script_files import STARTER, read_library
from bot.script_store import store_scripts
from bot.wiring import script_adapter
from handlers import actions, script_plans, texts
from nlp.adapted import Fact, NotAdapted, Passage, Rewrite, Sentence
from nlp.adapter import ModelAdapter
from nlp.llm_endpoint import Endpoint, Limits
from storage.database import Database
from tests import chat as chats
from tests.chat import OTHER, REP, Chat
from tests.dialects.openai_like import OpenAiLike
from tests.fakes import FakeAdapter, FakeClock

QUOTED = "今天拜访宁波恒力阀门，见了王经理，我们报价85万，他们嫌我们比竞品贵百分之十五，周五前给他发方案"
ASKED = "客户说竞品价格低15%，怎么回？"
MARK = texts.ANSWER_ADAPTED.format(code="PR-01")
FIRST = "您比价是应该的。"


def called(passage: Passage) -> Rewrite:
    """The script as it stands, beginning with the contact's name."""
    first, *rest = passage.sentences
    own = [Sentence(f"王经理，{first}", ("1",))]
    own += [Sentence(each, (str(number),)) for number, each in enumerate(rest, start=2)]
    return Rewrite(passage.code, tuple(own))


def lying(passage: Passage) -> Rewrite:
    honest = called(passage)
    first, *rest = honest.sentences
    return Rewrite(passage.code, (Sentence(first.text[:-1] + "，免费安装。", first.rests_on), *rest))


async def chat_with(
    database: Database, clock: FakeClock, folder: Path, adapter: FakeAdapter | ModelAdapter | None, **how: float
) -> Chat:
    chat = await chats.build(database, clock, folder, adapter=adapter, **how)  # type: ignore[arg-type]
    async with database.work() as work:
        await store_scripts(work, read_library(STARTER).rows, source="test")
    return chat


def body(chat: Chat, *, of: str = REP) -> str:
    return chat.cards("话术参考", of=of)[-1].body


async def test_the_answer_is_said_for_the_customer_and_the_card_tells_so(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    adapter = FakeAdapter(called)
    chat = await chat_with(database, clock, tmp_path, adapter)
    await chat.says(QUOTED)

    await chat.says(ASKED)

    assert f"王经理，{FIRST}我方报价85万元" in body(chat)
    assert body(chat).count(MARK) == 1
    assert "- 采购与安装\n- 能耗与耗材\n- 维修与停机\n您给我现场数据" in body(chat)
    assert chat.cards("话术参考")[-1].fields[0].value == "宁波恒力阀门有限公司"
    [(passages, facts, question)] = adapter.asked
    assert passages[0].code == "PR-01"
    assert set(facts) >= {
        Fact("customer", "宁波恒力阀门有限公司"),
        Fact("contact", "王经理"),
        Fact("objection", "比竞品贵 15%"),
    }
    assert not any("85" in fact.words for fact in facts)
    assert question == "竞品价格低15%"


async def test_the_librarys_original_is_a_command_away(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    chat = await chat_with(database, clock, tmp_path, FakeAdapter(called))
    await chat.says(QUOTED)
    await chat.says(ASKED)

    [told] = await chat.says("话术 PR-01")

    assert f"\n{FIRST}我方报价{{我方报价}}" in told


async def test_a_lying_model_changes_nothing_and_the_log_tells_no_words(
    database: Database, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    adapter = FakeAdapter()
    chat = await chat_with(database, clock, tmp_path, adapter)
    await chat.says(QUOTED)
    await chat.says(ASKED)
    expected = body(chat)
    adapter.says = lying

    with caplog.at_level(logging.INFO):
        await chat.says(ASKED)

    assert body(chat) == expected
    refused = [record for record in caplog.records if record.message == "script.adaptation_refused"]
    assert {record.__dict__["reason"] for record in refused} == {"promise"}
    assert not any("免费" in str(record.__dict__) for record in caplog.records)


async def test_of_three_plans_the_ones_that_hold_are_adapted(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    def one_lies(passage: Passage) -> Rewrite:
        return lying(passage) if passage.code == "PR-01" else called(passage)

    chat = await chat_with(database, clock, tmp_path, FakeAdapter(one_lies))
    await chat.says(QUOTED)

    await chat.says(ASKED)

    assert MARK not in body(chat)
    assert f"\n{FIRST}" in body(chat)
    assert body(chat).count("已按客户情况调整说法") >= 1


async def test_what_takes_more_than_a_minute_to_read_aloud_is_left_as_it_is(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await chat_with(database, clock, tmp_path, FakeAdapter(called))
    async with database.work() as work:
        script = await work.scripts.called("PR-01")
        assert script is not None
        script.body = "您比价是应该的。" * (script_plans.MOST_WORDS // 8) + "先看看。"
        work.scripts.changed(script)
    await chat.says(QUOTED)

    await chat.says(ASKED)

    assert f"\n{script.body}\n" in body(chat)
    assert MARK not in body(chat)


async def test_where_nothing_is_known_of_the_customer_no_model_is_asked(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    adapter = FakeAdapter(called)
    chat = await chat_with(database, clock, tmp_path, adapter)

    await chat.says(ASKED)

    assert adapter.asked == []
    assert MARK not in body(chat)


async def test_a_colleagues_record_and_a_day_in_passing_go_to_no_model(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    adapter = FakeAdapter(called)
    chat = await chat_with(database, clock, tmp_path, adapter)
    await chat.says(QUOTED)
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    await chat.says("恒力说竞品价格低15%，怎么回", sender=OTHER)
    assert adapter.asked == []

    await chat.says(ASKED)
    [(_, facts, _)] = adapter.asked
    assert [fact.words for fact in facts if fact.kind == "own_step"] == ["11月20日前发方案"]


async def test_a_script_that_changed_meanwhile_is_said_as_the_library_has_it_now(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    class Slow(FakeAdapter):
        async def adapt(self, passages: Sequence[Passage], facts: Sequence[Fact], question: str) -> Sequence[Rewrite]:
            async with database.work() as work:
                script = await work.scripts.called("PR-01")
                assert script is not None
                script.body = "您比价是应该的。我们先把账算清。"
                work.scripts.changed(script)
            return await super().adapt(passages, facts, question)

    chat = await chat_with(database, clock, tmp_path, Slow(called))
    await chat.says(QUOTED)

    await chat.says(ASKED)

    assert "\n您比价是应该的。我们先把账算清。\n" in body(chat)
    assert MARK not in body(chat)


async def test_a_model_that_takes_its_time_is_announced_once(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    class Slow(FakeAdapter):
        async def adapt(self, passages: Sequence[Passage], facts: Sequence[Fact], question: str) -> Sequence[Rewrite]:
            await asyncio.sleep(0.3)
            return await super().adapt(passages, facts, question)

    chat = await chat_with(database, clock, tmp_path, Slow(called), silent_for_s=0.01)
    await chat.says(QUOTED)

    assert await chat.says(ASKED) == [texts.ANSWER_LOOKING, "[话术参考]"]
    assert MARK in body(chat)


@pytest.mark.parametrize("failure", ["timeout", "the day's tokens are spent"])
async def test_without_a_model_the_librarys_words_come(
    database: Database, clock: FakeClock, tmp_path: Path, failure: str
) -> None:
    chat = await chat_with(database, clock, tmp_path, FakeAdapter(NotAdapted(failure)))
    await chat.says(QUOTED)

    assert await chat.says(ASKED) == ["[话术参考]"]

    assert f"\n{FIRST}我方报价85万元" in body(chat)
    assert "已按客户情况" not in body(chat)


@pytest.mark.parametrize("fault", ["hang", "status"])
async def test_a_dead_endpoint_delays_the_answer_by_no_more_than_its_limit(
    database: Database, clock: FakeClock, tmp_path: Path, fault: str
) -> None:
    async with OpenAiLike("vllm") as server:
        endpoint = Endpoint(server.base_url, "qwen-plus", server.key, is_local=True)
        adapter = ModelAdapter(endpoint, now=clock.now, limits=Limits(timeout_s=0.5))
        server.fails(fault, times=4)
        chat = await chat_with(database, clock, tmp_path, adapter)
        await chat.says(QUOTED)

        await chat.says(ASKED)

        assert len(server.asked) == 1
        assert f"\n{FIRST}我方报价85万元" in body(chat)
        await adapter.close()


async def test_what_a_real_endpoint_says_is_held_against_script_and_record(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    async with OpenAiLike("ollama") as server:
        endpoint = Endpoint(server.base_url, "qwen-plus", server.key, is_local=True)
        adapter = ModelAdapter(endpoint, now=clock.now, limits=Limits(timeout_s=8.0))
        chat = await chat_with(database, clock, tmp_path, adapter)
        await chat.says(QUOTED)
        said = [
            ("王经理，您比价是应该的。", ["1"]),
            ("我方报价85万元，另一家报约72.25万元，差约12.75万元。", ["2"]),
            ("我建议您把使用期内的花费一起算：", ["3"]),
            *(
                (f"- {words}", [str(number)])
                for number, words in enumerate(["采购与安装", "能耗与耗材", "维修与停机"], 4)
            ),
            ("麻烦您给我现场数据，我们一起算清楚再定。", ["7"]),
        ]
        plan = {"plan": 1, "sentences": [{"text": text, "sources": sources} for text, sources in said]}
        server.says({"plans": [plan]})
        await chat.says(ASKED)
        assert MARK in body(chat)
        assert "麻烦您给我现场数据" in body(chat)

        said[1] = ("我方报价80万元，另一家报约72.25万元，差约12.75万元。", ["2"])
        plan = {"plan": 1, "sentences": [{"text": text, "sources": sources} for text, sources in said]}
        server.says({"plans": [plan]})
        await chat.says(ASKED)
        assert MARK not in body(chat)
        assert f"\n{FIRST}我方报价85万元，另一家报约72.25万元，差约12.75万元。" in body(chat)
        await adapter.close()


def test_no_model_is_asked_where_none_is_set_up_or_none_is_wanted_for_it(clock: FakeClock) -> None:
    model = Model(base_url="http://127.0.0.1:8000/v1", model="qwen", timeout_s=4.0, api_key=SecretStr(""))

    assert script_adapter(Config(), clock) is None
    assert script_adapter(Config(model=model, scripts=Scripts(adapt=False)), clock) is None
    assert script_adapter(Config(model=model), clock) is not None
    with pytest.raises(ValueError, match="consent"):
        Model(base_url="https://api.example.com/v1", model="qwen")


async def test_a_job_that_broke_off_with_the_model_asked_answers_once_when_it_is_done_again(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    class BreaksOff(FakeAdapter):
        async def adapt(self, passages: Sequence[Passage], facts: Sequence[Fact], question: str) -> Sequence[Rewrite]:
            found = await super().adapt(passages, facts, question)
            if len(self.asked) == 1:
                raise TimeoutError
            return found

    adapter = BreaksOff(called)
    chat = await chat_with(database, clock, tmp_path, adapter)
    await chat.says(QUOTED)

    await chat.says(ASKED)
    await chat.passes(timedelta(minutes=2))

    assert len(adapter.asked) == 2
    assert len(chat.cards("话术参考")) == 1
    assert MARK in body(chat)
