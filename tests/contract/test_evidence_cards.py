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
    await rep.sends_file(name, data)
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


async def test_a_note_that_nothing_proves_asks_for_a_photo_and_counts_it(office: Company) -> None:
    rep = office.phone(REP)
    await rep.says("今天拜访恒力阀门王经理，聊了样品，预算85万。")
    assert any(seen.says("证据 0/1 – 发一张截图或现场照") for seen in rep.news())

    await rep.sends_picture()
    rep.shows(("收到图片，正在识别…",), (f"现场照片已存为证据，附在「{CUSTOMER}」的拜访记录上。", "证据 1/1"))
    await rep.says("预算改成90万")

    told = rep.news()
    assert any(seen.says("证据 1/1") for seen in told)
    assert not any(seen.says("证据 0/1") for seen in told)


async def test_a_file_lies_in_the_customers_file_with_its_versions_and_the_stage_that_waited_for_it_follows(
    office: Company,
) -> None:
    rep, first = office.phone(REP), b"%PDF-1.7\n first"
    for words in ("新商机 恒力 二期扩产", "转SQL 恒力", "80到90万，王经理说的", "李建国 总经理", "阶段 恒力 需求确认"):
        await rep.says(words)
    assert any(seen.says("阶段待改 · 材料未齐", "· 需求调研表") for seen in rep.news())

    office.clock.advance(timedelta(seconds=5))  # a number answers the latest card
    await rep.sends_file("恒力需求调研表.xlsx", first)
    rep.shows(
        ("收到文件，正在保存…",),
        ("文件已存好", "恒力需求调研表.xlsx", CUSTOMER, "文件名里写着", "看文件名是「需求调研表」"),
    )
    await rep.presses("归到「宁波恒力…」")
    told = rep.news()
    assert any(seen.says(f"已归到「{CUSTOMER}」：恒力需求调研表.xlsx") for seen in told)
    assert any(seen.says("要的都齐了", "阶段登记为「需求确认」") for seen in told)

    await rep.sends_file("恒力需求调研表_v2.xlsx")
    await rep.presses("归到「宁波恒力…」")
    assert any(seen.says("「恒力需求调研表_v2.xlsx」是第 2 版，旧版保留") for seen in rep.news())
    await rep.says("文件 恒力")
    rep.shows(("的资料，共 2 份", "1 恒力需求调研表_v2.xlsx v2 · 李晓彤", "2 恒力需求调研表.xlsx v1 · 李晓彤"))
    await rep.says("2")
    shows_again(rep, first, "恒力需求调研表.xlsx")
