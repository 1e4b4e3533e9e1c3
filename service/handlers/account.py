"""The account of who is signed in."""

from __future__ import annotations

from uuid import UUID

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.handlers.shared import SecondFactor
from service.models import Me, Profile, UpdateMeRequest, UserWithProfile
from service.reply import Reply
from service.security.access_token import AccessToken
from service.supabase.auth.account import AccountCalls, SignedInUser
from service.supabase.calls import answer_of_supabase


class AccountHandlers:
    """Asks Supabase as the user."""

    def __init__(self, *, supabase: AccountCalls, second_factor: SecondFactor) -> None:
        self._supabase = supabase
        self._second_factor = second_factor

    async def get_me(self, access_token: AccessToken) -> Reply:
        """The signed-in user with the profile."""
        return _me(await self._supabase.get_user(access_token))

    async def update_me(self, body: UpdateMeRequest, access_token: AccessToken) -> Reply:
        """Change what is given, as the user. An empty name is none.

        A policy that wants the second factor says no more than any other that refuses, so who has one is asked for it first.
        """
        change = body.profile
        values = {"display_name": change.display_name or None} if "display_name" in change.model_fields_set else {}
        try:
            return _me(await self._supabase.update_profile(access_token, values))
        except ApiError as error:
            if error.code is ErrorCode.auth_rejected and not error.details["explanation"]:
                await self._second_factor.require_aal2(access_token)
            raise await self._second_factor.explained(error, access_token) from None


def _me(user: SignedInUser) -> Reply:
    with answer_of_supabase():
        profile = Profile(display_name=user.display_name)
        return Reply(Me(user=UserWithProfile(id=UUID(user.user_id), email=user.email, profile=profile)))
