"""What went wrong in a call to Supabase, as an error of the contract and as words for the log."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Final

import httpx
from postgrest.exceptions import APIError
from pydantic import ValidationError
from supabase_auth.errors import AuthError, AuthWeakPasswordError

from service.error_codes import ErrorCode
from service.errors import ApiError, rate_limited
from service.supabase.call import Call
from service.supabase.error_codes import BY_CALL, DATA_API, DATA_API_BY_CALL, MEANINGS, NO_SUCH_ENDPOINT
from service.supabase.http.errors import ReadTimeoutError, UnsendableRequestError, UnusableResponseError, WireError

RETRY_AFTER_OUTAGE: Final = 5  # seconds: what a front end is asked to wait while Supabase is down
RETRY_AFTER_UNKNOWN: Final = 60  # seconds: Supabase's limits are per hour or per five minutes, and it often names none
MAX_RETRY_AFTER: Final = 86_400  # seconds: the longest that the contract names

MAX_EXPLANATION: Final = 500  # characters of what a hook says, as the contract has it

UPSTREAM: Final = frozenset({ErrorCode.upstream_error, ErrorCode.upstream_unavailable, ErrorCode.upstream_timeout})

_UNAVAILABLE_STATUSES = frozenset({502, 503, 520, 521, 522, 523, 530})
_TIMEOUT_STATUSES = frozenset({408, 504, 524})
_WEAK_PASSWORD_REASONS = frozenset({"length", "characters", "pwned"})
_CODE = re.compile(r"[A-Za-z0-9_]{1,64}")


class ComeAgainError(Exception):
    """Supabase was in the middle of something else; the same request may succeed in a moment."""


def api_error(call: Call, exc: Exception) -> ApiError:
    """The error that a call's exception becomes. Whether the operation documents its code is seen to where errors leave."""
    response = _response_of(exc)
    code = _meaning(call, exc, response)
    match code:
        case ErrorCode.rate_limited:
            return rate_limited(_retry_after(response, RETRY_AFTER_UNKNOWN))
        case ErrorCode.upstream_unavailable:
            return ApiError(code, details={"retryAfter": _retry_after(response, RETRY_AFTER_OUTAGE)})
        case ErrorCode.auth_weak_password:
            reasons = exc.reasons if isinstance(exc, AuthWeakPasswordError) else []
            return ApiError(code, details={"reasons": [reason for reason in reasons if reason in _WEAK_PASSWORD_REASONS]})
        case ErrorCode.auth_mfa_required:
            return ApiError(code, details={"factors": []})  # which they are has to be asked for
        case ErrorCode.auth_rejected:
            return ApiError(code, details={"explanation": _explanation(exc)})
        case ErrorCode.invalid_request:
            return ApiError(code, details={"errors": [{"path": "", "message": "was refused by Supabase", "rule": "refused"}]})
    return ApiError(code)


def supabase_code(exc: Exception) -> str | None:
    """Supabase Auth's or the data API's own error code; None where it named none, or something that is no code.

    It goes into the log, which whoever stands in Supabase's place must not be able to fill or to forge.
    """
    code = exc.code if isinstance(exc, (AuthError, APIError)) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None


def reason(exc: Exception) -> str:
    """What went wrong, in words that hold nothing of the request or the answer: type names and a status."""
    response = _response_of(exc)
    if response is not None:
        return f"HTTP {response.status_code}"
    if isinstance(exc, ValidationError):
        return "answer does not parse"
    return type(_root(exc)).__name__


def _meaning(call: Call, exc: Exception, response: httpx.Response | None) -> ErrorCode:
    if isinstance(exc, ComeAgainError):
        return ErrorCode.upstream_unavailable
    if response is not None and (code := _by_status(response.status_code)) is not None:
        return code
    if isinstance(exc, APIError):
        return DATA_API_BY_CALL.get(call, {}).get(str(exc.code)) or DATA_API.get(str(exc.code), ErrorCode.upstream_error)
    if isinstance(exc, AuthError) and exc.code is not None:
        return BY_CALL.get(call, {}).get(exc.code) or MEANINGS.get(exc.code, ErrorCode.upstream_error)
    if response is not None and _has_no_such_endpoint(response):
        return NO_SUCH_ENDPOINT.get(call, ErrorCode.upstream_error)
    return ErrorCode.upstream_error if response is not None else _without_answer(exc)


def _has_no_such_endpoint(response: httpx.Response) -> bool:
    return response.status_code == httpx.codes.NOT_FOUND and response.headers.get("Content-Type", "").startswith("text/plain")


def _by_status(status: int) -> ErrorCode | None:
    """What a status alone says; it says all where the server or the limits are in trouble, whatever the body claims."""
    if status in _UNAVAILABLE_STATUSES:
        return ErrorCode.upstream_unavailable
    if status in _TIMEOUT_STATUSES:
        return ErrorCode.upstream_timeout
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return ErrorCode.rate_limited
    return ErrorCode.upstream_error if status >= httpx.codes.INTERNAL_SERVER_ERROR else None


def _without_answer(exc: Exception) -> ErrorCode:
    match exc:
        case TimeoutError() | ReadTimeoutError():
            return ErrorCode.upstream_timeout
        case UnusableResponseError() | UnsendableRequestError():
            return ErrorCode.upstream_error
        case WireError() | OSError():
            return ErrorCode.upstream_unavailable
    return ErrorCode.upstream_error


def _response_of(exc: BaseException | None) -> httpx.Response | None:
    """The HTTP response behind an exception: the clients chain theirs to httpx's."""
    while exc is not None:
        if isinstance(exc, httpx.HTTPStatusError):
            return exc.response
        exc = exc.__cause__
    return None


def _explanation(exc: Exception) -> str:
    """What a hook of the project says to the user, on one line, without characters that would do something."""
    message = exc.message if isinstance(exc, AuthError) and isinstance(exc.message, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in message).split())[:MAX_EXPLANATION]


def _retry_after(response: httpx.Response | None, default: int) -> int:
    """Seconds, from Supabase's Retry-After where it names some (RFC 9110 section 10.2.3: a number, or a date)."""
    value = response.headers.get("Retry-After", "").strip() if response is not None else ""
    if value.isascii() and value.isdecimal():
        seconds = int(value[:9])
    else:
        try:
            seconds = ceil(parsedate_to_datetime(value).timestamp() - time.time())
        except (ValueError, OverflowError, TypeError):  # also a year, a month or a zone that no calendar has
            return default
    return min(max(seconds, 1), MAX_RETRY_AFTER)


def _root(exc: BaseException) -> BaseException:
    """Where it began: the clients and transports wrap each other's exceptions, and the first one says most."""
    while exc.__cause__ is not None:
        exc = exc.__cause__
    return exc
