"""Injects faults, one after the other, and remembers when."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from itertools import cycle
from typing import Final

from local.supabase import LocalSupabase
from tests.support import faults
from tests.support.faulty_proxy import Fault, FaultyProxy

# Seconds after a fault in which a request may still meet it. What begins later must succeed.
_AFTERMATH: Final = 1.0

FAULTS: Final[tuple[tuple[str, Fault, str], ...]] = (
    ("reset", faults.reset(), ""),
    ("503 with HTML", faults.status_html(503), ""),
    ("answers that are lost", faults.lost_answer(), "/auth/v1/token"),
    ("stall", faults.stall(), ""),
    ("the data API down", faults.status_html(502), "/rest/v1/"),
    ("broken JSON", faults.status_json(200, b'{"access_token": "ey'), ""),
    ("close", faults.close(), ""),
    ("429", faults.status_html(429, {"Retry-After": "1"}), "/auth/v1/"),
    ("drip", faults.drip(), ""),
    ("enormous JSON", faults.enormous(8_000_000), ""),
    ("a refused API key", faults.status_json(401, b'{"message": "Invalid API key"}'), ""),
)


class Injector:
    """`lasting` and `pause` in seconds: how long each fault lasts, and how long all is well after it."""

    def __init__(self, proxy: FaultyProxy, supabase: LocalSupabase, *, lasting: float, pause: float) -> None:
        self._proxy = proxy
        self._supabase = supabase
        self._lasting = lasting
        self._pause = pause
        self._windows: list[tuple[float, float]] = []
        self.injected: Counter[str] = Counter()

    def faulty(self, started: float, ended: float) -> bool:
        """Whether a fault was there, or had an effect, at any moment between two times."""
        return any(started <= last + _AFTERMATH and ended >= first for first, last in self._windows)

    async def run(self, until: float) -> None:
        """Inject until shortly before that time."""
        steps: list[tuple[str, Callable[[], AbstractContextManager[None]]]] = [
            (name, partial(self._proxy.failing, fault, path)) for name, fault, path in FAULTS
        ]
        steps.insert(3, ("connections refused", self._proxy.refusing))
        for number, (name, fault) in enumerate(cycle(steps)):
            await asyncio.sleep(self._pause)
            if time.monotonic() > until - self._lasting - 2 * _AFTERMATH:
                return
            self._begin(name)
            try:
                if number % len(steps) == len(steps) - 1:
                    await self._restart_supabase()
                else:
                    with fault():
                        await asyncio.sleep(self._lasting)
            finally:
                self._windows[-1] = (self._windows[-1][0], time.monotonic())

    async def _restart_supabase(self) -> None:
        self.injected["Supabase restarted"] += 1
        await asyncio.to_thread(self._supabase.stop, grace=30)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(self._supabase.start, 120)

    def _begin(self, name: str) -> None:
        self.injected[name] += 1
        self._windows.append((time.monotonic(), float("inf")))
