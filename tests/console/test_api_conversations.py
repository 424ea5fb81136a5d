from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from handlers.staff import PERMISSIONS
from storage.announcement_records import Role
from tests.console.desk import Desk
from tests.console.talks import bot_beside, some_talks
from tests.conversation.fakes import Bot, rows


class Api:
    """A client with a token."""

    def __init__(self, desk: Desk, token: str) -> None:
        self._client = desk.stranger(authorization=f"Bearer {token}").client

    async def __call__(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        answer: httpx.Response = await self._client.request(method, f"/api/v1{path}", **options)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


async def api(desk: Desk, role: Role, scopes: Sequence[str] = PERMISSIONS, name: str = "") -> Api:
    return Api(desk, await desk.token(await desk.person(role, name), scopes))


@pytest.fixture
async def bot(desk: Desk) -> AsyncIterator[Bot]:
    async with bot_beside(desk) as running:
        await some_talks(running)
        yield running


async def test_conversations_are_listed_in_pages_filtered_and_masked(desk: Desk, bot: Bot) -> None:
    viewer = await api(desk, "viewer")
    first = await viewer("GET", "/conversations", params={"limit": 2})
    second = await viewer("GET", "/conversations", params={"limit": 2, "after": first["next"]})
    assert [item["said"] for item in first["items"]] == ["租金多少？", "Flat white?"]
    assert second["items"][0]["said"] == "How much is the rent? Mail ‹email›"
    assert (second["next"], second["items"][0]["name"]) == (None, None)
    found = await viewer("GET", "/conversations", params={"handover": "true", "since": "2026-11-22"})
    assert [item["unanswered"] for item in found["items"]] == [1]
    await viewer("GET", "/conversations", 422, params={"after": "nonsense"})
    await viewer("GET", "/conversations", 422, params={"since": "yesterday"})


async def test_messages_come_in_order_with_the_trace_of_each_answer(desk: Desk, bot: Bot) -> None:
    viewer = await api(desk, "viewer")
    page = await viewer("GET", "/conversations/1/messages", params={"limit": 1})
    rest = await viewer("GET", "/conversations/1/messages", params={"after": page["next"]})
    assert [item["who"] for item in page["items"] + rest["items"]] == ["founder", "bot"]
    trace = rest["items"][0]["trace"]
    assert (trace["passages"][0]["id"], trace["confidence"]) == ("doc#rent", 0.55)
    await viewer("GET", "/conversations/99/messages", 404)


async def test_personal_data_needs_the_role_and_the_scope_and_is_written_down(desk: Desk, bot: Bot) -> None:
    open_ = {"unmasked": "true"}
    await (await api(desk, "reviewer"))("GET", "/conversations", 403, params=open_)
    narrow = await api(desk, "editor", ["conversation.see"], "Narrow")
    await narrow("GET", "/conversations/1", 403, params=open_)
    editor = await api(desk, "editor", name="Wide")
    assert (await editor("GET", "/conversations/1", params=open_))["name"] == "Ann Lee"
    assert [row["action"] for row in await rows(desk.database, "audit_log")] == ["conversation.unmask"]


async def test_reviewing_by_an_old_revision_is_refused(desk: Desk, bot: Bot) -> None:
    reviewer = await api(desk, "reviewer")
    seen = await reviewer("GET", "/conversations/1")
    mark = {"up_to": seen["last_message_id"], "revision": seen["revision"]}
    assert (await reviewer("PUT", "/conversations/1/review", json=mark))["reviewed"]
    await reviewer("PUT", "/conversations/1/review", 409, json=mark)
    await (await api(desk, "viewer"))("PUT", "/conversations/1/review", 403, json=mark)


async def test_notes_and_tags(desk: Desk, bot: Bot) -> None:
    reviewer = await api(desk, "reviewer")
    await reviewer("POST", "/conversations/1/notes", 201, json={"text": "Call back", "message_id": 1})
    await reviewer("POST", "/conversations/2/notes", 404, json={"text": "x", "message_id": 1})
    assert [note["text"] for note in await reviewer("GET", "/conversations/1/notes")] == ["Call back"]
    assert await reviewer("POST", "/conversations/1/tags", json={"tag": "  House  Keeping "}) == [
        "house keeping"
    ]
    await reviewer("POST", "/conversations/1/tags", 422, json={"tag": "  "})
    assert await reviewer("DELETE", "/conversations/1/tags/house keeping") == []


async def test_a_founder_is_taken_answered_and_given_back(desk: Desk, bot: Bot) -> None:
    anna, ben = await api(desk, "reviewer", name="Anna"), await api(desk, "reviewer", name="Ben")
    (waiting,) = await anna("GET", "/handovers")
    assert waiting["question"] == "Flat white?"
    path = f"/conversations/{waiting['conversation_id']}"
    await anna("POST", f"{path}/reply", 409, json={"text": "Hello"})
    assert (await anna("POST", f"{path}/take"))["staff_name"] == "Anna"
    await ben("POST", f"{path}/take", 409)
    await ben("POST", f"{path}/reply", 409, json={"text": "Hello"})
    await anna("POST", f"{path}/reply", 201, json={"text": "Hello"})
    await anna("POST", f"{path}/release", 204)
    await anna("POST", f"{path}/release", 409)
    assert await anna("GET", "/handovers") == []
