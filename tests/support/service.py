"""The service as a real process: `python -m service` on a free port of the loopback interface."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from local.keys import Keys
from tests.support import leaks

ROOT = Path(__file__).resolve().parents[2]
SERVE = (sys.executable, "-m", "service")
_PORTS = 12_000, 32_000  # below what Linux, macOS and Windows take for outgoing connections
ANSWER_AFTER = 0.3  # seconds, for what must not tell how long Supabase took
CSRF_TOKEN = "static-token-of-the-tests"


def free_port() -> int:
    """A port that nobody listens on right now, and that the system gives to no outgoing connection before it is used."""
    while True:
        port = random.randrange(*_PORTS)  # noqa: S311 - no secret
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def development_env(supabase_url: str, keys: Keys, port: int) -> dict[str, str]:
    """The settings of a test's service; limits are so high that only the tests of limits meet them."""
    return {
        "APP_ENV": "development",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "SUPABASE_URL": supabase_url,
        "SUPABASE_PUBLISHABLE_KEY": keys.publishable_key,
        "SUPABASE_SECRET_KEY": keys.secret_key,
        "SUPABASE_JWT_SECRET": keys.jwt_secret,
        "CSRF_SECRETS": keys.csrf_secret,
        "CSRF_STATIC_TOKEN": CSRF_TOKEN,
        "RATE_LIMIT_ADDRESS": "1000000/minute",
        "RATE_LIMIT_CREDENTIALS": "1000000/minute",
        "RATE_LIMIT_ACCOUNT": "1000000/minute",
        "RATE_LIMIT_MAIL": "1000000/minute",
        "RATE_LIMIT_CODES": "1000000/minute",
        "MAIL_ANSWER_AFTER": str(ANSWER_AFTER),
        "LOG_LEVEL": "DEBUG",
        # Node closes an idle connection after five seconds.
        "UPSTREAM_KEEPALIVE": "3",
    }


class ServiceProcess:
    """Starts on entering, stops on leaving by its own process id, and keeps its log in `log_path`.

    `settings` are environment variables; one that is None is left out. Nothing of the caller's environment that configures
    the service gets through. `command` serves on `port`, where it is not the service itself; `python_path` is None
    where it finds its packages by itself. Leaving asserts that the log holds
    no secret that the tests know.
    """

    def __init__(
        self,
        settings: Mapping[str, str | None],
        log_path: Path,
        *,
        command: Sequence[str] = SERVE,
        port: int | None = None,
        python_path: Path | None = ROOT,
    ) -> None:
        passed_on = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        coverage = {name: value for name, value in os.environ.items() if name.startswith("COV")}
        chosen = {name: value for name, value in settings.items() if value is not None}
        leaks.remember_settings(chosen.items())
        found = {"PYTHONPATH": str(python_path)} | coverage if python_path is not None else {}
        self._env = passed_on | found | chosen
        self._command = command
        self.port = int(chosen["PORT"]) if port is None else port
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = log_path
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; the supervisor's where there are several workers."""
        assert self._process is not None
        return self._process.pid

    @property
    def worker_pids(self) -> list[int]:
        """Those of the processes that a supervisor started to serve. Only on Linux."""
        pids = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(pid) for pid in pids if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]

    @property
    def log(self) -> str:
        """All that it wrote so far, what belongs to an answer that just came included: a thread writes it."""
        time.sleep(0.02)
        return self.log_path.read_text()

    def start(self, timeout: float = 90, wait_for: str = "/healthz") -> None:
        """Start and wait until `wait_for` answers 200. Raises AssertionError with the log when it does not."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            # In its own folder, so that no .env of a developer is read.
            self._process = subprocess.Popen(self._command, cwd=self.log_path.parent, env=self._env, stdout=log, stderr=log)
        deadline = time.monotonic() + timeout
        while not self._answers(wait_for):
            assert self._process.poll() is None, f"the service ended:\n{self.log}"
            assert time.monotonic() < deadline, f"the service does not answer:\n{self.log}"
            time.sleep(0.02)

    def stop(self, timeout: float = 30) -> int:
        """Stop it as an orchestrator would, by SIGTERM; returns its exit status."""
        assert self._process is not None
        self._process.terminate()
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def wait(self, timeout: float) -> int:
        """Wait until it ends by itself; returns its exit status."""
        assert self._process is not None
        return self._process.wait(timeout)

    def _answers(self, path: str) -> bool:
        # The standard library's client, since this is asked many times while the service needs the processor for its start.
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()
        # Whatever the tests did with it, at DEBUG: no secret is in its log.
        assert leaks.kinds_found(self.log) == []
