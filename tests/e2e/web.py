"""The example front end as a person meets it: built, served, and driven by its labels and buttons."""

from __future__ import annotations

import http.client
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import BrowserContext, Page, Response, expect

from local import node
from tests.support.browser import PASSWORD, new_email
from tests.support.service import ROOT, free_port

APP = ROOT / "examples" / "web"
VITE = APP / "node_modules" / "vite" / "bin" / "vite.js"
AXE = APP / "node_modules" / "axe-core" / "axe.min.js"


def web_settings(port: int) -> dict[str, str | None]:
    """What a service needs to know of the app, and no token that works without a cookie."""
    return {"CORS_ORIGINS": f"http://localhost:{port}", "CSRF_STATIC_TOKEN": None}


class WebServer:
    """The built app, served by Vite from 127.0.0.1; browsers call it localhost. Starts on entering, stops on leaving."""

    def __init__(
        self, output: Path, *, service_url: str, mode: str = "production", port: int | None = None, captcha: str = ""
    ) -> None:
        self.port = port or free_port()
        self.origin = f"http://localhost:{self.port}"
        self._output = output
        self._mode = mode
        # As the page sees the service, and as the proxy does.
        self._env = node.environment(
            {"VITE_LATCHKEY_URL": service_url, "LATCHKEY_URL": service_url, "CAPTCHA_PROVIDER": captcha}
        )
        self._process: subprocess.Popen[bytes] | None = None

    def _vite(self, command: str, *arguments: str) -> list[str]:
        return [node.executable(), str(VITE), command, "--mode", self._mode, "--outDir", str(self._output), *arguments]

    def __enter__(self) -> Self:
        built = subprocess.run(
            self._vite("build", "--emptyOutDir"),
            cwd=APP,
            env=self._env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert built.returncode == 0, built.stdout + built.stderr
        self._process = subprocess.Popen(
            self._vite("preview", "--port", str(self.port)), cwd=APP, env=self._env, stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 30
        while not self._answers():
            assert self._process.poll() is None, "Vite ended"
            assert time.monotonic() < deadline, "Vite does not answer"
            time.sleep(0.05)
        assert self._process.poll() is None, "something else answers at Vite's port"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(10)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()


class App:
    """The app in one tab."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.answers: list[Response] = []
        self.console: list[str] = []
        self.failures: list[str] = []
        page.on("response", lambda response: self.answers.append(response))
        page.on("console", lambda message: self.console.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.failures.append(str(error)))

    @classmethod
    def open(cls, context: BrowserContext, origin: str, path: str = "/") -> App:
        app = cls(context.new_page(), origin)
        app.page.goto(origin + path)
        return app

    def heading(self, title: str) -> None:
        """Wait for the page with this heading."""
        expect(self.page.get_by_role("heading", level=1, name=title)).to_be_visible()

    def fill(self, **values: str) -> None:
        """Fill fields by their labels: email, password, display_name."""
        labels = {"email": "E-mail", "password": "Password", "display_name": "Display name"}
        for name, value in values.items():
            self.page.get_by_label(labels[name], exact=True).fill(value)

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def follow(self, link: str) -> None:
        self.page.get_by_role("link", name=link, exact=True).click()

    def sign_up(self, email: str | None = None, display_name: str = "Ada Lovelace", password: str = PASSWORD) -> str:
        """Create an account from whatever page is open, and end up at the profile. Returns the address."""
        email = email or new_email()
        self.page.goto(self.origin + "/sign-up")
        self.heading("Create an account")
        self.fill(display_name=display_name, email=email, password=password)
        self.press("Create account")
        self.profile(display_name)
        return email

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.heading("Sign in")
        self.fill(email=email, password=password)
        self.press("Sign in")

    def profile(self, display_name: str = "Ada Lovelace") -> None:
        """Wait for the profile, loaded."""
        self.heading("Your profile")
        expect(self.page.get_by_text(display_name, exact=True)).to_be_visible()

    def says(self, text: str) -> None:
        """Wait for this in the live region."""
        expect(self.page.get_by_role("alert").or_(self.page.get_by_role("status")).filter(has_text=text)).to_be_visible()

    def field_says(self, label: str, text: str) -> None:
        """Wait until a field is marked as wrong, described by this, and has the focus."""
        field = self.page.get_by_label(label, exact=True)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(text)
        expect(field).to_be_focused()

    def count(self, method: str, path: str) -> int:
        """How many answers to such requests came."""
        return sum(answer.request.method == method and answer.url.endswith(path) for answer in self.answers)

    def accessibility_problems(self) -> list[str]:
        """What axe finds, best practices included."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))  # the pages let no other script in
        found: dict[str, Any] = self.page.evaluate("() => axe.run()")
        return [f"{problem['id']}: {node['html']}" for problem in found["violations"] for node in problem["nodes"]]
