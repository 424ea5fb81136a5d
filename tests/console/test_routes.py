"""Every route, for every role and for nobody: what is not declared fails here."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import Mount

from bot.console.api import ROUTERS as API_ROUTERS
from bot.console.api.frame import TokenGuard
from bot.console.guard import Guard
from bot.console.pages import ROUTERS as PAGE_ROUTERS
from handlers.staff import GRANTED, PERMISSIONS, ROLES, Permission
from tests.console.desk import Desk

PUBLIC = {
    "/sign-in",
    "/sign-in/code",
    "/sign-in/telegram",
    "/sign-in/telegram/back",
    "/welcome/{token}",
    "/api/openapi.json",
}
"""What somebody needs before they are signed in; a new path here is a decision."""


def routes() -> list[APIRoute]:
    found = [route for router in (*PAGE_ROUTERS, *API_ROUTERS) for route in router.routes]
    assert all(isinstance(route, APIRoute) for route in found)
    return [route for route in found if isinstance(route, APIRoute)]


def guards(dependant: Dependant) -> Iterator[Guard | TokenGuard]:
    for one in dependant.dependencies:
        if isinstance(one.call, Guard | TokenGuard):
            yield one.call
        yield from guards(one)


def permission_of(route: APIRoute) -> Permission | None:
    found = list(guards(route.dependant))
    assert len(found) == 1, f"{route.path} must have one guard: allows(…), needs(…) or ANYBODY"
    return found[0].permission


def name(route: APIRoute) -> str:
    return f"{'/'.join(sorted(route.methods))} {route.path}"


ROUTES = routes()
GUARDED = [route for route in ROUTES if route.path not in PUBLIC]


def test_nothing_is_served_beside_the_routes_that_are_walked(desk: Desk) -> None:
    known = {id(router) for router in (*PAGE_ROUTERS, *API_ROUTERS)}
    others = [
        route
        for route in desk.app.routes
        if id(getattr(route, "original_router", None)) not in known
        and not (isinstance(route, Mount) and route.path == "/static")
    ]
    assert others == []


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_a_route_demands_a_permission_or_is_known_to_be_public(route: APIRoute) -> None:
    permission = permission_of(route)
    if route.path in PUBLIC:
        assert permission is None
    else:
        assert permission in PERMISSIONS


def address(route: APIRoute) -> str:
    return re.sub(r"{[^}]+}", "999999", route.path)


@pytest.mark.parametrize("route", GUARDED, ids=name)
async def test_a_route_refuses_strangers_and_wrong_roles(desk: Desk, route: APIRoute) -> None:
    permission = permission_of(route)
    assert permission is not None
    api = route.path.startswith("/api/v1")
    for method in route.methods - {"HEAD", "OPTIONS"}:
        strange = await desk.stranger().client.request(method, address(route))
        if api:
            assert strange.status_code == 401, name(route)
        else:
            assert strange.headers["location"].startswith("/sign-in"), name(route)
        for role in ROLES:
            person = await desk.person(role, f"{method} {role}")
            if api:
                token = await desk.token(person, PERMISSIONS)
                client = desk.stranger(Authorization=f"Bearer {token}").client
                answer = await client.request(method, address(route), json={})
            else:
                browser = await desk.browser(person)
                headers = {"X-CSRF-Token": await browser.csrf()}
                answer = await browser.client.request(method, address(route), headers=headers)
            allowed = permission in GRANTED[role]
            assert (answer.status_code == 403) is not allowed, f"{name(route)} as {role}"
            assert answer.status_code < 500, f"{name(route)} as {role}"


UNSAFE = [route for route in ROUTES if route.methods & {"POST", "PUT", "PATCH", "DELETE"}]


async def test_a_form_without_its_token_or_from_elsewhere_is_refused(desk: Desk) -> None:
    """One console for all routes: a refusal changes nothing."""
    browser = await desk.browser("owner")
    token = await browser.csrf()
    other = await (await desk.browser(await desk.person("owner", "Other"))).csrf()
    for route in (route for route in UNSAFE if not route.path.startswith("/api/v1")):
        (method,) = route.methods
        for data, headers in (
            ({}, {}),
            ({"csrf_token": ""}, {}),
            ({"csrf_token": other}, {}),
            ({"csrf_token": token}, {"Origin": "https://evil.example"}),
            ({"csrf_token": token}, {"Origin": "null"}),
            ({}, {"X-CSRF-Token": other}),
        ):
            answer = await browser.client.request(method, address(route), data=data, headers=headers)
            assert answer.status_code == 403, (name(route), data, headers)


async def test_a_token_without_the_scope_is_refused(desk: Desk) -> None:
    owner = await desk.person("owner")
    for route in (route for route in GUARDED if route.path.startswith("/api/v1")):
        permission = permission_of(route)
        if permission == "account.own":
            continue
        token = await desk.token(owner, [one for one in PERMISSIONS if one != permission])
        client = desk.stranger(Authorization=f"Bearer {token}").client
        for method in route.methods:
            answer = await client.request(method, address(route), json={})
            assert answer.status_code == 403, name(route)
