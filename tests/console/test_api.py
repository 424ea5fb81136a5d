"""The API: tokens, pages of lists, problems, and a description that holds."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from bot.console.pages.api_docs import description
from bot.console.server import ConsoleServer
from handlers.staff import PERMISSIONS
from knowledge.config import KnowledgeConfig
from storage.announcement_records import StaffRecord
from storage.database import Database
from tests.console.browser import free_address
from tests.console.desk import PASSWORD, Desk, console_of, text_of
from tests.console.library import shelved
from tests.console.talks import bot_beside, some_talks
from tests.console.test_api_gaps import some_gaps
from tests.conversation.applications import harbor, submitted
from tests.conversation.fakes import Clock

EXAMPLES = 15
CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]


async def caller(desk: Desk, *scopes: str, role: str = "owner") -> httpx.AsyncClient:
    person = await desk.person(role, f"API {role} {len(scopes)}")  # type: ignore[arg-type]
    token = await desk.token(person, scopes or PERMISSIONS)
    return desk.stranger(Authorization=f"Bearer {token}").client


async def test_a_token_says_whose_it_is_and_what_it_may(both_desks: Desk) -> None:
    client = await caller(both_desks, "staff.see", "audit.see", role="viewer")
    me = (await client.get("/api/v1/me")).json()
    assert me["role"] == "viewer"
    assert me["allowed"] == ["account.own", "staff.see"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer fb_wrong", "Basic Zm9vOmJhcg==", "Bearer é"])
async def test_a_wrong_token_is_a_problem_with_a_hint(desk: Desk, header: str) -> None:
    answer = await desk.stranger().client.get("/api/v1/me", headers={"Authorization": header.encode()})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["title"] == "Unauthorized"


async def test_a_session_is_no_token(desk: Desk) -> None:
    browser = await desk.browser("owner")
    assert (await browser.get("/api/v1/me")).status_code == 401


async def test_an_expired_token_is_refused(desk: Desk, clock: Clock) -> None:
    person = await desk.person("owner")
    async with desk.database.unit_of_work() as work:
        token = await work.api_tokens.issue(person.id, "x", ["staff.see"], clock.now + timedelta(days=1))
    client = desk.stranger(Authorization=f"Bearer {token}").client
    assert (await client.get("/api/v1/staff")).status_code == 200
    clock.pass_by(days=1, minutes=1)
    assert (await client.get("/api/v1/staff")).status_code == 401


async def test_a_token_is_made_shown_once_used_and_revoked_on_ones_account(both_desks: Desk) -> None:
    desk = both_desks
    browser = await desk.browser("viewer")
    form = {"name": "weekly report", "days": "30", "scope": ["staff.see", "staff.manage", "account.own"]}
    assert (await browser.post("/account/tokens", form)).status_code == 400  # nobody knows whose hands
    shown = await browser.post("/account/tokens", {**form, "token_password": PASSWORD})
    token = shown.text.partition('id="token">')[2].partition("<")[0]
    account = await browser.get("/account")
    assert token not in account.text
    assert token[:9] in account.text
    client = desk.stranger(Authorization=f"Bearer {token}").client
    assert (await client.get("/api/v1/me")).json()["allowed"] == ["account.own", "staff.see"]
    number = account.text.partition("/account/tokens/")[2].partition("/")[0]
    other = await desk.browser(await desk.person("owner", "Other"))
    assert (await other.post(f"/account/tokens/{number}/revoke")).status_code == 404
    assert (await browser.post(f"/account/tokens/{number}/revoke")).status_code == 303
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_a_token_without_name_or_scope_is_not_made(desk: Desk) -> None:
    browser = await desk.browser("viewer")
    for form in (
        {"name": " ", "scope": ["staff.see"]},
        {"name": "x"},
        {"name": "x", "scope": "staff.manage"},
    ):
        answer = await browser.post("/account/tokens", form)
        assert answer.status_code == 400
        assert "at least one scope" in text_of(answer)


async def test_lists_are_continued_to_their_end(desk: Desk) -> None:
    client = await caller(desk)
    async with desk.database.unit_of_work() as work:
        for number in range(25):
            await work.audit.note("staff.role", actor="x", details={"n": number})
    seen: list[int] = []
    after: dict[str, Any] = {}
    while True:
        page = (await client.get("/api/v1/audit", params={"limit": 10, **after})).json()
        seen += [item["details"]["n"] for item in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == list(range(24, -1, -1))


async def test_what_is_wrong_with_a_request_is_said(desk: Desk) -> None:
    client = await caller(desk)
    wrong = await client.get("/api/v1/audit", params={"limit": 0, "staff_id": "x"})
    assert wrong.status_code == 422
    assert [one["where"] for one in wrong.json()["errors"]] == ["query.staff_id", "query.limit"]
    cursor = await client.get("/api/v1/audit", params={"after": "made up"})
    assert cursor.json()["detail"] == "after: send the `next` of a page, unchanged"
    missing = await client.get("/api/v1/staff/424242")
    assert (missing.status_code, missing.json()["title"]) == (404, "Not Found")
    nowhere = await client.get("/api/v1/nowhere")
    assert nowhere.headers["content-type"] == "application/problem+json"


async def test_the_description_can_be_read_by_programs_and_people(desk: Desk) -> None:
    found = (await desk.stranger().get("/api/openapi.json")).json()
    assert "/api/v1/staff" in found["paths"]
    assert all(path.startswith("/api/v1/") for path in found["paths"])
    assert found["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    page = await (await desk.browser("viewer")).get("/api")
    for path in found["paths"]:
        assert path in page.text


THERE = {
    "conversation_id": [1, 2, 3],
    "gap_id": [1, 2],
    "application_id": [1],
    "document_id": ["en/crane", "zh/crane", "en/made-up"],
    "staff_id": [1],
}
"""Names of what there is, which chance alone would hardly meet."""


async def test_no_request_that_can_be_thought_of_breaks_the_server(
    store: Database, clock: Clock, tmp_path: Path, indexed: KnowledgeConfig
) -> None:
    """Schemathesis makes valid and invalid requests from the description, and sends them to a real server.

    Everything that the API speaks of is there: documents with their index, gaps, founders who wait and apply.
    """
    listen = free_address()
    url = f"http://{listen}"
    console = console_of(store, clock, tmp_path, listen=listen, url=url, form=harbor())
    desk = Desk(console=console, clock=clock)
    person = await desk.person("owner")
    # Gaps first: the meanings of that test know no other questions.
    await some_gaps(desk)
    async with bot_beside(desk) as bot:
        await some_talks(bot)
    await submitted(store)
    async with shelved(desk, indexed):
        await every_operation(desk, url, person)


async def every_operation(desk: Desk, url: str, person: StaffRecord) -> None:
    headers = {"Authorization": f"Bearer {await desk.token(person, PERMISSIONS)}"}
    schema = schemathesis.openapi.from_dict(description(desk.app))
    server = ConsoleServer(desk.console)
    await server.start()
    try:
        operations = [result.ok() for result in schema.get_all_operations()]
        assert len(operations) >= 4
        for operation in operations:
            assert await asyncio.to_thread(try_out, operation, url, headers) >= 1
    finally:
        await server.stop()
        await desk.close()


def try_out(operation: Any, url: str, headers: dict[str, str]) -> int:
    """Send what schemathesis thinks of for one operation; raises for a 5xx or what the description denies."""
    sent = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def attempt(data: st.DataObject) -> None:
        nonlocal sent
        mode = data.draw(st.sampled_from(list(GenerationMode)))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        for name in THERE.keys() & (case.path_parameters or {}).keys():
            if data.draw(st.booleans()):
                case.path_parameters[name] = data.draw(st.sampled_from(THERE[name]))
        case.call_and_validate(base_url=url, headers=headers, checks=CHECKS)
        sent += 1

    attempt()
    return sent
