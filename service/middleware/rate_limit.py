"""Counts requests as their operation asks, as far as the address alone decides, and tells the caller what is left."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.limits.rate_limit import RateLimiter
from service.request_context import Limit, current_request


class RateLimitMiddleware:
    """Stands inside the exception handling, which answers its refusals, and before all checks: they cost time."""

    def __init__(self, app: ASGIApp, *, limiter: RateLimiter) -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or raise ApiError rate_limited."""
        if scope["type"] == "http":
            request = current_request()
            if request.operation is not None:
                await self._limiter.count_arrived(request.operation, request.client_address)
        await self._app(scope, receive, send)


class RateLimitHeadersMiddleware:
    """Adds RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers) to the responses, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request and describe the limits that were counted for it."""

        async def send_with_limits(message: Message) -> None:
            limits = current_request().limits
            if message["type"] == "http.response.start" and limits:
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = ", ".join(f'"{limit.name}";q={limit.quota};w={limit.window}' for limit in limits)
                tightest = _tightest(limits)
                headers["RateLimit"] = f'"{tightest.name}";r={tightest.remaining};t={tightest.reset_after}'
            await send(message)

        await self._app(scope, receive, send_with_limits if scope["type"] == "http" else send)


def _tightest(limits: Sequence[Limit]) -> Limit:
    return min(limits, key=lambda limit: limit.remaining / limit.quota)
