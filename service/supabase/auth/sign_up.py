"""Creating a user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from supabase_auth.errors import AuthApiError

from service.supabase.auth.answers import Tokens, require_email, required, tokens_of, user_id
from service.supabase.auth.captcha import NO_CAPTCHA, CaptchaAnswer, CaptchaCall
from service.supabase.call import Call
from service.supabase.translation import ComeAgainError

if TYPE_CHECKING:
    from supabase_auth import AsyncGoTrueClient
    from supabase_auth.types import AuthResponse, SignUpWithEmailAndPasswordCredentials

    from service.supabase.auth.gotrue import GoTrue
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

    def __init__(self, gotrue: GoTrue, upstream: Callable[[Call], UpstreamCall]) -> None:
        self._gotrue = gotrue
        self._upstream = upstream

    async def create_user(
        self,
        email: str,
        password: str,
        *,
        display_name: str | None,
        client_address: str | None = None,
        captcha: CaptchaAnswer = NO_CAPTCHA,
    ) -> NewUser:
        """Create a user; the database writes the profile row in the same transaction."""
        data = {} if display_name is None else {"display_name": display_name}
        asked: SignUpWithEmailAndPasswordCredentials = {"email": email, "password": password, "options": {"data": data}}
        if captcha.token is not None:
            asked["options"]["captcha_token"] = captcha.token
        async with CaptchaCall(self._upstream(Call.sign_up), captcha):
            gotrue = self._gotrue.client(Call.sign_up, client_address=client_address, captcha=captcha)
            answer = await _sign_up(gotrue, asked)
            user = required(answer.user)
            if answer.session is None and user.identities == []:
                # The address is taken: a made-up user, but with the account's main address, which may be another one than the
                # caller knows (GoTrue's IsDuplicatedEmail in internal/models/user.go, sanitizeUser in internal/api/signup.go).
                return NewUser(user_id(user.id), email.lower(), None)
            require_email(user, email)
            tokens = tokens_of(answer.session) if answer.session is not None else None
            return NewUser(user_id(user.id), user.email or "", tokens)


async def _sign_up(gotrue: AsyncGoTrueClient, asked: SignUpWithEmailAndPasswordCredentials) -> AuthResponse:
    """Of two sign-ups at once with one address Supabase saves one, and fails to save the other: asked again, it says why.

    Raises ComeAgainError where it cannot be asked again, since a captcha token is good for one request.
    """
    try:
        return await gotrue.sign_up(asked)
    except AuthApiError as error:
        if error.code != "unexpected_failure" or error.message != _NOT_SAVED:
            raise
        if "captcha_token" in asked["options"]:
            raise ComeAgainError from error
    return await gotrue.sign_up(asked)
