"""Documents over the API: the same rules as on the pages."""

from __future__ import annotations

from typing import Any

import httpx

from handlers.staff import PERMISSIONS
from storage.announcement_records import Role
from tests.console.desk import Desk
from tests.console.library import LEAVES, LIFTS, Shelf

RED = {"title": "Crane", "language": "en", "markdown": "## What color is it?\n\nThe crane is red.\n"}
FERRY: dict[str, Any] = {
    "title": "Ferry",
    "language": "en",
    "markdown": f"## {LEAVES}\n\nThe ferry leaves at seven.\n",
    "valid_until": "2099-01-01T00:00:00",
}


async def caller(desk: Desk, role: Role, *scopes: str) -> httpx.AsyncClient:
    token = await desk.token(await desk.person(role), scopes or PERMISSIONS)
    return desk.stranger(Authorization=f"Bearer {token}").client


async def test_documents_are_listed_a_page_at_a_time_and_read(desk: Desk, shelf: Shelf) -> None:
    client = await caller(desk, "viewer")
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = (await client.get("/api/v1/documents", params={"limit": 3, **after})).json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == ["en/berths", "en/crane", "en/fair", "zh/crane"]
    expired = (await client.get("/api/v1/documents", params={"state": "expired"})).json()
    assert [one["id"] for one in expired["items"]] == ["en/fair"]
    crane = (await client.get("/api/v1/documents/en/crane")).json()
    assert (crane["twin"], crane["as_of"], crane["based_on"]) == ("zh/crane", "2025-01-15", 0)
    assert "nine tonnes" in crane["markdown"]
    passages = (await client.get("/api/v1/document-passages/en/crane")).json()
    assert [one["section"][-1] for one in passages] == [LIFTS, "Who may use the crane?"]
    assert (await client.get("/api/v1/document-versions/en/crane")).json() == []
    assert (await client.get("/api/v1/documents/nothing")).status_code == 404
    answer = (await client.get("/api/v1/bench", params={"q": LIFTS})).json()
    assert answer["answered"]
    assert answer["retrieved"][0]["id"] == answer["citations"][0]["id"]


async def test_a_document_is_saved_conflicts_are_refused_and_it_is_removed(desk: Desk, shelf: Shelf) -> None:
    client = await caller(desk, "editor")
    path = "/api/v1/documents/en/ferry"
    saved = await client.put(path, json=FERRY)
    assert saved.json() == {"version": 1, "published": True}
    assert "seven" in (await shelf.knowledge.ask(LEAVES)).text
    assert (await client.put(path, json=FERRY)).status_code == 409
    assert (await client.put(path, json=FERRY, params={"based_on": 1})).json()["version"] == 2
    versions = (await client.get("/api/v1/document-versions/en/ferry")).json()
    assert [(one["version"], one["author"]) for one in versions] == [(2, "Staff editor"), (1, "Staff editor")]
    assert (await client.delete(path)).status_code == 409
    assert (await client.delete(path, params={"based_on": 2})).json()["version"] == 3
    assert (await client.get(path)).status_code == 404


async def test_golden_questions_and_fields_guard_the_api_too(desk: Desk, shelf: Shelf) -> None:
    editor, owner = await caller(desk, "editor"), await caller(desk, "owner")
    path = "/api/v1/documents/en/crane"
    refused = await editor.put(path, json=RED)
    assert refused.status_code == 409
    assert LIFTS in refused.json()["detail"]
    assert (await editor.put(path, json=RED, params={"force": True})).status_code == 403
    wrong = await editor.put(path, json={**RED, "twin": "en/crane", "sources": ["nowhere"]})
    assert wrong.status_code == 422
    assert "own twin" in wrong.json()["detail"]
    for late in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"):
        assert (await editor.put(path, json={**RED, "valid_until": late})).status_code == 422
    assert (await owner.put(path, json=RED, params={"force": True})).json()["version"] == 1
