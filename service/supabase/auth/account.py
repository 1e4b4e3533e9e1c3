"""What belongs to the signed-in user, read as that user."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from service.error_codes import ErrorCode
from service.errors import ApiError, forget_frames
from service.supabase.auth.answers import Factor, required, user_id, verified_factors
from service.supabase.call import Call
from service.supabase.calls import ForeignAnswerError

if TYPE_CHECKING:
    from service.security.access_token import AccessToken
    from service.supabase.auth.gotrue import GoTrue
    from service.supabase.calls import UpstreamCall
    from service.supabase.data_api import DataApi

_PROFILES: Final = "user_profile"
_COLUMNS: Final = "id,display_name"

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """The user behind an access token; `display_name` is None without a profile row or a name in it."""

    user_id: str
    email: str
    display_name: str | None


class AccountCalls:
    """`upstream` bounds each call, and translates what goes wrong in it: every method raises ApiError."""

    def __init__(self, gotrue: GoTrue, data_api: DataApi, upstream: Callable[[Call], UpstreamCall]) -> None:
        self._gotrue = gotrue
        self._data_api = data_api
        self._upstream = upstream

    async def get_user(self, user: AccessToken) -> SignedInUser:
        """The user and the profile, read at the same time. Raises ApiError; unauthorized when the session is over."""
        (identity, email), display_name = await _both(self._identity(user), self._display_name(user))
        return SignedInUser(identity, email, display_name)

    async def update_profile(self, user: AccessToken, values: Mapping[str, str | None]) -> SignedInUser:
        """Change the profile, by the columns' names, and read the user.

        The user is asked for first: the data API takes a token of a session that is over until it expires. Raises ApiError;
        auth_rejected where the database's policies do not allow it.
        """
        identity, email = await self._identity(user)
        if not values:
            return SignedInUser(identity, email, await self._display_name(user))
        async with self._upstream(Call.update_profile):
            query = self._data_api.update(_PROFILES, values, _COLUMNS, user).eq("id", user.user_id)
            rows = (await query.execute()).data
            name = _display_name(rows, user.user_id)
        if not rows:  # a policy that filters says no in this way
            raise ApiError(ErrorCode.auth_rejected, details={"explanation": ""}, upstream=True)
        return SignedInUser(identity, email, name)

    async def factors(self, user: AccessToken) -> tuple[Factor, ...]:
        """The user's verified second factors. Raises ApiError; unauthorized when the session is over."""
        async with self._upstream(Call.get_user):
            found = required(await self._gotrue.client_of(user).get_user(user.value)).user
            if str(found.id) != user.user_id:
                raise ForeignAnswerError
            return verified_factors(found)

    async def _identity(self, user: AccessToken) -> tuple[str, str]:
        async with self._upstream(Call.get_user):
            found = required(await self._gotrue.client_of(user).get_user(user.value)).user
            if str(found.id) != user.user_id:
                raise ForeignAnswerError
            return user_id(found.id), found.email or ""

    async def _display_name(self, user: AccessToken) -> str | None:
        async with self._upstream(Call.get_profile):
            # The filter is not what protects other rows (the policies are); it keeps the read right where a project lets
            # its users see each other's profiles.
            query = self._data_api.select(_PROFILES, _COLUMNS, user).eq("id", user.user_id)
            return _display_name((await query.execute()).data, user.user_id)


async def _both(first: Awaitable[T], second: Coroutine[None, None, U]) -> tuple[T, U]:
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
