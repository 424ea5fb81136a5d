"""Founders who talk to a bot beside the console, so that staff have something to review."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.console.config import Console
from tests.console.desk import Desk
from tests.conversation.fakes import Bot, answered, refused


@asynccontextmanager
async def bot_beside(desk: Desk) -> AsyncIterator[Bot]:
    """Run a bot over the console's database, nudged by it as in one process."""
    bot = Bot(desk.database, clock=desk.clock)
    console: Console = desk.console
    object.__setattr__(console, "nudge", bot.dispatcher.look_now)
    async with bot:
        yield bot


async def some_talks(bot: Bot) -> None:
    """Three founders: one answered, one refused who rates and asks for a person, one in Chinese."""
    bot.knowledge.script = [
        answered("How much is the rent?", confidence=0.55),
        refused("Flat white?", "Rent"),
        answered("租金多少？"),
    ]
    await bot.say("How much is the rent? Mail li@mail.example.org", "ann")
    await bot.say("Flat white?", "bo")
    await bot.command("human", "bo")
    await bot.say("租金多少？", "cy")
