from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from storage.database import Database
from storage.entries import NewIncoming
from tests.conversation.fakes import decoded, rows
from tests.storage.builders import NOON, a_person, answers, asks, sender, traced


async def test_question_and_answer_come_back_in_order(database: Database) -> None:
    person = await a_person(database)
    async with database.unit_of_work() as work:
        question = await asks(work, person)
        answer = await answers(work, question)
    async with database.unit_of_work(read_only=True) as work:
        assert await work.messages.recent(person.conversation.id, 10) == [question, answer]
        assert await work.messages.recent(person.conversation.id, 1) == [answer]
        assert await work.messages.get(answer.id) == answer
        assert await work.messages.get(10**9) is None
    assert (answer.founder_id, answer.in_reply_to) == (person.founder.id, question.id)


async def test_text_that_postgresql_refuses_is_mended_on_both_databases(database: Database) -> None:
    person = await a_person(database)
    broken = "a\x00b\ud800c\udfff \ud83d\ude00 中文\u202e"
    async with database.unit_of_work() as work:
        message = await asks(work, person, broken)
        await work.conversations.set_pending(
            person.conversation.id, {"k\x00": ["\udc00", {"n": float("nan"), "f": 0.5}]}
        )
    assert message.text == "a\ufffdb\ufffdc\ufffd 😀 中文\u202e"
    pending = (await a_person(database)).conversation.pending
    assert pending == {"k\ufffd": ["\ufffd", {"n": None, "f": 0.5}]}


async def test_times_come_back_in_utc_whatever_zone_they_had(database: Database) -> None:
    person = await a_person(database)
    shanghai = NOON.astimezone(timezone(timedelta(hours=8))).replace(microsecond=123456)
    async with database.unit_of_work() as work:
        message = await work.messages.add_incoming(
            NewIncoming(
                conversation_id=person.conversation.id,
                founder_id=person.founder.id,
                external_id="1",
                kind="text",
                received_at=shanghai,
            )
        )
    assert message.created_at == shanghai
    assert message.created_at.utcoffset() == timedelta(0)


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    async with database.unit_of_work() as work:
        with pytest.raises(Exception, match="without a zone"):
            await work.founders.mark_blocked("telegram", "7", datetime(2026, 1, 1))


async def test_a_trace_tells_how_the_turn_went(database: Database) -> None:
    person = await a_person(database)
    async with database.unit_of_work() as work:
        question = await asks(work, person)
        await traced(work, question)
    (trace,) = await rows(database, "traces")
    assert (trace["message_id"], trace["route"]) == (question.id, "ask")
    assert (bool(trace["answered"]), trace["confidence"]) == (True, 0.93)
    assert decoded(trace["passages"]) == [{"id": "guide#steps", "score": 0.5}]
    assert decoded(trace["timings"]) == {"total": 41.5}


async def test_the_export_pages_through_all_messages_with_trace_and_feedback(database: Database) -> None:
    person = await a_person(database)
    async with database.unit_of_work() as work:
        question = await asks(work, person)
        answer = await answers(work, question)
        await traced(work, question)
        rating = await work.feedback.set(answer.id, person.founder.id, "not_helpful")
        assert rating is not None
        assert await work.feedback.set_reason(rating.id, "too short")
        later = await asks(work, person, "Thanks")
    async with database.unit_of_work(read_only=True) as work:
        first = await work.messages.export(limit=2)
        second = await work.messages.export(after_id=first[-1].id, limit=2)
        assert await work.messages.export(after_id=later.id) == []
    assert [row.id for row in first + second] == [question.id, answer.id, later.id]
    assert [row.route for row in first + second] == ["ask", "ask", None]
    assert (first[0].language, first[0].citations, first[0].rating) == ("en", (), None)
    assert first[1].citations[0]["title"] == "Application guide"
    assert (first[1].rating, first[1].reason) == ("not_helpful", "too short")
    assert (first[1].answered, first[1].confidence, first[1].milliseconds) == (True, 0.93, 41.5)


async def test_the_last_rating_wins_and_takes_the_old_reason_away(database: Database) -> None:
    person = await a_person(database)
    async with database.unit_of_work() as work:
        answer = await answers(work, await asks(work, person))
        first = await work.feedback.set(answer.id, person.founder.id, "not_helpful")
        assert first is not None
        await work.feedback.set_reason(first.id, "wrong year")
        same = await work.feedback.set(answer.id, person.founder.id, "not_helpful")
        other = await work.feedback.set(answer.id, person.founder.id, "helpful")
    assert same is not None
    assert other is not None
    assert (same.id, same.rating, same.reason) == (first.id, "not_helpful", "wrong year")
    assert (other.id, other.rating, other.reason) == (first.id, "helpful", None)


async def test_nobody_rates_an_answer_given_to_another_founder(database: Database) -> None:
    person, stranger = await a_person(database), await a_person(database, "8")
    async with database.unit_of_work() as work:
        question = await asks(work, person)
        answer = await answers(work, question)
        assert await work.feedback.set(answer.id, stranger.founder.id, "helpful") is None
        assert await work.feedback.set(question.id, person.founder.id, "helpful") is None
        assert await work.feedback.set(10**9, person.founder.id, "helpful") is None
        assert not await work.feedback.set_reason(10**9, "x")


async def test_a_conversation_has_one_open_handover(database: Database) -> None:
    person = await a_person(database)
    async with database.unit_of_work() as work:
        question = await asks(work, person)
        first = await work.handovers.open(person.conversation.id, person.founder.id, question.id)
        assert await work.handovers.open(person.conversation.id, person.founder.id) == first
        assert [item.handover for item in await work.handovers.queue()] == [first]
    assert (first.status, first.question_message_id) == ("open", question.id)


async def test_a_canceled_handover_can_be_opened_anew(database: Database) -> None:
    person = await a_person(database)
    async with database.unit_of_work() as work:
        first = await work.handovers.open(person.conversation.id, person.founder.id)
        assert not await work.handovers.cancel(first.id, conversation_id=person.conversation.id + 1)
        assert await work.handovers.cancel(first.id, conversation_id=person.conversation.id)
        assert not await work.handovers.cancel(first.id)
        assert await work.handovers.get_open(person.conversation.id) is None
        second = await work.handovers.open(person.conversation.id, person.founder.id)
    assert second.id != first.id


async def test_a_handover_does_not_point_at_a_message_of_somebody_else(database: Database) -> None:
    person, other = await a_person(database), await a_person(database, "8")
    async with database.unit_of_work() as work:
        foreign = await asks(work, other)
        handover = await work.handovers.open(person.conversation.id, person.founder.id, foreign.id)
    assert handover.question_message_id is None


async def test_everything_held_is_plain_json(database: Database) -> None:
    import json

    person = await a_person(database, username="lina")
    async with database.unit_of_work() as work:
        question = await asks(work, person, "我的问题")
        await answers(work, question)
        await traced(work, question)
    async with database.unit_of_work(read_only=True) as work:
        held = await work.founders.held(person.founder.id)
        assert await work.founders.find(sender(username="lina")) is not None
    assert "我的问题" in json.dumps(held, ensure_ascii=False)
    assert held["identities"][0]["username"] == "lina"
    assert [message["direction"] for message in held["messages"]] == ["in", "out"]
