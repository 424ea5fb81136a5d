"""How far an announcement is and what became of it, as one message with the buttons that steer it."""

from __future__ import annotations

from handlers.announce.knowledge import true_from
from handlers.announce.steering import LEFT_OUT, State
from handlers.announce.words import Words
from handlers.apply.times import moment
from handlers.buttons import button
from handlers.messages import Button, Reply

ACTION = "ar"
"""The action of the buttons of a confirmed announcement: v1:ar:<announcement>:<verb>:…"""
_FULL = 10


def status_reply(speak: Words, state: State, *, lead: str = "") -> Reply:
    """Show an announcement's state; the same for staff in a chat, in the list and while it is sent."""
    text = "\n".join(x for x in (lead, *status_lines(speak, state)) if x)
    return Reply(text=text, buttons=_buttons(speak, state), language=speak.language)


def status_lines(speak: Words, state: State) -> list[str]:
    """Everything there is to know about an announcement, a line each."""
    record, say = state.record, speak.say
    lines = [
        say(
            "announce.report.head",
            number=record.id,
            title=speak.title(record.texts),
            state=say(f"announce.state.{record.status}"),
        )
    ]
    if record.status == "scheduled":
        begins = true_from(record, speak.program)
        if record.at is not None or record.confirmed_at is None or begins > record.confirmed_at:
            lines.append(say("announce.count.begins", time=moment(speak.program, say, begins)))
    if state.lines:
        lines += _ledger(speak, state)
    lines += _answers(speak, state)
    if record.started_at is not None:
        lines.append(_times(speak, state))
    if state.change is not None:
        lines.append(_change(speak, state))
    return lines


def _ledger(speak: Words, state: State) -> list[str]:
    say, lines = speak.say, state.lines
    sent, total = lines.get("sent", 0), state.total
    done = total - sum(lines.get(x, 0) for x in ("pending", "claimed", "sending"))
    share = 100 if not total else int(100 * done / total)
    found = []
    if state.record.status in ("sending", "paused"):
        full = round(_FULL * share / 100)
        found.append(f"{'▓' * full}{'░' * (_FULL - full)} {share} %")
    found.append(say("announce.report.sent", count=sent, total=total))
    for status in ("failed", "unknown", "cancelled"):
        if lines.get(status):
            reasons = _reasons(speak, state, status)
            text = say(f"announce.report.{status}", count=lines[status])
            found.append(speak.join((text, reasons), "announce.colon") if reasons else text)
    left_out = [say(f"announce.count.{x}", count=lines[x]) for x in LEFT_OUT if lines.get(x)]
    if left_out:
        found.append(say("announce.count.left_out", reasons=speak.join(left_out)))
    return found


def _reasons(speak: Words, state: State, status: str) -> str:
    """The errors of one status with how often, the most frequent first."""
    codes = [(n, code) for (of, code), n in state.reasons.items() if of == status and code]
    return speak.join(f"{n} × {code}" for n, code in sorted(codes, reverse=True))


def _answers(speak: Words, state: State) -> list[str]:
    found = []
    if state.record.replies and state.lines:
        counted = [f"{speak.labels(x)} {state.replies.get(x['id'], 0)}" for x in state.record.replies]
        found.append(speak.say("announce.report.replies", replies=" · ".join(counted)))
    if state.stopped:
        found.append(speak.say("announce.report.stopped", count=state.stopped))
    return found


def _times(speak: Words, state: State) -> str:
    started, ended = state.record.started_at, state.record.finished_at
    assert started is not None
    began = moment(speak.program, speak.say, started)
    if ended is None:
        return speak.say("announce.report.began", time=began)
    seconds = max(1, round((ended - started).total_seconds()))
    return speak.say("announce.report.took", time=began, seconds=seconds)


def _change(speak: Words, state: State) -> str:
    assert state.change is not None
    counts = dict(state.changed or {})
    done = counts.get("edited", 0) + counts.get("deleted", 0)
    key = f"announce.report.change_{state.change.kind}"
    return speak.say(key, done=done, refused=counts.get("refused", 0), waiting=counts.get("waiting", 0))


def _buttons(speak: Words, state: State) -> tuple[tuple[Button, ...], ...]:
    record, lines = state.record, state.lines

    def verb(name: str, *rest: object, **values: object) -> Button:
        return button(speak.say(f"announce.button.{name}", **values), ACTION, record.id, name, *rest)

    rows: list[tuple[Button, ...]] = []
    if record.status == "draft":
        return ((button(speak.say("announce.button.open"), ACTION, record.id, "open"),),)
    if record.status == "sending":
        rows.append((verb("pause"), verb("cancel")))
    elif record.status == "paused":
        rows.append((verb("resume"), verb("cancel")))
    elif record.status == "scheduled":
        rows.append((verb("cancel"),))
    if record.status in ("finished", "sending", "paused"):
        rows += [
            (verb(f"resend_{status}", count=lines[status]),)
            for status in ("failed", "unknown")
            if lines.get(status)
        ]
    deleted = state.change is not None and state.change.kind == "delete"
    if record.status in ("finished", "cancelled", "paused") and lines.get("sent"):
        rows.append((verb("delete"),) if deleted else (verb("correct"), verb("delete")))
    if record.status in ("finished", "cancelled"):
        rows.append((verb("copy"),))
    rows.append((button(speak.say("announce.button.refresh"), ACTION, record.id, "show"),))
    return tuple(rows)
