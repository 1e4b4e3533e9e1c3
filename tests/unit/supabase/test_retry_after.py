"""Whatever Supabase, or a gateway before it, writes into Retry-After ends in an answer with a time to wait."""

from __future__ import annotations

import random

import httpx
import pytest
from supabase_auth.errors import AuthApiError

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.supabase.call import Call
from service.supabase.calls import UpstreamCall
from service.supabase.translation import MAX_RETRY_AFTER, RETRY_AFTER_UNKNOWN

PIECES = [
    "Mon,", "1", "31", "Jan", "9999", "0000", "0", "00:00:00", "99:99", "GMT", "+9999", "-2400", "99999999999", "1" * 30,
    ",", ":", "%", "Feb", "1e9", "(", ")", "+", "\u00b2", "nan", "inf",
]  # fmt: skip


async def wait_after(value: str) -> object:
    """The seconds that a caller is told to wait."""
    response = httpx.Response(
        429, headers=[(b"Retry-After", value.encode("latin-1"))], request=httpx.Request("POST", "http://a")
    )
    with pytest.raises(ApiError) as raised:
        async with UpstreamCall(Call.sign_in, 5):
            raise AuthApiError("", 429, None) from httpx.HTTPStatusError("", request=response.request, response=response)
    assert raised.value.code is ErrorCode.rate_limited
    return raised.value.details["retryAfter"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 1),
        ("9" * 5_000, MAX_RETRY_AFTER),
        ("Fri, 31 Dec 9999 23:59:59 -2359", MAX_RETRY_AFTER),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 1),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", RETRY_AFTER_UNKNOWN),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999999999", RETRY_AFTER_UNKNOWN),
        ("99999999999999999999 Jan 2026 00:00:00", RETRY_AFTER_UNKNOWN),
        ("-1", RETRY_AFTER_UNKNOWN),
        ("1e400", RETRY_AFTER_UNKNOWN),
        ("", RETRY_AFTER_UNKNOWN),
    ],
)
async def test_odd_values(value: str, seconds: int) -> None:
    assert await wait_after(value) == seconds


@pytest.mark.thorough
async def test_anything_at_all() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    for _ in range(3_000):
        seconds = await wait_after(" ".join(chance.choice(PIECES) for _ in range(chance.randint(1, 8))))
        assert isinstance(seconds, int)
        assert 1 <= seconds <= MAX_RETRY_AFTER
