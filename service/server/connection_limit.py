"""How many clients may be connected at once, and what the system's limit on open files has to say about it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, Protocol

import structlog

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.telemetry import metrics

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]  # a module, to the type checker

log = structlog.get_logger(__name__)

RESERVE: Final = 32
"""Connections beyond the limit that are still answered, with a refusal."""

OVERLOAD_SECONDS: Final = 2.0
"""How long a client that is refused may take to say what it wants."""

_EXEMPT = frozenset({b"/healthz", b"/readyz", b"/metrics"})
_RETRY_AFTER: Final = 5  # seconds
_OWN_FILES: Final = 64 + RESERVE  # sockets that listen, logs, Redis, what a look into /proc opens
_LOG_AGAIN_AFTER: Final = 60.0  # seconds
_PATIENCE: Final = 1.0  # seconds


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


def check_exempt(url: bytes) -> None:
    """Raises ApiError for what is refused on a connection too many; an orchestrator would end a service that gives no sign."""
    if url.partition(b"?")[0] not in _EXEMPT:
        raise ApiError(ErrorCode.upstream_unavailable, details={"retryAfter": _RETRY_AFTER})


class Admission(Enum):
    """What becomes of a new connection."""

    SERVED = auto()
    REFUSED = auto()  # it is told so
    DROPPED = auto()  # there is no room for more


class Connection(Protocol):
    """A client's connection, as far as its end may be needed."""

    def drop(self) -> None:
        """End it at once."""


@dataclass
class ConnectionLimit:
    """At most `limit` connections; None is no limit. One for a process.

    With one too many, those that have idled longest make room, if they have done so for a second, and so are hardly about to
    send something; where all are worked for, the new one is refused.
    """

    limit: int | None = None
    _idle: dict[Connection, float] = field(default_factory=dict, init=False)  # since when, the longest first
    _logged_at: float = field(default=float("-inf"), init=False)

    def admit(self, connection: Connection, count: int) -> Admission:
        """What becomes of the newest of `count` connections. It is idle until `works` says otherwise."""
        now = time.monotonic()
        admission = Admission.SERVED
        if self.limit is not None and count > self.limit:
            self._tell(now)
            while count > self.limit and self._make_room(now, urgent=count > self.limit + RESERVE):
                count -= 1
            if count > self.limit:
                admission = Admission.REFUSED if count <= self.limit + RESERVE else Admission.DROPPED
        if admission is not Admission.DROPPED:
            self._idle[connection] = now
        return admission

    def works(self, connection: Connection) -> None:
        """A request of it is worked on, or it is gone."""
        self._idle.pop(connection, None)

    def idles(self, connection: Connection) -> None:
        """Its last request is answered."""
        self._idle[connection] = time.monotonic()

    def _make_room(self, now: float, *, urgent: bool) -> bool:
        longest = next(iter(self._idle), None)
        if longest is None or not (urgent or now - self._idle[longest] >= _PATIENCE):
            return False
        del self._idle[longest]
        longest.drop()
        return True

    def _tell(self, now: float) -> None:
        metrics.CONNECTIONS_REFUSED.inc()
        if now - self._logged_at >= _LOG_AGAIN_AFTER:
            self._logged_at = now
            log.warning("too_many_connections", limit=self.limit)
