"""A real Redis (or Valkey) on a port of its own, that can be stalled, killed and started again."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.programs import executable
from tests.support.service import free_port


class RedisServer:
    """Keeps nothing on disk. Needs `PASSWORD`, which is in `url` as a URL needs it written."""

    PASSWORD = "p@ss/of:the#tests"

    def __init__(self, folder: Path, program: str = "redis-server", scheme: str = "redis") -> None:
        self.port = free_port()
        self.url = f"{scheme}://:p%40ss%2Fof%3Athe%23tests@127.0.0.1:{self.port}/0"
        self._program = executable(program)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float = 20) -> None:
        """Start it and wait until it answers."""
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--requirepass", self.PASSWORD]
        self._process = subprocess.Popen([self._program, *options], cwd=self._folder, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.command("PING")
            except OSError:
                assert time.monotonic() < deadline, f"{self._program} does not answer"
                time.sleep(0.02)
            else:
                return

    def command(self, *words: str) -> bytes:
        """Send one command and return the answer as it comes (RESP). For short answers."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            for command in (("AUTH", self.PASSWORD), words):
                parts = [f"*{len(command)}", *(line for word in command for line in (f"${len(word)}", word))]
                connection.sendall("\r\n".join([*parts, ""]).encode())
                answer = connection.recv(1_048_576)
            return answer

    def stall(self) -> None:
        """It holds its connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End of the stall."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.kill()
