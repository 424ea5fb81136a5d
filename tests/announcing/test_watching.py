"""The message in which staff follow an announcement, in Telegram."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_client import TelegramConfig
from bot.watching import Watching
from handlers.messages import Reply
from storage.announcement_records import NewAnnouncement
from storage.database import Database
from storage.entries import NewOutbox, NewOutgoing, Outcome, Sender
from tests.announcing.delivery.world import TEXTS, World
from tests.conversation.fakes import NOON
from tests.telegram_api import TOKEN, TelegramApi

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")
JIE = 1


async def _followed(database: Database, channel: TelegramChannel) -> int:
    """An announcement that is followed in a message which Chen Jie has."""
    sent = await channel.send(str(JIE), Reply(text="It begins.", language="en"))
    async with database.unit_of_work() as work:
        person = await work.founders.identify(
            Sender(channel="telegram", sender=str(JIE), chat=str(JIE), name="Chen Jie")
        )
        message = await work.messages.add_outgoing(
            NewOutgoing(conversation_id=person.conversation.id, text="It begins.", language="en")
        )
        row = await work.outbox.add(
            NewOutbox(channel="telegram", chat=str(JIE), payload={}, worker="w", message_id=message.id)
        )
        outcome = Outcome(id=row.id, status="sent", at=NOON, external_id=sent.external_id)
        await work.outbox.mark_many([outcome])
        draft = await work.announcements.create(NewAnnouncement(texts=TEXTS, urgent=True))
        await work.announcements.watch(draft.id, message.id)
    return draft.id


async def _turn(database: Database, what: str, *arguments: Any) -> None:
    async with database.unit_of_work() as work:
        assert await getattr(work.announcements, what)(*arguments)


async def test_what_takes_the_place_of_a_message_that_is_gone_is_edited_from_then_on(
    database: Database,
) -> None:
    async with TelegramApi() as api:
        api.join(JIE)
        channel = TelegramChannel(TelegramConfig(token=TOKEN, api_url=api.url))
        number = await _followed(database, channel)

        async def seen() -> list[str]:
            """What the chat shows after a look by a process that has just started."""
            async with database.unit_of_work(read_only=True) as work:
                record = await work.announcements.get(number)
            assert record is not None
            assert await Watching(World(api, database).services(), channel).watch(record)
            return [sent.text or "" for sent in api.messages(JIE) if not sent.deleted]

        await _turn(database, "confirm", number, 1)
        (first,) = await seen()
        assert first != "It begins."

        api.messages(JIE)[0].deleted = True
        await _turn(database, "start", number)
        (second,) = await seen()
        assert second != first
        await _turn(database, "pause", number)
        (third,) = await seen()
        assert third != second
        await channel.close()
