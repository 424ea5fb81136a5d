from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from storage.database import Database
from storage.entries import NewOutgoing
from storage.review_records import ConversationFilter, Search
from tests.storage import conversations
from tests.storage.builders import asked
from tests.storage.conversations import Desk, looked_for


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with conversations.desk(database_url) as opened:
        yield opened


async def test_the_list_begins_with_who_wrote_last(desk: Desk) -> None:
    for name in ("Ann", "Bo", "Cy"):
        await desk.asks(name, "rent?", name=name)
    await desk.asks("Ann", "and the desk?", name="Ann")
    assert await desk.chats() == ["Ann", "Cy", "Bo"]


async def test_what_the_bot_says_by_itself_moves_nobody_up(desk: Desk) -> None:
    await desk.asks("Ann", "rent?", name="Ann")
    await desk.asks("Bo", "rent?", name="Bo")
    person = await desk.person("Ann", name="Ann")
    async with desk.database.unit_of_work() as work:
        await work.messages.add_outgoing(NewOutgoing(conversation_id=person.conversation.id, text="News!"))
    assert await desk.chats() == ["Bo", "Ann"]


async def test_filters_narrow_and_combine(desk: Desk) -> None:
    await desk.asks("Ann", "rent?", name="Ann", answered=False, confidence=0.1)
    await desk.asks("Bo", "租金？", name="Bo", language="zh", confidence=0.45)
    await desk.asks("Cy", "rent?", name="Cy", channel="terminal", rating="not_helpful")
    await desk.asks("Di", "rent?", name="Di", answered=None, confidence=0.0)
    assert await desk.chats(unanswered=True) == ["Ann"]
    assert await desk.chats(unsure=0.6) == ["Bo"]
    assert await desk.chats(unhelpful=True) == ["Cy"]
    assert await desk.chats(channel="telegram") == ["Di", "Bo", "Ann"]
    assert await desk.chats(language="zh") == ["Bo"]
    assert await desk.chats(unanswered=True, language="zh") == []
    assert await desk.chats(channel="telegram", language="en") == ["Di", "Ann"]


async def test_dates_are_about_the_very_question_meant(desk: Desk) -> None:
    await desk.asks("Ann", "old?", name="Ann", answered=False)
    noon = desk.clock.now + timedelta(hours=1)
    desk.clock.now += timedelta(days=2)
    await desk.asks("Ann", "new?", name="Ann")
    await desk.asks("Bo", "new?", name="Bo", answered=False)
    assert await desk.chats(since=noon) == ["Bo", "Ann"]
    assert await desk.chats(until=noon) == ["Ann"]
    assert await desk.chats(since=noon, unanswered=True) == ["Bo"]
    assert await desk.chats(until=noon, unanswered=True) == ["Ann"]
    assert await desk.chats(since=noon, until=noon + timedelta(hours=1)) == []


async def test_a_conversation_without_a_message_on_a_day_is_not_of_that_day(desk: Desk) -> None:
    await desk.asks("Ann", "first?", name="Ann")
    between = desk.clock.now + timedelta(days=1)
    desk.clock.now += timedelta(days=3)
    await desk.asks("Ann", "last?", name="Ann")
    assert await desk.chats(since=between, until=between + timedelta(days=1)) == []


async def test_a_person_is_found_by_number_or_by_a_part_of_a_name(desk: Desk) -> None:
    await desk.asks("1", "rent?", name="Zhang Wei")
    await desk.asks("2", "rent?", name="100%_Li")
    person = await desk.person("1", name="Zhang Wei")
    assert await desk.chats(person=f"#{person.founder.id}") == ["Zhang Wei"]
    assert await desk.chats(person="zhang") == ["Zhang Wei"]
    assert await desk.chats(person="%_") == ["100%_Li"]
    assert await desk.chats(person="#99999999999999999999") == []


