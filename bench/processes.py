"""Starts the measured processes, each on the core that it is given, and reads what they cost from /proc."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

ROOT: Final = Path(__file__).resolve().parent.parent

# On two cores the server under test gets one to itself, and the load generator shares the other with the canned
# upstream. Left to the scheduler, a busy wrk or nginx lands on the server's core now and then, and the figure tells
# who was pushed aside. The pair on the second core needs 10 to 30 microseconds for a request, and each server several
# times that: the second core idles most of the time (`load_core_busy` in the JSON shows it) and limits nobody. Pinning
# also keeps "one process" honest: Node collects garbage on threads of its own, which would otherwise take a second
# core that the Python servers do not get. The bare upstream, measured as the limit, moves to the server's core for its
# rows.
_AVAILABLE = sorted(os.sched_getaffinity(0))
SERVER_CORES: Final = {_AVAILABLE[0]}
LOAD_CORES: Final = {_AVAILABLE[1] if len(_AVAILABLE) > 1 else _AVAILABLE[0]}
ALL_CORES: Final = set(_AVAILABLE)

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

# Debian's package for each program that the benchmark starts.
_PACKAGES = {"wrk": "wrk", "nginx": "nginx-light", "taskset": "util-linux"}


class BenchError(Exception):
    """Something is missing, or a server does not do what it should; the message is for a person."""


def require_programs() -> None:
    """Raises BenchError with one line that names the missing Debian packages and the command that installs them."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    missing = [package for program, package in _PACKAGES.items() if not shutil.which(program, path=path)]
    if missing:
        names = " ".join(missing)
        raise BenchError(f"Missing: {names}. Install with: sudo apt-get update && sudo apt-get install -y {names}")


def program(name: str) -> str:
    """The path of a program; Debian keeps nginx in /usr/sbin, which is not on everybody's PATH."""
    return shutil.which(name) or f"/usr/sbin/{name}"


def pinned(command: Sequence[str], cores: set[int]) -> list[str]:
    """`command`, to be run on `cores`. taskset becomes the command, so the process id stays the same."""
    return [program("taskset"), "--cpu-list", ",".join(map(str, sorted(cores))), *command]


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Reading:
    """What a process and its children have used so far."""

    cpu_seconds: float
    resident_bytes: int


def reading(pid: int) -> Reading:
    """CPU time of all threads, and resident memory, of the process and its descendants."""
    cpu_ticks = resident = 0
    for member in _family(pid):
        # The second field is the program's name in parentheses, and may hold spaces: count from behind it.
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        cpu_ticks += int(fields[11]) + int(fields[12])
        resident += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return Reading(cpu_ticks / _TICKS_PER_SECOND, resident)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _family(int(child))


def core_busy_seconds(cores: set[int]) -> float:
    """Seconds that `cores` have spent on anything but idling since the machine started."""
    total = 0.0
    for line in Path("/proc/stat").read_text().splitlines():
        name, _, rest = line.partition(" ")
        if name.removeprefix("cpu").isdecimal() and int(name.removeprefix("cpu")) in cores:
            user, nice, system, _, _, irq, softirq, *_ = map(int, rest.split())
            total += (user + nice + system + irq + softirq) / _TICKS_PER_SECOND
    return total


def settle(*pids: int, timeout: float = 60.0) -> None:
    """Waits until the processes idle again, `timeout` seconds at most.

    wrk closes its connections when its time is up; a slow server, or a slow upstream, still works off what they had
    asked for, and would take the core from the server that is measured next.
    """
    deadline = time.monotonic() + timeout
    before = _cpu_seconds(pids)
    while time.monotonic() < deadline:
        time.sleep(0.15)
        now = _cpu_seconds(pids)
        if now - before <= len(pids) / _TICKS_PER_SECOND:
            return
        before = now


def _cpu_seconds(pids: Sequence[int]) -> float:
    return sum(reading(pid).cpu_seconds for pid in pids)


@contextmanager
def running(
    command: Sequence[str], *, env: Mapping[str, str], cores: set[int], log: Path, ready: str, timeout: float = 30.0
) -> Iterator[int]:
    """Runs a server while the block lasts and yields its process id, once GET `ready` answers 200.

    Raises BenchError when that takes more than `timeout` seconds or the process ends before; the message ends with the
    last lines of its log.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            pinned(command, cores),
            cwd=ROOT,
            env={**_inherited(), **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _await_ready(process, ready, log, timeout)
        yield process.pid
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends the process: SIGTERM, and SIGKILL after 10 seconds."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _inherited() -> dict[str, str]:
    # Nothing of the caller's shell may configure a server, or one machine's .envrc decides a comparison.
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}


def _answers(url: str) -> bool:
    # http.client, because the time to readiness is measured with this too: building an httpx client takes 20 ms.
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _await_ready(process: subprocess.Popen[bytes], url: str, log: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if _answers(url):
            return
        time.sleep(0.005)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise BenchError(f"No answer from {url} within {timeout:.0f} s. The end of the log:\n{tail}")
