"""Who may do what: every command, saying, button and page, tried by everybody who might.

A new one needs a row in the tables here; without it the test of its table fails.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

import bot.pages
from bot.pages import abnormal as abnormal_page
from bot.pages import evidence as evidence_page
from bot.pages import file as file_page
from bot.pages import todo as todo_page
from handlers import access, actions, commands, people_said, people_sayings, sayings, texts
from handlers.access import ADMINS, EVERYBODY, KEEPERS, LEADERS, Role
from handlers.context import Context
from handlers.messages import CardClick, Content, OutboundText, Sender, Text
from handlers.people import known
from handlers.reply import Reply
from handlers.sayings import Saying
from storage.base import Base
from storage.database import Database
from storage.deal_models import SigningDate, StageChange
from storage.models import Card, Finding, Member, Script
from storage.work import Work
from tests.chat import FRIDAY, Chat, build
from tests.fakes import FakeClock

CUSTOMER, ALIAS, CONTACT = "台州启明泵业有限公司", "启明泵业", "庄思远"
PROMISE, DEAL = "寄两台样机", "二期泵站"


@dataclass(frozen=True)
class Person:
    name: str
    user_id: str
    roles: tuple[Role, ...]
    manager: str = ""
    region: str | None = None
    active: bool = True


OWNER, PEER, MANAGER, OTHER_MANAGER = "the rep", "a rep of the team", "their manager", "another manager"
DIRECTOR, REGION_DIRECTOR = "the director of their line", "the director of their region"
ADMIN, COLLEAGUE, LEAVER, STRANGER = "an admin", "a colleague", "a rep who left", "a stranger"

PEOPLE: Mapping[str, Person] = {
    DIRECTOR: Person("封总监", "feng", ("director",)),
    REGION_DIRECTOR: Person("白景行", "bai", ("director",), region="华东"),
    MANAGER: Person("尹主管", "yin", ("manager",), manager=DIRECTOR, region="华东"),
    OTHER_MANAGER: Person("高远山", "gao", ("manager",), region="华南"),
    OWNER: Person("鲁知遥", "lu", ("sales",), manager=MANAGER, region="华东"),
    PEER: Person("季听澜", "ji", ("sales",), manager=MANAGER, region="华东"),
    ADMIN: Person("管知微", "guan", ("admin",)),
    COLLEAGUE: Person("方律言", "fang", ("colleague",)),
    LEAVER: Person("沈去非", "shen", ("sales",), manager=MANAGER, region="华东", active=False),
}
INSIDE = tuple(key for key, person in PEOPLE.items() if person.active)
OUTSIDE: Mapping[str, str] = {LEAVER: texts.LEFT_MEMBER, STRANGER: texts.NOT_REGISTERED}
"""Who gets no further than the door, and what they are told there."""


@dataclass
class Company:
    """One rep's draft, picture, to-do, matter and finding, and everybody who might reach for them."""

    chat: Chat
    members: dict[str, int]
    subjects: dict[str, Any]
    """What the fields of an action may be filled with."""
    cards: int = 0

    async def member(self, work: Work, key: str) -> Member:
        return await work.members.get(self.members[key])

    async def presses(self, key: str, action: actions.Action, *, card_of: str | None = None) -> list[str]:
        """They press that button, on a card of theirs that should not have it; or on somebody else's card."""
        self.cards += 1
        card_id, now = f"forged-{self.cards}", self.chat.clock.now()
        async with self.chat.database.work() as work:
            card = Card(
                card_id=card_id,
                platform="wecom",
                user_id=user_id(card_of or key),
                kind="draft",
                choices=[{"action": action.model_dump_json(), "chosen": {}}],
                created_at=now,
                sent_at=now,
                expires_at=now + timedelta(days=3),
            )
            work.session.add(card)
        click = CardClick(card_id=card_id, action=action.model_dump_json(), response_ref=f"click-{self.cards}")
        return await self.hears(key, click)

    async def hears(self, key: str, content: Content) -> list[str]:
        """They send it; what comes back to them."""
        before = len(self.chat.platform.sends)
        await self.chat.receives(content, sender=user_id(key))
        sent = [one.content for one in self.chat.platform.sends[before:] if one.user_id == user_id(key)]
        return [content.text if isinstance(content, OutboundText) else content.model_dump_json() for content in sent]

    async def says(self, key: str, text: str) -> list[str]:
        return await self.hears(key, Text(text=text))

    async def digest(self) -> str:
        return await digest(self.chat.database)


def user_id(key: str) -> str:
    return PEOPLE[key].user_id if key in PEOPLE else "nobody"


BOOKKEEPING = {"jobs", "cards", "sends", "alembic_version"}
"""What comes in and goes out leaves its traces here, whatever becomes of it."""


async def digest(database: Database, *, but: frozenset[str] = frozenset()) -> str:
    """What stands in all tables."""
    content = hashlib.sha256()
    async with database.reading() as work:
        for table in Base.metadata.sorted_tables:
            if table.name not in BOOKKEEPING | but:
                rows = await work.session.execute(select(table).order_by(*table.primary_key.columns))
                content.update(repr((table.name, [tuple(row) for row in rows])).encode())
    return content.hexdigest()


