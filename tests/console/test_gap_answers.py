"""Answers to gaps, from the form to what the bot says: tried out and published as one change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from handlers.review.drafts import Draft
from knowledge.config import KnowledgeConfig
from tests.console.desk import Browser, Desk, text_of
from tests.console.library import LIFTS, Shelf, shelved
from tests.console.test_api_gaps import some_gaps
from tests.conversation.fakes import rows

GYM, GYM_ZH = "Is there a gym in the building?", "楼里有健身房吗？"
ANSWER = {
    "revision": "1",
    "title_en": GYM,
    "text_en": "There is a gym in the harbor house, open from six to ten.",
    "title_zh": GYM_ZH,
    "text_zh": "港口大楼里有健身房，六点到十点开放。",
}
WRONG = (
    ({"text_en": "…"}, "English, Text: There is no text that could be found."),
    ({"title_zh": "长" * 201}, "Chinese, Title: This is too long."),
    ({"text_en": ""}, "A title needs a text"),
    ({"until": "2020-01-01"}, "still to come"),
    ({"until": "9999-12-31"}, "still to come"),
)


@pytest.fixture
async def shelf(both_desks: Desk, indexed: KnowledgeConfig) -> AsyncIterator[Shelf]:
    """The harbor's documents behind a console with three gaps, the first about a gym."""
    async with shelved(both_desks, indexed) as shelf:
        await some_gaps(both_desks)
        yield shelf


async def tried(browser: Browser, **changes: Any) -> str:
    """Send the answer and read what came of trying it out."""
    sent = await browser.post("/gaps/1/answer", {**ANSWER, **changes})
    assert sent.status_code == 303, sent.text
    return await outcome(browser)


async def outcome(browser: Browser) -> str:
    await browser.desk.console.trials.settled()
    return text_of(await browser.get("/gaps/1/trial"))


async def published(browser: Browser) -> str:
    await browser.post("/gaps/1/publish")
    return await outcome(browser)


async def test_both_languages_are_tried_out_published_and_answered_together(
    both_desks: Desk, shelf: Shelf
) -> None:
    ada = await both_desks.browser("editor")
    found = await tried(ada)
    assert "No golden question breaks" in found
    assert "After: 1 of 1 right" in found
    assert await rows(both_desks.database, "document_versions") == []
    viewer = await both_desks.browser("viewer")
    seen = await viewer.get("/gaps/1/trial")
    assert "No golden question breaks" in text_of(seen)
    assert "/publish" not in seen.text
    assert (await viewer.post("/gaps/1/publish")).status_code == 403
    assert "The bot answers from it now" in await published(ada)
    assert "six to ten" in (await shelf.knowledge.ask(GYM)).text
    assert "六点到十点" in (await shelf.knowledge.ask(GYM_ZH)).text
    await ada.post("/gaps/1/publish")
    assert len(await rows(both_desks.database, "document_versions")) == 2


async def test_what_only_one_of_two_languages_breaks_keeps_both_from_being_published(
    both_desks: Desk, shelf: Shelf
) -> None:
    ada = await both_desks.browser("editor")
    rival = f"{LIFTS} The crane lifts nine tonnes. How much the crane lifts: nine."
    found = await tried(ada, title_en=LIFTS, text_en=rival)
    assert "would break" in found
    assert LIFTS in found
    await published(ada)
    assert await rows(both_desks.database, "document_versions") == []


async def test_when_a_colleague_changes_one_of_the_documents_neither_is_published(
    both_desks: Desk, shelf: Shelf
) -> None:
    ada, ben = await both_desks.browser("editor"), await both_desks.person("editor", "Ben")
    await tried(ada)
    theirs = Draft(id="zh/faq-1", language="zh", title="健身房", markdown="## 健身房\n\n在三楼。\n")
    zone = both_desks.console.services.program.timezone
    async with both_desks.database.unit_of_work() as work:
        await work.documents.save(theirs.document("edited", zone), author=ben.name, staff_id=ben.id)
    assert "A colleague has changed this meanwhile" in await published(ada)
    kept = await rows(both_desks.database, "document_versions")
    assert [(row["document_id"], row["author"]) for row in kept] == [("zh/faq-1", "Ben")]
    assert GYM in (await ada.get("/gaps/1")).text, "what Ada wrote"


async def test_what_a_colleague_has_decided_meanwhile_is_not_published(
    both_desks: Desk, shelf: Shelf
) -> None:
    ada = await both_desks.browser("editor")
    ben = await both_desks.browser(await both_desks.person("editor", "Ben"))
    await tried(ada)
    await ben.post("/gaps/1/dismiss", {"revision": "2", "reason": "not ours"})
    await published(ada)
    assert await rows(both_desks.database, "document_versions") == []
    late = await ada.post("/gaps/1/answer", {**ANSWER, "revision": "2"})
    assert late.status_code == 409
    assert "open from six to ten" in late.text


async def test_what_cannot_be_published_is_said_before_it_is_tried_and_kept(
    both_desks: Desk, shelf: Shelf
) -> None:
    ada = await both_desks.browser("editor")
    for revision, (changes, said) in enumerate(WRONG, start=1):
        sent = await ada.post("/gaps/1/answer", {**ANSWER, "revision": str(revision), **changes})
        page = await ada.get(sent.headers["location"])
        assert said in text_of(page)
        assert GYM in page.text
        assert 'hx-get="/gaps/1/trial"' not in page.text


async def test_no_number_and_no_character_of_a_form_is_more_than_the_database_takes(
    both_desks: Desk, shelf: Shelf
) -> None:
    ada = await both_desks.browser("editor")
    assert "No golden question breaks" in await tried(ada, text_en="A gym\0, from six to ten.")
    for path in ("answer", "dismiss", "attach", "reopen", "tell", "move", "move-back"):
        sent = {**ANSWER, "revision": str(2**31), "reason": "x\0", "document": "en/crane", "to": "2"}
        assert (await ada.post(f"/gaps/1/{path}", sent)).status_code in (303, 409, 422), path
    done = await ada.post("/gaps/1/dismiss", {"revision": "2", "reason": "not\0 ours"})
    assert done.status_code == 303
