"""Processor time, for tests of what something costs: other work on the machine changes it little."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable


def spent(work: Callable[[], object], times: int = 1) -> float:
    """Seconds this process needs for one time, the best of three tries."""

    def once() -> float:
        started = time.process_time()
        for _ in range(times):
            work()
        return (time.process_time() - started) / times

    return min(once() for _ in range(3))


def spent_by_children(work: Callable[[], object]) -> float:
    """Seconds that processes which begin and end within the work need."""
    before = _children()
    work()
    return _children() - before


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
