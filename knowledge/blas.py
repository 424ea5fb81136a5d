"""Linear algebra on the thread that asked for it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any


def one_thread() -> AbstractContextManager[Any]:
    """Keep numpy from spreading small products over threads, which spin while they wait for each other.

    Beside other busy processes a product of a third of a millisecond took 30 to 100; alone it gains nothing.
    """
    limits: AbstractContextManager[Any] = _pools().limit(limits=1, user_api="blas")
    return limits


@lru_cache(maxsize=1)
def _pools() -> Any:
    # Finding the libraries takes milliseconds, so they are looked for once; numpy has been loaded by then.
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
