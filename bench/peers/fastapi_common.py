"""What both FastAPI peers share: bodies, errors, CORS, the CSRF header and the refresh cookie.

They differ in one thing only, which is what the comparison is about: where their Supabase clients come from.
"""

import secrets
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, EmailStr
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException
from supabase_auth.errors import AuthApiError
from supabase_auth.types import Session

REFRESH_COOKIE = "sb_refresh_token"


class Body(BaseModel):
    """A JSON body: camelCase outside, snake_case inside."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Credentials(Body):
    """What sign-in takes."""

    email: EmailStr
    password: str


class Profile(Body):
    """The caller's row in public.user_profile."""

    display_name: str | None = None


class ProfileInput(Body):
    """What a new user may say about themself."""

    display_name: str | None = None


class SignUp(Credentials):
    """What sign-up takes."""

    profile: ProfileInput | None = None


class User(Body):
    """A user as a session shows them."""

    id: str
    email: str | None


class UserWithProfile(User):
    """A user as /auth/me shows them."""

    profile: Profile


class SignedUp(Body):
    """What sign-up answers."""

    user: User


class Me(Body):
    """What /auth/me answers."""

    user: UserWithProfile


class SignedIn(Body):
    """What sign-in and refresh answer. The refresh token travels in the cookie only."""

    access_token: str
    expires_in: int
    user: User


class SignedOut(Body):
    """What sign-out answers."""

    ok: bool = True


class ApiError(Exception):
    """Becomes {code, message, details}."""

    def __init__(self, status: int, code: str, message: str, details: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details or {}


def invalid_token() -> ApiError:
    """The refusal of a caller without a valid access token."""
    return ApiError(401, "unauthorized", "Missing or invalid token")


def signed_in(session: Session, response: Response, *, secure: bool, max_age: int) -> SignedIn:
    """Puts the refresh token (valid for `max_age` seconds) into the cookie, and the rest into the body."""
    response.set_cookie(
        REFRESH_COOKIE, session.refresh_token, max_age=max_age, path="/", httponly=True, secure=secure, samesite="lax"
    )
    response.headers["Cache-Control"] = "no-store"
    return SignedIn(
        access_token=session.access_token,
        expires_in=session.expires_in,
        user=User(id=session.user.id, email=session.user.email),
    )


_bearer = HTTPBearer(auto_error=False)


def bearer_token(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    """The caller's access token, as sent."""
    if credentials is None:
        raise invalid_token()
    return credentials.credentials


BearerToken = Annotated[str, Depends(bearer_token)]


def csrf_check(expected: str) -> Callable[[str | None], None]:
    """A dependency that asks for the X-CSRF-Token header."""

    def check(x_csrf_token: Annotated[str | None, Header()] = None) -> None:
        if x_csrf_token is None or not secrets.compare_digest(x_csrf_token.encode(), expected.encode()):
            raise ApiError(403, "csrf_failed", "CSRF token missing or invalid")

    return check


def install(app: FastAPI) -> None:
    """Adds CORS and the error handlers."""
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["http://localhost:5173", "http://127.0.0.1:5173"],
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
    )

    @app.exception_handler(ApiError)
    async def on_api_error(_: Request, error: ApiError) -> JSONResponse:
        return _error(error.status, error.code, error.message, error.details)

    @app.exception_handler(RequestValidationError)
    async def on_invalid_request(_: Request, error: RequestValidationError) -> JSONResponse:
        errors = [{"path": ".".join(str(part) for part in e["loc"]), "message": e["msg"]} for e in error.errors()]
        return _error(400, "invalid_request", "The request is invalid", {"errors": errors})

    @app.exception_handler(HTTPException)
    async def on_http_error(_: Request, error: HTTPException) -> JSONResponse:
        codes = {404: "not_found", 405: "method_not_allowed"}
        return _error(error.status_code, codes.get(error.status_code, "invalid_request"), error.detail, {})

    @app.exception_handler(AuthApiError)
    async def on_supabase_error(_: Request, __: AuthApiError) -> JSONResponse:
        return _error(502, "upstream_error", "Supabase answered with an error", {})


def _error(status: int, code: str, message: str, details: dict[str, object]) -> JSONResponse:
    return JSONResponse({"code": code, "message": message, "details": details}, status)
