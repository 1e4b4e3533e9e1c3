"""Finds the operation of a request."""

from __future__ import annotations

from typing import Any

from connexion.http_facts import METHODS
from connexion.middleware.abstract import ROUTING_CONTEXT
from connexion.middleware.routing import RoutingMiddleware
from connexion.spec import Specification
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send


class DirectRoutingMiddleware(RoutingMiddleware):  # type: ignore[misc]  # Connexion has no types
    """Connexion's, which tries one pattern after the other through two routers, with a table in front of it for paths without
    parameters. What is not in the table goes to the routers: other paths, other methods, applications mounted elsewhere.

    A path that ends in a slash is not the path without it: Starlette's routers would redirect it to an address made of the
    request's Host header, a link to wherever the caller likes, with this service's name on it.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self._operations: dict[tuple[str, str], dict[str, str]] = {}

    def add_api(self, specification: Specification, base_path: str | None = None, **kwargs: Any) -> None:  # noqa: ANN401 - Connexion's
        """Add the operations of a contract."""
        super().add_api(specification, base_path, **kwargs)
        base = specification.base_path
        for path, methods in specification["paths"].items():
            for method, operation in methods.items():
                if method in METHODS and "{" not in path:
                    routing = {"api_base_path": base, "operation_id": operation["operationId"]}
                    self._operations.setdefault((method.upper(), base + path), routing)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Leave word of the operation where Connexion's other parts look for it. Raises HTTPException 404."""
        routing = None
        if scope["type"] == "http" and not scope.get("root_path"):
            routing = self._operations.get((scope["method"], scope["path"]))
        if routing is None:
            if scope["type"] == "http" and scope["path"].endswith("/"):
                raise HTTPException(404)
            await super().__call__(scope, receive, send)
            return
        scope.setdefault("path_params", {})
        scope.setdefault("extensions", {})[ROUTING_CONTEXT] = dict(routing)
        await self.app(scope, receive, send)
