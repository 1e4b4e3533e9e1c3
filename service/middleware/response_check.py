"""Checks every response against the contract, errors included; for development and tests.

Connexion checks what an operation returns. What is raised is answered outside of it, by the exception handling and the
middleware, and a status that the contract does not have passes there as well; this stands around all of it.
"""

from __future__ import annotations

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.contract.responses import RawHeaders, ResponseContract, Violation
from service.errors import internal_error
from service.request_context import current_request

log = structlog.get_logger(__name__)

# What described the response that is withheld.
_OF_THE_BODY = frozenset({b"content-type", b"content-length", b"cache-control", b"set-cookie", b"retry-after", b"allow"})


class ResponseCheckMiddleware:
    """Outermost, so that it sees what the caller would. A response that breaks the contract is logged and becomes a 500."""

    def __init__(self, app: ASGIApp, *, contract: ResponseContract) -> None:
        self._app = app
        self._contract = contract

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; its response goes out once it is complete and checked."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        operation = self._contract.find(scope["method"], scope["path"])
        messages: list[Message] = []

        async def send_checked(message: Message) -> None:
            if message["type"] == "http.response.start":
                messages.append(message)
                if operation is None and message["status"] < 400:
                    await _send_all(messages, send)  # a page, or a preflight: no contract describes it
                return
            if not messages:
                await send(message)
                return
            messages.append(message)
            if message.get("more_body", False):
                return
            start, body = messages[0], b"".join(part.get("body", b"") for part in messages[1:])
            violations = self._violations(scope, start["status"], start.get("headers", ()), body)
            if violations:
                log.error(
                    "response_breaks_contract",
                    operation=operation.operation_id if operation else None,
                    status=start["status"],
                    violations=[str(violation) for violation in violations],
                )
                messages[:] = _replacement(start)
            await _send_all(messages, send)

        await self._app(scope, receive, send_checked)

    def _violations(self, scope: Scope, status: int, headers: RawHeaders, body: bytes) -> list[Violation]:
        bodiless = scope["method"] == "HEAD"
        operation = self._contract.find(scope["method"], scope["path"])
        if operation is None:
            return self._contract.error_violations(headers, body, bodiless=bodiless)
        return operation.violations(status, headers, body, bodiless=bodiless)


def _replacement(start: Message) -> list[Message]:
    """A 500 in the error schema, with the headers that every response has."""
    error = internal_error()
    current_request().error_code = error.code.value
    body = error.body()
    kept = [(name, value) for name, value in start.get("headers", ()) if name.lower() not in _OF_THE_BODY]
    added = [(name.lower().encode(), value.encode()) for name, value in error.all_headers().items()]
    headers = [*kept, *added, (b"content-length", str(len(body)).encode())]
    return [
        {"type": "http.response.start", "status": error.status, "headers": headers},
        {"type": "http.response.body", "body": body},
    ]


async def _send_all(messages: list[Message], send: Send) -> None:
    for message in messages:
        await send(message)
    messages.clear()
