"""A stalled Supabase and a steady stream of requests: memory must stay bounded and /healthz quick."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field

import aiohttp
import httpx

from tests.support import faults
from tests.support.faulty_proxy import FaultyProxy
from tests.support.metrics import scrape


@dataclass
class Stalled:
    """What was seen. Times in milliseconds, memory in bytes."""

    rate: float
    seconds: float
    statuses: Counter[int] = field(default_factory=Counter)
    health_ms: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    most_in_progress: float = 0
    slowest: float = 0.0

    @property
    def health_p50_ms(self) -> float:
        """The median of /healthz."""
        return statistics.median(self.health_ms)

    @property
    def health_p99_ms(self) -> float:
        """The 99th percentile of /healthz."""
        return statistics.quantiles(self.health_ms, n=100)[98]

    @property
    def memory_growth(self) -> float:
        """Bytes between the first and the last sample, once the requests in progress have levelled off."""
        level = self.memory[len(self.memory) // 4 :]
        return level[-1] - level[0]


async def run(url: str, proxy: FaultyProxy, token: str, *, rate: float, seconds: float) -> Stalled:
    """Ask for /auth/me `rate` times a second, whatever comes back and however late, while nothing answers upstream."""
    seen = Stalled(rate, seconds)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(url, connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as http:

        async def me() -> None:
            started = time.monotonic()
            try:
                async with http.get("/auth/me", headers={"Authorization": f"Bearer {token}"}) as response:
                    await response.read()
                    seen.statuses[response.status] += 1
            except (aiohttp.ClientError, TimeoutError):
                seen.statuses[0] += 1  # no answer
            seen.slowest = max(seen.slowest, time.monotonic() - started)

        async def watch() -> None:
            async with aiohttp.ClientSession(url) as own:
                while True:
                    started = time.perf_counter()
                    async with own.get("/healthz") as response:
                        await response.read()
                    seen.health_ms.append((time.perf_counter() - started) * 1000)
                    await asyncio.sleep(0.1)

        async def measure() -> None:
            while True:
                with contextlib.suppress(httpx.TransportError):  # a busy machine
                    samples = await asyncio.to_thread(scrape, url)
                    seen.memory.append(samples["latchkey_resident_memory_bytes",])
                    seen.most_in_progress = max(seen.most_in_progress, samples["latchkey_requests_in_progress",])
                await asyncio.sleep(1)

        with proxy.failing(faults.stall()):
            watching = [asyncio.create_task(watch()), asyncio.create_task(measure())]
            begun = time.monotonic()
            async with asyncio.TaskGroup() as requests:
                for number in range(round(rate * seconds)):
                    await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
                    requests.create_task(me())
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
    return seen
