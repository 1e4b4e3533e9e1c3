"""What a server weighs: start, memory of a process, memory of an idle connection, and a second process's gain.

Part of `python -m bench`; `python -m bench.footprint` prints it alone.
"""

import resource
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bench import wrk
from bench.backend import Backend
from bench.environment import prepare
from bench.processes import ALL_CORES, LOAD_CORES, BenchError, reading, require_programs, settle
from bench.servers import PEERS, SERVICE, Running, Server, started
from bench.upstream.canned import Canned
from bench.upstream.nginx import upstream
from bench.workloads import through_service

STARTS: Final = 5
IDLE_CONNECTIONS: Final = 1000
_LOADED_SECONDS: Final = 4


@dataclass(frozen=True)
class Footprint:
    """Memory in MiB (of a process) and KiB (of an idle connection); time in seconds, the median of several starts."""

    server: str
    start_seconds: float
    idle_mib: float
    loaded_mib: float
    connection_kib: float


@dataclass(frozen=True)
class Scaling:
    """GET /auth/me at 64 connections, requests per second, with a number of processes (WEB_CONCURRENCY)."""

    processes: int
    throughput: float
    p99_ms: float
    resident_mib: float


def footprint(server: Server, backend: Backend, directory: Path) -> Footprint:
    """Starts the server several times, and weighs it the last time."""
    raise_open_files_limit()
    starts = []
    for _ in range(STARTS - 1):
        with started(server, backend, directory) as process:
            starts.append(process.start_seconds)
    with started(server, backend, directory) as process:
        starts.append(process.start_seconds)
        settle(process.pid)
        idle = _mib(process)
        connection = connection_bytes(process)
        request = through_service(backend)["me"]
        wrk.send(process.url, request, connections=64, seconds=_LOADED_SECONDS, cores=LOAD_CORES)
        settle(process.pid)
        loaded = _mib(process)
    return Footprint(server.name, statistics.median(starts), idle, loaded, connection / 1024)


def connection_bytes(process: Running) -> float:
    """Resident bytes that one more idle keep-alive connection costs the server.

    Each connection has asked once and been answered. A first hundred is opened and closed before, because buffers and
    free lists that grow with the first connections stay for all later ones.
    """
    with idle_connections(process.url, 100):
        pass
    time.sleep(0.5)
    before = reading(process.pid).resident_bytes
    with idle_connections(process.url, IDLE_CONNECTIONS):
        return (reading(process.pid).resident_bytes - before) / IDLE_CONNECTIONS


@contextmanager
def idle_connections(url: str, count: int) -> Iterator[None]:
    """`count` keep-alive connections, open and silent while the block lasts."""
    parts = urlsplit(url)
    if parts.hostname is None or parts.port is None:
        raise BenchError(f"No address: {url}")
    request = f"GET /healthz HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    with ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=10))
            connection.sendall(request)
            if b" 200 " not in connection.recv(4096).partition(b"\r\n")[0]:
                raise BenchError(f"{url} refused a connection")
        yield


def scaling(backend: Backend, directory: Path, seconds: float = 5) -> list[Scaling]:
    """One process and two, with wrk and nginx on the same cores as they: two processes need both."""
    found = []
    for processes in (1, 2):
        with started(SERVICE, backend, directory, ALL_CORES, WEB_CONCURRENCY=str(processes)) as process:
            request = through_service(backend)["me"]
            wrk.send(process.url, request, connections=64, seconds=2, cores=ALL_CORES)
            load = wrk.send(process.url, request, connections=64, seconds=seconds, cores=ALL_CORES)
            if load.unexpected or load.failed:
                raise BenchError(f"WEB_CONCURRENCY={processes}: {load}")
            found.append(Scaling(processes, load.requests / load.seconds, load.p99_ms, _mib(process)))
    return found


def raise_open_files_limit() -> None:
    """Lets this process, and the servers that it starts, open as many files as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def measure_all(
    servers: Sequence[Server], directory: Path, say: Callable[[str], None]
) -> tuple[list[Footprint], list[Scaling]]:
    """The footprint of each server; the gain of a second process where the service is among them."""
    with upstream(Canned(), directory / "nginx-footprint", LOAD_CORES) as canned:
        footprints = []
        for server in servers:
            footprints.append(footprint(server, canned.backend, directory))
            say(f"weighed: {server.name}")
    if SERVICE not in servers:
        return footprints, []
    with upstream(Canned(), directory / "nginx-scaling", ALL_CORES) as canned:
        return footprints, scaling(canned.backend, directory)


def _mib(process: Running) -> float:
    return reading(process.pid).resident_bytes / 2**20


def main() -> None:
    """Prints the footprint of all servers."""
    require_programs()
    prepare()
    with tempfile.TemporaryDirectory(prefix="latchkey-bench-") as directory:
        footprints, processes = measure_all([SERVICE, *PEERS], Path(directory), print)
    for item in (*footprints, *processes):
        print(item)


if __name__ == "__main__":
    main()
