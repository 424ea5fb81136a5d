"""The application: pages, the API, static files, and what guards them."""

from __future__ import annotations

from fastapi import FastAPI

from bot.console import errors
from bot.console.api import ROUTERS as API_ROUTERS
from bot.console.config import LANGUAGES, Console
from bot.console.navigation import sections
from bot.console.pages import ROUTERS as PAGE_ROUTERS
from bot.console.rendering import STATIC, Static, Templates
from bot.console.sealing import Seal
from bot.console.security import Shield

MAX_BODY = 1024 * 1024


def console_app(console: Console) -> FastAPI:
    """Build the application for one console."""
    app = FastAPI(
        title="founder-bot", openapi_url=None, docs_url=None, redoc_url=None, max_body_size=MAX_BODY
    )
    program = console.services.program
    app.state.console = console
    app.state.seal = Seal(console.config.data_dir)
    app.state.templates = Templates(program.timezone, program=program, sections=sections, languages=LANGUAGES)
    for router in (*PAGE_ROUTERS, *API_ROUTERS):
        app.include_router(router)
    app.mount("/static", Static(directory=STATIC), name="static")
    errors.install(app)
    app.add_middleware(Shield, config=console.config)
    return app
