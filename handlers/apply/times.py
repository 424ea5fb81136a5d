"""Moments as the program's people write them: in the program's time zone, which is named."""

from __future__ import annotations

from datetime import datetime

from handlers.program import Program
from handlers.texts import Texts
from handlers.turn import Turn


def moment(program: Program, texts: Texts, at: datetime) -> str:
    """A moment to the minute in the program's time zone, such as "2027-03-31 20:00 (Beijing time)"."""
    local = at.astimezone(program.timezone)
    key = f"apply.zone.{program.timezone.key}"
    zone = texts(key) if key in texts else f"UTC{local:%z}"
    return texts("apply.moment", time=f"{local:%Y-%m-%d %H:%M}", zone=zone)


def local_time(turn: Turn, at: datetime) -> str:
    """The same in the turn's language."""
    return moment(turn.services.program, turn.texts, at)
