"""The Bot API methods of the emulator: each checks its parameters as strictly as Telegram."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.telegram_api.markup import MAX_CAPTION, MAX_TEXT, MarkupError, clean, parse_html, utf16_length
from tests.telegram_api.state import BOT, ApiError, Json, Sent, State, Webhook, bad_request

TERMINATED = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
WEBHOOK_SET = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
MAX_DOWNLOAD = 20 * 1000 * 1000
MAX_PHOTO = 10 * 1000 * 1000
ACTIONS = {"typing", "upload_document", "upload_photo", "choose_sticker", "find_location", "record_voice"}


def _json(params: Json, name: str, default: Any = None) -> Any:
    value = params.get(name, default)
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name} JSON object") from None
    return value


def _integer(params: Json, name: str, default: int | None = None) -> int:
    value = params.get(name, default)
    try:
        return int(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise bad_request(f"{name} is not specified or not a number") from None


def _scoped(params: Json) -> str:
    """Where commands are offered: a language for everybody, or a chat."""
    scope = _json(params, "scope", {})
    return str(scope["chat_id"]) if scope.get("type") == "chat" else str(params.get("language_code", ""))


class Methods:
    """One coroutine a method, called with the request's parameters."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._poller: asyncio.Task[Any] | None = None
        self._table: dict[str, Callable[[Json], Awaitable[Any]]] = {
            name.lower(): getattr(self, name)
            for name in dir(type(self))
            if re.match(r"[a-z]+[A-Z]\w*$", name)
        }

    def find(self, name: str) -> Callable[[Json], Awaitable[Any]]:
        """Look a method up without regard to case."""
        try:
            return self._table[name.lower()]
        except KeyError:
            raise ApiError(404, "Not Found: method not found") from None

    # --- the bot itself -------------------------------------------------------------------------

    async def getMe(self, params: Json) -> Json:
        rights = ("can_join_groups", "can_read_all_group_messages", "supports_inline_queries")
        return {
            **BOT,
            **dict.fromkeys(rights, False),
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }

    async def setMyCommands(self, params: Json) -> bool:
        commands = _json(params, "commands", [])
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", ""))):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(str(command.get("description", ""))) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        self.state.commands[_scoped(params)] = commands
        return True

    async def deleteMyCommands(self, params: Json) -> bool:
        self.state.commands.pop(_scoped(params), None)
        return True

    async def getMyCommands(self, params: Json) -> list[Json]:
        return self.state.commands.get(_scoped(params), [])

    # --- receiving ------------------------------------------------------------------------------

    async def getUpdates(self, params: Json) -> list[Json]:
        state = self.state
        if state.webhook:
            raise ApiError(409, WEBHOOK_SET)
        if self._poller and not self._poller.done():
            self._poller.cancel("terminated")
        if (allowed := _json(params, "allowed_updates")) is not None:
            state.allowed_updates = list(allowed) or None
        state.acknowledge(_integer(params, "offset", 0))
        await state.notify()
        limit = min(max(_integer(params, "limit", 100), 1), 100)
        seconds = min(_integer(params, "timeout", 0), state.config.long_poll_max)
        if not state.updates and seconds > 0:
            self._poller = asyncio.create_task(state.wait_for(lambda: bool(state.updates), seconds))
            mine = self._poller
            try:
                await mine
            except asyncio.CancelledError:
                if mine.cancelled():
                    raise ApiError(409, TERMINATED) from None
                mine.cancel()
                raise
        return list(state.updates)[:limit]

    async def setWebhook(self, params: Json) -> bool:
        url, secret = str(params.get("url", "")), str(params.get("secret_token", ""))
        if not url:
            return await self.deleteWebhook(params)
        if not re.match(r"https?://[^/\s]+", url):
            raise bad_request("bad webhook: invalid webhook URL specified")
        if url.startswith("http://") and not re.match(r"http://(127\.|localhost)", url):
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
            raise bad_request("secret token contains unallowed characters")
        if (allowed := _json(params, "allowed_updates")) is not None:
            self.state.allowed_updates = list(allowed) or None
        self._drop_pending(params)
        if self._poller and not self._poller.done():
            self._poller.cancel("webhook")
        connections = _integer(params, "max_connections", 40)
        self.state.webhook = Webhook(url=url, secret=secret, connections=connections)
        await self.state.notify()
        return True

    async def deleteWebhook(self, params: Json) -> bool:
        self._drop_pending(params)
        self.state.webhook = None
        await self.state.notify()
        return True

    def _drop_pending(self, params: Json) -> None:
        if str(params.get("drop_pending_updates", "")).lower() == "true":
            self.state.updates.clear()

    async def getWebhookInfo(self, params: Json) -> Json:
        hook = self.state.webhook
        info: Json = {
            "url": hook.url if hook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self.state.updates),
        }
        if hook and hook.last_error:
            info |= {"last_error_date": hook.last_error_at, "last_error_message": hook.last_error}
        return info

    # --- sending --------------------------------------------------------------------------------

    async def sendMessage(self, params: Json) -> Json:
        chat = self._chat(params)
        text, entities = self._text(params, "text", MAX_TEXT, "message is too long")
        if not text:
            raise bad_request("message text is empty")
        markup = self._markup(params)
        self.state.check_rate(chat)
        return self._accept(chat, text=text, entities=entities, markup=markup)

    async def sendDocument(self, params: Json) -> Json:
        chat = self._chat(params)
        document = self._upload(params, "document")
        caption, entities = self._text(params, "caption", MAX_CAPTION, "message caption is too long")
        markup = self._markup(params)
        self.state.check_rate(chat)
        return self._accept(chat, text=caption, entities=entities, markup=markup, document=document)

    async def sendPhoto(self, params: Json) -> Json:
        chat = self._chat(params)
        document = self._upload(params, "photo")
        if not document["mime_type"].startswith("image/"):
            raise bad_request("IMAGE_PROCESS_FAILED")
        if document["file_size"] > MAX_PHOTO:
            raise bad_request("file is too big")
        caption, entities = self._text(params, "caption", MAX_CAPTION, "message caption is too long")
        markup = self._markup(params)
        self.state.check_rate(chat)
        return self._accept(
            chat, text=caption, entities=entities, markup=markup, document=document, photo=True
        )

    def _upload(self, params: Json, name: str) -> Json:
        """Take an uploaded file, or one that is known by its id."""
        upload = params.get(name)
        if isinstance(upload, str) and upload.startswith("attach://"):
            upload = params.get(upload.removeprefix("attach://"))
        if isinstance(upload, str) and upload in self.state.documents:
            return self.state.documents[upload]
        if not isinstance(upload, tuple):
            raise bad_request(f"there is no {name} in the request")
        filename, media_type, content = upload
        if not content:
            raise bad_request("file must be non-empty")
        file_id, path = self.state.keep_file(content, filename)
        self.state.documents[file_id] = {
            "file_id": file_id,
            "file_unique_id": f"U{file_id}",
            "file_name": filename,
            "mime_type": media_type,
            "file_size": len(content),
            "path": path,
        }
        return self.state.documents[file_id]

    async def sendChatAction(self, params: Json) -> bool:
        self._chat(params)
        if params.get("action") not in ACTIONS:
            raise bad_request("wrong parameter action in request")
        return True

    async def editMessageText(self, params: Json) -> Json:
        sent = self._mine(params, "edit")
        if sent.document:
            raise bad_request("there is no text in the message to edit")
        text, entities = self._text(params, "text", MAX_TEXT, "MESSAGE_TOO_LONG")
        if not text:
            raise bad_request("message text is empty")
        return self._edit(sent, text, entities, self._markup(params))

    async def editMessageCaption(self, params: Json) -> Json:
        sent = self._mine(params, "edit")
        if not sent.document:
            raise bad_request("there is no caption in the message to edit")
        text, entities = self._text(params, "caption", MAX_CAPTION, "MESSAGE_TOO_LONG")
        return self._edit(sent, text, entities, self._markup(params))

    async def editMessageReplyMarkup(self, params: Json) -> Json:
        sent = self._mine(params, "edit")
        return self._edit(sent, sent.text, sent.entities, self._markup(params))

    async def stopMessageLiveLocation(self, params: Json) -> Json:
        self._mine(params, "edit")
        # The bot under test sends no live locations, so there is never one to stop.
        raise bad_request("there is no live location in the message to edit")

    async def deleteMessage(self, params: Json) -> bool:
        sent = self._mine(params, "delete")
        if time.time() - sent.at > self.state.config.deletable:
            raise bad_request("message can't be deleted for everyone")
        sent.deleted = True
        return True

    async def answerCallbackQuery(self, params: Json) -> bool:
        query = self.state.callbacks.get(str(params.get("callback_query_id", "")))
        too_late = query and time.monotonic() - query.at > self.state.config.callback_ttl
        if query is None or query.answers or too_late:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        if len(str(params.get("text", ""))) > 200:
            raise bad_request("MESSAGE_TOO_LONG")
        query.answers.append({k: v for k, v in params.items() if k != "callback_query_id"})
        return True

    async def getFile(self, params: Json) -> Json:
        file_id = str(params.get("file_id", ""))
        number = file_id.removeprefix("FILE").lstrip("0")
        for path, content in self.state.files.items():
            if number and path.startswith(f"documents/{number}_"):
                size = len(content)
                folder = self.state.config.local_files
                if size > MAX_DOWNLOAD and folder is None:
                    raise bad_request("file is too big")
                if folder is not None:
                    local = folder / path.replace("/", "_")
                    local.write_bytes(content)
                    path = str(local)
                return {
                    "file_id": file_id,
                    "file_unique_id": f"U{file_id}",
                    "file_size": size,
                    "file_path": path,
                }
        raise bad_request("invalid file_id")

    # --- checks ---------------------------------------------------------------------------------

    def _chat(self, params: Json) -> int:
        if "chat_id" not in params or params["chat_id"] == "":
            raise bad_request("chat_id is empty")
        chat = _integer(params, "chat_id")
        if chat in self.state.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if chat not in self.state.chats:
            raise bad_request("chat not found")
        return chat

    def _text(self, params: Json, name: str, limit: int, too_long: str) -> tuple[str, list[Json]]:
        text, mode = str(params.get(name, "")), str(params.get("parse_mode", "")).lower()
        entities: list[Json] = []
        try:
            text.encode()
        except UnicodeEncodeError:
            raise bad_request("strings must be encoded in UTF-8") from None
        if mode == "html":
            try:
                text, entities = parse_html(text)
            except MarkupError as error:
                raise bad_request(f"can't parse entities: {error}") from None
        elif mode:
            raise bad_request("unsupported parse_mode")
        text = clean(text)
        if utf16_length(text) > limit:
            raise bad_request(too_long)
        return text, entities

    def _markup(self, params: Json) -> Json | None:
        markup = _json(params, "reply_markup")
        if markup is None or not isinstance(markup, dict):
            return None
        for row in markup.get("inline_keyboard", []):
            for button in row:
                self._check_button(button)
        return markup

    def _check_button(self, button: Json) -> None:
        if not str(button.get("text", "")).strip():
            raise bad_request('can\'t parse inline keyboard button: field "text" must be non-empty')
        kinds = [k for k in button if k not in {"text", "style", "icon_custom_emoji_id"}]
        if len(kinds) != 1:
            raise bad_request("can't parse inline keyboard button: exactly one action is allowed")
        if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= 64:
            raise bad_request("BUTTON_DATA_INVALID")
        if "url" in button and not re.match(r"(https?://[^/\s]+\.?|tg://)\S*$", str(button["url"])):
            raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: wrong HTTP URL")

    def _mine(self, params: Json, verb: str) -> Sent:
        key = self._chat(params), _integer(params, "message_id")
        sent = self.state.by_id.get(key)
        if verb == "edit" and key in self.state.theirs:
            raise bad_request("message can't be edited")
        if sent is None or sent.deleted:
            raise bad_request(f"message to {verb} not found")
        return sent

    # --- acceptance -----------------------------------------------------------------------------

    def _accept(self, chat: int, **content: Any) -> Json:
        number = self.state.next_message_id(chat)
        sent = Sent(message_id=number, chat=chat, at=time.time(), **content)
        self.state.sent.append(sent)
        self.state.by_id[chat, number] = sent
        return self.message(sent)

    def _edit(self, sent: Sent, text: str, entities: list[Json], markup: Json | None) -> Json:
        now = (text, entities, (markup or {}).get("inline_keyboard") or None)
        if now == (sent.text, sent.entities, (sent.markup or {}).get("inline_keyboard") or None):
            raise bad_request(NOT_MODIFIED)
        sent.text, sent.entities, sent.markup = text, entities, markup
        sent.edits += 1
        return self.message(sent) | {"edit_date": int(time.time())}

    def message(self, sent: Sent) -> Json:
        """Return a message of the bot in Telegram's own shape."""
        body: Json = {
            "message_id": sent.message_id,
            "from": BOT,
            "chat": self.state.chats[sent.chat],
            "date": int(sent.at),
        }
        if sent.photo and sent.document:
            sizes = {k: sent.document[k] for k in ("file_id", "file_unique_id", "file_size")}
            body["photo"] = [{**sizes, "width": 90, "height": 60}]
        elif sent.document:
            body["document"] = {k: v for k, v in sent.document.items() if k != "path"}
        name = "caption" if sent.document else "text"
        body |= {name: sent.text} if sent.text else {}
        body |= {"entities" if name == "text" else "caption_entities": sent.entities} if sent.entities else {}
        body |= {"reply_markup": sent.markup} if sent.markup and sent.markup.get("inline_keyboard") else {}
        return body
