"""Who is writing to us."""

from handlers.context import Context
from handlers.messages import Sender
from storage.models import Member
from storage.work import Work

REGISTERED, IMPORTED, INVITED = "member.registered", "member.imported", "member.invited"
"""How the audit log names that a member wrote to us unlisted, that one was in a file, and that one was invited."""


class NotRegistered(Exception):
    """Nobody who works here has this account, and strangers are not taken in.

    `left_id` is whose account it is, where that is somebody who has left.
    """

    def __init__(self, platform: str, left_id: int | None = None) -> None:
        super().__init__(platform)
        self.left_id = left_id


async def known(ctx: Context, work: Work, sender: Sender) -> Member:
    """The member behind an account.

    A stranger becomes a rep of their own, under their account's name, where the settings say so: whoever the platform
    lets write to us belongs to the company. The list of members may be imported later; it links accounts by their ids.
    Raises NotRegistered.
    """
    member = await work.members.by_identity(sender.platform, sender.user_id)
    if member is None:
        if not ctx.settings.auto_register:
            raise NotRegistered(sender.platform)
        member = await work.members.add(sender.name or sender.user_id)
        await work.members.link(member.member_id, sender.platform, sender.user_id)
        work.audit.note(
            REGISTERED,
            f"member:{member.member_id}",
            member_id=None,
            source=sender.platform,
            after={"roles": ["sales"]},
        )
    if not member.active:
        raise NotRegistered(sender.platform, member.member_id)
    return member


async def is_makeshift(work: Work, member: Member) -> bool:
    """Whether nobody ever listed this member: they were taken in when they wrote."""
    actions = {entry.action for entry in await work.audit.of(f"member:{member.member_id}")}
    return REGISTERED in actions and not actions & {IMPORTED, INVITED}
