"""What is wrong with an answer, as a code and values that a sentence is made of."""

from __future__ import annotations


class NotValid(Exception):
    """An answer that does not fit its question: the sentence `apply.invalid.<code>` with `values` in it."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values: dict[str, object] = values
