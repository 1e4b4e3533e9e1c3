"""Writes one HTTP/1.1 request as bytes. No input or output happens here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from service.supabase.http.errors import UnsendableRequestError

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_OURS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "te", "upgrade", "expect", "trailer"}
)


def request_bytes(
    method: str, target: str, common_headers: str, headers: Iterable[tuple[str, str]], body: bytes | None
) -> bytes:
    """A whole request. `target` must be valid already, and so must `common_headers`, lines that every request has.

    A method whose requests usually have a body says that there is none (RFC 9110 section 8.6).

    Raises UnsendableRequestError for a method that is not served here, and for a header that would change the framing.
    """
    if method not in _METHODS:
        raise UnsendableRequestError("not a method that is used here")
    lines = [f"{method} {target} HTTP/1.1\r\n{common_headers}"]
    lines += [f"{_checked(name)}: {value}\r\n" for name, value in headers]
    if body is not None or method in _WITH_BODY:
        lines.append(f"Content-Length: {len(body or b'')}\r\n")
    lines.append("\r\n")
    head = "".join(lines)
    ends = len(lines) + common_headers.count("\n")
    # A value with a line break in it would be further headers, or a second request.
    if head.count("\n") != ends or head.count("\r") != ends or "\0" in head:
        raise UnsendableRequestError("a header value with a line break or a NUL")
    try:
        return head.encode("ascii") + (body or b"")
    except UnicodeEncodeError:
        raise UnsendableRequestError("a header value that is not ASCII") from None


@lru_cache(maxsize=64)
def _checked(name: str) -> str:
    if _TOKEN.fullmatch(name) is None or name.lower() in _OURS:
        raise UnsendableRequestError("not a header that a caller may send")
    return name
