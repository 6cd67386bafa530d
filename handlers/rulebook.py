"""What the assistant does by itself, each rule with its switch and thresholds. The defaults are the product's."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rule:
    on: bool = True


@dataclass(frozen=True)
class EscalationRule(Rule):
    """An escalation that nobody answers goes one level up."""

    hours_a_level: float = 8
    """Working hours."""
    remind_after_days: int = 3
    """Working days after which whoever took one on, and has not said what became of it, is reminded, once.

    Our own choice: long enough for a call and a meeting with the customer, and within the same week."""


@dataclass(frozen=True)
class TodoRule(Rule):
    """Reminders of a to-do: the day before, on its morning, a nudge, the manager."""

    nudge_after_h: float = 2
    """Working hours after it was due."""
    manager_after_days: int = 1
    """Working days after it was due."""


@dataclass(frozen=True)
class FollowUpRule(Rule):
    """待跟进: a mark that asks for an effective action."""

    within_h: float = 4
    """Working hours."""


@dataclass(frozen=True)
class QuestionnaireRule(Rule):
    """A risk signal opens three questions, and the formal save waits for the answers."""

    remind_after_h: float = 2
    """Working hours after 稍后."""


@dataclass(frozen=True)
class StalledRule(Rule):
    """A customer stays in one stage: a to-do for the manager."""

    days: int = 5
    """Working days; more than these is too long."""


@dataclass(frozen=True)
class SampleTestRule(Rule):
    """A customer in the sample test without a new contact: to the regional director."""

    stage: str = "样品测试"
    days: int = 14
    """Calendar days."""
    countdown_days: int = 3
    """Working days before the last day of the test, on which the rep is told of it; 0: not."""


@dataclass(frozen=True)
class SilenceRule(Rule):
    """Nobody has been in contact: a suggestion, then a lower grade, both to the rep. Calendar days."""

    wake_up_days: int = 7
    downgrade_days: int = 14


@dataclass(frozen=True)
class PaymentRule(Rule):
    """A payment is overdue, and where the customer is silent as well it is 风险客户. Calendar days."""

    remind_days: int = 1
    overdue_days: int = 30
    silent_days: int = 60


@dataclass(frozen=True)
class SameCustomerRule(Rule):
    """Two reps work on one customer: both and their managers are told."""

    within_days: int = 30


@dataclass(frozen=True)
class RefusedDemoRule(Rule):
    """The customer refused demonstrations: another way is suggested."""

    times: int = 2


@dataclass(frozen=True)
class WeeklyPlanRule(Rule):
    """Fewer visits than planned: the manager is told; so many weeks in a row raise a flag."""

    deviation_percent: float = 15
    weeks: int = 2


@dataclass(frozen=True)
class NewLeadRule(Rule):
    """A new customer of a rep waits for the first contact."""

    within_h: float = 2
    """Working hours."""


@dataclass(frozen=True)
class FirstSummaryRule(Rule):
    """After the first contact with a new customer: a to-do to send them a summary, with a draft, within 24 hours."""


@dataclass(frozen=True)
class SpotCheckRule(Rule):
    """Some of the confirmed visits are checked: the manager is asked to hear from the customer how it was.

    Off unless a company wants it: it costs managers calls, and it is felt as distrust where nobody was told of it.
    """

    on: bool = False
    percent: float = 10


@dataclass(frozen=True)
class CadenceRule(Rule):
    """How often customers of grade A and B should be spoken to."""

    a_per_week: int = 2
    b_every_weeks: int = 2
    executive_every_weeks: int = 4
    """A visit to a customer of grade A by somebody who leads; 0: none is wanted. Ours: the source names no time."""


@dataclass(frozen=True)
class ImportedRule(Rule):
    """What the rules find of customers whom a file brought, and to whom nobody has spoken since, is told together."""

    days: int = 30
    """Calendar days after the import; a customer marked as 风险客户 later than that is a matter of its own again."""
    review_days: int = 5
    """Working days that the manager has to go through a rep's imported customers."""


@dataclass(frozen=True)
class AbnormalRule(Rule):
    """What is abnormal among a team's records and deals: to those who lead it, once a week."""

    weekday: int = 1
    """1 is Monday: the first working day of the week from then on."""
    hour: int = 8
    """Not before this hour; before the day's first message may go out it goes with that one."""


@dataclass(frozen=True)
class RuleBook:
    escalation: EscalationRule = field(default_factory=EscalationRule)
    todo: TodoRule = field(default_factory=TodoRule)
    follow_up: FollowUpRule = field(default_factory=FollowUpRule)
    questionnaire: QuestionnaireRule = field(default_factory=QuestionnaireRule)
    stalled: StalledRule = field(default_factory=StalledRule)
    sample_test: SampleTestRule = field(default_factory=SampleTestRule)
    silence: SilenceRule = field(default_factory=SilenceRule)
    payment: PaymentRule = field(default_factory=PaymentRule)
    same_customer: SameCustomerRule = field(default_factory=SameCustomerRule)
    refused_demo: RefusedDemoRule = field(default_factory=RefusedDemoRule)
    weekly_plan: WeeklyPlanRule = field(default_factory=WeeklyPlanRule)
    new_lead: NewLeadRule = field(default_factory=NewLeadRule)
    first_summary: FirstSummaryRule = field(default_factory=FirstSummaryRule)
    spot_check: SpotCheckRule = field(default_factory=SpotCheckRule)
    cadence: CadenceRule = field(default_factory=CadenceRule)
    imported: ImportedRule = field(default_factory=ImportedRule)
    abnormal: AbnormalRule = field(default_factory=AbnormalRule)
