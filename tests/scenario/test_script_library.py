"""Looking at the team's library in the chat."""

import pytest

from storage.models import Script
from tests.chat import MANAGER, OTHER, REP, Chat

ADMIN = "hejia"


@pytest.fixture(autouse=True)
async def library(chat: Chat) -> None:
    async with chat.database.work() as work:
        rep = await work.members.by_identity("wecom", REP)
        assert rep is not None
        for code, category, status in (
            ("PR-01", "价格", "approved"),
            ("PR-02", "价格", "approved"),
            ("PR-03", "价格", "retired"),
            ("DL-01", "交期", "approved"),
            ("TM-01", "", "draft"),
        ):
            proposed_by = rep.member_id if status == "draft" else None
            work.scripts.add(
                Script(
                    code=code,
                    title=f"标题{code}",
                    category=category,
                    body="您看。\n- 质保",
                    phrasings=["太贵了", "比别家贵"],
                    status=status,
                    proposed_by=proposed_by,
                )
            )


async def test_the_library_is_listed_by_category_and_one_category_by_title(chat: Chat) -> None:
    [told] = await chat.says("话术库")
    assert told.startswith("话术库 3 条：\n价格 2\n交期 1\n")
    assert await chat.says("话术库 价格") == ["价格（2 条）：\nPR-01 标题PR-01\nPR-02 标题PR-02"]


async def test_one_script_is_shown_in_full(chat: Chat) -> None:
    assert await chat.says("话术 pr-01") == [
        "PR-01 标题PR-01（价格 · 第 1 版 · 启用）\n您看。\n- 质保\n客户会说：太贵了 / 比别家贵"
    ]
    assert "没有 PR-99" in (await chat.says("话术 PR-99"))[0]


async def test_a_draft_is_read_by_its_proposer_their_leaders_and_admins(chat: Chat) -> None:
    for reader in (REP, MANAGER, ADMIN):
        assert "草稿" in (await chat.says("话术 TM-01", sender=reader))[0]
    assert "没有 TM-01" in (await chat.says("话术 TM-01", sender=OTHER))[0]


async def test_a_leader_takes_a_script_out_of_use_and_a_rep_does_not(chat: Chat) -> None:
    await chat.says("停用话术 PR-01", sender=REP)
    assert "话术库 3 条" in (await chat.says("话术库"))[0]

    assert await chat.says("停用话术 PR-01", sender=MANAGER) == ["已停用 PR-01「标题PR-01」，不再推荐。"]
    assert await chat.says("停用话术 PR-01", sender=MANAGER) == ["PR-01 已经是停用的了。"]

    assert "话术库 2 条" in (await chat.says("话术库"))[0]
    async with chat.database.reading() as work:
        [entry] = await work.audit.of("script:PR-01")
        assert (entry.before, entry.after) == (
            {"status": "approved", "version": 1},
            {"status": "retired", "version": 2},
        )
