"""The words of the knowledge room: documents in, passages between, cited answers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

SURE = 0.7
"""Below this confidence a question is also searched without what is told beside it."""
TENTATIVE = 0.8
"""Below this confidence an answer says itself that it may not be the one that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file of a program, read and described by its front matter (or by its path and heading).

    `markdown` is the body without front matter; `twin` is the id of the same document in another
    language; `sources` are public addresses; `as_of` dates the facts; `sample` marks invented policy;
    `version` is the hex SHA-256 of content and front matter together. It is true from `valid_from` on until
    just before `valid_until`, moments with a zone; None leaves that side open.
    """

    id: str
    title: str
    language: str
    markdown: str
    path: str
    version: str
    twin: str | None = None
    sources: tuple[str, ...] = ()
    as_of: date | None = None
    sample: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """Documents that are no files: each joins the folder's, or takes the place of the one with its id.

    `state` names them as a whole; the index keeps it, and so can tell whether it is up to date.
    """

    documents: tuple[Document, ...] = ()
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A chunk of a document: what is embedded, retrieved and cited.

    `id` is stable over edits of the text (document id, heading path, part number); `section` is the
    breadcrumb of headings below the title, outermost first; `text` has no heading line; `content_hash`
    is the hex SHA-256 of everything that is embedded or shown; `asks` are other ways to ask for it.
    """

    id: str
    document_id: str
    title: str
    section: tuple[str, ...]
    text: str
    language: str
    content_hash: str
    document_version: str
    position: int
    twin: str | None = None
    source: str | None = None
    as_of: date | None = None
    sample: bool = False
    asks: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    @property
    def heading(self) -> str:
        """The innermost heading, or "" at the top of a document."""
        return self.section[-1] if self.section else ""

    @property
    def crumbs(self) -> str:
        """Title and headings in one line; a title that only repeats the file's name says nothing."""
        named = self.title.casefold() != self.document_id.rsplit("/", 1)[-1].casefold()
        title = [self.title] if named else []
        return " > ".join(c for c in (*title, *(s for s in self.section if s != self.title)) if c)

    @property
    def embedded_text(self) -> str:
        """Title and breadcrumb, then the text: what the embedder and the lexical index read."""
        return f"{self.crumbs}\n{self.text}" if self.crumbs else self.text

    @property
    def searched_text(self) -> str:
        """What the lexical index reads: the embedded text, and the ways to ask for it."""
        return "\n".join((self.embedded_text, *self.asks))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredPassage:
    """A passage with its fused score and the raw scores of both legs (cosine; BM25)."""

    passage: Passage
    score: float
    dense: float
    lexical: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One numbered source of an answer; `quote` is the exact text of the passage that was used."""

    number: int
    passage_id: str
    document_id: str
    title: str
    section: str
    source: str | None
    quote: str
    language: str
    sample: bool = False
    as_of: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A near-by subject to offer as a button after a refusal: a heading that can be asked as it stands."""

    label: str
    passage_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the documents say to one question, or that they do not say.

    `confidence` is the calibrated probability (0–1) that the cited passages answer the question;
    `language` is the question's language (ISO 639-1) and `answer_language` that of the quoted text;
    `searched` the question as searched; `retrieved` the passages considered, best first; `writer` which
    AnswerWriter wrote the text; `timings` are milliseconds by step ("embed", "search", "write", "total");
    `left` are the questions of a message that asked several to which nothing was found.
    """

    question: str
    language: str
    answered: bool
    text: str
    citations: tuple[Citation, ...]
    confidence: float
    answer_language: str
    searched: str
    retrieved: tuple[ScoredPassage, ...]
    related: tuple[Topic, ...]
    index_version: str
    writer: str
    timings: Mapping[str, float] = field(default_factory=dict)
    left: tuple[str, ...] = ()

    @property
    def tentative(self) -> bool:
        """Whether the passages may not be what was asked for; the founder should be told so."""
        return self.answered and self.confidence < TENTATIVE

    @property
    def milliseconds(self) -> float:
        """Wall time from question to answer."""
        return self.timings.get("total", 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFailure:
    """A file that could not be taken in: its path below the folder and one sentence that says why.

    `code` and `detail` are those of `Unreadable`.
    """

    path: str
    reason: str
    code: str = "other"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What one ingest did: counts of passages embedded anew, kept and removed, and files not read."""

    documents: int
    passages: int
    embedded: int
    kept: int
    removed: int
    failures: tuple[ReadFailure, ...]
    index_version: str
    seconds: float
