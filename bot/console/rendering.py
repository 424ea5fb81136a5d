"""Templates and static files: everything is escaped, everything a page uses is served from here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from bot.console.times import ago, exact, minute, plural, span
from handlers.review.ending import first_day, last_day

FOLDER = Path(__file__).parent
TEMPLATES, STATIC = FOLDER / "templates", FOLDER / "static"


class Templates:
    """The templates of the console, compiled once."""

    def __init__(self, timezone: ZoneInfo, **shared: Any) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(static=static_url, **shared)
        self._environment.filters.update(
            exact=lambda moment: exact(moment, timezone),
            minute=lambda moment: minute(moment, timezone),
            first_day=lambda moment: first_day(moment, timezone),
            last_day=lambda moment: last_day(moment, timezone),
            number="{:,}".format,
        )
        self._environment.globals["ago"] = lambda moment, view: ago(
            moment.astimezone(timezone), view.now, view.texts
        )
        self._environment.globals["span"] = lambda length, view: span(length, view.texts)
        self._environment.globals["plural"] = lambda view, key, number: plural(view.texts, key, number)
        self._environment.globals["iso"] = _iso

    def render(self, name: str, block: str, context: Mapping[str, Any]) -> str:
        """Render a template, or one block of it."""
        template = self._environment.get_template(name)
        if not block:
            return template.render(context)
        made = template.new_context(dict(context))
        return "".join(template.blocks[block](made))


class Static(StaticFiles):
    """Files of the pages; their addresses change with their content, so that they may be kept for ever."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Serve a file, to be kept when its address names the content."""
        scope: Scope = args[2] if len(args) > 2 else kwargs["scope"]
        response = super().file_response(*args, **kwargs)
        kept = b"v=" in scope.get("query_string", b"")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "no-cache"
        return response


@lru_cache(maxsize=200)
def static_url(name: str) -> str:
    """Return the address of a static file, with a digest of its content."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
