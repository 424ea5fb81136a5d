"""Applications in the console: listed, read by role, decided, asked about, downloaded, exported."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import openpyxl
import pytest

from bot.files import Shelf
from storage.application_records import StoredAnswer
from storage.database import Database
from tests.console.browser import SCRIPT
from tests.console.desk import Browser, Desk, console_of, text_of
from tests.conversation.applications import change, harbor, record_of, submitted, yard
from tests.conversation.fakes import Clock, rows

PERSONAL = ("Ann Lee", "Maria", "ann@example.org", "li@mail", "13812345678", "138 1234 5678")
CONTENT = b"%PDF-1.4 deck"


class Uploads:
    """What the bot's file store offers to the console."""

    def __init__(self, folder: Path) -> None:
        self.shelf = Shelf(folder)

    async def read(self, sha256: str) -> bytes:
        return self.shelf.get(sha256)


@pytest.fixture
async def yard_desk(database: Database, clock: Clock, tmp_path: Path) -> AsyncIterator[Desk]:
    """A console of a program that takes applications, on both databases."""
    files = Uploads(tmp_path / "uploads")
    made = Desk(console=console_of(database, clock, tmp_path, form=harbor(), files=files), clock=clock)
    yield made
    await made.close()


@pytest.fixture
async def database(both_desks: Desk) -> Database:
    return both_desks.database


async def with_deck(desk: Desk) -> tuple[int, str]:
    """An application with a file, whose founder's name, mail, phone and link are in it."""
    files = desk.console.services.files
    assert isinstance(files, Uploads)
    sha256 = files.shelf.put(CONTENT)
    deck = {"sha256": sha256, "name": "Ann Lee.pdf", "media_type": "application/pdf", "size": len(CONTENT)}
    answers = {
        "deck": StoredAnswer(deck),
        "founders/1/founder_name": StoredAnswer("Maria Rossi"),
        "needs_other": StoredAnswer("Ask Maria Rossi"),
        "phone": StoredAnswer("+8613812345678", "my number is 13812345678"),
        "one_sentence": StoredAnswer("Ann Lee builds boats, write to li@mail.example.org"),
    }
    application = await submitted(desk.database, answers=answers)
    record = await record_of(desk.database, application)
    async with desk.database.unit_of_work() as work:
        await work.files.note(
            record.founder_id, sha256=sha256, name="Ann Lee.html", media_type="text/html", size=len(CONTENT)
        )
    return application, sha256


async def test_the_list_is_filtered_searched_and_continued_without_drafts(yard_desk: Desk) -> None:
    desk = yard_desk
    numbers = []
    for index in range(53):
        desk.clock.pass_by(minutes=1)
        name = StoredAnswer(f"Whale {index}" if index % 2 else f"海豚 {index}号")
        application = await submitted(desk.database, f"founder{index}", answers={"company_name": name})
        numbers.append((await record_of(desk.database, application)).number)
    from tests.conversation.applications import a_draft

    await a_draft(desk.database, "drafty", answers={"company_name": StoredAnswer("Secret plans")})
    browser = await desk.browser("viewer")
    page = await browser.get("/applications")
    assert "53 applications" in text_of(page)
    assert "Secret plans" not in page.text
    assert page.text.index("海豚 52号") < page.text.index("Whale 51")
    link = page.text.partition('data-key="]"')[0].rpartition('href="')[2].partition('"')[0]
    older = text_of(await browser.get(link.replace("&amp;", "&")))
    assert "Whale 1" in older
    assert "Whale 51" not in older

    async def found(**params: str) -> str:
        return text_of(await browser.get("/applications", htmx=True, **params)).partition(" application")[0]

    assert await found(q="whale 5") == "2"  # 5 and 51
    assert await found(q="海豚 4") == "6"
    assert await found(q=str(numbers[7])) == "1"
    assert await found(q="100%_") == "0"
    assert await found(status="accepted") == "0"
    assert await found(track="berth") == "53"
    assert await found(track="trial") == "0"
    day = f"{desk.clock.now:%Y-%m-%d}"
    assert await found(since=day, until=day, status="submitted") == "53"
    assert await found(until="2020-01-01") == "0"
    assert await found(since="nonsense", status="draft") == "53"