def leaks(key: str, sent: list[str]) -> list[str]:
    """What was told of customers and of people that this person need not have known."""
    names = {CUSTOMER, ALIAS, CONTACT, PROMISE, DEAL, *(person.name for person in PEOPLE.values())}
    own = {PEOPLE[key].name} if key in PEOPLE else set()
    return sorted(name for name in names - own if any(name in text for text in sent))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(FRIDAY)


@pytest.fixture
async def company(database: Database, clock: FakeClock, tmp_path: Path) -> Company:
    chat = await build(database, clock, tmp_path, public_url="http://127.0.0.1:8400")
    settings = replace(chat.context.settings, auto_register=False)
    object.__setattr__(chat.context, "settings", settings)
    paper = await chat.context.media.put(b"%PDF " + CONTACT.encode())
    async with database.work() as work:
        members: dict[str, int] = {}
        for key, person in PEOPLE.items():
            manager_id = members[person.manager] if person.manager else None
            member = await work.members.add(person.name, person.roles, manager_id=manager_id)
            member.region = person.region
            if not person.active:
                work.members.leave(member)
            await work.members.link(member.member_id, "wecom", person.user_id)
            members[key] = member.member_id
        owner_id = members[OWNER]
        customer = await work.customers.add(CUSTOMER, aliases=[ALIAS], owner_id=owner_id)
        await work.customers.remember_contact(customer.customer_id, CONTACT)
        now = work.now
        draft = await work.visits.begin(owner_id, "wecom", visited_on=date(2026, 11, 20), sent_at=now)
        picture = await work.visits.keep_evidence("picture", owner_id, "image", sent_at=now, text=CONTACT)
        saved = await work.visits.begin(
            owner_id, "wecom", visited_on=date(2026, 11, 19), sent_at=now - timedelta(days=1)
        )
        saved.state, saved.customer_id, saved.decided_at = "confirmed", customer.customer_id, now
        filed = await work.visits.keep_evidence(
            "filed", owner_id, "file", sent_at=now, sha256=paper, detail={"file_name": f"{ALIAS}意向书.pdf"}
        )
        filed.customer_id, filed.label, filed.version = customer.customer_id, "采购意向书", 1
        todo = await work.todos.add(saved, 0, party="us", action=PROMISE, due_on=date(2026, 11, 25))
        matter = await work.escalations.open(
            member_id=owner_id,
            manager_id=members[MANAGER],
            customer_id=customer.customer_id,
            visit_id=saved.visit_id,
        )
        finding = Finding(
            rule="downgrade",
            subject=f"customer:{customer.customer_id}",
            episode="since",
            member_id=owner_id,
            detail={},
            found_at=now,
        )
        work.session.add(finding)
        grading = await work.rules.find(
            "grading",
            f"customer:{customer.customer_id}",
            "after:0",
            member_id=owner_id,
            detail={"customer_id": customer.customer_id, "before": None, "after": "C"},
        )
        assert grading is not None
        practice = await work.practice.begin(owner_id, scope="", rounds=5)
        await work.session.flush()
        work.scripts.add(
            Script(code="TM-90", title="题", body="好", phrasings=["贵"], status="draft", proposed_by=owner_id)
        )
        proposal = await work.scripts.propose("proposed", "TM-90", owner_id)
        script = Script(code="PR-01", title="算总账", body="好。", phrasings=["太贵"], status="approved")
        work.scripts.add(script)
        await work.session.flush()
        asked = await work.scripts.asked(
            "asked", owner_id, "太贵", customer_id=customer.customer_id, category="", offered=["PR-01"]
        )
        deal = await work.opportunities.add(customer.customer_id, name=DEAL, created_by=owner_id)
        change = await work.opportunities.add_change(
            StageChange(
                opportunity_id=deal.opportunity_id,
                cause="proposed",
                to_stage="需求确认",
                state="proposed",
                member_id=owner_id,
                waived=[],
                asked_of=members[MANAGER],
                asked_at=now,
                created_at=now,
            )
        )
        signing = await work.opportunities.add_signing(
            SigningDate(
                opportunity_id=deal.opportunity_id,
                cause="pushed",
                expected_on=date(2027, 3, 1),
                state="frozen",
                member_id=owner_id,
                asked_of=members[DIRECTOR],
                asked_at=now,
                created_at=now,
            )
        )
        handoff = await work.leads.begin_handoff(deal.opportunity_id, 30)
        assert handoff is not None
        handoff.asked_of, handoff.asked_at = members[MANAGER], now
        helped = await work.help.add(
            "helped",
            owner_id,
            members[COLLEAGUE],
            "能做吗",
            within=timedelta(hours=48),
            customer_id=customer.customer_id,
        )
        approval = await work.approvals.add(
            "approval",
            "quote",
            owner_id,
            customer.customer_id,
            amount_fen=18_000_000,
            percent_off=None,
            words="报价18万",
        )
        for place, key in enumerate((MANAGER, DIRECTOR), start=1):
            node = await work.approvals.add_node(approval, place, "上级", members[key])
            if place == 1:
                node.state, node.since = "open", now
        subjects = {
            "opportunity_id": deal.opportunity_id,
            "change_id": change.change_id,
            "signing_id": signing.signing_id,
            "finding_id": grading.finding_id,
            "handoff_id": handoff.handoff_id,
            "request_id": helped.request_id,
            "approval_id": approval.approval_id,
            "question_id": asked.question_id,
            "place": 0,
            "turn": 1,
            "useful": True,
            "counts": True,
            "visit_id": draft.visit_id,
            "evidence_id": picture.evidence_id,
            "evidence_ids": (picture.evidence_id,),
            "customer_id": customer.customer_id,
            "filed_id": filed.evidence_id,
            "todo_id": todo.todo_id,
            "escalation_id": matter.escalation_id,
            "finding_ids": (finding.finding_id,),
            "member_id": members[LEAVER],
            "up_to": 1,
            "proposal_id": proposal.proposal_id,
            "session_id": practice.session_id,
            "customer": "left",
        }
    return Company(chat, members, subjects)


