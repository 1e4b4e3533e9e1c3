"""A service over a Supabase Auth that the tests of sessions choose the answers of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from local.keys import Keys
from tests.conftest import StartModuleService
from tests.support.auth_fake import AuthFake
from tests.support.service import ServiceProcess


@pytest.fixture(scope="module")
def fake_upstream(keys: Keys) -> Iterator[AuthFake]:
    with AuthFake(keys.jwt_secret) as running:
        yield running


@pytest.fixture(scope="module")
def fake_service(start_module_service: StartModuleService, fake_upstream: AuthFake) -> ServiceProcess:
    """The service over `fake_upstream`."""
    return start_module_service({"SUPABASE_URL": fake_upstream.url})


@pytest.fixture
def fake(fake_upstream: AuthFake) -> Iterator[AuthFake]:
    """`fake_upstream`, with nothing odd about it."""
    yield fake_upstream
    fake_upstream.claims.clear()
    fake_upstream.delays.clear()
    fake_upstream.answers.clear()


def becomes_true(condition: Callable[[], bool], *, seconds: float = 10) -> bool:
    """Whether it does: what goes on after an answer takes its time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()
