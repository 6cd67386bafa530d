"""What people plan to visit in a week, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from handlers import access, notices, outbox, texts, wording
from handlers.checks import PAGE, Check, number, tell_of, to_the_manager
from handlers.context import Context
from handlers.reply import Reply
from nlp.plan_words import PlanSaid
from storage.models import Finding, Member
from storage.rules import Week
from storage.work import Work

WEEK_DAYS = 7
WEEKS = {"this": "本周", "next": "下周"}


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def sunday_of(monday: date) -> date:
    return monday + timedelta(days=WEEK_DAYS - 1)


def span(monday: date, today: date) -> str:
    return f"{wording.day(monday, today)}至 {wording.day(sunday_of(monday), today)}"


# Said in the chat


async def note_said(ctx: Context, work: Work, member: Member, reply: Reply, said: PlanSaid) -> bool:
    today = ctx.day_of(reply.sent_at)
    week_on = monday_of(today) + timedelta(days=WEEK_DAYS if said.week == "next" else 0)
    before = await set_plan(work, member.member_id, week_on, said.visits, by=member.member_id, source=reply.cause)
    done = await work.rules.visits_between(member.member_id, week_on, sunday_of(week_on))
    text = texts.PLAN_NOTED if before in (None, said.visits) else texts.PLAN_CHANGED
    answer = text.format(
        week=WEEKS[said.week],
        days=span(week_on, today),
        planned=said.visits,
        before=before,
        now=texts.PLAN_SO_FAR.format(done=done) if said.week == "this" else "",
    )
    await outbox.say(work, reply.to, answer, cause=f"{reply.cause}>plan")
    return True


async def set_plan(
    work: Work, member_id: int, week_on: date, visits: int, *, by: int | None, source: str
) -> int | None:
    """Note a plan; how many visits were planned before, None for no plan."""
    before = await work.rules.set_plan(member_id, week_on, visits, source=source)
    if before != visits:
        work.audit.note(
            "plan.set",
            f"plan:{member_id}:{week_on.isoformat()}",
            member_id=by,
            source=source,
            before=None if before is None else {"visits": before},
            after={"visits": visits},
        )
    return before


async def overview(ctx: Context, work: Work, member: Member) -> str:
    """The member's own plan of this week and what is done of it; for those who lead, their people's too."""
    today = ctx.day_of(work.now)
    monday = monday_of(today)
    sunday = sunday_of(monday)
    sight = await access.sight_of(work, member)
    leads = access.has_role(member, access.LEADERS)
    own = await work.rules.plan(member.member_id, monday)
    done = await work.rules.visits_between(member.member_id, monday, sunday)
    lines = []
    if own is not None:
        lines.append(texts.PLAN_OWN.format(days=span(monday, today), planned=own.visits, done=done))
    elif not leads:
        lines.append(texts.PLAN_NONE.format(days=span(monday, today), done=done))
    if leads:
        weeks = await work.rules.weeks(monday, sunday, of=sight.members - {member.member_id})
        reps = "、".join([await _one(work, week.member_id, week.done, week.planned) for week in weeks])
        lines.append(texts.PLAN_TEAM.format(reps=reps) if reps else texts.PLAN_TEAM_NONE)
    return "\n".join(lines)


async def _one(work: Work, member_id: int, done: int, planned: int) -> str:
    return texts.RULE_PLAN_ONE.format(rep=(await work.members.get(member_id)).name, done=done, planned=planned)


# Looked at when the week is over


@dataclass(frozen=True)
class Fallen:
    """A plan that was not reached: by how many percent, and in how many weeks in a row."""

    percent: float
    weeks: int


def last_week(ctx: Context, on: date) -> date:
    """The Monday of the last week before this one in which anybody worked."""
    return monday_of(ctx.settings.working_time.working_day_before(monday_of(on)))


async def _find(ctx: Context, work: Work, on: date, after: Week | None) -> Sequence[Week]:
    monday = last_week(ctx, on)
    return await work.rules.weeks(monday, sunday_of(monday), after=after.member_id if after else 0, limit=PAGE)


async def _handle(ctx: Context, work: Work, on: date, week: Week, _cause: str) -> None:
    rule = ctx.settings.rules.weekly_plan
    fallen = await _fallen(ctx, work, on, week)
    is_red = fallen.percent > rule.deviation_percent
    is_flagged = fallen.weeks >= rule.weeks
    if not (is_red or is_flagged):
        return
    monday = last_week(ctx, on)
    finding = await work.rules.find(
        "weekly_plan",
        f"member:{week.member_id}",
        monday.isoformat(),
        member_id=week.member_id,
        detail={
            "planned": week.planned,
            "done": week.done,
            "percent": round(fallen.percent),
            "weeks": fallen.weeks if is_flagged else 0,
        },
    )
    if finding is None or not is_flagged:
        return
    told = texts.RULE_PLAN_REP.format(week=span(monday, on), planned=week.planned, done=week.done, weeks=fallen.weeks)
    key = f"rule:weekly_plan:rep:{finding.finding_id}"
    await notices.tell(ctx, work, week.member_id, told, key=key, subject="rule:weekly_plan")


async def _fallen(ctx: Context, work: Work, on: date, week: Week) -> Fallen:
    if week.done >= week.planned:
        return Fallen(0, 0)
    rule, monday, weeks = ctx.settings.rules.weekly_plan, last_week(ctx, on), 1
    while weeks < rule.weeks:
        monday = last_week(ctx, monday)
        plan = await work.rules.plan(week.member_id, monday)
        if plan is None:
            break
        if await work.rules.visits_between(week.member_id, monday, sunday_of(monday)) >= plan.visits:
            break
        weeks += 1
    return Fallen((week.planned - week.done) / week.planned * 100, weeks)


async def _tell(ctx: Context, work: Work, on: date, member_id: int, findings: Sequence[Finding]) -> None:
    """One message to the manager about all their people."""
    reps = []
    for finding in findings:
        assert finding.member_id is not None  # a plan is somebody's
        one = await _one(work, finding.member_id, number(finding, "done"), number(finding, "planned"))
        marks = [texts.RULE_PLAN_SHORT.format(percent=number(finding, "percent"))]
        if weeks := number(finding, "weeks"):
            marks.append(texts.RULE_PLAN_FLAG.format(weeks=weeks))
        reps.append(f"{one}（{'，'.join(marks)}）")
    text = texts.RULE_PLAN_TEAM.format(week=span(last_week(ctx, on), on), reps="、".join(reps))
    await tell_of(ctx, work, "weekly_plan", on, member_id, text)


CHECK = Check("weekly_plan", "weekly_plan", (_find,), _handle, _tell, whom=to_the_manager)
