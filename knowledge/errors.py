"""What can go wrong with the knowledge, as one tree; each message is the sentence to show.

KnowledgeError
├── IndexMissing           nothing has been ingested yet
├── IndexMismatch          another embedder filled the index
├── IndexBusy              another ingest is running
├── IndexUnavailable       the Chroma server or folder cannot be reached
├── EmbedderUnavailable    the embedder cannot be loaded or reached
└── DocumentsInvalid       the documents folder cannot be used at all
"""

from __future__ import annotations


class KnowledgeError(Exception):
    """Base of all errors of this room."""


class IndexMissing(KnowledgeError):
    """Nothing has been ingested for this program yet."""


class IndexMismatch(KnowledgeError):
    """The index was filled by another embedder than the one configured."""


class IndexBusy(KnowledgeError):
    """Another process is ingesting into the same index."""


class IndexUnavailable(KnowledgeError):
    """The Chroma server or folder cannot be reached or read."""


class EmbedderUnavailable(KnowledgeError):
    """The embedder cannot be loaded or reached."""


class DocumentsInvalid(KnowledgeError):
    """The documents folder is missing, unreadable or holds nothing that can be read."""


class UploadUnreadable(DocumentsInvalid):
    """One file cannot be read; `code` and `detail` name the reason for other languages."""

    def __init__(self, name: str, reason: str, code: str, detail: str) -> None:
        super().__init__(f"{name} {reason}")
        self.name, self.code, self.detail = name, code, detail
