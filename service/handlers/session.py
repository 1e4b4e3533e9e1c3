"""Signing in, staying signed in, signing out."""

from __future__ import annotations

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.handlers.shared import ForwardedAddress, Sessions
from service.models import LogoutRequest, LogoutResult, SignInRequest
from service.reply import Reply
from service.security.access_token import AccessToken
from service.security.session_mark import PresentedSession
from service.supabase.auth.session import SessionCalls


class SessionHandlers:
    """Opens, keeps and ends this browser's session."""

    def __init__(self, *, supabase: SessionCalls, sessions: Sessions, client_address: ForwardedAddress) -> None:
        self._supabase = supabase
        self._sessions = sessions
        self._client_address = client_address

    async def sign_in(self, body: SignInRequest, presented: PresentedSession) -> Reply:
        """Open a session."""
        tokens = await self._supabase.sign_in(body.email, body.password.get_secret_value())
        return (await self._sessions.open(tokens, presented, remember=body.remember is not False)).reply()

    async def refresh_session(self, refresh_token: str, presented: PresentedSession) -> Reply:
        """Exchange the refresh cookie. Only Supabase's word that the token is invalid clears it; an outage does not."""
        self._sessions.note_presented(refresh_token)
        try:
            tokens = await self._supabase.refresh(refresh_token, mark=presented.mark, client_address=self._client_address())
        except ApiError as error:
            if error.code is ErrorCode.auth_refresh_invalid:
                error.cookies = self._sessions.cleared()
            raise
        return (await self._sessions.go_on(tokens, presented)).reply()

    async def logout(
        self,
        body: LogoutRequest,  # noqa: ARG002 - the scope follows
        presented: PresentedSession,
        access_token: AccessToken | None = None,
    ) -> Reply:
        """Revoke what can be revoked and clear the cookies, whatever Supabase says."""
        if access_token is not None:
            await self._sessions.end(access_token.value)
        await self._sessions.end_by_cookies(presented)
        return Reply(LogoutResult(ok=True), cookies=self._sessions.cleared())
