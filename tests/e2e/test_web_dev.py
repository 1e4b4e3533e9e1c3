"""What `make web` starts: the pages in development, on the ports that it is told."""

from __future__ import annotations

import subprocess

import pytest
from playwright.sync_api import BrowserContext

from local import node
from tests.conftest import StartService
from tests.e2e.web import APP, VITE, App, web_settings
from tests.support.guide import served
from tests.support.service import free_port

pytestmark = pytest.mark.e2e


def test_it_follows_both_ports_and_says_in_one_line_when_one_is_taken(
    context: BrowserContext, start_service: StartService
) -> None:
    port = free_port()
    service = start_service(web_settings(port))
    env = node.environment({"PORT": str(service.port), "WEB_PORT": str(port)})
    with served(f"exec {node.executable()} {VITE}", APP, env, port):
        app = App.open(context, f"http://localhost:{port}")
        violations: list[str] = []
        app.page.on("console", lambda message: violations.append(message.text) if "Content Security" in message.text else None)
        app.heading("Sign in")
        assert {answer.url.split("/auth/")[0] for answer in app.answers if "/auth/" in answer.url} == {
            f"http://localhost:{service.port}"
        }
        app.sign_up()
        assert violations == []

        second = subprocess.run(
            [node.executable(), str(VITE)], cwd=APP, env=env, capture_output=True, text=True, timeout=60, check=False
        )
        assert second.returncode == 1
        assert second.stderr.strip().splitlines() == [f"Port {port} is taken; name another one: WEB_PORT=5174 make web"]
