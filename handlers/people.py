"""Who is writing to us."""

from handlers.context import Context
from handlers.messages import Sender
from storage.models import Member
from storage.work import Work


class NotRegistered(Exception):
    """Nobody in the list of members has this account, and strangers are not taken in."""


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
            "member.registered",
            f"member:{member.member_id}",
            member_id=None,
            source=sender.platform,
            after={"roles": ["sales"]},
        )
    if not member.active:
        raise NotRegistered(sender.platform)
    return member
