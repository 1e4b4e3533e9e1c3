"""The gauges go on being filled, whatever happens while they are."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import dataclass

import structlog
from prometheus_client import REGISTRY

from service.draining import Draining
from service.telemetry.vital_signs import Sources, VitalSigns


@dataclass
class Pool:
    """Connections to Supabase."""

    in_use: int
    idle: int = 0
    limit: int = 512


class Failing:
    """Sources of which the first `failures` answers are an exception, and readiness always is."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.asked = 0
        self.done = asyncio.Event()

    def pool(self) -> Pool:
        self.asked += 1
        if self.asked <= self.failures:
            raise _no_files()
        self.done.set()
        return Pool(in_use=40 + self.asked)

    async def readiness(self) -> None:
        self.asked += 1
        raise _no_files()

    def signs(self) -> VitalSigns:
        sources = Sources(pool=self.pool, draining=Draining(), store_up=lambda: None, readiness=self.readiness)
        return VitalSigns(sources, interval=0.05, readiness_interval=0.05)


def _no_files() -> OSError:
    return OSError(errno.EMFILE, "Too many open files")


def _in_use() -> float | None:
    return REGISTRY.get_sample_value("latchkey_upstream_connections", {"state": "in_use"})


def _failures() -> float:
    return REGISTRY.get_sample_value("latchkey_background_failures_total", {"task": "vital_signs"}) or 0


async def test_measuring_goes_on_after_failures_of_its_own_and_of_readiness() -> None:
    failing, before = Failing(4), _failures()
    task = asyncio.create_task(failing.signs().run())
    async with asyncio.timeout(10):
        await failing.done.wait()
    assert not task.done()
    assert (_in_use() or 0) > 40
    assert _failures() >= before + 4
    task.cancel()


def test_a_failure_that_lasts_is_logged_once_a_minute_and_counted_each_time() -> None:
    signs, before = Failing(3).signs(), _failures()
    with structlog.testing.capture_logs() as logged:
        for _ in range(3):
            signs.measure()
    assert [(entry["event"], entry["task"], entry["reason"]) for entry in logged] == [
        ("background_failed", "vital_signs", "OSError")
    ]
    assert _failures() == before + 3
