"""Web addresses as networks take them."""

from __future__ import annotations


def in_ascii(link: str) -> str:
    """Spell an address without foreign letters, as IDNA and percent signs do; "" where that cannot be."""
    if link.isascii():
        return link
    import httpx

    try:
        return str(httpx.URL(link))
    except httpx.InvalidURL:
        return ""
