"""What one check of `doctor` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail", "skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of `doctor`: what was looked at, how it is, and what to do about it ("" for nothing)."""

    name: str
    state: State
    detail: str
    advice: str = ""


def ok(name: str, detail: str) -> Finding:
    """All is well."""
    return Finding(name=name, state="ok", detail=detail)


def warn(name: str, detail: str, advice: str) -> Finding:
    """It works, but not as well as it could, or not for long."""
    return Finding(name=name, state="warn", detail=detail, advice=advice)


def fail(name: str, detail: str, advice: str) -> Finding:
    """It does not work."""
    return Finding(name=name, state="fail", detail=detail, advice=advice)


def skip(name: str, detail: str) -> Finding:
    """Not looked at, because something it needs is broken or not wanted."""
    return Finding(name=name, state="skip", detail=detail)