# Buttons: who may press each, on what is the rep's

LINE = frozenset({MANAGER, DIRECTOR, REGION_DIRECTOR})
BUTTONS: Mapping[str, frozenset[str]] = {
    "ConfirmVisit": frozenset({OWNER}),
    "ShowSources": frozenset({OWNER}),
    "ChangeCustomer": frozenset({OWNER}),
    "PickCustomer": frozenset({OWNER}),
    "DiscardVisit": frozenset({OWNER}),
    "AnswerRisks": frozenset({OWNER}),
    "HoldRisks": frozenset({OWNER}),
    "SkipDetails": frozenset({OWNER}),
    "ShowScripts": frozenset({OWNER}),
    "JudgeScript": frozenset({OWNER}),
    "PickSide": frozenset({OWNER}),
    "LabelPicture": frozenset({OWNER}),
    "NotePicture": frozenset({OWNER}),
    "FileEvidence": frozenset({OWNER}),
    "FileChosen": frozenset({OWNER}),
    "ChangeFile": frozenset({OWNER}),
    "LeaveEvidence": frozenset({OWNER}),
    "FinishTodo": frozenset({OWNER}),
    "PostponeTodo": frozenset({OWNER}),
    "PassOnTodo": frozenset({OWNER}),
    # with whom it lies, and nobody above them until it comes there
    "TakeEscalation": frozenset({MANAGER}),
    "AssignEscalation": frozenset({MANAGER}),
    "ResolveEscalation": frozenset({MANAGER}),
    "DismissEscalation": frozenset({MANAGER}),
    "LowerGrade": frozenset({OWNER}),
    "KeepGrade": frozenset({OWNER}),
    "UndoFinding": frozenset({OWNER, *LINE}),
    # about somebody who left
    "HandOver": frozenset({ADMIN, *LINE}),
    "HandOverLater": frozenset({ADMIN, *LINE}),
    "RestoreMember": frozenset({ADMIN}),
    "KeepOut": frozenset({ADMIN}),
    "ApplyDepartures": frozenset({ADMIN}),
    "DropDepartures": frozenset({ADMIN}),
    # what the rep proposed
    "ApproveScript": frozenset({ADMIN, *LINE}),
    "ReturnScript": frozenset({ADMIN, *LINE}),
    "PractiseAgain": frozenset({OWNER}),
    "PickDeal": frozenset({OWNER}),
    "ConvertLead": frozenset({OWNER}),
    "AskWaiver": frozenset({OWNER}),
    "DropStage": frozenset({OWNER}),
    # with whom it lies: the manager was asked to let pass, the director to unlock
    "GrantWaiver": frozenset({MANAGER}),
    "RefuseWaiver": frozenset({MANAGER}),
    "UnlockSigning": frozenset({DIRECTOR}),
    "RefuseSigning": frozenset({DIRECTOR}),
    # the grade of the rep's customer
    "TakeGrade": frozenset({OWNER, *LINE}),
    "LeaveGrade": frozenset({OWNER, *LINE}),
    # the manager was asked whose the lead becomes
    "HandOnLead": frozenset({MANAGER}),
    "LeaveLead": frozenset({MANAGER}),
    # how things stand with the rep's customer
    "ShowCustomer": frozenset({OWNER, *LINE}),
    "ShowDeal": frozenset({OWNER, *LINE}),
    "ShowChain": frozenset({OWNER, *LINE}),
    # what the rep asked of the colleague
    "AnswerRequest": frozenset({COLLEAGUE}),
    "PassOnRequest": frozenset({COLLEAGUE}),
    "DeclineRequest": frozenset({COLLEAGUE}),
    "CountAnswer": frozenset({COLLEAGUE}),
    # whose turn it is, and nobody who comes after them
    "ApproveNode": frozenset({MANAGER}),
    "RefuseNode": frozenset({MANAGER}),
    "RaiseNode": frozenset({MANAGER}),
}
"""By the name of the action's class, so that a row may be here before its action is."""

