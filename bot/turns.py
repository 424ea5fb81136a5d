"""One turn: a message in, its replies stored; thinking happens between two short units of work."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from bot.channels.base import PRESS, Channel
from bot.lanes import where
from bot.patience import until_stored
from handlers.apply.codes import HIDDEN, code_in, masked
from handlers.errors import apologize, error_code
from handlers.handover import SPOKEN_ANYWAY
from handlers.language import written_language
from handlers.messages import IncomingMessage, Reply
from handlers.replies import plain_text, reply_to_dict, with_message_id
from handlers.route import possible
from handlers.routes import ROUTES, Route, find_route
from handlers.turn import Result, Services, Turn
from handlers.words import clean
from storage.entries import NewIncoming, NewOutbox, NewOutgoing, NewTrace, Sender
from storage.errors import StaleWork
from storage.records import InboxRecord, OutboxRecord, Person

if TYPE_CHECKING:
    from storage.database import UnitOfWork

logger = logging.getLogger(__name__)

_LOOK_BACK = 8
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds: after how long a slow handler shows "typing", how often again, and when it is given up."""

    typing_after: float = 0.4
    typing_again: float = 4.0
    give_up_after: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A stored update and the message it holds; several are the parts of one paste."""

    record: InboxRecord
    message: IncomingMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Thought:
    """What a handler came to, and which error it came to grief with."""

    route: str
    result: Result
    milliseconds: float
    error: str | None = None


class Turns:
    """Runs turns; holds no state but a memory of languages that may be forgotten at any time."""

    def __init__(
        self,
        services: Services,
        worker: str,
        *,
        routes: Sequence[Route] = ROUTES,
        pace: Pace | None = None,
    ) -> None:
        self._services = services
        self._worker = worker
        self._routes = routes
        self._possible: dict[str, tuple[Route, ...]] = {}
        self._pace = pace or Pace()
        self._languages: OrderedDict[int, str] = OrderedDict()
        self._typing: set[asyncio.Task[None]] = set()

    async def run(self, received: Sequence[Received], channel: Channel) -> list[OutboxRecord]:
        """Handle one message (or the parts of one) and return its stored replies, ready to send.

        Raises StaleWork when another worker was faster, StorageError when nothing could be stored.
        """
        turn = await until_stored(partial(self._open, received))
        thought = await self._think(turn, channel)
        try:
            return await until_stored(partial(self._commit, turn, received, thought))
        except StaleWork:
            raise
        except Exception as error:
            failed = self._failed(turn, thought.route, error, thought.milliseconds)
            return await until_stored(partial(self._commit, turn, received, failed))

    # --- before -----------------------------------------------------------------------------------

    async def _open(self, received: Sequence[Received]) -> Turn:
        """Read who wrote and settle which language to speak."""
        message = received[-1].message
        person, previous = await self._person(message)
        text = clean("".join(item.message.text for item in received))
        words = text if message.kind != "command" else ""
        shown = written_language(words, self._services.detect)
        spoken = shown or previous or self._likely(message)
        self._remember(person.conversation.id, spoken)
        return Turn(
            message=message,
            text=text,
            person=person,
            language=person.founder.language or spoken,
            written=shown,
            services=self._services,
            now=self._services.clock(),
        )

    async def _person(self, message: IncomingMessage) -> tuple[Person, str | None]:
        sender = Sender(
            channel=message.channel,
            sender=message.sender,
            chat=message.chat,
            name=message.sender_name,
            username=message.username,
            language_hint=message.language_hint,
        )
        async with self._services.database.unit_of_work(read_only=True) as work:
            person = await work.founders.find(sender)
            if person is not None:
                return person, await self._previous_language(work, person)
        async with self._services.database.unit_of_work() as work:
            return await work.founders.identify(sender), None

    async def _previous_language(self, work: UnitOfWork, person: Person) -> str | None:
        conversation = person.conversation.id
        if person.founder.language or conversation in self._languages:
            return self._languages.get(conversation)
        recent = await work.messages.recent(conversation, _LOOK_BACK)
        spoken = [item.language for item in recent if item.direction == "in" and item.language]
        return spoken[-1] if spoken else None

    def _likely(self, message: IncomingMessage) -> str:
        hint = (message.language_hint or "").replace("_", "-").partition("-")[0].lower()
        return hint or self._services.program.default_language

    # --- thinking ---------------------------------------------------------------------------------

    async def _think(self, turn: Turn, channel: Channel) -> _Thought:
        started = perf_counter()
        name = "unknown"
        done = asyncio.Event()
        try:
            route = find_route(turn, self._routes_for(turn.message.kind))
            name = route.name
            self._show_typing(channel, turn.message.chat, done, at_once=route.looks_up)
            async with asyncio.timeout(self._pace.give_up_after):
                result = await route.handle(turn)
        except Exception as error:
            return self._failed(turn, name, error, (perf_counter() - started) * 1000)
        finally:
            done.set()
        return _Thought(route=name, result=result, milliseconds=(perf_counter() - started) * 1000)

    def _routes_for(self, kind: str) -> tuple[Route, ...]:
        found = self._possible.get(kind)
        if found is None:
            found = self._possible[kind] = possible(self._routes, kind)
        return found

    def _failed(self, turn: Turn, route: str, error: Exception, milliseconds: float) -> _Thought:
        code = error_code(error)
        logger.error("route %s failed with %s (%s)", route, code, where(error))
        return _Thought(route=route, result=apologize(turn, error), milliseconds=milliseconds, error=code)

    def _show_typing(self, channel: Channel, chat: str, done: asyncio.Event, *, at_once: bool) -> None:
        """Show that somebody is writing while the handler thinks; never waited for, never fatal."""
        delay = 0.0 if at_once else self._pace.typing_after
        task = asyncio.create_task(self._keep_typing(channel, chat, done, delay))
        self._typing.add(task)
        task.add_done_callback(self._typing.discard)

    async def _keep_typing(self, channel: Channel, chat: str, done: asyncio.Event, delay: float) -> None:
        while True:
            try:
                async with asyncio.timeout(delay):
                    await done.wait()
                return
            except TimeoutError:
                pass
            try:
                await channel.typing(chat)
            except Exception as error:
                logger.debug("no typing indicator: %s", type(error).__name__)
            delay = self._pace.typing_again

    # --- after ------------------------------------------------------------------------------------

    async def _commit(
        self, turn: Turn, received: Sequence[Received], thought: _Thought
    ) -> list[OutboxRecord]:
        """Store both sides of the exchange, the trace, the handler's writes, and the update as handled."""
        result = thought.result
        async with self._services.database.unit_of_work() as work:
            asked = [await work.messages.add_incoming(_incoming(turn, item.message)) for item in received]
            await self._note_conversation(work, turn, result)
            written = await result.write(work, asked[-1].id) if result.write else ()
            await work.traces.add(_trace(turn, thought, asked[-1].id))
            replies = _answering_press(turn, (*result.replies, *written))
            yields = turn.person.handover is None and thought.route not in SPOKEN_ANYWAY
            stored = [await self._store(work, turn, reply, asked[-1].id, yields=yields) for reply in replies]
            records = [record for record in stored if record.status == "sending"]
            if thought.error is None:
                await work.inbox.mark_handled([item.record.id for item in received])
            else:
                for item in received:
                    await work.inbox.mark_failed(item.record.id, thought.error)
        return records

    async def _note_conversation(self, work: UnitOfWork, turn: Turn, result: Result) -> None:
        conversation = turn.person.conversation
        if conversation.pending is not None or result.pending is not None:
            await work.conversations.set_pending(conversation.id, result.pending)
        if conversation.blocked_at is not None:
            await work.founders.mark_blocked(conversation.channel, turn.message.chat, None)

    async def _store(
        self, work: UnitOfWork, turn: Turn, reply: Reply, asked: int, *, yields: bool
    ) -> OutboxRecord:
        """Keep the reply for good without its files and codes, and put it into the outbox as a whole.

        One that `yields` is not sent when a person took over while the handler was at work.
        """
        code = reply.extra.get(HIDDEN, "")
        message = await work.messages.add_outgoing(
            NewOutgoing(
                conversation_id=turn.conversation_id,
                in_reply_to=asked,
                text=masked(plain_text(reply), code),
                payload=masked(reply_to_dict(reply, with_files=False), code),
                language=reply.language,
            )
        )
        return await work.outbox.add(
            NewOutbox(
                channel=turn.message.channel,
                chat=turn.message.chat,
                payload=reply_to_dict(with_message_id(reply, message.id)),
                worker=self._worker,
                message_id=message.id,
                unless_in_hand=turn.conversation_id if yields else None,
            )
        )

    def _remember(self, conversation: int, language: str) -> None:
        self._languages[conversation] = language
        self._languages.move_to_end(conversation)
        if len(self._languages) > _REMEMBERED:
            self._languages.popitem(last=False)


