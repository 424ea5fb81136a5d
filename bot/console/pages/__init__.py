"""The pages: one file an area, each with a `router` whose every route demands a permission."""

from __future__ import annotations

from bot.console.pages import account, api_docs, audit, home, sign_in, staff, telegram

ROUTERS = (
    sign_in.router,
    telegram.router,
    home.router,
    staff.router,
    account.router,
    audit.router,
    api_docs.router,
)
