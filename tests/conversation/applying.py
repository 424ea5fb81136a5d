"""Founders who apply to the boat yard, for tests."""

from __future__ import annotations

from typing import Any

from handlers.messages import Button, Reply
from storage.database import Database
from tests.conversation.fakes import Bot, decoded, rows

TRIAL = (
    "Sea trial",
    "Blue Whale Boats",
    "We build electric boats for rivers",
    "7",
    "no",
    "/skip",
    "Prototype",
    "We want to prove that the boat stops by itself within ten meters.",
    "/skip",
    "/skip",
    "no",
    "Ann Lee",
    "yes",
    "/skip",
    "no",
    "ann@example.org",
    "/skip",
    "Because the sea calls.",
    "/skip",
)
"""Answers to every question of a sea trial, in English; afterwards everything is read back."""


class Applicant:
    """A founder in one chat of a bot, who types, commands and presses buttons by their labels."""

    def __init__(self, bot: Bot, chat: str = "ann") -> None:
        self.bot = bot
        self.chat = chat

    async def say(self, text: str) -> list[Reply]:
        """Type a message, or a command with its arguments."""
        if text.startswith("/"):
            name, _, arguments = text[1:].partition(" ")
            return await self.bot.send(
                self.chat, kind="command", command=name, arguments=arguments, text=text
            )
        return await self.bot.send(self.chat, text=text)

    async def last(self, text: str) -> Reply:
        """Type a message and return the last reply."""
        return (await self.say(text))[-1]

    async def go(self, *texts: str) -> Reply:
        """Type messages one after the other and return the last reply."""
        reply = Reply(text="")
        for text in texts:
            reply = await self.last(text)
        return reply

    async def press(self, label: str, under: Reply | None = None) -> list[Reply]:
        """Press the newest button whose label holds these words."""
        return await self.push(self.button(label, under).payload)

    async def push(self, payload: str) -> list[Reply]:
        """Press a button by its payload."""
        return await self.bot.send(self.chat, kind="button", button=payload, button_message="m1")

    def button(self, label: str, under: Reply | None = None) -> Button:
        """Find the newest button whose label holds these words."""
        replies = [under] if under is not None else reversed(self.bot.to(self.chat))
        return next(b for reply in replies for row in reply.buttons for b in row if label in b.label)

    @property
    def seen(self) -> str:
        """Everything the founder has read, in order."""
        return "\n".join(reply.text for reply in self.bot.to(self.chat))


def labels(reply: Reply) -> list[str]:
    """The labels of a reply's buttons, in order."""
    return [button.label for row in reply.buttons for button in row]


def text_of(replies: list[Reply]) -> str:
    """What several replies say."""
    return "\n".join(reply.text for reply in replies)


async def answers(database: Database) -> dict[str, Any]:
    """All stored answers by key."""
    return {row["key"]: decoded(row["data"]) for row in await rows(database, "application_answers")}


async def applications(database: Database) -> list[dict[str, Any]]:
    """All applications."""
    return await rows(database, "applications")
