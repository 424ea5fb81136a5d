"""`founder-bot run` killed twice while it announces, over a network with every kind of trouble."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.announcing.delivery.world import confirmed, ledger, seed, status, until
from tests.crash.conftest import set_up
from tests.crash.process import RunningBot, settings_for
from tests.telegram_api import TelegramApi

__all__ = ["set_up"]
RECIPIENTS = 300
RATE = 60


@pytest.fixture
async def bot(set_up: Path, tmp_path: Path, api: TelegramApi) -> AsyncIterator[RunningBot]:
    """An installation whose process is gone at the end."""
    shutil.copytree(set_up / "data", tmp_path / "data")
    settings = {**settings_for(api, "polling"), "BOT_TELEGRAM_RATE": str(RATE)}
    running = RunningBot(set_up / "program", tmp_path / "data", settings)
    yield running
    if running.process is not None:
        await running.kill()


async def test_nobody_gets_it_twice_nobody_is_forgotten_and_the_ledger_knows(
    bot: RunningBot, api: TelegramApi
) -> None:
    database = Database.open(f"sqlite:///{bot.data / 'founder-bot.db'}")
    chats = await seed(database, RECIPIENTS)
    api.crowd(chats[0], RECIPIENTS)
    api.state.blocked.update(chats[::33])
    api.configure(rate=RATE, latency=0.05)
    api.fail("sendMessage", status=502, every=50, times=1000)
    api.fail("sendMessage", kind="drop_after", every=60, times=1000)
    announcement = await confirmed(database)
    in_flight = 0
    for share in (0.2, 0.6):
        await bot.start()
        await until(lambda share=share: len(api.state.sent) >= RECIPIENTS * share, 60)
        await bot.kill()
        lines = await ledger(database, announcement.id)
        in_flight += sum(line.status == "sending" for line in lines)
        api.fail("sendMessage", status=429, retry_after=1, times=2)
    await bot.start()

    async def over() -> bool:
        return await status(database, announcement.id) == "finished"

    await until(over, 60)
    assert await bot.terminate() == 0, bot.log()
    lines = await ledger(database, announcement.id)
    await database.close()

    received = Counter(message.chat for message in api.messages())
    assert max(received.values()) == 1
    assert {int(line.chat or 0) for line in lines} == set(chats)
    for line in lines:
        usual = "blocked" if int(line.chat or 0) in api.state.blocked else "sent"
        assert line.status in {usual, "unknown"}
        if line.status != "unknown":
            assert received[int(line.chat or 0)] == (line.status == "sent")
    found = Counter(line.status for line in lines)
    dropped = sum(call.lost for call in api.calls("sendMessage"))
    assert 0 < found["unknown"] <= dropped + in_flight, (found, dropped, in_flight)
    assert in_flight <= 2 * (RATE + RATE // 10), "only what held a slot or was about to is in doubt"
    assert not [call for call in api.calls("sendMessage") if call.status == 429][4:], "no 429 but the faults"
