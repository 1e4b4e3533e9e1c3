"""Supabase's errors as errors of the contract: the tables, and the context manager that applies them to a call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from enum import StrEnum
from math import ceil
from types import TracebackType
from typing import Final

import httpx
import structlog
from postgrest.exceptions import APIError
from pydantic import ValidationError
from supabase_auth.errors import AuthError, AuthWeakPasswordError

from service.error_codes import ErrorCode
from service.errors import ApiError, rate_limited
from service.request_context import current_request
from service.telemetry import metrics, tracing

log = structlog.get_logger(__name__)

RETRY_AFTER_OUTAGE: Final = 5  # seconds: what a front end is asked to wait while Supabase is down
RETRY_AFTER_UNKNOWN: Final = 60  # seconds: Supabase's limits are per hour or per five minutes, and it often names none
MAX_RETRY_AFTER: Final = 86_400  # seconds: the longest that the contract names


class Call(StrEnum):
    """What is asked of Supabase. The same error means different things for different calls."""

    sign_up = "sign_up"
    sign_in = "sign_in"
    refresh = "refresh"
    sign_out = "sign_out"
    get_user = "get_user"
    get_profile = "get_profile"
    jwks = "jwks"


TARGETS: Final[Mapping[Call, str]] = {call: "data_api" if call is Call.get_profile else "auth" for call in Call}

# Every error code of Supabase Auth (internal/api/apierrors/errorcode.go, read in August 2026) that a call of this service can
# meet. The rest belongs to features that the service does not call (MFA, SSO, OAuth, passkeys, ...); should one of them come,
# Supabase answered something unexpected, and upstream_error says so.
AUTH_CODES: Final[Mapping[str, ErrorCode]] = {
    "invalid_credentials": ErrorCode.auth_invalid_credentials,
    "email_not_confirmed": ErrorCode.auth_email_not_confirmed,
    "user_banned": ErrorCode.auth_user_banned,
    "signup_disabled": ErrorCode.auth_signup_disabled,
    "email_provider_disabled": ErrorCode.auth_signup_disabled,
    "email_address_not_authorized": ErrorCode.auth_signup_disabled,
    "email_exists": ErrorCode.auth_email_taken,
    "user_already_exists": ErrorCode.auth_email_taken,
    "weak_password": ErrorCode.auth_weak_password,
    "bad_jwt": ErrorCode.unauthorized,
    "invalid_jwt": ErrorCode.unauthorized,
    "no_authorization": ErrorCode.unauthorized,
    "session_expired": ErrorCode.unauthorized,
    "session_not_found": ErrorCode.unauthorized,
    "user_not_found": ErrorCode.unauthorized,
    "refresh_token_not_found": ErrorCode.auth_refresh_invalid,
    "refresh_token_already_used": ErrorCode.auth_refresh_invalid,
    "over_request_rate_limit": ErrorCode.rate_limited,
    "over_email_send_rate_limit": ErrorCode.rate_limited,
    "over_sms_send_rate_limit": ErrorCode.rate_limited,
    "request_timeout": ErrorCode.upstream_timeout,
    "hook_timeout": ErrorCode.upstream_timeout,
    "hook_timeout_after_retry": ErrorCode.upstream_timeout,
    "email_address_invalid": ErrorCode.invalid_request,
    "validation_failed": ErrorCode.invalid_request,
    "bad_json": ErrorCode.invalid_request,
    "captcha_failed": ErrorCode.upstream_error,
    "unexpected_failure": ErrorCode.upstream_error,
}

# Where a call gives a code another meaning: what the contract of that call cannot answer.
_UNAUTHORIZED_CODES = tuple(code for code, meaning in AUTH_CODES.items() if meaning is ErrorCode.unauthorized)
BY_CALL: Final[Mapping[Call, Mapping[str, ErrorCode]]] = {
    Call.sign_up: dict.fromkeys(_UNAUTHORIZED_CODES, ErrorCode.upstream_error)
    | {
        "invalid_credentials": ErrorCode.upstream_error,
        "email_not_confirmed": ErrorCode.upstream_error,
        "user_banned": ErrorCode.upstream_error,
        "refresh_token_not_found": ErrorCode.upstream_error,
        "refresh_token_already_used": ErrorCode.upstream_error,
    },
    Call.sign_in: dict.fromkeys(_UNAUTHORIZED_CODES, ErrorCode.upstream_error)
    | {
        "user_not_found": ErrorCode.auth_invalid_credentials,
        # Supabase refuses some addresses and passwords before it looks for the user: that, too, is no way in.
        "validation_failed": ErrorCode.auth_invalid_credentials,
        "email_address_invalid": ErrorCode.auth_invalid_credentials,
        "weak_password": ErrorCode.auth_invalid_credentials,
        "signup_disabled": ErrorCode.upstream_error,
        "email_provider_disabled": ErrorCode.upstream_error,
        "email_address_not_authorized": ErrorCode.upstream_error,
        "email_exists": ErrorCode.upstream_error,
        "user_already_exists": ErrorCode.upstream_error,
        "refresh_token_not_found": ErrorCode.upstream_error,
        "refresh_token_already_used": ErrorCode.upstream_error,
    },
    Call.refresh: {
        "session_expired": ErrorCode.auth_refresh_invalid,
        "session_not_found": ErrorCode.auth_refresh_invalid,
        "user_not_found": ErrorCode.auth_refresh_invalid,
        "validation_failed": ErrorCode.auth_refresh_invalid,
        "bad_json": ErrorCode.upstream_error,
    },
}

# The codes that each call may answer, beside the upstream ones: the contract, as a table.
ALLOWED: Final[Mapping[Call, frozenset[ErrorCode]]] = {
    Call.sign_up: frozenset(
        {
            ErrorCode.invalid_request,
            ErrorCode.auth_signup_disabled,
            ErrorCode.auth_email_taken,
            ErrorCode.auth_weak_password,
            ErrorCode.rate_limited,
        }
    ),
    Call.sign_in: frozenset(
        {
            ErrorCode.auth_invalid_credentials,
            ErrorCode.auth_email_not_confirmed,
            ErrorCode.auth_user_banned,
            ErrorCode.rate_limited,
        }
    ),
    Call.refresh: frozenset({ErrorCode.auth_refresh_invalid, ErrorCode.auth_user_banned, ErrorCode.rate_limited}),
    Call.sign_out: frozenset({ErrorCode.unauthorized, ErrorCode.auth_user_banned, ErrorCode.rate_limited}),
    Call.get_user: frozenset({ErrorCode.unauthorized, ErrorCode.auth_user_banned, ErrorCode.rate_limited}),
    Call.get_profile: frozenset({ErrorCode.unauthorized, ErrorCode.rate_limited}),
    Call.jwks: frozenset(),
}
_UPSTREAM = frozenset({ErrorCode.upstream_error, ErrorCode.upstream_unavailable, ErrorCode.upstream_timeout})
_OUTCOMES = _UPSTREAM | {ErrorCode.rate_limited}  # what the metrics tell apart; the rest is Supabase's right to say no

# PostgREST's own codes (https://docs.postgrest.org/en/stable/references/errors.html) that say something about the caller.
DATA_API_CODES: Final[Mapping[str, ErrorCode]] = {
    "PGRST301": ErrorCode.unauthorized,
    "PGRST302": ErrorCode.unauthorized,
    "PGRST303": ErrorCode.unauthorized,
    "PGRST000": ErrorCode.upstream_unavailable,
    "PGRST001": ErrorCode.upstream_unavailable,
    "PGRST002": ErrorCode.upstream_unavailable,
    "PGRST003": ErrorCode.upstream_timeout,
}

# What Supabase says that somebody should look at. It answers the reuse of a refresh token by ending the whole session.
_SECURITY_EVENTS: Final[Mapping[str, str]] = {"refresh_token_already_used": "refresh_token_reuse"}

_UNAVAILABLE_STATUSES = frozenset({502, 503, 520, 521, 522, 523, 530})
_TIMEOUT_STATUSES = frozenset({408, 504, 524})
_WEAK_PASSWORD_REASONS = frozenset({"length", "characters", "pwned"})


class ForeignAnswerError(Exception):
    """Supabase answered about another user than it was asked about.

    Input that nobody asked for is looked for before a request is sent. A late answer to somebody else that arrives just behind
    the request looks like its own: only what it says tells.
    """


class UpstreamCall:
    """`async with UpstreamCall(call, seconds)`: one call within that time; whatever goes wrong in it is raised as an ApiError.

    `on_foreign_answer` is called before a ForeignAnswerError goes on, and before anything else of the process runs.

    A class, because contextlib's generators cost twice the time, and leave each exception in a cycle with its own frames: while
    Supabase is down, the garbage collector would stop the service for it again and again.
    """

    __slots__ = ("_call", "_on_foreign_answer", "_span", "_started", "_timeout")

    def __init__(self, call: Call, seconds: float, *, on_foreign_answer: Callable[[], None] | None = None) -> None:
        self._call = call
        self._on_foreign_answer = on_foreign_answer
        self._timeout = asyncio.timeout(seconds)
        self._span = tracing.client_span(TARGETS[call], call.value)

    async def __aenter__(self) -> None:
        self._started = time.perf_counter()
        metrics.UPSTREAM_CALLS_IN_PROGRESS.inc()
        self._span.__enter__()
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, exc, traceback)
        except TimeoutError as timeout:
            kind, exc, traceback = TimeoutError, timeout, timeout.__traceback__
        self._span.__exit__(kind, exc, traceback)
        outcome, error = ErrorCode.upstream_error.value, None
        try:
            if exc is None:
                outcome = "ok"
            elif isinstance(exc, Exception):
                if isinstance(exc, ForeignAnswerError) and self._on_foreign_answer is not None:
                    self._on_foreign_answer()
                error = _translate(self._call, exc)
                error.upstream = True
                outcome = error.code.value if error.code in _OUTCOMES else "refused"
                _tell(self._call, error, exc)
                raise error from exc
            else:
                outcome = "cancelled"
        finally:
            exc = error = traceback = None
            target, call = TARGETS[self._call], self._call.value
            metrics.UPSTREAM_CALLS_IN_PROGRESS.dec()
            metrics.series(metrics.UPSTREAM_CALLS, target, call, outcome).inc()
            metrics.series(metrics.UPSTREAM_SECONDS, target, call).observe(time.perf_counter() - self._started)


def _tell(call: Call, error: ApiError, exc: Exception) -> None:
    if isinstance(exc, AuthError) and str(exc.code) in _SECURITY_EVENTS:
        log.warning(_SECURITY_EVENTS[str(exc.code)], call=call.value, **current_request().log_fields)
    if isinstance(exc, ForeignAnswerError):
        log.warning("foreign_answer", call=call.value)
    elif error.code in _UPSTREAM:
        log.warning("upstream_failed", call=call.value, code=error.code.value, reason=_reason(exc))


@contextmanager
def answer_of_supabase() -> Iterator[None]:
    """Wraps the making of a model of the contract from what Supabase answered. Raises ApiError where the two do not fit."""
    try:
        yield
    except ValidationError as error:
        places = [".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False, include_url=False)]
        log.warning("upstream_failed", code=ErrorCode.upstream_error.value, reason="outside the contract", places=places)
        raise ApiError(ErrorCode.upstream_error, upstream=True) from None


def _translate(call: Call, exc: Exception) -> ApiError:
    response = _response_of(exc)
    code = _code_for(call, exc, response)
    if code is ErrorCode.rate_limited:
        return rate_limited(_retry_after(response, RETRY_AFTER_UNKNOWN))
    if code is ErrorCode.upstream_unavailable:
        return ApiError(code, details={"retryAfter": _retry_after(response, RETRY_AFTER_OUTAGE)})
    if code is ErrorCode.auth_weak_password:
        reasons = exc.reasons if isinstance(exc, AuthWeakPasswordError) else []
        return ApiError(code, details={"reasons": [reason for reason in reasons if reason in _WEAK_PASSWORD_REASONS]})
    if code is ErrorCode.invalid_request:
        return ApiError(code, details={"errors": [{"path": "", "message": "was refused by Supabase", "rule": "refused"}]})
    return ApiError(code)


def _code_for(call: Call, exc: Exception, response: httpx.Response | None) -> ErrorCode:
    code = _raw_code(call, exc, response)
    return code if code in _UPSTREAM or code in ALLOWED[call] else ErrorCode.upstream_error


def _raw_code(call: Call, exc: Exception, response: httpx.Response | None) -> ErrorCode:
    if response is not None and (code := _by_status(response.status_code)) is not None:
        return code
    if isinstance(exc, APIError):
        return DATA_API_CODES.get(str(exc.code), ErrorCode.upstream_error)
    if isinstance(exc, AuthError) and exc.code is not None:
        return BY_CALL.get(call, {}).get(exc.code) or AUTH_CODES.get(exc.code, ErrorCode.upstream_error)
    if response is not None:
        return ErrorCode.upstream_error
    return _by_network_error(_network_cause(exc))


def _by_status(status: int) -> ErrorCode | None:
    """What a status alone says; it says all where the server or the limits are in trouble, whatever the body claims."""
    if status in _UNAVAILABLE_STATUSES:
        return ErrorCode.upstream_unavailable
    if status in _TIMEOUT_STATUSES:
        return ErrorCode.upstream_timeout
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return ErrorCode.rate_limited
    return ErrorCode.upstream_error if status >= httpx.codes.INTERNAL_SERVER_ERROR else None


def _by_network_error(cause: BaseException) -> ErrorCode:
    if isinstance(cause, (httpx.ConnectTimeout, httpx.PoolTimeout)):
        return ErrorCode.upstream_unavailable
    if isinstance(cause, (httpx.TimeoutException, TimeoutError)):
        return ErrorCode.upstream_timeout
    if isinstance(cause, httpx.DecodingError):
        return ErrorCode.upstream_error
    if isinstance(cause, (httpx.TransportError, OSError)):
        return ErrorCode.upstream_unavailable
    return ErrorCode.upstream_error


def _response_of(exc: BaseException | None) -> httpx.Response | None:
    """The HTTP response behind an exception: the clients chain theirs to httpx's."""
    while exc is not None:
        if isinstance(exc, httpx.HTTPStatusError):
            return exc.response
        exc = exc.__cause__
    return None


