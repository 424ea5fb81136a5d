"""All applications of a founder: where each stands, what happened, what comes next, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass

from forms.model import Form
from handlers.apply import amending, asking, summary
from handlers.apply.context import Desk, Rows, pressed_desk, read_desk
from handlers.apply.followups import answer_button
from handlers.apply.history import headline, history, next_line, state_line
from handlers.apply.withdrawing import WITHDRAWABLE
from handlers.buttons import button
from handlers.messages import Button, Reply
from handlers.turn import Result, Turn
from storage.application_records import EventRecord, FollowUpRecord

_MOST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    desk: Desk
    events: list[EventRecord]
    questions: list[FollowUpRecord]


async def show(turn: Turn) -> Result:
    """Show every application, the newest first."""
    form = turn.services.form
    if form is None:
        return turn.reply("applied.no_form")
    found = await _find(turn)
    if not found:
        start = button(turn.say("applied.button.start"), "apply")
        text = turn.say("applied.status.none", program=turn.program_name)
        return Result.of(Reply(text=text, buttons=((start,),), language=turn.language))
    several = len(found) > 1
    blocks = [_block(turn, form, item) for item in found]
    rows = tuple(row for item in found for row in _buttons(turn, form, item, several=several))
    return Result.of(Reply(text="\n\n".join(blocks), buttons=rows, language=turn.language))


async def answers(turn: Turn) -> Result:
    """Show the answers of one application as they are now, without buttons to change them."""
    desk = await pressed_desk(turn)
    if desk is None:
        return turn.toast("applied.stale")
    if desk.editable:
        return Result.of(*summary.answers_in_parts(desk))
    parts = summary.answers_in_parts(desk)
    plain = (Reply(text=part.text, language=part.language) for part in parts)
    title = asking.reply(desk, [headline(desk.turn, desk.form, desk.application)])
    return Result.of(title, *plain)


async def _find(turn: Turn) -> list[_Found]:
    found = []
    async with turn.reading() as work:
        for record in (await work.applications.of(turn.founder_id))[:_MOST]:
            desk = await read_desk(turn, work, record.id)
            if desk is None:
                continue
            events = list(await work.applications.events(record.id)) if desk.owner else []
            questions = list(await work.applications.follow_ups(record.id)) if desk.owner else []
            found.append(_Found(desk=desk, events=events, questions=questions))
    return found


def _block(turn: Turn, form: Form, found: _Found) -> str:
    desk, record = found.desk, found.desk.application
    lines = [f"【{headline(turn, form, record)}】", state_line(turn, form, record, desk.state)]
    if not desk.owner:
        lines.append(turn.say("applied.status.as_member"))
    elif record.status != "draft":
        lines += history(turn, found.events)
    if record.late and record.status in ("submitted", "in_review"):
        lines.append(turn.say("applied.status.late"))
    unanswered = [item for item in found.questions if item.answer is None]
    if unanswered:
        lines.append(turn.say("applied.status.questions", count=len(unanswered)))
    lines.append(next_line(turn, form, record, owner=desk.owner))
    return "\n".join(lines)


def _buttons(turn: Turn, form: Form, found: _Found, *, several: bool) -> Rows:
    desk, record = found.desk, found.desk.application
    rows: list[tuple[Button, ...]] = [
        (answer_button(turn, item),) for item in found.questions if item.answer is None
    ]
    suffix = f" · {record.number}" if several and record.number else ""
    made: list[Button] = []
    over = amending.overtaken(form, record, turn.now)
    if desk.editable and not over and (desk.owner or record.status == "draft"):
        made.append(button(turn.say("applied.button.continue") + suffix, "continue", record.id))
    if desk.owner and record.status != "draft":
        made.append(button(turn.say("applied.button.answers") + suffix, "answers", record.id))
    if desk.owner and record.amending_at is None and amending.obstacle(form, record, turn.now) is None:
        made.append(button(turn.say("applied.button.amend_this") + suffix, "amend", record.id))
    if desk.owner and record.amending_at is not None:
        made.append(button(turn.say("applied.button.restore") + suffix, "unamend", record.id))
    if desk.owner and record.status in WITHDRAWABLE:
        made.append(button(turn.say("applied.button.withdraw_this") + suffix, "withdraw", record.id))
    if not desk.owner and record.status == "draft":
        made.append(button(turn.say("applied.button.leave"), "leave", record.id))
    if desk.owner and record.status == "draft" and record.reminders_stopped_at is not None:
        made.append(button(turn.say("applied.button.remindon"), "remindon", record.id))
    rows += [tuple(made[at : at + 2]) for at in range(0, len(made), 2)]
    return tuple(rows)
