"""The captcha of a project, on each page that asks for one. A stand-in answers for the provider, at the provider's hosts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from local.keys import Keys
from tests.e2e.mail.steps import sign_up
from tests.e2e.test_web_looks import Scheme
from tests.e2e.web import App, WebServer, web_settings
from tests.support.captcha import GOOD_TOKEN, Siteverify
from tests.support.service import ServiceProcess, development_env, free_port
from tests.support.upstream.base import address
from tests.support.upstream.recorded import RecordedUpstream

pytestmark = pytest.mark.e2e

SECRET = "secret-of-the-captcha"
SITE_KEY = "10000000-ffff-ffff-ffff-000000000001"
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
FIRST = "Please pass the check above first."
# Where each provider's script and its frame come from: whatever else the page asked for, its policy would refuse.
HOSTS = {
    "hcaptcha": ("https://js.hcaptcha.com/1/api.js", "https://newassets.hcaptcha.com/captcha/frame.html"),
    "turnstile": ("https://challenges.cloudflare.com/turnstile/v0/api.js", "https://challenges.cloudflare.com/frame.html"),
}
SCRIPT = """
window.%(provider)s = (() => {
  const shown = new Map();
  let times = 0;
  const load = (frame, about) => { frame.src = `%(frame)s?${times++}#${about}`; };
  addEventListener("message", ({ data: { id, token }, origin }) => {
    if (origin === new URL("%(frame)s").origin) shown.get(id)?.callback(token);
  });
  return {
    render(container, { sitekey, callback }) {
      const id = String(shown.size);
      const frame = Object.assign(document.createElement("iframe"), { title: "Captcha", width: 300, height: 74 });
      load(frame, `${id},${sitekey}`);
      container.append(frame);
      shown.set(id, { frame, callback, about: `${id},${sitekey}` });
      return id;
    },
    reset(id) { const { frame, about } = shown.get(id); load(frame, about); },
    remove(id) { shown.get(id).frame.remove(); },
  };
})();
"""
FRAME = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Captcha</title>
<main><button>I am a person</button></main>
<script>
  const [id, sitekey] = location.hash.slice(1).split(",");
  document.querySelector("button").onclick = ({ target }) => {
    target.textContent = "Thank you";
    parent.postMessage({ id, token: sitekey === "%(site_key)s" ? "%(token)s" : "none" }, "*");
  };
</script>"""


class Captcha:
    """The provider, whose tokens are good once, and the app of a project that has it."""

    def __init__(self, provider: str, token: str, origin: str, siteverify: Siteverify) -> None:
        self.provider = provider
        self.origin = origin
        self._script, self._frame = HOSTS[provider]
        self._token = token
        self._siteverify = siteverify

    def serve(self, context: BrowserContext) -> None:
        names = {"provider": self.provider, "frame": self._frame, "token": self._token, "site_key": SITE_KEY}

        def script(route: Route) -> None:
            route.fulfill(content_type="text/javascript", body=SCRIPT % names)

        def frame(route: Route) -> None:
            route.fulfill(content_type="text/html", body=FRAME % names)

        context.route(f"{self._script}*", script)
        context.route(f"{self._frame}*", frame)

    def passes(self, app: App) -> None:
        self._siteverify.renew()
        frame = app.page.frame_locator("iframe[title=Captcha]")
        frame.get_by_role("button", name="I am a person").click()
        expect(frame.get_by_role("button", name="Thank you")).to_be_visible()


