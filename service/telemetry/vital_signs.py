"""Measures the process itself, once a second and whenever metrics are asked for, and Supabase now and then."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from service.draining import Draining
from service.telemetry import metrics

log = structlog.get_logger(__name__)

_STATM = Path("/proc/self/statm")
_LOG_AGAIN_AFTER = 60.0  # seconds; what fails once a second need not be told once a second


class PoolState(Protocol):
    """The connections to Supabase, as far as a gauge shows them."""

    @property
    def in_use(self) -> int:
        """Those that carry a request."""

    @property
    def idle(self) -> int:
        """Those that are kept for the next one."""

    @property
    def limit(self) -> int:
        """As many as there may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What is measured, handed in: this room knows nobody above it.

    `store_up` tells whether the store that replicas share their limits in answers; None where there is none. `readiness` asks
    Supabase, and fills its own gauge.
    """

    pool: Callable[[], PoolState]
    draining: Draining
    store_up: Callable[[], bool | None]
    readiness: Callable[[], Awaitable[object]]


class VitalSigns:
    """Fills the gauges that no request fills, every `interval` seconds, and asks for readiness every `readiness_interval`.

    So an alert can see an outage although nobody asks /readyz. Each time costs Supabase two small requests; the alert waits two
    minutes before it fires, so that more often would tell nobody anything.
    """

    def __init__(self, sources: Sources, *, interval: float = 1, readiness_interval: float = 15) -> None:
        self._sources = sources
        self._interval = interval
        self._readiness_interval = readiness_interval
        self._asking: asyncio.Task[None] | None = None
        self._lag = 0.0  # seconds
        self._logged_at = float("-inf")
        self._failures = metrics.BACKGROUND_FAILURES.labels("vital_signs")

    async def run(self) -> None:
        """Measure until cancelled; a measurement that fails is made again when the next one is due."""
        loop = asyncio.get_running_loop()
        ask_at = loop.time() + self._readiness_interval
        try:
            while True:
                due = loop.time() + self._interval
                await asyncio.sleep(self._interval)
                self._lag = max(0.0, loop.time() - due)
                self.measure()
                if loop.time() >= ask_at:
                    ask_at = loop.time() + self._readiness_interval
                    self._ask_readiness()
        finally:
            if self._asking is not None:
                self._asking.cancel()

    def measure(self) -> None:
        """Measure now. What fails (one file descriptor too many is enough) is logged and counted, and raises nothing."""
        try:
            self._measure()
        except Exception as error:
            self._failed(error)

    def _measure(self) -> None:
        metrics.LOOP_LAG.set(self._lag)
        pool = self._sources.pool()
        metrics.UPSTREAM_CONNECTIONS.labels("in_use").set(pool.in_use)
        metrics.UPSTREAM_CONNECTIONS.labels("idle").set(pool.idle)
        metrics.UPSTREAM_CONNECTIONS_MAX.set(pool.limit)
        metrics.DRAINING.set(int(self._sources.draining.active))
        metrics.TASKS.set(len(asyncio.all_tasks()))
        store_up = self._sources.store_up()
        if store_up is not None:
            metrics.RATE_LIMIT_STORE_UP.labels("shared").set(int(store_up))
        if _STATM.exists():  # Linux
            resident = int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            metrics.RESIDENT_MEMORY.set(resident)
            metrics.LARGEST_PROCESS_MEMORY.set(resident)

    def _ask_readiness(self) -> None:
        """Let readiness fill its gauge. In a task, because a Supabase that stalls must not hold up the measuring."""
        if not self._sources.draining.active and (self._asking is None or self._asking.done()):
            self._asking = asyncio.create_task(self._readiness())

    async def _readiness(self) -> None:
        try:
            await self._sources.readiness()
        except Exception as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._failures.inc()
        now = time.monotonic()
        if now - self._logged_at >= _LOG_AGAIN_AFTER:
            self._logged_at = now
            log.error("background_failed", task="vital_signs", reason=type(error).__name__)
