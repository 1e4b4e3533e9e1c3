"""Rate limits: by client address, by address for what tests a password, and by account.

In process by default; in Redis or Valkey when a storage is configured, so that replicas share them. While that storage does
not answer, each process counts for itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from typing import Literal

import structlog
from limits import RateLimitItem, parse
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from service.errors import rate_limited
from service.limits.storage import BoundedMemoryStorage, shared_storage
from service.request_context import Limit, current_request

log = structlog.get_logger(__name__)

Policy = Literal["address", "credentials", "account"]

STORAGE_TIMEOUT = 0.25  # seconds; what a request waits at most, and only until the first of them has failed
PROBE_INTERVAL = 1.0  # seconds between two looks at a storage that failed; no request waits for them
_PROBE = parse("1000000000/minute")


@dataclass(frozen=True, slots=True)
class Policies:
    """The limits, in the notation of the `limits` library: "10/minute"."""

    address: RateLimitItem
    credentials: RateLimitItem
    account: RateLimitItem

    @classmethod
    def parse(cls, *, address: str, credentials: str, account: str) -> Policies:
        """Raises ValueError when a limit is malformed."""
        return cls(parse(address), parse(credentials), parse(account))


class RateLimiter:
    """Counts and refuses. `storage_url` is a redis:// or valkey:// URL, either with TLS, or None for in-process counting.

    `degraded` and `storage_failures` are for /readyz and metrics. Close it with `aclose()`.
    """

    def __init__(self, policies: Policies, storage_url: str | None) -> None:
        self._policies: Mapping[Policy, RateLimitItem] = {
            "address": policies.address,
            "credentials": policies.credentials,
            "account": policies.account,
        }
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

    async def count(self, policy: Policy, key: str) -> None:
        """Count one request for `key`. Raises ApiError rate_limited when the limit is used up."""
        item = self._policies[policy]
        digest = hashlib.sha256(key.encode()).hexdigest()  # a key may hold an e-mail address; the storage need not
        allowed, remaining, reset_after = await self._hit(item, policy, digest)
        request = current_request()
        request.limits.append(Limit(policy, item.amount, item.get_expiry(), remaining, reset_after))
        if not allowed:
            request.log_fields["refused_by"] = policy
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


async def _hit(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, *key: str) -> tuple[bool, int, int]:
    """Whether it is allowed, how many remain, and the seconds until more do."""
    allowed = await limiter.hit(item, *key)
    stats = await limiter.get_window_stats(item, *key)
    return allowed, stats.remaining if allowed else 0, max(1, ceil(stats.reset_time - time.time()))
