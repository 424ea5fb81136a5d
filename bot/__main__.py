"""Run the commands as `python -m bot`."""

from bot.cli import main

main()
