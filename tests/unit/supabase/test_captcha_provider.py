"""The provider of a captcha: whatever keeps it from answering lets nobody past, and is said to be an outage, in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import pytest

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.supabase.captcha_provider import CaptchaGate, CaptchaProvider
from tests.support.raw_server import Answer, Exchange, RawServer, raw_server, response

DEADLINE = 0.3
PASSED = response(b'{"success": true}')


@asynccontextmanager
async def asking(answer: Answer | bytes, site_key: str | None = None) -> AsyncIterator[tuple[CaptchaProvider, RawServer]]:
    async with raw_server(answer) as server:
        provider = CaptchaProvider(f"{server.url}/siteverify", secret="s", site_key=site_key, deadline=DEADLINE)
        try:
            yield provider, server
        finally:
            provider.close()


async def never(_: Exchange) -> None:
    await asyncio.sleep(10)


async def half(exchange: Exchange) -> None:
    await exchange.send(PASSED[:-1])
    await asyncio.sleep(10)


async def drip(exchange: Exchange) -> None:
    for byte in PASSED:
        await exchange.send(bytes([byte]))
        await asyncio.sleep(0.05)


async def hang_up(exchange: Exchange) -> None:
    exchange.close()


@pytest.mark.parametrize(
    "answer",
    [
        never, half, drip, hang_up, b"not HTTP\r\n\r\n", response(b"<html>"), response(b"\xff"), response(b"[" * 10_000),
        response(b""), response(b'{"success": 1}'), response(b'{"success": "true"}'), response(b"true"),
        response(b'{"success": true}', status="503 X"),
        response(b"", "Location: http://127.0.0.1:9/", status="302 X"),
    ],
)  # fmt: skip
async def test_an_outage_lets_nobody_past_and_takes_no_longer_than_the_deadline(answer: Answer | bytes) -> None:
    async with asking(answer) as (provider, _):
        started = time.monotonic()
        with pytest.raises(ApiError) as refused:
            await provider.check("token", None)
        assert time.monotonic() - started < DEADLINE + 1
    assert refused.value.code is ErrorCode.upstream_unavailable
    assert refused.value.details == {"retryAfter": 5}


async def test_nobody_at_the_address_is_an_outage() -> None:
    provider = CaptchaProvider("http://127.0.0.1:9/siteverify", secret="s", site_key=None, deadline=DEADLINE)
    with pytest.raises(ApiError) as refused:
        await provider.check("token", None)
    provider.close()
    assert refused.value.code is ErrorCode.upstream_unavailable


async def test_it_is_asked_in_a_form_that_no_token_breaks_out_of() -> None:
    async with asking(PASSED, site_key="key") as (provider, server):
        await provider.check("t&secret=other\r\n\u00e9", "2001:db8::1")
    [exchange] = server.exchanges
    assert exchange.head.startswith("POST /siteverify HTTP/1.1\r\n")
    assert parse_qs(exchange.body.decode()) == {
        "secret": ["s"],
        "sitekey": ["key"],
        "response": ["t&secret=other\r\n\u00e9"],
        "remoteip": ["2001:db8::1"],
    }


async def test_a_missing_token_is_told_without_asking() -> None:
    async with asking(PASSED) as (provider, server):
        for token in (None, ""):
            with pytest.raises(ApiError) as refused:
                await CaptchaGate(provider).pass_through(token, None)
            assert refused.value.code is ErrorCode.auth_captcha_required
    assert server.exchanges == []
