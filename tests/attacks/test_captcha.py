"""A project's captcha stands, whatever the service's settings: Supabase lets the secret key past it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import StartModuleService
from tests.support.browser import PASSWORD, Browser
from tests.support.project import EMAIL, Project, elliptic
from tests.support.service import ServiceProcess


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with Project(elliptic("key")) as running:
        yield running


@pytest.fixture(scope="module")
def forwarding(start_module_service: StartModuleService, project: Project) -> ServiceProcess:
    """A service that tells Supabase its users' addresses, for which it needs the secret key."""
    return start_module_service({"SUPABASE_URL": project.url, "FORWARD_CLIENT_IP": "true"})


@pytest.mark.parametrize(("path", "asked"), [("/auth/signup", "/auth/v1/signup"), ("/auth/signin", "/auth/v1/token")])
def test_the_secret_key_gets_nobody_past_the_project_s_captcha(
    forwarding: ServiceProcess, project: Project, path: str, asked: str
) -> None:
    project.requests.clear()
    headers = {"Sb-Forwarded-For": "203.0.113.10", "apikey": "sb_secret_of_a_stranger"}
    assert Browser(forwarding.url).post(path, {"email": EMAIL, "password": PASSWORD}, headers=headers).status_code == 200
    [request] = [request for request in project.requests if not request.path.endswith("jwks.json")]
    assert request.path == asked
    assert request.headers["apikey"].startswith("sb_publishable_")
    assert "authorization" not in request.headers
    assert "sb-forwarded-for" not in request.headers
