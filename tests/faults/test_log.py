"""A log that nobody reads, and a log in a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx
import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.support.metrics import scrape
from tests.support.service import SERVE, development_env, free_port

pytestmark = pytest.mark.thorough

Start = Callable[..., subprocess.Popen[bytes]]


@contextmanager
def running(env: Mapping[str, str], stderr: int) -> Iterator[subprocess.Popen[bytes]]:
    """The service with a stderr of the test's own, ended by force if nothing else has ended it."""
    passed_on = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    process = subprocess.Popen(SERVE, env=passed_on | dict(env), stdout=subprocess.DEVNULL, stderr=stderr)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None
            assert time.monotonic() < deadline
            try:
                httpx.get(f"http://127.0.0.1:{env['PORT']}/healthz", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.fixture
def env(supabase: LocalSupabase, keys: Keys) -> dict[str, str]:
    return development_env(supabase.url, keys, free_port()) | {"GRACEFUL_TIMEOUT": "5"}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_pipe_that_nobody_reads_stops_neither_the_service_nor_its_end(env: dict[str, str], workers: str) -> None:
    reading, writing = os.pipe()
    with running(env | {"WEB_CONCURRENCY": workers}, writing) as process:
        os.close(writing)
        url = f"http://127.0.0.1:{env['PORT']}"
        with httpx.Client(base_url=url, timeout=10) as client:
            for _ in range(600):
                assert client.get("/auth/csrf").status_code == 200
            assert client.get("/healthz").status_code == 200
        assert ("latchkey_log_lines_dropped_total",) in scrape(url)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        assert time.monotonic() - started < 20
    os.close(reading)


def test_the_last_lines_are_there_after_sigterm(env: dict[str, str]) -> None:
    reading, writing = os.pipe()
    with running(env, writing) as process:
        os.close(writing)
        httpx.get(f"http://127.0.0.1:{env['PORT']}/auth/csrf")
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    with open(reading, "rb") as log:  # noqa: PTH123 - a descriptor
        lines = [json.loads(line) for line in log.read().splitlines()]
    assert lines[-1]["event"].startswith("Finished server process")


def in_a_terminal(env: Mapping[str, str], ask: Callable[[str], None]) -> str:
    """What stands in the terminal after `ask`, which gets the service's URL."""
    master, slave = pty.openpty()
    with running(env, slave) as process:
        os.close(slave)
        ask(f"http://127.0.0.1:{env['PORT']}")
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    shown = b""
    while select.select([master], [], [], 1)[0]:
        try:
            shown += os.read(master, 65_536)
        except OSError:
            break
    os.close(master)
    return shown.decode()


def ask_for_a_token(url: str) -> None:
    assert httpx.get(f"{url}/auth/csrf").status_code == 200


def test_people_read_text_in_a_terminal(env: dict[str, str]) -> None:
    shown = in_a_terminal(env | {"NO_COLOR": "1"}, ask_for_a_token)
    line = next(line for line in shown.splitlines() if "getCsrfToken" in line)
    assert not line.startswith("{")
    assert re.search(r"\brequest\b.*\boperation=getCsrfToken\b.*\bstatus=200\b", line)
    assert "\x1b" not in shown


def test_colours_can_be_had_in_a_terminal_and_json_too(env: dict[str, str]) -> None:
    assert "\x1b[" in in_a_terminal(env, ask_for_a_token)
    shown = in_a_terminal(env | {"LOG_FORMAT": "json"}, ask_for_a_token)
    assert any(json.loads(line).get("operation") == "getCsrfToken" for line in shown.splitlines() if line.startswith("{"))


def test_text_can_be_had_without_a_terminal(env: dict[str, str]) -> None:
    reading, writing = os.pipe()
    with running(env | {"LOG_FORMAT": "console"}, writing) as process:
        os.close(writing)
        ask_for_a_token(f"http://127.0.0.1:{env['PORT']}")
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    with open(reading) as log:  # noqa: PTH123 - a descriptor
        text = log.read()
    assert "operation=getCsrfToken" in text
    assert "{" not in text.partition("operation=getCsrfToken")[0].splitlines()[-1]
    assert "\x1b" not in text
