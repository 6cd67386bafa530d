"""评级 in the chat: four scores with their words, the grade they propose, and what people make of it."""

from datetime import timedelta

from sqlalchemy import select

from handlers import actions
from handlers.messages import OutboundCard
from storage.deal_models import DealScore
from storage.models import AuditEntry, Customer, Finding
from tests.chat import MANAGER, OTHER, REP, Chat, fields

CUSTOMER = "宁波恒力阀门有限公司"
WARM = (
    "今天拜访了宁波恒力阀门的王经理，预算85万，李总拍板，他们催我们出合同，下周三前我发合同。"
    "评分下来我们排第一，说首选我们。"
)
COLD = "今天拜访了宁波恒力阀门的王经理，预算85万，他下周三前确认技术参数。"


async def visit(chat: Chat, text: str, *, sender: str = REP) -> str:
    """Told and confirmed; what came back on 确认."""
    await chat.says(text, sender=sender)
    before = len(chat.texts(of=sender))
    await chat.presses(chat.cards("拜访记录", of=sender)[-1], actions.ConfirmVisit, sender=sender)
    return "\n".join(chat.texts(of=sender)[before:])


async def customer(chat: Chat) -> Customer:
    async with chat.database.reading() as work:
        found = await work.customers.by_name(CUSTOMER)
        assert found is not None
        return found


async def graded(chat: Chat, grade: str) -> None:
    async with chat.database.work() as work:
        found = await work.customers.by_name(CUSTOMER)
        assert found is not None
        found.grade = grade


def card(chat: Chat, of: str = REP) -> OutboundCard:
    return chat.cards("客户评级", of=of)[-1]


# Shown


async def test_each_score_shows_the_words_it_rests_on_and_what_nobody_spoke_of_has_none(chat: Chat) -> None:
    await visit(chat, COLD)

    await chat.says("评级 恒力")

    assert fields(card(chat)) == {"总分": "10/20", "等级": "未评 → B"}
    lines = card(chat).body.splitlines()
    assert lines[0] == "采购紧迫性 3：「他下周三前确认技术参数」11-20（周五）"
    assert lines[1] == "预算明确度 5：「85万」11-20（周五）"
    assert lines[2] == "决策链完整度 2：「王经理」11-20（周五）"
    assert lines[3] == "竞品对比：还没提到"
    assert "还没提到的 1 项按 0 分算。" in lines


async def test_it_may_be_asked_for_in_other_words_and_with_the_deal(chat: Chat) -> None:
    await visit(chat, WARM)
    for words in ("恒力的评级", "看评级 恒力", "恒力的评级？"):
        before = len(chat.cards("客户评级"))
        await chat.says(words)
        assert len(chat.cards("客户评级")) == before + 1, words

    await chat.says("新商机 恒力 二期扩产")
    await chat.says("评级 恒力 二期扩产")

    assert card(chat).subtitle == f"{CUSTOMER}·二期扩产"
    assert fields(card(chat))["总分"] == "0/20"
    assert "其他商机：（未命名）" in card(chat).body
    # the customer's grade is proposed by the best of their deals
    assert fields(card(chat))["等级"] == "未评 → A"


async def test_a_customer_without_a_deal_and_a_colleagues_customer_have_none_to_show(chat: Chat) -> None:
    await chat.says("评级 恒力")
    assert chat.texts(of=REP)[-1] == f"{CUSTOMER} 还没有在谈的商机。"

    await visit(chat, COLD)
    await chat.says("评级 恒力", sender=OTHER)
    assert chat.texts(of=OTHER)[-1] == "没有找到您名下叫「恒力」的客户。"

    await chat.says("评级 恒力", sender=MANAGER)
    assert fields(card(chat, of=MANAGER))["总分"] == "10/20"


async def test_the_same_grade_needs_no_button(chat: Chat) -> None:
    await graded(chat, "B")
    await visit(chat, COLD)

    await chat.says("评级 恒力")

    assert chat.cards("客户评级") == []
    assert "总分 10/20，等级 B，和现在一致。" in chat.texts(of=REP)[-1]


# Proposed


