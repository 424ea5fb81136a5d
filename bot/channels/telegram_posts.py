"""Single messages as Telegram takes them: texts, and files with a caption, pictures as pictures."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from telegram import Bot, InlineKeyboardMarkup, InputFile, LinkPreviewOptions, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest

from bot.channels.telegram_client import refusal
from bot.channels.telegram_render import Part, sendable, utf16_length
from bot.pacer import Priority
from handlers.messages import Attachment

logger = logging.getLogger(__name__)
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
MAX_CAPTION = 1024
MAX_PHOTO = 10 * 1000 * 1000
_PHOTOS = ("image/jpeg", "image/png", "image/webp")
_PLAINLY = {"markup", "button", "bad_request"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """By which connections messages go, in which order of precedence, and with which options of the API."""

    bot: Bot
    priority: Priority
    options: Mapping[str, Any] = field(default_factory=dict)

    def plainly(self, code: str) -> bool:
        """Tell whether what was refused with this code is tried once more as plain text."""
        return code == "markup" if self.priority == "reply" else code in _PLAINLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message Telegram took; `file_id` is its name for the file, by which it need not be uploaded again."""

    id: str
    file_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file with the text below it; `shown` as a picture where it is one that Telegram shows."""

    file: Attachment
    caption: Part | None = None
    shown: bool = False

    @property
    def picture(self) -> bool:
        """Whether to send it as a picture."""
        return self.shown and self.file.media_type in _PHOTOS and (self.file.size or 0) <= MAX_PHOTO


def as_caption(parts: Sequence[Part]) -> Part | None:
    """Return the text when it is one message that fits below a file."""
    if len(parts) == 1 and utf16_length(parts[0].plain) <= MAX_CAPTION:
        return parts[0]
    return None


async def send_text(way: Way, chat: str, part: Part, buttons: InlineKeyboardMarkup | None) -> Sent:
    """Send a text, as plain text when Telegram does not like it otherwise."""
    options = {"link_preview_options": NO_PREVIEW, **way.options}
    call = partial(way.bot.send_message, chat)
    try:
        sent = await call(part.markup, parse_mode=ParseMode.HTML, reply_markup=buttons, **options)
    except BadRequest as error:
        code = refusal(error)
        if not way.plainly(code):
            raise
        logger.warning("Telegram refused a message (%s); sent as plain text", code)
        sent = await call(part.plain, reply_markup=None if code == "button" else buttons, **options)
    return Sent(id=str(sent.message_id))


async def send_file(way: Way, chat: str, enclosure: Enclosure, buttons: InlineKeyboardMarkup | None) -> Sent:
    """Send a file; a post that is refused as it is goes as a document with plain text."""
    caption = enclosure.caption
    call = partial(_send, way, chat, enclosure.file, reply_markup=buttons)
    try:
        marked = {"caption": caption.markup, "parse_mode": ParseMode.HTML} if caption else {}
        sent = await call(picture=enclosure.picture, **marked)
    except BadRequest as error:
        code = refusal(error)
        if not way.plainly(code) and not (enclosure.shown and code in _PLAINLY):
            raise
        logger.warning("Telegram refused a file (%s); sent as a document with plain text", code)
        sent = await call(picture=False, **({"caption": caption.plain} if caption else {}))
    return Sent(id=str(sent.message_id), file_id=_file_id(sent))


async def _send(way: Way, chat: str, file: Attachment, *, picture: bool, **options: Any) -> Message:
    content: str | InputFile = file.reference or ""
    if file.content is not None:
        content = InputFile(file.content, filename=sendable(file.name))
    call = way.bot.send_photo if picture else way.bot.send_document
    return await call(chat, content, **options, **way.options)


def _file_id(sent: Message) -> str | None:
    if sent.photo:
        return sent.photo[-1].file_id
    found = getattr(sent.effective_attachment, "file_id", None)
    return None if found is None else str(found)
