"""Composing in a chat: what staff type, step by step; every step is stored at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from handlers.announce.checks import (
    DraftRefused,
    check_file,
    check_labels,
    check_link,
    check_text,
    read_label,
    with_text,
)
from handlers.announce.desk import AWAITED, act, awaiting, card, gone, overtaken, prompt, words
from handlers.announce.drafting import Edit, Gone, Overtaken, create, save
from handlers.announce.moments import BadMoment, Moment, read_moment
from handlers.language import written_language
from handlers.messages import Reply
from handlers.refusals import Refused
from handlers.staff_rights import allowed
from handlers.turn import Result, Turn
from handlers.unsupported import edited
from handlers.words import clean
from storage.announcement_records import AnnouncementRecord, NewAnnouncement

if TYPE_CHECKING:
    from storage.database import UnitOfWork

_LOOK_BACK = 40
FIELDS = ("text", "link", "file", "replies", "at", "until", "founders")


async def announce(turn: Turn) -> Result:
    """Begin an announcement, or go on with the one that was begun."""
    assert turn.staff is not None
    if turn.message.arguments.strip():
        return await _begin(replace(turn, text=turn.message.arguments.strip()), None)
    async with turn.reading() as work:
        own = await work.announcements.draft_of(turn.staff.id)
    if own is None:
        return start(turn)
    new = ((act(turn.say("announce.button.new"), own, "new"),),)
    return Result.of(card(turn, own, turn.say("announce.go_on"), extra=new))


def start(turn: Turn) -> Result:
    """Ask for the text; the draft begins with it."""
    names = [turn.texts.name_of(code) for code in turn.services.program.languages]
    languages = words(turn).join(names, "announce.or")
    text = turn.say("announce.begin", languages=languages)
    return Result(replies=(Reply(text=text, language=turn.language),), pending=awaiting(turn, None, "text"))


def awaits(turn: Turn) -> bool:
    """Tell whether this message is the part of an announcement that was asked for."""
    fits = turn.typed or (bool(turn.message.attachments) and turn.message.kind in ("file", "unsupported"))
    return fits and allowed(turn, "announcement.write") and turn.awaits(AWAITED)


async def typed(turn: Turn) -> Result:
    """Take what was typed or sent as the part that was asked for."""
    field = str(turn.pending["field"])
    if turn.pending.get("draft") is None:
        return await _begin(turn, field)
    return await take(turn, int(turn.pending["draft"]), int(turn.pending["revision"]), field, turn.text)


async def text_edited(turn: Turn) -> Result:
    """Follow an edit of the very message that is a text of one's open draft; any other goes its usual way."""
    assert turn.staff is not None
    async with turn.reading() as work:
        draft = await work.announcements.draft_of(turn.staff.id)
        recent = await work.messages.recent(turn.conversation_id, _LOOK_BACK)
    before = [clean(item.text) for item in recent if item.external_id == turn.message.external_id]
    texts = draft.texts.items() if draft is not None else ()
    language = next((code for code, text in texts if before and text == before[-1]), None)
    if draft is None or language is None:
        return await edited(turn)
    return await take(turn, draft.id, draft.revision, f"text.{language}", turn.text)


async def take(turn: Turn, draft_id: int, revision: int, field: str, text: str) -> Result:
    """Put one part into a draft; what is wrong with it is said, and it is asked for again."""
    async with turn.reading() as work:
        record = await work.announcements.get(draft_id)
    if record is None or record.status != "draft":
        return Result.of(gone(turn, Gone(record)))
    try:
        edit, lead = await _read(turn, field, text)
    except Refused as refused:
        again = prompt(turn, record, field, problem=wrong(turn, refused))
        return Result(replies=(again,), pending=dict(awaiting(turn, record, field)) | {"revision": revision})

    async def write(work: UnitOfWork, message_id: int) -> Sequence[Reply]:
        try:
            stored = await save(work, turn, draft_id, revision, edit)
        except Gone as error:
            return (gone(turn, error),)
        except DraftRefused as refused:
            await work.conversations.set_pending(turn.conversation_id, awaiting(turn, record, field))
            return (prompt(turn, record, field, problem=wrong(turn, refused)),)
        except Overtaken as error:
            mine = turn.say("announce.button.mine")
            extra = ((act(mine, error.record, "mine", field, message_id),),) if turn.text else ()
            return (overtaken(turn, error, extra),)
        return await _next(work, turn, stored, field, lead)

    return Result(write=write)


def wrong(turn: Turn, refused: Refused) -> str:
    """Say what is wrong with a part and what to do."""
    zone = {"zone": turn.services.program.timezone.key} if isinstance(refused, BadMoment) else {}
    return turn.say(refused.key, **(refused.values | zone))


