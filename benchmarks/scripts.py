"""How well scripts are found: recall, refusals, milliseconds a question, at several sizes of a library.

    python benchmarks/scripts.py [--library FILE] [--frozen] [--semantic] [--show] [--sizes 60,1000,20000]

Of the questions that something answers: recall@1, recall@3 (any of the right scripts is among the first), MRR over the
first ten, and `kept`: not refused. Refusal precision: of those refused, how many nothing answers; recall: of those that
nothing answers, how many are refused. Larger libraries are filled up with generated entries of other subjects. The
frozen questions are only counted, never shown. --semantic measures the library alone unless --sizes says otherwise:
embedding 20,000 entries takes most of an hour.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.script_files import STARTER, read_scripts
from nlp.embeddings import PackagedEmbedder
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
    sizes = [int(size) for size in (args.sizes or ("0" if args.semantic else "0,1000,20000")).split(",")]
    for size in sizes:
        library = [*scripts, *distractors(size - len(scripts))]
        began = time.perf_counter()
        index = ScriptIndex(library, PackagedEmbedder() if args.semantic else None)
        index.search("贵")
        built = time.perf_counter() - began
        found, times = [], []
        for question in questions:
            began = time.perf_counter()
            found.append(index.search(question.text, limit=10))
            times.append((time.perf_counter() - began) * 1000)
        print(f"{part}, {'semantic' if args.semantic else 'embedded'}, {len(library)} entries, built in {built:.1f} s")
        report(questions, found, times)
        if args.show and not args.frozen:
            show(questions, found)


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


# Entries of other subjects: a company's other knowledge, which shares many a word with selling

_SUBJECTS = {
    "报销": ("发票抬头写错了", "差旅费超标", "报销单被财务退回", "油费没有凭证", "招待费要谁审批"),
    "考勤": ("忘了打卡", "年假剩几天", "外勤算不算加班", "调休过期了", "病假要什么证明"),
    "仓储": ("库位满了放不下", "盘点差三箱", "条码扫不出来", "叉车排队太久", "先进先出没做到"),
    "生产": ("机台异响停了", "模具寿命到了", "换线时间太长", "良率掉到底", "首件没有人检"),
    "安全": ("灭火器过了检验期", "动火没有开票", "安全帽不够发", "通道被货堵住", "应急灯不亮"),
    "网络": ("无线网连不上", "邮箱密码忘了", "打印机卡纸", "电脑蓝屏", "共享盘没有权限"),
    "招聘": ("面试的人没来", "薪资谈不拢", "试用期怎么延", "内推奖金何时发", "背景调查要多久"),
    "物流": ("司机找不到卸货口", "回单丢了一张", "包装压坏两件", "高速封路到不了", "运费结算对不上"),
}
_PLACES = ("东区", "西区", "二楼", "新厂", "老厂", "总部", "分公司", "车间", "办公室", "库房", "食堂", "宿舍")
_WHO = ("同事", "班长", "主管", "文员", "新员工", "值班员", "外包人员", "组长", "访客", "实习生")
_WHEN = ("早班", "夜班", "月底", "周末", "节前", "年中", "雨天", "盘点时", "检修时", "换季时")


def distractors(count: int) -> Iterator[Script]:
    dice = random.Random(SEED)  # noqa: S311
    for at in range(max(count, 0)):
        subject = dice.choice(tuple(_SUBJECTS))
        said = dice.sample(_SUBJECTS[subject], 2)
        where = [f"{dice.choice(_WHEN)}{dice.choice(_PLACES)}{dice.choice(_WHO)}" for _ in range(3)]
        yield Script(
            f"X-{at:05}",
            f"{subject}：{where[0]}",
            (f"{where[1]}{said[0]}", f"{where[2]}说{said[1]}"),
            f"请{dice.choice(_WHO)}到{dice.choice(_PLACES)}登记，{dice.choice(_WHEN)}处理。",
            category=subject,
            tags=(subject,),
        )


if __name__ == "__main__":
    main()
