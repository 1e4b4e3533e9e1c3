"""`uvicorn bench.peers.fastapi_shared.main:app`: the benchmarked endpoints."""

from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, FastAPI, Response
from supabase_auth.errors import AuthApiError

from bench.peers.fastapi_common import (
    ApiError,
    BearerToken,
    Credentials,
    Me,
    Profile,
    SignedIn,
    UserWithProfile,
    csrf_check,
    install,
    invalid_token,
    signed_in,
)
from bench.peers.fastapi_shared.clients import Pool, auth_client, lifespan, rest_client
from bench.peers.fastapi_shared.settings import get_settings

settings = get_settings()
router = APIRouter(prefix="/auth")
csrf = Depends(csrf_check(settings.csrf_static_token))


@router.post("/signin", dependencies=[csrf])
async def signin(body: Credentials, response: Response, pool: Pool) -> SignedIn:
    """Signs in with a password and sets the refresh cookie."""
    try:
        signed = await auth_client(pool).sign_in_with_password({"email": body.email, "password": body.password})
    except AuthApiError as error:
        raise ApiError(401, "auth_invalid_credentials", "Invalid email or password") from error
    if signed.session is None:
        raise ApiError(401, "auth_invalid_credentials", "Invalid email or password")
    return signed_in(signed.session, response, secure=settings.cookie_secure, max_age=settings.refresh_cookie_max_age)


@router.get("/me")
async def me(access_token: BearerToken, pool: Pool) -> Me:
    """The caller and the caller's profile; row level security picks the row.

    One after the other: asyncio.gather was tried, and at 16 connections it was slower by a third and more (at 64 there
    was no clear difference). Twice as many requests are under way then, and httpx's pool looks through all of them.
    """
    profiles = rest_client(pool, access_token).table("user_profile")
    try:
        answer = await auth_client(pool).get_user(access_token)
        found = await profiles.select("display_name").limit(1).execute()
    except AuthApiError as error:
        raise invalid_token() from error
    if answer is None:
        raise invalid_token()
    user = answer.user
    profile = Profile.model_validate(found.data[0]) if found.data else Profile()
    return Me(user=UserWithProfile(id=user.id, email=user.email, profile=profile))


@router.post("/refresh", dependencies=[csrf])
async def refresh(response: Response, pool: Pool, sb_refresh_token: Annotated[str | None, Cookie()] = None) -> SignedIn:
    """A new access token for the refresh cookie, which rotates."""
    if not sb_refresh_token:
        raise ApiError(401, "auth_refresh_missing", "No refresh cookie")
    try:
        signed = await auth_client(pool).refresh_session(sb_refresh_token)
    except AuthApiError as error:
        raise ApiError(401, "auth_refresh_invalid", "The session has ended") from error
    if signed.session is None:
        raise ApiError(401, "auth_refresh_invalid", "The session has ended")
    return signed_in(signed.session, response, secure=settings.cookie_secure, max_age=settings.refresh_cookie_max_age)


app = FastAPI(title="FastAPI over one shared pool", lifespan=lifespan)
install(app)
app.include_router(router)


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    """Alive."""
    return {"status": "ok"}
