"""Creating an account."""

from __future__ import annotations

from uuid import UUID

from service.handlers.shared import ForwardedAddress, Sessions, require_bytes_of_password
from service.models import SignUpRequest, SignUpResult, User
from service.reply import Reply
from service.security.flow import Intent
from service.security.mail_links import MailLinks
from service.security.session_mark import PresentedSession
from service.supabase.auth.sign_up import SignUpCalls
from service.supabase.calls import answer_of_supabase
from service.supabase.captcha_provider import CaptchaGate


class SignUpHandlers:
    """Creates users."""

    def __init__(
        self,
        *,
        supabase: SignUpCalls,
        sessions: Sessions,
        links: MailLinks,
        client_address: ForwardedAddress,
        captcha: CaptchaGate,
    ) -> None:
        self._supabase = supabase
        self._sessions = sessions
        self._links = links
        self._client_address = client_address
        self._captcha = captcha

    async def sign_up(self, body: SignUpRequest, presented: PresentedSession, csrf_cookie: str | None) -> Reply:
        """Create a user. Where the project opens a session at once it replaces whoever was signed in; else the cookies stay,
        and so does who is signed in: `confirmationRequired` tells the two apart."""
        password = body.password.get_secret_value()
        require_bytes_of_password(password)
        address = self._client_address()
        captcha = await self._captcha.pass_through(body.captcha_token, address)
        user = await self._supabase.create_user(
            body.email,
            password,
            display_name=(body.profile.display_name or None) if body.profile else None,
            link=self._links.begin(csrf_cookie, Intent.sign_up, body.email),
            client_address=address,
            captcha=captcha,
        )
        with answer_of_supabase():
            signed_up = User(id=UUID(user.user_id), email=user.email)
        if user.tokens is None:
            return Reply(SignUpResult(user=signed_up, confirmation_required=True))
        opened = await self._sessions.open(user.tokens, presented)
        return opened.reply(SignUpResult(user=signed_up, confirmation_required=False))
