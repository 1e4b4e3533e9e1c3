"""Checks every response against the contract, errors included; for development and tests."""

from __future__ import annotations

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import internal_error
from service.operation import CheckResponse
from service.request_context import current_request

log = structlog.get_logger(__name__)

# Headers that go with the response that is withheld; the others are every response's.
_OF_THE_BODY = frozenset({b"content-type", b"content-length", b"cache-control", b"set-cookie", b"retry-after", b"allow"})


class ResponseCheckMiddleware:
    """Stands so far out that it sees what the caller would. A response that breaks the contract is logged and becomes a 500.

    `check_error` is for what no operation answers.
    """

    def __init__(self, app: ASGIApp, *, check_error: CheckResponse) -> None:
        self._app = app
        self._check_error = check_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; its response goes out once it is complete and checked."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        operation = current_request().operation
        messages: list[Message] = []

        async def send_checked(message: Message) -> None:
            if message["type"] == "http.response.start":
                messages.append(message)
                if operation is None and message["status"] < 400:
                    await _send_all(messages, send)  # a page, or a preflight: no contract describes it
            elif not messages:
                await send(message)
            else:
                messages.append(message)
                if not message.get("more_body", False):
                    self._replace_if_broken(messages, bodiless=scope["method"] == "HEAD")
                    await _send_all(messages, send)

        await self._app(scope, receive, send_checked)

    def _replace_if_broken(self, messages: list[Message], *, bodiless: bool) -> None:
        start, body = messages[0], b"".join(part.get("body", b"") for part in messages[1:])
        operation = current_request().operation
        check = operation.check_response if operation is not None else self._check_error
        violations = check(start["status"], start.get("headers", ()), body, bodiless=bodiless) if check is not None else []
        if violations:
            name = operation.id if operation is not None else None
            log.error("response_breaks_contract", operation=name, status=start["status"], violations=violations)
            messages[:] = _replacement(start)


def _replacement(start: Message) -> list[Message]:
    """A 500 in the error schema, with the headers that every response has."""
    request = current_request()
    error = internal_error(request.request_id)
    request.error_code = error.code.value
    body = error.body()
    kept = [(name, value) for name, value in start.get("headers", ()) if name.lower() not in _OF_THE_BODY]
    return [
        {"type": "http.response.start", "status": error.status, "headers": [*kept, *error.raw_headers(body)]},
        {"type": "http.response.body", "body": body},
    ]


async def _send_all(messages: list[Message], send: Send) -> None:
    for message in messages:
        await send(message)
    messages.clear()
