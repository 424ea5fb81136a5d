"""A file that somebody uploads, read as the folder's files are."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from pathlib import Path, PurePosixPath

from knowledge.documents.folder import read_folder
from knowledge.errors import UploadUnreadable
from knowledge.model import Document


def read_upload(name: str, data: bytes, languages: Sequence[str], zone: tzinfo = UTC) -> Document:
    """Read an uploaded file; raises UploadUnreadable with the sentence to show.

    Where the file does not name its id, it is made from its language and name. It takes seconds for a PDF.
    """
    shown = PurePosixPath(name.replace("\\", "/")).name.lstrip(".~$") or "file"
    with tempfile.TemporaryDirectory(prefix="founder-bot-upload-") as folder:
        # A name of our own: theirs may be too long for the disk or mean something to it.
        suffix = re.sub(r"[^\w.]", "", Path(shown).suffix.casefold())[:10]
        path = Path(folder) / f"upload{suffix}"
        path.write_bytes(data)
        documents, failures = read_folder(Path(folder), languages, zone=zone)
    if not documents:
        if not failures:
            raise UploadUnreadable(shown, "is of a kind that is not read", "kind", suffix)
        why = failures[0]
        raise UploadUnreadable(shown, why.reason, why.code, why.detail)
    return _named(documents[0], Path(shown).stem)


def _named(document: Document, stem: str) -> Document:
    title = document.title if document.title != "upload" else stem
    if document.id != "upload":
        return replace(document, path=document.id, title=title)
    slug = re.sub(r"[^\w]+", "-", stem.casefold()).strip("-_")[:80] or "document"
    identifier = f"{document.language}/{slug}"
    return replace(document, id=identifier, path=identifier, title=title)
