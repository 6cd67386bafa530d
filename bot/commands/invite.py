"""`visitbot invite`: a code by which somebody becomes a member of the list, from their own account."""

import argparse
import asyncio

from bot.commands import CommandFailed, add_config_option
from bot.commands.opening import database_for_writing
from bot.config import Config, load
from handlers import binding
from handlers.people_sayings import InviteSomebody
from handlers.texts import INVITED
from storage.members import ROLES

SOURCE = "invite:command line"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "invite",
        help="make a code by which somebody links their account",
        description="Adds the person to the list, or takes the one of that name who has no account yet, and prints a "
        "code. The person writes 绑定 and the code to the assistant. It is good once, for seven days; an earlier code "
        "of the same person is worth nothing any more.",
    )
    parser.add_argument("name")
    parser.add_argument("--role", choices=ROLES, default=None, help="default: sales")
    parser.add_argument("--manager", default="", metavar="NAME", help="to whom they report")
    parser.add_argument("--region", default="", metavar="REGION", help="default: the manager's")
    add_config_option(parser)


def main(args: argparse.Namespace) -> int:
    wish = InviteSomebody(args.name.strip(), args.role, args.manager.strip(), args.region.strip())
    if not wish.name:
        raise CommandFailed("a name is needed")
    return asyncio.run(_invite(wish, load(args.config)))


async def _invite(wish: InviteSomebody, config: Config) -> int:
    try:
        async with database_for_writing(config) as database, database.work() as work:
            invited = await binding.invite(work, wish, by=None, source=SOURCE)
    except binding.NotInvited as error:
        raise CommandFailed(error.reason) from None
    name, days = invited.member.name, binding.LIFE.days
    print(INVITED.format(name=name, facts=invited.facts, code=invited.code, days=days))
    return 0
