"""Generated from openapi/auth.yaml by `make generate`. Do not edit."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr


class NewProfile(BaseModel):
    """
    What is kept in the profile row.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    display_name: Annotated[
        str | None,
        Field(
            alias="displayName",
            description="The name to show, as the user wrote it. It is text, not HTML. No control characters.",
            max_length=100,
            min_length=1,
            pattern="^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]+$",
        ),
    ] = None


class SignInRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    email: Annotated[
        str,
        Field(
            description="An e-mail address (ASCII, as Supabase Auth takes it). Upper and lower case are the same account.",
            max_length=254,
            min_length=3,
            pattern="^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64})*@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$",
        ),
    ]
    password: Annotated[
        SecretStr,
        Field(
            description="The password, as the user typed it.",
            max_length=256,
            min_length=1,
        ),
    ]


class CsrfToken(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    csrf_token: Annotated[
        str,
        Field(
            alias="csrfToken",
            description="Send it as `X-CSRF-Token`. Keep it in memory.",
            max_length=512,
            min_length=1,
            pattern="^[A-Za-z0-9._-]+$",
        ),
    ]


class User(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    id: Annotated[
        UUID,
        Field(description="The user's id in Supabase, `auth.uid()` in its policies."),
    ]
    email: Annotated[
        str,
        Field(
            description="The user's e-mail address in lower case; empty for a user who has none (signed up elsewhere, by phone).",
            max_length=320,
            pattern="^[^\\u0000-\\u001f]*$",
        ),
    ]


class SignUpResult(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    user: User


class Session(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    access_token: Annotated[
        str,
        Field(
            alias="accessToken",
            description="Send it as `Authorization: Bearer <token>`. Keep it in memory only.",
            max_length=8192,
            min_length=16,
            pattern="^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$",
        ),
    ]
    expires_in: Annotated[
        int,
        Field(
            alias="expiresIn",
            description="Seconds until the access token expires.",
            ge=0,
            le=604800,
        ),
    ]
    user: User


class Profile(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    display_name: Annotated[
        str | None,
        Field(
            alias="displayName",
            description="The name to show; null where there is none. It is text, not HTML.",
            max_length=1000,
            pattern="^[^\\u0000]*$",
        ),
    ]


class UserWithProfile(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    id: Annotated[
        UUID,
        Field(description="The user's id in Supabase, `auth.uid()` in its policies."),
    ]
    email: Annotated[
        str,
        Field(
            description="The user's e-mail address in lower case; empty for a user who has none (signed up elsewhere, by phone).",
            max_length=320,
            pattern="^[^\\u0000-\\u001f]*$",
        ),
    ]
    profile: Profile


class Me(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    user: UserWithProfile


class LogoutResult(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    ok: Literal[True]


class ErrorCode(StrEnum):
    """
    What went wrong. Stable; switch on it.
    """

    invalid_request = "invalid_request"
    unauthorized = "unauthorized"
    auth_invalid_credentials = "auth_invalid_credentials"
    auth_refresh_missing = "auth_refresh_missing"
    auth_refresh_invalid = "auth_refresh_invalid"
    csrf_failed = "csrf_failed"
    auth_email_not_confirmed = "auth_email_not_confirmed"
    auth_user_banned = "auth_user_banned"
    auth_signup_disabled = "auth_signup_disabled"
    not_found = "not_found"
    method_not_allowed = "method_not_allowed"
    request_timeout = "request_timeout"
    auth_email_taken = "auth_email_taken"
    payload_too_large = "payload_too_large"
    unsupported_media_type = "unsupported_media_type"
    auth_weak_password = "auth_weak_password"
    rate_limited = "rate_limited"
    headers_too_large = "headers_too_large"
    internal_error = "internal_error"
    upstream_error = "upstream_error"
    upstream_unavailable = "upstream_unavailable"
    upstream_timeout = "upstream_timeout"


class NoDetails(RootModel[dict[str, Any]]):
    """
    Empty for this code.
    """

    root: Annotated[dict[str, Any], Field(max_length=0)]


class RetryDetails(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    retry_after: Annotated[
        int,
        Field(
            alias="retryAfter",
            description="Seconds to wait before the next try; the same as the Retry-After header.",
            ge=1,
            le=86400,
        ),
    ]


class FieldError(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    path: Annotated[
        str,
        Field(
            description="Where, as a JSON Pointer (RFC 6901); empty for the whole body.",
            max_length=200,
            pattern="^[^\\u0000-\\u001f]*$",
        ),
    ]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]


class Error(BaseModel):
    """
    The shape of every error, on every path.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: ErrorCode
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: Annotated[
        dict[str, Any],
        Field(description="What else is known; its properties depend on the code. Always an object."),
    ]


class Details(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    errors: Annotated[list[FieldError], Field(max_length=20, min_length=1)]


class InvalidRequest(BaseModel):
    """
    The body is not JSON, or not what this contract asks for. `details.errors` names each place.

    Show each message at its field. A body that your own code built wrongly is a bug of the front end: log it.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["invalid_request"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: Details


class Unauthorized(BaseModel):
    """
    The access token is missing, malformed, expired or revoked.

    Call `POST /auth/refresh`, then repeat the request once with the new token. When that fails too, show the sign-in page.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["unauthorized"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: NoDetails


class AuthInvalidCredentials(BaseModel):
    """
    No such user, or not this password; the two are not told apart.

    Say that address or password is wrong, keep the address in its field, and let the user try again.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["auth_invalid_credentials"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: NoDetails


class AuthRefreshMissing(BaseModel):
    """
    The browser sent no refresh cookie: nobody is signed in here.

    Show the sign-in page. When it comes right after a sign-in, requests are made without `credentials: "include"`.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["auth_refresh_missing"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: NoDetails


class AuthRefreshInvalid(BaseModel):
    """
    The session has ended: signed out elsewhere, expired or revoked. The cookie is cleared.

    Drop the access token and show the sign-in page.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["auth_refresh_invalid"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: NoDetails


class Reason(StrEnum):
    """
    `missing`, `invalid` and `expired` are cured by a new token. `origin`: the calling page's origin is not configured
    (CORS_ORIGINS); trying again does not help.

    """

    missing = "missing"
    invalid = "invalid"
    expired = "expired"
    origin = "origin"


class Details1(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    reason: Annotated[
        Reason,
        Field(
            description="`missing`, `invalid` and `expired` are cured by a new token. `origin`: the calling page's origin is not configured\n(CORS_ORIGINS); trying again does not help.\n"
        ),
    ]


class CsrfFailed(BaseModel):
    """
    The CSRF token is missing, expired or of another browser, or the page's origin is not configured.

    Unless `details.reason` is `origin`, fetch a new token with `GET /auth/csrf` and repeat the request once. With `origin`,
    the operator has to add the page to CORS_ORIGINS.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["csrf_failed"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: Details1


class AuthEmailNotConfirmed(BaseModel):
    """
    The user has not followed the link in the mailbox yet.

    Ask the user to open the link in the e-mail, then to sign in again.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["auth_email_not_confirmed"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: NoDetails


class AuthUserBanned(BaseModel):
    """
    The project has banned this user.

    Drop the access token, say so, and point to the project's support; trying again does not help.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["auth_user_banned"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: NoDetails


class AuthSignupDisabled(BaseModel):
    """
    The project takes no new users, or none with this address.

    Say that sign-up is closed, and hide the form.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["auth_signup_disabled"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: NoDetails


class RequestTimeout(BaseModel):
    """
    The request took too long to arrive.

    Try again; on a slow connection, tell the user.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["request_timeout"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: NoDetails


class AuthEmailTaken(BaseModel):
    """
    The address has an account. Projects that confirm addresses do not tell, and answer 200.

    Offer to sign in instead.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["auth_email_taken"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: NoDetails


class Details2(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    max_bytes: Annotated[
        int,
        Field(
            alias="maxBytes",
            description="The largest body that is taken, in bytes.",
            ge=1,
            le=1048576,
        ),
    ]


class PayloadTooLarge(BaseModel):
    """
    The body is larger than `details.maxBytes`.

    No form of this API needs so much: check what is sent, and bound the length of its fields.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["payload_too_large"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: Details2


class UnsupportedMediaType(BaseModel):
    """
    The body is not declared as JSON in UTF-8; any other charset, a made-up one included, is refused here.

    Send `Content-Type: application/json`; this is a bug of the front end, not something to show.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["unsupported_media_type"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: NoDetails


class Reason1(StrEnum):
    length = "length"
    characters = "characters"
    pwned = "pwned"


class Details3(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    reasons: Annotated[
        list[Reason1],
        Field(
            description="`length`: too short, or more than 72 bytes. `characters`: a kind of character is missing. `pwned`: the password is\nknown from a breach. Empty where Supabase does not say.\n",
            max_length=10,
        ),
    ]


class AuthWeakPassword(BaseModel):
    """
    The project's password policy refuses the password; `details.reasons` says why.

    Show the reasons at the password field, and let the user choose another one.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["auth_weak_password"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: Details3


class RateLimited(BaseModel):
    """
    Too many requests, by this service's limits or by Supabase's.

    Wait `details.retryAfter` seconds, and tell the user when to try again; do not repeat the request by itself before that.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["rate_limited"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: RetryDetails


class Details4(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    request_id: Annotated[
        str,
        Field(
            alias="requestId",
            description="The same as the X-Request-ID header.",
            max_length=64,
            pattern="^[A-Za-z0-9._-]{1,64}$",
        ),
    ]


class InternalError(BaseModel):
    """
    A fault in this service.

    Say that something went wrong, and quote `details.requestId` in a report; the session is kept.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["internal_error"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: Details4


class UpstreamError(BaseModel):
    """
    Supabase answered something that makes no sense here.

    The session is kept: offer to try again, and sign nobody out.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["upstream_error"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: NoDetails


class UpstreamUnavailable(BaseModel):
    """
    Supabase cannot be reached.

    The session is kept: try again after `details.retryAfter` seconds, and sign nobody out.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["upstream_unavailable"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: RetryDetails


class UpstreamTimeout(BaseModel):
    """
    Supabase did not answer in time. The request may have been carried out all the same.

    The session is kept: offer to try again, and sign nobody out. After a sign-up, try to sign in first.

    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    code: Literal["upstream_timeout"]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: NoDetails


class SignUpRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    email: Annotated[
        str,
        Field(
            description="An e-mail address (ASCII, as Supabase Auth takes it). Upper and lower case are the same account.",
            max_length=254,
            min_length=3,
            pattern="^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64})*@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$",
        ),
    ]
    password: Annotated[
        SecretStr,
        Field(
            description="8 to 72 characters, and no more than 72 bytes in UTF-8 (the limit of bcrypt, which Supabase Auth uses). The project may ask\nfor more: see 422.\n",
            max_length=72,
            min_length=8,
        ),
    ]
    profile: NewProfile | None = None
