"""A submitted application amended like a draft; the former version counts until the new one is confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from forms.model import Answers, Form, Question, Value
from forms.schedule import deadline
from forms.values import show_value
from handlers.apply import asking, submitting
from handlers.apply.context import Desk, open_desk, pressed_desk, read_desk, to_value
from handlers.buttons import button
from handlers.messages import Reply
from handlers.turn import Result, Turn
from handlers.words import clip
from storage.application_answers import submitted_answers
from storage.application_records import ApplicationRecord

if TYPE_CHECKING:
    from storage.database import UnitOfWork

_MOST_LINES = 20
_LONGEST = 80


def until(form: Form, record: ApplicationRecord) -> datetime | None:
    """The last moment to amend: the end of the window the application counts for, its grace included."""
    track = next((item for item in form.tracks if item.id == record.track), None)
    if track is None or record.submitted_at is None:
        return None
    closes = deadline(track, record.submitted_at)
    return None if closes is None else closes + track.grace


def obstacle(form: Form, record: ApplicationRecord, now: datetime) -> str | None:
    """Why an application cannot be amended, as the key of a sentence; None when it can."""
    if record.status in ("in_review", "accepted", "declined"):
        return "applied.amend.in_review"
    if record.status != "submitted":
        return "applied.amend.none"
    end = until(form, record)
    return "applied.amend.closed" if end is not None and now > end else None


def overtaken(form: Form, record: ApplicationRecord, now: datetime) -> bool:
    """Tell whether it is being amended though the changes cannot be confirmed any more."""
    return record.amending_at is not None and obstacle(form, record, now) is not None


async def amend(turn: Turn) -> Result:
    """Begin to amend the application that was submitted; several are offered one by one."""
    form = turn.services.form
    if form is None:
        return turn.reply("applied.no_form")
    async with turn.reading() as work:
        records = await work.applications.of(turn.founder_id)
    own = [item for item in records if item.founder_id == turn.founder_id and item.status != "withdrawn"]
    able = [item for item in own if obstacle(form, item, turn.now) is None]
    if len(able) > 1:
        rows = tuple(
            (button(turn.say("applied.button.amend", number=item.number or "–"), "amend", item.id),)
            for item in able
        )
        return Result.of(Reply(text=turn.say("applied.amend.which"), buttons=rows, language=turn.language))
    if able:
        return await _begin(turn, able[0].id)
    sent = [item for item in own if item.status != "draft"]
    if not sent:
        return turn.reply("applied.amend.draft" if own else "applied.amend.none")
    return turn.reply(obstacle(form, sent[0], turn.now) or "applied.amend.none")


async def pressed(turn: Turn) -> Result:
    """Begin to amend the application of the pressed button."""
    wanted = turn.pressed.number()
    return await _begin(turn, wanted) if wanted else turn.toast("applied.stale")


async def confirmed(turn: Turn) -> Result:
    """Let the new version count, say what changed, and note it; without a change everything stays."""
    press = turn.pressed
    desk = await _amended(turn)
    if desk is None:
        return turn.toast("applied.stale")
    if obstacle(desk.form, desk.application, turn.now) is not None:
        return Result.of(too_late(desk))
    shown = press.number(1)

    async def write(work: UnitOfWork, message_id: int) -> Sequence[Reply]:
        here = await read_desk(turn, work, desk.application.id, lock=True)
        if here is None or here.application.amending_at is None:
            return turn.toast("applied.stale").replies
        if not here.state.complete:
            return await _read_back(work, here)
        if shown is not None and shown != here.application.revision:
            return await _read_back(work, here, here.say("apply.changed_meanwhile"))
        former = await former_answers(work, here)
        changes = differences(here, former)
        await work.conversations.set_interview(turn.conversation_id, None)
        if not changes:
            await work.applications.end_amend(here.application.id, restore=False)
            return (asking.reply(here, [here.say("applied.amend.unchanged")]),)
        await _resubmit(work, here, message_id)
        lines = [line for _, line in changes[:_MOST_LINES]]
        if len(changes) > _MOST_LINES:
            lines.append(here.say("applied.amend.more_changes", count=len(changes) - _MOST_LINES))
        number = here.application.number or "–"
        return (asking.reply(here, [here.say("applied.amend.done", number=number), "\n".join(lines)]),)

    return Result(write=write)


async def discarded(turn: Turn) -> Result:
    """Put the former version back."""
    desk = await _amended(turn)
    if desk is None:
        return turn.toast("applied.stale")

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        record = await work.applications.get(desk.application.id, lock=True)
        if record is None or record.amending_at is None:
            return turn.toast("applied.stale").replies
        await work.applications.end_amend(record.id, restore=True)
        await work.conversations.set_interview(turn.conversation_id, None)
        text = desk.say("applied.amend.restored", number=record.number or "–")
        return (asking.reply(desk, [text]),)

    return Result(write=write)


async def former_answers(work: UnitOfWork, desk: Desk) -> dict[str, Value]:
    """The answers of the version that counts, as this founder sees them."""
    versions = await work.applications.versions(desk.application.id)
    if not versions:
        return {}
    groups = dict(submitted_answers(versions[-1].snapshot))
    stored = {**groups.get(None, {}), **groups.get(desk.turn.founder_id, {})}
    return {key: to_value(item) for key, item in stored.items()}


def differences(desk: Desk, former: Answers) -> list[tuple[str, str]]:
    """What changed, in the order of the form: the key, and a line with the old and the new answer."""
    found = []
    known = [slot.key for slot in desk.state.slots]
    gone = [key for key in former if key not in known]
    for key in (*known, *gone):
        old, new = former.get(key), desk.answers.get(key)
        if _same(old, new) or key.endswith("/more"):
            continue
        slot = desk.state.slot(key)
        question = slot.question if slot else _question_at(desk.form, key)
        if question is None:
            continue
        label = asking.heading(desk, slot) if slot else desk.label(question)
        values = {"old": _shown(desk, question, old), "new": _shown(desk, question, new)}
        found.append((key, desk.say("applied.amend.change", label=label, **values)))
    return found


async def _begin(turn: Turn, application_id: int) -> Result:
    desk = await open_desk(turn, application_id)
    if desk is None or not desk.owner:
        return turn.toast("applied.stale") if turn.press else turn.reply("applied.amend.none")
    problem = obstacle(desk.form, desk.application, turn.now)
    if problem is not None:
        return Result.of(too_late(desk)) if desk.application.amending_at else desk.turn.reply(problem)

    async def write(work: UnitOfWork, message_id: int) -> Sequence[Reply]:
        await work.applications.begin_amend(application_id)
        here = await read_desk(turn, work, application_id)
        if here is None or here.application.amending_at is None:
            return turn.toast("applied.stale").replies
        return await _read_back(work, here, here.say("applied.amend.begun"))

    return Result(write=write)


async def _read_back(work: UnitOfWork, desk: Desk, *before: str) -> Sequence[Reply]:
    outcome = submitting.read_back(desk, before)
    await work.conversations.set_interview(desk.turn.conversation_id, outcome.interview)
    return outcome.replies


async def _resubmit(work: UnitOfWork, desk: Desk, message_id: int) -> None:
    record = desk.application
    await work.applications.submit(
        record.id,
        number=record.number or "",
        snapshot=await submitting.snapshot(work, desk),
        late=record.late,
        message_id=message_id,
    )


def too_late(desk: Desk) -> Reply:
    """Say that the version sent earlier stands, and offer to put it back."""
    restore = button(desk.say("applied.button.restore"), "unamend", desk.application.id)
    return asking.reply(desk, [desk.say("applied.amend.too_late")], ((restore,),))


async def _amended(turn: Turn) -> Desk | None:
    desk = await pressed_desk(turn)
    if desk is None or not desk.owner or desk.application.amending_at is None:
        return None
    return desk


def _same(old: Value | None, new: Value | None) -> bool:
    blank = (old is None or old.data is None) and (new is None or new.data is None)
    return blank or (old is not None and new is not None and old.data == new.data)


def _shown(desk: Desk, question: Question, value: Value | None) -> str:
    if value is None or value.data is None:
        return desk.say("applied.nothing")
    return clip(show_value(question, value, desk.turn.language), _LONGEST)


def _question_at(form: Form, key: str) -> Question | None:
    top, _, rest = key.partition("/")
    question = form.question(top)
    if question is None or not rest:
        return question
    inner = rest.rpartition("/")[2]
    return next((item for item in question.questions if item.id == inner), None)
