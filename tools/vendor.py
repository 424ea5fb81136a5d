"""Fetch what the console's pages use from npm, as it stands in PACKAGES, into bot/console/static/vendor/.

`make vendor` runs it. It writes files, licenses, the icons that are named here as one sprite, and a README
with versions and checksums, which a test compares.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "bot" / "console" / "static" / "vendor"
PACKAGES = {
    "htmx.org@2.0.11": ({"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE.txt"}, "0BSD"),
    "@picocss/pico@2.1.1": ({"css/pico.min.css": "pico.min.css", "LICENSE.md": "pico.LICENSE.txt"}, "MIT"),
    "lucide-static@1.62.0": ({"LICENSE": "icons.LICENSE.txt"}, "ISC"),
}
_ICONS = """
archive arrow-left arrow-right book-open braces calendar check chevron-down chevron-up circle-alert
circle-check clock copy download external-link eye file-text hand history house inbox info key-round
keyboard languages layers link list lock log-out menu message-circle-question message-square messages-square
moon paperclip pencil plus refresh-cw save scroll-text search send settings shield-check sliders-horizontal
star sun tag thumbs-down thumbs-up trash-2 triangle-alert upload user user-plus users x
"""


def main() -> None:
    """Replace everything in the folder."""
    TARGET.mkdir(parents=True, exist_ok=True)
    rows = []
    for package, (wanted, license_name) in PACKAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            _unpack(package, Path(folder))
            root = Path(folder) / "package"
            for source, name in wanted.items():
                (TARGET / name).write_bytes((root / source).read_bytes())
            if package.startswith("lucide-static"):
                (TARGET / "icons.svg").write_text(_sprite(root / "icons"), encoding="utf-8")
        names = [name for name in wanted.values() if not name.endswith(".txt")] or ["icons.svg"]
        for name in names:
            digest = hashlib.sha256((TARGET / name).read_bytes()).hexdigest()
            rows.append(f"| `{name}` | {package} | {license_name} | `{digest}` |")
    lines = ["# From npm, unchanged; `make vendor` fetches it again", ""]
    lines += ["| file | package | license | SHA-256 |", "| --- | --- | --- | --- |", *rows, ""]
    (TARGET / "README.md").write_text("\n".join(lines), encoding="utf-8")


def _unpack(package: str, folder: Path) -> None:
    packed = subprocess.run(  # noqa: S603 (the names stand above)
        ["npm", "pack", "--silent", package],  # noqa: S607
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")


def _sprite(icons: Path) -> str:
    """Join icons as symbols of one file; a page shows one with <use href="…#name">."""
    symbols = []
    for name in _ICONS.split():
        path = icons / f"{name}.svg"
        if not path.exists():
            sys.exit(f"there is no icon {name}")
        inner = " ".join(re.sub(r"(?s).*?<svg[^>]*>|</svg>", "", path.read_text("utf-8")).split())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>')
    head = '<svg xmlns="http://www.w3.org/2000/svg" fill="none" stroke="currentColor" stroke-width="2"'
    return f'{head} stroke-linecap="round" stroke-linejoin="round">\n' + "\n".join(symbols) + "\n</svg>\n"


if __name__ == "__main__":
    main()
