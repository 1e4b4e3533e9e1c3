"""uvicorn with the service's protocol over a small application, in this process."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Thread
from typing import Any

import uvicorn
from starlette.types import Message, Receive, Scope, Send

from service.server.protocol import LimitedHttpProtocol
from tests.support import raw


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what it was told of the request, once at its start and once after its body."""
    if scope["type"] != "http":
        return
    told, body = [_told(scope)], b""
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    told.append(_told(scope))
    if scope["path"] == "/slow":
        await asyncio.sleep(0.5)
    answer = json.dumps({"told": told, "body": body.decode()}).encode()
    await _answer(send, 200, answer)


async def refuse(scope: Scope, _receive: Receive, send: Send) -> None:
    """Refuses everything without reading it; under /close with the end of the connection."""
    headers = [(b"connection", b"close")] if scope["path"] == "/close" else []
    await _answer(send, 413, b'{"refused": true}', *headers)


async def large(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answers with 32 MB, which fit into no buffer, in one piece."""
    await _answer(send, 200, b"x" * 32_000_000)


async def _answer(send: Send, status: int, body: bytes, *added: tuple[bytes, bytes]) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *added]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _told(scope: Scope) -> list[Any]:
    headers = [[name.decode(), value.decode()] for name, value in scope["headers"]]
    return [scope["method"], scope["raw_path"].decode(), scope["query_string"].decode(), headers]


@contextmanager
def serving(app: Callable[..., Any], *, keep_alive: int = 75, **options: Any) -> Iterator[int]:
    """The port where it is served. `options` are the protocol's."""
    protocol: Any = partial(LimitedHttpProtocol, **options)
    config = uvicorn.Config(
        app, http=protocol, ws="none", lifespan="off", log_config=None, access_log=False, timeout_keep_alive=keep_alive
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0), backlog=1_024) as listener:
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            server.force_exit = True
            thread.join()


def hung_up(connection: socket.socket, timeout: float) -> bool:
    """Whether the other side hangs up within so many seconds, whatever it says before."""
    connection.settimeout(timeout)
    try:
        raw.receive_all(connection)
    except TimeoutError:
        return False
    return True
