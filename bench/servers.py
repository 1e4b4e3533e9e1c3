"""How each measured server is started. One process each, with the options of its own production guide."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.backend import Backend
from bench.environment import NODE, NODE_PEER, PYTHON, SERVICE_PYTHON
from bench.processes import SERVER_CORES, free_port, running


@dataclass(frozen=True)
class Server:
    """A program that answers the measured requests; `name` is its name in the JSON and on the command line.

    GET `ready` answers 200 as soon as the server can serve.
    """

    name: str
    title: str
    command: Sequence[str]
    ready: str = "/healthz"


@dataclass(frozen=True)
class Running:
    """A started server, and the seconds from its start until it was ready."""

    server: Server
    url: str
    pid: int
    start_seconds: float


def _uvicorn(app: str) -> list[str]:
    # What `fastapi run --workers 1` starts, without the line for each request; uvloop and httptools are picked by
    # themselves because uvicorn[standard] brings them.
    return [str(PYTHON), "-m", "uvicorn", app, "--no-access-log", "--log-level", "warning", "--port"]


SERVICE: Final = Server("latchkey", "Latchkey", [str(SERVICE_PYTHON), "-m", "service"], ready="/readyz")
PEERS: Final = [
    Server("node_hono", "Node, Hono + supabase-js", [str(NODE), str(NODE_PEER / "server.mjs")]),
    Server("fastapi_shared", "FastAPI, one shared httpx pool", _uvicorn("bench.peers.fastapi_shared.main:app")),
    Server("fastapi_unit", "FastAPI, a client per request", _uvicorn("bench.peers.fastapi_unit.main:app")),
]
UPSTREAM: Final = Server("upstream", "the upstream itself", [])
TITLES: Final = {server.name: server.title for server in [SERVICE, *PEERS, UPSTREAM]}


@contextmanager
def started(
    server: Server, backend: Backend, directory: Path, cores: set[int] = SERVER_CORES, **extra: str
) -> Iterator[Running]:
    """Runs `server` in front of `backend` while the block lasts; `extra` are further environment variables."""
    port = free_port()
    command = [*server.command, str(port)] if server.command[-1] == "--port" else server.command
    url = f"http://127.0.0.1:{port}"
    env = backend.environment(port) | extra
    log = directory / f"{server.name}.log"
    began = time.monotonic()
    with running(command, env=env, cores=cores, log=log, ready=url + server.ready) as pid:
        yield Running(server, url, pid, time.monotonic() - began)
