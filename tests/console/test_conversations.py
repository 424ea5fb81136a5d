from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator

import pytest

from bot.channels.base import ChatBlocked
from bot.console.shown import marked
from handlers.review.filters import search_of
from handlers.texts import Texts
from tests.console.desk import Desk, text_of
from tests.console.talks import bot_beside, some_talks
from tests.conversation.fakes import Bot, payload, rows, until

EN = Texts("en")
EVIL = '<script>document.title="owned"</script><img src=x onerror=alert(1)>'


@pytest.fixture
async def bot(desk: Desk) -> AsyncIterator[Bot]:
    async with bot_beside(desk) as running:
        yield running


async def chat_of(desk: Desk, chat: str) -> int:
    return next(row["id"] for row in await rows(desk.database, "conversations") if row["chat"] == chat)


# --- the list -----------------------------------------------------------------------------------------


async def test_the_list_shows_who_wrote_last_with_personal_data_masked(both_desks: Desk) -> None:
    async with bot_beside(both_desks) as bot:
        await some_talks(bot)
        page = await (await both_desks.browser("viewer")).get("/conversations")
    shown = text_of(page)
    assert page.status_code == 200
    assert shown.index("租金多少") < shown.index("Flat white") < shown.index("How much is the rent")
    assert "3 conversations" in shown
    assert "‹email›" in shown
    assert "example.org" not in shown
    assert "Ann Lee" not in shown


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("unanswered=1", ["Flat white"]),
        ("unsure=1", ["rent"]),
        ("handover=1", ["Flat white"]),
        ("language=zh", ["租金"]),
        ("q=租", ["租金"]),
        ("q=RENTS much", ["rent"]),
        ("q=white&language=zh", []),
        ("since=2026-11-22&until=2026-11-22&channel=memory", ["租金", "Flat white", "rent"]),
        ("until=2026-11-21", []),
        ("since=nonsense", ["租金", "Flat white", "rent"]),
        ("person=%00bo%00&q=%22white%00%22&tag=%00", ["Flat white"]),
    ],
)
async def test_filters_combine_in_the_address(both_desks: Desk, query: str, found: list[str]) -> None:
    async with bot_beside(both_desks) as bot:
        await some_talks(bot)
    page = await (await both_desks.browser("editor")).get(f"/conversations?{query}", htmx=True)
    assert "<html" not in page.text
    said = re.findall(r'<p class="said">(.*?)</p>', page.text, re.S)
    assert len(said) == len(found)
    for line, words in zip(said, found, strict=True):
        assert words in re.sub("<[^>]+>", "", line)


async def test_what_a_search_found_is_marked_and_linked(desk: Desk, bot: Bot) -> None:
    await some_talks(bot)
    page = await (await desk.browser("viewer")).get("/conversations?q=rents")
    assert "<mark>rent</mark>" in page.text
    assert re.search(r'href="/conversations/\d+\?q=rents&amp;at=\d+&amp;m=\d+#m\d+"', page.text)


def test_a_long_message_is_cut_around_what_was_found() -> None:
    pieces = marked("x " * 200 + "the rent of desks " + "y " * 200, search_of("rent"))
    assert ("rent", True) in pieces
    assert len("".join(piece for piece, _ in pieces)) < 180


async def test_views_are_saved_counted_shared_and_changed_by_their_owner_alone(desk: Desk, bot: Bot) -> None:
    await some_talks(bot)
    anna, ben = await desk.browser("reviewer"), await desk.browser(await desk.person("reviewer", "Ben"))
    form = {"name": "Chinese", "query": "language=zh&x=y", "shared": "1"}
    assert (await anna.post("/conversations/views", form)).status_code == 303
    assert (await anna.post("/conversations/views", form)).headers["location"] == "/conversations?language=zh"
    (view,) = await rows(desk.database, "saved_views")
    assert view["query"] == "language=zh"
    assert "Chinese" in (await ben.get("/conversations")).text
    assert f'id="view-{view["id"]}" hx-swap-oob="true">1<' in (await ben.get("/conversations/counts")).text
    path = f"/conversations/views/{view['id']}"
    assert (await ben.post(f"{path}/remove", {"revision": "1"})).status_code == 403
    assert (await anna.post(f"{path}/change", {"revision": "1", "query": "handover=1"})).status_code == 303
    assert (await anna.post(f"{path}/change", {"revision": "1", "query": "tag=x"})).status_code == 409
    assert (await anna.post(f"{path}/remove", {"revision": "2"})).status_code == 303
    assert await rows(desk.database, "saved_views") == []


