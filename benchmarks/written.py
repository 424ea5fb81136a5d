"""Documents of invented programs with questions below each section, which the search encoder is fitted on."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.corpora import DATA
from knowledge.chunking import chunk
from knowledge.language import detect
from knowledge.model import Document, Passage

WRITTEN = DATA / "written"
_PARTS = 8
_TWINS = {"zh": "en", "en": "zh"}
_ANSWERED, _NEAR, _REMARK = "? ", "! ", "% "


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, and the rows of the passages that answer it; none where it is only near the topic."""

    text: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One folder: its passages and what is asked of them."""

    name: str
    passages: tuple[Passage, ...]
    asked: tuple[Asked, ...]


def read_written(folder: Path = WRITTEN) -> list[Written]:
    """All folders, by name."""
    folders = sorted({path.parent for path in folder.rglob("*.txt")})
    return [_read(one, str(one.relative_to(folder))) for one in folders]


def is_held(folder: Written) -> bool:
    """Whether a folder is kept from the search encoder, for answers to be calibrated on."""
    return zlib.crc32(folder.name.encode()) % _PARTS == 0


def _read(folder: Path, name: str) -> Written:
    """`chunk` takes the questions for ways to ask; `!` before one says that nothing answers it."""
    documents = [_document(path) for path in sorted(folder.glob("*.txt"))]
    passages = [passage for document in documents for passage in chunk(document)]
    asked: dict[tuple[str, str], list[int]] = {}
    sections = _sections(passages)
    for row, passage in enumerate(passages):
        for text in passage.asks:
            asked.setdefault((text, "!" if text.startswith(_NEAR) else passage.document_id), []).append(row)
    return Written(
        name=name,
        passages=tuple(replace(passage, asks=()) for passage in passages),
        asked=tuple(
            Asked(
                text=text.removeprefix(_NEAR),
                rows=() if text.startswith(_NEAR) else _both(rows, passages, sections),
            )
            for (text, _), rows in asked.items()
        ),
    )


def _sections(passages: Sequence[Passage]) -> dict[str, list[list[int]]]:
    """The rows of each section of each document, in reading order."""
    found: dict[str, dict[tuple[str, ...], list[int]]] = {}
    for row, passage in enumerate(passages):
        found.setdefault(passage.document_id, {}).setdefault(passage.section, []).append(row)
    return {document: list(rows.values()) for document, rows in found.items()}


def _both(
    rows: list[int], passages: Sequence[Passage], sections: Mapping[str, list[list[int]]]
) -> tuple[int, ...]:
    """The rows of a section, and those of the same section of the document's twin."""
    document, _, language = passages[rows[0]].document_id.rpartition("-")
    own = sections[passages[rows[0]].document_id]
    twin = sections.get(f"{document}-{_TWINS.get(language)}", [])
    place = next(n for n, section in enumerate(own) if rows[0] in section)
    return (*rows, *(twin[place] if len(twin) == len(own) else ()))


def _document(path: Path) -> Document:
    text = path.read_text("utf-8")
    own = "\n".join(line for line in text.splitlines() if not line.startswith((_ANSWERED, _NEAR, _REMARK)))
    title = next((line[2:].strip() for line in own.splitlines() if line.startswith("# ")), path.stem)
    return Document(
        id=path.stem,
        title=title,
        language=detect(own),
        markdown="\n".join(_asking(text)),
        path=path.name,
        version=hashlib.sha256(text.encode()).hexdigest(),
    )


def _asking(text: str) -> Iterator[str]:
    """The lines of a document, its questions as comments that `chunk` understands."""
    for line in text.splitlines():
        if line.startswith(_ANSWERED):
            yield f"\n<!-- asks: {line.removeprefix(_ANSWERED).replace('|', '/')} -->\n"
        elif line.startswith(_NEAR):
            yield f"\n<!-- asks: {line.replace('|', '/')} -->\n"
        elif not line.startswith(_REMARK):
            yield line
