"""The ways to sign in that a user has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from supabase_auth.errors import AuthApiError

from service.supabase.auth.answers import no_linking, required, user_id
from service.supabase.call import Call
from service.supabase.calls import ForeignAnswerError

if TYPE_CHECKING:
    from supabase_auth.types import UserIdentity

    from service.security.access_token import AccessToken
    from service.supabase.auth.gotrue import GoTrue
    from service.supabase.auth.requests import AuthRequests
    from service.supabase.calls import UpstreamCall


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """One way in: a provider, or `email`."""

    id: str
    provider: str
    email: str | None
    created_at: datetime
    last_sign_in_at: datetime | None


class IdentityCalls:
    """`upstream` bounds each call, and translates what goes wrong in it: every method raises ApiError."""

    def __init__(self, gotrue: GoTrue, requests: AuthRequests, upstream: Callable[[Call], UpstreamCall]) -> None:
        self._gotrue = gotrue
        self._requests = requests
        self._upstream = upstream

    async def of(self, user: AccessToken) -> tuple[LinkedIdentity, ...]:
        """The user's identities, as Supabase sorts them. Raises ApiError; unauthorized when the session is over."""
        async with self._upstream(Call.get_user):
            found = required(await self._gotrue.client_of(user).get_user(user.value)).user
            identities = found.identities or []
            if {str(found.id), *(str(identity.user_id) for identity in identities)} != {user.user_id}:
                raise ForeignAnswerError
            return tuple(map(_linked, identities))

    async def unlink(self, user: AccessToken, identity_id: str) -> None:
        """Take a way in from the user. Raises ApiError; not_found, auth_last_identity, auth_identity_conflict and
        auth_linking_disabled say why not.
        """
        async with self._upstream(Call.unlink_identity):
            try:
                answer = await self._requests.ask_as(user, Call.unlink_identity, "DELETE", f"/user/identities/{identity_id}")
            except AuthApiError as error:
                if error.status == HTTPStatus.NOT_FOUND and error.code is None:
                    raise no_linking() from error
                raise
            if not isinstance(answer, dict):
                raise ValueError("not Supabase's answer")


def _linked(identity: UserIdentity) -> LinkedIdentity:
    email = identity.identity_data.get("email")
    return LinkedIdentity(
        user_id(identity.identity_id),
        identity.provider,
        email if isinstance(email, str) and email else None,
        identity.created_at,
        identity.last_sign_in_at,
    )