# --- one conversation ---------------------------------------------------------------------------------


async def test_a_transcript_shows_both_sides_buttons_and_how_the_answer_came_about(
    desk: Desk, bot: Bot
) -> None:
    answer = await bot.say("How much is the rent?")
    await bot.press(payload(answer, "unhelpful"))
    page = await (await desk.browser("viewer")).get(f"/conversations/{await chat_of(desk, 'ann')}")
    shown = text_of(page)
    assert "Answer to: How much is the rent? [1]" in shown
    assert EN("button.unhelpful") in shown
    assert "Not helpful" in shown
    assert "doc#rent" in shown
    assert "v7" in shown
    assert "0.900" in shown
    assert "12 ms" in shown
    assert (shown.count("[1] Rent"), "[1] Rent › Prices" in shown) == (1, True)
    assert re.search(r"2026-11-22 \d\d:\d\d Answer to", shown)


async def test_everything_a_founder_typed_is_text(desk: Desk, bot: Bot) -> None:
    await bot.say(EVIL, sender_name=EVIL, username="evil")
    await bot.send(kind="file", attachments=[], text=EVIL)
    owner = await desk.browser("owner")
    chat = await chat_of(desk, "ann")
    await owner.post(f"/conversations/{chat}/notes", {"text": EVIL})
    await owner.post(f"/conversations/{chat}/tags", {"add": EVIL})
    opened = await owner.post(f"/conversations/{chat}/unmask", {})
    for path in (
        "/conversations",
        f"/conversations?q=script&tag={EVIL}",
        opened.headers["location"],
        "/audit",
    ):
        page = await owner.get(path)
        assert page.status_code == 200
        assert "<script>document" not in page.text
        assert "<img src=x" not in page.text


async def test_new_messages_come_by_themselves_and_nothing_else_does(desk: Desk, bot: Bot) -> None:
    await bot.say("How much is the rent?")
    viewer, chat = await desk.browser("viewer"), await chat_of(desk, "ann")
    page = (await viewer.get(f"/conversations/{chat}")).text
    poll = re.search(r'hx-get="(/conversations/\d+/new\?[^"]+)"', page)
    assert poll
    address = poll[1].replace("&amp;", "&")
    assert (await viewer.get(address, htmx=True)).status_code == 204
    await bot.say("And the desk?")
    fresh = (await viewer.get(address, htmx=True)).text
    assert "And the desk?" in fresh
    assert "How much is the rent?" not in fresh
    assert "<html" not in fresh
    await bot.press(payload(bot.to("ann")[0], "unhelpful"))
    seen = (await rows(desk.database, "messages"))[-2]["id"]
    later = (await viewer.get(re.sub(r"after=\d+", f"after={seen - 1}", address), htmx=True)).text
    assert EN("button.unhelpful") in later


async def test_reviewing_goes_on_and_says_when_a_colleague_was_faster(desk: Desk, bot: Bot) -> None:
    await some_talks(bot)
    anna, ben = await desk.browser("reviewer"), await desk.browser(await desk.person("reviewer", "Ben"))
    first = await chat_of(desk, "cy")
    page = (await anna.get(f"/conversations/{first}?unreviewed=1")).text
    form = dict(re.findall(r'name="(revision|up_to|onward)" value="([^"]*)"', page))
    onward = form["onward"].replace("&amp;", "&")
    assert onward.startswith(f"/conversations/{await chat_of(desk, 'bo')}?unreviewed=1&at=")
    done = await anna.post(f"/conversations/{first}/review", {**form, "onward": onward})
    assert done.headers["location"] == onward
    late = await ben.post(f"/conversations/{first}/review", form)
    assert late.headers["location"] == f"/conversations/{first}"
    assert "Staff reviewer marked this conversation meanwhile" in text_of(
        await ben.get(f"/conversations/{first}")
    )
    assert "租金" not in text_of(await anna.get("/conversations?unreviewed=1", htmx=True))


