"""What people send lies in the right customer's file: what it is, whose it is, which version, and what it is worth."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from bot.platform import Capabilities, Deliverable, MediaFile, Uploaded
from bot.wecom.adapter import FILES
from handlers import actions, texts
from handlers import evidence_texts as words
from handlers.messages import File, Image, OutboundCard, OutboundText, Text, Video
from nlp.images import look_of
from nlp.screens import ScreenReading
from storage.database import Database
from storage.models import Evidence
from tests import chat as chats
from tests.chat import MANAGER, OTHER, REP, Chat, closings, fields, said, screenshot
from tests.fakes import FakeClock

HENGLI, HENGLI_ID, HENGLI_SHORT = "宁波恒力阀门有限公司", 1, "归到「宁波恒力…」"
NOTE = "今天拜访恒力阀门王经理，聊了样品，下周三前寄样品给他，预算85万"
Sent = list[Deliverable]


@pytest.fixture
async def chat(database: Database, clock: FakeClock, tmp_path: Path) -> Chat:
    return await chats.build(database, clock, tmp_path, reads_pictures=True)


async def sends(chat: Chat, name: str, data: bytes | None = None, *, sender: str = REP) -> Sent:
    """Sends a file of that name, another one each time unless `data` says which."""
    reference = f"media-{len(chat.platform.media) + 1}"
    chat.platform.media[reference] = MediaFile(data or f"%PDF {reference}".encode(), "application/pdf", name)
    return await chat.receives(File(media_ref=reference, file_name=name), sender=sender)


async def films(chat: Chat) -> Sent:
    reference = f"media-{len(chat.platform.media) + 1}"
    chat.platform.media[reference] = MediaFile(f"....ftypmp42{reference}".encode(), "video/mp4")
    return await chat.receives(Video(media_ref=reference))


async def kept(chat: Chat, *kinds: str) -> list[Evidence]:
    async with chat.database.reading() as work:
        query = select(Evidence).where(Evidence.kind.in_(kinds or ("image", "file", "video")))
        return list(await work.session.scalars(query.order_by(Evidence.evidence_id)))


def text_of(sent: Sent) -> str:
    return [one.text for one in sent if isinstance(one, OutboundText)][-1]


def card_of(sent: Sent) -> OutboundCard:
    return [one for one in sent if isinstance(one, OutboundCard)][-1]


# What it is


async def test_a_file_is_what_its_name_says_and_the_rep_is_told_so(chat: Chat) -> None:
    await chat.says(NOTE)

    sent = await sends(chat, "恒力-采购意向书_v2.pdf")

    assert text_of(sent) == (
        f"文件已存为证据，附在「{HENGLI}」的拜访记录上。\n证据 1/1\n"
        "看文件名是「采购意向书」；不对就回复，例如：这是采购意向书"
    )
    assert (await kept(chat))[0].label == "采购意向书"


async def test_a_file_whose_name_says_nothing_is_asked_about_and_labelled_by_a_reply(chat: Chat) -> None:
    await chat.says(NOTE)
    sent = await sends(chat, "扫描件0012.pdf")
    assert text_of(sent).endswith(words.SAY_WHAT)

    assert await chat.says("这是采购意向书") == [f"已标为「采购意向书」，附在「{HENGLI}」的拜访记录上。"]
    assert (await kept(chat))[0].label == "采购意向书"


async def test_a_recording_and_a_video_are_labelled_by_a_reply_each_by_what_it_can_be(chat: Chat) -> None:
    await chat.says(NOTE)
    await chat.speaks("这台用了两周，密封比原来的好，就是换垫片麻烦一点")
    sent = await films(chat)
    assert text_of(sent).endswith(words.SAY_WHAT_VIDEO)
    await sends(chat, "扫描件.pdf")

    await chat.says("这是演示视频")
    await chat.says("这是反馈录音")
    await chat.says("这份文件是营业执照")

    labels = {one.kind: one.label for one in await kept(chat, "voice", "video", "file")}
    assert labels == {"voice": "首次试用反馈录音", "video": "演示视频", "file": "营业执照"}


async def test_the_reps_own_account_is_no_recording_of_the_customers_feedback(chat: Chat) -> None:
    await chat.speaks(NOTE)

    assert await chat.says("这是反馈录音") == [words.OWN_ACCOUNT]

    [voice] = await kept(chat, "voice")
    assert voice.label is None


async def test_a_label_that_nothing_sent_can_bear_is_a_note_like_any_other(chat: Chat) -> None:
    await chat.says(NOTE)
    await sends(chat, "扫描件.pdf")

    await chat.says("演示视频")

    assert (await kept(chat))[0].label is None


async def test_a_label_said_too_late_labels_nothing(chat: Chat) -> None:
    await chat.says(NOTE)
    await sends(chat, "扫描件.pdf")
    await chat.passes(timedelta(minutes=11))

    await chat.says("这是营业执照")

    assert (await kept(chat))[0].label is None


# Whose it is


async def test_a_file_that_names_a_customer_is_offered_to_them_and_filed_by_the_button(chat: Chat) -> None:
    card = card_of(await sends(chat, "恒力竞品对比表.xlsx"))
    assert (card.title, card.subtitle) == ("文件已存好", "归到哪家客户？")
    assert fields(card) == {"资料": "恒力竞品对比表.xlsx", "客户": HENGLI, "依据": "文件名里写着"}
    assert [button.text for button in card.buttons] == [HENGLI_SHORT, "换客户", "不归档"]
    assert (await kept(chat))[0].customer_id is None

    sent = await chat.presses(card, actions.FileEvidence)

    assert closings(sent) == ["已归档"]
    assert text_of(sent) == f"已归到「{HENGLI}」：恒力竞品对比表.xlsx，证据积分 +8"
    [file] = await kept(chat)
    assert (file.customer_id, file.label, file.version, file.visit_id) == (HENGLI_ID, "竞品对比表", 1, None)


async def test_pressed_twice_it_is_filed_once(chat: Chat) -> None:
    card = card_of(await sends(chat, "恒力意向书.pdf"))
    await chat.presses(card, actions.FileEvidence)
    await chat.presses(card, actions.FileEvidence)

    assert chat.texts()[-1] == texts.CARD_CLOSED.format(closing="已归档")
    assert [one.version for one in await kept(chat)] == [1]


async def test_several_customers_are_asked_about(chat: Chat) -> None:
    card = card_of(await sends(chat, "宏达营业执照.pdf"))
    assert fields(card)["客户"] == "可能是：杭州宏达机电有限公司、绍兴宏达纺织有限公司"
    assert [button.text for button in card.buttons] == ["归档", "换客户", "不归档"]

    await chat.presses(card, actions.FileChosen)
    assert chat.texts()[-1] == texts.CHOOSE_FIRST
    await chat.presses(card, actions.FileChosen, chosen={"customer": ("3",)})

    assert (await kept(chat))[0].customer_id == 3


async def test_a_customer_that_was_not_in_the_list_cannot_be_chosen(chat: Chat) -> None:
    card = card_of(await sends(chat, "宏达营业执照.pdf"))

    for made_up in ("99", "x", "-1"):
        await chat.presses(card, actions.FileChosen, chosen={"customer": (made_up,)})

    assert chat.texts()[-1] == texts.CHOOSE_FIRST
    assert (await kept(chat))[0].customer_id is None


async def test_a_photo_after_a_confirmed_visit_is_offered_to_its_customer_within_the_window_only(chat: Chat) -> None:
    await chat.says(NOTE)
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    card = card_of(await chat.shows(ScreenReading("photo")))
    assert fields(card) == {"资料": "现场照片", "客户": HENGLI, "依据": "刚确认的拜访"}
    await chat.presses(card, actions.FileEvidence)
    assert chat.texts()[-1] == f"已归到「{HENGLI}」：现场照片，证据积分 +3"

    await chat.passes(timedelta(minutes=11))
    assert text_of(await chat.shows(ScreenReading("photo"))) == (
        f"{texts.NO_LETTERS}现场照片已存好。10 分钟内的拜访记录会自动带上它。\n{words.OFFER_BY_WORD}"
    )


async def test_a_picture_whose_words_name_a_customer_is_offered_to_them_once_it_is_labelled(chat: Chat) -> None:
    label = card_of(await chat.shows(ScreenReading("text", plain_text="营业执照\n宁波恒力阀门有限公司\n法定代表人")))

    sent = await chat.presses(label, actions.LabelPicture, chosen={"label": ("营业执照",)})

    card = card_of(sent)
    assert fields(card) == {"资料": "营业执照", "客户": HENGLI, "依据": "图上的字里写着"}


async def test_several_photos_wait_on_one_card(chat: Chat) -> None:
    await chat.says(NOTE)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    first = card_of(await chat.shows(ScreenReading("photo")))
    sent = await chat.shows(ScreenReading("photo"))
    assert closings(sent) == ["见新卡"]
    second = card_of(sent)
    assert second.title == "2 份资料已存好"

    await chat.presses(first, actions.FileEvidence)
    assert [one.customer_id for one in await kept(chat)] == [None, None]
    await chat.presses(second, actions.FileEvidence)

    assert [one.customer_id for one in await kept(chat)] == [HENGLI_ID, HENGLI_ID]
    assert chat.texts()[-1] == f"已归到「{HENGLI}」：现场照片，证据积分 +6"


async def test_another_customer_can_be_chosen_and_what_is_left_stays_out(chat: Chat) -> None:
    card = card_of(await sends(chat, "恒力意向书.pdf"))
    choose = card_of(await chat.presses(card, actions.ChangeFile))
    await chat.presses(choose, actions.FileChosen, chosen={"customer": ("2",)})
    assert (await kept(chat))[0].customer_id == 2

    card = card_of(await sends(chat, "恒力报价.pdf"))
    await chat.presses(card, actions.LeaveEvidence)
    assert chat.texts()[-1] == words.FILED_NOT
    await chat.says(NOTE)
    [_, left] = await kept(chat)
    assert (left.customer_id, left.visit_id) == (None, None)


async def test_what_waits_on_a_card_goes_with_the_visit_that_is_told_of_next(chat: Chat) -> None:
    await sends(chat, "恒力意向书.pdf")

    sent = await chat.receives(chats.Text(text=NOTE))

    assert "已附拜访记录" in closings(sent)
    assert (await kept(chat))[0].visit_id == 1


async def test_a_file_of_another_customer_does_not_slip_into_the_open_draft(chat: Chat) -> None:
    await chat.says(NOTE)

    card = card_of(await sends(chat, "恒丽服饰营业执照.pdf"))

    assert fields(card)["客户"] == "宁波恒丽服饰有限公司"
    assert f"现在的草稿是「{HENGLI}」，所以没有放进去。" in card.body
    assert (await kept(chat))[0].visit_id is None


async def test_a_confirmed_visit_puts_its_evidence_into_the_customers_file(chat: Chat) -> None:
    await chat.speaks(NOTE)
    await chat.shows(ScreenReading("photo"))
    await sends(chat, "竞品对比.xlsx")

    await chat.presses(chat.draft(), actions.ConfirmVisit)

    pieces = await kept(chat, "voice", "image", "file")
    assert {one.customer_id for one in pieces} == {HENGLI_ID}
    assert len({one.opportunity_id for one in pieces}) == 1
    assert "证据积分 +11。" in "\n".join(chat.texts()[-4:])


async def test_it_can_be_filed_and_moved_in_words(chat: Chat) -> None:
    assert await chat.says("归到恒力") == [words.NOTHING_TO_FILE]
    await sends(chat, "扫描件.pdf")

    assert await chat.says("归到恒力") == [f"已归到「{HENGLI}」：扫描件.pdf"]
    assert await chat.says("归到宏达") == [
        "「宏达」可能是：杭州宏达机电有限公司、绍兴宏达纺织有限公司。请说全名，例如：归到杭州宏达机电有限公司"
    ]
    assert await chat.says("归到天外天") == ["客户名单里没找到「天外天」，没有归档。"]
    assert await chat.says("刚才的文件归到恒丽") == ["已归到「宁波恒丽服饰有限公司」：扫描件.pdf"]
    assert (await kept(chat))[0].customer_id == 2


async def test_whose_it_is_can_be_said_with_what_it_is(chat: Chat) -> None:
    await sends(chat, "扫描件.pdf")

    assert await chat.says("这是恒力的采购意向书") == [f"已归到「{HENGLI}」：扫描件.pdf"]

    [file] = await kept(chat)
    assert (file.label, file.customer_id, file.version) == ("采购意向书", HENGLI_ID, 1)


# Versions


async def test_the_same_document_again_is_its_next_version_and_another_is_not(chat: Chat) -> None:
    for name in ("恒力采购意向书.pdf", "恒力采购意向书_v2.pdf", "恒力采购意向书-备件.pdf"):
        await chat.presses(card_of(await sends(chat, name)), actions.FileEvidence)

    assert [one.version for one in await kept(chat)] == [1, 2, 1]
    assert any("「恒力采购意向书_v2.pdf」是第 2 版，旧版保留。" in text for text in chat.texts())


async def test_the_same_bytes_again_are_there_already_and_no_second_piece(chat: Chat) -> None:
    await chat.presses(card_of(await sends(chat, "恒力采购意向书.pdf", b"%PDF one")), actions.FileEvidence)
    await chat.passes(timedelta(days=1))

    sent = await sends(chat, "意向书(1).pdf", b"%PDF one")

    assert text_of(sent) == f"这份文件在「{HENGLI}」的资料里已有（李晓彤 11-20（周五） 发的，第 1 版），没有重复计入。"
    assert [one.copy_of for one in await kept(chat)] == [None, 1]


async def test_whose_file_has_it_is_not_told_to_those_who_may_not_read_it(chat: Chat) -> None:
    await chat.presses(card_of(await sends(chat, "恒力采购意向书.pdf", b"%PDF one")), actions.FileEvidence)

    sent = await sends(chat, "意向书.pdf", b"%PDF one", sender=OTHER)

    assert "恒力" not in text_of(sent).replace(words.OFFER_BY_WORD, "")
    assert (await kept(chat))[1].copy_of is None
    sent = await sends(chat, "意向书.pdf", b"%PDF one", sender=MANAGER)
    assert "已有（李晓彤" in text_of(sent)


async def test_a_colleague_who_files_it_there_again_is_not_told_who_brought_it_first(chat: Chat) -> None:
    await chat.presses(card_of(await sends(chat, "恒力采购意向书.pdf", b"%PDF one")), actions.FileEvidence)

    sent = await sends(chat, "恒力意向书.pdf", b"%PDF one", sender=OTHER)
    sent = await chat.presses(card_of(sent), actions.FileEvidence, sender=OTHER)

    assert text_of(sent) == f"「恒力意向书.pdf」已经在「{HENGLI}」的资料里，没有重复归档。"


async def test_the_same_document_of_two_visits_counts_once(chat: Chat) -> None:
    await chat.says(NOTE)
    await sends(chat, "竞品对比.xlsx", b"one")
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    await chat.passes(timedelta(days=1))
    await chat.says(NOTE)
    await sends(chat, "竞品对比.xlsx", b"one")
    before = len(chat.texts())
    await chat.presses(chat.draft(), actions.ConfirmVisit)

    told = "\n".join(chat.texts()[before:])
    assert "没有重复归档" in told
    assert "证据积分" not in told
    first, again = await kept(chat)
    assert (first.copy_of, again.copy_of) == (None, first.evidence_id)


async def test_without_eyes_a_picture_is_offered_as_well(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    chat = await chats.build(database, clock, tmp_path)
    await chat.says(NOTE)
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    chat.platform.media["pic"] = MediaFile(b"png", "image/png")

    card = card_of(await chat.receives(Image(media_ref="pic")))

    assert card.title == "图片已存好"
    assert texts.NO_EYES in card.body


# The same photo twice


def look(*, cells: dict[int, int] | None = None) -> str:
    """A photo of 8 × 8 fields; `cells` says which of them are of another brightness than in the first."""
    levels = np.random.default_rng(5).integers(0, 255, 64)
    for cell, level in (cells or {}).items():
        levels[cell] = level
    return look_of(np.kron(levels.reshape(8, 8), np.ones((40, 40))).astype(np.uint8)[:, :, None].repeat(3, axis=2))


async def photographs(chat: Chat, picture: bytes, *, looks_like: str = "", sender: str = REP) -> str:
    if looks_like:
        chat.screens.looks[picture] = looks_like
    return text_of(await chat.shows(ScreenReading("photo"), picture=picture, sender=sender))


async def visits(chat: Chat, note: str = NOTE, *, picture: bytes, looks_like: str = "", sender: str = REP) -> str:
    """Tells of a visit with a photo and confirms it; what was said of the photo."""
    await chat.says(note, sender=sender)
    told = await photographs(chat, picture, looks_like=looks_like, sender=sender)
    await chat.presses(chat.draft(), actions.ConfirmVisit, sender=sender)
    await chat.passes(timedelta(days=1))
    return told


async def test_a_photo_of_an_earlier_visit_is_told_at_once_and_counts_nothing(chat: Chat) -> None:
    assert "重复" not in await visits(chat, picture=b"workshop")
    before = len(chat.texts())

    told = await visits(chat, "今天拜访恒丽服饰，预算30万，下周三前寄样品给林总监", picture=b"workshop")

    assert f"⚠ 这张照片 11-20（周五） 已用于「{HENGLI}」的拜访，已标为重复，不计证据积分。请另拍一张现场照。" in told
    first, again = await kept(chat, "image")
    assert (again.copy_of, again.visit_id) == (first.evidence_id, 2)
    assert "证据积分" not in "\n".join(text for text in chat.texts()[before:] if "已入库" in text)


async def test_a_photo_sent_on_is_known_again_and_may_be_said_to_be_another(chat: Chat) -> None:
    await visits(chat, picture=b"workshop", looks_like=look())
    await chat.says("今天又拜访恒力阀门王经理，预算90万，下周三前寄样品给他")

    told = await photographs(chat, b"sent on", looks_like=look(cells={0: 0, 9: 255}))

    assert f"⚠ 这张照片和 11-20（周五） 用于「{HENGLI}」的拜访的那张几乎一样" in told
    assert (await kept(chat, "image"))[1].copy_of is not None
    assert await chat.says("不是同一张") == [words.DENIED]
    [first, again] = await kept(chat, "image")
    assert (again.copy_of, again.detail["said_other"]) == (None, first.evidence_id)


async def test_the_very_same_file_cannot_be_said_to_be_another(chat: Chat) -> None:
    await visits(chat, picture=b"workshop")
    await chat.says("今天又拜访恒力阀门王经理，预算90万，下周三前寄样品给他")
    await photographs(chat, b"workshop")

    assert await chat.says("不是同一张") == [words.SAME_BYTES]
    assert (await kept(chat, "image"))[1].copy_of is not None


async def test_a_photo_of_a_colleague_is_noticed_without_telling_whose_customer_it_shows(chat: Chat) -> None:
    await visits(chat, picture=b"workshop", looks_like=look())
    await chat.says("今天拜访杭州宏达机电，预算30万，下周三前寄样品", sender=OTHER)

    told = await photographs(chat, b"sent on", looks_like=look(cells={0: 0}), sender=OTHER)

    assert "用于其他同事的拜访的那张几乎一样" in told
    assert "恒力" not in told
    assert "李晓彤" not in told


async def test_another_view_of_the_same_place_is_no_copy(chat: Chat) -> None:
    await visits(chat, picture=b"workshop", looks_like=look())
    await chat.says("今天又拜访恒力阀门王经理，预算90万，下周三前寄样品给他")

    told = await photographs(
        chat, b"next hall", looks_like=look(cells={cell: 255 - 3 * cell for cell in range(0, 64, 2)})
    )

    assert "⚠" not in told


async def test_a_photo_twice_in_one_visit_is_one(chat: Chat) -> None:
    await chat.says(NOTE)
    await photographs(chat, b"workshop", looks_like=look())

    told = await photographs(chat, b"again", looks_like=look(cells={0: 0}))

    assert told.endswith("⚠ 和您 15:30 发的那张几乎一样，只算一份。")


async def test_screenshots_that_look_alike_are_not_copies_of_each_other(chat: Chat) -> None:
    for picture, answer in ((b"one", "好的，报价收到了，85万"), (b"two", "报价太高了，预算只有60万")):
        chat.screens.looks[picture] = look()
        await chat.shows(screenshot(said("left", answer), title="恒力阀门-李总"), picture=picture)
        await chat.presses(chat.draft(), actions.ConfirmVisit)
        await chat.passes(timedelta(days=1))

    assert [(one.copy_of, one.look) for one in await kept(chat, "image")] == [(None, None)] * 2


# What lies there


async def a_full_file(chat: Chat) -> None:
    """A visit with a voice note, a photo and a comparison, and two versions of a letter of intent filed later."""
    await chat.speaks(NOTE)
    await chat.shows(ScreenReading("photo"))
    await sends(chat, "竞品对比.xlsx")
    await chat.presses(chat.draft(), actions.ConfirmVisit)
    for name in ("恒力意向书.pdf", "恒力意向书_v2.pdf"):
        await chat.presses(card_of(await sends(chat, name)), actions.FileEvidence)


async def test_a_customers_file_is_listed_by_kind_with_versions_and_each_piece_is_fetched(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await chats.build(database, clock, tmp_path, reads_pictures=True, public_url="https://visits.example")
    await a_full_file(chat)

    assert await chat.says("证据 恒力") == [
        f"「{HENGLI}」的证据，共 5 份：\n"
        "【采购意向书】\n"
        "1 恒力意向书_v2.pdf v2 · 李晓彤 11-20（周五）\n"
        "2 恒力意向书.pdf v1 · 李晓彤 11-20（周五）\n"
        "【竞品对比表】\n"
        "3 竞品对比.xlsx v1 · 李晓彤 11-20（周五）\n"
        "【现场照片】\n"
        "4 现场照片 · 李晓彤 11-20（周五）\n"
        "【录音】\n"
        "5 录音 · 李晓彤 11-20（周五）\n"
        "11-20（周五） 拜访：过程可信度 100% = 可追溯 3/3 × 可核验 1（现场照片）× 时间 1（当天记录）。\n"
        "回复数字取原件"
    ]
    [given] = await chat.says("2")
    assert given.startswith(f"{words.WHY_NOT_SENT['channel']}\n恒力意向书.pdf：https://visits.example/file/")
    assert given.endswith("只有您能打开，24 小时内有效。")
    assert await chat.says("9") == ["没有第 9 份，共 5 份。"]
    [files] = await chat.says("文件 恒力")
    assert files.startswith(f"「{HENGLI}」的资料，共 3 份：")
    assert "现场照片" not in files
    [day] = await chat.says("证据 恒力 11月20日")
    assert day.startswith(f"「{HENGLI}」 11-20（周五） 拜访的证据，共 3 份：")
    assert await chat.says("证据 恒力 二期") == [f"「{HENGLI}」没有叫「二期」的商机，那天也没有已入库的拜访。"]


async def test_a_long_list_goes_page_by_page(chat: Chat) -> None:
    for place in range(12):
        await sends(chat, f"图纸{place}号.pdf")
        await chat.says("归到恒力")

    [first] = await chat.says("证据 恒力")
    [second] = await chat.says("下一页")

    assert "（第 1/2 页）" in first
    assert first.endswith("回复数字取原件，回复「下一页」看后面的")
    assert [line.split()[0] for line in second.splitlines() if line.endswith("（周五）")] == ["11", "12"]
    assert await chat.says("第3页") == ["没有第 3 页，共 2 页。"]


async def test_a_number_without_a_public_address_says_why_nothing_can_be_had(chat: Chat) -> None:
    await a_full_file(chat)
    await chat.says("证据 恒力")

    assert await chat.says("1") == [
        f"{words.WHY_NOT_SENT['channel']}\n" + words.NO_LINK.format(name="恒力意向书_v2.pdf")
    ]


async def with_files(database: Database, clock: FakeClock, folder: Path, *, public_url: str = "") -> Chat:
    """On a platform that takes files, as WeCom's app does."""
    platform = chats.ChatPlatform(name="wecom", capabilities=Capabilities(files=FILES))
    return await chats.build(database, clock, folder, platform, reads_pictures=True, public_url=public_url)


