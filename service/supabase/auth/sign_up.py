"""Creating a user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from supabase_auth.errors import AuthApiError
from supabase_auth.types import Session, User

from service.supabase.auth.answers import Tokens, require_email, tokens_of, user_id
from service.supabase.auth.captcha import NO_CAPTCHA, CaptchaAnswer, CaptchaCall
from service.supabase.call import Call
from service.supabase.translation import ComeAgainError

if TYPE_CHECKING:
    from service.security.mail_links import MailLink
    from service.supabase.auth.requests import AuthRequests
    from service.supabase.calls import UpstreamCall

_NOT_SAVED: Final = "Database error saving new user"  # GoTrue's internal/api/signup.go


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user who signed up; `tokens` where the project opens a session at once."""

    user_id: str
    email: str
    tokens: Tokens | None


class SignUpCalls:
    """`upstream` bounds each call, and translates what goes wrong in it: every method raises ApiError."""

    def __init__(self, requests: AuthRequests, upstream: Callable[[Call], UpstreamCall]) -> None:
        self._requests = requests
        self._upstream = upstream

    async def create_user(
        self,
        email: str,
        password: str,
        *,
        display_name: str | None,
        link: MailLink,
        client_address: str | None = None,
        captcha: CaptchaAnswer = NO_CAPTCHA,
    ) -> NewUser:
        """Create a user; the database writes the profile row in the same transaction."""
        body: dict[str, object] = {
            "email": email,
            "password": password,
            "data": {} if display_name is None else {"display_name": display_name},
        }
        async with CaptchaCall(self._upstream(Call.sign_up), captcha):
            session, user = _session_or_user(await self._sign_up(body, link, client_address, captcha))
            if session is None and user.identities == []:
                # The address is taken: a made-up user, but with the account's main address, which may be another one than the
                # caller knows (GoTrue's IsDuplicatedEmail in internal/models/user.go, sanitizeUser in internal/api/signup.go).
                return NewUser(user_id(user.id), email.lower(), None)
            require_email(user, email)
            tokens = tokens_of(session) if session is not None else None
            return NewUser(user_id(user.id), user.email or "", tokens)

    async def _sign_up(
        self, body: dict[str, object], link: MailLink, client_address: str | None, captcha: CaptchaAnswer
    ) -> object:
        """Of two sign-ups at once with one address Supabase saves one, and fails to save the other: asked again, it says why.

        Raises ComeAgainError where it cannot be asked again, since a captcha token is good for one request.
        """
        ask = partial(
            self._requests.ask, Call.sign_up, "POST", "/signup", body,
            link=link, client_address=client_address, captcha=captcha,
        )  # fmt: skip
        try:
            return await ask()
        except AuthApiError as error:
            if error.code != "unexpected_failure" or error.message != _NOT_SAVED:
                raise
            if captcha.token is not None:
                raise ComeAgainError from error
        return await ask()


def _session_or_user(answer: object) -> tuple[Session | None, User]:
    """A session where the project opens one at once. Raises ValueError for what is neither."""
    match answer:
        case {"access_token": _}:
            session = Session.model_validate(answer)
            return session, session.user
    return None, User.model_validate(answer)
