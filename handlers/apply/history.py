"""An application's state and history in words."""

from __future__ import annotations

from collections.abc import Sequence

from forms.model import Form
from forms.schedule import deadline
from forms.state import State
from handlers.apply.amending import overtaken
from handlers.apply.times import local_time
from handlers.turn import Turn
from storage.application_records import ApplicationRecord, EventRecord

_MOST_EVENTS = 8


def headline(turn: Turn, form: Form, record: ApplicationRecord) -> str:
    """Number and track on one line."""
    track = track_label(turn, form, record)
    parts = [record.number or turn.say("applied.status.no_number"), track]
    return " · ".join(part for part in parts if part)


def track_label(turn: Turn, form: Form, record: ApplicationRecord) -> str:
    """The name of the chosen track; "" while none is chosen."""
    question = form.question("track")
    options = question.options if question is not None else ()
    found = next((option for option in options if option.id == record.track), None)
    return form.text(found.labels, turn.language) if found else ""


def state_line(turn: Turn, form: Form, record: ApplicationRecord, state: State | None) -> str:
    """The state in words; of a draft also how much is left."""
    if record.status == "draft" and state is not None:
        left = state.questions(state.missing)
        if left:
            return turn.say("applied.state.draft", count=left, minutes=max(1, state.minutes_left))
        return turn.say("applied.state.draft_complete")
    if record.amending_at is not None:
        over = overtaken(form, record, turn.now)
        return turn.say("applied.state.amendment_over" if over else "applied.state.amending")
    return turn.say(f"applied.state.{record.status}")


def history(turn: Turn, events: Sequence[EventRecord]) -> list[str]:
    """What happened and when, the oldest first; kinds that founders need not know are left out."""
    lines = []
    for event in events:
        kind = str(event.details.get("status", event.kind)) if event.kind == "status" else event.kind
        key = f"applied.event.{kind}"
        if key not in turn.texts:
            continue
        line = turn.say("applied.event_line", at=local_time(turn, event.at), what=turn.say(key))
        note = str(event.details.get("note") or "").strip()
        lines.append(f"{line}\n   {note}" if note else line)
    return lines[-_MOST_EVENTS:]


def next_line(turn: Turn, form: Form, record: ApplicationRecord, *, owner: bool) -> str:
    """What comes next."""
    if record.status == "draft":
        track = next((item for item in form.tracks if item.id == record.track), None)
        end = deadline(track, turn.now) if track else None
        if not owner:
            return turn.say("applied.next.member")
        if end is None:
            return turn.say("applied.next.draft")
        return turn.say("applied.next.draft_until", deadline=local_time(turn, end))
    if record.amending_at is not None:
        over = overtaken(form, record, turn.now)
        return turn.say("applied.next.amendment_over" if over else "applied.next.amending")
    return turn.say(f"applied.next.{record.status}")
