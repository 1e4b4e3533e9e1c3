"""One keep-alive connection to Supabase: it carries one request at a time."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from typing import cast

from service.supabase.http.errors import ConnectionLostError, ReadTimeoutError, UnusableResponseError, WireError
from service.supabase.http.response_reader import ResponseReader
from service.supabase.http.sender import Answer


class Connection(asyncio.Protocol):
    """`read_timeout` is the longest silence while an answer is awaited, and `keepalive` how long the connection may idle, in
    seconds."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        read_timeout: float,
        keepalive: float,
    ) -> None:
        self._loop = loop
        self._read_timeout = self._patience = read_timeout
        self._keepalive = keepalive
        self._on_lost: Callable[[Connection], None] | None = None
        self._lost = False
        self._retired = False
        self._transport: asyncio.Transport | None = None
        self._readable: select.poll | None = None
        self._awaited: asyncio.Future[Answer] | None = None
        self._reader: ResponseReader | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._idle_until = float("inf")

    async def exchange(self, request: bytes, *, head: bool = False, read_timeout: float | None = None) -> Answer:
        """Send a request and wait for its response; `head` says that it is a HEAD. It may have a `read_timeout` of its own.

        Raises ReadTimeoutError, ConnectionLostError or UnusableResponseError. Whoever stops waiting, for whatever
        reason, ends the connection: its answer would otherwise be taken for the next one's.

        UnusableResponseError also where two responses came at once for a request that was not the connection's first: either
        of them may be a late one to the request before.
        """
        if self._transport is None or self._awaited is not None:
            raise RuntimeError("a connection carries one request at a time")
        if self._transport.is_closing():
            raise ConnectionLostError("the connection was closed before anything was sent")
        first = self._reader is None
        self._reader = reader = ResponseReader(head=head)
        awaited: asyncio.Future[Answer] = self._loop.create_future()
        self._awaited = awaited
        self._heard_at = self._loop.time()
        self._patience = self._read_timeout if read_timeout is None else read_timeout
        self._timer = self._loop.call_later(self._patience, self._check_silence)
        self._transport.write(request)
        try:
            answer = await awaited
            if reader.surplus and not first:
                raise UnusableResponseError("more than one response")
            return answer
        except BaseException:
            self.abort()
            raise
        finally:
            self._timer.cancel()
            self._awaited = None

    def watch(self, on_lost: Callable[[Connection], None]) -> None:
        """Have `on_lost` called once, when the connection is gone, or now if it is."""
        if self._lost:
            on_lost(self)
        else:
            self._on_lost = on_lost

    @property
    def used(self) -> bool:
        """Whether it has carried a request."""
        return self._reader is not None

    @property
    def answered_nothing(self) -> bool:
        """Whether not one byte answered the last request."""
        return self._reader is not None and self._reader.received == 0

    @property
    def reusable(self) -> bool:
        """Whether it can carry another request: it is open, in step, not retired, and has not idled for too long."""
        return (
            self._transport is not None
            and not self._retired
            and not self._transport.is_closing()
            and self._loop.time() < self._idle_until
        )

    def has_input(self) -> bool:
        """Ask the system whether something arrived: the end of the stream, or what nobody asked for. Only while it is open."""
        if self._transport is None:
            return True
        if self._readable is not None:
            return bool(self._readable.poll(0))
        return bool(select.select([self._transport.get_extra_info("socket").fileno()], [], [], 0)[0])

    def retire(self) -> None:
        """Have it carry no other request; one that is under way may end."""
        self._retired = True

    def abort(self) -> None:
        """Close at once; what is not sent yet is dropped."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """For asyncio."""
        self._transport = cast("asyncio.Transport", transport)  # a stream's, since that is what is asked for
        if hasattr(select, "poll"):
            self._readable = select.poll()
            self._readable.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        """For asyncio."""
        awaited, reader = self._awaited, self._reader
        if awaited is None or reader is None:
            self.abort()
            return
        if awaited.done():
            reader.surplus = True
            self.abort()
            return
        if not reader.received and self._transport is not None and self._transport.get_write_buffer_size():
            # Whatever this answers, it is not the request that Supabase has yet to see the end of.
            self._fail(UnusableResponseError("a response before the request was sent"))
            return
        self._heard_at = self._loop.time()
        try:
            if reader.feed(data):
                awaited.set_result(reader.answer())
                self._idle_until = self._heard_at + min(self._keepalive, reader.idle_seconds)
        except WireError as error:
            self._fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """For asyncio."""
        awaited, reader = self._awaited, self._reader
        if awaited is not None and reader is not None and not awaited.done():
            if exc is None:
                self._read_to_the_end(reader, awaited)
            else:
                self._fail(ConnectionLostError(type(exc).__name__))
        self._lost = True
        if self._on_lost is not None:
            self._on_lost(self)

    def _read_to_the_end(self, reader: ResponseReader, awaited: asyncio.Future[Answer]) -> None:
        try:
            reader.feed_end()
            awaited.set_result(reader.answer())
        except WireError as error:
            self._fail(error)

    def _fail(self, error: WireError) -> None:
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_exception(error)
        self.abort()

    def _check_silence(self) -> None:
        left = self._heard_at + self._patience - self._loop.time()
        if left > 0.001:
            self._timer = self._loop.call_later(left, self._check_silence)
        else:
            self._fail(ReadTimeoutError("Supabase was silent for too long"))
