"""Deleting a user, which only who holds the secret key can."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog
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

log = structlog.get_logger(__name__)

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

    async def delete(self, user: AccessToken) -> None:
        """Delete the user, and by cascade the profile and the sessions.

        Raises ApiError auth_data_in_use where other data refers to the user: nothing was deleted then.
        """
        await self._delete_user(user.user_id, softly=False)
        await self._require_gone(user)

    async def delete_softly(self, user: AccessToken) -> None:
        """Delete the profile and the sessions, and leave a row of the user that says nothing about a person.

        The profile goes first: should the second call fail, the user is still there to try again.
        """
        async with self._upstream(Call.delete_profile):
            await self._admin.delete_profile(user.user_id)
        await self._delete_user(user.user_id, softly=True)
        await self._require_gone(user)

    async def _require_gone(self, user: AccessToken) -> None:
        """Raises ApiError upstream_error where the session is still there: who asks must not be told that all is deleted.

        The package does not look at what is answered to a deletion, and anything could have come.
        """
        try:
            await self.email(user)
        except ApiError as error:
            if error.code is ErrorCode.unauthorized:
                return
            raise
        log.warning("user_not_deleted")
        raise ApiError(ErrorCode.upstream_error, upstream=True)

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
