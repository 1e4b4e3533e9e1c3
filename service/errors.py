"""What goes wrong, as `{code, message, details}` of the contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

from pydantic_core import to_json

from service.error_codes import MEANINGS, ErrorCode

MAX_FIELD_ERRORS: Final = 20  # what the contract promises at most
REALM: Final = 'Bearer realm="latchkey"'

Rule = Literal[
    "required", "unknown_property", "type", "format", "length", "pattern", "range", "enum", "shape", "json", "repeated",
    "malformed", "refused",
]  # fmt: skip


class FieldError(NamedTuple):
    """What is wrong at one place of a request.

    `path` is a JSON Pointer (RFC 6901) into the body; /path/<name> and /query/<name> are parameters, and "" is the request as
    a whole. `message` never quotes a value, which may be a password.
    """

    path: str
    message: str
    rule: Rule


class ApiError(Exception):
    """An error of the contract, ready to be answered.

    `details` must fit the schema of the code; `headers` are added to the response, and `cookies` are Set-Cookie values.
    `upstream` says that Supabase, or the way to it, is what failed; `supabase_code` is its own word for it, for the log.
    """

    def __init__(
        self,
        code: ErrorCode,
        *,
        details: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        cookies: Iterable[str] = (),
        upstream: bool = False,
    ) -> None:
        super().__init__(code.value)
        self.code = code
        self.details = dict(details or {})
        self.headers = dict(headers or {})
        self.cookies = tuple(cookies)
        self.upstream = upstream
        self.supabase_code: str | None = None

    def copy(self) -> ApiError:
        """The same error, to be raised somewhere else: whoever raises one may add to it."""
        copied = ApiError(self.code, details=self.details, headers=self.headers, cookies=self.cookies, upstream=self.upstream)
        copied.supabase_code = self.supabase_code
        return copied

    @property
    def status(self) -> int:
        """The HTTP status."""
        return MEANINGS[self.code].status

    def body(self) -> bytes:
        """The JSON body."""
        return to_json({"code": self.code.value, "message": MEANINGS[self.code].message, "details": self.details})

    def all_headers(self) -> dict[str, str]:
        """The headers but for cookies, those that the status or the details ask for included."""
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        if self.status == 401:
            headers["WWW-Authenticate"] = REALM  # RFC 9110 section 15.5.2: every 401 carries a challenge
        if "retryAfter" in self.details:
            headers["Retry-After"] = str(self.details["retryAfter"])
        return headers | self.headers

    def raw_headers(self, body: bytes) -> list[tuple[bytes, bytes]]:
        """All headers of a response with this body, cookies included, as ASGI wants them."""
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.all_headers().items()]
        cookies = [(b"set-cookie", cookie.encode("latin-1")) for cookie in self.cookies]
        return [*headers, *cookies, (b"content-length", str(len(body)).encode())]


class ClientGoneError(Exception):
    """The client went away before its request was complete. Nobody waits for an answer, and nobody here did anything wrong."""


def invalid_fields(errors: Iterable[FieldError]) -> ApiError:
    """A 400 that names what is wrong, at most MAX_FIELD_ERRORS places."""
    return ApiError(
        ErrorCode.invalid_request, details={"errors": [error._asdict() for error in sorted(errors)[:MAX_FIELD_ERRORS]]}
    )


def invalid_request(path: str, message: str, rule: Rule = "malformed") -> ApiError:
    """A 400 that names one place; see FieldError."""
    return invalid_fields([FieldError(path, message, rule)])


def rate_limited(retry_after: int) -> ApiError:
    """A 429; `retry_after` in seconds."""
    return ApiError(ErrorCode.rate_limited, details={"retryAfter": min(max(retry_after, 1), 86_400)})


def unauthorized(*, presented: bool) -> ApiError:
    """A 401 for the bearer token; RFC 6750 section 3.1 names the error only when a token was presented."""
    headers = {"WWW-Authenticate": f'{REALM}, error="invalid_token"'} if presented else {}
    return ApiError(ErrorCode.unauthorized, headers=headers)


def mfa_required(factors: Iterable[Mapping[str, object]]) -> ApiError:
    """A 403 for a session at aal1 of a user with these second factors, with the challenge of RFC 9470 section 3."""
    challenge = f'{REALM}, error="insufficient_user_authentication", acr_values="aal2"'
    return ApiError(ErrorCode.auth_mfa_required, details={"factors": list(factors)}, headers={"WWW-Authenticate": challenge})


def internal_error(request_id: str) -> ApiError:
    """A 500 that quotes the request id."""
    return ApiError(ErrorCode.internal_error, details={"requestId": request_id})


def forget_frames(exc: BaseException) -> None:
    """Cut the tracebacks off an exception that was dealt with, and logged where anybody wanted to see them, and off its causes.

    A traceback holds frames, and a frame the exception. During an outage each request would leave such a cycle to the garbage
    collector, whose work holds up everybody.
    """
    cause: BaseException | None = exc
    while cause is not None:
        cause.__traceback__ = None
        cause = cause.__cause__ or cause.__context__
