"""Creating an account."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.handlers.shared import SessionReplies
from service.models import SignUpRequest, SignUpResult, User
from service.reply import Reply
from service.supabase.auth.client import AuthClient
from service.supabase.calls import answer_of_supabase

MAX_PASSWORD_BYTES: Final = 72  # bcrypt's limit, and so Supabase Auth's


class SignUpHandlers:
    """Creates users."""

    def __init__(self, *, auth: AuthClient, sessions: SessionReplies) -> None:
        self._auth = auth
        self._sessions = sessions

    async def sign_up(self, body: SignUpRequest) -> Reply:
        """Create a user; where the project opens a session at once, its refresh token becomes the cookie."""
        password = body.password.get_secret_value()
        if len(password.encode()) > MAX_PASSWORD_BYTES:
            raise ApiError(ErrorCode.auth_weak_password, details={"reasons": ["length"]})
        display_name = body.profile.display_name if body.profile else None
        user = await self._auth.sign_up(body.email, password, display_name=display_name)
        cookies = (self._sessions.cookie(user.tokens),) if user.tokens else ()
        with answer_of_supabase():
            return Reply(SignUpResult(user=User(id=UUID(user.user_id), email=user.email)), cookies=cookies)
