"""What a founder hears when a turn failed; details are for the log, never for the chat."""

from __future__ import annotations

from handlers.ask import person_button
from handlers.messages import Reply
from handlers.turn import Result, TraceNote, Turn
from knowledge.errors import KnowledgeError


def error_code(error: BaseException) -> str:
    """Name an error for the trace: the class only, because messages may quote founders."""
    return type(error).__name__


def apologize(turn: Turn, error: BaseException) -> Result:
    """Say sorry, offer a person, and leave the error's code in the trace."""
    key = "error.apology"
    if isinstance(error, KnowledgeError):
        key = "error.knowledge"
    elif isinstance(error, TimeoutError):
        key = "error.slow"
    reply = Reply(text=turn.say(key), buttons=((person_button(turn.texts),),), language=turn.language)
    return Result(replies=(reply,), trace=TraceNote(question=turn.text, error_code=error_code(error)))
