"""The process that opens foreign files: reads one JSON request a line, answers one JSON line.

It runs apart from the program because parsers of PDF, Word and Excel can be made to hang or to eat all
memory by a file; the parent ends it then, and only that file is lost.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
from pathlib import Path
from typing import Any

_MEMORY = 3 * 1024**3
_MOST_CELLS = 500_000


def main() -> None:
    """Answer requests until standard input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable(logging.CRITICAL)
    # Libraries print; only answers may reach the parent.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line)["path"])), file=answers, flush=True)


def _answer(path: str) -> dict[str, Any]:
    try:
        return _sheets(path) if Path(path).suffix.casefold() == ".xlsx" else _markdown(path)
    except MemoryError:
        return {"error": "memory"}
    # Whatever a parser raises on a bad file, the sentence for the operator is the same.
    except Exception as error:
        return {"error": type(error).__name__}


def _markdown(path: str) -> dict[str, Any]:
    from markitdown import StreamInfo
    from markitdown.converters import DocxConverter, HtmlConverter, PdfConverter

    suffix = Path(path).suffix.casefold()
    # One converter by the name's ending: left to itself, MarkItDown reads a broken PDF as plain text.
    kind: Any = {".pdf": PdfConverter, ".docx": DocxConverter}.get(suffix, HtmlConverter)
    with open(path, "rb") as stream:
        result = kind().convert(stream, StreamInfo(extension=suffix, local_path=path))
    return {"markdown": result.markdown, "title": result.title or ""}


def _sheets(path: str) -> dict[str, Any]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    sheets: list[tuple[str, list[list[str]]]] = []
    left = _MOST_CELLS
    for sheet in book.worksheets:
        rows: list[list[str]] = []
        for row in sheet.iter_rows(values_only=True):
            left -= len(row)
            if left < 0:
                return {"error": "cells"}
            if any(cell is not None for cell in row):
                rows.append(["" if cell is None else str(cell) for cell in row])
        sheets.append((str(sheet.title), rows))
    return {"sheets": sheets}


if __name__ == "__main__":
    main()