THINGS = {
    "question_id",
    "visit_id",
    "evidence_id",
    "evidence_ids",
    "todo_id",
    "escalation_id",
    "member_id",
    "finding_ids",
    "proposal_id",
    "session_id",
    "opportunity_id",
    "change_id",
    "signing_id",
    "finding_id",
    "handoff_id",
    "customer_id",
    "request_id",
    "approval_id",
}
LISTS = {"finding_ids", "evidence_ids"}
ACTIONS: tuple[type[Any], ...] = get_args(actions.Action)


def action_on(kind: type[Any], company: Company) -> actions.Action:
    wanted = {name: field for name, field in kind.model_fields.items() if name != "do" and field.is_required()}
    action: actions.Action = kind.model_validate({name: company.subjects[name] for name in wanted})
    return action


def test_every_button_has_a_row_and_a_check() -> None:
    assert {kind.__name__ for kind in ACTIONS} - BUTTONS.keys() == set()
    assert {kind.__name__ for kind in access._PRESSES} == {kind.__name__ for kind in ACTIONS}


@pytest.mark.parametrize("kind", ACTIONS, ids=lambda kind: kind.__name__)
async def test_only_those_press_a_button_whose_it_is(company: Company, kind: type[Any]) -> None:
    action, may = action_on(kind, company), BUTTONS[kind.__name__]
    before = await company.digest()

    for key in (*INSIDE, *OUTSIDE):
        if key in may:
            continue
        sent = await company.presses(key, action)
        assert sent == [OUTSIDE.get(key, texts.NOT_ALLOWED)], key
        assert leaks(key, sent) == []
    assert await company.digest() == before

    async with company.chat.database.reading() as work:
        allowed = [key for key in INSIDE if await access.may_press(work, await company.member(work, key), action)]
    assert set(allowed) == may
    assert texts.NOT_ALLOWED not in await company.presses(allowed[0], action)


async def test_a_button_about_nothing_that_there_is_may_be_pressed_by_nobody(company: Company) -> None:
    company.subjects |= dict.fromkeys(THINGS - LISTS, 9999) | dict.fromkeys(LISTS, (9999,))

    async with company.chat.database.reading() as work:
        for kind in ACTIONS:
            if not THINGS & kind.model_fields.keys():
                continue
            for key in INSIDE:
                may = await access.may_press(work, await company.member(work, key), action_on(kind, company))
                assert not may or (key == ADMIN and "member_id" in kind.model_fields), (kind, key)


async def test_a_card_counts_for_the_one_it_was_sent_to(company: Company) -> None:
    action = actions.FinishTodo(todo_id=company.subjects["todo_id"])
    before = await company.digest()

    for key in (*INSIDE, *OUTSIDE):
        if key != OWNER:
            sent = await company.presses(key, action, card_of=OWNER)
            assert sent == [OUTSIDE.get(key, texts.CARD_NOT_YOURS)], key
    assert await company.digest() == before


async def test_an_account_of_the_same_name_on_another_platform_is_somebody_else(company: Company) -> None:
    ctx = company.chat.context
    taken_in = replace(ctx, settings=replace(ctx.settings, auto_register=True))
    async with company.chat.database.work() as work:
        double = await known(taken_in, work, Sender(platform="dingtalk", user_id=user_id(OWNER)))

        assert double.member_id != company.members[OWNER]
        assert (await access.sight_of(work, double)).members == {double.member_id}
        for kind in ACTIONS:
            assert not await access.may_press(work, double, action_on(kind, company)), kind


# Commands: which roles may give each

SELF = EVERYBODY
"""About what is their own: everybody may, and meets nothing of others'."""
COMMANDS: Mapping[str, frozenset[Role]] = {
    **dict.fromkeys(("未联系客户", "还没联系的客户"), frozenset({"sales", "manager", "director"})),
    **dict.fromkeys(
        ("积分", "我的积分", "证据积分", "未归档", "未归档资料"), frozenset({"sales", "manager", "director"})
    ),
    **dict.fromkeys(("帮助", "help", "Help", "怎么用"), EVERYBODY),
    **dict.fromkeys(("确认", "确定", "没问题", "作废", "不要了", "撤销", "草稿", "修改", "换客户"), SELF),
    **dict.fromkeys(("待办", "我的待办", "看待办", "待办列表"), SELF),
    **dict.fromkeys(("风险三问", "回答风险"), SELF),
    **dict.fromkeys(("计划", "本周计划", "我的计划"), SELF),
    "规则": ADMINS,
}


def test_every_command_has_a_row() -> None:
    assert commands.COMMANDS.keys() - COMMANDS.keys() == set()
    assert {said: command.roles for said, command in commands.COMMANDS.items()} == {
        said: COMMANDS[said] for said in commands.COMMANDS
    }


