"""Telegram: receives by polling or webhook, sends rendered replies; the library is used for calls only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

from telegram import BotCommand, BotCommandScopeChat, User
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError

from bot.channels.base import Inbox, Permit, Reachability, SendResult
from bot.channels.telegram_client import (
    Backoff,
    TelegramConfig,
    TelegramSetupError,
    connect,
    delivery_error,
    retry_seconds,
    token_refused,
    trouble,
    unless_stopped,
)
from bot.channels.telegram_files import fetch
from bot.channels.telegram_parse import CHANNEL, number_of, parse
from bot.channels.telegram_polling import ALLOWED_UPDATES, Poller
from bot.channels.telegram_send import TelegramSender
from bot.channels.telegram_webhook import WebhookServer
from bot.pacer import Pacer
from handlers.messages import IncomingMessage, Reply

logger = logging.getLogger(__name__)


class TelegramChannel:
    """One bot on one Bot API server; `send` and `parse` work before and beside `run`."""

    name = CHANNEL

    def __init__(self, config: TelegramConfig) -> None:
        self._config = config
        self._connection = connect(config)
        self._bot = self._connection.bot
        self.pacer = Pacer(config.rate)
        self._sender = TelegramSender(self._connection, self.pacer)
        self._bot_id = int(config.token.partition(":")[0])
        self._username: str | None = None

    def parse(self, payload: str) -> IncomingMessage | Reachability | None:
        """Turn a stored update into a message; None when there is nothing to answer."""
        return parse(payload, self._bot_id, self._username)

    async def close(self) -> None:
        """Close the connections; the last thing to do, after delivery has stopped."""
        await self._connection.close()

    # --- sending ----------------------------------------------------------------------------------

    async def send(self, chat: str, reply: Reply, *, skip: int = 0) -> SendResult:
        """Send a reply as one or more messages, leaving out the first `skip`; raises DeliveryError."""
        return await self._sender.send(chat, reply, skip)

    async def announce(self, chat: str, reply: Reply, permit: Permit) -> SendResult | None:
        """Send an announcement after all replies, once `permit` agrees; raises DeliveryError."""
        return await self._sender.announce(chat, reply, permit)

    async def revise(self, chat: str, ids: Sequence[str], reply: Reply | None) -> bool:
        """Edit or delete an announcement; raises DeliveryError."""
        return await self._sender.revise(chat, ids, reply)

    def messages_of(self, chat: str, reply: Reply) -> int:
        """Count the messages a reply becomes; see Recognizer."""
        return self._sender.messages_of(chat, reply)

    def number_of(self, payload: str) -> int | None:
        """Return the number of the message in a stored update; see Recognizer."""
        return number_of(payload)

    async def owns(self, chat: str, number: int) -> bool:
        """Tell whether this bot has a message of that number in a chat; see Recognizer."""
        return await self._sender.owns(chat, number)

    async def shows(self, chat: str, number: int, reply: Reply, place: int) -> bool:
        """Tell whether a message is this part of a reply; see Recognizer."""
        return await self._sender.shows(chat, number, reply, place)

    async def typing(self, chat: str) -> None:
        """Show that the bot is writing; errors are of no consequence."""
        await self._sender.typing(chat)

    async def fetch(self, reference: str, limit: int) -> bytes:
        """Get a file that a founder sent, at most `limit` bytes; raises FetchError."""
        return await fetch(self._bot, self._config, reference, limit)

    def deep_link(self, payload: str) -> str | None:
        """An address that opens this bot with "/start <payload>"; None until Telegram told our name."""
        return f"https://t.me/{self._username}?start={payload}" if self._username else None

    async def set_menu(self, chat: str, menu: Mapping[str, str]) -> None:
        """Offer these commands in one chat; without any, those of everybody. Raises DeliveryError."""
        scope = BotCommandScopeChat(chat)
        commands = [BotCommand(command, hint) for command, hint in menu.items()]
        try:
            if commands:
                await self._bot.set_my_commands(commands, scope=scope)
            else:
                await self._bot.delete_my_commands(scope=scope)
        except TelegramError as error:
            raise delivery_error(error) from None

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
