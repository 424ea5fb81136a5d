"""What is not taken as it is, with the sentence that says why and what to do."""

from __future__ import annotations

from typing import ClassVar


class Refused(Exception):
    """Something that is not taken; the sentence is "<section><code>" with `values` as its placeholders."""

    section: ClassVar[str]

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values

    @property
    def key(self) -> str:
        """The key of the sentence."""
        return f"{self.section}{self.code}"
