"""docs/frontend.md, word for word: its commands run, its files compile, and its three apps sign in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.conftest import StartService
from tests.e2e.web import web_settings
from tests.support.browser import PASSWORD, new_email
from tests.support.guide import Snippet, npm_environment, run, served, snippets
from tests.support.service import ROOT, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

GUIDE = ROOT / "docs" / "frontend.md"
CLIENT = ROOT / "clients" / "typescript"
WAYS = ["With the typed client", "With Axios", "With plain fetch"]


SNIPPETS = snippets(GUIDE)


def of(section: str) -> list[Snippet]:
    return [snippet for snippet in SNIPPETS if snippet.section == section]


class GuideApp:
    """The app of the guide, in a folder beside a folder that is called latchkey."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "hello"
        self.env = npm_environment()
        (folder / "latchkey" / "clients").mkdir(parents=True)

    def write(self, snippet: Snippet, service_url: str) -> None:
        """Write a file of the guide. Nothing of it changes but where the service is."""
        text = snippet.text.replace("http://localhost:8000", service_url)
        (self.root / snippet.note).write_text(text)

    def follow(self, section: str, service_url: str) -> None:
        """Do what a section says, in order."""
        for snippet in of(section):
            if snippet.language != "sh":
                self.write(snippet, service_url)
            elif snippet.note.startswith("in="):
                copy = self.folder / "latchkey" / snippet.note.removeprefix("in=")
                if not copy.exists():
                    self._copy_client(copy)
                run(snippet.text, copy, self.env)
            elif snippet.note != "background":
                run(snippet.text, self.root if self.root.exists() else self.folder, self.env)
        run("npx --no-install tsc --noEmit", self.root, self.env)

    @contextmanager
    def served(self, port: int) -> Iterator[str]:
        """Start Vite as the guide says, on a port of its own. Gives the app's address."""
        (command,) = [snippet.text for snippet in SNIPPETS if snippet.note == "background"]
        arguments = f"exec {command.strip()} -- --host 127.0.0.1 --strictPort --port {port}"
        with served(arguments, self.root, self.env, port):
            yield f"http://localhost:{port}"

    def _copy_client(self, copy: Path) -> None:
        """The client as it is in a fresh clone: nothing is installed, and nothing of the repository is written to."""
        shutil.copytree(CLIENT, copy, ignore=shutil.ignore_patterns("node_modules", "dist", "*.tgz"))


@pytest.fixture(scope="session")
def guide_app(tmp_path_factory: pytest.TempPathFactory) -> GuideApp:
    """The empty app, with the client installed: what all three ways begin with."""
    app = GuideApp(tmp_path_factory.mktemp("guide"))
    app.follow("The app", "http://localhost:8000")
    return app


def test_the_guide_has_no_snippet_that_is_not_run() -> None:
    assert {snippet.section for snippet in SNIPPETS} == {"The app", *WAYS, "One origin instead of two"}
    assert all(snippet.note for snippet in SNIPPETS if snippet.language != "sh")


@pytest.mark.parametrize("way", WAYS)
def test_each_way_leads_to_signed_in(
    way: str, guide_app: GuideApp, start_service: StartService, context: BrowserContext
) -> None:
    port = free_port()
    service = start_service(web_settings(port))
    service_url = f"http://localhost:{service.port}"
    if way == "With Axios":  # "Install the client as above"
        guide_app.follow("With the typed client", service_url)
    guide_app.follow(way, service_url)
    with guide_app.served(port) as address:
        sign_up_reload_and_sign_in(context.new_page(), address)


def test_the_app_works_on_one_origin(guide_app: GuideApp, start_service: StartService, context: BrowserContext) -> None:
    service_url = f"http://localhost:{start_service({'CSRF_STATIC_TOKEN': None}).port}"
    guide_app.follow("With plain fetch", "")  # "leave the address of the service away"
    guide_app.follow("One origin instead of two", service_url.replace("localhost", "127.0.0.1"))
    try:
        with guide_app.served(free_port()) as address:
            sign_up_reload_and_sign_in(context.new_page(), address)
    finally:
        (guide_app.root / "vite.config.ts").unlink()


def sign_up_reload_and_sign_in(page: Page, address: str) -> None:
    """What the guide tells its reader to try."""
    email = new_email()
    output = page.locator("output")
    page.goto(address)
    expect(output).to_have_text("Nobody is signed in.")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_role("button", name="Sign up").click()
    expect(output).to_have_text("Hello, Ada Lovelace!")
    page.reload()
    expect(output).to_have_text("Hello, Ada Lovelace!")
    page.get_by_role("button", name="Sign out").click()
    expect(output).to_have_text("Nobody is signed in.")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(output).to_have_text("That e-mail address and password do not match.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(output).to_have_text("Hello, Ada Lovelace!")
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
