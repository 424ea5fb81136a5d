"""From Telegram's updates to our words; pure functions, one update at a time.

Each update is parsed by itself, so that one the library cannot read harms nobody else.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from telegram import CallbackQuery, Chat, ChatMember, ChatMemberUpdated, Message, Update, User

from bot.channels.base import RawUpdate, Reachability, UnreadableUpdate
from handlers.messages import Attachment, IncomingMessage

CHANNEL = "telegram"
_LARGEST_ID = 2**63 - 1
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@(\w+))?(?:\s+(.*))?\s*", re.DOTALL)
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_WITH_FILE = ("animation", "audio", "document", "photo", "sticker", "video", "video_note", "voice")
_WITHOUT_FILE = (
    "checklist",
    "contact",
    "dice",
    "game",
    "giveaway",
    "invoice",
    "location",
    "paid_media",
    "poll",
    "story",
    "venue",
)


def raw_update(update: Any) -> RawUpdate | None:
    """Wrap one decoded update for the inbox; None when it has no usable id."""
    number = update.get("update_id") if isinstance(update, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= _LARGEST_ID:
        return None
    # ASCII escapes keep broken surrogates storable: what arrived is kept as it is.
    return RawUpdate(update_id=number, chat=chat_of(update), payload=json.dumps(update))


def chat_of(update: dict[str, Any]) -> str:
    """Find the chat of an update without parsing it, "" when there is none: the key of its queue."""
    for name, content in update.items():
        if name == "update_id" or not isinstance(content, dict):
            continue
        message = content.get("message")
        for holder in (message, content):
            if isinstance(holder, dict) and isinstance(chat := holder.get("chat"), dict):
                return _id_text(chat.get("id"))
        if isinstance(sender := content.get("from"), dict):
            return _id_text(sender.get("id"))
    return ""


def _id_text(value: object) -> str:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def number_of(payload: str) -> int | None:
    """Find the number of what somebody wrote in a private chat, without parsing the update."""
    message = json.loads(payload).get("message")
    if not isinstance(message, dict) or chat_of({"message": message}).startswith("-"):
        return None
    number = message.get("message_id")
    return number if isinstance(number, int) else None


def parse(payload: str, bot_id: int, username: str | None = None) -> IncomingMessage | Reachability | None:
    """Turn a stored update into what it says, None when that is nothing for us; UnreadableUpdate else."""
    try:
        decoded = json.loads(payload)
        if raw_update(decoded) is None:
            raise TypeError("not an update")
        update = Update.de_json(decoded, None)
        if update.callback_query:
            return _press(update.callback_query)
        if update.edited_message:
            return _edit(update.edited_message)
        if update.my_chat_member:
            return _membership(update.my_chat_member, update.update_id)
        if update.message:
            return _message(update.message, bot_id, username)
    except Exception as error:
        # The library checks little: a wrong field surfaces as any exception, here or on first use.
        raise UnreadableUpdate(f"telegram_{type(error).__name__}") from None
    return None


def _press(query: CallbackQuery) -> IncomingMessage:
    chat = query.message.chat.id if query.message else query.from_user.id
    return IncomingMessage(
        **_who(query.from_user, chat),
        external_id=str(query.id),
        kind="button",
        received_at=datetime.now(UTC),
        button=_clean(query.data or ""),
        button_message=str(query.message.message_id) if query.message else None,
    )


def _membership(change: ChatMemberUpdated, number: int) -> IncomingMessage | Reachability:
    """Who blocks or unblocks the bot is noted; who adds it to a group is told that it answers in private."""
    was_in, is_in = _is_in(change.old_chat_member), _is_in(change.new_chat_member)
    who = _who(change.from_user, change.chat.id)
    welcome = is_in and not was_in and change.chat.type in (Chat.GROUP, Chat.SUPERGROUP)
    if welcome and not change.from_user.is_bot:
        return IncomingMessage(
            **who,
            external_id=f"added-{number}",
            kind="unsupported",
            unsupported="group",
            received_at=change.date,
        )
    return Reachability(chat=who["chat"], blocked_at=None if is_in else change.date)


def _is_in(member: ChatMember) -> bool:
    if member.status == ChatMember.RESTRICTED:
        return bool(getattr(member, "is_member", True))
    return member.status not in (ChatMember.LEFT, ChatMember.BANNED)


def _edit(message: Message) -> IncomingMessage | None:
    text = message.text or message.caption
    if message.chat.type != Chat.PRIVATE or message.from_user is None or not text:
        return None
    return _incoming(message, message.from_user, kind="edited", text=_clean(text))


def _message(message: Message, bot_id: int, username: str | None) -> IncomingMessage | None:
    sender = message.from_user
    if sender is None or sender.is_bot:
        return None
    if message.chat.type != Chat.PRIVATE:
        if not _addressed(message, bot_id, username):
            return None
        return _incoming(message, sender, kind="unsupported", unsupported="group")
    if message.text:
        return _text(message, sender, _clean(message.text))
    return _thing(message, sender)


def _text(message: Message, sender: User, text: str) -> IncomingMessage:
    if found := _COMMAND.fullmatch(text):
        name, _, rest = found.groups()
        words = {"command": name.lower(), "arguments": (rest or "").strip()}
        return _incoming(message, sender, kind="command", text=text, **words)
    return _incoming(message, sender, kind="text", text=text)


def _thing(message: Message, sender: User) -> IncomingMessage | None:
    caption = _clean(message.caption or "")
    for name in _WITH_FILE:
        if content := getattr(message, name):
            file = _attachment(name, content[-1] if name == "photo" else content)
            kind = "file" if name == "document" else "unsupported"
            what = {"kind": kind, "unsupported": name, "attachments": (file,)}
            return _incoming(message, sender, text=caption, **what)
    unknown = next(iter(message.api_kwargs), None)
    known = next((name for name in _WITHOUT_FILE if getattr(message, name, None)), None)
    if known or unknown:
        return _incoming(message, sender, kind="unsupported", unsupported=known or "message", text=caption)
    return None


def _attachment(kind: str, content: Any) -> Attachment:
    return Attachment(
        name=_clean(getattr(content, "file_name", None) or kind),
        media_type=_clean(getattr(content, "mime_type", None) or "application/octet-stream"),
        size=content.file_size,
        reference=content.file_id,
    )


def _addressed(message: Message, bot_id: int, username: str | None) -> bool:
    """Whether somebody in a group means the bot: by reply, by mention, or by /command@name."""
    replied = message.reply_to_message
    if replied and replied.from_user and replied.from_user.id == bot_id:
        return True
    for entity in message.entities:
        if entity.user and entity.user.id == bot_id:
            return True
    text = (message.text or message.caption or "").lower()
    return bool(username) and re.search(rf"@{re.escape(str(username).lower())}(?!\w)", text) is not None


def _incoming(message: Message, sender: User, **content: Any) -> IncomingMessage:
    replied = message.reply_to_message
    return IncomingMessage(
        **_who(sender, message.chat.id),
        external_id=str(message.message_id),
        received_at=message.edit_date or message.date,
        reply_to=str(replied.message_id) if replied else None,
        **content,
    )


def _who(sender: User, chat: int) -> dict[str, Any]:
    if not isinstance(chat, int) or not isinstance(sender.id, int):
        raise TypeError("an id that is not a number")
    return {
        "channel": CHANNEL,
        "chat": str(chat),
        "sender": str(sender.id),
        "sender_name": _clean(sender.full_name),
        "username": _clean(sender.username) if sender.username else None,
        "language_hint": _clean(sender.language_code) if sender.language_code else None,
    }


def _clean(text: str) -> str:
    """Replace only what no database stores: half surrogates and NUL; all else stays as it was typed."""
    return _NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)
