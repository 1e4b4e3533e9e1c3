"""A thousand users open five tabs each, all at once, through two replicas: the morning after, or after an outage."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from local.keys import Keys
from service.server.connection_limit import raise_open_files_limit
from tests.support.redis import RedisServer
from tests.support.service import CSRF_TOKEN, ServiceProcess, development_env, free_port
from tests.support.storm_fake import StormFake

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(300)]

USERS, TABS = 1_000, 5
# The browsers, Supabase and both replicas share the cores of a machine that may be busy: how long it takes is not the point.
PATIENCE = {"UPSTREAM_READ_TIMEOUT": "60", "UPSTREAM_TIMEOUT": "60", "REQUEST_TIMEOUT": "120", "UPSTREAM_CONNECT_TIMEOUT": "30"}
PATIENT_SECONDS = 200
PATIENT = aiohttp.ClientTimeout(PATIENT_SECONDS)
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
    raise_open_files_limit()
    connector = aiohttp.TCPConnector(limit=0, force_close=True)  # POST is not repeated, so no connection may be stale
    async with (
        StormFake(keys.jwt_secret) as supabase,
        aiohttp.ClientSession(connector=connector, timeout=PATIENT, cookie_jar=aiohttp.DummyCookieJar()) as http,
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
                    "MAX_CONCURRENT_REQUESTS": str(USERS * TABS),  # by default, what is too much at once is 503
                    "SUPABASE_JWT_ISSUER": supabase.issuer,
                    **PATIENCE,
                }
                replica = ServiceProcess(env, tmp_path / f"replica-{number}" / "service.log")
                await asyncio.to_thread(stack.enter_context, replica)
                replicas.append(replica)
            yield Site([replica.url for replica in replicas], supabase, http)
            await asyncio.to_thread(stack.close)


async def _until_all_are_under_way(site: Site) -> None:
    deadline = time.monotonic() + PATIENT_SECONDS / 2
    while sum([await _in_progress(site.http, url) for url in site.urls]) < USERS * TABS:
        assert time.monotonic() < deadline, "some requests did not arrive"
        await asyncio.sleep(0.2)


async def _in_progress(http: aiohttp.ClientSession, url: str) -> int:
    """Requests but the one that asks."""
    async with http.get(f"{url}/metrics") as answer:
        samples = [sample for family in text_string_to_metric_families(await answer.text()) for sample in family.samples]
    return int(sum(sample.value for sample in samples if sample.name == "latchkey_requests_in_progress")) - 1


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

    # Supabase answers when everybody has asked: however busy this machine is, the tabs meet.
    site.supabase.hold()
    storm = asyncio.gather(*(tab(user, number) for user in users for number in range(TABS)))
    began = time.monotonic()
    try:
        await _until_all_are_under_way(site)
    finally:
        site.supabase.go_on()
    answers = await storm
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
