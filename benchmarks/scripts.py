"""How well scripts are found: recall, refusals, milliseconds a question, at several sizes of a library.

    python benchmarks/scripts.py [--library FILE] [--frozen] [--semantic] [--show] [--sizes 60,1000,20000]

Of the questions that something answers: recall@1, recall@3 (any of the right scripts is among the first), MRR over the
first ten, and `kept`: not refused. Refusal precision: of those refused, how many nothing answers; recall: of those that
nothing answers, how many are refused. A larger library is filled up with generated scripts for other products, which
talk as customers do and answer none of the questions; of a smaller one the scripts stay that most questions name, and
questions that lose all their scripts are left out. Size 0 is the library as it is. The frozen questions are counted and
never shown. With --semantic the time to embed the library stands apart; 20,000 scripts take most of an hour.
benchmarks/scripts/README.md has what was measured.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.script_files import STARTER, read_scripts
from nlp.embeddings import Embedder, PackagedEmbedder, Vectors
from nlp.scripts import Found, Script, ScriptIndex

QUESTIONS = Path(__file__).parent / "scripts" / "questions.jsonl"
SEED = 7


class Question(NamedTuple):
    text: str
    answers: frozenset[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, default=STARTER)
    parser.add_argument("--frozen", action="store_true")
    parser.add_argument("--semantic", action="store_true")
    parser.add_argument("--show", action="store_true", help="misses of the development questions")
    parser.add_argument("--sizes", default="")
    args = parser.parse_args()
    part = "frozen" if args.frozen else "dev"
    questions = [
        Question(each["question"], frozenset(each["answers"]))
        for each in map(json.loads, QUESTIONS.read_text(encoding="utf-8").splitlines())
        if each["part"] == part
    ]
    scripts = read_scripts(args.library)
    for size in map(int, (args.sizes or ("0" if args.semantic else "60,1000,20000")).split(",")):
        library = sized(scripts, questions, size)
        ids = {script.script_id for script in library}
        asked = [question for question in questions if not question.answers or question.answers & ids]
        embedder = Timed(PackagedEmbedder()) if args.semantic else None
        began = time.perf_counter()
        index = ScriptIndex(library, embedder)
        built = time.perf_counter() - began
        index.search("贵")
        found, times = [], []
        for question in asked:
            began = time.perf_counter()
            found.append(index.search(question.text, limit=10))
            times.append((time.perf_counter() - began) * 1000)
        print(f"{part}, {'semantic' if embedder else 'embedded'}, {len(library)} entries, {len(asked)} questions")
        print(f"  built in {built:.2f} s" + (f", embedded in {embedder.seconds:.0f} s" if embedder else ""))
        report(asked, found, times)
        if args.show and not args.frozen:
            show(asked, found)


class Timed:
    """An embedder, and how long it took over the library."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.least = embedder.least
        self.seconds = 0.0

    def documents(self, texts: Sequence[str]) -> Vectors:
        began = time.perf_counter()
        try:
            return self._embedder.documents(texts)
        finally:
            self.seconds += time.perf_counter() - began

    def question(self, text: str) -> Vectors:
        return self._embedder.question(text)


def sized(scripts: Sequence[Script], questions: Sequence[Question], size: int) -> list[Script]:
    if not 0 < size < len(scripts):
        return [*scripts, *distractors(size - len(scripts))]
    named = Counter(script_id for question in questions for script_id in question.answers)
    return sorted(scripts, key=lambda script: -named[script.script_id])[:size]


def report(questions: Sequence[Question], found: Sequence[Found], times: Sequence[float]) -> None:
    ranks = [rank(q, f) for q, f in zip(questions, found, strict=True) if q.answers]
    refused = [q for q, f in zip(questions, found, strict=True) if not f.answered]
    right, none = sum(not q.answers for q in refused), sum(not q.answers for q in questions)
    print(f"  recall@1 {share(sum(r == 1 for r in ranks), len(ranks))}", end="  ")
    print(f"recall@3 {share(sum(0 < r <= 3 for r in ranks), len(ranks))}", end="  ")
    print(f"MRR {sum(1 / r for r in ranks if r) / len(ranks):.3f}", end="  ")
    print(f"kept {share(len(ranks) - len(refused) + right, len(ranks))}")
    print(f"  refusal precision {share(right, len(refused))}  recall {share(right, none)}")
    print(f"  ms a question: median {statistics.median(times):.1f}, p95 {statistics.quantiles(times, n=20)[-1]:.1f}")


