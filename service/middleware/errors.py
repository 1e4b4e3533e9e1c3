"""The one exit for what goes wrong: whatever was raised leaves as an error that the operation documents."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.error_codes import ErrorCode
from service.errors import ApiError, ClientGoneError, forget_frames, internal_error, invalid_request
from service.request_context import RequestContext, current_request

log = structlog.get_logger(__name__)

# What Connexion and Starlette raise by status. Any other 4xx of theirs means that the request was not understood.
_CODE_BY_STATUS = {
    401: ErrorCode.unauthorized,
    404: ErrorCode.not_found,
    405: ErrorCode.method_not_allowed,
    415: ErrorCode.unsupported_media_type,
}


class ErrorMiddleware:
    """Answers what is raised inside of it. Where a response has begun, it is broken off: there is no second status line.

    Who went away is answered nothing, and counted and logged without a status.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except ClientGoneError:
            current_request().client_gone = True
        except Exception as exc:
            if scope["type"] != "http" or started:
                raise
            error = documented(to_api_error(exc), current_request())
            forget_frames(exc)
            await send_error(error, send)


def to_api_error(exc: Exception) -> ApiError:
    """Whatever was raised, as an error of the contract. What nobody foresaw is logged and becomes internal_error."""
    if isinstance(exc, ApiError):
        return exc
    if isinstance(exc, HTTPException) and exc.status_code < 500:
        code = _CODE_BY_STATUS.get(exc.status_code)
        if code is None:
            return invalid_request("", "could not be understood")
        return ApiError(code, headers=_allow(exc.headers) if code is ErrorCode.method_not_allowed else None)
    log.error("unhandled_exception", exc_info=exc)
    return internal_error(current_request().request_id)


def documented(error: ApiError, request: RequestContext) -> ApiError:
    """The error, where the operation documents its code; else the one that says whose fault it is, Supabase's or ours."""
    operation = request.operation
    if operation is None or error.code in operation.codes:
        return error
    tell = log.warning if error.upstream else log.error  # Supabase may say what it likes
    tell("undocumented_error", operation=operation.id, code=error.code.value, upstream=error.upstream)
    if error.upstream and ErrorCode.upstream_error in operation.codes:
        return ApiError(ErrorCode.upstream_error, upstream=True)
    return internal_error(request.request_id)


async def send_error(error: ApiError, send: Send) -> None:
    """Answer with the error."""
    current_request().error_code = error.code.value
    body = error.body()
    await send({"type": "http.response.start", "status": error.status, "headers": error.raw_headers(body)})
    await send({"type": "http.response.body", "body": body})


def _allow(headers: Mapping[str, str] | None) -> dict[str, str]:
    methods = {part.strip() for part in dict(headers or {}).get("Allow", "").split(",")}
    return {"Allow": ", ".join(sorted(methods))}
