"""One unit of work: the repositories of one transaction."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from storage.abnormal import Abnormal
from storage.approvals import Approvals
from storage.audit import AuditLog
from storage.cards import Cards
from storage.customers import Customers
from storage.departures import Departures
from storage.escalations import Escalations
from storage.files import Files
from storage.handovers import Handovers
from storage.help_requests import HelpRequests
from storage.invites import Invites
from storage.jobs import Jobs
from storage.keys import Keys
from storage.leads import Leads
from storage.members import Members
from storage.notices import Notices
from storage.opportunities import Opportunities
from storage.practice import Practices
from storage.presence import Presence
from storage.questions import Questions
from storage.rules import Rules
from storage.scripts import Scripts
from storage.sends import Sends
from storage.timeline import Timeline
from storage.todos import Todos
from storage.visits import Visits


@dataclass(frozen=True)
class Work:
    session: AsyncSession
    now: datetime
    """Read once, so that everything in this transaction happened at the same moment."""

    @cached_property
    def jobs(self) -> Jobs:
        return Jobs(self.session, self.now)

    @cached_property
    def scripts(self) -> Scripts:
        return Scripts(self.session, self.now)

    @cached_property
    def practice(self) -> Practices:
        return Practices(self.session, self.now)

    @cached_property
    def sends(self) -> Sends:
        return Sends(self.session, self.now)

    @cached_property
    def keys(self) -> Keys:
        return Keys(self.session, self.now)

    @cached_property
    def presence(self) -> Presence:
        return Presence(self.session, self.now)

    @cached_property
    def members(self) -> Members:
        return Members(self.session, self.now)

    @cached_property
    def invites(self) -> Invites:
        return Invites(self.session, self.now)

    @cached_property
    def departures(self) -> Departures:
        return Departures(self.session, self.now)

    @cached_property
    def handovers(self) -> Handovers:
        return Handovers(self.session, self.now)

    @cached_property
    def customers(self) -> Customers:
        return Customers(self.session, self.now)

    @cached_property
    def opportunities(self) -> Opportunities:
        return Opportunities(self.session, self.now)

    @cached_property
    def leads(self) -> Leads:
        return Leads(self.session, self.now)

    @cached_property
    def help(self) -> HelpRequests:
        return HelpRequests(self.session, self.now)

    @cached_property
    def approvals(self) -> Approvals:
        return Approvals(self.session, self.now)

    @cached_property
    def visits(self) -> Visits:
        return Visits(self.session, self.now)

    @cached_property
    def timeline(self) -> Timeline:
        return Timeline(self.session, self.now)

    @cached_property
    def abnormal(self) -> Abnormal:
        return Abnormal(self.session, self.now)

    @cached_property
    def files(self) -> Files:
        return Files(self.session, self.now)

    @cached_property
    def todos(self) -> Todos:
        return Todos(self.session, self.now)

    @cached_property
    def escalations(self) -> Escalations:
        return Escalations(self.session, self.now)

    @cached_property
    def questions(self) -> Questions:
        return Questions(self.session, self.now)

    @cached_property
    def notices(self) -> Notices:
        return Notices(self.session, self.now)

    @cached_property
    def rules(self) -> Rules:
        return Rules(self.session, self.now)

    @cached_property
    def cards(self) -> Cards:
        return Cards(self.session, self.now)

    @cached_property
    def audit(self) -> AuditLog:
        return AuditLog(self.session, self.now)
