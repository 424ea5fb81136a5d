"""The composition root: the only place that builds the parts from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.program import Program, load_program
from knowledge.config import KnowledgeConfig

if TYPE_CHECKING:
    from bot.settings import Settings
    from knowledge.service import Knowledge


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
    )


def open_knowledge(settings: Settings) -> Knowledge:
    """Load the index and the embedder (seconds); raises from the KnowledgeError tree, or ProgramError."""
    from knowledge.service import Knowledge

    return Knowledge.open(knowledge_config(settings, load_program(settings.program)))
