"""The one place where anything that goes wrong becomes `{code, message, details}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from starlette.exceptions import HTTPException

from service.error_codes import MEANINGS, ErrorCode
from service.models import ErrorBody
from service.request_context import current_request

log = structlog.get_logger(__name__)


# What Connexion and Starlette raise by status. Any other 4xx of theirs means that the request was not understood.
_CODE_BY_STATUS = {
    401: ErrorCode.unauthorized,
    404: ErrorCode.not_found,
    405: ErrorCode.method_not_allowed,
    413: ErrorCode.payload_too_large,
    415: ErrorCode.unsupported_media_type,
}

REALM = 'Bearer realm="latchkey"'


class ApiError(Exception):
    """An error of the contract, ready to be answered.

    `details` must fit the schema of the code; `headers` are added to the response.
    """

    def __init__(
        self,
        code: ErrorCode,
        *,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code.value)
        self.code = code
        self.details = dict(details or {})
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """The HTTP status."""
        return MEANINGS[self.code].status

    def body(self) -> bytes:
        """The JSON body."""
        error = ErrorBody(code=self.code, message=MEANINGS[self.code].message, details=self.details)
        return error.model_dump_json().encode()

    def all_headers(self) -> dict[str, str]:
        """The headers, those that the status or the details ask for included."""
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        if self.status == 401:
            headers["WWW-Authenticate"] = REALM  # RFC 9110 section 15.5.2: every 401 carries a challenge
        if "retryAfter" in self.details:
            headers["Retry-After"] = str(self.details["retryAfter"])
        return headers | self.headers


def invalid_request(path: str, message: str, rule: str = "other") -> ApiError:
    """A 400 that names one place, as a JSON Pointer, and what is wrong there."""
    return ApiError(ErrorCode.invalid_request, details={"errors": [{"path": path, "rule": rule, "message": message}]})


def rate_limited(retry_after: int) -> ApiError:
    """A 429; `retry_after` in seconds."""
    return ApiError(ErrorCode.rate_limited, details={"retryAfter": min(max(retry_after, 1), 86_400)})


def unauthorized(*, presented: bool) -> ApiError:
    """A 401 for the bearer token; RFC 6750 section 3.1 names the error only when a token was presented."""
    headers = {"WWW-Authenticate": f'{REALM}, error="invalid_token"'} if presented else {}
    return ApiError(ErrorCode.unauthorized, headers=headers)


def to_api_error(exc: Exception) -> ApiError:
    """Whatever was raised, as an error of the contract. What nobody foresaw is logged and becomes internal_error."""
    if isinstance(exc, ApiError):
        return exc
    if isinstance(exc, HTTPException) and exc.status_code < 500:
        code = _CODE_BY_STATUS.get(exc.status_code)
        if code is ErrorCode.method_not_allowed:
            return ApiError(code, headers=_allow(exc.headers))
        if code is not None and code is not ErrorCode.payload_too_large:
            return ApiError(code)
        return invalid_request("", "could not be understood")
    log.error("unhandled_exception", exc_info=exc)
    return internal_error()


def internal_error() -> ApiError:
    """A 500 that quotes the request id."""
    return ApiError(ErrorCode.internal_error, details={"requestId": current_request().request_id})


def _allow(headers: Mapping[str, str] | None) -> dict[str, str]:
    methods = {part.strip() for part in dict(headers or {}).get("Allow", "").split(",")}
    return {"Allow": ", ".join(sorted(methods))}


async def handle_exception(_request: ConnexionRequest, exc: Exception) -> ConnexionResponse:
    """Connexion's error handler, for every exception and every status."""
    error = to_api_error(exc)
    current_request().error_code = error.code.value
    forget_frames(exc)
    return ConnexionResponse(status_code=error.status, body=error.body(), headers=error.all_headers())


def forget_frames(exc: BaseException) -> None:
    """A traceback holds frames, and they the exception: cycles wait for the garbage collector, whose work holds up everybody.

    During an outage each request leaves some. Who wanted to see where it came from has logged it by now.
    """
    cause: BaseException | None = exc
    while cause is not None:
        cause.__traceback__ = None
        cause = cause.__cause__ or cause.__context__
