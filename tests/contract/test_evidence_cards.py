"""Whose a document is, asked and answered on every platform, and what lies in the customer's file and comes back."""

from datetime import timedelta

import pytest

from nlp.screens import ScreenReading
from tests.chat import REP
from tests.contract.phones import AUDIO, PICTURE, Company, Phone

CUSTOMER = "宁波恒力阀门有限公司"


async def test_a_document_is_offered_to_the_customer_on_it_and_found_in_their_file(office: Company) -> None:
    rep = office.phone(REP)

    await rep.sends_picture(ScreenReading("text", plain_text=f"营业执照 {CUSTOMER} 法定代表人"))
    await rep.presses("标注", choosing="营业执照")
    rep.shows(
        ("收到图片，正在识别…",),
        ("图片已存为证据",),
        ("营业执照已存好", "归到哪家客户？", CUSTOMER, "图上的字里写着"),
    )
    assert {"归到「宁波恒力…」", "换客户", "不归档"} <= set(rep.sees()[-1].buttons)

    await rep.presses("归到「宁波恒力…」")
    rep.shows((f"已归到「{CUSTOMER}」：营业执照",))
    rep.shows_closed("已标注", "已归档", by_word=())
    await rep.says("证据 恒力")
    rep.shows((f"「{CUSTOMER}」的证据，共 1 份", "【营业执照】", "1 营业执照 v1 · 李晓彤", "回复数字取原件"))
    await rep.says("1")
    shows_again(rep, PICTURE + b"\0", "营业执照")


async def test_a_file_comes_back_as_it_was_sent(office: Company) -> None:
    rep = office.phone(REP)
    data, name = b"%PDF-1.7\n" + bytes(range(256)) * 300, "恒力-采购意向书.pdf"
    await rep.sends_file(data, name)
    await rep.presses("归到「宁波恒力…」")
    await rep.says("文件 恒力")
    rep.news()

    await rep.says("1")
    shows_again(rep, data, name)

    # asked for twice it comes twice, however alike the two are
    await rep.says("1")
    shows_again(rep, data, name)


async def test_a_voice_note_comes_back_with_its_sound(office: Company) -> None:
    rep = office.phone(REP)
    if rep.line.ears == "theirs":
        pytest.skip("no recordings come in")
    await rep.speaks("今天拜访恒力阀门王经理，聊了样品，下周三前寄样品给他，预算85万")
    await rep.presses("确认")
    # a number answers what was shown last, and here no time passes by itself
    office.clock.advance(timedelta(seconds=1))
    await rep.says("证据 恒力")
    rep.news()

    await rep.says("1")

    shows_again(rep, AUDIO, "录音")


def shows_again(rep: Phone, data: bytes, name: str) -> None:
    """The same bytes, or where nothing can be sent why not, and the link."""
    news = rep.news()
    if rep.line.sends_files:
        assert [seen.data for seen in news] == [data]
        return
    [told] = news
    assert told.says("这个聊天里不能直接发文件", name, "/file/")


async def test_of_several_customers_one_is_chosen(office: Company) -> None:
    rep = office.phone(REP)
    await rep.sends_picture(ScreenReading("text", plain_text="营业执照 宏达 法定代表人"))
    await rep.presses("标注", choosing="营业执照")

    rep.shows(
        ("收到图片，正在识别…",),
        ("图片已存为证据",),
        ("归到哪家客户？", "杭州宏达机电有限公司", "绍兴宏达纺织有限公司"),
    )

    await rep.presses("归档", choosing="杭州宏达机电")

    rep.shows(("已归到「杭州宏达机电有限公司」：营业执照",))
