"""How the library is used, as leaders and admins are told."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from storage.models import Script
from tests.chat import MANAGER, OTHER, REP, Chat

ADMIN = "hejia"


@pytest.fixture(autouse=True)
async def library(chat: Chat) -> None:
    async with chat.database.work() as work:
        for code, status in (("PR-01", "approved"), ("PR-02", "approved"), ("DL-01", "approved"), ("DL-02", "retired")):
            work.scripts.add(Script(code=code, title=f"题{code}", body="好", phrasings=["贵"], status=status))


async def has_asked(chat: Chat, key: str, *offered: str, sender: str = REP, useful: Sequence[bool] = ()) -> None:
    async with chat.database.work() as work:
        member = await work.members.by_identity("wecom", sender)
        assert member is not None
        question = await work.scripts.asked(
            key, member.member_id, f"问{key}", customer_id=None, category="", offered=offered
        )
        for code, was_useful in zip(offered, useful, strict=False):
            await work.scripts.judge(question.question_id, code, was_useful=was_useful)


async def test_a_leader_sees_what_their_people_asked_and_no_names(chat: Chat) -> None:
    await has_asked(chat, "old", "PR-02")
    chat.clock.advance(timedelta(days=31))
    await has_asked(chat, "1", "PR-01", "DL-01", useful=[True, False])
    await has_asked(chat, "2", "PR-01", sender=OTHER, useful=[True])
    await has_asked(chat, "3")
    await has_asked(chat, "4", "DL-01", sender=ADMIN)

    [told] = await chat.says("话术情况", sender=MANAGER)

    assert told == (
        "话术情况（近 30 天，您和您的团队）\n"
        "问了 3 次，2 次有话术可答（67%）\n"
        "推荐得最多：\n"
        "① PR-01 题PR-01：推荐 2 次，有用 2，没用 0\n"
        "② DL-01 题DL-01：推荐 1 次，有用 0，没用 1\n"
        "还没有话术可答：1 个，回复「话术缺口」看清单"
    )
    [of_all] = await chat.says("话术报告", sender=ADMIN)
    assert of_all.startswith("话术情况（近 30 天，全公司）\n问了 4 次，3 次有话术可答（75%）")
    assert await chat.says("话术情况", sender=REP) == ["您没有这个操作的权限。"]


async def test_what_was_never_offered_is_counted_with_examples(chat: Chat) -> None:
    assert await chat.says("话术情况", sender=MANAGER) == [
        "话术情况（近 30 天，您和您的团队）\n"
        "还没有人问过\n"
        "启用后从没推荐过：3 条，例如 DL-01 题DL-01、PR-01 题PR-01、PR-02 题PR-02"
    ]
