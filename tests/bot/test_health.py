from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.background import background
from bot.health import STALE, Heartbeat, folder, seconds_since_last
from tests.bot.conftest import Installation


async def test_a_running_bot_renews_its_sign_of_life(tmp_path: Path) -> None:
    heartbeat = Heartbeat(tmp_path, every=0.01)
    heartbeat.start()
    (sign,) = folder(tmp_path).iterdir()
    os.utime(sign, (1, 1))
    async with background(heartbeat.keep()):
        await asyncio.sleep(0.05)
    age = seconds_since_last(tmp_path)
    assert age is not None
    assert age < 5


def test_a_bot_that_ended_leaves_no_sign(tmp_path: Path) -> None:
    heartbeat = Heartbeat(tmp_path)
    heartbeat.start()
    heartbeat.stop()
    assert seconds_since_last(tmp_path) is None


def test_the_sign_of_a_process_that_died_is_cleared_away(tmp_path: Path) -> None:
    Heartbeat(tmp_path).start()
    (sign,) = folder(tmp_path).iterdir()
    dead = sign.with_name(sign.name + "9")
    dead.touch()
    os.utime(dead, (1, 1))
    Heartbeat(tmp_path).start()
    assert list(folder(tmp_path).iterdir()) == [sign]


def test_the_health_check_tells_running_stuck_and_stopped_apart(
    installation: Installation, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("doctor", "--health") == 1
    assert "not running" in capsys.readouterr().err
    Heartbeat(installation.data).start()
    assert command("doctor", "--health") == 0
    (sign,) = folder(installation.data).iterdir()
    long_ago = time.time() - STALE - 5
    os.utime(sign, (long_ago, long_ago))
    assert command("doctor", "--health") == 1
    assert "stuck" in capsys.readouterr().err
