"""Answers that are files, judged by size and type, or links to them; their content is checked elsewhere."""

from __future__ import annotations

from forms.model import Question, Value
from forms.values.addresses import find_url, read_url
from forms.values.problem import NotValid
from forms.values.text import clean, excerpt

MEDIA_TYPES = {
    "pdf": ("application/pdf",),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",),
    "pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation",),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
    "doc": ("application/msword",),
    "ppt": ("application/vnd.ms-powerpoint",),
    "xls": ("application/vnd.ms-excel",),
    "odt": ("application/vnd.oasis.opendocument.text",),
    "odp": ("application/vnd.oasis.opendocument.presentation",),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet",),
    "png": ("image/png",),
    "jpg": ("image/jpeg",),
    "gif": ("image/gif",),
    "webp": ("image/webp",),
    "heic": ("image/heic", "image/heif"),
    "svg": ("image/svg+xml",),
    "mp4": ("video/mp4",),
    "mov": ("video/quicktime",),
    "webm": ("video/webm",),
    "mp3": ("audio/mpeg",),
    "txt": ("text/plain",),
    "md": ("text/markdown",),
    "csv": ("text/csv",),
    "zip": ("application/zip",),
}
"""Short names for file types as a form names them, and the media types that each means."""

_SAME = {"jpeg": "jpg", "jpe": "jpg", "markdown": "md", "heif": "heic", "qt": "mov"}
_BY_MEDIA = {media: name for name, medias in MEDIA_TYPES.items() for media in medias}


def read_file(question: Question, *, sha256: str, name: str, media_type: str, size: int) -> Value:
    """Take a stored file as the answer; NotValid when its type or size is not allowed."""
    shown = clean(name) or "file"
    data = {"sha256": sha256, "name": shown, "media_type": media_type, "size": size}
    check_file(question, data)
    return Value(data=data, wording=shown)


def check_file(question: Question, data: dict[str, object]) -> None:
    """Raise NotValid for a stored file that the question does not take."""
    size, media_type = int(str(data["size"])), str(data["media_type"])
    limits = question.limits
    if size <= 0:
        raise NotValid("file_empty")
    if size > limits.max_bytes:
        raise NotValid("file_size", size=show_size(size), limit=show_size(limits.max_bytes))
    allowed = {_SAME.get(one.lower().lstrip("."), one.lower().lstrip(".")) for one in limits.file_types}
    kind = file_type(media_type)
    if allowed and kind not in allowed:
        types = ", ".join(one.lstrip(".").upper() for one in limits.file_types)
        raise NotValid("file_type", type=kind.upper() if kind else excerpt(media_type), types=types)


def file_type(media_type: str) -> str:
    """The short name of a media type: "pdf", else what follows the slash."""
    media_type = media_type.partition(";")[0].strip().lower()
    return _BY_MEDIA.get(media_type) or _SAME.get(media_type) or media_type.rpartition("/")[2]


def show_size(size: int) -> str:
    """A file's size for people."""
    if size < 1_000:
        return f"{size} B"
    return f"{size / 1_000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def read_link(text: str) -> Value:
    """Read a link to a file in place of the file."""
    try:
        value = read_url(text)
    except NotValid as problem:
        raise NotValid("file") if problem.code in ("url", "url_spaces") else problem from None
    return Value(data={"link": value.data}, wording=value.wording)


def find_link(text: str) -> Value | None:
    """The one link inside a sentence."""
    value = find_url(text)
    return None if value is None else Value(data={"link": value.data}, wording=value.wording)
