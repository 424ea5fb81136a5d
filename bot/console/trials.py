"""Long work that a page starts and watches: a change is tried out on the golden questions, then published."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from handlers.review.checks import DocumentRefused
from handlers.review.documents import WouldBreak
from handlers.review.gaps import GapChanged
from knowledge.errors import KnowledgeError
from storage.errors import DocumentConflict, StorageError

if TYPE_CHECKING:
    from knowledge.model import Answer
    from knowledge.rehearsal import Rehearsal

logger = logging.getLogger(__name__)
_KEPT = 100

TrialState = Literal["running", "tried", "published", "waiting", "breaks", "conflict", "refused", "failed"]
"""`tried` breaks nothing and is not published; `waiting` is saved, but this process does not answer from it
yet; `refused` is a DocumentRefused."""


@dataclass(slots=True, kw_only=True)
class Trial:
    """One change on its way; pages read it while it runs.

    `about` is what the page that started it wants to find again; `answers` are those to its probes after
    publishing.
    """

    key: str
    about: Any
    state: TrialState = "running"
    step: str = "before"
    done: int = 0
    total: int = 0
    rehearsal: Rehearsal | None = None
    answers: Sequence[Answer] = ()
    error: Exception | None = None

    def tell(self, step: str, done: int, total: int) -> None:
        """Take in how far it is; the `step` of DocumentDesk.rehearse."""
        self.step, self.done, self.total = step, done, total


Job = Callable[[Trial], Awaitable[TrialState]]
"""Works on a trial and says what came of it."""


@dataclass(slots=True)
class Trials:
    """The trials of this process; a restart forgets them, and the oldest finished ones go."""

    _trials: dict[str, Trial] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, about: Any, job: Job, key: str = "") -> Trial:
        """Begin a trial, in place of the one that `key` named before; without one it gets a secret key."""
        finished = [key for key, trial in self._trials.items() if trial.state != "running"]
        for old in finished[: max(0, len(self._trials) - _KEPT + 1)]:
            del self._trials[old]
        trial = Trial(key=key or secrets.token_urlsafe(12), about=about)
        self._trials[trial.key] = trial
        self.go_on(trial, job)
        return trial

    def go_on(self, trial: Trial, job: Job) -> None:
        """Let a job work on a trial; what it raises becomes the trial's state."""
        trial.state = "running"
        task = asyncio.create_task(_run(trial, job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def find(self, key: str) -> Trial | None:
        """Find a trial."""
        return self._trials.get(key)

    async def settled(self) -> None:
        """Wait until nothing runs."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))


async def _run(trial: Trial, job: Job) -> None:
    try:
        trial.state = await job(trial)
    except WouldBreak as error:
        trial.rehearsal, trial.state = error.rehearsal, "breaks"
    except (DocumentConflict, GapChanged) as error:
        trial.error, trial.state = error, "conflict"
    except DocumentRefused as error:
        trial.error, trial.state = error, "refused"
    except (KnowledgeError, StorageError) as error:
        logger.warning("a change of documents failed: %s", type(error).__name__)
        trial.error, trial.state = error, "failed"
    # A page waits for this: it must end in a state, whatever happens.
    except Exception as error:
        logger.exception("a change of documents failed")
        trial.error, trial.state = error, "failed"
