"""Welcome and help."""

from __future__ import annotations

from handlers.buttons import button
from handlers.messages import Button, Reply
from handlers.staff_rights import help_lines
from handlers.turn import Result, Turn
from handlers.words import clip

_LONGEST_LABEL = 60


async def start(turn: Turn) -> Result:
    """Say who this is, how it works, and what could be asked first."""
    program = turn.services.program
    lines = [
        turn.say("start.welcome", intro=program.text(program.intro, turn.language)),
        turn.say("start.how"),
    ]
    rows = _examples(turn)
    if rows:
        lines.append(turn.say("start.examples"))
    if turn.services.form is not None:
        rows = (*rows, (button(turn.say("apply.button.start"), "apply"),))
    return Result.of(Reply(text="\n\n".join(lines), buttons=rows, language=turn.language))


async def show_help(turn: Turn) -> Result:
    """Say what can be asked and which commands there are."""
    text = turn.say("help.text", program=turn.program_name)
    if turn.services.form is not None:
        text = f"{text}\n\n{turn.say('apply.help_lines')}"
    if of_staff := help_lines(turn):
        text = f"{text}\n\n{of_staff}"
    return Result.of(Reply(text=text, buttons=_examples(turn), language=turn.language))


def _examples(turn: Turn) -> tuple[tuple[Button, ...], ...]:
    program = turn.services.program
    known = (turn.language, "en", program.default_language)
    language = next((code for code in known if program.examples.get(code)), None)
    if language is None:
        return ()
    return tuple(
        (button(clip(question, _LONGEST_LABEL), "example", language, number),)
        for number, question in enumerate(program.examples[language])
    )
