"""Nothing that the service does for one request holds up the others."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.support.browser import PASSWORD, Browser, new_email
from tests.support.service import ServiceProcess, development_env, free_port

pytestmark = pytest.mark.thorough

_WATCHED = (sys.executable, "-m", "tests.support.slow_callbacks")
_USERS = 8
_ROUNDS = 5
_WARM_UP = 1  # rounds, while caches fill and modules that only some requests need are imported


def _live(url: str) -> None:
    """All operations, errors among them, the pages and the metrics."""
    browser, email = Browser(url), new_email()
    browser.fetch_csrf_token()
    assert browser.sign_up(email, PASSWORD, "Ada Lovelace").status_code == 200
    assert browser.sign_in(email, PASSWORD).status_code == 200
    assert browser.sign_in(email, "wrong").status_code == 401
    assert browser.me().status_code == 200
    assert browser.me("a.b.c").status_code == 401
    assert browser.refresh().status_code == 200
    assert browser.post("/auth/signin", {"email": "a" * 10_000}).status_code == 400
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/openapi.yaml", "/ui/", "/ui/swagger-ui-bundle.js"):
        assert browser.http.get(path).status_code == 200
    assert browser.logout().status_code == 200


def _slow_callbacks(service: ServiceProcess, since: int) -> list[str]:
    events = [json.loads(line) for line in service.log[since:].splitlines() if line.startswith("{")]
    return [event["event"] for event in events if event.get("logger") == "asyncio" and event["event"].startswith("Executing ")]


def test_no_callback_holds_the_event_loop_for_50_ms_under_load(tmp_path: Path, supabase: LocalSupabase, keys: Keys) -> None:
    env = development_env(supabase.url, keys, free_port()) | {"LOG_LEVEL": "INFO"}
    with ServiceProcess(env, tmp_path / "service.log", command=_WATCHED) as service:
        found: list[list[str]] = []
        for number in range(_WARM_UP + _ROUNDS):
            since = len(service.log)
            with ThreadPoolExecutor(_USERS) as threads:
                list(threads.map(_live, [service.url] * _USERS))
            time.sleep(0.1)  # until what came last is logged
            if number >= _WARM_UP:
                found.append(_slow_callbacks(service, since))
        # The clock runs on while the machine gives its cores to others. What blocks does so each time.
        assert [] in found, found


def test_what_blocks_would_be_seen(tmp_path: Path, supabase: LocalSupabase, keys: Keys) -> None:
    env = development_env(supabase.url, keys, free_port()) | {"LOG_LEVEL": "INFO"}
    with ServiceProcess(env, tmp_path / "service.log", command=(*_WATCHED, "--block")) as service:
        since = len(service.log)
        _live(service.url)
        assert _slow_callbacks(service, since)
