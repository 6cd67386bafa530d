"""How well customers are found by sound in spoken notes, and what that costs.

A seeded list of invented companies (region + brand + trade + legal form, a third of them close neighbours of another:
one syllable apart, of the same sound, of another region or trade) is spoken inside varied sentences with simulated
recognition errors: homophones, wrong tones, z/zh c/ch s/sh n/l f/h an/ang en/eng in/ing, dropped and extra syllables.
As many sentences name companies that are NOT on the list, with the same errors. Printed for several thresholds:

    recall          listed, misheard: the right customer is linked (status known)
    precision       of the links applied in both kinds of sentences the share that is right
    wrong customer  listed, misheard: another customer is linked
    unlisted linked a customer is linked although the company is on no list; `namesakes` are counted apart: their
                    brand is a customer's letter for letter, and no other region or trade was understood
    offered         listed, misheard: the right customer is linked or among the candidates

Measured (1,000 sentences of either kind, seed 4, N = 2000, margin 0.06): SURE 0.90 is the lowest at which
unlisted companies are hardly ever linked; a margin of 0.03 links 0.8 % more right ones, 0.10 links 1.8 % fewer;
the wrong ones are as many.
Below 0.90 a brand that only sounds alike, or has another region or trade, would be linked too: those are held under it.

    SURE   recall  precision  wrong customer  unlisted linked (namesakes)
    0.80   74.4 %     94.2 %          0.50 %          4.10 % (0.50 %)
    0.85   71.4 %     96.7 %          0.50 %          1.90 % (0.50 %)
    0.90   63.0 %     98.7 %          0.40 %          0.40 % (0.50 %)
    0.92   60.7 %     98.7 %          0.40 %          0.40 % (0.50 %)
    0.94   53.7 %     98.5 %          0.40 %          0.40 % (0.50 %)

Precision there leaves the namesakes out; the script counts them as wrong. At SURE 0.90 other sizes give:

    N = 200    recall 63.2 %, unlisted linked 0.00 % (0.00 %), offered 95.9 %, index 0.03 s, a note 3 ms
    N = 2000   recall 62.8 %, unlisted linked 0.40 % (0.50 %), offered 96.5 %, index 0.15 s, a note 9 ms
    N = 10000  recall 62.0 %, unlisted linked 1.40 % (1.00 %), offered 94.7 %, index 1.14 s, a note 15 ms

Contacts (500 times five listed, full names of three syllables, one misheard; strangers drawn at random): any threshold
from 0.85 to 0.93 links all of the listed and no stranger, 0.80 links 0.2 % of the strangers, 0.96 only 85 % of
the listed.

    python benchmarks/names.py [--sizes 200 2000 10000] [--notes 1000] [--sweep]
"""

import argparse
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nlp import companies, names, people, sounds
from nlp.draft import CustomerEntry, CustomerMention
from nlp.places import REGIONS

