"""A deal's grading and whose a lead becomes, on every platform: what is read on the card, and what a press does."""

from dataclasses import replace
from datetime import timedelta

from tests.chat import MANAGER, OTHER, REP
from tests.contract.phones import Company

CUSTOMER = "宁波恒力阀门有限公司"
NOTE = "今天拜访了宁波恒力阀门的王经理，预算85万，李总拍板，他们催我们出合同，下周三前我发合同。说首选我们。"


async def grade(office: Company) -> str | None:
    async with office.assistant.database.reading() as work:
        found = await work.customers.by_name(CUSTOMER)
        assert found is not None
        return found.grade


async def test_the_grade_that_the_scores_propose_is_taken_over_and_undone(office: Company) -> None:
    rep = office.phone(REP)
    await rep.says(NOTE)
    await rep.presses("确认")
    assert any(seen.says("评级建议 B → A（20/20）") for seen in rep.news())

    # where a card has little room, some of it goes before it; a number answers the latest card of a moment
    office.clock.advance(timedelta(seconds=5))
    await rep.says("评级 恒力")
    told = rep.news()
    assert any(one.says("客户评级", CUSTOMER) and {"改为 A", "不变"} <= set(one.buttons) for one in told)
    for words in ("20/20", "未评 → A", "采购紧迫性 5", "催我们出合同", "预算明确度 5", "决策链完整度 5", "竞品对比 5"):
        assert any(one.says(words) for one in told), words

    await rep.presses("改为 A")
    rep.shows(("等级已改", f"{CUSTOMER}：未评 → A"))
    rep.shows_closed("已确认", "已采用")
    assert await grade(office) == "A"
    office.clock.advance(timedelta(seconds=5))
    await rep.presses("撤销")
    rep.shows(("已撤销", "等级改回 B"))
    assert await grade(office) is None


async def test_the_present_grade_is_kept_by_a_press(office: Company) -> None:
    rep = office.phone(REP)
    await rep.says(NOTE)
    await rep.presses("确认")
    office.clock.advance(timedelta(seconds=5))
    await rep.says("评级 恒力")
    rep.news()

    await rep.presses("不变")

    rep.shows((f"「{CUSTOMER}」的等级不变",))
    assert await grade(office) is None


async def test_a_lead_with_enough_points_is_given_to_one_of_the_group(office: Company) -> None:
    rep, boss = office.phone(REP), office.phone(MANAGER)
    ctx = office.assistant.context
    leads = replace(ctx.settings.deals.leads, senior_from=5, senior_group=("赵一鸣",))
    settings = replace(ctx.settings, deals=replace(ctx.settings.deals, leads=leads))
    object.__setattr__(ctx, "settings", settings)

    await rep.says("线索行为 恒力 白皮书")
    rep.shows(("线索分 +5（下载白皮书），共 5 分", "到 5 分了"))
    boss.shows(("线索分配", f"{CUSTOMER} 线索分到 5", "负责人 李晓彤", "下载白皮书 +5"))
    assert "保持不变" in boss.sees()[-1].buttons

    await boss.presses("转交", choosing="赵一鸣")
    assert any(seen.says(f"「{CUSTOMER}」转给赵一鸣") for seen in boss.news())
    assert any(seen.says("首次触达", CUSTOMER) for seen in office.phone(OTHER).sees())
    async with office.assistant.database.reading() as work:
        found = await work.customers.by_name(CUSTOMER)
        assert found is not None
        assert found.owner_id is not None
        assert (await work.members.get(found.owner_id)).name == "赵一鸣"
