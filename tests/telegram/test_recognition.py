"""Replies of which nobody knows whether they arrived: found by their number, or sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.base import DeliveryError, Unrecognizable
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_client import TelegramConfig
from bot.delivery import Delivery, Persistence
from handlers.messages import Attachment, Button, Reply
from handlers.replies import reply_to_dict
from storage.database import Database
from storage.entries import NewIncoming, NewOutbox, NewOutgoing, Sender
from storage.records import OutboxRecord, Person
from tests.announcing.delivery.world import World, confirmed
from tests.conversation.fakes import rows
from tests.telegram_api import TOKEN, TelegramApi
from tests.telegram_api.state import Sent

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")
LI, WANG = 7, 8
YES = ((Button(label="Yes", payload="v1:yes"),),)
ANSWER = Reply(text="A desk costs 900 yuan & more. [1]", notes=("Sample.",), buttons=YES)
LONG = Reply(text="Eine Zeile.\n" * 700, buttons=YES)
FILE = Reply(
    text="Here it is.", attachments=(Attachment(name="a.txt", media_type="text/plain", content=b"a"),)
)
LONG_AGO = timedelta(seconds=12)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Desk:
    """A bot whose earlier process was killed while replies were on their way."""

    api: TelegramApi
    channel: TelegramChannel
    database: Database

    async def asks(self, chat: int, text: str = "What does a desk cost?") -> int:
        """Let a founder write, store it, and return the row of the message."""
        await self.api.say(chat, text)
        number = self.api.state.updates[-1]["message"]["message_id"]
        async with self.database.unit_of_work() as work:
            person = await work.founders.identify(_sender(chat))
            return (await work.messages.add_incoming(_incoming(person, number))).id

    async def left(self, chat: int, reply: Reply = ANSWER) -> OutboxRecord:
        """Store the answer of a process that is dead since."""
        asked = await self.asks(chat)
        async with self.database.unit_of_work() as work:
            person = await work.founders.identify(_sender(chat))
            new = NewOutgoing(
                conversation_id=person.conversation.id, in_reply_to=asked, text=reply.text, language="en"
            )
            message = await work.messages.add_outgoing(new)
            return await work.outbox.add(
                NewOutbox(
                    channel="telegram",
                    chat=str(chat),
                    payload=reply_to_dict(reply),
                    worker="killed",
                    message_id=message.id,
                )
            )

    async def starts(self, *chats: int) -> None:
        """Start anew, and wait until everything left is settled."""
        quick = Persistence(first_pause=0.01, longest_pause=0.05)
        delivery = Delivery(self.database, [self.channel], "me", clock=now, persistence=quick)
        async with self.database.unit_of_work() as work:
            await work.workers.register("me", "telegram")
        await delivery.recover(now() - LONG_AGO)
        for chat in chats or (LI,):
            await delivery.settled("telegram", str(chat))
        await delivery.close(1)

    def seen(self, chat: int = LI) -> list[Sent]:
        """What a founder sees, none of it written over."""
        assert not [message.text for message in self.api.messages(chat) if message.edits]
        return self.api.messages(chat)

    def asked_for(self) -> int:
        """How many messages Telegram was asked for."""
        return len(self.api.calls("stopMessageLiveLocation"))

    async def recorded(self) -> list[str]:
        """The numbers of all replies as stored, in order."""
        return [row["external_id"] for row in await rows(self.database, "outbox") if row["status"] == "sent"]


def _sender(chat: int) -> Sender:
    return Sender(channel="telegram", sender=str(chat), chat=str(chat), name="Li")


def _incoming(person: Person, number: int) -> NewIncoming:
    return NewIncoming(
        conversation_id=person.conversation.id,
        founder_id=person.founder.id,
        external_id=str(number),
        kind="text",
        received_at=now(),
        text="What does a desk cost?",
    )


@pytest.fixture
async def desk(api: TelegramApi, database_url: str) -> AsyncIterator[Desk]:
    database = Database.open(database_url)
    channel = TelegramChannel(TelegramConfig(token=TOKEN, api_url=api.url, rate=1000))
    api.join(WANG)
    api.configure(rate=None)
    yield Desk(api, channel, database)
    await channel.close()
    await database.close()


@pytest.mark.parametrize("reply", [ANSWER, LONG, FILE], ids=["short", "in parts", "with a file"])
async def test_a_reply_that_had_arrived_is_recorded_and_not_sent_again(desk: Desk, reply: Reply) -> None:
    await desk.left(LI, reply)
    arrived = await desk.channel.send(str(LI), reply)
    await desk.asks(LI, "and a room?")  # not read by anybody before the end
    await desk.starts()
    assert [str(message.message_id) for message in desk.seen()] == list(arrived.external_ids)
    assert await desk.recorded() == [arrived.external_id]


async def test_a_reply_that_never_went_out_is_sent(desk: Desk) -> None:
    await desk.left(LI)
    await desk.starts()
    assert [message.text for message in desk.seen()] == ["A desk costs 900 yuan & more. [1]\n\nSample."]
    assert await desk.recorded() == [str(desk.seen()[0].message_id)]


async def test_only_the_parts_that_did_not_arrive_are_sent(desk: Desk) -> None:
    await desk.left(LI, LONG)
    desk.api.fail("sendMessage", chat=LI, status=500, times=1)
    desk.api.configure(chat_rate=2)
    with pytest.raises(DeliveryError):
        await desk.channel.send(str(LI), LONG)
    with pytest.raises(DeliveryError):
        await desk.channel.send(str(LI), LONG)
    desk.api.configure(chat_rate=None)
    assert len(desk.seen()) == 2
    await desk.starts()
    assert len(desk.seen()) == 3
    assert "".join(message.text for message in desk.seen()).count("Eine Zeile.") == 700


async def test_many_replies_under_way_are_told_apart_with_few_questions(desk: Desk) -> None:
    chats = range(101, 121)
    for chat in chats:
        await desk.left(chat)
    for chat in chats:
        if chat % 2:
            await desk.channel.send(str(chat), ANSWER)
    await desk.starts(*chats)
    assert {chat: len(desk.seen(chat)) for chat in chats} == dict.fromkeys(chats, 1)
    assert desk.asked_for() < 20 * len(chats)


async def test_a_message_before_it_in_the_chat_is_never_touched(desk: Desk) -> None:
    first = await desk.left(LI, Reply(text="Earlier."))
    sent = await desk.channel.send(str(LI), Reply(text="Earlier."))
    await desk.starts()
    await desk.left(LI)
    await desk.starts()
    assert [message.text.partition(" ")[0] for message in desk.seen()] == ["Earlier.", "A"]
    assert (await desk.recorded())[0] == sent.external_id
    assert first.id == 1


async def test_without_an_answer_of_the_network_a_reply_is_not_repeated(desk: Desk) -> None:
    await desk.left(LI)
    desk.api.fail("sendMessage", kind="drop_after")
    await desk.starts()
    assert len(desk.seen()) == 1
    assert await desk.recorded() == [str(desk.seen()[0].message_id)]


async def test_trouble_while_asking_does_not_end_the_search(desk: Desk) -> None:
    await desk.left(LI)
    await desk.channel.send(str(LI), ANSWER)
    desk.api.fail("stopMessageLiveLocation", status=502, times=2)
    desk.api.fail("editMessageText", status=429, retry_after=0)
    await desk.starts()
    assert len(desk.seen()) == 1


async def test_an_answer_that_tells_nothing_ends_in_sending_again(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    for chat in (LI, WANG):
        await desk.left(chat)
        await desk.channel.send(str(chat), ANSWER)
    desk.api.fail("stopMessageLiveLocation", status=400, times=99)
    await desk.starts(LI, WANG)
    assert [len(desk.seen(chat)) for chat in (LI, WANG)] == [2, 2]
    warnings = [record.message for record in caplog.records if "cannot be told" in record.message]
    assert warnings == ["it cannot be told whether a reply arrived (bad_request): it is sent again"]


async def test_a_search_that_breaks_ends_in_sending_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.left(LI)
    await desk.channel.send(str(LI), ANSWER)

    async def broken(*_: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(desk.channel, "owns", broken)
    await desk.starts()
    assert len(desk.seen()) == 2


async def test_the_number_of_an_edited_message_says_nothing_about_later_ones(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await desk.channel.send(str(WANG), Reply(text="Old."))
    await desk.left(WANG, Reply(text="New.", edits=old.external_id))
    await desk.left(LI)
    for _ in range(3):
        await desk.api.say(WANG, "not read by anybody")
    await desk.channel.send(str(LI), ANSWER)
    owns, edited = desk.channel.owns, asyncio.Event()

    async def after_the_edit(chat: str, number: int) -> bool:
        if not edited.is_set():
            assert await desk.api.state.wait_for(lambda: bool(desk.api.messages(WANG)[0].edits), 20)
            edited.set()
        return await owns(chat, number)

    monkeypatch.setattr(desk.channel, "owns", after_the_edit)
    await desk.starts(LI, WANG)
    assert len(desk.seen(LI)) == 1
    assert desk.api.texts(WANG) == ["New."]


async def test_in_a_group_nothing_is_asked_for(desk: Desk) -> None:
    desk.api.group(-100)
    async with desk.database.unit_of_work() as work:
        await work.founders.identify(Sender(channel="telegram", sender="7", chat="-100", name="Li"))
        new = NewOutbox(channel="telegram", chat="-100", payload=reply_to_dict(ANSWER), worker="killed")
        await work.outbox.add(new)
    await desk.channel.send("-100", ANSWER)
    await desk.starts(-100)
    assert (len(desk.seen(-100)), desk.asked_for()) == (2, 0)


async def test_with_an_announcement_in_doubt_in_the_chat_nothing_is_asked_for(desk: Desk) -> None:
    await desk.left(LI)
    world = World(desk.api, desk.database)
    desk.api.fail("sendMessage", chat=LI, kind="drop_after")
    announcement = await confirmed(desk.database)
    async with world.announcing():
        assert await world.is_over(announcement) == {"unknown": 1}
    await desk.starts()
    assert [message.text[:10] for message in desk.seen()] == ["The worksh", "A desk cos"]
    assert desk.asked_for() == 0


async def test_an_announcement_that_goes_out_meanwhile_keeps_its_words(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.left(LI)
    announcement = await confirmed(desk.database)
    owns, announced = desk.channel.owns, asyncio.Lock()

    async def announced_first(chat: str, number: int) -> bool:
        async with announced:
            if not desk.api.messages(LI):
                world = World(desk.api, desk.database)
                async with world.announcing():
                    await world.is_over(announcement)
        return await owns(chat, number)

    monkeypatch.setattr(desk.channel, "owns", announced_first)
    await desk.starts()
    assert [message.text[:10] for message in desk.seen()] == ["The worksh", "A desk cos"]


async def test_what_telegram_says_of_messages_of_every_kind(
    api: TelegramApi, channel: TelegramChannel
) -> None:
    api.join(WANG)
    await api.say(LI, "hello")
    founders = api.state.updates[-1]["message"]["message_id"]
    mine = int((await channel.send(str(LI), ANSWER)).external_ids[0])
    file = int((await channel.send(str(LI), FILE)).external_ids[1])
    other = int((await channel.send(str(WANG), ANSWER)).external_ids[0])
    asked = [await channel.owns(str(LI), number) for number in (founders, mine, file, other, other + 1)]
    assert asked == [False, True, True, False, False]
    assert await channel.shows(str(LI), mine, ANSWER, 0)
    assert await channel.shows(str(LI), file, FILE, 1)
    assert not await channel.shows(str(LI), founders, ANSWER, 0)
    assert not await channel.shows(str(LI), file, ANSWER, 0)
    assert not [message.text for message in api.messages() if message.edits]
    api.fail("stopMessageLiveLocation", status=400)
    with pytest.raises(Unrecognizable):
        await channel.owns(str(LI), mine)
