"""Run benchmarks by name, see NAMES; without a name the first three."""

from __future__ import annotations

import importlib
import sys

NAMES = (
    "quality",
    "speed",
    "throughput",
    "calibrate",
    "interpret",
    "fit_leaning",
    "steps",
    "announce",
    "gaps",
    "fit_gaps",
    "fit_matters",
    "fit_search",
    "review",
    "twins",
    "documents",
    "answers",
)


def main() -> None:
    """Import and run what was named, one after the other."""
    wanted = sys.argv[1:] or list(NAMES[:3])
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        sys.exit(f"unknown benchmark {unknown[0]!r}; there are: {', '.join(NAMES)}")
    for name in wanted:
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
