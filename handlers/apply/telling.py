"""Messages that answer nothing: stored and put into the outbox of the chat a founder used last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.apply.codes import HIDDEN, masked
from handlers.messages import Reply
from handlers.replies import plain_text, reply_to_dict, with_message_id
from storage.entries import NewOutbox, NewOutgoing

if TYPE_CHECKING:
    from storage.database import UnitOfWork

_NOBODY = "-"
"""No worker: whichever looks into the outbox next sends it."""


async def tell(work: UnitOfWork, founder_id: int, reply: Reply) -> bool:
    """Leave a message for a founder; False when they have no chat that can be written to."""
    conversation = await work.conversations.latest_of(founder_id)
    if conversation is None:
        return False
    await tell_chat(work, conversation.id, conversation.channel, conversation.chat, reply)
    return True


async def tell_chat(
    work: UnitOfWork, conversation_id: int, channel: str, chat: str, reply: Reply, *, kind: str = "reply"
) -> int:
    """Leave a message in one chat; returns its id. What the reply hides is sent and not kept."""
    code = reply.extra.get(HIDDEN, "")
    message = await work.messages.add_outgoing(
        NewOutgoing(
            conversation_id=conversation_id,
            text=masked(plain_text(reply), code),
            kind=kind,
            payload=masked(reply_to_dict(reply, with_files=False), code),
            language=reply.language,
        )
    )
    await work.outbox.add(
        NewOutbox(
            channel=channel,
            chat=chat,
            payload=reply_to_dict(with_message_id(reply, message.id)),
            worker=_NOBODY,
            message_id=message.id,
            sending=False,
        )
    )
    return message.id