async def test_who_sees_what_depends_on_the_role(yard_desk: Desk) -> None:
    desk = yard_desk
    application, sha256 = await with_deck(desk)
    path = f"/applications/{application}"
    viewer, reviewer, editor = [await desk.browser(role) for role in ("viewer", "reviewer", "editor")]
    seen = (await viewer.get(path)).text
    for hidden in (*PERSONAL, "quay", sha256):
        assert hidden not in seen, hidden
    assert "Blue Whale Boats" in seen
    assert "Shown to reviewers only" in seen
    assert "/status" not in seen
    seen = (await reviewer.get(path)).text
    assert "I grew up on a quay." in seen
    assert sha256 in seen
    for hidden in PERSONAL:
        assert hidden not in seen, hidden
    assert (await reviewer.post(f"{path}/unmask")).status_code == 403
    opened = (await editor.post(f"{path}/unmask")).headers["location"]
    seen = (await editor.get(opened)).text
    for shown in ("Ann Lee builds", "ann@example.org", "li@mail", "138 1234 5678", "I grew up on a quay."):
        assert shown in seen, shown
    key = opened.partition("key=")[2]
    for other in (reviewer, await desk.browser("owner")):
        assert "li@mail" not in (await other.get(path, key=key)).text
    assert [row["action"] for row in await rows(desk.database, "audit_log")] == ["application.unmask"]


async def test_a_file_is_a_download_that_no_browser_opens(yard_desk: Desk) -> None:
    desk = yard_desk
    application, sha256 = await with_deck(desk)
    other = await submitted(desk.database, "bo")
    reviewer = await desk.browser("reviewer")
    file = await reviewer.post(f"/applications/{application}/files/{sha256}")
    assert file.content == CONTENT
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["content-disposition"] == "attachment; filename*=UTF-8''Ann%20Lee.html"
    assert file.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in file.headers["content-security-policy"]
    for path in (f"/applications/{other}/files/{sha256}", f"/applications/{application}/files/{'0' * 64}"):
        assert (await reviewer.post(path)).status_code == 404
    assert [row["action"] for row in await rows(desk.database, "audit_log")] == ["application.file"]


async def answered_with_a_file(desk: Desk, application: int, name: str = "ann") -> str:
    """A reviewer's question that a founder has answered with a file and a few words; returns its hash."""
    files = desk.console.services.files
    assert isinstance(files, Uploads)
    content = f"%PDF-1.4 plan of {name}".encode()
    sha256 = files.shelf.put(content)
    record = await record_of(desk.database, application)
    async with desk.database.unit_of_work() as work:
        await work.files.note(
            record.founder_id,
            sha256=sha256,
            name="Plan of Ann Lee.pdf",
            media_type="application/pdf",
            size=len(content),
        )
        asked = await work.applications.ask_follow_up(application, asked_by="Wang", question="A plan?")
        answer = "Plan of Ann Lee.pdf\nAsk Maria Rossi, 138 1234 5678"
        await work.applications.answer_follow_up(asked.id, answer, message_id=None, sha256=sha256)
    return sha256


async def test_a_file_that_answers_a_question_is_for_reviewers_of_this_very_application(
    yard_desk: Desk,
) -> None:
    desk = yard_desk
    application, deck = await with_deck(desk)
    plan = await answered_with_a_file(desk, application)
    other = await submitted(desk.database, "bo")
    theirs = await answered_with_a_file(desk, other, "bo")
    files = desk.console.services.files
    assert isinstance(files, Uploads)
    loose = files.shelf.put(b"a picture sent in between")
    async with desk.database.unit_of_work() as work:
        founder = (await record_of(desk.database, application)).founder_id
        await work.files.note(founder, sha256=loose, name="x.png", media_type="image/png", size=25)
    path = f"/applications/{application}"
    viewer, reviewer = await desk.browser("viewer"), await desk.browser("reviewer")
    for browser in (viewer, reviewer):
        page = text_of(await browser.get(path))
        assert "Plan of ‹name›.pdf Ask ‹name›, ‹phone›" in page
    assert plan not in (await viewer.get(path)).text
    assert (await viewer.post(f"{path}/files/{plan}")).status_code == 403
    assert f'action="{path}/files/{plan}"' in (await reviewer.get(path)).text
    for wrong in (theirs, loose, "0" * 64, plan.upper(), plan[:-1]):
        assert (await reviewer.post(f"{path}/files/{wrong}")).status_code == 404, wrong
    assert (await reviewer.post(f"/applications/{other}/files/{plan}")).status_code == 404
    assert await rows(desk.database, "audit_log") == []
    for sha256 in (plan, deck):
        file = await reviewer.post(f"{path}/files/{sha256}")
        assert file.content == files.shelf.get(sha256)
        assert file.headers["content-type"] == "application/octet-stream"
        assert "sandbox" in file.headers["content-security-policy"]
    log = await rows(desk.database, "audit_log")
    assert [row["action"] for row in log] == ["application.file", "application.file"]
    assert [sha256 in str(row["details"]) for row, sha256 in zip(log, (plan, deck), strict=True)] == [
        True,
        True,
    ]


