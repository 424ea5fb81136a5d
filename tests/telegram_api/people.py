"""The people on the other side: what they type, press and send becomes updates for the bot."""

from __future__ import annotations

import time
from typing import Any

from tests.telegram_api.markup import MAX_TEXT, utf16_length
from tests.telegram_api.state import BOT, CallbackQuery, Json, Sent, State


class People:
    """Every method is one act of one person; it returns the update id or what the act produced."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._names: dict[int, Json] = {}

    def join(
        self, user: int, name: str = "", username: str | None = None, language: str | None = "en"
    ) -> None:
        """Make a person known, so that the bot may write to them."""
        person: Json = {"id": user, "is_bot": False, "first_name": name or f"Founder {user}"}
        person |= {"username": username} if username else {}
        person |= {"language_code": language} if language else {}
        self.state.users[user] = person
        self.state.chats[user] = {
            "id": user,
            "type": "private",
            **{k: v for k, v in person.items() if k in {"first_name", "username"}},
        }

    def crowd(self, first: int, count: int) -> None:
        """Make many people known, with numbers one after the other."""
        for user in range(first, first + count):
            self.join(user)

    def group(self, chat: int, title: str = "Founders", kind: str = "supergroup") -> None:
        """Make a group or channel known; its id is negative."""
        self.state.chats[chat] = {"id": chat, "type": kind, "title": title}

    def _message(self, user: int, chat: int | None, content: Json) -> Json:
        if user not in self.state.users:
            self.join(user)
        where = user if chat is None else chat
        number = self.state.next_message_id(where)
        self.state.theirs.add((where, number))
        return {
            "message_id": number,
            "from": self.state.users[user],
            "chat": self.state.chats[where],
            "date": int(time.time()),
            **content,
        }

    async def say(self, user: int, text: str, chat: int | None = None, reply_to: int | None = None) -> int:
        """Type one message; a leading /command is marked as Telegram marks it."""
        content: Json = {"text": text}
        if text.startswith("/"):
            length = utf16_length(text.split(maxsplit=1)[0])
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        elif (at := text.find(f"@{BOT['username']}")) >= 0:
            length = len(str(BOT["username"])) + 1
            content["entities"] = [{"type": "mention", "offset": utf16_length(text[:at]), "length": length}]
        if reply_to is not None:
            where = user if chat is None else chat
            content["reply_to_message"] = {
                "message_id": reply_to,
                "date": 1,
                "chat": self.state.chats[where],
                "from": BOT,
                "text": "an earlier message",
            }
        return await self.state.push("message", self._message(user, chat, content))

    async def paste(self, user: int, text: str) -> list[int]:
        """Paste a long text: the app cuts it at the length limit and sends the pieces at once."""
        return [await self.say(user, text[at : at + MAX_TEXT]) for at in range(0, len(text), MAX_TEXT)]

    async def send(self, user: int, kind: str, chat: int | None = None, **content: Any) -> int:
        """Send a thing that is not text: sticker, photo, voice, video, location, contact, poll …"""
        body = {**_THINGS.get(kind, {}), **content} if kind in _THINGS else content
        return await self.state.push("message", self._message(user, chat, body))

    async def send_file(self, user: int, name: str, content: bytes, media_type: str = "text/plain") -> int:
        """Send a document whose bytes the bot can download."""
        file_id, _ = self.state.keep_file(content, name)
        document = {
            "file_id": file_id,
            "file_unique_id": f"U{file_id}",
            "file_name": name,
            "mime_type": media_type,
            "file_size": len(content),
        }
        return await self.state.push("message", self._message(user, None, {"document": document}))

    async def edit(self, user: int, message_id: int, text: str) -> int:
        """Change an earlier message of one's own."""
        message = self._message(user, None, {"text": text, "edit_date": int(time.time())})
        return await self.state.push("edited_message", message | {"message_id": message_id})

    async def channel_post(self, chat: int, text: str) -> int:
        """Publish in a channel that the bot is in."""
        post = {
            "message_id": self.state.next_message_id(chat),
            "chat": self.state.chats[chat],
            "date": int(time.time()),
            "text": text,
        }
        return await self.state.push("channel_post", post)

    async def press(
        self, user: int, label: str | None = None, *, data: str | None = None, forged: bool = False
    ) -> str:
        """Press the newest button with this label or payload (or a forged payload); return the press's id."""
        sent, payload = self._button(user, label, data, forged)
        query_id = f"{user}{len(self.state.callbacks):09d}"
        self.state.callbacks[query_id] = CallbackQuery(chat=user, at=time.monotonic())
        message: Json = {"message_id": 1, "date": 0, "chat": self.state.chats[user]}
        if sent:
            message = {
                "message_id": sent.message_id,
                "from": BOT,
                "chat": self.state.chats[user],
                "date": int(sent.at),
                "text": sent.text or "document",
                "reply_markup": sent.markup,
            }
        query = {
            "id": query_id,
            "from": self.state.users[user],
            "chat_instance": str(user),
            "data": payload,
            "message": message,
        }
        await self.state.push("callback_query", query)
        return query_id

    def _button(
        self, user: int, label: str | None, data: str | None, forged: bool
    ) -> tuple[Sent | None, str]:
        mine = [s for s in self.state.sent if s.chat == user and not s.deleted]
        for sent in reversed(mine):
            for button in sent.buttons():
                payload = button.get("callback_data")
                if (
                    payload
                    and (label is None or button["text"] == label)
                    and (data is None or payload == data)
                ):
                    return sent, payload
        if forged and data is not None:
            return (mine[-1] if mine else None), data
        raise LookupError(f"no button {label or data!r} in chat {user}")

    async def block(self, user: int) -> int:
        """Block the bot: it is told, and every message to this chat is refused from now on."""
        self.state.blocked.add(user)
        return await self._membership(user, user, "member", "kicked")

    async def unblock(self, user: int) -> int:
        """Let the bot write again."""
        self.state.blocked.discard(user)
        return await self._membership(user, user, "kicked", "member")

    async def invite(self, user: int, chat: int, before: str = "left", after: str = "member") -> int:
        """Add the bot to a group, or change what it may do there."""
        return await self._membership(user, chat, before, after)

    async def remove(self, user: int, chat: int) -> int:
        """Throw the bot out of a group: every message to it is refused from now on."""
        self.state.blocked.add(chat)
        return await self._membership(user, chat, "member", "kicked")

    async def _membership(self, user: int, chat: int, before: str, after: str) -> int:
        if user not in self.state.users:
            self.join(user)

        def status(word: str) -> Json:
            return {"user": BOT, "status": word, **_MEMBERSHIPS.get(word, {})}

        change = {
            "chat": self.state.chats[chat],
            "from": self.state.users[user],
            "date": int(time.time()),
            "old_chat_member": status(before),
            "new_chat_member": status(after),
        }
        return await self.state.push("my_chat_member", change)

    async def malformed(self, user: int, text: str = "hello") -> int:
        """Send an update that lacks a required field, as a newer Bot API might."""
        message = self._message(user, None, {"text": text})
        del message["date"], message["message_id"]
        return await self.state.push("message", message)


