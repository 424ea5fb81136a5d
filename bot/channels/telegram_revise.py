"""Changes to messages that were sent: new text, other buttons, or nothing left of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from telegram import Bot, InlineKeyboardMarkup
from telegram.constants import ParseMode
from telegram.error import BadRequest

from bot.channels.telegram_client import refusal
from bot.channels.telegram_posts import NO_PREVIEW, as_caption
from bot.channels.telegram_render import Part, keyboard, render
from handlers.messages import Reply

_Call = Callable[[], Awaitable[Any]]
IMPOSSIBLE = {"not_editable", "not_deletable"}
"""Refusals that say that Telegram does not let a message be changed any more."""
DONE = {"not_modified", "gone"}
"""Refusals that say that it is as it was to become."""


async def edit_text(
    bot: Bot, chat: str, number: int, part: Part | None, buttons: InlineKeyboardMarkup | None
) -> None:
    """Give a message another text, or without one only other buttons."""
    if part is None:
        await bot.edit_message_reply_markup(chat, number, reply_markup=buttons)
        return
    call = partial(
        bot.edit_message_text,
        chat_id=chat,
        message_id=number,
        reply_markup=buttons,
        link_preview_options=NO_PREVIEW,
    )
    try:
        await call(part.markup, parse_mode=ParseMode.HTML)
    except BadRequest as error:
        if refusal(error) != "markup":
            raise
        await call(part.plain)


def deletions(bot: Bot, chat: str, ids: Sequence[str]) -> list[_Call]:
    """List the calls that delete messages."""
    return [partial(bot.delete_message, chat, int(number)) for number in ids]


def edits(bot: Bot, chat: str, ids: Sequence[str], reply: Reply) -> list[_Call] | None:
    """List the calls after which an announcement's messages say this; None when it does not fit them."""
    parts, buttons = render(reply), keyboard(reply.buttons)
    files = len(reply.attachments)
    if files and len(ids) == files:
        part = as_caption(parts)
        if part is None:
            return None
        call = partial(bot.edit_message_caption, chat, int(ids[0]), reply_markup=buttons)
        return [partial(call, caption=part.markup, parse_mode=ParseMode.HTML)]
    texts = ids[files:]
    if len(parts) > len(texts):
        return None
    calls: list[_Call] = []
    for place, (part, number) in enumerate(zip(parts, texts, strict=False), start=1):
        below = buttons if place == len(parts) else None
        calls.append(partial(edit_text, bot, chat, int(number), part, below))
    return [*calls, *deletions(bot, chat, texts[len(parts) :])]