async def test_a_file_that_answers_a_question_is_masked_in_exports_and_in_the_api(yard_desk: Desk) -> None:
    desk = yard_desk
    application, _ = await with_deck(desk)
    plan = await answered_with_a_file(desk, application)
    reviewer, editor = await desk.browser("reviewer"), await desk.browser("editor")
    masked, said = "Plan of ‹name›.pdf\nAsk ‹name›, ‹phone›", "Plan of Ann Lee.pdf\nAsk Maria Rossi, 138"
    for browser, form, expected in (
        (reviewer, {}, masked),
        (editor, {}, masked),
        (editor, {"unmasked": "1"}, said),
    ):
        (line,) = (await exported(browser, "jsonl", **form)).text.splitlines()
        (question,) = json.loads(line)["application.questions"]
        assert question["answer"].startswith(expected)
        assert question["sha256"] == plan
        csv = (await exported(browser, "csv", **form)).text
        assert ("Plan of Ann Lee.pdf" in csv) is (expected == said)
        assert plan in csv
    assert (await (await desk.browser("viewer")).post("/applications/export", {})).status_code == 403
    person = await desk.person("owner")
    for scopes, sha256 in ((["application.see"], None), (["application.see", "application.review"], plan)):
        client = desk.stranger(Authorization=f"Bearer {await desk.token(person, scopes)}").client
        whole = (await client.get(f"/api/v1/applications/{application}")).json()
        (question,) = whole["questions"]
        assert (question["answer"], question["sha256"]) == (masked, sha256)
        files = {one["sha256"] for one in whole["answers"]} - {""}
        assert bool(files) is bool(sha256), "hashes of files are for reviewers"


async def test_a_founders_own_name_is_masked_in_the_lists_too(yard_desk: Desk) -> None:
    desk = yard_desk
    await submitted(desk.database, answers={"company_name": StoredAnswer("Ann Lee Boats")})
    browser = await desk.browser("owner")
    assert "‹name› Boats" in text_of(await browser.get("/applications"))
    client = desk.stranger(
        Authorization=f"Bearer {await desk.token(await desk.person('editor'), ['application.see'])}"
    ).client
    (listed,) = (await client.get("/api/v1/applications")).json()["items"]
    assert listed["title"] == "‹name› Boats"


async def test_deciding_and_asking_reach_the_chat_and_the_answer_comes_back(yard_desk: Desk) -> None:
    desk = yard_desk
    async with yard(desk.database, desk.clock) as bot:
        object.__setattr__(desk.console, "nudge", bot.dispatcher.look_now)
        application = await submitted(desk.database)
        await bot.say("Hello", "ann")
        path, reviewer = f"/applications/{application}", await desk.browser("reviewer")
        revision = (await record_of(desk.database, application)).revision
        form = {"status": "in_review", "note": "Nice boat!", "revision": revision}
        done = await reviewer.post(f"{path}/status", form)
        assert done.headers["location"] == path
        assert "the founder is told" in (await reviewer.get(path)).text
        await reviewer.post(f"{path}/ask", {"question": "How long is it?", "seen": 0})
        (asked,) = await rows(desk.database, "application_followups")
        press = {"kind": "button", "button": f"v1:followup:{asked['id']}", "button_message": "m1"}
        await bot.send("ann", **press)
        await bot.send("ann", text="Nine meters, ask li@mail.example.org")
        heard = "\n".join(reply.text for reply in bot.to("ann"))
        assert "Nice boat!" in heard
        assert heard.count("How long is it?") == 2
        page = await reviewer.get(path)
        seen = text_of(page)
        assert "Nine meters, ask ‹email›" in seen
        conversation = page.text.partition('href="/conversations/')[2].partition('"')[0]
        assert f'href="{path}">2027-' in (await reviewer.get(f"/conversations/{conversation}")).text
        assert "In review" in seen
    actions = [row["action"] for row in await rows(desk.database, "audit_log")]
    assert actions == ["application.status", "application.ask"]