BRAND = (
    "恒力鼎新瑞兴博远锦程华盛天宇卓达凯腾宏发金源永晟海川德润丰泰嘉禾正邦科锐明辉联创奥捷信诚康隆东升格致立群星辰云帆中航鸿图双龙伟业振邦佳美优利通顺安合众睿思拓普同方荣光国风旭日启航晨曦汇智精工百川富"
    "尔亿帝豪圣元景和裕庆祥盈茂森林木水清波涛浩瀚江河山岳峰岭石磊玉宝珠钰铭铄钧铂锋镇纳米微芯维纬维尚品质雅致悦欣怡乐彤彩虹霞飞翔鹏程万里驰骋骏马奔腾迈进步高远大志勤朗"
)
TRADES = (
    *("阀门", "机械", "电子", "精密", "自动化", "塑机", "纺织", "服饰", "汽配", "医疗器械", "生物科技", "软件", "模具"),
    *("化工", "包装", "食品", "建材", "环保", "新材料", "仪表", "轴承", "家具", "光电", "五金", "物流"),
)
LEGALS = ("有限公司", "股份有限公司", "集团有限公司", "有限责任公司")
CARRIERS = (
    "刚从{}出来，见了采购部的王经理，预算大概八十万",
    "今天拜访了{}，聊了聊明年的计划",
    "上午去了{}，他们对方案基本认可",
    "跟{}的张总通了电话，他说再考虑考虑",
    "{}那边今天来电话了，说要等预算",
    "{}的李主任说下周三前给答复",
    "今天跑了{}，见到了技术部的李工",
    "刚刚和{}开了会，报价三十五万",
    "汇报一下，{}这单基本定了",
    "客户是{}，联系人王建国",
    "嗯今天下午呢我去了一趟{}然后见了他们老板",
    "我刚在{}见了他们采购总监，说价格偏高",
    "{}这个项目下个月要招标",
    "约了{}的陈经理下周二见面",
    "从{}回来，情况不错，他们想先试用",
    "去{}做了演示，客户反馈还可以，就是交期太长",
    "提醒一下，{}的合同月底到期",
    "昨天回访了{}，设备运行正常，没什么问题",
)
CONFUSED = {"z": "zh", "c": "ch", "s": "sh", "n": "l", "f": "h"} | {"zh": "z", "ch": "c", "sh": "s", "l": "n", "h": "f"}
CONFUSED_FINALS = {"an": "ang", "en": "eng", "in": "ing", "ian": "iang"} | {
    "ang": "an",
    "eng": "en",
    "ing": "in",
    "iang": "ian",
}


@lru_cache(maxsize=1)
def written() -> dict[tuple[str, str], list[tuple[int, str]]]:
    """Syllable → (tone, character) of the 3,755 common characters (GB 2312, first level)."""
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            character = bytes((high, low)).decode("gb2312", "ignore")
            if character and (said := sounds.syllable(character)):
                found.setdefault(said[:2], []).append((said[2], character))
    return found


@dataclass(frozen=True)
class Company:
    region: str
    brand: str
    trade: str
    legal: str

    @property
    def name(self) -> str:
        return self.region + self.brand + self.trade + self.legal

    def spoken(self, chance: random.Random) -> str:
        region, brand, trade = self.region, self.brand, self.trade
        return chance.choices(
            (region + brand + trade, brand + trade, region + brand, brand, self.name), weights=(30, 20, 20, 15, 15)
        )[0]


def invent(count: int, chance: random.Random, *, never: frozenset[str] = frozenset()) -> list[Company]:
    """Companies of different names, none of them in `never`; a third are close neighbours of one before."""
    regions = [
        region
        for region in REGIONS
        if region not in ("中国", "华东", "华南", "华北", "华中", "西南", "西北", "东北", "内蒙")
    ]
    found: dict[str, Company] = {}
    made: list[Company] = []
    while len(found) < count:
        if made and chance.random() < 1 / 3:
            company = neighbour(chance.choice(made), chance, regions)
        else:
            brand = "".join(chance.sample(BRAND, 3 if chance.random() < 0.15 else 2))
            company = Company(chance.choice(regions), brand, chance.choice(TRADES), chance.choice(LEGALS))
        if company.name not in found and company.name not in never:
            found[company.name] = company
            made.append(company)
    return made


def neighbour(one: Company, chance: random.Random, regions: Sequence[str]) -> Company:
    brand = list(one.brand)
    at = chance.randrange(len(brand))
    match chance.randrange(4):
        case 0:
            brand[at] = chance.choice(BRAND)
        case 1:
            brand[at] = alike(brand[at], chance)
        case 2:
            return Company(chance.choice(regions), one.brand, one.trade, one.legal)
        case _:
            return Company(one.region, one.brand, chance.choice(TRADES), one.legal)
    return Company(
        one.region if chance.random() < 0.5 else chance.choice(regions),
        "".join(brand),
        chance.choice(TRADES),
        one.legal,
    )


