from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from storage.announcement_records import Audience, NewAnnouncement
from storage.database import Database
from storage.engine import locate
from storage.entries import NewOutbox, Outcome, RawUpdate
from storage.records import Person
from storage.tables import Table
from tests.storage.builders import NOON, a_person, answers, asks, sender, stored, traced

SECRET = "Geheimnis-秘密-4711"
WHO = "990017"


async def everything(url: str) -> str:
    """Every value of every row of every table, as one text."""
    engine = create_async_engine(locate(url).url)
    async with engine.connect() as connection:
        rows = [
            str(tuple(row))
            for table in Table.metadata.sorted_tables
            for row in await connection.execute(select(table))
        ]
    await engine.dispose()
    return "\n".join(rows)


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("founder-bot.db*"))


async def a_full_history(database: Database) -> Person:
    """A person with a row of theirs in every table and the secret in every column that holds words."""
    person = await a_person(database, WHO, name=SECRET, username=SECRET, language_hint="zh")
    async with database.unit_of_work() as work:
        payloads = [RawUpdate(update_id=n, chat=WHO, payload=SECRET) for n in range(1, 4)]
        hidden = RawUpdate(update_id=4, chat=None, payload=f'{{"from":{WHO},"x":"{SECRET}"}}')
        handled, failed, raw, lost = await work.inbox.store("telegram", "w1", [*payloads, hidden])
        await work.inbox.mark_handled([handled.id])
        await work.inbox.mark_failed(failed.id, "timeout")
        await work.inbox.mark_unreadable(raw.id, "no_sender")
        await work.inbox.mark_unreadable(lost.id, "no_chat")
        question = await asks(work, person, SECRET)
        answer = await answers(work, question, SECRET)
        await traced(work, question)
        rating = await work.feedback.set(answer.id, person.founder.id, "not_helpful")
        assert rating is not None
        await work.feedback.set_reason(rating.id, SECRET)
        await work.handovers.open(person.conversation.id, person.founder.id, question.id)
        await work.conversations.set_pending(person.conversation.id, {"draft": SECRET})
        await work.founders.set_language(person.founder.id, "zh")
        await work.subscriptions.tag(person.founder.id, SECRET)
        await work.subscriptions.choose(person.founder.id, SECRET, True)
        news = await work.announcements.create(NewAnnouncement(texts={"en": "News"}))
        await work.recipients.expand(news.id, Audience(), None, ("telegram",))
        await work.announcements.reply(news.id, person.founder.id, SECRET)
        for message_id in (answer.id, None):
            await work.outbox.add(
                NewOutbox(
                    message_id=message_id,
                    channel="telegram",
                    chat=WHO,
                    payload={"text": SECRET},
                    worker="w1",
                )
            )
    return person


async def test_erasing_leaves_no_word_and_no_number_of_the_person_anywhere(
    database: Database, database_url: str
) -> None:
    person = await a_full_history(database)
    assert await a_person(database, "8", name="Wang")
    before = await everything(database_url)
    assert before.count(SECRET) >= 14
    async with database.unit_of_work() as work:
        report = await work.founders.erase(person.founder.id)
    after = await everything(database_url)
    assert SECRET not in after
    assert WHO not in after
    assert "Wang" in after
    assert report.erased["messages"] == 2
    assert report.erased["identities"] == 1
    assert report.erased["updates"] == 3
    assert report.erased["deliveries"] == 2
    assert all(report.kept.values())


async def test_a_sqlite_file_holds_nothing_of_an_erased_person_in_its_free_pages(
    sqlite_url: str, tmp_path: Path
) -> None:
    database = Database.open(sqlite_url)
    person = await a_full_history(database)
    async with database.unit_of_work() as work:
        await work.founders.erase(person.founder.id)
    await database.close()
    left = bytes_of(tmp_path)
    assert b"telegram" in left
    assert SECRET.encode() not in left


