"""`python -m bench.soak`: ten minutes of load, and whether the service's memory stays flat."""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench import wrk
from bench.environment import prepare_service
from bench.footprint import raise_open_files_limit
from bench.processes import LOAD_CORES, BenchError, reading, require_programs, settle
from bench.servers import SERVICE, started
from bench.upstream.canned import Canned
from bench.upstream.nginx import upstream
from bench.workloads import through_service

CONNECTIONS: Final = 64
SLICE_SECONDS: Final = 5

# Pools, caches and free lists fill in the first fifth. What still grows after that never stops.
MOST_GROWTH: Final = 0.05


def soak(minutes: float) -> list[float]:
    """Resident MiB after each slice of load; the requests of the benchmark take turns. Raises BenchError."""
    resident: list[float] = []
    with tempfile.TemporaryDirectory(prefix="latchkey-soak-") as name:
        directory = Path(name)
        with (
            upstream(Canned(), directory / "nginx", LOAD_CORES) as canned,
            started(SERVICE, canned.backend, directory) as process,
        ):
            requests = list(through_service(canned.backend).items())
            deadline = time.monotonic() + minutes * 60
            while time.monotonic() < deadline:
                request_name, request = requests[len(resident) % len(requests)]
                load = wrk.send(process.url, request, connections=CONNECTIONS, seconds=SLICE_SECONDS, cores=LOAD_CORES)
                if load.unexpected or load.failed:
                    raise BenchError(f"{request_name}: {load}")
                settle(process.pid)
                resident.append(reading(process.pid).resident_bytes / 2**20)
                print(f"{len(resident) * SLICE_SECONDS:4} s  {request_name:8} {resident[-1]:6.1f} MiB", flush=True)
    return resident


def growth(resident: list[float]) -> float:
    """By which part memory grew from the second fifth of the slices to the last. Raises BenchError for under 10 slices."""
    fifth = len(resident) // 5
    if fifth < 2:
        raise BenchError("Too short to tell: use more minutes")
    return statistics.median(resident[-fifth:]) / statistics.median(resident[fifth : 2 * fifth]) - 1


def main() -> int:
    """1 when memory grew by more than MOST_GROWTH."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="default: 10")
    options = parser.parse_args()
    try:
        require_programs()
        prepare_service()
        raise_open_files_limit()
        grew = growth(soak(options.minutes))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Resident memory grew by {grew:.1%} from the second fifth of the time to the last (at most {MOST_GROWTH:.0%})")
    return int(grew > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
