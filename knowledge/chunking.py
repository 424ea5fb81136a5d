"""Documents into passages: one per heading, cut further only where a section is too long to embed."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from knowledge.markdown import Block, Section, parse
from knowledge.model import Document, Passage
from knowledge.sentences import CJK, split_sentences

# In units of one Latin character; a Chinese one weighs as much as its tokens do. About 230 tokens of the
# bundled embedder, which averages over windows beyond 512.
LIMIT = 900
_WIDE_LIMIT = 350
_WIDE_WEIGHT = LIMIT / _WIDE_LIMIT
_WIDE_RUN = re.compile(f"(?:{CJK.pattern})+")
# A sentence or row may exceed the limit by this much before it is cut inside.
_TOLERANCE = 1.4
_TOP = "top"


def chunk(document: Document) -> list[Passage]:
    """Cut a document into passages in reading order; an empty document gives none."""
    passages: list[Passage] = []
    seen: Counter[str] = Counter()
    for section in parse(document.markdown):
        path = _below_title(document, section)
        parts = list(_parts(section.blocks, document.language))
        if not parts:
            continue
        name = "/".join(_slug(heading) for heading in path) or _TOP
        seen[name] += 1
        if seen[name] > 1:
            name += f"-{seen[name]}"
        for number, text in enumerate(parts, start=1):
            suffix = f":{number}" if number > 1 else ""
            identifier = f"{document.id}#{name}{suffix}"
            passages.append(_passage(document, section, identifier, text, len(passages)))
    return passages


def size(text: str) -> float:
    """Measure text in Latin characters' worth of tokens."""
    return len(text) + (_WIDE_WEIGHT - 1) * sum(map(len, _WIDE_RUN.findall(text)))


def _below_title(document: Document, section: Section) -> tuple[str, ...]:
    """Drop the document's own title from the breadcrumb."""
    path = section.path
    return path[1:] if path and path[0].casefold() == document.title.casefold() else path


def _slug(heading: str) -> str:
    return re.sub(r"[^\w]+", "-", heading.casefold()).strip("-_")[:60] or "section"


def _passage(document: Document, section: Section, identifier: str, text: str, position: int) -> Passage:
    path, asks = _below_title(document, section), tuple(section.asks)
    source = document.sources[0] if document.sources else None
    shown = [
        [document.title, *path],
        text,
        document.language,
        document.twin,
        source,
        document.as_of.isoformat() if document.as_of else None,
        document.sample,
        asks,
    ]
    digest = hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()
    return Passage(
        id=identifier,
        document_id=document.id,
        title=document.title,
        section=path,
        text=text,
        language=document.language,
        content_hash=digest,
        document_version=document.version,
        position=position,
        asks=asks,
        twin=document.twin,
        source=source,
        as_of=document.as_of,
        sample=document.sample,
        valid_from=document.valid_from,
        valid_until=document.valid_until,
    )


def _parts(blocks: list[Block], language: str) -> Iterator[str]:
    """Pack blocks into texts of about equal size below the limit."""
    whole = sum(size(block.text) for block in blocks)
    budget = min(LIMIT, whole / max(1, -(-whole // LIMIT)) * 1.15)
    current: list[str] = []
    filled = 0.0
    for piece in _pieces(blocks, budget if whole > LIMIT else LIMIT * _TOLERANCE, language):
        weight = size(piece)
        if current and filled + weight > (budget if whole > LIMIT else whole + 1):
            yield "\n\n".join(current)
            current, filled = [], 0.0
        current.append(piece)
        filled += weight
    if current:
        yield "\n\n".join(current)


def _pieces(blocks: list[Block], budget: float, language: str) -> Iterator[str]:
    """Yield blocks, and parts of blocks that are longer than the budget."""
    for block in blocks:
        if size(block.text) <= budget:
            yield block.text
        else:
            yield from _cut(block, budget, language)


def _cut(block: Block, budget: float, language: str) -> Iterator[str]:
    """Cut between rows, items or sentences; the head comes again in each part."""
    is_prose = block.kind == "paragraph"
    units = [s for unit in block.units for s in split_sentences(unit, language)] if is_prose else block.units
    units = [piece for unit in units for piece in _fitting(unit)]
    current = block.head
    empty = True
    for unit in units:
        glue = "\n" if not is_prose else "" if CJK.match(current[-1:]) else " "
        if not empty and size(current) + size(unit) > budget:
            yield current
            current, empty = block.head, True
            glue = "\n"
        current = current + glue + unit if current else unit
        empty = False
    yield current


def _fitting(unit: str) -> list[str]:
    if size(unit) <= LIMIT * _TOLERANCE:
        return [unit]
    return [piece for piece in _splitter().split_text(unit) if piece.strip()]


@lru_cache(maxsize=1)
def _splitter() -> Any:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    # Whole numbers: it takes lengths away until nothing is left, which fractions never quite reach.
    return RecursiveCharacterTextSplitter(
        chunk_size=LIMIT * _WIDE_LIMIT,
        chunk_overlap=0,
        length_function=lambda text: round(size(text) * _WIDE_LIMIT),
        keep_separator="end",
        separators=["\n", "；", "; ", "，", ", ", "、", " ", ""],
    )
