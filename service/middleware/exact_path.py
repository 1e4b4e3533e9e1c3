"""A path that ends in a slash is not the path without it."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send


class ExactPathMiddleware:
    """Stands before Starlette's routers, which would redirect such a path to an address made of the request's Host header:
    a link to wherever the caller likes, with this service's name on it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. Raises HTTPException 404."""
        if scope["type"] == "http" and scope["path"].endswith("/"):
            raise HTTPException(404)
        await self._app(scope, receive, send)
