"""The composition root: the only place that builds the parts from the settings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from handlers.program import Program, load_program
from knowledge.config import KnowledgeConfig

if TYPE_CHECKING:
    from bot.channels.telegram import TelegramChannel
    from bot.channels.terminal import TerminalChannel
    from bot.console.config import ConsoleConfig
    from bot.console.server import ConsoleServer
    from bot.publishing import Publisher
    from bot.settings import Settings
    from handlers.review.documents import DocumentDesk
    from handlers.turn import Services
    from knowledge.library import Library
    from knowledge.rehearsal import Rehearsals
    from knowledge.service import Knowledge

GOLDEN = "golden.jsonl"
"""The golden questions in a program's folder."""
Clock = Callable[[], datetime]


def knowledge_config(settings: Settings, program: Program) -> KnowledgeConfig:
    """What the knowledge room needs to know of the settings and the program."""
    others = (x for x in program.languages if x != program.default_language)
    return KnowledgeConfig(
        data_dir=settings.data_dir,
        program=program.slug,
        chroma_url=settings.chroma_url,
        embeddings=settings.embeddings,
        embeddings_url=settings.embeddings_url,
        embeddings_key=settings.embeddings_key.get_secret_value(),
        chat_model=settings.chat_model,
        chat_url=settings.chat_url,
        chat_key=settings.chat_key.get_secret_value(),
        threshold=settings.answer_threshold,
        languages=(program.default_language, *others),
        zone=program.timezone,
    )


def open_knowledge(settings: Settings) -> Knowledge:
    """Load the index and the embedder (seconds); raises from the KnowledgeError tree, or ProgramError."""
    from knowledge.service import Knowledge

    return Knowledge.open(knowledge_config(settings, load_program(settings.program)))


def open_library(settings: Settings, program: Program) -> Library:
    """The documents that the index is made from."""
    from bot.readiness import indexed_folder
    from knowledge.library import Library

    return Library(knowledge_config(settings, program), lambda: indexed_folder(settings))


def document_desk(settings: Settings, publisher: Publisher, clock: Clock) -> DocumentDesk:
    """What staff work on documents with; raises QuestionsInvalid for golden questions that cannot be read."""
    from handlers.review.documents import DocumentDesk

    rehearsals = golden_rehearsals(settings, publisher.library, publisher.knowledge)
    return DocumentDesk(publisher.database, publisher.knowledge, publisher, rehearsals, clock)


def golden_rehearsals(settings: Settings, library: Library, knowledge: Knowledge) -> Rehearsals:
    """What tries changes out on the program's golden questions; raises QuestionsInvalid."""
    from knowledge.evaluation import read_questions
    from knowledge.rehearsal import Rehearsals

    golden = settings.program / GOLDEN
    questions = read_questions(golden) if golden.is_file() else []
    return Rehearsals(library, questions, knowledge.in_background())


def with_desks(settings: Settings, services: Services, publisher: Publisher) -> Services:
    """Give staff what they work on documents, gaps and announcements with; raises as `document_desk`."""
    from handlers.announce.trying import AnnouncementTrials
    from handlers.review.gaps import GapDesk
    from knowledge.meaning import QuestionMeanings

    documents = document_desk(settings, publisher, services.clock)
    gaps = GapDesk(services.database, QuestionMeanings(), services.detect, services.program)
    announced = AnnouncementTrials(services.database, documents.rehearsals, services.program)
    return replace(services, documents=documents, gaps=gaps, announced=announced)


def telegram_channel(settings: Settings, program: Program) -> TelegramChannel:
    """The Telegram bot of the token in the settings; its command menu speaks the program's languages."""
    from bot.channels.telegram import TelegramChannel
    from bot.channels.telegram_client import TelegramConfig
    from bot.menus import common_menu
    from handlers.texts import LANGUAGES

    languages = [code for code in (*program.languages, *LANGUAGES) if code in LANGUAGES]
    menus = {code: common_menu(code) for code in dict.fromkeys(languages)}
    return TelegramChannel(
        TelegramConfig(
            token=settings.telegram_token.get_secret_value(),
            api_url=settings.telegram_api_url,
            webhook_url=settings.telegram_webhook_url,
            webhook_secret=settings.telegram_webhook_secret.get_secret_value(),
            webhook_listen=settings.telegram_webhook_listen,
            rate=settings.telegram_rate,
            commands=menus,
        )
    )


def terminal_channel(settings: Settings, program: Program, clock: Clock) -> TerminalChannel:
    """The conversation in this terminal, or with whatever is piped in."""
    from rich.console import Console

    from bot.channels.terminal import TerminalChannel
    from bot.channels.terminal_lines import Lines, PipedLines, TypedLines

    typed = sys.stdin.isatty() and sys.stdout.isatty()
    lines: Lines = TypedLines(settings.data_dir / "chat_history") if typed else PipedLines(0)
    folder = settings.data_dir / "files"
    language = program.default_language
    return TerminalChannel(Console(), lines, folder=folder, clock=clock, language=language)


def console_config(settings: Settings) -> ConsoleConfig:
    """Where the staff console is and under which address people reach it."""
    from bot.console.config import ConsoleConfig

    return ConsoleConfig(
        listen=settings.console_listen,
        url=settings.console_address,
        data_dir=settings.data_dir,
        telegram_token=settings.telegram_token.get_secret_value(),
    )


def console_server(
    settings: Settings, services: Services, nudge: Callable[[], None] = lambda: None
) -> ConsoleServer | None:
    """The staff console; None when it is turned off. `nudge` makes the bot look into its outbox."""
    if not settings.console_listen:
        return None
    from bot.console.config import Console
    from bot.console.passwords import Passwords
    from bot.console.server import ConsoleServer

    config = console_config(settings)
    return ConsoleServer(Console(config=config, services=services, passwords=Passwords(), nudge=nudge))
