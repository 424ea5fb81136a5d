from __future__ import annotations

import pytest

from bot.console.paging import pack
from handlers.review.gaps import GapDesk
from tests.console.desk import Desk
from tests.console.library import Shelf
from tests.console.test_api_conversations import api
from tests.conversation.fakes import PROGRAM, rows
from tests.review.test_gaps import MeaningsByRule
from tests.storage import conversations


async def some_gaps(desk: Desk) -> GapDesk:
    """Gyms are missed by two founders, parking by one who says who he is, dogs by one."""
    talks = conversations.Desk(desk.database, desk.clock)  # type: ignore[arg-type]
    await talks.asks("ann", "is there a gym?", answered=False)
    await talks.asks("bo", "有健身房吗, mail bo@mail.example.org", answered=False, language="zh")
    await talks.asks("cy", "Li Na here, where is the parking", rating="not_helpful")
    await talks.asks("di", "may I bring a dog?", answered=False)
    gaps = GapDesk(desk.database, MeaningsByRule(), lambda text: "en", PROGRAM)
    object.__setattr__(desk.console.services, "gaps", gaps)
    await gaps.regroup()
    return gaps


async def test_gaps_are_listed_in_pages_by_where_they_stand(both_desks: Desk) -> None:
    await some_gaps(both_desks)
    viewer = await api(both_desks, "viewer")
    seen, after = [], ""
    while True:
        page = await viewer("GET", "/gaps", params={"limit": 1, "after": after})
        seen += page["items"]
        if page["next"] is None:
            break
        after = page["next"]
    assert [(one["question"], one["founders"]) for one in seen] == [
        ("is there a gym?", 2),
        ("may I bring a dog?", 1),
        ("‹name› here, where is the parking", 1),
    ]
    assert (seen[0]["languages"], seen[0]["nearest"]) == (["en", "zh"], ["guide"])
    assert await viewer("GET", "/gaps", params={"status": "dismissed"}) == {"items": [], "next": None}


@pytest.mark.parametrize(
    "key", [[1, "yesterday", 1], [1, "0001-01-01T00:00:00+14:00", 1], [1, 2, 3], "x", [1]], ids=str
)
async def test_a_place_in_the_list_that_was_not_given_out_is_refused(desk: Desk, key: object) -> None:
    viewer = await api(desk, "viewer")
    refused = await viewer("GET", "/gaps", 422, params={"after": pack(key)})
    assert refused["detail"] == "after: send the `next` of a page, unchanged"
    await viewer("GET", "/gaps", 422, params={"status": "lost"})


async def test_a_gap_is_read_with_its_questions_masked(both_desks: Desk) -> None:
    await some_gaps(both_desks)
    viewer = await api(both_desks, "viewer")
    (first, *_) = (await viewer("GET", "/gaps"))["items"]
    gap = await viewer("GET", f"/gaps/{first['id']}")
    assert [one["text"] for one in gap["questions"]] == ["is there a gym?", "有健身房吗, mail ‹email›"]
    assert gap["questions"][0]["likeness"] == 1.0
    assert (gap["to_be_told"], gap["draft"], gap["status"]) == (2, None, "open")
    await viewer("GET", "/gaps/999", 404)


async def test_a_gap_is_dismissed_and_opened_again_by_its_revision(both_desks: Desk) -> None:
    await some_gaps(both_desks)
    editor = await api(both_desks, "editor", ["gap.see", "gap.close"])
    (first, *_) = (await editor("GET", "/gaps"))["items"]
    path, change = f"/gaps/{first['id']}", {"revision": first["revision"]}
    await editor("POST", f"{path}/dismiss", 422, json={**change, "reason": "  "})
    await editor("POST", f"{path}/reopen", 409, json=change)
    gone = await editor("POST", f"{path}/dismiss", json={**change, "reason": " Not ours "})
    assert (gone["status"], gone["reason"]) == ("dismissed", "Not ours")
    await editor("POST", f"{path}/dismiss", 409, json={**change, "reason": "Too late"})
    await editor("POST", f"{path}/dismiss", 409, json={"revision": gone["revision"], "reason": "Twice"})
    await editor("POST", f"{path}/reopen", 409, json=change)
    back = await editor("POST", f"{path}/reopen", json={"revision": gone["revision"]})
    assert (back["status"], back["reason"]) == ("open", "")
    await editor("POST", "/gaps/999/dismiss", 404, json={**change, "reason": "x"})
    noted = [row["action"] for row in await rows(both_desks.database, "audit_log")]
    assert noted == ["gap.dismissed", "gap.reopened"]


async def test_closing_needs_the_role_and_the_scope(desk: Desk) -> None:
    await some_gaps(desk)
    json = {"revision": 1, "reason": "x"}
    await (await api(desk, "viewer"))("POST", "/gaps/1/dismiss", 403, json=json)
    await (await api(desk, "reviewer"))("POST", "/gaps/1/reopen", 403, json=json)
    narrow = await api(desk, "editor", ["gap.see"])
    assert len((await narrow("GET", "/gaps"))["items"]) == 3
    await narrow("POST", "/gaps/1/dismiss", 403, json=json)
    blind = await api(desk, "editor", ["gap.close"], "Blind")
    await blind("GET", "/gaps/1", 403)


async def test_a_gap_is_attached_to_a_document_that_is_there(desk: Desk, shelf: Shelf) -> None:
    await some_gaps(desk)
    editor = await api(desk, "editor")
    name = (await shelf.desk.rows())[0].document.id
    json = {"revision": 1, "document": name}
    await editor("POST", "/gaps/1/attach", 422, json={**json, "document": "nowhere"})
    gap = await editor("POST", "/gaps/1/attach", json=json)
    await editor("POST", "/gaps/1/attach", 409, json=json)
    assert (gap["status"], gap["documents"]) == ("attached", [name])


async def test_where_nothing_works_on_gaps_none_is_closed(desk: Desk) -> None:
    await some_gaps(desk)
    object.__setattr__(desk.console.services, "gaps", None)
    editor = await api(desk, "editor")
    refused = await editor("POST", "/gaps/1/dismiss", 404, json={"revision": 1, "reason": "x"})
    assert refused["title"] == "Not Found"
