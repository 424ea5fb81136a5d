"""`founder-bot run` killed at random moments: every message is answered, in order, and nothing is lost."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from itertools import groupby, pairwise

import aiohttp
import pytest

from tests.crash.process import SECRET, RunningBot
from tests.telegram_api import TelegramApi

USERS = range(101, 121)
COMMANDS = ("/start", "/help", "/privacy", "/language")
MARKS = {
    "How long may a saw be borrowed?": "nine days",
    "How high is the dust grant?": "4,300 euros",
    "When do the market stalls open?": "half past six",
    "/start": "A program for stone cutters",
    "/help": "/privacy –",
    "/privacy": "What I keep",
    "/language": "Which language",
}
QUESTIONS = [text for text in MARKS if not text.startswith("/")]
MOMENTS = ("answering", "receiving", "starting", "answering", "receiving")
TIMES = len(MOMENTS)
UNDER_WAY = 0.5
"""Seconds around a kill in which an answer that was under way reached the emulator, on a busy machine."""
Install = Callable[[str], RunningBot]


def scripts(chance: random.Random, length: int = 10) -> dict[int, list[str]]:
    """What each user says, a fifth of it questions; no two neighbors alike, so a repeat shows."""
    said: dict[int, list[str]] = {}
    for user in USERS:
        texts: list[str] = []
        questions = set(chance.sample(range(length), length // 5))
        for number in range(length):
            choice = QUESTIONS if number in questions else COMMANDS
            texts.append(chance.choice([text for text in choice if texts[-1:] != [text]]))
        said[user] = texts
    return said


def understood(api: TelegramApi, user: int) -> list[str]:
    """To which of the texts each message of the bot in a chat is the answer."""
    answers = []
    for message in api.messages(user):
        found = [text for text, mark in MARKS.items() if mark in message.text]
        assert len(found) == 1, f"{found} for {message.text!r}"
        answers += found
    return answers


async def say_all(api: TelegramApi, lines: list[tuple[int, str]], seconds: float) -> None:
    """Let people say these lines, spread over some seconds."""
    for user, text in lines:
        await api.say(user, text)
        await asyncio.sleep(seconds / len(lines))


def in_turns(said: dict[int, list[str]], chance: random.Random) -> list[tuple[int, str]]:
    """All lines as a mixed crowd says them, each user's own in order."""
    crowd = [user for user, texts in said.items() for _ in texts]
    chance.shuffle(crowd)
    upcoming = {user: iter(texts) for user, texts in said.items()}
    return [(user, next(upcoming[user])) for user in crowd]


async def everything_answered(bot: RunningBot, api: TelegramApi, count: int, seconds: float = 180.0) -> None:
    """Wait until all is received, has had its turn and is sent on record."""
    await api.wait_until_read(seconds)
    asked = "SELECT count(*) FROM messages WHERE direction = 'in'"
    async with asyncio.timeout(seconds):
        # Another process writes the database, so there is no event to wait for.
        while bot.unfinished() != (0, 0) or bot.select(asked)[0][0] < count:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


def assert_one_turn_each(bot: RunningBot, api: TelegramApi, said: dict[int, list[str]]) -> None:
    """The database tells of every message once: one turn, one answer, sent, in the order they came."""
    count = sum(map(len, said.values()))
    assert bot.select("SELECT status, count(*) FROM inbox GROUP BY status") == [("handled", count)]
    assert bot.select("SELECT status, count(*) FROM outbox GROUP BY status") == [("sent", count)]
    assert bot.select("SELECT count(*), count(DISTINCT message_id) FROM traces WHERE error_code IS NULL") == [
        (count, count)
    ]
    turns = bot.select(
        "SELECT c.chat, asked.text, asked.payload ->> 'command', asked.external_id, outbox.external_id"
        " FROM messages asked JOIN conversations c ON c.id = asked.conversation_id"
        " JOIN messages answer ON answer.in_reply_to = asked.id JOIN outbox ON outbox.message_id = answer.id"
        " WHERE asked.direction = 'in' ORDER BY asked.id"
    )
    for user, texts in said.items():
        mine = [turn for turn in turns if turn[0] == str(user)]
        assert [f"/{command}" if command else text for _, text, command, _, _ in mine] == texts
        for numbers in ([int(turn[3]) for turn in mine], [int(turn[4]) for turn in mine]):
            assert numbers == sorted(set(numbers))
        assert {int(turn[4]) for turn in mine} <= {message.message_id for message in api.messages(user)}


