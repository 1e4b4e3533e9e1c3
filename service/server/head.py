"""What a request's head must and must not be, beyond what the parser sees to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from service.error_codes import ErrorCode
from service.errors import ApiError, invalid_request
from service.security.access_token import MAX_TOKEN_BYTES

Header = tuple[bytes, bytes]

# The access token does not count: Supabase decides how large that is, and a project's hooks may put much into it.
MAX_HEAD_BYTES: Final = 16_384  # as much as uvicorn's other parser (h11) takes; browsers send a tenth of it
MAX_RAW_HEAD_BYTES: Final = MAX_HEAD_BYTES + MAX_TOKEN_BYTES
MAX_HEADERS: Final = 100  # header lines; browsers send fewer than 30

_VERSIONS = frozenset({"1.0", "1.1"})
# uri-host [ ":" port ] (RFC 9110 section 7.2, RFC 3986 section 3.2.2, RFC 6874 for zones).
_HOST = re.compile(rb"(?:\[[0-9A-Za-z:._~!$&'()*+,;=%-]+\]|(?:[0-9A-Za-z._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?")


def check_head(url: bytes, headers: Sequence[Header], version: str) -> None:
    """Raises ApiError for a complete head that is not accepted. Header names are in lower case."""
    size, hosts, host = len(url), 0, b""
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"host":
            hosts, host = hosts + 1, value
        elif name == b"authorization":
            size -= min(len(value), MAX_TOKEN_BYTES)
    if size > MAX_HEAD_BYTES or len(headers) > MAX_HEADERS:
        raise head_too_large(url)
    if version not in _VERSIONS:
        raise invalid_request("", "is not HTTP/1.1")
    if hosts != 1 and (hosts > 1 or version == "1.1"):
        raise invalid_request("", "a request has exactly one Host header")
    if not _HOST.fullmatch(host):
        raise invalid_request("", "the Host header has characters that no host has")


def head_too_large(url: bytes) -> ApiError:
    """A 431 (RFC 6585 section 5); where the URL takes most of it, it is none that this service has, and a 400."""
    if len(url) <= MAX_HEAD_BYTES // 2:
        return ApiError(ErrorCode.headers_too_large)
    return invalid_request("", f"the URL and the headers have more than {MAX_HEAD_BYTES} bytes")


def framing_too_large() -> ApiError:
    """A 400 for what stands around a body's content."""
    return invalid_request("", f"the trailers or the chunk extensions have more than {MAX_HEAD_BYTES} bytes")


def without_upgrade(method: bytes, url: bytes, version: str, headers: Iterable[Header]) -> bytes:
    """The same head, as one that asks for no other protocol, and for the end of the connection.

    The parser takes whatever follows an Upgrade for the other protocol, the body included; but a server that does not change
    the protocol answers the request as it is (RFC 9110 section 7.8). Its own reading of the lines is written out again, so
    that nothing which it refused, or would refuse, can come back in. Nobody may send a further request before he knows whether
    the protocol changed, so there is none on this connection.
    """
    lines = [b"%b %b HTTP/%b" % (method, url, version.encode())]
    lines += [b"%b: %b" % line for line in headers if line[0] not in (b"upgrade", b"connection")]
    return b"\r\n".join([*lines, b"connection: close", b"", b""])
