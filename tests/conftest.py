"""Fixtures: one embedded Supabase and one service for each test worker, on ports and data of their own."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from local import keys as local_keys
from local.keys import Keys
from local.supabase import LocalSupabase
from tests.support.browser import PASSWORD, Browser, new_email
from tests.support.migrated import copy, template
from tests.support.service import ServiceProcess, development_env, free_port

pytest_plugins = ["tests.support.upstream.fixtures"]

StartService = Callable[..., ServiceProcess]
StartSupabase = Callable[..., LocalSupabase]
StartModuleService = Callable[[Mapping[str, str | None]], ServiceProcess]

OWN_ORIGIN = "https://app.example.com"
OTHER_ORIGIN = "https://admin.example.com"


@pytest.fixture(scope="session")
def keys() -> Keys:
    return local_keys.generate()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a migrated Supabase, to copy. The workers of one run share it."""
    folder = tmp_path_factory.getbasetemp()
    return template(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder)


@pytest.fixture(scope="session")
def supabase(tmp_path_factory: pytest.TempPathFactory, keys: Keys, migrated: Path) -> Iterator[LocalSupabase]:
    """An embedded Supabase that opens a session at sign-up, as supabase/config.toml says."""
    state = copy(migrated, tmp_path_factory.mktemp("supabase") / "state")
    with LocalSupabase(state, free_port(), keys, password_cost=4) as running:
        yield running


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, supabase: LocalSupabase, keys: Keys) -> Iterator[ServiceProcess]:
    """The service in development, over `supabase`."""
    env = development_env(supabase.url, keys, free_port())
    with ServiceProcess(env, tmp_path_factory.mktemp("service") / "service.log") as running:
        yield running


@pytest.fixture(scope="session")
def own_port() -> Iterator[int]:
    """A port that nobody else gets, and that refuses connections while no server of ours listens on it."""
    with socket.socket() as placeholder:
        placeholder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        placeholder.bind(("127.0.0.1", 0))
        yield placeholder.getsockname()[1]


@pytest.fixture
def start_supabase(tmp_path: Path, keys: Keys, migrated: Path, own_port: int) -> Iterator[StartSupabase]:
    """Starts one more embedded Supabase, for a test that configures or breaks it; `own_service` is over it."""
    with ExitStack() as stack:

        def start(**overrides: object) -> LocalSupabase:
            settings = {name.replace("__", "."): value for name, value in overrides.items()}
            state = copy(migrated, tmp_path / "supabase")
            return stack.enter_context(LocalSupabase(state, own_port, keys, settings, password_cost=4))

        yield start


@pytest.fixture(scope="session")
def own_service(tmp_path_factory: pytest.TempPathFactory, own_port: int, keys: Keys) -> Iterator[ServiceProcess]:
    """The service over the Supabase that `start_supabase` started, whichever that is at the moment."""
    env = development_env(f"http://127.0.0.1:{own_port}", keys, free_port()) | {"JWT_LEEWAY": "0"}
    with ServiceProcess(env, tmp_path_factory.mktemp("own-service") / "service.log") as running:
        yield running


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory, supabase: LocalSupabase, keys: Keys) -> Iterator[ServiceProcess]:
    """A service for the pages of two https origins, with cookies as in production."""
    # Production proper wants an https Supabase; these are the settings that it would choose.
    cookies = {"COOKIE_SECURE": "true", "COOKIE_HOST_PREFIX": "true"}
    env = development_env(supabase.url, keys, free_port()) | {"CORS_ORIGINS": f"{OWN_ORIGIN}, {OTHER_ORIGIN}"} | cookies
    with ServiceProcess(env, tmp_path_factory.mktemp("guarded") / "service.log") as running:
        yield running


@pytest.fixture
def start_service(tmp_path: Path, supabase: LocalSupabase, keys: Keys) -> Iterator[StartService]:
    """Starts one more service with settings of its own, over `supabase` unless SUPABASE_URL says otherwise."""
    with ExitStack() as stack:
        count = 0

        def start(settings: dict[str, str | None] | None = None) -> ServiceProcess:
            nonlocal count
            count += 1
            env = development_env(supabase.url, keys, free_port()) | (settings or {})
            return stack.enter_context(ServiceProcess(env, tmp_path / f"service-{count}" / "service.log"))

        yield start


@pytest.fixture(scope="module")
def start_module_service(
    tmp_path_factory: pytest.TempPathFactory, supabase: LocalSupabase, keys: Keys
) -> Iterator[StartModuleService]:
    """Starts a service that lives as long as the module's tests, over `supabase` unless SUPABASE_URL says otherwise."""
    with ExitStack() as stack:

        def start(settings: Mapping[str, str | None]) -> ServiceProcess:
            env = {**development_env(supabase.url, keys, free_port()), **settings}
            return stack.enter_context(ServiceProcess(env, tmp_path_factory.mktemp("module-service") / "service.log"))

        yield start


@pytest.fixture
def browser(service: ServiceProcess) -> Browser:
    """A browser that nobody is signed in with."""
    return Browser(service.url)


@pytest.fixture
def signed_in(service: ServiceProcess) -> Browser:
    """A browser with a new user signed in."""
    browser, email = Browser(service.url), new_email()
    assert browser.sign_up(email, PASSWORD, "Ada Lovelace").status_code == 200
    assert browser.sign_in(email, PASSWORD).status_code == 200
    return browser
