"""Opens the context of each request: who asks, under which id, and for which operation."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service import request_context
from service.limits.client_address import client_address
from service.operation import OperationTable, path_within
from service.request_context import RequestContext

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestContextMiddleware:
    """Outermost: everybody else asks what is found here. `trusted_proxies` are those whose X-Forwarded-For is believed."""

    def __init__(self, app: ASGIApp, *, table: OperationTable, trusted_proxies: Sequence[IPv4Network | IPv6Network]) -> None:
        self._app = app
        self._table = table
        self._trusted_proxies = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request within its context."""
        if scope["type"] == "http":
            request_context.enter(self._context(scope))
        await self._app(scope, receive, send)

    def _context(self, scope: Scope) -> RequestContext:
        headers = Headers(scope=scope)
        root_path: str = scope.get("root_path", "")
        path = path_within(scope["path"], root_path) if root_path else scope["path"]
        operation, path_parameters = self._table.find(scope["method"], path)
        peer = (scope.get("client") or ("", 0))[0]
        return RequestContext(
            request_id=_request_id(headers.get("x-request-id")),
            client_address=client_address(peer, headers.getlist("x-forwarded-for"), self._trusted_proxies),
            user_agent=headers.get("user-agent", ""),
            path=path,
            operation=operation,
            path_parameters=path_parameters,
        )


def _request_id(value: str | None) -> str:
    return value if value is not None and _REQUEST_ID.fullmatch(value) else os.urandom(16).hex()
