"""The form of a boat yard's program, and forms written for one test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from forms.load import load_form
from forms.model import Form

HARBOR = Path(__file__).resolve().parent.parent / "data" / "forms" / "harbor.toml"
SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = date(2027, 3, 10)


@pytest.fixture(scope="session")
def harbor() -> Form:
    return load_form(HARBOR, timezone=SHANGHAI)


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Form]:
    """Loads a form from its text."""

    def load_text(text: str, timezone: str = "Asia/Shanghai") -> Form:
        path = tmp_path / "application.toml"
        path.write_text(text, encoding="utf-8")
        return load_form(path, timezone=ZoneInfo(timezone))

    return load_text
