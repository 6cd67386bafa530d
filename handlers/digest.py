"""On the morning of a working day: what yesterday brought, what waits and what is due, for the groups that want it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from handlers import groups, texts, wording
from handlers.context import TIMERS, Context, GroupTarget
from storage.jobs import Daily, Job
from storage.models import Escalation, Member, Todo, Visit
from storage.work import Work

KIND = "group_digest"
MOST_LINES = 8
"""Of one block: the whole is to be read on a phone, and stays about one message long."""
MOST_CUSTOMERS = 5
MOST_NAME = 20
MOST_ACTION = 40
NONE = "无"


@dataclass(frozen=True)
class Morning:
    """Everything that a digest may speak of, the same for every group."""

    today: date
    zone: ZoneInfo
    first: date
    """The last working day before today; visits count from then up to yesterday."""
    visits: Sequence[tuple[Visit, str | None]]
    risks: Sequence[tuple[Escalation, str | None]]
    todos: Sequence[tuple[Todo, str | None]]
    members: dict[int, Member]


def due(ctx: Context) -> Daily:
    return Daily(
        name="digest:groups", kind=KIND, queue=TIMERS, at=ctx.settings.working_time.morning, zone=ctx.settings.zone
    )


async def send(ctx: Context, job: Job) -> None:
    """Post the digest of today; the next one is put first, whatever becomes of this one."""
    async with ctx.database.work() as work:
        await work.jobs.put_next(due(ctx))
    async with ctx.finishing(job) as work:
        targets = groups.targets_for(ctx, "digests")
        # after a standstill a late digest is still worth reading until the working day ends
        if not targets or not ctx.settings.working_time.may_push(work.now):
            return
        morning = await look_around(ctx, work)
        for target in targets:
            text = told(morning, about(target, morning.members.values()))
            await groups.post(work, target, text, cause=f"digest:{morning.today.isoformat()}")


async def look_around(ctx: Context, work: Work) -> Morning:
    today = ctx.day_of(work.now)
    first = ctx.settings.working_time.working_day_before(today)
    # what was confirmed later than the digest of that day was in none yet
    told_at = datetime.combine(first, ctx.settings.working_time.morning, ctx.settings.zone)
    return Morning(
        today,
        ctx.settings.zone,
        first,
        visits=await work.visits.between(first, today - timedelta(days=1), confirmed_since=told_at),
        risks=await work.escalations.waiting(),
        todos=await work.todos.due_by(today),
        members={member.member_id: member for member in await work.members.all()},
    )


def about(target: GroupTarget, members: Iterable[Member]) -> set[int]:
    """Whom the group is about: the managers it names and everybody below them; all members where it names none.

    Those who left are among them, since their customers and promises are not gone.
    """
    members = list(members)
    if not target.managers:
        return {member.member_id for member in members}
    found = {member.member_id for member in members if member.name in target.managers}
    while more := {m.member_id for m in members if m.manager_id in found and m.member_id not in found}:
        found |= more
    return found


def told(morning: Morning, team: Collection[int]) -> str:
    """Exactly three blocks, the empty ones said to be so; one line where all three are empty."""
    day = wording.day(morning.today, morning.today)
    visit_days = _visit_days(morning)
    visits = [(visit, customer) for visit, customer in morning.visits if visit.member_id in team]
    risks = [(risk, customer) for risk, customer in morning.risks if risk.member_id in team]
    todos = [(todo, customer) for todo, customer in morning.todos if todo.member_id in team]
    if not (visits or risks or todos):
        return texts.DIGEST_NOTHING.format(day=day, visit_days=visit_days)
    overdue = sum(todo.due_on is not None and todo.due_on < morning.today for todo, _ in todos)
    blocks = [
        texts.DIGEST_TITLE.format(day=day),
        texts.DIGEST_VISITS.format(visit_days=visit_days, count=_visits_counted(visits, morning)),
        *_cut(_by_rep(visits, morning)),
        texts.DIGEST_RISKS.format(count=f"{len(risks)} 项" if risks else NONE),
        *_cut([_risk(risk, customer, morning) for risk, customer in risks]),
        texts.DIGEST_TODOS.format(
            count=f"{len(todos)} 项" + f"（{overdue} 项已过期）" * bool(overdue) if todos else NONE
        ),
        *_cut([_todo(todo, customer, morning) for todo, customer in todos]),
    ]
    return "\n".join(blocks)


def _visit_days(morning: Morning) -> str:
    """The day, or the days where holidays lie between."""
    last = morning.today - timedelta(days=1)
    first = wording.day(morning.first, morning.today)
    return first if morning.first == last else f"{first}至 {wording.day(last, morning.today)}"


def _visits_counted(visits: Sequence[tuple[Visit, str | None]], morning: Morning) -> str:
    confirmed = sum(visit.state == "confirmed" for visit, _ in visits)
    late = sum(visit.visited_on < morning.first for visit, _ in visits)
    drafts = len(visits) - confirmed
    parts = [f"{confirmed} 次" + f"（补记 {late} 次）" * bool(late)] * bool(confirmed)
    return "，".join([*parts, *[f"{drafts} 条待确认"] * bool(drafts)]) or NONE


def _by_rep(visits: Sequence[tuple[Visit, str | None]], morning: Morning) -> list[str]:
    """A line a rep, the busiest first. Of a draft nothing is certain yet, so only that it is there is told."""
    reps: dict[int, list[tuple[Visit, str | None]]] = {}
    for visit, customer in visits:
        reps.setdefault(visit.member_id, []).append((visit, customer))
    lines = []
    for member_id, theirs in sorted(reps.items(), key=lambda item: (-len(item[1]), item[0])):
        names = dict.fromkeys(_customer(name) for visit, name in theirs if visit.state == "confirmed")
        shown = "、".join(list(names)[:MOST_CUSTOMERS])
        more = f"等 {len(names)} 家" if len(names) > MOST_CUSTOMERS else ""
        customers = f"：{shown}{more}" if shown else ""
        lines.append(f"{_name(member_id, morning)} {_visits_counted(theirs, morning)}{customers}")
    return lines


def _risk(risk: Escalation, customer: str | None, morning: Morning) -> str:
    days = (morning.today - risk.created_at.astimezone(morning.zone).date()).days
    waited = f"已等 {days} 天" if days > 0 else "今天上报"
    rep, manager = _name(risk.member_id, morning), _name(risk.manager_id, morning)
    return f"{_customer(customer)}（{rep}）待{manager}处理，{waited}"


def _todo(todo: Todo, customer: str | None, morning: Morning) -> str:
    assert todo.due_on is not None  # chosen by it
    days = (morning.today - todo.due_on).days
    late = f"【过期 {days} 天】" if days > 0 else ""
    party = "" if todo.party == "us" else f"（由{wording.OWNER_LABELS[todo.party]}）"
    action = _short(todo.action, MOST_ACTION)
    return f"{late}{action}{party} · {_customer(customer)}（{_name(todo.member_id, morning)}）"


def _cut(lines: Sequence[str]) -> list[str]:
    shown = [f"{wording.circled(place)} {line}" for place, line in enumerate(lines[:MOST_LINES])]
    return shown + [texts.DIGEST_MORE.format(count=len(lines))] * (len(lines) > MOST_LINES)


def _name(member_id: int, morning: Morning) -> str:
    return _short(morning.members[member_id].name, MOST_NAME)


def _customer(name: str | None) -> str:
    return _short(name, MOST_NAME) if name else texts.CUSTOMER_OPEN


def _short(words: str, limit: int) -> str:
    return wording.shortened(" ".join(words.split()), limit)
