"""Creating an account."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.handlers.shared import ForwardedAddress, Sessions
from service.models import SignUpRequest, SignUpResult, User
from service.reply import Reply
from service.security.session_mark import PresentedSession
from service.supabase.auth.sign_up import SignUpCalls
from service.supabase.calls import answer_of_supabase
from service.supabase.captcha_provider import CaptchaGate

MAX_PASSWORD_BYTES: Final = 72  # bcrypt's limit, and so Supabase Auth's


class SignUpHandlers:
    """Creates users."""

    def __init__(
        self, *, supabase: SignUpCalls, sessions: Sessions, client_address: ForwardedAddress, captcha: CaptchaGate
    ) -> None:
        self._supabase = supabase
        self._sessions = sessions
        self._client_address = client_address
        self._captcha = captcha

    async def sign_up(self, body: SignUpRequest, presented: PresentedSession) -> Reply:
        """Create a user. Where the project opens a session at once it replaces whoever was signed in; else the cookies stay,
        and so does who is signed in: `confirmationRequired` tells the two apart."""
        password = body.password.get_secret_value()
        if len(password.encode()) > MAX_PASSWORD_BYTES:
            raise ApiError(ErrorCode.auth_weak_password, details={"reasons": ["length"]})
        address = self._client_address()
        captcha = await self._captcha.pass_through(body.captcha_token, address)
        user = await self._supabase.create_user(
            body.email,
            password,
            display_name=(body.profile.display_name or None) if body.profile else None,
            client_address=address,
            captcha=captcha,
        )
        with answer_of_supabase():
            signed_up = User(id=UUID(user.user_id), email=user.email)
        if user.tokens is None:
            return Reply(SignUpResult(user=signed_up, confirmation_required=True))
        opened = await self._sessions.open(user.tokens, presented)
        return opened.reply(SignUpResult(user=signed_up, confirmation_required=False))
