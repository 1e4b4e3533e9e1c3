"""`python -m tests.contract.broken PORT=NAME ...`: services that are broken as tests/contract/breakages.py says.

One process serves all of them, each application on a port of its own. A name that ends in "!" has the check of responses on.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from unittest.mock import patch

import uvicorn
from starlette.types import ASGIApp

from service.app import create_app
from service.settings import Settings
from tests.contract.breakages import BREAKAGES

CHECKED = "!"


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: there are several servers, and one handler stops all of them."""
        yield


def create(name: str) -> ASGIApp:
    """The service with one part exchanged."""
    settings = Settings(validate_responses=name.endswith(CHECKED))
    with ExitStack() as stack:
        for place, part in BREAKAGES[name.removesuffix(CHECKED)].parts.items():
            stack.enter_context(patch(f"service.{place.replace(':', '.')}", part))
        return create_app(settings)


async def serve(names: dict[int, str]) -> None:
    """Serve until SIGTERM."""
    servers = [
        _Server(uvicorn.Config(create(name), host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="on"))
        for port, name in names.items()
    ]

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    await asyncio.gather(*(server.serve() for server in servers))


if __name__ == "__main__":
    asyncio.run(serve({int(port): name for port, _, name in (argument.partition("=") for argument in sys.argv[1:])}))
