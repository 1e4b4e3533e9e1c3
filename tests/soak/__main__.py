"""The soak test. SOAK_SECONDS (600) and SOAK_USERS (20) shape it; SOAK_SUMMARY names a file for the summary."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import platform
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from local import keys as local_keys
from local.supabase import LocalSupabase
from tests.soak import stall
from tests.soak.injector import Injector
from tests.soak.users import Record, User
from tests.support.browser import Browser, new_email
from tests.support.faulty_proxy import FaultyProxy
from tests.support.metrics import scrape
from tests.support.service import ServiceProcess, development_env, free_port
from tools.revision import revision

FLAT = 20_000_000  # bytes that memory may differ between the second fifth and the last; the allocator breathes
STALLED_GROWTH = 40_000_000  # bytes, while hundreds of requests are held
STALLED_DRIFT = 10_000_000  # bytes that the last quarter of that may be above the third, when as many are held as before
HEALTH_MS = 50  # milliseconds, the 99th percentile, on a machine with nothing else to do
STALLED_RATE = 200  # requests a second
IDLE_TASKS = 4


@dataclass
class Run:
    """All that a summary tells."""

    seconds: float
    users: int
    record: Record
    injector: Injector
    memory: list[float]
    leaked: dict[str, float]
    stalled: stall.Stalled

    def failures(self) -> list[str]:
        """What should not have been: nothing, or a line each."""
        stalled = self.stalled
        failures = [f"{kind}: {number}" for kind, number in self.record.problems.items()] + self.record.examples
        failures += [f"leaked {what}: {number:g}" for what, number in self.leaked.items() if number]
        early, late = _fifths(self.memory)
        if late - early > FLAT:
            failures.append(f"memory grew by {_megabytes(late - early)}")
        if stalled.memory_growth > STALLED_GROWTH or stalled.memory_drift > STALLED_DRIFT:
            failures.append(
                f"memory grew by {_megabytes(stalled.memory_growth)} while Supabase stalled, "
                f"and by {_megabytes(stalled.memory_drift)} in the last quarter"
            )
        if stalled.health_p99_ms > HEALTH_MS:
            failures.append(f"/healthz took {stalled.health_p99_ms:.0f} ms (99th percentile) while Supabase stalled")
        if not set(stalled.statuses) <= {503, 504}:
            failures.append(f"a stalled Supabase was answered by {dict(stalled.statuses)}")
        return failures

    def summary(self) -> list[str]:
        """The lines of a page."""
        stalled = self.stalled
        health = ", ".join(
            f"{value:.1f} ms" for value in (stalled.health_p50_ms, stalled.health_p99_ms, max(stalled.health_ms))
        )
        answers = sorted(self.record.answers.items())
        outages = sum(number for (_, status, _), number in answers if status >= 500)
        outside = self.record.problems["an outage without a fault"]
        failures = self.failures()
        return [
            "# Soak test",
            "",
            f"{dt.datetime.now(dt.UTC):%Y-%m-%d}: {self.seconds:g} seconds, {self.users} users, {os.cpu_count()} cores, at",
            f"revision {revision()}, Python {platform.python_version()}. One process of the service with its default settings",
            "(but no limits on requests); the embedded Supabase, the users and the faults ran on the same machine.",
            "`make soak` runs it; SOAK_SUMMARY=docs/soak.md writes this page.",
            "",
            "**It failed:**" if failures else "**It passed:** nobody lost a session, and nothing leaked.",
            "",
            *(f"- {failure}" for failure in failures),
            *([""] if failures else []),
            "| | |",
            "| --- | --- |",
            f"| Requests | {sum(self.record.answers.values())} |",
            f"| Faults injected | {sum(self.injector.injected.values())} |",
            f"| Answered 502, 503 or 504 | {outages}; {outside} of them without a fault |",
            f"| Sessions lost, outages without a fault, internal errors, unexpected answers | {self.record.problems.total()} |",
            f"| Slowest answer | {self.record.slowest:.2f} s |",
            f"| Memory, second fifth and last fifth (medians) | {_megabytes(*_fifths(self.memory))} |",
            f"| Connections, calls and tasks left over | {sum(self.leaked.values()):g} |",
            "",
            "## Faults",
            "",
            "| Fault | Times |",
            "| --- | --- |",
            *(f"| {name} | {number} |" for name, number in sorted(self.injector.injected.items())),
            "",
            "## Answers",
            "",
            "| Operation | Status | Code | Number |",
            "| --- | --- | --- | --- |",
            *(f"| {operation} | {status} | {code} | {number} |" for (operation, status, code), number in answers),
            "",
            f"## Supabase stalled, {self.stalled.rate:g} requests a second for {self.stalled.seconds:g} seconds",
            "",
            "| | |",
            "| --- | --- |",
            f"| Answers | {', '.join(f'{number} with {status}' for status, number in sorted(self.stalled.statuses.items()))} |",
            f"| Slowest answer | {self.stalled.slowest:.2f} s |",
            f"| Most requests in progress | {self.stalled.most_in_progress:g} |",
            f"| /healthz, median, 99th percentile and slowest | {health} |",
            f"| Memory, first, highest and last | {_megabytes(stalled.memory[0], max(stalled.memory), stalled.memory[-1])} |",
            f"| Memory, third quarter and last quarter (medians) | {_megabytes(*stalled.late_memory)} |",
            "",
        ]


def _megabytes(*values: float) -> str:
    return ", ".join(f"{value / 1e6:.1f} MB" for value in values)


def _fifths(memory: list[float]) -> tuple[float, float]:
    """The medians of the second fifth and of the last."""
    fifth = max(1, len(memory) // 5)
    return statistics.median(memory[fifth : 2 * fifth]), statistics.median(memory[-fifth:])


async def soak(service: ServiceProcess, proxy: FaultyProxy, supabase: LocalSupabase) -> Run:
    """Run it."""
    seconds = float(os.environ.get("SOAK_SECONDS", "600"))
    count = int(os.environ.get("SOAK_USERS", "20"))
    stalled_seconds = min(60.0, seconds / 10)
    until = time.monotonic() + seconds - stalled_seconds
    record, memory = Record(), list[float]()
    injector = Injector(proxy, supabase, lasting=min(3.0, seconds / 60), pause=min(20.0, seconds / 15))

    async def measure() -> None:
        while True:
            with contextlib.suppress(httpx.TransportError):  # a busy machine
                memory.append((await asyncio.to_thread(scrape, service.url))["latchkey_resident_memory_bytes",])
            await asyncio.sleep(1)

    async with AsyncExitStack() as stack:
        users = [await stack.enter_async_context(User(service.url, record, injector.faulty, seed)) for seed in range(count)]
        measuring = asyncio.create_task(measure())
        injecting = asyncio.create_task(injector.run(until))
        await asyncio.gather(*(user.live(until) for user in users))
        await injecting
        measuring.cancel()
        await asyncio.gather(measuring, return_exceptions=True)
    stalled = await stall.run(service.url, proxy, _token(service), rate=STALLED_RATE, seconds=stalled_seconds)
    leaked = await _leaked(service)

    return Run(seconds, count, record, injector, memory, leaked, stalled)


def _token(service: ServiceProcess) -> str:
    browser, email = Browser(service.url), new_email()
    browser.sign_up(email)
    browser.sign_in(email).raise_for_status()
    assert browser.access_token is not None
    return browser.access_token


async def _leaked(service: ServiceProcess) -> dict[str, float]:
    """What is left over; what was begun gets half a minute to end. Raises AssertionError when no metrics are to be had."""
    leaked: dict[str, float] | None = None
    for _ in range(30):
        await asyncio.sleep(1)
        try:
            samples = await asyncio.to_thread(scrape, service.url)
        except httpx.TransportError:
            continue  # a busy machine
        leaked = {
            "connections": samples["latchkey_upstream_connections", "in_use"],
            "calls": samples["latchkey_upstream_calls_in_progress",],
            "tasks": max(0.0, samples["latchkey_asyncio_tasks",] - IDLE_TASKS),
        }
        if not any(leaked.values()):
            break
    assert leaked is not None, "/metrics does not answer"
    return leaked


def main() -> int:
    """Returns the exit status: 1 when something failed."""
    keys = local_keys.generate()
    with tempfile.TemporaryDirectory(prefix="latchkey-soak-") as folder:
        state = Path(folder)
        with (
            LocalSupabase(state / "supabase", free_port(), keys, password_cost=4) as supabase,
            FaultyProxy(supabase.url) as proxy,
        ):
            env = development_env(proxy.url, keys, free_port()) | {"LOG_LEVEL": "WARNING", "VALIDATE_RESPONSES": "false"}
            with ServiceProcess(env, state / "service" / "service.log") as service:
                run = asyncio.run(soak(service, proxy, supabase))
    summary = "\n".join(run.summary())
    if "SOAK_SUMMARY" in os.environ:
        Path(os.environ["SOAK_SUMMARY"]).write_text(summary)
    sys.stdout.write(summary)
    return 1 if run.failures() else 0


if __name__ == "__main__":
    sys.exit(main())