def rank(question: Question, found: Found) -> int:
    """Of the first right script, from 1; 0: not among the hits."""
    return next((at for at, hit in enumerate(found.hits, 1) if hit.script_id in question.answers), 0)


def share(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part}/{whole})" if whole else "- (0/0)"


def show(questions: Sequence[Question], found: Sequence[Found]) -> None:
    for question, answer in zip(questions, found, strict=True):
        place = rank(question, answer)
        if answer.answered != bool(question.answers) or (question.answers and not 0 < place <= 3):
            best = " ".join(f"{hit.script_id}:{hit.score:.3f}" for hit in answer.hits[:4])
            print(f"    {'answered' if answer.answered else 'refused '} {question.text} {set(question.answers)} {best}")


# Scripts for other products: what customers ask of their parts. They talk as customers do, and answer no question

_PRODUCTS = (
    *("叉车", "货架", "冷柜", "烤箱", "洗碗机", "空压机", "锅炉", "冷却塔", "电梯", "输送带", "机械臂", "激光切割机"),
    *("注塑机", "贴标机", "封口机", "灌装机", "喷码机", "码垛机", "除尘器", "加湿器", "净水机", "太阳能板", "充电桩"),
    *("路灯", "摄像机", "道闸", "考勤机", "投影幕", "电子秤", "显微镜", "离心机", "培养箱", "轮椅", "病床", "雾化器"),
    *("收割机", "喷灌机", "温室大棚", "饲料机", "孵化器", "挖掘机", "塔吊", "搅拌车", "升降平台", "发电机", "蓄电池"),
    *("办公椅", "屏风隔断", "地毯", "窗帘", "防火门", "集装箱房", "篷布", "托盘", "周转筐", "缝纫机", "裁床", "烫台"),
)
_PARTS = (
    *("滤芯", "皮带", "轴承", "密封条", "电机", "刀片", "喷头", "轮子", "把手", "铰链", "护栏", "灯带", "支架", "线缆"),
    *(
        "传感器",
        "按钮",
        "显示屏",
        "水箱",
        "风扇",
        "油缸",
        "链条",
        "托盘架",
        "门锁",
        "面料",
        "涂层",
        "底座",
        "排水管",
        "加热管",
    ),
)
_MATTERS = (
    *("会不会起皮", "冬天会不会冻住", "够不够长", "能不能换到左边", "潮了会不会生锈", "卡住以后怎么清", "沾了油怎么擦"),
    *("多久上一次油", "能不能防老鼠咬", "晒久了会不会发白", "能承多少公斤", "晃得厉害怎么固定", "松了拿什么拧紧"),
    *("装反了看得出来吗", "结水垢怎么除", "夏天烫不烫手", "有没有加宽的", "孔位对不上怎么开孔", "起毛边怎么修"),
    *("拆下来怎么再装", "能不能泡在水里洗", "静电大怎么放", "斜坡上站得稳吗", "灰多会不会堵", "要留多大的缝"),
)
_PLACES = ("冷库", "海边", "高原", "粉尘车间", "地下室", "露天堆场", "洁净室", "斜坡", "船上", "矿井", "大棚", "阁楼")
_TRADES = ("食品厂", "幼儿园", "养殖场", "物流园", "印染厂", "酒店", "医院", "学校", "工地", "果园", "码头", "超市")
_SAID = (
    "{trade}的客户问{product}的{part}{matter}",
    "{product}放在{place}，{part}{matter}",
    "客户担心{place}里{part}{matter}",
    "你们{product}的{part}，{matter}",
)


def distractors(count: int) -> Iterator[Script]:
    dice = random.Random(SEED)  # noqa: S311
    for at in range(max(count, 0)):
        product, part, matter = dice.choice(_PRODUCTS), dice.choice(_PARTS), dice.choice(_MATTERS)
        place, trade = dice.choice(_PLACES), dice.choice(_TRADES)
        said = {"product": product, "part": part, "matter": matter, "place": place, "trade": trade}
        yield Script(
            f"X-{at:05}",
            f"{product}的{part}：{matter}",
            tuple(form.format(**said) for form in _SAID),
            f"您问得细。{part}在{place}里用过，我请工程师把{product}的图给您看，您告诉我现场尺寸，我们核对以后再答复您。",
            category=product,
            tags=(product, part),
        )


if __name__ == "__main__":
    main()
