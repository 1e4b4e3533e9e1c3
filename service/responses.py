"""Sends an error from a middleware that stands outside Connexion's exception handling."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.errors import ApiError
from service.request_context import current_request


async def send_error(error: ApiError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the error."""
    current_request().error_code = error.code.value
    await Response(error.body(), error.status, error.all_headers())(scope, receive, send)
