"""A change of a document on its way: tried on the golden questions, published, probed; or why it was not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter
from starlette.responses import Response

from bot.console.desks import document_desk
from bot.console.errors import NotFound
from bot.console.guard import allows
from bot.console.pages.documents import Found, link
from bot.console.trials import Job, Trial, TrialState
from bot.console.view import View
from handlers.review.checks import DocumentRefused
from handlers.review.differences import Line, compare
from handlers.review.overlay import as_document, as_proposed
from knowledge.documents.export import to_markdown
from storage.document_records import DocumentRecord, NewDocument

if TYPE_CHECKING:
    from handlers.review.documents import DocumentDesk
    from storage.announcement_records import StaffRecord

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What `by` wants to do to a document; `content` is the text it shall have or, removed, has had.

    `restored` is the version to bring back, `saved` becomes the number of the new one.
    """

    kind: Literal["save", "restore", "remove"]
    content: NewDocument
    by: StaffRecord
    based_on: int
    restored: int = 0
    note: str = ""
    probe: str = ""
    force: bool = False
    saved: int = 0


def begin(view: View, change: Change) -> Trial:
    """Start trying a change out and, when it breaks nothing or is forced, publishing it."""
    return view.console.trials.start(change, _job(document_desk(view.console), change))


def _job(desk: DocumentDesk, change: Change) -> Job:
    async def job(trial: Trial) -> TrialState:
        probes = [change.probe] if change.probe else []
        removes = change.kind == "remove"
        trial.rehearsal = await desk.rehearse(
            () if removes else [change.content],
            removed=[change.content.id] if removes else (),
            probes=probes,
            step=trial.tell,
        )
        if not trial.rehearsal.safe and not change.force:
            return "breaks"
        trial.step = "save"
        record = await _save(desk, change)
        trial.about = replace(change, saved=record.version if record is not None else change.based_on)
        trial.step = "publish"
        published = await desk.published()
        trial.answers = [await desk.bench(question) for question in probes]
        return "published" if published else "waiting"

    return job


async def _save(desk: DocumentDesk, change: Change) -> DocumentRecord | None:
    by, based_on, force = change.by, change.based_on, change.force
    if change.kind == "remove":
        return await desk.remove(change.content.id, by, based_on=based_on, note=change.note, force=force)
    if change.kind == "restore":
        return await desk.restore(change.content.id, change.restored, by, based_on=based_on, force=force)
    return await desk.save(change.content, by, based_on=based_on, note=change.note, force=force)


@router.get("/documents/trials/{key}")
async def watch(view: Annotated[View, allows("document.edit")], key: str, form: str = "") -> Response:
    """Show how far a change is and what came of it; `form` says that the page has the form above it."""
    trial = _found(view, key)
    return view.page("documents/trial.html", block="panel", **await panel(view, trial, form=bool(form)))


@router.post("/documents/trials/{key}/force")
async def force(view: Annotated[View, allows("document.force")], key: str, form: str = "") -> Response:
    """Publish what breaks golden questions all the same; the audit log keeps how many."""
    trial = _found(view, key)
    if trial.state != "breaks":
        raise NotFound
    again = begin(view, replace(trial.about, force=True))
    if not view.is_partial:
        return view.go(f"/documents/trials/{again.key}")
    return view.page("documents/trial.html", block="panel", **await panel(view, again, form=bool(form)))


async def panel(view: View, trial: Trial, *, form: bool) -> dict[str, Any]:
    """What the panel about a trial shows."""
    change: Change = trial.about
    conflict = await clash(view, change.content) if trial.state == "conflict" else None
    found = [Found.of(view, answer) for answer in trial.answers]
    return {
        "trial": trial,
        "change": change,
        "form": form,
        "found": found,
        "clash": conflict,
        "problems": trial.error.problems if isinstance(trial.error, DocumentRefused) else (),
        "link": link,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """What somebody else has saved meanwhile, and how what was typed differs from it."""

    theirs: DocumentRecord
    their_text: str
    own_text: str
    lines: list[Line]


async def clash(view: View, own: NewDocument) -> Clash | None:
    """Compare a text with the newest version; None when there is none."""
    async with view.reading() as work:
        theirs = await work.documents.newest(own.id)
    if theirs is None:
        return None
    zone = view.console.services.program.timezone
    texts = [to_markdown(document, zone) for document in (as_document(theirs), as_proposed(own))]
    return Clash(theirs=theirs, their_text=texts[0], own_text=texts[1], lines=compare(*texts))


def _found(view: View, key: str) -> Trial:
    trial = view.console.trials.find(key)
    if trial is None or not isinstance(trial.about, Change) or trial.about.by.id != view.staff.id:
        raise NotFound
    return trial
