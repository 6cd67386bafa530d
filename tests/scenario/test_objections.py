"""客户说竞品价格低15%，怎么回？ – from the question to the answer card and what its asker made of it."""

from datetime import timedelta

import pytest

from bot.dingtalk import cards as dingtalk_cards
from bot.platform import Capabilities
from bot.script_files import STARTER, read_library
from bot.script_store import store_scripts
from bot.wecom import cards as wecom_cards
from bot.wecom_bot import cards as wecom_bot_cards
from handlers import access, actions, texts
from handlers.cards import as_text, numbered
from handlers.messages import CardClick, OutboundCard, Text
from storage.models import Script, ScriptQuestion
from tests.chat import ANSWERS, MANAGER, OTHER, REP, VISIT, Chat, closings, fields, heard, said, screenshot

ASKED = "客户说竞品价格低15%，怎么回？"
QUOTED = "今天拜访宁波恒力阀门，见了王经理，我们报价85万，他们嫌我们比竞品贵百分之十五，周五前给他发方案"
HENGLI = "宁波恒力阀门有限公司"
NUMBERS = "我们报85万，竞品报72万，客户嫌贵，怎么回"


@pytest.fixture(autouse=True)
async def library(chat: Chat) -> None:
    async with chat.database.work() as work:
        await store_scripts(work, read_library(STARTER).rows, source="test")


def answer(chat: Chat, *, of: str = REP) -> OutboundCard:
    return chat.cards("话术参考", of=of)[-1]


def plans(card: OutboundCard) -> list[tuple[str, str]]:
    """Code and kind of each, as their headings show them."""
    headings = [line for line in card.body.split("\n") if line.endswith("）") and "-" in line.split("（")[0]]
    return [(line.strip("①②③ ").split()[0], line.rsplit("（", 1)[1].strip("）")) for line in headings]


async def questions(chat: Chat) -> list[ScriptQuestion]:
    async with chat.database.reading() as work:
        found = []
        while (question := await work.scripts.find_question(len(found) + 1)) is not None:
            found.append(question)
        return found


async def verdicts(chat: Chat, question_id: int = 1) -> list[bool | None]:
    async with chat.database.reading() as work:
        return [use.was_useful for use in await work.scripts.uses(question_id)]


# The question


async def test_a_typed_question_is_answered_with_plans_of_different_kinds_and_why_they_fit(chat: Chat) -> None:
    assert await chat.says(ASKED) == ["[话术参考]"]

    card = answer(chat)
    assert card.subtitle == "客户说：竞品价格低15%"
    kinds = [kind for _, kind in plans(card)]
    assert 2 <= len(kinds) <= 3
    assert len(set(kinds)) == len(kinds)
    assert plans(card)[0] == ("PR-01", "成本优化清单")
    assert "依据：像「别家比你们便宜」" in card.body
    assert "{" not in as_text(card)
    [question] = await questions(chat)
    assert (question.words, question.is_answered) == ("竞品价格低15%", True)


async def test_it_is_answered_when_spoken_too(chat: Chat) -> None:
    await chat.speaks("客户说竞品价格低百分之十五怎么回")

    assert plans(answer(chat))[0][0] == "PR-01"
    assert not chat.cards("拜访记录")


async def test_the_same_message_delivered_again_is_answered_once(chat: Chat) -> None:
    for _ in range(2):
        await chat.receives(Text(text=ASKED), event_id="m-again")

    assert len(chat.cards("话术参考")) == 1
    assert len(await questions(chat)) == 1


async def test_heard_twice_it_is_answered_once(chat: Chat) -> None:
    chat.listener.answers.append(heard("客户说竞品价格低百分之十五怎么回"))

    await chat.receives(chat.voice(platform_transcript="客户说竞品价格低15%怎么回"))

    assert len(chat.cards("话术参考")) == 1


async def test_what_a_picture_says_asks_nothing(chat: Chat) -> None:
    await chat.shows(screenshot(said("other", ASKED)))

    assert not chat.cards("话术参考")


async def test_a_note_that_ends_in_the_question_stays_a_note_and_its_card_offers_the_answer(chat: Chat) -> None:
    await chat.speaks(f"{QUOTED}，怎么回")

    assert not chat.cards("话术参考")
    await chat.presses(chat.draft(), actions.ShowScripts)
    assert answer(chat).subtitle == "客户说：比竞品贵 15%"


