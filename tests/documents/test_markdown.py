from __future__ import annotations

import pytest

from handlers.review.markdown import render


def test_headings_lists_tables_and_links_are_rendered() -> None:
    html = render(
        "# Crane\n\n- one\n- **two**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[map](https://x.example/m)\n"
    )
    for part in ("<h1>Crane</h1>", "<li>one</li>", "<strong>two</strong>", "<td>1</td>"):
        assert part in html
    assert '<a href="https://x.example/m" rel="noopener noreferrer nofollow">map</a>' in html


def test_other_ways_to_ask_are_not_shown() -> None:
    assert render("## Crane\n<!-- asks: heavy? | how\nmuch? -->\nNine tonnes.") == (
        "<h2>Crane</h2>\n<p>Nine tonnes.</p>\n"
    )
    assert "left" not in render("Nine.\n\n<!-- left open <b>")


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://x.example/pixel.png)",
        "[a](javascript:alert(1))",
        "[a](data:text/html,<script>alert(1)</script>)",
        "<a href='javascript:alert(1)'>a</a>",
        "[a](https://x.example '\"><script>alert(1)</script>')",
        "<!-- --><svg onload=alert(1)>",
        "`<script>`",
        "<style>@import 'https://x.example'</style>",
    ],
)
def test_nothing_in_a_document_runs_or_calls_home(markdown: str) -> None:
    html = render(markdown)
    for tag in ("<script", "<img", "<svg", "<style", 'javascript:alert(1)"', "<iframe"):
        assert tag not in html


def test_markup_that_somebody_typed_is_shown_as_text() -> None:
    assert render("Write <b>bold</b>") == "<p>Write &lt;b&gt;bold&lt;/b&gt;</p>\n"
