"""One line a log record, on standard error, with no secret and no word a founder wrote in it.

    2026-11-22T09:30:12Z INFO  bot.app ready channels=telegram

An exception is told by its type and the places it passed. Its sentence is added only when it is an error
of this project or of the operating system: other libraries quote the text they stumbled over.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import Iterable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from bot.redaction import Redactor

_OWN = ("bot", "handlers", "knowledge", "storage")
_QUIET = (
    "aiosqlite", "alembic", "asyncio", "bm25s", "chromadb", "httpcore", "httpx", "langchain", "markitdown",
    "openai", "opentelemetry", "pdfminer", "sqlalchemy", "urllib3", "uvicorn", "websockets",
)  # fmt: skip
_TEMPLATE_ONLY = ("telegram",)
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_CONTROLS |= {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): " ", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_LOG_BYTES = 1_000_000


class LineFormatter(logging.Formatter):
    """Renders a record as one redacted line; `full` adds whole tracebacks, for --debug."""

    def __init__(self, redactor: Redactor, *, full: bool = False) -> None:
        super().__init__()
        self._redactor = redactor
        self._full = full

    def format(self, record: logging.LogRecord) -> str:
        """The line, with control characters written out so that foreign text cannot start another."""
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        message = _message(record).translate(_CONTROLS)
        line = f"{when} {record.levelname:<5} {record.name} {message}"
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line += f" error={describe(error)}".translate(_CONTROLS)
        line = self._redactor(line)
        if error is not None and self._full:
            line += "\n" + self._redactor("".join(traceback.format_exception(error))).rstrip()
        return line


def configure(
    level: str, secrets: Iterable[str] = (), *, file: Path | None = None, full: bool = False
) -> None:
    """Send all logging of this process to standard error, or to `file` where the screen is taken."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(LineFormatter(Redactor(secrets), full=full))
    handler.setLevel(level)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in (*_QUIET, *_TEMPLATE_ONLY):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    # What cannot be formatted would be printed raw, arguments and all.
    logging.raiseExceptions = full
    logging.getLogger("py.warnings").setLevel(logging.WARNING if full else logging.ERROR)


def describe(error: BaseException) -> str:
    """An exception in one line: type, safe sentence, our own places it passed, and its cause."""
    text = type(error).__name__
    if _speaks_for_itself(error) and str(error):
        text += f": {error}"
    places = [f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)]
    if places:
        text += f" ({' > '.join(places[-4:])})"
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{text} from {describe(cause)}" if cause is not None else text


def _speaks_for_itself(error: BaseException) -> bool:
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] in _OWN


def _message(record: logging.LogRecord) -> str:
    """The message; of libraries that log what people write, only the template."""
    if record.name.partition(".")[0] in _TEMPLATE_ONLY:
        return str(record.msg)
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return str(record.msg)
