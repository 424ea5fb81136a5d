"""A document as a Markdown file with front matter, which reads back as the same document."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo
from typing import Any

import yaml

from knowledge.model import Document


def to_markdown(document: Document, zone: tzinfo) -> str:
    """Write a file for a program's folder; whole days of `zone` are written as days."""
    facts: dict[str, Any] = {
        "id": document.id,
        "title": document.title,
        "language": document.language,
        "twin": document.twin,
        "sources": list(document.sources) or None,
        "as_of": document.as_of,
        "valid_from": _shown(document.valid_from, zone),
        "valid_until": _shown(document.valid_until, zone, last=True),
        "sample": document.sample or None,
    }
    held = {key: value for key, value in facts.items() if value is not None}
    head = yaml.safe_dump(held, allow_unicode=True, sort_keys=False, width=1000)
    return f"---\n{head}---\n\n{document.markdown.lstrip()}"


def _shown(moment: datetime | None, zone: tzinfo, *, last: bool = False) -> Any:
    if moment is None:
        return None
    local = moment.astimezone(zone)
    if local.time() != time():
        return local.isoformat()
    return local.date() - timedelta(days=1) if last else local.date()
