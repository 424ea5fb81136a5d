"""The way into the interview: what it is, when one can apply, and a draft that waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from forms.model import TRACK, Form, Value
from forms.schedule import standing
from forms.state import put
from handlers.apply import copying
from handlers.apply.commands import command
from handlers.apply.context import Desk, Outcome, lay_out, open_desk, read_desk
from handlers.apply.going import carry_out, go_on
from handlers.apply.submitting import dates, track_of
from handlers.apply.times import local_time
from handlers.apply.wishes import wishes_to_apply
from handlers.apply.wording import joined
from handlers.ask import ask
from handlers.buttons import button
from handlers.messages import Button, Reply
from handlers.texts import LANGUAGES
from handlers.turn import Result, Turn

if TYPE_CHECKING:
    from storage.database import UnitOfWork


def wishes(turn: Turn) -> bool:
    """Whether a typed message outside of the interview is the wish to apply."""
    return _outside(turn) and wishes_to_apply(turn.text)


def wishes_to_go_on(turn: Turn) -> bool:
    """Whether a typed message outside of the interview only says to go on."""
    return _outside(turn) and command(turn.text) == "continue"


def _outside(turn: Turn) -> bool:
    return turn.typed and turn.interview is None and turn.services.form is not None


async def apply(turn: Turn) -> Result:
    """Begin an application, or continue the founder's draft."""
    form = turn.services.form
    if form is None:
        return turn.reply("apply.no_form", contact=turn.contact)
    desk = await open_desk(turn)
    if desk is None or not desk.editable:
        desk = await _draft(turn)
    if desk is not None:
        return await carry_out(desk, welcome_back)
    handed_in = None if turn.press is not None and turn.press.arguments else await under_way(turn)
    if handed_in is not None:
        again = button(turn.say("apply.button.another"), "apply", "again")
        line = turn.say("apply.submitted_before", number=handed_in)
        return Result.of(Reply(text=line, buttons=((again,),), language=turn.language))
    return begin(turn, form, await copying.offer(turn))


async def go_on_or_ask(turn: Turn) -> Result:
    """Continue the founder's draft; without one it is a message like any other."""
    draft = await _draft(turn)
    return await ask(turn) if draft is None else await carry_out(draft, welcome_back)


async def resume(turn: Turn) -> Result:
    """Continue at the pending question, by a button under a draft or a reminder."""
    desk = await open_desk(turn, turn.press.number() if turn.press else None)
    return await carry_out(desk, welcome_back) if desk is not None and desk.editable else await apply(turn)


def begin(turn: Turn, form: Form, offer: Button | None = None) -> Result:
    """Introduce the form with `offer` below it, keep a new draft, and ask the first question."""
    language = turn.language if turn.language in LANGUAGES else "en"

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        application = await work.applications.start(
            turn.founder_id, language=language, form_version=form.version
        )
        # Another device may have begun in the meantime: then there are answers already.
        desk = await read_desk(turn, work, application.id) or lay_out(turn, form, application, {})
        outcome = go_on(desk) if not desk.stored else welcome_back(desk)
        await work.conversations.set_interview(turn.conversation_id, outcome.interview)
        return outcome.replies if desk.stored else (introduction(desk, offer), *outcome.replies)

    return Result(write=write)


def introduction(desk: Desk, offer: Button | None = None) -> Reply:
    """What the form is, that it is a sample where it is one, the dates of the tracks, and the consent."""
    form = desk.form
    lines = [desk.text(form.names), desk.text(form.intro), _tracks(desk)]
    lines.append(desk.say("apply.how", minutes=_minutes(desk)))
    consent = desk.text(form.consent)
    if consent:
        lines.append(desk.say("apply.consent_later", consent=consent))
    notes = (desk.say("apply.sample"),) if form.sample else ()
    text = "\n\n".join(line for line in lines if line)
    buttons = ((offer,),) if offer is not None else ()
    return Reply(text=text, notes=notes, buttons=buttons, language=desk.turn.texts.language)


def welcome_back(desk: Desk) -> Outcome:
    """Say how far the draft is, and ask the pending question."""
    if desk.state.next is None:
        return go_on(desk)
    track = track_of(desk)
    lines = joined(
        [desk.say("apply.welcome_back", done=desk.done, total=desk.state.total)],
        [dates(desk, track)] if track is not None else [],
    )
    if not desk.lost and desk.application.form_version == desk.form.version:
        return go_on(desk, lines)
    return replace(go_on(desk.with_answers(desk.answers), lines), answers=desk.answers)


async def _draft(turn: Turn) -> Desk | None:
    async with turn.reading() as work:
        draft = await work.applications.draft_of(turn.founder_id)
        return None if draft is None else await read_desk(turn, work, draft.id)


async def under_way(turn: Turn) -> str | None:
    """The number of an application of this founder that is not decided yet."""
    async with turn.reading() as work:
        found = await work.applications.of(turn.founder_id)
    mine = (item for item in found if item.founder_id == turn.founder_id)
    return next((item.number for item in mine if item.status in ("submitted", "in_review")), None)


def _minutes(desk: Desk) -> int:
    """How long the form takes on the longest of its tracks."""
    question = desk.form.question(TRACK)
    options = question.options if question is not None else ()
    states = [
        desk.with_answers(put(desk.form, {}, TRACK, Value(data=option.id), desk.today).answers).state
        for option in options
    ]
    return max((state.minutes_left for state in states), default=desk.state.minutes_left)


def _tracks(desk: Desk) -> str:
    """One line a track: open, until when, or from when."""
    question = desk.form.question(TRACK)
    if question is None or not desk.form.tracks:
        return ""
    labels = {option.id: desk.text(option.labels) for option in question.options}
    lines = [desk.say("apply.dates.title")]
    for track in desk.form.tracks:
        at = standing(track, desk.turn.now)
        label = labels.get(track.id, track.id)
        if at.phase == "open" and at.closes is None:
            told = desk.say("apply.dates.short_always")
        elif at.phase == "open" and at.closes is not None:
            told = desk.say("apply.dates.short_until", closes=local_time(desk.turn, at.closes))
        else:
            following = at.window if at.phase == "before" else at.next_window
            opens = following.opens if following is not None else None
            if opens is None:
                told = desk.say("apply.dates.short_over")
            else:
                told = desk.say("apply.dates.short_before", opens=local_time(desk.turn, opens))
        lines.append(f"· {desk.say('apply.line', label=label, value=told)}")
    return "\n".join(lines)
