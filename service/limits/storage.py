"""Where rate limits are counted: in this process, with bounded memory, or in a Redis or Valkey that replicas share."""

from __future__ import annotations

import ssl
import time
from collections import OrderedDict
from dataclasses import dataclass
from math import floor
from typing import Any, Final

from limits.aio.storage import SlidingWindowCounterSupport, Storage
from limits.storage import storage_from_string

MAX_KEYS: Final = 50_000  # about 20 MB
_COREDIS_SCHEMES: Final = {"valkey": "redis", "valkeys": "rediss"}  # Valkey speaks Redis's protocol


@dataclass(slots=True)
class _Counts:
    window: int  # the number of the window since the epoch
    expiry: int  # the length of a window, in seconds
    previous: int = 0
    current: int = 0

    def roll(self, window: int) -> None:
        if window != self.window:
            self.previous = self.current if window == self.window + 1 else 0
            self.current = 0
            self.window = window


class BoundedMemoryStorage(Storage, SlidingWindowCounterSupport):
    """Sliding windows in this process, for `limits`' sliding window strategy.

    The library's own in-memory storage keeps a key for every address that was ever made up until it expires, and walks through
    all of them at each request. This one does a constant amount of work and holds at most `max_keys`; then it forgets the least
    recently used one. To make it forget an account takes `max_keys` requests between two guesses.
    Nothing here awaits, so that a count is atomic in its event loop.
    """

    STORAGE_SCHEME: list[str] | None = None

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        super().__init__()
        self._max_keys = max_keys
        self._counts: OrderedDict[str, _Counts] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    async def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` more for the key, unless that exceeds the limit."""
        now = time.time()
        counts = self._find(key, expiry, now)
        if floor(counts.previous * _part_left(now, expiry) + counts.current) + amount > limit:
            return False
        counts.current += amount
        return True

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """The previous window's count and what is left of it, then the current one's, times in seconds."""
        now = time.time()
        counts = self._find(key, expiry, now)
        left = _part_left(now, expiry) * expiry
        return counts.previous, left if counts.previous else 0.0, counts.current, left + expiry

    async def clear_sliding_window(self, key: str, expiry: int) -> None:  # noqa: ARG002 - the library's signature
        """Forget the key."""
        self._counts.pop(key, None)

    def _find(self, key: str, expiry: int, now: float) -> _Counts:
        window = int(now // expiry)
        counts = self._counts.get(key)
        if counts is None:
            counts = self._counts[key] = _Counts(window, expiry)
            self._drop_old(now)
        else:
            counts.roll(window)
            self._counts.move_to_end(key)
        return counts

    def _drop_old(self, now: float) -> None:
        # Two go for each one that comes, so that expired keys go faster than new ones can come.
        for _ in range(2):
            key, oldest = next(iter(self._counts.items()))
            if len(self._counts) <= self._max_keys and now // oldest.expiry <= oldest.window + 1:
                return
            del self._counts[key]

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """What this storage raises: nothing of its own."""
        return ()

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count without a limit; part of the interface, unused by the sliding window strategy."""
        counts = self._find(key, expiry, time.time())
        counts.current += amount
        return counts.current

    async def get(self, key: str) -> int:
        """The current window's count."""
        counts = self._counts.get(key)
        return counts.current if counts is not None else 0

    async def get_expiry(self, key: str) -> float:
        """When the current window ends, in seconds since the epoch."""
        counts = self._counts.get(key)
        return float((counts.window + 1) * counts.expiry) if counts is not None else time.time()

    async def check(self) -> bool:
        """Always healthy."""
        return True

    async def reset(self) -> int | None:
        """Forget everything."""
        number = len(self._counts)
        self._counts.clear()
        return number

    async def clear(self, key: str) -> None:
        """Forget the key."""
        self._counts.pop(key, None)


def shared_storage(url: str, timeout: float) -> Storage:
    """Redis or Valkey at a redis://, rediss://, valkey:// or valkeys:// URL; `timeout` in seconds, to connect and to answer.

    No try is repeated: whoever waits for it is a request.
    """
    from coredis.retry import NoRetryPolicy  # here, since it takes long to import and most services have no use for it

    scheme, _, rest = url.partition("://")
    scheme = _COREDIS_SCHEMES.get(scheme, scheme)
    options: dict[str, Any] = {
        "connect_timeout": timeout,
        "stream_timeout": timeout,
        "retry_policy": NoRetryPolicy(),
        "decode_components": True,  # %40 in a password is an @
    }
    if scheme == "rediss":
        options["ssl_context"] = ssl.create_default_context()  # the client's own does not compare the host's name
    storage = storage_from_string(f"async+{scheme}://{rest}", **options)
    if not isinstance(storage, Storage):
        raise TypeError("not a storage for asyncio")
    return storage


def _part_left(now: float, expiry: int) -> float:
    return 1 - (now / expiry) % 1
