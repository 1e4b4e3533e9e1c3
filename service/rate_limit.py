"""Rate limits: by client address, by address for what tests a password, and by account.

In process by default; in Redis or Valkey when a storage is configured, so that replicas share them. While that storage does
not answer, each process counts for itself.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Literal

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.storage import storage_from_string

from service.errors import rate_limited
from service.request_context import Limit, current_request

log = structlog.get_logger(__name__)

Policy = Literal["address", "credentials", "account"]

_RETRY_STORAGE_AFTER = 5.0  # seconds that a failed storage is left alone, so that an outage does not slow every request


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
    """Counts and refuses. `storage_url` is a redis://, rediss:// or valkey:// URL, or None for in-process counting."""

    def __init__(self, policies: Policies, storage_url: str | None) -> None:
        self._policies: Mapping[Policy, RateLimitItem] = {
            "address": policies.address,
            "credentials": policies.credentials,
            "account": policies.account,
        }
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = SlidingWindowCounterRateLimiter(_storage(storage_url)) if storage_url else None
        self._shared_failed_at = float("-inf")

    @property
    def degraded(self) -> bool:
        """Whether a shared storage is configured and did not answer lately."""
        return self._shared is not None and time.monotonic() - self._shared_failed_at < _RETRY_STORAGE_AFTER

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

    async def _hit(self, item: RateLimitItem, *key: str) -> tuple[bool, int, int]:
        if self._shared is not None and not self.degraded:
            try:
                return await _hit(self._shared, item, *key)
            except Exception as error:
                self._shared_failed_at = time.monotonic()
                log.error("rate_limit_storage_failed", reason=type(error).__name__, fallback="in process")
        return await _hit(self._local, item, *key)


async def _hit(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, *key: str) -> tuple[bool, int, int]:
    """Whether it is allowed, how many remain, and the seconds until the limit is whole again."""
    allowed = await limiter.hit(item, *key)
    stats = await limiter.get_window_stats(item, *key)
    return allowed, stats.remaining if allowed else 0, max(1, ceil(stats.reset_time - time.time()))


def _storage(url: str) -> Storage:
    storage = storage_from_string(f"async+{url}")
    if not isinstance(storage, Storage):
        raise TypeError("RATE_LIMIT_STORAGE must be a redis:// or valkey:// URL")
    return storage
