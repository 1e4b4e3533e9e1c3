"""One coroutine for each operation of the contract: parsed input in, a reply out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

import structlog

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.limits.client_address import limit_key
from service.limits.rate_limit import RateLimiter
from service.models import (
    CsrfTokenResult,
    LogoutResult,
    Me,
    Profile,
    Session,
    SignInRequest,
    SignUpRequest,
    SignUpResult,
    User,
    UserWithProfile,
)
from service.reply import Reply
from service.request_context import current_request
from service.security.access_token import AccessToken
from service.security.cookies import CookieJar
from service.security.csrf import CsrfTokens
from service.supabase.auth.client import Tokens
from service.supabase.calls import answer_of_supabase
from service.supabase.project import Supabase

log = structlog.get_logger(__name__)

MAX_PASSWORD_BYTES = 72  # bcrypt's limit, and so Supabase Auth's


class AuthHandlers:
    """The operations of openapi/auth.yaml."""

    def __init__(
        self,
        *,
        supabase: Supabase,
        cookies: CookieJar,
        csrf: CsrfTokens,
        limiter: RateLimiter | None,
        hash_account: Callable[[str], str],
        hash_token: Callable[[str], str],
        forward_client_ip: bool,
    ) -> None:
        self._supabase = supabase
        self._cookies = cookies
        self._csrf = csrf
        self._limiter = limiter
        self._hash_account = hash_account
        self._hash_token = hash_token
        self._forward_client_ip = forward_client_ip

    async def get_csrf_token(self, csrf_cookie: str | None) -> Reply:
        """A CSRF token, and the cookie that it works with."""
        browser_id = self._csrf.browser_id(csrf_cookie)
        return Reply(CsrfTokenResult(csrf_token=self._csrf.issue(browser_id)), cookie=self._cookies.csrf(browser_id))

    async def sign_up(self, body: SignUpRequest) -> Reply:
        """Create a user; where the project opens a session at once, its refresh token becomes the cookie."""
        await self._count_attempt(body.email)
        password = body.password.get_secret_value()
        if len(password.encode()) > MAX_PASSWORD_BYTES:
            raise ApiError(ErrorCode.auth_weak_password, details={"reasons": ["length"]})
        display_name = body.profile.display_name if body.profile else None
        user = await self._supabase.auth.sign_up(body.email, password, display_name=display_name)
        cookie = self._cookie(user.tokens) if user.tokens else None
        with answer_of_supabase():
            return Reply(SignUpResult(user=User(id=UUID(user.user_id), email=user.email)), cookie=cookie)

    async def sign_in(self, body: SignInRequest) -> Reply:
        """Open a session."""
        await self._count_attempt(body.email)
        password = body.password.get_secret_value()
        return self._session(await self._supabase.auth.sign_in(body.email, password))

    async def get_me(self, access_token: AccessToken) -> Reply:
        """The signed-in user with the profile."""
        user = await self._supabase.as_user(access_token).get_user()
        with answer_of_supabase():
            profile = Profile(display_name=user.display_name)
            return Reply(Me(user=UserWithProfile(id=UUID(user.user_id), email=user.email, profile=profile)))

    async def refresh_session(self, refresh_token: str) -> Reply:
        """Exchange the refresh cookie. Only Supabase's word that the token is invalid clears it; an outage does not."""
        current_request().log_fields["token_in"] = self._hash_token(refresh_token)
        try:
            tokens = await self._supabase.auth.refresh(refresh_token, client_address=self._client_address())
        except ApiError as error:
            if error.code is ErrorCode.auth_refresh_invalid:
                error.headers["Set-Cookie"] = self._cookies.clear_refresh()
            raise
        return self._session(tokens)

    async def logout(self, access_token: AccessToken | None = None, refresh_token: str | None = None) -> Reply:
        """Revoke what can be revoked and clear the cookie, whatever Supabase says."""
        try:
            # Up to three calls, and together they may take as long as one: the answer must come before REQUEST_TIMEOUT.
            async with asyncio.timeout(self._supabase.timeout):
                if access_token is not None:
                    await self._revoke(access_token.value)
                if refresh_token is not None:
                    await self._revoke_by_refresh_token(refresh_token)
        except TimeoutError:
            log.warning("session_not_revoked", code=ErrorCode.upstream_timeout.value)
        return Reply(LogoutResult(ok=True), cookie=self._cookies.clear_refresh())

    async def _revoke_by_refresh_token(self, refresh_token: str) -> None:
        """Supabase revokes by access token only, so the refresh token is exchanged for one first.

        Where the bearer token's session was this one, it is gone by now, and Supabase refuses the exchange.
        """
        current_request().log_fields["token_in"] = self._hash_token(refresh_token)
        try:
            tokens = await self._supabase.auth.refresh(refresh_token, client_address=self._client_address())
        except ApiError as error:
            if error.code is not ErrorCode.auth_refresh_invalid:
                log.warning("session_not_revoked", code=error.code.value)
            return
        await self._revoke(tokens.access_token)

    async def _revoke(self, access_token: str) -> None:
        try:
            await self._supabase.auth.sign_out(access_token, client_address=self._client_address())
        except ApiError as error:
            if error.code is not ErrorCode.unauthorized:  # an ended session is what was asked for
                log.warning("session_not_revoked", code=error.code.value)

    def _session(self, tokens: Tokens) -> Reply:
        with answer_of_supabase():
            body = Session(
                access_token=tokens.access_token,
                expires_in=tokens.expires_in,
                user=User(id=UUID(tokens.user_id), email=tokens.email),
            )
            return Reply(body, cookie=self._cookie(tokens))

    def _cookie(self, tokens: Tokens) -> str:
        current_request().log_fields["token_out"] = self._hash_token(tokens.refresh_token)
        return self._cookies.refresh(tokens.refresh_token)

    async def _count_attempt(self, email: str) -> None:
        """Count an attempt by its address, and by its account, so that many addresses cannot guess one password together."""
        request = current_request()
        request.log_fields["account"] = self._hash_account(email)
        if self._limiter is not None:
            await self._limiter.count("credentials", limit_key(request.client_address))
            await self._limiter.count("account", email.lower())

    def _client_address(self) -> str | None:
        return current_request().client_address or None if self._forward_client_ip else None
