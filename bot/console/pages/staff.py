"""Who works for the program: roles, links to set a password, ending sessions, disabling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter
from starlette.responses import Response

from bot.console.errors import NotFound
from bot.console.guard import allows
from bot.console.view import Text, View
from handlers.staff import ROLES, disable_all
from storage.announcement_records import Role, StaffRecord

if TYPE_CHECKING:
    from storage.database import UnitOfWork

router = APIRouter(include_in_schema=False)
LONGEST_NAME = 60


@router.get("/staff")
async def list_staff(view: Annotated[View, allows("staff.see")]) -> Response:
    """List everybody, the disabled last."""
    async with view.reading() as work:
        people = await work.staff.everyone()
        sessions = await work.sessions.counts(view.console.config.limits.idle)
        waiting = await work.one_time_links.waiting()
        accounts = {person.id: await work.accounts.get(person.id) for person in people}
    people.sort(key=lambda person: (person.disabled_at is not None, person.name.casefold(), person.id))
    return view.page(
        "staff/list.html", people=people, sessions=sessions, waiting=waiting, accounts=accounts, roles=ROLES
    )


@router.post("/staff")
async def add(
    view: Annotated[View, allows("staff.manage")],
    name: Text = "",
    role: Text = "",
) -> Response:
    """Add a person and show the link to their password."""
    called, wanted = " ".join(name.split()), known_role(role)
    if not called or len(called) > LONGEST_NAME or called.isdigit() or wanted is None:
        return view.go("/staff", "staff.bad_name", kind="bad")
    async with view.writing() as work:
        if any(person.disabled_at is None for person in await work.staff.named(called)):
            taken = True
        else:
            taken = False
            person = await work.staff.add(called, wanted)
            await view.note(work, "staff.add", ("staff", person.id), name=person.name, role=wanted)
            token = await invite_link(view, work, person)
    if taken:
        return view.go("/staff", "staff.taken", kind="bad", name=called)
    return _shown_link(view, person, token)


@router.post("/staff/{staff_id}/invite")
async def invite(view: Annotated[View, allows("staff.manage")], staff_id: int) -> Response:
    """Make a link by which somebody sets a password; a link from before stops working.

    For oneself there is the account page, which asks for the present password, so that a borrowed
    browser cannot take the account.
    """
    if staff_id == view.staff.id:
        return view.go("/staff", "staff.own_account", kind="bad")
    async with view.writing() as work:
        person = await _active(work, staff_id)
        token = await invite_link(view, work, person)
    return _shown_link(view, person, token)


@router.post("/staff/{staff_id}/role")
async def set_role(view: Annotated[View, allows("staff.manage")], staff_id: int, role: Text = "") -> Response:
    """Give another role, at once; the last owner stays one."""
    wanted = known_role(role)
    async with view.writing() as work:
        person = await _active(work, staff_id)
        last = await _is_last_owner(work, person) and wanted != "owner"
        if wanted is not None and not last and wanted != person.role:
            await work.staff.set_role(person.id, wanted)
            await view.note(work, "staff.role", ("staff", person.id), before=person.role, role=wanted)
    if last:
        return view.go("/staff", "staff.last_owner", kind="bad")
    return view.go(
        "/staff", "staff.role_set", name=person.name, role=view.say(f"role.{wanted or person.role}")
    )


@router.post("/staff/{staff_id}/disable")
async def disable(view: Annotated[View, allows("staff.manage")], staff_id: int) -> Response:
    """Take away every right: sessions, tokens, links and the chat account."""
    async with view.writing() as work:
        person = await _active(work, staff_id)
        last = await _is_last_owner(work, person)
        if not last:
            await disable_all(work, person.id)
            await view.note(work, "staff.disable", ("staff", person.id), name=person.name)
    if last:
        return view.go("/staff", "staff.last_owner", kind="bad")
    return view.go("/staff", "staff.disabled_done", name=person.name)


@router.post("/staff/{staff_id}/end-sessions")
async def end_sessions(view: Annotated[View, allows("staff.manage")], staff_id: int) -> Response:
    """Sign somebody out everywhere."""
    async with view.writing() as work:
        person = await _active(work, staff_id)
        number = await work.sessions.end_all(person.id)
        await view.note(work, "session.end_all", ("staff", person.id), number=number)
    return view.go("/staff", "staff.sessions_ended", name=person.name)


@router.post("/staff/{staff_id}/remove-second-factor")
async def remove_second_factor(view: Annotated[View, allows("staff.manage")], staff_id: int) -> Response:
    """Let somebody who has lost their phone sign in with the password alone; for oneself as `invite`."""
    if staff_id == view.staff.id:
        return view.go("/staff", "staff.own_account", kind="bad")
    async with view.writing() as work:
        person = await _active(work, staff_id)
        if await work.accounts.remove_totp(person.id):
            await view.note(work, "second_factor.remove", ("staff", person.id))
    return view.go("/staff", "staff.factor_removed", name=person.name)


async def invite_link(view: View, work: UnitOfWork, person: StaffRecord) -> str:
    """Issue a one-time link and write it down."""
    token = await work.one_time_links.issue(person.id, view.console.config.limits.link)
    await view.note(work, "staff.invite", ("staff", person.id), name=person.name)
    return token


def known_role(word: str) -> Role | None:
    """Return the role of this name."""
    return next((role for role in ROLES if role == word), None)


def _shown_link(view: View, person: StaffRecord, token: str) -> Response:
    days = view.console.config.limits.link.days
    link = f"{view.console.config.url}/welcome/{token}"
    return view.page("staff/invited.html", person=person, link=link, days=days)


async def _active(work: UnitOfWork, staff_id: int) -> StaffRecord:
    person = await work.staff.get(staff_id) if 0 < staff_id < 2**31 else None
    if person is None or person.disabled_at is not None:
        raise NotFound
    return person


async def _is_last_owner(work: UnitOfWork, person: StaffRecord) -> bool:
    return person.role == "owner" and await work.staff.owners() == 1