async def test_two_reviewers_of_one_application_see_a_conflict_and_keep_their_words(yard_desk: Desk) -> None:
    desk = yard_desk
    application = await submitted(desk.database)
    path = f"/applications/{application}"
    one = await desk.browser(await desk.person("reviewer", "One"))
    two = await desk.browser(await desk.person("reviewer", "Two"))
    revision = (await record_of(desk.database, application)).revision
    first = await one.post(f"{path}/status", {"status": "accepted", "revision": revision})
    late = {"status": "declined", "note": "Sorry, too heavy", "revision": revision}
    second = await two.post(f"{path}/status", late)
    assert (first.status_code, second.status_code) == (303, 409)
    assert "Sorry, too heavy" in second.text
    assert f'href="{path}"' in second.text
    assert (await record_of(desk.database, application)).status == "accepted"
    first = await one.post(f"{path}/ask", {"question": "How long?", "seen": 0})
    second = await two.post(f"{path}/ask", {"question": "How wide?", "seen": 0})
    assert (first.status_code, second.status_code) == (303, 409)
    assert "How wide?" in second.text
    assert len(await rows(desk.database, "application_followups")) == 1
    assert (await one.post(f"{path}/status", {"status": "draft"})).status_code == 303
    assert (await one.post(f"{path}/ask", {"question": " "})).status_code == 303
    assert (await record_of(desk.database, application)).status == "accepted"


async def test_what_is_being_changed_is_shown_as_submitted_and_versions_are_compared(yard_desk: Desk) -> None:
    desk = yard_desk
    application = await submitted(desk.database)
    async with desk.database.unit_of_work() as work:
        await work.applications.begin_amend(application)
    await change(desk.database, application, "one_sentence", "Loud boats")
    browser, path = await desk.browser("reviewer"), f"/applications/{application}"
    seen = text_of(await browser.get(path))
    assert "Quiet boats for quiet harbors" in seen
    assert "Loud boats" not in seen
    assert "is changing this application" in seen
    exported = await browser.post("/applications/export", {"format": "jsonl"})
    assert "Loud boats" not in exported.text
    async with desk.database.unit_of_work() as work:
        given = {
            "shared" if whose is None else str(whose): {
                key: {"data": one.data, "wording": one.wording, "skipped": one.skipped}
                for key, one in answers.items()
            }
            for whose, answers in (await work.applications.all_answers(application)).items()
        }
        snapshot = {"track": "berth", "answers": given}
        assert await work.applications.submit(
            application, number=None, snapshot=snapshot, late=False, message_id=None
        )
    seen = text_of(await browser.get(path))
    assert "Loud boats" in seen
    old = text_of(await browser.get(path, version=1))
    assert "Quiet boats for quiet harbors" in old
    assert "was replaced later" in old
    changed = (await browser.get(path, version=2, against=1)).text
    difference = changed.partition('id="changes"')[2].partition("</section>")[0]
    assert '<p class="taken">Quiet boats for quiet harbors</p>' in difference
    assert '<p class="added">Loud boats</p>' in difference
    assert difference.count("<h3>") == 1
    assert "Requirements" in seen


async def test_drafts_and_erased_applications_are_not_found(yard_desk: Desk) -> None:
    from tests.conversation.applications import a_draft

    desk = yard_desk
    draft, gone = await a_draft(desk.database, "bo"), await submitted(desk.database)
    async with desk.database.unit_of_work() as work:
        await work.founders.erase((await record_of(desk.database, gone)).founder_id)
    owner = await desk.browser("owner")
    for application in (draft, gone, 10**17, 0):
        path = f"/applications/{application}"
        assert (await owner.get(path)).status_code == 404
        for change_ in ("unmask", "status", "ask", f"files/{'0' * 64}"):
            form = {"status": "accepted", "question": "Well?", "seen": 0}
            assert (await owner.post(f"{path}/{change_}", form)).status_code == 404, change_
    assert "No applications here" in text_of(await owner.get("/applications"))


async def exported(browser: Browser, kind: str, **form: str) -> httpx.Response:
    answer = await browser.post("/applications/export", {"format": kind, **form})
    assert answer.status_code == 200
    assert f".{kind}" in answer.headers["content-disposition"]
    return answer


