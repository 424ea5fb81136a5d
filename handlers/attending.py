"""A person of staff talks to a founder in the bot's place: taken, answered, released, from wherever.

Everything here runs inside the unit of work of whoever acts, with the notices it causes, so that no notice
is sent for what did not happen. None means that somebody else was faster; nothing was done then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handlers.apply.codes import hidden
from handlers.apply.telling import tell, tell_chat
from handlers.buttons import button
from handlers.messages import Button, Reply
from handlers.review.masking import readable
from handlers.staff import may
from handlers.texts import Texts
from handlers.turn import Services
from handlers.words import clip

if TYPE_CHECKING:
    from storage.announcement_records import StaffRecord
    from storage.database import UnitOfWork
    from storage.records import QueuedHandover

LONGEST_REPLY = 3_500
_LONGEST_QUESTION = 400


def not_kept(words: str) -> Mapping[str, str]:
    """Keep a founder's words out of the log of a staff chat, where their /forget would not find them."""
    return hidden(words) if words else {}


@dataclass(frozen=True, slots=True)
class Attending:
    """What staff do with handovers in one unit of work."""

    work: UnitOfWork
    services: Services

    # --- what staff do ------------------------------------------------------------------------------

    async def take(
        self,
        handover_id: int,
        staff: StaffRecord,
        *,
        relay_id: int | None = None,
        instead_of: int | None = None,
    ) -> QueuedHandover | None:
        """Take a handover over; the founder hears who it is, and the bot falls silent with this commit."""
        before = await self.work.handovers.queued(handover_id)
        taken = await self.work.handovers.take(
            handover_id, staff.id, relay_id=relay_id, instead_of=instead_of
        )
        queued = await self.work.handovers.queued(handover_id) if taken is not None else None
        if before is None or queued is None:
            return None
        if before.handover.staff_id != staff.id:
            await self._notice(queued, "human.taken", name=staff.name)
            await self._note("handover.take", staff, queued)
        return queued

    async def begin(self, conversation_id: int, staff: StaffRecord) -> QueuedHandover | None:
        """Speak in a conversation in which nobody asked for a person; None when a colleague has it."""
        conversation = await self.work.reviews.get(conversation_id)
        if conversation is None:
            return None
        opened = await self.work.handovers.open(conversation_id, conversation.summary.founder_id)
        return await self.take(opened.id, staff)

    async def answer(self, handover_id: int, staff: StaffRecord, text: str) -> int | None:
        """Send a person's words to the founder under their name; returns the id of the message."""
        if await self.work.handovers.spoke(handover_id, staff.id) is None:
            return None
        queued = await self.work.handovers.queued(handover_id)
        if queued is None:
            return None
        reply = Reply(
            text=f"👤 {staff.name}\n{text}",
            language=self._language(queued),
            extra={"staff": str(staff.id), "name": staff.name},
        )
        return await self._tell(queued, reply, kind="staff")

    async def release(self, handover_id: int, staff: StaffRecord) -> QueuedHandover | None:
        """Give the conversation back to the bot, and tell the founder."""
        queued = await self.work.handovers.queued(handover_id)
        closed = await self.work.handovers.close(handover_id, "staff", staff_id=staff.id)
        if queued is None or closed is None:
            return None
        await self._notice(queued, "human.released", name=staff.name)
        await self._note("handover.release", staff, queued)
        return queued

    async def put_back(self, handover_id: int, staff: StaffRecord) -> QueuedHandover | None:
        """Leave a handover to a colleague: it waits again, and the founder hears so."""
        if await self.work.handovers.put_back(handover_id, staff.id) is None:
            return None
        queued = await self.work.handovers.queued(handover_id)
        if queued is not None:
            await self._notice(queued, "human.put_back")
            await self._note("handover.put_back", staff, queued)
            await self.ping(queued, but=staff.id)
        return queued

    # --- what time does -----------------------------------------------------------------------------

    async def end_idle(self, queued: QueuedHandover) -> bool:
        """End a talk in which nobody writes any more; a founder who waits for a word goes on waiting."""
        handover, name = queued.handover, queued.staff_name or ""
        if handover.asked_at is None:
            if await self.work.handovers.close(handover.id, "idle") is None:
                return False
            await self._notice(queued, "human.idle", name=name)
        else:
            if await self.work.handovers.put_back(handover.id, handover.staff_id or 0) is None:
                return False
            await self._notice(queued, "human.idle_waiting", name=name)
            await self.ping(queued)
        return True

    async def say_it_takes_longer(self, queued: QueuedHandover) -> bool:
        """Tell a founder who waits that they are not forgotten, and staff that somebody waits."""
        if await self.work.handovers.remind(queued.handover.id) is None:
            return False
        await self._notice(queued, "human.still_waiting")
        await self.ping(queued, key="human.ping_again")
        return True

    # --- telling ------------------------------------------------------------------------------------

    async def ping(self, queued: QueuedHandover, *, key: str = "human.ping", but: int | None = None) -> int:
        """Tell everybody of staff who has a chat and may take it; returns how many those are."""
        told = 0
        for member in await self.work.staff.in_chats():
            if member.id == but or not may(member.role, "handover.take") or member.founder_id is None:
                continue
            speak = Texts(member.language or self.services.program.default_language)
            asked = clip(readable(queued.question, member.role), _LONGEST_QUESTION)
            question = asked or speak("human.no_question")
            text = speak(key, number=queued.handover.id, question=question)
            buttons: list[tuple[Button, ...]] = [
                (button(speak("human.button.take"), "take", queued.handover.id),)
            ]
            if self.services.desk_url:
                link = f"{self.services.desk_url}/conversations/{queued.handover.conversation_id}"
                if link.startswith("https://"):
                    label = speak("human.button.open")
                    buttons.append((Button(label=label, payload="", url=link),))
                else:
                    text = f"{text}\n{link}"
            reply = Reply(text=text, buttons=tuple(buttons), language=speak.language, extra=not_kept(asked))
            told += await tell(self.work, member.founder_id, reply)
        return told

    async def forward(self, relay_id: int, text: str) -> None:
        """Show what the founder wrote to the person who follows the talk in a chat."""
        conversation = await self.work.conversations.by_id(relay_id)
        if conversation is None or conversation.chat is None:
            return
        member = await self.work.staff.by_founder(conversation.founder_id)
        if member is not None:
            said = readable(text, member.role)
            language = self.services.program.default_language
            reply = Reply(text=said, language=language, extra=not_kept(said))
            await tell_chat(
                self.work, conversation.id, conversation.channel, conversation.chat, reply, kind="notice"
            )

    async def _notice(self, queued: QueuedHandover, key: str, **values: str) -> None:
        speak = Texts(self._language(queued))
        await self._tell(queued, Reply(text=speak(key, **values), language=speak.language), kind="notice")

    async def _tell(self, queued: QueuedHandover, reply: Reply, *, kind: str) -> int:
        return await tell_chat(
            self.work, queued.handover.conversation_id, queued.channel, queued.chat, reply, kind=kind
        )

    def _language(self, queued: QueuedHandover) -> str:
        return queued.language or self.services.program.default_language

    async def _note(self, action: str, staff: StaffRecord, queued: QueuedHandover) -> None:
        await self.work.audit.note(
            action,
            actor=staff.name,
            staff_id=staff.id,
            about=("conversation", queued.handover.conversation_id),
            details={"handover": queued.handover.id},
        )
