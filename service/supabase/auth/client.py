"""Sign-up, sign-in, refresh and sign-out: what happens before there is a signed-in user."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

from service.security.access_token import unverified_subject
from service.supabase.calls import Call, ForeignAnswerError, UpstreamCall
from service.telemetry import tracing

if TYPE_CHECKING:
    from supabase_auth import AsyncGoTrueClient
    from supabase_auth.types import AuthResponse, Session, User

    from service.supabase.light_clients import GoTrueClients


T = TypeVar("T")

# The calls that may carry the secret key, because Supabase never asks for a captcha there. Whoever holds that key is let past a
# project's captcha, so any call that is not named here goes with the publishable key: sign-up and sign-in by password, and
# later one-time passwords, recovery, resending, magic links and SSO.
MAY_CARRY_SECRET_KEY: Final = frozenset({Call.refresh, Call.sign_out})

_COOKIE_VALUE: Final = re.compile(r"[!#-+\--:<-\[\]-~]{1,2048}", re.ASCII)  # cookie-octet of RFC 6265 section 4.1.1


@dataclass(frozen=True, slots=True)
class Tokens:
    """An open session. `expires_in` in seconds."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    user_id: str
    email: str


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user who signed up; `tokens` where the project opens a session at once."""

    user_id: str
    email: str
    tokens: Tokens | None


class AuthClient:
    """Calls Supabase Auth for callers who are not signed in yet.

    It uses a new GoTrue object for every call: such an object keeps the session of whoever signs in with it, so a shared one
    would act as one user in another's request. The connection pool under them is shared. `timeout` bounds each call, in
    seconds; `renew_connections` is called when Supabase answers about another user than the one asked about.
    """

    def __init__(
        self,
        gotrue_clients: GoTrueClients,
        *,
        publishable_key: str,
        secret_key: str,
        timeout: float,
        renew_connections: Callable[[], None],
    ) -> None:
        self._gotrue_clients = gotrue_clients
        self._publishable_key = publishable_key
        self._secret_key = secret_key
        self._timeout = timeout
        self._renew_connections = renew_connections

    async def sign_up(self, email: str, password: str, *, display_name: str | None) -> NewUser:
        """Create a user; the database writes the profile row in the same transaction. Raises ApiError."""
        data = {} if display_name is None else {"display_name": display_name}
        async with self._call(Call.sign_up):
            answer = await self._gotrue(Call.sign_up).sign_up({"email": email, "password": password, "options": {"data": data}})
            user = _required(answer.user)
            if answer.session is None and user.identities == []:
                # The address is taken: a made-up user, but with the account's main address, which may be another one than the
                # caller knows (GoTrue's IsDuplicatedEmail in internal/models/user.go, sanitizeUser in internal/api/signup.go).
                return NewUser(user_id(user.id), email.lower(), None)
            _require_email(user, email)
            tokens = _tokens(answer.session) if answer.session is not None else None
            return NewUser(user_id(user.id), user.email or "", tokens)

    async def sign_in(self, email: str, password: str) -> Tokens:
        """Open a session. Raises ApiError."""
        async with self._call(Call.sign_in):
            answer = await self._gotrue(Call.sign_in).sign_in_with_password({"email": email, "password": password})
            _require_email(_required(answer.user), email)
            return _session(answer)

    async def refresh(self, refresh_token: str, *, client_address: str | None) -> Tokens:
        """Exchange a refresh token for a new session. Raises ApiError."""
        async with self._call(Call.refresh):
            return _session(await self._gotrue(Call.refresh, client_address).refresh_session(refresh_token))

    async def sign_out(self, access_token: str, *, client_address: str | None) -> None:
        """End the session that this access token belongs to, and no other one of the user. Raises ApiError."""
        async with self._call(Call.sign_out):
            await self._gotrue(Call.sign_out, client_address).admin.sign_out(access_token, "local")

    def _call(self, call: Call) -> UpstreamCall:
        return UpstreamCall(call, self._timeout, on_foreign_answer=self._renew_connections)

    def _gotrue(self, call: Call, client_address: str | None = None) -> AsyncGoTrueClient:
        # Supabase takes the user's address for its own rate limits, but only from who holds the secret key.
        headers = (
            {"apikey": self._secret_key, "Sb-Forwarded-For": client_address}
            if client_address is not None and call in MAY_CARRY_SECRET_KEY
            else {"apikey": self._publishable_key}
        )
        return self._gotrue_clients.make({**headers, **tracing.headers()})


def _session(answer: AuthResponse) -> Tokens:
    return _tokens(_required(answer.session))


def _tokens(session: Session) -> Tokens:
    if not _COOKIE_VALUE.fullmatch(session.refresh_token):
        raise ValueError("a refresh token that no cookie can carry")
    user = session.user
    identity = user_id(user.id)
    if unverified_subject(session.access_token) != identity:
        raise ForeignAnswerError
    return Tokens(session.access_token, session.refresh_token, session.expires_in, identity, user.email or "")


def _require_email(user: User, asked: str) -> None:
    """Raises ForeignAnswerError. Supabase keeps addresses, and finds them, in lower case (GoTrue's internal/models/user.go)."""
    if (user.email or "").lower() != asked.lower():
        raise ForeignAnswerError


def user_id(value: object) -> str:
    """A user's id, in the one way of writing it. Raises ValueError where it is none."""
    return str(UUID(str(value)))


def _required(value: T | None) -> T:
    if value is None:
        raise ValueError("Supabase answered without what it promises")
    return value
