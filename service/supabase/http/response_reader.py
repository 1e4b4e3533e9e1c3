"""Reads one HTTP/1.1 response from bytes; llhttp parses, by way of httptools. No input or output happens here.

Strict on purpose. What frames a response ambiguously (Content-Length beside Transfer-Encoding, two Content-Lengths, folded
headers, bare line feeds) is refused, as RFC 9112 lets a client do, and so is any byte behind the response but blank lines,
which nothing can be made of: after either, nobody can tell whose answer comes next.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

import httptools

from service.supabase.http.errors import ConnectionLostError, UnusableResponseError
from service.supabase.http.sender import Answer

MAX_BODY_BYTES: Final = 1_048_576  # decompressed or not; what Supabase answers here has a few kilobytes
MAX_HEAD_BYTES: Final = 65_536
_KEEP_ALIVE: Final = re.compile(rb"(?:^|,)\s*timeout=(\d{1,6})\s*(?:,|$)", re.IGNORECASE)
_ZLIB_OR_GZIP: Final = 32 + zlib.MAX_WBITS


class ResponseReader:
    """Reads one response; `head` says that it answers a HEAD, and so has no body whatever its headers say.

    llhttp cannot be told of a HEAD by way of httptools. What follows the head would pass for a body, so the connection ends
    with it.
    """

    def __init__(self, *, head: bool = False) -> None:
        self._answers_head = head
        self._parser = httptools.HttpResponseParser(self)
        self._headers_complete = False
        self._until_close = True
        self._keep_alive = True
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._encoding = b""
        self._keep_alive_header = b""
        self.received = 0
        self.complete = False
        self.surplus = False  # whether something followed the response

    def feed(self, data: bytes) -> bool:
        """Take what arrived; True when the response is complete, and no more may be fed then.

        Raises UnusableResponseError for what is not a response, and for one that is too large.
        """
        self.received += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.complete:
                raise UnusableResponseError(f"not a valid HTTP response: {type(error).__name__}") from None
            self._keep_alive = False  # what follows the response spoils the connection
            self.surplus = True
        if self.complete:
            del self._parser  # each holds the other: without this the garbage collector would have to find them
        limit = MAX_BODY_BYTES + MAX_HEAD_BYTES if self._headers_complete else MAX_HEAD_BYTES
        if not self.complete and self.received > limit:
            raise UnusableResponseError("the response is too large")
        return self.complete

    def feed_end(self) -> None:
        """The connection was closed. Raises ConnectionLostError when that does not complete the response."""
        if not (self._headers_complete and self._until_close):
            raise ConnectionLostError("the connection was closed before the response was complete")
        self.complete = True
        self._keep_alive = False

    def answer(self) -> Answer:
        """The complete response. Raises UnusableResponseError for a body that is too large or does not decompress."""
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        if len(body) > MAX_BODY_BYTES:
            raise UnusableResponseError("the response is too large")
        if self._encoding and self._encoding != b"identity" and body:
            body = _decompressed(body, self._encoding)
        return Answer(self._status, self._headers, body)

    @property
    def idle_seconds(self) -> float:
        """How long the connection may idle now: 0 when it ends with this response, infinity when the server did not say."""
        if not self._keep_alive:
            return 0
        hint = _KEEP_ALIVE.search(self._keep_alive_header) if self._keep_alive_header else None
        # A second less than the server waits: it may close just when the next request is on its way.
        return float("inf") if hint is None else int(hint[1]) - 1

    # What httptools calls. An exception in one of these ends the parsing with an HttpParserError.

    def on_message_begin(self) -> None:
        if self.complete:
            self._keep_alive = False
            self.surplus = True
        elif self._headers_complete:  # it was an interim response (RFC 9110 section 15.2); the one that counts follows
            self._headers_complete = False
            self._until_close = True
            self._headers = []
            self._encoding = self._keep_alive_header = b""

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._headers_complete:
            return  # a trailer, or the head of a response that nobody asked for
        self._headers.append((name, value))
        match name.lower():
            case b"content-length":
                self._until_close = False
            case b"transfer-encoding":
                self._until_close = False
                if value.strip().lower() != b"chunked":
                    raise ValueError("a transfer coding that was not offered")
            case b"content-encoding":
                self._encoding = b"several" if self._encoding else value.strip().lower()
            case b"keep-alive":
                self._keep_alive_header = value

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        self._headers_complete = True
        self._status = self._parser.get_status_code()
        if self._parser.get_http_version() not in {"1.0", "1.1"}:
            raise ValueError("not HTTP/1.x")
        if self._status == 101 or not 100 <= self._status <= 599:
            raise ValueError("a status that nothing here asks for")
        if self._answers_head and self._status >= 200:
            self.complete = True
            self._keep_alive = False

    def on_body(self, body: bytes) -> None:
        if not self.complete:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if not self.complete and self._status >= 200:
            self.complete = True
            self._keep_alive = self._parser.should_keep_alive()


def _decompressed(body: bytes, encoding: bytes) -> bytes:
    """Raises UnusableResponseError for what is not gzip or deflate (RFC 9110 section 8.4.1), and for more than the limit."""
    if encoding not in {b"gzip", b"x-gzip", b"deflate"}:
        raise UnusableResponseError("a content coding that was not offered")
    # Some servers send "deflate" without the zlib wrapper that the RFC asks for; the first byte tells.
    raw = encoding == b"deflate" and body[0] & 0x0F != zlib.DEFLATED
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS if raw else _ZLIB_OR_GZIP)
    try:
        plain = decompressor.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error:
        raise UnusableResponseError("the body does not decompress") from None
    if len(plain) > MAX_BODY_BYTES:
        raise UnusableResponseError("the response is too large")
    if not decompressor.eof or decompressor.unused_data:
        raise UnusableResponseError("the compressed body is not whole")
    return plain
