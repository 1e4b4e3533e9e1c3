"""What is asked again while it is still being asked is one question."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Generic, TypeVar

from service.errors import ApiError

T = TypeVar("T")


class InFlight(Generic[T]):
    """Calls under way, by key. An answer is shared by who asked until it came, and forgotten at once.

    A call is a task of its own: whoever asked first may go away, the others still get their answer.
    """

    def __init__(self) -> None:
        self._calls: dict[Hashable, asyncio.Task[T | ApiError]] = {}

    async def ask(self, key: Hashable, call: Callable[[], Coroutine[None, None, T]]) -> T:
        """What `call` answers, or the same call that is under way. Raises ApiError, to each asker one of its own."""
        task = self._calls.get(key)
        if task is None:
            task = self._calls[key] = asyncio.create_task(_outcome(call))
            task.add_done_callback(lambda _: self._calls.pop(key))
        answer = await asyncio.shield(task)
        if isinstance(answer, ApiError):
            raise answer.copy()
        return answer


async def _outcome(call: Callable[[], Coroutine[None, None, T]]) -> T | ApiError:
    try:
        return await call()
    except ApiError as error:
        return error
