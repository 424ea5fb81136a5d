"""Staff in the chat: a one-time code ties a person to their account; founders learn nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from handlers.apply.codes import is_code, tidy
from handlers.messages import Reply
from handlers.route import Route, command
from handlers.staff_rights import command_lines
from handlers.start import start
from handlers.texts import LANGUAGES
from handlers.turn import Result, Turn
from handlers.unsupported import unknown_command
from storage.application_records import CodeRefused

if TYPE_CHECKING:
    from storage.announcement_records import StaffRecord
    from storage.database import UnitOfWork

LINK = "staff_"
"""How the payload of a link begins that opens this bot with a staff code."""
LIFETIME = timedelta(days=2)
PURPOSE: Final = "link_staff"


async def account(turn: Turn) -> Result:
    """Take a code, or show staff who they are here; anybody else sees an unknown command."""
    if code := tidy(turn.message.arguments):
        return await _take(turn, code, await unknown_command(turn))
    if turn.staff is None:
        return await unknown_command(turn)
    return Result.of(Reply(text=_card(turn, turn.staff), language=turn.language))


async def account_by_link(turn: Turn) -> Result:
    """Take the code of a link that opened this bot; with a wrong one it is an ordinary welcome."""
    return await _take(turn, tidy(turn.message.arguments.removeprefix(LINK)), await start(turn))


async def _take(turn: Turn, code: str, otherwise: Result) -> Result:
    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        try:
            found = await work.codes.redeem(code, PURPOSE, turn.founder_id)
        except CodeRefused as refused:
            # Only somebody who was given the code learns that there was one.
            if refused.reason in ("used", "expired"):
                return turn.reply(f"team.code.{refused.reason}").replies
            return otherwise.replies
        member = await work.staff.get(found.staff_id or 0)
        if member is None or not await work.staff.link(member.id, turn.founder_id):
            return turn.reply("team.code.expired").replies
        if member.language is None and turn.language in LANGUAGES:
            await work.staff.set_language(member.id, turn.language)
        await work.audit.note(
            "staff.link",
            actor=member.name,
            staff_id=member.id,
            about=("staff", member.id),
            details={"channel": turn.message.channel},
        )
        text = "\n\n".join((turn.say("team.linked"), _card(turn, member)))
        return (Reply(text=text, language=turn.language),)

    return Result(write=write)


def _card(turn: Turn, member: StaffRecord) -> str:
    role = turn.say(f"team.role.{member.role}")
    you = turn.say("team.you", name=member.name, role=role)
    return "\n".join((you, *command_lines(turn, member)))


def _opens_with_code(turn: Turn) -> bool:
    message = turn.message
    given = message.arguments.startswith(LINK) or is_code(message.arguments)
    return message.command == "start" and given


STAFF_ROUTES: tuple[Route, ...] = (
    Route(name="staff", matches=command("staff"), handle=account),
    Route(name="staff", matches=_opens_with_code, handle=account_by_link),
)
