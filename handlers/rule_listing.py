"""The rules as people look at them: what each does, whom it tells, when it last ran and what it found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from handlers import rules, texts, wording
from handlers.rulebook import RuleBook
from storage.work import Work

LATELY = timedelta(days=30)
RUNS_KNOWN_DAYS = 31
"""Jobs that are done are forgotten after some weeks; so long a run is looked for."""


@dataclass(frozen=True)
class Explained:
    name: str
    limits: Callable[[RuleBook], str]
    does: str
    tells: str


@dataclass(frozen=True)
class Row:
    """`key` is the section in the configuration; `last_run` is None for what runs whenever something happens, too."""

    key: str
    name: str
    on: bool
    limits: str
    does: str
    tells: str
    daily: bool
    last_run: datetime | None
    found: int


EXPLAINED: Mapping[str, Explained] = {
    "escalation": Explained(
        "上报升级",
        lambda book: (
            f"{book.escalation.hours_a_level:g} 个工作小时一级，接手 {book.escalation.remind_after_days} 个工作日催一次"
        ),
        "没人处理的上报，到时再报上一级",
        "上一级领导、销售",
    ),
    "todo": Explained(
        "待办提醒",
        lambda book: f"过期 {book.todo.nudge_after_h:g} 工作小时催，{book.todo.manager_after_days} 个工作日报主管",
        "前一天、当天早上、过期后各提醒一次",
        "本人，过期报主管",
    ),
    "follow_up": Explained(
        "待跟进",
        lambda book: f"{book.follow_up.within_h:g} 个工作小时内",
        "标了待跟进的客户，要在时限内有动作",
        "本人",
    ),
    "questionnaire": Explained(
        "风险三问",
        lambda book: f"稍后 {book.questionnaire.remind_after_h:g} 工作小时再问",
        "有风险信号的记录，答完三问才入库",
        "本人",
    ),
    "stalled": Explained(
        "阶段停滞",
        lambda book: f"超过 {book.stalled.days} 个工作日",
        "客户停在同一阶段，给主管建待办",
        "主管、销售",
    ),
    "sample_test": Explained(
        "样品测试超期",
        lambda book: f"「{book.sample_test.stage}」超过 {book.sample_test.days} 天没有新联系",
        "上报区域总监",
        "总监、销售",
    ),
    "silence": Explained(
        "久未联系",
        lambda book: f"超过 {book.silence.wake_up_days} 天唤醒，{book.silence.downgrade_days} 天建议降级",
        "给一段可转发的话；建议降级，点了才降",
        "销售",
    ),
    "payment": Explained(
        "回款逾期",
        lambda book: (
            f"逾期超过 {book.payment.remind_days} 天提醒；逾期超过 {book.payment.overdue_days} 天"
            f"且 {book.payment.silent_days} 天没有联系标风险客户"
        ),
        "提醒回款；自动标风险客户并上报（可撤销）",
        "销售、主管、总监",
    ),
    "same_customer": Explained(
        "撞单提醒",
        lambda book: f"{book.same_customer.within_days} 天内",
        "两位销售登记同一客户，提醒先对一下",
        "两位销售和各自主管",
    ),
    "refused_demo": Explained(
        "拒绝演示",
        lambda book: f"连续 {book.refused_demo.times} 次",
        "建议改用产品动画和案例探访",
        "销售",
    ),
    "weekly_plan": Explained(
        "周计划偏差",
        lambda book: f"少 {book.weekly_plan.deviation_percent:g}% 以上，或连续 {book.weekly_plan.weeks} 周不足",
        "下周第一个工作日报上周没达到计划的人",
        "主管，连续不足也告诉本人",
    ),
    "new_lead": Explained(
        "新线索首响",
        lambda book: f"{book.new_lead.within_h:g} 个工作小时内",
        "新线索（导入时加 --leads）建待跟进",
        "负责人",
    ),
    "first_summary": Explained(
        "首次接触小结",
        lambda _: "24 小时内",
        "首次拜访新客户后建待办，附按记录整理的小结草稿",
        "本人",
    ),
    "spot_check": Explained(
        "抽查回访",
        lambda book: f"抽 {book.spot_check.percent:g}% 的记录",
        "请主管向客户核实拜访情况",
        "主管",
    ),
    "cadence": Explained(
        "分级触达",
        lambda book: (
            f"A 类每周 {book.cadence.a_per_week} 次，B 类 {book.cadence.b_every_weeks} 周 1 次，"
            f"A 类主管 {book.cadence.executive_every_weeks} 周拜访 1 次"
        ),
        "每周第一个工作日列出上周触达不足的客户",
        "负责人，主管拜访报主管",
    ),
    "imported": Explained(
        "导入的老客户",
        lambda book: f"导入后没有联系过的合并提醒，主管 {book.imported.review_days} 个工作日内过一遍",
        "停滞、样品测试、沉默、风险客户不逐家发卡，合成一条",
        "负责人、主管、总监",
    ),
    "abnormal": Explained(
        "异常周报",
        lambda book: f"每周{wording.WEEKDAYS[book.abnormal.weekday - 1]}起第一个工作日 {book.abnormal.hour} 点后",
        "上周记录和在谈商机里的异常按类型、按人合成一条，附完整率",
        "主管、总监",
    ),
}
FINDINGS: Mapping[str, tuple[str, ...]] = {
    "silence": ("silence", "downgrade"),
    "payment": ("payment", "at_risk"),
    "cadence": ("cadence", "executive_visit"),
}
"""The rules whose findings bear more names than the rule's own."""


async def rows(work: Work, book: RuleBook, now: datetime) -> list[Row]:
    """Every rule, in the order of the configuration; `now` in the company's zone."""
    counts = await work.rules.counts(now - LATELY)
    daily = {check.rule for check in rules.CHECKS}
    days = [now.date() - timedelta(days=back) for back in range(RUNS_KNOWN_DAYS)]
    found = []
    for rule in fields(book):
        explained = EXPLAINED[rule.name]
        keys = [rules.run_key(rule.name, day) for day in days]
        found.append(
            Row(
                key=rule.name,
                name=explained.name,
                on=getattr(book, rule.name).on,
                limits=explained.limits(book),
                does=explained.does,
                tells=explained.tells,
                daily=rule.name in daily,
                last_run=await work.rules.last_run(keys) if rule.name in daily else None,
                found=sum(counts.get(name, 0) for name in FINDINGS.get(rule.name, (rule.name,))),
            )
        )
    return found


async def as_text(work: Work, book: RuleBook, now: datetime) -> str:
    """The rules for a chat, a line each."""
    lines = [
        texts.RULES_LINE.format(mark="✓" if row.on else "✗", name=row.name, limits=row.limits, found=row.found)
        for row in await rows(work, book, now)
    ]
    return "\n".join([texts.RULES_TITLE, *lines])
