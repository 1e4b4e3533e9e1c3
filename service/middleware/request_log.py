"""Names every request, logs it in one line, and answers for what crashed outside of everything else."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import request_context
from service.errors import internal_error
from service.limits.client_address import client_address
from service.request_context import RequestContext
from service.responses import send_error

log = structlog.get_logger("service.access")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})  # asked every few seconds; they show up when they fail


class RequestLogMiddleware:
    """`trusted_proxies` are those whose X-Forwarded-For is believed."""

    def __init__(self, app: ASGIApp, *, trusted_proxies: Sequence[IPv4Network | IPv6Network]) -> None:
        self._app = app
        self._trusted_proxies = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request within its context."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        context = RequestContext(
            request_id=_request_id(headers.get("x-request-id")),
            client_address=client_address(
                (scope.get("client") or ("", 0))[0], headers.getlist("x-forwarded-for"), self._trusted_proxies
            ),
        )
        request_context.enter(context)
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
                await send_error(internal_error(), scope, receive, send_named)
        finally:
            _log(scope, context, status, time.perf_counter() - started)


def _log(scope: Scope, context: RequestContext, status: int, seconds: float) -> None:
    level = log.debug if scope["path"] in _QUIET_PATHS and status < 400 else log.info
    level(
        "request",
        method=scope["method"],
        operation=context.operation,
        status=status or None,
        code=context.error_code,
        duration_ms=round(seconds * 1000, 2),
        client=context.client_address,
        **context.log_fields,
    )


def _request_id(value: str | None) -> str:
    return value if value is not None and _REQUEST_ID.fullmatch(value) else os.urandom(16).hex()
