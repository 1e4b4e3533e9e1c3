"""No request outlives its deadline."""

from __future__ import annotations

import asyncio

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.error_codes import ErrorCode
from service.errors import ApiError

log = structlog.get_logger(__name__)


class DeadlineMiddleware:
    """`timeout` in seconds from the first byte of the request's head to the response, without the time that the client takes
    to read it. A backstop: the calls to Supabase have deadlines of their own, which are shorter."""

    def __init__(self, app: ASGIApp, *, timeout: float) -> None:
        self._app = app
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. Raises ApiError upstream_timeout when the time is over and nothing was answered yet."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._timeout

        async def send_untimed(message: Message) -> None:
            nonlocal started, ends_at
            started = True
            sending_since = loop.time()
            deadline.reschedule(None)
            await send(message)
            if message["type"] == "http.response.start" or message.get("more_body", False):
                ends_at += loop.time() - sending_since
                deadline.reschedule(ends_at)

        try:
            async with asyncio.timeout_at(ends_at) as deadline:
                await self._app(scope, receive, send_untimed)
        except TimeoutError:
            if not deadline.expired():
                raise  # somebody else's, and a fault in this service
            log.warning("request_deadline_exceeded", seconds=self._timeout)
            if started:
                raise
            raise ApiError(ErrorCode.upstream_timeout) from None
