"""Calls that go on after the answer: nobody waits for them but the end of the process."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Background:
    """Keeps the tasks, which the event loop itself would forget, and lets the shutdown wait for them.

    Each must have a deadline of its own. It inherits the context of the request that starts it: its log lines have its id.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def start(self, work: Coroutine[None, None, T], *, name: str) -> asyncio.Task[T]:
        """Begin it. What it raises is logged unless somebody awaits the task; `name` is for the log."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[T]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("background_call_failed", task=task.get_name(), reason=type(error).__name__)

    async def finish(self, seconds: float) -> None:
        """Wait for what is under way, no longer than this, and give up what is not done by then."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            log.warning("background_call_given_up", task=task.get_name())
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
