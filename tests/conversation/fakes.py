"""A channel that records, a knowledge room that follows a script, and a bot made of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.channels.base import RawUpdate, Reachability, SendResult, UnreadableUpdate
from bot.delivery import Delivery, Persistence
from bot.dispatcher import Dispatcher, Limits
from bot.reading import Paste
from bot.turns import Pace
from bot.workers import new_worker_id
from forms.model import Form
from handlers.files import Files
from handlers.messages import Attachment, IncomingMessage, Reply
from handlers.program import Program
from handlers.program import Topic as ProgramTopic
from handlers.routes import ROUTES, Route
from handlers.turn import Services
from knowledge.errors import EmbedderUnavailable
from knowledge.language import detect
from knowledge.leaning import Beside
from knowledge.model import Answer, Citation, Passage, ScoredPassage, Topic
from storage.database import Database

PROGRAM = Program(
    slug="test",
    names={"zh": "测试基地", "en": "Test Base"},
    languages=("zh", "en"),
    default_language="zh",
    timezone=ZoneInfo("Asia/Shanghai"),
    tracks=(),
    contact={"zh": "周一至周五有人回复。", "en": "Somebody replies on weekdays."},
    intro={"zh": "我回答基地的问题。", "en": "I answer about the base."},
    examples={"zh": ("租金多少？",), "en": ("How much is the rent?",)},
    topics=(
        ProgramTopic(id="events", names={"zh": "活动", "en": "Events"}),
        ProgramTopic(id="calls", names={"zh": "招募", "en": "Calls"}),
    ),
)
FAST = Limits(
    paste=Paste(wait=0.15), look_again=0.2, goodbye=2.0, pace=Pace(typing_after=0.05, give_up_after=60.0)
)


NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Clock:
    """Time that moves a millisecond whenever somebody looks, and further when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


def answered(question: str, text: str = "", **changes: Any) -> Answer:
    """An answer with one source."""
    language = changes.pop("language", None) or detect(question)
    citation = Citation(
        number=1,
        passage_id="doc#rent",
        document_id="doc",
        title="Rent",
        section="Prices",
        source="https://example.org/rent",
        quote="q",
        language=language,
        sample=changes.pop("sample", False),
        as_of=changes.pop("as_of", date(2026, 10, 1)),
    )
    passage = Passage(
        id="doc#rent",
        document_id="doc",
        title="Rent",
        section=("Prices",),
        text="q",
        language=language,
        content_hash="c",
        document_version="v7",
        position=0,
    )
    values: dict[str, Any] = {
        "question": question,
        "language": language,
        "answered": True,
        "text": text or f"Answer to: {question} [1]",
        "citations": (citation,),
        "confidence": 0.9,
        "answer_language": language,
        "searched": question,
        "retrieved": (ScoredPassage(passage=passage, score=0.9, dense=0.8, lexical=3.0),),
        "related": (),
        "index_version": "i1",
        "writer": "extractive",
        "timings": {"total": 12.0},
    }
    return Answer(**{**values, **changes})


def refused(question: str, *topics: str) -> Answer:
    """A refusal that offers topics."""
    related = tuple(Topic(label=label, passage_id=f"p{n}") for n, label in enumerate(topics))
    return answered(question, answered=False, citations=(), related=related, confidence=0.1)


class ScriptedKnowledge:
    """Answers what was enqueued, in turn; then says which question it was asked."""

    def __init__(self) -> None:
        self.script: list[Answer | Exception] = []
        self.asked: list[tuple[str, str | None]] = []
        self.sections: dict[tuple[str, str], Passage] = {}
        self.asking: set[str] = set()
        self.delay = 0.0
        self.free = asyncio.Event()
        self.free.set()
        self.running = 0
        self.most_running = 0

    @property
    def questions(self) -> list[str]:
        return [question for question, _ in self.asked]

    async def ask(self, question: str, *, language: str | None = None) -> Answer:
        self.asked.append((question, language))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(self.delay)
            await self.free.wait()
        finally:
            self.running -= 1
        step = self.script.pop(0) if self.script else answered(question, language=language)
        if isinstance(step, Exception):
            raise step
        return step

    async def leaning(self, text: str, beside: Beside, signs: Sequence[float]) -> float:
        """No opinion, so that words decide, but on the texts of which a test says that they ask."""
        if text not in self.asking:
            raise EmbedderUnavailable("no opinion")
        return 3.0

    def section(self, document: str, heading: str, language: str) -> Passage | None:
        return self.sections.get((document, heading))


@dataclass
class RecordingChannel:
    """A network in memory: what was sent is in `sent`, `faults` are raised one by one before sending."""

    name: str = "memory"
    sent: list[tuple[str, Reply]] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    skips: list[int] = field(default_factory=list)
    delay: float = 0.0

    def parse(self, payload: str) -> IncomingMessage | Reachability | None:
        data = json.loads(payload)
        if "blocked" in data:
            return Reachability(chat=data["chat"], blocked_at=NOON if data["blocked"] else None)
        if data.get("broken"):
            raise UnreadableUpdate("memory_broken")
        if data.get("ignored"):
            return None
        at = datetime.fromisoformat(data.pop("at"))
        if "attachments" in data:
            data["attachments"] = tuple(Attachment(**file) for file in data["attachments"])
        return IncomingMessage(channel=self.name, received_at=at, **data)

    async def send(self, chat: str, reply: Reply, *, skip: int = 0) -> SendResult:
        await asyncio.sleep(self.delay)
        self.skips.append(skip)
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append((chat, reply))
        return SendResult(external_ids=(f"m{len(self.sent)}",))

    async def typing(self, chat: str) -> None:
        self.typed.append(chat)

    async def run(self, inbox: Any, stop: asyncio.Event) -> None:
        await stop.wait()


