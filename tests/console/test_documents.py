"""The pages of documents over a real index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from storage.document_records import NewDocument
from storage.review_records import ConversationFilter
from tests.console.desk import Desk, text_of
from tests.console.library import FILES, LIFTS, UNKNOWN, Shelf
from tests.documents.conftest import ferry

CRANE = FILES["qi"].partition("---\n# 起重机\n\n")[2]


async def test_the_list_shows_where_every_document_stands(desk: Desk, shelf: Shelf) -> None:
    await shelf.asked(LIFTS)
    page = await (await desk.browser("viewer")).get("/documents")
    words = text_of(page)
    assert page.status_code == 200
    assert "4 documents" in words
    assert "1 document has expired" in words
    assert "As of 2025-01-15" in words
    assert "until 2025-03-31" in words
    assert "Twin missing" in words
    assert "Add" not in words


async def test_the_home_page_counts_what_ends_soon(desk: Desk, shelf: Shelf) -> None:
    browser = await desk.browser("viewer")
    assert "Documents that end within two weeks 0" in text_of(await browser.get("/"))
    async with shelf.database.unit_of_work() as work:
        ends = datetime.now(UTC) + timedelta(days=3)
        await work.documents.save(ferry(valid_until=ends), author="Ada")
    assert "Documents that end within two weeks 1" in text_of(await browser.get("/"))


async def test_the_list_is_searched_filtered_and_ordered(desk: Desk, shelf: Shelf) -> None:
    await shelf.asked(LIFTS)
    browser = await desk.browser("viewer")

    async def ids(**params: str) -> list[str]:
        page = await browser.get("/documents", htmx=True, **params)
        assert "<html" not in page.text
        return [part.partition("<")[0] for part in page.text.split('<br><small class="quiet">')[1:]]

    assert await ids(q="LICENSE crane") == ["en/crane"]
    assert await ids(q="起重机") == ["zh/crane"]
    assert await ids(language="zh") == ["zh/crane"]
    assert await ids(state="expired") == ["en/fair"]
    assert await ids(twin="missing") == ["en/berths"]
    assert await ids(origin="edited") == []
    assert (await ids(sort="cited"))[0] == "en/crane"
    assert (await ids(sort="ends"))[0] == "en/fair"
    assert len(await ids(state="nonsense", sort="nonsense")) == 4


async def test_a_document_is_read_as_text_as_passages_and_beside_its_twin(desk: Desk, shelf: Shelf) -> None:
    cited, refused = await shelf.asked(LIFTS), await shelf.asked(UNKNOWN)
    browser = await desk.browser("viewer")
    page = await browser.get("/documents/view/en/crane")
    assert "<strong>license</strong>" in page.text
    assert f"/conversations/{cited}?m=" in page.text
    passages = await browser.get("/documents/view/en/crane", show="passages")
    assert "Each passage is found" in text_of(passages)
    trace = (await browser.get(f"/conversations/{cited}")).text
    link = trace.partition('href="/documents/view/en/crane?show=passages#')[2].partition('"')[0]
    assert f'<h2 id="{unquote(link)}">{LIFTS}' in passages.text
    beside = text_of(await browser.get("/documents/view/en/crane", show="twin"))
    assert "nine tonnes" in beside
    assert "九吨" in beside
    missing = text_of(await browser.get("/documents/view/en/berths", show="twin"))
    assert "No twin to compare with" in missing
    failed = [
        name
        for name in ("en/crane", "zh/crane", "en/berths")
        if f"/conversations/{refused}?m=" in (await browser.get(f"/documents/view/{name}")).text
    ]
    assert len(failed) == 1, "the document that came nearest lists the question it failed"


async def test_what_is_not_there_is_not_found(desk: Desk, shelf: Shelf) -> None:
    browser = await desk.browser("viewer")
    for path in ("view/nothing", "download/nothing", "download/en/crane?version=7", "view/../../etc"):
        assert (await browser.get(f"/documents/{path}")).status_code == 404, path


async def test_a_document_is_downloaded_as_a_file_for_the_folder(desk: Desk, shelf: Shelf) -> None:
    file = await (await desk.browser("viewer")).get("/documents/download/en/crane")
    assert file.headers["content-type"] == "text/markdown; charset=utf-8"
    assert "filename*=UTF-8''crane.md" in file.headers["content-disposition"]
    assert file.text.startswith("---\nid: en/crane\ntitle: Crane\n")
    assert "The old crane lifts nine tonnes." in file.text


async def test_the_bench_shows_what_a_founder_would_get_and_why(desk: Desk, shelf: Shelf) -> None:
    browser = await desk.browser("viewer")
    page = await browser.get("/documents/bench", q=LIFTS)
    words = text_of(page)
    assert "nine tonnes" in words
    assert "Confidence" in words
    assert "/documents/view/en/crane?show=passages#p" in page.text
    refused = text_of(await browser.get("/documents/bench", q=UNKNOWN, language="zh", htmx=True))
    assert "没有" in refused or "not" in refused
    async with desk.database.unit_of_work(read_only=True) as work:
        assert await work.reviews.count(ConversationFilter()) == 0


async def test_twins_are_paired_and_what_differs_is_shown_in_both_texts(desk: Desk, shelf: Shelf) -> None:
    browser = await desk.browser("viewer")
    listed = await browser.get("/documents/twins")
    assert "zh/berths is missing" in text_of(listed)
    assert 'hx-get="/documents/twins/count/en/crane"' in listed.text
    count = text_of(await browser.get("/documents/twins/count/en/crane", htmx=True))
    assert count.startswith("No difference found"), count
    changed = CRANE.replace("九吨", "十二吨")
    async with desk.database.unit_of_work() as work:
        new = NewDocument(
            id="zh/crane", language="zh", title="起重机", markdown=changed, origin="edited", twin="en/crane"
        )
        await work.documents.save(new, author="Ada")
    count = text_of(await browser.get("/documents/twins/count/en/crane", htmx=True))
    assert count.startswith("1 difference"), count
    page = await browser.get("/documents/twins/pair/zh/crane")
    assert "<mark>nine</mark>" in page.text
    assert "<mark>十二</mark>" in page.text
    assert "/documents/edit/" not in page.text
    assert (
        "/documents/edit/zh/crane"
        in (await (await desk.browser("editor")).get("/documents/twins/pair/zh/crane")).text
    )
    assert (await browser.get("/documents/twins/pair/en/fair")).status_code == 404
