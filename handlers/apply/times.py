"""Moments as the program's people write them: in the program's time zone, which is named."""

from __future__ import annotations

from datetime import datetime

from handlers.turn import Turn


def local_time(turn: Turn, moment: datetime) -> str:
    """A moment to the minute in the program's time zone, such as "2027-03-31 20:00 (Beijing time)"."""
    zone = turn.services.program.timezone
    local = moment.astimezone(zone)
    key = f"apply.zone.{zone.key}"
    named = turn.say(key) if key in turn.texts else f"UTC{local:%z}"
    return turn.say("apply.moment", time=f"{local:%Y-%m-%d %H:%M}", zone=named)
