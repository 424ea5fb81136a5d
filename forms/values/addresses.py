"""Answers that are web addresses which anybody can open."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit, urlunsplit

from forms.model import Value
from forms.values.problem import NotValid
from forms.values.text import EDGES, excerpt, plain, wording
from forms.values.vocabulary import bare

_ASIAN = "\u3000-\u303f\u3400-\u9fff\uff00-\uffef"
_TOPS = "com|cn|net|org|io|ai|co|de|eu|tech|app|dev|me|cc|top|xyz|info|us|uk|hk|tw|sg|jp|fr|ch|at|edu|gov"
_SCHEME = re.compile(r"([a-z][a-z0-9+-]*):(?!\d)", re.IGNORECASE)
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_PRIVATE = frozenset("localhost local internal lan home corp test invalid localdomain".split())  # noqa: SIM905
_FILE_ENDINGS = frozenset("pdf doc docx ppt pptx xls xlsx png jpg jpeg txt zip rar mp4".split())  # noqa: SIM905
_LONGEST = 2000


def read_url(text: str) -> Value:
    """Read one public web address; the scheme may be left out."""
    written = bare("url", plain(text).strip(EDGES)).strip(EDGES).replace("。", ".")
    if re.search(r"\s", written):
        parts = [part.strip(EDGES) for part in written.split()]
        if all(_pattern().fullmatch(part) for part in parts):
            raise NotValid("one_url")
        raise NotValid("url_spaces") if _pattern().search(written) else NotValid("url", word=excerpt(text))
    if re.search(r"[,;、|]https?://", written):
        raise NotValid("one_url")
    return Value(data=_url(written, text), wording=wording(text))


def find_url(text: str) -> Value | None:
    """The one web address inside a sentence."""
    found = set()
    for match in _pattern().finditer(plain(text)):
        try:
            found.add(_url(match[0].strip(EDGES), text))
        except NotValid:
            continue
    return Value(data=found.pop(), wording=wording(text)) if len(found) == 1 else None


def check_url(address: str) -> None:
    """Raise NotValid unless a stored address is one still."""
    _url(address, address)


def _url(written: str, text: str) -> str:
    refused = NotValid("url", word=excerpt(text))
    scheme = _SCHEME.match(written)
    if scheme and scheme[1].lower() not in ("http", "https"):
        raise NotValid("url_scheme") if "." not in scheme[1] else refused
    if len(written) > _LONGEST or (scheme and not re.match(r"https?://[^/]", written, re.IGNORECASE)):
        raise refused
    try:
        parts = urlsplit(written if scheme else f"https://{written.removeprefix('//')}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise refused from None
    if "@" in parts.netloc:
        raise NotValid("url_secret") if scheme else refused
    _check_host(host, refused, written=scheme is not None)
    netloc = host if port is None else f"{host}:{port}"
    return urlunsplit(SplitResult(parts.scheme.lower(), netloc, parts.path, parts.query, parts.fragment))


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """An address in a sentence: one with its scheme, or a name with a well-known ending."""
    rest = rf"[^\s{_ASIAN}<>\"“”]*"
    name = r"(?<![a-z0-9_@./-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
    return re.compile(
        rf"(?:https?://|www\.)(?!\s){rest}|{name}(?:{_TOPS})(?![a-z0-9_@-])(?:[/?#:]{rest})?", re.IGNORECASE
    )


def _check_host(host: str, refused: NotValid, *, written: bool) -> None:
    """Raise NotValid unless a host is a dotted public name; `written` when its scheme was."""
    labels = host.split(".")
    top = labels[-1]
    if _is_address(host) or (top in _PRIVATE and (written or len(labels) > 1)):
        raise NotValid("url_private", **refused.values)
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise refused
    if len(top) < 2 or top.isdigit() or (not written and len(labels) == 2 and top in _FILE_ENDINGS):
        raise refused
    if not host.isascii():
        try:
            host.encode("idna")
        except UnicodeError:
            raise refused from None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
