"""Hands Connexion the operation that was found, in the way that its other parts look for it."""

from __future__ import annotations

from connexion.middleware.abstract import ROUTING_CONTEXT
from starlette.types import ASGIApp, Receive, Scope, Send

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.operation import OperationTable
from service.request_context import current_request


class RoutingMiddleware:
    """In the place of Connexion's, which tries one pattern after the other through two routers.

    A path that ends in a slash is not the path without it: Starlette's routers would redirect it to an address made of the
    request's Host header, a link to wherever the caller likes, with this service's name on it.
    """

    def __init__(self, app: ASGIApp, *, table: OperationTable) -> None:
        self._app = app
        self._table = table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. Raises ApiError not_found, or method_not_allowed with the methods that there are."""
        if scope["type"] == "http":
            operation = current_request().operation
            if operation is None:
                raise self._nothing_there()
            routing = {"api_base_path": "", "operation_id": operation.id}
            scope["extensions"] = {**scope.get("extensions", {}), ROUTING_CONTEXT: routing}
        await self._app(scope, receive, send)

    def _nothing_there(self) -> ApiError:
        allowed = self._table.allowed(current_request().path)
        if not allowed:
            return ApiError(ErrorCode.not_found)
        return ApiError(ErrorCode.method_not_allowed, headers={"Allow": ", ".join(allowed)})
