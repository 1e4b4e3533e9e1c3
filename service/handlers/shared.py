"""What handlers of several capabilities share: the reply that opens a session, and whose address goes on to Supabase."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from service.models import Session, User
from service.reply import Reply
from service.request_context import current_request
from service.security.cookies import CookieJar
from service.supabase.auth.client import Tokens
from service.supabase.calls import answer_of_supabase


class SessionReplies:
    """`hash_token` makes what the log may hold of a refresh token."""

    def __init__(self, cookies: CookieJar, hash_token: Callable[[str], str]) -> None:
        self._cookies = cookies
        self._hash_token = hash_token

    def opened(self, tokens: Tokens) -> Reply:
        """A Session, its refresh token in the cookie. Raises ApiError where it does not fit the contract."""
        with answer_of_supabase():
            body = Session(
                access_token=tokens.access_token,
                expires_in=tokens.expires_in,
                user=User(id=UUID(tokens.user_id), email=tokens.email),
            )
            return Reply(body, cookies=(self.cookie(tokens),))

    def cookie(self, tokens: Tokens) -> str:
        """The cookie of a new session, which the log can recognize."""
        current_request().token_out = self._hash_token(tokens.refresh_token)
        return self._cookies.refresh(tokens.refresh_token)

    def cleared(self) -> str:
        """The cookie that ends a session in this browser."""
        return self._cookies.clear_refresh()

    def note_presented(self, refresh_token: str) -> None:
        """Let the log recognize a refresh token that came."""
        current_request().token_in = self._hash_token(refresh_token)


class ForwardedAddress:
    """The client's address for Supabase's own limits, where `enabled`."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled

    def __call__(self) -> str | None:
        """The address of the request at hand; None where it is not to be told."""
        return current_request().client_address or None if self._enabled else None
