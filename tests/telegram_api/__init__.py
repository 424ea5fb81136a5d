"""A strict emulator of the Telegram Bot API for tests and benchmarks."""

from tests.telegram_api.server import TelegramApi
from tests.telegram_api.state import TOKEN, Call, Config, Fault, Sent

__all__ = ["TOKEN", "Call", "Config", "Fault", "Sent", "TelegramApi"]
