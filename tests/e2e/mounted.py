"""The service below a path of another application. Served by uvicorn: tests.e2e.mounted:app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount

from service.app import create_app


@asynccontextmanager
async def _mount(outer: Starlette) -> AsyncIterator[None]:
    outer.router.routes.append(Mount("/api", create_app()))
    yield


app = Starlette(lifespan=_mount)