async def test_a_number_sends_the_piece_itself_with_its_bytes_and_its_name(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await with_files(database, clock, tmp_path)
    await visits(chat, picture=(photo := b"\x89PNG\r\n\x1a\nworkshop"))
    await chat.presses(card_of(await sends(chat, "恒力意向书.pdf", b"%PDF the letter")), actions.FileEvidence)
    await chat.says("证据 恒力")

    assert await chat.says("1") == ["[file 恒力意向书.pdf]"]
    [picture] = await chat.says("第2份")
    assert picture.startswith("[image 现场照片-")

    assert [one.file.data for one in chat.platform.uploads.values()] == [b"%PDF the letter", photo]
    async with chat.database.reading() as work:
        handed = [
            entry.action for piece in await kept(chat) for entry in await work.audit.of(f"evidence:{piece.evidence_id}")
        ]
    assert handed.count("evidence.handed_out") == 2


async def test_what_waits_to_be_filed_is_sent_too(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    chat = await with_files(database, clock, tmp_path)
    await sends(chat, "扫描件.pdf")
    await chat.says("未归档")

    assert await chat.says("取1") == ["[file 扫描件.pdf]"]


async def test_a_number_said_twice_by_the_platform_sends_it_once(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await with_files(database, clock, tmp_path)
    await sends(chat, "扫描件.pdf")
    await chat.says("未归档")

    await chat.receives(Text(text="1"), event_id="same")
    await chat.receives(Text(text="1"), event_id="same")

    assert [one.name for one in chat.platform.sent if isinstance(one, Uploaded)] == ["扫描件.pdf"]


async def test_a_film_too_large_for_the_chat_is_given_as_a_link_that_says_why(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await with_files(database, clock, tmp_path, public_url="https://visits.example")
    reference = "film"
    chat.platform.media[reference] = MediaFile(b"....ftypmp42" + bytes(21 * 1024 * 1024), "video/mp4")
    await chat.receives(Video(media_ref=reference))
    await chat.says("未归档")

    [told] = await chat.says("1")

    assert told.startswith("原件有 21.1 MB，太大，不能直接发在聊天里。\n视频：https://visits.example/file/")


async def test_the_manager_gets_it_too_and_whoever_lost_the_customer_does_not(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    chat = await with_files(database, clock, tmp_path)
    await chat.presses(card_of(await sends(chat, "恒力意向书.pdf")), actions.FileEvidence)
    await chat.says("证据 恒力", sender=MANAGER)
    assert await chat.says("1", sender=MANAGER) == ["[file 恒力意向书.pdf]"]

    await chat.says("证据 恒力")
    async with chat.database.work() as work:
        [other] = await work.members.named("赵一鸣")
        (await work.customers.get(HENGLI_ID)).owner_id = other.member_id

    assert await chat.says("1") == [words.NOT_YOURS_ANY_MORE]


async def test_a_customer_without_evidence_and_one_that_is_not_theirs_say_so(chat: Chat) -> None:
    assert await chat.says("证据 恒丽") == [
        words.LIST_NOTHING.format(customer="宁波恒丽服饰有限公司", of="", what="证据")
    ]
    [told] = await chat.says("证据 恒力", sender=OTHER)
    assert "份" not in told
    [listed] = await chat.says("证据 恒丽", sender=MANAGER)
    assert "还没有证据" in listed


async def test_the_manager_sees_that_a_photo_was_used_before(chat: Chat) -> None:
    await visits(chat, picture=b"workshop", looks_like=look())
    await visits(chat, "今天又拜访恒力阀门王经理，预算90万", picture=b"sent on", looks_like=look(cells={0: 0}))
    await chat.says("证据 恒力", sender=MANAGER)

    assert f"⚠ 与 11-20（周五） 「{HENGLI}」的拜访（李晓彤发的）的照片相同" in chat.texts(of=MANAGER)[-1]


async def test_what_belongs_to_nobody_is_not_lost(chat: Chat) -> None:
    await sends(chat, "扫描件.pdf")
    await chat.passes(timedelta(days=2))

    [listed] = await chat.says("未归档")

    assert "1 扫描件.pdf · 李晓彤 11-20（周五）" in listed
    assert (await chat.says("未归档", sender=OTHER)) == [words.LIST_ALL_FILED]


# Points


async def test_points_are_counted_by_week_and_month_and_the_manager_sees_who_leads(chat: Chat) -> None:
    assert (await chat.says("积分"))[0].startswith("您的证据积分：本周 0 分，本月 0 分。")
    await a_full_file(chat)
    await chat.says("今天拜访杭州宏达机电，预算30万，下周三前寄样品", sender=OTHER)
    await chat.shows(ScreenReading("photo"), sender=OTHER)
    await chat.presses(chat.draft(), actions.ConfirmVisit, sender=OTHER)

    assert await chat.says("积分") == [
        "您的证据积分：本周 11 分（现场照片 1、竞品对比表 1），本月 11 分。\n本周在团队 2 人里排第 1。"
    ]
    assert (await chat.says("积分", sender=OTHER))[0].endswith("本周在团队 2 人里排第 2。")
    assert await chat.says("积分", sender=MANAGER) == ["本周前三：① 李晓彤 11 分 ② 赵一鸣 3 分"]
    await chat.passes(timedelta(days=4))
    assert (await chat.says("积分"))[0].startswith("您的证据积分：本周 0 分，本月 11 分。")


# How far a record may be believed


async def test_the_card_asks_for_something_to_check_until_there_is_something(chat: Chat) -> None:
    await chat.speaks(NOTE)
    assert words.EVIDENCE_NONE in chat.draft().body
    assert "过程可信度 40%" in (await chat.says("修改"))[0]

    sent = await chat.shows(ScreenReading("photo"))
    assert text_of(sent).endswith(f"附在「{HENGLI}」的拜访记录上。\n证据 1/1")
    assert not text_of(await chat.shows(ScreenReading("photo"))).endswith("证据 1/1")
    await chat.says("预算改成90万")

    assert "证据 1/1" in chat.draft().body
    assert words.EVIDENCE_NONE not in chat.draft().body
    assert "过程可信度 100%" in (await chat.says("修改"))[0]


async def test_a_confirmed_price_objection_says_what_it_still_lacks(chat: Chat) -> None:
    await chat.says("今天拜访恒力阀门王经理，他嫌我们比竞品贵15%，下周三前寄样品给他，预算85万")

    await chat.presses(chat.draft(), actions.ConfirmVisit)

    assert "价格异议还可以补：异议原文的截图；怎么应对" in "\n".join(chat.texts())
