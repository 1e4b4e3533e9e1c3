"""How many clients may be connected at once, and what the system's limit on open files has to say about it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

import structlog

from service.telemetry import metrics

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]

log = structlog.get_logger(__name__)

RESERVE: Final = 32
"""Connections beyond the limit that are still answered, with a refusal; what comes after these is hung up on at once."""

_OWN_FILES: Final = 64 + RESERVE  # sockets that listen, logs, Redis, what a look into /proc opens
_LOG_AGAIN_AFTER: Final = 60.0  # seconds


def raise_open_files_limit() -> None:
    """Up to what the system lets this process have: the lower one is for programs that use select()."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):  # macOS names a limit that it does not grant
            log.warning("open_files_limit_not_raised", limit=soft)


def connection_limit(wanted: int, upstream: int) -> int:
    """`wanted`, or fewer where open files do not reach for that and for `upstream` connections to Supabase."""
    if resource is None:
        return wanted
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return wanted
    room = max(0, files - _OWN_FILES)
    possible = max(room - upstream, room // 3, 1)
    if possible < wanted:
        log.warning("open_files_limit_low", limit=files, connections=possible, wanted=wanted, cure="raise `ulimit -n`")
    return min(wanted, possible)


@dataclass
class ConnectionLimit:
    """At most `limit` connections; None is no limit. One for a process, so that its log is not flooded."""

    limit: int | None = None
    _logged_at: float = field(default=float("-inf"), init=False)

    def exceeded(self, connections: int) -> bool:
        """Whether the newest of so many connections is one too many. Counts and logs it then."""
        if self.limit is None or connections <= self.limit:
            return False
        metrics.CONNECTIONS_REFUSED.inc()
        now = time.monotonic()
        if now - self._logged_at >= _LOG_AGAIN_AFTER:
            self._logged_at = now
            log.warning("too_many_connections", limit=self.limit)
        return True

    def far_exceeded(self, connections: int) -> bool:
        """Whether there is no room left even for refusals."""
        return self.limit is not None and connections > self.limit + RESERVE
