"""Markdown into sections of plain text blocks: only what chunking needs, without markup in the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from knowledge.sentences import CJK

_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-{2,})[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_RULE = re.compile(r"^ {0,3}(?:[-*_][ \t]*){3,}$")
_ITEM = re.compile(r"^(\s*)(?:[-*+•]|(\d{1,3}[.)、]))\s+(\S.*)$")
_SEPARATOR_ROW = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_CELL = re.compile(r"(?<!\\)\|")
_COMMENT = re.compile(r"<!--\s*(?P<asks>asks:)?(?P<text>.*?)(?:-->|\Z)", re.DOTALL)
_ASKS = "\0"
_SENTENCE_END = re.compile(r"[.!?。！？；:：…][\"'”’」』)）\]】]*$")
_HARD_BREAK = re.compile(r"(?: {2,}|\\)$")
# A line shorter than this (wide characters count two) was broken on purpose, not to fit a page.
_WRAPPED_WIDTH = 56

_INLINE = (
    (re.compile(r"!\[([^\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)"), r"\1"),
    (re.compile(r"<((?:https?://|mailto:)[^>\s]+)>"), r"\1"),
    (re.compile(r"<br\s*/?>", re.IGNORECASE), " "),
    (re.compile(r"\*\*(\S(?:.*?\S)?)\*\*"), r"\1"),
    (re.compile(r"(?<!\w)__(\S(?:.*?\S)?)__(?!\w)"), r"\1"),
    (re.compile(r"(?<![\w*])\*([^\s*](?:[^*]*[^\s*])?)\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\w_])_([^\s_](?:[^_]*[^\s_])?)_(?![\w_])"), r"\1"),
    (re.compile(r"`+([^`]+)`+"), r"\1"),
    (re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])"), r"\1"),
)
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")


@dataclass(slots=True, kw_only=True)
class Block:
    """A paragraph, list, table or listing: `units` are not to be cut, `head` belongs to each part."""

    kind: str
    units: list[str]
    head: str = ""

    @property
    def text(self) -> str:
        """The whole block as it will be shown."""
        return "\n".join([self.head, *self.units] if self.head else self.units)


@dataclass(slots=True, kw_only=True)
class Section:
    """The blocks below one heading; `path` is the breadcrumb of headings, outermost first.

    `asks` is how people ask for it, from a comment `<!-- asks: one question | another -->`.
    """

    path: tuple[str, ...]
    level: int
    blocks: list[Block] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)


def parse(markdown: str) -> list[Section]:
    """Return the sections in order; the first one, of level 0, is what stands before any heading."""
    sections = [Section(path=(), level=0)]
    stack: list[tuple[int, str]] = []
    lines = _COMMENT.sub(_comment, markdown.replace(_ASKS, " ")).split("\n")
    for kind, level, body in _raw_blocks(lines):
        if kind == "heading":
            stack = [entry for entry in stack if entry[0] < level] + [(level, plain(body[0]))]
            sections.append(Section(path=tuple(text for _, text in stack), level=level))
        elif body and body[0].startswith(_ASKS):
            sections[-1].asks += [plain(ask) for ask in body[0][1:].split("|") if ask.strip()]
        else:
            _add_block(sections[-1].blocks, kind, body)
    return sections


def plain(text: str) -> str:
    """Take inline markup off; a link keeps its address in parentheses, since a chat shows no link text."""
    text = _LINK.sub(_link, text)
    for pattern, replacement in _INLINE:
        text = pattern.sub(replacement, text)
    return text.strip()


def unwrap(lines: list[str]) -> str:
    """Join lines that were broken only to fit a page; keep breaks that mean something."""
    text = ""
    previous = ""
    for line in lines:
        stripped = line.strip()
        if not text:
            text = stripped
        elif (
            _HARD_BREAK.search(previous) or _SENTENCE_END.search(previous.rstrip()) or not _is_full(previous)
        ):
            text += "\n" + stripped
        else:
            glue = "" if CJK.match(text[-1:]) or CJK.match(stripped[:1]) else " "
            text += glue + stripped
        previous = line
    return text


def _comment(match: re.Match[str]) -> str:
    """Drop a comment, or leave the questions it lists on a line of their own."""
    return f"\n\n{_ASKS}{' '.join(match['text'].split())}\n\n" if match["asks"] else ""


def _link(match: re.Match[str]) -> str:
    label, address = match.groups()
    if not address.startswith(("http://", "https://")) or address.rstrip("/") == label.rstrip("/"):
        return label
    return f"{label} ({address})"


def _is_full(line: str) -> bool:
    return len(line.strip()) + sum(1 for char in line if CJK.match(char)) >= _WRAPPED_WIDTH


def _raw_blocks(lines: list[str]) -> Iterator[tuple[str, int, list[str]]]:
    """Yield (kind, heading level or 0, lines) without looking inside."""
    position = 0
    while position < len(lines):
        line = lines[position]
        heading = _HEADING.match(line)
        end = position + 1
        if heading:
            yield "heading", len(heading[1]), [heading[2]]
        elif fence := _FENCE.match(line):
            while end < len(lines) and not lines[end].lstrip().startswith(fence[1]):
                end += 1
            yield "code", 0, lines[position + 1 : end]
            end += 1
        elif _is_table(lines, position):
            end = _run(lines, end, lambda text: "|" in text)
            yield "table", 0, lines[position:end]
        elif _ITEM.match(line) and not _RULE.match(line):
            end = _run(lines, end, lambda text: bool(text.strip()) and not _starts_block(text))
            yield "list", 0, lines[position:end]
        elif line.strip() and not _RULE.match(line):
            underline = _UNDERLINE.match(lines[end]) if end < len(lines) else None
            if underline:
                yield "heading", 1 if underline[1][0] == "=" else 2, [line.strip()]
                end += 1
            else:
                end = _paragraph_end(lines, end)
                yield "paragraph", 0, lines[position:end]
        position = end


def _run(lines: list[str], start: int, belongs: Callable[[str], bool]) -> int:
    end = start
    while end < len(lines) and belongs(lines[end]):
        end += 1
    return end


def _paragraph_end(lines: list[str], start: int) -> int:
    end = start
    while end < len(lines) and lines[end].strip() and not _starts_block(lines[end]):
        if _ITEM.match(lines[end]) or _is_table(lines, end) or _RULE.match(lines[end]):
            break
        end += 1
    return end


def _starts_block(line: str) -> bool:
    return bool(_HEADING.match(line) or _FENCE.match(line))


def _is_table(lines: list[str], position: int) -> bool:
    return (
        "|" in lines[position]
        and position + 1 < len(lines)
        and "|" in lines[position + 1]
        and bool(_SEPARATOR_ROW.match(lines[position + 1]))
    )


def _add_block(blocks: list[Block], kind: str, lines: list[str]) -> None:
    if kind == "table":
        head, rows = _table(lines)
        _append(blocks, Block(kind=kind, units=rows, head=head))
    elif kind == "list":
        _append_list(blocks, _items(lines))
    elif kind == "code":
        _append(blocks, Block(kind=kind, units=["\n".join(lines).strip("\n")]))
    else:
        quoted = [re.sub(r"^\s{0,3}>\s?", "", line) for line in lines]
        _append(blocks, Block(kind=kind, units=[plain(unwrap(quoted))]))


def _append(blocks: list[Block], block: Block) -> None:
    block.units = [unit for unit in block.units if unit.strip()]
    if block.units:
        blocks.append(block)


def _append_list(blocks: list[Block], items: list[str]) -> None:
    """Give a list the sentence that introduces it, or let it go on after a blank line."""
    last = blocks[-1] if blocks else None
    if last is not None and last.kind == "list":
        last.units += items
    elif last is not None and last.kind == "paragraph" and last.text.endswith((":", "：")):
        before, _, lead = last.text.rpartition("\n")
        if before:
            last.units = [before]
        else:
            blocks.pop()
        blocks.append(Block(kind="list", units=items, head=lead))
    else:
        blocks.append(Block(kind="list", units=items))


def _items(lines: list[str]) -> list[str]:
    """One unit for an item of the outermost level, with what is nested in it."""
    items: list[list[str]] = []
    outermost = min(len(match[1]) for line in lines if (match := _ITEM.match(line)))
    for line in lines:
        match = _ITEM.match(line)
        if match and (len(match[1]) < outermost + 2 or not items):
            items.append([f"{match[2] or '-'} {match[3]}"])
        elif match:
            items[-1].append(f"  {match[2] or '-'} {match[3]}")
        else:
            glue = "" if CJK.match(items[-1][-1][-1:]) else " "
            items[-1][-1] += glue + line.strip()
    return ["\n".join(_plain_item(line) for line in item) for item in items]


def _plain_item(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    marker, _, text = line.lstrip().partition(" ")
    return f"{indent}{marker} {plain(text)}"


def _table(lines: list[str]) -> tuple[str, list[str]]:
    """Return one self-explaining line a row; of two columns the names stand once, above."""
    rows = [_cells(line) for index, line in enumerate(lines) if index != 1]
    if rows and not any(rows[0]):
        rows = rows[1:]
    if not rows:
        return "", []
    names = rows[0]
    head = ": ".join(names) if len(names) == 2 and all(names) else ""
    return head, [_row(names, cells) for cells in rows[1:] if any(cells)]


def _row(names: list[str], cells: list[str]) -> str:
    """Write a row as a list item that needs no header: "- Team: Seats 4; Rent 20"."""
    named = zip(names[1:] + [""] * len(cells), cells[1:], strict=False)
    if len(names) == 2:
        rest = "; ".join(cell for cell in cells[1:] if cell)
    else:
        rest = "; ".join(f"{name}: {cell}" if name else cell for name, cell in named if cell)
    first = cells[0] or names[0]
    return (
        f"- {first}: {rest}" if rest and len(names) == 2 else f"- {first} – {rest}" if rest else f"- {first}"
    )


def _cells(line: str) -> list[str]:
    text = line.strip().removeprefix("|")
    text = text[:-1] if text.endswith("|") and not text.endswith("\\|") else text
    return [plain(cell) for cell in _CELL.split(text)]
