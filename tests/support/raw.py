"""HTTP by hand: what a client library would tidy up or refuse to send."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RawResponse:
    """One response, header names in lower case; a header that comes twice is there twice."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key == name.lower()]
        return values[0] if values else None

    @property
    def code(self) -> str:
        """The `code` of an error, after checking that it has the schema that every error has."""
        assert self.header("content-type") == "application/json", self.headers
        error = self.json()
        assert set(error) == {"code", "message", "details"}, error
        assert isinstance(error["message"], str)
        assert isinstance(error["details"], dict)
        code: str = error["code"]
        return code


def connect(port: int, timeout: float = 15) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=timeout)


def send(port: int, data: bytes, *, timeout: float = 15) -> list[RawResponse]:
    """Send the bytes as they are, and return every response until the server hangs up."""
    with connect(port, timeout) as connection:
        connection.sendall(data)
        return parse(receive_all(connection))


def send_slowly(port: int, parts: Iterable[bytes], pause: float, *, timeout: float = 15) -> tuple[list[RawResponse], float]:
    """Send part after part with `pause` seconds between, until the server hangs up. Returns the answers and the seconds."""
    started = time.monotonic()
    with connect(port, timeout) as connection:
        received = b""
        for part in parts:
            try:
                connection.sendall(part)
                connection.settimeout(pause)
                chunk = connection.recv(65_536)
            except TimeoutError:
                continue
            except (ConnectionResetError, BrokenPipeError):
                break
            if not chunk:
                break
            received += chunk
        else:
            connection.settimeout(timeout)
            received += receive_all(connection)
    return parse(received), time.monotonic() - started


def receive_all(connection: socket.socket) -> bytes:
    received = b""
    try:
        while chunk := connection.recv(65_536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def request(
    method: str,
    path: str,
    headers: Iterable[str | bytes] = (),
    body: bytes = b"",
    *,
    length: bool = True,
    host: str = "localhost",
) -> bytes:
    """A request that ends its connection; `headers` are whole lines. `length` adds Content-Length where there is a body."""
    lines: list[str | bytes] = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
    if body and length:
        lines.append(f"Content-Length: {len(body)}")
    return b"\r\n".join(line.encode() if isinstance(line, str) else line for line in lines) + b"\r\n\r\n" + body


def parse(data: bytes) -> list[RawResponse]:
    responses = []
    while data:
        head, separator, data = data.partition(b"\r\n\r\n")
        assert separator, head
        status_line, *lines = head.decode("latin-1").split("\r\n")
        assert status_line.startswith("HTTP/1.1 "), status_line
        status = int(status_line.split(" ")[1])
        headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        if status == 100:
            continue
        length = int(dict(headers).get("content-length", "0"))
        responses.append(RawResponse(status, headers, data[:length]))
        data = data[length:]
    return responses
