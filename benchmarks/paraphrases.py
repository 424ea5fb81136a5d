"""Questions asked in several ways, from which meanings are fitted: written ones, patterns, and XQuAD's."""

from __future__ import annotations

import json
import re
import tomllib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpora import HERE
from benchmarks.gaps import read_labeled
from knowledge.language import to_simplified

DATA = HERE / "data" / "paraphrases"
_SUBJECT, _GERMAN = "# subject: ", "de: "
_MARKS = re.compile(r"\W+")
_HAN = re.compile("[\u4e00-\u9fff]")
# A part of the ways to ask for each thing, so that the same wordings do not always come together.
_TENTHS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question; those of one `group` mean the same, those of one `subject` are each other's near misses."""

    text: str
    language: str
    group: str
    subject: str
    source: str


def read_paraphrases() -> list[Asked]:
    """All of them but those that happen to be among the labeled questions by which grouping is measured."""
    measured = {_plain(q.question) for q in read_labeled() if q.split != "dev"}
    return [one for one in (*_written(), *_patterns(), *_xquad()) if _plain(one.text) not in measured]


def _plain(text: str) -> str:
    return _MARKS.sub("", to_simplified(text).casefold())


def _written() -> Iterator[Asked]:
    for path in sorted(DATA.glob("*.txt")):
        subject = ""
        for number, line in enumerate(path.read_text("utf-8").splitlines()):
            if line.startswith(_SUBJECT):
                subject = f"{path.stem}/{line.removeprefix(_SUBJECT)}"
            elif line.strip():
                for one in line.split(" / "):
                    yield _asked(one.strip(), f"{path.stem}:{number}", subject)


def _asked(text: str, group: str, subject: str) -> Asked:
    german = text.startswith(_GERMAN)
    language = "de" if german else "zh" if _HAN.search(text) else "en"
    return Asked(
        text=text.removeprefix(_GERMAN), language=language, group=group, subject=subject, source="written"
    )


def _patterns() -> Iterator[Asked]:
    stored = tomllib.loads((DATA / "patterns.toml").read_text("utf-8"))
    for ask, pattern in stored["asks"].items():
        for kind in pattern["of"]:
            for z, i, d, n, a in stored["objects"][kind]:
                names = {"z": z, "i": i, "d": d, "n": n, "a": a, "ai": _indefinite(a)}
                for way in pattern["ways"]:
                    if zlib.crc32((ask + z + way).encode()) % 10 < _TENTHS:
                        text = way.format(**names)
                        group = f"{ask} {z}"
                        yield Asked(
                            text=text[0].upper() + text[1:] if _language(way) == "de" else text,
                            language=_language(way),
                            group=group,
                            subject=f"{kind} {z}",
                            source="patterns",
                        )


def _language(way: str) -> str:
    return "zh" if "{z}" in way else "en" if "{i}" in way or "{d}" in way else "de"


def _indefinite(accusative: str) -> str:
    article, _, noun = accusative.partition(" ")
    return f"{ {'den': 'einen', 'die': 'eine', 'das': 'ein'}.get(article, '') } {noun}".strip()


def _xquad() -> Iterator[Asked]:
    """The same questions in three languages; those of one paragraph are near misses."""
    for language in ("zh", "en", "de"):
        stored = json.loads((HERE / "data" / "xquad" / f"xquad.{language}.json").read_text("utf-8"))
        for number, article in enumerate(stored["data"]):
            for place, paragraph in enumerate(article["paragraphs"]):
                for asked in paragraph["qas"]:
                    yield Asked(
                        text=asked["question"],
                        language=language,
                        group=f"xquad {asked['id']}",
                        subject=f"xquad {number}.{place}",
                        source="xquad",
                    )


def main(folder: Path = DATA) -> None:
    """Print how much there is to learn from."""
    asked = read_paraphrases()
    for source in ("written", "patterns", "xquad"):
        part = [one for one in asked if one.source == source]
        print(f"{source}: {len(part)} questions, {len({one.group for one in part})} meanings")


if __name__ == "__main__":
    main()
