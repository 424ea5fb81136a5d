from __future__ import annotations

import asyncio

import pytest

from bot.channels.base import ChatBlocked, DeliveryRefused, NetworkTrouble, RetryLater, SendResult
from bot.delivery import Persistence
from handlers.messages import Reply
from storage.database import Database
from tests.conversation.fakes import Bot, Clock, RecordingChannel, rows


async def test_replies_to_one_chat_arrive_in_order_although_the_network_stumbles(
    both: Database, clock: Clock
) -> None:
    async with Bot(both, clock=clock) as bot:
        bot.channel.faults = [NetworkTrouble("timeout"), RetryLater(0.02), NetworkTrouble("502")]
        await bot.receive(*(bot.update(text=f"question {n}?") for n in range(4)))
        await bot.dispatcher.settled("memory", "ann")
    assert [reply.text for reply in bot.to("ann")] == [f"Answer to: question {n}? [1]" for n in range(4)]
    assert {row["status"] for row in await rows(both, "outbox")} == {"sent"}


async def test_a_reply_goes_out_only_when_the_one_before_it_is_on_record(
    store: Database, clock: Clock
) -> None:
    class Watching(RecordingChannel):
        async def send(self, chat: str, reply: Reply, *, skip: int = 0) -> SendResult:
            statuses = [row["status"] for row in await rows(store, "outbox")]
            assert statuses[: len(self.sent)] == ["sent"] * len(self.sent)
            return await super().send(chat, reply, skip=skip)

    async with Bot(store, clock=clock, channel=Watching()) as bot:
        await bot.receive(*(bot.update(text=f"question {n}?") for n in range(5)))
        await bot.dispatcher.settled("memory", "ann")
    assert len(bot.channel.sent) == 5


async def test_the_network_is_left_alone_for_as_long_as_it_asks(bot: Bot) -> None:
    loop = asyncio.get_running_loop()
    bot.channel.faults = [RetryLater(0.3)]
    started = loop.time()
    await bot.say("How much is the rent?")
    assert loop.time() - started >= 0.3


async def test_a_chat_that_must_wait_holds_up_no_other(bot: Bot) -> None:
    bot.channel.faults = [RetryLater(1.0)]
    await bot.receive(bot.update("ann", text="How much is the rent?"))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(0.7):
        answers = await bot.say("How much is the rent?", chat="ben")
    assert answers


async def test_parts_that_arrived_are_not_sent_again(bot: Bot) -> None:
    bot.channel.faults = [NetworkTrouble("timeout", parts_sent=1), RetryLater(0.0, parts_sent=2)]
    await bot.say("How much is the rent?")
    assert bot.channel.skips == [0, 1, 2]


async def test_a_founder_who_blocked_the_bot_is_marked_and_the_next_reply_is_not_lost_on_others(
    both: Database, clock: Clock
) -> None:
    async with Bot(both, clock=clock) as bot:
        bot.channel.faults = [ChatBlocked("forbidden")]
        await bot.receive(bot.update(text="How much is the rent?"))
        await bot.dispatcher.settled("memory", "ann")
    (row,) = await rows(both, "outbox")
    assert (row["status"], row["error_code"]) == ("blocked", "forbidden")
    assert (await rows(both, "conversations"))[0]["blocked_at"] is not None


@pytest.mark.parametrize(
    ("fault", "code"),
    [(DeliveryRefused("message_too_long"), "message_too_long"), (KeyError("x"), "KeyError")],
)
async def test_a_refused_reply_is_recorded_with_the_reason_and_the_next_one_is_sent(
    store: Database, clock: Clock, fault: Exception, code: str
) -> None:
    async with Bot(store, clock=clock) as bot:
        bot.channel.faults = [fault]
        await bot.receive(bot.update(text="How much?"), bot.update(text="When?"))
        await bot.dispatcher.settled("memory", "ann")
    assert [reply.text for reply in bot.to("ann")] == ["Answer to: When? [1]"]
    first, second = await rows(store, "outbox")
    assert (first["status"], first["error_code"], second["status"]) == ("failed", code, "sent")


async def test_a_network_that_stays_away_ends_patience_with_the_reason(store: Database, clock: Clock) -> None:
    brief = Persistence(first_pause=0.01, longest_pause=0.02, give_up_after=0.1)
    async with Bot(store, clock=clock, persistence=brief) as bot:
        bot.channel.faults = [NetworkTrouble("timeout") for _ in range(1000)]
        await bot.receive(bot.update(text="How much?"))
        await bot.dispatcher.settled("memory", "ann")
    (row,) = await rows(store, "outbox")
    assert (row["status"], row["error_code"]) == ("failed", "timeout")


async def test_what_the_network_did_not_take_before_the_stop_is_sent_by_the_next_start(
    store: Database, clock: Clock
) -> None:
    async with Bot(store, clock=clock) as first:
        first.channel.faults = [RetryLater(30)]
        await first.receive(first.update(text="How much?"))
        await asyncio.sleep(0.2)
    assert first.channel.sent == []
    async with Bot(store, clock=clock) as second:
        await second.dispatcher.settled("memory", "ann")
        assert [reply.text for reply in second.to("ann")] == ["Answer to: How much? [1]"]