async def test_a_person_is_found_by_the_name_of_today(desk: Desk) -> None:
    await desk.asks("ann", "rent?", name="Ann Lee")
    await desk.asks("ann", "and the desk?", name="Berta Gray")
    assert await desk.chats(person="berta") == ["Berta Gray"]
    assert await desk.chats(person="ann lee") == []


async def test_open_handovers_and_tags_can_be_listed(desk: Desk) -> None:
    await desk.asks("Ann", "rent?", name="Ann")
    await desk.asks("Bo", "rent?", name="Bo")
    ann, bo = await desk.person("Ann", name="Ann"), await desk.person("Bo", name="Bo")
    staff = await desk.staff()
    async with desk.database.unit_of_work() as work:
        await work.handovers.open(ann.conversation.id, ann.founder.id)
        assert await work.annotations.add_tag(bo.conversation.id, "housing", staff.id)
        assert not await work.annotations.add_tag(bo.conversation.id, "housing", staff.id)
    assert await desk.chats(handover=True) == ["Ann"]
    assert await desk.chats(tag="housing") == ["Bo"]
    async with desk.database.unit_of_work() as work:
        row = await work.reviews.get(bo.conversation.id)
        assert await work.reviews.choices() == {
            "channel": ["telegram"],
            "language": ["en"],
            "track": [],
            "tag": ["housing"],
        }
        assert await work.annotations.remove_tag(bo.conversation.id, "housing")
    assert row is not None
    assert (row.tags, row.handover) == (("housing",), None)
    assert await desk.chats(tag="housing") == []


async def test_tracks_are_those_of_applications_own_and_joined(desk: Desk) -> None:
    await desk.asks("Ann", "rent?", name="Ann")
    await desk.asks("Bo", "rent?", name="Bo")
    ann = await desk.person("Ann", name="Ann")
    async with desk.database.unit_of_work() as work:
        draft = await work.applications.start(ann.founder.id, language="en", form_version="1")
        await work.applications.save(draft.id, {}, [], member_id=None, message_id=None, track="pilot")
    assert await desk.chats(track="pilot") == ["Ann"]
    async with desk.database.unit_of_work() as work:
        row = await work.reviews.get(ann.conversation.id)
    assert row is not None
    assert row.tracks == ("pilot",)


async def test_pages_follow_each_other_by_key_and_back(desk: Desk) -> None:
    for number in range(7):
        await desk.asks(f"p{number}", "rent?", name=f"p{number}")
    wanted = ConversationFilter()
    async with desk.database.unit_of_work() as work:
        first = await work.reviews.page(wanted, limit=3, counted=True)
        second = await work.reviews.page(wanted, before=first.rows[-1].summary.last_message_id, limit=3)
        back = await work.reviews.page(wanted, after=second.rows[0].summary.last_message_id, limit=3)
    assert [row.name for row in first.rows] == ["p6", "p5", "p4"]
    assert [row.name for row in second.rows] == ["p3", "p2", "p1"]
    assert back.rows == first.rows
    assert (first.total, second.total) == (7, None)


async def test_reviewing_takes_a_conversation_off_until_the_founder_writes_again(desk: Desk) -> None:
    question, _ = await desk.asks("Ann", "rent?", name="Ann")
    ann, staff = await desk.person("Ann", name="Ann"), await desk.staff()
    async with desk.database.unit_of_work() as work:
        assert await work.annotations.mark_reviewed(ann.conversation.id, staff.id, up_to=question, revision=0)
    assert await desk.chats(unreviewed=True) == []
    await desk.asks("Ann", "and the desk?", name="Ann")
    assert await desk.chats(unreviewed=True) == ["Ann"]
    async with desk.database.unit_of_work() as work:
        row = await work.reviews.get(ann.conversation.id)
    assert row is not None
    assert (row.summary.reviewed_by, row.summary.reviewed, row.summary.turns) == (staff.id, False, 2)