async def test_asking_while_the_risk_questions_are_open_answers_none_of_them(chat: Chat) -> None:
    await chat.says(VISIT)
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    await chat.says(ASKED)
    assert plans(answer(chat))[0][0] == "PR-01"
    told = await chat.says(ANSWERS)
    assert "[拜访记录 · 待确认]" in told or any("已保存" in text or "已入库" in text for text in told)


async def test_asking_changes_no_open_draft(chat: Chat) -> None:
    await chat.says(QUOTED)
    before = fields(chat.draft())

    await chat.says("客户说预算改成90万也不够，怎么回")

    assert len(chat.cards("拜访记录")) == 1
    assert fields(chat.draft()) == before


async def test_what_is_only_pointed_at_is_the_objection_of_the_draft(chat: Chat) -> None:
    assert await chat.says("怎么回") == [texts.ANSWER_HOW]

    await chat.says(QUOTED)
    await chat.says("这个怎么回")

    assert answer(chat).subtitle == "客户说：比竞品贵 15%"


# This customer's numbers


async def test_the_difference_is_reckoned_from_the_drafts_quote_and_what_the_question_says(chat: Chat) -> None:
    await chat.says(QUOTED)

    await chat.says(ASKED)

    shown = fields(answer(chat))
    assert shown["客户"] == HENGLI
    assert shown["我方报价"] == "85 万元"
    assert shown["竞品价"] == "约 72.25 万元"
    assert shown["差额"] == "约 12.75 万元"
    assert shown["比例"] == "我方比竞品高 17.6%，竞品比我方低 15%"
    assert "我方报价85万元，另一家报约72.25万元，差约12.75万元。" in answer(chat).body


async def test_dearer_by_a_percentage_is_of_their_price_and_not_of_ours(chat: Chat) -> None:
    await chat.says(QUOTED)

    await chat.says("这个客户嫌贵怎么办")

    assert fields(answer(chat))["差额"] == "约 11.09 万元"
    assert fields(answer(chat))["比例"] == "我方比竞品高 15%，竞品比我方低 13%"


async def test_what_the_question_says_needs_no_record(chat: Chat) -> None:
    await chat.says("我们报了八十五万竞品报七十二万客户说我们贵太多了怎么回")

    shown = fields(answer(chat))
    assert (shown["我方报价"], shown["竞品价"]) == ("85 万元", "72 万元")
    assert shown["差额"] == "13 万元"
    assert shown["比例"] == "我方比竞品高 18.1%，竞品比我方低 15.3%"


async def test_without_numbers_nothing_is_reckoned_and_one_line_says_what_is_missing(chat: Chat) -> None:
    await chat.says(ASKED)
    assert set(fields(answer(chat))) == set()
    assert texts.ANSWER_OUR_PRICE in answer(chat).body
    assert "我方报价" not in answer(chat).body.replace(texts.ANSWER_OUR_PRICE, "")

    for other in ("客户说售后响应慢怎么回", "客户问能不能打个九折，怎么回"):
        await chat.says(other)
        assert "我就能算" not in answer(chat).body


async def test_a_price_apiece_is_not_compared_with_a_whole_one(chat: Chat) -> None:
    await chat.says("我们报价每台3万，竞品总价72万，客户嫌贵，怎么回")

    assert "差额" not in fields(answer(chat))


async def test_instalments_add_up_and_bear_no_interest_that_nobody_named(chat: Chat) -> None:
    await chat.says(QUOTED)

    await chat.says("客户说要分12期付款，手头紧，怎么回")

    assert (
        "测算：85 万元分 12 期（不计息）：第 1–11 期每期 70,833.33 元，第 12 期 70,833.37 元；合计 850,000 元"
        in answer(chat).body
    )


async def test_interest_and_a_down_payment_count_where_they_are_named(chat: Chat) -> None:
    await chat.says("我们报10万，客户想分期付款，首付两万，分12期，年利率6%，怎么回")

    assert "首付 20,000 元，余款 8 万元分 12 期（等额本息，年利率 6%，利息共 2,623.77 元）" in answer(chat).body


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("客户说想分期付款，怎么回", "告诉我我方报价和分几期"),
        ("客户说想分期付款，分12期，怎么回", "告诉我我方报价，我就能算分期"),
        ("我们报85万，客户说想分期付款，分12期月息5厘，怎么回", texts.ANSWER_TERMS_UNCLEAR),
    ],
)
async def test_a_schedule_that_cannot_be_reckoned_says_what_it_takes(chat: Chat, asked: str, told: str) -> None:
    await chat.says(asked)

    assert told in answer(chat).body