_MEMBERSHIPS: dict[str, Json] = {
    "kicked": {"until_date": 0},
    "administrator": dict.fromkeys(
        (
            *("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_invite_users"),
            *("can_manage_video_chats", "can_restrict_members", "can_promote_members", "can_change_info"),
            *("can_post_stories", "can_edit_stories", "can_delete_stories"),
        ),
        True,
    ),
    "restricted": {
        **dict.fromkeys(
            (
                *("is_member", "can_change_info", "can_invite_users", "can_pin_messages", "can_edit_tag"),
                *("can_send_messages", "can_send_polls", "can_send_other_messages", "can_manage_topics"),
                *("can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos"),
                *("can_send_video_notes", "can_send_voice_notes", "can_add_web_page_previews"),
                "can_react_to_messages",
            ),
            True,
        ),
        "until_date": 0,
    },
}
_PHOTO = {"file_id": "PHOTO1", "file_unique_id": "UPHOTO1", "width": 90, "height": 60, "file_size": 1200}
_THINGS: dict[str, Json] = {
    "sticker": {
        "sticker": {
            "file_id": "STICKER1",
            "file_unique_id": "USTICKER1",
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": "👋",
        }
    },
    "photo": {"photo": [_PHOTO]},
    "voice": {"voice": {"file_id": "VOICE1", "file_unique_id": "UVOICE1", "duration": 3}},
    "audio": {"audio": {"file_id": "AUDIO1", "file_unique_id": "UAUDIO1", "duration": 3}},
    "video": {
        "video": {"file_id": "VIDEO1", "file_unique_id": "UVIDEO1", "width": 9, "height": 6, "duration": 3}
    },
    "location": {"location": {"latitude": 31.2, "longitude": 121.5}},
    "contact": {"contact": {"phone_number": "1000000", "first_name": "Someone"}},
    "dice": {"dice": {"emoji": "🎲", "value": 4}},
}
