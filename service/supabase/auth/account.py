"""Reads what belongs to the signed-in user, as that user: row level security decides, not this service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from service.errors import forget_frames
from service.supabase.auth.client import user_id
from service.supabase.calls import Call, ForeignAnswerError, UpstreamCall
from service.telemetry import tracing

if TYPE_CHECKING:
    from service.security.access_token import AccessToken
    from service.supabase.light_clients import GoTrueClients, ProfileQueries

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """The user behind an access token; `display_name` is None without a profile row or a name in it."""

    user_id: str
    email: str
    display_name: str | None


class UserScopedClient:
    """One for each request, bound to the caller's access token.

    `timeout` bounds each call, in seconds; `renew_connections` is called when Supabase answers about another user.
    """

    def __init__(
        self,
        gotrue_clients: GoTrueClients,
        profiles: ProfileQueries,
        *,
        publishable_key: str,
        token: AccessToken,
        timeout: float,
        renew_connections: Callable[[], None],
    ) -> None:
        self._gotrue_clients = gotrue_clients
        self._profiles = profiles
        self._publishable_key = publishable_key
        self._token = token
        self._timeout = timeout
        self._renew_connections = renew_connections

    async def get_user(self) -> SignedInUser:
        """The user and the profile, read at the same time. Raises ApiError; unauthorized when the session is over."""
        (identity, email), display_name = await _both(self._identity(), self._display_name())
        return SignedInUser(identity, email, display_name)

    async def _identity(self) -> tuple[str, str]:
        async with self._call(Call.get_user):
            auth = self._gotrue_clients.make({"apikey": self._publishable_key, **tracing.headers()})
            answer = await auth.get_user(self._token.value)
            if answer is None:
                raise ValueError("Supabase answered without a user")
            if str(answer.user.id) != self._token.user_id:
                raise ForeignAnswerError
            return user_id(answer.user.id), answer.user.email or ""

    async def _display_name(self) -> str | None:
        async with self._call(Call.get_profile):
            # The filter is not what protects other rows (the policies are); it keeps the read right where a project lets
            # its users see each other's profiles.
            query = self._profiles.make(self._token.user_id, self._token.value, tracing.headers())
            return _display_name((await query.execute()).data, self._token.user_id)

    def _call(self, call: Call) -> UpstreamCall:
        return UpstreamCall(call, self._timeout, on_foreign_answer=self._renew_connections)


async def _both(first: Awaitable[T], second: Coroutine[Any, Any, U]) -> tuple[T, U]:
    """What the two return, run at the same time. Where both fail, the first one's error is raised."""
    other = asyncio.create_task(second)
    try:
        return await first, await other
    finally:
        if other.cancel():
            await asyncio.gather(other, return_exceptions=True)
        elif not other.cancelled() and (error := other.exception()):
            forget_frames(error)
        del other  # or it, its exception and this frame would keep each other


def _display_name(rows: object, owner: str) -> str | None:
    # The client hands on whatever JSON it got, and text where it got none.
    match rows:
        case []:
            return None
        case [{"id": row_id, "display_name": str() | None as name}]:
            if row_id != owner:
                raise ForeignAnswerError
            return name
        case _:
            raise ValueError("not what was asked for")
