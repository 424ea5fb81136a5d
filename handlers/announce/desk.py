"""What staff see while they compose: the card of a draft, its buttons, its prompts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from handlers.announce.checks import looks_like_markup
from handlers.announce.drafting import Gone, Overtaken
from handlers.announce.words import Words
from handlers.buttons import button
from handlers.messages import DIGITS_TYPED, Button, Reply
from handlers.turn import Turn
from storage.announcement_records import AnnouncementRecord
from storage.records import Payload

ACTION = "an"
"""The action of all buttons of a draft: v1:an:<draft>:<revision>:<verb>:…"""
AWAITED = "announce"
PATIENCE = timedelta(hours=2)
"""How long a prompt waits for what is typed next; the draft itself waits for ever."""
Rows = tuple[tuple[Button, ...], ...]


def words(turn: Turn) -> Words:
    """Describe announcements in the turn's language."""
    return Words(turn.services.program, turn.language)


def act(label: str, record: AnnouncementRecord, verb: str, *arguments: object) -> Button:
    """A button that does something to the draft as it is shown now."""
    return button(label, ACTION, record.id, record.revision, verb, *arguments)


def card(
    turn: Turn, record: AnnouncementRecord, *leads: str, edits: str | None = None, extra: Rows = ()
) -> Reply:
    """The draft at a glance, with everything that can be done to it."""
    head = turn.say("announce.card.head", number=record.id)
    lines = [lead for lead in leads if lead]
    if any(looks_like_markup(text) for text in record.texts.values()):
        lines.append(turn.say("announce.card.markup"))
    text = "\n\n".join((*lines, f"{head}\n{words(turn).card(record)}"))
    return Reply(text=text, buttons=(*extra, *_buttons(turn, record)), edits=edits, language=turn.language)


def prompt(turn: Turn, record: AnnouncementRecord, field: str, *, problem: str = "") -> Reply:
    """Ask for one part; what is typed next is it."""
    name, _, language = field.partition(".")
    zone = turn.services.program.timezone.key
    values = {"language": turn.say("announce.nothing")} if not language else {}
    if language:
        values["language"] = turn.texts.name_of(language)
    text = turn.say(f"announce.ask.{name}", **(values | _known(name, turn, zone)))
    back = (act(turn.say("announce.button.back"), record, "card"),)
    rows = [back]
    if _given(record, name, language):
        rows.insert(0, (act(turn.say(f"announce.button.drop_{name}"), record, "drop", field),))
    # A founder's number is typed as an answer, so no channel may take it for a button.
    extra = {DIGITS_TYPED: "1"} if name == "founders" else {}
    text = "\n\n".join(x for x in (problem, text) if x)
    return Reply(text=text, buttons=tuple(rows), language=turn.language, extra=extra)


def awaiting(turn: Turn, record: AnnouncementRecord | None, field: str) -> Payload:
    """What the conversation remembers of a prompt; no record for an announcement not begun yet."""
    return {
        "await": AWAITED,
        "draft": record.id if record else None,
        "revision": record.revision if record else 0,
        "field": field,
        "until": (turn.now + PATIENCE).isoformat(),
    }


def gone(turn: Turn, error: Gone) -> Reply:
    """Say that there is no such draft any more, and what became of it."""
    record = error.record
    if record is None:
        return Reply(text=turn.say("announce.gone"), language=turn.language)
    state = turn.say(f"announce.state.{record.status}")
    text = turn.say("announce.no_draft", number=record.id, state=state)
    shown = (button(turn.say("announce.button.show"), "ar", record.id, "show"),)
    return Reply(text=text, buttons=(shown,), language=turn.language)


def overtaken(turn: Turn, error: Overtaken, extra: Rows = ()) -> Reply:
    """Show what others changed meanwhile, and the draft as it is now."""
    lines = [turn.say("announce.overtaken")]
    for entry in error.entries:
        local = entry.at.astimezone(turn.services.program.timezone)
        lines.append(turn.say("announce.by", name=entry.actor, time=f"{local:%H:%M}"))
        lines += [f"· {line}" for line in words(turn).changes(entry.details)]
    return card(turn, error.record, "\n".join(lines), extra=extra)


def _buttons(turn: Turn, record: AnnouncementRecord) -> Rows:
    say = turn.say

    def label(field: str, key: str, given: Any) -> str:
        return f"{'✓ ' if given else ''}{say(f'announce.button.{key}')}" if field else say(key)

    texts = tuple(
        act(
            ("✓ " if record.texts.get(code) else "✏️ ")
            + say("announce.button.text", language=turn.texts.name_of(code)),
            record,
            "ask",
            f"text.{code}",
        )
        for code in turn.services.program.languages
    )
    pairs: Sequence[tuple[str, str, Any, tuple[str, ...]]] = (
        ("topic", "topics", record.topic, ()),
        ("audience", "aud", record.audience, ()),
        ("at", "ask", record.at, ("at",)),
        ("until", "ask", record.valid_until, ("until",)),
        ("link", "ask", record.link, ("link",)),
        ("file", "ask", record.file, ("file",)),
        ("replies", "ask", record.replies, ("replies",)),
        ("urgent", "urgent", record.urgent, ()),
    )
    made = [act(label(key, key, given), record, verb, *rest) for key, verb, given, rest in pairs]
    rows = [tuple(made[start : start + 2]) for start in range(0, len(made), 2)]
    last: Rows = (
        (
            act(say("announce.button.preview"), record, "preview"),
            act(say("announce.button.test"), record, "test"),
        ),
        (act(say("announce.button.send"), record, "count"),),
        (act(say("announce.button.discard"), record, "discard"),),
    )
    first = [texts[start : start + 2] for start in range(0, len(texts), 2)]
    if not any(record.texts.values()):
        return (*first, *rows, last[-1])
    return (*first, *rows, *last)


def _given(record: AnnouncementRecord, name: str, language: str) -> bool:
    if name == "text":
        return bool(record.texts.get(language))
    if name == "founders":
        return bool(record.audience.get("founders"))
    return bool({"until": record.valid_until}.get(name, getattr(record, name, None)))


def _known(name: str, turn: Turn, zone: str) -> dict[str, object]:
    """The placeholders of a prompt beside the language."""
    if name in ("at", "until"):
        local = turn.now.astimezone(turn.services.program.timezone)
        return {"zone": zone, "now": f"{local:%Y-%m-%d %H:%M}"}
    return {}
