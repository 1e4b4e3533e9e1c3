"""Counts and times every request, whatever answers it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.error_codes import ErrorCode
from service.request_context import RequestContext, current_request
from service.telemetry import metrics

# Where a layer notes why it refused, and what that is called here.
_REFUSED_BY: Final = {"refused_by": "limit", "token_refused": "token", "csrf_refused": "csrf"}
_REFUSALS: Final = frozenset({ErrorCode.payload_too_large, ErrorCode.unsupported_media_type, ErrorCode.request_timeout})


class MetricsMiddleware:
    """`operations` are the operationIds of the contracts by method and path; what is in none of them counts as "none"."""

    def __init__(self, app: ASGIApp, *, operations: Mapping[tuple[str, str], str]) -> None:
        self._app = app
        self._operations = operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; name its operation for the log, too."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        operation = self._operations.get((scope["method"], scope["path"]))
        request = current_request()
        request.operation = operation
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
            metrics.series(metrics.REQUESTS, operation or metrics.NONE, status, request.error_code or metrics.NONE).inc()
            metrics.series(metrics.REQUEST_SECONDS, operation or metrics.NONE).observe(time.perf_counter() - started)
            _count_refusals(request)


def _count_refusals(request: RequestContext) -> None:
    if request.error_code is None:
        return
    for field, kind in _REFUSED_BY.items():
        if field in request.log_fields:
            metrics.series(metrics.REFUSALS, f"{kind}_{request.log_fields[field]}").inc()
    if request.error_code in _REFUSALS:
        metrics.series(metrics.REFUSALS, request.error_code).inc()
