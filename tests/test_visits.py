"""When and where the visit was that a note tells of."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from nlp import clauses, dates, visits

CHINA = timezone(timedelta(hours=8))
SENT = datetime(2026, 11, 24, 10, 5, tzinfo=UTC)  # a Tuesday, 18:05 in China


def visit(text: str) -> visits.Visit:
    return visits.find(text, clauses.split(text), dates.find(text, SENT, CHINA), SENT.astimezone(CHINA))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("昨天下午两点半，齐都大酒店，宗经理。改造三台98万", "2026-11-23"),
        ("前天寿田合作社，隋社长，看了试验", "2026-11-22"),
        ("东坡文旅玻璃幕墙，昨天上午跟尹主任对图", "2026-11-23"),
        ("昨天晚上跟彭经理吃了个饭", "2026-11-23"),
        ("客户：蓝鲸冷链；对接人：毕总；时间：昨天16:00", "2026-11-23"),
        ("周末补一个记录啊 礼拜五去的泉城污水", "2026-11-20"),
        ("周一去的海韵，莫总在", "2026-11-23"),
        ("补记昨天去的云图", "2026-11-23"),
        ("今天补一下昨天去海川的情况", "2026-11-23"),
    ],
)
def test_the_day_of_the_visit_is_the_one_that_heads_the_note(text: str, day: str) -> None:
    found = visit(text)

    assert found.on.isoformat() == day
    assert found.span is not None


@pytest.mark.parametrize(
    "text",
    [
        "今天去了海川，立项批文上周五行长已经签字了",
        "昨天发的报价他们收到了",
        "昨天的方案他嫌贵",
        "他们昨天去外地了，没见到",
        "竞品的人昨天也去了海川",
        "说上一批应该十一月二十号到",
        "下周五去见王总",
        "周五去拜访，先准备资料",
        "约了周五去的时候带样机",
        "周二去的海川",
        "见了王总，挺好",
        "上礼拜四在展会上碰到夏科长 今天专门去拜访",
    ],
)
def test_a_day_of_something_else_is_not_that_of_the_visit(text: str) -> None:
    assert visit(text).on.isoformat() == "2026-11-24"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("今儿个我过去了，在他办公室坐了俩钟头", "他办公室"),
        ("今天俩人就站在冷库门口聊的", "冷库门口"),
        ("今天在冷库门口聊的", "冷库门口"),
        ("在他们二楼会客室，跟陶晓东聊了聊", "他们二楼会客室"),
        ("昨天跟彭经理在湘江边上吃了个饭", "湘江边上"),
        ("前天见了隋社长，棚里看了试验", "棚里"),
        ("今朝约在线上开会讲前置仓", "线上"),
        ("今天在年货展销会上碰到一个新客户", "年货展销会上"),
        ("时间：今天16:00；地点：蓝鲸办公楼302", "蓝鲸办公楼302"),
        ("王总在码头卸货呢", None),
        ("在电话里聊了聊", None),
        ("下周去他们车间看", None),
        ("在合同上卡了很久", None),
    ],
)
def test_the_place_is_where_something_was_done(text: str, place: str | None) -> None:
    found = visit(text).place

    assert (found and found.span.of(text)) == place
    assert (found and found.name) == place


@pytest.mark.parametrize("piece", ["在", "昨天", "在他办公室", "周五去的", "地点：", "在湘江边", "今天"])
def test_the_visit_of_a_hostile_text_is_found_in_its_first_clauses(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    found = visit(text)

    assert found.place is None or found.place.span.end <= visits.CLAUSES_LOOKED_AT * clauses.LONGEST_CLAUSE
