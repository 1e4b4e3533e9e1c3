"""Logs every request in one line, tells the caller its id, and answers for what crashed outside of everything else."""

from __future__ import annotations

import time

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import internal_error
from service.middleware.errors import send_error
from service.request_context import RequestContext, current_request

log = structlog.get_logger("service.access")

_QUIET = frozenset({"getHealth", "getReadiness", "getMetrics"})  # asked every few seconds; they show up when they fail


class RequestLogMiddleware:
    """Whatever is sent gets the X-Request-ID."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and log how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        context = current_request()
        status = 0

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = context.request_id
            await send(message)

        try:
            await self._app(scope, receive, send_named)
        except Exception as exc:
            log.exception("unhandled_exception", exc_info=exc)
            if status == 0:
                await send_error(internal_error(context.request_id), send_named)
        finally:
            _log(scope["method"], context, status, time.perf_counter() - started)


def _log(method: str, context: RequestContext, status: int, seconds: float) -> None:
    operation = None if context.operation is None else context.operation.id
    level = log.debug if operation in _QUIET and status < 400 else log.info
    level(
        "request",
        method=method,
        operation=operation,
        status=status or None,
        code=context.error_code,
        duration_ms=round(seconds * 1000, 2),
        client=context.client_address,
        **context.log_fields,
    )
