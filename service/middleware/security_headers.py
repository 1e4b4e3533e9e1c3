"""Response headers that narrow what a browser may do (OWASP HTTP Headers Cheat Sheet)."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.request_context import current_request

_COMMON = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-site"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
_API_POLICY = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# Swagger UI writes style attributes and shows icons as data: URLs; scripts and requests stay on this host.
_PAGE_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
    b" frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")  # two years


def api_headers(*, hsts: bool) -> list[tuple[bytes, bytes]]:
    """What goes with everything that is not a page. `hsts` tells browsers to come by https only (RFC 6797)."""
    return [*_COMMON, *([_HSTS] if hsts else []), (b"content-security-policy", _API_POLICY)]


class SecurityHeadersMiddleware:
    """`hsts` is for production. `page_prefix` is where pages are served."""

    def __init__(self, app: ASGIApp, *, hsts: bool, page_prefix: str = "/ui") -> None:
        self._app = app
        self._api_headers = api_headers(hsts=hsts)
        self._page_headers = [*self._api_headers[:-1], (b"content-security-policy", _PAGE_POLICY)]
        self._page_prefix = page_prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request and add the headers to its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        added = self._page_headers if current_request().path.startswith(self._page_prefix) else self._api_headers

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        await self._app(scope, receive, send_with_headers)