async def test_two_people_who_change_the_same_thing_lose_nothing(desk: Desk) -> None:
    question, _ = await desk.asks("Ann", "rent?", name="Ann")
    chat = (await desk.person("Ann", name="Ann")).conversation.id
    one, two = await desk.staff("Anna"), await desk.staff("Ben")
    async with desk.database.unit_of_work() as work:
        notes, mark = work.annotations, {"up_to": question, "revision": 0}
        assert await notes.mark_reviewed(chat, one.id, **mark)
        assert not await notes.mark_reviewed(chat, two.id, **mark)
        note = await notes.add_note(chat, one.id, "Call back", message_id=question)
        assert await notes.change_note(note.id, 1, "Call back on Monday")
        assert not await notes.change_note(note.id, 1, "Never mind")
        assert not await notes.remove_note(note.id, 1)
        assert [item.text for item in await notes.notes(chat)] == ["Call back on Monday"]
        view = await notes.add_view(one.id, "Open", "unanswered=1", shared=True)
        assert view is not None
        assert await notes.add_view(one.id, "Open", "", shared=False) is None
        assert await notes.change_view(view.id, 1, "handover=1", shared=True)
        assert not await notes.change_view(view.id, 1, "tag=x", shared=True)
        assert [item.query for item in await notes.views(two.id)] == ["handover=1"]
        assert not await notes.remove_view(view.id, 1)
        assert await notes.remove_view(view.id, 2)


# --- search -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("rent", ["Ann"]),
        ("RENTS", ["Ann"]),
        ("applications", ["Cy"]),
        ("租金", ["Bo"]),
        ("技術資源", ["Bo"]),
        ("源", ["Bo"]),
        ("租", ["Bo"]),
        ("资租", []),
        ("3.5", ["Bo"]),
        ("by form", ["Cy", "Ann"]),
        ("rent 租金", []),
        ("nothing", []),
        ("'; DROP TABLE messages; -- \" *", []),
    ],
)
async def test_search_finds_both_languages_in_both_sides(desk: Desk, query: str, found: list[str]) -> None:
    await desk.asks("Ann", "How much is the rental?", name="Ann")
    await desk.asks("Bo", "租金和技术资源是 3.5 万吗", name="Bo", answer="是的")
    await desk.asks("Cy", "When can applicants apply?", name="Cy")
    assert await desk.finds(query) == found


async def test_a_search_shows_the_newest_message_that_it_found(desk: Desk) -> None:
    await desk.asks("Ann", "rent one", name="Ann")
    question, _ = await desk.asks("Ann", "rent two", name="Ann")
    await desk.asks("Ann", "something else", name="Ann")
    async with desk.database.unit_of_work() as work:
        page = await work.reviews.page(ConversationFilter(search=looked_for("rent")), counted=True)
    assert [(row.said, row.said_message_id) for row in page.rows] == [("rent two", question)]
    assert page.total == 1


async def test_phrases_narrow_what_the_words_find(desk: Desk) -> None:
    await desk.asks("Ann", "the rent of a desk", name="Ann")
    await desk.asks("Bo", "a desk, the rent", name="Bo")
    assert await desk.chats(
        search=Search(words=frozenset({"rent", "desk"}), phrases=("rent of a desk",))
    ) == ["Ann"]


