"""Records and entries of staff and announcements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from storage.records import Payload

Role = Literal["owner", "editor", "reviewer", "viewer"]
AnnouncementStatus = Literal["draft", "scheduled", "sending", "paused", "finished", "cancelled"]
ChangeKind = Literal["edit", "delete"]
ChangeStatus = Literal["running", "finished", "cancelled"]
Changed = Literal["edited", "deleted", "refused"]
RecipientStatus = Literal[
    "pending",
    "claimed",
    "sending",
    "sent",
    "failed",
    "blocked",
    "unsubscribed",
    "erased",
    "no_channel",
    "unknown",
    "cancelled",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRecord:
    """A person of the program; `founder_id` is their own chat account, None until linked."""

    id: int
    name: str
    role: Role
    founder_id: int | None
    language: str | None
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One action of staff."""

    id: int
    at: datetime
    staff_id: int | None
    actor: str
    action: str
    object_kind: str | None
    object_id: int | None
    details: Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom an announcement is for: values of one kind are alternatives, kinds narrow each other.

    Empty is everyone. `founders` are row ids; `statuses` and `tracks` speak of one application of the
    founder, own or joined.
    """

    topics: tuple[str, ...] = ()
    tracks: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    founders: tuple[int, ...] = ()

    @classmethod
    def of(cls, data: Mapping[str, Sequence[Any]]) -> Audience:
        """Read what `to_json` wrote; TypeError for a key that is none."""
        return cls(**{name: tuple(values) for name, values in data.items()})

    def to_json(self) -> dict[str, list[Any]]:
        """Only what narrows, JSON-able."""
        return {name: list(values) for name in self.__slots__ if (values := getattr(self, name))}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAnnouncement:
    """A draft as composed; `texts` by language, `replies` up to four {"id", "labels": {language: text}}.

    `file` is {"sha256", "name", "media_type", "size"}.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    link: str | None = None
    file: Payload | None = None
    topic: str | None = None
    audience: Audience = field(default_factory=Audience)
    replies: Sequence[Payload] = ()
    urgent: bool = False
    at: datetime | None = None
    valid_until: datetime | None = None
    created_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementRecord:
    """An announcement; `at` None means as soon as it is confirmed, `revision` guards against two editors.

    `watch_message_id` is the stored message in which staff follow how far it is.
    """

    id: int
    status: AnnouncementStatus
    texts: Mapping[str, str]
    link: str | None
    file: Payload | None
    topic: str | None
    audience: Payload
    replies: Sequence[Payload]
    urgent: bool
    at: datetime | None
    valid_until: datetime | None
    created_by: int | None
    watch_message_id: int | None
    revision: int
    created_at: datetime
    updated_at: datetime
    confirmed_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRecord:
    """One line of the ledger; `finished_at` is when its status became final.

    `external_id` holds the network's ids of all messages the announcement became, the first one first;
    `changed` is what became of the last order to edit or delete them, `change_id`.
    """

    id: int
    announcement_id: int
    founder_id: int
    conversation_id: int | None
    channel: str | None
    chat: str | None
    language: str | None
    status: RecipientStatus
    worker: str | None
    attempts: int
    next_at: datetime | None
    external_id: str | None
    error_code: str | None
    message_id: int | None
    claimed_at: datetime | None
    finished_at: datetime | None
    change_id: int | None
    changed: Changed | None

    @property
    def external_ids(self) -> tuple[str, ...]:
        """The network's ids of the messages, in order."""
        return tuple((self.external_id or "").split())


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecord:
    """An order to edit or delete what an announcement's recipients have."""

    id: int
    announcement_id: int
    kind: ChangeKind
    status: ChangeStatus
    created_by: int | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientOutcome:
    """What became of one sending; status "pending" with `next_at` means once more, not before then.

    `waited` says that the network asked for patience, which is no failed attempt.
    """

    id: int
    status: RecipientStatus
    at: datetime
    external_id: str | None = None
    error_code: str | None = None
    next_at: datetime | None = None
    message_id: int | None = None
    waited: bool = False
