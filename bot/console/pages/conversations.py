"""The list of conversations: filters in the address, search, saved views, counts, export."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from bot.console.downloads import begin_export, export_file
from bot.console.errors import Conflict, Forbidden, NotFound
from bot.console.exporting import export_lines
from bot.console.guard import allows
from bot.console.paging import PAGE, address, pack, params, unpack
from bot.console.shown import marked, masker_of, name_of
from bot.console.view import Revision, Text, View
from handlers.review.filters import Filters
from storage.review_records import ConversationFilter, ConversationRow, ViewRecord
from storage.reviews import COUNTED

router = APIRouter(include_in_schema=False)
BUILT_IN = (
    ("all", ""),
    ("unreviewed", "unreviewed=1"),
    ("unanswered", "unanswered=1&unreviewed=1"),
    ("unhelpful", "unhelpful=1&unreviewed=1"),
    ("unsure", "unsure=1&unreviewed=1"),
    ("handover", "handover=1"),
)
LONGEST_NAME = 60


@router.get("/conversations")
async def list_conversations(
    view: Annotated[View, allows("conversation.see")], after: str = "", before: str = ""
) -> Response:
    """List what the filters let through, the founder who wrote last first."""
    filters = Filters.of(view.request.query_params)
    wanted = wanted_of(view, filters)
    older, newer = unpack(after, int), unpack(before, int)
    async with view.reading() as work:
        page = await work.reviews.page(
            wanted,
            before=older[0] if older else 0,
            after=newer[0] if newer else 0,
            limit=PAGE + 1,
            counted=True,
        )
        views = await work.annotations.views(view.staff.id)
        choices = {} if view.is_partial else await work.reviews.choices()
        staff = {member.id: member.name for member in await work.staff.everyone()}
    rows, older_than, newer_than = _cut(page.rows, back=newer is not None, begun=bool(older or newer))
    return view.page(
        "conversations/list.html",
        block="results",
        filters=filters,
        lines=[_line(row, view, filters) for row in rows],
        total=page.total,
        counted=COUNTED,
        older=address(view.request, after=older_than, before=None) if older_than else "",
        newer=address(view.request, before=newer_than, after=None) if newer_than else "",
        views=views,
        built_in=BUILT_IN,
        choices=choices,
        staff=staff,
        tracks=track_names(view),
    )


@router.get("/conversations/counts")
async def counts(view: Annotated[View, allows("conversation.see")]) -> Response:
    """Count what the views hold; asked for when the page is there, so that the page need not wait."""
    async with view.reading() as work:
        saved = await work.annotations.views(view.staff.id)
        queries = {f"view-{name}": query for name, query in BUILT_IN}
        queries |= {f"view-{one.id}": one.query for one in saved}
        numbers = {
            key: await work.reviews.count(wanted_of(view, Filters.of(params(query))))
            for key, query in queries.items()
        }
    return view.page("conversations/counts.html", numbers=numbers, counted=COUNTED)


@router.post("/conversations/export")
async def export(
    view: Annotated[View, allows("conversation.export")],
    query: Text = "",
    format: Text = "csv",
    unmasked: Text = "",
) -> Response:
    """Send all messages of the conversations that the filters let through."""
    kind, filters = format if format in ("csv", "jsonl") else "csv", Filters.of(params(query))
    await begin_export(view, "conversation", filters, kind, unmasked=bool(unmasked))
    database, wanted = view.console.services.database, wanted_of(view, filters)
    lines = export_lines(database, wanted, as_csv=kind == "csv", unmasked=bool(unmasked))
    return export_file(view, "conversation", kind, lines)


def wanted_of(view: View, filters: Filters) -> ConversationFilter:
    """Say filters in storage's words, as far as this person may look for what they name."""
    timezone = view.console.services.program.timezone
    return filters.wanted(timezone, unmask=view.may("conversation.unmask"))


