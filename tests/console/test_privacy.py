"""Ways around the mask, the second factor and /forget that were open once."""

from __future__ import annotations

import hashlib
import hmac
import re

import pyotp
import pytest

from handlers.review.gaps import GapDesk
from tests.console.desk import PASSWORD, Desk, text_of
from tests.console.signing import is_in, sign_in
from tests.console.talks import bot_beside
from tests.conversation.fakes import PROGRAM, refused, rows
from tests.review.test_gaps import MeaningsByRule

GYM = "I am Ann Lee, is there a gym?"
SECRET = "JBSWY3DPEHPK3PXP" * 2


async def chat_of(desk: Desk, chat: str) -> int:
    return next(int(row["id"]) for row in await rows(desk.database, "conversations") if row["chat"] == chat)


async def confirmed_factor(desk: Desk, staff_id: int) -> pyotp.TOTP:
    async with desk.database.unit_of_work() as work:
        await work.accounts.propose_totp(staff_id, desk.app.state.seal.close(SECRET))
        assert await work.accounts.confirm_totp(staff_id, 1, [])
    return pyotp.TOTP(SECRET)


# --- the mask -----------------------------------------------------------------------------------------


async def test_nothing_that_a_page_shows_unmasks_without_the_audit_log(both_desks: Desk) -> None:
    desk = both_desks
    async with bot_beside(desk) as bot:
        await bot.say("Mail li@mail.example.org", "ann")
        await bot.say("Mail bo@mail.example.org", "bo")
    ann, bo = await chat_of(desk, "ann"), await chat_of(desk, "bo")
    editor = await desk.browser("editor")
    form = await editor.csrf()
    made = hmac.new(form.encode(), f"unmask:{ann}".encode(), hashlib.sha256).hexdigest()
    for key in (form, made, made[:32], "1", "9" * 18, "-1"):
        assert "li@mail" not in (await editor.get(f"/conversations/{ann}", key=key)).text
    opened = (await editor.post(f"/conversations/{ann}/unmask", {})).headers["location"]
    key = opened.partition("key=")[2]
    assert "li@mail" in (await editor.get(opened)).text
    assert "bo@mail" not in (await editor.get(f"/conversations/{bo}", key=key)).text
    again = await desk.browser(editor.person or "editor")  # the same person, another session
    assert "li@mail" not in (await again.get(opened)).text
    assert [row["action"] for row in await rows(desk.database, "audit_log")] == ["conversation.unmask"]


async def test_a_founders_own_name_is_masked_on_every_page_of_gaps(desk: Desk) -> None:
    async with bot_beside(desk) as bot:
        bot.knowledge.script = [refused(GYM, "Rent")]
        await bot.say(GYM, "ann")
    gaps = GapDesk(desk.database, MeaningsByRule(), lambda text: "en", PROGRAM)
    await gaps.regroup()
    viewer = await desk.browser("viewer")
    for path in ("/gaps", "/gaps/1", "/gaps/1/nearest", "/gaps/1/trial"):
        page = text_of(await viewer.get(path))
        assert "Ann Lee" not in page, path
    assert "is there a gym" in text_of(await viewer.get("/gaps"))


HIDDEN = (
    "q=13812345678",
    "q=138",
    "q=li.wei",
    "q=wei",
    "q=Lee",
    "q=rent+%22call+1%22",
    "q=rent+%22%40mail%22",
    "q=张三",
    "q=rent+%22三%22",
    "person=Ann",
    "person=ann_l",
)


async def test_what_is_masked_is_found_only_by_those_who_may_unmask(both_desks: Desk) -> None:
    desk = both_desks
    async with bot_beside(desk) as bot:
        said = "The rent, mail or call? I am Ann Lee (张三), li.wei@mail.example.org, call 138 1234 5678"
        await bot.say(said + " 13812345678", "ann", sender_name="Ann Lee 张三", username="ann_lee")
    viewer, editor = await desk.browser("viewer"), await desk.browser("editor")
    token = await desk.token(await desk.person("owner"), ["conversation.see"])
    api = desk.stranger(Authorization=f"Bearer {token}").client
    assert "1 conversation" in text_of(await viewer.get("/conversations", q="rent call"))
    for query in HIDDEN:
        found = [text_of(await one.get(f"/conversations?{query}")) for one in (viewer, editor)]
        assert "No conversations here" in found[0], query
        assert "1 conversation" in found[1], query
        assert "Ann Lee" not in found[1], query
        assert (await api.get(f"/api/v1/conversations?{query}")).json()["items"] == [], query


# --- what /forget leaves ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/conversations/export", "/api/v1/conversations"])
async def test_the_audit_log_keeps_no_words_of_a_filter(desk: Desk, path: str) -> None:
    if path.startswith("/api"):
        token = await desk.token(await desk.person("editor"), ["conversation.see", "conversation.unmask"])
        client = desk.stranger(Authorization=f"Bearer {token}").client
        asked = {"q": "kidney", "person": "Ann Lee", "channel": "memory", "unmasked": "true"}
        assert (await client.get(path, params=asked)).status_code == 200
    else:
        form = {"query": "q=kidney&person=Ann+Lee&channel=memory"}
        assert (await (await desk.browser("editor")).post(path, form)).status_code == 200
    (entry,) = await rows(desk.database, "audit_log")
    kept = str(entry["details"])
    assert "kidney" not in kept
    assert "Ann" not in kept
    assert "channel=memory" in kept


