"""Signing in without a password."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from service.supabase.auth.captcha import CaptchaAnswer, CaptchaCall
from service.supabase.call import Call

if TYPE_CHECKING:
    from service.security.mail_links import MailLink
    from service.supabase.auth.requests import AuthRequests
    from service.supabase.calls import UpstreamCall


class OtpCalls:
    """`upstream` bounds each call, and translates what goes wrong in it: every method raises ApiError."""

    def __init__(self, requests: AuthRequests, upstream: Callable[[Call], UpstreamCall]) -> None:
        self._requests = requests
        self._upstream = upstream

    async def send(
        self, email: str, link: MailLink, *, create_user: bool, client_address: str | None, captcha: CaptchaAnswer
    ) -> None:
        """Have a mail sent with a link and a code that sign in."""
        body: dict[str, object] = {"email": email, "create_user": create_user}
        async with CaptchaCall(self._upstream(Call.send_otp), captcha):
            await self._requests.ask(
                Call.send_otp, "POST", "/otp", body, link=link, client_address=client_address, captcha=captcha
            )
