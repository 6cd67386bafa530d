"""异常清单: what is abnormal among the records and deals of late, and what mends it."""

from datetime import timedelta

import pytest

from handlers import actions
from handlers.record import AmountValue
from storage.models import Visit
from tests.chat import FRIDAY, MANAGER, OTHER, REP, Chat, fields, place
from tests.scenario.test_deals import registered, visit

DIRECTOR = "zhoumin"


async def listed(chat: Chat, words: str = "异常清单", *, sender: str = REP) -> str:
    [told] = await chat.says(words, sender=sender)
    return told


async def test_probe(chat: Chat) -> None:
    await visit(chat, "今天拜访了宁波恒力阀门，聊了聊，客户很满意，后续再联系。")
    print(await listed(chat))
    print(await listed(chat, "团队异常", sender=MANAGER))
    print(await listed(chat, "1", sender=MANAGER))
    print(await listed(chat, "异常清单 李晓彤", sender=MANAGER))
    print(await listed(chat, "异常清单 赵一鸣", sender=MANAGER))
    print(await listed(chat, "异常清单 赵一鸣", sender=REP))
    print(await listed(chat, "异常", sender=OTHER))
    assert 0
