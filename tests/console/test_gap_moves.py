"""Groups of gaps put right by hand, on their pages."""

from __future__ import annotations

from typing import NoReturn

import pytest

from knowledge.errors import EmbedderUnavailable
from tests.console.desk import Desk, text_of
from tests.console.test_api_gaps import some_gaps
from tests.conversation.fakes import rows


async def groups_of(desk: Desk) -> list[set[str]]:
    """What is asked in each open group, the largest first."""
    async with desk.database.unit_of_work(read_only=True) as work:
        found = [await work.gaps.questions(line.group.id) for line in await work.gaps.lines("open")]
    return [{one.text for one in questions} for questions in found]


async def test_the_list_of_gaps_is_continued_where_it_ended(
    both_desks: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await some_gaps(both_desks)
    monkeypatch.setattr("bot.console.pages.gaps.PAGE", 1)
    browser, path, seen = await both_desks.browser("viewer"), "/gaps?status=open", []
    while path:
        page = (await browser.get(path)).text
        seen.append(page.partition("data-open>")[2].partition("<")[0])
        path = page.partition('href="/gaps?status=open&amp;after=')[2].partition('"')[0]
        path = path and f"/gaps?status=open&after={path}"
    assert seen == ["is there a gym?", "may I bring a dog?", "‹name› here, where is the parking"]
    assert "is there a gym?" in (await browser.get("/gaps", after="nonsense")).text


async def test_a_chosen_question_gets_a_group_of_its_own_and_goes_back(both_desks: Desk) -> None:
    gaps = await some_gaps(both_desks)
    browser = await both_desks.browser("editor")
    page = await browser.get("/gaps/1")
    assert 'name="question" value="2"' in page.text
    assert "mail bo@" not in page.text
    sent = await browser.post("/gaps/1/move", {"revision": "1", "question": ["2"], "to": "own"})
    assert sent.headers["location"] == "/gaps/1"
    page = await browser.get("/gaps/1")
    assert "moved by staff from here into another group: 1" in text_of(page)
    await gaps.regroup()
    assert {"is there a gym?"} in await groups_of(both_desks)
    own = [row["group_id"] for row in await rows(both_desks.database, "gap_questions") if row["moved_from"]]
    page = await browser.get(f"/gaps/{own[0]}")
    assert "Put them back" in text_of(page)
    back = await browser.post(f"/gaps/{own[0]}/move-back", {"revision": "2", "source": "1"})
    assert back.headers["location"] == "/gaps/1"
    assert len((await groups_of(both_desks))[0]) == 2
    assert (await browser.get(f"/gaps/{own[0]}")).status_code == 404


async def test_a_group_is_merged_into_another_and_the_slower_one_is_told(both_desks: Desk) -> None:
    gaps = await some_gaps(both_desks)
    browser = await both_desks.browser("editor")
    merge = {"revision": "1", "to": "1", "what": "all"}
    sent = await browser.post("/gaps/2/move", merge)
    assert sent.headers["location"] == "/gaps/1"
    await gaps.regroup()
    assert [len(group) for group in await groups_of(both_desks)] == [3, 1]
    assert (await browser.post("/gaps/2/move", merge)).status_code == 409
    assert "moved here by hand" in text_of(await browser.get("/gaps/1"))


async def test_what_cannot_be_moved_is_said(desk: Desk) -> None:
    await some_gaps(desk)
    browser = await desk.browser("editor")
    for form, words in (
        ({"to": "own"}, "choose at least one question"),
        ({"to": "own", "question": ["1", "2"]}, "a group of its own already"),
        ({"to": "own", "what": "all"}, "a group of its own already"),
        ({"to": "1", "question": ["1"]}, "choose another group"),
        ({"question": ["1"]}, "choose another group"),
    ):
        await browser.post("/gaps/1/move", {"revision": "1", **form})
        assert words in text_of(await browser.get("/gaps/1"))
    assert (await browser.post("/gaps/99/move", {"to": "1"})).status_code == 404
    assert (await browser.post("/gaps/1/move-back", {"revision": "1", "source": "2"})).status_code == 409
    assert [len(group) for group in await groups_of(desk)] == [2, 1, 1]


async def test_who_may_only_look_sees_no_boxes(desk: Desk) -> None:
    await some_gaps(desk)
    page = await (await desk.browser("reviewer")).get("/gaps/1")
    assert 'type="checkbox"' not in page.text
    assert 'id="move"' not in page.text


class ClosedDocuments:
    """Documents in the moment that the bot is stopped."""

    async def bench(self, question: str, language: str) -> NoReturn:
        raise EmbedderUnavailable("The bot is being stopped.")


async def test_a_page_says_that_the_documents_cannot_be_asked_and_how_questions_are_grouped(
    desk: Desk,
) -> None:
    await some_gaps(desk)
    browser = await desk.browser("editor")
    object.__setattr__(desk.console.services, "documents", ClosedDocuments())
    assert "cannot be asked right now" in text_of(await browser.get("/gaps/1/nearest"))
    assert "one answer would probably serve both" in text_of(await browser.get("/gaps"))
