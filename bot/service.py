"""Starts the parts, runs them until told to stop, and takes them down in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bot.announcing import Announcing, Hooks
from bot.app import (
    console_server,
    open_knowledge,
    open_library,
    telegram_channel,
    terminal_channel,
    with_desks,
)
from bot.attendance import Attendance, Patience
from bot.background import background
from bot.channels.base import Channel
from bot.chores import keep_counting, keep_grouping, keep_indexing, keep_sweeping
from bot.delivery import Delivery
from bot.dispatcher import Dispatcher
from bot.expiring import Expiring
from bot.files import FileStore
from bot.forms import open_form
from bot.health import Heartbeat
from bot.menus import StaffMenus
from bot.publishing import Publisher
from bot.reminders import Reminders
from bot.retention import Keeper, retention
from bot.sharing import Sharing
from bot.watching import Watching
from bot.workers import new_worker_id
from handlers.program import load_program
from handlers.review.search_words import search_words
from handlers.turn import Services
from knowledge.errors import KnowledgeError
from knowledge.language import detect
from storage.database import Database
from storage.errors import StorageError

if TYPE_CHECKING:
    from bot.channels.telegram import TelegramChannel
    from bot.channels.terminal import TerminalChannel
    from bot.console.server import ConsoleServer
    from bot.settings import Settings
    from knowledge.service import Knowledge

logger = logging.getLogger(__name__)
_WARMING_QUESTION = "Who can apply?"


class NothingToRun(Exception):
    """No channel is configured; the message names the setting."""


async def serve(settings: Settings) -> None:
    """Run every configured channel and the console until SIGTERM or SIGINT; a second signal ends at once.

    Raises NothingToRun, TelegramSetupError, ConsoleSetupError, StorageError or KnowledgeError when it
    cannot start.
    """
    program = load_program(settings.program)
    _require_something_to_run(settings)
    stop = stop_on_signals()
    heartbeat = Heartbeat(settings.data_dir)
    async with opened(settings) as (database, knowledge):
        token = settings.telegram_token.get_secret_value()
        channels = [telegram_channel(settings, program)] if token else []
        names = [channel.name for channel in channels]
        files = FileStore(settings.data_dir, channels)
        publisher = Publisher(database, knowledge, open_library(settings, program))
        services = with_desks(settings, _services(settings, database, knowledge, channels, files), publisher)
        worker = new_worker_id()
        dispatcher = _dispatcher(services, channels, worker) if channels else None
        nudge = dispatcher.look_now if dispatcher is not None else lambda: None
        console = console_server(settings, services, nudge)
        if console is not None:
            await console.start()
            logger.info("the console is at %s", settings.console_address)
        heartbeat.start()
        if not channels:
            logger.warning("no channel is configured (BOT_TELEGRAM_TOKEN): only the console is served")
        shown = ",".join(names) or "none"
        logger.info("ready program=%s channels=%s passages=%d", program.slug, shown, len(knowledge))
        chores = (
            publisher.keep(),
            heartbeat.keep(),
            *_side_work(settings, services, files, worker, names),
            *(StaffMenus(database, one, program.default_language).keep() for one in channels),
        )
        try:
            async with background(*chores), _announcements(services, channels, worker, stop):
                await _run(dispatcher, console, stop)
        finally:
            heartbeat.stop()
            for channel in channels:
                await channel.close()
    logger.info("stopped")


def _require_something_to_run(settings: Settings) -> None:
    if not settings.telegram_token.get_secret_value() and not settings.console_listen:
        raise NothingToRun(
            "Nothing to run: set BOT_TELEGRAM_TOKEN to the token from @BotFather, or BOT_CONSOLE_LISTEN "
            "for the staff console (to try the bot without Telegram: founder-bot chat)"
        )


def _side_work(
    settings: Settings, services: Services, files: FileStore, worker: str, channels: Sequence[str]
) -> list[Coroutine[Any, Any, None]]:
    """What goes on beside the conversations, each until it is canceled."""
    database = services.database
    keeper = Keeper(database, files, retention(settings), utc_now, services.program.timezone)
    return [
        keep_sweeping(database, files),
        keep_indexing(database),
        keep_grouping(services.gaps),
        keep_counting(database),
        keeper.keep(worker),
        Attendance(services, patience(settings)).keep(),
        Reminders(services, channels).keep(),
        Expiring(services).keep(),
    ]


def patience(settings: Settings) -> Patience:
    """How long talks with people may rest and founders may wait."""
    return Patience(
        idle=timedelta(minutes=settings.handover_idle_minutes),
        wait=timedelta(minutes=settings.handover_wait_minutes),
    )


@contextlib.asynccontextmanager
async def _announcements(
    services: Services, channels: Sequence[TelegramChannel], worker: str, stop: asyncio.Event
) -> AsyncIterator[None]:
    """Send announcements on every channel while the block runs; afterwards finish what was begun."""
    sharings = [Sharing(services.database, one.name, worker, one.pacer, utc_now) for one in channels]
    sending = [asyncio.create_task(_announcing(services, one, worker).run(stop)) for one in channels]
    async with background(*(sharing.keep() for sharing in sharings)):
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*sending)
    for sharing in sharings:
        with contextlib.suppress(StorageError):
            await sharing.leave()


async def _run(dispatcher: Dispatcher | None, console: ConsoleServer | None, stop: asyncio.Event) -> None:
    """Serve channels and console until told to stop or until one ends by itself; raises its error."""
    parts = [asyncio.create_task(dispatcher.serve(stop))] if dispatcher is not None else []
    if console is not None:
        parts.append(asyncio.create_task(console.failed()))
    told = asyncio.create_task(stop.wait())
    await asyncio.wait([*parts, told], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    if console is not None:
        await console.stop()
    await asyncio.gather(told, *parts)


async def converse(settings: Settings) -> None:
    """Hold one conversation in this terminal; raises StorageError or KnowledgeError when it cannot start."""
    program = load_program(settings.program)
    async with opened(settings) as (database, knowledge):
        channel = terminal_channel(settings, program, utc_now)
        files = FileStore(settings.data_dir, [channel])
        services = _services(settings, database, knowledge, [channel], files)
        publisher = Publisher(database, knowledge, open_library(settings, program))
        reminders = Reminders(services, [channel.name])
        stop, worker = asyncio.Event(), new_worker_id()
        async with background(publisher.keep(), reminders.keep()):
            announcing = asyncio.create_task(_announcing(services, channel, worker).run(stop))
            try:
                await _dispatcher(services, [channel], worker).serve(stop)
            finally:
                stop.set()
                await announcing


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[Database, Knowledge]]:
    """The database, checked, and the knowledge, warm; both closed at the end."""
    asyncio.get_running_loop().set_exception_handler(report_lost_error)
    database = Database.open(settings.database, segment=search_words)
    try:
        await database.require_ready()
        started = perf_counter()
        knowledge = await asyncio.to_thread(open_knowledge, settings)
        try:
            await _warm(knowledge)
            logger.info("index %s loaded in %.1f s", knowledge.version, perf_counter() - started)
            yield database, knowledge
        finally:
            await knowledge.close()
    finally:
        await database.close()


async def _warm(knowledge: Knowledge) -> None:
    """Ask something: the first question of a process costs a second, better now than a founder's."""
    try:
        await knowledge.ask(_WARMING_QUESTION)
    except KnowledgeError as error:
        # A remote embedder may be back in a minute; commands and people can be reached meanwhile.
        logger.warning("questions cannot be answered yet: %s", error)


