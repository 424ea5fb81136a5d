"""Answers to gaps on their way: tried out against the golden questions, then published, in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from handlers.review.documents import DocumentDesk, WouldBreak
from handlers.review.gaps import GapChanged, GapDesk
from knowledge.errors import KnowledgeError
from storage.document_records import NewDocument
from storage.errors import DocumentConflict, StorageError

if TYPE_CHECKING:
    from knowledge.rehearsal import Difference, Rehearsal
    from storage.announcement_records import StaffRecord
    from storage.database import Database

Stage = Literal["trying", "tried", "publishing", "published", "failed"]


@dataclass
class Trial:
    """One answer being tried out; `done` of `total` golden questions are asked in the present step."""

    revision: int
    documents: tuple[NewDocument, ...]
    probes: tuple[str, ...]
    stage: Stage = "trying"
    step: str = "before"
    done: int = 0
    total: int = 0
    problem: str = ""
    found: list[Rehearsal] = field(default_factory=list)

    @property
    def safe(self) -> bool:
        """Whether everything was tried out and breaks nothing."""
        return len(self.found) == len(self.documents) and all(one.safe for one in self.found)

    @property
    def broken(self) -> list[Difference]:
        """The golden questions that would break."""
        return [one for rehearsal in self.found for one in rehearsal.broken]

    @property
    def runs(self) -> bool:
        """Whether there is more to come."""
        return self.stage in {"trying", "publishing"}

    def tell(self, step: str, done: int, total: int) -> None:
        """Note how far it is."""
        self.step, self.done, self.total = step, done, total


class GapTrials:
    """The trials of this process, the latest of each group; a restart forgets them, never the draft."""

    def __init__(self, database: Database, gaps: GapDesk, documents: DocumentDesk) -> None:
        self._database, self._gaps, self._documents = database, gaps, documents
        self._trials: dict[int, Trial] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, group_id: int, revision: int) -> Trial | None:
        """The trial of a group as it is now; None when the draft has changed since, or there is none."""
        found = self._trials.get(group_id)
        return found if found is not None and found.revision == revision else None

    def start(
        self, group_id: int, revision: int, documents: Sequence[NewDocument], probes: Sequence[str]
    ) -> Trial:
        """Try an answer out; returns at once."""
        trial = Trial(revision=revision, documents=tuple(documents), probes=tuple(probes))
        self._trials[group_id] = trial
        self._run(self._try(trial), trial)
        return trial

    def publish(self, group_id: int, trial: Trial, by: StaffRecord) -> None:
        """Publish what was tried out and is safe; returns at once. Raises GapChanged for anything else."""
        if trial.stage != "tried" or not trial.safe:
            raise GapChanged
        trial.stage = "publishing"
        self._run(self._publish(group_id, trial, by), trial)

    def _run(self, work: Coroutine[object, object, None], trial: Trial) -> None:
        async def guarded() -> None:
            try:
                await work
            except (GapChanged, DocumentConflict):
                trial.stage, trial.problem = "failed", "changed"
            except WouldBreak:
                trial.stage, trial.problem = "failed", "broken"
            except (KnowledgeError, StorageError):
                trial.stage, trial.problem = "failed", "unavailable"

        task = asyncio.get_running_loop().create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _try(self, trial: Trial) -> None:
        for new in trial.documents:
            trial.found.append(await self._documents.rehearse(new, trial.probes, trial.tell))
        trial.stage = "tried"

    async def _publish(self, group_id: int, trial: Trial, by: StaffRecord) -> None:
        async with self._database.unit_of_work(read_only=True) as work:
            group = await work.gaps.group(group_id)
            newest = [await work.documents.newest(new.id) for new in trial.documents]
        if group is None or group.revision != trial.revision:
            raise GapChanged
        for new, before in zip(trial.documents, newest, strict=True):
            based_on = before.version if before is not None else 0
            await self._documents.save(new, by, based_on=based_on, note=f"gap {group_id}")
        names = [new.id for new in trial.documents]
        await self._gaps.decide(group_id, trial.revision, by, documents=names, answered=True)
        trial.revision += 1
        await self._documents.published()
        trial.stage = "published"
