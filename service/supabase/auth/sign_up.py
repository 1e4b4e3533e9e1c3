"""Creating a user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.supabase.auth.answers import Tokens, require_email, required, tokens_of, user_id
from service.supabase.call import Call

if TYPE_CHECKING:
    from service.supabase.auth.gotrue import GoTrue
    from service.supabase.calls import UpstreamCall


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

    async def create_user(self, email: str, password: str, *, display_name: str | None) -> NewUser:
        """Create a user; the database writes the profile row in the same transaction."""
        data = {} if display_name is None else {"display_name": display_name}
        async with self._upstream(Call.sign_up):
            gotrue = self._gotrue.client(Call.sign_up)
            answer = await gotrue.sign_up({"email": email, "password": password, "options": {"data": data}})
            user = required(answer.user)
            if answer.session is None and user.identities == []:
                # The address is taken: a made-up user, but with the account's main address, which may be another one than the
                # caller knows (GoTrue's IsDuplicatedEmail in internal/models/user.go, sanitizeUser in internal/api/signup.go).
                return NewUser(user_id(user.id), email.lower(), None)
            require_email(user, email)
            tokens = tokens_of(answer.session) if answer.session is not None else None
            return NewUser(user_id(user.id), user.email or "", tokens)
