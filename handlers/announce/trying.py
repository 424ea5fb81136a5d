"""What an announcement would do to the golden questions, since it is knowledge while it holds.

Staff are warned and decide; a document that breaks one must be forced, an announcement only confirmed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.announce.knowledge import documents_of
from handlers.announce.words import Words
from handlers.review.overlay import as_proposed, overlay_of, with_change
from handlers.words import clip
from knowledge.errors import KnowledgeError
from storage.errors import StorageError

if TYPE_CHECKING:
    from handlers.program import Program
    from knowledge.model import Answer
    from knowledge.rehearsal import Difference, Rehearsal, Rehearsals, Step
    from storage.announcement_records import AnnouncementRecord
    from storage.database import Database

logger = logging.getLogger(__name__)
Told = Callable[["Rehearsal | None"], Awaitable[None]]
"""Takes what came of a trial; None when it could not be tried out."""
_KEPT = 20
_SHOWN = 5
_LONGEST = 90


async def rehearse(
    rehearsals: Rehearsals,
    database: Database,
    record: AnnouncementRecord,
    program: Program,
    step: Step | None = None,
) -> Rehearsal | None:
    """Compare the answers of now with those while the announcement holds, whenever that will be.

    None when it holds at no time, or when there are no golden questions. Raises KnowledgeError.
    """
    documents = [as_proposed(replace(one, valid_from=None)) for one in documents_of(record, program)]
    if not documents or not rehearsals.questions:
        return None
    proposed = with_change(await overlay_of(database), documents)
    return await rehearsals.run(proposed, [document.id for document in documents], (), step)


def warning_lines(speak: Words, found: Rehearsal) -> list[str]:
    """Which golden questions break, with their answers before and after, or that none does."""
    say = speak.say
    if found.safe:
        return [say("announce.golden.safe", total=found.questions)]
    lines = [say("announce.golden.breaks", count=len(found.broken), total=found.questions)]
    for difference in found.broken[:_SHOWN]:
        lines.append(_change(speak, difference))
    if len(found.broken) > _SHOWN:
        lines.append(say("announce.golden.more", count=len(found.broken) - _SHOWN))
    lines.append(say("announce.golden.all_the_same"))
    return lines


def _change(speak: Words, difference: Difference) -> str:
    return speak.say(
        "announce.golden.change",
        question=clip(difference.question, _LONGEST),
        before=_source(speak, difference.before),
        after=_source(speak, difference.after),
    )


def _source(speak: Words, answer: Answer) -> str:
    """Where an answer comes from, in a few words."""
    if not answer.answered or not answer.citations:
        return speak.say("announce.golden.no_answer")
    first = answer.citations[0]
    return clip(" › ".join(x for x in (first.title, first.section) if x), _LONGEST)


class AnnouncementTrials:
    """Drafts being tried out in this process, the present revision of each; a restart forgets them."""

    def __init__(self, database: Database, rehearsals: Rehearsals, program: Program) -> None:
        self._database, self._rehearsals, self._program = database, rehearsals, program
        self._found: dict[int, tuple[int, Rehearsal | None]] = {}
        self._waiting: dict[int, tuple[int, Told]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def questions(self) -> int:
        """How many golden questions there are."""
        return self._rehearsals.questions

    def found(self, record: AnnouncementRecord) -> Rehearsal | None:
        """What came of the draft as it is now; None while that is not known."""
        revision, found = self._found.get(record.id, (0, None))
        return found if revision == record.revision else None

    def start(self, record: AnnouncementRecord, told: Told) -> None:
        """Try a draft out and tell what came of it, unless `left` comes before; returns at once."""
        runs = self._waiting.get(record.id, (0, told))[0] == record.revision
        self._waiting[record.id] = (record.revision, told)
        if not runs:
            task = asyncio.create_task(self._try(record))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def left(self, draft_id: int) -> None:
        """Say that something else is shown where the result was awaited."""
        if draft_id in self._waiting:
            revision, _ = self._waiting[draft_id]
            self._waiting[draft_id] = (revision, _to_nobody)

    async def settled(self) -> None:
        """Wait until nothing is being tried out."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _try(self, record: AnnouncementRecord) -> None:
        found = None
        try:
            found = await rehearse(self._rehearsals, self._database, record, self._program)
        except (KnowledgeError, StorageError) as error:
            logger.warning("announcement %d could not be tried out: %s", record.id, error)
        revision, told = self._waiting.get(record.id, (0, _to_nobody))
        if revision != record.revision:
            return  # it has changed, and is tried out anew
        del self._waiting[record.id]
        if len(self._found) >= _KEPT:
            self._found.pop(next(iter(self._found)))
        self._found[record.id] = (record.revision, found)
        try:
            await told(found)
        except (StorageError, TimeoutError) as error:
            logger.warning("what came of a trial is not shown: %s", type(error).__name__)


async def _to_nobody(_: Rehearsal | None) -> None:
    """Nobody waits for it."""
