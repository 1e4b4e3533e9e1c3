"""Signing in, staying signed in, signing out."""

from __future__ import annotations

import asyncio

import structlog

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.handlers.shared import ForwardedAddress, SessionReplies
from service.models import LogoutResult, SignInRequest
from service.reply import Reply
from service.security.access_token import AccessToken
from service.supabase.auth.client import AuthClient

log = structlog.get_logger(__name__)


class SessionHandlers:
    """`timeout` bounds all that signing out asks of Supabase, in seconds."""

    def __init__(self, *, auth: AuthClient, sessions: SessionReplies, client_address: ForwardedAddress, timeout: float) -> None:
        self._auth = auth
        self._sessions = sessions
        self._client_address = client_address
        self._timeout = timeout

    async def sign_in(self, body: SignInRequest) -> Reply:
        """Open a session."""
        password = body.password.get_secret_value()
        return self._sessions.opened(await self._auth.sign_in(body.email, password))

    async def refresh_session(self, refresh_token: str) -> Reply:
        """Exchange the refresh cookie. Only Supabase's word that the token is invalid clears it; an outage does not."""
        self._sessions.note_presented(refresh_token)
        try:
            tokens = await self._auth.refresh(refresh_token, client_address=self._client_address())
        except ApiError as error:
            if error.code is ErrorCode.auth_refresh_invalid:
                error.cookies = (self._sessions.cleared(),)
            raise
        return self._sessions.opened(tokens)

    async def logout(self, access_token: AccessToken | None = None, refresh_token: str | None = None) -> Reply:
        """Revoke what can be revoked and clear the cookie, whatever Supabase says."""
        try:
            # Up to three calls, and together they may take as long as one: the answer must come before REQUEST_TIMEOUT.
            async with asyncio.timeout(self._timeout):
                if access_token is not None:
                    await self._revoke(access_token.value)
                if refresh_token is not None:
                    await self._revoke_by_refresh_token(refresh_token)
        except TimeoutError:
            log.warning("session_not_revoked", code=ErrorCode.upstream_timeout.value)
        return Reply(LogoutResult(ok=True), cookies=(self._sessions.cleared(),))

    async def _revoke_by_refresh_token(self, refresh_token: str) -> None:
        """Supabase revokes by access token only, so the refresh token is exchanged for one first.

        Where the bearer token's session was this one, it is gone by now, and Supabase refuses the exchange.
        """
        self._sessions.note_presented(refresh_token)
        try:
            tokens = await self._auth.refresh(refresh_token, client_address=self._client_address())
        except ApiError as error:
            if error.code is not ErrorCode.auth_refresh_invalid:
                log.warning("session_not_revoked", code=error.code.value)
            return
        await self._revoke(tokens.access_token)

    async def _revoke(self, access_token: str) -> None:
        try:
            await self._auth.sign_out(access_token, client_address=self._client_address())
        except ApiError as error:
            if error.code is not ErrorCode.unauthorized:  # an ended session is what was asked for
                log.warning("session_not_revoked", code=error.code.value)
