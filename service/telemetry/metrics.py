"""What Prometheus is told. Every label takes its values from a list that is fixed when the service starts.

With several worker processes, prometheus-client adds their values up through files in PROMETHEUS_MULTIPROC_DIR, which
service/server/workers.py sets before the workers start.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

M = TypeVar("M", Counter, Gauge, Histogram)

NONE: Final = "none"  # the label of a request that belongs to no operation, and of one that got no error
CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

# Seconds. A request without Supabase takes about 1 ms; UPSTREAM_TIMEOUT and REQUEST_TIMEOUT are 8 and 15 by default.
_BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8, 15)

disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped; else one more series for each, which nobody asks for

REQUESTS = Counter("latchkey_requests", "Requests by operation, status and error code.", ["operation", "status", "code"])
REQUEST_SECONDS = Histogram(
    "latchkey_request_duration_seconds", "Time to answer a request, by operation.", ["operation"], buckets=_BUCKETS
)
REQUESTS_IN_PROGRESS = Gauge("latchkey_requests_in_progress", "Requests that are being answered.", multiprocess_mode="livesum")
REFUSALS = Counter("latchkey_refusals", "Requests that were refused before Supabase was asked, by reason.", ["reason"])
UPSTREAM_CALLS = Counter(
    "latchkey_upstream_calls", "Calls to Supabase, by the API called, the call and how it went.", ["target", "call", "outcome"]
)
UPSTREAM_SECONDS = Histogram(
    "latchkey_upstream_call_duration_seconds", "Time that a call to Supabase took.", ["target", "call"], buckets=_BUCKETS
)
UPSTREAM_CALLS_IN_PROGRESS = Gauge(
    "latchkey_upstream_calls_in_progress",
    "Calls to Supabase that are under way or wait for a connection.",
    multiprocess_mode="livesum",
)
UPSTREAM_CONNECTIONS = Gauge(
    "latchkey_upstream_connections", "Connections to Supabase, by state.", ["state"], multiprocess_mode="livesum"
)
UPSTREAM_CONNECTIONS_MAX = Gauge(
    "latchkey_upstream_connections_max", "Connections to Supabase that may be open.", multiprocess_mode="livesum"
)
SUPABASE_UP = Gauge(
    "latchkey_supabase_up",
    "What readiness last found: 1 where that part is well, else 0. Asked every 15 seconds, and whenever /readyz is.",
    ["part"],
    multiprocess_mode="livemostrecent",
)
ISSUED_TOKENS = Counter(
    "latchkey_issued_tokens",
    "Access tokens that Supabase issued, by what their check said: ok, refused, unchecked.",
    ["result"],
)
for _result in ("ok", "refused", "unchecked"):
    ISSUED_TOKENS.labels(_result)  # from the start, so that the first count is an increase
TOKEN_CHECKS = Counter(
    "latchkey_token_checks",
    "Access tokens that callers brought and that passed: known ones (hit), and those whose signature was checked (miss).",
    ["result"],
)
for _result in ("hit", "miss"):
    TOKEN_CHECKS.labels(_result)
REMEMBERED_TOKENS = Gauge(
    "latchkey_remembered_tokens", "Access tokens whose signature is known to be good.", multiprocess_mode="livesum"
)
RATE_LIMIT_STORE_UP = Gauge(
    "latchkey_rate_limit_store_up",
    "1 while the shared storage of rate limits answers, 0 while processes count for themselves. Absent where none is set.",
    ["store"],
    multiprocess_mode="livemin",
)
CONNECTIONS = Gauge("latchkey_connections", "Connections of clients that are open.", multiprocess_mode="livesum")
CONNECTIONS_REFUSED = Counter(
    "latchkey_connections_refused", "Connections beyond MAX_CONNECTIONS: refused, or let in for an idle one."
)
LOG_LINES_DROPPED = Counter("latchkey_log_lines_dropped", "Log lines that nobody read in time, and that are lost.")
DRAINING = Gauge("latchkey_draining", "Processes that were told to stop.", multiprocess_mode="livesum")
TASKS = Gauge("latchkey_asyncio_tasks", "Tasks on the event loop.", multiprocess_mode="livesum")
LOOP_LAG = Gauge(
    "latchkey_event_loop_lag_seconds",
    "How late the event loop ran a timer in the last second: what every request waits on top.",
    multiprocess_mode="livemax",
)
BACKGROUND_FAILURES = Counter(
    "latchkey_background_failures", "What went wrong in tasks that no request waits for; they go on.", ["task"]
)
LARGEST_PROCESS_MEMORY = Gauge(
    "latchkey_largest_process_memory_bytes", "Memory of the process that holds most.", multiprocess_mode="livemax"
)
RESIDENT_MEMORY = Gauge("latchkey_resident_memory_bytes", "Memory of all processes.", multiprocess_mode="livesum")


@lru_cache(maxsize=4096)  # more than there are series
def series(metric: M, *labels: str) -> M:
    """`metric.labels(...)`, which takes a lock and compares all names each time it is asked."""
    return metric.labels(*labels)


def render() -> bytes:
    """The metrics of all worker processes, in Prometheus' text format."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is None:
        return generate_latest(REGISTRY)
    _forget_dead_processes(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]  # untyped in prometheus-client
    return generate_latest(registry)


def _forget_dead_processes(folder: Path) -> None:
    """Drop the gauges of workers that are gone: a killed one cannot do it itself."""
    for pid in {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_live*.db")}:
        with suppress(PermissionError):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]  # untyped, too
