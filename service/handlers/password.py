"""Passwords: a new one, by a mail or while signed in."""

from __future__ import annotations

from service.errors import ApiError
from service.handlers.quiet_mail import QuietMail
from service.handlers.shared import ForwardedAddress, SecondFactor, require_bytes_of_password
from service.models import MailResult, PasswordRequest, PasswordResult, RecoverRequest
from service.reply import Reply
from service.security.access_token import AccessToken
from service.security.flow import Intent
from service.security.mail_links import MailLinks
from service.supabase.auth.password import PasswordCalls
from service.supabase.captcha_provider import CaptchaGate


class PasswordHandlers:
    """Changes passwords, and has the mails sent that this needs."""

    def __init__(
        self,
        *,
        supabase: PasswordCalls,
        second_factor: SecondFactor,
        links: MailLinks,
        quiet_mail: QuietMail,
        captcha: CaptchaGate,
        client_address: ForwardedAddress,
    ) -> None:
        self._supabase = supabase
        self._second_factor = second_factor
        self._links = links
        self._quiet_mail = quiet_mail
        self._captcha = captcha
        self._client_address = client_address

    async def recover_password(self, body: RecoverRequest, csrf_cookie: str | None) -> Reply:
        """Have a mail sent that leads to a new password; see QuietMail."""
        address = self._client_address()
        captcha = await self._captcha.pass_through(body.captcha_token, address)
        link = self._links.begin(csrf_cookie, Intent.recovery, body.email)
        return await self._quiet_mail.send(self._supabase.recover(body.email, link, client_address=address, captcha=captcha))

    async def set_password(self, body: PasswordRequest, access_token: AccessToken) -> Reply:
        """Set it; the user's other sessions end. A refused password uses nothing up."""
        password = body.new_password.get_secret_value()
        require_bytes_of_password(password)
        current = body.current_password.get_secret_value() if body.current_password is not None else None
        try:
            await self._supabase.set(
                access_token,
                password,
                current_password=current,
                nonce=body.nonce,
                client_address=self._client_address(),
            )
        except ApiError as error:
            raise await self._second_factor.explained(error, access_token) from None
        return Reply(PasswordResult(ok=True))

    async def reauthenticate(self, access_token: AccessToken) -> Reply:
        """Have a code sent that the line above may ask for. Who is signed in is told what goes wrong, and waits for it."""
        await self._supabase.reauthenticate(access_token)
        return Reply(MailResult(ok=True), status=202)
