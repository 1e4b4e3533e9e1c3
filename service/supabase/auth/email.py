"""Addresses: what proves them by a link or a code, the mail for that once more, and changing them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal

from supabase_auth.errors import AuthApiError
from supabase_auth.types import Session

from service.supabase.auth.answers import Tokens, require_email, require_user, tokens_of
from service.supabase.auth.captcha import CaptchaAnswer, CaptchaCall
from service.supabase.call import Call

if TYPE_CHECKING:
    from service.security.access_token import AccessToken
    from service.security.mail_links import MailLink
    from service.supabase.auth.requests import AuthRequests
    from service.supabase.calls import UpstreamCall

MailType = Literal["signup", "invite", "magiclink", "recovery", "email_change", "email"]
EMAIL_CHANGE: Final = "email_change"
_UNKNOWN_TYPE: Final = "Invalid email verification type"


class EmailCalls:
    """`upstream` bounds each call, and translates what goes wrong in it: every method raises ApiError."""

    def __init__(self, requests: AuthRequests, upstream: Callable[[Call], UpstreamCall]) -> None:
        self._requests = requests
        self._upstream = upstream

    async def verify_link(self, mail: MailType, token_hash: str, *, client_address: str | None) -> Tokens | None:
        """Use a link up. None where it was the first half of a change of address: that opens no session.

        Supabase takes a hash for what it is, whatever kind it is called: one of a recovery passes as one of a sign-in.
        """
        async with self._upstream(Call.verify_link):
            body: dict[str, object] = {"type": mail, "token_hash": token_hash}
            answer = await self._verify(Call.verify_link, body, client_address)
            session = _session(mail, answer)
            return tokens_of(session) if session is not None else None

    async def verify_code(self, mail: MailType, email: str, code: str, *, client_address: str | None) -> Tokens | None:
        """Use the code of a mail to this address up; the rest as with a link.

        A wrong code and an unknown address are one error, and so is a banned user: a code that was guessed says nothing.
        """
        async with self._upstream(Call.verify_code):
            body: dict[str, object] = {"type": mail, "email": email, "token": code}
            answer = await self._verify(Call.verify_code, body, client_address)
            session = _session(mail, answer)
            if session is None:
                return None
            if mail != EMAIL_CHANGE:  # where the account's address is the new one by now, and the code may be the old one's
                require_email(session.user, email)
            return tokens_of(session)

    async def resend(
        self,
        mail: Literal["signup", "email_change"],
        email: str,
        link: MailLink,
        *,
        client_address: str | None,
        captcha: CaptchaAnswer,
    ) -> None:
        """Have the mail sent once more, if there is an account that waits for it."""
        body: dict[str, object] = {"type": mail, "email": email}
        async with CaptchaCall(self._upstream(Call.resend), captcha):
            await self._requests.ask(
                Call.resend, "POST", "/resend", body, link=link, client_address=client_address, captcha=captcha
            )

    async def change(self, user: AccessToken, email: str, link: MailLink, *, client_address: str | None) -> None:
        """Have the mails sent that confirm a new address. Until then the old one stays."""
        async with self._upstream(Call.change_email):
            answer = await self._requests.ask_as(
                user, Call.change_email, "PUT", "/user", {"email": email}, link=link, client_address=client_address
            )
            require_user(answer, user)

    async def _verify(self, call: Call, body: dict[str, object], client_address: str | None) -> object:
        """What answers. Supabase Lite knows no type `email`, and takes the code of either kind of mail as a sign-in's."""
        try:
            return await self._requests.ask(call, "POST", "/verify", body, client_address=client_address)
        except AuthApiError as error:
            if body["type"] != "email" or error.message != _UNKNOWN_TYPE:
                raise
        return await self._requests.ask(call, "POST", "/verify", {**body, "type": "magiclink"}, client_address=client_address)


def _session(mail: MailType, answer: object) -> Session | None:
    """Raises ValueError for anything but a session, or the words that stand in for one."""
    match answer:
        case {"access_token": _}:
            return Session.model_validate(answer)
        case {"msg": str()} if mail == EMAIL_CHANGE:
            return None
    raise ValueError("neither a session nor half of a change")
