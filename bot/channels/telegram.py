"""Telegram: receives by polling or webhook, sends rendered replies; the library is used for calls only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from telegram import BotCommand, InlineKeyboardMarkup, InputFile, LinkPreviewOptions, User
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError

from bot.channels.base import PRESS, DeliveryError, Inbox, SendResult
from bot.channels.telegram_client import (
    Backoff,
    TelegramConfig,
    TelegramSetupError,
    connect,
    delivery_error,
    refusal,
    retry_seconds,
    token_refused,
    trouble,
    unless_stopped,
)
from bot.channels.telegram_files import fetch
from bot.channels.telegram_parse import CHANNEL, parse
from bot.channels.telegram_polling import ALLOWED_UPDATES, Poller
from bot.channels.telegram_render import MAX_TOAST, Part, keyboard, render, sendable
from bot.channels.telegram_webhook import WebhookServer
from handlers.messages import Attachment, IncomingMessage, Reply

logger = logging.getLogger(__name__)
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_Step = Callable[[InlineKeyboardMarkup | None], Coroutine[Any, Any, str]]


class TelegramChannel:
    """One bot on one Bot API server; `send` and `parse` work before and beside `run`."""

    name = CHANNEL

    def __init__(self, config: TelegramConfig) -> None:
        self._config = config
        self._connection = connect(config)
        self._bot = self._connection.bot
        self._bot_id = int(config.token.partition(":")[0])
        self._username: str | None = None

    def parse(self, payload: str) -> IncomingMessage | None:
        """Turn a stored update into a message; None when there is nothing to answer."""
        return parse(payload, self._bot_id, self._username)

    async def close(self) -> None:
        """Close the connections; the last thing to do, after delivery has stopped."""
        await self._connection.close()

    # --- sending ----------------------------------------------------------------------------------

    async def send(self, chat: str, reply: Reply, *, skip: int = 0) -> SendResult:
        """Send a reply as one or more messages, leaving out the first `skip`; raises DeliveryError."""
        steps = self._steps(chat, reply)
        press = reply.extra.get(PRESS)
        if press is None or skip:
            return await self._send_all(steps, reply, skip)
        if not steps:
            await self._answer_press(press, reply.toast)
            return SendResult()
        # At the same time: the spinner on the button should not wait for the message, nor it for that.
        answering = asyncio.create_task(self._try_to_answer_press(press, reply.toast))
        try:
            return await self._send_all(steps, reply, skip)
        finally:
            await answering

    async def _send_all(self, steps: list[_Step], reply: Reply, skip: int) -> SendResult:
        buttons = keyboard(reply.buttons)
        ids: list[str] = []
        for number, step in enumerate(steps):
            if number < skip:
                continue
            try:
                ids.append(await step(buttons if number == len(steps) - 1 else None))
            except TelegramError as error:
                raise delivery_error(error, number) from None
        return SendResult(external_ids=tuple(ids))

    def _steps(self, chat: str, reply: Reply) -> list[_Step]:
        """List what is to be sent: text first, then files; an edit takes the place of the first text."""
        parts = render(reply)
        steps: list[_Step] = [partial(self._message, chat, part) for part in parts]
        if reply.edits:
            first = partial(self._edit, chat, reply.edits, parts[0] if parts else None)
            steps = [first, *steps[1:]]
        return [*steps, *(partial(self._document, chat, file) for file in reply.attachments)]

    async def _message(self, chat: str, part: Part, buttons: InlineKeyboardMarkup | None) -> str:
        call = partial(self._bot.send_message, chat, reply_markup=buttons, link_preview_options=_NO_PREVIEW)
        try:
            sent = await call(part.markup, parse_mode=ParseMode.HTML)
        except BadRequest as error:
            if refusal(error) != "markup":
                raise
            logger.warning("Telegram refused the markup of a reply; sent as plain text")
            sent = await call(part.plain)
        return str(sent.message_id)

    async def _edit(
        self, chat: str, message_id: str, part: Part | None, buttons: InlineKeyboardMarkup | None
    ) -> str:
        try:
            await self._change(chat, int(message_id), part, buttons)
        except (BadRequest, ValueError) as error:
            code = refusal(error) if isinstance(error, BadRequest) else "not_editable"
            if code == "not_editable" and part is not None:
                return await self._message(chat, part, buttons)
            if code not in {"not_modified", "not_editable"}:
                raise
        return message_id

    async def _change(
        self, chat: str, number: int, part: Part | None, buttons: InlineKeyboardMarkup | None
    ) -> None:
        if part is None:
            await self._bot.edit_message_reply_markup(chat, number, reply_markup=buttons)
            return
        call = partial(
            self._bot.edit_message_text,
            chat_id=chat,
            message_id=number,
            reply_markup=buttons,
            link_preview_options=_NO_PREVIEW,
        )
        try:
            await call(part.markup, parse_mode=ParseMode.HTML)
        except BadRequest as error:
            if refusal(error) != "markup":
                raise
            await call(part.plain)

    async def _document(self, chat: str, file: Attachment, buttons: InlineKeyboardMarkup | None) -> str:
        document: str | InputFile = file.reference or ""
        if file.content is not None:
            document = InputFile(file.content, filename=sendable(file.name))
        sent = await self._bot.send_document(chat, document, reply_markup=buttons)
        return str(sent.message_id)

    async def _answer_press(self, press: str, toast: str | None) -> None:
        try:
            await self._bot.answer_callback_query(press, sendable(toast)[:MAX_TOAST] if toast else None)
        except BadRequest:
            logger.debug("a press was answered already or is too old")
        except TelegramError as error:
            raise delivery_error(error) from None

    async def _try_to_answer_press(self, press: str, toast: str | None) -> None:
        with contextlib.suppress(DeliveryError):
            await self._answer_press(press, toast)

    async def typing(self, chat: str) -> None:
        """Show that the bot is writing; errors are of no consequence."""
        try:
            await self._bot.send_chat_action(chat, ChatAction.TYPING)
        except TelegramError as error:
            logger.debug("no typing indicator (%s)", trouble(error))

    async def fetch(self, reference: str, limit: int) -> bytes:
        """Get a file that a founder sent, at most `limit` bytes; raises FetchError."""
        return await fetch(self._bot, self._config, reference, limit)

    def deep_link(self, payload: str) -> str | None:
        """An address that opens this bot with "/start <payload>"; None until Telegram told our name."""
        return f"https://t.me/{self._username}?start={payload}" if self._username else None

    # --- receiving --------------------------------------------------------------------------------

    async def run(self, inbox: Inbox, stop: asyncio.Event) -> None:
        """Receive until `stop`; TelegramSetupError when the token or the webhook cannot work."""
        me = await self._persist(self._bot.get_me, stop)
        if me is None:
            return
        self._username = me.username
        if self._config.webhook_url:
            await self._listen(inbox, stop)
            return
        drop = partial(self._bot.delete_webhook, drop_pending_updates=False)
        if await self._persist(drop, stop) is not None:
            # Founders wait for answers, nobody for the menu.
            announcing = asyncio.create_task(self._announce_commands())
            logger.info("polling Telegram as @%s", self._username)
            try:
                await Poller(self._connection, inbox).run(stop)
            finally:
                announcing.cancel()

    async def _listen(self, inbox: Inbox, stop: asyncio.Event) -> None:
        server = WebhookServer(self._config, inbox)
        await server.start()
        ends = [asyncio.create_task(server.failed()), asyncio.create_task(stop.wait())]
        try:
            if await self._persist(self._set_webhook, stop) is not None:
                await self._announce_commands()
                logger.info("listening on %s for Telegram", self._config.webhook_listen)
                done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in ends:
                task.cancel()
            await server.stop()

    async def _set_webhook(self) -> bool:
        try:
            return await self._bot.set_webhook(
                self._config.webhook_url,
                secret_token=self._config.webhook_secret,
                allowed_updates=ALLOWED_UPDATES,
                drop_pending_updates=False,
            )
        except BadRequest as error:
            raise TelegramSetupError(
                f"Telegram does not accept BOT_TELEGRAM_WEBHOOK_URL or its secret: {error}"
            ) from None

    async def _persist(self, call: Callable[[], Coroutine[Any, Any, Any]], stop: asyncio.Event) -> Any:
        """Repeat a call until Telegram answers; None when the program stops first."""
        backoff = Backoff(stop)
        while not stop.is_set():
            try:
                return await unless_stopped(call(), stop)
            except InvalidToken:
                raise token_refused() from None
            except TelegramError as error:
                wait = retry_seconds(error) if isinstance(error, RetryAfter) else 0.0
                logger.warning("Telegram does not answer (%s); trying again", trouble(error))
                await backoff.pause(wait)
        return None

    async def _announce_commands(self) -> None:
        """Set the command menu: the first language for everybody, each language for its speakers."""
        for number, (language, hints) in enumerate(self._config.commands.items()):
            menu = [BotCommand(command, hint) for command, hint in hints.items()]
            for code in (None, language) if number == 0 else (language,):
                try:
                    await self._bot.set_my_commands(menu, language_code=code)
                except TelegramError as error:
                    logger.warning("the command menu was not set (%s)", trouble(error))
                    return


async def check_token(config: TelegramConfig) -> User:
    """Ask Telegram who the token belongs to; TelegramSetupError when it is refused, DeliveryError else."""
    connection = connect(config)
    try:
        return await connection.bot.get_me()
    except InvalidToken:
        raise token_refused() from None
    except TelegramError as error:
        raise delivery_error(error) from None
    finally:
        await connection.close()