async def test_two_who_edit_one_note_see_a_conflict_with_what_they_wrote(desk: Desk, bot: Bot) -> None:
    await bot.say("How much is the rent?")
    anna, chat = await desk.browser("reviewer"), await chat_of(desk, "ann")
    await anna.post(f"/conversations/{chat}/notes", {"text": "Call back"})
    (note,) = await rows(desk.database, "conversation_notes")
    path = f"/conversations/{chat}/notes/{note['id']}"
    assert (await anna.post(path, {"text": "On Monday", "revision": "1"})).status_code == 303
    late = await anna.post(path, {"text": "On Tuesday", "revision": "1"})
    assert late.status_code == 409
    assert "On Tuesday" in late.text
    other = await desk.browser(await desk.person("reviewer", "Ben"))
    assert (await other.post(path, {"text": "x", "revision": "2"})).status_code == 403
    assert (
        await anna.post(f"/conversations/{chat + 1}/notes/{note['id']}", {"text": "x"})
    ).status_code == 404


async def test_personal_data_is_shown_to_those_who_may_and_written_down(desk: Desk, bot: Bot) -> None:
    await bot.say("Mail li@mail.example.org", "ann")
    chat = await chat_of(desk, "ann")
    reviewer, editor = await desk.browser("reviewer"), await desk.browser("editor")
    assert (await reviewer.post(f"/conversations/{chat}/unmask", {})).status_code == 403
    opened = (await editor.post(f"/conversations/{chat}/unmask", {})).headers["location"]
    shown = text_of(await editor.get(opened))
    assert "li@mail.example.org" in shown
    assert "Ann Lee" in shown
    for stranger in (reviewer, await desk.browser("owner")):  # the key is of one session
        assert "li@mail" not in (await stranger.get(opened)).text
    audit = [row["action"] for row in await rows(desk.database, "audit_log")]
    assert audit == ["conversation.unmask"]


async def test_an_erased_conversation_is_gone(desk: Desk, bot: Bot) -> None:
    await bot.say("How much is the rent?")
    chat = await chat_of(desk, "ann")
    await bot.press("v1:forget:yes")
    viewer = await desk.browser("viewer")
    assert (await viewer.get(f"/conversations/{chat}")).status_code == 404
    assert (await viewer.get("/conversations/99999999999999999999")).status_code == 404
    assert "No conversations here" in text_of(await viewer.get("/conversations"))


# --- export -------------------------------------------------------------------------------------------


async def test_an_export_holds_exactly_what_is_filtered_masked_and_safe(both_desks: Desk) -> None:
    async with bot_beside(both_desks) as bot:
        await some_talks(bot)
        await bot.say('=HYPERLINK("http://x","li@mail.example.org")', "ann")
    reviewer = await both_desks.browser("reviewer")
    sent = await reviewer.post("/conversations/export", {"query": "channel=memory&q=hyperlink"})
    table = list(csv.DictReader(io.StringIO(sent.text.removeprefix("\ufeff"))))
    assert sent.text.startswith("\ufeff")
    assert {row["founder"] for row in table} == {"1"}
    assert any(row["text"].startswith("'=HYPERLINK") for row in table)
    assert "example.org" not in sent.text
    assert "attachment" in sent.headers["content-disposition"]
    lines = await reviewer.post("/conversations/export", {"query": "unanswered=1", "format": "jsonl"})
    assert [json.loads(line)["who"] for line in lines.text.splitlines()] == [
        "founder",
        "bot",
        "founder",
        "bot",
    ]
    assert (await reviewer.post("/conversations/export", {"unmasked": "1"})).status_code == 403
    editor = await both_desks.browser("editor")
    assert "li@mail.example.org" in (await editor.post("/conversations/export", {"unmasked": "1"})).text
    actions = [row["details"] for row in await rows(both_desks.database, "audit_log")]
    assert len(actions) == 3


async def test_a_viewer_changes_and_exports_nothing(desk: Desk, bot: Bot) -> None:
    await bot.say("How much is the rent?")
    viewer, chat = await desk.browser("viewer"), await chat_of(desk, "ann")
    reviewer = await desk.browser("reviewer")
    large = {"revision": "9" * 18, "up_to": "9" * 18}
    assert (await reviewer.post(f"/conversations/{chat}/review", large)).status_code == 303
    for path in ("review", "tags", "notes", "unmask", "take", "reply", "release", "files/" + "0" * 64):
        assert (await viewer.post(f"/conversations/{chat}/{path}", {})).status_code == 403
    assert (await viewer.post("/conversations/export", {})).status_code == 403


# --- handover -----------------------------------------------------------------------------------------


