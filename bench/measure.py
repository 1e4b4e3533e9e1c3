"""Measures: rounds, in each round every request at every number of connections, and the servers in turn."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from bench import wrk
from bench.processes import LOAD_CORES, core_busy_seconds, reading, settle
from bench.workloads import Request

# What one measurement takes besides sending load: starting wrk, and waiting for the server to idle.
OVERHEAD_SECONDS = 0.5

# An answer that takes longer than this is not waited for; only the client-per-request peer at 256 connections is near.
MOST_SECONDS = 20.0

WARM_UP_SECONDS = 2.0

# Requests per second before anything is known of the servers, and of what is far slower than the rest.
_RATE = 1000.0
_SLOW = {("fastapi_unit", "me"): 20.0, ("fastapi_unit", "signin"): 40.0, ("fastapi_unit", "refresh"): 40.0}


@dataclass(frozen=True)
class Subject:
    """A running server, the upstream behind it, and the requests that are sent to the server."""

    name: str
    url: str
    pid: int
    upstream_pid: int
    requests: dict[str, Request]


@dataclass(frozen=True)
class Plan:
    """What is measured. Without a warm-up the first seconds of each server count, too."""

    requests: Sequence[str]
    connections: Sequence[int]
    rounds: int
    seconds: float
    warm_up_seconds: float = WARM_UP_SECONDS


@dataclass(frozen=True)
class Sample:
    """One measurement of one server."""

    throughput: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    resident_mib: float
    load_core_busy: float
    fault: str | None = None


@dataclass(frozen=True)
class Spread:
    """A figure over the rounds."""

    median: float
    least: float
    most: float


@dataclass
class Row:
    """One server, one request, one number of connections, over all rounds.

    `throughput` in requests per second, latencies (`p50`, `p99`) in milliseconds, `cpu` in milliseconds of the server's
    CPU time for each request, `resident` in MiB, `load_core_busy` as a part of one core. They are None when the row is
    void: `faults` says which answers were wrong.
    """

    server: str
    request: str
    connections: int
    samples: list[Sample] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Why the row is void; empty when it is not."""
        return [sample.fault for sample in self.samples if sample.fault]

    def spread(self, figure: Callable[[Sample], float]) -> Spread | None:
        """A figure's median, least and most over the rounds."""
        if self.faults or not self.samples:
            return None
        values = [figure(sample) for sample in self.samples]
        return Spread(statistics.median(values), min(values), max(values))

    @property
    def throughput(self) -> Spread | None:
        return self.spread(lambda sample: sample.throughput)

    @property
    def p50(self) -> Spread | None:
        return self.spread(lambda sample: sample.p50_ms)

    @property
    def p99(self) -> Spread | None:
        return self.spread(lambda sample: sample.p99_ms)

    @property
    def cpu(self) -> Spread | None:
        return self.spread(lambda sample: sample.cpu_ms)

    @property
    def resident(self) -> Spread | None:
        return self.spread(lambda sample: sample.resident_mib)

    def as_json(self) -> dict[str, object]:
        """The row as the JSON file keeps it, every sample included."""
        figures = {
            "throughput": self.throughput,
            "p50_ms": self.p50,
            "p99_ms": self.p99,
            "cpu_ms": self.cpu,
            "resident_mib": self.resident,
            "load_core_busy": self.spread(lambda sample: sample.load_core_busy),
        }
        return {
            "server": self.server,
            "request": self.request,
            "connections": self.connections,
            **{name: asdict(spread) if spread else None for name, spread in figures.items()},
            "faults": self.faults,
            "samples": [asdict(sample) for sample in self.samples],
        }


def warm_up(subjects: Sequence[Subject], plan: Plan, say: Callable[[str], None]) -> dict[tuple[str, str], float]:
    """Lets every server answer each request for a while, and returns what it managed in a second.

    Node compiles what runs often, and pools fill: neither belongs into the first round.
    """
    rates = {(subject.name, name): _assumed(subject.name, name) for subject in subjects for name in _asked(subject, plan)}
    if not plan.warm_up_seconds:
        return rates
    for subject in subjects:
        for name in _asked(subject, plan):
            load = wrk.send(subject.url, subject.requests[name], connections=16, seconds=plan.warm_up_seconds, cores=LOAD_CORES)
            rates[subject.name, name] = load.requests / load.seconds
            settle(subject.pid, subject.upstream_pid)
        say(f"warm: {subject.name}")
    return rates