async def test_payback_is_reckoned_where_the_question_says_what_is_saved(chat: Chat) -> None:
    await chat.says("我们报85万，每年能省17万，客户说比别家贵，怎么回")

    assert "测算：每年省 17 万元，约 60 个月回本（报价 85 万元）" in answer(chat).body


# Which customer


async def test_a_customer_named_in_the_question_is_that_one_and_not_the_drafts(chat: Chat) -> None:
    await chat.says(QUOTED)

    await chat.says("恒丽说太贵了怎么回")

    assert fields(answer(chat)) == {"客户": "宁波恒丽服饰有限公司"}
    assert answer(chat).subtitle == "客户说：太贵了"


async def test_a_name_that_several_have_takes_nobodys_numbers(chat: Chat) -> None:
    await chat.says(QUOTED)

    await chat.says("宏达嫌贵怎么回")

    assert fields(answer(chat)) == {}
    assert texts.ANSWER_WHICH_CUSTOMER.format(name="宏达") in answer(chat).body


async def test_the_last_customer_is_meant_once_the_draft_is_confirmed(chat: Chat) -> None:
    await chat.says(QUOTED)
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    await chat.says(ASKED)
    assert fields(answer(chat))["我方报价"] == "85 万元"

    await chat.lives_until(chat.clock.now() + timedelta(days=40))
    await chat.says(ASKED)
    assert fields(answer(chat)) == {}


async def test_a_colleagues_customer_lends_no_numbers_and_a_manager_sees_those_of_their_people(chat: Chat) -> None:
    await chat.says(QUOTED)
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    await chat.says("恒力说竞品价格低15%，怎么回", sender=OTHER)
    assert fields(answer(chat, of=OTHER)) == {}
    assert "85" not in as_text(answer(chat, of=OTHER)).replace(texts.ANSWER_OUR_PRICE, "")

    await chat.says("恒力说竞品价格低15%，怎么回", sender=MANAGER)
    assert fields(answer(chat, of=MANAGER))["我方报价"] == "85 万元"


# Nothing fits


async def test_nothing_that_fits_is_said_and_noted_as_a_gap(chat: Chat) -> None:
    [told] = await chat.says("客户说zzz qqq xxx，怎么回")

    assert told.startswith("「zzz qqq xxx」话术库里没有合适的回答，不硬凑。已记为话术缺口")
    assert not chat.cards("话术参考")
    [gaps] = await chat.says("话术缺口", sender=MANAGER)
    assert "zzz qqq xxx" in gaps


async def test_a_gap_that_was_answered_is_offered_from_then_on(chat: Chat) -> None:
    await chat.says("客户说zzz qqq xxx，怎么回")
    await chat.says("回答缺口 1：您放心，我们当面说清楚。", sender=MANAGER)

    await chat.says("客户说zzz qqq xxx，怎么回")

    assert "您放心，我们当面说清楚。" in answer(chat).body


async def test_an_empty_library_says_what_an_admin_can_do_and_notes_no_gap(chat: Chat) -> None:
    async with chat.database.work() as work:
        for script in await work.scripts.all():
            script.status = "retired"
            work.scripts.changed(script)

    assert await chat.says(ASKED) == [texts.NO_SCRIPTS]
    assert "visitbot import scripts --starter" in texts.NO_SCRIPTS
    assert await questions(chat) == []


async def test_a_script_taken_out_of_use_is_not_offered_again(chat: Chat) -> None:
    await chat.says(ASKED)
    assert plans(answer(chat))[0][0] == "PR-01"

    await chat.says("停用话术 PR-01", sender=MANAGER)
    await chat.says(ASKED)

    assert "PR-01" not in as_text(answer(chat))


async def test_a_script_is_offered_on_the_days_it_is_valid(chat: Chat) -> None:
    today = chat.context.day_of(chat.clock.now())
    async with chat.database.work() as work:
        work.scripts.add(
            Script(
                code="TM-01",
                title="展会价",
                category="价格",
                body="展会价这两天有效。",
                phrasings=["展会上能不能给个展会价"],
                status="approved",
                valid_until=today,
            )
        )
    await chat.says("客户说展会上能不能给个展会价，怎么回")
    assert "TM-01" in answer(chat).body

    await chat.lives_until(chat.clock.now() + timedelta(days=1))
    told = await chat.says("客户说展会上能不能给个展会价，怎么回")
    assert "TM-01" not in answer(chat).body or "[话术参考]" not in told


# What its asker made of it


