"""Counting in this process: as the library counts, with bounded memory."""

from __future__ import annotations

import random
import time

import pytest
from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from service.limits.storage import BoundedMemoryStorage

LIMIT = parse("5/10 seconds")


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


async def test_it_decides_as_the_library_s_own_storage_does(clock: Clock) -> None:
    ours = SlidingWindowCounterRateLimiter(BoundedMemoryStorage())
    theirs = SlidingWindowCounterRateLimiter(MemoryStorage())
    choose = random.Random(7)  # noqa: S311 - a test's sequence, the same each time
    decisions = []
    for _ in range(5_000):
        clock.now += choose.choice([0, 0, 0.1, 0.5, 0.5, 1, 3, 12, 25])
        key = choose.choice(["a", "b"])
        decisions.append(await ours.hit(LIMIT, key))
        assert decisions[-1] == await theirs.hit(LIMIT, key)
        ours_left, theirs_left = await ours.get_window_stats(LIMIT, key), await theirs.get_window_stats(LIMIT, key)
        assert ours_left.remaining == theirs_left.remaining
        assert ours_left.reset_time == pytest.approx(theirs_left.reset_time)
    assert decisions.count(False) > 100
    assert decisions.count(True) > 100


async def test_the_told_time_is_when_the_next_one_is_allowed(clock: Clock) -> None:
    limiter = SlidingWindowCounterRateLimiter(BoundedMemoryStorage())
    clock.now += 3
    while await limiter.hit(LIMIT, "a"):
        pass
    clock.now = (await limiter.get_window_stats(LIMIT, "a")).reset_time + 0.001
    assert await limiter.hit(LIMIT, "a")


async def test_made_up_keys_do_not_fill_the_memory(clock: Clock) -> None:
    storage = BoundedMemoryStorage(max_keys=100)
    limiter = SlidingWindowCounterRateLimiter(storage)
    for number in range(1_000):
        clock.now += 0.001
        await limiter.hit(LIMIT, str(number))
    assert len(storage) == 100


async def test_made_up_keys_do_not_make_it_forget_the_key_under_attack(clock: Clock) -> None:
    limiter = SlidingWindowCounterRateLimiter(BoundedMemoryStorage(max_keys=100))
    while await limiter.hit(LIMIT, "victim"):
        pass
    for number in range(1_000):
        clock.now += 0.001
        await limiter.hit(LIMIT, str(number))
        if number % 50 == 0:
            assert not await limiter.hit(LIMIT, "victim")


async def test_what_has_expired_is_dropped_as_new_keys_come(clock: Clock) -> None:
    storage = BoundedMemoryStorage()
    limiter = SlidingWindowCounterRateLimiter(storage)
    for number in range(100):
        await limiter.hit(LIMIT, f"old {number}")
    clock.now += 20
    for number in range(100):
        await limiter.hit(LIMIT, f"new {number}")
    assert len(storage) == 100


async def test_a_key_can_be_forgotten() -> None:
    storage = BoundedMemoryStorage()
    limiter = SlidingWindowCounterRateLimiter(storage)
    while await limiter.hit(LIMIT, "a"):
        pass
    await limiter.clear(LIMIT, "a")
    assert await limiter.hit(LIMIT, "a")
    assert await storage.check()
    assert await storage.reset() == 1
    assert len(storage) == 0
