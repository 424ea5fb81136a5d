"""What `pip install .` puts on a machine that has no repository."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = ("bot", "forms", "handlers", "knowledge", "programs", "storage")


def files(folder: Path) -> Iterator[str]:
    """All files of the parts below a folder, by their names there."""
    for part in PARTS:
        for path in (folder / part).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(folder).as_posix()


def test_every_file_is_installed_the_sample_program_and_the_pages_of_the_console_too(tmp_path: Path) -> None:
    source, installed = tmp_path / "source", tmp_path / "installed"
    for part in PARTS:
        shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    # The step of a wheel that chooses files, without the packing.
    subprocess.run(
        [sys.executable, "-c", "import setuptools; setuptools.setup()", "build_py", "-d", str(installed)],
        cwd=source,
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert sorted(files(installed)) == sorted(files(ROOT))
