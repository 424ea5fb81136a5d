"""Answers by which a person or company is reached: email, phone, web address."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

from forms.model import Value
from forms.values.problem import NotValid
from forms.values.text import excerpt, plain, wording

_EDGES = " \t\n.,;:!。,;:!?、<>()[]{}\"'“”‘’「」《》【】（）"
_ASIAN = "\u3000-\u303f\u3400-\u9fff\uff00-\uffef"
_EMAIL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@(?:[\w\u3400-\u9fff-]+\.)+[a-z]{2,}", re.IGNORECASE)
_EMAIL_STRICT = re.compile(r"[a-z0-9!#$%&*+/=^_~.-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}", re.IGNORECASE)
_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*):(?=//|[^\d/])", re.IGNORECASE)
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_URL = re.compile(
    rf"(?:https?://|www\.)[^\s{_ASIAN}<>\"“”]+|(?<![\w@.-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
    rf"(?:com|cn|net|org|io|ai|co|de|eu|tech|app|dev|me|cc|top|xyz|info|us|uk|hk|tw|sg|jp|fr|ch|at)(?![\w@-])(?:[/?#:][^\s{_ASIAN}<>\"“”]*)?",
    re.IGNORECASE,
)
_LONGEST = 2000
_NOT_HOSTS = ("localhost", "local", "internal", "lan", "home", "corp", "test", "invalid", "localdomain")
_FILES = (
    "pdf",
    "doc",
    "docx",
    "ppt",
    "pptx",
    "xls",
    "xlsx",
    "png",
    "jpg",
    "jpeg",
    "txt",
    "zip",
    "rar",
    "mp4",
)


def read_email(text: str) -> Value:
    """Read one email address; its full stop, brackets and full-width @ are mended."""
    written = _EMAIL_TAIL.sub("", plain(text).strip(_EDGES))
    written = _EMAIL_LEAD.sub("", written).strip(_EDGES).replace("。", ".")
    if len(found := set(_EMAIL.findall(written))) > 1:
        raise (
            NotValid("one_email")
            if len(found) == written.count("@")
            else NotValid("email", word=excerpt(text))
        )
    written = re.sub(r"\s*@\s*", "@", written) if written.count("@") == 1 else written
    return Value(data=_email(written, text), wording=wording(text))


def find_email(text: str) -> Value | None:
    """The one email address inside a sentence."""
    found = set()
    for match in _EMAIL_STRICT.finditer(plain(text)):
        try:
            found.add(_email(match[0].strip("."), text))
        except NotValid:
            continue
    return Value(data=found.pop(), wording=wording(text)) if len(found) == 1 else None


def _email(address: str, text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        checked = validate_email(address, check_deliverability=False, allow_smtputf8=True)
    except EmailNotValidError:
        raise NotValid("email", word=excerpt(text)) from None
    return checked.normalized


def read_phone(text: str) -> Value:
    """Read one phone number; without a country code it is taken as Chinese."""
    written = _PHONE_TAIL.sub("", plain(text).strip(" \t\n.,;:!。,;:!?、"))
    written = _PHONE_LEAD.sub("", written).strip()
    if re.search(r"\d{7,}.*[/、,;或\n].*\d{7,}", re.sub(r"[ -]", "", written)):
        raise NotValid("one_phone")
    return Value(data=_phone(written, text), wording=wording(text))


def find_phone(text: str) -> Value | None:
    """The one valid phone number inside a sentence."""
    import phonenumbers

    written = plain(text)
    found = set()
    for match in phonenumbers.PhoneNumberMatcher(written, "CN"):
        found.add(phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164))
    return Value(data=found.pop(), wording=wording(text)) if len(found) == 1 else None


def _phone(written: str, text: str) -> str:
    import phonenumbers

    refused = NotValid("phone", word=excerpt(text))
    if not re.search(r"\d", written) or re.search(r"[^\W\d_]{8,}", written):
        raise refused
    if written.startswith("00"):
        written = f"+{written[2:].lstrip()}"
    try:
        number = phonenumbers.parse(re.sub(r"转", " ext. ", written), "CN")
    except phonenumbers.NumberParseException:
        raise refused from None
    if not phonenumbers.is_valid_number(number):
        raise refused
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_url(text: str) -> Value:
    """Read one public web address; the scheme may be left out."""
    written = plain(text).strip(_EDGES.replace("/", ""))
    written = _URL_LEAD.sub("", written).strip(_EDGES).replace("。", ".").replace("：//", "://")
    if re.search(r"\s", written):
        addresses = {match[0] for match in _URL.finditer(written)}
        if len(addresses) > 1 and all(_URL.fullmatch(part.strip(_EDGES)) for part in written.split()):
            raise NotValid("one_url")
        raise NotValid("url_spaces") if addresses else NotValid("url", word=excerpt(text))
    if len(re.findall(r"https?://", written)) > 1 and re.search(r"[,;、|]https?://", written):
        raise NotValid("one_url")
    return Value(data=_url(written, text), wording=wording(text))


def find_url(text: str) -> Value | None:
    """The one web address inside a sentence."""
    found = set()
    for match in _URL.finditer(plain(text)):
        try:
            found.add(_url(match[0].strip(_EDGES), text))
        except NotValid:
            continue
    return Value(data=found.pop(), wording=wording(text)) if len(found) == 1 else None


def check_email(address: str) -> None:
    """Raise NotValid unless a stored address is one still."""
    _email(address, address)


def check_phone(number: str) -> None:
    """Raise NotValid unless a stored number is one still."""
    if _phone(number, number) != number:
        raise NotValid("changed")


def check_url(address: str) -> None:
    """Raise NotValid unless a stored address is one still."""
    _url(address, address)


def _url(written: str, text: str) -> str:
    refused = NotValid("url", word=excerpt(text))
    if len(written) > _LONGEST:
        raise refused
    scheme = _SCHEME.match(written)
    if scheme and scheme[1].lower() not in ("http", "https"):
        if "." in scheme[1]:
            scheme = None
        else:
            raise NotValid("url_scheme")
    elif scheme and not re.match(r"https?://[^/]", written, re.IGNORECASE):
        raise refused
    try:
        parts = urlsplit(written if scheme else f"https://{written.removeprefix('//')}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise refused from None
    if "@" in parts.netloc:
        raise NotValid("url_secret") if scheme or ":" in parts.netloc.partition("@")[0] else refused
    _host(host, scheme=scheme is not None, text=text)
    shown = host if port is None else f"{host}:{port}"
    return urlunsplit(SplitResult(parts.scheme.lower(), shown, parts.path, parts.query, parts.fragment))


def _host(host: str, *, scheme: bool, text: str) -> None:
    """Raise NotValid unless a host is a dotted public name."""
    word = excerpt(text)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is not None:
        raise NotValid("url", word=word) if address.is_global else NotValid("url_private", word=word)
    labels = host.split(".")
    top = labels[-1]
    if scheme and top in _NOT_HOSTS:
        raise NotValid("url_private", word=word)
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise NotValid("url", word=word)
    if top in _NOT_HOSTS:
        raise NotValid("url_private", word=word)
    if len(top) < 2 or top.isdigit() or (not scheme and top in _FILES):
        raise NotValid("url", word=word)
    if not host.isascii():
        try:
            host.encode("idna")
        except UnicodeError:
            raise NotValid("url", word=word) from None