def alike(character: str, chance: random.Random) -> str:
    said = sounds.syllable(character)
    others = [each for _, each in written().get(said[:2] if said else ("", ""), []) if each != character]
    return chance.choice(others) if others else character


def confused(character: str, chance: random.Random) -> str:
    said = sounds.syllable(character)
    if said is None:
        return character
    ways = [(CONFUSED.get(said[0], said[0]), said[1]), (said[0], CONFUSED_FINALS.get(said[1], said[1]))]
    there = [written()[way] for way in ways if way != said[:2] and way in written()]
    return chance.choice(chance.choice(there))[1] if there else alike(character, chance)


def same_tone(character: str, chance: random.Random) -> str:
    said = sounds.syllable(character)
    others = (
        [each for tone, each in written().get(said[:2], []) if tone == said[2] and each != character] if said else []
    )
    return chance.choice(others) if others else alike(character, chance)


def misheard(words: str, brand: str, chance: random.Random) -> str:
    """One to three errors; two in three strike the brand, which no language model knows."""
    heard = list(words)
    at_brand = words.find(brand)
    for _ in range(chance.choices((1, 2, 3), weights=(60, 30, 10))[0]):
        inside = [at for at in range(at_brand, at_brand + len(brand)) if at < len(heard)]
        at = chance.choice(inside) if chance.random() < 2 / 3 and inside else chance.randrange(len(heard))
        if not heard[at]:
            continue
        kind = chance.choices(("tone", "homophone", "confused", "dropped", "extra"), weights=(25, 35, 25, 8, 7))[0]
        match kind:
            case "tone":
                heard[at] = alike(heard[at][0], chance)
            case "homophone":
                heard[at] = same_tone(heard[at][0], chance)
            case "confused":
                heard[at] = confused(heard[at][0], chance)
            case "dropped":
                heard[at] = "" if len(words) > 2 else alike(heard[at][0], chance)
            case _:
                heard[at] = heard[at] + chance.choice("啊的嗯一那呃")
    return "".join(heard)


@dataclass(frozen=True)
class Note:
    text: str
    spoken: Company
    said: str
    listed: bool


def notes(listed: Sequence[Company], unlisted: Sequence[Company], count: int, chance: random.Random) -> Iterator[Note]:
    for number in range(2 * count):
        company = chance.choice(listed if number % 2 else unlisted)
        said = misheard(company.spoken(chance), company.brand, chance)
        yield Note(chance.choice(CARRIERS).format(said), company, said, bool(number % 2))


def _linked(found: CustomerMention | None, sure: float, margin: float) -> str | None:
    """Who would be linked with another threshold; a match by letter is not up to it."""
    if found is None or not found.candidates:
        return None
    first = found.candidates[0]
    if first.reason != "sound":
        return found.value if found.status == "known" else None
    second = found.candidates[1].score if len(found.candidates) > 1 else 0.0
    return first.name if first.score >= sure and first.score - second >= margin else None