def _cut(rows: list[ConversationRow], *, back: bool, begun: bool) -> tuple[list[ConversationRow], str, str]:
    """Cut a page that has one line more than is shown; return it with the keys to both sides."""

    more = len(rows) > PAGE
    shown = rows[-PAGE:] if back else rows[:PAGE]
    if not shown:
        return shown, "", ""
    older = pack(shown[-1].summary.last_message_id) if more or back else ""
    newer = pack(shown[0].summary.last_message_id) if (more if back else begun) else ""
    return shown, older, newer


def _line(row: ConversationRow, view: View, filters: Filters) -> dict[str, object]:
    search = wanted_of(view, filters).search
    masker = masker_of(row)
    link = f"/conversations/{row.summary.conversation_id}"
    parts = [filters.query, f"at={row.summary.last_message_id}"]
    if search is not None:
        parts.append(f"m={row.said_message_id}")
    anchor = f"#m{row.said_message_id}" if search is not None else ""
    return {
        "row": row,
        "name": name_of(row, view),
        "said": marked(masker(row.said), search),
        "href": f"{link}?{'&'.join(filter(None, parts))}{anchor}",
    }


def track_names(view: View) -> dict[str, str]:
    """Return what the program's tracks are called in the reader's language."""
    program = view.console.services.program
    return {track.id: program.text(track.names, view.language) for track in program.tracks}


# --- saved views --------------------------------------------------------------------------------------


@router.post("/conversations/views")
async def save_view(
    view: Annotated[View, allows("conversation.see")],
    name: Text = "",
    query: Text = "",
    shared: Text = "",
) -> Response:
    """Save the present filters under a name, for oneself or for everybody."""
    called, filters = " ".join(name.split())[:LONGEST_NAME], Filters.of(params(query))
    back = f"/conversations?{filters.query}"
    if not called or (shared and not view.may("conversation.annotate")):
        return view.go(back, "conversations.view_unnamed", kind="bad")
    async with view.writing() as work:
        saved = await work.annotations.add_view(view.staff.id, called, filters.query, shared=bool(shared))
        if saved is not None:
            await view.note(work, "view.add", ("view", saved.id), filters=filters.noted, shared=saved.shared)
    if saved is None:
        return view.go(back, "conversations.view_taken", kind="bad", name=called)
    return view.go(back, "conversations.view_saved", name=called)


@router.post("/conversations/views/{view_id}/change")
async def change_view(
    view: Annotated[View, allows("conversation.see")],
    view_id: int,
    revision: Revision = 0,
    query: Text = "",
) -> Response:
    """Give a view the present filters."""
    filters = Filters.of(params(query))
    async with view.writing() as work:
        record = await _own_view(view, await work.annotations.view(_number(view_id)))
        done = await work.annotations.change_view(record.id, revision, filters.query, shared=record.shared)
        if done:
            await view.note(work, "view.change", ("view", record.id), filters=filters.noted)
    if not done:
        raise Conflict(filters.query)
    return view.go(f"/conversations?{filters.query}", "conversations.view_saved", name=record.name)


@router.post("/conversations/views/{view_id}/remove")
async def remove_view(
    view: Annotated[View, allows("conversation.see")],
    view_id: int,
    revision: Revision = 0,
) -> Response:
    """Remove a view of one's own; an owner may remove anybody's."""
    async with view.writing() as work:
        record = await _own_view(view, await work.annotations.view(_number(view_id)))
        done = await work.annotations.remove_view(record.id, revision)
        if done:
            await view.note(work, "view.remove", ("view", record.id))
    if not done:
        raise Conflict
    return view.go("/conversations", "conversations.view_removed", name=record.name)


async def _own_view(view: View, record: ViewRecord | None) -> ViewRecord:
    if record is None or (record.staff_id != view.staff.id and not record.shared):
        raise NotFound
    if record.staff_id != view.staff.id and not view.may("staff.manage"):
        raise Forbidden
    return record


def _number(number: int) -> int:
    return number if 0 < number < 2**63 else 0
