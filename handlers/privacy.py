"""What is kept about a founder: explained, handed over, erased."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from handlers.buttons import button
from handlers.messages import Attachment, Reply
from handlers.turn import Result, Turn

if TYPE_CHECKING:
    from storage.database import UnitOfWork
    from storage.records import ErasureReport


async def explain(turn: Turn) -> Result:
    """Say what is kept and why."""
    return turn.reply("privacy.text", program=turn.program_name)


async def my_data(turn: Turn) -> Result:
    """Send everything held about this founder as a JSON file."""
    async with turn.reading() as work:
        held = await work.founders.held(turn.founder_id)
    content = json.dumps(held, ensure_ascii=False, indent=2).encode()
    name = f"my-data-{turn.now:%Y-%m-%d}.json"
    file = Attachment(name=name, media_type="application/json", size=len(content), content=content)
    return Result.of(Reply(text=turn.say("privacy.mydata"), attachments=(file,), language=turn.language))


async def ask_to_forget(turn: Turn) -> Result:
    """Ask before erasing, because it cannot be undone."""
    buttons = (
        (button(turn.say("button.forget_yes"), "forget", "yes"),),
        (button(turn.say("button.forget_no"), "forget", "no"),),
    )
    return Result.of(Reply(text=turn.say("privacy.forget_ask"), buttons=buttons, language=turn.language))


async def forget(turn: Turn) -> Result:
    """Erase after the yes; anything else keeps."""
    if turn.pressed.arguments != ("yes",):
        text = turn.say("privacy.not_forgotten")
        return Result.of(Reply(text=text, edits=turn.message.button_message, language=turn.language))

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        report = await work.founders.erase(turn.founder_id)
        text = _report(turn, report)
        return (Reply(text=text, edits=turn.message.button_message, language=turn.language),)

    return Result(write=write)


def _report(turn: Turn, report: ErasureReport) -> str:
    lines = [turn.say("privacy.forgotten"), turn.say("privacy.kept")]
    known = [kind for kind in report.kept if f"privacy.keeps.{kind}" in turn.texts]
    lines += ["· " + turn.say(f"privacy.keeps.{kind}") for kind in known]
    lines += ["· " + why for kind, why in report.kept.items() if kind not in known]
    return "\n".join(lines)
