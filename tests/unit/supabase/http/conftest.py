"""Each test here runs on asyncio's event loop and on uvloop, which serves in production and is not quite the same."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
import pytest_asyncio

from service.supabase.http.wire import Wire
from tests.support.raw_server import RawServer
from tests.unit.supabase.http.wires import MakeWire, until


def pytest_asyncio_loop_factories(
    config: pytest.Config,  # noqa: ARG001 - pytest passes it by name
    item: pytest.Item,  # noqa: ARG001 - as above
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if sys.platform != "win32":
        import uvloop

        factories["uvloop"] = uvloop.new_event_loop
    return factories


@pytest_asyncio.fixture
async def wire() -> AsyncIterator[MakeWire]:
    """Makes wires to a server, and closes them."""
    made: list[Wire] = []

    def make(server: RawServer | str, **options: Any) -> Wire:
        settings: dict[str, Any] = {"connect_timeout": 5.0, "read_timeout": 5.0, "max_connections": 10, "keepalive": 30.0}
        url = server if isinstance(server, str) else server.url
        made.append(Wire(url, **(settings | options)))
        return made[-1]

    yield make
    for one in made:
        await until(lambda: one.pool().in_use == 0)  # noqa: B023 - awaited at once
        one.close()
