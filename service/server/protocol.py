"""HTTP/1.1 as uvicorn speaks it, with limits on what frames a request, and errors in the service's own schema.

A head that is refused here never becomes a request: nothing routes it, counts it or looks at its cookies. uvicorn's parser
(llhttp) refuses most ambiguous messages by itself (RFC 9112 section 11.2, request smuggling); added are what it leaves to the
server: a Host header exactly once (RFC 9112 section 3.2), the size of the head, and the time that it may take.

Nothing that comes after the head changes the request. The trailer section of a chunked body is discarded (RFC 9110 section
6.5.1, RFC 9112 section 7.1.2): whoever checks headers, here or in a proxy in front, has done so by then. It is bounded as a
head is, and so are chunk extensions.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from typing import Any

import httptools
import structlog
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from service.error_codes import ErrorCode
from service.errors import ApiError, invalid_request
from service.security.access_token import MAX_TOKEN_BYTES

log = structlog.get_logger("service.access")

# The access token does not count: Supabase decides how large that is, and a project's hooks may put much into it.
MAX_HEAD_BYTES = 16_384  # as much as uvicorn's other parser (h11) takes; browsers send a tenth of it
_MAX_RAW_HEAD_BYTES = MAX_HEAD_BYTES + MAX_TOKEN_BYTES
MAX_HEADERS = 100  # header lines; browsers send fewer than 30
_CHUNK_FRAMING = 16  # bytes that each chunk may take beside its data, so that small chunks do not look like an attack
_VERSIONS = frozenset({"1.0", "1.1"})

Header = tuple[bytes, bytes]


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection.

    `header_timeout` in seconds bounds the arrival of a request's head, and of what is left of a body that was answered
    before it was complete. `error_headers` go out with every refusal.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        header_timeout: float = 10,
        error_headers: Sequence[Header] = (),
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._header_timeout = header_timeout
        self._error_headers = error_headers
        self._deadline: asyncio.TimerHandle | None = None
        self._in_head = False
        self._in_message = False
        self._section = 0  # counts heads and bodies; one that goes on from slice to slice has the same number
        self._framing_bytes = 0  # of this section, without a body's content
        self._refusal: ApiError | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream has one of these
        """A client connected; the first request's head is due."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self._header_timeout, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes arrived. In slices, so that no head and no trailer section is parsed far beyond its limit."""
        self._unset_keepalive_if_required()
        if len(data) <= MAX_HEAD_BYTES:
            self._feed(data)
        else:
            view = memoryview(data)
            for start in range(0, len(data), MAX_HEAD_BYTES):
                if self.transport.is_closing():
                    return
                self._feed(view[start : start + MAX_HEAD_BYTES])
        if self._in_head or self.cycle is None or (self._in_message and self.cycle.response_complete):
            if self._deadline is None:
                self._deadline = self.loop.call_later(self._header_timeout, self._too_slow)
        elif self._deadline is not None:
            self._disarm()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = self._in_message = True
        self._section += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header line; or a trailer, which the parser tells in the same way, and which is not kept."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete. Raises ApiError for one that is not accepted; httptools wraps it."""
        size, hosts = len(self.url), 0
        for name, value in self.headers:
            size += len(name) + len(value)
            if name == b"host":
                hosts += 1
            elif name == b"authorization":
                size -= min(len(value), MAX_TOKEN_BYTES)
        if size > MAX_HEAD_BYTES or len(self.headers) > MAX_HEADERS:
            self._refuse(_head_too_large())
        version = self.parser.get_http_version()
        if version not in _VERSIONS:
            self._refuse(invalid_request("", "is not HTTP/1.1"))
        if hosts != 1 and (hosts > 1 or version == "1.1"):
            self._refuse(invalid_request("", "a request has exactly one Host header"))
        super().on_headers_complete()
        self._in_head = False
        self._section += 1

    def on_chunk_header(self) -> None:
        """The line with a chunk's size was read."""
        self._framing_bytes -= _CHUNK_FRAMING

    def on_body(self, body: bytes) -> None:
        """A part of the body arrived."""
        self._framing_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete, its body and trailers included."""
        self._in_message = False
        self._section += 1
        super().on_message_complete()
        if not self.parser.should_keep_alive():
            # A trailer may have said so, too, and the parser is deaf from here on: later requests would wait for ever.
            self.cycle.keep_alive = False
            if self.cycle.response_complete:
                self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Answer what is no request in the error schema, and hang up."""
        self._answer(self._refusal or invalid_request("", "is not a well-formed HTTP request"))

    def _feed(self, data: bytes | memoryview) -> None:
        if self.cycle is not None and not self.cycle.keep_alive and not self._in_message:
            return  # what follows the last request of a connection is none, and no reason not to answer it
        section = self._section
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Nothing here is upgraded to; the request is answered in HTTP/1.1 (RFC 9110 section 7.8), and that is all.
            if self.cycle is not None:
                self.cycle.keep_alive = False
            return
        except httptools.HttpParserError:
            self.send_400_response("")
            return
        if section != self._section or not self._in_message:
            self._framing_bytes = 0
            return
        self._framing_bytes = max(0, self._framing_bytes + len(data))
        if self._framing_bytes > (_MAX_RAW_HEAD_BYTES if self._in_head else MAX_HEAD_BYTES):
            self._answer(_head_too_large() if self._in_head else _framing_too_large())

    def _refuse(self, error: ApiError) -> None:
        self._refusal = error
        raise error

    def _too_slow(self) -> None:
        self._deadline = None
        if self._in_head:
            self._answer(ApiError(ErrorCode.request_timeout))
        else:
            self.transport.close()  # it sent nothing at all, or dribbles a body that was answered long ago

    def _answer(self, error: ApiError) -> None:
        """Only hang up while an earlier request on the connection waits for its answer, as this would be taken for it; and when
        this request was answered already."""
        if self.transport.is_closing():
            return
        self._disarm()
        if self._may_answer():
            request_id = uuid.uuid4().hex
            self.transport.write(self._error_response(error, request_id))
            log.info(
                "request",
                request_id=request_id,
                method=None,
                operation=None,
                status=error.status,
                code=error.code.value,
                client=self.client[0] if self.client else "",
            )
        self.transport.close()

    def _may_answer(self) -> bool:
        if self._in_head or not self._in_message:
            return self.cycle is None or self.cycle.response_complete
        if self.cycle.response_started or self.pipeline:
            return False
        # It is this very request's body that is malformed: whoever reads it is told that the client went away.
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        return True

    def _error_response(self, error: ApiError, request_id: str) -> bytes:
        body = error.body()
        lines = [
            *self.server_state.default_headers,
            *((name.lower().encode(), value.encode()) for name, value in error.all_headers().items()),
            *self._error_headers,
            (b"x-request-id", request_id.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        return b"".join([STATUS_LINE[error.status], *(b"%b: %b\r\n" % line for line in lines), b"\r\n", body])

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _head_too_large() -> ApiError:
    return invalid_request("", f"the head has more than {MAX_HEAD_BYTES} bytes or {MAX_HEADERS} header lines")


def _framing_too_large() -> ApiError:
    return invalid_request("", f"the trailers or the chunk extensions have more than {MAX_HEAD_BYTES} bytes")
