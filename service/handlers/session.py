"""Signing in, staying signed in, signing out."""

from __future__ import annotations

import asyncio
from typing import Final, Literal

import structlog

from service.error_codes import ErrorCode
from service.errors import ApiError, unauthorized
from service.handlers.shared import ForwardedAddress, SecondFactor, Sessions
from service.models import LogoutRequest, LogoutResult, SignInRequest
from service.reply import Reply
from service.request_context import current_request
from service.security.access_token import AccessToken
from service.security.session_mark import PresentedSession
from service.security.sign_in_pace import SignInPace
from service.supabase.auth.session import SessionCalls
from service.supabase.captcha_provider import CaptchaGate

log = structlog.get_logger(__name__)

# What Supabase says of a password or of who has it, as far as sign-in documents it.
_REFUSALS: Final = frozenset(
    {ErrorCode.auth_invalid_credentials, ErrorCode.auth_email_not_confirmed, ErrorCode.auth_user_banned}
)


class SessionHandlers:
    """`timeout` bounds all that signing out here asks of Supabase, in seconds."""

    def __init__(
        self,
        *,
        supabase: SessionCalls,
        sessions: Sessions,
        second_factor: SecondFactor,
        client_address: ForwardedAddress,
        captcha: CaptchaGate,
        timeout: float,
    ) -> None:
        self._supabase = supabase
        self._captcha = captcha
        self._sessions = sessions
        self._second_factor = second_factor
        self._client_address = client_address
        self._timeout = timeout
        self._pace = SignInPace()

    async def sign_in(self, body: SignInRequest, presented: PresentedSession) -> Reply:
        """Open a session. When a refusal is answered does not tell whether the address exists."""
        address = self._client_address()
        captcha = await self._captcha.pass_through(body.captcha_token, address)
        password = body.password.get_secret_value()
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            tokens = await self._supabase.sign_in(body.email, password, client_address=address, captcha=captcha)
        except ApiError as error:
            if error.code in _REFUSALS:
                current_request().answer_at = began + self._pace.refused(clock() - began)
            raise
        self._pace.accepted(clock() - began)
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
        body: LogoutRequest,
        presented: PresentedSession,
        access_token: AccessToken | None = None,
    ) -> Reply:
        """End this browser's session, the user's other ones, or all."""
        match body.scope:
            case "others" | "global" as scope:
                return await self._end_many(scope, presented, access_token)
            case _:
                return await self._end_this(presented, access_token)

    async def _end_this(self, presented: PresentedSession, access_token: AccessToken | None) -> Reply:
        """Revoke what can be revoked and clear the cookies, whatever Supabase says; another user's cookies stay."""
        user_id = None if access_token is None else access_token.user_id
        own = user_id is None or presented.may_be_of(user_id)
        try:
            # Up to three calls, and together they may take as long as one: the answer must come before REQUEST_TIMEOUT.
            async with asyncio.timeout(self._timeout):
                if access_token is not None:
                    await self._sessions.end(access_token.value)
                if own:
                    owner = await self._sessions.end_by_cookies(presented, of=user_id)
                    own = user_id is None or owner in {None, user_id}
        except TimeoutError:
            log.warning("session_not_revoked", code=ErrorCode.upstream_timeout.value)
        return Reply(LogoutResult(ok=True), cookies=self._sessions.cleared() if own else ())

    async def _end_many(
        self, scope: Literal["others", "global"], presented: PresentedSession, access_token: AccessToken | None
    ) -> Reply:
        """What ends sessions elsewhere says who asks: a bearer token, and the second factor where there is one."""
        if access_token is None:
            raise unauthorized(presented=False)
        await self._second_factor.require_aal2(access_token)
        try:
            await self._supabase.sign_out(access_token.value, client_address=self._client_address(), scope=scope)
        except ApiError as error:
            raise await self._second_factor.explained(error, access_token) from None
        clears = scope == "global" and presented.may_be_of(access_token.user_id)
        return Reply(LogoutResult(ok=True), cookies=self._sessions.cleared() if clears else ())
