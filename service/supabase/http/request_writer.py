"""Writes one HTTP/1.1 request as bytes. No input or output happens here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

import httpx

_METHODS: Final = frozenset({"GET", "POST"})
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_OURS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "te", "upgrade", "expect", "trailer"}
)


def request_bytes(method: str, target: str, common_headers: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """A whole request. `target` must be valid already, and so must `common_headers`, lines that every request has.

    Raises httpx.LocalProtocolError for a method that no call here uses, and for a header that would change the framing.
    """
    if method not in _METHODS:
        raise httpx.LocalProtocolError("not a method that is used here")
    lines = [f"{method} {target} HTTP/1.1\r\n{common_headers}"]
    lines += [f"{_checked(name)}: {value}\r\n" for name, value in _fields(headers)]
    if body is not None or method == "POST":
        lines.append(f"Content-Length: {len(body or b'')}\r\n")
    lines.append("\r\n")
    head = "".join(lines)
    ends = len(lines) + common_headers.count("\n")
    # A value with a line break in it would be further headers, or a second request.
    if head.count("\n") != ends or head.count("\r") != ends or "\0" in head:
        raise httpx.LocalProtocolError("a header value with a line break or a NUL")
    try:
        return head.encode("ascii") + (body or b"")
    except UnicodeEncodeError:
        raise httpx.LocalProtocolError("a header value that is not ASCII") from None


def _fields(headers: Mapping[str, str]) -> Iterable[tuple[str | bytes, str]]:
    if isinstance(headers, httpx.Headers):  # whose `items` merges what has the same name, at some cost
        return [(name, value.decode("latin-1")) for name, value in headers.raw]
    return headers.items()


@lru_cache(maxsize=64)
def _checked(name: str | bytes) -> str:
    name = name if isinstance(name, str) else name.decode("latin-1")
    if _TOKEN.fullmatch(name) is None or name.lower() in _OURS:
        raise httpx.LocalProtocolError("not a header that a caller may send")
    return name