async def _begin(turn: Turn, field: str | None) -> Result:
    """Store the first text as a new draft, in the language it is written in."""
    languages = turn.services.program.languages
    # A text behind the command itself shows its language, too.
    shown = written_language(turn.text, turn.services.detect)
    language = next((code for code in (shown, turn.language) if code in languages), languages[0])
    if turn.message.attachments and not turn.text:
        return start(turn)
    try:
        text = check_text(turn.text)
    except DraftRefused as refused:
        problem = Reply(text=wrong(turn, refused), language=turn.language)
        return Result(replies=(problem,), pending=awaiting(turn, None, field or "text"))
    assert turn.staff is not None
    new = NewAnnouncement(texts={language: text}, created_by=turn.staff.id)

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        try:
            record = await create(work, turn, new)
        except Gone as error:
            return (gone(turn, error),)
        return await _next(work, turn, record, f"text.{language}", "")

    return Result(write=write)


async def _next(
    work: UnitOfWork, turn: Turn, record: AnnouncementRecord, field: str, lead: str
) -> Sequence[Reply]:
    """After a first text ask for the other language; after anything else show the draft."""
    missing = [code for code in turn.services.program.languages if not record.texts.get(code)]
    if field.startswith("text.") and len(record.texts) == 1 and missing and record.revision == 1:
        other = missing[0]
        await work.conversations.set_pending(turn.conversation_id, awaiting(turn, record, f"text.{other}"))
        saved = turn.say(
            "announce.first_saved",
            language=turn.texts.name_of(field.removeprefix("text.")),
            other=turn.texts.name_of(other),
        )
        leave = turn.say("announce.button.leave_out", language=turn.texts.name_of(other))
        rows = ((act(leave, record, "card"),),)
        return (Reply(text=saved, buttons=rows, language=turn.language),)
    return (card(turn, record, lead),)


async def _read(turn: Turn, field: str, text: str) -> tuple[Edit, str]:
    """Read one part; raises what is wrong with it. Returns the change and a word about it."""
    name, _, language = field.partition(".")
    if name == "text":
        checked = check_text(text)
        return (lambda draft: with_text(draft, language, checked)), ""
    if name == "file":
        return await _file(turn)
    if name in ("at", "until"):
        return _moment(turn, name, text)
    if name == "founders":
        return await _founders(turn, text)
    if name == "link":
        link = check_link(text)
        return (lambda draft: replace(draft, link=link)), ""
    if name == "replies":
        program = turn.services.program
        replies = check_labels([read_label(line, program) for line in text.splitlines() if line.strip()])
        return (lambda draft: replace(draft, replies=replies)), ""
    raise LookupError(field)


def _moment(turn: Turn, name: str, text: str) -> tuple[Edit, str]:
    zone = turn.services.program.timezone
    found: Moment = read_moment(text, zone, turn.now, end_of_day=name == "until")
    lead = turn.say("announce.time.twice", offset=f"UTC{found.at.astimezone(zone):%z}") if found.twice else ""

    def edit(draft: NewAnnouncement) -> NewAnnouncement:
        after = replace(draft, at=found.at) if name == "at" else replace(draft, valid_until=found.at)
        if after.valid_until is not None and after.valid_until <= (after.at or turn.now):
            raise DraftRefused("ends_first")
        return after

    return edit, lead


async def _file(turn: Turn) -> tuple[Edit, str]:
    files = turn.services.files
    if not turn.message.attachments or files is None:
        raise DraftRefused("no_file")
    kept = check_file(await files.fetch(turn.message.channel, turn.message.attachments[0]))
    return (lambda draft: replace(draft, file=kept)), ""


async def _founders(turn: Turn, text: str) -> tuple[Edit, str]:
    words = list(dict.fromkeys(text.replace(",", " ").replace("，", " ").replace("、", " ").split()))
    async with turn.reading() as work:
        found = await work.people.find(words)
    unknown = [word for word, ids in found.items() if not ids]
    if unknown or not found:
        raise DraftRefused("nobody", who=", ".join(unknown) or "–")
    ids = tuple(dict.fromkeys(number for numbers in found.values() for number in numbers))
    return (lambda draft: replace(draft, audience=replace(draft.audience, founders=ids))), ""


def dropped(field: str) -> Edit:
    """The change that takes one part out of a draft."""
    name, _, language = field.partition(".")
    if name == "text":
        return lambda draft: with_text(draft, language, None)
    if name == "founders":
        return lambda draft: replace(draft, audience=replace(draft.audience, founders=()))
    empty: dict[str, Any] = {
        "link": {"link": None},
        "file": {"file": None},
        "replies": {"replies": ()},
        "at": {"at": None},
        "until": {"valid_until": None},
    }
    return lambda draft: replace(draft, **empty.get(name, {}))
