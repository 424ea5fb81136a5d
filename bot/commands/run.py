"""`founder-bot run`: the bot in all its channels."""

from __future__ import annotations

import asyncio

import typer

from bot.commands.common import begin


def run(context: typer.Context) -> None:
    """Run all channels that are configured and the staff console, until SIGTERM or Ctrl-C.

    Telegram is configured by BOT_TELEGRAM_TOKEN, the console by BOT_CONSOLE_LISTEN; docs/settings.md has
    the rest.
    """
    settings = begin(context, quiet=False)
    from bot.service import serve

    asyncio.run(serve(settings))