def _incoming(turn: Turn, message: IncomingMessage) -> NewIncoming:
    code = code_in(message)
    details = {
        "command": message.command,
        "arguments": message.arguments,
        "button": message.button,
        "unsupported": message.unsupported,
        "files": [{"name": file.name, "size": file.size} for file in message.attachments],
    }
    return NewIncoming(
        conversation_id=turn.conversation_id,
        founder_id=turn.founder_id,
        external_id=message.external_id,
        kind=message.kind,
        received_at=message.received_at,
        text=masked(message.text, code),
        language=turn.written,
        payload={name: masked(value, code) for name, value in details.items() if value},
        names=tuple(name for name in (message.sender_name, message.username) if name),
    )


def _trace(turn: Turn, thought: _Thought, message_id: int) -> NewTrace:
    note = thought.result.trace
    return NewTrace(
        message_id=message_id,
        conversation_id=turn.conversation_id,
        route=thought.route,
        question=note.question,
        searched=note.searched,
        language=note.language or turn.language,
        answered=note.answered,
        confidence=note.confidence,
        passages=note.passages,
        timings={"total": thought.milliseconds, **note.timings, "handler": thought.milliseconds},
        index_version=note.index_version,
        writer=note.writer,
        error_code=thought.error or note.error_code,
    )


def _answering_press(turn: Turn, replies: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """Let the first reply answer the press, or the button would show its waiting sign for ever."""
    if turn.message.kind != "button":
        return replies
    first, *others = replies or (Reply(text="", language=turn.language),)
    press = {**first.extra, PRESS: turn.message.external_id}
    return (replace(first, extra=press), *others)
