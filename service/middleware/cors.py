"""CORS for the configured origins, and no trace of it for any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import invalid_request

log = structlog.get_logger(__name__)

_MOST_TOLD: Final = 20  # origins in the life of a process: strangers choose them
_LONGEST_TOLD: Final = 200  # characters
_MAX_AGE = 7200  # seconds; the longest that Chromium takes


class ExactCorsMiddleware(CORSMiddleware):
    """Starlette's, but only for allowed origins: as it comes it adds some CORS headers for the others as well.

    `headers` may be sent beside those of the API: what a page's own tools add to each of its requests, which browsers would
    block as a whole otherwise.
    """

    def __init__(self, app: ASGIApp, *, origins: Sequence[str], methods: Sequence[str], headers: Sequence[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=methods,
            allow_headers=("Authorization", "Content-Type", "X-CSRF-Token", "X-Request-ID", *headers),
            allow_credentials=True,
            expose_headers=("X-Request-ID", "Retry-After", "RateLimit", "RateLimit-Policy"),
            max_age=_MAX_AGE,
        )
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; one from another origin as if CORS did not exist."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        origin = headers.get("origin")
        if origin is None or not self.is_allowed_origin(origin):
            self._tell_once(origin, headers)
            await self.app(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    def _tell_once(self, origin: str | None, headers: Headers) -> None:
        """Whoever set the service up sees in its log what the page's developer sees in the browser's console."""
        if origin is None or origin in self._told or len(self._told) >= _MOST_TOLD or _is_own(origin, headers):
            return
        self._told.add(origin)
        log.warning("origin_not_allowed", origin=origin[:_LONGEST_TOLD], cure="a page of yours? Add it to CORS_ORIGINS")

    @staticmethod
    def allow_explicit_origin(headers: MutableHeaders, origin: str) -> None:
        """Starlette's, but for answers that already say that they differ by origin."""
        headers["Access-Control-Allow-Origin"] = origin
        if headers.get("vary", "").lower() != "origin":
            headers.add_vary_header("Origin")

    def preflight_response(self, request_headers: Headers) -> Response:
        """Starlette's answer; a refusal in the error schema."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        error = invalid_request("", "this method or one of these headers is not allowed across origins")
        origin = {"Access-Control-Allow-Origin": request_headers["origin"], "Access-Control-Allow-Credentials": "true"}
        return Response(error.body(), error.status, error.all_headers() | origin | {"Vary": "Origin"})


def _is_own(origin: str, headers: Headers) -> bool:
    """Whether a page of the service's own origin asks, as far as a proxy in front leaves that to be seen."""
    if headers.get("sec-fetch-site") == "same-origin":
        return True
    try:
        return urlsplit(origin).netloc == headers.get("host", "")
    except ValueError:
        return False
