"""The auth endpoints, one client per request, as the course unit's checklist has them."""

from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Response
from supabase_auth.errors import AuthApiError

from bench.peers.fastapi_common import (
    ApiError,
    BearerToken,
    Credentials,
    Me,
    Profile,
    SignedIn,
    SignedOut,
    SignedUp,
    SignUp,
    User,
    UserWithProfile,
    csrf_check,
    invalid_token,
    signed_in,
)
from bench.peers.fastapi_unit.admin_client import admin_client
from bench.peers.fastapi_unit.settings import get_settings
from bench.peers.fastapi_unit.user_scoped_client import anonymous_client, user_scoped_client

settings = get_settings()
router = APIRouter(prefix="/auth")
csrf = Depends(csrf_check(settings.csrf_static_token))


@router.post("/signup", dependencies=[csrf])
async def signup(body: SignUp) -> SignedUp:
    """Creates the user and its profile row."""
    async with admin_client() as client:
        created = await client.auth.admin.create_user({"email": body.email, "password": body.password, "email_confirm": True})
        row = {"id": created.user.id, "display_name": body.profile.display_name if body.profile else None}
        await client.table("user_profile").insert(row).execute()
    return SignedUp(user=User(id=created.user.id, email=created.user.email))


@router.post("/signin", dependencies=[csrf])
async def signin(body: Credentials, response: Response) -> SignedIn:
    """Signs in with a password and sets the refresh cookie."""
    async with anonymous_client() as client:
        try:
            signed = await client.auth.sign_in_with_password({"email": body.email, "password": body.password})
        except AuthApiError as error:
            raise ApiError(401, "auth_invalid_credentials", "Invalid email or password") from error
    if signed.session is None:
        raise ApiError(401, "auth_invalid_credentials", "Invalid email or password")
    return signed_in(signed.session, response, secure=settings.cookie_secure, max_age=settings.refresh_cookie_max_age)


@router.get("/me")
async def me(access_token: BearerToken) -> Me:
    """The caller and the caller's profile, both read as the caller."""
    async with user_scoped_client(access_token) as client:
        try:
            answer = await client.auth.get_user(access_token)
        except AuthApiError as error:
            raise invalid_token() from error
        if answer is None:
            raise invalid_token()
        user = answer.user
        found = await client.table("user_profile").select("display_name").eq("id", user.id).limit(1).execute()
    profile = Profile.model_validate(found.data[0]) if found.data else Profile()
    return Me(user=UserWithProfile(id=user.id, email=user.email, profile=profile))


@router.post("/refresh", dependencies=[csrf])
async def refresh(response: Response, sb_refresh_token: Annotated[str | None, Cookie()] = None) -> SignedIn:
    """A new access token for the refresh cookie, which rotates."""
    if not sb_refresh_token:
        raise ApiError(401, "auth_refresh_missing", "No refresh cookie")
    async with anonymous_client() as client:
        try:
            signed = await client.auth.refresh_session(sb_refresh_token)
        except AuthApiError as error:
            raise ApiError(401, "auth_refresh_invalid", "The session has ended") from error
    if signed.session is None:
        raise ApiError(401, "auth_refresh_invalid", "The session has ended")
    return signed_in(signed.session, response, secure=settings.cookie_secure, max_age=settings.refresh_cookie_max_age)


@router.post("/logout", dependencies=[csrf])
async def logout(response: Response) -> SignedOut:
    """Clears the refresh cookie."""
    response.delete_cookie("sb_refresh_token", path="/", httponly=True, samesite="lax", secure=settings.cookie_secure)
    return SignedOut()
