"""Run the emulator as its own process: python -m tests.telegram_api --port 8081."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal

from tests.telegram_api.server import TelegramApi
from tests.telegram_api.state import TOKEN, Config


async def serve(options: argparse.Namespace) -> None:
    """Print the root address in one line and listen until a signal comes."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    config = Config(
        latency=options.latency,
        rate=options.rate or None,
        chat_rate=options.chat_rate or None,
        webhook_connections=options.webhook_connections,
    )
    async with TelegramApi(options.token, config, options.port) as api:
        print(api.url, flush=True)
        await stop.wait()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.telegram_api", description=__doc__)
    parser.add_argument("--port", type=int, default=8081, help="0 takes a free one; the address is printed")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a call takes")
    parser.add_argument("--rate", type=int, default=30, help="messages a second for the bot; 0 for no limit")
    parser.add_argument(
        "--chat-rate", type=int, default=0, help="messages a second in one chat; 0 for no limit"
    )
    parser.add_argument("--webhook-connections", type=int, default=1, help="parallel webhook deliveries")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
