"""The outside of founder-bot: commands, channels, the composition root."""

__version__ = "0.1.0"
