"""The words all rooms share: what a founder sent, and what the bot answers, free of any network's types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

DIGITS_TYPED = "digits_typed"
"""In `Reply.extra`: a number typed next is an answer, so a channel must not take it for a button."""

AS_POST = "as_post"
"""In `Reply.extra`: a picture is shown as one, with the text below it where the network has room for that."""

Kind = Literal["text", "command", "button", "file", "unsupported", "edited"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that travels with a message, either by reference (incoming) or by content (outgoing)."""

    name: str
    media_type: str
    size: int | None = None
    reference: str | None = None
    content: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMessage:
    """One message of a founder, as every channel hands it to the dispatcher.

    `text` is what was typed ("" for a press or a file), `command` the name without slash and its
    arguments in `arguments`, `button` the payload of a pressed button and `button_message` the
    network's id of the message it hangs under. `kind` "unsupported" names a thing the bot cannot read
    (its name is in `unsupported`, e.g. "sticker").
    """

    channel: str
    chat: str
    sender: str
    external_id: str
    kind: Kind
    received_at: datetime
    text: str = ""
    command: str | None = None
    arguments: str = ""
    button: str | None = None
    button_message: str | None = None
    unsupported: str | None = None
    attachments: tuple[Attachment, ...] = ()
    sender_name: str = ""
    username: str | None = None
    language_hint: str | None = None
    reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A choice under a reply; `payload` is at most 64 bytes and carries its own version ("v1:helpful:42")."""

    label: str
    payload: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One line of the numbered list of sources under an answer."""

    number: int
    title: str
    section: str
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the bot says: meaning only; each channel renders it in its own markup.

    `text` is plain text (never markup), `notes` are short cautions shown below it (sample policy,
    dated source, other language), `sources` the numbered citations, `buttons` rows of choices.
    `edits` asks the channel to replace the message with that network id instead of sending a new one;
    `toast` answers a button press briefly where the channel can.
    """

    text: str
    notes: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    buttons: tuple[tuple[Button, ...], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    edits: str | None = None
    toast: str | None = None
    language: str = "en"
    extra: Mapping[str, str] = field(default_factory=dict)
