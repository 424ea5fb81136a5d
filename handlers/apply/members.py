"""Co-founders: invited by a code, each with a private section of their own, which no other member sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from forms.model import Form
from forms.state import examine
from handlers.apply import asking
from handlers.apply.codes import hidden, refusal, tidy
from handlers.apply.context import Desk, open_desk, pressed_desk, read_desk, to_value
from handlers.apply.telling import tell
from handlers.buttons import button
from handlers.messages import Button, Reply
from handlers.texts import Texts
from handlers.turn import Result, Turn
from handlers.words import clip
from storage.application_records import ApplicationRecord, CodeRefused, MemberRecord

if TYPE_CHECKING:
    from storage.database import UnitOfWork

MOST_MEMBERS = 5
LINK = "join_"
"""How the payload of a link begins that opens this bot with a code."""
_LIFETIME = timedelta(days=7)
_PURPOSE: Final = "join_application"
_PROJECT = ("company_name", "project_name", "name", "one_sentence")
"""Questions whose answer tells which project it is, the best first; of other forms the first short text."""


async def missing(desk: Desk) -> tuple[str, ...]:
    """The names of co-founders who have not finished their own section."""
    async with desk.turn.reading() as work:
        return tuple(_name(desk.turn, item) for item, done in await _progress(work, desk) if not done)


async def invite(turn: Turn) -> Result:
    """Make a code and a link for one co-founder; show who is in."""
    desk = await _own_draft(turn)
    if desk is None:
        return turn.reply("applied.invite.no_draft" if turn.services.form else "applied.no_form")
    if not desk.owner:
        return desk.turn.reply("applied.invite.owner_only")
    here = desk.turn

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        progress = await _progress(work, desk)
        lines = [_line(here, member, done) for member, done in progress]
        rows = tuple((_removal(here, desk.application.id, member),) for member, _ in progress)
        if len(progress) + 1 >= MOST_MEMBERS:
            lines.append(here.say("applied.invite.full", limit=MOST_MEMBERS))
            return (Reply(text="\n".join(lines), buttons=rows, language=here.language),)
        code = await work.codes.issue(_PURPOSE, turn.founder_id, desk.application.id, _LIFETIME)
        lines.append(here.say("applied.invite.code", code=code, days=_LIFETIME.days))
        link = turn.services.deep_link(turn.message.channel, f"{LINK}{code}")
        if link:
            lines.append(here.say("applied.invite.link", link=link))
        lines.append(here.say("applied.invite.private"))
        text = "\n\n".join(lines)
        return (Reply(text=text, buttons=rows, language=here.language, extra=hidden(code)),)

    return Result(write=write)


async def join(turn: Turn) -> Result:
    """Say which application a code belongs to and ask whether to join."""
    return await _join(turn, turn.message.arguments)


async def join_by_link(turn: Turn) -> Result:
    """Do the same for the code of a link that opened this bot."""
    return await _join(turn, turn.message.arguments.removeprefix(LINK))


async def _join(turn: Turn, typed: str) -> Result:
    form, code = turn.services.form, tidy(typed)
    if form is None:
        return turn.reply("applied.no_form")
    if not code:
        return turn.reply("applied.join.how")

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        try:
            found = await work.codes.peek(code, _PURPOSE, turn.founder_id)
        except CodeRefused as refused:
            return (refusal(turn, refused, "join"),)
        record = await work.applications.get(found.application_id or 0)
        problem = await _obstacle(work, turn, record)
        if problem or record is None:
            return turn.reply(problem or "applied.join.closed").replies
        name = await _project(work, form, record)
        text = turn.say(
            "applied.join.ask", program=turn.program_name, project=name or turn.say("applied.unnamed")
        )
        yes = button(turn.say("applied.button.join"), "joined", code)
        no = button(turn.say("applied.button.not_join"), "joined", "no")
        return (Reply(text=text, buttons=((yes,), (no,)), language=turn.language, extra=hidden(code)),)

    return Result(write=write)


async def joined(turn: Turn) -> Result:
    """Let the founder in, tell the owner, and begin the founder's own section."""
    code = turn.pressed.word() or "no"
    form = turn.services.form
    if form is None or code == "no":
        text = turn.say("applied.join.not")
        return Result.of(Reply(text=text, edits=turn.message.button_message, language=turn.language))

    async def write(work: UnitOfWork, message_id: int) -> Sequence[Reply]:
        try:
            found = await work.codes.peek(code, _PURPOSE, turn.founder_id)
        except CodeRefused as refused:
            return (refusal(turn, refused, "join"),)
        record = await work.applications.get(found.application_id or 0, lock=True)
        problem = await _obstacle(work, turn, record)
        if problem or record is None:
            return turn.reply(problem or "applied.join.closed").replies
        try:
            await work.codes.redeem(code, _PURPOSE, turn.founder_id)
        except CodeRefused as refused:
            return (refusal(turn, refused, "join"),)
        await work.applications.add_member(record.id, turn.founder_id)
        await _tell_owner(work, turn, record, "applied.members.joined")
        desk = await read_desk(turn, work, record.id)
        assert desk is not None
        return await _begin(work, desk)

    return Result(write=write)


async def finished(desk: Desk) -> Result:
    """Thank a co-founder whose section is complete, and tell the owner that it is."""

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        await work.conversations.set_interview(desk.turn.conversation_id, None)
        await _tell_owner(work, desk.turn, desk.application, "applied.members.finished")
        leave = button(desk.say("applied.button.leave"), "leave", desk.application.id)
        return (asking.reply(desk, [desk.say("applied.join.finished")], ((leave,),)),)

    return Result(write=write)


