"""Who works at the company of the simulation, and whose customers there are: everything that a seed decides at once."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import product

from handlers.messages import PlatformName
from nlp.lexicon import default_vocabulary
from storage.models import Customer, Payment
from storage.work import Work

PLATFORMS: tuple[PlatformName, PlatformName] = ("wecom", "dingtalk")
SAMPLE_TEST = "样品测试"
PLACES = ("宁波", "绍兴", "温州", "台州", "嘉兴", "金华", "无锡", "常州", "南通", "合肥")
FIRST = tuple("恒宏鼎瑞华盛康泰永信")
SECOND = tuple("力达远丰益通源成利昌")
TRADES = ("阀门", "机电")
ASLEEP = timedelta(days=400)
REGIONS = ("华东", "华北")


@dataclass(frozen=True)
class Account:
    platform: PlatformName
    user_id: str


@dataclass
class Person:
    name: str
    roles: tuple[str, ...]
    manager: "Person | None"
    accounts: tuple[Account, ...]
    region: str | None = None
    member_id: int = 0
    left_at: datetime | None = None

    def __hash__(self) -> int:
        return id(self)


@dataclass
class Client:
    """A customer, as the company's list has it on the first day."""

    name: str
    owner: Person
    stage: str | None
    stage_since: datetime | None
    last_contact_at: datetime | None
    payment_due_on: date | None = None
    customer_id: int = 0


@dataclass
class Company:
    directors: list[Person] = field(default_factory=list)
    managers: list[Person] = field(default_factory=list)
    reps: list[Person] = field(default_factory=list)
    admins: list[Person] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)

    @property
    def people(self) -> list[Person]:
        return [*self.directors, *self.managers, *self.reps, *self.admins]

    def clients_of(self, person: Person) -> list[Client]:
        return [client for client in self.clients if client.owner is person]


def founded(rng: random.Random, *, managers: int, reps: int, customers: int, first_day: datetime) -> Company:
    """A company whose every figure follows from `rng`."""
    company = Company()
    numbers = iter(range(10_000))
    for place, region in enumerate(REGIONS):
        company.directors.append(_person(f"总监{place}", ("director",), None, next(numbers), 2, region))
    for place in range(managers):
        director = company.directors[place % len(REGIONS)]
        accounts = 2 if rng.random() < 0.2 else 1
        company.managers.append(
            _person(f"主管{place}", ("manager",), director, next(numbers), accounts, director.region)
        )
    for place in range(reps):
        manager = company.managers[place % managers]
        accounts = 2 if rng.random() < 0.15 else 1
        company.reps.append(_person(f"销售{place:02}", ("sales",), manager, next(numbers), accounts, manager.region))
    for place in range(2):
        company.admins.append(_person(f"管理员{place}", ("admin",), None, next(numbers), 1, None))
    names = _names()
    for place in range(customers):
        company.clients.append(_client(rng, next(names), company.reps[place % reps], first_day))
    return company


def _person(
    name: str, roles: tuple[str, ...], manager: Person | None, number: int, accounts: int, region: str | None
) -> Person:
    platforms = [PLATFORMS[(number + nth) % 2] for nth in range(accounts)]
    return Person(name, roles, manager, tuple(Account(one, f"u{number:03}") for one in platforms), region)


def _names() -> Iterator[str]:
    for trade, first, second, place in product(TRADES, FIRST, SECOND, PLACES):
        yield f"{place}{first}{second}{trade}有限公司"


def _client(rng: random.Random, name: str, owner: Person, first_day: datetime) -> Client:
    """Most are asleep: nobody has met them for long, and no rule looks at those."""
    awake = rng.random() < 0.05
    last_contact_at = first_day - timedelta(days=rng.randint(1, 6), hours=rng.randint(1, 8)) if awake else None
    stage = None
    if awake and rng.random() < 0.5:
        stage = SAMPLE_TEST if rng.random() < 0.2 else rng.choice(stages())
    stage_since = first_day - timedelta(days=rng.randint(1, 4)) if stage else None
    owes = rng.random() < 0.01
    due_on = first_day.date() + timedelta(days=rng.randint(-40, 60)) if owes else None
    return Client(name, owner, stage, stage_since, last_contact_at, due_on)


def stages() -> Sequence[str]:
    return default_vocabulary().stages


async def enrol(work: Work, company: Company) -> None:
    """Put all of them into the tables."""
    for person in company.people:
        manager_id = person.manager.member_id if person.manager else None
        member = await work.members.add(person.name, person.roles, manager_id=manager_id)
        member.region = person.region
        person.member_id = member.member_id
        for account in person.accounts:
            await work.members.link(person.member_id, account.platform, account.user_id)
    customers = [
        Customer(
            name=client.name,
            owner_id=client.owner.member_id,
            stage=client.stage,
            stage_since=client.stage_since,
            last_contact_at=client.last_contact_at,
            region=client.owner.region,
            # nobody lowers the grade of those who sleep: that would be a thousand proposals on the first morning
            grade=None if client.last_contact_at else "C",
            created_at=work.now - ASLEEP,
            aliases=[],
            contacts=[],
        )
        for client in company.clients
    ]
    work.session.add_all(customers)
    await work.session.flush()
    for client, customer in zip(company.clients, customers, strict=True):
        client.customer_id = customer.customer_id
        if client.stage is not None:
            deal = await work.opportunities.add(customer.customer_id, lead="sql")
            deal.stage, deal.stage_since = client.stage, client.stage_since
        if client.payment_due_on is not None:
            work.session.add(
                Payment(
                    customer_id=client.customer_id,
                    number=f"INV-{client.customer_id}",
                    amount_fen=8_000_000,
                    due_on=client.payment_due_on,
                    created_at=work.now,
                )
            )
