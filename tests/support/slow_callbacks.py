"""`python -m tests.support.slow_callbacks`: the service, with asyncio's debug mode saying what holds up the event loop.

With `--block` something does, five times a second, to show that it would be seen.
"""

from __future__ import annotations

import asyncio
import sys
import time

import uvloop

from service.__main__ import main

THRESHOLD = 0.05  # seconds


class _Watched(asyncio.SelectorEventLoop):
    """asyncio's own loop: uvloop's debug mode does not time what reads from sockets."""

    def __init__(self) -> None:
        super().__init__()
        self.slow_callback_duration = THRESHOLD
        if "--block" in sys.argv:
            self.call_soon(_block, self)

    def set_debug(self, enabled: bool) -> None:  # noqa: ARG002 - uvicorn switches it off
        super().set_debug(True)


def _block(loop: asyncio.AbstractEventLoop) -> None:
    time.sleep(2 * THRESHOLD)
    loop.call_later(0.1, _block, loop)


if __name__ == "__main__":
    uvloop.new_event_loop = _Watched  # type: ignore[assignment]  # uvicorn makes its loop with it
    sys.exit(main([]))
