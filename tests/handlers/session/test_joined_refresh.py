"""Tabs that refresh at the same time cost Supabase one call."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.handlers.session.conftest import becomes_true
from tests.support import loopback
from tests.support.auth_fake import AuthFake
from tests.support.browser import Browser, cookies_set, new_email
from tests.support.service import CSRF_TOKEN, ServiceProcess

pytestmark = pytest.mark.thorough

REFRESH = "POST /auth/v1/token?grant_type=refresh_token"


@pytest.fixture
def tab(fake: AuthFake, fake_service: ServiceProcess) -> Browser:
    browser, email = Browser(fake_service.url), new_email()
    fake.user(email)
    browser.sign_in(email)
    return browser


def refresh(service: ServiceProcess, browser: Browser, timeout: float = 30) -> httpx.Response:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.http.cookies.jar)
    headers = {"X-CSRF-Token": CSRF_TOKEN, "Cookie": cookies}
    return loopback.post(f"{service.url}/auth/refresh", headers=headers, timeout=timeout)


@pytest.mark.thorough
def test_twenty_tabs_are_one_call_and_all_get_its_answer(fake: AuthFake, fake_service: ServiceProcess, tab: Browser) -> None:
    fake.delays["refresh"] = 1
    before = fake.count(REFRESH)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: refresh(fake_service, tab), range(20)))
    assert fake.count(REFRESH) == before + 1
    assert [answer.status_code for answer in answers] == [200] * 20
    assert len({answer.json()["accessToken"] for answer in answers}) == 1
    assert len({answer.headers["X-Request-ID"] for answer in answers}) == 20
    assert all(cookies_set(answer) == ["sb_refresh_token", "latchkey_session"] for answer in answers)


@pytest.mark.thorough
def test_a_refusal_is_shared_too_and_clears_every_tabs_cookie(
    fake: AuthFake, fake_service: ServiceProcess, tab: Browser
) -> None:
    for session in fake.sessions.values():
        session.ended = True
    fake.delays["refresh"] = 1
    before = fake.count(REFRESH)
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: refresh(fake_service, tab), range(5)))
    assert fake.count(REFRESH) == before + 1
    assert [(answer.status_code, len(cookies_set(answer))) for answer in answers] == [(401, 2)] * 5


@pytest.mark.thorough
def test_whoever_asked_first_may_go_away(fake: AuthFake, fake_service: ServiceProcess, tab: Browser) -> None:
    fake.delays["refresh"] = 1.5
    before = fake.count(REFRESH)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(refresh, fake_service, tab, 0.7)
        assert becomes_true(lambda: fake.count(REFRESH) == before + 1)
        second = refresh(fake_service, tab)
        assert isinstance(first.exception(), httpx.TimeoutException)
    assert second.status_code == 200
    assert fake.count(REFRESH) == before + 1


def test_two_sessions_are_two_calls(fake: AuthFake, fake_service: ServiceProcess, tab: Browser) -> None:
    other = Browser(fake_service.url)
    other.sign_in(str(tab.email))
    fake.delays["refresh"] = 0.5
    before = fake.count(REFRESH)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda browser: refresh(fake_service, browser), (tab, other)))
    assert fake.count(REFRESH) == before + 2
    assert len({answer.json()["accessToken"] for answer in answers}) == 2


def test_an_answer_is_not_kept(fake: AuthFake, fake_service: ServiceProcess, tab: Browser) -> None:
    before = fake.count(REFRESH)
    for _ in range(3):
        assert refresh(fake_service, tab).status_code == 200
        time.sleep(0.01)
    assert fake.count(REFRESH) == before + 3
