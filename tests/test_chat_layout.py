"""Chats drawn with rectangles, and the lines that an engine would read in them: who says what is found again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import bubble_text
from nlp.chat_layout import ChatLayout, layout
from nlp.screens import Line, Message, ReadHint, Rect

SHANGHAI = ZoneInfo("Asia/Shanghai")
HINT = ReadHint(datetime(2026, 3, 5, 12, 0, tzinfo=SHANGHAI))
Colour = tuple[int, int, int]
WHITE, GREY, GREEN, DARK, DARK_BUBBLE, BLUE = (
    (255,) * 3,
    (237,) * 3,
    (149, 236, 105),
    (17,) * 3,
    (44,) * 3,
    (201, 230, 255),
)
PHOTO = (96, 84, 150)


@dataclass
class Screen:
    """A phone of 360 pixels: portraits of 36, letters of 18, bubbles that begin 52 pixels from the edge."""

    ground: Colour = GREY
    width: int = 360
    height: int = 640
    tails: bool = True
    portraits: bool = True
    left_colour: Colour = WHITE
    right_colour: Colour = GREEN
    title: str | None = "张总"
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pixels: npt.NDArray[np.uint8] = np.full((self.height, self.width, 3), self.ground, np.uint8)
        self.y = 20
        if self.title is not None:
            self.text(self.width / 2 - 9 * len(self.title), 20, self.title)
            self.box(0, 56, self.width, 57, (200, 200, 200))
            self.box(0, self.height - 50, self.width, self.height - 49, (200, 200, 200))
            self.y = 70

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        self.pixels[int(top) : int(bottom), int(left) : int(right)] = colour

    def text(self, left: float, top: float, text: str, size: float = 18) -> None:
        """The line, and strokes as many as its letters."""
        ink = (17, 17, 17) if self.pixels[int(top), int(left)].sum() > 300 else (230, 230, 230)
        for place in range(len(text)):
            self.box(left + place * size + 2, top + 3, left + place * size + 5, top + size - 2, ink)
        self.lines.append(Line(Rect(left, top, left + len(text) * size, top + size), text))

    def portrait(self, side: str, top: float, colour: Colour = PHOTO) -> tuple[float, float]:
        left = 8.0 if side == "left" else self.width - 44.0
        if self.portraits:
            self.box(left, top, left + 36, top + 36, colour)
        return left, left + 36

    def says(
        self, side: str, *rows: str, colour: Colour | None = None, nick: str | None = None, pad: float = 9
    ) -> Rect:
        colour = colour or (self.left_colour if side == "left" else self.right_colour)
        _left, _right = self.portrait(side, self.y)
        if nick is not None:
            self.text(52, self.y, nick, 12)
            self.y += 16
        width = 18 * max(len(row) for row in rows) + 2 * pad + 2
        left = 52.0 if side == "left" else self.width - 52 - width
        height = 24 * len(rows) - 6 + 2 * pad
        self.box(left, self.y, left + width, self.y + height, colour)
        if self.tails:
            for step in range(5):
                edge = left - step - 1 if side == "left" else left + width + step
                self.box(edge, self.y + 13 + step, edge + 1, self.y + 23 - step, colour)
        for place, row in enumerate(rows):
            self.text(left + pad + 1, self.y + pad + 24 * place, row)
        rect = Rect(left, self.y, left + width, self.y + height)
        self.y += int(height) + 16
        return rect

    def notice(self, text: str) -> None:
        self.text(self.width / 2 - 6 * len(text), self.y, text, 12)
        self.y += 28

    def read(self) -> ChatLayout:
        return layout(self.pixels, self.lines, HINT)


def said(answer: ChatLayout) -> list[tuple[str, str]]:
    return [(message.speaker, message.text) for message in answer.messages]


def spoken(answer: ChatLayout) -> list[Message]:
    return [message for message in answer.messages if message.speaker != "system"]


def test_a_chat_is_read_from_the_top_with_sides_title_and_time() -> None:
    screen = Screen()
    screen.notice("昨天 18:42")
    screen.says("left", "报价单周四前发给", "我，谢谢")
    screen.says("right", "好的")
    screen.says("left", "预算只有38万")
    answer = screen.read()
    assert said(answer) == [
        ("system", "昨天 18:42"),
        ("left", "报价单周四前发给我，谢谢"),
        ("right", "好的"),
        ("left", "预算只有38万"),
    ]
    assert answer.title == "张总"
    assert not answer.needs_review
    assert answer.warnings == ()
    assert answer.confidence > 0.9
    assert {message.sent_at for message in answer.messages} == {datetime(2026, 3, 4, 18, 42, tzinfo=SHANGHAI)}
    assert [message.time_source for message in answer.messages] == ["explicit", "explicit", "inherited", "inherited"]


def test_lines_may_come_in_any_order() -> None:
    screen = Screen()
    screen.says("left", "报价单周四前发给", "我，谢谢")
    screen.says("right", "好的")
    assert said(layout(screen.pixels, screen.lines[::-1], HINT)) == said(screen.read())


@pytest.mark.parametrize(
    ("ground", "left", "right"),
    [
        (DARK, DARK_BUBBLE, (62, 181, 117)),
        ((240, 241, 243), WHITE, BLUE),
        ((18, 19, 20), (30, 30, 30), (23, 50, 84)),
        ((253, 243, 246), WHITE, (255, 194, 212)),
        ((120, 120, 60), (250, 240, 200), (200, 120, 40)),
    ],
    ids=["WeChat dark", "WeCom", "DingTalk dark", "pink theme", "own colours"],
)
@pytest.mark.parametrize("tails", [True, False], ids=["tails", "no tails"])
def test_sides_are_told_in_every_theme(ground: Colour, left: Colour, right: Colour, tails: bool) -> None:
    screen = Screen(ground, tails=tails, left_colour=left, right_colour=right)
    screen.says("left", "报价单周四前发给我")
    screen.says("right", "好的王总")
    screen.says("right", "马上发")
    screen.says("left", "谢谢")
    answer = screen.read()
    assert [message.speaker for message in answer.messages] == ["left", "right", "right", "left"]
    assert not answer.needs_review


def test_bubbles_as_wide_as_can_be_have_the_same_margins_and_still_a_side() -> None:
    screen = Screen()
    screen.says("left", "一二三四五六七八九十一二三", "好的")
    screen.says("right", "一二三四五六七八九十一二三", "行")
    assert [message.speaker for message in spoken(screen.read())] == ["left", "right"]


def test_a_white_card_of_ones_own_is_not_the_other_sides() -> None:
    screen = Screen()
    screen.says("left", "请发报价单")
    screen.says("right", "报价单.pdf", "1.2M", colour=WHITE)
    card = spoken(screen.read())[1]
    assert (card.speaker, card.kind) == ("right", "card")


def test_white_bubbles_with_a_thin_border_on_white_are_bubbles() -> None:
    screen = Screen(WHITE, tails=False, portraits=False, right_colour=BLUE)
    frame = screen.says("left", "明天天气怎么样", colour=WHITE)
    for edge in (
        (frame.left, frame.top, frame.right, frame.top + 1),
        (frame.left, frame.bottom - 1, frame.right, frame.bottom),
        (frame.left, frame.top, frame.left + 1, frame.bottom),
        (frame.right - 1, frame.top, frame.right, frame.bottom),
    ):
        screen.box(*edge, (229, 230, 232))
    screen.says("right", "晴天")
    assert said(screen.read()) == [("left", "明天天气怎么样"), ("right", "晴天")]


def test_a_list_of_chats_beside_the_conversation_is_no_part_of_it() -> None:
    screen = Screen()
    screen.says("left", "报价单周四前发给我")
    screen.says("right", "好的")
    listed = np.full((screen.height, 140, 3), 247, np.uint8)
    both = np.concatenate([listed, screen.pixels], axis=1)
    lines = [
        Line(Rect(line.rect.left + 140, line.rect.top, line.rect.right + 140, line.rect.bottom), line.text)
        for line in screen.lines
    ]
    names = [Line(Rect(20, 60 + 50 * place, 100, 76 + 50 * place), f"客户{place}") for place in range(5)]
    answer = layout(both, [*names, *lines], HINT)
    assert said(answer) == [("left", "报价单周四前发给我"), ("right", "好的")]
    assert answer.title == "张总"


def test_a_panel_about_the_customer_at_the_right_is_no_part_of_the_conversation() -> None:
    screen = Screen()
    screen.says("left", "报价单周四前发给我")
    screen.says("right", "好的")
    panel = np.full((screen.height, 140, 3), 255, np.uint8)
    facts = [Line(Rect(370, 60 + 50 * place, 450, 76 + 50 * place), f"资料{place}") for place in range(5)]
    answer = layout(np.concatenate([screen.pixels, panel], axis=1), [*screen.lines, *facts], HINT)
    assert said(answer) == [("left", "报价单周四前发给我"), ("right", "好的")]


def test_a_name_above_a_bubble_in_a_group_is_whose_it_is() -> None:
    screen = Screen(title="项目群(12)")
    screen.says("left", "明天下午复尺", nick="赵工")
    screen.says("right", "收到")
    screen.says("left", "样品带两套", nick="设计院孙工")
    assert [message.nick for message in spoken(screen.read())] == ["赵工", None, "设计院孙工"]


def test_a_time_beside_the_name_counts_for_the_message() -> None:
    screen = Screen()
    screen.says("left", "明天下午复尺", nick="王磊 3/4 10:12")
    [message] = spoken(screen.read())
    assert message.nick == "王磊"
    assert message.sent_at == datetime(2026, 3, 4, 10, 12, tzinfo=SHANGHAI)


def test_what_is_quoted_under_an_answer_belongs_to_who_answers() -> None:
    screen = Screen()
    screen.says("left", "样品带两套")
    below = screen.says("right", "好的没问题，明天带去")
    quote = Rect(below.left, below.bottom + 4, below.right, below.bottom + 26)
    screen.box(quote.left, quote.top, quote.right, quote.bottom, (225, 225, 225))
    screen.text(quote.left + 4, quote.top + 5, "赵工：样品带两套", 12)
    assert [(message.speaker, message.kind) for message in screen.read().messages][1:] == [
        ("right", "text"),
        ("right", "quote"),
    ]


def test_read_receipts_and_floating_buttons_are_no_messages() -> None:
    screen = Screen(tails=False, right_colour=BLUE)
    screen.says("left", "报价单发我")
    screen.says("right", "好的王总")
    screen.text(260, screen.y - 12, "3人未读", 12)
    screen.y += 20
    screen.box(230, screen.y, 340, screen.y + 30, WHITE)
    screen.text(240, screen.y + 9, "2人提到了你", 13)
    assert said(screen.read()) == [("left", "报价单发我"), ("right", "好的王总")]


def test_a_name_in_a_portrait_is_no_message() -> None:
    screen = Screen(tails=False, right_colour=BLUE)
    for side, text in (("left", "报价单周四前发给我"), ("right", "好的王总")):
        left, _right = screen.portrait(side, screen.y, (59, 130, 246))
        top = screen.y
        screen.says(side, text)
        screen.box(left, top, left + 36, top + 36, (59, 130, 246))
        screen.text(left + 5, top + 11, "王总", 13)
    assert said(screen.read()) == [("left", "报价单周四前发给我"), ("right", "好的王总")]


def test_a_notice_in_the_middle_is_the_messengers() -> None:
    screen = Screen()
    screen.says("left", "报价单周四前发给我")
    screen.notice("你撤回了一条消息")
    screen.says("right", "好的")
    assert [(message.speaker, message.kind) for message in screen.read().messages] == [
        ("left", "text"),
        ("system", "system"),
        ("right", "text"),
    ]


def test_a_time_in_a_pill_is_a_time() -> None:
    screen = Screen()
    screen.says("left", "报价单周四前发给我")
    screen.box(140, screen.y, 220, screen.y + 20, (218, 218, 218))
    screen.text(150, screen.y + 4, "12:48", 12)
    screen.y += 36
    screen.says("right", "好的")
    assert [message.kind for message in screen.read().messages] == ["text", "time", "text"]


def test_a_bubble_cut_by_the_edge_says_so_and_leaves_out_the_line_that_is_cut() -> None:
    screen = Screen()
    screen.says("left", "报价单周四前发给我")
    screen.y = screen.height - 50 - 36
    bottom = screen.height - 50
    screen.says("left", "交货期必须在四月", "二十日之前")
    screen.box(0, bottom, screen.width, screen.height, GREY)
    screen.box(0, bottom, screen.width, bottom + 1, (200, 200, 200))
    screen.lines[-1] = Line(Rect(62, bottom - 6, 150, bottom), "一口口一")
    answer = screen.read()
    assert said(answer)[-1] == ("left", "交货期必须在四月")
    assert answer.messages[-1].truncated
    assert answer.warnings == ("truncated",)
    assert not answer.needs_review


def test_of_a_bubble_without_a_whole_line_nothing_is_said() -> None:
    screen = Screen()
    screen.says("left", "报价单周四前发给我")
    bottom = screen.height - 50
    screen.y = bottom - 16
    screen.says("left", "交货期必须在四月")
    screen.box(0, bottom, screen.width, screen.height, GREY)
    screen.box(0, bottom, screen.width, bottom + 1, (200, 200, 200))
    screen.lines[-1] = Line(Rect(62, bottom - 7, 206, bottom), "一口口一")
    assert said(screen.read()) == [("left", "报价单周四前发给我")]


def test_a_photo_at_a_side_is_a_picture_without_words() -> None:
    screen = Screen()
    screen.says("left", "现场是这样的")
    screen.portrait("left", screen.y)
    noise = np.random.default_rng(7).integers(0, 255, (90, 120, 3), np.uint8)
    screen.pixels[screen.y : screen.y + 90, 52:172] = noise
    screen.lines.append(Line(Rect(80, screen.y + 30, 120, screen.y + 50), "出口", 0.9))
    screen.y += 110
    screen.says("right", "收到")
    assert [(message.speaker, message.kind, message.text) for message in screen.read().messages] == [
        ("left", "text", "现场是这样的"),
        ("left", "image", ""),
        ("right", "text", "收到"),
    ]


def test_a_voice_message_is_its_length_and_a_transfer_its_amount() -> None:
    screen = Screen()
    screen.says("left", '» 12"')
    screen.says("right", "¥500.00", "样品押金", colour=(250, 157, 59))
    voice, transfer = screen.read().messages
    assert (voice.kind, voice.text) == ("voice", '12"')
    assert (transfer.speaker, transfer.kind, transfer.text) == ("right", "transfer", "¥500.00样品押金")


def test_parts_of_a_card_that_a_line_divides_are_one_message() -> None:
    screen = Screen()
    screen.says("left", "请发报价单")
    frame = screen.says("right", "报价单第三版本", "微信电脑版", colour=WHITE)
    screen.box(frame.left, frame.top + 29, frame.right, frame.top + 30, (225, 225, 225))
    card = screen.read().messages[-1]
    assert (card.speaker, card.kind, card.text) == ("right", "card", "报价单第三版本微信电脑版")


def test_letters_on_the_icon_of_a_file_are_not_its_name() -> None:
    screen = Screen()
    screen.says("left", "请发报价单")
    frame = screen.says("right", "报价单第三版.pdf", "1.2M", colour=WHITE)
    screen.box(frame.right - 34, frame.top + 28, frame.right - 4, frame.bottom - 2, (229, 83, 63))
    screen.text(frame.right - 24, frame.top + 34, "P", 14)
    assert screen.read().messages[-1].text == "报价单第三版.pdf 1.2M"


def test_a_button_in_a_card_stays_in_its_bubble() -> None:
    screen = Screen()
    frame = screen.says("left", "请确认收货信息", "一二三四五六", "地址")
    screen.box(frame.left + 8, frame.bottom - 30, frame.right - 8, frame.bottom - 4, (230, 235, 250))
    screen.lines = [line for line in screen.lines if line.text != "地址"]
    screen.text(frame.left + 40, frame.bottom - 26, "确认", 18)
    screen.says("right", "好的")
    assert said(screen.read()) == [("left", "请确认收货信息一二三四五六确认"), ("right", "好的")]


def wallpaper(height: int, width: int) -> npt.NDArray[np.uint8]:
    rows, columns = np.mgrid[0:height, 0:width]
    waves = [120 + 60 * np.sin(rows / 90 + shift) + 50 * np.cos(columns / 70 + 2 * shift) for shift in (0, 1, 2)]
    return np.stack(waves, axis=2).astype(np.uint8)


def test_on_wallpaper_bubbles_keep_their_sides_and_times_are_read() -> None:
    screen = Screen()
    screen.pixels[58:590] = wallpaper(532, screen.width)
    screen.notice("12:48")
    screen.says("left", "报价单周四前发给我")
    screen.says("right", "好的王总，马上发")
    screen.says("left", "谢谢")
    answer = screen.read()
    assert said(answer)[1:] == [("left", "报价单周四前发给我"), ("right", "好的王总，马上发"), ("left", "谢谢")]
    assert answer.messages[0].kind == "time"


def test_bubbles_that_a_coarse_jpeg_smears_are_still_found() -> None:
    screen = Screen()
    for place in range(3):
        screen.says("left", "报价单周四前发给我")
        smeared = screen.says("right", "好的王总")
        if place == 1:
            rows, columns = slice(int(smeared.top), int(smeared.bottom)), slice(int(smeared.left), int(smeared.right))
            grain = np.random.default_rng(3).integers(-22, 23, (*screen.pixels[rows, columns].shape[:2], 1))
            screen.pixels[rows, columns] = np.clip(screen.pixels[rows, columns].astype(int) + grain, 0, 255)
    assert said(screen.read()) == [("left", "报价单周四前发给我"), ("right", "好的王总")] * 3


def test_a_bubble_whose_words_were_not_read_is_not_passed_over() -> None:
    screen = Screen()
    screen.says("left", "报价单周四前发给我")
    screen.says("right", "好的王总")
    screen.says("right", "行啊")
    screen.lines = [line for line in screen.lines if line.text != "行啊"]
    assert [(message.speaker, message.kind, message.text) for message in screen.read().messages][2:] == [
        ("right", "image", "")
    ]


def test_letters_that_belong_to_nobody_are_not_passed_over() -> None:
    screen = Screen()
    for text in ("报价单周四前发给我", "质保三年可以吗"):
        screen.says("left", text)
    screen.text(62, screen.y + 10, "交货期必须在", 18)
    screen.text(62, screen.y + 34, "四月二十日前", 18)
    screen.y += 80
    screen.says("right", "好的王总")
    answer = screen.read()
    assert answer.warnings == ("loose_lines",)
    assert answer.needs_review


def test_a_tilted_photo_of_a_screen_has_to_be_looked_at() -> None:
    screen = Screen(tails=False, portraits=False, title=None)
    for side, text in (("left", "报价单周四前发给我"), ("right", "好的王总，马上发"), ("left", "质保三年可以吗")):
        screen.says(side, text, text[::-1], text)
    # Every row is moved a little further to the right than the one above: 2.3 degrees.
    leaning = np.stack([np.roll(row, round(place * 0.04), axis=0) for place, row in enumerate(screen.pixels)])
    lines = [
        Line(Rect(line.rect.left, line.rect.top, line.rect.right, line.rect.bottom + 0.04 * line.rect.width), line.text)
        for line in screen.lines
    ]
    answer = layout(leaning, lines, HINT)
    assert "tilted" in answer.warnings
    assert answer.needs_review


def test_much_text_outside_of_any_bubble_has_to_be_looked_at() -> None:
    screen = Screen()
    screen.says("left", "报价单周四前发给我")
    for place in range(6):
        screen.text(70, screen.y + 30 * place, "没有气泡的文字")
    answer = screen.read()
    assert "loose_lines" in answer.warnings
    assert answer.needs_review


def test_cues_that_contradict_each_other_have_to_be_looked_at() -> None:
    screen = Screen(portraits=False)
    for text in ("报价单周四前发给我", "质保三年可以吗"):
        top = screen.y
        screen.says("left", text)
        # A tail to the left, and a portrait on the right.
        screen.box(52 + 18 * len(text) + 30, top, 52 + 18 * len(text) + 62, top + 36, PHOTO)
    answer = screen.read()
    assert "sides_unclear" in answer.warnings
    assert answer.needs_review
    assert all(message.confidence < 0.7 for message in spoken(answer))


def test_a_bubble_alone_in_the_middle_is_not_sure_of_its_side() -> None:
    screen = Screen(tails=False, portraits=False, title=None)
    screen.box(70, 100, 290, 150, WHITE)
    screen.text(80, 115, "谁说的看不出来", 20)
    screen.text(80, 140, "好", 8)
    answer = screen.read()
    assert all(message.confidence <= 0.65 for message in spoken(answer))


def test_a_table_is_no_chat() -> None:
    screen = Screen(WHITE, title=None)
    for row in range(8):
        for column in range(4):
            left, top = 10 + 85 * column, 40 + 40 * row
            screen.box(left, top, left + 84, top + 39, (120, 120, 120))
            screen.box(left + 1, top + 1, left + 83, top + 38, WHITE if row else BLUE)
            screen.text(left + 8, top + 10, f"{row}项{column}")
    assert layout(screen.pixels, screen.lines, HINT).confidence < 0.3


def test_a_business_card_and_a_letter_are_no_chats() -> None:
    card = Screen((250, 250, 250), height=240, title=None)
    for place, text in enumerate(["李晓明", "采购总监", "恒泰集团有限公司", "13800138021"]):
        card.text(30, 40 + 40 * place, text)
    assert card.read().confidence < 0.3
    letter = Screen(WHITE, title=None)
    for place in range(12):
        letter.text(20, 40 + 30 * place, "经研究决定定于三月十二日召开会议")
    assert letter.read().confidence < 0.3


def test_a_long_picture_put_together_from_many_keeps_its_order() -> None:
    screen = Screen(height=6000)
    texts = [f"第{place}条消息的内容" for place in range(100)]
    for place, text in enumerate(texts):
        screen.says("left" if place % 3 else "right", text)
    assert [message.text for message in screen.read().messages] == texts


def line(text: str, left: float = 0, top: float = 0, width: float | None = None) -> Line:
    return Line(Rect(left, top, left + (width or 10 * len(text)), top + 20), text)


@pytest.mark.parametrize(
    ("above", "below", "joined"),
    [
        ("报价单周四前发", "给我", "报价单周四前发给我"),
        ("please confirm the", "delivery date", "please confirm the delivery date"),
        ("邮箱 lixm@hengtai-", "group.com", "邮箱 lixm@hengtai-group.com"),
        ("发到 purchase@beiji", "ng-huarui.com.cn", "发到 purchase@beijing-huarui.com.cn"),
        (
            "https://docs.dify.ai/v/zh-hans/learn-",
            "more/use-cases",
            "https://docs.dify.ai/v/zh-hans/learn-more/use-cases",
        ),
        ("https://meeting.", "tencent.com/crm", "https://meeting.tencent.com/crm"),
        ("顺丰单号SF14239", "87650231", "顺丰单号SF1423987650231"),
        ("order number SF", "1423987650231", "order number SF1423987650231"),
        ("K值不超过2.", "0，这个是硬要求", "K值不超过2.0，这个是硬要求"),
        ("厚度30m", "m", "厚度30mm"),
        ("技术协议（盖章版）.do", "CX", "技术协议（盖章版）.docx"),
        ("支持Oracle 1", "9c", "支持Oracle 19c"),
    ],
)
def test_lines_of_a_bubble_join_as_they_were_written(above: str, below: str, joined: str) -> None:
    assert bubble_text.join([line(above), line(below, top=25)]) == joined


def test_a_number_on_a_line_of_its_own_is_not_joined_to_the_one_above() -> None:
    lines = [
        line("1. 样品 2", width=60),
        line("2. 报价 3", top=25, width=60),
        line("一行很长很长很长的文字", top=50, width=300),
    ]
    assert bubble_text.join(lines).startswith("1. 样品 2 2. 报价 3")


def test_pieces_of_one_row_are_read_from_the_left() -> None:
    assert bubble_text.join([line("hello", 200), line("@张三", 0), line("好的", 0, 25)]) == "@张三 hello好的"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ('12"', 12),
        ("» 9″", 9),
        ("8''", 8),
        ('2" (', 2),
        ("(6", 6),
        ('75"', None),
        ("好的12", None),
        ("12", None),
        ('屏幕55"', None),
    ],
)
def test_a_voice_message_is_told_by_its_seconds(text: str, seconds: int | None) -> None:
    assert bubble_text.voice_seconds(text) == seconds


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.zeros((0, 0, 3), np.uint8),
        lambda: np.zeros((10, 4000, 3), np.uint8),
        lambda: np.zeros((100, 100), np.uint8),
        lambda: np.zeros((100, 100, 4), np.uint8),
    ],
    ids=["empty", "a strip", "grey", "with alpha"],
)
def test_a_picture_that_can_be_no_screen_is_no_chat(make: Callable[[], npt.NDArray[np.uint8]]) -> None:
    assert layout(make(), [line("好的", 2, 2)], HINT) == ChatLayout()


def test_without_lines_nothing_is_said() -> None:
    assert layout(np.zeros((100, 100, 3), np.uint8), [], HINT) == ChatLayout()


NUMBERS = st.floats(-50, 250) | st.sampled_from([float("nan"), float("inf"), -1e30, 1e30])
ANY_LINES = st.lists(
    st.builds(
        Line,
        st.builds(Rect, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
        st.text(max_size=12) | st.just("昨天 18:42"),
        st.floats(0, 1),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(ANY_LINES, st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_random_lines_on_random_pictures_never_raise(lines: list[Line], kind: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    size = (int(random.integers(16, 220)), int(random.integers(16, 220)), 3)
    if kind == 0:
        pixels = random.integers(0, 256, size, np.uint8)
    elif kind == 1:
        pixels = np.full(size, random.integers(0, 256), np.uint8)
    else:
        coarse = random.integers(0, 256, (size[0] // 16 + 1, size[1] // 16 + 1, 3), np.uint8)
        pixels = coarse.repeat(16, axis=0).repeat(16, axis=1)[: size[0], : size[1]]
    answer = layout(pixels, lines, HINT)
    assert 0 <= answer.confidence <= 1
    assert all(0.5 <= message.confidence <= 1 for message in answer.messages)
    tops = [message.rect.top for message in answer.messages if message.rect is not None]
    assert tops == sorted(tops)


@settings(max_examples=20, deadline=None)
@given(ANY_LINES, st.integers(0, 4))
def test_odd_lines_beside_a_chat_do_not_turn_its_sides(lines: list[Line], count: int) -> None:
    screen = Screen()
    screen.says("left", "报价单周四前发给我")
    screen.says("right", "好的王总，马上发")
    answer = layout(screen.pixels, [*screen.lines, *lines[:count]], HINT)
    sides = {"报价单周四前发给我": "left", "好的王总，马上发": "right"}
    for message in answer.messages:
        assert sides.get(message.text, message.speaker) == message.speaker


def test_wide_bubbles_that_reach_past_the_other_side_keep_their_side() -> None:
    screen = Screen(tails=False, right_colour=BLUE)
    for side in ("left", "right", "left", "right"):
        top = screen.y
        screen.says(side, "一二三四五六七八九十一二三四", "好的")
        # Nobody's portrait is on the other side, so that a bubble reaches almost to the edge.
        assert screen.y > top
    answer = screen.read()
    assert [message.speaker for message in answer.messages] == ["left", "right", "left", "right"]
    assert answer.warnings == ()
    assert all(message.confidence > 0.9 for message in answer.messages)


@pytest.mark.parametrize("mark", ["bar", "box"])
def test_what_a_bubble_quotes_above_the_answer_is_a_message_of_its_own(mark: str) -> None:
    screen = Screen(tails=False, right_colour=BLUE)
    screen.says("left", "样品带两套可以吗")
    frame = screen.says("right", "一二三四五六七", "一", "好的没问题明天")
    screen.lines = [line for line in screen.lines if "一" not in line.text]
    screen.box(frame.left + 8, frame.top + 6, frame.right - 8, frame.top + 50, BLUE)
    if mark == "bar":
        screen.box(frame.left + 9, frame.top + 8, frame.left + 12, frame.top + 46, (120, 130, 140))
    else:
        screen.box(frame.left + 8, frame.top + 6, frame.right - 8, frame.top + 48, (185, 214, 240))
    screen.text(frame.left + 16, frame.top + 10, "李总：样品带", 12)
    screen.text(frame.left + 16, frame.top + 30, "两套可以吗", 12)
    assert [(message.speaker, message.kind, message.text) for message in screen.read().messages] == [
        ("left", "text", "样品带两套可以吗"),
        ("right", "quote", "李总：样品带两套可以吗"),
        ("right", "text", "好的没问题明天"),
    ]


@pytest.mark.parametrize("roads", [True, False], ids=["roads of the card's colour", "a map of its own"])
def test_a_card_that_goes_on_in_a_map_is_one_message_with_the_words_above_it(roads: bool) -> None:
    screen = Screen()
    screen.says("right", "您在哪里")
    frame = screen.says("left", "三号厂房东门入口", "工业大道八号门", "一", "一", "一")
    screen.lines = screen.lines[:-3]
    screen.box(frame.left, frame.top + 60, frame.right, frame.bottom, (232, 235, 228))
    if roads:
        for step in range(int(frame.bottom - frame.top) - 60):
            screen.box(
                frame.left + 30 + step, frame.top + 60 + step, frame.left + 42 + step, frame.top + 61 + step, WHITE
            )
    screen.text(frame.left + 80, frame.top + 80, "●", 12)
    screen.says("right", "马上到")
    assert [(message.speaker, message.kind, message.text) for message in screen.read().messages] == [
        ("right", "text", "您在哪里"),
        ("left", "card", "三号厂房东门入口工业大道八号门"),
        ("right", "text", "马上到"),
    ]


def test_a_photo_on_wallpaper_is_found_by_its_edges() -> None:
    screen = Screen()
    screen.pixels[58:590] = wallpaper(532, screen.width)
    screen.says("left", "现场就是这样的")
    screen.says("right", "收到王总")
    screen.box(52, screen.y, 172, screen.y + 90, (40, 150, 60))
    screen.box(52, screen.y + 50, 172, screen.y + 90, (230, 220, 60))
    screen.y += 106
    screen.says("left", "门宽只有两米")
    assert [(message.speaker, message.kind) for message in screen.read().messages] == [
        ("left", "text"),
        ("right", "text"),
        ("left", "image"),
        ("left", "text"),
    ]


def test_the_courses_of_a_brick_wallpaper_are_no_edge_of_the_conversation() -> None:
    screen = Screen()
    for top in range(58, 590, 24):
        screen.box(0, top, screen.width, top + 4, (225, 210, 195))
        screen.box(0, top + 4, screen.width, top + 24, (200, 172, 148))
        for left in range(-20 + 20 * (top % 48 // 24), screen.width, 60):
            screen.box(max(0, left), top + 4, max(0, left + 4), top + 24, (225, 210, 195))
    for text in ("报价单周四前发给我", "质保三年可以吗", "谢谢", "再见"):
        screen.says("left", text)
        screen.says("right", "好的王总")
    assert len(spoken(screen.read())) == 8


def test_a_time_in_a_pill_that_wallpaper_shines_through_is_a_time() -> None:
    screen = Screen()
    screen.pixels[58:590] = wallpaper(532, screen.width)
    screen.says("left", "报价单周四前发给我")
    screen.box(130, screen.y, 230, screen.y + 22, (40, 50, 90))
    screen.text(150, screen.y + 5, "12:48", 12)
    screen.y += 40
    screen.says("right", "好的王总")
    assert [message.kind for message in screen.read().messages] == ["text", "time", "text"]


def test_a_photo_that_the_head_cuts_is_still_a_photo() -> None:
    screen = Screen()
    noise = np.random.default_rng(7).integers(0, 255, (40, 120, 3), np.uint8)
    screen.pixels[57:97, 52:172] = noise
    screen.y = 120
    screen.says("left", "现场是这样的")
    screen.says("right", "收到王总")
    first, *_others = screen.read().messages
    assert (first.speaker, first.kind, first.truncated) == ("left", "image", True)


def test_a_quote_with_letters_of_the_usual_size_is_told_by_its_colour() -> None:
    screen = Screen()
    screen.says("left", "样品带两套")
    below = screen.says("right", "好的没问题，明天带去")
    screen.box(below.left, below.bottom + 4, below.right, below.bottom + 32, (215, 215, 215))
    screen.text(below.left + 4, below.bottom + 9, "赵工：样品", 18)
    assert [message.kind for message in screen.read().messages] == ["text", "text", "quote"]


def test_a_foot_of_a_small_card_is_not_taken_for_the_ground() -> None:
    screen = Screen((245, 245, 245), tails=False)
    screen.says("left", "请发报价单")
    frame = screen.says("right", "报价单第三版本", "一", colour=WHITE)
    screen.lines = screen.lines[:-1]
    screen.box(frame.left, frame.top + 31, frame.right, frame.top + 32, (225, 225, 225))
    screen.box(frame.left + 2, frame.top + 33, frame.right - 2, frame.bottom, WHITE)
    screen.text(frame.left + 10, frame.top + 37, "微信电脑版", 14)
    # Boxes are a little larger than letters, so that right beside them is what lies around the card.
    last = screen.lines[-1]
    screen.lines[-1] = Line(Rect(last.rect.left, frame.top + 33, last.rect.right, frame.bottom - 1), last.text)
    answer = screen.read()
    assert answer.messages[-1].text == "报价单第三版本微信电脑版"
    assert answer.warnings == ()


@pytest.mark.parametrize("written", ["何建平 @微信", "< 何建平", "何建平..."])
def test_a_title_is_without_the_signs_around_it(written: str) -> None:
    screen = Screen(title=written)
    screen.says("left", "报价单周四前发给我")
    screen.says("right", "好的王总")
    assert screen.read().title == "何建平"


def test_cards_with_two_sizes_of_letters_do_not_make_a_chat_tilted() -> None:
    screen = Screen()
    for side in ("left", "right"):
        frame = screen.says(side, "三号厂房东门入口处", "一", colour=WHITE)
        screen.lines = screen.lines[:-1]
        screen.box(frame.left, frame.top + 30, frame.right, frame.top + 31, (225, 225, 225))
        screen.box(frame.left + 9, frame.top + 32, frame.right - 9, frame.bottom - 1, WHITE)
        screen.text(frame.left + 10, frame.top + 34, "八号", 12)
    for text in ("报价单周四前发给我", "质保三年可以吗", "好的", "预算只有三十八万元"):
        screen.says("left", text)
    assert screen.read().warnings == ()


def test_a_portrait_on_wallpaper_tells_the_side_of_a_card() -> None:
    screen = Screen(tails=False)
    screen.pixels[58:590] = wallpaper(532, screen.width)
    screen.says("right", "好的王总，马上发")
    screen.says("left", "一二三四五六七八九十一二三", "第三版", colour=WHITE)
    screen.says("right", "一二三四五六七八九十一二三", "第四版", colour=WHITE)
    answer = screen.read()
    assert [message.speaker for message in answer.messages] == ["right", "left", "right"]
    assert not answer.needs_review


def test_a_dot_beside_a_voice_message_is_no_message() -> None:
    screen = Screen()
    frame = screen.says("left", '» 12"')
    screen.box(frame.right + 8, frame.top + 12, frame.right + 18, frame.top + 22, (250, 81, 81))
    screen.lines.append(Line(Rect(frame.right + 8, frame.top + 12, frame.right + 18, frame.top + 22), "●"))
    screen.says("right", "好的")
    assert said(screen.read()) == [("left", '12"'), ("right", "好的")]


def test_the_icon_of_a_voice_message_may_be_out_of_line() -> None:
    screen = Screen()
    frame = screen.says("right", "一二三四五", "一")
    screen.lines = screen.lines[:-2]
    screen.text(frame.left + 10, frame.top + 8, '46"', 12)
    screen.text(frame.left + 60, frame.top + 30, "(«", 12)
    [message] = spoken(screen.read())
    assert (message.kind, message.text) == ("voice", '46"')
