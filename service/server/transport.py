"""A client's connection, hung up without losing what was said last, and read from only as fast as requests are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

LINGER_SECONDS: Final = 5.0
"""How long a client that is still sending gets to read its answer."""

MAX_DISCARDED_BYTES: Final = 32 * 1024 * 1024
"""How much of what it still sends is read meanwhile; beyond, it waits for the end of LINGER_SECONDS."""


class LingeringTransport(asyncio.Transport):
    """What uvicorn writes to and closes, around the event loop's own transport.

    To close a socket with unread input resets the connection, and a reset takes the answer with it that the client had not
    read yet (RFC 9112 section 9.6). Where `more_is_coming` says so, only our direction is closed, and what arrives is
    discarded until the client hangs up, too, within the bounds above. Whoever is given data must call `discard` once this is
    closing. In no case does a client that reads nothing keep the connection for longer.
    """

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, more_is_coming: Callable[[], bool]
    ) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._more_is_coming = more_is_coming
        self._closing = False
        self._end: asyncio.TimerHandle | None = None
        self._discarded = 0
        self._paused = False
        self._held = False
        self._reading = True

    def get_extra_info(self, name: str, default: object = None) -> object:
        """What the event loop knows about the socket."""
        return self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        """Whether nothing more is written, and nothing more is heard."""
        return self._closing or self._transport.is_closing()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send; after the end, nothing happens."""
        if not self._closing:
            self._transport.write(data)

    def pause_reading(self) -> None:
        """Let the client wait, until `resume_reading`."""
        self._paused = True
        self._read_or_not()

    def resume_reading(self) -> None:
        """Read on, unless `hold` says otherwise."""
        self._paused = False
        self._read_or_not()

    def hold(self, held: bool) -> None:
        """Let the client wait whatever `resume_reading` says, until this is called with False."""
        self._held = held
        self._read_or_not()

    def close(self) -> None:
        """Send what is left to send, and hang up."""
        if self._closing:
            return
        self._closing = True
        if self._transport.is_closing():
            return
        self._end = self._loop.call_later(LINGER_SECONDS, self._transport.abort)
        if self._more_is_coming() and self._transport.can_write_eof():
            self._read_or_not()
            self._transport.write_eof()
        else:
            self._transport.close()

    def abort(self) -> None:
        """Reset the connection."""
        self._closing = True
        self._transport.abort()

    def discard(self, count: int) -> None:
        """Note that the client sent `count` bytes that nobody will look at."""
        self._discarded += count
        self._read_or_not()

    def ended(self) -> None:
        """The connection is gone."""
        self._closing = True
        if self._end is not None:
            self._end.cancel()

    def _read_or_not(self) -> None:
        reading = self._discarded <= MAX_DISCARDED_BYTES if self._closing else not (self._paused or self._held)
        if reading == self._reading or self._transport.is_closing():
            return
        self._reading = reading
        if reading:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()
