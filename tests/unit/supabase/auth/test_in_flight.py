"""What is asked again while it is being asked is asked once."""

from __future__ import annotations

import asyncio

import pytest

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.supabase.auth.in_flight import InFlight


class Calls:
    """Counts, and answers when it is told to."""

    def __init__(self, error: ApiError | None = None) -> None:
        self.count = 0
        self.go = asyncio.Event()
        self._error = error

    async def __call__(self) -> int:
        self.count += 1
        await self.go.wait()
        if self._error is not None:
            raise self._error
        return self.count


async def test_one_answer_is_shared_and_then_forgotten() -> None:
    flights, calls = InFlight[int](), Calls()
    asking = [asyncio.create_task(flights.ask("key", calls)) for _ in range(10)]
    await asyncio.sleep(0)
    calls.go.set()
    assert await asyncio.gather(*asking) == [1] * 10
    assert await flights.ask("key", calls) == 2
    assert await flights.ask("another key", calls) == 3


async def test_each_asker_gets_an_error_of_its_own() -> None:
    flights, calls = InFlight[int](), Calls(ApiError(ErrorCode.auth_refresh_invalid, upstream=True))
    asking = [asyncio.create_task(flights.ask("key", calls)) for _ in range(3)]
    await asyncio.sleep(0)
    calls.go.set()
    errors = await asyncio.gather(*asking, return_exceptions=True)
    assert len({id(error) for error in errors}) == 3
    assert all(isinstance(error, ApiError) and error.upstream for error in errors)


async def test_the_first_to_ask_may_go_away() -> None:
    flights, calls = InFlight[int](), Calls()
    first = asyncio.create_task(flights.ask("key", calls))
    await asyncio.sleep(0)
    second = asyncio.create_task(flights.ask("key", calls))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    calls.go.set()
    assert await second == 1