def _network_cause(exc: BaseException) -> BaseException:
    current: BaseException | None = exc
    while current is not None:
        if isinstance(current, (httpx.RequestError, TimeoutError, OSError)):
            return current
        current = current.__cause__
    return exc


def _retry_after(response: httpx.Response | None, default: int) -> int:
    """Seconds, from Supabase's Retry-After where it names some (RFC 9110 section 10.2.3: a number, or a date)."""
    value = response.headers.get("Retry-After", "").strip() if response is not None else ""
    if value.isascii() and value.isdecimal():
        seconds = int(value[:9])
    else:
        try:
            seconds = ceil(parsedate_to_datetime(value).timestamp() - time.time())
        except (ValueError, OverflowError, TypeError, IndexError):  # what the email package raises for dates that are none
            return default
    return min(max(seconds, 1), MAX_RETRY_AFTER)


def _reason(exc: Exception) -> str:
    """What went wrong, in words that hold nothing of the request or the answer: type names and a status."""
    response = _response_of(exc)
    if response is not None:
        return f"HTTP {response.status_code}"
    if isinstance(exc, ValidationError):
        return "answer does not parse"
    return type(_root(exc)).__name__


def _root(exc: BaseException) -> BaseException:
    """Where it began: the clients and transports wrap each other's exceptions, and the first one says most."""
    while exc.__cause__ is not None:
        exc = exc.__cause__
    return exc
