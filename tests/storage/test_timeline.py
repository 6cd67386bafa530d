"""The chain of a customer: all of it, in order, page by page in both directions, the same on either database."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from storage.database import Database
from storage.deal_models import Approval, HelpRequest, Opportunity, SigningDate, StageChange
from storage.models import AuditEntry, Escalation, Evidence, Todo, Visit
from storage.timeline import HANDED_OVER, NEWEST, Key, Kind, Page, Subject
from storage.work import Work

BEGAN = datetime(2026, 11, 1, 1, tzinfo=UTC)
TOLD = Key.of  # at, kind, id


class History:
    """Rows of all kinds at few different moments, and what of it each chain should show."""

    def __init__(self, work: Work, seed: int) -> None:
        self._work, self._random = work, random.Random(seed)
        self.keys: dict[Subject, list[Key]] = {}
        self.customers: list[int] = []

    async def write(self, *, entries: int) -> None:
        work = self._work
        member = await work.members.add("季听澜")
        self._member_id = member.member_id
        self.deals: dict[int, list[int]] = {}
        for name in ("甲", "乙"):
            customer = await work.customers.add(name, owner_id=member.member_id)
            self.customers.append(customer.customer_id)
            self.keys[Subject(customer.customer_id)] = []
            self.deals[customer.customer_id] = []
            for number in range(2):
                await self._deal(customer.customer_id, f"商机{number}")
        writers = (
            self._visit,
            self._todo,
            self._matter,
            self._request,
            self._approval,
            self._file,
            self._change,
            self._day,
            self._handover,
        )
        for _ in range(entries):
            await self._random.choice(writers)(self._random.choice(self.customers))

    def _at(self) -> datetime:
        return BEGAN + timedelta(hours=self._random.randrange(12))

    def _later(self) -> datetime | None:
        return self._random.choice([None, self._at()])

    def _deal_of(self, customer_id: int) -> int | None:
        return self._random.choice([None, *self.deals[customer_id]])

    async def _add(self, row: Any) -> Any:
        self._work.session.add(row)
        await self._work.session.flush()
        return row

    def _tell(self, customer_id: int, deal_id: int | None, kind: Kind, at: datetime | None, entry_id: int) -> None:
        if at is None:
            return
        self.keys[Subject(customer_id)].append(TOLD(at, kind, entry_id))
        if deal_id is not None:
            self.keys[Subject(customer_id, deal_id)].append(TOLD(at, kind, entry_id))

    async def _deal(self, customer_id: int, name: str) -> None:
        at, closed_at = self._at(), self._later()
        deal = await self._add(Opportunity(customer_id=customer_id, name=name, created_at=at, closed_at=closed_at))
        self.deals[customer_id].append(deal.opportunity_id)
        self.keys[Subject(customer_id, deal.opportunity_id)] = []
        self._tell(customer_id, deal.opportunity_id, "deal", at, deal.opportunity_id)
        self._tell(customer_id, deal.opportunity_id, "deal_closed", closed_at, deal.opportunity_id)

    async def _visit(self, customer_id: int, *, told: bool = True) -> Visit:
        at, deal_id = self._at(), self._deal_of(customer_id)
        state = self._random.choice(["draft", "confirmed", "discarded"])
        visit: Visit = await self._add(
            Visit(
                member_id=self._member_id,
                platform="wecom",
                state=state,
                customer_id=customer_id,
                opportunity_id=deal_id,
                visited_on=date(2026, 11, 1),
                noted_on=date(2026, 11, 1),
                first_sent_at=at,
                last_sent_at=at,
                created_at=at,
                decided_at=None if state == "draft" else at,
            )
        )
        if state == "confirmed":
            self._tell(customer_id, deal_id, "visit", at, visit.visit_id)
        return visit

    async def _todo(self, customer_id: int) -> None:
        at, closed_at = self._at(), self._later()
        visit = await self._visit(customer_id) if self._random.random() < 0.5 else None
        todo = await self._add(
            Todo(
                visit_id=visit.visit_id if visit else None,
                position=0 if visit else None,
                member_id=self._member_id,
                customer_id=customer_id,
                party="us",
                action="办",
                created_at=at,
                closed_at=closed_at,
            )
        )
        deal_id = visit.opportunity_id if visit else None
        self._tell(customer_id, deal_id, "todo", at, todo.todo_id)
        self._tell(customer_id, deal_id, "todo_closed", closed_at, todo.todo_id)

    async def _matter(self, customer_id: int) -> None:
        at, closed_at, visit = self._at(), self._later(), await self._visit(customer_id)
        matter = await self._add(
            Escalation(
                visit_id=visit.visit_id,
                customer_id=customer_id,
                member_id=self._member_id,
                manager_id=self._member_id,
                created_at=at,
                raised_at=at,
                closed_at=closed_at,
            )
        )
        self._tell(customer_id, visit.opportunity_id, "matter", at, matter.escalation_id)
        self._tell(customer_id, visit.opportunity_id, "matter_closed", closed_at, matter.escalation_id)

    async def _request(self, customer_id: int) -> None:
        at, answered_at, deal_id = self._at(), self._later(), self._deal_of(customer_id)
        request = await self._add(
            HelpRequest(
                cause=self._cause(),
                member_id=self._member_id,
                colleague_id=self._member_id,
                holder_id=self._member_id,
                customer_id=customer_id,
                opportunity_id=deal_id,
                words="问",
                since=at,
                answered_at=answered_at,
                due_at=at,
                created_at=at,
            )
        )
        self._tell(customer_id, deal_id, "request", at, request.request_id)
        self._tell(customer_id, deal_id, "answer", answered_at, request.request_id)

    async def _approval(self, customer_id: int) -> None:
        at, decided_at, deal_id = self._at(), self._later(), self._deal_of(customer_id)
        approval = await self._add(
            Approval(
                cause=self._cause(),
                kind="quote",
                member_id=self._member_id,
                customer_id=customer_id,
                opportunity_id=deal_id,
                amount_fen=1,
                words="批",
                created_at=at,
                decided_at=decided_at,
            )
        )
        self._tell(customer_id, deal_id, "approval", at, approval.approval_id)
        self._tell(customer_id, deal_id, "decision", decided_at, approval.approval_id)

    async def _file(self, customer_id: int) -> None:
        at, deal_id = self._at(), self._deal_of(customer_id)
        kind, label = self._random.choice([("file", None), ("image", "营业执照"), ("image", None), ("text", None)])
        file = await self._add(
            Evidence(
                event_key=self._cause(),
                member_id=self._member_id,
                kind=kind,
                label=label,
                customer_id=customer_id,
                opportunity_id=deal_id,
                sent_at=at,
                created_at=at,
            )
        )
        if kind == "file" or label:
            self._tell(customer_id, deal_id, "file", at, file.evidence_id)

    async def _change(self, customer_id: int) -> None:
        at, deal_id = self._at(), self._random.choice(self.deals[customer_id])
        state = self._random.choice(["applied", "undone", "dropped"])
        change = await self._add(
            StageChange(
                opportunity_id=deal_id,
                cause=self._cause(),
                to_stage="报价审批",
                state=state,
                created_at=at,
                decided_at=at,
            )
        )
        if state != "dropped":
            self._tell(customer_id, deal_id, "stage", at, change.change_id)

    async def _day(self, customer_id: int) -> None:
        at, deal_id = self._at(), self._random.choice(self.deals[customer_id])
        signing = await self._add(
            SigningDate(
                opportunity_id=deal_id,
                cause=self._cause(),
                expected_on=date(2026, 12, 1),
                state="applied",
                created_at=at,
            )
        )
        self._tell(customer_id, deal_id, "signing", at, signing.signing_id)

    async def _handover(self, customer_id: int) -> None:
        at, action = self._at(), self._random.choice([HANDED_OVER, "customer.created"])
        entry = await self._add(AuditEntry(at=at, action=action, subject=f"customer:{customer_id}", source="test"))
        if action == HANDED_OVER:
            self._tell(customer_id, None, "handover", at, entry.audit_id)

    def _cause(self) -> str:
        return f"{self._random.random()}"


async def all_pages(work: Work, subject: Subject, limit: int) -> Sequence[Page]:
    """From the newest to the oldest."""
    pages = [await work.timeline.older(subject, limit=limit)]
    while pages[-1].has_older:
        pages.append(await work.timeline.older(subject, pages[-1].keys[-1], limit=limit))
    return pages


@pytest.mark.parametrize("seed", range(3))
async def test_the_pages_of_every_chain_are_all_that_happened_in_order_whichever_way_they_are_turned(
    any_database: Database, seed: int
) -> None:
    async with any_database.work() as work:
        history = History(work, seed)
        await history.write(entries=40)

    async with any_database.reading() as work:
        for subject, told in history.keys.items():
            expected = sorted(told, reverse=True)
            for limit in (2, 8):
                pages = await all_pages(work, subject, limit)
                assert [key for page in pages for key in page.keys] == expected
                assert all(len(page.keys) == limit for page in pages[:-1])
                assert [page.has_newer for page in pages] == [bool(number) for number in range(len(pages))]
                for number in range(len(pages) - 1, 0, -1):
                    assert await work.timeline.newer(subject, pages[number].keys[0], limit=limit) == (
                        pages[number - 1] if number > 1 else Page(pages[0].keys, True, has_newer=number > 1)
                    )
            rows = await work.timeline.rows(expected)
            assert set(rows) == set(expected)


async def test_what_happens_meanwhile_moves_no_page(any_database: Database) -> None:
    async with any_database.work() as work:
        history = History(work, 1)
        await history.write(entries=40)
        subject = Subject(history.customers[0])
        first = await work.timeline.older(subject, limit=5)
        second = await work.timeline.older(subject, first.keys[-1], limit=5)

        deal = await work.opportunities.add(subject.customer_id, name="新的")
        deal.created_at = BEGAN + timedelta(days=9)
        await work.session.flush()

        assert await work.timeline.older(subject, first.keys[-1], limit=5) == second
        newest = await work.timeline.older(subject, limit=5)
        assert newest.keys == (TOLD(deal.created_at, "deal", deal.opportunity_id), *first.keys[:4])
        # less than a page lies before the second one's: the newest is shown whole
        assert await work.timeline.newer(subject, first.keys[2], limit=5) == newest


async def test_a_chain_of_nothing_is_an_empty_page(any_database: Database) -> None:
    async with any_database.reading() as work:
        for subject in (Subject(1), Subject(1, 1)):
            assert await work.timeline.older(subject, limit=8) == Page()
            assert await work.timeline.newer(subject, NEWEST, limit=8) == Page()
