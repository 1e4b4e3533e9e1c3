"""Passwords: a new one, by a mail or while signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from service.supabase.auth.answers import require_user
from service.supabase.auth.captcha import CaptchaAnswer, CaptchaCall
from service.supabase.call import Call

if TYPE_CHECKING:
    from service.security.access_token import AccessToken
    from service.security.mail_links import MailLink
    from service.supabase.auth.requests import AuthRequests
    from service.supabase.calls import UpstreamCall


class PasswordCalls:
    """`upstream` bounds each call, and translates what goes wrong in it: every method raises ApiError."""

    def __init__(self, requests: AuthRequests, upstream: Callable[[Call], UpstreamCall]) -> None:
        self._requests = requests
        self._upstream = upstream

    async def recover(self, email: str, link: MailLink, *, client_address: str | None, captcha: CaptchaAnswer) -> None:
        """Have a mail sent with a link and a code that lead to a new password, if there is such an account."""
        async with CaptchaCall(self._upstream(Call.recover), captcha):
            await self._requests.ask(
                Call.recover, "POST", "/recover", {"email": email}, link=link, client_address=client_address, captcha=captcha
            )

    async def set(
        self,
        user: AccessToken,
        password: str,
        *,
        current_password: str | None,
        nonce: str | None,
        client_address: str | None,
    ) -> None:
        """Set it. Supabase ends the user's other sessions."""
        proofs = {"current_password": current_password, "nonce": nonce}
        body: dict[str, object] = {"password": password, **{name: proof for name, proof in proofs.items() if proof is not None}}
        async with self._upstream(Call.set_password):
            answer = await self._requests.ask_as(user, Call.set_password, "PUT", "/user", body, client_address=client_address)
            require_user(answer, user)

    async def reauthenticate(self, user: AccessToken) -> None:
        """Have a code sent to the user's own address, for `nonce` of the above."""
        async with self._upstream(Call.reauthenticate):
            await self._requests.ask_as(user, Call.reauthenticate, "GET", "/reauthenticate")