def _asked(subject: Subject, plan: Plan) -> list[str]:
    """What the plan wants measured and the server has."""
    return [name for name in plan.requests if name in subject.requests]


def _assumed(server: str, request: str) -> float:
    return _SLOW.get((server, request), _RATE)


def seconds_for(plan: Plan, connections: int, rate: float) -> float:
    """How long to measure a server that answers `rate` requests a second: until each connection had about 3 answers."""
    return min(max(plan.seconds, 3 * connections / max(rate, 0.1)), max(MOST_SECONDS, plan.seconds))


def estimate(plan: Plan, cells: Sequence[tuple[str, str]]) -> float:
    """Seconds that the plan takes for these servers and requests, about, before anything is known of them."""
    rates = {(server, request): _assumed(server, request) for server, request in cells}
    warm_up = len(rates) * (plan.warm_up_seconds + OVERHEAD_SECONDS) if plan.warm_up_seconds else 0
    return warm_up + rounds_seconds(plan, rates)


def rounds_seconds(plan: Plan, rates: Mapping[tuple[str, str], float]) -> float:
    """Seconds that the rounds take, given the requests per second of each server and request."""
    cells = [(rate, connections) for rate in rates.values() for connections in plan.connections]
    # What is under way when wrk ends is worked off before the next one's turn.
    return plan.rounds * sum(
        seconds_for(plan, connections, rate) + OVERHEAD_SECONDS + connections / max(rate, 0.1) for rate, connections in cells
    )


def measure(subjects: Sequence[Subject], plan: Plan, say: Callable[[str], None]) -> list[Row]:
    """All rounds. The servers take turns within each cell, so that a slow minute of the machine hits all of them."""
    rates = warm_up(subjects, plan, say)
    say(f"{plan.rounds} rounds: about {rounds_seconds(plan, rates) / 60:.0f} min")
    rows = {
        (request, connections, subject.name): Row(subject.name, request, connections)
        for request in plan.requests
        for connections in plan.connections
        for subject in subjects
        if request in subject.requests
    }
    for number in range(plan.rounds):
        began = time.monotonic()
        for request in plan.requests:
            for connections in plan.connections:
                for subject in _in_turn([each for each in subjects if request in each.requests], number):
                    seconds = seconds_for(plan, connections, rates[subject.name, request])
                    rows[request, connections, subject.name].samples.append(sample(subject, request, connections, seconds))
        say(f"round {number + 1} of {plan.rounds}: {time.monotonic() - began:.0f} s")
    return list(rows.values())


def sample(subject: Subject, request: str, connections: int, seconds: float) -> Sample:
    """One measurement; afterwards the server idles again."""
    before, busy_before = reading(subject.pid), core_busy_seconds(LOAD_CORES)
    load = wrk.send(subject.url, subject.requests[request], connections=connections, seconds=seconds, cores=LOAD_CORES)
    after, busy_after = reading(subject.pid), core_busy_seconds(LOAD_CORES)
    settle(subject.pid, subject.upstream_pid)
    return Sample(
        throughput=load.requests / load.seconds,
        p50_ms=load.p50_ms,
        p99_ms=load.p99_ms,
        cpu_ms=(after.cpu_seconds - before.cpu_seconds) * 1000 / max(load.requests, 1),
        resident_mib=after.resident_bytes / 2**20,
        load_core_busy=(busy_after - busy_before) / load.seconds,
        fault=_fault(load),
    )


def _fault(load: wrk.Load) -> str | None:
    if load.unexpected:
        return f"{load.unexpected} of {load.requests} answers had an unexpected status"
    if load.failed:
        return f"{load.failed} connections failed"
    if not load.requests:
        return f"no answer within {load.seconds:.0f} s"
    return None


def _in_turn(subjects: Sequence[Subject], number: int) -> Iterator[Subject]:
    """Another one first in each round, for what the one before leaves behind in the caches."""
    for index in range(len(subjects)):
        yield subjects[(index + number) % len(subjects)]
