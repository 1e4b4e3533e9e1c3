"""nginx with the configuration of deploy/nginx, on ports of its own."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.programs import executable
from tests.support.service import ROOT, free_port

CONFIGURATION = ROOT / "deploy" / "nginx" / "latchkey.conf"

_MAIN = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 512; }}
http {{
    log_format replicas "$upstream_addr $request_method $uri $status";
    access_log {folder}/access.log replicas;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/latchkey.conf;
}}
"""


class Nginx:
    """Balances over `ports` of the loopback interface. `certificate` and `key` are PEM files."""

    def __init__(self, folder: Path, ports: Sequence[int], certificate: Path, key: Path) -> None:
        self.port = free_port()
        self.plain_port = free_port()
        self.url = f"https://localhost:{self.port}"
        self._program = executable("nginx")
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        replacements = {
            "listen 8443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "listen 8080": f"listen 127.0.0.1:{self.plain_port}",
            "/etc/nginx/certs/tls.crt": str(certificate),
            "/etc/nginx/certs/tls.key": str(key),
            **{f"latchkey-{number}:8000": f"127.0.0.1:{port}" for number, port in enumerate(ports, 1)},
        }
        text = CONFIGURATION.read_text()
        for old, new in replacements.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (folder / "latchkey.conf").write_text(text)
        (folder / "nginx.conf").write_text(_MAIN.format(folder=folder))

    @property
    def error_log(self) -> str:
        """What nginx complained about so far."""
        return (self._folder / "error.log").read_text()

    @property
    def access_log(self) -> str:
        """What was asked so far, a line each: the replicas that were asked (a comma between two), method, path, status."""
        return (self._folder / "access.log").read_text()

    def __enter__(self) -> Self:
        with (self._folder / "error.log").open("ab") as log:
            command = [self._program, "-p", str(self._folder), "-c", str(self._folder / "nginx.conf"), "-e", "stderr"]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while True:
            assert self._process.poll() is None, (self._folder / "error.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, "nginx does not listen"
                time.sleep(0.02)
            else:
                return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
