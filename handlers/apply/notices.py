"""What founders are told without having asked: decisions, questions of reviewers, reminders."""

from __future__ import annotations

from datetime import datetime

from handlers.apply.times import moment
from handlers.buttons import button
from handlers.messages import Button, Reply
from handlers.program import Program
from handlers.texts import Texts
from storage.application_records import ApplicationRecord

SPOKEN = ("submitted", "in_review", "accepted", "declined", "withdrawn")
"""Statuses that have a sentence of their own."""


def notice_of_status(program: Program, record: ApplicationRecord, note: str, language: str) -> Reply:
    """Tell that an application has a new status; `note` is what staff wrote for the founder."""
    texts = Texts(language)
    name = program.text(program.names, language)
    status = record.status if record.status in SPOKEN else "other"
    lines = [texts(f"applied.notice.{status}", number=record.number or "–", program=name)]
    if note.strip():
        lines.append(texts("applied.notice.note", note=note.strip()))
    lines.append(texts("applied.notice.more"))
    return Reply(text="\n\n".join(lines), language=texts.language)


def notice_of_follow_up(
    program: Program, record: ApplicationRecord, follow_up_id: int, question: str, language: str
) -> Reply:
    """Hand a reviewer's question to the founder, with the button that answers it."""
    texts = Texts(language)
    name = program.text(program.names, language)
    text = texts("applied.followup.asked", number=record.number or "–", program=name, question=question)
    answer = button(texts("applied.button.answer"), "followup", follow_up_id)
    return Reply(text=text, buttons=((answer,),), language=texts.language)


def reminder(
    program: Program,
    record: ApplicationRecord,
    kind: str,
    left: int,
    deadline: datetime | None,
    language: str,
) -> Reply:
    """Remind of a draft: how many questions are left and until when; one button goes on, one stops this."""
    texts = Texts(language)
    key = "idle_open" if kind == "idle" and deadline is None else kind
    values = {} if deadline is None else {"deadline": moment(program, texts, deadline)}
    work_left = texts("applied.left", count=left) if left else texts("applied.left_none")
    name = program.text(program.names, language)
    text = texts(f"applied.remind.{key}", program=name, left=work_left, **values)
    return Reply(text=text, buttons=_reminder_buttons(texts, record.id), language=texts.language)


def missed(
    program: Program,
    record: ApplicationRecord,
    closed: datetime,
    following: datetime | None,
    *,
    late: str,
    language: str,
) -> Reply:
    """Tell that a window closed on a draft, what the late rule makes of it, and that the draft is kept."""
    texts = Texts(language)
    rule = texts(f"applied.missed.{late}")
    if following is not None:
        rule = texts(f"applied.missed.{late}_known", opens=moment(program, texts, following))
    name = program.text(program.names, language)
    text = texts("applied.missed.text", program=name, closed=moment(program, texts, closed), rule=rule)
    return Reply(text=text, buttons=_reminder_buttons(texts, record.id), language=texts.language)


def overtaken(program: Program, record: ApplicationRecord, closed: datetime, *, language: str) -> Reply:
    """Tell that a window closed on an amendment that was not confirmed, and which version counts."""
    texts = Texts(language)
    text = texts(
        "applied.missed.amendment",
        program=program.text(program.names, language),
        closed=moment(program, texts, closed),
        number=record.number or "–",
        submitted=moment(program, texts, record.submitted_at or record.updated_at),
    )
    restore = button(texts("applied.button.restore"), "unamend", record.id)
    return Reply(text=text, buttons=((restore,),), language=texts.language)


def _reminder_buttons(texts: Texts, application_id: int) -> tuple[tuple[Button, ...], ...]:
    return (
        (button(texts("applied.button.continue"), "continue", application_id),),
        (button(texts("applied.button.stop_reminders"), "remindoff", application_id),),
    )