async def test_a_confirmation_that_proposes_another_grade_says_so_once(chat: Chat) -> None:
    await graded(chat, "B")

    told = await visit(chat, WARM)
    assert f"评级建议 B → A（20/20），看依据回「评级 {CUSTOMER}」" in told

    await chat.passes(timedelta(hours=1))
    assert "评级建议" not in await visit(chat, WARM.replace("今天", "今天又"))


async def test_a_lower_grade_is_proposed_only_where_what_nobody_spoke_of_could_not_change_it(chat: Chat) -> None:
    await graded(chat, "A")
    assert "评级建议" not in await visit(chat, COLD)

    await chat.passes(timedelta(hours=1))
    await visit(chat, "今天又拜访了宁波恒力阀门的王经理，他们说正在货比三家，预算大概80万，周五前我发方案。")
    await chat.answers_risks()

    assert "评级建议 A → B" in chat.texts(of=REP)[-1]


async def test_taken_over_it_is_the_customers_grade_and_is_undone_by_a_button(chat: Chat) -> None:
    await graded(chat, "B")
    await visit(chat, WARM)
    await chat.says("评级 恒力")

    await chat.presses(card(chat), actions.TakeGrade)

    assert (await customer(chat)).grade == "A"
    async with chat.database.reading() as work:
        noted = (await work.session.scalars(select(AuditEntry).where(AuditEntry.action == "customer.graded"))).all()
    assert [(one.before, one.after) for one in noted] == [({"grade": "B"}, {"grade": "A"})]
    taken = chat.cards("等级已改", of=REP)[-1]
    assert taken.body == f"{CUSTOMER}：B → A"
    await chat.presses(taken, actions.UndoFinding)
    assert (await customer(chat)).grade == "B"
    assert chat.texts(of=REP)[-1] == f"已撤销，「{CUSTOMER}」的等级改回 B。"
    await chat.passes(timedelta(hours=1))
    assert "评级建议" not in await visit(chat, WARM.replace("今天", "今天又"))


async def test_the_rep_hears_of_a_grade_that_their_manager_took_over(chat: Chat) -> None:
    await graded(chat, "B")
    await visit(chat, WARM)
    await chat.says("评级 恒力", sender=MANAGER)

    await chat.presses(card(chat, of=MANAGER), actions.TakeGrade, sender=MANAGER)
    await chat.passes(timedelta(hours=1))

    assert f"陈志远把「{CUSTOMER}」的等级改为 A（原 B）。" in chat.texts(of=REP)[-1]


async def test_with_a_draft_open_the_grade_is_shown_and_the_draft_stays(chat: Chat) -> None:
    await visit(chat, WARM)
    await chat.passes(timedelta(hours=1))
    await chat.says(COLD)
    drafts = len(chat.cards("拜访记录"))

    for words in ("评级 恒力", "恒力的评级"):
        before = len(chat.cards("客户评级"))
        await chat.says(words)
        assert len(chat.cards("客户评级")) == before + 1, words

    assert len(chat.cards("拜访记录")) == drafts


async def test_taken_over_it_is_undone_in_words(chat: Chat) -> None:
    await graded(chat, "B")
    await visit(chat, WARM)
    await chat.says("评级 恒力")
    await chat.presses(card(chat), actions.TakeGrade)

    await chat.says("撤销评级 恒力")

    assert (await customer(chat)).grade == "B"


async def test_kept_it_is_not_proposed_again_until_the_scores_propose_something_else(chat: Chat) -> None:
    await graded(chat, "B")
    await visit(chat, WARM)
    await chat.says("评级 恒力")
    await chat.presses(card(chat), actions.LeaveGrade)
    assert (await customer(chat)).grade == "B"
    assert "等级不变" in chat.texts(of=REP)[-1]

    await chat.passes(timedelta(hours=1))
    assert "评级建议" not in await visit(chat, WARM.replace("今天", "今天又"))
    # the scores fall to the present grade, and rise again
    await chat.says("评分 恒力 紧迫性 0 今年不上了")
    await chat.says("评分 恒力 预算 3 还要再批")
    assert "评级建议" not in chat.texts(of=REP)[-1]
    await chat.says("评分 恒力 竞品 0 选了别家")
    assert "评级建议" not in chat.texts(of=REP)[-1]
    await chat.says("撤销评分 恒力")

    assert "评级建议 B → A" in chat.texts(of=REP)[-1]


