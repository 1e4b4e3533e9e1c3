"""HTTP/1.1 as uvicorn speaks it, with limits on what frames a request, and errors in the service's own schema.

A head that is refused here never becomes a request: nothing routes it, counts it or looks at its cookies. uvicorn's parser
(llhttp) refuses most ambiguous messages by itself (RFC 9112 section 11.2, request smuggling); head.py adds what it leaves to
the server.

Nothing that comes after the head changes the request. The trailer section of a chunked body is discarded (RFC 9110 section
6.5.1, RFC 9112 section 7.1.2): whoever checks headers, here or in a proxy in front, has done so by then. It is bounded as a
head is, and so are chunk extensions.

Whatever a client leaves undone, some timer ends it: a request's own while it is worked on, uvicorn's between requests, the
transport's after the end, and for the rest those here.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from service.error_codes import ErrorCode
from service.errors import ApiError, invalid_request
from service.server.connection_limit import OVERLOAD_SECONDS, Admission, ConnectionLimit, check_exempt
from service.server.framing import FramingMeter
from service.server.head import (
    MAX_HEAD_BYTES,
    MAX_RAW_HEAD_BYTES,
    check_head,
    framing_too_large,
    head_too_large,
    without_upgrade,
)
from service.server.refusal import Refusals
from service.server.timer import Timer
from service.server.transport import LingeringTransport
from service.telemetry import metrics

SLICE_BYTES: Final = 2_048  # what is parsed at once: what a browser asks, or as many pipelined requests as may wait
UNREAD_SECONDS: Final = 10.0  # how long a client may let its answer wait, once the buffers of both sides are full
_NOTHING: Final = memoryview(b"")


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection.

    `header_timeout` in seconds bounds the arrival of a request's head, and of what is left of a body that was answered
    before it was complete.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        header_timeout: float = 10,
        refusals: Refusals = Refusals(),  # noqa: B008 - frozen
        limit: ConnectionLimit | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._header_timeout = header_timeout
        self._refusals = refusals
        self._limit = limit or ConnectionLimit()
        self._one_too_many = False
        self._client: LingeringTransport
        self._waiting = _NOTHING  # what arrived, and is parsed once no request waits for its turn
        self._deadline = Timer(self.loop, self._too_slow)
        self._unread = Timer(self.loop, self.drop)
        self._in_head = False
        self._in_message = False
        self._framing = FramingMeter()
        self._refusal: ApiError | None = None
        self._declined: bytes | None = None  # the head of a request that asked for another protocol, without that

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream has one of these
        """A client connected; the first request's head is due."""
        self._client = LingeringTransport(transport, self.loop, self._more_is_coming)
        super().connection_made(self._client)
        metrics.CONNECTIONS.inc()
        admission = self._limit.admit(self, len(self.connections))
        self._one_too_many = admission is Admission.REFUSED
        if admission is Admission.DROPPED:
            self.drop()
        self._deadline.start(OVERLOAD_SECONDS if self._one_too_many else self._header_timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        metrics.CONNECTIONS.dec()
        self._limit.works(self)
        self._deadline.stop()
        self._unread.stop()
        self._client.ended()
        self._waiting = _NOTHING
        self.pipeline.clear()
        super().connection_lost(exc)

    def drop(self) -> None:
        """End the connection at once."""
        self.connections.discard(self)
        self._client.abort()

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
        self._watch()

    def pause_writing(self) -> None:
        """The client does not read its answer as fast as it is written."""
        super().pause_writing()
        self._unread.start(UNREAD_SECONDS)

    def resume_writing(self) -> None:
        """The client reads."""
        super().resume_writing()
        self._unread.stop()

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

    def on_headers_complete(self) -> None:
        """The head is complete. Raises ApiError for one that is not accepted; httptools wraps it."""
        version = self.parser.get_http_version()
        try:
            check_head(self.url, self.headers, version)
            if self._one_too_many:
                check_exempt(self.url)
        except ApiError as error:
            self._refusal = error
            raise
        method = self.parser.get_method()
        if self.parser.should_upgrade() and method != b"CONNECT":
            self._declined = without_upgrade(method, self.url, version, self.headers)
            return
        super().on_headers_complete()
        self._limit.works(self)
        if self._one_too_many:
            self.cycle.keep_alive = False
        self._in_head = False
        self._framing.section_begins()

    def on_chunk_header(self) -> None:
        """The line with a chunk's size was read."""
        self._framing.chunk()

    def on_body(self, body: bytes) -> None:
        """A part of the body arrived."""
        self._framing.content(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete, its body and trailers included."""
        if self._declined is not None:
            return
        self._in_message = False
        self._framing.section_begins()
        super().on_message_complete()
        if not self.parser.should_keep_alive():
            # A trailer may have said so, too, and the parser is deaf from here on: later requests would wait for ever.
            self.cycle.keep_alive = False
            if self.cycle.response_complete:
                self._client.close()

    def on_response_complete(self) -> None:
        """A request was answered; the next one that waits is due, or the rest of this one."""
        super().on_response_complete()
        if not self._client.is_closing():
            self._read_on()
            self._watch()
            if not self._working():
                self._limit.idles(self)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Answer what is no request in the error schema, and hang up."""
        self._answer(self._refusal or invalid_request("", "is not a well-formed HTTP request"))

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
            self._answer(head_too_large(self.url) if self._in_head else framing_too_large())

    def _decline_upgrade(self, rest: bytes | memoryview) -> None:
        head, self._declined = self._declined, None
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self._feed(head or b"")
        if not self._client.is_closing():
            self._feed(rest)

    def _more_is_coming(self) -> bool:
        return self._in_message or bool(self._waiting or self.pipeline) or self._refusal is not None

    def _watch(self) -> None:
        """Run the timer while it is the client's turn to go on with what it began."""
        if self._working() or not (self._in_message or self.cycle is None) or self._client.is_closing():
            self._deadline.stop()
        else:
            self._deadline.start(self._header_timeout)

    def _working(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _too_slow(self) -> None:
        if self._in_head:
            self._answer(ApiError(ErrorCode.request_timeout))
        self._client.close()  # else it sent nothing at all, or dribbles a body that was answered long ago

    def _answer(self, error: ApiError) -> None:
        """Only hang up while an earlier request on the connection waits for its answer, as this would be taken for it; and when
        this request was answered already."""
        if self._client.is_closing():
            return
        self._deadline.stop()
        self._refusal = error
        if self._may_answer():
            peer = self.client[0] if self.client else ""
            self._refusals.answer(self._client, peer, error, self.headers or (), self.server_state.default_headers)
        self._client.close()

    def _may_answer(self) -> bool:
        if self._in_head or not self._in_message:
            return self.cycle is None or self.cycle.response_complete
        if self.cycle.response_started or self.pipeline:
            return False
        # It is this very request's body that is malformed: whoever reads it is told that the client went away.
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        return True
