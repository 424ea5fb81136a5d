"""/announcements: what there is, and the buttons under a confirmed announcement."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.announce import steering
from handlers.announce.checks import DraftRefused, check_text
from handlers.announce.composing import wrong
from handlers.announce.desk import PATIENCE, card, words
from handlers.announce.reporting import ACTION, status_reply
from handlers.announce.steering import By, look
from handlers.buttons import button
from handlers.messages import Reply
from handlers.staff_rights import allowed, still_allowed
from handlers.turn import Result, Turn

if TYPE_CHECKING:
    from storage.announcement_records import AnnouncementRecord
    from storage.database import UnitOfWork

_LISTED = 10
_AWAITED = "announce_correct"
_Act = Callable[["UnitOfWork", int, By], Awaitable[object]]


async def show_list(turn: Turn) -> Result:
    """List the latest announcements, each with the button that shows it."""
    async with turn.reading() as work:
        records = await work.announcements.latest(limit=_LISTED)
    if not records:
        return turn.reply("announce.list.none")
    rows = tuple((button(_label(turn, record), ACTION, record.id, "show"),) for record in records)
    return Result.of(Reply(text=turn.say("announce.list.head"), buttons=rows, language=turn.language))


async def pressed(turn: Turn) -> Result:
    """Do what a button under an announcement says."""
    press = turn.pressed
    number, verb = press.number(0), press.word(1)
    handler = _VERBS.get(verb)
    if number is None or handler is None:
        return turn.toast("unsupported.stale")
    if verb != "show" and not allowed(turn, "announcement.send"):
        return turn.toast("announce.not_allowed")
    return await handler(turn, number, press.arguments[2:])


def awaits_correction(turn: Turn) -> bool:
    """Tell whether this message is the new text of an announcement that was sent."""
    return turn.typed and allowed(turn, "announcement.send") and turn.awaits(_AWAITED)


async def corrected(turn: Turn) -> Result:
    """Put the typed text in place of the one that was sent."""
    number, language = int(turn.pending["announcement"]), str(turn.pending["language"])
    try:
        text = check_text(turn.text)
    except DraftRefused as refused:
        return Result(
            replies=(Reply(text=wrong(turn, refused), language=turn.language),), pending=turn.pending
        )

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        record = await work.announcements.get(number, lock=True)
        by = await _who(work, turn)
        if record is None or by is None:
            return turn.reply("announce.gone").replies
        await steering.correct(work, number, {**record.texts, language: text}, by, turn.services.program)
        return await _shown(work, turn, number)

    return Result(write=write)


async def _show(turn: Turn, number: int, _: tuple[str, ...]) -> Result:
    async with turn.reading() as work:
        state = await look(work, number)
    if state is None:
        return turn.reply("announce.gone")
    shown = status_reply(words(turn), state)
    return Result.of(replace(shown, edits=turn.message.button_message))


async def _open(turn: Turn, number: int, _: tuple[str, ...]) -> Result:
    async with turn.reading() as work:
        record = await work.announcements.get(number)
    if record is None or record.status != "draft":
        return await _show(turn, number, ())
    return Result.of(card(turn, record))


def _doing(act: _Act) -> Callable[[Turn, int, tuple[str, ...]], Awaitable[Result]]:
    async def handler(turn: Turn, number: int, _: tuple[str, ...]) -> Result:
        async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
            by = await _who(work, turn)
            if by is None:
                return turn.toast("announce.not_allowed").replies
            await act(work, number, by)
            return await _shown(work, turn, number, edits=turn.message.button_message)

        return Result(write=write)

    return handler


def _asking(name: str, then: str) -> Callable[[Turn, int, tuple[str, ...]], Awaitable[Result]]:
    """Ask before something that cannot be undone."""

    async def handler(turn: Turn, number: int, _: tuple[str, ...]) -> Result:
        rows = (
            (button(turn.say(f"announce.button.{name}_yes"), ACTION, number, then),),
            (button(turn.say("announce.button.back"), ACTION, number, "show"),),
        )
        text = turn.say(f"announce.ask.{name}", number=number)
        return Result.of(
            Reply(text=text, buttons=rows, edits=turn.message.button_message, language=turn.language)
        )

    return handler


async def _correct(turn: Turn, number: int, arguments: tuple[str, ...]) -> Result:
    """Ask which text, then for the new one."""
    async with turn.reading() as work:
        record = await work.announcements.get(number)
    if record is None:
        return turn.reply("announce.gone")
    language = (*arguments, "")[0]
    back = (button(turn.say("announce.button.back"), ACTION, number, "show"),)
    if language not in turn.services.program.languages:
        rows = tuple(
            (button(turn.texts.name_of(code), ACTION, number, "correct", code),)
            for code in turn.services.program.languages
        )
        text = turn.say("announce.ask.correct_which")
        return Result.of(
            Reply(text=text, buttons=(*rows, back), edits=turn.message.button_message, language=turn.language)
        )
    pending = {
        "await": _AWAITED,
        "announcement": number,
        "language": language,
        "until": (turn.now + PATIENCE).isoformat(),
    }
    now = record.texts.get(language) or turn.say("announce.nothing")
    text = turn.say("announce.ask.correct", language=turn.texts.name_of(language), now=now)
    shown = Reply(text=text, buttons=(back,), edits=turn.message.button_message, language=turn.language)
    return Result(replies=(shown,), pending=pending)


async def _copy(turn: Turn, number: int, _: tuple[str, ...]) -> Result:
    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        by = await _who(work, turn)
        made = await steering.copy(work, number, by) if by else None
        if made is None:
            return turn.reply("announce.gone").replies
        return (card(turn, made, turn.say("announce.copied", number=number)),)

    return Result(write=write)


async def _shown(work: UnitOfWork, turn: Turn, number: int, *, edits: str | None = None) -> Sequence[Reply]:
    state = await look(work, number)
    if state is None:
        return turn.reply("announce.gone").replies
    return (replace(status_reply(words(turn), state), edits=edits),)


async def _who(work: UnitOfWork, turn: Turn) -> By | None:
    member = await still_allowed(work, turn, "announcement.send")
    return None if member is None else By(name=member.name, staff_id=member.id)


def _label(turn: Turn, record: AnnouncementRecord) -> str:
    state = turn.say(f"announce.state.{record.status}")
    return f"{record.id} · {words(turn).title(record.texts, 28)} · {state}"


_VERBS: Mapping[str, Callable[[Turn, int, tuple[str, ...]], Awaitable[Result]]] = {
    "show": _show,
    "open": _open,
    "pause": _doing(steering.pause),
    "resume": _doing(steering.resume),
    "cancel": _asking("cancel", "cancelled"),
    "cancelled": _doing(steering.cancel),
    "resend_failed": _asking("resend_failed", "resent_failed"),
    "resent_failed": _doing(lambda work, number, by: steering.resend(work, number, "failed", by)),
    "resend_unknown": _asking("resend_unknown", "resent_unknown"),
    "resent_unknown": _doing(lambda work, number, by: steering.resend(work, number, "unknown", by)),
    "correct": _correct,
    "delete": _asking("delete", "deleted"),
    "deleted": _doing(steering.delete),
    "copy": _copy,
}
