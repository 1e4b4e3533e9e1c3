"""What goes on after the answer: it is kept, waited for, and given up in the end."""

from __future__ import annotations

import asyncio
import time

from structlog.testing import capture_logs

from service.background import Background


async def test_shutdown_waits_for_what_is_under_way() -> None:
    background, done = Background(), []

    async def work() -> None:
        await asyncio.sleep(0.1)
        done.append(True)

    background.start(work(), name="work")
    await background.finish(5)
    assert done == [True]


async def test_what_takes_too_long_is_given_up() -> None:
    background = Background()
    task = background.start(asyncio.sleep(60), name="endless")
    started = time.monotonic()
    with capture_logs() as logged:
        await background.finish(0.1)
    assert time.monotonic() - started < 2
    assert task.cancelled()
    assert [line["event"] for line in logged] == ["background_call_given_up"]


async def test_what_goes_wrong_is_told_and_stops_nothing() -> None:
    background = Background()

    async def fail() -> None:
        raise RuntimeError("a secret")

    with capture_logs() as logged:
        background.start(fail(), name="failing")
        await background.finish(5)
    assert [(line["event"], line["reason"]) for line in logged] == [("background_call_failed", "RuntimeError")]
    assert "a secret" not in str(logged)


async def test_with_nothing_under_way_there_is_nothing_to_wait_for() -> None:
    await Background().finish(5)