@pytest.fixture(scope="module", params=[("hcaptcha", "upstream"), ("turnstile", "here")], ids="-".join)
def captcha(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    recorded_upstream: RecordedUpstream,
    keys: Keys,
) -> Iterator[Captcha]:
    provider, checked = request.param
    port = free_port()
    with ExitStack() as stack:
        siteverify = stack.enter_context(Siteverify(SECRET))
        chosen: dict[str, str | None] = {
            "CAPTCHA": checked,
            "CAPTCHA_PROVIDER": provider,
            "CAPTCHA_SITE_KEY": SITE_KEY,
            "MAIL_ANSWER_AFTER": "0.3",
        }
        if checked == "here":
            chosen |= {"CAPTCHA_SECRET": SECRET, "CAPTCHA_VERIFY_URL": siteverify.verify_url}
        env = {**development_env(recorded_upstream.url, keys, free_port()), **web_settings(port), **chosen}
        service = stack.enter_context(ServiceProcess(env, tmp_path_factory.mktemp("service") / "service.log"))
        output, url = tmp_path_factory.mktemp("web"), f"http://localhost:{service.port}"
        web = stack.enter_context(WebServer(output, service_url=url, port=port, captcha=provider))
        yield Captcha(provider, GOOD_TOKEN if checked == "here" else "pass", web.origin, siteverify)


@pytest.fixture
def app(context: BrowserContext, recorded_upstream: RecordedUpstream, captcha: Captcha) -> Iterator[App]:
    recorded_upstream.configure(MAILER_AUTOCONFIRM="false", SECURITY_CAPTCHA_ENABLED="true", SITE_URL=captcha.origin)
    captcha.serve(context)
    app = App.open(context, captcha.origin)
    yield app
    assert app.failures == []
    assert [line for line in app.console if "Content Security Policy" in line] == []
    recorded_upstream.check()


def test_it_is_passed_once_for_each_request(app: App, captcha: Captcha, recorded_upstream: RecordedUpstream) -> None:
    person = recorded_upstream.person()
    app.sign_in(person.email, person.password)
    app.says(FIRST)
    captcha.passes(app)
    app.sign_in(person.email, "not the password")
    app.says("do not match")
    app.press("Sign in")
    app.page.get_by_label("Password", exact=True).fill(person.password)
    app.press("Sign in")
    app.says(FIRST)
    captcha.passes(app)
    app.press("Sign in")
    app.heading("Your profile")


@pytest.mark.parametrize("page", ["/recover", "/sign-in/mail"])
def test_a_mail_takes_one_and_the_same_again_another(
    context: BrowserContext, app: App, captcha: Captcha, recorded_upstream: RecordedUpstream, page: str
) -> None:
    person = recorded_upstream.person()
    context.clock.install()
    app.page.goto(app.origin + page)
    app.fill(email=person.email)
    app.press("Send the mail")
    app.says(FIRST)
    captcha.passes(app)
    app.press("Send the mail")
    app.heading("Check your mail")
    again = app.page.get_by_role("button", name="Send it again")
    context.clock.fast_forward(61_000)
    again.click()
    app.says(FIRST)
    captcha.passes(app)
    again.click()
    app.says("We sent it once more.")
    assert recorded_upstream.count_mails(person.email) == 2


def test_a_sign_up_takes_one(app: App, captcha: Captcha) -> None:
    email = address()
    app.page.goto(app.origin + "/sign-up")
    captcha.passes(app)
    assert app.accessibility_problems() == []
    sign_up(app, email, stay=True)


@pytest.mark.parametrize("page", ["/sign-in", "/sign-up", "/recover", "/sign-in/mail"])
def test_it_fits_on_a_phone(app: App, captcha: Captcha, tmp_path: Path, page: str) -> None:
    """MAIL_SCREENSHOTS=FOLDER keeps the pictures."""
    pictures = Path(os.environ.get("MAIL_SCREENSHOTS") or tmp_path)
    app.page.set_viewport_size({"width": 360, "height": 740})
    for scheme in SCHEMES:
        app.page.emulate_media(color_scheme=scheme)
        app.page.goto(app.origin + page)
        captcha.passes(app)
        assert app.accessibility_problems() == []
        assert app.page.evaluate("document.documentElement.scrollWidth") <= 360
        app.page.screenshot(path=pictures / f"captcha{page.replace('/', '-')}-{scheme}.png", full_page=True)


def test_a_provider_that_cannot_be_reached_is_told(context: BrowserContext, app: App) -> None:
    context.unroute_all()
    context.route("https://**", lambda route: route.abort())
    app.page.reload()
    app.heading("Sign in")
    expect(app.page.get_by_text("The check that you are no robot could not be loaded.")).to_be_visible()
