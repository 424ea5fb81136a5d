"""A member of staff at the chat, who presses buttons by what they say."""

from __future__ import annotations

from typing import Any

from handlers.messages import Reply
from tests.announcing.team import founder, join
from tests.conversation.fakes import Bot, rows

ZH = "周五下午3点有试点工作坊，欢迎参加。"
EN = "A pilot workshop takes place on Friday at 3 pm. Do join us."


class Desk:
    """One person of staff; `seen` is the last reply, `all` all replies to the last message."""

    def __init__(self, bot: Bot, chat: str, hint: str = "en") -> None:
        self.bot, self.chat, self.hint = bot, chat, hint
        self.all: list[Reply] = []

    @classmethod
    async def open(cls, bot: Bot, name: str = "Jie", role: Any = "editor", hint: str = "en") -> Desk:
        return cls(bot, await join(bot, name, role, hint=hint), hint)

    @property
    def seen(self) -> Reply:
        return self.all[-1]

    @property
    def text(self) -> str:
        return "\n".join(reply.text or reply.toast or "" for reply in self.all)

    def labels(self) -> list[str]:
        return [button.label for row in self.seen.buttons for button in row]

    async def say(self, text: str, **more: Any) -> str:
        words: dict[str, Any] = {"text": text, "language_hint": self.hint, **more}
        if text.startswith("/"):
            name, _, arguments = text[1:].partition(" ")
            words |= {"kind": "command", "command": name, "arguments": arguments}
        self.all = await self.bot.send(self.chat, **words)
        return self.text

    async def press(self, label: str) -> str:
        """Press the first button of the last reply that has these words in it."""
        found = [x for row in self.seen.buttons for x in row if label in x.label]
        assert found, f"no button {label!r} among {self.labels()}"
        return await self.press_payload(found[0].payload)

    async def press_payload(self, payload: str) -> str:
        self.all = await self.bot.send(
            self.chat, kind="button", button=payload, button_message="m1", language_hint=self.hint
        )
        return self.text

    async def drafted(self, zh: str = ZH, en: str = EN) -> None:
        """Compose both texts; the card is seen afterwards."""
        await self.say("/announce")
        await self.say(zh)
        await self.say(en)

    async def announcement(self) -> dict[str, Any]:
        """The last announcement as it is stored."""
        return (await rows(self.bot.database, "announcements"))[-1]


async def audience(bot: Bot, *chats: str, hint: str = "en") -> list[int]:
    """Founders who wrote once."""
    return [await founder(bot.database, chat, hint=hint) for chat in chats]
