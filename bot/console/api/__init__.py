"""The API: one file a resource, each with a `router` made by `frame.resource`."""

from __future__ import annotations

from bot.console.api import audit, me, staff

ROUTERS = (me.router, staff.router, audit.router)