async def test_the_export_holds_what_is_filtered_masked_and_no_formula(yard_desk: Desk) -> None:
    desk = yard_desk
    await with_deck(desk)
    evil = {"company_name": StoredAnswer('=HYPERLINK("http://evil.example")'), "team_size": StoredAnswer(-3)}
    await submitted(desk.database, "bo", answers=evil)
    await submitted(desk.database, "cy", answers={"company_name": StoredAnswer("Other")})
    reviewer, editor = await desk.browser("reviewer"), await desk.browser("editor")
    lines = (await exported(reviewer, "jsonl")).text.splitlines()
    assert [json.loads(line)["company_name"] for line in lines][:1] == ["Other"]
    assert len(lines) == 3
    for kind in ("jsonl", "csv"):
        text = (await exported(reviewer, kind)).text
        for hidden in (*PERSONAL, "Lee"):
            assert hidden not in text, (kind, hidden)
        assert "I grew up on a quay." in text
        opened = (await exported(editor, kind, unmasked="1")).text
        assert "li@mail.example.org" in opened
        assert "Ann Lee" in opened
    csv = (await exported(reviewer, "csv", query="q=hyperlink")).text
    assert csv.count("\r\n") == 2
    assert "'=HYPERLINK" in csv
    book = openpyxl.load_workbook(io.BytesIO((await exported(reviewer, "xlsx")).content))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    assert all(cell.data_type != "f" for cell in cells)
    assert '=HYPERLINK("http://evil.example")' in {cell.value for cell in cells}
    refused = await reviewer.post("/applications/export", {"format": "csv", "unmasked": "1"})
    assert refused.status_code == 403
    log = await rows(desk.database, "audit_log")
    assert {row["action"] for row in log} == {"application.export"}
    assert "hyperlink" not in str(log)


async def test_the_api_reads_decides_and_asks_within_scopes(yard_desk: Desk) -> None:
    desk = yard_desk
    application, _ = await with_deck(desk)
    await submitted(desk.database, "bo")
    person = await desk.person("editor")

    async def client(*scopes: str) -> httpx.AsyncClient:
        return desk.stranger(Authorization=f"Bearer {await desk.token(person, scopes)}").client

    reading, path = await client("application.see"), f"/api/v1/applications/{application}"
    page = (await reading.get("/api/v1/applications", params={"limit": 1})).json()
    more = (await reading.get("/api/v1/applications", params={"limit": 1, "after": page["next"]})).json()
    assert more["items"][0]["id"] == application
    assert more["next"] is None
    whole = (await reading.get(path)).json()
    answers = {one["key"]: one for one in whole["answers"]}
    assert answers["email"]["value"] == "‹email›"
    withheld = [one["key"].partition(" ")[0] for one in whole["answers"] if one["withheld"]]
    assert withheld == ["phone", "motivation"]
    assert "quay" not in str(whole)
    assert (await reading.get(path, params={"unmasked": "true"})).status_code == 403
    opening = await client("application.see", "application.review", "conversation.unmask")
    whole = (await opening.get(path, params={"unmasked": "true"})).json()
    assert "ann@example.org" in str(whole)
    assert "quay" in str(whole)
    decision = {"status": "accepted", "note": "Welcome", "revision": whole["revision"]}
    assert (await reading.put(f"{path}/status", json=decision)).status_code == 403
    assert (await opening.put(f"{path}/status", json=decision)).json() == {"told": True}
    assert (await opening.put(f"{path}/status", json=decision)).status_code == 409
    asked = await opening.post(f"{path}/questions", json={"question": "How long?"})
    assert asked.status_code == 201
    seen = (await opening.get(path)).json()
    assert seen["questions"][0]["question"] == "How long?"
    assert (seen["status"], seen["unanswered_questions"]) == ("accepted", 1)
    log = await rows(desk.database, "audit_log")
    assert [row["action"] for row in log] == ["application.unmask", "application.status", "application.ask"]
    assert all("test" in str(row["details"]) for row in log)


async def test_a_program_without_a_form_still_shows_what_was_submitted(desk: Desk) -> None:
    application = await submitted(desk.database)
    page = text_of(await (await desk.browser("reviewer")).get(f"/applications/{application}"))
    assert "Blue Whale Boats" in page
    assert "no longer asks for" in page
    assert "1 application" in text_of(await (await desk.browser("viewer")).get("/applications"))


async def test_what_founders_write_is_text(yard_desk: Desk) -> None:
    desk = yard_desk
    answers = {
        name: StoredAnswer(SCRIPT, SCRIPT) for name in ("company_name", "one_sentence", "odd_question")
    }
    answers["website"] = StoredAnswer("javascript:alert(1)")
    application = await submitted(desk.database, answers=answers)
    async with desk.database.unit_of_work() as work:
        asked = await work.applications.ask_follow_up(application, asked_by=SCRIPT, question=SCRIPT)
        await work.applications.answer_follow_up(asked.id, SCRIPT, message_id=None)
    browser = await desk.browser("reviewer")
    for path in ("/applications", f"/applications/{application}"):
        page = (await browser.get(path)).text
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert(1)" not in page
        assert 'href="javascript:' not in page
