"""Limits that replicas share in a real Redis or Valkey, and what happens when that is gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which

import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.conftest import StartService
from tests.support import loopback
from tests.support.browser import Browser, new_email
from tests.support.metrics import scrape
from tests.support.redis import RedisServer
from tests.support.service import ServiceProcess, development_env, free_port

pytestmark = pytest.mark.thorough

FAILED, RECOVERED = '"event": "rate_limit_storage_failed"', '"event": "rate_limit_storage_recovered"'


# Valkey where it is installed: not every Debian has it.
KINDS = [kind for kind in ("redis", "valkey") if kind == "redis" or which(f"{kind}-server")]


@pytest.fixture
def redis(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    kind: str = getattr(request, "param", "redis")
    with RedisServer(tmp_path, f"{kind}-server", kind) as server:
        yield server


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, supabase: LocalSupabase, keys: Keys
) -> Iterator[tuple[ServiceProcess, RedisServer]]:
    """A service that counts in a Redis, for tests that leave both as they were."""
    with RedisServer(tmp_path_factory.mktemp("shared-redis")) as redis:
        env = development_env(supabase.url, keys, free_port()) | limits(redis)
        with ServiceProcess(env, tmp_path_factory.mktemp("shared-service") / "service.log") as running:
            yield running, redis


def limits(redis: RedisServer, **settings: str) -> dict[str, str]:
    # By the day: the windows of a limit are aligned with the clock, and a test must not run into the next one.
    return {"RATE_LIMIT_STORAGE": redis.url, "RATE_LIMIT_ACCOUNT": "4/day", **settings}


def rate_limits(service: ServiceProcess) -> str:
    response = loopback.get(f"{service.url}/readyz", timeout=30)
    assert response.status_code == 200
    result: str = response.json()["checks"]["rateLimits"]
    return result


def wait_for(condition: Callable[[], bool], timeout: float = 20) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def attempt(service: ServiceProcess, email: str) -> int:
    return Browser(service.url).sign_in(email, "not the password").status_code


def connect(service: ServiceProcess) -> None:
    """A first connection may take longer than a limit waits for Redis."""
    attempt(service, new_email())
    wait_for(lambda: rate_limits(service) == "ok")


@pytest.mark.thorough
@pytest.mark.parametrize("redis", KINDS, indirect=True)
def test_replicas_count_together(redis: RedisServer, start_service: StartService) -> None:
    first, second = start_service(limits(redis)), start_service(limits(redis))
    email = new_email()
    for service in (first, second):
        connect(service)
    assert [attempt(service, email) for service in (first, second) * 3] == [401, 401, 401, 401, 429, 429]


def test_redis_learns_neither_addresses_nor_accounts(shared: tuple[ServiceProcess, RedisServer]) -> None:
    (service, redis), email = shared, new_email()
    connect(service)
    attempt(service, email)
    keys = redis.command("KEYS", "*")
    assert b"LIMITER/account/" in keys
    assert b"LIMITER/address/" in keys
    assert email.partition("@")[0].encode() not in keys
    assert b"127.0.0.1" not in keys


@pytest.mark.parametrize("way", ["killed", "stalled"])
def test_without_redis_the_service_goes_on_and_says_so(shared: tuple[ServiceProcess, RedisServer], way: str) -> None:
    (service, redis), email = shared, new_email()
    connect(service)
    redis.kill() if way == "killed" else redis.stall()

    logged = len(service.log)
    # In-process limits hold meanwhile, and only the first request had to wait: later ones do not ask what has failed.
    failures = service.log.count(FAILED)
    assert [attempt(service, email) for _ in range(6)] == [401, 401, 401, 401, 429, 429]
    assert service.log.count(FAILED) == failures + 1
    assert rate_limits(service) == "degraded"
    assert scrape(service.url)["latchkey_rate_limit_store_up", "shared"] == 0

    redis.start() if way == "killed" else redis.go_on()
    wait_for(lambda: rate_limits(service) == "ok")
    assert scrape(service.url)["latchkey_rate_limit_store_up", "shared"] == 1
    assert RECOVERED in service.log[logged:]


@pytest.mark.thorough
def test_a_redis_that_refuses_the_password_does_not_stop_the_service(redis: RedisServer, start_service: StartService) -> None:
    wrong = f"redis://:wrong-password-of-the-tests@127.0.0.1:{redis.port}/0"
    service = start_service(limits(redis, RATE_LIMIT_STORAGE=wrong))
    assert attempt(service, new_email()) == 401
    assert rate_limits(service) == "degraded"
    assert "wrong-password-of-the-tests" not in service.log


def test_a_service_starts_while_redis_is_down(redis: RedisServer, start_service: StartService) -> None:
    redis.kill()
    service, email = start_service(limits(redis)), new_email()
    assert [attempt(service, email) for _ in range(5)] == [401, 401, 401, 401, 429]
    assert rate_limits(service) == "degraded"


def test_without_a_shared_storage_nothing_is_degraded(service: ServiceProcess) -> None:
    assert rate_limits(service) == "ok"
    assert ("latchkey_rate_limit_store_up", "shared") not in scrape(service.url), "an alert must not watch what is not there"


def test_one_process_is_not_warned_about_counting_alone(service: ServiceProcess) -> None:
    assert '"event": "rate_limits_not_shared"' not in service.log


@pytest.mark.thorough
def test_processes_that_cannot_count_together_are_warned_about(start_service: StartService) -> None:
    service = start_service({"WEB_CONCURRENCY": "2"})
    assert '"event": "rate_limits_not_shared"' in service.log


def test_the_headers_tell_what_is_left(start_service: StartService) -> None:
    service = start_service(
        {"RATE_LIMIT_ADDRESS": "100/day", "RATE_LIMIT_CREDENTIALS": "50/day", "RATE_LIMIT_ACCOUNT": "2/day"}
    )
    email = new_email()
    responses = [Browser(service.url).sign_in(email, "not the password") for _ in range(3)]
    policy = '"address";q=100;w=86400, "credentials";q=50;w=86400, "account";q=2;w=86400'
    assert [response.headers["ratelimit-policy"] for response in responses] == [policy] * 3
    assert [response.headers["ratelimit"].rpartition(";t=")[0] for response in responses] == [
        '"account";r=1',
        '"account";r=0',
        '"account";r=0',
    ]
    assert responses[2].status_code == 429
    wait = int(responses[2].headers["ratelimit"].rpartition(";t=")[2])
    assert int(responses[2].headers["retry-after"]) == wait == responses[2].json()["details"]["retryAfter"]
    assert 1 <= wait <= 86_400


def test_limits_can_be_switched_off_for_load_tests(start_service: StartService) -> None:
    service = start_service({"RATE_LIMIT_ENABLED": "false", "RATE_LIMIT_ACCOUNT": "1/day"})
    responses = [Browser(service.url).sign_in("nobody@example.com", "not the password") for _ in range(3)]
    assert [response.status_code for response in responses] == [401] * 3
    assert "ratelimit" not in responses[0].headers