async def test_a_card_that_the_scores_have_left_behind_changes_nothing(chat: Chat) -> None:
    await graded(chat, "B")
    await visit(chat, WARM)
    await chat.says("评级 恒力")
    old = card(chat)
    for respect in ("紧迫性", "预算", "竞品"):
        await chat.says(f"评分 恒力 {respect} 1 又变了")

    await chat.presses(old, actions.TakeGrade)

    assert (await customer(chat)).grade == "B"
    assert "评级已经变了" in chat.texts(of=REP)[-1]


async def test_a_proposal_to_lower_for_silence_lapses_where_the_scores_changed_the_grade(chat: Chat) -> None:
    await graded(chat, "B")
    async with chat.database.work() as work:
        found = await work.customers.by_name(CUSTOMER)
        assert found is not None
        await work.rules.find(
            "downgrade",
            f"customer:{found.customer_id}",
            "since",
            member_id=found.owner_id,
            since=found.created_at,
            detail={"customer_id": found.customer_id, "before": "B", "after": "C"},
        )
    await visit(chat, WARM)
    await chat.says("评级 恒力")
    await chat.presses(card(chat), actions.TakeGrade)

    await chat.says("撤销降级 恒力")

    assert (await customer(chat)).grade == "A"
    async with chat.database.reading() as work:
        rules = (await work.session.scalars(select(Finding.rule).order_by(Finding.finding_id))).all()
    assert rules == ["downgrade", "grading"]


async def test_whoever_does_not_have_the_customer_is_not_told(chat: Chat) -> None:
    await graded(chat, "B")

    assert "评级建议" not in await visit(chat, WARM, sender=OTHER)


# Set by a person


async def test_a_score_that_somebody_set_is_shown_as_theirs_with_their_reason(chat: Chat) -> None:
    await visit(chat, COLD)

    await chat.says("评分 恒力 紧迫性 5 招标下周开", sender=MANAGER)
    assert "采购紧迫性记为 5 分（陈志远评：招标下周开）。总分 12/20。" in chat.texts(of=MANAGER)[-1]

    await chat.says("评级 恒力")
    assert "采购紧迫性 5：陈志远 11-20（周五） 评，招标下周开" in card(chat).body
    async with chat.database.reading() as work:
        [row] = (await work.session.scalars(select(DealScore))).all()
    assert (row.dimension, row.points, row.words) == ("urgency", 5, "招标下周开")


async def test_a_score_is_taken_back_and_the_records_count_again(chat: Chat) -> None:
    await visit(chat, COLD)
    await chat.says("评分 恒力 紧迫性 5 招标下周开")
    await chat.says("评分 恒力 紧迫性 4 招标推了")

    await chat.says("撤销评分 恒力 紧迫性")

    assert "已撤销" in chat.texts(of=REP)[-1]
    assert "总分 10/20" in chat.texts(of=REP)[-1]
    await chat.says("撤销评分 恒力 紧迫性")
    assert "没有手工评过的采购紧迫性分" in chat.texts(of=REP)[-1]


async def test_an_order_that_lacks_something_says_what(chat: Chat) -> None:
    await visit(chat, COLD)
    said = {
        "评分 恒力": "要带上客户、哪一项和几分",
        "评分 恒力 紧迫性": "要带上客户、哪一项和几分",
        "评分 恒力 紧迫性 9 很急": "要带上客户、哪一项和几分",
        "评分 恒力 紧迫性 4": "为什么评 4 分？",
        "评分 恒力 三期 紧迫性 4 很急": "请带上商机名再说一次",
        "评级": "要带上客户名，例如：评级 恒力",
        "评级 没有这家": "没有找到您名下叫「没有这家」的客户。",
    }
    for order, answer in said.items():
        await chat.says(order)
        assert answer in chat.texts(of=REP)[-1], order


# News


async def test_notes_that_mention_a_grade_stay_notes(chat: Chat) -> None:
    for text in (
        "今天拜访了恒力的王经理，评级的事下次再说，周五前我发方案。",
        "评级的事下次再说，今天见了恒力的王经理，预算85万",
        "评级 上次定的是B，今天拜访恒力的王经理，预算85万",
    ):
        before = len(chat.cards("拜访记录"))
        await chat.says(text)
        assert len(chat.cards("拜访记录")) > before, text
        await chat.says("作废")
    assert chat.cards("客户评级") == []
