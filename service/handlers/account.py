"""The account of who is signed in."""

from __future__ import annotations

from uuid import UUID

from service.models import Me, Profile, UpdateMeRequest, UserWithProfile
from service.reply import Reply
from service.security.access_token import AccessToken
from service.supabase.auth.account import AccountCalls, SignedInUser
from service.supabase.calls import answer_of_supabase


class AccountHandlers:
    """Asks Supabase as the user."""

    def __init__(self, *, supabase: AccountCalls) -> None:
        self._supabase = supabase

    async def get_me(self, access_token: AccessToken) -> Reply:
        """The signed-in user with the profile."""
        return _me(await self._supabase.get_user(access_token))

    async def update_me(self, body: UpdateMeRequest, access_token: AccessToken) -> Reply:
        """Change what is given, as the user. An empty name is none."""
        change = body.profile
        values = {"display_name": change.display_name or None} if "display_name" in change.model_fields_set else {}
        return _me(await self._supabase.update_profile(access_token, values))


def _me(user: SignedInUser) -> Reply:
    with answer_of_supabase():
        profile = Profile(display_name=user.display_name)
        return Reply(Me(user=UserWithProfile(id=UUID(user.user_id), email=user.email, profile=profile)))