async def test_a_tag_goes_with_forget_from_the_audit_log_too(both_desks: Desk) -> None:
    desk = both_desks
    async with bot_beside(desk) as bot:
        await bot.say("How much is the rent?", "ann")
        await bot.say("How much is the rent?", "bo")
        reviewer = await desk.browser("reviewer")
        for chat in ("ann", "bo"):
            await reviewer.post(f"/conversations/{await chat_of(desk, chat)}/tags", {"add": f"kin of {chat}"})
        await bot.press("v1:forget:yes", "ann")
    entries = await rows(desk.database, "audit_log")
    assert [row["action"] for row in entries] == ["conversation.tag", "conversation.tag"]
    assert "kin of ann" not in str(entries)
    assert "kin of bo" in str(entries)


async def test_views_that_look_for_a_person_go_with_forget(both_desks: Desk) -> None:
    desk = both_desks
    async with bot_beside(desk) as bot:
        await bot.say("Is the rent due? Call 13812345678, 我叫王芳芳", "ann")
        await bot.say("Is the rent due?", "bo")
        editor = await desk.browser("editor")
        number = (await rows(desk.database, "founders"))[0]["id"]
        for name, query in {
            "her number": f"person=%23{number}",
            "her name": "person=ann&tag=x",
            "her phone": "q=13812345678",
            "她": "q=王芳芳",
            "Ann Lee, again": "tag=y",
            "rent": "q=rent&unanswered=1",
            "nobody": "q=yacht",
            "him": "person=bo",
        }.items():
            await editor.post("/conversations/views", {"name": name, "query": query})
        await bot.press("v1:forget:yes", "ann")
    kept = await rows(desk.database, "saved_views")
    assert sorted(row["name"] for row in kept) == ["him", "nobody", "rent"]
    assert "Ann" not in str(kept)


async def test_notes_and_views_are_in_the_audit_log_without_their_words(both_desks: Desk) -> None:
    desk = both_desks
    async with bot_beside(desk) as bot:
        await bot.say("How much is the rent?", "ann")
    chat, reviewer = await chat_of(desk, "ann"), await desk.browser("reviewer")
    notes = f"/conversations/{chat}/notes"
    await reviewer.post(notes, {"text": "kidney"})
    (note,) = await rows(desk.database, "conversation_notes")
    await reviewer.post(f"{notes}/{note['id']}", {"text": "liver", "revision": 1})
    await reviewer.post(f"{notes}/{note['id']}", {"text": "", "revision": 2})
    await reviewer.post("/conversations/views", {"name": "kidneys", "query": "q=kidney&unanswered=1"})
    (saved,) = await rows(desk.database, "saved_views")
    path = f"/conversations/views/{saved['id']}"
    await reviewer.post(f"{path}/change", {"revision": 1, "query": "q=liver"})
    await reviewer.post(f"{path}/remove", {"revision": 2})
    entries = await rows(desk.database, "audit_log")
    assert [row["action"] for row in entries] == [
        "conversation.note",
        "conversation.note_change",
        "conversation.note_remove",
        "view.add",
        "view.change",
        "view.remove",
    ]
    assert not re.search("kidney|liver", str(entries))


# --- signing in ---------------------------------------------------------------------------------------


async def test_a_link_for_a_new_password_does_not_replace_the_second_factor(both_desks: Desk) -> None:
    desk = both_desks
    person = await desk.person("editor", "Li Na")
    totp = await confirmed_factor(desk, person.id)
    async with desk.database.unit_of_work() as work:
        link = await work.one_time_links.issue(person.id, desk.console.config.limits.link)
    browser = desk.stranger()
    typed = {"name": "li na", "password": PASSWORD, "again": PASSWORD}
    answer = await browser.post(f"/welcome/{link}", typed, page=f"/welcome/{link}")
    assert answer.headers["location"] == "/sign-in/code"
    assert not await is_in(browser)
    code = {"code": totp.at(desk.clock.now)}
    await browser.post("/sign-in/code", code, page="/sign-in/code")
    assert await is_in(browser)


async def test_the_way_back_survives_the_second_factor(desk: Desk) -> None:
    person = await desk.person("editor", "Li Na")
    await confirmed_factor(desk, person.id)
    browser = desk.stranger()
    answer = await sign_in(browser, "Li Na", next="/conversations?q=rent&unanswered=1")
    page = await browser.get(answer.headers["location"])
    found = re.search(r'name="next" value="([^"]*)"', page.text)
    assert found
    assert found[1].replace("&amp;", "&") == "/conversations?q=rent&unanswered=1"
