"""Mail servers that take their time: Supabase waits for them, so whatever has a mail sent waits for Supabase."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.conftest import StartModuleService
from tests.support.browser import Browser
from tests.support.project import EMAIL, Project, elliptic
from tests.support.service import ServiceProcess

pytestmark = pytest.mark.thorough

QUICK = {"UPSTREAM_READ_TIMEOUT": "0.3", "UPSTREAM_TIMEOUT": "0.5", "MAIL_TIMEOUT": "6", "MAIL_ANSWER_AFTER": "0.1"}
SLOWNESS = 1.0  # seconds


class SlowProject(Project):
    """Takes a second for everything that sends a mail; `mailed` are the paths that were asked for and answered."""

    def __init__(self) -> None:
        super().__init__(elliptic("key"))
        self.mailed: list[str] = []

    def answer(self, path: str) -> tuple[int, Any]:
        if not path.endswith(("/jwks.json", "/health", "/settings")) and "/rest/" not in path:
            time.sleep(SLOWNESS)
            self.mailed.append(path)
        return super().answer(path)


@pytest.fixture(scope="module")
def project() -> Iterator[SlowProject]:
    with SlowProject() as running:
        yield running


@pytest.fixture(scope="module")
def service(start_module_service: StartModuleService, project: SlowProject) -> ServiceProcess:
    return start_module_service({"SUPABASE_URL": project.url, **QUICK})


def _eventually(mailed: list[str], path: str) -> None:
    deadline = time.monotonic() + 10
    while path not in mailed:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("path", "ask"),
    [
        ("/auth/v1/user", lambda browser: browser.ask("PUT", "/auth/email", {"email": EMAIL})),
        ("/auth/v1/reauthenticate", lambda browser: browser.ask("POST", "/auth/reauthenticate")),
    ],
)
def test_whoever_is_signed_in_waits_for_it(
    service: ServiceProcess, project: SlowProject, path: str, ask: Callable[[Browser], httpx.Response]
) -> None:
    browser = Browser(service.url)
    browser.access_token = project.token()
    started = time.monotonic()
    response = ask(browser)
    assert response.status_code == 202, response.text
    assert time.monotonic() - started >= SLOWNESS
    assert path in project.mailed
    assert browser.me().json()["code"] == "upstream_timeout", "what sends none does not wait that long"


@pytest.mark.parametrize(
    ("path", "asked", "more"),
    [
        ("/auth/v1/recover", "/auth/password/recover", {}),
        ("/auth/v1/otp", "/auth/otp", {"createUser": False}),
        ("/auth/v1/resend", "/auth/verify/resend", {"type": "signup"}),
    ],
)
def test_whoever_is_told_nothing_does_not_wait_and_the_mail_is_sent(
    service: ServiceProcess, project: SlowProject, path: str, asked: str, more: dict[str, object]
) -> None:
    started = time.monotonic()
    assert Browser(service.url).post(asked, {"email": EMAIL, **more}).status_code == 202
    assert time.monotonic() - started < SLOWNESS
    _eventually(project.mailed, path)
    assert "mail_not_sent" not in service.log


def test_a_caller_that_hangs_up_takes_no_mail_back(service: ServiceProcess, project: SlowProject) -> None:
    project.mailed.clear()
    browser = Browser(service.url, timeout=0.05)
    with pytest.raises(httpx.TimeoutException):
        browser.post("/auth/password/recover", {"email": EMAIL})
    _eventually(project.mailed, "/auth/v1/recover")


def test_the_end_of_the_process_waits_for_a_mail_under_way(start_module_service: StartModuleService) -> None:
    with SlowProject() as project:
        service = start_module_service({"SUPABASE_URL": project.url, **QUICK})
        assert Browser(service.url).post("/auth/password/recover", {"email": EMAIL}).status_code == 202
        assert project.mailed == []
        service.stop()
        assert project.mailed == ["/auth/v1/recover"]
        assert "mail_not_sent" not in service.log
