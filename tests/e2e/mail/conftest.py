"""The app over the recorded Supabase, whose mails lead to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext

from local.keys import Keys
from tests.e2e.conftest import PATIENCE
from tests.e2e.web import App, WebServer, web_settings
from tests.support.service import ServiceProcess, development_env, free_port
from tests.support.upstream.base import Proof
from tests.support.upstream.recorded import RecordedUpstream


@dataclass(frozen=True, slots=True)
class Site:
    """The app, and the Supabase whose mails lead to it."""

    upstream: RecordedUpstream
    origin: str

    def link(self, proof: Proof, kind: str) -> str:
        """The link of a mail, as the templates of supabase/templates make it."""
        flow = f"?flow={proof.flow}" if proof.flow else ""
        return f"{self.origin}/account/confirm{flow}#token_hash={proof.token_hash}&type={kind}"

    def own_link(self, proof: Proof, kind: str) -> str:
        """The link of a mail whose template is Supabase's own."""
        target = quote(f"{self.origin}/account/confirm?flow={proof.flow}", safe="")
        return f"{self.upstream.url}/auth/v1/verify?token={proof.token_hash}&type={kind}&redirect_to={target}"


@pytest.fixture(scope="module")
def web_at(tmp_path_factory: pytest.TempPathFactory, recorded_upstream: RecordedUpstream, keys: Keys) -> Iterator[str]:
    port = free_port()
    settings = development_env(recorded_upstream.url, keys, free_port()) | web_settings(port)
    own = {"MAIL_ANSWER_AFTER": "0.3", "EMAIL_CHANGE_CONFIRM": "both"}
    with (
        ServiceProcess(settings | own, tmp_path_factory.mktemp("service") / "service.log") as service,
        WebServer(tmp_path_factory.mktemp("web"), service_url=f"http://localhost:{service.port}", port=port) as web,
    ):
        yield web.origin


@pytest.fixture
def site(request: pytest.FixtureRequest, recorded_upstream: RecordedUpstream, web_at: str) -> Iterator[Site]:
    """With confirmation on, and the settings of the test's marker `project`."""
    marker = request.node.get_closest_marker("project")
    recorded_upstream.configure(**{"MAILER_AUTOCONFIRM": "false", "SITE_URL": web_at, **(marker.kwargs if marker else {})})
    yield Site(recorded_upstream, web_at)
    recorded_upstream.check()


@pytest.fixture
def app(context: BrowserContext, site: Site) -> Iterator[App]:
    app = App.open(context, site.origin)
    yield app
    assert app.failures == []


@pytest.fixture
def phone(chromium_browser: Browser, site: Site) -> Iterator[App]:
    """Another device of the same person."""
    context = chromium_browser.new_context(locale="en-GB")
    context.set_default_timeout(PATIENCE)
    app = App.open(context, site.origin)
    yield app
    assert app.failures == []
    context.close()
