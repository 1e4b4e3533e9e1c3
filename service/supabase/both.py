"""Two questions at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import TypeVar

from service.errors import forget_frames

T = TypeVar("T")
U = TypeVar("U")


async def both(first: Awaitable[T], second: Coroutine[None, None, U]) -> tuple[T, U]:
    """What the two return, run at the same time. Where both fail, the first one's error is raised."""
    other = asyncio.create_task(second)
    try:
        return await first, await other
    finally:
        if other.cancel():
            await asyncio.gather(other, return_exceptions=True)
        elif not other.cancelled() and (error := other.exception()):
            forget_frames(error)
        del other  # or it, its exception and this frame would keep each other
