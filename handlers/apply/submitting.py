"""The read-back of the whole application, its confirmation, and the receipt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from forms.eligibility import assess
from forms.model import TRACK, FormTrack
from forms.schedule import accepts, standing
from handlers.apply.asking import reply
from handlers.apply.context import Desk, Outcome, Rows, Step
from handlers.apply.receipt import receipt
from handlers.apply.summary import answers_in_parts, edit_button
from handlers.apply.times import local_time
from handlers.apply.wording import explained, joined, listed, named
from handlers.buttons import button
from handlers.messages import Button, Reply
from storage.records import Payload

if TYPE_CHECKING:
    from storage.database import UnitOfWork

_MOST_MISSING = 8


def read_back(desk: Desk, before: Sequence[str] = ()) -> Outcome:
    """Show everything once more, what is missing, what the rules say, and the button that hands it in."""
    if not desk.owner:
        done = desk.say("apply.member_done" if desk.state.complete else "apply.member_open")
        replies = (*answers_in_parts(desk), reply(desk, [*before, done]))
        return Outcome(replies=replies, interview=_reading(desk), reads_back=True)
    opening = reply(desk, joined(before, [desk.say("apply.read_back")]))
    last = reply(desk, _closing_lines(desk), _closing_buttons(desk))
    return Outcome(
        replies=(opening, *answers_in_parts(desk), last), interview=_reading(desk), reads_back=True
    )


def still_waiting(desk: Desk, before: Sequence[str] = ()) -> Outcome:
    """The end of the read-back once more: what is missing, what the rules say, the buttons."""
    lines = joined(before, _closing_lines(desk))
    return Outcome(replies=(reply(desk, lines, _closing_buttons(desk)),), interview=_reading(desk))


def _reading(desk: Desk) -> Payload:
    return desk.standing(None, {"reads": True})


def _accepted(desk: Desk) -> bool:
    """Whether the track takes applications now; an amendment needs no window of its own here."""
    track = track_of(desk)
    return desk.application.amending_at is not None or track is None or accepts(track, desk.turn.now)


def confirming(revision: int | None) -> Step:
    """The step that hands in the application, if it still is what the founder has read."""

    def step(desk: Desk) -> Outcome:
        if not desk.editable:
            return Outcome(replies=(reply(desk, [closed(desk)]),), leaves=desk.entered)
        if not desk.owner:
            return Outcome(replies=(reply(desk, [desk.say("apply.member_no_submit")]),))
        if revision != desk.application.revision:
            return read_back(desk, [desk.say("apply.changed_meanwhile")])
        if not desk.state.complete:
            return read_back(desk)
        if not _accepted(desk):
            return still_waiting(desk)
        return Outcome(leaves=True, answers=desk.answers, then=lambda work, at: _submit(desk, work, at))

    return step


async def snapshot(work: UnitOfWork, desk: Desk) -> dict[str, object]:
    """The application as it is handed in: all answers by who gave them."""
    given = await work.applications.all_answers(desk.application.id)
    track = track_of(desk)
    return {
        "form_version": desk.form.version,
        "language": desk.application.language,
        "track": None if track is None else track.id,
        "answers": {
            "shared" if member is None else str(member): {
                key: {"data": item.data, "wording": item.wording, "skipped": item.skipped}
                for key, item in answers.items()
            }
            for member, answers in given.items()
        },
    }


async def _submit(desk: Desk, work: UnitOfWork, message_id: int) -> Sequence[Reply]:
    application, track = desk.application, track_of(desk)
    zone = desk.turn.services.program.timezone
    late = track is not None and standing(track, desk.turn.now).phase == "late"
    number = application.number or await work.applications.next_number(desk.turn.now.astimezone(zone).year)
    done = await work.applications.submit(
        application.id, number=number, snapshot=await snapshot(work, desk), late=late, message_id=message_id
    )
    if not done:
        return (reply(desk, [desk.say("apply.submitted_already", number=number)]),)
    at = local_time(desk.turn, desk.turn.now)
    lines = [desk.say("apply.submitted", number=number, at=at)]
    if late and track is not None:
        lines.append(_late(desk, track))
    lines.append(desk.say("apply.after_submitting", contact=desk.turn.contact))
    file = receipt(desk, number, desk.turn.now)
    return (
        Reply(
            text="\n\n".join(lines),
            notes=(desk.say("apply.sample"),) if desk.form.sample else (),
            attachments=(file,),
            language=desk.turn.texts.language,
        ),
    )


def closed(desk: Desk) -> str:
    """Say that an application is handed in and cannot be answered any more."""
    number = desk.application.number
    return desk.say("apply.submitted_already", number=number) if number else desk.say("apply.gone")


def track_of(desk: Desk) -> FormTrack | None:
    """The dates of the track that was chosen, if one was."""
    value = desk.answers.get(TRACK)
    wanted = None if value is None else value.data
    return next((track for track in desk.form.tracks if track.id == wanted), None)


def dates(desk: Desk, track: FormTrack) -> str:
    """How a track stands now, in the program's time zone."""
    now = standing(track, desk.turn.now)
    moments = {
        name: local_time(desk.turn, moment) if moment is not None else ""
        for name, moment in (("opens", now.opens), ("closes", now.closes))
    }
    if now.phase == "open":
        key = "until" if now.closes is not None else "always"
    else:
        key = {"before": "before", "grace": "grace", "late": "late", "over": "over"}[now.phase]
    if key == "late":
        return _late(desk, track)
    return desk.say(f"apply.dates.{key}", **moments)


