"""`python -m bench.memory`: what two hours leave behind in one process, and whether its memory comes back.

Two hours' worth of requests, as fast as they are answered, with idle connections beside them; then floods: tokens with made-up
keys, more good tokens than are remembered, and answers of 8 MB. Connections and floods come twice: what came back is there for
the second time.
"""

from __future__ import annotations

import argparse
import base64
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from bench import wrk
from bench.backend import Backend
from bench.environment import prepare_service
from bench.footprint import idle_connections, raise_open_files_limit
from bench.processes import LOAD_CORES, BenchError, reading, require_programs, settle
from bench.servers import SERVICE, Running, started
from bench.upstream.canned import Canned
from bench.upstream.nginx import upstream
from bench.workloads import Request, own, through_service

MOST_MIB: Final = 150
MOST_AGAIN_MIB: Final = 5  # for what took four times as much when it came first
REQUESTS: Final = 720_000  # 100 a second for two hours
IDLE: Final = 2000
MADE_UP: Final = 20_000
GOOD: Final = 25_000  # more than are remembered
_CONNECTIONS: Final = 64
_SLICE_SECONDS: Final = 5
_FLOOD_SECONDS: Final = 20
_BIG_AT_ONCE: Final = 16


def run(requests: int, say: Callable[[str], None]) -> list[str]:
    """What should not have been: nothing, or a line each. Raises BenchError."""
    with tempfile.TemporaryDirectory(prefix="latchkey-memory-") as name:
        directory, project = Path(name), Canned()
        with (
            upstream(project, directory / "nginx", LOAD_CORES) as canned,
            started(SERVICE, canned.backend, directory) as process,
        ):
            watched = _Watched(process, say)
            watched.look("started")
            everything = list((through_service(canned.backend) | own(canned.backend)).values())
            _work(process, everything, 20_000)
            floods = list(_floods(project, canned.backend))
            _fill(process, floods)
            watched.look("warm, and all tokens kept")
            with idle_connections(process.url, IDLE):
                watched.look(f"{IDLE} idle connections")
                asked = _work(process, everything, requests)
                watched.look(f"{asked} requests beside them")
            watched.look("connections closed")
            first = _onslaught(watched, process, floods)
            with idle_connections(process.url, IDLE):
                watched.look(f"{IDLE} idle connections again")
            again = _onslaught(watched, process, floods)
            _work(process, everything, 2_000)
            watched.look("back to work")
    faults = [f"{watched.most:.0f} MiB at most, not {MOST_MIB}"] if watched.most > MOST_MIB else []
    # Python gives little back to the system; what comes back is there for the next ones.
    if again - first > MOST_AGAIN_MIB:
        faults.append(f"the same took {again - first:.0f} MiB more when it came again: they did not come back")
    return faults


def _fill(process: Running, floods: Sequence[tuple[str, Request]]) -> None:
    """Has as many tokens remembered as there may be: else they would take the room that others gave back."""
    sent = 0
    while sent < GOOD:
        load = wrk.send(process.url, dict(floods)[_TOKENS], connections=_CONNECTIONS, seconds=_SLICE_SECONDS, cores=LOAD_CORES)
        if not load.requests or load.unexpected or load.failed:
            raise BenchError(f"{_TOKENS}: {load}")
        sent += load.requests


def _onslaught(watched: _Watched, process: Running, floods: Sequence[tuple[str, Request]]) -> float:
    """All floods, one after the other. Returns the most memory that there ever was, in MiB."""
    for title, flood in floods:
        load = wrk.send(process.url, flood, connections=_at_once(title), seconds=_FLOOD_SECONDS, cores=LOAD_CORES)
        if not load.requests or load.unexpected or load.failed:
            raise BenchError(f"{title}: {load}")
        watched.look(f"{load.requests} {title}")
    time.sleep(6)  # keep-alive ends, and with it the last buffers
    return watched.most


class _Watched:
    """Resident memory in MiB, and the most that it ever was, as the system keeps count (VmHWM)."""

    def __init__(self, process: Running, say: Callable[[str], None]) -> None:
        self._pid = process.pid
        self._say = say
        self.most = 0.0

    def look(self, title: str) -> float:
        settle(self._pid)
        resident = reading(self._pid).resident_bytes / 2**20
        status = Path(f"/proc/{self._pid}/status").read_text()
        self.most = int(status.partition("VmHWM:")[2].split()[0]) / 1024
        self._say(f"{title:32} {resident:6.1f} MiB, {self.most:6.1f} at most")
        return resident


def _work(process: Running, requests: Sequence[Request], count: int) -> int:
    """Sends at least `count` requests, of each kind in turn. Returns how many."""
    done = turn = 0
    while done < count:
        load = wrk.send(
            process.url, requests[turn % len(requests)], connections=_CONNECTIONS, seconds=_SLICE_SECONDS, cores=LOAD_CORES
        )
        if load.unexpected or load.failed:
            raise BenchError(f"{requests[turn % len(requests)].path}: {load}")
        done, turn = done + load.requests, turn + 1
    return done


def _floods(project: Canned, backend: Backend) -> Iterator[tuple[str, Request]]:
    made_up = [_with_made_up_key(backend.access_token) for _ in range(MADE_UP)]
    yield "tokens with made-up keys", Request("GET", "/auth/me", status=401, bearers=made_up)
    # Supabase does not know them, so each is refused, after its signature was found good.
    good = [project.access_token(backend.url, secrets.token_hex(16)) for _ in range(GOOD)]
    yield _TOKENS, Request("GET", "/auth/me", status=401, bearers=good)
    yield _BIG, Request("GET", "/auth/me", status=502, bearers=[backend.big_token])


_TOKENS: Final = "more good tokens than are kept"
_BIG: Final = "answers of 8 MB"


def _at_once(title: str) -> int:
    return _BIG_AT_ONCE if title == _BIG else _CONNECTIONS


def _with_made_up_key(token: str) -> str:
    header = json.dumps({"alg": "ES256", "typ": "JWT", "kid": secrets.token_hex(8)}).encode()
    return f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.{token.partition('.')[2]}"


def main() -> int:
    """1 when memory was more than MOST_MIB, or did not come back."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS, help=f"default: {REQUESTS}, 100 a second for two hours")
    options = parser.parse_args()
    try:
        require_programs()
        prepare_service()
        raise_open_files_limit()
        faults = run(options.requests, lambda text: print(text, flush=True))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(faults) or "Memory stays bounded, and comes back")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
