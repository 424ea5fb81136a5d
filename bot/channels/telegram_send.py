"""Sends replies and announcements to Telegram, every message in a slot of the bot's pacer.

New messages and edits take a slot, since Telegram answers 429 to both; edits leave the chat's own second
alone, which is about messages that ring. Answers to presses and signs of typing are free.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

from telegram import InlineKeyboardMarkup
from telegram.constants import ChatAction
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.channels.base import (
    PRESS,
    DeliveryError,
    DeliveryRefused,
    Permit,
    RetryLater,
    SendResult,
    Unrecognizable,
)
from bot.channels.telegram_client import Connection, delivery_error, refusal, retry_seconds, trouble
from bot.channels.telegram_posts import Enclosure, Sent, Way, as_caption, send_file, send_text
from bot.channels.telegram_render import MAX_TOAST, Part, keyboard, render, sendable
from bot.channels.telegram_revise import DONE, IMPOSSIBLE, deletions, edit_text, edits
from bot.lookahead import Lookahead
from bot.pacer import Dismissed, Pacer
from handlers.messages import AS_POST, Reply

logger = logging.getLogger(__name__)
FREE_RATE = 30
"""What Telegram takes a second without payment."""

_JITTER = 0.5
_HOLDS = 1.0
"""Seconds for which a permit holds: whatever pauses or cancels an announcement takes effect within them."""
_TRIES = 5
"""How often the second message of an announcement is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One message to send; `rings` is False for an edit."""

    run: Callable[[InlineKeyboardMarkup | None], Coroutine[Any, Any, Sent]]
    rings: bool = True
    text: Part | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The messages of one reply, of which the first `skip` were sent before."""

    chat: str
    steps: Sequence[_Step]
    buttons: InlineKeyboardMarkup | None
    skip: int = 0


class _NotPermitted(Exception):
    """The announcement is not to be sent any more."""


