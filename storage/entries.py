"""What goes into the database: one frozen dataclass for each thing a repository adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from storage.records import Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who wrote, as the channel describes them; (channel, sender) is the key, the rest may change."""

    channel: str
    sender: str
    chat: str
    name: str = ""
    username: str | None = None
    language_hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIncoming:
    """A founder's message; `payload` holds what is not text (command, button, attachments).

    `names` are those by which the founder goes, where whoever adds it knows them.
    """

    conversation_id: int
    founder_id: int
    external_id: str
    kind: str
    received_at: datetime
    text: str = ""
    language: str | None = None
    payload: Payload = field(default_factory=dict)
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOutgoing:
    """A reply as stored: `payload` is the whole reply, `text` its plain text for reading and export.

    `kind` says who speaks: "reply" is the bot, "staff" a person, "notice" the bot about a person.
    """

    conversation_id: int
    text: str
    kind: str = "reply"
    in_reply_to: int | None = None
    payload: Payload = field(default_factory=dict)
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAnnounced:
    """What was announced to one founder, as stored; `external_id` is the network's of its first message."""

    conversation_id: int
    founder_id: int
    text: str
    payload: Payload
    language: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTrace:
    """How a turn went; `message_id` is the founder's message (one trace each), `error_code` set if it failed.

    `confidence` is a probability (0-1), `timings` milliseconds by step, `passages` one mapping a passage
    considered, best first (id, document version, scores); None in `answered` means nothing was asked.
    """

    message_id: int
    conversation_id: int
    route: str
    question: str = ""
    searched: str = ""
    language: str | None = None
    answered: bool | None = None
    confidence: float | None = None
    passages: Sequence[Mapping[str, Any]] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    index_version: str | None = None
    writer: str | None = None
    error_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawUpdate:
    """One update exactly as the network sent it; `chat` is None when it could not be told."""

    update_id: int
    chat: str | None
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOutbox:
    """A reply to deliver; `sending` means that `worker` sends it at once, so nobody else may.

    `unless_in_hand` is a conversation: once a person has taken that over, the reply is kept and not sent.
    """

    channel: str
    chat: str
    payload: Payload
    worker: str
    message_id: int | None = None
    sending: bool = True
    unless_in_hand: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one delivery; "retry" puts it back to wait until `next_at` (or for the next look)."""

    id: int
    status: Literal["sent", "failed", "blocked", "retry"]
    at: datetime
    external_id: str | None = None
    error_code: str | None = None
    next_at: datetime | None = None
