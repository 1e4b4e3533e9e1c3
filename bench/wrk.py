"""Sends the load: wrk, one thread, with the percentiles as wrk computes them."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.processes import BenchError, pinned, program
from bench.workloads import Request

_SCRIPT: Final = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw. Latencies in milliseconds, from the request's last byte out to the answer's last in."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    unexpected: int
    failed: int


def send(url: str, request: Request, *, connections: int, seconds: float, cores: set[int]) -> Load:
    """Sends `request` for `seconds` over `connections` keep-alive connections, each with one request under way."""
    headers = [part for name, value in request.headers.items() for part in ("--header", f"{name}: {value}")]
    # A minute, because the slowest server needs 12 seconds for each of 256 requests at once, and is not wrong in that.
    command = [
        program("wrk"), "--threads", "1", "--connections", str(connections), "--duration", f"{max(1, round(seconds))}s",
        "--timeout", "60s", "--latency", "--script", str(_SCRIPT), *headers, f"{url}{request.path}",
        "--", request.method, str(request.status),
    ]  # fmt: skip
    with tempfile.NamedTemporaryFile("w", prefix="latchkey-bearers-") as bearers:
        bearers.write("\n".join(request.bearers))
        bearers.flush()
        command.append(bearers.name if request.bearers else "")
        if request.body is not None:
            command.append(request.body)
        finished = subprocess.run(pinned(command, cores), capture_output=True, text=True, timeout=seconds + 60, check=False)
    return parse(finished.stdout, finished.stderr)


def parse(output: str, errors: str = "") -> Load:
    """Reads what load.lua printed last. Raises BenchError when there is no such line."""
    last = output.strip().rpartition("\n")[2]
    try:
        seen = json.loads(last)
    except ValueError as error:
        raise BenchError(f"wrk failed: {errors.strip() or output.strip()}") from error
    return Load(
        requests=seen["requests"],
        seconds=seen["microseconds"] / 1e6,
        p50_ms=seen["p50_us"] / 1e3,
        p99_ms=seen["p99_us"] / 1e3,
        unexpected=seen["unexpected"],
        failed=seen["failed"],
    )
