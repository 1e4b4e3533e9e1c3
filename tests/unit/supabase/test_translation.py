"""What the log may hold of Supabase's word for an error."""

from __future__ import annotations

import httpx
import pytest
from postgrest.exceptions import APIError
from supabase_auth.errors import AuthApiError

from service.error_codes import ErrorCode
from service.supabase.call import Call
from service.supabase.http.errors import (
    ConnectionLostError,
    ConnectTimeoutError,
    NoFreeConnectionError,
    NotConnectedError,
    ReadTimeoutError,
    UnsendableRequestError,
    UnusableResponseError,
)
from service.supabase.translation import api_error, reason, supabase_code


@pytest.mark.parametrize("code", ["unexpected_failure", "a" * 64, "over_request_rate_limit"])
def test_a_code_of_supabase_auth_is_told(code: str) -> None:
    assert supabase_code(AuthApiError("message", 500, code)) == code  # type: ignore[arg-type]  # one that the package does not know


@pytest.mark.parametrize(
    "code",
    ["", "a" * 65, "a b", 'a","event":"forged', "a\nb", "a\u2028b", "ü", "a-b", "a=b", None, 7, ["a"]],
    ids=[
        "empty",
        "long",
        "space",
        "quotes",
        "line break",
        "line separator",
        "not ASCII",
        "dash",
        "equals",
        "none",
        "number",
        "list",
    ],
)
def test_what_is_no_code_is_not(code: object) -> None:
    """Whoever stands in Supabase's place must not be able to forge or fill the log."""
    assert supabase_code(AuthApiError("message", 500, code)) is None  # type: ignore[arg-type]  # what JSON may hold
    assert supabase_code(APIError({"code": code, "message": "m"})) is None


def test_a_code_of_the_data_api_is_told() -> None:
    assert supabase_code(APIError({"code": "PGRST301", "message": "JWT expired"})) == "PGRST301"


@pytest.mark.parametrize(
    ("error", "code"),
    [(NotConnectedError("refused"), ErrorCode.upstream_unavailable), (ConnectTimeoutError(""), ErrorCode.upstream_unavailable),
     (NoFreeConnectionError(""), ErrorCode.upstream_unavailable), (ConnectionLostError(""), ErrorCode.upstream_unavailable),
     (ReadTimeoutError(""), ErrorCode.upstream_timeout), (TimeoutError(), ErrorCode.upstream_timeout),
     (UnusableResponseError(""), ErrorCode.upstream_error), (UnsendableRequestError(""), ErrorCode.upstream_error),
     (KeyError("a"), ErrorCode.upstream_error)],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)  # fmt: skip
def test_what_no_answer_came_for_is_told_apart(error: Exception, code: ErrorCode) -> None:
    told = api_error(Call.sign_in, error)
    assert told.code is code
    assert told.details == ({"retryAfter": 5} if code is ErrorCode.upstream_unavailable else {})
    assert reason(error) == type(error).__name__


def test_the_reason_for_an_answer_is_its_status() -> None:
    request = httpx.Request("GET", "http://127.0.0.1/secret")
    error = httpx.HTTPStatusError("secret", request=request, response=httpx.Response(503, request=request))
    assert reason(error) == "HTTP 503"
    assert api_error(Call.get_user, error).code is ErrorCode.upstream_unavailable


@pytest.mark.parametrize(
    "value",
    ["Thu, 01 Jan 99999 00:00:00 GMT", "Mon, 99999999999999999999 Jan 2026 00:00:00 GMT", "9" * 5_000, "-1", "1e9", "soon", "",
     "Sun, 06 Nov 1994 08:49:37 +9999", "Fri, 31 Dec 9999 23:59:59 -2400", "Mon, 01 Jan 0001 00:00:00 +2359", "\u0661", "0"],
)  # fmt: skip
@pytest.mark.parametrize("status", [429, 503])
def test_however_odd_the_time_to_wait_is_the_answer_is_the_same(value: str, status: int) -> None:
    request = httpx.Request("GET", "http://127.0.0.1/")
    headers = [(b"Retry-After", value.encode())]
    error = httpx.HTTPStatusError("", request=request, response=httpx.Response(status, headers=headers, request=request))
    told = api_error(Call.sign_in, error)
    assert told.code is (ErrorCode.rate_limited if status == 429 else ErrorCode.upstream_unavailable)
    seconds = told.details["retryAfter"]
    assert isinstance(seconds, int)
    assert 1 <= seconds <= 86_400