async def test_the_same_person_is_a_new_founder_afterwards(database: Database) -> None:
    person = await a_full_history(database)
    async with database.unit_of_work() as work:
        await work.founders.erase(person.founder.id)
    async with database.unit_of_work(read_only=True) as work:
        assert await work.founders.find(sender(WHO)) is None
        assert await work.conversations.get("telegram", WHO) is None
    again = await a_person(database, WHO)
    assert again.founder.id != person.founder.id
    assert again.conversation.id != person.conversation.id
    assert again.founder.language is None
    async with database.unit_of_work(read_only=True) as work:
        held = await work.founders.held(again.founder.id)
    assert (held["messages"], held["feedback"], held["traces"]) == ([], [], [])


async def test_what_is_counted_survives_without_words(database: Database) -> None:
    person = await a_full_history(database)
    async with database.unit_of_work() as work:
        await work.founders.erase(person.founder.id)
        rows = await work.messages.export()
        assert await work.handovers.queue() == []
    assert [(row.direction, row.kind, row.text) for row in rows] == [
        ("in", "erased", ""),
        ("out", "erased", ""),
    ]
    assert (rows[1].route, rows[1].answered, rows[1].rating, rows[1].reason) == (
        "ask",
        True,
        "not_helpful",
        None,
    )


async def test_a_redelivered_update_is_still_recognized_after_an_erasure(database: Database) -> None:
    person = await a_full_history(database)
    async with database.unit_of_work() as work:
        await work.founders.erase(person.founder.id)
    assert await stored(database, 1, 2, 3, 4, chat=WHO) == []


async def test_the_turn_that_erases_leaves_no_word_of_itself(database: Database, database_url: str) -> None:
    person = await a_full_history(database)
    async with database.unit_of_work() as work:
        [current] = await work.inbox.store(
            "telegram", "w1", [RawUpdate(update_id=9, chat=WHO, payload=SECRET)]
        )
    async with database.unit_of_work() as work:
        await work.founders.erase(person.founder.id)
        question = await asks(work, person, SECRET)
        goodbye = await answers(work, question, SECRET)
        await traced(work, question)
        await work.conversations.set_pending(person.conversation.id, {"x": SECRET})
        reply = await work.outbox.add(
            NewOutbox(
                message_id=goodbye.id,
                channel="telegram",
                chat=WHO,
                payload={"text": "Done, " + SECRET},
                worker="w1",
            )
        )
        await work.inbox.mark_handled([current.id])
    assert reply.payload == {"text": "Done, " + SECRET}, "the last word is still delivered"
    async with database.unit_of_work() as work:
        await work.outbox.mark_many([Outcome(id=reply.id, status="sent", at=NOON)])
    after = await everything(database_url)
    assert SECRET not in after
    assert WHO not in after


async def test_what_was_sent_after_the_request_is_still_answered(database: Database) -> None:
    person = await a_full_history(database)
    [later] = await stored(database, 20, chat=WHO)
    async with database.unit_of_work() as work:
        await work.founders.erase(person.founder.id)
        await work.workers.register("w2", "telegram")
        assert [record.id for record in await work.inbox.take_over("telegram", "w2", NOON)] == [later.id]


async def test_a_reply_in_flight_while_its_person_is_erased_stays_erased(
    database: Database, database_url: str
) -> None:
    person = await a_full_history(database)
    async with database.unit_of_work(read_only=True) as work:
        flying = [row["id"] for row in (await work.founders.held(person.founder.id))["deliveries"]]
    async with database.unit_of_work() as work:
        await work.founders.erase(person.founder.id)
        await work.workers.register("w2", "telegram")
        assert await work.outbox.pending("telegram", "w2", NOON) == []
        await work.outbox.mark_many(
            [Outcome(id=number, status="sent", at=NOON, external_id=WHO) for number in flying]
        )
        assert await work.outbox.counts() == {"erased": 2}
    assert WHO not in await everything(database_url)


async def test_erasing_one_founder_leaves_another_whole(database: Database) -> None:
    person = await a_full_history(database)
    other = await a_person(database, "8")
    async with database.unit_of_work() as work:
        question = await asks(work, other, "Is there a fee?")
        await traced(work, question)
        before = await work.founders.held(other.founder.id)
        await work.founders.erase(person.founder.id)
        assert await work.founders.held(other.founder.id) == before
