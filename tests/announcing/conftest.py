from __future__ import annotations

from tests.conversation.conftest import bot, both, clock, folder, store

__all__ = ["bot", "both", "clock", "folder", "store"]
