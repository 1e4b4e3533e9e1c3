"""Measures the process itself, once a second and whenever metrics are asked for, and Supabase now and then."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from service.telemetry import metrics

if TYPE_CHECKING:
    from service.draining import Draining
    from service.limits.rate_limit import RateLimiter
    from service.supabase.project import Supabase

_STATM = Path("/proc/self/statm")
_INTERVAL = 1.0  # seconds
# Seconds. Nobody need ask /readyz for the alert to see an outage, which it lets last two minutes first; each time costs
# Supabase two small requests.
_READINESS_INTERVAL = 15.0


class VitalSigns:
    """Fills the gauges that no request fills."""

    def __init__(self, *, supabase: Supabase, limiter: RateLimiter | None, draining: Draining) -> None:
        self._draining = draining
        self._supabase = supabase
        self._limiter = limiter
        self._asking: asyncio.Task[object] | None = None

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        ask_at = loop.time() + _READINESS_INTERVAL
        try:
            while True:
                due = loop.time() + _INTERVAL
                await asyncio.sleep(_INTERVAL)
                metrics.LOOP_LAG.set(max(0.0, loop.time() - due))
                self.measure()
                if loop.time() >= ask_at:
                    ask_at = loop.time() + _READINESS_INTERVAL
                    self._ask_readiness()
        finally:
            if self._asking is not None:
                self._asking.cancel()

    def measure(self) -> None:
        """Measure now."""
        pool = self._supabase.pool()
        metrics.UPSTREAM_CONNECTIONS.labels("in_use").set(pool.in_use)
        metrics.UPSTREAM_CONNECTIONS.labels("idle").set(pool.idle)
        metrics.UPSTREAM_CONNECTIONS_MAX.set(pool.limit)
        metrics.DRAINING.set(int(self._draining.active))
        metrics.TASKS.set(len(asyncio.all_tasks()))
        if _STATM.exists():  # Linux
            resident = int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            metrics.RESIDENT_MEMORY.set(resident)
            metrics.LARGEST_PROCESS_MEMORY.set(resident)
        if self._limiter is not None and self._limiter.shared:
            metrics.RATE_LIMIT_STORE_UP.labels("shared").set(0 if self._limiter.degraded else 1)

    def _ask_readiness(self) -> None:
        """Let readiness fill its gauge. In a task, because a Supabase that stalls must not hold up the measuring."""
        if self._draining.active or (self._asking is not None and not self._asking.done()):
            return
        self._asking = asyncio.create_task(self._supabase.readiness.state())