def assert_repeats_were_under_way(api: TelegramApi, user: int, kills: list[float]) -> int:
    """Telegram cannot be told "the same again": what was on its way at a kill may come twice, no more.

    Returns how many answers a chat got twice.
    """
    hit: list[float] = []
    messages = api.messages(user)
    for first, second in pairwise(messages):
        if first.text == second.text:
            near = [kill for kill in kills if -UNDER_WAY < kill - first.at < UNDER_WAY]
            assert near, f"a repeat far from any kill: {first.text!r} at {first.at}, kills {kills}"
            hit += near
    assert len(hit) == len(set(hit)), "one kill repeated two answers of a chat"
    return len(hit)


async def a_moment_to_die(moment: str, bot: RunningBot, api: TelegramApi, chance: random.Random) -> None:
    """Wait for a random moment while the bot starts, begins to receive, or is busy answering."""
    if moment == "starting":
        await asyncio.sleep(chance.uniform(0.5, 2.5))
        return
    await bot.ready()
    if moment == "answering":
        before = len(api.state.sent)
        assert await api.state.wait_for(lambda: len(api.state.sent) > before, 90.0)
    await asyncio.sleep(chance.uniform(0.1, 0.9))


@pytest.mark.parametrize(("mode", "seed"), [("polling", 1), ("webhook", 2)])
async def test_a_bot_killed_at_random_moments_answers_everybody_in_order(
    mode: str, seed: int, install: Install, api: TelegramApi
) -> None:
    chance = random.Random(seed)
    said = scripts(chance)
    lines = in_turns(said, chance)
    bot = install(mode)
    kills: list[float] = []
    left: list[tuple[int, int]] = []
    for number in range(TIMES):
        share = lines[number * len(lines) // TIMES : (number + 1) * len(lines) // TIMES]
        await bot.start()
        saying = asyncio.create_task(say_all(api, share, 1.2))
        await a_moment_to_die(MOMENTS[number], bot, api, chance)
        kills.append(time.time())
        await bot.kill()
        left.append(bot.unfinished())
        await saying
    await bot.start()
    await everything_answered(bot, api, len(lines))
    assert await bot.terminate() == 0, bot.log()

    assert_one_turn_each(bot, api, said)
    twice = 0
    for user, texts in said.items():
        answers = understood(api, user)
        assert [answer for answer, _ in groupby(answers)] == texts
        twice += assert_repeats_were_under_way(api, user, kills)
    assert any(sending for _, sending in left), f"no kill hit anything: {left}"
    print(f"{mode}: unfinished at the kills {left}, answers sent twice {twice}")


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_a_bot_asked_to_end_in_the_middle_ends_soon_and_answers_the_rest_later(
    mode: str, install: Install, api: TelegramApi
) -> None:
    chance = random.Random(3)
    said = scripts(chance, length=5)
    lines = in_turns(said, chance)
    bot = install(mode)
    await bot.start()
    await bot.ready()
    saying = asyncio.create_task(say_all(api, lines, 2.0))
    assert await api.state.wait_for(lambda: len(api.state.sent) > 5, 90.0)
    async with asyncio.timeout(20):  # a poll that nobody ends lasts 25
        assert await bot.terminate() == 0, bot.log()
    await saying
    answered = len(api.messages())
    assert 0 < answered < len(lines)
    assert bot.unfinished()[1] == 0

    await bot.start()
    await everything_answered(bot, api, len(lines))
    assert await bot.terminate() == 0, bot.log()
    assert_one_turn_each(bot, api, said)
    assert {user: understood(api, user) for user in said} == said


async def test_a_call_without_the_right_secret_is_refused_and_leaves_no_row(
    install: Install, api: TelegramApi
) -> None:
    bot = install("webhook")
    await bot.start()
    await bot.ready()
    await api.say(101, "/help")
    await api.wait_for_messages(101, 1, seconds=90)
    forged = {"update_id": 5, "message": {"message_id": 1, "date": 1, "chat": {"id": 101, "type": "private"}}}
    wrong = ({}, {"X-Telegram-Bot-Api-Secret-Token": SECRET + "x"}, {"X-Telegram-Bot-Api-Secret-Token": ""})
    async with aiohttp.ClientSession() as session:
        for headers in wrong:
            url = bot.settings["BOT_TELEGRAM_WEBHOOK_URL"]
            async with session.post(url, json=forged, headers=headers) as answer:
                assert answer.status == 403
    assert bot.select("SELECT count(*) FROM inbox") == [(1,)]
    assert SECRET not in bot.log()
