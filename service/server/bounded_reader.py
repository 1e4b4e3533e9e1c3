"""Reads requests no faster than they are answered, and no more of one than its bounds allow.

Nothing that comes after the head changes the request. The trailer section of a chunked body is discarded (RFC 9110 section
6.5.1, RFC 9112 section 7.1.2): whoever checks headers, here or in a proxy in front, has done so by then. It is bounded as a
head is, and so are chunk extensions.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from service.errors import ApiError
from service.server.framing import FramingMeter
from service.server.head import MAX_HEAD_BYTES, MAX_RAW_HEAD_BYTES, framing_too_large, head_too_large
from service.server.transport import LingeringTransport

SLICE_BYTES: Final = 2_048  # what is parsed at once: what a browser asks, or as many pipelined requests as may wait
_NOTHING: Final = memoryview(b"")


class BoundedReader(HttpToolsProtocol):
    """What arrives on one connection. Whoever refuses something of it, and says when, is in the class below this."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._client: LingeringTransport
        self._waiting = _NOTHING  # what arrived, and is parsed once no request waits for its turn
        self._in_head = False
        self._in_message = False
        self._framing = FramingMeter()
        self._declined: bytes | None = None  # the head of a request that asked for another protocol, without that

    def data_received(self, data: bytes) -> None:
        """Bytes arrived. In slices, so that neither a head nor a number of requests is parsed far beyond its limit."""
        if self._client.is_closing():
            self._client.discard(len(data))
        elif len(data) <= SLICE_BYTES and not self._waiting and not self.pipeline:
            self._feed(data)
            self._client.hold(bool(self.pipeline))
        else:
            self._waiting = memoryview(data if not self._waiting else b"".join((self._waiting, data)))
            self._read_on()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._unset_keepalive_if_required()
        super().on_message_begin()
        self._in_head = self._in_message = True
        self._framing.section_begins()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header line, or a trailer: the parser calls this for both, and trailers are not kept."""
        if self._in_head:
            super().on_header(name, value)

    def on_chunk_header(self) -> None:
        """The line with a chunk's size was read."""
        self._framing.chunk()

    def on_body(self, body: bytes) -> None:
        """A part of the body arrived."""
        self._framing.content(len(body))
        super().on_body(body)

    def _refuse(self, error: ApiError) -> None:
        """Answer with the error where that is possible, and hang up."""
        raise NotImplementedError

    def _head_ends(self) -> None:
        self._in_head = False
        self._framing.section_begins()

    def _message_ends(self) -> None:
        self._in_message = False
        self._framing.section_begins()

    def _forget(self) -> None:
        """Nobody waits any more for what has arrived."""
        self._waiting = _NOTHING
        self.pipeline.clear()

    def _read_on(self) -> None:
        """Parse what has arrived until a request waits for its turn; then let the client wait, too."""
        while self._waiting and not self.pipeline and not self._client.is_closing():
            data, self._waiting = self._waiting[:SLICE_BYTES], self._waiting[SLICE_BYTES:]
            self._feed(data)
        if self._client.is_closing():
            self._client.discard(len(self._waiting))
            self._waiting = _NOTHING
        self._client.hold(bool(self.pipeline))

    def _feed(self, data: bytes | memoryview) -> None:
        if self.cycle is not None and not self.cycle.keep_alive and not self._in_message:
            return  # what follows the last request of a connection is none, and no reason not to answer it
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline_upgrade(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            self.send_400_response("")
            return
        if self._framing.fed(len(data), within=self._in_message) > (MAX_RAW_HEAD_BYTES if self._in_head else MAX_HEAD_BYTES):
            self._refuse(head_too_large(self.url) if self._in_head else framing_too_large())

    def _decline_upgrade(self, rest: bytes | memoryview) -> None:
        head, self._declined = self._declined, None
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self._feed(head or b"")
        if not self._client.is_closing():
            self._feed(rest)
