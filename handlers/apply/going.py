"""How the interview goes on after a step: the next question, or the whole application when none is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.apply import members
from handlers.apply.amending import overtaken, too_late
from handlers.apply.asking import asked, reply
from handlers.apply.context import Desk, Outcome, Step, commit
from handlers.apply.submitting import closed, read_back, still_waiting
from handlers.apply.wording import form_changed, joined
from handlers.messages import Reply
from handlers.turn import Result, Turn

if TYPE_CHECKING:
    from storage.database import UnitOfWork


def go_on(desk: Desk, before: Sequence[str] = ()) -> Outcome:
    """Ask the first open question, or read everything back."""
    if desk.state.next is None:
        return read_back(desk, before)
    return asked(desk, desk.state.next, before)


def ask_again(desk: Desk, before: Sequence[str] = ()) -> Outcome:
    """Ask the question that the chat shows once more."""
    if desk.reads_back and desk.owner:
        return still_waiting(desk, before)
    slot = desk.pending
    if slot is None:
        return go_on(desk, before)
    return asked(desk, slot, before, again=slot.key == desk.focus)


def saying(*lines: str) -> Step:
    """A step that says something and asks the pending question again."""
    return lambda desk: ask_again(desk, lines)


def guarded(step: Step) -> Step:
    """Let a step change only what may be changed, and tell first what a changed form did to the answers."""

    def careful(desk: Desk) -> Outcome:
        if not desk.editable:
            return Outcome(replies=(reply(desk, [closed(desk)]),), leaves=desk.entered)
        if overtaken(desk.form, desk.application, desk.turn.now):
            return Outcome(replies=(too_late(desk),), leaves=desk.entered)
        outcome = step(desk)
        told = form_changed(desk)
        if not told or outcome.answers is None or not outcome.replies:
            return outcome
        first, *others = outcome.replies
        first = replace(first, text="\n\n".join(joined(told, [first.text])))
        return replace(outcome, replies=(first, *others))

    return careful


async def carry_out(desk: Desk, step: Step) -> Result:
    """Decide a step and store it; at the end of the form look up how far the co-founders are."""
    step = guarded(step)
    outcome = step(desk)
    if not outcome.reads_back:
        return commit(desk, step, outcome)
    if desk.owner:
        knowing = replace(desk, waiting=await members.missing(desk))
        return commit(knowing, step, step(knowing))
    stored = commit(desk, step, outcome)
    if outcome.answers is None or not desk.with_answers(outcome.answers).state.complete:
        return stored
    thanks = await members.finished(desk)

    async def write(work: UnitOfWork, message_id: int) -> Sequence[Reply]:
        if stored.write is not None:
            await stored.write(work, message_id)
        return await thanks.write(work, message_id) if thanks.write is not None else ()

    return Result(write=write)


def followed(result: Result, desk: Desk, before: Sequence[str] = ()) -> Result:
    """Let another handler speak first, then ask the pending question again; the draft is not touched."""
    return result.then(Result.of(*ask_again(desk, before).replies))


def gone(turn: Turn) -> Result:
    """Say that there is no such application, and leave an interview that has none."""
    standing = turn.interview

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        if standing is not None:
            await work.conversations.set_interview(turn.conversation_id, None)
        return turn.reply("apply.gone").replies

    return Result(write=write)
