"""What staff may put behind the button of an announcement."""

from __future__ import annotations

import pytest

from handlers.announce.checks import DraftRefused, check_link


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("example.org/x", "https://example.org/x"),
        (" https://例子.中国/公告 ", "https://例子.中国/公告"),
        ("bücher.example", "https://bücher.example"),
        ("http://example.org:8080/?q=a%20b#top", "http://example.org:8080/?q=a%20b#top"),
    ],
)
def test_web_addresses_are_taken_with_or_without_their_scheme(typed: str, stored: str) -> None:
    assert check_link(typed) == stored


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("tg://resolve?domain=x", "link"),
        ("javascript:alert(1)", "link"),
        ("ftp://example.org", "link"),
        ("https://exa mple.org", "link"),
        ("https://", "link"),
        ("https://localhost/x", "link"),
        ("https://☃☃.example/", "link"),
        ("https://" + "a" * 70 + ".例子/", "link"),
        ("https://ann:secret@example.org/", "link_secret"),
        ("https://bank.example@evil.example/", "link_secret"),
        ("https://example.org/" + "公告" * 200, "link_long"),
    ],
)
def test_what_is_no_address_for_everybody_is_refused(typed: str, code: str) -> None:
    with pytest.raises(DraftRefused) as caught:
        check_link(typed)
    assert caught.value.code == code
