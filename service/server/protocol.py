"""HTTP/1.1 as uvicorn speaks it, with limits on what frames a request, and errors in the service's own schema.

A head that is refused here never becomes a request: nothing routes it, counts it or looks at its cookies. uvicorn's parser
(llhttp) refuses most ambiguous messages by itself (RFC 9112 section 11.2, request smuggling); head.py adds what it leaves to
the server.

Whatever a client leaves undone, some timer ends it: a request's own while it is worked on, uvicorn's between requests, the
transport's after the end, and for the rest those here.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.server import ServerState

from service.draining import DRAINING
from service.error_codes import ErrorCode
from service.errors import ApiError, invalid_request
from service.server.bounded_reader import BoundedReader
from service.server.connection_limit import OVERLOAD_SECONDS, Admission, ConnectionLimit, check_exempt
from service.server.head import check_head, without_upgrade
from service.server.refusal import Refusals
from service.server.timer import Timer
from service.server.transport import LingeringTransport
from service.telemetry import metrics

UNREAD_SECONDS: Final = 10.0  # how long a client may let its answer wait, once the buffers of both sides are full


class LimitedHttpProtocol(BoundedReader):
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
        self._deadline = Timer(self.loop, self._too_slow)
        self._unread = Timer(self.loop, self.drop)
        self._refusal: ApiError | None = None

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
        self._forget()
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            # uvicorn lets it run on after a reset, and it holds all this: who resets a thousand connections a second would
            # make the service hold 75 000.
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def drop(self) -> None:
        """End the connection at once."""
        self.connections.discard(self)
        self._client.abort()

    def end_after_answer(self) -> None:
        """Close the connection with the answer to the newest request, and say so in it. Where that has begun it is too late:
        who was not told may send the next request at the moment of the close."""
        if self.cycle is not None and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def data_received(self, data: bytes) -> None:
        """Bytes arrived."""
        super().data_received(data)
        self._watch()

    def pause_writing(self) -> None:
        """The client does not read its answer as fast as it is written."""
        super().pause_writing()
        self._unread.start(UNREAD_SECONDS)

    def resume_writing(self) -> None:
        """The client reads."""
        super().resume_writing()
        self._unread.stop()

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
        if self._one_too_many or DRAINING.active:
            self.end_after_answer()
        self._head_ends()

    def on_message_complete(self) -> None:
        """The request is complete, its body and trailers included."""
        if self._declined is not None:
            return
        self._message_ends()
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
        self._refuse(self._refusal or invalid_request("", "is not a well-formed HTTP request"))

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
            self._refuse(ApiError(ErrorCode.request_timeout))
        self._client.close()  # else it sent nothing at all, or dribbles a body that was answered long ago

    def _refuse(self, error: ApiError) -> None:
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
