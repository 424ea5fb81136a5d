"""Progress on standard error: bars in a terminal, now and then a line where the output is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

Tell = Callable[[str, int, int], None]
_LINES = 4


@contextmanager
def steps(titles: Mapping[str, str]) -> Iterator[Tell]:
    """Yield the function to tell (step, done, total); a step shows from its first telling on."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _plain(console, titles)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _bars(progress, titles)


def _bars(progress: Progress, titles: Mapping[str, str]) -> Tell:
    shown: dict[str, TaskID] = {}

    def tell(step: str, done: int, total: int) -> None:
        for other, task in shown.items():
            if other != step:
                progress.update(task, visible=False)
        if step not in shown:
            shown[step] = progress.add_task(titles[step], total=None, count="")
        count = f"{done}/{total}" if total else ""
        progress.update(shown[step], completed=done, total=total or None, count=count)

    return tell


def _plain(console: Console, titles: Mapping[str, str]) -> Tell:
    told: dict[str, int] = {}

    def tell(step: str, done: int, total: int) -> None:
        part = done * _LINES // total if total else 0
        if part > told.get(step, -1):
            told[step] = part
            console.print(f"{titles[step]} {done}/{total}" if total else f"{titles[step]} ...")

    return tell
