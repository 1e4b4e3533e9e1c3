"""The service as a child process."""

import http.client
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from local.paths import ROOT
from local.ports import require_free

LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared with, never bound to


class Service:
    """`python -m service` with the environment it gets, its output where ours goes. It ends when this process does."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self.host = environment["HOST"]
        self.port = int(environment["PORT"])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def link_host(self) -> str:
        """The host as a browser on this machine reaches it: an address that means "all of them" is not one."""
        return LOOPBACK.get(self.host, self.host)

    @property
    def url(self) -> str:
        """Where the service answers."""
        host = f"[{self.link_host}]" if ":" in self.link_host else self.link_host
        return f"http://{host}:{self.port}"

    @property
    def returncode(self) -> int | None:
        """How the service ended; None while it runs."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start it, without waiting. Raises PortTakenError."""
        require_free(self.port, self.host)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local.tether", "service"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the supervisor only, which stops things in order
        )

    def stop(self, timeout: float = 10) -> None:
        """End it, by force after `timeout` seconds, and wait until it has."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin:
            process.stdin.close()

    def readiness(self) -> tuple[int, str]:
        """Ask /readyz: its status and body. The status is 0 while nothing answers."""
        connection = http.client.HTTPConnection(self.link_host, self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace").strip()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()
