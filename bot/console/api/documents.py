"""Documents: what counts, passages, versions, the test bench, saving and removing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, Field
from starlette.exceptions import HTTPException

from bot.answers import answer_object
from bot.console.api.frame import CONFLICT, NOT_FOUND, After, Caller, Limit, Page, cursor, needs, resource
from bot.console.desks import document_desk, document_page
from bot.console.errors import Conflict, Forbidden, NotFound
from bot.console.paging import cut
from handlers.ask import LONGEST_QUESTION
from handlers.review.checks import LONGEST_BODY, LONGEST_TITLE, DocumentRefused
from handlers.review.document_filters import DocumentFilters
from handlers.review.documents import WouldBreak
from storage.document_records import NewDocument
from storage.errors import DocumentConflict

if TYPE_CHECKING:
    from handlers.review.catalog import DocumentRow

router = resource("documents")
_YEARS = range(1970, 9001)
Name = Annotated[str, Path(max_length=120, description='The id of a document, such as "en/faq".')]
Words = Annotated[str, AfterValidator(lambda text: text.replace("\0", ""))]
"""Text without what PostgreSQL cannot store."""
Text = Annotated[str, Query(max_length=200)]
Force = Annotated[
    bool, Query(description="Publish what breaks golden questions: needs the scope document.force.")
]
Base = Annotated[
    int, Query(ge=0, lt=2**31, description="The version that was read; 0 where nothing was saved yet.")
]


class DocumentSummary(BaseModel):
    """A document that counts; `version` is null for a file of the folder.

    `valid_until` is the first moment at which it holds no more; counts are those of the last 90 days.
    """

    id: str
    title: str
    language: str
    twin: str | None
    twin_missing: bool
    as_of: date | None
    valid_from: datetime | None
    valid_until: datetime | None
    state: str
    sample: bool
    sources: list[str]
    origin: str
    version: int | None
    passages: int
    published: bool
    cited: int
    nearest_to_refused: int
    not_helpful: int


class DocumentText(DocumentSummary):
    """A document with its text; send `based_on` along when you save it."""

    markdown: str
    based_on: int


class PassageText(BaseModel):
    """A passage as the search knows it."""

    id: str
    section: list[str]
    text: str


class Version(BaseModel):
    """One saved version."""

    version: int
    removed: bool
    origin: str
    title: str
    markdown: str
    author: str
    note: str
    created_at: datetime


class DocumentIn(BaseModel):
    """What a document shall read from now on; `valid_until` is the first moment at which it holds no more."""

    title: Words = Field(min_length=1, max_length=LONGEST_TITLE)
    language: str = Field(min_length=2, max_length=3)
    markdown: Words = Field(min_length=1, max_length=LONGEST_BODY)
    twin: str | None = Field(None, max_length=120)
    sources: list[Words] = Field(default_factory=list, max_length=20)
    as_of: date | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    sample: bool = False
    note: Words = Field("", max_length=500)


class Saved(BaseModel):
    """The version that was made, and whether the bot answers from it already."""

    version: int
    published: bool


@router.get("/documents", responses=NOT_FOUND)
async def list_documents(
    caller: Annotated[Caller, needs("document.see")],
    q: Text = "",
    language: Text = "",
    state: Annotated[str, Query(max_length=20, description="valid, ending, expired or upcoming")] = "",
    origin: Text = "",
    after: After = "",
    limit: Limit = 50,
) -> Page[DocumentSummary]:
    """List documents in the order of their ids."""
    key = cursor(after, str)
    filters = DocumentFilters.of({"q": q, "language": language, "state": state, "origin": origin})
    rows = filters.apply(await document_desk(caller.console).rows())
    left = [row for row in rows if key is None or row.document.id > key[0]]
    part = cut(left[: limit + 1], lambda row: row.document.id, limit)
    return Page(items=[DocumentSummary(**_row(row)) for row in part.rows], next=part.cursor)


@router.get("/documents/{document_id:path}", responses=NOT_FOUND)
async def get_document(caller: Annotated[Caller, needs("document.see")], document_id: Name) -> DocumentText:
    """Read a document that counts."""
    page = await document_page(caller.console, document_id)
    if page.row is None:
        raise NotFound
    return DocumentText(**_row(page.row), markdown=page.row.document.markdown, based_on=page.based_on)


@router.get("/document-passages/{document_id:path}", responses=NOT_FOUND)
async def list_passages(
    caller: Annotated[Caller, needs("document.see")], document_id: Name
) -> list[PassageText]:
    """List the passages of a document in their order."""
    page = await document_page(caller.console, document_id)
    return [PassageText(id=one.id, section=list(one.section), text=one.text) for one in page.passages]


@router.get("/document-versions/{document_id:path}", responses=NOT_FOUND)
async def list_versions(caller: Annotated[Caller, needs("document.see")], document_id: Name) -> list[Version]:
    """List what was saved, newest first; empty for a file of the folder."""
    page = await document_page(caller.console, document_id)
    return [Version(**{name: getattr(one, name) for name in Version.model_fields}) for one in page.history]


@router.get("/bench", responses=NOT_FOUND)
async def ask(
    caller: Annotated[Caller, needs("document.see")],
    q: Annotated[str, Query(min_length=1, max_length=LONGEST_QUESTION)],
    language: Annotated[str, Query(max_length=3)] = "",
) -> dict[str, Any]:
    """Ask as a founder would; nothing is stored."""
    known = language in caller.console.services.program.languages
    answer = await document_desk(caller.console).bench(q, language if known else None)
    retrieved = [
        {"id": one.passage.id, "score": one.score, "dense": one.dense, "lexical": one.lexical}
        for one in answer.retrieved
    ]
    return {**answer_object(answer), "retrieved": retrieved}


@router.put("/documents/{document_id:path}", responses=NOT_FOUND | CONFLICT)
async def save_document(
    caller: Annotated[Caller, needs("document.edit")],
    document_id: Name,
    document: DocumentIn,
    based_on: Base = 0,
    force: Force = False,
) -> Saved:
    """Try a text on the golden questions, save and publish it; takes seconds."""
    desk = document_desk(caller.console)
    _may_force(caller, force)
    values = document.model_dump(exclude={"note"})
    moments = {name: _moment(values[name]) for name in ("valid_from", "valid_until")}
    page = await desk.page(document_id)
    origin = page.history[0].origin if page is not None and page.history else "edited"
    new = NewDocument(id=document_id, origin=origin, **{**values, **moments})
    try:
        saved = await desk.save(new, caller.staff, based_on=based_on, note=document.note, force=force)
    except (DocumentRefused, WouldBreak, DocumentConflict) as error:
        raise _problem(error) from error
    return Saved(version=saved.version, published=await desk.published())


@router.delete("/documents/{document_id:path}", responses=NOT_FOUND | CONFLICT)
async def remove_document(
    caller: Annotated[Caller, needs("document.edit")],
    document_id: Name,
    based_on: Base = 0,
    force: Force = False,
) -> Saved:
    """Remove what staff have written; the folder's file of that id, if any, counts again."""
    desk = document_desk(caller.console)
    _may_force(caller, force)
    page = await document_page(caller.console, document_id)
    if page.row is None or page.row.saved is None:
        raise NotFound
    try:
        gone = await desk.remove(document_id, caller.staff, based_on=based_on, force=force)
    except (DocumentRefused, WouldBreak, DocumentConflict) as error:
        raise _problem(error) from error
    if gone is None:
        raise NotFound
    return Saved(version=gone.version, published=await desk.published())


