"""The buttons of a draft; what they carry comes from outside and is looked up again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from handlers.announce import composing, sending
from handlers.announce.checks import DraftRefused
from handlers.announce.composing import dropped, take, wrong
from handlers.announce.desk import act, awaiting, card, gone, overtaken, prompt, words
from handlers.announce.drafting import Edit, Gone, Overtaken, save
from handlers.announce.words import KINDS, STATUSES
from handlers.messages import Reply
from handlers.turn import Result, Turn
from storage.announcement_records import AnnouncementRecord, Audience

if TYPE_CHECKING:
    from storage.database import UnitOfWork

Verb = Callable[[Turn, AnnouncementRecord, int, tuple[str, ...]], Awaitable[Result]]
_NONE = "-"


async def pressed(turn: Turn) -> Result:
    """Do what a button of a draft says, to the draft as it was shown."""
    press = turn.pressed
    draft_id, revision = press.number(0), press.number(1)
    verb = VERBS.get(press.word(2))
    if draft_id is None or revision is None or verb is None:
        return turn.toast("unsupported.stale")
    async with turn.reading() as work:
        record = await work.announcements.get(draft_id)
    if record is None or record.status != "draft":
        return Result.of(gone(turn, Gone(record)))
    if turn.services.announced is not None:
        turn.services.announced.left(record.id)
    return await verb(turn, record, revision, press.arguments[3:])


async def _card(turn: Turn, record: AnnouncementRecord, _: int, __: tuple[str, ...]) -> Result:
    return Result.of(card(turn, record, edits=turn.message.button_message))


async def _ask(turn: Turn, record: AnnouncementRecord, revision: int, arguments: tuple[str, ...]) -> Result:
    field = (*arguments, "")[0]
    name, _, language = field.partition(".")
    if name not in composing.FIELDS or (name == "text" and language not in turn.services.program.languages):
        return turn.toast("unsupported.stale")
    shown = replace(prompt(turn, record, field), edits=turn.message.button_message)
    pending = dict(awaiting(turn, record, field)) | {"revision": revision}
    return Result(replies=(shown,), pending=pending)


async def _drop(turn: Turn, record: AnnouncementRecord, revision: int, arguments: tuple[str, ...]) -> Result:
    return _edited(turn, record, revision, dropped((*arguments, "")[0]))


async def _topics(turn: Turn, record: AnnouncementRecord, _: int, __: tuple[str, ...]) -> Result:
    program = turn.services.program
    choices = [
        (act(f"{_mark(record.topic == topic.id)} {words(turn).topic(topic.id)}", record, "topic", topic.id),)
        for topic in program.topics
    ]
    nothing = turn.say("announce.button.no_topic")
    none = act(f"{_mark(record.topic is None)} {nothing}", record, "topic", _NONE)
    back = act(turn.say("announce.button.back"), record, "card")
    return Result.of(
        Reply(
            text=turn.say("announce.ask.topic"),
            buttons=(*choices, (none,), (back,)),
            edits=turn.message.button_message,
            language=turn.language,
        )
    )


async def _topic(turn: Turn, record: AnnouncementRecord, revision: int, arguments: tuple[str, ...]) -> Result:
    wanted = (*arguments, "")[0]
    topic = None if wanted == _NONE else wanted
    if topic is not None and turn.services.program.topic(topic) is None:
        return turn.toast("unsupported.stale")
    return _edited(turn, record, revision, lambda draft: replace(draft, topic=topic))


async def _urgent(turn: Turn, record: AnnouncementRecord, revision: int, _: tuple[str, ...]) -> Result:
    wanted = not record.urgent
    return _edited(turn, record, revision, lambda draft: replace(draft, urgent=wanted))


async def _audience(turn: Turn, record: AnnouncementRecord, _: int, __: tuple[str, ...]) -> Result:
    return Result.of(_kinds(turn, record))


async def _everyone(turn: Turn, record: AnnouncementRecord, revision: int, _: tuple[str, ...]) -> Result:
    return _edited(turn, record, revision, lambda draft: replace(draft, audience=Audience()), then=_kinds)


async def _kind(turn: Turn, record: AnnouncementRecord, revision: int, arguments: tuple[str, ...]) -> Result:
    kind = (*arguments, "")[0]
    if kind == "founders":
        return await _ask(turn, record, revision, (kind,))
    if kind not in KINDS:
        return turn.toast("unsupported.stale")
    return Result.of(_values(turn, record, kind, await _choices(turn, kind)))


async def _toggle(
    turn: Turn, record: AnnouncementRecord, revision: int, arguments: tuple[str, ...]
) -> Result:
    kind, digest = (*arguments, "", "")[:2]
    values = await _choices(turn, kind) if kind in KINDS else []
    value = next((value for value in values if _digest(value) == digest), None)
    if value is None:
        return turn.toast("unsupported.stale")

    def edit(draft: Any) -> Any:
        now = getattr(draft.audience, kind)
        after = tuple(x for x in now if x != value) if value in now else (*now, value)
        return replace(draft, audience=replace(draft.audience, **{kind: after}))

    return _edited(turn, record, revision, edit, then=lambda t, r: _values(t, r, kind, values))


async def _mine(turn: Turn, record: AnnouncementRecord, revision: int, arguments: tuple[str, ...]) -> Result:
    """Put in all the same what was typed while somebody else changed the draft."""
    field, number = (*arguments, "", "")[:2]
    typed = await turn.stored(int(number) if number.isdigit() and len(number) < 19 else None)
    if typed is None or not typed.text:
        return turn.toast("unsupported.stale")
    return await take(replace(turn, text=typed.text), record.id, revision, field, typed.text)


async def _new(turn: Turn, _: AnnouncementRecord, __: int, ___: tuple[str, ...]) -> Result:
    return composing.start(turn)


def _edited(
    turn: Turn,
    record: AnnouncementRecord,
    revision: int,
    edit: Edit,
    *,
    then: Callable[[Turn, AnnouncementRecord], Reply] | None = None,
) -> Result:
    """Store a pressed change and show the draft, or the page the press came from, in place."""

    async def write(work: UnitOfWork, _: int) -> Sequence[Reply]:
        try:
            stored = await save(work, turn, record.id, revision, edit)
        except Gone as error:
            return (gone(turn, error),)
        except Overtaken as error:
            return (overtaken(turn, error),)
        except DraftRefused as refused:
            return (card(turn, record, wrong(turn, refused)),)
        if then is not None:
            return (then(turn, stored),)
        return (card(turn, stored, edits=turn.message.button_message),)

    return Result(write=write)


def _kinds(turn: Turn, record: AnnouncementRecord) -> Reply:
    now = Audience.of(record.audience)
    made = [
        act(
            ("✓ " if getattr(now, kind) else "") + turn.say(f"announce.button.by_{kind}"),
            record,
            "audk",
            kind,
        )
        for kind in KINDS
        if kind != "topics" or turn.services.program.topics
    ]
    rows = [tuple(made[start : start + 2]) for start in range(0, len(made), 2)]
    everyone = act(f"{_mark(not record.audience)} {turn.say('announce.audience.everyone')}", record, "audall")
    back = act(turn.say("announce.button.done"), record, "card")
    text = turn.say("announce.ask.audience", audience=words(turn).audience(now))
    return Reply(
        text=text,
        buttons=((everyone,), *rows, (back,)),
        edits=turn.message.button_message,
        language=turn.language,
    )


def _values(turn: Turn, record: AnnouncementRecord, kind: str, values: Sequence[str]) -> Reply:
    chosen, speak = getattr(Audience.of(record.audience), kind), words(turn)
    labels = {value: f"{_mark(value in chosen)} {speak.value(kind, value)}" for value in values}
    rows = [(act(label, record, "audt", kind, _digest(value)),) for value, label in labels.items()]
    back = act(turn.say("announce.button.back"), record, "aud")
    key = f"announce.ask.by_{kind}" if values else "announce.ask.no_values"
    return Reply(
        text=turn.say(key),
        buttons=(*rows, (back,)),
        edits=turn.message.button_message,
        language=turn.language,
    )


async def _choices(turn: Turn, kind: str) -> list[str]:
    program = turn.services.program
    if kind == "tags":
        async with turn.reading() as work:
            return list(await work.subscriptions.tags())
    known: Mapping[str, Sequence[str]] = {
        "tracks": [track.id for track in program.tracks],
        "statuses": STATUSES,
        "languages": program.languages,
        "topics": [topic.id for topic in program.topics],
    }
    return list(known.get(kind, ()))


def _mark(on: bool) -> str:
    return "✅" if on else "⬜"


def _digest(value: str) -> str:
    return sha256(value.encode("utf-8", "replace")).hexdigest()[:8]


VERBS: Mapping[str, Verb] = {
    "card": _card,
    "ask": _ask,
    "drop": _drop,
    "topics": _topics,
    "topic": _topic,
    "urgent": _urgent,
    "aud": _audience,
    "audall": _everyone,
    "audk": _kind,
    "audt": _toggle,
    "mine": _mine,
    "new": _new,
    "preview": sending.preview,
    "test": sending.test,
    "count": sending.count,
    "go": sending.go,
    "discard": sending.ask_to_discard,
    "discarded": sending.discard,
}
