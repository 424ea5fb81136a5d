"""The one argument of every handler, and what it gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from forms.model import Form
from handlers.buttons import Press, parse_press
from handlers.files import Files
from handlers.messages import IncomingMessage, Reply
from handlers.program import Program
from handlers.texts import Texts
from knowledge.leaning import Beside
from knowledge.model import Answer, Passage
from storage.announcement_records import StaffRecord
from storage.records import MessageRecord, Payload, Person

if TYPE_CHECKING:  # a handler never needs SQLAlchemy to be imported
    from handlers.announce.trying import AnnouncementTrials
    from handlers.review.documents import DocumentDesk
    from handlers.review.gaps import GapDesk
    from storage.database import Database, UnitOfWork

Write = Callable[["UnitOfWork", int], Awaitable[Sequence[Reply]]]
"""Runs inside the turn's one commit with the id of the founder's stored message; returns further replies.

It may run again when the database was busy, so it touches nothing but the unit of work.
"""


def _no_link(channel: str, payload: str) -> str | None:
    return None


class Knowledge(Protocol):
    """What handlers need of the knowledge room."""

    async def ask(self, question: str, *, language: str | None = None) -> Answer:
        """Answer from the documents or refuse; raises KnowledgeError when it could not look."""
        ...

    async def leaning(self, text: str, beside: Beside, signs: Sequence[float]) -> float:
        """Weigh whether a text asks rather than answers the question beside: above 0 it more likely asks."""
        ...

    def section(self, document: str, heading: str, language: str) -> Passage | None:
        """Find a section by its document's id without language and its heading; only looks into memory."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the composition root lends to every turn; `detect` names the language of a text (ISO 639-1).

    `form` is the program's application form, None when it takes no applications here; `deep_link` makes the
    address that opens this bot on a channel with a payload, None where a channel has none. Announcements
    reach the chats of `channels`, `rate` of them a second. `desk_url` is the address of the console, "" for
    none. `documents` is what staff work on them with, None in a process that publishes none;
    so is `gaps` for what was not answered, and `announced`, which tries announcements out.
    """

    database: Database
    knowledge: Knowledge
    program: Program
    clock: Callable[[], datetime]
    detect: Callable[[str], str]
    form: Form | None = None
    files: Files | None = None
    deep_link: Callable[[str, str], str | None] = _no_link
    channels: Sequence[str] = ()
    rate: int = 30
    desk_url: str = ""
    documents: DocumentDesk | None = None
    gaps: GapDesk | None = None
    announced: AnnouncementTrials | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of a founder, with who wrote it and what can be done about it.

    `text` is the typed text, cleaned (and joined, when a paste arrived in parts); `language` is the one to
    speak and `written` the one the text itself shows, None when it is too little to tell.
    """

    message: IncomingMessage
    text: str
    person: Person
    language: str
    written: str | None
    services: Services
    now: datetime

    @property
    def chosen(self) -> str | None:
        """The language the founder chose by hand, if any."""
        return self.person.founder.language

    @property
    def conversation_id(self) -> int:
        """The row of this chat."""
        return self.person.conversation.id

    @property
    def founder_id(self) -> int:
        """The row of this person."""
        return self.person.founder.id

    @property
    def staff(self) -> StaffRecord | None:
        """Who of the program's people writes this; None for a founder."""
        return self.person.staff

    @property
    def pending(self) -> Payload:
        """What the message before this one left open; empty for nothing."""
        return self.person.conversation.pending or {}

    def awaits(self, what: str) -> bool:
        """Tell whether the message before this one asked for this, and not too long ago."""
        asked = self.pending.get("await") == what
        return asked and self.now <= datetime.fromisoformat(str(self.pending["until"]))

    @property
    def interview(self) -> Payload | None:
        """Where this chat stands in the application's interview; None outside of it."""
        return self.person.conversation.interview

    @property
    def press(self) -> Press | None:
        """The pressed button, when it was one and this version understands it."""
        return parse_press(self.message.button) if self.message.kind == "button" else None

    @property
    def pressed(self) -> Press:
        """The pressed button for who knows that it was one; an empty press otherwise."""
        return self.press or Press(action="")

    @property
    def typed(self) -> bool:
        """Whether the founder typed words rather than a command, a press or something unreadable."""
        return self.message.kind == "text"

    @property
    def program_name(self) -> str:
        """What the program is called in the turn's language."""
        return self.services.program.text(self.services.program.names, self.language)

    @property
    def contact(self) -> str:
        """How a person is reached, in the turn's language."""
        return self.services.program.text(self.services.program.contact, self.language)

    @property
    def texts(self) -> Texts:
        """The sentences in the turn's language."""
        return Texts(self.language)

    def say(self, key: str, **values: object) -> str:
        """Return a sentence in the turn's language."""
        return self.texts(key, **values)

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a short unit of work that reads; close it before thinking."""
        return self.services.database.unit_of_work(read_only=True)

    async def stored(self, message_id: int | None) -> MessageRecord | None:
        """Find a message of this very chat; None for any other, since ids in buttons come from outside."""
        if message_id is None:
            return None
        async with self.reading() as work:
            record = await work.messages.get(message_id)
        return record if record is not None and record.conversation_id == self.conversation_id else None

    def speaking(self, language: str) -> Turn:
        """Return the same turn in another language, unless the founder chose one by hand."""
        return self if self.chosen or language == self.language else replace(self, language=language)

    def reply(self, key: str, **values: object) -> Result:
        """Answer with one sentence and nothing else."""
        return Result.of(Reply(text=self.say(key, **values), language=self.language))

    def toast(self, key: str) -> Result:
        """Answer a press with a brief word that leaves the chat as it is."""
        return Result.of(Reply(text="", toast=self.say(key), language=self.language))


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceNote:
    """What a handler adds to its turn's trace; see storage.entries.NewTrace for the units."""

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
class Result:
    """What one turn says and stores; no replies at all is an answer too (silence).

    `pending` is what the next message may complete; whatever was pending before is forgotten.
    """

    replies: tuple[Reply, ...] = ()
    write: Write | None = None
    pending: Payload | None = None
    trace: TraceNote = field(default_factory=TraceNote)

    @classmethod
    def of(cls, *replies: Reply) -> Result:
        """Answer with these replies and write nothing else."""
        return cls(replies=replies)

    def then(self, other: Result) -> Result:
        """Say and store this, then the other, in one commit; the trace and what is pending are this one's."""

        async def write(work: UnitOfWork, message_id: int) -> Sequence[Reply]:
            first = await self.write(work, message_id) if self.write is not None else ()
            second = await other.write(work, message_id) if other.write is not None else ()
            return (*first, *other.replies, *second)

        return replace(self, write=write)