async def test_a_press_counts_once_and_a_second_changes_the_mind(chat: Chat) -> None:
    await chat.says(ASKED)
    card = answer(chat)

    sent = await chat.receives(CardClick(card_id=card.card_id, action=card.buttons[0].action), event_id="click-1")
    assert closings(sent) == ["① 有用"]
    judged = chat.cards("话术评价")[-1]
    assert [value.rsplit("：", 1)[1] for value in fields(judged).values()] == [
        "有用",
        *["还没评"] * (len(plans(card)) - 1),
    ]
    assert (await verdicts(chat))[0] is True

    await chat.receives(CardClick(card_id=card.card_id, action=card.buttons[0].action), event_id="click-1")
    assert len(chat.cards("话术评价")) == 1

    change = next(button for button in judged.buttons if button.text == "没用 ①")
    await chat.receives(CardClick(card_id=judged.card_id, action=change.action))
    assert (await verdicts(chat))[0] is False
    assert fields(chat.cards("话术评价")[-1])["①"].endswith("没用")


async def test_nobody_judges_for_the_asker(chat: Chat) -> None:
    await chat.says(ASKED)
    card = answer(chat)

    click = CardClick(card_id=card.card_id, action=card.buttons[0].action)
    await chat.receives(click, sender=OTHER)

    assert (await verdicts(chat))[0] is None
    async with chat.database.reading() as work:
        other = await work.members.by_identity("wecom", OTHER)
        assert other is not None
        action = actions.read(card.buttons[0].action)
        assert action is not None
        assert not await access.may_press(work, other, action)


async def test_as_numbered_text_each_plan_is_judged_by_its_number(chat: Chat) -> None:
    await chat.says(ASKED)
    card = answer(chat)

    assert [choice.text for choice in numbered(card)][:2] == ["有用 ①", "有用 ②"]
    assert len(numbered(card)) == 2 * len(plans(card))


async def test_where_there_are_no_cards_a_number_judges_and_another_changes_the_mind(chat: Chat) -> None:
    chat.platform.capabilities = Capabilities(cards=False)
    await chat.says(ASKED)
    shown = chat.texts(of=REP)[-1]
    assert "【话术参考】" in shown
    assert "1 有用 ①" in shown

    await chat.says("1")
    assert (await verdicts(chat))[0] is True
    shown = chat.texts(of=REP)[-1]
    number = next(line.split()[0] for line in shown.split("\n") if line.endswith("没用 ①"))
    await chat.says(number)
    assert (await verdicts(chat))[0] is False


# Stages and refused demonstrations


async def test_a_stages_questions_come_on_request(chat: Chat) -> None:
    for stage, code in (("需求诊断", "QS-02"), ("需求确认", "QS-02"), ("签约回款", "QS-08")):
        await chat.says(f"话术 {stage}")
        card = chat.cards("提问话术")[-1]
        assert card.title == f"提问话术 · {stage}"
        assert plans(card) == [(code, "提问")]


async def test_a_stage_that_has_none_says_so(chat: Chat) -> None:
    await chat.says("停用话术 QS-02", sender=MANAGER)

    assert await chat.says("话术 需求诊断") == [texts.ANSWER_NO_STAGE.format(stage="需求诊断")]


# On the platforms


@pytest.mark.parametrize("style", ["own", "general"])
async def test_on_dingtalk_the_words_stand_on_the_card_with_six_buttons(
    chat: Chat, style: dingtalk_cards.Style
) -> None:
    await chat.says(QUOTED)
    await chat.says(ASKED)

    rendered = dingtalk_cards.render(answer(chat), style)

    shown = "".join(rendered.params.values())
    assert all(f"有用 {number}" in shown for number in "①②③"[: len(plans(answer(chat)))])
    assert "85万元" in shown + "".join(rendered.texts_before)


@pytest.mark.parametrize("room", [wecom_cards.ROOM, wecom_bot_cards.ROOM])
async def test_on_wecom_the_words_go_before_the_card_in_one_piece(chat: Chat, room: object) -> None:
    await chat.says(QUOTED)
    await chat.says(ASKED)
    card = answer(chat)
    render = wecom_cards.render if room is wecom_cards.ROOM else wecom_bot_cards.render

    rendered = render(card, task_id="task")

    [before] = rendered.texts_before
    assert card.body in before
    assert rendered.card is not None
    assert rendered.card["sub_title_text"] == "（内容见上一条消息）"
    assert len(str(rendered.card["button_list"]).split("'text'")) - 1 == len(card.buttons)