async def test_many_findings_are_looked_up_one_by_one_with_the_same_result(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Ann", "Bo"):
        await desk.asks(name, "rent?", name=name)
    await desk.asks("Cy", "desk?", name="Cy")
    monkeypatch.setattr("storage.searching._OFTEN", 1)
    monkeypatch.setattr("storage.searching._IN_CONVERSATIONS", 1)
    assert await desk.finds("rent") == ["Bo", "Ann"]
    assert await desk.chats(search=looked_for("rent"), person="ann") == ["Ann"]
    async with desk.database.unit_of_work() as work:
        total = await work.reviews.count(ConversationFilter(search=looked_for("rent")))
        dialect = work.reviews._scope.place.dialect
    assert total == (2 if dialect == "sqlite" else None)


async def test_forgotten_words_are_found_no_more_and_notes_are_gone(desk: Desk, database_url: str) -> None:
    question, _ = await desk.asks("Ann", "secret-rent", answer="geheimnis", name="Ann")
    await desk.asks("Bo", "rent", name="Bo")
    ann, staff = await desk.person("Ann", name="Ann"), await desk.staff()
    async with desk.database.unit_of_work() as work:
        await work.annotations.add_note(ann.conversation.id, staff.id, "geheimnis", message_id=question)
        await work.annotations.add_tag(ann.conversation.id, "geheimnis", staff.id)
        held = await work.founders.held(ann.founder.id)
        assert [note["text"] for note in held["conversation_notes"]] == ["geheimnis"]
        report = await work.founders.erase(ann.founder.id)
    assert report.erased["conversation_notes"] == report.erased["conversation_tags"] == 1
    assert await desk.finds("rent") == ["Bo"]
    assert await desk.finds("geheimnis") == []
    assert await desk.chats() == ["Bo"]
    async with desk.database._connected() as connection:
        sources = ["messages", "conversation_notes", "conversation_tags", "traces"]
        if database_url.startswith("sqlite"):
            sources.append("message_words_data")
        for name in sources:
            for row in (await connection.execute(text(f"SELECT * FROM {name}"))).all():
                assert "geheimnis" not in str(row)


async def test_messages_stored_without_words_are_indexed_later(database_url: str) -> None:
    plain = Database.open(database_url)
    async with plain.unit_of_work() as work:
        person = await work.founders.identify(conversations.sender("7"))
    await asked(plain, person, "How much is the rent?")
    await plain.close()
    async with conversations.desk(database_url) as desk:
        await desk.asks("8", "desk?", name="Bo")
        async with desk.database.unit_of_work() as work:
            assert await work.messages.index() == 1
            assert await work.messages.index() == 0
            query = looked_for("rent")
            rows = (await work.reviews.page(ConversationFilter(search=query))).rows
    assert rows == []  # no turn yet: such a message is in no list, but it is found once there is one
    async with conversations.desk(database_url) as desk:
        await desk.asks("7", "second?")
        assert await desk.finds("rent") == ["Li Na"]


# --- transcripts ------------------------------------------------------------------------------------


async def test_a_transcript_has_both_sides_with_trace_rating_and_delivery(desk: Desk) -> None:
    question, answer = await desk.asks("Ann", "rent?", name="Ann", rating="not_helpful")
    chat = (await desk.person("Ann", name="Ann")).conversation.id
    async with desk.database.unit_of_work() as work:
        said, told = await work.transcripts.page(chat)
    assert (said.message.id, told.message.id) == (question, answer)
    assert told.trace is not None
    assert told.trace.passages[0]["version"] == "v1"
    assert (told.rating, said.rating) == ("not_helpful", None)


async def test_a_transcript_is_read_in_pages_and_from_the_middle(desk: Desk) -> None:
    ids = [message for _ in range(6) for message in await desk.asks("Ann", "rent?", name="Ann")]
    other, _ = await desk.asks("Bo", "rent?", name="Bo")
    chat = (await desk.person("Ann", name="Ann")).conversation.id

    async with desk.database.unit_of_work() as work:
        read = work.transcripts
        assert [m.message.id for m in await read.page(chat, limit=4)] == ids[-4:]
        assert [m.message.id for m in await read.page(chat, before=ids[-4], limit=4)] == ids[-8:-4]
        assert [m.message.id for m in await read.page(chat, after=ids[1], limit=4)] == ids[2:6]
        middle = [m.message.id for m in await read.around(chat, ids[5], limit=4)]
        assert middle == ids[3:8]
        assert await read.around(chat, other) == []
