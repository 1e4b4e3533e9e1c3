"""A thousand users open five tabs each, all at once, through two replicas: the morning after, or after an outage."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from local.keys import Keys
from tests.support.redis import RedisServer
from tests.support.service import CSRF_TOKEN, ServiceProcess, development_env, free_port
from tests.support.storm_fake import StormFake

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(300)]

USERS, TABS = 1_000, 5
# Users whose tabs are under way together: a proxy in front holds as many back, and the process that plays all the browsers here
# could not feed more connections than these.
AT_ONCE = 200
# What Supabase takes for a refresh, after an outage: long enough for a user's tabs to meet, however busy this machine is.
EXCHANGE_SECONDS = 1.0
# The browsers, Supabase and both replicas share the cores of a machine that may be busy: how long it takes is not the point.
PATIENCE = {"UPSTREAM_READ_TIMEOUT": "60", "UPSTREAM_TIMEOUT": "60", "REQUEST_TIMEOUT": "100", "UPSTREAM_CONNECT_TIMEOUT": "30"}
PATIENT = aiohttp.ClientTimeout(120)
POST = {"X-CSRF-Token": CSRF_TOKEN}


@dataclass
class Site:
    """Two replicas that share a Redis, and the Supabase behind them."""

    urls: list[str]
    supabase: StormFake
    http: aiohttp.ClientSession


@dataclass
class User:
    """A browser. `number` makes its address."""

    number: int
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        forwarded = f"10.0.{self.number // 250}.{self.number % 250}"
        return {**POST, "X-Forwarded-For": forwarded, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}

    async def post(self, http: aiohttp.ClientSession, url: str, body: object = None) -> tuple[int, dict[str, str]]:
        """The status, and the cookies that were set."""
        async with http.post(url, headers=self.headers, json=body) as answer:
            await answer.read()
            return answer.status, {name: morsel.value for name, morsel in answer.cookies.items()}


@pytest_asyncio.fixture
async def site(tmp_path: Path, keys: Keys) -> AsyncIterator[Site]:
    connector = aiohttp.TCPConnector(limit=0, force_close=True)  # POST is not repeated, so no connection may be stale
    async with (
        StormFake(keys.jwt_secret, answer_after=EXCHANGE_SECONDS) as supabase,
        aiohttp.ClientSession(
            connector=connector, timeout=aiohttp.ClientTimeout(120), cookie_jar=aiohttp.DummyCookieJar()
        ) as http,
    ):
        with ExitStack() as stack:
            redis = stack.enter_context(RedisServer(tmp_path))
            replicas = []
            for number, port in enumerate(supabase.ports):
                env = development_env(f"http://127.0.0.1:{port}", keys, free_port()) | {
                    "LOG_LEVEL": "WARNING",
                    "TRUSTED_PROXIES": "127.0.0.0/8",
                    "RATE_LIMIT_STORAGE": redis.url,
                    "RATE_LIMIT_ADDRESS": "600/minute",
                    "SUPABASE_JWT_ISSUER": supabase.issuer,
                    **PATIENCE,
                }
                replica = ServiceProcess(env, tmp_path / f"replica-{number}" / "service.log")
                await asyncio.to_thread(stack.enter_context, replica)
                replicas.append(replica)
            yield Site([replica.url for replica in replicas], supabase, http)
            await asyncio.to_thread(stack.close)


async def test_everybody_stays_signed_in_and_supabase_is_asked_once_for_each_user_and_replica(site: Site) -> None:
    users = [User(number) for number in range(USERS)]
    few = asyncio.Semaphore(16)

    async def sign_in(user: User) -> int:
        async with few:
            body = {"email": f"user-{user.number}@example.com", "password": "correct horse"}
            status, user.cookies = await user.post(site.http, f"{site.urls[user.number % 2]}/auth/signin", body)
            return status

    assert set(await asyncio.gather(*map(sign_in, users))) == {200}

    async def tab(user: User, number: int) -> tuple[int, dict[str, str]]:
        return await user.post(site.http, f"{site.urls[number % 2]}/auth/refresh")

    many = asyncio.Semaphore(AT_ONCE)

    async def tabs(user: User) -> list[tuple[int, dict[str, str]]]:
        async with many:
            return await asyncio.gather(*(tab(user, number) for number in range(TABS)))

    began = time.monotonic()
    answers = list(chain.from_iterable(await asyncio.gather(*map(tabs, users))))
    took = time.monotonic() - began
    statuses = Counter(status for status, _ in answers)
    assert statuses == {200: USERS * TABS}, f"{statuses} in {took:.1f} s"
    most = max(site.supabase.refreshes.values())
    assert most == 1, f"{Counter(site.supabase.refreshes.values())} in {took:.1f} s"
    assert len(site.supabase.refreshes) == 2 * USERS
    assert site.supabase.ended() == []

    # A browser keeps the cookie that came last, whichever tab's that was.
    for index, user in enumerate(users):
        user.cookies |= answers[index * TABS + index % TABS][1]
    again = await asyncio.gather(*(tab(user, number) for number, user in enumerate(users[:200])))
    assert {status for status, _ in again} == {200}
    assert site.supabase.ended() == []
