"""What can go wrong with the database, as one tree; each message is the sentence to show.

StorageError
├── DatabaseUnavailable    it cannot be reached, or the connection broke
├── DatabaseLocked         another process holds SQLite's write lock
├── DatabaseReadOnly       the file, its folder or the server does not take writes
├── DatabaseFull           the disk is full
├── DatabaseOutdated       the schema and this version of the code differ
├── DatabaseInvalid        the URL, or the file it names, is not a usable database
├── DatabaseRefused        a statement was refused: a bug here or damaged data
├── StaleWork              somebody else has already handled this update
└── DocumentConflict       somebody else has saved the document meanwhile
"""

from __future__ import annotations


class StorageError(Exception):
    """Base of all errors of this room; `retryable` says that waiting may help."""

    retryable = False


class DatabaseUnavailable(StorageError):
    """The server cannot be reached, is starting, is full, or dropped the connection."""

    retryable = True


class DatabaseLocked(StorageError):
    """Another process kept the SQLite write lock for longer than the time-out."""

    retryable = True


class DatabaseReadOnly(StorageError):
    """The database can be read but not written."""


class DatabaseFull(StorageError):
    """No space is left where the database lives."""

    retryable = True


class DatabaseOutdated(StorageError):
    """The schema is missing, older or newer than this version of the code needs."""


class DatabaseInvalid(StorageError):
    """The URL cannot be understood, or the file it names is not a database."""


class DatabaseRefused(StorageError):
    """The database refused a statement for a reason that waiting does not change."""


class StaleWork(StorageError):
    """The update was handled by another worker meanwhile; the unit of work must not be committed."""


class DocumentConflict(StorageError):
    """Somebody else has saved a newer version of the document since it was read; nothing was stored."""

    def __init__(self, document_id: str) -> None:
        super().__init__(f"The document {document_id} has been changed by somebody else since you opened it")
        self.document_id = document_id
