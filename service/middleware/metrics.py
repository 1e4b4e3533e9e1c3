"""Counts and times every request, whatever answers it."""

from __future__ import annotations

import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.error_codes import ErrorCode
from service.request_context import RequestContext, current_request
from service.telemetry import metrics

_REFUSALS: Final = frozenset({ErrorCode.payload_too_large, ErrorCode.unsupported_media_type, ErrorCode.request_timeout})


class MetricsMiddleware:
    """By operation; a request for none of them counts as "none"."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and count how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request = current_request()
        status = metrics.NONE

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        metrics.REQUESTS_IN_PROGRESS.inc()
        try:
            await self._app(scope, receive, send_noting)
        except Exception:
            request.error_code = ErrorCode.internal_error.value
            status = "500"
            raise
        finally:
            metrics.REQUESTS_IN_PROGRESS.dec()
            _count(request, status, time.perf_counter() - started)


def _count(request: RequestContext, status: str, seconds: float) -> None:
    operation = metrics.NONE if request.operation is None else request.operation.id
    metrics.series(metrics.REQUESTS, operation, status, request.error_code or metrics.NONE).inc()
    metrics.series(metrics.REQUEST_SECONDS, operation).observe(seconds)
    if request.error_code is None:
        return
    if request.refusal is not None:
        metrics.series(metrics.REFUSALS, f"{request.refusal.kind}_{request.refusal.reason}").inc()
    if request.error_code in _REFUSALS:
        metrics.series(metrics.REFUSALS, request.error_code).inc()
