"""`founder-bot chat`: a conversation in this terminal."""

from __future__ import annotations

import asyncio

import typer

from bot.commands.common import begin


def chat(context: typer.Context) -> None:
    """Talk to the bot in this terminal, exactly as a founder does in a chat; sets up what is missing.

    Needs no account and no key. Logs go to logs/chat.log in the data folder.
    """
    settings = begin(context, quiet=False, log_file="chat.log")
    from bot.readiness import prepare
    from bot.service import converse

    for line in prepare(settings):
        typer.echo(line)
    asyncio.run(converse(settings))
