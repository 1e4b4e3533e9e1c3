"""Reads what belongs to the signed-in user, as that user: row level security decides, not this service."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service import tracing
from service.errors import forget_frames
from service.supabase.auth_client import user_id
from service.supabase.errors import Call, UpstreamCall

if TYPE_CHECKING:
    from service.access_token import AccessToken
    from service.supabase.light_clients import AuthClients, ProfileQueries


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """The user behind an access token; `display_name` is None without a profile row or a name in it."""

    user_id: str
    email: str
    display_name: str | None


class UserScopedClient:
    """One for each request, bound to the caller's access token. `timeout` bounds each call, in seconds."""

    def __init__(
        self, auth: AuthClients, profiles: ProfileQueries, *, publishable_key: str, token: AccessToken, timeout: float
    ) -> None:
        self._auth = auth
        self._profiles = profiles
        self._publishable_key = publishable_key
        self._token = token
        self._timeout = timeout

    async def get_user(self) -> SignedInUser:
        """The user and the profile, read at the same time. Raises ApiError; unauthorized when the session is over."""
        reading = asyncio.create_task(self._display_name())
        try:
            user_id, email = await self._identity()
            return SignedInUser(user_id, email, await reading)
        finally:
            if reading.cancel():
                await asyncio.gather(reading, return_exceptions=True)
            elif not reading.cancelled() and (unheard := reading.exception()):
                forget_frames(unheard)  # what the user's own call says goes first
            del reading  # or it, its exception and this frame would keep each other

    async def _identity(self) -> tuple[str, str]:
        async with UpstreamCall(Call.get_user, self._timeout):
            auth = self._auth.make({"apikey": self._publishable_key, **tracing.headers()})
            answer = await auth.get_user(self._token.value)
            if answer is None or str(answer.user.id) != self._token.user_id:
                raise ValueError("Supabase answered with another user than the token names")
            return user_id(answer.user.id), answer.user.email or ""

    async def _display_name(self) -> str | None:
        async with UpstreamCall(Call.get_profile, self._timeout):
            # The filter is not what protects other rows (the policies are); it keeps the read right where a project lets
            # its users see each other's profiles.
            query = self._profiles.make(self._token.user_id, self._token.value, tracing.headers())
            return _display_name((await query.execute()).data)


def _display_name(rows: object) -> str | None:
    # The client hands on whatever JSON it got, and text where it got none.
    match rows:
        case []:
            return None
        case [{"display_name": str() | None as name}]:
            return name
        case _:
            raise ValueError("not what was asked for")
