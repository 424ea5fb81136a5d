"""Keeps a converter process, asks it for one file at a time, and replaces it when it hangs or dies."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from knowledge.documents.text import Unreadable

_ERRORS = {
    "memory": "needs more memory to read than is allowed",
    "cells": "has more cells than can be answers to anything",
}


class Converter:
    """Converts PDF, DOCX, HTML and XLSX within a time limit; starts its process at the first file."""

    def __init__(self, *, seconds: float = 60.0) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def convert(self, path: Path) -> dict[str, Any]:
        """Return {"markdown", "title"} or {"sheets"}; raises Unreadable with the sentence to report."""
        process = self._started()
        if process.stdin is None or process.stdout is None:
            raise Unreadable("cannot be converted: the converter has no pipes")
        request = json.dumps({"path": os.path.abspath(path)}) + "\n"
        try:
            process.stdin.write(request.encode())
            process.stdin.flush()
            line = self._read_line(process.stdout.fileno())
        except OSError:
            line = b""
        if not line:
            self._stop()
            raise Unreadable("broke the converter; the file is damaged or hostile", "damaged")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            if answer["error"] == "memory":
                self._stop()
            said = _ERRORS.get(answer["error"], f"cannot be converted ({answer['error']})")
            raise Unreadable(said, answer["error"] if answer["error"] in _ERRORS else "damaged")
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "knowledge.documents.convert_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        return self._process

    def _read_line(self, pipe: int) -> bytes:
        """Read up to the line end; b"" when the process died; Unreadable when time is up."""
        chunks: list[bytes] = []
        deadline = time.monotonic() + self._seconds
        while not (chunks and chunks[-1].endswith(b"\n")):
            ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                self._stop()
                raise Unreadable(f"took longer than {self._seconds:.0f} seconds to convert", "slow")
            chunk = os.read(pipe, 1 << 16)
            if not chunk:
                return b""
            chunks.append(chunk)
        return b"".join(chunks)

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()
        self._process = None
