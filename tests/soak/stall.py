"""A stalled Supabase and a steady stream of requests: memory must stay bounded and /healthz quick."""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import sys
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
        return statistics.quantiles(self.health_ms, n=100, method="inclusive")[98]

    @property
    def memory_growth(self) -> float:
        """Bytes from the first sample to the highest."""
        return max(self.memory) - self.memory[0]

    @property
    def late_memory(self) -> tuple[float, float]:
        """The medians of the third quarter and of the last: as many requests are held in both."""
        quarter = max(1, len(self.memory) // 4)
        return statistics.median(self.memory[2 * quarter : 3 * quarter]), statistics.median(self.memory[-quarter:])

    @property
    def memory_drift(self) -> float:
        """Bytes between these two."""
        third, last = self.late_memory
        return last - third


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

        async def measure() -> None:
            while True:
                with contextlib.suppress(httpx.TransportError):  # a busy machine
                    samples = await asyncio.to_thread(scrape, url)
                    seen.memory.append(samples["latchkey_resident_memory_bytes",])
                    seen.most_in_progress = max(seen.most_in_progress, samples["latchkey_requests_in_progress",])
                await asyncio.sleep(1)

        with proxy.failing(faults.stall()):
            measuring = asyncio.create_task(measure())
            # In a process of its own: this one is busy with asking, and with the proxy's connections.
            watching = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.soak.health", url, str(seconds), stdout=asyncio.subprocess.PIPE
            )
            begun = time.monotonic()
            try:
                async with asyncio.TaskGroup() as requests:
                    for number in range(round(rate * seconds)):
                        await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
                        requests.create_task(me())
                output, _ = await watching.communicate()
            finally:
                if watching.returncode is None:
                    watching.kill()
                measuring.cancel()
                await asyncio.gather(measuring, return_exceptions=True)
    assert watching.returncode == 0, "/healthz did not answer"
    seen.health_ms = json.loads(output)
    return seen
