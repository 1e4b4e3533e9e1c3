"""The order in which the middleware stands, and why."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from starlette.types import ASGIApp

from service.limits.rate_limit import RateLimiter
from service.middleware.body_limit import BodyLimitMiddleware
from service.middleware.concurrency_limit import ConcurrencyLimitMiddleware
from service.middleware.context import RequestContextMiddleware
from service.middleware.cors import ExactCorsMiddleware
from service.middleware.deadline import DeadlineMiddleware
from service.middleware.errors import ErrorMiddleware
from service.middleware.held_answer import HeldAnswerMiddleware
from service.middleware.metrics import MetricsMiddleware
from service.middleware.rate_limit import RateLimitHeadersMiddleware, RateLimitMiddleware
from service.middleware.request_log import RequestLogMiddleware
from service.middleware.response_check import ResponseCheckMiddleware
from service.middleware.security_headers import SecurityHeadersMiddleware
from service.operation import CheckResponse, OperationTable
from service.settings import Settings
from service.telemetry import tracing

Middleware = Callable[[ASGIApp], ASGIApp]


def build_middleware(
    settings: Settings, table: OperationTable, limiter: RateLimiter | None, check_error: CheckResponse
) -> list[Middleware]:
    """All of it, outermost first."""
    return [
        partial(RequestContextMiddleware, table=table, trusted_proxies=settings.trusted_proxies),
        *([partial(ResponseCheckMiddleware, check_error=check_error)] if settings.validates_responses else []),
        *([tracing.middleware(trusted=settings.trace_context_trusted)] if settings.tracing else []),
        # Every response, errors included, gets a request id, the security headers, CORS and the limits.
        RequestLogMiddleware,
        MetricsMiddleware,
        partial(SecurityHeadersMiddleware, hsts=settings.production),
        partial(ExactCorsMiddleware, origins=settings.origins, methods=table.methods, headers=settings.cors_headers),
        *([RateLimitHeadersMiddleware] if limiter is not None else []),
        HeldAnswerMiddleware,
        ErrorMiddleware,
        # From here on, what is raised is answered in the error schema.
        partial(ConcurrencyLimitMiddleware, limit=settings.max_concurrent_requests),
        partial(DeadlineMiddleware, timeout=settings.request_timeout),
        partial(
            BodyLimitMiddleware,
            max_bytes=settings.max_body_bytes,
            timeout=settings.body_timeout,
            max_arriving=settings.max_concurrent_requests,
        ),
        *([partial(RateLimitMiddleware, limiter=limiter)] if limiter is not None else []),
    ]
