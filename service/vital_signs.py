"""Measures the process itself, once a second and whenever metrics are asked for."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from service import metrics

if TYPE_CHECKING:
    from service.draining import Draining
    from service.rate_limit import RateLimiter
    from service.supabase.backend import Supabase

_STATM = Path("/proc/self/statm")
_INTERVAL = 1.0  # seconds


class VitalSigns:
    """Fills the gauges that nothing else fills."""

    def __init__(self, *, supabase: Supabase, limiter: RateLimiter | None, draining: Draining) -> None:
        self._draining = draining
        self._supabase = supabase
        self._limiter = limiter

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _INTERVAL
            await asyncio.sleep(_INTERVAL)
            metrics.LOOP_LAG.set(max(0.0, loop.time() - due))
            self.measure()

    def measure(self) -> None:
        """Measure now."""
        pool = self._supabase.pool()
        metrics.UPSTREAM_CONNECTIONS.labels("in_use").set(pool.in_use)
        metrics.UPSTREAM_CONNECTIONS.labels("idle").set(pool.idle)
        metrics.UPSTREAM_CONNECTIONS_MAX.set(pool.limit)
        metrics.DRAINING.set(int(self._draining.active))
        metrics.TASKS.set(len(asyncio.all_tasks()))
        if _STATM.exists():  # Linux
            metrics.RESIDENT_MEMORY.set(int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
        if self._limiter is not None and self._limiter.shared:
            metrics.RATE_LIMIT_STORE_UP.labels("shared").set(0 if self._limiter.degraded else 1)
