"""The week's message to those who lead: what is abnormal among their people's records of last week and in their deals.

The morning's rules look at each rep once, a page of people at a time and outside any writing transaction, and note what
they counted; each leader up the rep's line is then told once of all their people. A team without records in that week
and without anything abnormal is not spoken of. One with records and nothing abnormal is, in one line: silence could as
well mean that nobody looked.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from handlers import abnormal, abnormal_look, access, notices
from handlers import abnormal_texts as texts
from handlers.abnormal import Completeness, Kind
from handlers.checks import MOST_NAMED, Check, day_begins, number
from handlers.context import Context
from handlers.plans import WEEK_DAYS, last_week, monday_of, span, sunday_of
from storage.models import Finding, Member
from storage.work import Work

RULE = "abnormal"
REPS_AT_ONCE = 50
MOST_RECORDS = 10_000
"""Of so many reps in three weeks: nobody records more."""
LINK_LIFE = timedelta(days=7)


@dataclass(frozen=True)
class RepWeek:
    """What was counted of a member: of the week and, for their completeness, of the week before."""

    member_id: int
    counts: dict[Kind, int]
    week: Completeness
    before: Completeness

    @property
    def is_empty(self) -> bool:
        return not self.counts and not self.week.records


def is_due(ctx: Context, on: date) -> bool:
    """Whether the week's message may be made on that day: it is made once, on the first of them that anybody is there.

    These are the working days from the chosen weekday on; of a week without any, the last one before it.
    """
    times, first = ctx.settings.working_time, monday_of(on)
    worked = [day for n in range(WEEK_DAYS) if times.is_working_day(day := first + timedelta(days=n))]
    wanted = [day for day in worked if day.isoweekday() >= ctx.settings.rules.abnormal.weekday]
    return on in (wanted or worked[-1:])


async def _find(ctx: Context, work: Work, on: date, after: RepWeek | None) -> Sequence[RepWeek]:
    if not is_due(ctx, on):
        return ()
    begins = day_begins(ctx, monday_of(on))
    if after is None and await work.rules.has_found(RULE, since=begins, until=day_begins(ctx, on)):
        return ()
    members = await work.abnormal.people(after=after.member_id if after else 0, limit=REPS_AT_ONCE)
    weeks = await _counted(ctx, work, on, members)
    # the last one says how far it came
    return [week for week in weeks if not week.is_empty or week is weeks[-1]]


async def _counted(ctx: Context, work: Work, on: date, members: Sequence[Member]) -> list[RepWeek]:
    monday = last_week(ctx, on)
    before, sunday = last_week(ctx, monday), sunday_of(monday)
    ids = [member.member_id for member in members]
    looked = await abnormal_look.look(ctx.settings, work, ids, since=before, until=sunday, limit=MOST_RECORDS)
    counts: dict[int, Counter[Kind]] = defaultdict(Counter)
    for one in looked.found:
        if one.visit_id is None or one.on >= monday:
            counts[one.member_id][one.kind] += 1
    return [
        RepWeek(
            member_id,
            dict(counts[member_id]),
            looked.of(member_id).completeness(ctx.settings, since=monday, until=sunday),
            looked.of(member_id).completeness(ctx.settings, since=before, until=sunday_of(before)),
        )
        for member_id in ids
    ]


async def _handle(ctx: Context, work: Work, on: date, week: RepWeek, _cause: str) -> None:
    if week.is_empty:
        return
    await work.rules.find(
        RULE,
        f"member:{week.member_id}",
        last_week(ctx, on).isoformat(),
        member_id=week.member_id,
        detail={
            "counts": {str(kind): count for kind, count in week.counts.items()},
            "records": week.week.records,
            "required": week.week.required,
            "filled": week.week.filled,
            "required_before": week.before.required,
            "filled_before": week.before.filled,
        },
    )


async def _leaders(work: Work, finding: Finding) -> Sequence[int]:
    """All who lead the rep, however far up."""
    assert finding.member_id is not None  # noted of somebody
    line = await work.members.line_of(await work.members.get(finding.member_id))
    return [leader.member_id for leader in line if access.has_role(leader, access.LEADERS)]


async def _tell(ctx: Context, work: Work, on: date, leader_id: int, findings: Sequence[Finding]) -> None:
    monday = last_week(ctx, on)
    kinds: Counter[Kind] = Counter()
    for finding in findings:
        kinds.update(_counts(finding))
    week = _sum(findings, "required", "filled")
    facts = {"week": span(monday, on), "records": week.records, "complete": _complete(findings, week)}
    if kinds:
        told = texts.WEEK.format(
            count=kinds.total(),
            kinds="、".join(
                texts.WEEK_KIND.format(kind=texts.KINDS[kind], count=kinds[kind])
                for kind in abnormal.KINDS
                if kinds[kind]
            ),
            reps=await _by_rep(work, leader_id, findings),
            **facts,
        )
        url = ctx.links.abnormal(monday, leader_id, until=work.now + LINK_LIFE)
        told += texts.WEEK_LINK.format(url=url, days=LINK_LIFE.days) if url else texts.WEEK_NO_LINK
    elif week.records:
        told = texts.WEEK_NOTHING.format(**facts)
    else:
        return
    key = f"rule:{RULE}:{leader_id}:{monday.isoformat()}"
    at = datetime.combine(on, time(ctx.settings.rules.abnormal.hour), ctx.settings.zone)
    await notices.tell(ctx, work, leader_id, told, key=key, subject=f"rule:{RULE}", at=at)


def _counts(finding: Finding) -> dict[Kind, int]:
    counts = finding.detail["counts"]
    assert isinstance(counts, dict)  # noted so
    return {kind: count for kind in abnormal.KINDS if isinstance(count := counts.get(kind), int)}


def _sum(findings: Sequence[Finding], required: str, filled: str) -> Completeness:
    return Completeness(
        sum(number(one, required) for one in findings),
        sum(number(one, filled) for one in findings),
        sum(number(one, "records") for one in findings),
    )


def _complete(findings: Sequence[Finding], week: Completeness) -> str:
    if not week.required:
        return ""
    told = texts.WEEK_COMPLETE.format(percent=week.percent, filled=week.filled, required=week.required)
    before = _sum(findings, "required_before", "filled_before")
    if before.required:
        told += texts.WEEK_BEFORE.format(percent=before.percent, filled=before.filled, required=before.required)
    return told


async def _by_rep(work: Work, leader_id: int, findings: Sequence[Finding]) -> str:
    """Those who report to the leader directly, each with all of their own people, the most first."""
    counts: Counter[int] = Counter()
    await work.members.those([one.member_id for one in findings if one.member_id is not None])
    for finding in findings:
        assert finding.member_id is not None  # noted of somebody
        rep = await work.members.get(finding.member_id)
        line = [rep, *await work.members.line_of(rep)]
        place = next(place for place, one in enumerate(line) if one.member_id == leader_id)
        counts[line[place - 1].member_id] += sum(_counts(finding).values())
    most = [(who, count) for who, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])) if count]
    reps = []
    for who, count in most[:MOST_NAMED]:
        person = await work.members.get(who)
        form = texts.WEEK_TEAM if access.has_role(person, access.LEADERS) else texts.REP
        reps.append(form.format(name=person.name, count=count))
    return "、".join(reps) + (texts.MORE_REPS.format(count=len(most)) if len(most) > MOST_NAMED else "")


CHECK = Check(RULE, RULE, (_find,), _handle, _tell, whom=_leaders)