def _may_force(caller: Caller, force: bool) -> None:
    if force and not caller.may("document.force"):
        raise Forbidden


def _moment(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if moment.year not in _YEARS:
        raise HTTPException(422, "valid_from, valid_until: a year between 1970 and 9000")
    return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _problem(error: DocumentRefused | WouldBreak | DocumentConflict) -> Exception:
    if isinstance(error, DocumentConflict):
        return Conflict()
    if isinstance(error, DocumentRefused):
        return HTTPException(422, str(error))
    broken = "; ".join(one.question for one in error.rehearsal.broken)
    return HTTPException(409, f"golden questions would break, nothing was saved: {broken}")


def _row(row: DocumentRow) -> dict[str, Any]:
    document = row.document
    return {
        "id": document.id,
        "title": document.title,
        "language": document.language,
        "twin": document.twin,
        "twin_missing": row.twin_missing,
        "as_of": document.as_of,
        "valid_from": document.valid_from,
        "valid_until": document.valid_until,
        "state": row.state,
        "sample": document.sample,
        "sources": list(document.sources),
        "origin": row.origin,
        "version": row.version,
        "passages": row.passages,
        "published": row.published,
        "cited": row.use.cited,
        "nearest_to_refused": row.use.nearest,
        "not_helpful": row.use.unhelpful,
    }
