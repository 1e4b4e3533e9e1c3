"""Bounds how many requests are worked on at once, so that a stalled Supabase cannot fill the memory with waiting ones."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from starlette.types import ASGIApp, Receive, Scope, Send

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.request_context import current_request

_RETRY_AFTER = 5  # seconds, as while Supabase is down: that is what fills the house


class ConcurrencyLimitMiddleware:
    """Works on at most `limit` requests for `operations` (method and path); the next one is refused at once.

    The others always answer: the health checks ask nobody, and logout must clear the cookie.
    """

    def __init__(self, app: ASGIApp, *, limit: int, operations: AbstractSet[tuple[str, str]]) -> None:
        self._app = app
        self._limit = limit
        self._operations = operations
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or raise ApiError upstream_unavailable."""
        if scope["type"] != "http" or (scope["method"], scope["path"]) not in self._operations:
            await self._app(scope, receive, send)
            return
        if self._running >= self._limit:
            current_request().log_fields["refused_by"] = "concurrency"
            raise ApiError(ErrorCode.upstream_unavailable, details={"retryAfter": _RETRY_AFTER})
        self._running += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._running -= 1
