"""Runs one test on several Supabases: `upstream` is the one, `served` the service over it, `visitor` a browser there.

Markers: `upstreams("recorded", "real")` says on which (on all three, unless it is there), `project(NAME="value")` which
settings of Supabase Auth the project must have, `settings(NAME="value")` which the service has. On the real one, which
`make test-real` runs, a test is skipped, with the reason, when the project is not made for it; on the others that is a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.keys import Keys
from local.mailbox import Mailbox
from tests.support.browser import Browser
from tests.support.migrated import copy
from tests.support.service import ServiceProcess, development_env, free_port
from tests.support.upstream.base import Unavailable, Upstream
from tests.support.upstream.embedded import EmbeddedUpstream
from tests.support.upstream.real import RealSupabase
from tests.support.upstream.recorded import RecordedUpstream

KINDS = ("embedded", "recorded", "real")
Serve = Callable[[Upstream, dict[str, str]], ServiceProcess]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each kind of Supabase."""
    if "upstream_kind" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("upstreams")
    kinds = marker.args if marker else KINDS
    assert set(kinds) <= set(KINDS), f"no such Supabase: {kinds}"
    marked = [pytest.param(kind, marks=_mark(kind, kinds)) for kind in kinds]
    metafunc.parametrize("upstream_kind", marked, scope="session")


def _mark(kind: str, kinds: Collection[str]) -> tuple[pytest.MarkDecorator, ...]:
    """What the embedded one can do is tried on it every day, and on the answers that were recorded now and then."""
    if kind == "real":
        return (pytest.mark.real,)
    return (pytest.mark.thorough,) if kind == "recorded" and "embedded" in kinds else ()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _skipping(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _skipping(item))


def _skipping(item: pytest.Item) -> Generator[None, object, object]:
    try:
        return (yield)
    except Unavailable as reason:
        if item.get_closest_marker("real"):
            pytest.skip(f"{item.name}: {reason}")
        raise


@pytest.fixture(scope="session")
def embedded_upstream(tmp_path_factory: pytest.TempPathFactory, keys: Keys, migrated: Path) -> Iterator[EmbeddedUpstream]:
    """With a mailbox."""

    def state() -> Path:
        return copy(migrated, tmp_path_factory.mktemp("upstream") / "state")

    with (
        Mailbox(tmp_path_factory.mktemp("mailbox"), free_port()) as mailbox,
        EmbeddedUpstream(
            state, keys, mailbox_url=mailbox.url, config=mailbox.settings, certificate=mailbox.certificate
        ) as upstream,
    ):
        yield upstream


@pytest.fixture(scope="session")
def recorded_upstream(keys: Keys) -> Iterator[RecordedUpstream]:
    with RecordedUpstream(keys) as upstream:
        yield upstream


@pytest.fixture(scope="session")
def real_upstream() -> Upstream:
    try:
        return RealSupabase()
    except Unavailable as reason:
        pytest.fail(str(reason))


@pytest.fixture
def upstream(request: pytest.FixtureRequest, upstream_kind: str) -> Iterator[Upstream]:
    """The Supabase of this test, with the settings of its marker `project`."""
    upstream: Upstream = request.getfixturevalue(f"{upstream_kind}_upstream")
    upstream.configure(**_named(request, "project"))
    yield upstream
    upstream.check()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Services over Supabases: one for each Supabase and its settings, started when it is first asked for."""
    with ExitStack() as stack:
        running: dict[tuple[str, frozenset[tuple[str, str]]], ServiceProcess] = {}

        def start(upstream: Upstream, settings: dict[str, str]) -> ServiceProcess:
            which = upstream.url, frozenset(settings.items())
            if which not in running:
                env = development_env(upstream.url, upstream.keys, free_port()) | settings
                secret = {"SUPABASE_JWT_SECRET": upstream.keys.jwt_secret or None}
                log = tmp_path_factory.mktemp("served") / "service.log"
                running[which] = stack.enter_context(ServiceProcess({**env, **secret}, log))
            return running[which]

        yield start


@pytest.fixture
def served(request: pytest.FixtureRequest, upstream: Upstream, serve: Serve) -> ServiceProcess:
    """The service over `upstream`, with the settings of its marker `settings`."""
    return serve(upstream, _named(request, "settings"))


@pytest.fixture
def visitor(served: ServiceProcess) -> Browser:
    """A browser at `served` that nobody is signed in with."""
    return Browser(served.url)


def _named(request: pytest.FixtureRequest, marker: str) -> dict[str, str]:
    """What the test's marker says; the nearest one decides."""
    found = request.node.get_closest_marker(marker)
    return {} if found is None else dict(found.kwargs)
