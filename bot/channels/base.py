"""What a chat network must offer (Channel) and what it is offered (Inbox); nothing here knows a network.

DeliveryError            the reply was not delivered; `parts_sent` of its messages were
├── RetryLater           the network asks for patience: `seconds`
├── NetworkTrouble       no answer, a broken answer or a server error: worth another try, unless `maybe_sent`
├── ChatBlocked          the founder blocked the bot, left, or the chat is gone
└── DeliveryRefused      the network will never take this reply: `code` says why
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from bot.pacer import Pacer
from handlers.messages import IncomingMessage, Reply
from storage.entries import RawUpdate

__all__ = [
    "PRESS",
    "Broadcaster",
    "Channel",
    "ChatBlocked",
    "DeliveryError",
    "DeliveryRefused",
    "FetchError",
    "Inbox",
    "NetworkTrouble",
    "Permit",
    "RawUpdate",
    "Reachability",
    "Recognizer",
    "RetryLater",
    "SendResult",
    "UnreadableUpdate",
    "Unrecognizable",
    "read_local",
]

PRESS = "press"
"""Key in `Reply.extra`: the id of the button press (IncomingMessage.external_id) that this reply answers."""

Permit = Callable[[], Awaitable[bool]]
"""Says, at the last moment, whether an announcement may still be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """The network's ids of the messages that one reply became, in order; none for a mere toast.

    `file_ids` are its names for the files that were sent: as `Attachment.reference`, they need no upload.
    """

    external_ids: tuple[str, ...] = ()
    file_ids: tuple[str, ...] = ()

    @property
    def external_id(self) -> str | None:
        """The id of the last message: the one the buttons hang under."""
        return self.external_ids[-1] if self.external_ids else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachability:
    """The network's word that a chat takes the bot's messages no more, or again; noted and never answered.

    `blocked_at` is since when somebody blocks the bot or a group goes without it, None when it is welcome.
    """

    chat: str
    blocked_at: datetime | None


