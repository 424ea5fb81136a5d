"""The API: one file a resource, each with a `router` made by `frame.resource`."""

from __future__ import annotations

from bot.console.api import applications, audit, conversations, documents, gaps, handovers, me, staff

ROUTERS = (
    me.router,
    conversations.router,
    applications.router,
    handovers.router,
    documents.router,
    gaps.router,
    staff.router,
    audit.router,
)
