"""Signing in without a password."""

from __future__ import annotations

from service.handlers.quiet_mail import QuietMail
from service.handlers.shared import ForwardedAddress
from service.models import OtpRequest
from service.reply import Reply
from service.security.flow import Intent
from service.security.mail_links import MailLinks
from service.supabase.auth.otp import OtpCalls
from service.supabase.captcha_provider import CaptchaGate


class OtpHandlers:
    """Has mails sent."""

    def __init__(
        self,
        *,
        supabase: OtpCalls,
        links: MailLinks,
        quiet_mail: QuietMail,
        captcha: CaptchaGate,
        client_address: ForwardedAddress,
    ) -> None:
        self._supabase = supabase
        self._links = links
        self._quiet_mail = quiet_mail
        self._captcha = captcha
        self._client_address = client_address

    async def send_otp(self, body: OtpRequest, csrf_cookie: str | None) -> Reply:
        """Have a link and a code sent that sign in; see QuietMail."""
        address = self._client_address()
        captcha = await self._captcha.pass_through(body.captcha_token, address)
        link = self._links.begin(csrf_cookie, Intent.otp, body.email)
        create_user = body.create_user is not False
        return await self._quiet_mail.send(
            self._supabase.send(body.email, link, create_user=create_user, client_address=address, captcha=captcha)
        )
