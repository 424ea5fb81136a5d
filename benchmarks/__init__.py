"""Measurements of quality and speed; each prints what docs/quality.md holds."""

import knowledge  # noqa: F401  (sets numpy's threads before numpy is loaded)
