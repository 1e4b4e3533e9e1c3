"""Deleting a user, which only who holds the secret key can."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from supabase_auth.errors import AuthApiError

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.supabase.auth.answers import required
from service.supabase.call import Call
from service.supabase.calls import ForeignAnswerError

if TYPE_CHECKING:
    from service.security.access_token import AccessToken
    from service.supabase.admin import AdminClient
    from service.supabase.auth.gotrue import GoTrue
    from service.supabase.calls import UpstreamCall

# What Supabase Auth says where the database refuses (adminUserDelete in internal/api/admin.go); there is no code for it.
_REFUSED_BY_THE_DATABASE: Final = "Database error deleting user"


class DeletionCalls:
    """`upstream` bounds each call, and translates what goes wrong in it: every method raises ApiError."""

    def __init__(self, gotrue: GoTrue, admin: AdminClient, upstream: Callable[[Call], UpstreamCall]) -> None:
        self._gotrue = gotrue
        self._admin = admin
        self._upstream = upstream

    async def email(self, user: AccessToken) -> str:
        """The user's e-mail address, as the account has it now; empty where there is none."""
        async with self._upstream(Call.get_user):
            found = required(await self._gotrue.client_of(user).get_user(user.value)).user
            if str(found.id) != user.user_id:
                raise ForeignAnswerError
            return found.email or ""

    async def delete(self, user_id: str) -> None:
        """Delete the user, and by cascade the profile and the sessions.

        Raises ApiError auth_data_in_use where other data refers to the user: nothing was deleted then.
        """
        await self._delete_user(user_id, softly=False)

    async def delete_softly(self, user_id: str) -> None:
        """Delete the profile and the sessions, and leave a row of the user that says nothing about a person.

        The profile goes first: should the second call fail, the user is still there to try again.
        """
        async with self._upstream(Call.delete_profile):
            await self._admin.delete_profile(user_id)
        await self._delete_user(user_id, softly=True)

    async def _delete_user(self, user_id: str, *, softly: bool) -> None:
        in_use = False
        async with self._upstream(Call.delete_user):
            try:
                await self._gotrue.client_of_owner().admin.delete_user(user_id, should_soft_delete=softly)
            except AuthApiError as error:
                if error.code == "user_not_found":
                    return  # by another request, between its checks and this
                if error.message != _REFUSED_BY_THE_DATABASE:
                    raise
                in_use = True
        if in_use:
            raise ApiError(ErrorCode.auth_data_in_use, upstream=True)
