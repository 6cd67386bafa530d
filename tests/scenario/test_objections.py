"""客户说竞品价格低15%，怎么回？ – from the question to the answer card and what its asker made of it."""

from collections.abc import Sequence

import pytest

from bot.script_files import STARTER, read_library
from bot.script_store import store_scripts
from handlers.cards import as_text
from handlers.messages import OutboundCard
from storage.models import ScriptQuestion
from tests.chat import REP, Chat

ASKED = "客户说竞品价格低15%，怎么回？"
HENGLI = "宁波恒力阀门有限公司"


@pytest.fixture(autouse=True)
async def library(chat: Chat) -> None:
    async with chat.database.work() as work:
        await store_scripts(work, read_library(STARTER).rows, source="test")


def answer(chat: Chat, *, of: str = REP) -> OutboundCard:
    return chat.cards("话术参考", of=of)[-1]


def codes(card: OutboundCard) -> list[str]:
    """Of the plans, as their headings show them."""
    return [line.split()[1] for line in card.body.split("\n") if line[:1] in "①②③"]


async def asked_of(chat: Chat, member: str = REP) -> Sequence[ScriptQuestion]:
    async with chat.database.reading() as work:
        known = await work.members.by_identity("wecom", member)
        assert known is not None
        return await work.scripts.gaps([known.member_id], limit=10)


async def test_a_typed_question_gets_its_card_at_once(chat: Chat) -> None:
    told = await chat.says(ASKED)

    print(as_text(answer(chat)))
    assert told == ["[话术参考]"]
