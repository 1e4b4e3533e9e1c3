"""Bounds how many requests are worked on at once, so that a stalled Supabase cannot fill the memory with waiting ones."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.request_context import Refusal, current_request

_ALWAYS = frozenset({"logout"})  # it must clear the cookies, whatever else goes on
_RETRY_AFTER = 5  # seconds, as while Supabase is down: that is what fills the house


class ConcurrencyLimitMiddleware:
    """Works on at most `limit` requests for operations that document upstream_unavailable; the next one is refused at once.

    The others always answer: the health checks, which ask nobody, and logout.
    """

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or raise ApiError upstream_unavailable."""
        request = current_request()
        operation = request.operation if scope["type"] == "http" else None
        if operation is None or operation.id in _ALWAYS or ErrorCode.upstream_unavailable not in operation.codes:
            await self._app(scope, receive, send)
            return
        if self._running >= self._limit:
            request.refusal = Refusal("limit", "concurrency")
            raise ApiError(ErrorCode.upstream_unavailable, details={"retryAfter": _RETRY_AFTER})
        self._running += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._running -= 1
