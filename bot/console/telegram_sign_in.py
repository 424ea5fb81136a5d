"""What Telegram says about who signs in: its address, and whether an answer is its own and fresh.

The answer is signed with the bot's token (core.telegram.org/widgets/login, "Checking authorization").
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

SERVER = "https://oauth.telegram.org/auth"
FRESH = timedelta(minutes=5)
_AHEAD = timedelta(minutes=1)


def address(token: str, origin: str, back: str) -> str:
    """Return where somebody confirms at Telegram; it sends them `back`, with the answer behind a #."""
    bot_id = token.partition(":")[0]
    return f"{SERVER}?{urlencode({'bot_id': bot_id, 'origin': origin, 'return_to': back})}"


def unpacked(answer: str) -> dict[str, str]:
    """Read what stood behind the #; empty for what is no answer."""
    try:
        found = json.loads(base64.urlsafe_b64decode(answer + "=" * (-len(answer) % 4)))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): str(value) for key, value in found.items() if isinstance(value, str | int)}


def confirmed_user(token: str, fields: Mapping[str, str], now: datetime) -> str | None:
    """Return the id of the Telegram user; None unless Telegram has signed it for this bot a moment ago."""
    text = "\n".join(f"{key}={fields[key]}" for key in sorted(fields) if key != "hash")
    secret = hashlib.sha256(token.encode()).digest()
    right = hmac.new(secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), fields.get("hash", "").encode("utf-8", "replace")):
        return None
    when = fields.get("auth_date", "")
    if not when.isdecimal() or len(when) > 11:
        return None
    age = now - datetime.fromtimestamp(int(when), UTC)
    return fields.get("id") if -_AHEAD < age < FRESH else None
