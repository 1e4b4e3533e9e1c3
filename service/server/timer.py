"""A timer that is started and stopped again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timer:
    """Calls `act` when it has run for so many seconds, unless it is stopped before."""

    def __init__(self, loop: asyncio.AbstractEventLoop, act: Callable[[], object]) -> None:
        self._loop = loop
        self._act = act
        self._handle: asyncio.TimerHandle | None = None

    def start(self, seconds: float) -> None:
        """Start; one that runs already goes on."""
        if self._handle is None:
            self._handle = self._loop.call_later(seconds, self._end)

    def stop(self) -> None:
        """Stop."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _end(self) -> None:
        self._handle = None
        self._act()
