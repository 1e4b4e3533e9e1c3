"""docs/supabase-js.md, docs/testing.md and docs/nextjs.md, word for word."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.conftest import StartService
from tests.e2e.guide_app import FRONTEND, GuideApp, of
from tests.e2e.web import web_settings
from tests.support import chromium
from tests.support.browser import PASSWORD, Browser, new_email
from tests.support.guide import run, served, snippets
from tests.support.service import ROOT, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SUPABASE_JS = snippets(ROOT / "docs" / "supabase-js.md")
TESTING = snippets(ROOT / "docs" / "testing.md")
NEXT = snippets(ROOT / "docs" / "nextjs.md")
CLIENT = [snippet for snippet in of(FRONTEND, "With the typed client") if snippet.language == "sh"]


def test_what_is_not_run_is_not_there() -> None:
    assert {snippet.section for snippet in SUPABASE_JS} == {"In ten lines"}
    assert {snippet.section for snippet in TESTING if snippet.note != "skip"} == {"Against the service, with Playwright"}
    assert {snippet.section for snippet in NEXT} == {"The app"}
    ((code, _),) = re.findall(r"```ts src/supabase.ts\n(.*?)(```)", (ROOT / "docs" / "supabase-js.md").read_text(), re.DOTALL)
    assert sum(bool(line) for line in code.splitlines()) <= 10, "in ten lines"


def test_supabase_js_reads_and_writes_as_the_user_under_row_level_security(
    guide_app: GuideApp, start_service: StartService, supabase: LocalSupabase, keys: Keys, context: BrowserContext
) -> None:
    port = free_port()
    service = start_service(web_settings(port))
    changed = {
        "http://localhost:8000": f"http://localhost:{service.port}",
        "http://127.0.0.1:54321": supabase.url,
        "sb_publishable_...": keys.publishable_key,
    }
    guide_app.follow([*CLIENT, *of(SUPABASE_JS, "In ten lines")], changed)
    guide_app.check_types()
    other = Browser(service.url)
    other.fetch_csrf_token()
    somebody_else = other.sign_up(new_email()).json()["user"]["id"]

    with guide_app.served(port) as address:
        page = context.new_page()
        page.goto(address)
        output = page.locator("output")
        expect(output).to_have_text("Nobody is signed in.")
        do = "async ([work, value]) => await new Function('m', 'value', work)(await import('/src/supabase.ts'), value)"
        rows = "return m.supabase.from('user_profile').select('id, display_name').then(({ data }) => data)"
        assert not page.evaluate(do, [rows, None]), "a visitor sees nobody"

        account = {"email": new_email(), "password": PASSWORD, "profile": {"displayName": "Ada Lovelace"}}
        user = page.evaluate(do, ["return m.latchkey.signUp(value)", account])["data"]["user"]["id"]
        expect(output).to_have_text("Hello, Ada Lovelace!")
        assert page.evaluate(do, [rows, None]) == [{"id": user, "display_name": "Ada Lovelace"}]
        change = (
            "return m.supabase.from('user_profile').update({ display_name: 'Countess' }).eq('id', value).select('id')"
            ".then(({ data }) => data)"
        )
        assert page.evaluate(do, [change, user]) == [{"id": user}]
        assert page.evaluate(do, [change, somebody_else]) == []

        page.reload()
        expect(output).to_have_text("Hello, Countess!")
        assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
        page.evaluate(do, ["return m.latchkey.signOut()", None])
        expect(output).to_have_text("Nobody is signed in.")
        assert not page.evaluate(do, [rows, None])


def test_the_playwright_fixture_signs_in(guide_app: GuideApp, start_service: StartService) -> None:
    port = free_port()
    service = start_service(web_settings(port))
    service_url = f"http://localhost:{service.port}"
    guide_app.follow(of(FRONTEND, "With the typed client"), {"http://localhost:8000": service_url})
    *steps, playwright = of(TESTING, "Against the service, with Playwright")
    options = f"npm run dev -- --host 127.0.0.1 --port {port}"
    changed = {"http://localhost:8000": service_url, "localhost:5173": f"localhost:{port}", "npm run dev --": options}
    guide_app.follow(steps, changed)
    run(playwright.text, guide_app.root, guide_app.env | {"CHROMIUM": chromium.executable()})


def test_a_next_app_builds_and_signs_in_in_the_browser(
    guide_app: GuideApp, start_service: StartService, context: BrowserContext
) -> None:
    port = free_port()
    service = start_service(web_settings(port))
    guide_app.follow(CLIENT, {})
    app = GuideApp(guide_app.folder, "hello-next")
    app.env |= {"NEXT_TELEMETRY_DISABLED": "1", "NEXT_PUBLIC_LATCHKEY_URL": f"http://localhost:{service.port}"}
    app.follow(of(NEXT, "The app"), {})
    (start,) = [snippet.text for snippet in NEXT if snippet.note == "background"]
    visitor, email = Browser(service.url), new_email()
    visitor.fetch_csrf_token()
    assert visitor.sign_up(email).status_code == 200

    with served(start.replace("3000", str(port)), app.root, app.env, port):
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: (
                problems.append(message.text)
                if message.type in {"error", "warning"} and "favicon" not in message.location["url"]
                else None
            ),
        )
        page.goto(f"http://localhost:{port}")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading")).to_have_text(f"Hello, {email}!")
        page.reload()
        expect(page.get_by_role("heading")).to_have_text(f"Hello, {email}!")
        assert problems == [], "hydration finds what the server rendered"
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("E-mail")).to_be_visible()