class Bot:
    """A dispatcher with a recording channel, driven like a chat."""

    def __init__(
        self,
        database: Database,
        *,
        channel: RecordingChannel | None = None,
        knowledge: ScriptedKnowledge | None = None,
        clock: Clock | None = None,
        routes: Sequence[Route] = ROUTES,
        limits: Limits = FAST,
        persistence: Persistence | None = None,
        worker: str | None = None,
        form: Form | None = None,
        files: Files | None = None,
        program: Program = PROGRAM,
        desk_url: str = "",
    ) -> None:
        self.database = database
        self.channel = channel or RecordingChannel()
        self.knowledge = knowledge or ScriptedKnowledge()
        self.clock = clock or Clock()
        services = Services(
            database=database,
            knowledge=self.knowledge,
            program=program,
            clock=self.clock,
            detect=detect,
            form=form,
            files=files,
            channels=(self.channel.name,),
            desk_url=desk_url,
        )
        self.services = services
        self.delivery = Delivery(
            database,
            [self.channel],
            worker or new_worker_id(),
            clock=self.clock,
            files=files,
            persistence=persistence or Persistence(first_pause=0.01, longest_pause=0.02),
        )
        self.dispatcher = Dispatcher(services, [self.channel], self.delivery, routes=routes, limits=limits)
        self.number = 0

    async def __aenter__(self) -> Bot:
        await self.dispatcher.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.dispatcher.stop()

    async def crash(self) -> None:
        """Stop as a killed process does: nothing is finished, nobody signs off."""
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(0.05)

    # --- a founder --------------------------------------------------------------------------------

    def update(self, chat: str = "ann", **message: Any) -> RawUpdate:
        self.number += 1
        values = {
            "chat": chat,
            "sender": chat,
            "sender_name": f"{chat.title()} Lee",
            "external_id": f"e{self.number}",
            "kind": "text",
            "at": self.clock().isoformat(),
            **message,
        }
        return RawUpdate(update_id=self.number, chat=chat, payload=json.dumps(values))

    async def receive(self, *updates: RawUpdate) -> None:
        await self.dispatcher.accept(self.channel.name, updates)

    async def send(self, chat: str = "ann", **message: Any) -> list[Reply]:
        """Send one message and return the replies to it."""
        before = len(self.to(chat))
        await self.receive(self.update(chat, **message))
        await self.dispatcher.settled(self.channel.name, chat)
        return self.to(chat)[before:]

    async def say(self, text: str, chat: str = "ann", **message: Any) -> Reply:
        """Send text and return the one reply to it."""
        (reply,) = await self.send(chat, text=text, **message)
        return reply

    async def command(self, name: str, chat: str = "ann") -> Reply:
        (reply,) = await self.send(chat, kind="command", command=name, text=f"/{name}")
        return reply

    async def press(self, payload: str, chat: str = "ann", under: str = "m1") -> Reply:
        (reply,) = await self.send(chat, kind="button", button=payload, button_message=under)
        return reply

    async def told(self, text: str, chat: str = "ann") -> bool:
        """Whether something is said in a chat that asked for nothing, as soon as it is."""
        try:
            await until(lambda: any(reply.text == text for reply in self.to(chat)))
        except TimeoutError:
            return False
        return True

    def to(self, chat: str) -> list[Reply]:
        return [reply for receiver, reply in self.channel.sent if receiver == chat]


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that happens in the background."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def questions_answered(bot: Bot, chat: str) -> list[str]:
    """The questions that the scripted knowledge has answered in a chat, in order."""
    return [reply.text.removeprefix("Answer to: ").removesuffix(" [1]") for reply in bot.to(chat)]


def payloads(reply: Reply) -> list[str]:
    """The payloads of a reply's buttons, in order."""
    return [button.payload for row in reply.buttons for button in row]


def actions(reply: Reply) -> list[str]:
    """The actions of a reply's buttons, in order."""
    return [item.split(":")[1] for item in payloads(reply)]


def payload(reply: Reply, action: str) -> str:
    """The payload of the first button with that action."""
    return next(item for item in payloads(reply) if item.split(":")[1] == action)


async def rows(database: Database, table: str) -> list[dict[str, Any]]:
    """All rows of a table, for what no repository tells."""
    from sqlalchemy import text

    async with database._connected() as connection:
        result = await connection.execute(text(f"SELECT * FROM {table} ORDER BY 1"))
        return [dict(row._mapping) for row in result]


def decoded(value: Any) -> Any:
    """A JSON column as both databases mean it: SQLite gives text, PostgreSQL has decoded it already."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