async def test_a_founder_in_the_queue_is_taken_answered_and_given_back(both_desks: Desk) -> None:
    async with bot_beside(both_desks) as bot:
        await some_talks(bot)
        anna = await both_desks.browser(await both_desks.person("reviewer", "Anna"))
        chat = await chat_of(both_desks, "bo")
        assert "Flat white?" in text_of(await anna.get("/handovers"))
        assert (await anna.post(f"/conversations/{chat}/take", {})).status_code == 303
        page = (await anna.get(f"/conversations/{chat}")).text
        number = re.findall(r'name="handover" value="(\d+)"', page)[0]
        said = {"text": "Hello, this is Anna", "handover": number}
        assert (await anna.post(f"/conversations/{chat}/reply", said)).status_code == 303
        await bot.send("bo", text="Thank you!")
        assert bot.knowledge.questions[-1] != "Thank you!"
        assert "Thank you!" in text_of(await anna.get(f"/conversations/{chat}"))
        assert (await anna.post(f"/conversations/{chat}/release", {"handover": number})).status_code == 303
        await until(lambda: len(bot.to("bo")) >= 5)
        assert [reply.text for reply in bot.to("bo")[2:]] == [
            EN("human.taken", name="Anna"),
            "👤 Anna\nHello, this is Anna",
            EN("human.released", name="Anna"),
        ]


async def test_two_staff_take_one_founder_and_the_second_sees_who_has_them(desk: Desk, bot: Bot) -> None:
    await some_talks(bot)
    anna = await desk.browser(await desk.person("reviewer", "Anna"))
    ben = await desk.browser(await desk.person("reviewer", "Ben"))
    chat = await chat_of(desk, "bo")
    await anna.post(f"/conversations/{chat}/take", {})
    await ben.post(f"/conversations/{chat}/take", {})
    assert "Anna was faster" in text_of(await ben.get(f"/conversations/{chat}"))
    lost = await ben.post(f"/conversations/{chat}/reply", {"text": "My long answer", "handover": "1"})
    assert lost.status_code == 409
    assert "My long answer" in lost.text
    staff = {row["name"]: row["id"] for row in await rows(desk.database, "staff")}
    await ben.post(f"/conversations/{chat}/take", {"instead_of": str(staff["Anna"])})
    late = await anna.post(f"/conversations/{chat}/reply", {"text": "Still me", "handover": "1"})
    assert late.status_code == 409


async def test_a_founder_who_has_blocked_the_bot_is_shown_as_out_of_reach(desk: Desk, bot: Bot) -> None:
    await some_talks(bot)
    anna, chat = await desk.browser("reviewer"), await chat_of(desk, "bo")
    await anna.post(f"/conversations/{chat}/take", {})
    await until(lambda: len(bot.to("bo")) >= 3)
    bot.channel.faults = [ChatBlocked("blocked")]
    await anna.post(f"/conversations/{chat}/reply", {"text": "Hello?", "handover": "1"})
    await until(lambda: not bot.channel.faults)
    await bot.dispatcher.settled("memory", "bo")
    shown = text_of(await anna.get(f"/conversations/{chat}"))
    assert "Not delivered: the founder has blocked the bot" in shown
    assert "messages cannot be delivered" in shown
    assert "Has blocked the bot" in text_of(await anna.get("/handovers"))


async def test_an_answer_that_was_not_sent_is_shown_as_such(desk: Desk, bot: Bot) -> None:
    await bot.command("human", "bo")
    anna, chat = await desk.browser("reviewer"), await chat_of(desk, "bo")
    bot.knowledge.free.clear()
    await bot.receive(bot.update("bo", text="How much is the rent?"))
    await until(lambda: bot.knowledge.running > 0)
    await anna.post(f"/conversations/{chat}/take", {})
    bot.knowledge.free.set()
    await bot.dispatcher.settled("memory", "bo")
    assert "Not sent: a person had taken over" in text_of(await anna.get(f"/conversations/{chat}"))


async def test_runs_of_the_retention_are_listed_for_owners(desk: Desk) -> None:
    async with desk.database.unit_of_work() as work:
        await work.retention.note(desk.clock(), {"messages": {"days": 30, "removed": 1234}})
        await work.retention.note(desk.clock(), {})
    shown = text_of(await (await desk.browser("owner")).get("/retention"))
    assert "Messages: 1,234 older than 30 days" in shown
    assert "Everything is kept" in shown
    assert (await (await desk.browser("editor")).get("/retention")).status_code == 403
