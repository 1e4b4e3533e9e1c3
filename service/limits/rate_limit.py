"""Rate limits, counted as service/limits/keys.py says.

In process by default; in Redis or Valkey when a storage is configured, so that replicas share them. While that storage does
not answer, each process counts for itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping
from contextlib import suppress
from math import ceil

import structlog
from limits import RateLimitItem, parse
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from service.errors import rate_limited
from service.limits.keys import RATE_LIMITS
from service.limits.storage import BoundedMemoryStorage, shared_storage
from service.operation import Checked, Operation, OperationTable
from service.request_context import Limit, Refusal, current_request
from service.settings import Settings

log = structlog.get_logger(__name__)

STORAGE_TIMEOUT = 0.25  # seconds; what a request waits at most, and only until the first of them has failed
PROBE_INTERVAL = 1.0  # seconds between two looks at a storage that failed; no request waits for them
_PROBE = parse("1000000000/minute")


class RateLimiter:
    """Counts and refuses. `quotas` are in the notation of the `limits` library; raises ValueError when one is malformed.
    `storage_url` is a redis:// or valkey:// URL, either with TLS, or None for in-process counting.

    `degraded` and `storage_failures` are for /readyz and metrics. Close it with `aclose()`.
    """

    def __init__(self, quotas: Mapping[str, str], storage_url: str | None) -> None:
        self._items: Mapping[str, RateLimitItem] = {name: parse(quota) for name, quota in quotas.items()}
        self._local = SlidingWindowCounterRateLimiter(BoundedMemoryStorage())
        self._shared = SlidingWindowCounterRateLimiter(shared_storage(storage_url, STORAGE_TIMEOUT)) if storage_url else None
        self._recovery: asyncio.Task[None] | None = None
        self.storage_failures = 0

    @property
    def shared(self) -> bool:
        """Whether a shared storage is configured."""
        return self._shared is not None

    @property
    def degraded(self) -> bool:
        """Whether a shared storage is configured and does not answer, so that this process counts for itself."""
        return self._recovery is not None

    def store_up(self) -> bool | None:
        """Whether the shared storage answers; None where none is configured."""
        return not self.degraded if self.shared else None

    async def count_arrived(self, operation: Operation, client_address: str) -> None:
        """Count a request as it comes. Raises ApiError rate_limited when a limit is used up."""
        for name in operation.limits:
            if RATE_LIMITS[name].early:
                await self._count(name, Checked(client_address))

    async def count_checked(self, operation: Operation, checked: Checked) -> None:
        """Count a request that passed its checks. Raises ApiError rate_limited when a limit is used up."""
        for name in operation.limits:
            if not RATE_LIMITS[name].early:
                await self._count(name, checked)

    async def _count(self, name: str, checked: Checked) -> None:
        counted: list[Limit] = []
        for number, count in enumerate(RATE_LIMITS[name].counts):
            if (key := count.key(checked)) is not None:
                # A key may hold an e-mail address; the storage need not.
                digest = hashlib.sha256(f"{number} {key}".encode("utf-8", "replace")).hexdigest()
                item = _multiplied(self._items[name], count.times)
                allowed, remaining, reset_after = await self._hit(item, name, digest)
                counted.append(Limit(name, item.amount, item.get_expiry(), remaining, reset_after))
                if not allowed:
                    break
        if not counted:
            return
        request = current_request()
        # One for each name: what is left of it is what is left of the count that has least left.
        request.limits.append(min(counted, key=lambda limit: limit.remaining))
        if not allowed:
            request.refusal = Refusal("limit", name)
            raise rate_limited(reset_after)

    async def aclose(self) -> None:
        """Stop looking for a storage that failed."""
        if self._recovery is not None:
            self._recovery.cancel()
            with suppress(asyncio.CancelledError):
                await self._recovery

    async def _hit(self, item: RateLimitItem, *key: str) -> tuple[bool, int, int]:
        if self._shared is not None and self._recovery is None:
            try:
                async with asyncio.timeout(STORAGE_TIMEOUT):
                    return await _hit(self._shared, item, *key)
            except Exception as error:
                self._failed(self._shared, error)
        return await _hit(self._local, item, *key)

    def _failed(self, shared: SlidingWindowCounterRateLimiter, error: Exception) -> None:
        self.storage_failures += 1
        if self._recovery is None:
            log.error("rate_limit_storage_failed", reason=type(error).__name__, fallback="each process counts for itself")
            self._recovery = asyncio.create_task(self._recover(shared))

    async def _recover(self, shared: SlidingWindowCounterRateLimiter) -> None:
        while True:
            await asyncio.sleep(PROBE_INTERVAL)
            try:
                async with asyncio.timeout(STORAGE_TIMEOUT):
                    await shared.hit(_PROBE, "probe")
            except Exception as error:
                log.debug("rate_limit_storage_still_failing", reason=type(error).__name__)
            else:
                log.warning("rate_limit_storage_recovered")
                self._recovery = None
                return


def _multiplied(item: RateLimitItem, times: int) -> RateLimitItem:
    return item if times == 1 else type(item)(item.amount * times, item.multiples)


async def _hit(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, *key: str) -> tuple[bool, int, int]:
    """Whether it is allowed, how many remain, and the seconds until more do."""
    allowed = await limiter.hit(item, *key)
    stats = await limiter.get_window_stats(item, *key)
    return allowed, stats.remaining if allowed else 0, max(1, ceil(stats.reset_time - time.time()))


def build_limiter(settings: Settings, table: OperationTable) -> RateLimiter | None:
    """The limiter; None where limits are switched off. Raises ValueError where an operation names a limit that nobody knows."""
    if unknown := sorted({name for operation in table.operations for name in operation.limits} - RATE_LIMITS.keys()):
        raise ValueError(f"no rate limit is called {', '.join(unknown)}, as an operation of the contract asks")
    if not settings.rate_limit_enabled:
        return None
    storage = settings.rate_limit_storage
    quotas = {name: limit.quota(settings) for name, limit in RATE_LIMITS.items()}
    return RateLimiter(quotas, storage.get_secret_value() if storage is not None else None)