class UnreadableUpdate(Exception):
    """An update that this channel cannot parse; it is kept raw, marked with `code` and passed over."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class DeliveryError(Exception):
    """A reply that was not, or not wholly, delivered.

    A reply may become several messages: `parts_sent` of them were accepted before the error, and the
    next `Channel.send` of the same reply is called with `skip=parts_sent`, so that none appears twice.
    `retryable` says that another try may help; `maybe_sent` that the network may have the message although
    it did not say so, so that another try may show it twice.
    """

    retryable = False
    maybe_sent = False

    def __init__(self, code: str, *, parts_sent: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.parts_sent = parts_sent


class RetryLater(DeliveryError):
    """The network asks to wait (HTTP 429)."""

    retryable = True

    def __init__(self, seconds: float, *, parts_sent: int = 0) -> None:
        super().__init__("retry_later", parts_sent=parts_sent)
        self.seconds = seconds


class NetworkTrouble(DeliveryError):
    """A time-out, a broken connection or a 5xx: the same reply may go through later.

    `maybe_sent` when the request was under way and no answer came: the network had it, or had it not.
    """

    retryable = True

    def __init__(self, code: str, *, parts_sent: int = 0, maybe_sent: bool = False) -> None:
        super().__init__(code, parts_sent=parts_sent)
        self.maybe_sent = maybe_sent


class ChatBlocked(DeliveryError):
    """Nobody is there any more: blocked, deactivated, kicked, or the chat does not exist (HTTP 403)."""


class DeliveryRefused(DeliveryError):
    """The network refuses this very reply (HTTP 400); sending it again cannot help."""


class Unrecognizable(Exception):
    """The network answers the question for a message in a way that tells nothing; `code` says how."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class FetchError(Exception):
    """A file that could not be had; `code` is "too_large", "gone" or, worth another try, "network"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Inbox(Protocol):
    """Where a channel leaves what it received."""

    async def accept(self, updates: Sequence[RawUpdate]) -> None:
        """Return only when every update is committed; acknowledge to the network after that.

        A redelivered update is recognised by its id and passed over. Raises StorageError when the
        updates could not be stored: do not acknowledge, offer them again a little later.
        """
        ...

    async def settled(self, chat: str) -> None:
        """Return when everything this chat sent so far is answered and delivered (or given up)."""
        ...


class Channel(Protocol):
    """One chat network: two pure converters and a thin runner."""

    @property
    def name(self) -> str:
        """The word in the database: "telegram", "terminal"."""
        ...

    def parse(self, payload: str) -> IncomingMessage | Reachability | None:
        """Turn a stored payload into a message; pure, None when there is nothing to answer or to note.

        A press has kind "button", `external_id` the id of the press and `button_message` the id of the
        message it hangs under; an edit has kind "edited" and `external_id` of the edited message.
        Raises UnreadableUpdate.
        """
        ...

    async def send(self, chat: str, reply: Reply, *, skip: int = 0) -> SendResult:
        """Render, split below the network's limit and send, leaving out the first `skip` parts.

        `reply.edits` replaces that message (sent as a new one when it is too old to edit);
        `reply.extra["press"]` is the press to answer, with `reply.toast` when there is one; a reply
        without text and attachments only answers the press. Raises DeliveryError.
        """
        ...

    async def typing(self, chat: str) -> None:
        """Show that the bot is writing; called again every few seconds, errors are of no consequence."""
        ...

    async def fetch(self, reference: str, limit: int) -> bytes:
        """Get the content of an incoming attachment, at most `limit` bytes; raises FetchError."""
        ...

    def deep_link(self, payload: str) -> str | None:
        """An address that opens this bot and sends it "/start <payload>"; None where there is none."""
        ...

    async def run(self, inbox: Inbox, stop: asyncio.Event) -> None:
        """Receive until `stop` is set (or the network ends); hand everything to `inbox`."""
        ...


@runtime_checkable
class Recognizer(Protocol):
    """What a channel may offer, beside `Channel`, so that a reply that had arrived is not sent again."""

    def messages_of(self, chat: str, reply: Reply) -> int:
        """Count the messages a reply becomes; 0 when they could not be recognized, as in groups.

        Where it is not 0, all chats draw the numbers of their messages from one growing sequence.
        """
        ...

    def number_of(self, payload: str) -> int | None:
        """Return the number of the message in a stored update, if it holds one that counts there."""
        ...

    async def owns(self, chat: str, number: int) -> bool:
        """Tell whether this bot has a message of that number in a chat, and change nothing by asking.

        Raises DeliveryError and Unrecognizable.
        """
        ...

    async def shows(self, chat: str, number: int, reply: Reply, place: int) -> bool:
        """Tell whether a message that `owns` found is this part of a reply, by giving it that content.

        Raises DeliveryError and Unrecognizable.
        """
        ...


class Broadcaster(Protocol):
    """What a channel must offer, beside `Channel`, so that staff can announce in it."""

    @property
    def name(self) -> str:
        """The word in the database."""
        ...

    @property
    def pacer(self) -> Pacer:
        """What every message of this channel waits for."""
        ...

    async def announce(self, chat: str, reply: Reply, permit: Permit) -> SendResult | None:
        """Send like `Channel.send`, after every reply that waits; raises DeliveryError.

        `permit` is asked just before the first message goes out; None when it says no, or when the pacer
        dismissed what waited for a slot: then surely nothing was sent.
        """
        ...

    async def revise(self, chat: str, ids: Sequence[str], reply: Reply | None) -> bool:
        """Make what `announce` sent say something else, or delete it without a reply; raises DeliveryError.

        False when the network does not let that be done (any more). Doing it twice changes nothing.
        """
        ...


def read_local(reference: str, limit: int) -> bytes:
    """Read a file of this machine, at most `limit` bytes; raises FetchError."""
    try:
        with Path(reference).open("rb") as file:
            content = file.read(limit + 1)
    except OSError:
        raise FetchError("gone") from None
    if len(content) > limit:
        raise FetchError("too_large")
    return content
