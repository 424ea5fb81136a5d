"""The tables of rule-engine's parser, which takes a third of all imports' time to build them.

The library looks for a module of its own that holds them, and takes it when it was made for the same grammar;
else it builds them anew. So after an update a start is slower, never wrong: `python -m forms.rule_tables`
writes them again.
"""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

MODULE = "rule_engine.parser.parsetab"
_FILE = "rule_tables.json"
_NAMES = ("_tabversion", "_lr_method", "_lr_signature", "_lr_action", "_lr_goto", "_lr_productions")


def tables() -> dict[str, Any]:
    """Read the tables under the names by which the library knows them."""
    found: dict[str, Any] = json.loads(files("forms").joinpath(_FILE).read_text(encoding="utf-8"))
    for name in ("_lr_action", "_lr_goto"):
        found[name] = {int(state): row for state, row in found[name].items()}
    return found


def lend() -> None:
    """Give the tables to the library, before it is imported."""
    if MODULE not in sys.modules:
        module = ModuleType(MODULE)
        vars(module).update(tables())
        sys.modules[MODULE] = module


def main() -> None:
    """Write the tables of the installed version."""
    import tempfile

    import rule_engine
    from rule_engine._vendor.ply import yacc

    with tempfile.TemporaryDirectory() as folder:
        yacc.yacc(module=rule_engine.Rule.parser, debug=False, outputdir=folder, tabmodule="fresh_tables")
        made: dict[str, Any] = {}
        exec(Path(folder, "fresh_tables.py").read_text(encoding="utf-8"), made)  # noqa: S102 (just written)
    text = json.dumps({name: made[name] for name in _NAMES}, separators=(",", ":"))
    Path(__file__).with_name(_FILE).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
