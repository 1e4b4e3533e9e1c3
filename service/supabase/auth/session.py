"""Opening a session, keeping it open, ending it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import structlog

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.supabase.auth.answers import Tokens, require_email, required, tokens_of
from service.supabase.auth.captcha import NO_CAPTCHA, CaptchaAnswer, CaptchaCall
from service.supabase.auth.in_flight import InFlight
from service.supabase.call import Call
from service.supabase.calls import ForeignAnswerError

if TYPE_CHECKING:
    from supabase_auth.types import SignInWithPasswordCredentials

    from service.security.session_mark import SessionMark
    from service.supabase.auth.gotrue import GoTrue
    from service.supabase.calls import UpstreamCall

log = structlog.get_logger(__name__)

Scope = Literal["local", "others", "global"]


class SessionCalls:
    """`upstream` bounds each call, and translates what goes wrong in it: every method raises ApiError."""

    def __init__(self, gotrue: GoTrue, upstream: Callable[[Call], UpstreamCall]) -> None:
        self._gotrue = gotrue
        self._upstream = upstream
        self._refreshes: InFlight[Tokens] = InFlight()

    async def sign_in(
        self, email: str, password: str, *, client_address: str | None = None, captcha: CaptchaAnswer = NO_CAPTCHA
    ) -> Tokens:
        """Open a session."""
        async with CaptchaCall(self._upstream(Call.sign_in), captcha):
            gotrue = self._gotrue.client(Call.sign_in, client_address=client_address, captcha=captcha)
            credentials: SignInWithPasswordCredentials = {"email": email, "password": password}
            if captcha.token is not None:
                credentials["options"] = {"captcha_token": captcha.token}
            answer = await gotrue.sign_in_with_password(credentials)
            require_email(required(answer.user), email)
            return tokens_of(required(answer.session))

    async def refresh(self, refresh_token: str, *, mark: SessionMark | None = None, client_address: str | None) -> Tokens:
        """Exchange a refresh token for new tokens of its session; `mark` says whose that is.

        Who asks while the same is being asked gets the same answer: tabs that wake up together cost Supabase one call. Raises
        ApiError auth_session_conflict where the session is somebody else's and the mark was never this token's.
        """
        owner = None if mark is None else (mark.user_id, mark.belongs_to(refresh_token))
        key = hashlib.sha256(refresh_token.encode()).digest(), owner
        return await self._refreshes.ask(key, lambda: self._refresh(refresh_token, mark, client_address))

    async def _refresh(self, refresh_token: str, mark: SessionMark | None, client_address: str | None) -> Tokens:
        async with self._upstream(Call.refresh):
            gotrue = self._gotrue.client(Call.refresh, client_address=client_address)
            answer = await gotrue.refresh_session(refresh_token)
            tokens = tokens_of(required(answer.session))
            if mark is None or mark.user_id == tokens.user_id:
                return tokens
            if mark.belongs_to(refresh_token):
                raise ForeignAnswerError
        log.warning("session_cookies_disagree")
        raise ApiError(ErrorCode.auth_session_conflict)

    async def sign_out(self, access_token: str, *, client_address: str | None, scope: Scope = "local") -> None:
        """End the session that this access token belongs to, the user's other ones, or all."""
        async with self._upstream(Call.sign_out):
            gotrue = self._gotrue.client(Call.sign_out, client_address=client_address)
            await gotrue.admin.sign_out(access_token, scope)
