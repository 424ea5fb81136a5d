"""One person in several chats: a code made in one is typed in the other, and both are one account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from handlers.apply import asking
from handlers.apply.codes import hidden, refusal, tidy
from handlers.apply.context import read_desk
from handlers.apply.telling import tell_chat
from handlers.buttons import button
from handlers.messages import Button, Reply
from handlers.turn import Result, Turn
from storage.application_records import CodeRefused

if TYPE_CHECKING:
    from storage.database import UnitOfWork

_LIFETIME = timedelta(minutes=15)
_PURPOSE: Final = "link_account"
_HERE, _THERE, _ANY = "here", "there", "any"
"""Which draft is kept: of the chat that typed the code, of the one that made it, or there is one at most."""


async def link(turn: Turn) -> Result:
    """Make a code for another chat, or take one that was made there."""
    code = tidy(turn.message.arguments)
    return _take(turn, code) if code else _give(turn)


async def kept(turn: Turn) -> Result:
    """Ask once more before the other draft is deleted."""
    code, keep = _arguments(turn)
    if code is None or keep not in (_HERE, _THERE):
        return turn.toast("applied.stale")
    yes = button(turn.say("applied.button.link_delete"), "linked", code, keep)
    text = turn.say(f"applied.link.sure_{keep}")
    return Result.of(
        Reply(text=text, buttons=((yes,), (_no(turn),)), language=turn.language, extra=hidden(code))
    )


async def linked(turn: Turn) -> Result:
    """Make both accounts one; what was open in the other chat goes on here."""
    code, keep = _arguments(turn)
    if code is None:
        text = turn.say("applied.link.not")
        return Result.of(Reply(text=text, edits=turn.message.button_message, language=turn.language))

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        try:
            found = await work.codes.peek(code, _PURPOSE, turn.founder_id)
            here, there = await _drafts(work, turn.founder_id, found.founder_id)
            if here and there and keep == _ANY:
                return (_choice(turn, code),)
            await work.codes.redeem(code, _PURPOSE, turn.founder_id)
        except CodeRefused as refused:
            return (refusal(turn, refused, "link"),)
        if here and there:
            await work.applications.delete(here if keep == _THERE else there)
        return await _merged(work, turn, found.founder_id)

    return Result(write=write)


def _give(turn: Turn) -> Result:
    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        code = await work.codes.issue(_PURPOSE, turn.founder_id, None, _LIFETIME)
        minutes = int(_LIFETIME.total_seconds() // 60)
        text = turn.say("applied.link.code", code=code, minutes=minutes)
        return (Reply(text=text, language=turn.language, extra=hidden(code)),)

    return Result(write=write)


def _take(turn: Turn, code: str) -> Result:
    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        try:
            found = await work.codes.peek(code, _PURPOSE, turn.founder_id)
        except CodeRefused as refused:
            return (refusal(turn, refused, "link"),)
        here, there = await _drafts(work, turn.founder_id, found.founder_id)
        if here and there:
            return (_choice(turn, code),)
        yes = button(turn.say("applied.button.link"), "linked", code, _ANY)
        text = turn.say("applied.link.ask")
        return (Reply(text=text, buttons=((yes,), (_no(turn),)), language=turn.language, extra=hidden(code)),)

    return Result(write=write)


def _choice(turn: Turn, code: str) -> Reply:
    rows = (
        (button(turn.say("applied.button.keep_here"), "keepdraft", code, _HERE),),
        (button(turn.say("applied.button.keep_there"), "keepdraft", code, _THERE),),
        (_no(turn),),
    )
    return Reply(
        text=turn.say("applied.link.two_drafts"), buttons=rows, language=turn.language, extra=hidden(code)
    )


def _no(turn: Turn) -> Button:
    return button(turn.say("applied.button.not_link"), "linked", "no")


async def _drafts(work: UnitOfWork, here: int, there: int | None) -> tuple[int | None, int | None]:
    first = await work.applications.draft_of(here)
    second = None if there is None else await work.applications.draft_of(there)
    return (first.id if first else None, second.id if second else None)


async def _merged(work: UnitOfWork, turn: Turn, into: int | None) -> Sequence[Reply]:
    assert into is not None
    others = await work.conversations.of(into)
    if not await work.founders.merge(turn.founder_id, into):
        return turn.reply("applied.link.failed").replies
    draft = await work.applications.draft_of(into)
    open_there = next(
        (
            item.interview
            for item in others
            if draft and (item.interview or {}).get("application") == draft.id
        ),
        None,
    )
    person = turn.person
    before = person.conversation.interview
    mine = before if draft and (before or {}).get("application") == draft.id else None
    standing = open_there or mine
    await work.conversations.set_interview(person.conversation.id, standing)
    for other in others:
        if other.id != person.conversation.id and other.blocked_at is None:
            told = turn.say("applied.link.told", channel=turn.message.channel.capitalize())
            reply = Reply(text=told, language=turn.language)
            await tell_chat(work, other.id, other.channel, other.chat, reply)
    merged = replace(
        turn,
        person=replace(
            person,
            founder=replace(person.founder, id=into),
            conversation=replace(person.conversation, founder_id=into, interview=standing),
        ),
    )
    return await _continued(work, merged)


async def _continued(work: UnitOfWork, turn: Turn) -> Sequence[Reply]:
    """Say that it is done, and show the question that is open, so that the draft goes on here."""
    desk = await read_desk(turn, work, None)
    if desk is None:
        return turn.reply("applied.link.done").replies
    done = desk.say("applied.link.done")
    slot = desk.pending
    if slot is None:
        go_on = button(desk.say("applied.button.continue"), "continue", desk.application.id)
        return (asking.reply(desk, [done], ((go_on,),)),)
    outcome = asking.asked(desk, slot, [done])
    await work.conversations.set_interview(turn.conversation_id, outcome.interview)
    return outcome.replies


def _arguments(turn: Turn) -> tuple[str | None, str]:
    code, keep = turn.pressed.word(), turn.pressed.word(1)
    return (None if code in ("", "no") else code), keep or _ANY
