"""A folder of files into documents and a list of what could not be read."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path

from knowledge.documents import front_matter, tables
from knowledge.documents.converter import Converter
from knowledge.documents.text import Unreadable, decode, tidy
from knowledge.errors import DocumentsInvalid
from knowledge.language import count_scripts, detect
from knowledge.markdown import parse
from knowledge.model import Document, ReadFailure

MOST_BYTES = 25 * 1024 * 1024
_MARKDOWN = frozenset({".md", ".markdown"})
_PLAIN = frozenset({".txt", ".text"})
_TABLES = frozenset({".csv", ".tsv"})
_CONVERTED = frozenset({".pdf", ".docx", ".html", ".htm", ".xlsx"})
# What lies beside documents and holds none of its own.
_PASSED_OVER = frozenset(
    {".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".css", ".js", ".bak", ".tmp", ".lock"}
)
_OLD = {".doc": ".docx", ".xls": ".xlsx", ".rtf": ".docx", ".odt": ".docx", ".ods": ".xlsx", ".pptx": ".pdf"}
# Fewer letters than this do not show a language, so the program's own languages are the choice.
_FEW_LETTERS = 20
_LONGEST_TITLE = 80


Known = MutableMapping[tuple[str, int, int], "Document | Unreadable"]
"""What files gave when they were read before, by path, size and time of change."""


def read_folder(
    folder: Path,
    languages: Sequence[str] = ("zh", "en"),
    *,
    seconds: float = 60.0,
    zone: tzinfo = UTC,
    known: Known | None = None,
) -> tuple[list[Document], list[ReadFailure]]:
    """Read every file below `folder` in the order of their paths; `seconds` limits one conversion.

    `known` spares reading a file again that has not changed: conversions take seconds.
    Raises DocumentsInvalid when there is no such folder. Hidden files and pictures are passed over in
    silence; any other file that gives no document is reported with the reason.
    """
    if not folder.is_dir():
        raise DocumentsInvalid(f"The documents folder {folder} does not exist or is not a folder")
    documents: dict[str, Document] = {}
    failures: list[ReadFailure] = []
    with Converter(seconds=seconds) as converter:
        for path in _files(folder, failures):
            name = _name(path, folder)
            try:
                read = partial(_read, path, name, languages, converter, zone)
                document = _read_once(path, known, read)
                if document.id in documents:
                    first = documents[document.id].path
                    raise Unreadable(f"has the id {document.id!r}, which {first} has already")
                documents[document.id] = document
            except Unreadable as error:
                failure = ReadFailure(path=name, reason=str(error), code=error.code, detail=error.detail)
                failures.append(failure)
            except OSError as error:
                failures.append(ReadFailure(path=name, reason=f"cannot be opened: {error.strerror}"))
    return list(documents.values()), sorted(failures, key=lambda failure: failure.path)


def _files(folder: Path, failures: list[ReadFailure]) -> Iterator[Path]:
    found: list[Path] = []
    unreadable: list[OSError] = []
    root = folder.resolve()
    for base, below, names in os.walk(folder, onerror=unreadable.append):
        below[:] = [name for name in below if not name.startswith(".") and not Path(base, name).is_symlink()]
        for name in names:
            path = Path(base, name)
            if name.startswith((".", "~$")) or path.suffix.casefold() in _PASSED_OVER:
                continue
            if not path.resolve().is_relative_to(root):
                failures.append(ReadFailure(path=_name(path, folder), reason="is a link out of the folder"))
            else:
                found.append(path)
    for error in unreadable:
        where = _name(Path(error.filename), folder)
        failures.append(ReadFailure(path=where, reason=f"cannot be opened: {error.strerror}"))
    return iter(sorted(found, key=lambda path: path.relative_to(folder).parts))


def _name(path: Path, folder: Path) -> str:
    """The path below the folder, with slashes, and without bytes that are not text."""
    return os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "replace")


def _read_once(path: Path, known: Known | None, read: Callable[[], Document]) -> Document:
    """Read a file unless it is known as it is now; raises what the first reading raised."""
    if known is None:
        return read()
    status = path.stat()
    key = (str(path), status.st_size, status.st_mtime_ns)
    if key not in known:
        try:
            known[key] = read()
        except Unreadable as error:
            known[key] = error
    found = known[key]
    if isinstance(found, Unreadable):
        raise found
    return found


def _read(path: Path, name: str, languages: Sequence[str], converter: Converter, zone: tzinfo) -> Document:
    suffix = path.suffix.casefold()
    if suffix not in _MARKDOWN | _PLAIN | _TABLES | _CONVERTED:
        advice = f"; save it as {_OLD[suffix]}" if suffix in _OLD else ""
        said = f"is of a kind that is not read ({suffix or 'no ending'}){advice}"
        raise Unreadable(said, "old_kind" if suffix in _OLD else "kind", _OLD.get(suffix, suffix))
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("is not a regular file")
    if status.st_size > MOST_BYTES:
        raise Unreadable(
            f"is {status.st_size / 2**20:.0f} MB; files up to {MOST_BYTES >> 20} MB are read", "large"
        )
    data = path.read_bytes()
    facts = front_matter.FrontMatter()
    title = ""
    if suffix in _CONVERTED:
        markdown, title = _converted(path, converter)
    elif suffix in _TABLES:
        markdown = tables.to_markdown([("", tables.from_csv(decode(data)))])
    else:
        markdown = decode(data)
        if suffix in _MARKDOWN:
            facts, markdown = front_matter.split(markdown, zone)
    if not any(char.isalnum() for char in markdown):
        scan = "; a scan needs text recognition first" if suffix == ".pdf" else ""
        raise Unreadable(f"holds no text{scan}", "scan" if scan else "no_text")
    is_table = suffix in _TABLES or suffix == ".xlsx"
    heading = "" if is_table else _heading(markdown, suffix)
    return Document(
        id=facts.id or name[: len(name) - len(path.suffix)],
        title=facts.title or heading or title or Path(name).stem,
        language=facts.language or _language(markdown, languages),
        markdown=markdown,
        path=name,
        version=hashlib.sha256(data).hexdigest(),
        twin=facts.twin,
        sources=facts.sources,
        as_of=facts.as_of,
        sample=facts.sample,
        valid_from=facts.valid_from,
        valid_until=facts.valid_until,
    )


def _converted(path: Path, converter: Converter) -> tuple[str, str]:
    answer = converter.convert(path)
    if "sheets" in answer:
        sheets = [(name, [[tidy(cell) for cell in row] for row in rows]) for name, rows in answer["sheets"]]
        return tables.to_markdown(sheets), ""
    return tidy(answer["markdown"]), " ".join(tidy(answer["title"]).split())


def _heading(markdown: str, suffix: str) -> str:
    """The heading that stands above all others; "" when several share the highest level."""
    before, *sections = parse(markdown)
    if before.blocks and suffix == ".docx":
        # Word's own style for a title comes out as a paragraph, often just before the first heading.
        line = before.blocks[0].text
        return line if len(line) <= _LONGEST_TITLE and line[-1].isalnum() else ""
    highest = min((section.level for section in sections), default=0)
    titles = [section for section in sections if section.level == highest]
    return titles[0].path[-1] if len(titles) == 1 and titles[0] is sections[0] else ""


def _language(markdown: str, languages: Sequence[str]) -> str:
    few = sum(count_scripts(markdown).values()) < _FEW_LETTERS
    return detect(markdown, languages if few and languages else None)
