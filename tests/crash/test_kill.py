"""`founder-bot run` killed at random moments: every message is answered once and in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

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
MOMENTS = ("answering", "under way", "starting", "under way", "receiving")
TIMES = len(MOMENTS)
UNDER_WAY = 4
"""How many answers have arrived, and how many have not, when the process dies without knowing."""
Install = Callable[..., RunningBot]


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
        while await bot.unfinished() != (0, 0) or (await bot.select(asked))[0][0] < count:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def assert_one_turn_each(bot: RunningBot, api: TelegramApi, said: dict[int, list[str]]) -> None:
    """The database tells of every message once: one turn, one answer, sent, in the order they came."""
    count = sum(map(len, said.values()))
    assert await bot.select("SELECT status, count(*) FROM inbox GROUP BY status") == [("handled", count)]
    assert await bot.select("SELECT status, count(*) FROM outbox GROUP BY status") == [("sent", count)]
    traced = "SELECT count(*), count(DISTINCT message_id) FROM traces WHERE error_code IS NULL"
    assert await bot.select(traced) == [(count, count)]
    turns = await bot.select(
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


async def some_under_way(api: TelegramApi) -> None:
    """Let some answers arrive of which the bot does not hear, and some others stay on the way."""
    arrived = api.fail("sendMessage", kind="hold", seconds=60, times=UNDER_WAY)
    on_the_way = api.fail("sendMessage", kind="hang", seconds=60, times=UNDER_WAY)
    asked = len(api.calls("sendMessage")) + 2 * UNDER_WAY
    assert await api.state.wait_for(lambda: len(api.calls("sendMessage")) >= asked, 90.0)
    assert await api.state.wait_for(lambda: not arrived.times and not on_the_way.times, 90.0)


async def a_moment_to_die(moment: str, bot: RunningBot, api: TelegramApi, chance: random.Random) -> None:
    """Wait for a random moment while the bot starts, begins to receive, or is busy answering."""
    if moment == "starting":
        await asyncio.sleep(chance.uniform(0.5, 2.5))
        return
    if moment == "under way":
        # Set up before the bot is ready, which by then may have sent nearly all.
        await some_under_way(api)
    await bot.ready()
    if moment == "answering":
        before = len(api.state.sent)
        assert await api.state.wait_for(lambda: len(api.state.sent) > before, 90.0)
    await asyncio.sleep(chance.uniform(0.1, 0.9))


@pytest.mark.parametrize(
    ("mode", "seed", "database"), [("polling", 1, "sqlite"), ("webhook", 2, "postgresql")]
)
async def test_a_bot_killed_at_random_moments_answers_everybody_once_and_in_order(
    mode: str, seed: int, database: str, install: Install, api: TelegramApi, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(seed)
    said = scripts(chance)
    lines = in_turns(said, chance)
    bot = install(mode, request.getfixturevalue("postgres_url") if database == "postgresql" else None)
    left: list[tuple[int, int]] = []
    for number in range(TIMES):
        share = lines[number * len(lines) // TIMES : (number + 1) * len(lines) // TIMES]
        await bot.start()
        saying = asyncio.create_task(say_all(api, share, 1.2))
        await a_moment_to_die(MOMENTS[number], bot, api, chance)
        await bot.kill()
        api.heal()
        left.append(await bot.unfinished())
        await saying
    await bot.start()
    await everything_answered(bot, api, len(lines))
    assert await bot.terminate() == 0, bot.log()

    await assert_one_turn_each(bot, api, said)
    assert {user: understood(api, user) for user in said} == said
    assert not [message.text for message in api.messages() if message.edits], "a message was written over"
    assert sum(call.lost for call in api.calls("sendMessage")) == 2 * UNDER_WAY
    asked = api.calls("stopMessageLiveLocation")
    print(f"{mode}, {database}: unfinished at the kills {left}, looked for with {len(asked)} questions")


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
    assert (await bot.unfinished())[1] == 0

    await bot.start()
    await everything_answered(bot, api, len(lines))
    assert await bot.terminate() == 0, bot.log()
    await assert_one_turn_each(bot, api, said)
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
    assert await bot.select("SELECT count(*) FROM inbox") == [(1,)]
    assert SECRET not in bot.log()