def report_lost_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an exception that nobody awaited; asyncio's own line would quote it, founders' words and all."""
    error = context.get("exception")
    logger.error("%s", context["message"], exc_info=error if isinstance(error, BaseException) else None)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM or SIGINT sets; a second one ends the process without further ado."""
    stop = asyncio.Event()

    def asked(number: signal.Signals) -> None:
        if stop.is_set():
            os._exit(128 + number)
        logger.info("%s: finishing what runs", number.name)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked, number)
    return stop


def utc_now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def _services(
    settings: Settings,
    database: Database,
    knowledge: Knowledge,
    channels: Sequence[Channel],
    files: FileStore,
) -> Services:
    program = load_program(settings.program)
    by_name = {channel.name: channel for channel in channels}

    def deep_link(channel: str, payload: str) -> str | None:
        return by_name[channel].deep_link(payload) if channel in by_name else None

    return Services(
        database=database,
        knowledge=knowledge,
        program=program,
        clock=utc_now,
        detect=detect,
        form=open_form(settings.program, program),
        files=files,
        deep_link=deep_link,
        channels=tuple(by_name),
        rate=settings.telegram_rate,
        desk_url=settings.console_address,
    )


def _announcing(services: Services, channel: TelegramChannel | TerminalChannel, worker: str) -> Announcing:
    watching = Watching(services, channel)
    hooks = Hooks(watch=watching.watch, finished=watching.finished)
    return Announcing(services, channel, worker, hooks=hooks)


def _dispatcher(services: Services, channels: Sequence[Channel], worker: str) -> Dispatcher:
    delivery = Delivery(services.database, channels, worker, clock=services.clock, files=services.files)
    return Dispatcher(services, channels, delivery)
