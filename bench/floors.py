"""The ratios that the service must keep (floors), and those that it aims at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.footprint import Footprint
from bench.measure import Row
from bench.servers import SERVICE
from bench.workloads import OWN

# Where ratios are taken: enough connections to keep one process busy, few enough that latency is not queueing alone.
CONNECTIONS: Final = 16

SHARED_FACTOR: Final = 4.0
UNIT_FACTOR: Final = 40.0
SCALING_FACTOR: Final = 0.8
START_SECONDS: Final = 1.0
P99_AIM: Final = 0.5
COST_FACTOR: Final = 1.5


@dataclass(frozen=True)
class Check:
    """One ratio and its bound. A floor is `required`; an aim is not."""

    title: str
    value: float
    bound: float
    at_least: bool
    required: bool

    @property
    def met(self) -> bool:
        """Whether the value is on the right side of the bound."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def __str__(self) -> str:
        verdict = "ok" if self.met else "BELOW THE FLOOR" if self.required else "not reached"
        kind = "floor" if self.required else "aim"
        return f"{kind}: {self.title}: {self.value:.2f} ({'>=' if self.at_least else '<='} {self.bound:g}) {verdict}"


def checks(rows: Sequence[Row], footprints: Sequence[Footprint] = ()) -> list[Check]:
    """Every check for which the rows have the figures; a check whose rows are void or missing is left out."""
    found = _Rows(rows)
    return [*_floors(found), *_start(footprints), *_aims(found)]


def missing(rows: Sequence[Row]) -> list[str]:
    """The floors that cannot be judged, because a row is void or was not measured."""
    judged = {check.title for check in _floors(_Rows(rows))}
    return [title for title in _FLOOR_TITLES if title not in judged]


class _Rows:
    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = {(row.server, row.request, row.connections): row for row in rows}
        self.connections = sorted({row.connections for row in rows})

    def throughput(self, server: str, request: str, connections: int = CONNECTIONS) -> float | None:
        row = self._rows.get((server, request, connections))
        return row.throughput.median if row and row.throughput else None

    def cpu(self, request: str) -> float | None:
        row = self._rows.get((SERVICE.name, request, CONNECTIONS))
        return row.cpu.median if row and row.cpu else None

    def p99(self, server: str, request: str) -> float | None:
        row = self._rows.get((server, request, CONNECTIONS))
        return row.p99.median if row and row.p99 else None


def _title(request: str, peer: str) -> str:
    return f"throughput of {request} over {peer}"


def _p99_title(request: str) -> str:
    return f"p99 of {request} over node_hono"


def _scaling_title(request: str) -> str:
    return f"least throughput of {request} from 16 to 256 connections over its peak"


_THROUGHPUT_FLOORS: Final = (
    ("me", "fastapi_shared", SHARED_FACTOR),
    ("signin", "fastapi_shared", SHARED_FACTOR),
    ("me", "fastapi_unit", UNIT_FACTOR),
)
_AIMS: Final = (
    ("me", "node_hono", 1.2),
    ("signin", "node_hono", 1.4),
    ("refresh", "node_hono", 1.3),
    ("refusal", "node_hono", 0.5),
    ("refusal", "fastapi_shared", 1.0),
)
_SESSION_REQUESTS: Final = ("me", "signin", "refresh")
_FLOOR_TITLES: Final = [
    *(_title(request, peer) for request, peer, _ in _THROUGHPUT_FLOORS),
    *(_p99_title(request) for request in _SESSION_REQUESTS),
    *(_scaling_title(request) for request in _SESSION_REQUESTS),
]


def _floors(rows: _Rows) -> Iterator[Check]:
    for request, peer, factor in _THROUGHPUT_FLOORS:
        ours, theirs = rows.throughput(SERVICE.name, request), rows.throughput(peer, request)
        if ours and theirs:
            yield Check(_title(request, peer), ours / theirs, factor, at_least=True, required=True)
    for request in _SESSION_REQUESTS:
        ours, theirs = rows.p99(SERVICE.name, request), rows.p99("node_hono", request)
        if ours and theirs:
            yield Check(_p99_title(request), ours / theirs, 1.0, at_least=False, required=True)
    scale = [connections for connections in rows.connections if CONNECTIONS <= connections <= 256]
    for request in _SESSION_REQUESTS:
        rates = [rate for many in scale if (rate := rows.throughput(SERVICE.name, request, many))]
        if len(rates) == len(scale) > 1:
            yield Check(_scaling_title(request), min(rates) / max(rates), SCALING_FACTOR, at_least=True, required=True)


def _start(footprints: Sequence[Footprint]) -> Iterator[Check]:
    for footprint in footprints:
        if footprint.server == SERVICE.name:
            title = "seconds from start to ready"
            yield Check(title, footprint.start_seconds, START_SECONDS, at_least=False, required=True)


def _aims(rows: _Rows) -> Iterator[Check]:
    for request, peer, factor in _AIMS:
        ours, theirs = rows.throughput(SERVICE.name, request), rows.throughput(peer, request)
        if ours and theirs:
            yield Check(_title(request, peer), ours / theirs, factor, at_least=True, required=False)
    for request in _SESSION_REQUESTS:
        ours, theirs = rows.p99(SERVICE.name, request), rows.p99("node_hono", request)
        if ours and theirs:
            yield Check(_p99_title(request), ours / theirs, P99_AIM, at_least=False, required=False)
    for request in OWN:
        cost, sign_in = rows.cpu(request), rows.cpu("signin")
        if cost and sign_in:
            yield Check(f"CPU of {request} over signin", cost / sign_in, COST_FACTOR, at_least=False, required=False)
