"""What the tests of this folder share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from service.supabase.http.pool import ConnectionPool
from service.supabase.http.wire import Wire
from tests.support.raw_server import response

MakeWire = Callable[..., Wire]  # a server or its URL, and what is to differ from the fixture's settings

CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PLANTED: Final = response(b'["planted"]')


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in another process or in the kernel
            await asyncio.sleep(0.005)


def pool_of_one(port: int) -> ConnectionPool:
    return ConnectionPool("127.0.0.1", port, tls=None, connect_timeout=1, read_timeout=1, max_connections=1, keepalive=30)