async def leave(turn: Turn) -> Result:
    """Ask a co-founder whether to leave an application; the owner is told how to end one."""
    press = turn.press
    wanted = press.number() if press else None
    async with turn.reading() as work:
        records = [item for item in await work.applications.of(turn.founder_id) if item.status == "draft"]
    joined_ones = [
        item for item in records if item.founder_id != turn.founder_id and wanted in (None, item.id)
    ]
    if not joined_ones:
        return turn.reply("applied.leave.owner" if records and press is None else "applied.leave.none")
    rows = tuple(
        (button(turn.say("applied.button.leave_yes"), "unmember", item.id, turn.founder_id),)
        for item in joined_ones[:1]
    )
    return Result.of(Reply(text=turn.say("applied.leave.ask"), buttons=rows, language=turn.language))


async def removed(turn: Turn) -> Result:
    """Take a member out: the owner any, a co-founder only themselves; their own answers are deleted."""
    desk, who = await pressed_desk(turn), turn.pressed.number(1)
    if desk is None or who is None or not desk.editable or who == desk.application.founder_id:
        return turn.toast("applied.stale")
    itself = who == turn.founder_id
    if not itself and not desk.owner:
        return turn.toast("applied.stale")
    record = desk.application

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        if not await work.applications.remove_member(record.id, who):
            return turn.toast("applied.stale").replies
        for conversation in await work.conversations.of(who):
            if (conversation.interview or {}).get("application") == record.id:
                await work.conversations.set_interview(conversation.id, None)
        if itself:
            await _tell_owner(work, turn, record, "applied.members.left")
            return turn.reply("applied.leave.done").replies
        texts = Texts(record.language)
        name = turn.services.program.text(turn.services.program.names, texts.language)
        await tell(
            work, who, Reply(text=texts("applied.members.removed", program=name), language=texts.language)
        )
        return desk.turn.reply("applied.members.removed_done").replies

    return Result(write=write)


async def _begin(work: UnitOfWork, desk: Desk) -> Sequence[Reply]:
    """The first question of a co-founder's own section; forms without one have nothing to fill."""
    lines = [desk.say("applied.join.welcome")]
    slot = desk.state.next
    if slot is None:
        return (asking.reply(desk, [*lines, desk.say("applied.join.nothing")]),)
    count = desk.state.questions(desk.state.open)
    lines.append(desk.say("applied.join.private", count=count, minutes=desk.state.minutes_left))
    outcome = asking.asked(replace(desk, focus=None), slot, lines)
    await work.conversations.set_interview(desk.turn.conversation_id, outcome.interview)
    return outcome.replies


async def _obstacle(work: UnitOfWork, turn: Turn, record: ApplicationRecord | None) -> str | None:
    if record is None or record.status != "draft":
        return "applied.join.closed"
    members = await work.applications.members(record.id)
    if any(member.founder_id == turn.founder_id for member in members):
        return "applied.join.already"
    return "applied.join.full" if len(_others(members)) + 1 >= MOST_MEMBERS else None


async def _progress(work: UnitOfWork, desk: Desk) -> list[tuple[MemberRecord, bool]]:
    """Every co-founder, and whether their own section is complete."""
    answers = await work.applications.all_answers(desk.application.id)
    found = []
    for member in _others(await work.applications.members(desk.application.id)):
        stored = {**answers.get(None, {}), **answers.get(member.founder_id, {})}
        values = {key: to_value(item) for key, item in stored.items()}
        found.append((member, examine(desk.form, values, desk.today, owner=False).complete))
    return found


async def _tell_owner(work: UnitOfWork, turn: Turn, record: ApplicationRecord, key: str) -> None:
    texts = Texts(record.language)
    members = await work.applications.members(record.id)
    own = next((item for item in members if item.founder_id == turn.founder_id), None)
    name = (own.name if own else "") or turn.message.sender_name or texts("applied.members.somebody")
    await tell(work, record.founder_id, Reply(text=texts(key, name=name), language=texts.language))


async def _project(work: UnitOfWork, form: Form, record: ApplicationRecord) -> str:
    """What the project is called in the answers that all members share; never a private one."""
    shared = (await work.applications.all_answers(record.id)).get(None, {})
    short = [item.id for item in form.questions if item.type == "text" and not item.private]
    for key in (*(key for key in _PROJECT if key in short), *short):
        stored = shared.get(key)
        if stored is not None and isinstance(stored.data, str):
            return clip(stored.data, 80)
    return ""


async def _own_draft(turn: Turn) -> Desk | None:
    if turn.services.form is None:
        return None
    async with turn.reading() as work:
        own = await read_desk(turn, work, None)
    if own is not None:
        return own
    here = await open_desk(turn)
    return here if here is not None and here.application.status == "draft" else None


def _others(members: Sequence[MemberRecord]) -> list[MemberRecord]:
    return [item for item in members if item.role != "owner"]


def _line(turn: Turn, member: MemberRecord, done: bool) -> str:
    return turn.say("applied.members.done" if done else "applied.members.open", name=_name(turn, member))


def _removal(turn: Turn, application_id: int, member: MemberRecord) -> Button:
    label = turn.say("applied.button.remove_member", name=clip(_name(turn, member), 24))
    return button(label, "unmember", application_id, member.founder_id)


def _name(turn: Turn, member: MemberRecord) -> str:
    return member.name or turn.say("applied.members.somebody")