def report(size: int, count: int, seed: int, *, sweep: bool) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seeded list, no secret
    listed = invent(size, chance)
    unlisted = invent(max(400, count), chance, never=frozenset(company.name for company in listed))
    customers = tuple(CustomerEntry(company.name) for company in listed)
    brands = {company.brand for company in listed}
    started = time.process_time()
    index = names.index_of(customers)
    index.sounding("宁波横力阀门")
    built_s = time.process_time() - started
    took: list[float] = []
    outcomes: list[tuple[Note, CustomerMention | None]] = []
    for note in notes(listed, unlisted, count, chance):
        started = time.process_time()
        rivals = companies.competitors(note.text, (), customers)
        found = companies.customer(note.text, customers, competitors=rivals)
        took.append(time.process_time() - started)
        outcomes.append((note, found))
    mean_ms, most_ms = 1000 * statistics.fmean(took), 1000 * max(took)
    print(f"N={size}: index {built_s:.2f} s; a note {mean_ms:.1f} ms, at most {most_ms:.0f} ms")
    offered = [_offered(note, found) for note, found in outcomes if note.listed]
    print(f"  offered {sum(offered) / len(offered):6.1%} of {len(offered)} misheard customers", end="; ")
    statuses = Counter(found.status if found else "none" for note, found in outcomes if note.listed)
    print(", ".join(f"{status} {number / len(offered):.1%}" for status, number in statuses.most_common()))
    thresholds = [(names.SURE, names.MARGIN)]
    if sweep:
        thresholds = [(sure, margin) for sure in (0.8, 0.85, 0.88, 0.9, 0.92, 0.94) for margin in (0.03, 0.06, 0.1)]
    for sure, margin in thresholds:
        right = wrong = stranger = namesake = 0
        for note, found in outcomes:
            linked = _linked(found, sure, margin)
            if linked is None:
                continue
            if note.listed:
                right += linked == note.spoken.name
                wrong += linked != note.spoken.name
            elif found and found.candidates[0].reason != "sound" and note.spoken.brand in brands:
                namesake += 1
            else:
                stranger += 1
        unlisted_notes = len(outcomes) - len(offered)
        print(
            f"  SURE {sure:.2f} MARGIN {margin:.2f}: recall {right / len(offered):6.1%}, "
            f"precision {right / max(1, right + wrong + stranger + namesake):6.1%}, "
            f"wrong customer {wrong / len(offered):.2%}, unlisted linked {stranger / unlisted_notes:.2%} "
            f"and {namesake / unlisted_notes:.2%} namesakes"
        )


GIVEN = "建国文军晓梅丽华志强海峰永平秀英伟明思敏雪松春燕德胜佳宁子涵浩宇国栋玉兰立新"
FAMILY = "王李张刘陈杨赵吴周徐孙朱胡郭林郑谢罗梁宋唐许韩冯邓曹彭肖田董"


def report_contacts(count: int, seed: int) -> None:
    """Listed contacts (five a customer) misheard by one syllable, and strangers, for several thresholds."""
    chance = random.Random(seed)  # noqa: S311 - seeded names, no secret

    def someone() -> str:
        return chance.choice(FAMILY) + "".join(chance.sample(GIVEN, 2))

    for sure in (0.8, 0.85, 0.9, 0.93, 0.96):
        people.CONTACT_SURE = sure
        right = wrong = stranger = 0
        for _ in range(count):
            listed = tuple(dict.fromkeys(someone() for _ in range(5)))
            customers = (CustomerEntry("宁波恒力阀门有限公司", contacts=listed),)
            for meant in (listed[0], someone()):
                at = chance.randrange(3)
                heard = chance.choice((alike, confused, same_tone))(meant[at], chance)
                text = f"跟{meant[:at]}{heard}{meant[at + 1 :]}通了电话"
                told = {person.name for person in people.everybody(text, (), customers)}
                linked = told & set(listed)
                right += meant in linked
                wrong += bool(linked) and meant in listed and meant not in linked
                stranger += bool(linked) and meant not in listed
        shares = f"right {right / count:.1%}, wrong {wrong / count:.2%}, strangers {stranger / count:.2%}"
        print(f"contacts, CONTACT_SURE {sure:.2f}: {shares}")


def _offered(note: Note, found: CustomerMention | None) -> bool:
    return found is not None and note.spoken.name in {found.value, *(each.name for each in found.candidates)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[200, 2000, 10000])
    parser.add_argument("--notes", type=int, default=1000, help="sentences of either kind")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--sweep", action="store_true", help="several thresholds, by what the candidates' scores say")
    options = parser.parse_args()
    for size in options.sizes:
        report(size, options.notes, options.seed, sweep=options.sweep)
    if options.sweep:
        report_contacts(options.notes, options.seed)


if __name__ == "__main__":
    main()
