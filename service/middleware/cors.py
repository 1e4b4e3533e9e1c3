"""CORS for the configured origins, and no trace of it for any other."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import invalid_request

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; one from another origin as if CORS did not exist."""
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin is None or not self.is_allowed_origin(origin):
            await self.app(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

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