class TelegramSender:
    """What a Telegram channel sends; errors are DeliveryErrors."""

    def __init__(self, connection: Connection, pacer: Pacer) -> None:
        paid = {"allow_paid_broadcast": True} if pacer.rate > FREE_RATE else {}
        self._pacer = pacer
        self._ahead = Lookahead(pacer.rate)
        self._replies = Way(bot=connection.bot, priority="reply", options=paid)
        self._announcements = Way(bot=connection.broadcasts, priority="announcement", options=paid)

    async def send(self, chat: str, reply: Reply, skip: int = 0) -> SendResult:
        """Send a reply as one or more messages, leaving out the first `skip`."""
        plan = self._plan(self._replies, chat, reply, skip)
        press = reply.extra.get(PRESS)
        if press is None or skip:
            return await self._send_all(self._replies, plan)
        if not plan.steps:
            await self._answer_press(press, reply.toast)
            return SendResult()
        # At the same time: the spinner on the button should not wait for the message, nor it for that.
        answering = asyncio.create_task(self._try_to_answer_press(press, reply.toast))
        try:
            return await self._send_all(self._replies, plan)
        finally:
            await answering

    async def announce(self, chat: str, reply: Reply, permit: Permit) -> SendResult | None:
        """Send an announcement once `permit` agrees; see Broadcaster."""
        try:
            return await self._send_all(
                self._announcements, self._plan(self._announcements, chat, reply), permit
            )
        except (_NotPermitted, Dismissed):
            return None

    async def revise(self, chat: str, ids: Sequence[str], reply: Reply | None) -> bool:
        """Edit or delete what `announce` sent; see Broadcaster."""
        bot = self._announcements.bot
        calls = deletions(bot, chat, ids) if reply is None else edits(bot, chat, ids, reply)
        for call in calls or ():
            async with self._pacer.slot(None, "announcement"):
                try:
                    await call()
                except TelegramError as error:
                    code = refusal(error) if isinstance(error, BadRequest) else ""
                    if code in IMPOSSIBLE:
                        return False
                    if code not in DONE:
                        raise self._error(error) from None
        return calls is not None

    async def typing(self, chat: str) -> None:
        """Show that the bot is writing; errors are of no consequence."""
        try:
            await self._replies.bot.send_chat_action(chat, ChatAction.TYPING)
        except TelegramError as error:
            logger.debug("no typing indicator (%s)", trouble(error))

    # --- what may have arrived --------------------------------------------------------------------

    def messages_of(self, chat: str, reply: Reply) -> int:
        """Count the messages a reply becomes; see Recognizer."""
        # Larger groups number for themselves, and an edit that is made twice changes nothing.
        if chat.startswith("-") or reply.edits:
            return 0
        return len(self._plan(self._replies, chat, reply).steps)

    async def owns(self, chat: str, number: int) -> bool:
        """Ask for a message by stopping a live location, which this bot never sends; see Recognizer."""
        code = await self._asked(partial(self._replies.bot.stop_message_live_location, chat, number))
        if code not in {"no_live_location", "not_editable"}:
            raise Unrecognizable(code)
        return code == "no_live_location"

    async def shows(self, chat: str, number: int, reply: Reply, place: int) -> bool:
        """Edit a message to what it should say; a file keeps its buttons only. See Recognizer."""
        plan = self._plan(self._replies, chat, reply)
        buttons = plan.buttons if place == len(plan.steps) - 1 else None
        edit = partial(edit_text, self._replies.bot, chat, number, plan.steps[place].text, buttons)
        code = await self._asked(edit)
        if code not in {"", "not_modified", "not_editable"}:
            raise Unrecognizable(code)
        return code != "not_editable"

    async def _asked(self, call: Callable[[], Coroutine[Any, Any, Any]]) -> str:
        """Return what Telegram did not like about a call, "" when it did what it was told."""
        async with self._pacer.slot(None):
            try:
                await call()
            except TelegramError as error:
                trouble = self._error(error)
                if isinstance(error, BadRequest) and isinstance(trouble, DeliveryRefused):
                    return trouble.code
                raise trouble from None
        return ""

    # --- the messages of one reply ----------------------------------------------------------------

    async def _send_all(self, way: Way, plan: _Plan, permit: Permit | None = None) -> SendResult:
        sent: list[Sent] = []
        tries = _TRIES if permit is not None else 0
        while (number := plan.skip + len(sent)) < len(plan.steps):
            try:
                sent.append(await self._send_one(way, plan, number, None if sent else permit))
            except DeliveryError as error:
                # Half an announcement is not begun again from the start, nor given up for a moment's trouble.
                if not sent or not tries or not error.retryable or error.maybe_sent:
                    raise
                tries -= 1
                await asyncio.sleep(error.seconds if isinstance(error, RetryLater) else 1.0)
        return SendResult(
            external_ids=tuple(item.id for item in sent),
            file_ids=tuple(item.file_id for item in sent if item.file_id is not None),
        )

    async def _send_one(self, way: Way, plan: _Plan, number: int, permit: Permit | None) -> Sent:
        step = plan.steps[number]
        async with contextlib.AsyncExitStack() as stack:
            rest = permit is None and way.priority == "announcement"
            slot = self._pacer.slot(plan.chat if step.rings else None, "rest" if rest else way.priority)
            if permit is None:
                await stack.enter_async_context(slot)
            else:
                await self._admit(plan.chat, permit, stack.enter_async_context(slot))
            try:
                return await step.run(plan.buttons if number == len(plan.steps) - 1 else None)
            except TelegramError as error:
                raise self._error(error, number) from None

    async def _admit(self, chat: str, permit: Permit, slot: Coroutine[Any, Any, None]) -> None:
        """Ask for the permit just ahead of the slot: a slot that waited for it would be a message less.

        After a long wait, such as one that the network asked for, it is asked for again.
        """
        try:
            await self._pacer.until_free(chat)
            async with self._ahead.place():
                if not await self._ahead.timed(permit):
                    raise _NotPermitted
                permitted = monotonic()
                await slot
            if monotonic() - permitted > _HOLDS and not await permit():
                raise _NotPermitted
        finally:
            slot.close()

    def _plan(self, way: Way, chat: str, reply: Reply, skip: int = 0) -> _Plan:
        """List what is to be sent: text first, then files; an edit takes the place of the first text."""
        parts = render(reply)
        steps = [_Step(run=partial(send_text, way, chat, part), text=part) for part in parts]
        if reply.edits:
            edit = partial(self._edit, chat, reply.edits, parts[0] if parts else None)
            steps = [_Step(run=edit, rings=False), *steps[1:]]
        post = AS_POST in reply.extra
        caption = as_caption(parts) if post else None
        files = [
            Enclosure(file=file, shown=post, caption=None if number else caption)
            for number, file in enumerate(reply.attachments)
        ]
        enclosed = [_Step(run=partial(send_file, way, chat, file)) for file in files]
        if post and caption and files:
            steps = enclosed
        else:
            steps = [*enclosed, *steps] if post else [*steps, *enclosed]
        return _Plan(chat=chat, steps=steps, buttons=keyboard(reply.buttons), skip=skip)

    async def _edit(
        self, chat: str, message_id: str, part: Part | None, buttons: InlineKeyboardMarkup | None
    ) -> Sent:
        try:
            await edit_text(self._replies.bot, chat, int(message_id), part, buttons)
        except (BadRequest, ValueError) as error:
            code = refusal(error) if isinstance(error, BadRequest) else "not_editable"
            if code == "not_editable" and part is not None:
                return await send_text(self._replies, chat, part, buttons)
            if code not in {"not_modified", "not_editable"}:
                raise
        return Sent(id=message_id)

    # --- presses and errors -----------------------------------------------------------------------

    async def _answer_press(self, press: str, toast: str | None) -> None:
        try:
            words = sendable(toast)[:MAX_TOAST] if toast else None
            await self._replies.bot.answer_callback_query(press, words)
        except BadRequest:
            logger.debug("a press was answered already or is too old")
        except TelegramError as error:
            raise self._error(error) from None

    async def _try_to_answer_press(self, press: str, toast: str | None) -> None:
        with contextlib.suppress(DeliveryError):
            await self._answer_press(press, toast)

    def _error(self, error: TelegramError, parts_sent: int = 0) -> DeliveryError:
        """Translate an error; one that asks for patience stops everything this bot sends."""
        if isinstance(error, RetryAfter):
            self._pacer.pause(retry_seconds(error) + random.uniform(0, _JITTER))  # noqa: S311
        return delivery_error(error, parts_sent)
