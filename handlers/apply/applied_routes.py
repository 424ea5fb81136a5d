"""Who answers about an application that was handed in, about co-founders and about linked accounts."""

from __future__ import annotations

from handlers.apply import amending, copying, followups, linking, members, reminding, status, withdrawing
from handlers.route import Route, command, press
from handlers.turn import Turn


def _joins_by_link(turn: Turn) -> bool:
    message = turn.message
    return message.command == "start" and message.arguments.startswith(members.LINK)


APPLIED_ROUTES: tuple[Route, ...] = (
    Route(name="followup", matches=press("followup"), handle=followups.pressed),
    Route(name="followup", matches=followups.awaits_answer, handle=followups.answered),
    Route(name="followup", matches=followups.sends_file, handle=followups.answered),
    Route(name="reply", matches=followups.replies_to_something, handle=followups.replied),
    Route(name="status", matches=command("status"), handle=status.show),
    Route(name="answers", matches=press("answers"), handle=status.answers),
    Route(name="withdraw", matches=command("withdraw"), handle=withdrawing.withdraw),
    Route(name="withdraw", matches=press("withdraw"), handle=withdrawing.asked),
    Route(name="withdraw", matches=press("withdrawn"), handle=withdrawing.confirmed),
    Route(name="amend", matches=command("amend"), handle=amending.amend),
    Route(name="amend", matches=press("amend"), handle=amending.pressed),
    Route(name="amend", matches=press("amended"), handle=amending.confirmed),
    Route(name="amend", matches=press("unamend"), handle=amending.discarded),
    Route(name="invite", matches=command("invite"), handle=members.invite),
    Route(name="invite", matches=press("invite"), handle=members.invite),
    Route(name="join", matches=command("join"), handle=members.join),
    Route(name="join", matches=_joins_by_link, handle=members.join_by_link),
    Route(name="join", matches=press("joined"), handle=members.joined),
    Route(name="leave", matches=command("leave"), handle=members.leave),
    Route(name="leave", matches=press("leave"), handle=members.leave),
    Route(name="leave", matches=press("unmember"), handle=members.removed),
    Route(name="link", matches=command("link"), handle=linking.link),
    Route(name="link", matches=press("keepdraft"), handle=linking.kept),
    Route(name="link", matches=press("linked"), handle=linking.linked),
    Route(name="reminders", matches=press("remindoff"), handle=reminding.stop),
    Route(name="reminders", matches=press("remindon"), handle=reminding.again),
    Route(name="earlier", matches=press("earlier"), handle=copying.copy),
)