@pytest.mark.parametrize("said", {command: said for said, command in commands.COMMANDS.items()}.values())
async def test_a_command_reaches_nothing_of_others(company: Company, said: str) -> None:
    before = await company.digest()

    for key in (*INSIDE, *OUTSIDE):
        if key == OWNER:
            continue
        sent = await company.says(key, said)
        assert leaks(key, sent) == [], key
        if key in OUTSIDE:
            assert sent == [OUTSIDE[key]]
        elif not may_say(key, COMMANDS[said]):
            assert sent == [texts.NOT_ALLOWED], key
        else:
            assert sent, key
            assert texts.NOT_ALLOWED not in sent, key
    assert await company.digest() == before


async def test_a_command_of_a_role_is_refused_to_others(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []

    async def run(_ctx: Context, _work: Work, member: Member, _message: object) -> None:
        given.append(member.name)

    monkeypatch.setattr(commands, "COMMANDS", {"体检": commands.Command(run, ADMINS)})

    for key in INSIDE:
        assert await company.says(key, "体检") == ([] if key == ADMIN else [texts.NOT_ALLOWED])
    assert given == [PEOPLE[ADMIN].name]


def may_say(key: str, roles: frozenset[Role]) -> bool:
    return bool(roles & set(PEOPLE[key].roles))


# Sayings: words that are meant as each, and which roles may say them


@dataclass(frozen=True)
class Said:
    words: str
    roles: frozenset[Role]


FIELD: frozenset[Role] = frozenset({"sales", "manager", "director"})
SAYINGS: Mapping[str, Said] = {
    "回答风险": Said("回答风险：预算还没批，要我们出一份测算", EVERYBODY),
    "上报": Said("这个要总监出面", FIELD),
    "求助": Said("我的求助", EVERYBODY),
    "团队求助": Said("团队求助", LEADERS),
    "请同事帮忙": Said("请方律言帮忙看一下合同", EVERYBODY),
    "审批": Said("我的审批", EVERYBODY),
    "团队审批": Said("团队审批", LEADERS),
    "申请审批": Said(f"审批{ALIAS}报价十八万", FIELD),
    "指派": Said("指派给季听澜", LEADERS),
    "跟进或已处理": Said("我来跟进", EVERYBODY),
    "待处理风险": Said("待处理风险", LEADERS),
    "误报清单": Said("误报清单", LEADERS | ADMINS),
    "恢复说法": Said("恢复「再考虑」", LEADERS | ADMINS),
    "商机": Said("商机", FIELD),
    "异常清单": Said("异常清单", FIELD),
    "团队异常": Said("团队异常", LEADERS),
    "待办": Said("排期表搞定了", EVERYBODY),
    "话术缺口": Said("忽略缺口 1", LEADERS | ADMINS),
    "话术情况": Said("话术报告", LEADERS | ADMINS),
    "话术线索": Said("采纳线索 2", LEADERS),
    "停用话术": Said("停用话术 PR-01", LEADERS | ADMINS),
    "新增话术": Said("新增话术 题", FIELD | ADMINS),
    "修改话术": Said("修改话术 PR-01", FIELD | ADMINS),
    "待审话术": Said("待审话术", LEADERS | ADMINS),
    "审批话术": Said("通过话术 TM-01", LEADERS | ADMINS),
    "阶段提问": Said("话术 需求诊断", EVERYBODY),
    "话术库": Said("话术库", EVERYBODY),
    "练习": Said("练习 价格", EVERYBODY),
    "练习情况": Said("练习情况", LEADERS),
    "怎么回": Said("客户说太贵了，怎么回", EVERYBODY),
    "证据": Said(f"证据 {ALIAS}", FIELD),
    "某客户的证据": Said(f"{ALIAS}的文件", FIELD),
    "评级": Said(f"评级 {ALIAS}", FIELD),
    "某客户的评级": Said(f"{ALIAS}的评级", FIELD),
    "归档": Said(f"归到{ALIAS}", FIELD),
    "不是同一张": Said("不是同一张", FIELD),
    "计划": Said("本周计划拜访12家", FIELD),
    "客户情况": Said(f"{ALIAS}上次聊到哪了", EVERYBODY),
    "看客户": Said(f"查{ALIAS}", EVERYBODY),
    "客户名": Said(ALIAS, EVERYBODY),
    "撤销自动改动": Said("撤销降级", FIELD),
}
FOR_LEADERS = Saying[str](
    "报名单",
    LEADERS,
    lambda text: text if text == "报名单" else None,
    lambda _ctx, work, _member, reply, _meant: _answered(work, reply),
)


async def _answered(work: Work, reply: Reply) -> bool:
    work.audit.note("heard", "heard", member_id=None, source=reply.cause)
    return True


def test_every_saying_has_a_row_with_words_that_mean_it() -> None:
    assert {saying.name for saying in sayings.SAYINGS} - SAYINGS.keys() == set()
    for saying in sayings.SAYINGS:
        assert saying.roles == SAYINGS[saying.name].roles, saying.name
        assert saying.read(SAYINGS[saying.name].words) is not None, saying.name


async def test_what_is_said_is_refused_to_those_it_is_not_for(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sayings, "SAYINGS", (FOR_LEADERS, *sayings.SAYINGS))
    rows = {FOR_LEADERS.name: Said("报名单", LEADERS)} | {
        saying.name: SAYINGS[saying.name] for saying in sayings.SAYINGS if saying is not FOR_LEADERS
    }
    words_of_theirs = frozenset({"evidence"})  # what somebody says is kept, whatever becomes of it
    before = await digest(company.chat.database, but=words_of_theirs)

    for name, row in rows.items():
        for key in (*INSIDE, *OUTSIDE):
            if key in OUTSIDE:
                assert await company.says(key, row.words) == [OUTSIDE[key]]
            elif not may_say(key, row.roles):
                assert await company.says(key, row.words) == [texts.NOT_ALLOWED], (name, key)
    assert await digest(company.chat.database, but=words_of_theirs) == before

    assert texts.NOT_ALLOWED not in await company.says(MANAGER, "报名单")
    assert await digest(company.chat.database, but=words_of_theirs) != before


DEAL_ORDERS: Mapping[str, frozenset[str]] = {
    f"转SQL {ALIAS}": frozenset({OWNER}),
    f"阶段 {ALIAS} 方案设计": frozenset({OWNER}),
    f"预计签约 {ALIAS} 12月20日": frozenset({OWNER}),
    f"新商机 {ALIAS} 二期": frozenset({OWNER}),
    f"商机 {ALIAS}": frozenset({OWNER, *LINE}),
    f"撤销阶段 {ALIAS}": frozenset({OWNER, *LINE}),
    f"退回市场 {ALIAS} 没有计划": frozenset({OWNER, *LINE}),
    f"丢单 {ALIAS} 价格": frozenset({OWNER, *LINE}),
    f"赢单 {ALIAS}": frozenset({OWNER, *LINE}),
    f"评级 {ALIAS}": frozenset({OWNER, *LINE}),
    f"{ALIAS}的评级": frozenset({OWNER, *LINE}),
    f"评分 {ALIAS} 紧迫性 4 招标下周开": frozenset({OWNER, *LINE}),
    f"撤销评分 {ALIAS} 紧迫性": frozenset({OWNER, *LINE}),
    f"撤销评级 {ALIAS}": frozenset({OWNER, *LINE}),
    f"线索分 {ALIAS}": frozenset({OWNER, *LINE}),
    f"线索行为 {ALIAS} 白皮书": frozenset({OWNER, *LINE}),
    f"撤销线索行为 {ALIAS} 白皮书": frozenset({OWNER, *LINE}),
}


@pytest.mark.parametrize("order", DEAL_ORDERS)
async def test_an_order_about_a_deal_does_nothing_for_those_whose_it_is_not(company: Company, order: str) -> None:
    words_of_theirs = frozenset({"evidence"})
    before = await digest(company.chat.database, but=words_of_theirs)

    for key in (*INSIDE, *OUTSIDE):
        if key in DEAL_ORDERS[order]:
            continue
        sent = await company.says(key, order)
        assert sent, key
        assert [told for told in leaks(key, sent) if told not in order and key not in LINE] == [], key
        if key in OUTSIDE:
            assert sent == [OUTSIDE[key]]
    assert await digest(company.chat.database, but=words_of_theirs) == before

    for key in sorted(DEAL_ORDERS[order])[:1]:
        assert texts.NOT_ALLOWED not in await company.says(key, order), key


# How things stand with a customer: who sees it, and what the others hear

ASKED = ("{}上次聊到哪了", "{}现在什么情况", "动作链 {}", "{}的跟进记录", "查{}", "看看{}的情况")
NOBODY = "衢州无此泵业"


async def test_a_customer_is_shown_to_those_who_see_it_and_others_hear_what_they_hear_of_none(company: Company) -> None:
    before = await digest(company.chat.database, but=frozenset({"evidence"}))

    for form in ASKED:
        for key in (*INSIDE, *OUTSIDE):
            if key in {OWNER, *LINE}:
                continue
            for name in (ALIAS, CUSTOMER, f"{ALIAS}{DEAL}"):
                sent = await company.says(key, form.format(name))
                unknown = await company.says(key, form.format(NOBODY))
                if key in OUTSIDE:
                    assert sent == unknown == [OUTSIDE[key]]
                else:
                    assert sent == [texts.VIEW_NOT_YOURS.format(name=name)], (key, form)
                    assert unknown == [texts.VIEW_NOT_YOURS.format(name=NOBODY)], (key, form)
                assert [told for told in leaks(key, sent) if told not in name] == []
        for key in (OWNER, *LINE):
            [shown] = await company.says(key, form.format(ALIAS))
            assert CUSTOMER in shown, (key, form)
            assert PEOPLE[OWNER].name in shown or PROMISE in shown, (key, form)
    assert await digest(company.chat.database, but=frozenset({"evidence"})) == before


async def test_whose_customer_it_is_not_any_more_sees_nothing_of_it_from_an_old_card(company: Company) -> None:
    chain = actions.ShowChain(customer_id=company.subjects["customer_id"])
    assert any(PROMISE in text for text in await company.presses(OWNER, chain))
    async with company.chat.database.work() as work:
        customer = await work.customers.get(company.subjects["customer_id"])
        customer.owner_id = company.members[PEER]

    assert await company.presses(OWNER, chain) == [texts.NOT_ALLOWED]
    assert any(PROMISE in text for text in await company.presses(PEER, chain))


async def test_a_chain_of_a_deal_is_that_of_its_own_customer(company: Company) -> None:
    async with company.chat.database.work() as work:
        other = await work.customers.add("宁德某某公司", owner_id=company.members[OTHER_MANAGER])
        theirs = await work.opportunities.add(other.customer_id, name="别人的")
        foreign = actions.ShowChain(customer_id=company.subjects["customer_id"], opportunity_id=theirs.opportunity_id)

    for key in INSIDE:
        assert await company.presses(key, foreign) == [texts.NOT_ALLOWED], key


@pytest.mark.parametrize(
    "forged",
    [
        '{"do":"chain","customer_id":1,"at_us":1}',
        '{"do":"chain","customer_id":1,"newer":true}',
        '{"do":"chain","customer_id":1,"at_us":-1,"entry":"visit","entry_id":1}',
        '{"do":"chain","customer_id":1,"at_us":99999999999999999,"entry":"visit","entry_id":1}',
        '{"do":"chain","customer_id":1,"at_us":1,"entry":"salary","entry_id":1}',
        '{"do":"chain","customer_id":1,"at_us":1,"entry":"visit","entry_id":99999999999}',
        '{"do":"chain","customer_id":1,"at_us":1,"entry":"visit","entry_id":1,"limit":9999}',
    ],
)
def test_a_place_in_the_chain_that_is_none_is_no_button_of_ours(forged: str) -> None:
    assert actions.read(forged) is None


# Orders about people: the roles that may give each, and who of them has a say about the rep


@dataclass(frozen=True)
class Ordered:
    words: str
    roles: frozenset[Role]
    may: frozenset[str]
    """For whom it does or shows something."""


ABOVE = frozenset({ADMIN, *LINE})
ORDERS: Mapping[str, Ordered] = {
    "OwnCode": Ordered("绑定码", EVERYBODY, frozenset(INSIDE)),
    "InviteSomebody": Ordered("邀请 汤若谷 销售", KEEPERS, frozenset({OTHER_MANAGER, *ABOVE})),
    "ListMembers": Ordered("成员", KEEPERS, ABOVE),
    "ShowMember": Ordered(f"成员 {PEOPLE[OWNER].name}", KEEPERS, ABOVE),
    "SaysLeft": Ordered(f"离职 {PEOPLE[PEER].name}", ADMINS, frozenset({ADMIN})),
    "SaysBack": Ordered(f"恢复 {PEOPLE[LEAVER].name}", ADMINS, frozenset({ADMIN})),
    "HandOverTo": Ordered(f"交接 {PEOPLE[OWNER].name} 给 {PEOPLE[PEER].name}", EVERYBODY, frozenset({OWNER, *ABOVE})),
    "UndoHandover": Ordered("撤销交接", EVERYBODY, frozenset()),
    "AskBrief": Ordered(f"交接简报 {ALIAS}", EVERYBODY, frozenset({OWNER, *LINE})),
}


def test_every_order_about_people_has_a_row_with_words_that_mean_it() -> None:
    assert {kind.__name__ for kind in people_said.ORDERS} == ORDERS.keys()
    for kind, (roles, _run) in people_said.ORDERS.items():
        row = ORDERS[kind.__name__]
        assert roles == row.roles, kind
        assert type(people_sayings.read(row.words)) is kind, kind


@pytest.mark.parametrize("name", sorted(ORDERS))
async def test_an_order_about_people_does_nothing_for_those_who_have_no_say(company: Company, name: str) -> None:
    row = ORDERS[name]
    before = await company.digest()

    for key in (*INSIDE, *OUTSIDE):
        if key in row.may:
            continue
        sent = await company.says(key, row.words)
        assert sent, key
        assert [told for told in leaks(key, sent) if told not in row.words] == [], key
        if key in OUTSIDE:
            assert sent == [OUTSIDE[key]]
        elif not may_say(key, row.roles):
            assert sent == [texts.NOT_ALLOWED], key
    assert await company.digest() == before
    for key in sorted(row.may)[:1]:
        assert texts.NOT_ALLOWED not in await company.says(key, row.words), key


# Pages: whose link opens each

Link = Callable[[Context, Company, int], str | None]
PAGES: Mapping[str, tuple[Link, frozenset[str]]] = {
    "todo": (
        lambda ctx, company, member_id: ctx.links.todo(
            company.subjects["todo_id"], member_id, until=company.chat.clock.now() + timedelta(days=1)
        ),
        frozenset({OWNER}),
    ),
    "evidence": (
        lambda ctx, company, member_id: ctx.links.evidence(
            company.subjects["escalation_id"], member_id, until=company.chat.clock.now() + timedelta(days=1)
        ),
        frozenset({OWNER, MANAGER}),
    ),
    "file": (
        lambda ctx, company, member_id: ctx.links.file(
            company.subjects["filed_id"], member_id, until=company.chat.clock.now() + timedelta(days=1)
        ),
        frozenset({OWNER, *LINE}),
    ),
    "abnormal": (
        lambda ctx, company, member_id: ctx.links.abnormal(
            date(2026, 11, 16), member_id, until=company.chat.clock.now() + timedelta(days=1)
        ),
        frozenset(LINE),
    ),
}
"""The link as it would be made for a member, and for whom it opens something."""
NO_PAGES = {"__init__", "frame"}


def pages() -> set[str]:
    [folder] = bot.pages.__path__
    return {path.stem for path in Path(folder).glob("*.py")} - NO_PAGES


def test_every_page_has_a_row() -> None:
    assert pages() - PAGES.keys() == set()


@pytest.mark.parametrize("page", sorted(PAGES))
async def test_a_page_opens_for_those_whose_it_is(company: Company, page: str) -> None:
    ctx = company.chat.context
    link_for, may = PAGES[page]
    app = web.Application()
    for module in (todo_page, evidence_page, file_page, abnormal_page):
        app.router.add_routes(module.routes(ctx))
    before = await company.digest()
    async with TestClient(TestServer(app)) as client:

        async def answers(url: str) -> list[tuple[int, str]]:
            path = url.removeprefix(ctx.links.public_url)
            looked = await client.get(path)
            pressed = await client.post(path, headers={"Origin": ctx.links.public_url}, allow_redirects=False)
            return [(response.status, await response.text()) for response in (looked, pressed)]

        urls = {key: link_for(ctx, company, company.members[key]) for key in PEOPLE}
        for key, url in urls.items():
            assert url is not None
            if key not in may:
                found = await answers(url)
                assert [status for status, _ in found if status < 400] == [], key
                assert leaks(key, [body for _, body in found]) == [], key
        # one's own link, bent towards somebody else's thing
        mine = urls[next(iter(may))]
        assert mine is not None
        head, _, token = mine.rpartition("/")
        for place in (3, 10, 20, 30, 60):
            bent = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
            assert (await answers(f"{head}/{bent}"))[0][0] == 404
        assert await company.digest() == before
        assert (await answers(mine))[0][0] == 200


# What lies in a customer's file


@pytest.mark.parametrize("words", [f"证据 {ALIAS}", f"文件 {ALIAS}", f"{ALIAS}的证据", f"文件 {CUSTOMER} 第1页"])
async def test_a_customers_file_is_listed_for_those_who_may_read_about_them(company: Company, words: str) -> None:
    for key in INSIDE:
        told = "\n".join(await company.says(key, words))
        assert ("意向书.pdf" in told) == (key in {OWNER, *LINE}), (key, told)
        assert PEOPLE[OWNER].name in told or key not in {OWNER, *LINE}


async def test_a_piece_is_fetched_by_those_who_may_read_about_its_customer_now(company: Company) -> None:
    chat = company.chat
    assert "/file/" in (await company.says(MANAGER, f"证据 {ALIAS}") + await company.says(MANAGER, "1"))[-1]
    await company.says(OWNER, f"证据 {ALIAS}")
    async with chat.database.work() as work:
        (await work.customers.get(company.subjects["customer_id"])).owner_id = company.members[OTHER_MANAGER]

    for key in (OWNER, MANAGER):
        assert "/file/" not in (await company.says(key, "1"))[-1], key
    [listed] = await company.says(OTHER_MANAGER, f"证据 {ALIAS}")
    assert "意向书.pdf" in listed
    assert "/file/" in (await company.says(OTHER_MANAGER, "1"))[-1]


async def test_a_list_asked_for_by_one_gives_nothing_to_another_who_says_a_number(company: Company) -> None:
    await company.says(OWNER, f"证据 {ALIAS}")

    for key in INSIDE:
        if key != OWNER:
            assert "/file/" not in "\n".join(await company.says(key, "1")), key


# Whose records they see


@pytest.mark.parametrize(
    ("key", "seen"),
    [
        (OWNER, {OWNER}),
        (PEER, {PEER}),
        (MANAGER, {MANAGER, OWNER, PEER, LEAVER}),
        (OTHER_MANAGER, {OTHER_MANAGER}),
        (DIRECTOR, {DIRECTOR, MANAGER, OWNER, PEER, LEAVER}),
        (REGION_DIRECTOR, {REGION_DIRECTOR, MANAGER, OWNER, PEER, LEAVER}),
        (ADMIN, {ADMIN}),
        (COLLEAGUE, {COLLEAGUE}),
    ],
)
async def test_everybody_sees_their_own_and_leaders_those_below(company: Company, key: str, seen: set[str]) -> None:
    async with company.chat.database.reading() as work:
        sight = await access.sight_of(work, await company.member(work, key))

    assert {other for other in PEOPLE if sight.sees(company.members[other])} == seen
    assert not sight.sees(None)


async def test_a_rep_is_not_made_a_leader_by_people_below_them(company: Company) -> None:
    async with company.chat.database.work() as work:
        (await company.member(work, PEER)).manager_id = company.members[OWNER]
        sight = await access.sight_of(work, await company.member(work, OWNER))

    assert sight.members == {company.members[OWNER]}
