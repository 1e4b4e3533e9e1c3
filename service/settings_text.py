"""How values are written, and what gets into them by accident, on the way through a shell, a file or a web page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

IPNetwork = IPv4Network | IPv6Network

ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
_PUBLIC_KEY: Final = re.compile(r"\s*(-----BEGIN|ssh-|ecdsa-|\{)")
REDIS_SCHEMES: Final = frozenset({"redis", "rediss", "valkey", "valkeys"})

# Blanks and line ends (`echo`, CRLF), and what copying from a web page adds unseen: no-break and zero-width spaces, a BOM.
_AROUND: Final = " \t\r\n\v\f\xa0\u200b\u2060\ufeff"
_QUOTES: Final = ('"', "'", "`", "\u201c", "\u201d", "\u2018", "\u2019")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_KEY: Final = re.compile(r"[!-~]+", re.ASCII)
FIELD_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", re.ASCII)  # RFC 9110 section 5.1
_API: Final = re.compile(r"/(?:auth|rest|storage|realtime|functions|graphql)/v1(?:/.*)?$")
_DASHBOARD: Final = frozenset({"supabase.com", "www.supabase.com", "app.supabase.com", "app.supabase.io"})


def trimmed(value: object) -> object:
    """A value without what cannot be meant around it.

    Raises PydanticCustomError for one in quotes, which some programs take away and others hand on (`docker run --env-file`).
    """
    if not isinstance(value, str):
        return value
    text = value.strip(_AROUND)
    if text[:1] in _QUOTES or text[-1:] in _QUOTES:
        raise PydanticCustomError("quotes", "begins or ends with a quote, which nobody took away on its way here: remove it")
    return text


def without_blank_values(values: Mapping[str, object]) -> dict[str, object]:
    """The values but for those that are nothing when trimmed: they count as not set, as empty ones do."""
    return {name: value for name, value in values.items() if not (isinstance(value, str) and not value.strip(_AROUND))}


def trimmed_names(values: Mapping[str, object]) -> Iterator[str]:
    """The names of the values that lose something by `trimmed`."""
    for name, value in values.items():
        if isinstance(value, str) and value != value.strip(_AROUND):
            yield name


def require_one_line(value: SecretStr | str) -> None:
    """Raises PydanticCustomError for a value with a line break or another control character inside."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if _CONTROL.search(text):
        raise PydanticCustomError("control", "has a line break or another control character inside: write it on one line")


def require_key(value: SecretStr) -> None:
    """Raises PydanticCustomError for what no header can carry: an API key is printable ASCII without blanks."""
    require_one_line(value)
    if not _KEY.fullmatch(value.get_secret_value()):
        raise PydanticCustomError("key", "has a blank or a character outside ASCII inside: copy it again")


def require_shared_secret(value: SecretStr) -> None:
    """Raises PydanticCustomError for a public key, and for what has more than one line."""
    if _PUBLIC_KEY.match(value.get_secret_value()):
        raise PydanticCustomError(
            "public_key",
            "must be the shared secret, and is a public key: whoever reads that key could sign tokens with it; unset this,"
            " public keys are fetched from the project",
        )
    require_one_line(value)


def project_url(value: str) -> str:
    """The project's own address, from that of one of its APIs, as RFC 3986 section 6.2.2.1 and 6.2.3 normalize it.

    Raises PydanticCustomError for the dashboard's address, and for a path where hosted projects have none.
    """
    url = _API.sub("", value.rstrip("/"))
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if host in _DASHBOARD:
        raise PydanticCustomError(
            "dashboard", "is an address of the dashboard: the project's own is https://REF.supabase.co, REF being its reference"
        )
    if host.endswith(".supabase.co") and parts.path:
        raise PydanticCustomError("path", "has a path: the project's URL ends with .supabase.co")
    if host.startswith("db.") and host.endswith(".supabase.co"):
        raise PydanticCustomError("database", "is the database's address: the project's URL is the same without db.")
    default_port = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(default_port)}{parts.path}"


def url_parts(value: str) -> SplitResult | None:
    """The parts of a URL with a host; None where it is none."""
    try:
        parts = urlsplit(value)
        return parts if parts.hostname and (parts.port is None or parts.port > 0) else None
    except ValueError:
        return None


def entries_of(value: str) -> tuple[str, ...]:
    """The entries of a list with commas. Raises what `trimmed` raises."""
    return tuple(str(trimmed(entry)) for entry in value.split(",") if entry.strip(_AROUND))


def network(value: object, number: int) -> IPNetwork:
    """The `number`th network of a list. Raises PydanticCustomError."""
    try:
        return ip_network(str(value))
    except ValueError:
        raise PydanticCustomError(
            "network", "entry {number} is not a network: write it as a CIDR, such as 10.0.0.0/8", {"number": number}
        ) from None