def not_now(desk: Desk, track: FormTrack) -> str:
    """Why the track takes no applications at this moment; the draft stays."""
    return f"{dates(desk, track)}\n{desk.say('apply.dates.kept')}"


def _late(desk: Desk, track: FormTrack) -> str:
    following = standing(track, desk.turn.now).next_window
    if following is None or following.opens is None:
        return desk.say("apply.dates.late_next")
    return desk.say("apply.dates.late", opens=local_time(desk.turn, following.opens))


def _closing_lines(desk: Desk) -> list[str]:
    lines = []
    missing = desk.state.missing
    if missing:
        count = desk.state.questions(missing)
        lines.append(desk.say("apply.missing", count=count, names=named(desk, missing)))
    findings = assess(desk.form, desk.answers, desk.today)
    unmet = [explained(desk, item) for item in findings if item.outcome != "met"]
    if findings and not unmet:
        lines.append(desk.say("apply.rule.all_met", count=len(findings)))
    lines += unmet
    track = track_of(desk)
    if track is not None:
        lines.append(dates(desk, track) if _accepted(desk) else not_now(desk, track))
    if desk.waiting:
        lines.append(desk.say("apply.waiting", names=listed(desk, desk.waiting)))
    consent = desk.text(desk.form.consent)
    if not missing and _accepted(desk):
        lines += [consent, desk.say("apply.confirm")] if consent else [desk.say("apply.confirm")]
    return lines


def _closing_buttons(desk: Desk) -> Rows:
    id_, revision = desk.application.id, desk.application.revision
    missing = list({(slot.group or slot.question).id: slot for slot in desk.state.missing}.values())
    rows: list[tuple[Button, ...]] = [
        (
            edit_button(
                desk, slot, desk.say("apply.button.answer", label=desk.label(slot.group or slot.question))
            ),
        )
        for slot in missing[:_MOST_MISSING]
    ]
    amending = desk.application.amending_at is not None
    if not missing and amending:
        rows.append((button(desk.say("apply.button.submit_again"), "amended", id_, revision),))
    elif not missing and _accepted(desk):
        rows.append((button(desk.say("apply.button.submit"), "send", id_, revision),))
    if amending:
        rows.append((button(desk.say("apply.button.unamend"), "unamend", id_),))
    else:
        rows.append((button(desk.say("apply.button.pause"), "pause", id_),))
    return tuple(rows)
